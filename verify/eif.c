#include "verify/eif.h"

#include <libdeflate.h>
#include <string.h>

#define MAGIC "\x2e\x65\x69\x66"
#define MAGIC_LEN 4

/* Offsets in the header, for saying what is at fault. */
#define AT_VERSION 0x004
#define AT_FLAGS 0x006
#define AT_RESERVED 0x018
#define AT_COUNT 0x01a
#define AT_OFFSETS 0x01c
#define AT_SIZES 0x11c
#define AT_UNUSED 0x21c

bool eif_crc_ok(const struct eif *eif)
{
	return eif->crc == eif->crc_computed;
}

const char *eif_type_name(enum eif_type type)
{
	switch (type) {
	case EIF_KERNEL:
		return "kernel";
	case EIF_CMDLINE:
		return "cmdline";
	case EIF_RAMDISK:
		return "ramdisk";
	case EIF_SIGNATURE:
		return "signature";
	case EIF_METADATA:
		return "metadata";
	}
	return "unknown";
}

bool eif_type_is_measured(enum eif_type type)
{
	return type == EIF_KERNEL || type == EIF_CMDLINE || type == EIF_RAMDISK;
}

void eif_start(struct eif_reader *reader, const struct eif_rules *rules,
	       const struct eif_sink *sink)
{
	*reader = (struct eif_reader){ .rules = *rules, .sink = *sink };
}

static enum reason fault(struct eif_reader *r, uint64_t at, enum reason reason)
{
	r->fault = at;
	return reason;
}

static void add_crc(struct eif_reader *r, struct span bytes)
{
	r->eif.crc_computed = libdeflate_crc32(r->eif.crc_computed, bytes.at, bytes.len);
}

/* The numbers of the header as they stand there. */
struct header {
	uint64_t magic, version, flags, default_mem, default_cpus, reserved, count, unused, crc;
	uint64_t offsets[EIF_SECTIONS_MAX];
	uint64_t sizes[EIF_SECTIONS_MAX];
};

static bool read_header(struct span head, struct header *h)
{
	bool whole = span_be(&head, 4, &h->magic) && span_be(&head, 2, &h->version) &&
		     span_be(&head, 2, &h->flags) && span_be(&head, 8, &h->default_mem) &&
		     span_be(&head, 8, &h->default_cpus) && span_be(&head, 2, &h->reserved) &&
		     span_be(&head, 2, &h->count);

	for (size_t i = 0; whole && i < EIF_SECTIONS_MAX; i++)
		whole = span_be(&head, 8, &h->offsets[i]);
	for (size_t i = 0; whole && i < EIF_SECTIONS_MAX; i++)
		whole = span_be(&head, 8, &h->sizes[i]);
	return whole && span_be(&head, 4, &h->unused) && span_be(&head, 4, &h->crc) &&
	       head.len == 0;
}

/* The table must be that of sections which follow each other from the end of the header on. Sums
 * may pass 2^64: everything is compared with what is left below the largest number. */
static enum reason judge_table(struct eif_reader *r, const struct header *h)
{
	uint64_t next = EIF_HEADER_LEN;
	bool beyond = false; /* past 2^64: no further offset can be right */

	for (size_t i = 0; i < EIF_SECTIONS_MAX; i++) {
		if (i >= h->count) {
			if (h->offsets[i] != 0)
				return fault(r, AT_OFFSETS + 8 * i, REASON_EIF_TABLE);
			if (h->sizes[i] != 0)
				return fault(r, AT_SIZES + 8 * i, REASON_EIF_TABLE);
			continue;
		}
		if (beyond || h->offsets[i] != next)
			return fault(r, AT_OFFSETS + 8 * i, REASON_EIF_TABLE);
		beyond = h->sizes[i] > UINT64_MAX - EIF_SECTION_HEADER_LEN - next;
		next += EIF_SECTION_HEADER_LEN;
		r->eif.sections[i].offset = next;
		r->eif.sections[i].size = h->sizes[i];
		next += h->sizes[i];
	}
	if (beyond || next > EIF_SIZE_MAX)
		return fault(r, AT_SIZES + 8 * (h->count - 1), REASON_EIF_TOO_LARGE);
	r->eif.size = next;
	return REASON_OK;
}

static enum reason judge_header(struct eif_reader *r)
{
	struct header h = { 0 };

	if (memcmp(r->head, MAGIC, MAGIC_LEN) != 0)
		return fault(r, 0, REASON_EIF_MAGIC);
	if (!read_header(SPAN_OF(r->head), &h))
		return fault(r, 0, REASON_EIF_TRUNCATED);
	if (h.version < 2 || h.version > 4)
		return fault(r, AT_VERSION, REASON_EIF_VERSION);
	if ((h.flags & ~(uint64_t)EIF_FLAG_ARM64) != r->rules.reserved_flags)
		return fault(r, AT_FLAGS, REASON_EIF_FLAGS);
	if (h.reserved != 0)
		return fault(r, AT_RESERVED, REASON_EIF_RESERVED);
	if (h.unused != 0)
		return fault(r, AT_UNUSED, REASON_EIF_RESERVED);
	if (h.count < 2 || h.count > EIF_SECTIONS_MAX)
		return fault(r, AT_COUNT, REASON_EIF_SECTION_COUNT);
	r->eif.version = (uint16_t)h.version;
	r->eif.flags = (uint16_t)h.flags;
	r->eif.default_mem = h.default_mem;
	r->eif.default_cpus = h.default_cpus;
	r->eif.n_sections = (size_t)h.count;
	r->eif.crc = (uint32_t)h.crc;
	enum reason reason = judge_table(r, &h);
	if (reason != REASON_OK)
		return reason;
	add_crc(r, (struct span){ r->head, EIF_CRC_OFFSET });
	r->has_header = true;
	r->head_len = 0;
	return REASON_OK;
}

/* The first version of the format that has such sections; 0: none has. */
static uint16_t first_version(uint64_t type)
{
	return type == EIF_KERNEL || type == EIF_CMDLINE || type == EIF_RAMDISK ? 2 :
	       type == EIF_SIGNATURE                                            ? 3 :
	       type == EIF_METADATA                                             ? 4 :
										  0;
}

static enum reason end_section(struct eif_reader *r)
{
	r->in_data = false;
	r->section++;
	return r->sink.end != NULL ? r->sink.end(r->sink.context) : REASON_OK;
}

static enum reason judge_section_header(struct eif_reader *r)
{
	struct eif_section *section = &r->eif.sections[r->section];
	struct span head = { r->head, EIF_SECTION_HEADER_LEN };
	uint64_t at = section->offset - EIF_SECTION_HEADER_LEN;
	uint64_t type;
	uint64_t flags;
	uint64_t size;

	add_crc(r, head);
	r->head_len = 0;
	if (!span_be(&head, 2, &type) || !span_be(&head, 2, &flags) || !span_be(&head, 8, &size))
		return fault(r, at, REASON_EIF_TRUNCATED);
	if (first_version(type) == 0 || r->eif.version < first_version(type))
		return fault(r, at, REASON_EIF_SECTION_TYPE);
	if (flags != 0)
		return fault(r, at + 2, REASON_EIF_SECTION_FLAGS);
	if (size != section->size)
		return fault(r, at + 4, REASON_EIF_SECTION_SIZE);
	section->type = (enum eif_type)type;
	r->left = size;
	r->in_data = true;
	enum reason reason =
		r->sink.begin != NULL ? r->sink.begin(r->sink.context, section) : REASON_OK;
	if (reason != REASON_OK || size > 0)
		return reason;
	return end_section(r);
}

static enum reason take_data(struct eif_reader *r, struct span *bytes)
{
	struct span part;
	size_t n = bytes->len < r->left ? bytes->len : (size_t)r->left;

	if (!span_take(bytes, n, &part))
		return REASON_EIF_TRUNCATED;
	const uint8_t *nul = r->eif.sections[r->section].type == EIF_CMDLINE ?
				     memchr(part.at, 0, part.len) :
				     NULL;
	if (nul != NULL && !r->cmdline_has_nul) {
		r->cmdline_has_nul = true;
		r->nul_at = r->at + (uint64_t)(nul - part.at);
	}
	add_crc(r, part);
	r->at += n;
	r->left -= n;
	enum reason reason = r->sink.data != NULL ? r->sink.data(r->sink.context, part) : REASON_OK;
	if (reason != REASON_OK || r->left > 0)
		return reason;
	return end_section(r);
}

/* Gathers the present header; judges it when it is whole. */
static enum reason take_head(struct eif_reader *r, struct span *bytes)
{
	size_t wanted = (r->has_header ? EIF_SECTION_HEADER_LEN : EIF_HEADER_LEN) - r->head_len;
	struct span part;

	if (!span_take(bytes, bytes->len < wanted ? bytes->len : wanted, &part))
		return REASON_EIF_TRUNCATED;
	memcpy(r->head + r->head_len, part.at, part.len);
	r->head_len += part.len;
	r->at += part.len;
	if (part.len < wanted)
		return REASON_OK;
	return r->has_header ? judge_section_header(r) : judge_header(r);
}

enum reason eif_feed(struct eif_reader *reader, struct span bytes)
{
	while (reader->failed == REASON_OK && bytes.len > 0) {
		if (reader->has_header && reader->section == reader->eif.n_sections)
			reader->failed = fault(reader, reader->at, REASON_EIF_TRAILING);
		else if (reader->in_data)
			reader->failed = take_data(reader, &bytes);
		else
			reader->failed = take_head(reader, &bytes);
	}
	return reader->failed;
}

static uint64_t at_section(const struct eif *eif, size_t index)
{
	return eif->sections[index].offset - EIF_SECTION_HEADER_LEN;
}

/* How many of each kind, and that nothing but ramdisks stands twice. */
static enum reason judge_counts(struct eif_reader *r)
{
	size_t count[EIF_METADATA + 1] = { 0 };

	for (size_t i = 0; i < r->eif.n_sections; i++) {
		enum eif_type type = r->eif.sections[i].type;
		if (++count[type] > 1 && type != EIF_RAMDISK)
			return fault(r, at_section(&r->eif, i), REASON_EIF_DUPLICATE_SECTION);
	}
	if (count[EIF_KERNEL] == 0 || count[EIF_CMDLINE] == 0 || count[EIF_RAMDISK] == 0 ||
	    (r->eif.version >= first_version(EIF_METADATA) && count[EIF_METADATA] == 0))
		return fault(r, r->at, REASON_EIF_MISSING_SECTION);
	return REASON_OK;
}

/* The measured sections in the order in which they are measured; the others where they like. */
static enum reason judge_order(struct eif_reader *r)
{
	enum eif_type last = EIF_KERNEL;

	for (size_t i = 0; i < r->eif.n_sections; i++) {
		enum eif_type type = r->eif.sections[i].type;
		if (!eif_type_is_measured(type))
			continue;
		if (type < last)
			return fault(r, at_section(&r->eif, i), REASON_EIF_ORDER);
		last = type;
	}
	return REASON_OK;
}

static enum reason judge_content(struct eif_reader *r)
{
	for (size_t i = 0; i < r->eif.n_sections; i++) {
		if (r->eif.sections[i].type == EIF_KERNEL && r->eif.sections[i].size == 0)
			return fault(r, at_section(&r->eif, i), REASON_EIF_EMPTY_KERNEL);
	}
	if (r->cmdline_has_nul)
		return fault(r, r->nul_at, REASON_EIF_CMDLINE_NUL);
	return REASON_OK;
}

static enum reason judge_whole(struct eif_reader *r)
{
	if (!r->has_header && (r->at < MAGIC_LEN || memcmp(r->head, MAGIC, MAGIC_LEN) != 0))
		return fault(r, 0, REASON_EIF_MAGIC);
	if (!r->has_header || r->section < r->eif.n_sections)
		return fault(r, r->at, REASON_EIF_TRUNCATED);
	enum reason reason = judge_counts(r);
	if (reason == REASON_OK)
		reason = judge_order(r);
	if (reason == REASON_OK)
		reason = judge_content(r);
	return reason;
}

enum reason eif_finish(struct eif_reader *reader, struct eif *ret, uint64_t *reterr_at)
{
	if (reader->failed == REASON_OK)
		reader->failed = judge_whole(reader);
	if (reader->failed != REASON_OK) {
		*reterr_at = reader->fault;
		return reader->failed;
	}
	*ret = reader->eif;
	return REASON_OK;
}
