/* The Enclave Image Format: layout, and a walk over an image that streams through.
 *
 * All integers are big-endian.
 *
 *   header, 548 bytes            section header, 12 bytes, data right behind it
 *   0x000  4    ".eif"           0  2  type
 *   0x004  2    version 2..4     2  2  flags, 0
 *   0x006  2    flags: bit 0     4  8  size of the data
 *               is the machine
 *   0x008  8    default memory, bytes
 *   0x010  8    default CPUs
 *   0x018  2    reserved, 0
 *   0x01a  2    number of sections, 2..32
 *   0x01c  256  32 offsets of section headers from the start of the file
 *   0x11c  256  32 sizes of section data
 *   0x21c  4    unused, 0
 *   0x220  4    CRC-32 over everything but these four bytes
 *
 * Tools walk an image section after section; the loader goes by the header's table. Only images are
 * accepted in which both walks are the same thing and no byte is left over.
 * Sources: AWS, "Enclave Image Format" specification; aws-nitro-enclaves-image-format 0.5. */
#ifndef VERIFY_EIF_H
#define VERIFY_EIF_H

#include "verify/digest.h"
#include "verify/reason.h"
#include "verify/span.h"

#define EIF_HEADER_LEN 548
#define EIF_CRC_OFFSET 544
#define EIF_SECTION_HEADER_LEN 12
#define EIF_SECTIONS_MAX 32
#define EIF_FLAG_ARM64 0x0001
#define EIF_SIZE_MAX (UINT64_C(16) << 30)
#define EIF_SIGNATURE_MAX 32768

enum eif_type {
	EIF_KERNEL = 1,
	EIF_CMDLINE = 2,
	EIF_RAMDISK = 3,
	EIF_SIGNATURE = 4, /* from version 3 on */
	EIF_METADATA = 5   /* from version 4 on, where it is mandatory; never measured */
};

struct eif_section {
	enum eif_type type;
	uint64_t offset; /* of the data in the file */
	uint64_t size;   /* of the data, in bytes */
};

/* What header and section headers say. */
struct eif {
	uint16_t version;
	uint16_t flags;
	uint64_t default_mem; /* bytes */
	uint64_t default_cpus;
	uint32_t crc; /* as stored */
	size_t n_sections;
	struct eif_section sections[EIF_SECTIONS_MAX];
	uint64_t size; /* of the whole file */
};

#endif
