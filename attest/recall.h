/* What each target was found to be the last time, so that a change is told once and what flaps is not.
 *
 * A fact has a value, which was told, and may have a pending one, which was seen once. Seen again, the pending
 * value is told and becomes the value; when the value is seen again, the pending one is forgotten. Only the
 * verdict's way from pass to fail is told at once. What is not known this time (an enclave that does not answer
 * proves nothing) leaves a fact as it is, and the first value of a fact is no change.
 *
 * In a file: {"schema":1,"targets":[{"name":N,"last_success":"SECONDS","facts":{FACT:V or [V, PENDING]}}]} */
#ifndef ATTEST_RECALL_H
#define ATTEST_RECALL_H

#include <cjson/cJSON.h>

#include "attest/sample.h"

struct recall;

/* NULL: out of memory. recall_free(NULL) is fine. */
struct recall *recall_new(void);
void recall_free(struct recall *state);

/* Takes over what a file holds, in place of what was there. On failure *state is as it was.
 * REASON_STATE_CONTENT: not what recall_write writes; those of json_read_large. */
enum reason recall_read(struct recall *state, struct span text) MUST_CHECK;

/* Appends the file's text. REASON_OUT_OF_MEMORY. */
enum reason recall_write(const struct recall *state, struct buf *out) MUST_CHECK;

/* Forgets the targets that were not observed since the last call of this. */
void recall_sweep(struct recall *state);

/* Compares one judged target with what is known of it, and remembers it. *ret_changed, the caller's: NULL, or
 * an array of objects {"fact", "from", "to"} of texts. REASON_OUT_OF_MEMORY: what is known of its facts is as it
 * was. */
enum reason recall_observe(struct recall *state, const char *name, const struct sample *sample,
			   cJSON **ret_changed) MUST_CHECK;

/* When the target passed last, seconds since 1970; 0: never that this knows. */
int64_t recall_last_success(const struct recall *state, const char *name);

#endif
