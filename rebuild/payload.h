/* A kernel's payload: the part that decompresses itself when the machine starts, and what it is
 * decompressed to.
 *
 * Behind a stream the kernel's build puts the length of its content, u32 little-endian, where the
 * format does not end with it as gzip does. A stream is right with that length behind it, or with
 * nothing.
 *
 * Source: Linux, lib/decompress.c (magics), scripts/Makefile.lib (size_append). */
#ifndef REBUILD_PAYLOAD_H
#define REBUILD_PAYLOAD_H

#include "rebuild/catalog.h"
#include "rebuild/innards.h"

#define PAYLOAD_HEAD_LEN 64 /* bytes that tell the format */

enum payload_format {
	PAYLOAD_UNKNOWN,
	PAYLOAD_PLAIN, /* not compressed: an ELF file, an arm64 Image */
	PAYLOAD_GZIP,
	PAYLOAD_XZ,
	PAYLOAD_LZMA,
	PAYLOAD_BZIP2,
	PAYLOAD_ZSTD,
	PAYLOAD_LZ4,
	PAYLOAD_LZO /* known, but not decompressed */
};

/* By the first bytes, PAYLOAD_HEAD_LEN of them or all that there are. */
enum payload_format payload_format_of(struct span head);

/* "xz", "lzo", "unknown", ... Static. */
const char *payload_format_name(enum payload_format format);

/* Reads the payload, whose digest `source` has, and decompresses it to at most `max` bytes. *ret_form
 * is REASON_OK when *ret holds what it is decompressed to; otherwise *ret is untouched and the form
 * is why: REASON_PAYLOAD_FORMAT, _PAYLOAD_BROKEN, _PAYLOAD_EXPANSION, or one of gzip_push,
 * REASON_GZIP_TRUNCATED.
 * What stands behind a gzip member counts: see innards_behind.
 * REASON_CHANGED_WHILE_READING, _FILE_UNREADABLE, _OUT_OF_MEMORY, _CRYPTO_FAILED. */
enum reason payload_read(const struct catalog_source *source, enum payload_format format,
			 uint64_t max, struct innards *ret, enum reason *ret_form) MUST_CHECK;

#endif
