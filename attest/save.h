/* Evidence kept: a bundle (verify/bundle.h) written as a folder, whole or not at all. */
#ifndef ATTEST_SAVE_H
#define ATTEST_SAVE_H

#include "attest/live.h"
#include "verify/bundle.h"

/* Whether a bundle can be put there: nothing stands there yet, or an empty folder. Asked before
 * anything is fetched; it is no promise. REASON_FILE_EXISTS; REASON_FILE_UNWRITABLE with
 * *reterr_errno (0: the name itself will not do). */
enum reason save_may(const char *path, int *reterr_errno) MUST_CHECK;

/* Fills a bundle with what came, what was expected and what was found, beside what it holds already (an image's
 * measurement, a statement); `report` is a line of JSON.
 * Does not read the clock: time.txt has the judged time. REASON_OUT_OF_MEMORY, _CRYPTO_FAILED. */
enum reason save_gather(const struct live *live, const char *url,
			const struct live_evidence *evidence, struct span report,
			struct bundle *ret) MUST_CHECK;

/* Writes the bundle beside `path`, brings it to the disk and renames it to `path`. On failure nothing is left.
 * REASON_FILE_EXISTS, _FILE_UNWRITABLE with *reterr_errno, _OUT_OF_MEMORY. */
enum reason save_write(const char *path, const struct bundle *bundle, int *reterr_errno) MUST_CHECK;

#endif
