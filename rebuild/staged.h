/* Whether files that were put into a build are in the image that came of it: each one's SHA-256 is
 * looked for among the files of the image's ramdisks, as our own reader has them.
 *
 * A file counts where the kernel would leave it: not when a later entry takes its name, in whatever
 * ramdisk, nor when one might by way of a symbolic link to its folder. That the file is run, or
 * that nothing else is, does not follow. */
#ifndef REBUILD_STAGED_H
#define REBUILD_STAGED_H

#include "rebuild/catalog.h"
#include "verify/eif.h"
#include "verify/measure.h"

/* What is looked for, and where it was found. */
struct staged_file {
	uint8_t sha256[DIGEST_SHA256_LEN];
	bool found;
	size_t ramdisk;  /* counted from 0 */
	struct buf path; /* its name there; escape it before it is printed */
};

/* Looks for all files in the image behind `fd`, which was measured before: bytes that are not what
 * they were then are found out. `advance` may be NULL. Call staged_done whatever the reason.
 * REASON_OK: every file was found. REASON_IMAGE_NOT_USED: one was not, or there is none to look for;
 * also where a ramdisk cannot be read by its form and what is missing may be in its rest: *ret_form is
 * then the reason, else REASON_OK. REASON_CHANGED_WHILE_READING, _FILE_UNREADABLE, _OUT_OF_MEMORY,
 * _CRYPTO_FAILED, _CATALOG_NAMES. */
enum reason staged_find(int fd, const struct eif *eif, const struct measurement *measurement,
			struct staged_file *files, size_t n_files, struct advance *advance,
			enum reason *ret_form) MUST_CHECK;

void staged_done(struct staged_file *files, size_t n_files);

#endif
