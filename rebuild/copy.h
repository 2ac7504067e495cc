/* Files copied and hashed in one go, so that what is used is what was hashed. */
#ifndef REBUILD_COPY_H
#define REBUILD_COPY_H

#include <signal.h>

#include "rebuild/trouble.h"
#include "verify/digest.h"

/* What a copy came to. */
struct copied {
	uint64_t size;
	uint8_t sha256[DIGEST_SHA256_LEN];
};

/* Opens a regular file for reading; the caller closes *ret_fd. REASON_FILE_UNREADABLE with errno; also
 * for anything else than a regular file. */
enum reason copy_open(const char *path, int *ret_fd, struct trouble *reterr) MUST_CHECK;

/* Copies all from the position of `from` to `to`, -1: nowhere, it is only hashed. More than `max` bytes are
 * REASON_FILE_TOO_LARGE. `interrupted` (NULL: never) not 0: REASON_INTERRUPTED. REASON_FILE_UNREADABLE,
 * _FILE_UNWRITABLE with errno; REASON_CRYPTO_FAILED, _OUT_OF_MEMORY. */
enum reason copy_bytes(int from, int to, uint64_t max, const volatile sig_atomic_t *interrupted,
		       struct copied *ret) MUST_CHECK;

/* Copies a file to a new one of that name, which appears whole or not at all. The reasons of both. */
enum reason copy_file(const char *from, const char *to, uint64_t max,
		      const volatile sig_atomic_t *interrupted, struct copied *ret,
		      struct trouble *reterr) MUST_CHECK;

/* Hashes a file. The reasons of both. */
enum reason copy_hash(const char *path, uint64_t max, const volatile sig_atomic_t *interrupted,
		      struct copied *ret, struct trouble *reterr) MUST_CHECK;

#endif
