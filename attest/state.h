/* What each target was found to be the last time, so that a change is told once and what flaps is not.
 *
 * A fact has a value, which was told, and may have a pending one, which was seen once. Seen again, the pending
 * value is told and becomes the value; when the value is seen again, the pending one is forgotten. Only the
 * verdict's way from pass to fail is told at once. What is not known this time (an enclave that does not answer
 * proves nothing) leaves a fact as it is, and the first value of a fact is no change.
 *
 * In a file: {"schema":1,"targets":[{"name":N,"last_success":"SECONDS","facts":{FACT:V or [V, PENDING]}}]} */
#ifndef ATTEST_STATE_H
#define ATTEST_STATE_H

#include <cjson/cJSON.h>

#include "attest/sample.h"

struct state;

/* NULL: out of memory. state_free(NULL) is fine. */
struct state *state_new(void);
void state_free(struct state *state);

/* Takes over what a file holds, in place of what was there. On failure *state is as it was.
 * REASON_STATE_CONTENT: not what state_write writes; those of json_read_large. */
enum reason state_read(struct state *state, struct span text) MUST_CHECK;

/* Appends the file's text. REASON_OUT_OF_MEMORY. */
enum reason state_write(const struct state *state, struct buf *out) MUST_CHECK;

/* Forgets the targets that were not observed since the last call of this. */
void state_sweep(struct state *state);

/* Compares one judged target with what is known of it, and remembers it. *ret_changed, the caller's: NULL, or
 * an array of objects {"fact", "from", "to"} of texts. REASON_OUT_OF_MEMORY. */
enum reason state_observe(struct state *state, const char *name, const struct sample *sample,
			  cJSON **ret_changed) MUST_CHECK;

/* When the target passed last, seconds since 1970; 0: never that this knows. */
int64_t state_last_success(const struct state *state, const char *name);

#endif
