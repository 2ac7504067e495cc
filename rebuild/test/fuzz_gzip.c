/* A gzip member: zlib, which reads header and trailer in its own way, accepts the same members, with
 * the same content, ending at the same byte; and pieces of any size make no difference. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "rebuild/gzip.h"

#define CONTENT_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static enum reason append(void *to, struct span bytes)
{
	struct buf *buf = to;

	if (bytes.len > CONTENT_MAX - buf->len)
		return REASON_RAMDISK_EXPANSION;
	buf_add(buf, bytes);
	return REASON_OK;
}

static enum reason read_member(struct span input, size_t step, struct buf *content, bool *ret_ended,
			       size_t *ret_used)
{
	const struct sink sink = { append, content };
	struct gzip_reader *reader = NULL;
	struct span piece;
	size_t size = input.len;
	bool ended = false;

	enum reason reason = gzip_reader_new(&reader);
	while (reason == REASON_OK && !ended && input.len > 0 &&
	       span_take(&input, input.len < step ? input.len : step, &piece)) {
		reason = gzip_push(reader, &piece, &sink, &ended);
		input.len += piece.len;
	}
	*ret_ended = reason == REASON_OK && ended;
	*ret_used = size - input.len;
	gzip_reader_free(reader);
	return reason;
}

/* True: zlib takes the member. False also when the content is larger than is looked at. */
static bool zlib_reads(const uint8_t *data, size_t size, struct buf *content, size_t *ret_used)
{
	static const uint8_t nothing[1];
	uint8_t out[4096];
	z_stream z = { .next_in = size > 0 ? data : nothing, .avail_in = (uInt)size };
	int result = inflateInit2(&z, MAX_WBITS + 16);

	demand(result == Z_OK, "no memory");
	while (result == Z_OK && content->len <= CONTENT_MAX) {
		z.next_out = out;
		z.avail_out = sizeof(out);
		result = inflate(&z, Z_NO_FLUSH);
		buf_add(content, (struct span){ out, sizeof(out) - z.avail_out });
	}
	*ret_used = size - z.avail_in;
	(void)inflateEnd(&z);
	return result == Z_STREAM_END;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span input = { data, size };
	struct buf ours = { 0 };
	struct buf pieces = { 0 };
	struct buf theirs = { 0 };
	bool ended;
	bool also_ended;
	size_t used;
	size_t also_used;
	size_t their_used;

	enum reason reason = read_member(input, SIZE_MAX, &ours, &ended, &used);
	enum reason same = read_member(input, 1 + size % 29, &pieces, &also_ended, &also_used);
	demand(reason == same && ended == also_ended, "pieces are judged otherwise");
	bool accepted = zlib_reads(data, size, &theirs, &their_used);
	if (ended) {
		demand(accepted, "zlib refuses it");
		demand(used == also_used && used == their_used, "it ends elsewhere");
		demand(span_equal(buf_span(&ours), buf_span(&pieces)), "pieces differ");
		demand(span_equal(buf_span(&ours), buf_span(&theirs)), "zlib reads otherwise");
	} else if (accepted) {
		/* longer names and more content than zlib has a bound for */
		demand(reason == REASON_GZIP_HEADER ? size > GZIP_TEXT_MAX :
						      reason == REASON_RAMDISK_EXPANSION,
		       "only zlib accepts it");
	}
	buf_done(&ours);
	buf_done(&pieces);
	buf_done(&theirs);
	return 0;
}
