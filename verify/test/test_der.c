#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/der.h"
#include "verify/test/notation.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The row's bytes on the heap, exactly as long as they are. */
static struct span exact(const char *text, uint8_t **ret_copy)
{
	struct buf bytes = notation(text);
	size_t len = bytes.len;

	*ret_copy = support_exact(buf_span(&bytes));
	buf_done(&bytes);
	return (struct span){ *ret_copy, len };
}

/* What every reader promises: on failure the cursor stays, on success `left` bytes remain. */
static void expect_cursor(const char *row, bool taken, struct span before, struct span after,
			  size_t left)
{
	ck_assert_msg(after.at + after.len == before.at + before.len, "%s: the end moved", row);
	ck_assert_msg(after.len == (taken ? left : before.len), "%s: %zu bytes left", row,
		      after.len);
}

START_TEST(test_take)
{
	static const struct {
		const char *text;
		bool want;
		size_t content;
		size_t left;
	} rows[] = {
		{ "0400", true, 0, 0 },
		{ "040111", true, 1, 0 },
		{ "04011122", true, 1, 1 },
		{ "047f 11*127", true, 127, 0 },
		{ "048180 11*128", true, 128, 0 },
		{ "0481ff 11*255", true, 255, 0 },
		{ "04820100 11*256", true, 256, 0 },
		{ "0482ffff 11*65535", true, 65535, 0 },
		{ "0483010000 11*65536 22", true, 65536, 1 },
		/* of another tag, or cut */
		{ "", false, 0, 0 },
		{ "04", false, 0, 0 },
		{ "0500", false, 0, 0 },
		{ "2400", false, 0, 0 },
		{ "040211", false, 0, 0 },
		{ "0481", false, 0, 0 },
		{ "048180 11*127", false, 0, 0 },
		{ "048201", false, 0, 0 },
		{ "0484ffffffff 11*16", false, 0, 0 },
		/* not the shortest form */
		{ "04810111", false, 0, 0 },
		{ "04817f 11*127", false, 0, 0 },
		{ "048100", false, 0, 0 },
		{ "04820080 11*128", false, 0, 0 },
		{ "048200ff 11*255", false, 0, 0 },
		{ "0483000100 11*256", false, 0, 0 },
		{ "0484000100 00 11*65536", false, 0, 0 },
		/* indefinite, reserved, too wide */
		{ "0480 0000", false, 0, 0 },
		{ "0480 11*126 0000", false, 0, 0 },
		{ "04ff 11*127", false, 0, 0 },
		{ "048500000000 0111", false, 0, 0 },
		{ "048501000000 00", false, 0, 0 },
		{ "0488000000000000000111", false, 0, 0 },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint8_t *copy;
		struct span bytes = exact(rows[i].text, &copy);
		struct span cursor = bytes;
		struct span content = { NULL, 0 };
		struct span whole = { NULL, 0 };

		bool taken = der_take(&cursor, DER_OCTET_STRING, &content);
		ck_assert_msg(taken == rows[i].want, "%s", rows[i].text);
		expect_cursor(rows[i].text, taken, bytes, cursor, rows[i].left);
		ck_assert_uint_eq(content.len, rows[i].content);
		cursor = bytes;
		ck_assert(der_take_whole(&cursor, DER_OCTET_STRING, &content, &whole) == taken);
		if (taken) {
			ck_assert_ptr_eq(whole.at, bytes.at);
			ck_assert_uint_eq(whole.len, bytes.len - rows[i].left);
		} else {
			ck_assert_ptr_null(whole.at);
			ck_assert_uint_eq(cursor.len, bytes.len);
		}
		ck_assert(der_is(&bytes, DER_OCTET_STRING) ==
			  (bytes.len > 0 && bytes.at[0] == 0x04));
		free(copy);
	}
}
END_TEST

START_TEST(test_bool)
{
	static const struct {
		const char *text;
		bool want;
		bool value;
	} rows[] = {
		{ "0101ff", true, true },     { "010100", true, false },
		{ "010101", false, false },   { "0101fe", false, false },
		{ "010180", false, false },   { "0100", false, false },
		{ "0102ffff", false, false }, { "01020000", false, false },
		{ "0201ff", false, false },   { "0101", false, false },
		{ "", false, false },         { "2101ff", false, false },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint8_t *copy;
		struct span bytes = exact(rows[i].text, &copy);
		struct span cursor = bytes;
		bool value = false;

		bool taken = der_bool(&cursor, &value);
		ck_assert_msg(taken == rows[i].want && value == rows[i].value, "%s", rows[i].text);
		expect_cursor(rows[i].text, taken, bytes, cursor, 0);
		free(copy);
	}
}
END_TEST

/* For the readers that give a span: NULL where the row must be refused. */
struct span_row {
	const char *text;
	const char *want;
};

static void expect_spans(const struct span_row rows[], size_t n,
			 bool (*read)(struct span *cursor, struct span *ret))
{
	for (size_t i = 0; i < n; i++) {
		uint8_t *copy;
		struct span bytes = exact(rows[i].text, &copy);
		struct span cursor = bytes;
		struct span got = { NULL, 0 };

		bool taken = read(&cursor, &got);
		ck_assert_msg(taken == (rows[i].want != NULL), "%s", rows[i].text);
		expect_cursor(rows[i].text, taken, bytes, cursor, 0);
		if (taken) {
			struct buf want = notation(rows[i].want);
			EXPECT_BYTES(rows[i].text, got, buf_span(&want));
			buf_done(&want);
		} else {
			ck_assert_ptr_null(got.at);
		}
		free(copy);
	}
}

START_TEST(test_uint)
{
	static const struct span_row rows[] = {
		{ "020100", "00" },
		{ "020101", "01" },
		{ "02017f", "7f" },
		{ "02020080", "80" },
		{ "0202ff00", NULL }, /* negative */
		{ "0202 0100", "0100" },
		{ "020900ffffffffffffffff", "ff*8" },
		{ "0200", NULL },
		{ "020180", NULL },
		{ "0201ff", NULL },
		{ "02020000", NULL },
		{ "0202007f", NULL },
		{ "0203000080", NULL },
		{ "0202ff80", NULL },
		{ "030101", NULL },
		{ "0a0101", NULL },
		{ "0202 01", NULL },
		{ "", NULL },
	};

	expect_spans(rows, LENGTH(rows), der_uint);
}
END_TEST

START_TEST(test_oid)
{
	static const struct span_row rows[] = {
		{ "06032b8122", "2b8122" },
		{ "060100", "00" },
		{ "06017f", "7f" },
		{ "06032a8101", "2a8101" },
		{ "06042a818001", "2a818001" }, /* 80 within an arc is a digit */
		{ "06022a86", NULL },           /* the last arc has no end */
		{ "060180", NULL },
		{ "06032a8001", NULL }, /* a needless leading 80 */
		{ "06028001", NULL },
		{ "06042a01 8001", NULL },
		{ "0600", NULL },
		{ "050100", NULL },
		{ "0602 2a", NULL },
		{ "", NULL },
	};

	expect_spans(rows, LENGTH(rows), der_oid);
}
END_TEST

START_TEST(test_octet_bits)
{
	static const struct span_row rows[] = {
		{ "030100", "" },     { "03020011", "11" }, { "0303001122", "1122" },
		{ "0300", NULL },     { "03020110", NULL }, { "030107", NULL },
		{ "030208ff", NULL }, { "04020011", NULL }, { "0302 00", NULL },
		{ "", NULL },
	};

	expect_spans(rows, LENGTH(rows), der_octet_bits);
}
END_TEST

START_TEST(test_named_bits)
{
	static const struct {
		const char *text;
		bool want;
		uint16_t bits;
	} rows[] = {
		{ "030100", true, 0 },
		{ "03020780", true, 1U << 0 },
		{ "030206c0", true, 1U << 0 | 1U << 1 },
		{ "03020204", true, 1U << 5 },
		{ "03020186", true, 1U << 0 | 1U << 5 | 1U << 6 },
		{ "03020001", true, 1U << 7 },
		{ "030200ff", true, 0xff },
		{ "0303070080", true, 1U << 8 },
		{ "0303000001", true, 1U << 15 },
		{ "030300ffff", true, 0xffff },
		/* trailing zero bits */
		{ "030200c0", false, 0 },
		{ "030205c0", false, 0 },
		{ "03020000", false, 0 },
		{ "03020700", false, 0 },
		{ "0303008000", false, 0 },
		{ "0303078000", false, 0 },
		/* ones that are said to be unused */
		{ "030206c1", false, 0 },
		{ "030206e0", false, 0 },
		{ "030301ffff", false, 0 },
		/* unused bits without a bit; more than seven */
		{ "030101", false, 0 },
		{ "030107", false, 0 },
		{ "03020880", false, 0 },
		{ "0303088000", false, 0 },
		{ "0303080100", false, 0 },
		{ "0302ff80", false, 0 },
		{ "0302ffff", false, 0 },
		/* more than 16 bits, none at all, another type */
		{ "030407000080", false, 0 },
		{ "030a00 11*9", false, 0 },
		{ "0300", false, 0 },
		{ "040206c0", false, 0 },
		{ "0302 06", false, 0 },
		{ "", false, 0 },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint8_t *copy;
		struct span bytes = exact(rows[i].text, &copy);
		struct span cursor = bytes;
		uint16_t bits = 0;

		bool taken = der_named_bits(&cursor, &bits);
		ck_assert_msg(taken == rows[i].want && bits == rows[i].bits, "%s: %d %#x",
			      rows[i].text, taken, (unsigned)bits);
		expect_cursor(rows[i].text, taken, bytes, cursor, 0);
		free(copy);
	}
}
END_TEST

#define REFUSED INT64_MIN

START_TEST(test_time)
{
	static const struct {
		const char *text;
		int64_t want;
	} rows[] = {
		{ "17{'700101000000Z'}", 0 },
		{ "17{'191028132805Z'}", 1572269285 },
		{ "17{'491028142805Z'}", 2519044085 },
		{ "17{'500101000000Z'}", -631152000 }, /* 1950 */
		{ "17{'491231235959Z'}", 2524607999 }, /* 2049 */
		{ "17{'991231235959Z'}", 946684799 },  /* 1999 */
		{ "17{'000101000000Z'}", 946684800 },  /* 2000 */
		{ "17{'240229000000Z'}", 1709164800 },
		{ "18{'20500101000000Z'}", 2524608000 },
		{ "18{'20510101000000Z'}", 2556144000 },
		{ "18{'99991231235959Z'}", 253402300799 },
		{ "18{'24000229000000Z'}", 13574563200 },
		/* the form that belongs to other years */
		{ "18{'20491231235959Z'}", REFUSED },
		{ "18{'19491231235959Z'}", REFUSED },
		{ "18{'19500101000000Z'}", REFUSED },
		{ "18{'00000101000000Z'}", REFUSED },
		{ "18{'500101000000Z'}", REFUSED },
		{ "17{'20500101000000Z'}", REFUSED },
		/* no such day or time */
		{ "17{'260010000000Z'}", REFUSED },
		{ "17{'261310000000Z'}", REFUSED },
		{ "17{'260100000000Z'}", REFUSED },
		{ "17{'260132000000Z'}", REFUSED },
		{ "17{'260229000000Z'}", REFUSED },
		{ "17{'240230000000Z'}", REFUSED },
		{ "18{'21000229000000Z'}", REFUSED },
		{ "17{'260431000000Z'}", REFUSED },
		{ "17{'260101240000Z'}", REFUSED },
		{ "17{'260101006000Z'}", REFUSED },
		{ "17{'260101000060Z'}", REFUSED },
		{ "17{'260101000061Z'}", REFUSED },
		{ "17{'269901000000Z'}", REFUSED },
		/* other ways to write it */
		{ "17{'2601010000Z'}", REFUSED },
		{ "17{'260101000000'}", REFUSED },
		{ "17{'260101000000z'}", REFUSED },
		{ "17{'260101000000Z' 00}", REFUSED },
		{ "17{'260101000000Z0'}", REFUSED },
		{ "17{'260101000000+0000'}", REFUSED },
		{ "17{'260101000000-0100'}", REFUSED },
		{ "18{'20500101000000.0Z'}", REFUSED },
		{ "18{'20500101000000.5Z'}", REFUSED },
		{ "17{'26 101000000Z'}", REFUSED },
		{ "17{'26+101000000Z'}", REFUSED },
		{ "17{'26:101000000Z'}", REFUSED }, /* the character after 9 */
		{ "17{'26/101000000Z'}", REFUSED }, /* the character before 0 */
		{ "17{'2:0101000000Z'}", REFUSED },
		{ "17{'2601010000:0Z'}", REFUSED },
		{ "17{'26010100000:Z'}", REFUSED },
		{ "17{'260101000:00Z'}", REFUSED },
		{ "17{'26010100:000Z'}", REFUSED },
		{ "17{'2601:1000000Z'}", REFUSED },
		{ "18{'2:500101000000Z'}", REFUSED },
		{ "17{'ZZZZZZZZZZZZZ'}", REFUSED },
		{ "1700", REFUSED },
		{ "1800", REFUSED },
		{ "13{'260101000000Z'}", REFUSED },
		{ "37{'260101000000Z'}", REFUSED },
		{ "170d '260101000000'", REFUSED },
		{ "", REFUSED },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint8_t *copy;
		struct span bytes = exact(rows[i].text, &copy);
		struct span cursor = bytes;
		int64_t at = REFUSED;

		bool taken = der_time(&cursor, &at);
		ck_assert_msg(taken == (rows[i].want != REFUSED) && at == rows[i].want, "%s: %lld",
			      rows[i].text, (long long)at);
		expect_cursor(rows[i].text, taken, bytes, cursor, 0);
		free(copy);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("der");

	support_add(suite, "take", test_take);
	support_add(suite, "bool", test_bool);
	support_add(suite, "uint", test_uint);
	support_add(suite, "oid", test_oid);
	support_add(suite, "octet bits", test_octet_bits);
	support_add(suite, "named bits", test_named_bits);
	support_add(suite, "time", test_time);
	return support_main(suite);
}
