#include "verify/ethhex.h"

#include <string.h>

#include "verify/test/onchain.h"

#define DIGITS_64 "0000000000000000000000000000000000000000000000000000000000000001"
#define EMPTY_OUT 0x5a

/* Which functions accept it: quantity of 8 bytes, of 32, fixed 2, data up to 3, address, slot. */
START_TEST(test_rows)
{
	static const struct {
		const char *json;
		bool quantity_8, quantity_32, fixed_2, data_3, address, slot;
	} rows[] = {
		{ "\"0x0\"", true, true, false, false, false, true },
		{ "\"0x1\"", true, true, false, false, false, true },
		{ "\"0x10\"", true, true, false, true, false, true },
		{ "\"0x00\"", false, false, false, true, false, true },
		{ "\"0x01\"", false, false, false, true, false, true },
		{ "\"0x0100\"", false, false, true, true, false, true },
		{ "\"0xabcd\"", true, true, true, true, false, true },
		{ "\"0xABCD\"", false, false, false, false, false, false },
		{ "\"0xabcD\"", false, false, false, false, false, false },
		{ "\"0Xabcd\"", false, false, false, false, false, false },
		{ "\"abcd\"", false, false, false, false, false, false },
		{ "\"0xabcg\"", false, false, false, false, false, false },
		{ "\"0xab d\"", false, false, false, false, false, false },
		{ "\" 0xabcd\"", false, false, false, false, false, false },
		{ "\"0xabcd \"", false, false, false, false, false, false },
		{ "\"0x-1\"", false, false, false, false, false, false },
		{ "\"0x+1\"", false, false, false, false, false, false },
		{ "\"0x\"", false, false, false, true, false, false },
		{ "\"0\"", false, false, false, false, false, false },
		{ "\"\"", false, false, false, false, false, false },
		{ "\"0xabc\"", true, true, false, false, false, true },
		{ "\"0xabcdef\"", true, true, false, true, false, true },
		{ "\"0xabcdef01\"", true, true, false, false, false, true },
		{ "\"0xffffffffffffffff\"", true, true, false, false, false, true },
		{ "\"0x10000000000000000\"", false, true, false, false, false, true },
		{ "\"0x" DIGITS_64 "\"", false, false, false, false, false, true },
		{ "\"0x1" DIGITS_64 "\"", false, false, false, false, false, false },
		{ "\"0x0" DIGITS_64 "\"", false, false, false, false, false, false },
		{ "\"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\"", false, false, false, false,
		  true, false },
		{ "\"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed\"", false, true, false, false, true,
		  true },
		{ "\"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae\"", false, true, false, false, false,
		  true },
		{ "\"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed00\"", false, true, false, false,
		  false, true },
		{ "1", false, false, false, false, false, false },
		{ "null", false, false, false, false, false, false },
		{ "true", false, false, false, false, false, false },
		{ "[\"0x1\"]", false, false, false, false, false, false },
		{ "{\"a\":\"0x1\"}", false, false, false, false, false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *row = rows[i].json;
		cJSON *value = onchain_json(span_of_text(row));
		uint8_t out[ETHHEX_WORD_LEN];
		uint8_t untouched[ETHHEX_WORD_LEN];
		size_t len = 77;

		memset(untouched, EMPTY_OUT, sizeof(untouched));
		memset(out, EMPTY_OUT, sizeof(out));
#define EXPECT_TAKEN(call, want) \
	do { \
		ck_assert_msg((call) == (want), "row %s: " #call, row); \
		if (!(want)) \
			EXPECT_BYTES(row, SPAN_OF(out), SPAN_OF(untouched)); \
		memset(out, EMPTY_OUT, sizeof(out)); \
	} while (0)
		EXPECT_TAKEN(ethhex_quantity(value, out, 8), rows[i].quantity_8);
		EXPECT_TAKEN(ethhex_quantity(value, out, 32), rows[i].quantity_32);
		EXPECT_TAKEN(ethhex_quantity(value, out, 33), false);
		EXPECT_TAKEN(ethhex_fixed(value, out, 2), rows[i].fixed_2);
		EXPECT_TAKEN(ethhex_data(value, out, 3, &len), rows[i].data_3);
		ck_assert_msg((len == 77) == !rows[i].data_3, "row %s: length %zu", row, len);
		EXPECT_TAKEN(ethhex_address(value, out), rows[i].address);
		EXPECT_TAKEN(ethhex_slot(value, out), rows[i].slot);
#undef EXPECT_TAKEN
		cJSON_Delete(value);
	}
	uint8_t out[ETHHEX_WORD_LEN];
	size_t len;
	ck_assert(!ethhex_quantity(NULL, out, 8) && !ethhex_fixed(NULL, out, 2));
	ck_assert(!ethhex_data(NULL, out, 2, &len) && !ethhex_address(NULL, out));
	ck_assert(!ethhex_slot(NULL, out));
}
END_TEST

START_TEST(test_values)
{
	static const struct {
		const char *json;
		const char *quantity_8; /* or NULL */
		const char *data;       /* or NULL */
	} rows[] = {
		{ "\"0x0\"", "0000000000000000", NULL },
		{ "\"0xf\"", "000000000000000f", NULL },
		{ "\"0x1f0\"", "00000000000001f0", NULL },
		{ "\"0x0123456789abcdef\"", NULL, "0123456789abcdef" },
		{ "\"0xfedcba9876543210\"", "fedcba9876543210", "fedcba9876543210" },
		{ "\"0x\"", NULL, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cJSON *value = onchain_json(span_of_text(rows[i].json));
		uint8_t out[8];
		size_t len;
		if (rows[i].quantity_8 != NULL) {
			struct buf want = support_hex(rows[i].quantity_8);
			ck_assert(ethhex_quantity(value, out, sizeof(out)));
			EXPECT_BYTES(rows[i].json, SPAN_OF(out), buf_span(&want));
			buf_done(&want);
		}
		if (rows[i].data != NULL) {
			struct buf want = support_hex(rows[i].data);
			ck_assert(ethhex_data(value, out, sizeof(out), &len));
			EXPECT_BYTES(rows[i].json, ((struct span){ out, len }), buf_span(&want));
			buf_done(&want);
		}
		cJSON_Delete(value);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ethhex");

	support_add(suite, "rows", test_rows);
	support_add(suite, "values", test_values);
	return support_main(suite);
}
