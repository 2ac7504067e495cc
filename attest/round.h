/* One round: every target asked once, side by side, and judged. */
#ifndef ATTEST_ROUND_H
#define ATTEST_ROUND_H

#include "attest/live.h"
#include "attest/sample.h"
#include "attest/target.h"

/* What became of one target; lent to the callback. */
struct round_result {
	const struct target *target;
	struct report *report; /* concluded; NULL: out of memory */
	struct live_evidence evidence;
	struct sample *sample; /* of the round's array */
};

/* For the callback: memory ran out on something that was to be said of this target. A pass is none then, in the
 * report as in the sample; what failed still does. */
void round_lacks_memory(struct round_result *result);

struct round {
	struct targets *targets; /* their caches are written to */
	size_t jobs;             /* so many at once, see attest/pool.h */
	/* as in struct live, called by several threads at once */
	struct http_clock clock;
	int64_t (*clock_ms)(void);
	bool (*random)(uint8_t *ret, size_t len);
	/* In the caller's thread, in the order in which targets are done. False: no further target is begun. */
	bool (*tell)(void *context, size_t i, struct round_result *result);
	/* When interrupt_fd (-1: none) can be read, in the caller's thread. False likewise. */
	bool (*interrupted)(void *context);
	int interrupt_fd;
	void *context;
};

/* Fills samples[i] for every target that was told of. A target is done within its own timeout from when it was
 * begun, for the enclave and for each server of its contract. True: all were done. */
bool round_run(const struct round *round, struct sample samples[]);

#endif
