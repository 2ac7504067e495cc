/* A cache of blobs by their SHA-256, which believes nothing that it holds: whatever is taken out is
 * hashed first, and what does not have its digest is removed.
 *
 *   DIR/blobs/sha256/XX/HEX        a whole blob; XX are the first two of its 64 digits
 *   DIR/blobs/sha256/XX/HEX.part   one that is being fetched, or was broken off: continued next time
 *
 * Whoever fetches holds a lock (flock) on the .part, which the kernel takes away when the process
 * ends however it ends; a blob gets its own name only once it is whole, right, and on the disk. So
 * several processes may share one cache, and any of them may be killed at any moment. No link is
 * followed below DIR.
 *
 * Somebody who can write into DIR can change a blob after it was hashed: what is read from a
 * descriptor must be judged by what was read (layer.h does, by diff_id). */
#ifndef REBUILD_STORE_H
#define REBUILD_STORE_H

#include "attest/http.h"
#include "rebuild/advance.h"
#include "rebuild/sha256.h"
#include "rebuild/trouble.h"

#define STORE_PAUSE_MS 100 /* between two looks at a lock that another process holds */

struct store;

/* Opens DIR, made with its parents where it is not there. Ends with store_free; NULL is fine.
 * REASON_STORE_FOLDER, REASON_OUT_OF_MEMORY. */
enum reason store_open(const char *dir, struct store **ret, struct trouble *reterr) MUST_CHECK;
void store_free(struct store *store);

/* A blob of `size` bytes, hashed just now: *ret_fd reads it from its beginning, the caller closes
 * it; -1: it is not there, or was not the right one and is removed. `advance` (NULL: none) is told
 * of the bytes. REASON_FILE_UNREADABLE, REASON_STORE_FOLDER, REASON_OUT_OF_MEMORY,
 * REASON_CRYPTO_FAILED. */
enum reason store_get(const struct store *store, const uint8_t digest[static DIGEST_SHA256_LEN],
		      uint64_t size, struct advance *advance, int *ret_fd,
		      struct trouble *reterr) MUST_CHECK;

/* A blob on its way in. */
struct store_part;

/* How to wait while another process, or thread, is at the same blob. All borrowed. */
struct store_wait {
	const struct http_clock *clock;
	int64_t deadline_ms;
	bool (*stop)(void *context); /* true: no longer; NULL: until the deadline */
	void *context;
};

/* Begins, or goes on with, a blob that is not there. *ret NULL: the blob is there by now, get it. End with
 * store_part_free.
 * REASON_STORE_BUSY: the other did not end in time; REASON_INTERRUPTED; REASON_STORE_FOLDER, _UNWRITABLE; _SPACE:
 * less is free than what is missing; REASON_FILE_UNREADABLE, REASON_OUT_OF_MEMORY, REASON_CRYPTO_FAILED. */
enum reason store_begin(const struct store *store, const uint8_t digest[static DIGEST_SHA256_LEN],
			uint64_t size, const struct store_wait *wait, struct store_part **ret,
			struct trouble *reterr) MUST_CHECK;

/* How much is there. */
uint64_t store_part_len(const struct store_part *part);

/* Throws away what is there. REASON_STORE_UNWRITABLE, REASON_CRYPTO_FAILED. */
enum reason store_part_restart(struct store_part *part) MUST_CHECK;

/* Appends. REASON_OCI_SIZE: more than the blob has; REASON_STORE_UNWRITABLE, _SPACE;
 * REASON_CRYPTO_FAILED. */
enum reason store_part_add(struct store_part *part, struct span bytes,
			   struct trouble *reterr) MUST_CHECK;

/* Gives the blob its name. REASON_OCI_SIZE: not all of it came, it stays to be continued.
 * REASON_OCI_DIGEST: it is another one, nothing of it is kept. REASON_STORE_UNWRITABLE, _SPACE;
 * REASON_CRYPTO_FAILED. */
enum reason store_part_finish(struct store_part *part, struct trouble *reterr) MUST_CHECK;

/* Lets go of it; what came so far stays for the next time. NULL is fine. */
void store_part_free(struct store_part *part);

#endif
