/* The folder that a simulated enclave lives in:
 *
 *   root.pem        what verifiers are told to trust
 *   root.key regional.key zonal.key instance.key leaf.key      private keys in PEM, mode 0600
 *   pcr.json        the registers, also for verifiers
 *   module-id       one line
 *
 * Nothing is written there once it is made. */
#ifndef ATTEST_SIMDIR_H
#define ATTEST_SIMDIR_H

#include "attest/simulate.h"

#define SIMDIR_ROOT "root.pem"
#define SIMDIR_PCRS "pcr.json"

/* Which file is at fault ("": the folder itself) and what the system said, 0: nothing. */
struct simdir_fault {
	const char *name; /* static */
	int why;
};

/* Makes the folder, which must be empty or not exist, with mode 0700, and an enclave in it: new keys, a
 * root as of `now_s`, these registers. *simulate has clock and randomness, and is complete afterwards.
 * On failure nothing is left. SIGINT, SIGTERM and SIGHUP wait until it is done.
 * REASON_FILE_EXISTS, REASON_FILE_UNWRITABLE, REASON_CRYPTO_FAILED, REASON_OUT_OF_MEMORY. */
enum reason simdir_make(const char *path, const struct pcrs *pcrs, int64_t now_s,
			struct simulate *simulate, struct simdir_fault *reterr) MUST_CHECK;

/* Reads it. *simulate has clock and randomness, and is to be ended with simulate_done also on failure.
 * REASON_FILE_UNREADABLE, REASON_SIMULATE_FILE, REASON_CRYPTO_FAILED, REASON_OUT_OF_MEMORY. */
enum reason simdir_load(const char *path, struct simulate *simulate,
			struct simdir_fault *reterr) MUST_CHECK;

#endif
