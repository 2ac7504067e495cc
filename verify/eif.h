/* The Enclave Image Format: layout, and a reader that takes an image in pieces of any size.
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
	uint64_t size;         /* of the whole file */
	uint32_t crc_computed; /* over the bytes that were read */
};

/* The checksum is right. It finds accidents, not attacks: four free bytes forge it. */
bool eif_crc_ok(const struct eif *eif);

/* "kernel", "cmdline", "ramdisk", "signature", "metadata". Static; never NULL. */
const char *eif_type_name(enum eif_type type);

/* Whether the content counts towards PCR0: kernel, command line and ramdisks. */
bool eif_type_is_measured(enum eif_type type);

/* Who wants the sections while they pass; NULL for what is not wanted. For each section one begin,
 * its data in pieces (borrowed from the chunk that was fed), one end. What is passed on is not yet
 * known to be part of a proper image: that is known when eif_finish says so. Another reason than
 * REASON_OK ends the reading with it. */
struct eif_sink {
	void *context;
	enum reason (*begin)(void *context, const struct eif_section *section);
	enum reason (*data)(void *context, struct span bytes);
	enum reason (*end)(void *context);
};

/* What the reader is not sure of by itself: the bits of the flags beside EIF_FLAG_ARM64. AWS calls
 * them reserved, its Bottlerocket builder sets some. */
struct eif_rules {
	uint16_t reserved_flags; /* must be exactly these; 0 for the published format */
};

/* One image on its way through. No allocation and nothing to free. All fields are private. */
struct eif_reader {
	struct eif_rules rules;
	struct eif_sink sink;
	struct eif eif; /* as far as it is known */
	uint8_t head[EIF_HEADER_LEN];
	size_t head_len;      /* bytes gathered of the present header */
	bool has_header;      /* the image's header was judged; section headers follow */
	bool in_data;         /* data of sections[section] come next */
	size_t section;       /* sections before this one are done */
	uint64_t left;        /* data bytes still to come of the present section */
	uint64_t at;          /* bytes read so far */
	bool cmdline_has_nul; /* and where */
	uint64_t nul_at;
	enum reason failed; /* once not REASON_OK it stays */
	uint64_t fault;     /* where */
};

void eif_start(struct eif_reader *reader, const struct eif_rules *rules,
	       const struct eif_sink *sink);

/* Takes the next bytes of the file, however many. Stops at the first fault that the rules of the
 * walk find: REASON_EIF_MAGIC, _VERSION, _FLAGS, _RESERVED, _SECTION_COUNT, _TABLE, _TOO_LARGE,
 * _SECTION_TYPE, _SECTION_FLAGS, _SECTION_SIZE, _TRAILING; or with the sink's reason. */
enum reason eif_feed(struct eif_reader *reader, struct span bytes) MUST_CHECK;

/* The file has ended: judges what only the whole can show. On failure *reterr_at is the offset in
 * the file of what is at fault. Beside eif_feed's reasons REASON_EIF_TRUNCATED, _DUPLICATE_SECTION,
 * _MISSING_SECTION, _ORDER, _EMPTY_KERNEL, _CMDLINE_NUL. The checksum is not judged: see
 * eif_crc_ok. */
enum reason eif_finish(struct eif_reader *reader, struct eif *ret, uint64_t *reterr_at) MUST_CHECK;

#endif
