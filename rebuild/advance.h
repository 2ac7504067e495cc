/* How far a job has come that reads in several places, for whoever shows it to a person. */
#ifndef REBUILD_ADVANCE_H
#define REBUILD_ADVANCE_H

#include <stdint.h>

/* Bytes. `expected` is a guess made beforehand, 0 where there is none; `done` may stay below it. Not to
 * be shared by threads. */
struct advance {
	uint64_t done;
	uint64_t expected;
	void *context;
	void (*tell)(void *context, uint64_t done, uint64_t expected);
};

/* Another work begins, of so many bytes as far as can be told. `advance` may be NULL: nobody wants to know. */
void advance_begin(struct advance *advance, uint64_t expected);

/* So many bytes more. NULL as above. */
void advance_by(struct advance *advance, uint64_t bytes);

/* A part is over whose end was guessed to be at `done`. NULL as above. */
void advance_to(struct advance *advance, uint64_t done);

/* What is to be expected is known better now. NULL as above. */
void advance_expect(struct advance *advance, uint64_t expected);

#endif
