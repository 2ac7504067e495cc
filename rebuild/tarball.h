/* A tar archive in a file (POSIX.1-2008 pax and ustar, GNU tar's long names and sparse files), plain
 * or compressed by gzip (any number of members) or zstd, read once from front to back by libarchive's
 * tar reader, which is given decompressed bytes. Every one of these is hashed, those behind the end of
 * the archive included: that hash is the diff_id of a layer (OCI image specification, config.md).
 * The checksums of gzip are checked by gzip.h.
 *
 * Nothing is made on disk. Names are as the archive has them, except that libarchive ends them at a
 * NUL. Whatever libarchive only warns of is refused. */
#ifndef REBUILD_TARBALL_H
#define REBUILD_TARBALL_H

#include <signal.h>

#include "rebuild/advance.h"
#include "rebuild/sha256.h"
#include "rebuild/sink.h"

enum tarball_compression { TARBALL_PLAIN, TARBALL_GZIP, TARBALL_ZSTD };

/* What is to be read. */
struct tarball_source {
	int fd; /* read from its present position to its end; borrowed */
	enum tarball_compression compression;
	uint64_t max;                             /* bytes, decompressed */
	struct advance *advance;                  /* told of the bytes of the file; NULL: none */
	const volatile sig_atomic_t *interrupted; /* asked between pieces; NULL: never */
};

enum tarball_type {
	TARBALL_FILE,
	TARBALL_DIRECTORY,
	TARBALL_SYMLINK,
	TARBALL_HARD_LINK,
	TARBALL_OTHER /* a device, a fifo, a socket, or what libarchive does not know */
};

/* Borrowed until the next call. */
struct tarball_entry {
	enum tarball_type type;
	struct span name;
	struct span target; /* of a link */
	uint32_t mode;      /* the lower 12 bits */
	uint64_t size;      /* of the content, holes included */
};

struct tarball;

/* End with tarball_free; NULL is fine there. REASON_OUT_OF_MEMORY, REASON_CRYPTO_FAILED,
 * REASON_LAYER_COMPRESSION (no zstd in this libarchive). */
enum reason tarball_open(const struct tarball_source *source, struct tarball **ret) MUST_CHECK;
void tarball_free(struct tarball *tarball);

/* The next entry; *ret_more false: there is none. REASON_LAYER_TAR (also a pax name that is no
 * UTF-8); REASON_LAYER_NAME: no name or no target; REASON_LAYER_EXPANSION, REASON_LAYER_COMPRESSION, REASON_GZIP_*;
 * REASON_FILE_UNREADABLE, REASON_INTERRUPTED, REASON_OUT_OF_MEMORY, REASON_CRYPTO_FAILED. */
enum reason tarball_next(struct tarball *tarball, struct tarball_entry *ret,
			 bool *ret_more) MUST_CHECK;

/* Pours the content of the entry that was just told of, once, holes as zeros: exactly its size.
 * As above, and whatever the sink returns. */
enum reason tarball_pour(struct tarball *tarball, const struct sink *sink) MUST_CHECK;

/* Reads what is left, whatever it is, and gives the SHA-256 and the length of all decompressed bytes.
 * Comes last. As above. */
enum reason tarball_end(struct tarball *tarball, uint8_t ret_sha256[static DIGEST_SHA256_LEN],
			uint64_t *ret_len) MUST_CHECK;

#endif
