#include <stdlib.h>
#include <string.h>

#include "rebuild/gzip.h"
#include "rebuild/test/support.h"

/* Reads one member in pieces of `step` bytes. *ret_left: bytes behind it. */
static enum reason read_member(struct gzip_reader *reader, struct span input, size_t step,
			       struct buf *content, bool *ret_ended, size_t *ret_left)
{
	const struct sink sink = support_sink(content);
	struct span piece;
	enum reason reason = REASON_OK;
	bool ended = false;

	gzip_reader_again(reader);
	while (reason == REASON_OK && !ended && input.len > 0) {
		ck_assert(span_take(&input, input.len < step ? input.len : step, &piece));
		reason = gzip_push(reader, &piece, &sink, &ended);
		if (reason == REASON_OK && ended)
			input.len += piece.len;
	}
	*ret_ended = ended;
	*ret_left = input.len;
	return reason;
}

/* Expects this reason whatever the pieces; with REASON_OK a whole member, or `cut`. */
static void expect(const char *row, struct span input, enum reason want, bool cut,
		   struct span wanted)
{
	static const size_t steps[] = { 1, 7, 1000000 };
	struct gzip_reader *reader = NULL;

	EXPECT_REASON(row, gzip_reader_new(&reader), REASON_OK);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct buf content = { 0 };
		bool ended;
		size_t left;
		EXPECT_REASON(row, read_member(reader, input, steps[i], &content, &ended, &left),
			      want);
		if (want == REASON_OK) {
			ck_assert_msg(ended == !cut, "%s", row);
			ck_assert_uint_eq(left, 0);
			if (!cut)
				EXPECT_BYTES(row, buf_span(&content), wanted);
		}
		buf_done(&content);
	}
	gzip_reader_free(reader);
}

/* "hi" stored, as a deflate block, then CRC-32 and length. */
#define BODY \
	"\x01\x02\x00\xfd\xff" \
	"hi"
#define TRAILER "\xac\x2a\x93\xd8\x02\x00\x00\x00"
#define HEAD(flags) "\x1f\x8b\x08" flags "\x01\x02\x03\x04\x02\x03"

START_TEST(test_rows)
{
	static const struct {
		const char *row;
		struct span input;
		enum reason want;
		bool cut;
	} rows[] = {
#define ROW(row, bytes, want, cut) \
	{ row, { (const uint8_t *)(bytes), sizeof(bytes) - 1 }, want, cut }
		ROW("plain", HEAD("\x00") BODY TRAILER, REASON_OK, false),
		ROW("text", HEAD("\x01") BODY TRAILER, REASON_OK, false),
		ROW("extra field",
		    HEAD("\x04") "\x03\x00"
				 "abc" BODY TRAILER,
		    REASON_OK, false),
		ROW("empty extra field", HEAD("\x04") "\x00\x00" BODY TRAILER, REASON_OK, false),
		ROW("name", HEAD("\x08") "name\0" BODY TRAILER, REASON_OK, false),
		ROW("comment", HEAD("\x10") "text\0" BODY TRAILER, REASON_OK, false),
		ROW("all",
		    HEAD("\x1d") "\x01\x00"
				 "e"
				 "n\0"
				 "c\0" BODY TRAILER,
		    REASON_OK, false),
		ROW("another magic", "\x1f\x8c\x08\0\0\0\0\0\0\x03", REASON_GZIP_HEADER, false),
		ROW("compress(1)", "\x1f\x9d\x90\0\0\0\0\0\0\x03", REASON_GZIP_HEADER, false),
		ROW("method 7", "\x1f\x8b\x07\0\0\0\0\0\0\x03", REASON_GZIP_HEADER, false),
		ROW("flag 5", HEAD("\x20") BODY TRAILER, REASON_GZIP_HEADER, false),
		ROW("flag 7", HEAD("\x80") BODY TRAILER, REASON_GZIP_HEADER, false),
		ROW("wrong header CRC", HEAD("\x02") "\0\0" BODY TRAILER, REASON_GZIP_HEADER_CRC,
		    false),
		ROW("block type 3", HEAD("\x00") "\x07", REASON_GZIP_DEFLATE, false),
		ROW("length without its complement",
		    HEAD("\x00") "\x01\x02\x00\xff\xff"
				 "hi",
		    REASON_GZIP_DEFLATE, false),
		ROW("wrong CRC", HEAD("\x00") BODY "\xac\x2a\x93\xd9\x02\0\0\0", REASON_GZIP_CRC,
		    false),
		ROW("wrong length", HEAD("\x00") BODY "\xac\x2a\x93\xd8\x03\0\0\0",
		    REASON_GZIP_LENGTH, false),
		ROW("wrong high byte of the length",
		    HEAD("\x00") BODY "\xac\x2a\x93\xd8\x02\0\0\x01", REASON_GZIP_LENGTH, false),
		ROW("only the magic", "\x1f\x8b", REASON_OK, true),
		ROW("cut in the extra field",
		    HEAD("\x04") "\x09\x00"
				 "abc",
		    REASON_OK, true),
		ROW("cut in the name", HEAD("\x08") "abc", REASON_OK, true),
		ROW("cut in the data",
		    HEAD("\x00") "\x01\x02\x00\xfd\xff"
				 "h",
		    REASON_OK, true),
		ROW("cut in the trailer", HEAD("\x00") BODY "\xac\x2a\x93\xd8\x02\0\0", REASON_OK,
		    true),
#undef ROW
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(rows[i].row, rows[i].input, rows[i].want, rows[i].cut, SPAN_LITERAL("hi"));
}
END_TEST

START_TEST(test_header)
{
	struct gzip_reader *reader = NULL;
	struct buf input = { 0 };
	struct buf content = { 0 };
	bool ended;
	size_t left;

	EXPECT_REASON("new", gzip_reader_new(&reader), REASON_OK);
	ck_assert_ptr_null(gzip_header_of(reader));
	buf_add(&input, SPAN_LITERAL(HEAD("\x08")));
	for (size_t i = 0; i < GZIP_TEXT_MAX; i++)
		buf_byte(&input, 'n');
	buf_byte(&input, 0);
	buf_add(&input, SPAN_LITERAL(BODY TRAILER "behind"));
	EXPECT_REASON("the longest name",
		      read_member(reader, buf_span(&input), 100, &content, &ended, &left),
		      REASON_OK);
	ck_assert(ended);
	ck_assert_uint_eq(left, 6);
	const struct gzip_header *header = gzip_header_of(reader);
	ck_assert_ptr_nonnull(header);
	ck_assert_uint_eq(header->flags, 8);
	ck_assert_uint_eq(header->mtime, 0x04030201);
	ck_assert_uint_eq(header->extra_flags, 2);
	ck_assert_uint_eq(header->system, 3);
	ck_assert_uint_eq(header->name_len, GZIP_NAME_KEPT);
	input.len = 10 + GZIP_TEXT_MAX;
	buf_add(&input, SPAN_LITERAL("n\0" BODY TRAILER));
	EXPECT_REASON("a longer name",
		      read_member(reader, buf_span(&input), 100, &content, &ended, &left),
		      REASON_GZIP_HEADER);
	buf_done(&input);
	buf_done(&content);
	gzip_reader_free(reader);
	gzip_reader_free(NULL);
	gzip_writer_free(NULL);
}
END_TEST

/* Members that gzip(1) writes, with name and header CRC, and several of them. */
START_TEST(test_gnu_gzip)
{
	struct gzip_reader *reader = NULL;
	struct buf content = { 0 };
	bool ended;
	size_t left;

	support_enter();
	support_sh("seq 1 50000 >plain; gzip -9 -k plain; printf x | gzip -n >x; cat x >>plain.gz");
	struct buf plain = support_read("plain");
	struct buf packed = support_read("plain.gz");
	EXPECT_REASON("new", gzip_reader_new(&reader), REASON_OK);
	EXPECT_REASON("first",
		      read_member(reader, buf_span(&packed), 1000, &content, &ended, &left),
		      REASON_OK);
	ck_assert(ended);
	EXPECT_BYTES("first", buf_span(&content), buf_span(&plain));
	ck_assert_uint_eq(gzip_header_of(reader)->name_len, 5);
	ck_assert_uint_eq(gzip_header_of(reader)->extra_flags, 2);
	content.len = 0;
	EXPECT_REASON("second",
		      read_member(reader, (struct span){ packed.at + (packed.len - left), left },
				  1000, &content, &ended, &left),
		      REASON_OK);
	ck_assert(ended);
	ck_assert_uint_eq(left, 0);
	EXPECT_BYTES("second", buf_span(&content), SPAN_LITERAL("x"));
	gzip_reader_free(reader);
	buf_done(&plain);
	buf_done(&packed);
	buf_done(&content);
	support_leave();
}
END_TEST

/* Every bit of a member changed: never REASON_OK with another content. */
START_TEST(test_tampered)
{
	const struct span plain = SPAN_LITERAL("some text, some more text, and some more");
	struct gzip_reader *reader = NULL;
	struct buf packed = { 0 };

	EXPECT_REASON("new", gzip_reader_new(&reader), REASON_OK);
	support_gzip(&packed, plain);
	for (size_t i = 0; i < packed.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct buf content = { 0 };
			bool ended;
			size_t left;
			packed.at[i] ^= (uint8_t)(1U << bit);
			enum reason reason = read_member(reader, buf_span(&packed), 1000, &content,
							 &ended, &left);
			/* unused bits of the last byte of the data may be anything */
			bool told = reason != REASON_OK || !ended ||
				    span_equal(buf_span(&content), plain);
			ck_assert_msg(told, "byte %zu, bit %u", i, bit);
			packed.at[i] ^= (uint8_t)(1U << bit);
			buf_done(&content);
		}
	}
	buf_done(&packed);
	gzip_reader_free(reader);
}
END_TEST

/* Content to fill several windows, neither all alike nor all random. */
static void fill(struct buf *out, size_t len)
{
	uint32_t state = 1;

	while (out->len < len) {
		state = state * 1664525U + 1013904223U;
		for (uint32_t i = 0; i <= (state >> 28); i++)
			buf_byte(out, (uint8_t)(state >> 24));
	}
}

START_TEST(test_writer)
{
	static const size_t steps[] = { 1, 1000, 65536, 1000000 };
	struct buf plain = { 0 };
	struct buf wanted = { 0 };
	struct span piece;

	fill(&plain, support_is_slow() ? 70000 : 700000);
	support_gzip(&wanted, buf_span(&plain));
	expect("round trip", buf_span(&wanted), REASON_OK, false, buf_span(&plain));
	const struct span head = { wanted.at, 10 };
	EXPECT_BYTES("header", head, SPAN_LITERAL("\x1f\x8b\x08\0\0\0\0\0\0\x03"));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct buf packed = { 0 };
		struct gzip_writer *writer = NULL;
		struct span rest = buf_span(&plain);
		EXPECT_REASON("new", gzip_writer_new(support_sink(&packed), &writer), REASON_OK);
		while (span_take(&rest, rest.len < steps[i] ? rest.len : steps[i], &piece) &&
		       piece.len > 0)
			EXPECT_REASON("write", gzip_write(writer, piece), REASON_OK);
		EXPECT_REASON("end", gzip_write_end(writer), REASON_OK);
		gzip_writer_free(writer);
		EXPECT_BYTES("pieces", buf_span(&packed), buf_span(&wanted));
		buf_done(&packed);
	}
	buf_done(&plain);
	buf_done(&wanted);
}
END_TEST

START_TEST(test_gunzip_reads_ours)
{
	struct buf packed = { 0 };
	struct buf plain = { 0 };

	support_enter();
	fill(&plain, 300000);
	support_gzip(&packed, buf_span(&plain));
	support_write("plain", buf_span(&plain));
	support_write("packed.gz", buf_span(&packed));
	support_sh("gzip -t packed.gz; gzip -dc packed.gz | cmp - plain; : | gzip -n >empty");
	packed.len = 0;
	support_gzip(&packed, (struct span){ NULL, 0 });
	support_write("ours", buf_span(&packed));
	support_sh("cmp ours empty");
	buf_done(&packed);
	buf_done(&plain);
	support_leave();
}
END_TEST

static enum reason refuse(void *to, struct span bytes)
{
	(void)to;
	(void)bytes;
	return REASON_RAMDISK_EXPANSION;
}

START_TEST(test_sinks_refuse)
{
	const struct sink sink = { refuse, NULL };
	struct gzip_reader *reader = NULL;
	struct gzip_writer *writer = NULL;
	struct span input = SPAN_LITERAL(HEAD("\x00") BODY TRAILER);
	bool ended;

	EXPECT_REASON("writer", gzip_writer_new(sink, &writer), REASON_RAMDISK_EXPANSION);
	ck_assert_ptr_null(writer);
	EXPECT_REASON("new", gzip_reader_new(&reader), REASON_OK);
	EXPECT_REASON("reader", gzip_push(reader, &input, &sink, &ended), REASON_RAMDISK_EXPANSION);
	gzip_reader_free(reader);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("gzip");

	support_add(suite, "rows", test_rows);
	support_add(suite, "header", test_header);
	support_add(suite, "GNU gzip", test_gnu_gzip);
	support_add(suite, "tampered", test_tampered);
	support_add(suite, "writer", test_writer);
	support_add(suite, "gunzip reads ours", test_gunzip_reads_ours);
	support_add(suite, "sinks refuse", test_sinks_refuse);
	return support_main(suite);
}
