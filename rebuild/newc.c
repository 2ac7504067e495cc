#include "rebuild/newc.h"

#include <stdio.h>
#include <string.h>

#define TRAILER_NAME "TRAILER!!!"
#define GNU_BLOCK 512 /* GNU cpio fills its last block with zeros */

enum state {
	STATE_HEADER,
	STATE_NAME,
	STATE_NAME_PADDING,
	STATE_TARGET,
	STATE_DATA,
	STATE_DATA_PADDING,
	STATE_ENDED
};

/* How many bytes bring `n` to a multiple of 4. */
static uint32_t padding(uint64_t n)
{
	return (uint32_t)((4 - n % 4) % 4);
}

bool newc_is_magic(struct span bytes)
{
	return span_equal(bytes, SPAN_LITERAL("070701")) ||
	       span_equal(bytes, SPAN_LITERAL("070702"));
}

void newc_start(struct newc_reader *reader, const struct newc_events *events)
{
	reader->events = events;
	reader->entries = 0;
	reader->offset = 0;
	newc_again(reader);
}

void newc_again(struct newc_reader *reader)
{
	reader->state = STATE_HEADER;
	reader->have = 0;
	reader->left = 0;
}

/* Collects into `into` until it holds `wanted` bytes. True: it does. */
static bool collect(struct newc_reader *reader, struct span *input, uint8_t *into, size_t wanted)
{
	size_t missing = wanted - reader->have;
	struct span piece;

	if (!span_take(input, input->len < missing ? input->len : missing, &piece))
		return false;
	if (piece.len > 0)
		memcpy(into + reader->have, piece.at, piece.len);
	reader->have += piece.len;
	reader->offset += piece.len;
	return reader->have == wanted;
}

static bool hex_field(struct span *cursor, uint32_t *ret)
{
	struct span digits;
	uint32_t value = 0;

	if (!span_take(cursor, 8, &digits))
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		uint8_t c = digits.at[i];
		uint32_t digit;
		if (c >= '0' && c <= '9')
			digit = c - (uint32_t)'0';
		else if (c >= 'a' && c <= 'f')
			digit = c - (uint32_t)'a' + 10;
		else if (c >= 'A' && c <= 'F')
			digit = c - (uint32_t)'A' + 10;
		else
			return false;
		value = value << 4 | digit;
	}
	*ret = value;
	return true;
}

static enum reason read_header(struct newc_reader *reader)
{
	struct span cursor = SPAN_OF(reader->header);
	struct span magic;
	uint32_t name_len = 0;
	struct newc_entry entry = { 0 };
	uint32_t *fields[] = { &entry.ino,        &entry.mode,       &entry.uid,
			       &entry.gid,        &entry.nlink,      &entry.mtime,
			       &entry.size,       &entry.dev_major,  &entry.dev_minor,
			       &entry.rdev_major, &entry.rdev_minor, &name_len,
			       &entry.check };

	if (!span_take(&cursor, NEWC_MAGIC_LEN, &magic) || !newc_is_magic(magic))
		return REASON_NEWC_MAGIC;
	entry.summed = magic.at[NEWC_MAGIC_LEN - 1] == '2';
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!hex_field(&cursor, fields[i]))
			return REASON_NEWC_FIELD;
	}
	if (name_len == 0 || name_len > NEWC_NAME_MAX)
		return REASON_NEWC_NAME_SIZE;
	reader->entry = entry;
	reader->name_len = name_len;
	reader->have = 0;
	reader->state = STATE_NAME;
	return REASON_OK;
}

/* What an entry of this type may be. The trailer of some archivers has no type at all. */
static enum reason check_entry(const struct newc_reader *reader)
{
	const struct newc_entry *entry = &reader->entry;

	if (reader->is_trailer)
		return entry->size == 0 ? REASON_OK : REASON_NEWC_DATA;
	if (reader->entries >= NEWC_ENTRIES_MAX)
		return REASON_NEWC_ENTRIES;
	switch (entry->mode & NEWC_TYPE_MASK) {
	case NEWC_FILE:
		return REASON_OK;
	case NEWC_SYMLINK:
		return entry->size == 0 || entry->size >= NEWC_NAME_MAX ? REASON_NEWC_TARGET :
									  REASON_OK;
	case NEWC_DIRECTORY:
	case 0010000U: /* named pipe */
	case 0020000U: /* character device */
	case 0060000U: /* block device */
	case 0140000U: /* socket */
		return entry->size == 0 ? REASON_OK : REASON_NEWC_DATA;
	default:
		return REASON_NEWC_TYPE;
	}
}

static enum reason read_name(struct newc_reader *reader)
{
	const uint8_t *nul = memchr(reader->name, 0, reader->name_len);

	if (nul != reader->name + reader->name_len - 1)
		return REASON_NEWC_NAME;
	reader->entry.name = (struct span){ reader->name, reader->name_len - 1 };
	reader->is_trailer = span_equal(reader->entry.name, SPAN_LITERAL(TRAILER_NAME));
	enum reason reason = check_entry(reader);
	if (reason != REASON_OK)
		return reason;
	reader->left = padding(NEWC_HEADER_LEN + reader->name_len);
	reader->state = STATE_NAME_PADDING;
	return REASON_OK;
}

static enum reason end_entry(struct newc_reader *reader)
{
	reader->have = 0;
	reader->state = STATE_HEADER;
	return reader->events->end(reader->events->of);
}

static enum reason end_data(struct newc_reader *reader)
{
	/* only files are summed: of links GNU cpio writes 0 */
	if (reader->entry.summed && (reader->entry.mode & NEWC_TYPE_MASK) == NEWC_FILE &&
	    reader->sum != reader->entry.check)
		return REASON_NEWC_CHECKSUM;
	reader->left = padding(reader->entry.size);
	reader->state = STATE_DATA_PADDING;
	return REASON_OK;
}

/* Name and padding are there: tell of the entry, unless its target is still to come. */
static enum reason begin_data(struct newc_reader *reader)
{
	if (reader->is_trailer) {
		reader->state = STATE_ENDED;
		return reader->events->trailer(reader->events->of);
	}
	reader->entries++;
	reader->sum = 0;
	reader->have = 0;
	reader->left = reader->entry.size;
	if ((reader->entry.mode & NEWC_TYPE_MASK) == NEWC_SYMLINK) {
		reader->state = STATE_TARGET;
		return REASON_OK;
	}
	reader->state = STATE_DATA;
	return reader->events->entry(reader->events->of, &reader->entry);
}

static void add_up(struct newc_reader *reader, struct span bytes)
{
	if (!reader->entry.summed)
		return;
	for (size_t i = 0; i < bytes.len; i++)
		reader->sum += bytes.at[i];
}

static enum reason read_target(struct newc_reader *reader)
{
	struct span target = { reader->target, reader->entry.size };

	if (memchr(target.at, 0, target.len) != NULL)
		return REASON_NEWC_TARGET;
	reader->entry.target = target;
	enum reason reason = reader->events->entry(reader->events->of, &reader->entry);
	return reason != REASON_OK ? reason : end_data(reader);
}

/* Cuts off at most what is left of data or padding. */
static struct span next_piece(struct newc_reader *reader, struct span *input)
{
	struct span piece = { NULL, 0 };

	if (span_take(input, input->len < reader->left ? input->len : reader->left, &piece)) {
		reader->left -= (uint32_t)piece.len;
		reader->offset += piece.len;
	}
	return piece;
}

static enum reason pass_data(struct newc_reader *reader, struct span *input)
{
	struct span piece = next_piece(reader, input);

	if (piece.len > 0) {
		add_up(reader, piece);
		enum reason reason = reader->events->data(reader->events->of, piece);
		if (reason != REASON_OK)
			return reason;
	}
	return reader->left == 0 ? end_data(reader) : REASON_OK;
}

static enum reason pass_padding(struct newc_reader *reader, struct span *input)
{
	if (!span_is_zero(next_piece(reader, input)))
		return REASON_NEWC_PADDING;
	if (reader->left > 0)
		return REASON_OK;
	return reader->state == STATE_NAME_PADDING ? begin_data(reader) : end_entry(reader);
}

static enum reason step(struct newc_reader *reader, struct span *input)
{
	switch ((enum state)reader->state) {
	case STATE_HEADER:
		return collect(reader, input, reader->header, NEWC_HEADER_LEN) ?
			       read_header(reader) :
			       REASON_OK;
	case STATE_NAME:
		return collect(reader, input, reader->name, reader->name_len) ? read_name(reader) :
										REASON_OK;
	case STATE_TARGET:
		return collect(reader, input, reader->target, reader->entry.size) ?
			       read_target(reader) :
			       REASON_OK;
	case STATE_DATA:
		return pass_data(reader, input);
	case STATE_NAME_PADDING:
	case STATE_DATA_PADDING:
		return pass_padding(reader, input);
	case STATE_ENDED:
		break;
	}
	return REASON_OK;
}

/* States in which something can be done without another byte. */
static bool is_due(const struct newc_reader *reader)
{
	return reader->left == 0 &&
	       (reader->state == STATE_DATA || reader->state == STATE_NAME_PADDING ||
		reader->state == STATE_DATA_PADDING);
}

enum reason newc_push(struct newc_reader *reader, struct span *input, bool *ret_ended)
{
	while (reader->state != STATE_ENDED && (input->len > 0 || is_due(reader))) {
		enum reason reason = step(reader, input);
		if (reason != REASON_OK)
			return reason;
	}
	*ret_ended = reader->state == STATE_ENDED;
	return REASON_OK;
}

void newc_writer_start(struct newc_writer *writer, struct sink sink)
{
	*writer = (struct newc_writer){ .sink = sink };
}

static enum reason put(struct newc_writer *writer, struct span bytes)
{
	writer->offset += bytes.len;
	return sink_put(&writer->sink, bytes);
}

static enum reason put_zeros(struct newc_writer *writer, size_t n)
{
	static const uint8_t zeros[GNU_BLOCK] = { 0 };

	return put(writer, (struct span){ zeros, n });
}

static enum reason put_head(struct newc_writer *writer, const struct newc_entry *entry,
			    uint32_t ino)
{
	const uint32_t fields[] = { ino,
				    entry->mode,
				    entry->uid,
				    entry->gid,
				    entry->nlink,
				    entry->mtime,
				    entry->size,
				    entry->dev_major,
				    entry->dev_minor,
				    entry->rdev_major,
				    entry->rdev_minor,
				    (uint32_t)entry->name.len + 1,
				    0 };
	char text[NEWC_HEADER_LEN + 1] = "070701";

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		(void)snprintf(text + NEWC_MAGIC_LEN + 8 * i, 9, "%08X", (unsigned)fields[i]);
	enum reason reason = put(writer, (struct span){ (const uint8_t *)text, NEWC_HEADER_LEN });
	if (reason == REASON_OK)
		reason = put(writer, entry->name);
	if (reason == REASON_OK)
		reason = put_zeros(writer, 1);
	return reason != REASON_OK ? reason : put_zeros(writer, padding(writer->offset));
}

enum reason newc_write_entry(struct newc_writer *writer, const struct newc_entry *entry)
{
	struct newc_entry copy = *entry;
	bool is_link = (entry->mode & NEWC_TYPE_MASK) == NEWC_SYMLINK;

	if (entry->name.len == 0 || entry->name.len >= NEWC_NAME_MAX)
		return REASON_NEWC_NAME_SIZE;
	if (is_link)
		copy.size = (uint32_t)entry->target.len;
	enum reason reason = put_head(writer, &copy, writer->next_ino);
	if (reason != REASON_OK)
		return reason;
	writer->next_ino++;
	writer->left = copy.size;
	if (!is_link)
		return REASON_OK;
	reason = newc_write_data(writer, entry->target);
	return reason != REASON_OK ? reason : newc_write_end(writer);
}

enum reason newc_write_data(struct newc_writer *writer, struct span bytes)
{
	if (bytes.len > writer->left)
		return REASON_FILE_CHANGED;
	writer->left -= (uint32_t)bytes.len;
	return put(writer, bytes);
}

enum reason newc_write_end(struct newc_writer *writer)
{
	if (writer->left > 0)
		return REASON_FILE_CHANGED;
	return put_zeros(writer, padding(writer->offset));
}

enum reason newc_write_trailer(struct newc_writer *writer)
{
	const struct newc_entry trailer = { .nlink = 1, .name = SPAN_LITERAL(TRAILER_NAME) };

	enum reason reason = put_head(writer, &trailer, 0);
	if (reason != REASON_OK)
		return reason;
	return put_zeros(writer, (size_t)((GNU_BLOCK - writer->offset % GNU_BLOCK) % GNU_BLOCK));
}
