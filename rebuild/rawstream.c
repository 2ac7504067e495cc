#include "rebuild/rawstream.h"

#include <archive.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XZ_HEADER_LEN 12 /* of the stream, before the header of its first block */
#define XZ_LZMA2 0x21
#define XZ_FILTERS_MAX 4
#define LZMA2_BITS_MAX 40
#define LEGACY_MAGIC 0x184c2102U
#define LEGACY_BLOCK_MAX ((UINT32_C(8) << 20) + (UINT32_C(8) << 20) / 255 + 16)

struct reading {
	struct rawsource source;
	enum rawstream_format format;
	enum reason reason; /* of the source, or of a look at the bytes */
	bool begun;
	uint64_t given;
	/* of a legacy frame of LZ4: */
	uint32_t field;
	size_t field_len;
	uint32_t block_left;
	bool blocks_wrong;
};

struct rawstream {
	struct archive *archive;
	struct reading reading;
	bool begun;
};

static uint64_t le(struct span bytes)
{
	uint64_t value = 0;

	for (size_t i = bytes.len; i > 0; i--)
		value = value << 8 | bytes.at[i - 1];
	return value;
}

static uint64_t take_le(struct span *cursor, size_t n)
{
	struct span bytes = { NULL, 0 };

	return span_take(cursor, n, &bytes) ? le(bytes) : 0;
}

/* A number of seven bits a byte, the lowest first; false when there is none. */
static bool take_vli(struct span *cursor, uint64_t *ret)
{
	uint64_t value = 0;
	uint64_t byte = 0x80;

	for (unsigned i = 0; i < 9 && (byte & 0x80) != 0; i++) {
		if (!span_be(cursor, 1, &byte))
			return false;
		value |= (byte & 0x7f) << 7 * i;
	}
	*ret = value;
	return (byte & 0x80) == 0;
}

/* What the first block asks for; 0 when that cannot be told, which liblzma will refuse. */
static uint64_t xz_dictionary(struct span head)
{
	struct span skipped;
	uint64_t flags = 0;
	uint64_t number;

	if (!span_take(&head, XZ_HEADER_LEN + 1, &skipped) || !span_be(&head, 1, &flags))
		return 0;
	for (uint64_t bit = 0x40; bit <= 0x80; bit <<= 1) {
		if ((flags & bit) != 0 && !take_vli(&head, &number))
			return 0;
	}
	for (uint64_t i = 0; i <= (flags & (XZ_FILTERS_MAX - 1)); i++) {
		uint64_t id = 0;
		uint64_t len = 0;
		uint64_t bits = 0;
		if (!take_vli(&head, &id) || !take_vli(&head, &len))
			return 0;
		if (id != XZ_LZMA2) {
			if (len > head.len || !span_take(&head, (size_t)len, &skipped))
				return 0;
			continue;
		}
		if (!span_be(&head, 1, &bits) || bits > LZMA2_BITS_MAX)
			return 0;
		return (UINT64_C(2) | (bits & 1)) << (bits / 2 + 11);
	}
	return 0;
}

static uint64_t dictionary_of(enum rawstream_format format, struct span head)
{
	struct span skipped;

	if (format == RAWSTREAM_XZ)
		return xz_dictionary(head);
	if (format == RAWSTREAM_LZMA && span_take(&head, 1, &skipped))
		return take_le(&head, 4);
	return 0;
}

/* Follows the frame of blocks, each behind its size; libarchive takes whatever is no block for the
 * end. */
static void follow_blocks(struct reading *reading, struct span bytes)
{
	struct span part;

	while (bytes.len > 0 && !reading->blocks_wrong) {
		if (reading->block_left > 0) {
			size_t n =
				bytes.len < reading->block_left ? bytes.len : reading->block_left;
			(void)span_take(&bytes, n, &part);
			reading->block_left -= (uint32_t)n;
			continue;
		}
		(void)span_take(&bytes, 1, &part);
		reading->field |= (uint32_t)part.at[0] << 8 * reading->field_len;
		if (++reading->field_len < 4)
			continue;
		if (reading->field != LEGACY_MAGIC)
			reading->block_left = reading->field;
		reading->blocks_wrong =
			reading->field == 0 || reading->block_left > LEGACY_BLOCK_MAX;
		reading->field = 0;
		reading->field_len = 0;
	}
}

static bool ends_between_blocks(const struct reading *reading)
{
	return reading->format != RAWSTREAM_LZ4 ||
	       (!reading->blocks_wrong && reading->block_left == 0 && reading->field_len == 0);
}

/* libarchive asks for more. */
static la_ssize_t give(struct archive *archive, void *context, const void **ret)
{
	struct reading *reading = context;
	struct span piece = { NULL, 0 };

	reading->reason = reading->source.next(reading->source.from, &piece);
	if (reading->reason == REASON_OK && !reading->begun &&
	    dictionary_of(reading->format, piece) > RAWSTREAM_DICTIONARY_MAX)
		reading->reason = REASON_PAYLOAD_EXPANSION;
	if (reading->reason != REASON_OK) {
		archive_set_error(archive, EIO, "stopped");
		return ARCHIVE_FATAL;
	}
	reading->begun = true;
	reading->given += piece.len;
	if (reading->format == RAWSTREAM_LZ4)
		follow_blocks(reading, piece);
	*ret = piece.at;
	return (la_ssize_t)piece.len;
}

/* A decoder that is not built in would be a program, which is started as soon as it is appended:
 * so it is asked for first. */
static enum reason choose(struct archive *archive, enum rawstream_format format)
{
	static const struct {
		int (*support)(struct archive *archive);
		int code;
	} filters[] = {
		[RAWSTREAM_XZ] = { archive_read_support_filter_xz, ARCHIVE_FILTER_XZ },
		[RAWSTREAM_LZMA] = { archive_read_support_filter_lzma, ARCHIVE_FILTER_LZMA },
		[RAWSTREAM_BZIP2] = { archive_read_support_filter_bzip2, ARCHIVE_FILTER_BZIP2 },
		[RAWSTREAM_ZSTD] = { archive_read_support_filter_zstd, ARCHIVE_FILTER_ZSTD },
		[RAWSTREAM_LZ4] = { archive_read_support_filter_lz4, ARCHIVE_FILTER_LZ4 },
	};

	if (filters[format].support(archive) != ARCHIVE_OK)
		return REASON_PAYLOAD_FORMAT;
	if (archive_read_append_filter(archive, filters[format].code) != ARCHIVE_OK ||
	    archive_read_support_format_raw(archive) != ARCHIVE_OK)
		return REASON_OUT_OF_MEMORY;
	return REASON_OK;
}

/* Why libarchive stopped. */
static enum reason why(struct archive *archive, const struct reading *reading)
{
	if (reading->reason != REASON_OK)
		return reading->reason;
	return archive_errno(archive) == ENOMEM ? REASON_OUT_OF_MEMORY : REASON_PAYLOAD_BROKEN;
}

/* Whether all of the source was used. */
static enum reason judge_end(struct rawstream *stream)
{
	struct reading *reading = &stream->reading;
	/* the last position is what was used of the source */
	la_int64_t used = archive_filter_bytes(stream->archive, -1);
	struct span rest = { NULL, 0 };
	enum reason reason = reading->source.next(reading->source.from, &rest);

	if (reason != REASON_OK)
		return reason;
	return rest.len == 0 && used >= 0 && (uint64_t)used == reading->given &&
			       ends_between_blocks(reading) ?
		       REASON_OK :
		       REASON_PAYLOAD_BROKEN;
}

static enum reason begin(struct rawstream *stream)
{
	struct archive_entry *entry = NULL;

	stream->begun = true;
	return archive_read_open2(stream->archive, &stream->reading, NULL, give, NULL, NULL) ==
				       ARCHIVE_OK &&
			       archive_read_next_header(stream->archive, &entry) == ARCHIVE_OK ?
		       REASON_OK :
		       why(stream->archive, &stream->reading);
}

enum reason rawstream_open(enum rawstream_format format, const struct rawsource *source,
			   struct rawstream **ret)
{
	struct rawstream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL)
		return REASON_OUT_OF_MEMORY;
	stream->reading.source = *source;
	stream->reading.format = format;
	stream->archive = archive_read_new();
	enum reason reason =
		stream->archive == NULL ? REASON_OUT_OF_MEMORY : choose(stream->archive, format);
	if (reason != REASON_OK) {
		rawstream_free(stream);
		return reason;
	}
	*ret = stream;
	return REASON_OK;
}

enum reason rawstream_next(struct rawstream *stream, struct span *ret)
{
	const void *block = NULL;
	size_t len = 0;
	la_int64_t at = 0;

	if (!stream->begun) {
		enum reason reason = begin(stream);
		if (reason != REASON_OK)
			return reason;
	}
	/* an empty block is none of the end */
	int result = ARCHIVE_OK;
	while (result == ARCHIVE_OK && len == 0)
		result = archive_read_data_block(stream->archive, &block, &len, &at);
	if (result == ARCHIVE_OK) {
		*ret = (struct span){ block, len };
		return REASON_OK;
	}
	*ret = (struct span){ NULL, 0 };
	return result == ARCHIVE_EOF ? judge_end(stream) : why(stream->archive, &stream->reading);
}

void rawstream_free(struct rawstream *stream)
{
	if (stream == NULL)
		return;
	(void)archive_read_free(stream->archive);
	free(stream);
}

enum reason rawstream_pour(enum rawstream_format format, const struct rawsource *source,
			   const struct sink *sink)
{
	struct rawstream *stream = NULL;
	struct span bytes = { NULL, 0 };
	enum reason reason = rawstream_open(format, source, &stream);

	do {
		if (reason == REASON_OK)
			reason = rawstream_next(stream, &bytes);
		if (reason == REASON_OK)
			reason = sink_put(sink, bytes);
	} while (reason == REASON_OK && bytes.len > 0);
	rawstream_free(stream);
	return reason;
}

const char *rawstream_library(void)
{
	return archive_version_string();
}
