#include "verify/proof.h"

#include <stdlib.h>
#include <string.h>

#include "verify/block.h"
#include "verify/json.h"
#include "verify/test/onchain.h"

#define SLOTS_MAX 8
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { NAME, REASON, FIELD, ROOT, ADDRESS, SLOTS, ACCOUNT, VALUES, ANSWER, COLUMNS };

/* What was asked, and what came of it. */
struct question {
	uint8_t root[KECCAK_LEN];
	uint8_t address[ETHHEX_ADDRESS_LEN];
	uint8_t slots[SLOTS_MAX][ETHHEX_WORD_LEN];
	size_t n;
};

struct result {
	struct account account;
	uint8_t values[SLOTS_MAX][ETHHEX_WORD_LEN];
	const char *field;
};

static enum reason judge(const cJSON *answer, const struct question *question, struct result *ret)
{
	ret->field = "untouched";
	enum reason reason = proof_account(answer, question->address, question->root, question->n,
					   &ret->account, &ret->field);
	if (reason != REASON_OK)
		return reason;
	ck_assert(ret->field == NULL);
	for (size_t i = 0; i < question->n; i++) {
		reason = proof_slot(answer, i, question->slots[i], &ret->account, ret->values[i],
				    &ret->field);
		if (reason != REASON_OK)
			return reason;
	}
	return REASON_OK;
}

static enum reason reason_of(const cJSON *answer, const struct question *question)
{
	struct result result;

	return judge(answer, question, &result);
}

static void expect_account(const char *row, struct span want, const struct account *account)
{
	uint8_t bytes[8 + 3 * 32];
	struct span cursor = SPAN_OF(bytes);
	struct span part;
	uint64_t nonce;

	if (span_equal(want, SPAN_LITERAL("absent"))) {
		ck_assert_msg(!account->exists && !account_has_code(account), "row %s: exists",
			      row);
		return;
	}
	onchain_fixed(want, bytes, sizeof(bytes));
	ck_assert_msg(account->exists, "row %s: absent", row);
	ck_assert(span_be(&cursor, 8, &nonce) && nonce == account->nonce);
	ck_assert(span_take(&cursor, 32, &part));
	EXPECT_BYTES(row, SPAN_OF(account->balance), part);
	ck_assert(span_take(&cursor, 32, &part));
	EXPECT_BYTES(row, SPAN_OF(account->storage_root), part);
	EXPECT_BYTES(row, SPAN_OF(account->code_hash), cursor);
}

static struct question read_question(const struct span row[COLUMNS])
{
	struct question question = { .n = 0 };
	struct span list = row[SLOTS];
	struct span digits;

	onchain_fixed(row[ROOT], question.root, sizeof(question.root));
	onchain_fixed(row[ADDRESS], question.address, sizeof(question.address));
	while (onchain_next(&list, &digits))
		onchain_fixed(digits, question.slots[question.n++], ETHHEX_WORD_LEN);
	return question;
}

START_TEST(test_rows)
{
	struct buf file;
	struct span text;
	struct span row[COLUMNS];
	size_t rows = 0;

	onchain_table("proof", &file, &text);
	for (; support_row(&text, row, COLUMNS); rows++) {
		char *name = support_text(row[NAME]);
		char *field = support_text(row[FIELD]);
		struct question question = read_question(row);
		cJSON *answer = onchain_json(row[ANSWER]);
		enum reason want = support_reason(row[REASON]);
		struct result result = { .field = NULL };

		EXPECT_REASON(name, judge(answer, &question, &result), want);
		if (want == REASON_OK) {
			struct span values = row[VALUES];
			struct span digits;
			size_t n = 0;
			expect_account(name, row[ACCOUNT], &result.account);
			while (onchain_next(&values, &digits)) {
				uint8_t value[ETHHEX_WORD_LEN];
				onchain_fixed(digits, value, sizeof(value));
				EXPECT_BYTES(name, SPAN_OF(result.values[n]), SPAN_OF(value));
				n++;
			}
			ck_assert_uint_eq(n, question.n);
			question.root[31] ^= 1;
			ck_assert_msg(reason_of(answer, &question) != REASON_OK, "row %s: root",
				      name);
			question.root[31] ^= 1;
			question.address[0] ^= 1;
			EXPECT_REASON(name, reason_of(answer, &question), REASON_PROOF_ADDRESS);
		} else {
			ck_assert_msg(strcmp(result.field != NULL ? result.field : "-", field) == 0,
				      "row %s: field %s, wanted %s", name,
				      result.field != NULL ? result.field : "none", field);
		}
		cJSON_Delete(answer);
		free(field);
		free(name);
	}
	ck_assert_uint_ge(rows, 130);
	buf_done(&file);
}
END_TEST

static char another_digit(char digit)
{
	if (digit == '0')
		return '8';
	if (digit == '8')
		return '0';
	return digit == 'f' ? '1' : 'f';
}

/* Every digit of the text: each is part of the question, of a node, or of what must equal what is proven. */
static void refuse_changes(const char *name, const cJSON *answer, const struct question *question)
{
	struct json_place place;
	char *text = NULL;
	size_t changed = 0;

	EXPECT_REASON(name, json_print(answer, &text), REASON_OK);
	size_t len = strlen(text);
	bool in_hex = false;
	for (size_t at = 3, n = 0; at < len; at++) {
		if (text[at - 2] == '0' && text[at - 1] == 'x' && text[at - 3] == '"')
			in_hex = true;
		if (text[at] == '"')
			in_hex = false;
		if (!in_hex || n++ % support_thin(211) != 0)
			continue;
		char held = text[at];
		cJSON *tree = NULL;
		text[at] = another_digit(held);
		EXPECT_REASON(name, json_read((struct span){ (uint8_t *)text, len }, &tree, &place),
			      REASON_OK);
		ck_assert_msg(reason_of(tree, question) != REASON_OK,
			      "%s: accepted with %c for %c at %zu", name, text[at], held, at);
		cJSON_Delete(tree);
		text[at] = held;
		changed++;
	}
	ck_assert_uint_ge(changed, support_is_slow() ? 5 : 1000);
	free(text);
}

/* The state root of a recorded block. */
static bool recorded_root(const char *name, uint8_t ret[static KECCAK_LEN])
{
	cJSON *tree = NULL;
	const cJSON *result = NULL;
	struct block block;
	const char *field;

	if (!onchain_recorded("proof/recorded", name, &tree, &result))
		return false;
	EXPECT_REASON(name, block_read(result, &block, &field), REASON_OK);
	memcpy(ret, block.state_root, KECCAK_LEN);
	cJSON_Delete(tree);
	return true;
}

/* The question as it was sent. */
static struct question recorded_question(const cJSON *tree)
{
	struct question question = { .n = 0 };
	const cJSON *request = cJSON_GetObjectItemCaseSensitive(tree, "request");
	const cJSON *params = cJSON_GetObjectItemCaseSensitive(request, "params");
	const cJSON *slot;

	ck_assert(ethhex_address(cJSON_GetArrayItem(params, 0), question.address));
	cJSON_ArrayForEach(slot, cJSON_GetArrayItem(params, 1))
	{
		ck_assert_uint_lt(question.n, SLOTS_MAX);
		ck_assert(ethhex_slot(slot, question.slots[question.n++]));
	}
	return question;
}

START_TEST(test_recorded)
{
	static const struct {
		const char *name;
		const char *block; /* NULL: of no recorded block */
		bool exists;
		const char *values[4]; /* the last digits */
	} rows[] = {
		{ "63-getProof-proxy.json",
		  "08-block-finalized.json",
		  true,
		  { "bb3f0512", "dbb714f1", "34fb0fc9", "ffb92266" } },
		{ "64-getProof-nitro.json",
		  "08-block-finalized.json",
		  true,
		  { "00000001", "3c7fa6e0", "3e30d465" } },
		{ "65-getProof-nitro-absent.json",
		  "08-block-finalized.json",
		  true,
		  { "00000000" } },
		{ "66-getProof-noaccount.json", "08-block-finalized.json", false, { NULL } },
		{ "67-getProof-by-hash.json", "12-block-by-hash.json", true, { "00000001" } },
		{ "72-revoked-getProof.json", NULL, true, { "00000000" } },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *name = rows[i].name;
		cJSON *tree = NULL;
		const cJSON *answer = NULL;
		struct result result;
		if (!onchain_recorded("proof/recorded", name, &tree, &answer))
			return;
		struct question question = recorded_question(tree);
		if (rows[i].block != NULL) {
			ck_assert(recorded_root(rows[i].block, question.root));
		} else { /* the hash of its first node */
			const cJSON *nodes =
				cJSON_GetObjectItemCaseSensitive(answer, "accountProof");
			const char *text = cJSON_GetArrayItem(nodes, 0)->valuestring;
			struct buf node = onchain_hex(span_of_text(text + 2));
			keccak_256(buf_span(&node), question.root);
			buf_done(&node);
		}
		EXPECT_REASON(name, judge(answer, &question, &result), REASON_OK);
		ck_assert(result.account.exists == rows[i].exists);
		ck_assert(account_has_code(&result.account) == rows[i].exists);
		for (size_t j = 0; j < question.n; j++) {
			struct buf want = support_hex(rows[i].values[j]);
			EXPECT_BYTES(name, ((struct span){ result.values[j] + 28, 4 }),
				     buf_span(&want));
			buf_done(&want);
		}
		refuse_changes(name, answer, &question);
		cJSON_Delete(tree);
	}
}
END_TEST

/* An account of each fork, under the block that was recorded with it. */
START_TEST(test_recorded_forks)
{
	static const char *const names[] = { "headers/london.json", "headers/shanghai.json",
					     "headers/cancun.json", "headers/prague.json" };

	for (size_t i = 0; i < LENGTH(names); i++) {
		cJSON *tree = NULL;
		const cJSON *none = NULL;
		struct question question = { .n = 0 };
		struct result result;
		struct block block;
		const char *field;
		if (!onchain_recorded("proof/recorded forks", names[i], &tree, &none))
			return;
		const cJSON *header = cJSON_GetObjectItemCaseSensitive(tree, "block");
		const cJSON *answer = cJSON_GetObjectItemCaseSensitive(tree, "proof");
		EXPECT_REASON(names[i], block_read(header, &block, &field), REASON_OK);
		memcpy(question.root, block.state_root, KECCAK_LEN);
		ck_assert(ethhex_address(cJSON_GetObjectItemCaseSensitive(answer, "address"),
					 question.address));
		EXPECT_REASON(names[i], judge(answer, &question, &result), REASON_OK);
		ck_assert(result.account.exists && result.account.nonce == 1);
		ck_assert(!account_has_code(&result.account));
		refuse_changes(names[i], answer, &question);
		cJSON_Delete(tree);
	}
}
END_TEST

START_TEST(test_index)
{
	cJSON *answer = onchain_json(SPAN_LITERAL("{\"storageProof\":[]}"));
	struct account account = { .exists = true };
	uint8_t slot[ETHHEX_WORD_LEN] = { 0 };
	uint8_t value[ETHHEX_WORD_LEN];
	const char *field;

	EXPECT_REASON("no such index", proof_slot(answer, 0, slot, &account, value, &field),
		      REASON_PROOF_SLOT);
	EXPECT_REASON("huge", proof_slot(answer, SIZE_MAX, slot, &account, value, &field),
		      REASON_PROOF_SLOT);
	EXPECT_REASON("nothing", proof_slot(NULL, 0, slot, &account, value, &field),
		      REASON_PROOF_SHAPE);
	cJSON_Delete(answer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proof");

	support_add(suite, "rows", test_rows);
	support_add(suite, "recorded", test_recorded);
	support_add(suite, "recorded forks", test_recorded_forks);
	support_add(suite, "index", test_index);
	return support_main(suite);
}
