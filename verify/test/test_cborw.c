#include "verify/cborw.h"

#include "test/support.h"
#include "verify/cbor.h"

/* RFC 8949, appendix A, and the borders between the widths. */
START_TEST(test_numbers)
{
	static const struct {
		uint64_t n;
		const char *bytes;
	} rows[] = {
		{ 0, "00" },
		{ 23, "17" },
		{ 24, "18 18" },
		{ 255, "18 ff" },
		{ 256, "19 0100" },
		{ 65535, "19 ffff" },
		{ 65536, "1a 00010000" },
		{ 4294967295, "1a ffffffff" },
		{ 4294967296, "1b 0000000100000000" },
		{ UINT64_MAX, "1b ffffffffffffffff" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf want = support_hex(rows[i].bytes);
		struct buf out = { 0 };
		uint64_t back = 0;

		cbw_uint(&out, rows[i].n);
		EXPECT_BYTES(rows[i].bytes, buf_span(&out), buf_span(&want));
		struct cbr r = cbr_over(buf_span(&out));
		EXPECT_REASON(rows[i].bytes, cbr_uint(&r, REASON_TIMESTAMP, &back), REASON_OK);
		ck_assert_uint_eq(back, rows[i].n);
		buf_done(&want);
		buf_done(&out);
	}
}
END_TEST

START_TEST(test_items)
{
	struct buf want = support_hex("a2 61 61 86 f6 40 f6 41 00 f5 f4 62 c3a9 80");
	struct buf out = { 0 };

	cbw_map(&out, 2);
	cbw_key(&out, "a");
	cbw_array(&out, 6);
	cbw_null(&out);
	cbw_bytes_or_null(&out, SPAN_LITERAL(""));
	cbw_bytes_or_null(&out, (struct span){ NULL, 0 });
	cbw_bytes(&out, SPAN_LITERAL("\0"));
	cbw_bool(&out, true);
	cbw_bool(&out, false);
	cbw_text(&out, SPAN_LITERAL("\xc3\xa9"));
	cbw_array(&out, 0);
	EXPECT_BYTES("items", buf_span(&out), buf_span(&want));
	buf_done(&want);
	buf_done(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cborw");

	support_add(suite, "numbers", test_numbers);
	support_add(suite, "items", test_items);
	return support_main(suite);
}
