#include "rebuild/difference.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rebuild/elfparts.h"
#include "rebuild/storepath.h"

#define WINDOW ((size_t)65536)
#define LINE_SHOWN 80
#define TEXT_PROBE 4096
#define GZIP_TIME_AT 4 /* and 4 bytes long */

/* Bytes from `from` on, as many as there are up to `len`, without hashes of store paths that begin
 * or end outside. `buffer` has room for len and twice the reach; *ret lies in it. */
static enum reason read_blanked(const struct content *content, uint64_t from, size_t len,
				uint8_t *buffer, struct span *ret)
{
	uint64_t end = content->size - from < len ? content->size : from + len;
	uint64_t left = from < STOREPATH_REACH ? 0 : from - STOREPATH_REACH;
	uint64_t right =
		content->size - end < STOREPATH_REACH ? content->size : end + STOREPATH_REACH;

	enum reason reason = content_read(content, left, buffer, (size_t)(right - left));
	if (reason != REASON_OK)
		return reason;
	storepath_blank(buffer, (size_t)(right - left));
	*ret = (struct span){ buffer + (from - left), (size_t)(end - from) };
	return REASON_OK;
}

/* The first byte that differs, hashes passed over where both have one. *ret is the shorter one's size when
 * one begins with the other. */
static enum reason first_difference(const struct content *a, const struct content *b,
				    uint8_t *buffers, uint64_t *ret)
{
	uint64_t common = a->size < b->size ? a->size : b->size;
	uint8_t *second = buffers + WINDOW + (size_t)2 * STOREPATH_REACH;
	struct span part_a;
	struct span part_b;

	for (uint64_t at = 0; at < common; at += WINDOW) {
		size_t len = common - at < WINDOW ? (size_t)(common - at) : WINDOW;
		enum reason reason = read_blanked(a, at, len, buffers, &part_a);
		if (reason == REASON_OK)
			reason = read_blanked(b, at, len, second, &part_b);
		if (reason != REASON_OK)
			return reason;
		if (memcmp(part_a.at, part_b.at, len) == 0)
			continue;
		size_t i = 0;
		while (part_a.at[i] == part_b.at[i])
			i++;
		*ret = at + i;
		return REASON_OK;
	}
	*ret = common;
	return REASON_OK;
}

/* No NUL and hardly anything that no text has among the bytes. */
static bool is_text(struct span bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		uint8_t byte = bytes.at[i];
		if (byte == 0x7f || (byte < 0x20 && (byte < '\t' || byte > '\r') && byte != 0x1b))
			return false;
	}
	return true;
}

/* Whether the beginning, and what stands around `at`, is text. */
static enum reason looks_like_text(const struct content *content, uint64_t at, uint8_t *buffer,
				   bool *ret)
{
	size_t len = content->size < TEXT_PROBE ? (size_t)content->size : TEXT_PROBE;

	enum reason reason = content_read(content, 0, buffer, len);
	if (reason != REASON_OK)
		return reason;
	*ret = is_text((struct span){ buffer, len });
	uint64_t from = at < TEXT_PROBE / 2 ? 0 : at - TEXT_PROBE / 2;
	len = content->size - from < TEXT_PROBE ? (size_t)(content->size - from) : TEXT_PROBE;
	reason = content_read(content, from, buffer, len);
	*ret = *ret && is_text((struct span){ buffer, len });
	return reason;
}

/* The number of the line that `at` is in, and where that line begins. */
static enum reason find_line(const struct content *content, uint64_t at, uint8_t *buffer,
			     uint64_t *ret_number, uint64_t *ret_start)
{
	*ret_number = 1;
	*ret_start = 0;
	for (uint64_t from = 0; from < at; from += WINDOW) {
		size_t len = at - from < WINDOW ? (size_t)(at - from) : WINDOW;
		enum reason reason = content_read(content, from, buffer, len);
		if (reason != REASON_OK)
			return reason;
		for (size_t i = 0; i < len; i++) {
			if (buffer[i] != '\n')
				continue;
			(*ret_number)++;
			*ret_start = from + i + 1;
		}
	}
	return REASON_OK;
}

/* The line from `start` on, or of a long one what stands around `at`. */
static enum reason add_line(const struct content *content, uint64_t start, uint64_t at,
			    struct buf *out)
{
	uint8_t line[LINE_SHOWN];
	size_t n = 0;

	if (at - start > LINE_SHOWN / 2)
		start = at - LINE_SHOWN / 2;
	size_t len =
		content->size - start < LINE_SHOWN ? (size_t)(content->size - start) : LINE_SHOWN;
	enum reason reason = content_read(content, start, line, len);
	if (reason != REASON_OK)
		return reason;
	while (n < len && line[n] != '\n')
		n++;
	buf_byte(out, '\'');
	buf_escaped(out, (struct span){ line, n });
	buf_byte(out, '\'');
	return REASON_OK;
}

static enum reason note_line(const struct content *a, const struct content *b, uint64_t at,
			     uint8_t *buffer, struct buf *out)
{
	uint64_t number = 0;
	uint64_t start = 0;

	/* up to `at` both are the same but for hashes, so lines of the one are lines of the other */
	enum reason reason = find_line(a, at, buffer, &number, &start);
	if (reason != REASON_OK)
		return reason;
	buf_printf(out, "text, line %" PRIu64 ": ", number);
	reason = add_line(a, start, at, out);
	buf_text(out, " -> ");
	return reason == REASON_OK ? add_line(b, start, at, out) : reason;
}

/* Two gzip files of the same size that differ in the time in their headers, and in nothing else. */
static enum reason is_gzip_time(const struct content *a, const struct content *b, uint64_t at,
				uint8_t *buffers, bool *ret)
{
	uint64_t next = 0;
	struct content rest_a = *a;
	struct content rest_b = *b;

	*ret = false;
	if (a->size != b->size || a->size < GZIP_TIME_AT + 4 || at < GZIP_TIME_AT ||
	    at >= GZIP_TIME_AT + 4)
		return REASON_OK;
	enum reason reason = content_read(a, 0, buffers, 4);
	/* with a CRC of the header (flag 2) that would differ, too */
	if (reason != REASON_OK || buffers[0] != 0x1f || buffers[1] != 0x8b || buffers[2] != 8)
		return reason;
	rest_a.at += GZIP_TIME_AT + 4;
	rest_a.size -= GZIP_TIME_AT + 4;
	rest_b.at += GZIP_TIME_AT + 4;
	rest_b.size = rest_a.size;
	reason = first_difference(&rest_a, &rest_b, buffers, &next);
	*ret = reason == REASON_OK && next == rest_a.size;
	return reason;
}

static enum reason judge(const struct content *a, const struct content *b, uint8_t *buffers,
			 enum finding_class *ret_class, struct buf *ret_note)
{
	uint64_t at = 0;
	bool holds = false;
	bool other = false;

	*ret_class = FINDING_CONTENT;
	enum reason reason = first_difference(a, b, buffers, &at);
	if (reason != REASON_OK)
		return reason;
	if (at == a->size && at == b->size) {
		*ret_class = FINDING_CASCADE;
		buf_text(ret_note, "only hashes of store paths");
		return REASON_OK;
	}
	reason = is_gzip_time(a, b, at, buffers, &holds);
	if (reason == REASON_OK && holds) {
		*ret_class = FINDING_ATTRIBUTE;
		buf_text(ret_note, "gzip: only the time in its header");
		return REASON_OK;
	}
	if (reason == REASON_OK)
		reason = elfparts_differ(a, b, ret_note, &holds);
	if (reason != REASON_OK || holds)
		return reason;
	reason = looks_like_text(a, at, buffers, &holds);
	if (reason == REASON_OK)
		reason = looks_like_text(b, at, buffers, &other);
	if (reason == REASON_OK && holds && other)
		return note_line(a, b, at, buffers, ret_note);
	buf_printf(ret_note, "first differing byte: %" PRIu64, at);
	return reason;
}

enum reason difference_judge(const struct content *a, const struct content *b,
			     enum finding_class *ret_class, struct buf *ret_note)
{
	uint8_t *buffers = malloc(2 * (WINDOW + (size_t)2 * STOREPATH_REACH));

	if (buffers == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = judge(a, b, buffers, ret_class, ret_note);
	free(buffers);
	return reason == REASON_OK && ret_note->failed ? REASON_OUT_OF_MEMORY : reason;
}
