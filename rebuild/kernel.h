/* What a kernel section is, as far as two of them are compared: its form, what stands before and
 * behind its payload, and what the payload is decompressed to. All numbers are little-endian.
 *
 *   bzImage (x86)      0x1f1 1 setup sectors of 512 bytes (0 means 4), beside the boot sector
 *                      0x202 4 "HdrS"      0x206 2 protocol version, from 0x0208 on with a payload
 *                      0x20e 2 where the version string stands, less 0x200
 *                      0x248 4 offset of the payload behind the setup, 0x24c 4 its length
 *   zboot (EFI)        0 2 "MZ"   4 4 "zimg"   8 4 offset of the payload   12 4 its length
 *   whole              all of the section is the payload: an ELF file, an arm64 Image ("ARM\x64" at
 *                      56), or anything in a compressed stream, as an Image.gz is
 *
 * Sources: Linux, Documentation/x86/boot.rst, Documentation/arm64/booting.rst,
 * drivers/firmware/efi/libstub/zboot-header.S. */
#ifndef REBUILD_KERNEL_H
#define REBUILD_KERNEL_H

#include "rebuild/payload.h"

#define KERNEL_VERSION_MAX 512
#define KERNEL_EXPANDED_MAX (UINT64_C(1) << 30) /* bytes after decompression */

enum kernel_kind { KERNEL_UNKNOWN, KERNEL_BZIMAGE, KERNEL_ZBOOT, KERNEL_WHOLE };

enum kernel_region { KERNEL_BEFORE, KERNEL_PAYLOAD, KERNEL_BEHIND, KERNEL_REGIONS };

/* Start with {0}, end with kernel_done. */
struct kernel {
	enum kernel_kind kind;
	size_t version_len; /* of the setup code of a bzImage, not escaped */
	uint8_t version[KERNEL_VERSION_MAX];
	bool has_payload;    /* the following is known: */
	uint64_t payload_at; /* in the section */
	uint64_t payload_len;
	uint8_t sha384[KERNEL_REGIONS][DIGEST_SHA384_LEN];
	enum payload_format format;
	enum reason form; /* REASON_OK: `innards` is known; otherwise why not */
	struct innards innards;
};

/* Reads the section again, and what regions it has. `form` is REASON_PAYLOAD_FORMAT.
 * The reasons of rebuild/reread.h; REASON_OUT_OF_MEMORY. */
enum reason kernel_read(const struct catalog_source *source, struct kernel *ret) MUST_CHECK;

/* Decompresses the payload, if there is one, to at most `max` bytes. See payload_read. */
enum reason kernel_expand(const struct catalog_source *source, uint64_t max,
			  struct kernel *kernel) MUST_CHECK;

/* "bzImage", "zboot", "whole", "unknown". Static. */
const char *kernel_kind_name(enum kernel_kind kind);

void kernel_done(struct kernel *kernel);

#endif
