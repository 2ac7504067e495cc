#include "verify/block.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/ethhex.h"
#include "verify/test/onchain.h"

enum { NAME, REASON, FIELD, ANSWER, COLUMNS };

static const char *const header_fields[] = {
	"parentHash",       "sha3Uncles",   "miner",         "stateRoot",
	"transactionsRoot", "receiptsRoot", "logsBloom",     "difficulty",
	"number",           "gasLimit",     "gasUsed",       "timestamp",
	"extraData",        "mixHash",      "nonce",         "baseFeePerGas",
	"withdrawalsRoot",  "blobGasUsed",  "excessBlobGas", "parentBeaconBlockRoot",
	"requestsHash",     "hash",
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static enum reason reason_of(const cJSON *object)
{
	struct block block;
	const char *field;

	return block_read(object, &block, &field);
}

static char another_digit(char digit)
{
	if (digit == '0')
		return '1';
	return digit == 'a' || digit == 'A' ? '9' : '0';
}

/* Every digit of the header and of its hash changed: another hash, or a number with a leading zero. */
static void refuse_changes(const char *row, const cJSON *object)
{
	for (size_t i = 0; i < LENGTH(header_fields); i++) {
		const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, header_fields[i]);
		if (!cJSON_IsString(value))
			continue;
		char *text = value->valuestring;
		size_t step = strlen(text) > 128 ? 61 : support_thin(13);
		for (size_t at = 2; at < strlen(text); at += step) {
			char held = text[at];
			text[at] = another_digit(held);
			enum reason reason = reason_of(object);
			ck_assert_msg(reason == REASON_BLOCK_HASH || reason == REASON_BLOCK_FIELD ||
					      reason == REASON_BLOCK_FORM,
				      "%s: %s with digit %zu changed: %s", row, header_fields[i],
				      at, reason_name(reason));
			text[at] = held;
		}
	}
	EXPECT_REASON(row, reason_of(object), REASON_OK);
}

/* What is given out is what stands in the fields. */
static void expect_fields(const char *row, const cJSON *object, const struct block *block)
{
	uint8_t bytes[KECCAK_LEN];
	char number[32];

	ck_assert(ethhex_fixed(cJSON_GetObjectItemCaseSensitive(object, "hash"), bytes,
			       sizeof(bytes)));
	EXPECT_BYTES(row, SPAN_OF(block->hash), SPAN_OF(bytes));
	ck_assert(ethhex_fixed(cJSON_GetObjectItemCaseSensitive(object, "parentHash"), bytes,
			       sizeof(bytes)));
	EXPECT_BYTES(row, SPAN_OF(block->parent_hash), SPAN_OF(bytes));
	ck_assert(ethhex_fixed(cJSON_GetObjectItemCaseSensitive(object, "stateRoot"), bytes,
			       sizeof(bytes)));
	EXPECT_BYTES(row, SPAN_OF(block->state_root), SPAN_OF(bytes));
	(void)snprintf(number, sizeof(number), "0x%llx", (unsigned long long)block->number);
	ck_assert_str_eq(number, cJSON_GetObjectItemCaseSensitive(object, "number")->valuestring);
	(void)snprintf(number, sizeof(number), "0x%llx", (unsigned long long)block->timestamp);
	ck_assert_str_eq(number,
			 cJSON_GetObjectItemCaseSensitive(object, "timestamp")->valuestring);
}

START_TEST(test_rows)
{
	struct buf file;
	struct span text;
	struct span row[COLUMNS];
	size_t rows = 0;

	onchain_table("block", &file, &text);
	for (; support_row(&text, row, COLUMNS); rows++) {
		char *name = support_text(row[NAME]);
		char *want_field = support_text(row[FIELD]);
		cJSON *object = onchain_json(row[ANSWER]);
		enum reason want = support_reason(row[REASON]);
		struct block block;
		struct block untouched;
		const char *field = "untouched";

		memset(&block, 0x5a, sizeof(block));
		untouched = block;
		EXPECT_REASON(name, block_read(object, &block, &field), want);
		ck_assert_msg(strcmp(field != NULL ? field : "-", want_field) == 0,
			      "row %s: field %s, wanted %s", name, field != NULL ? field : "none",
			      want_field);
		if (want == REASON_OK) {
			expect_fields(name, object, &block);
			refuse_changes(name, object);
		} else {
			ck_assert(memcmp(&block, &untouched, sizeof(block)) == 0);
		}
		cJSON_Delete(object);
		free(want_field);
		free(name);
	}
	ck_assert_uint_ge(rows, 70);
	buf_done(&file);
}
END_TEST

/* What a real node of each fork gave. */
START_TEST(test_recorded)
{
	static const char *const names[] = {
		"06-block-latest.json",   "07-block-safe.json",    "08-block-finalized.json",
		"09-block-earliest.json", "12-block-by-hash.json", "headers/london.json",
		"headers/shanghai.json",  "headers/cancun.json",   "headers/prague.json",
	};

	for (size_t i = 0; i < LENGTH(names); i++) {
		cJSON *tree = NULL;
		const cJSON *result = NULL;
		struct block block;
		const char *field;
		if (!onchain_recorded("block/recorded", names[i], &tree, &result))
			return;
		if (result == NULL)
			result = cJSON_GetObjectItemCaseSensitive(tree, "block");
		EXPECT_REASON(names[i], block_read(result, &block, &field), REASON_OK);
		expect_fields(names[i], result, &block);
		refuse_changes(names[i], result);
		cJSON_Delete(tree);
	}
}
END_TEST

START_TEST(test_recorded_none)
{
	cJSON *tree = NULL;
	const cJSON *result = NULL;

	if (!onchain_recorded("block/recorded none", "11-block-missing.json", &tree, &result))
		return;
	EXPECT_REASON("null", reason_of(result), REASON_BLOCK_SHAPE);
	EXPECT_REASON("nothing", reason_of(NULL), REASON_BLOCK_SHAPE);
	cJSON_Delete(tree);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("block");

	support_add(suite, "rows", test_rows);
	support_add(suite, "recorded", test_recorded);
	support_add(suite, "recorded none", test_recorded_none);
	return support_main(suite);
}
