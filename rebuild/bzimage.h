/* The parts of an x86 kernel, as far as two of them are compared: its version string, its setup
 * code and its compressed payload. All numbers are little-endian.
 *
 *   0x1f1 1 setup sectors of 512 bytes (0 means 4), beside the boot sector
 *   0x202 4 "HdrS"      0x206 2 protocol version, from 0x0208 on with a payload
 *   0x20e 2 where the version string stands, less 0x200
 *   0x248 4 offset of the payload behind the setup, 0x24c 4 its length
 *
 * Source: Linux, Documentation/x86/boot.rst. */
#ifndef REBUILD_BZIMAGE_H
#define REBUILD_BZIMAGE_H

#include "rebuild/catalog.h"
#include "rebuild/finding.h"

#define BZIMAGE_VERSION_MAX 512

struct bzimage {
	bool is_one; /* otherwise nothing else is known */
	size_t version_len;
	uint8_t version[BZIMAGE_VERSION_MAX];
	bool has_payload;
	uint64_t payload_at; /* in the file */
	uint64_t payload_len;
	uint8_t sha256[3][DIGEST_SHA256_LEN]; /* of what is before, in, and behind the payload */
	bool is_gzip;                         /* the payload, and it could be inflated: */
	uint64_t inflated_len;
	uint8_t inflated[DIGEST_SHA256_LEN];
};

/* Reads the section again. The reasons of rebuild/reread.h; REASON_OUT_OF_MEMORY. */
enum reason bzimage_read(const struct catalog_source *source, struct bzimage *ret) MUST_CHECK;

/* Reads two kernels that are not the same bytes and adds what differs; nothing when not both are of
 * this kind. */
enum reason bzimage_compare(const struct catalog_source *a, const struct catalog_source *b,
			    struct findings *findings) MUST_CHECK;

#endif
