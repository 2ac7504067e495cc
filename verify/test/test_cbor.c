#include "verify/cbor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"

/* Bytes from a row's hex, on the heap with nothing behind them. */
struct input {
	uint8_t *at;
	size_t len;
};

static struct input input_of(const char *hex)
{
	struct buf bytes = support_hex(hex);
	struct input input = { support_exact(buf_span(&bytes)), bytes.len };

	buf_done(&bytes);
	return input;
}

static struct cbr reader_over(const struct input *input, bool lax)
{
	struct span bytes = { input->at, input->len };

	return lax ? cbr_lax_over(bytes) : cbr_over(bytes);
}

#define OK REASON_OK
#define TRUNC REASON_CBOR_TRUNCATED
#define MALF REASON_CBOR_MALFORMED
#define LONG REASON_CBOR_NONCANONICAL
#define UTF8 REASON_CBOR_UTF8
#define NO REASON_DOC_SHAPE /* what the caller gives as "otherwise" */

/* RFC 8949 appendix A, then what is not well-formed (appendix F) or not shortest. `strict` and `lax`
 * are the reasons of cbr_next; `taken` bytes are read when it is OK. */
static const struct head_row {
	const char *hex;
	enum reason strict;
	enum reason lax;
	enum cbr_kind kind;
	uint64_t value;
	size_t taken;
} head_rows[] = {
	{ "00", OK, OK, CBR_UINT, 0, 1 },
	{ "01", OK, OK, CBR_UINT, 1, 1 },
	{ "17", OK, OK, CBR_UINT, 23, 1 },
	{ "18 18", OK, OK, CBR_UINT, 24, 2 },
	{ "18 ff", OK, OK, CBR_UINT, 255, 2 },
	{ "19 0100", OK, OK, CBR_UINT, 256, 3 },
	{ "19 ffff", OK, OK, CBR_UINT, 65535, 3 },
	{ "1a 00010000", OK, OK, CBR_UINT, 65536, 5 },
	{ "1a ffffffff", OK, OK, CBR_UINT, UINT32_MAX, 5 },
	{ "1b 0000000100000000", OK, OK, CBR_UINT, UINT64_C(1) << 32, 9 },
	{ "1b 000000e8d4a51000", OK, OK, CBR_UINT, 1000000000000, 9 },
	{ "1b ffffffffffffffff", OK, OK, CBR_UINT, UINT64_MAX, 9 },
	{ "18 00", LONG, OK, CBR_UINT, 0, 2 },
	{ "18 17", LONG, OK, CBR_UINT, 23, 2 },
	{ "19 0000", LONG, OK, CBR_UINT, 0, 3 },
	{ "19 00ff", LONG, OK, CBR_UINT, 255, 3 },
	{ "1a 0000ffff", LONG, OK, CBR_UINT, 65535, 5 },
	{ "1b 00000000ffffffff", LONG, OK, CBR_UINT, UINT32_MAX, 9 },
	{ "20", OK, OK, CBR_NEGINT, 0, 1 },
	{ "37", OK, OK, CBR_NEGINT, 23, 1 },
	{ "38 22", OK, OK, CBR_NEGINT, 34, 2 }, /* -35: ES384 */
	{ "39 03e7", OK, OK, CBR_NEGINT, 999, 3 },
	{ "3a 00010000", OK, OK, CBR_NEGINT, 65536, 5 },
	{ "3b ffffffffffffffff", OK, OK, CBR_NEGINT, UINT64_MAX, 9 },
	{ "38 17", LONG, OK, CBR_NEGINT, 23, 2 },
	{ "39 0022", LONG, OK, CBR_NEGINT, 34, 3 },
	{ "3a 0000ffff", LONG, OK, CBR_NEGINT, 65535, 5 },
	{ "3b 00000000ffffffff", LONG, OK, CBR_NEGINT, UINT32_MAX, 9 },
	{ "40", OK, OK, CBR_BYTES, 0, 1 },
	{ "44 01020304", OK, OK, CBR_BYTES, 4, 5 },
	{ "58 04 01020304", LONG, OK, CBR_BYTES, 4, 6 },
	{ "58 17 0000000000000000000000000000000000000000000000", LONG, OK, CBR_BYTES, 23, 25 },
	{ "58 18 000000000000000000000000000000000000000000000000", OK, OK, CBR_BYTES, 24, 26 },
	{ "59 0000", LONG, OK, CBR_BYTES, 0, 3 },
	{ "5a 00000001 00", LONG, OK, CBR_BYTES, 1, 6 },
	{ "5b 0000000000000001 00", LONG, OK, CBR_BYTES, 1, 10 },
	{ "60", OK, OK, CBR_TEXT, 0, 1 },
	{ "61 61", OK, OK, CBR_TEXT, 1, 2 },
	{ "62 c3bc", OK, OK, CBR_TEXT, 2, 3 },
	{ "64 f0908591", OK, OK, CBR_TEXT, 4, 5 },
	{ "61 00", OK, OK, CBR_TEXT, 1, 2 },
	{ "61 ff", UTF8, OK, CBR_TEXT, 1, 2 },
	{ "62 c080", UTF8, OK, CBR_TEXT, 2, 3 },
	{ "63 eda080", UTF8, OK, CBR_TEXT, 3, 4 },
	{ "78 01 61", LONG, OK, CBR_TEXT, 1, 3 },
	{ "80", OK, OK, CBR_ARRAY, 0, 1 },
	{ "83 010203", OK, OK, CBR_ARRAY, 3, 1 },
	{ "98 03 010203", LONG, OK, CBR_ARRAY, 3, 2 },
	{ "a0", OK, OK, CBR_MAP, 0, 1 },
	{ "a1 0102", OK, OK, CBR_MAP, 1, 1 },
	{ "b8 01 0102", LONG, OK, CBR_MAP, 1, 2 },
	{ "5f ff", LONG, OK, CBR_BYTES, CBR_INDEFINITE, 1 },
	{ "7f ff", LONG, OK, CBR_TEXT, CBR_INDEFINITE, 1 },
	{ "9f ff", LONG, OK, CBR_ARRAY, CBR_INDEFINITE, 1 },
	{ "bf ff", LONG, OK, CBR_MAP, CBR_INDEFINITE, 1 },
	{ "ff", OK, OK, CBR_BREAK, 0, 1 },
	{ "d8 20 60", OK, OK, CBR_TAG, 32, 2 },
	{ "d9 0100 60", OK, OK, CBR_TAG, 256, 3 },
	{ "db ffffffffffffffff 60", OK, OK, CBR_TAG, UINT64_MAX, 9 },
	{ "d8 17 60", LONG, OK, CBR_TAG, 23, 2 },
	{ "f4", OK, OK, CBR_SIMPLE, 20, 1 },
	{ "f5", OK, OK, CBR_SIMPLE, 21, 1 },
	{ "f6", OK, OK, CBR_SIMPLE, 22, 1 },
	{ "f7", OK, OK, CBR_SIMPLE, 23, 1 },
	{ "f9 3c00", OK, OK, CBR_FLOAT, 0, 3 },
	{ "fa 47c35000", OK, OK, CBR_FLOAT, 0, 5 },
	{ "fb 3ff199999999999a", OK, OK, CBR_FLOAT, 0, 9 },
	{ "fb 7ff8000000000000", OK, OK, CBR_FLOAT, 0, 9 },
	/* cut short */
	{ "", TRUNC, TRUNC, CBR_END, 0, 0 },
	{ "18", TRUNC, TRUNC, CBR_UINT, 0, 0 },
	{ "19 01", TRUNC, TRUNC, CBR_UINT, 0, 0 },
	{ "1a 000100", TRUNC, TRUNC, CBR_UINT, 0, 0 },
	{ "1b 00000000000000", TRUNC, TRUNC, CBR_UINT, 0, 0 },
	{ "38", TRUNC, TRUNC, CBR_NEGINT, 0, 0 },
	{ "41", TRUNC, TRUNC, CBR_BYTES, 0, 0 },
	{ "44 010203", TRUNC, TRUNC, CBR_BYTES, 0, 0 },
	{ "58", TRUNC, TRUNC, CBR_BYTES, 0, 0 },
	{ "5b ffffffffffffffff 00", TRUNC, TRUNC, CBR_BYTES, 0, 0 },
	{ "5b 7fffffffffffffff 00", TRUNC, TRUNC, CBR_BYTES, 0, 0 },
	{ "61", TRUNC, TRUNC, CBR_TEXT, 0, 0 },
	{ "7b ffffffffffffffff 61", TRUNC, TRUNC, CBR_TEXT, 0, 0 },
	{ "d8", TRUNC, TRUNC, CBR_TAG, 0, 0 },
	{ "f9 3c", TRUNC, TRUNC, CBR_FLOAT, 0, 0 },
	{ "fa 47c350", TRUNC, TRUNC, CBR_FLOAT, 0, 0 },
	{ "fb 3ff1", TRUNC, TRUNC, CBR_FLOAT, 0, 0 },
	/* counts that what is left cannot hold */
	{ "81", TRUNC, TRUNC, CBR_ARRAY, 0, 0 },
	{ "83 0102", TRUNC, TRUNC, CBR_ARRAY, 0, 0 },
	{ "9a 10000000", TRUNC, TRUNC, CBR_ARRAY, 0, 0 },
	{ "9b ffffffffffffffff 01 ff", TRUNC, TRUNC, CBR_ARRAY, 0, 0 },
	{ "9b fffffffffffffffe 01 ff", TRUNC, TRUNC, CBR_ARRAY, 0, 0 },
	{ "a1 01", TRUNC, TRUNC, CBR_MAP, 0, 0 },
	{ "a2 010203", TRUNC, TRUNC, CBR_MAP, 0, 0 },
	{ "ba 10000000 0102", TRUNC, TRUNC, CBR_MAP, 0, 0 },
	{ "bb 8000000000000000 0102", TRUNC, TRUNC, CBR_MAP, 0, 0 },
	{ "bb ffffffffffffffff 0102 ff", TRUNC, TRUNC, CBR_MAP, 0, 0 },
	/* heads that mean nothing */
	{ "1c", MALF, MALF, CBR_UINT, 0, 0 },
	{ "1f", MALF, MALF, CBR_UINT, 0, 0 },
	{ "3d", MALF, MALF, CBR_NEGINT, 0, 0 },
	{ "3f", MALF, MALF, CBR_NEGINT, 0, 0 },
	{ "5c", MALF, MALF, CBR_BYTES, 0, 0 },
	{ "7e", MALF, MALF, CBR_TEXT, 0, 0 },
	{ "9d", MALF, MALF, CBR_ARRAY, 0, 0 },
	{ "be", MALF, MALF, CBR_MAP, 0, 0 },
	{ "dc", MALF, MALF, CBR_TAG, 0, 0 },
	{ "df", MALF, MALF, CBR_TAG, 0, 0 },
	{ "fc", MALF, MALF, CBR_SIMPLE, 0, 0 },
	{ "fe", MALF, MALF, CBR_SIMPLE, 0, 0 },
	{ "f8 18", MALF, MALF, CBR_SIMPLE, 0, 0 },
	{ "f8 20", MALF, MALF, CBR_SIMPLE, 0, 0 },
};

static void expect_head(const struct head_row *row, bool lax)
{
	struct input input = input_of(row->hex);
	struct cbr r = reader_over(&input, lax);
	struct cbr_item item = { CBR_END, 4711, { NULL, 4711 } };
	enum reason want = lax ? row->lax : row->strict;

	ck_assert_msg(cbr_peek(&r) == row->kind, "row \"%s\": kind %d", row->hex,
		      (int)cbr_peek(&r));
	EXPECT_REASON(row->hex, cbr_next(&r, &item), want);
	if (want == REASON_OK) {
		ck_assert_msg(item.kind == row->kind &&
				      (item.kind == CBR_FLOAT || item.value == row->value),
			      "row \"%s\": kind %d value %llu", row->hex, (int)item.kind,
			      (unsigned long long)item.value);
		ck_assert_msg(cbr_offset(&r) == row->taken && r.rest.len == input.len - row->taken,
			      "row \"%s\": %zu bytes taken", row->hex, cbr_offset(&r));
	} else {
		ck_assert_msg(item.value == 4711 && item.bytes.len == 4711 && cbr_offset(&r) == 0 &&
				      r.rest.at == input.at && r.rest.len == input.len,
			      "row \"%s\": changed on failure", row->hex);
	}
	bool string = want == REASON_OK && row->value != CBR_INDEFINITE &&
		      (row->kind == CBR_BYTES || row->kind == CBR_TEXT);
	if (string) {
		struct span tail = { input.at + row->taken - row->value, row->value };
		EXPECT_BYTES(row->hex, item.bytes, tail);
		ck_assert_msg(row->value == 0 || item.bytes.at == tail.at, "row \"%s\": a copy",
			      row->hex);
	} else if (want == REASON_OK) {
		ck_assert_msg(item.bytes.len == 0, "row \"%s\"", row->hex);
	}
	free(input.at);
}

START_TEST(test_heads)
{
	for (size_t i = 0; i < sizeof(head_rows) / sizeof(head_rows[0]); i++) {
		expect_head(&head_rows[i], false);
		expect_head(&head_rows[i], true);
	}
}
END_TEST

/* One-byte tags that libcbor 0.8 refuses may be known to another version: never another meaning. */
START_TEST(test_small_tags)
{
	for (unsigned tag = 0; tag < 24; tag++) {
		uint8_t bytes[2] = { (uint8_t)(0xc0 + tag), 0 };
		struct cbr r = cbr_over(SPAN_OF(bytes));
		struct cbr_item item = { CBR_END, 0, { NULL, 0 } };
		ck_assert(cbr_peek(&r) == CBR_TAG);
		enum reason reason = cbr_next(&r, &item);
		if (reason == REASON_OK)
			ck_assert(item.kind == CBR_TAG && item.value == tag && cbr_offset(&r) == 1);
		else
			EXPECT_REASON("small tag", reason, REASON_CBOR_MALFORMED);
	}
}
END_TEST

enum getter { UINT, BYTES, TEXT, NUL, ARRAY, MAP, MAP_ANY };

static enum reason get(enum getter getter, struct cbr *r, uint64_t *ret_value,
		       struct span *ret_bytes)
{
	switch (getter) {
	case UINT:
		return cbr_uint(r, NO, ret_value);
	case BYTES:
		return cbr_bytes(r, NO, ret_bytes);
	case TEXT:
		return cbr_text(r, NO, ret_bytes);
	case NUL:
		return cbr_null(r, NO);
	case ARRAY:
		return cbr_array(r, NO, ret_value);
	case MAP:
		return cbr_map(r, NO, ret_value);
	case MAP_ANY:
		return cbr_map_any(r, NO, ret_value);
	}
	ck_abort();
}

START_TEST(test_getters)
{
	static const struct {
		const char *hex;
		enum getter getter;
		enum reason want;
		uint64_t value; /* or the string's length */
		size_t taken;
	} rows[] = {
		{ "19 0100 f6", UINT, OK, 256, 3 },
		{ "1b ffffffffffffffff", UINT, OK, UINT64_MAX, 9 },
		{ "20", UINT, NO, 0, 0 },
		{ "f6", UINT, NO, 0, 0 },
		{ "ff", UINT, NO, 0, 0 },
		{ "fa 47c35000", UINT, NO, 0, 0 },
		{ "", UINT, TRUNC, 0, 0 },
		{ "19 01", UINT, TRUNC, 0, 0 },
		{ "18 01", UINT, LONG, 0, 0 },
		{ "1c", UINT, MALF, 0, 0 },
		{ "42 aabb 00", BYTES, OK, 2, 3 },
		{ "40", BYTES, OK, 0, 1 },
		{ "62 6161", BYTES, NO, 0, 0 },
		{ "42 aa", BYTES, TRUNC, 0, 0 },
		{ "", BYTES, TRUNC, 0, 0 },
		{ "58 02 aabb", BYTES, LONG, 0, 0 },
		{ "5f 41aa ff", BYTES, LONG, 0, 0 },
		{ "5c", BYTES, MALF, 0, 0 },
		{ "63 616263 00", TEXT, OK, 3, 4 },
		{ "60", TEXT, OK, 0, 1 },
		{ "43 616263", TEXT, NO, 0, 0 },
		{ "63 6162", TEXT, TRUNC, 0, 0 },
		{ "", TEXT, TRUNC, 0, 0 },
		{ "78 03 616263", TEXT, LONG, 0, 0 },
		{ "7f 6161 ff", TEXT, LONG, 0, 0 },
		{ "61 80", TEXT, UTF8, 0, 0 },
		{ "7c", TEXT, MALF, 0, 0 },
		{ "f6 00", NUL, OK, 0, 1 },
		{ "f4", NUL, NO, 0, 0 },
		{ "f5", NUL, NO, 0, 0 },
		{ "f7", NUL, NO, 0, 0 },
		{ "16", NUL, NO, 0, 0 },
		{ "40", NUL, NO, 0, 0 },
		{ "", NUL, TRUNC, 0, 0 },
		{ "f8", NUL, MALF, 0, 0 },
		{ "fc", NUL, MALF, 0, 0 },
		{ "82 0102", ARRAY, OK, 2, 1 },
		{ "80", ARRAY, OK, 0, 1 },
		{ "a1 0102", ARRAY, NO, 0, 0 },
		{ "82 01", ARRAY, TRUNC, 0, 0 },
		{ "", ARRAY, TRUNC, 0, 0 },
		{ "98 01 01", ARRAY, LONG, 0, 0 },
		{ "9f ff", ARRAY, LONG, 0, 0 },
		{ "9b ffffffffffffffff 01", ARRAY, TRUNC, 0, 0 },
		{ "9c", ARRAY, MALF, 0, 0 },
		{ "a1 0102", MAP, OK, 1, 1 },
		{ "a0", MAP, OK, 0, 1 },
		{ "82 0102", MAP, NO, 0, 0 },
		{ "a1 01", MAP, TRUNC, 0, 0 },
		{ "", MAP, TRUNC, 0, 0 },
		{ "b8 01 0102", MAP, LONG, 0, 0 },
		{ "bf ff", MAP, LONG, 0, 0 },
		{ "bb ffffffffffffffff ff", MAP, TRUNC, 0, 0 },
		{ "bc", MAP, MALF, 0, 0 },
		{ "a1 0102", MAP_ANY, OK, 1, 1 },
		{ "bf ff", MAP_ANY, OK, CBR_INDEFINITE, 1 },
		{ "bf", MAP_ANY, OK, CBR_INDEFINITE, 1 },
		{ "9f ff", MAP_ANY, NO, 0, 0 },
		{ "82 0102", MAP_ANY, NO, 0, 0 },
		{ "a1 01", MAP_ANY, TRUNC, 0, 0 },
		{ "", MAP_ANY, TRUNC, 0, 0 },
		{ "b8 01 0102", MAP_ANY, LONG, 0, 0 },
		{ "bb ffffffffffffffff 0102 ff", MAP_ANY, TRUNC, 0, 0 },
		{ "be", MAP_ANY, MALF, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct input input = input_of(rows[i].hex);
		struct cbr r = reader_over(&input, false);
		uint64_t value = 4711;
		struct span bytes = { NULL, 4711 };
		char row[80];
		(void)snprintf(row, sizeof(row), "%s by getter %d", rows[i].hex,
			       (int)rows[i].getter);
		EXPECT_REASON(row, get(rows[i].getter, &r, &value, &bytes), rows[i].want);
		ck_assert_msg(cbr_offset(&r) == rows[i].taken &&
				      r.rest.len == input.len - rows[i].taken,
			      "row \"%s\": %zu bytes taken", row, cbr_offset(&r));
		bool string = rows[i].getter == BYTES || rows[i].getter == TEXT;
		if (rows[i].want != REASON_OK)
			ck_assert_msg(value == 4711 && bytes.len == 4711, "row \"%s\": written",
				      row);
		else if (string)
			ck_assert_msg(bytes.len == rows[i].value, "row \"%s\": %zu", row,
				      bytes.len);
		else if (rows[i].getter != NUL)
			ck_assert_msg(value == rows[i].value, "row \"%s\"", row);
		free(input.at);
	}
}
END_TEST

/* A lax reader still gives no indefinite length where a definite one is asked for. */
START_TEST(test_lax_getters)
{
	struct input input = input_of("5f 41 aa ff");
	struct cbr r = reader_over(&input, true);
	struct span bytes;
	uint64_t pairs;

	EXPECT_REASON("5f", cbr_bytes(&r, NO, &bytes), LONG);
	ck_assert_uint_eq(cbr_offset(&r), 0);
	free(input.at);
	input = input_of("58 01 aa");
	r = reader_over(&input, true);
	EXPECT_REASON("58 01", cbr_bytes(&r, NO, &bytes), OK);
	EXPECT_BYTES("58 01", bytes, SPAN_LITERAL("\xaa"));
	free(input.at);
	input = input_of("bf ff");
	r = reader_over(&input, true);
	EXPECT_REASON("bf", cbr_map(&r, NO, &pairs), LONG);
	EXPECT_REASON("bf", cbr_map_any(&r, NO, &pairs), OK);
	ck_assert(pairs == CBR_INDEFINITE);
	free(input.at);
}
END_TEST

START_TEST(test_closed)
{
	static const uint8_t bytes[3] = { 0x01, 0xff, 0x02 };
	struct cbr r = cbr_over(SPAN_OF(bytes));
	uint64_t value;

	ck_assert(cbr_closed(&r, 0, 0));
	ck_assert(!cbr_closed(&r, 2, 1) && cbr_closed(&r, 2, 2));
	ck_assert(!cbr_closed(&r, CBR_INDEFINITE, 0));
	ck_assert_uint_eq(cbr_offset(&r), 0);
	EXPECT_REASON("entry", cbr_uint(&r, NO, &value), OK);
	ck_assert(!cbr_closed(&r, 3, 1));
	ck_assert_uint_eq(cbr_offset(&r), 1);
	ck_assert(cbr_closed(&r, CBR_INDEFINITE, 1));
	ck_assert_uint_eq(cbr_offset(&r), 2);
	EXPECT_REASON("not the end", cbr_end(&r, REASON_DOC_TRAILING), REASON_DOC_TRAILING);
	EXPECT_REASON("entry", cbr_uint(&r, NO, &value), OK);
	EXPECT_REASON("the end", cbr_end(&r, REASON_DOC_TRAILING), OK);
	ck_assert(!cbr_closed(&r, CBR_INDEFINITE, 2)); /* nothing left is no break */
	ck_assert(cbr_peek(&r) == CBR_END);
}
END_TEST

START_TEST(test_skip)
{
	static const struct {
		const char *hex;
		unsigned depth;
		enum reason strict;
		enum reason lax;
		size_t taken; /* where it is OK */
	} rows[] = {
		{ "00 00", 0, OK, OK, 1 },
		{ "43 010203 00", 0, OK, OK, 4 },
		{ "1b ffffffffffffffff 00", 0, OK, OK, 9 }, /* a number is no length */
		{ "3b ffffffffffffffff 00", 0, OK, OK, 9 },
		{ "40 00", 0, OK, OK, 1 },
		{ "80 00", 0, OK, OK, 1 }, /* holds nothing, so it is no level */
		{ "a0 00", 0, OK, OK, 1 },
		{ "f9 3c00 00", 0, OK, OK, 3 },
		{ "82 01 02 03", 1, OK, OK, 3 },
		{ "a2 01 02 03 04 05", 1, OK, OK, 5 },
		{ "82 81 01 a1 02 81 03 04", 3, OK, OK, 7 },
		{ "d8 20 61 61 00", 1, OK, OK, 4 },
		{ "82 01 02", 0, REASON_CBOR_DEPTH, REASON_CBOR_DEPTH, 0 },
		{ "82 81 01 02", 1, REASON_CBOR_DEPTH, REASON_CBOR_DEPTH, 0 },
		{ "d8 20 61 61", 0, REASON_CBOR_DEPTH, REASON_CBOR_DEPTH, 0 },
		{ "81 81 81 81 81 81 81 81 81 81 81 81 81 81 81 81 00", 16, OK, OK, 17 },
		{ "81 81 81 81 81 81 81 81 81 81 81 81 81 81 81 81 81 00", 16, REASON_CBOR_DEPTH,
		  REASON_CBOR_DEPTH, 0 },
		{ "81 81 81 81 81 81 81 81 81 81 81 81 81 81 81 81 81 00", 1000, REASON_CBOR_DEPTH,
		  REASON_CBOR_DEPTH, 0 },
		{ "", 4, TRUNC, TRUNC, 0 },
		{ "82 01", 4, TRUNC, TRUNC, 0 },
		{ "82 81 01", 4, TRUNC, TRUNC, 0 },
		{ "82 42 01 01", 4, TRUNC, TRUNC, 0 },
		{ "82 81 01 18", 4, TRUNC, TRUNC, 0 },
		{ "d8 20", 4, TRUNC, TRUNC, 0 },
		{ "82 01 1c", 4, MALF, MALF, 0 },
		{ "ff", 4, MALF, MALF, 0 },
		{ "81 ff", 4, MALF, MALF, 0 },
		{ "a1 01 ff", 4, MALF, MALF, 0 },
		{ "d8 20 ff", 4, MALF, MALF, 0 },
		{ "82 01 18 02", 4, LONG, OK, 4 },
		{ "82 01 61 ff", 4, UTF8, OK, 4 },
		{ "9f ff", 4, LONG, OK, 2 },
		{ "9f 01 ff 00", 4, LONG, OK, 3 },
		{ "bf 01 02 ff", 4, LONG, OK, 4 },
		{ "5f 41 01 ff", 4, LONG, OK, 4 },
		{ "7f 61 61 ff", 4, LONG, OK, 4 },
		{ "81 9f 01 ff 00", 4, LONG, OK, 4 },
		{ "9f 01", 4, LONG, TRUNC, 0 },
		{ "9f d8 20 ff", 4, LONG, MALF, 0 },
		{ "9f 01 ff", 0, LONG, REASON_CBOR_DEPTH, 0 },
		{ "9b ffffffffffffffff 01 ff", 4, TRUNC, TRUNC, 0 },
		{ "bb ffffffffffffffff 01 02 ff", 4, TRUNC, TRUNC, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int lax = 0; lax < 2; lax++) {
			struct input input = input_of(rows[i].hex);
			struct cbr r = reader_over(&input, lax != 0);
			enum reason want = lax != 0 ? rows[i].lax : rows[i].strict;
			size_t taken = want == REASON_OK ? rows[i].taken : 0;
			EXPECT_REASON(rows[i].hex, cbr_skip(&r, rows[i].depth), want);
			ck_assert_msg(cbr_offset(&r) == taken && r.rest.len == input.len - taken,
				      "row \"%s\": %zu bytes taken", rows[i].hex, cbr_offset(&r));
			free(input.at);
		}
	}
}
END_TEST

/* Each prefix of a well-formed item is truncated, and nothing else. */
START_TEST(test_prefixes)
{
	static const char hex[] =
		"a3 63 616263 1a 00010000 01 83 42 0102 f6 38 22 20 d8 20 f9 3c00";
	struct buf bytes = support_hex(hex);

	for (size_t n = 0; n <= bytes.len; n++) {
		uint8_t *exact = support_exact((struct span){ bytes.at, n });
		struct cbr r = cbr_over((struct span){ exact, n });
		EXPECT_REASON(hex, cbr_skip(&r, 4), n == bytes.len ? OK : TRUNC);
		ck_assert_uint_eq(cbr_offset(&r), n == bytes.len ? n : 0);
		free(exact);
	}
	buf_done(&bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cbor");

	support_add(suite, "heads", test_heads);
	support_add(suite, "small tags", test_small_tags);
	support_add(suite, "getters", test_getters);
	support_add(suite, "lax getters", test_lax_getters);
	support_add(suite, "closed", test_closed);
	support_add(suite, "skip", test_skip);
	support_add(suite, "prefixes", test_prefixes);
	return support_main(suite);
}
