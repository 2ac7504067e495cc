#include "verify/diag.h"

#include <stdlib.h>

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* RFC 8949 appendix A but for two things: floating-point numbers stand by their bytes, and a bignum as the
 * tag and byte string that it is. Text beyond ASCII is escaped. */
static const struct {
	const char *cbor;
	const char *want;
} appendix_a[] = {
	{ "00", "0" },
	{ "01", "1" },
	{ "0a", "10" },
	{ "17", "23" },
	{ "1818", "24" },
	{ "1819", "25" },
	{ "1864", "100" },
	{ "1903e8", "1000" },
	{ "1a000f4240", "1000000" },
	{ "1b000000e8d4a51000", "1000000000000" },
	{ "1bffffffffffffffff", "18446744073709551615" },
	{ "c249010000000000000000", "2(h'010000000000000000')" },
	{ "3bffffffffffffffff", "-18446744073709551616" },
	{ "c349010000000000000000", "3(h'010000000000000000')" },
	{ "20", "-1" },
	{ "29", "-10" },
	{ "3863", "-100" },
	{ "3903e7", "-1000" },
	{ "f90000", "float'f90000'" },
	{ "f93c00", "float'f93c00'" },
	{ "fb3ff199999999999a", "float'fb3ff199999999999a'" },
	{ "fa47c35000", "float'fa47c35000'" },
	{ "f97c00", "float'f97c00'" },
	{ "f97e00", "float'f97e00'" },
	{ "fa7fc00000", "float'fa7fc00000'" },
	{ "fbfff0000000000000", "float'fbfff0000000000000'" },
	{ "f4", "false" },
	{ "f5", "true" },
	{ "f6", "null" },
	{ "f7", "undefined" },
	{ "c074323031332d30332d32315432303a30343a30305a", "0(\"2013-03-21T20:04:00Z\")" },
	{ "c11a514b67b0", "1(1363896240)" },
	{ "c1fb41d452d9ec200000", "1(float'fb41d452d9ec200000')" },
	{ "d818456449455446", "24(h'6449455446')" },
	{ "d82076687474703a2f2f7777772e6578616d706c652e636f6d", "32(\"http://www.example.com\")" },
	{ "40", "h''" },
	{ "4401020304", "h'01020304'" },
	{ "60", "\"\"" },
	{ "6161", "\"a\"" },
	{ "6449455446", "\"IETF\"" },
	{ "62225c", "\"\"\\x5c\"" },
	{ "62c3bc", "\"\\xc3\\xbc\"" },
	{ "63e6b0b4", "\"\\xe6\\xb0\\xb4\"" },
	{ "64f0908591", "\"\\xf0\\x90\\x85\\x91\"" },
	{ "80", "[]" },
	{ "83010203", "[1, 2, 3]" },
	{ "8301820203820405", "[1, [2, 3], [4, 5]]" },
	{ "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
	  "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, "
	  "25]" },
	{ "a0", "{}" },
	{ "a201020304", "{1: 2, 3: 4}" },
	{ "a26161016162820203", "{\"a\": 1, \"b\": [2, 3]}" },
	{ "826161a161626163", "[\"a\", {\"b\": \"c\"}]" },
	{ "a56161614161626142616361436164614461656145",
	  "{\"a\": \"A\", \"b\": \"B\", \"c\": \"C\", \"d\": \"D\", \"e\": \"E\"}" },
	{ "5f42010243030405ff", "(_ h'0102', h'030405')" },
	{ "7f657374726561646d696e67ff", "(_ \"strea\", \"ming\")" },
	{ "9fff", "[_ ]" },
	{ "9f018202039f0405ffff", "[_ 1, [2, 3], [_ 4, 5]]" },
	{ "9f01820203820405ff", "[_ 1, [2, 3], [4, 5]]" },
	{ "83018202039f0405ff", "[1, [2, 3], [_ 4, 5]]" },
	{ "83019f0203ff820405", "[1, [_ 2, 3], [4, 5]]" },
	{ "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
	  "[_ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, "
	  "24, 25]" },
	{ "bf61610161629f0203ffff", "{_ \"a\": 1, \"b\": [_ 2, 3]}" },
	{ "826161bf61626163ff", "[\"a\", {_ \"b\": \"c\"}]" },
	{ "bf6346756ef563416d7421ff", "{_ \"Fun\": true, \"Amt\": -2}" },
	/* not in the appendix */
	{ "bfff", "{_ }" },
	{ "5fff", "(_ )" },
	{ "1900ff", "255" }, /* not the shortest form */
	{ "d81880", "24([])" },
	{ "d818d819f6", "24(25(null))" },
	{ "dbffffffffffffffff00", "18446744073709551615(0)" },
	{ "3bfffffffffffffffe", "-18446744073709551615" },
	{ "61ff", "\"\\xff\"" }, /* no UTF-8 */
	{ "621b5d", "\"\\x1b]\"" },
	{ "83f93c00fa47c3500001", "[float'f93c00', float'fa47c35000', 1]" },
	{ "a1a0a1f680", "{{}: {null: []}}" },
};

/* A copy of exactly these bytes is read, so that no byte beyond is touched unseen. */
static enum reason diag_of(const struct buf *cbor, struct buf *out, size_t *ret_left)
{
	uint8_t *bytes = support_exact(buf_span(cbor));
	struct cbr r = cbr_lax_over((struct span){ bytes, cbor->len });

	enum reason reason = diag_item(&r, out);
	*ret_left = r.rest.len;
	free(bytes);
	return reason;
}

START_TEST(test_appendix_a)
{
	for (size_t i = 0; i < LENGTH(appendix_a); i++) {
		struct buf cbor = support_hex(appendix_a[i].cbor);
		struct buf out = { 0 };
		size_t left = 0;
		enum reason reason = diag_of(&cbor, &out, &left);
		ck_assert_msg(reason == REASON_OK && left == 0, "%s: %s, %zu left",
			      appendix_a[i].cbor, reason_name(reason), left);
		EXPECT_BYTES(appendix_a[i].cbor, buf_span(&out), span_of_text(appendix_a[i].want));
		/* every prefix is cut short */
		for (size_t len = cbor.len - 1; len < cbor.len; len--) {
			struct buf cut = { .at = cbor.at, .len = len };
			struct buf partial = { 0 };
			reason = diag_of(&cut, &partial, &left);
			ck_assert_msg(reason == REASON_CBOR_TRUNCATED, "%s, %zu bytes: %s",
				      appendix_a[i].cbor, len, reason_name(reason));
			buf_done(&partial);
		}
		buf_done(&cbor);
		buf_done(&out);
	}
}
END_TEST

START_TEST(test_malformed)
{
	static const struct {
		const char *cbor;
		enum reason want;
	} rows[] = {
		{ "", REASON_CBOR_TRUNCATED },
		{ "1c", REASON_CBOR_MALFORMED }, /* reserved lengths */
		{ "1d", REASON_CBOR_MALFORMED },
		{ "5e", REASON_CBOR_MALFORMED },
		{ "1f", REASON_CBOR_MALFORMED }, /* a number of indefinite length */
		{ "3f", REASON_CBOR_MALFORMED },
		{ "df00", REASON_CBOR_MALFORMED },
		{ "fc", REASON_CBOR_MALFORMED },
		{ "f800", REASON_CBOR_MALFORMED }, /* a simple value in two bytes that fits one */
		{ "ff", REASON_CBOR_MALFORMED },   /* a break where nothing is open */
		{ "81ff", REASON_CBOR_MALFORMED },
		{ "8200ff", REASON_CBOR_MALFORMED },
		{ "a100ff", REASON_CBOR_MALFORMED },
		{ "d818ff", REASON_CBOR_MALFORMED },
		{ "9fd818ff", REASON_CBOR_MALFORMED },
		{ "9f81ffff", REASON_CBOR_MALFORMED },
		{ "bf00ff", REASON_CBOR_MALFORMED }, /* a key without its value */
		{ "bf000000ff", REASON_CBOR_MALFORMED },
		{ "5f00ff", REASON_CBOR_MALFORMED }, /* a chunk of another kind */
		{ "5f6161ff", REASON_CBOR_MALFORMED },
		{ "7f4161ff", REASON_CBOR_MALFORMED },
		{ "5f80ff", REASON_CBOR_MALFORMED },
		{ "5fd81840ff", REASON_CBOR_MALFORMED },
		{ "5f5f4100ffff", REASON_CBOR_MALFORMED }, /* a chunk that is not definite */
		{ "7f7fffff", REASON_CBOR_MALFORMED },
		{ "9f", REASON_CBOR_TRUNCATED },
		{ "5bffffffffffffffff00", REASON_CBOR_TRUNCATED },
		{ "9bffffffffffffffff00", REASON_CBOR_TRUNCATED },
		{ "bbffffffffffffffff00", REASON_CBOR_TRUNCATED },
		{ "bb800000000000000000", REASON_CBOR_TRUNCATED },
		{ "9a1000000000", REASON_CBOR_TRUNCATED },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf cbor = support_hex(rows[i].cbor);
		struct buf out = { 0 };
		size_t left;
		EXPECT_REASON(rows[i].cbor, diag_of(&cbor, &out, &left), rows[i].want);
		buf_done(&cbor);
		buf_done(&out);
	}
}
END_TEST

/* The first item alone is taken; what follows is left. */
START_TEST(test_one_item)
{
	struct buf cbor = support_hex("82 01 02 03 ff");
	struct buf out = { 0 };
	size_t left = 0;

	buf_text(&out, "before ");
	EXPECT_REASON("one item", diag_of(&cbor, &out, &left), REASON_OK);
	ck_assert_uint_eq(left, 2);
	EXPECT_BYTES("one item", buf_span(&out), SPAN_LITERAL("before [1, 2]"));
	buf_done(&out);
	buf_done(&cbor);
	/* what was read of a bad item stays */
	cbor = support_hex("83 01 02 ff");
	EXPECT_REASON("part", diag_of(&cbor, &out, &left), REASON_CBOR_MALFORMED);
	EXPECT_BYTES("part", buf_span(&out), SPAN_LITERAL("[1, 2"));
	buf_done(&out);
	buf_done(&cbor);
}
END_TEST

static struct buf nested(const char *head, unsigned depth, const char *inner)
{
	struct buf hex = { 0 };

	for (unsigned i = 0; i < depth; i++)
		buf_text(&hex, head);
	buf_text(&hex, inner);
	char *digits = buf_take_text(&hex);
	struct buf cbor = support_hex(digits);
	free(digits);
	return cbor;
}

START_TEST(test_depth)
{
	static const char *const heads[] = { "81", "9f", "a100", "bf00", "d818" };
	static const char *const tails[] = { "", "ff", "", "ff", "" };
	size_t left;

	for (size_t i = 0; i < LENGTH(heads); i++) {
		for (unsigned depth = 15; depth <= 18; depth++) {
			struct buf inner = { 0 };
			struct buf out = { 0 };
			buf_text(&inner, "f6");
			for (unsigned n = 0; n < depth; n++)
				buf_text(&inner, tails[i]);
			char *digits = buf_take_text(&inner);
			struct buf cbor = nested(heads[i], depth, digits);
			EXPECT_REASON(heads[i], diag_of(&cbor, &out, &left),
				      depth <= DIAG_DEPTH_MAX ? REASON_OK : REASON_CBOR_DEPTH);
			free(digits);
			buf_done(&cbor);
			buf_done(&out);
		}
	}
	struct buf deep = nested("81", 20000, "00");
	struct buf out = { 0 };
	EXPECT_REASON("very deep", diag_of(&deep, &out, &left), REASON_CBOR_DEPTH);
	buf_done(&deep);
	buf_done(&out);
}
END_TEST

/* Any bytes: no more is read than is there, and what comes out can be printed. */
START_TEST(test_any_bytes)
{
	uint64_t state = 8949;
	size_t left;

	for (size_t i = 0; i < 20000; i += support_thin(40)) {
		uint8_t bytes[24];
		struct buf cbor = { 0 };
		struct buf out = { 0 };
		size_t len = support_random(&state) % sizeof(bytes);
		for (size_t k = 0; k < len; k++)
			bytes[k] = (uint8_t)support_random(&state);
		buf_add(&cbor, (struct span){ bytes, len });
		enum reason reason = diag_of(&cbor, &out, &left);
		ck_assert(reason == REASON_OK || reason == REASON_CBOR_TRUNCATED ||
			  reason == REASON_CBOR_MALFORMED || reason == REASON_CBOR_DEPTH);
		ck_assert(left <= len);
		for (size_t k = 0; k < out.len; k++)
			ck_assert(out.at[k] >= 0x20 && out.at[k] < 0x7f);
		buf_done(&cbor);
		buf_done(&out);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("diag");

	support_add(suite, "RFC 8949 appendix A", test_appendix_a);
	support_add(suite, "malformed", test_malformed);
	support_add(suite, "one item", test_one_item);
	support_add(suite, "depth", test_depth);
	support_add(suite, "any bytes", test_any_bytes);
	return support_main(suite);
}
