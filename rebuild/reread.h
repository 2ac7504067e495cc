/* A section of an image, read again through the descriptor through which it was measured. What
 * comes is hashed once more: a file that changed in between is found out, at the latest with the
 * section's last byte, and nothing that was made of the bytes may then be used. */
#ifndef REBUILD_REREAD_H
#define REBUILD_REREAD_H

#include "rebuild/advance.h"
#include "verify/digest.h"
#include "verify/eif.h"

#define REREAD_CHUNK ((size_t)256 * 1024)

/* Start with reread_start, end with reread_done, also after a failure. Fields are private. */
struct reread {
	int fd;
	uint64_t at;
	uint64_t left;
	const uint8_t *want;
	struct digest digest;
	uint8_t *chunk;
	struct advance *advance;
};

/* `sha384` is what the section had before; borrowed. NULL: the caller judges what comes by itself.
 * REASON_OUT_OF_MEMORY, _CRYPTO_FAILED. */
enum reason reread_start(struct reread *reread, int fd, const struct eif_section *section,
			 const uint8_t *sha384) MUST_CHECK;

/* Tells from here on how much is read. `advance` is borrowed and may be NULL. */
void reread_tell(struct reread *reread, struct advance *advance);

/* The next bytes: REREAD_CHUNK of them, less only at the end, none when the section is over and
 * has the digest that it had. They are borrowed until the next call.
 * REASON_CHANGED_WHILE_READING, _FILE_UNREADABLE (errno is set), _CRYPTO_FAILED. */
enum reason reread_next(struct reread *reread, struct span *ret) MUST_CHECK;

/* Reads the rest: whether bytes that were found wrong were what the section had before. REASON_OK
 * then, otherwise as reread_next. */
enum reason reread_rest(struct reread *reread) MUST_CHECK;

void reread_done(struct reread *reread);

#endif
