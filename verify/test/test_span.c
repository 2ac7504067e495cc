#include "verify/span.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"

START_TEST(test_take)
{
	struct span cursor = SPAN_LITERAL("abcdef");
	const uint8_t *at = cursor.at;
	struct span part = { NULL, 99 };

	ck_assert(!span_take(&cursor, 7, &part));
	ck_assert(!span_take(&cursor, SIZE_MAX, &part));
	ck_assert(cursor.at == at && cursor.len == 6 && part.at == NULL && part.len == 99);
	ck_assert(span_take(&cursor, 2, &part));
	EXPECT_BYTES("first two", part, SPAN_LITERAL("ab"));
	ck_assert(span_take(&cursor, 0, &part));
	ck_assert(part.len == 0 && cursor.len == 4);
	ck_assert(span_take(&cursor, 4, &part));
	EXPECT_BYTES("the rest", part, SPAN_LITERAL("cdef"));
	ck_assert(!span_take(&cursor, 1, &part));
	EXPECT_BYTES("unchanged", part, SPAN_LITERAL("cdef"));

	struct span nothing = { NULL, 0 };
	ck_assert(span_take(&nothing, 0, &part));
	ck_assert(part.len == 0 && nothing.at == NULL);
	ck_assert(!span_take(&nothing, 1, &part));
}
END_TEST

START_TEST(test_big_endian)
{
	static const uint8_t bytes[9] = { 1, 0xff, 3, 4, 0x85, 6, 7, 8, 9 };
	static const uint64_t want[9] = { 0,
					  0x01,
					  0x01ff,
					  0x01ff03,
					  0x01ff0304,
					  0x01ff030485,
					  0x01ff03048506,
					  0x01ff0304850607,
					  0x01ff030485060708 };

	for (size_t n = 1; n <= 8; n++) {
		struct span cursor = SPAN_OF(bytes);
		uint64_t value = 0;
		ck_assert(span_be(&cursor, n, &value));
		ck_assert_uint_eq(value, want[n]);
		ck_assert_uint_eq(cursor.len, 9 - n);
		ck_assert(cursor.at == bytes + n);

		struct span too_short = { bytes, n - 1 };
		value = 77;
		ck_assert(!span_be(&too_short, n, &value));
		ck_assert(value == 77 && too_short.at == bytes && too_short.len == n - 1);
	}
	struct span cursor = SPAN_OF(bytes);
	uint64_t value = 77;
	ck_assert(!span_be(&cursor, 0, &value) && !span_be(&cursor, 9, &value));
	ck_assert(value == 77 && cursor.len == 9);
}
END_TEST

START_TEST(test_equal)
{
	ck_assert(span_equal(SPAN_LITERAL("abc"), SPAN_LITERAL("abc")));
	ck_assert(!span_equal(SPAN_LITERAL("abc"), SPAN_LITERAL("abd")));
	ck_assert(!span_equal(SPAN_LITERAL("abc"), SPAN_LITERAL("xbc")));
	ck_assert(!span_equal(SPAN_LITERAL("abc"), SPAN_LITERAL("ab")));
	ck_assert(!span_equal(SPAN_LITERAL("ab"), SPAN_LITERAL("abc")));
	ck_assert(span_equal(SPAN_LITERAL(""), (struct span){ NULL, 0 }));
	ck_assert(!span_equal((struct span){ NULL, 0 }, SPAN_LITERAL("a")));
	EXPECT_BYTES("span_of_text", span_of_text("ab"), SPAN_LITERAL("ab"));
	ck_assert_uint_eq(span_of_text("").len, 0);
}
END_TEST

START_TEST(test_is_zero)
{
	uint8_t bytes[48] = { 0 };

	ck_assert(span_is_zero(SPAN_OF(bytes)));
	ck_assert(span_is_zero((struct span){ NULL, 0 }));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			bytes[i] = (uint8_t)(1U << bit);
			ck_assert_msg(!span_is_zero(SPAN_OF(bytes)), "byte %zu bit %u", i, bit);
		}
		bytes[i] = 0;
	}
}
END_TEST

/* RFC 3629 and the tables of the Unicode standard, section 3.9 */
START_TEST(test_utf8)
{
	static const struct {
		const char *hex;
		bool want;
	} rows[] = {
		{ "", true },
		{ "61 00 7f", true }, /* one byte: all of ASCII, NUL too */
		{ "c2 80", true },
		{ "df bf", true },
		{ "e0 a0 80", true },
		{ "ed 9f bf", true },
		{ "ee 80 80", true },
		{ "ef bf bf", true },
		{ "f0 90 80 80", true },
		{ "f4 8f bf bf", true },
		{ "61 c3 a9 e2 82 ac f0 9f 98 80 7a", true },
		{ "80", false }, /* a continuation alone */
		{ "bf", false },
		{ "c0 80", false }, /* overlong */
		{ "c1 bf", false },
		{ "e0 80 80", false },
		{ "e0 9f bf", false },
		{ "f0 80 80 80", false },
		{ "f0 8f bf bf", false },
		{ "ed a0 80", false }, /* surrogates */
		{ "ed bf bf", false },
		{ "f4 90 80 80", false }, /* beyond U+10FFFF */
		{ "f5 80 80 80", false },
		{ "f8 88 80 80 80", false },
		{ "fe", false },
		{ "ff", false },
		{ "c2", false }, /* cut short */
		{ "e2 82", false },
		{ "f0 9f 98", false },
		{ "c2 41", false }, /* no continuation */
		{ "e2 41 80", false },
		{ "e2 82 41", false },
		{ "f0 9f 98 c0", false },
		{ "61 62 c2", false },
		{ "c3 a9 80", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf bytes = support_hex(rows[i].hex);
		uint8_t *exact = support_exact(buf_span(&bytes));
		ck_assert_msg(span_is_utf8((struct span){ exact, bytes.len }) == rows[i].want,
			      "row \"%s\": wanted %d", rows[i].hex, rows[i].want);
		free(exact);
		buf_done(&bytes);
	}
}
END_TEST

/* Every code point, encoded here in the plain way, is UTF-8; surrogates are not. */
START_TEST(test_utf8_every_point)
{
	for (uint32_t point = 0; point <= 0x10ffff; point += (uint32_t)support_thin(0x3ff)) {
		uint8_t bytes[4] = { (uint8_t)(0xf0 | point >> 18),
				     (uint8_t)(0x80 | (point >> 12 & 63)),
				     (uint8_t)(0x80 | (point >> 6 & 63)),
				     (uint8_t)(0x80 | (point & 63)) };
		struct span utf8 = SPAN_OF(bytes);
		if (point < 0x80) {
			bytes[3] = (uint8_t)point;
			utf8 = (struct span){ bytes + 3, 1 };
		} else if (point < 0x800) {
			bytes[2] = (uint8_t)(0xc0 | point >> 6);
			utf8 = (struct span){ bytes + 2, 2 };
		} else if (point < 0x10000) {
			bytes[1] = (uint8_t)(0xe0 | point >> 12);
			utf8 = (struct span){ bytes + 1, 3 };
		}
		bool surrogate = point >= 0xd800 && point <= 0xdfff;
		if (span_is_utf8(utf8) == surrogate)
			ck_abort_msg("U+%04X", (unsigned)point);
	}
}
END_TEST

START_TEST(test_buf)
{
	struct buf buf = { 0 };

	buf_add(&buf, (struct span){ NULL, 0 });
	ck_assert(buf.len == 0 && !buf.failed);
	buf_text(&buf, "one ");
	buf_printf(&buf, "%d %s", 2, "three");
	buf_printf(&buf, "%s", "");
	buf_byte(&buf, 0);
	buf_add(&buf, SPAN_LITERAL("!\xff"));
	buf_byte(&buf, 0xfe);
	EXPECT_BYTES("appended", buf_span(&buf), SPAN_LITERAL("one 2 three\0!\xff\xfe"));

	struct buf large = { 0 };
	for (unsigned i = 0; i < 5000; i++)
		buf_printf(&large, "%u,", i);
	ck_assert_uint_eq(large.len, 10 * 2 + 90 * 3 + 900 * 4 + 4000 * 5);
	struct span rest = buf_span(&large);
	struct span part;
	for (unsigned i = 0; i < 5000; i++) {
		char want[16];
		(void)snprintf(want, sizeof(want), "%u,", i);
		ck_assert(span_take(&rest, strlen(want), &part));
		EXPECT_BYTES(want, part, span_of_text(want));
	}
	buf_done(&large);
	buf_done(&large);
	buf_done(&buf);
	ck_assert(buf.at == NULL && buf.len == 0 && buf.cap == 0);
}
END_TEST

START_TEST(test_buf_take_text)
{
	struct buf buf = { 0 };

	char *text = buf_take_text(&buf);
	ck_assert_str_eq(text, "");
	free(text);
	buf_text(&buf, "abc");
	text = buf_take_text(&buf);
	ck_assert_str_eq(text, "abc");
	ck_assert(buf.at == NULL && buf.len == 0);
	free(text);

	/* each length around the first sizes: the NUL has its place */
	for (size_t n = 0; n < 600; n++) {
		for (size_t i = 0; i < n; i++)
			buf_text(&buf, "x");
		text = buf_take_text(&buf);
		ck_assert_uint_eq(strlen(text), n);
		free(text);
	}
}
END_TEST

/* What failed once stays failed, and nothing is added to it. */
START_TEST(test_buf_failed)
{
	struct buf buf = { 0 };

	buf_text(&buf, "abc");
	buf.failed = true;
	buf_text(&buf, "def");
	buf_printf(&buf, "%d", 1);
	buf_escaped(&buf, SPAN_LITERAL("\n"));
	ck_assert(buf.failed && buf.len == 3);
	ck_assert_ptr_null(buf_take_text(&buf));
	ck_assert(buf.at == NULL && !buf.failed);
	buf_done(&buf);
}
END_TEST

START_TEST(test_buf_too_large)
{
	uint8_t byte = 0;
	struct buf buf = { 0 };

	buf_add(&buf, (struct span){ &byte, SIZE_MAX });
	ck_assert(buf.failed && buf.len == 0);
	buf_done(&buf);
	buf_add(&buf, (struct span){ &byte, SIZE_MAX / 4 + 1 });
	ck_assert(buf.failed && buf.len == 0);
	buf_done(&buf);
}
END_TEST

START_TEST(test_escaped)
{
	struct buf buf = { 0 };

	buf_escaped(&buf, SPAN_LITERAL("a~ \\\n\r\t\x1b[31m\x7f\x80\xe2\x80\xae\0z"));
	EXPECT_BYTES(
		"mixed", buf_span(&buf),
		SPAN_LITERAL("a~ \\x5c\\x0a\\x0d\\x09\\x1b[31m\\x7f\\x80\\xe2\\x80\\xae\\x00z"));
	buf_done(&buf);
	for (unsigned c = 0; c < 256; c++) {
		uint8_t byte = (uint8_t)c;
		char want[8];
		if (c < 0x20 || c > 0x7e || c == '\\')
			(void)snprintf(want, sizeof(want), "\\x%02x", c);
		else
			(void)snprintf(want, sizeof(want), "%c", (int)c);
		buf_escaped(&buf, (struct span){ &byte, 1 });
		EXPECT_BYTES(want, buf_span(&buf), span_of_text(want));
		buf_done(&buf);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("span");

	support_add(suite, "take", test_take);
	support_add(suite, "big endian", test_big_endian);
	support_add(suite, "equal", test_equal);
	support_add(suite, "is zero", test_is_zero);
	support_add(suite, "utf8", test_utf8);
	support_add(suite, "utf8: every code point", test_utf8_every_point);
	support_add(suite, "buf", test_buf);
	support_add(suite, "buf: take text", test_buf_take_text);
	support_add(suite, "buf: failed", test_buf_failed);
	support_add(suite, "buf: too large", test_buf_too_large);
	support_add(suite, "escaped", test_escaped);
	return support_main(suite);
}
