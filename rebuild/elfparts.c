#include "rebuild/elfparts.h"

#include <stdlib.h>
#include <string.h>

#include "verify/basenc.h"

#define HEADER_MAX 64
#define SECTION_MAX 64
#define SECTIONS_MAX 256
#define NAME_MAX_LEN 32
#define TOLD_MAX 4
#define NOBITS 8 /* takes no room in the file */
#define PIECE ((size_t)32768)
#define ID_MAX 64

struct part {
	uint32_t type;
	uint64_t offset;
	uint64_t size;
	uint8_t name[NAME_MAX_LEN]; /* cut, padded with zeros */
};

struct parts {
	size_t n;
	struct part list[SECTIONS_MAX];
};

struct work {
	struct parts a;
	struct parts b;
	uint8_t buffer_a[PIECE];
	uint8_t buffer_b[PIECE];
};

/* Where a number stands, and how long it is. */
struct field {
	size_t at;
	size_t len;
};

/* What the two classes of files, of 32 and 64 bits, have in other places. */
struct layout {
	size_t header_len;
	size_t section_len;
	struct field sections; /* of the header */
	struct field section_size;
	struct field count;
	struct field names;
	struct field offset; /* of a section's header */
	struct field size;
};

static const struct layout layouts[2] = {
	{ 52, 40, { 0x20, 4 }, { 0x2e, 2 }, { 0x30, 2 }, { 0x32, 2 }, { 0x10, 4 }, { 0x14, 4 } },
	{ 64, 64, { 0x28, 8 }, { 0x3a, 2 }, { 0x3c, 2 }, { 0x3e, 2 }, { 0x18, 8 }, { 0x20, 8 } },
};

/* How the numbers of one file are read. */
struct reader {
	const struct layout *layout;
	bool big_endian;
};

static uint64_t number(const struct reader *reader, const uint8_t *bytes, struct field field)
{
	uint64_t value = 0;

	for (size_t i = 0; i < field.len; i++)
		value = value << 8 | bytes[field.at + (reader->big_endian ? i : field.len - 1 - i)];
	return value;
}

/* The first bytes of a file: magic, class (1: 32 bits, 2: 64), byte order (1: little-endian, 2: big). */
static bool choose(const uint8_t *first, struct reader *ret)
{
	if (memcmp(first,
		   "\x7f"
		   "ELF",
		   4) != 0 ||
	    (first[4] != 1 && first[4] != 2) || (first[5] != 1 && first[5] != 2))
		return false;
	*ret = (struct reader){ &layouts[first[4] - 1], first[5] == 2 };
	return true;
}

static bool lies_within(const struct content *file, uint64_t offset, uint64_t size)
{
	return offset <= file->size && size <= file->size - offset;
}

/* The name at an offset of the table, as much as there is. */
static enum reason read_name(const struct content *file, const struct part *table, uint64_t at,
			     uint8_t name[static NAME_MAX_LEN])
{
	if (at >= table->size)
		return REASON_OK;
	uint64_t left = table->size - at;
	size_t len = left < NAME_MAX_LEN - 1 ? (size_t)left : NAME_MAX_LEN - 1;
	enum reason reason = content_read(file, table->offset + at, name, len);
	size_t n = 0;
	while (n < len && name[n] != 0)
		n++;
	memset(name + n, 0, NAME_MAX_LEN - n);
	return reason;
}

static enum reason read_section(const struct content *file, const struct reader *reader,
				uint64_t at, struct part *ret, uint64_t *ret_name)
{
	static const struct field name = { 0, 4 };
	static const struct field type = { 4, 4 };
	uint8_t section[SECTION_MAX];

	enum reason reason = content_read(file, at, section, reader->layout->section_len);
	if (reason != REASON_OK)
		return reason;
	*ret_name = number(reader, section, name);
	*ret = (struct part){ .type = (uint32_t)number(reader, section, type),
			      .offset = number(reader, section, reader->layout->offset),
			      .size = number(reader, section, reader->layout->size) };
	if (ret->type == 0 || ret->type == NOBITS)
		ret->size = 0;
	return REASON_OK;
}

/* `ret->n` stays 0 when it is no such file. */
static enum reason read_parts(const struct content *file, struct parts *ret)
{
	uint8_t header[HEADER_MAX];
	uint64_t names[SECTIONS_MAX];
	struct reader reader;

	ret->n = 0;
	if (file->size < layouts[0].header_len)
		return REASON_OK;
	enum reason reason = content_read(file, 0, header, layouts[0].header_len);
	if (reason != REASON_OK || !choose(header, &reader) ||
	    file->size < reader.layout->header_len)
		return reason;
	reason = content_read(file, 0, header, reader.layout->header_len);
	if (reason != REASON_OK)
		return reason;
	uint64_t at = number(&reader, header, reader.layout->sections);
	size_t n = (size_t)number(&reader, header, reader.layout->count);
	size_t table = (size_t)number(&reader, header, reader.layout->names);
	size_t len = reader.layout->section_len;
	if (number(&reader, header, reader.layout->section_size) != len || n == 0 ||
	    n > SECTIONS_MAX || table >= n || !lies_within(file, at, n * len))
		return REASON_OK;
	for (size_t i = 0; i < n; i++) {
		reason = read_section(file, &reader, at + i * len, &ret->list[i], &names[i]);
		if (reason != REASON_OK ||
		    (ret->list[i].size > 0 &&
		     !lies_within(file, ret->list[i].offset, ret->list[i].size)))
			return reason;
	}
	for (size_t i = 0; i < n && reason == REASON_OK; i++)
		reason = read_name(file, &ret->list[table], names[i], ret->list[i].name);
	ret->n = n;
	return reason;
}

static const struct part *find(const struct parts *parts, const uint8_t *name)
{
	for (size_t i = 0; i < parts->n; i++) {
		if (memcmp(parts->list[i].name, name, NAME_MAX_LEN) == 0)
			return &parts->list[i];
	}
	return NULL;
}

static enum reason compare_part(const struct content *a, const struct part *part_a,
				const struct content *b, const struct part *part_b,
				struct work *work, bool *ret_equal)
{
	*ret_equal = part_a->size == part_b->size;
	for (uint64_t at = 0; at < part_a->size && *ret_equal; at += PIECE) {
		size_t len = part_a->size - at < PIECE ? (size_t)(part_a->size - at) : PIECE;
		enum reason reason = content_read(a, part_a->offset + at, work->buffer_a, len);
		if (reason == REASON_OK)
			reason = content_read(b, part_b->offset + at, work->buffer_b, len);
		if (reason != REASON_OK)
			return reason;
		*ret_equal = memcmp(work->buffer_a, work->buffer_b, len) == 0;
	}
	return REASON_OK;
}

static void add_name(const struct part *part, size_t told, struct buf *out)
{
	size_t n = 0;

	while (n < NAME_MAX_LEN && part->name[n] != 0)
		n++;
	buf_text(out, told == 0 ? "ELF, sections " : ", ");
	buf_escaped(out, (struct span){ part->name, n });
}

/* A note: 4 size of the owner's name, 4 size of the rest, 4 type, the name ("GNU\0"), the id. */
static enum reason add_build_id(const struct content *file, const struct parts *parts,
				const char *label, struct buf *out)
{
	static const uint8_t name[NAME_MAX_LEN] = ".note.gnu.build-id";
	const struct part *part = find(parts, name);
	uint8_t note[16 + ID_MAX];

	if (part == NULL || part->size <= 16 || part->size > sizeof(note))
		return REASON_OK;
	enum reason reason = content_read(file, part->offset, note, (size_t)part->size);
	if (reason != REASON_OK)
		return reason;
	buf_text(out, label);
	hex_encode(out, (struct span){ note + 16, (size_t)part->size - 16 });
	return REASON_OK;
}

static enum reason tell(const struct content *a, const struct content *b, struct work *work,
			struct buf *out, bool *ret_told)
{
	/* sections may overlap in a file that wants to be slow to look at */
	uint64_t budget = a->size;
	size_t told = 0;
	enum reason reason = REASON_OK;

	for (size_t i = 1; i < work->a.n && told < TOLD_MAX; i++) {
		const struct part *part = &work->a.list[i];
		const struct part *other = find(&work->b, part->name);
		bool equal = false;
		if (part->size > budget)
			break;
		budget -= part->size;
		if (other != NULL)
			reason = compare_part(a, part, b, other, work, &equal);
		if (reason != REASON_OK)
			return reason;
		if (!equal)
			add_name(part, told++, out);
	}
	*ret_told = told > 0;
	if (told == TOLD_MAX)
		buf_text(out, ", ...");
	if (told > 0)
		reason = add_build_id(a, &work->a, "; build id ", out);
	if (told > 0 && reason == REASON_OK)
		reason = add_build_id(b, &work->b, " -> ", out);
	return reason;
}

enum reason elfparts_differ(const struct content *a, const struct content *b, struct buf *out,
			    bool *ret_told)
{
	struct work *work = malloc(sizeof(*work));

	*ret_told = false;
	if (work == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = read_parts(a, &work->a);
	if (reason == REASON_OK)
		reason = read_parts(b, &work->b);
	if (reason == REASON_OK && work->a.n > 0 && work->b.n > 0)
		reason = tell(a, b, work, out, ret_told);
	free(work);
	return reason;
}
