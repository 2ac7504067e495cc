#include "rebuild/gzip.h"

#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#define CHUNK 65536
#define FIXED_LEN 10 /* the part of the header that every member has */
#define TRAILER_LEN 8
#define DEFLATE_METHOD 8
#define FLAGS_RESERVED 0xe0U
#define SYSTEM_UNIX 3
#define LEVEL 6  /* gzip's default, which sets no extra flag */
#define MEMORY 8 /* zlib's default */

enum state {
	STATE_FIXED,
	STATE_EXTRA_LEN,
	STATE_EXTRA,
	STATE_NAME,
	STATE_COMMENT,
	STATE_HEADER_CRC,
	STATE_DEFLATE,
	STATE_TRAILER,
	STATE_ENDED
};

struct gzip_reader {
	z_stream z;
	struct gzip_header header;
	enum state state;
	size_t have; /* bytes collected of what the state reads */
	size_t extra_left;
	uint8_t fixed[FIXED_LEN]; /* fields of fixed length are collected here */
	uint32_t header_crc;
	uint32_t crc; /* of the content */
	uint32_t len;
	uint8_t out[CHUNK];
};

bool gzip_is_magic(struct span bytes)
{
	return span_equal(bytes, SPAN_LITERAL("\x1f\x8b"));
}

static uint32_t little_endian(const uint8_t *at, size_t n)
{
	uint32_t value = 0;

	for (size_t i = n; i > 0; i--)
		value = value << 8 | at[i - 1];
	return value;
}

static uint32_t add_crc(uint32_t crc, struct span bytes)
{
	return bytes.len == 0 ? crc : (uint32_t)crc32_z(crc, bytes.at, bytes.len);
}

enum reason gzip_reader_new(struct gzip_reader **ret)
{
	struct gzip_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return REASON_OUT_OF_MEMORY;
	if (inflateInit2(&reader->z, -MAX_WBITS) != Z_OK) {
		free(reader);
		return REASON_OUT_OF_MEMORY;
	}
	gzip_reader_again(reader);
	*ret = reader;
	return REASON_OK;
}

void gzip_reader_again(struct gzip_reader *reader)
{
	(void)inflateReset(&reader->z);
	reader->header = (struct gzip_header){ 0 };
	reader->state = STATE_FIXED;
	reader->have = 0;
	reader->header_crc = 0;
	reader->crc = 0;
	reader->len = 0;
}

void gzip_reader_free(struct gzip_reader *reader)
{
	if (reader == NULL)
		return;
	(void)inflateEnd(&reader->z);
	free(reader);
}

const struct gzip_header *gzip_header_of(const struct gzip_reader *reader)
{
	return reader->state >= STATE_DEFLATE ? &reader->header : NULL;
}

/* Collects a field of `wanted` bytes into `fixed`. True: it is whole. */
static bool collect(struct gzip_reader *reader, struct span *input, size_t wanted)
{
	size_t missing = wanted - reader->have;
	struct span piece;

	if (!span_take(input, input->len < missing ? input->len : missing, &piece))
		return false;
	if (piece.len > 0)
		memcpy(reader->fixed + reader->have, piece.at, piece.len);
	reader->have += piece.len;
	if (reader->have < wanted)
		return false;
	reader->have = 0;
	return true;
}

/* The first state after `done` whose field the flags announce. */
static enum state next_field(const struct gzip_reader *reader, enum state done)
{
	uint8_t flags = reader->header.flags;

	if (done < STATE_EXTRA_LEN && (flags & GZIP_FLAG_EXTRA) != 0)
		return STATE_EXTRA_LEN;
	if (done < STATE_NAME && (flags & GZIP_FLAG_NAME) != 0)
		return STATE_NAME;
	if (done < STATE_COMMENT && (flags & GZIP_FLAG_COMMENT) != 0)
		return STATE_COMMENT;
	if (done < STATE_HEADER_CRC && (flags & GZIP_FLAG_HEADER_CRC) != 0)
		return STATE_HEADER_CRC;
	return STATE_DEFLATE;
}

static enum reason read_fixed(struct gzip_reader *reader)
{
	const uint8_t *at = reader->fixed;

	if (!gzip_is_magic((struct span){ at, GZIP_MAGIC_LEN }) || at[2] != DEFLATE_METHOD ||
	    (at[3] & FLAGS_RESERVED) != 0)
		return REASON_GZIP_HEADER;
	reader->header.flags = at[3];
	reader->header.mtime = little_endian(at + 4, 4);
	reader->header.extra_flags = at[8];
	reader->header.system = at[9];
	reader->header_crc = add_crc(0, SPAN_OF(reader->fixed));
	reader->state = next_field(reader, STATE_FIXED);
	return REASON_OK;
}

static void read_extra_len(struct gzip_reader *reader)
{
	reader->extra_left = little_endian(reader->fixed, 2);
	reader->header_crc = add_crc(reader->header_crc, (struct span){ reader->fixed, 2 });
	reader->state = reader->extra_left > 0 ? STATE_EXTRA : next_field(reader, STATE_EXTRA);
}

static void skip_extra(struct gzip_reader *reader, struct span *input)
{
	struct span piece;

	if (!span_take(input, input->len < reader->extra_left ? input->len : reader->extra_left,
		       &piece))
		return;
	reader->header_crc = add_crc(reader->header_crc, piece);
	reader->extra_left -= piece.len;
	if (reader->extra_left == 0)
		reader->state = next_field(reader, STATE_EXTRA);
}

/* One byte of a name or comment, which end with a NUL. */
static enum reason read_text(struct gzip_reader *reader, struct span *input)
{
	struct span byte;

	if (!span_take(input, 1, &byte))
		return REASON_OK;
	reader->header_crc = add_crc(reader->header_crc, byte);
	if (byte.at[0] == 0) {
		reader->have = 0;
		reader->state = next_field(reader, reader->state);
		return REASON_OK;
	}
	if (reader->have >= GZIP_TEXT_MAX)
		return REASON_GZIP_HEADER;
	reader->have++;
	if (reader->state == STATE_NAME && reader->header.name_len < GZIP_NAME_KEPT)
		reader->header.name[reader->header.name_len++] = byte.at[0];
	return REASON_OK;
}

static enum reason read_header_crc(struct gzip_reader *reader)
{
	if (little_endian(reader->fixed, 2) != (reader->header_crc & 0xffffU))
		return REASON_GZIP_HEADER_CRC;
	reader->state = STATE_DEFLATE;
	return REASON_OK;
}

/* Inflates until the output buffer is full, the input is used up or the data ends. */
static enum reason inflate_some(struct gzip_reader *reader, struct span *input,
				const struct sink *sink)
{
	size_t given = input->len < CHUNK ? input->len : CHUNK;
	struct span used;

	reader->z.next_in = input->at;
	reader->z.avail_in = (uInt)given;
	reader->z.next_out = reader->out;
	reader->z.avail_out = CHUNK;
	int result = inflate(&reader->z, Z_NO_FLUSH);
	if (result == Z_MEM_ERROR)
		return REASON_OUT_OF_MEMORY;
	if (!span_take(input, given - reader->z.avail_in, &used))
		return REASON_GZIP_DEFLATE;
	/* what comes before a fault is poured first: pieces must not decide which reason is given */
	struct span content = { reader->out, CHUNK - reader->z.avail_out };
	reader->crc = add_crc(reader->crc, content);
	reader->len += (uint32_t)content.len; /* modulo 2^32 is the format's own rule */
	enum reason reason = sink_put(sink, content);
	if (reason != REASON_OK)
		return reason;
	if (result == Z_STREAM_END)
		reader->state = STATE_TRAILER;
	return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR ?
		       REASON_OK :
		       REASON_GZIP_DEFLATE;
}

static enum reason read_trailer(struct gzip_reader *reader)
{
	if (little_endian(reader->fixed, 4) != reader->crc)
		return REASON_GZIP_CRC;
	if (little_endian(reader->fixed + 4, 4) != reader->len)
		return REASON_GZIP_LENGTH;
	reader->state = STATE_ENDED;
	return REASON_OK;
}

static enum reason step(struct gzip_reader *reader, struct span *input, const struct sink *sink)
{
	switch (reader->state) {
	case STATE_FIXED:
		return collect(reader, input, FIXED_LEN) ? read_fixed(reader) : REASON_OK;
	case STATE_EXTRA_LEN:
		if (collect(reader, input, 2))
			read_extra_len(reader);
		return REASON_OK;
	case STATE_EXTRA:
		skip_extra(reader, input);
		return REASON_OK;
	case STATE_NAME:
	case STATE_COMMENT:
		return read_text(reader, input);
	case STATE_HEADER_CRC:
		return collect(reader, input, 2) ? read_header_crc(reader) : REASON_OK;
	case STATE_DEFLATE:
		return inflate_some(reader, input, sink);
	case STATE_TRAILER:
		return collect(reader, input, TRAILER_LEN) ? read_trailer(reader) : REASON_OK;
	case STATE_ENDED:
		break;
	}
	return REASON_OK;
}

enum reason gzip_push(struct gzip_reader *reader, struct span *input, const struct sink *sink,
		      bool *ret_ended)
{
	bool more = input->len > 0;

	while (reader->state != STATE_ENDED && more) {
		enum reason reason = step(reader, input, sink);
		if (reason != REASON_OK)
			return reason;
		/* a full buffer may hide content that needs no more input */
		more = input->len > 0 ||
		       (reader->state == STATE_DEFLATE && reader->z.avail_out == 0);
	}
	*ret_ended = reader->state == STATE_ENDED;
	return REASON_OK;
}

struct gzip_writer {
	z_stream z;
	struct sink sink;
	uint32_t crc;
	uint32_t len;
	size_t have;
	/* zlib is always given whole buffers, so that its output cannot depend on the pieces */
	uint8_t in[CHUNK];
	uint8_t out[CHUNK];
};

enum reason gzip_writer_new(struct sink sink, struct gzip_writer **ret)
{
	static const uint8_t header[FIXED_LEN] = { 0x1f, 0x8b, DEFLATE_METHOD, 0, 0, 0, 0,
						   0,    0,    SYSTEM_UNIX };
	struct gzip_writer *writer = calloc(1, sizeof(*writer));

	if (writer == NULL)
		return REASON_OUT_OF_MEMORY;
	writer->sink = sink;
	if (deflateInit2(&writer->z, LEVEL, Z_DEFLATED, -MAX_WBITS, MEMORY, Z_DEFAULT_STRATEGY) !=
	    Z_OK) {
		free(writer);
		return REASON_OUT_OF_MEMORY;
	}
	enum reason reason = sink_put(&writer->sink, SPAN_OF(header));
	if (reason != REASON_OK) {
		gzip_writer_free(writer);
		return reason;
	}
	*ret = writer;
	return REASON_OK;
}

void gzip_writer_free(struct gzip_writer *writer)
{
	if (writer == NULL)
		return;
	(void)deflateEnd(&writer->z);
	free(writer);
}

static enum reason deflate_buffer(struct gzip_writer *writer, int flush)
{
	writer->z.next_in = writer->in;
	writer->z.avail_in = (uInt)writer->have;
	writer->crc = add_crc(writer->crc, (struct span){ writer->in, writer->have });
	writer->len += (uint32_t)writer->have;
	writer->have = 0;
	do {
		writer->z.next_out = writer->out;
		writer->z.avail_out = CHUNK;
		if (deflate(&writer->z, flush) == Z_STREAM_ERROR)
			return REASON_OUT_OF_MEMORY;
		enum reason reason = sink_put(
			&writer->sink, (struct span){ writer->out, CHUNK - writer->z.avail_out });
		if (reason != REASON_OK)
			return reason;
	} while (writer->z.avail_out == 0);
	return REASON_OK;
}

enum reason gzip_write(struct gzip_writer *writer, struct span bytes)
{
	struct span piece;

	while (bytes.len > 0) {
		size_t room = CHUNK - writer->have;
		if (!span_take(&bytes, bytes.len < room ? bytes.len : room, &piece))
			break;
		memcpy(writer->in + writer->have, piece.at, piece.len);
		writer->have += piece.len;
		if (writer->have < CHUNK)
			break;
		enum reason reason = deflate_buffer(writer, Z_NO_FLUSH);
		if (reason != REASON_OK)
			return reason;
	}
	return REASON_OK;
}

enum reason gzip_write_end(struct gzip_writer *writer)
{
	uint8_t trailer[TRAILER_LEN];

	enum reason reason = deflate_buffer(writer, Z_FINISH);
	if (reason != REASON_OK)
		return reason;
	for (size_t i = 0; i < 4; i++) {
		trailer[i] = (uint8_t)(writer->crc >> 8 * i);
		trailer[4 + i] = (uint8_t)(writer->len >> 8 * i);
	}
	return sink_put(&writer->sink, SPAN_OF(trailer));
}
