#include "rebuild/payload.h"

#include <string.h>

#include "rebuild/rawstream.h"
#include "rebuild/reread.h"

#define LENGTH_LEN 4
#define ARM64_MAGIC_AT 56

static bool begins(struct span head, size_t at, struct span magic)
{
	struct span skipped;
	struct span first;

	return span_take(&head, at, &skipped) && span_take(&head, magic.len, &first) &&
	       span_equal(first, magic);
}

enum payload_format payload_format_of(struct span head)
{
	const struct {
		struct span magic;
		size_t at;
		enum payload_format format;
	} rows[] = {
		{ SPAN_LITERAL("\x1f\x8b"), 0, PAYLOAD_GZIP },
		{ SPAN_LITERAL("\xfd"
			       "7zXZ\0"),
		  0, PAYLOAD_XZ },
		{ SPAN_LITERAL("\x5d\0\0"), 0, PAYLOAD_LZMA },
		{ SPAN_LITERAL("BZh"), 0, PAYLOAD_BZIP2 },
		{ SPAN_LITERAL("\x28\xb5\x2f\xfd"), 0, PAYLOAD_ZSTD },
		{ SPAN_LITERAL("\x02\x21\x4c\x18"), 0, PAYLOAD_LZ4 },
		{ SPAN_LITERAL("\x89LZO\0"), 0, PAYLOAD_LZO },
		{ SPAN_LITERAL("\x7f"
			       "ELF"),
		  0, PAYLOAD_PLAIN },
		{ SPAN_LITERAL("ARM\x64"), ARM64_MAGIC_AT, PAYLOAD_PLAIN },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (begins(head, rows[i].at, rows[i].magic))
			return rows[i].format;
	}
	return PAYLOAD_UNKNOWN;
}

const char *payload_format_name(enum payload_format format)
{
	static const char *const names[] = {
		[PAYLOAD_UNKNOWN] = "unknown", [PAYLOAD_PLAIN] = "none", [PAYLOAD_GZIP] = "gzip",
		[PAYLOAD_XZ] = "xz",           [PAYLOAD_LZMA] = "lzma",  [PAYLOAD_BZIP2] = "bzip2",
		[PAYLOAD_ZSTD] = "zstd",       [PAYLOAD_LZ4] = "lz4",    [PAYLOAD_LZO] = "lzo",
	};

	return names[format <= PAYLOAD_LZO ? format : PAYLOAD_UNKNOWN];
}

/* The payload but for its last bytes, which are put aside. */
struct window {
	struct reread reread;
	uint64_t left; /* to be given */
	uint8_t behind[LENGTH_LEN];
	size_t behind_len;
};

static enum reason next(void *from, struct span *ret)
{
	struct window *window = from;
	struct span piece = { NULL, 0 };
	struct span given = { NULL, 0 };

	if (window->left > 0) {
		enum reason reason = reread_next(&window->reread, &piece);
		if (reason != REASON_OK)
			return reason;
	}
	size_t n = piece.len < window->left ? piece.len : (size_t)window->left;
	(void)span_take(&piece, n, &given);
	window->left -= n;
	for (size_t i = 0; i < piece.len && window->behind_len < LENGTH_LEN; i++)
		window->behind[window->behind_len++] = piece.at[i];
	*ret = given;
	return REASON_OK;
}

/* Reads on to the end, so that the digest of all is judged, and collects what was put aside. */
static enum reason drain(struct window *window)
{
	struct span piece;
	enum reason reason = REASON_OK;

	while (reason == REASON_OK && window->left > 0)
		reason = next(window, &piece);
	while (reason == REASON_OK) {
		reason = reread_next(&window->reread, &piece);
		if (reason != REASON_OK || piece.len == 0)
			break;
		for (size_t i = 0; i < piece.len && window->behind_len < LENGTH_LEN; i++)
			window->behind[window->behind_len++] = piece.at[i];
	}
	return reason;
}

static enum reason pour_gzip(struct window *window, struct innards_reader *reader)
{
	const struct sink sink = innards_sink(reader);
	struct gzip_reader *gzip = NULL;
	struct span piece = { NULL, 0 };
	bool ended = false;

	enum reason reason = gzip_reader_new(&gzip);
	while (reason == REASON_OK) {
		reason = next(window, &piece);
		if (reason != REASON_OK || piece.len == 0)
			break;
		if (!ended)
			reason = gzip_push(gzip, &piece, &sink, &ended);
		if (reason == REASON_OK && ended)
			reason = innards_behind(reader, piece);
	}
	gzip_reader_free(gzip);
	return reason == REASON_OK && !ended ? REASON_GZIP_TRUNCATED : reason;
}

static enum reason pour_plain(struct window *window, const struct sink *sink)
{
	struct span piece = { NULL, 0 };
	enum reason reason;

	do {
		reason = next(window, &piece);
		if (reason == REASON_OK)
			reason = sink_put(sink, piece);
	} while (reason == REASON_OK && piece.len > 0);
	return reason;
}

static enum reason pour_format(struct window *window, enum payload_format format,
			       struct innards_reader *reader)
{
	const struct rawsource source = { next, window };
	const struct sink sink = innards_sink(reader);

	switch (format) {
	case PAYLOAD_PLAIN:
		return pour_plain(window, &sink);
	case PAYLOAD_GZIP:
		return pour_gzip(window, reader);
	case PAYLOAD_XZ:
		return rawstream_pour(RAWSTREAM_XZ, &source, &sink);
	case PAYLOAD_LZMA:
		return rawstream_pour(RAWSTREAM_LZMA, &source, &sink);
	case PAYLOAD_BZIP2:
		return rawstream_pour(RAWSTREAM_BZIP2, &source, &sink);
	case PAYLOAD_ZSTD:
		return rawstream_pour(RAWSTREAM_ZSTD, &source, &sink);
	case PAYLOAD_LZ4:
		return rawstream_pour(RAWSTREAM_LZ4, &source, &sink);
	case PAYLOAD_LZO:
	case PAYLOAD_UNKNOWN:
		break;
	}
	return REASON_PAYLOAD_FORMAT;
}

/* It says nothing about the payload. */
static bool is_failure(enum reason reason)
{
	return reason == REASON_CHANGED_WHILE_READING || reason == REASON_FILE_UNREADABLE ||
	       reason == REASON_OUT_OF_MEMORY || reason == REASON_CRYPTO_FAILED;
}

/* The payload without its last `aside` bytes as a stream; they must be the length of its content. */
static enum reason attempt(const struct catalog_source *source, enum payload_format format,
			   size_t aside, struct innards_reader *reader, struct innards *ret,
			   enum reason *ret_form)
{
	struct window window = { .left = source->section->size - aside };
	struct innards seen = { 0 };
	uint32_t length = 0;

	*ret_form = REASON_PAYLOAD_BROKEN;
	enum reason reason = innards_again(reader);
	if (reason == REASON_OK)
		reason = reread_start(&window.reread, source->fd, source->section, source->sha384);
	if (reason == REASON_OK) {
		enum reason form = pour_format(&window, format, reader);
		/* whatever was found wrong counts only of the bytes that were measured */
		reason = is_failure(form) ? form : drain(&window);
		*ret_form = form;
	}
	reread_done(&window.reread);
	if (reason == REASON_OK)
		reason = innards_take(reader, &seen);
	for (size_t i = window.behind_len; i > 0; i--)
		length = length << 8 | window.behind[i - 1];
	/* the kernel's build lets it wrap around, too */
	if (*ret_form == REASON_OK && aside > 0 && length != (uint32_t)seen.len)
		*ret_form = REASON_PAYLOAD_BROKEN;
	if (reason == REASON_OK && *ret_form == REASON_OK)
		*ret = seen;
	else
		innards_done(&seen);
	return reason;
}

enum reason payload_read(const struct catalog_source *source, enum payload_format format,
			 uint64_t max, struct innards *ret, enum reason *ret_form)
{
	struct innards_reader *reader = NULL;
	bool has_length = format != PAYLOAD_PLAIN && format != PAYLOAD_GZIP &&
			  source->section->size > LENGTH_LEN;

	enum reason reason = innards_reader_new(max, &reader);
	if (reason == REASON_OK)
		reason =
			attempt(source, format, has_length ? LENGTH_LEN : 0, reader, ret, ret_form);
	if (reason == REASON_OK && has_length && *ret_form == REASON_PAYLOAD_BROKEN)
		reason = attempt(source, format, 0, reader, ret, ret_form);
	innards_reader_free(reader);
	return reason;
}
