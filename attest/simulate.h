/* A security module that is none, for trials and tests: it answers every request as an enclave's module
 * would, with registers, keys and a root of its own. Nobody accepts its documents who was not told of
 * that root.
 *
 * Registers 0 to 15 are locked, as in every enclave; what is extended or locked beyond lasts as long as
 * the struct. */
#ifndef ATTEST_SIMULATE_H
#define ATTEST_SIMULATE_H

#include "attest/nsm.h"
#include "attest/simchain.h"
#include "verify/pcr.h"

/* Start with {0}, fill in, end with simulate_done. */
struct simulate {
	struct simchain chain;
	struct pcrs pcrs; /* those not present are zero */
	uint32_t locked;
	int64_t (*clock_ms)(void); /* milliseconds since 1970; below 0: none */
	bool (*random)(uint8_t *ret, size_t len);
};

/* Takes registers for an enclave of this module's id: PCR3 and PCR4 that are not given are made of a
 * role that does not exist and of the instance. Locks 0 to 15 and all that are given.
 * REASON_CRYPTO_FAILED, REASON_OUT_OF_MEMORY. */
enum reason simulate_set_pcrs(struct simulate *simulate, const struct pcrs *pcrs) MUST_CHECK;

/* The seam. Its own reasons: REASON_CRYPTO_FAILED, REASON_OUT_OF_MEMORY, REASON_SIMULATE_TIME. */
struct nsm simulate_nsm(struct simulate *simulate);

void simulate_done(struct simulate *simulate);

#endif
