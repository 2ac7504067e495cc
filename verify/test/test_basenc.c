#include "verify/basenc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"

struct row {
	const char *text;
	const char *hex; /* what it stands for; NULL: REASON_TEXT_ENCODING */
};

/* Decodes behind what is in the buffer already; on failure that must be all there is. */
static void expect_decoded(enum reason (*decode)(struct span, struct buf *), const struct row *row)
{
	struct buf out = { 0 };
	struct buf want = { 0 };
	uint8_t *exact = support_exact(span_of_text(row->text));

	buf_text(&out, "before");
	buf_text(&want, "before");
	enum reason reason = decode((struct span){ exact, strlen(row->text) }, &out);
	EXPECT_REASON(row->text, reason, row->hex != NULL ? REASON_OK : REASON_TEXT_ENCODING);
	if (row->hex != NULL) {
		struct buf bytes = support_hex(row->hex);
		buf_add(&want, buf_span(&bytes));
		buf_done(&bytes);
	}
	EXPECT_BYTES(row->text, buf_span(&out), buf_span(&want));
	buf_done(&out);
	buf_done(&want);
	free(exact);
}

START_TEST(test_hex)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "00", "00" },
		{ "0123456789abcdef", "01 23 45 67 89 ab cd ef" },
		{ "0123456789ABCDEF", "01 23 45 67 89 ab cd ef" },
		{ "aAfF", "aa ff" },
		{ "0", NULL },
		{ "000", NULL },
		{ "0x00", NULL },
		{ "0g", NULL },
		{ "g0", NULL },
		{ "00 ", NULL },
		{ " 00", NULL },
		{ "00\n", NULL },
		{ "/0", NULL }, /* the neighbours of the digits */
		{ ":0", NULL },
		{ "@0", NULL },
		{ "G0", NULL },
		{ "`0", NULL },
		{ "\xc3\xa9", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_decoded(hex_decode, &rows[i]);
}
END_TEST

START_TEST(test_hex_exact)
{
	uint8_t bytes[2] = { 7, 7 };

	ck_assert(!hex_decode_exact(SPAN_LITERAL("123"), bytes, 2));
	ck_assert(!hex_decode_exact(SPAN_LITERAL("12345"), bytes, 2));
	ck_assert(!hex_decode_exact(SPAN_LITERAL("12"), bytes, 2));
	ck_assert(!hex_decode_exact(SPAN_LITERAL("123456"), bytes, 2));
	ck_assert(!hex_decode_exact(SPAN_LITERAL("123g"), bytes, 2));
	ck_assert(!hex_decode_exact(SPAN_LITERAL("0x12"), bytes, 2));
	ck_assert(!hex_decode_exact((struct span){ NULL, 0 }, bytes, 2));
	ck_assert(bytes[0] == 7 && bytes[1] == 7);
	ck_assert(hex_decode_exact(SPAN_LITERAL("1aB3"), bytes, 2));
	ck_assert(bytes[0] == 0x1a && bytes[1] == 0xb3);
	ck_assert(hex_decode_exact((struct span){ NULL, 0 }, bytes, 0));
	ck_assert(!hex_decode_exact(SPAN_LITERAL("1"), bytes, 0));
	ck_assert(bytes[0] == 0x1a && bytes[1] == 0xb3);
}
END_TEST

START_TEST(test_hex_round_trip)
{
	for (unsigned c = 0; c < 256; c++) {
		uint8_t byte = (uint8_t)c;
		struct buf hex = { 0 };
		struct buf back = { 0 };
		hex_encode(&hex, (struct span){ &byte, 1 });
		char want[3];
		(void)snprintf(want, sizeof(want), "%02x", c);
		EXPECT_BYTES(want, buf_span(&hex), span_of_text(want));
		EXPECT_REASON("round trip", hex_decode(buf_span(&hex), &back), REASON_OK);
		EXPECT_BYTES("round trip", buf_span(&back), ((struct span){ &byte, 1 }));
		buf_done(&hex);
		buf_done(&back);
	}
}
END_TEST

/* RFC 4648 section 10, then the strictness of sections 3.2 to 3.5 */
START_TEST(test_base64)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "Zg==", "66" },
		{ "Zm8=", "666f" },
		{ "Zm9v", "666f6f" },
		{ "Zm9vYg==", "666f6f62" },
		{ "Zm9vYmE=", "666f6f6261" },
		{ "Zm9vYmFy", "666f6f626172" },
		{ "Zg", "66" },
		{ "Zm8", "666f" },
		{ "Zm9vYg", "666f6f62" },
		{ "+/+/", "fbffbf" },
		{ "-_-_", "fbffbf" },
		{ "++++", "fbefbe" },
		{ "____", "ffffff" },
		{ "AAAA", "000000" },
		{ "hEShATgi", "8444a1013822" },
		{ "+_+/", NULL }, /* both alphabets */
		{ "-/AA", NULL },
		{ "-AA+", NULL },
		{ "Z", NULL },
		{ "Zm9vY", NULL },
		{ "Zg=", NULL }, /* padding that does not fill the group */
		{ "Zm8==", NULL },
		{ "Zm9v=", NULL },
		{ "Zm9v==", NULL },
		{ "Zm9v====", NULL },
		{ "=", NULL },
		{ "==", NULL },
		{ "===", NULL },
		{ "====", NULL },
		{ "Z===", NULL },
		{ "Zg==Zg==", NULL },
		{ "Z=g=", NULL },
		{ "=Zg=", NULL },
		{ "Zh==", NULL }, /* bits that reach no byte */
		{ "Zh", NULL },
		{ "Zm9=", NULL },
		{ "Zm9", NULL },
		{ "Zm 9v", NULL },
		{ "Zm9v\n", NULL },
		{ "Zm9v\nZm9v", NULL },
		{ " Zm9v", NULL },
		{ "Zm9.", NULL },
		{ "Zm9,", NULL },
		{ "Zm9:", NULL },
		{ "Zm9@", NULL },
		{ "Zm9[", NULL },
		{ "Zm9`", NULL },
		{ "Zm9{", NULL },
		{ "Zm\xc3\xa9", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_decoded(base64_decode, &rows[i]);
}
END_TEST

/* Each digit at its value, in both alphabets. */
START_TEST(test_base64_alphabet)
{
	static const char standard[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char url[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (unsigned c = 0; c < 256; c++) {
		uint8_t text[4] = { 'A', 'A', 'A', (uint8_t)c };
		struct buf out = { 0 };
		const char *at = c == 0 ? NULL : strchr(standard, (int)c);
		size_t value = at != NULL ? (size_t)(at - standard) : 64;
		at = c == 0 ? NULL : strchr(url, (int)c);
		value = at != NULL ? (size_t)(at - url) : value;
		/* "AAA=" is padding done right and "AAA" two zero bytes */
		enum reason reason = base64_decode(SPAN_OF(text), &out);
		if (c == '=') {
			EXPECT_REASON("AAA=", reason, REASON_OK);
			ck_assert(out.len == 2);
		} else if (value == 64) {
			EXPECT_REASON("no digit", reason, REASON_TEXT_ENCODING);
		} else {
			const uint8_t want[3] = { 0, 0, (uint8_t)value };
			EXPECT_REASON("a digit", reason, REASON_OK);
			EXPECT_BYTES("a digit", buf_span(&out), SPAN_OF(want));
		}
		buf_done(&out);
	}
}
END_TEST

/* `raw`: the file itself is the document, not a decoded copy. */
START_TEST(test_document)
{
	static const struct {
		const char *name;
		const char *file_hex;
		const char *want; /* hex; NULL: REASON_TEXT_ENCODING */
		bool raw;
	} rows[] = {
		{ "binary", "84 44 a1 01 38 22", "84 44 a1 01 38 22", true },
		{ "tagged binary", "d2 84 44", "d2 84 44", true },
		{ "binary that ends as text", "84 20 0a", "84 20 0a", true },
		{ "one control character makes no text", "38 34 34 34 01", "38 34 34 34 01", true },
		{ "NUL", "38 34 00", "38 34 00", true },
		{ "DEL", "38 34 7f", "38 34 7f", true },
		{ "form feed is not white", "38 34 0c", "38 34 0c", true },
		{ "nothing", "", "", true },
		{ "white space only", "20 0a", "", false },
		{ "hex", "38 34 34 34", "84 44", false },                      /* 8444 */
		{ "hex of a tag, upper case", "44 32 38 34", "d2 84", false }, /* D284 */
		{ "hex with 0x", "30 78 38 34 34 34", "84 44", false },
		{ "hex with 0X", "30 58 38 34 34 34", "84 44", false },
		{ "hex, white around", "20 09 38 34 34 34 0d 0a", "84 44", false },
		{ "other hex", "61 62 63 64", "ab cd", false }, /* abcd: both; hex is meant */
		{ "hex cut short", "38 34 34", NULL, false },
		{ "hex with a letter too far", "38 34 34 67", NULL, false },
		{ "hex with a line break", "38 34 0a 34 34", NULL, false },
		{ "0x within", "38 34 30 78 34 34", NULL, false },
		{ "0x 0x", "30 78 30 78 38 34", NULL, false },
		{ "0x and base64", "30 78 68 45 53 68", NULL, false },
		{ "0x alone", "30 78", "", false },
		{ "base64", "68 45 53 68 41 54 67 69", "84 44 a1 01 38 22", false },
		{ "base64, white around", "0a 68 45 53 68 20", "84 44 a1", false },
		{ "base64, padded", "68 45 51 3d", "84 44", false },
		{ "base64, not padded", "68 45 51", "84 44", false },
		{ "base64url", "2d 5f 2d 5f", "fb ff bf", false },
		{ "base64 with a blank", "68 45 20 53 68", NULL, false },
		{ "base64 with a line break", "68 45 53 68 0a 68 45 53 68", NULL, false },
		{ "base64 of a tag", "30 6f 52 45", "d28444", false },
		{ "base64 from 8 on", "38 7a 7a 7a", "f33cf3", false },
		{ "base64 with 4 second", "7a 34 7a 7a", "cf8cf3", false },
		{ "base64 with 2 second", "7a 32 7a 7a", "cf6cf3", false },
		{ "base64 with x second", "7a 78 7a 7a", "cf1cf3", false },
		{ "base64 from d on", "64 7a 7a 7a", "773cf3", false },
		{ "base64 from 0 on", "30 7a 7a 7a", "d33cf3", false },
		{ "begins as hex of a document", "38 34 7a 7a", NULL, false },
		{ "begins as hex of a tag", "64 32 7a 7a", NULL, false },
		{ "begins as hex of a tag, upper case", "44 32 7a 7a", NULL, false },
		{ "begins as hex, 0x", "30 78 7a 7a", NULL, false },
		{ "a tilde", "68 45 51 7e", NULL, false },
		{ "one digit", "38", NULL, false },
		{ "neither", "7b 22 61 22 3a 31 7d", NULL, false },
		{ "a PEM", "2d 2d 2d 2d 2d 42 45 47 49 4e 20", NULL, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf file = support_hex(rows[i].file_hex);
		struct buf decoded = { 0 };
		uint8_t *exact = support_exact(buf_span(&file));
		struct span document = { NULL, 77 };
		enum reason want = rows[i].want != NULL ? REASON_OK : REASON_TEXT_ENCODING;
		enum reason reason =
			basenc_document((struct span){ exact, file.len }, &decoded, &document);
		EXPECT_REASON(rows[i].name, reason, want);
		if (want == REASON_OK) {
			struct buf bytes = support_hex(rows[i].want);
			EXPECT_BYTES(rows[i].name, document, buf_span(&bytes));
			ck_assert_msg((document.at == exact) == rows[i].raw, "%s", rows[i].name);
			buf_done(&bytes);
		} else {
			ck_assert_msg(document.len == 77, "%s: written on failure", rows[i].name);
		}
		buf_done(&decoded);
		buf_done(&file);
		free(exact);
	}
}
END_TEST

START_TEST(test_no_memory)
{
	struct buf out = { .failed = true };

	EXPECT_REASON("hex", hex_decode(SPAN_LITERAL("00"), &out), REASON_OUT_OF_MEMORY);
	EXPECT_REASON("base64", base64_decode(SPAN_LITERAL("AAAA"), &out), REASON_OUT_OF_MEMORY);
	ck_assert(out.len == 0);
	buf_done(&out);
}
END_TEST

/* RFC 4648 section 10; and back. */
START_TEST(test_base64_encode)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xff\xff\xff\xfb\xef\xbe", "////++++" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = { 0 };
		struct buf back = { 0 };

		base64_encode(&text, span_of_text(rows[i][0]));
		EXPECT_BYTES(rows[i][0], buf_span(&text), span_of_text(rows[i][1]));
		EXPECT_REASON(rows[i][0], base64_decode(buf_span(&text), &back), REASON_OK);
		EXPECT_BYTES(rows[i][0], buf_span(&back), span_of_text(rows[i][0]));
		buf_done(&text);
		buf_done(&back);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("basenc");

	support_add(suite, "hex", test_hex);
	support_add(suite, "hex of a known length", test_hex_exact);
	support_add(suite, "hex there and back", test_hex_round_trip);
	support_add(suite, "base64", test_base64);
	support_add(suite, "base64 alphabets", test_base64_alphabet);
	support_add(suite, "document", test_document);
	support_add(suite, "no memory", test_no_memory);
	support_add(suite, "base64 written", test_base64_encode);
	return support_main(suite);
}
