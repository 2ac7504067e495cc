#include "verify/rlp.h"

#include <stdlib.h>
#include <string.h>

#include "verify/test/onchain.h"

#define OTHERWISE REASON_TRIE_NODE
#define DEPTH_MAX 256

enum { NAME, REASON, BYTES, COLUMNS };

/* One item and no more, with everything in it, whatever the depth. */
static enum reason read_whole(struct span bytes)
{
	struct span open[DEPTH_MAX] = { bytes };
	size_t depth = 1;
	struct rlp_item item;

	enum reason reason = rlp_next(&bytes, &item);
	if (reason != REASON_OK)
		return reason;
	reason = rlp_end(bytes);
	if (reason != REASON_OK)
		return reason;
	while (depth > 0) {
		struct span *top = &open[depth - 1];
		if (top->len == 0) {
			depth--;
			continue;
		}
		struct span before = *top;
		reason = rlp_next(top, &item);
		if (reason != REASON_OK) {
			ck_assert(top->at == before.at && top->len == before.len);
			return reason;
		}
		ck_assert(item.whole.at == before.at && item.whole.len == before.len - top->len);
		if (item.is_list) {
			ck_assert_uint_lt(depth, DEPTH_MAX);
			open[depth++] = item.content;
		}
	}
	return REASON_OK;
}

static enum reason read_exact(struct span bytes)
{
	uint8_t *exact = support_exact(bytes);
	enum reason reason = read_whole((struct span){ exact, bytes.len });

	free(exact);
	return reason;
}

START_TEST(test_rows)
{
	struct buf file;
	struct span text;
	struct span row[COLUMNS];
	size_t rows = 0;

	onchain_table("rlp", &file, &text);
	for (; support_row(&text, row, COLUMNS); rows++) {
		char *name = support_text(row[NAME]);
		struct buf bytes = onchain_hex(row[BYTES]);
		enum reason want = support_reason(row[REASON]);
		EXPECT_REASON(name, read_exact(buf_span(&bytes)), want);
		/* what is whole is cut short by any byte less, and followed by any byte more */
		for (size_t n = 0; want == REASON_OK && n < bytes.len; n++)
			EXPECT_REASON(name, read_exact((struct span){ bytes.at, n }),
				      REASON_RLP_TRUNCATED);
		buf_byte(&bytes, 0x80);
		if (want == REASON_OK)
			EXPECT_REASON(name, read_exact(buf_span(&bytes)), REASON_RLP_TRAILING);
		buf_done(&bytes);
		free(name);
	}
	ck_assert_uint_ge(rows, 40);
	buf_done(&file);
}
END_TEST

/* What each of the getters makes of the same bytes; OK moves the cursor, nothing else does. */
START_TEST(test_getters)
{
	static const struct {
		const char *bytes;
		enum reason list, fixed_2, number_2;
		uint64_t number;
	} rows[] = {
		{ "80", OTHERWISE, OTHERWISE, REASON_OK, 0 },
		{ "01", OTHERWISE, OTHERWISE, REASON_OK, 1 },
		{ "00", OTHERWISE, OTHERWISE, REASON_RLP_NONCANONICAL, 0 },
		{ "8180", OTHERWISE, OTHERWISE, REASON_OK, 0x80 },
		{ "820100", OTHERWISE, REASON_OK, REASON_OK, 0x100 },
		{ "82ffff", OTHERWISE, REASON_OK, REASON_OK, 0xffff },
		{ "820001", OTHERWISE, REASON_OK, REASON_RLP_NONCANONICAL, 0 },
		{ "820000", OTHERWISE, REASON_OK, REASON_RLP_NONCANONICAL, 0 },
		{ "83010000", OTHERWISE, OTHERWISE, OTHERWISE, 0 },
		{ "83000001", OTHERWISE, OTHERWISE, OTHERWISE, 0 },
		{ "c0", REASON_OK, OTHERWISE, OTHERWISE, 0 },
		{ "c20102", REASON_OK, OTHERWISE, OTHERWISE, 0 },
		{ "", REASON_RLP_TRUNCATED, REASON_RLP_TRUNCATED, REASON_RLP_TRUNCATED, 0 },
		{ "8201", REASON_RLP_TRUNCATED, REASON_RLP_TRUNCATED, REASON_RLP_TRUNCATED, 0 },
		{ "c201", REASON_RLP_TRUNCATED, REASON_RLP_TRUNCATED, REASON_RLP_TRUNCATED, 0 },
		{ "8101", REASON_RLP_NONCANONICAL, REASON_RLP_NONCANONICAL, REASON_RLP_NONCANONICAL,
		  0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name = rows[i].bytes;
		struct buf bytes = support_hex(name);
		uint8_t out[2] = { 0x55, 0x55 };
		struct span list;

		struct span cursor = buf_span(&bytes);
		EXPECT_REASON(name, rlp_list(&cursor, OTHERWISE, &list), rows[i].list);
		ck_assert_uint_eq(cursor.len, rows[i].list == REASON_OK ? 0 : bytes.len);
		cursor = buf_span(&bytes);
		EXPECT_REASON(name, rlp_fixed(&cursor, 2, OTHERWISE, out), rows[i].fixed_2);
		ck_assert_uint_eq(cursor.len, rows[i].fixed_2 == REASON_OK ? 0 : bytes.len);
		if (rows[i].fixed_2 == REASON_OK)
			EXPECT_BYTES(name, SPAN_OF(out), ((struct span){ bytes.at + 1, 2 }));
		memset(out, 0x55, sizeof(out));
		cursor = buf_span(&bytes);
		EXPECT_REASON(name, rlp_number(&cursor, 2, OTHERWISE, out), rows[i].number_2);
		ck_assert_uint_eq(cursor.len, rows[i].number_2 == REASON_OK ? 0 : bytes.len);
		uint64_t want = rows[i].number_2 == REASON_OK ? rows[i].number : 0x5555;
		ck_assert_msg((out[0] << 8 | out[1]) == (int)want, "row %s: number %02x%02x", name,
			      out[0], out[1]);
		buf_done(&bytes);
	}
}
END_TEST

/* Lists of strings of any size, written and read again; one byte of room less is noticed. */
START_TEST(test_writer)
{
	uint8_t string[300];
	uint8_t room[sizeof(string) + RLP_HEAD_MAX + RLP_HEAD_MAX];
	struct span list;
	struct rlp_item item;
	struct rlp_item inner;

	for (size_t i = 0; i < sizeof(string); i++)
		string[i] = (uint8_t)(i * 7 + 1);
	for (size_t n = 0; n <= sizeof(string); n++) {
		struct rlp_out out = rlp_open(room, sizeof(room));
		rlp_put(&out, (struct span){ string, n });
		ck_assert(rlp_close(&out, &list));
		EXPECT_REASON("written", read_exact(list), REASON_OK);
		struct span cursor = list;
		EXPECT_REASON("list", rlp_next(&cursor, &item), REASON_OK);
		ck_assert(item.is_list);
		EXPECT_REASON("string", rlp_next(&item.content, &inner), REASON_OK);
		EXPECT_BYTES("string", inner.content, ((struct span){ string, n }));
		ck_assert(!inner.is_list && item.content.len == 0);

		out = rlp_open(room, RLP_HEAD_MAX + inner.whole.len);
		rlp_put(&out, (struct span){ string, n });
		ck_assert(rlp_close(&out, &list));
		out = rlp_open(room, RLP_HEAD_MAX + inner.whole.len - 1);
		rlp_put(&out, (struct span){ string, n });
		ck_assert(!rlp_close(&out, &list));
		rlp_put(&out, (struct span){ NULL, 0 });
		ck_assert(!rlp_close(&out, &list));
	}
	struct rlp_out out = rlp_open(room, RLP_HEAD_MAX - 1);
	ck_assert(!rlp_close(&out, &list));
	out = rlp_open(room, RLP_HEAD_MAX);
	ck_assert(rlp_close(&out, &list));
	EXPECT_BYTES("empty list", list, SPAN_LITERAL("\xc0"));
}
END_TEST

START_TEST(test_numbers)
{
	static const struct {
		const char *number;
		const char *list;
	} rows[] = {
		{ "", "c180" },
		{ "00", "c180" },
		{ "0000000000000000", "c180" },
		{ "01", "c101" },
		{ "000000000000007f", "c17f" },
		{ "0080", "c28180" },
		{ "00000100", "c3820100" },
		{ "ff00", "c382ff00" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t room[64];
		struct buf number = support_hex(rows[i].number);
		struct buf want = support_hex(rows[i].list);
		struct span list;
		struct rlp_out out = rlp_open(room, sizeof(room));
		rlp_put_number(&out, buf_span(&number));
		ck_assert(rlp_close(&out, &list));
		EXPECT_BYTES(rows[i].list, list, buf_span(&want));
		buf_done(&number);
		buf_done(&want);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rlp");

	support_add(suite, "rows", test_rows);
	support_add(suite, "getters", test_getters);
	support_add(suite, "writer", test_writer);
	support_add(suite, "numbers", test_numbers);
	return support_main(suite);
}
