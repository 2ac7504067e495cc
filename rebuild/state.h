/* What a rebuild has done so far, kept in a folder so that it can go on after it was ended at any
 * moment.
 *
 *   DIR/lock          held (flock) by the run that works here; the kernel lets go of it with the process
 *   DIR/STAGE.json    what that stage made out of what, written when all of it was on the disk
 *   DIR/closure.txt   how each derivation of a build stood, see record.h; build.json has its digest
 *
 * A state is a hint where to look, never evidence: a stage is passed over only when its inputs are the
 * same and what it made still has the digest that is noted. A file that cannot be read as a state is as
 * one that is not there. */
#ifndef REBUILD_STATE_H
#define REBUILD_STATE_H

#include "rebuild/trouble.h"
#include "verify/digest.h"

/* In the order of the run. Columns: identifier, name. */
// clang-format off
#define STAGE_TABLE(X) \
	X(PLAN, "plan") \
	X(SOURCE, "source") \
	X(IMAGE, "image") \
	X(STAGE, "stage") \
	X(BUILD, "build") \
	X(COLLECT, "collect") \
	X(MEASURE, "measure") \
	X(COMPARE, "compare") \
	X(REPORT, "report")
// clang-format on

enum stage {
#define STAGE_ID(id, name) STAGE_##id,
	STAGE_TABLE(STAGE_ID)
#undef STAGE_ID
		STAGE_COUNT
};

/* "source". Static; never NULL. */
const char *stage_name(enum stage stage);

/* False: no stage has this name. */
bool stage_of(const char *name, enum stage *ret);

struct state;

/* Makes DIR, not its parents, and takes the lock. `tool` is the version that is noted. REASON_STATE_BUSY: another run
 * works here; REASON_FILE_UNWRITABLE; REASON_OUT_OF_MEMORY. */
enum reason state_open(const char *dir, const char *tool, struct state **ret,
		       struct trouble *reterr) MUST_CHECK;
void state_free(struct state *state);

/* What is noted of a stage. */
struct state_note {
	uint8_t inputs[DIGEST_SHA256_LEN];
	uint8_t outputs[DIGEST_SHA256_LEN];
	int64_t started; /* seconds since 1970 */
	int64_t ended;
};

/* False: nothing that can be used. */
bool state_get(const struct state *state, enum stage stage, struct state_note *ret);

/* Notes a stage that is done, atomically. REASON_FILE_UNWRITABLE, REASON_OUT_OF_MEMORY. */
enum reason state_put(const struct state *state, enum stage stage, const struct state_note *note,
		      struct trouble *reterr) MUST_CHECK;

/* Forgets a stage and all behind it. REASON_FILE_UNWRITABLE, REASON_OUT_OF_MEMORY. */
enum reason state_forget(const struct state *state, enum stage from,
			 struct trouble *reterr) MUST_CHECK;

/* The digest of some values, each with its length before it, so that no two lists have one.
 * REASON_CRYPTO_FAILED, REASON_OUT_OF_MEMORY. */
enum reason state_key(const struct span values[], size_t n,
		      uint8_t ret[static DIGEST_SHA256_LEN]) MUST_CHECK;

#endif
