#include "attest/question.h"

#include <string.h>

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define ADDRESS "\"0x0102030405060708090a0b0c0d0e0f1011121314\""
#define WORD_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define WORD_0 "0000000000000000000000000000000000000000000000000000000000000000"
#define BY_HASH \
	"{\"blockHash\":\"0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"," \
	"\"requireCanonical\":true}]"
#define BY_NUMBER "\"0x4d2\"]"

static const struct {
	const char *data;
	const char *method;
	const char *params; /* up to the block */
	enum question_kind kind;
	bool is_logs;
} words[] = {
	{ "00ff", "eth_call", "[{\"to\":" ADDRESS ",\"data\":\"0x00ff\"},", QUESTION_CALL, false },
	{ "", "eth_getCode", "[" ADDRESS ",", QUESTION_CODE, false },
	{ "", "eth_getProof", "[" ADDRESS ",[],", QUESTION_PROOF, false },
	{ WORD_A, "eth_getProof", "[" ADDRESS ",[\"0x" WORD_A "\"],", QUESTION_PROOF, false },
	{ WORD_A WORD_0, "eth_getProof", "[" ADDRESS ",[\"0x" WORD_A "\",\"0x" WORD_0 "\"],",
	  QUESTION_PROOF, false },
	{ WORD_0, "eth_getStorageAt", "[" ADDRESS ",\"0x" WORD_0 "\",", QUESTION_STORAGE, false },
	{ WORD_A WORD_0, "eth_getLogs",
	  "[{\"address\":" ADDRESS ",\"topics\":[\"0x" WORD_A "\",\"0x" WORD_0
	  "\"],\"fromBlock\":\"0x0\",\"toBlock\":\"0x4d2\"}]",
	  QUESTION_LOGS, true },
};

START_TEST(test_words)
{
	struct onchain_block block = { .number = 1234 };

	memset(block.hash, 0xbb, sizeof(block.hash));
	for (size_t i = 0; i < 2 * LENGTH(words); i++) {
		const size_t row = i / 2;
		const bool by_number = i % 2 == 1;
		struct question question = { .kind = words[row].kind };
		struct buf got = { 0 };
		struct buf want = { 0 };

		for (size_t b = 0; b < sizeof(question.address); b++)
			question.address[b] = (uint8_t)(b + 1);
		question.data = support_hex(words[row].data);
		ck_assert_str_eq(question_words(&question, &block, by_number, &got),
				 words[row].method);
		buf_text(&want, words[row].params);
		if (!words[row].is_logs)
			buf_text(&want, by_number ? BY_NUMBER : BY_HASH);
		EXPECT_BYTES(words[row].params, buf_span(&got), buf_span(&want));
		buf_done(&got);
		buf_done(&want);
		buf_done(&question.data);
	}
}
END_TEST

static const struct {
	const char *result;
	const char *value; /* hex of bytes, or JSON as it stands */
	enum question_kind kind;
	enum reason reason; /* REASON_OK: a value */
} kept[] = {
	{ "\"0x\"", "", QUESTION_CALL, REASON_OK },
	{ "\"0x00ff\"", "00ff", QUESTION_CALL, REASON_OK },
	{ "\"0x6000\"", "6000", QUESTION_CODE, REASON_OK },
	{ "\"0x" WORD_A "\"", WORD_A, QUESTION_STORAGE, REASON_OK },
	{ "\"0x0\"", NULL, QUESTION_CALL, REASON_RPC_RESULT },
	{ "\"0X00\"", NULL, QUESTION_CALL, REASON_RPC_RESULT },
	{ "\"0xFF\"", NULL, QUESTION_CALL, REASON_RPC_RESULT },
	{ "\"00\"", NULL, QUESTION_CALL, REASON_RPC_RESULT },
	{ "\"0x0g\"", NULL, QUESTION_CALL, REASON_RPC_RESULT },
	{ "\"\"", NULL, QUESTION_CALL, REASON_RPC_RESULT },
	{ "null", NULL, QUESTION_CALL, REASON_RPC_RESULT },
	{ "1", NULL, QUESTION_CALL, REASON_RPC_RESULT },
	{ "true", NULL, QUESTION_CALL, REASON_RPC_RESULT },
	{ "{}", NULL, QUESTION_CODE, REASON_RPC_RESULT },
	{ "{\"a\": 1}", "{\"a\":1}", QUESTION_PROOF, REASON_OK },
	{ "[]", NULL, QUESTION_PROOF, REASON_RPC_RESULT },
	{ "null", NULL, QUESTION_PROOF, REASON_RPC_RESULT },
	{ "\"0x\"", NULL, QUESTION_PROOF, REASON_RPC_RESULT },
	{ "[{}]", "[{}]", QUESTION_LOGS, REASON_OK },
	{ "{}", NULL, QUESTION_LOGS, REASON_RPC_RESULT },
	{ "null", NULL, QUESTION_LOGS, REASON_RPC_RESULT },
};

START_TEST(test_keep)
{
	for (size_t i = 0; i < LENGTH(kept); i++) {
		struct buf body = { 0 };
		struct rpc_answer from;
		struct answer answer = { .kind = ANSWER_NONE };
		const bool is_json =
			kept[i].kind == QUESTION_PROOF || kept[i].kind == QUESTION_LOGS;

		buf_printf(&body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":%s}", kept[i].result);
		rpc_read(buf_span(&body), 1, &from);
		ck_assert_int_eq(from.kind, ANSWER_VALUE);
		question_keep(kept[i].kind, &from, &answer);
		EXPECT_REASON(kept[i].result, answer.reason, kept[i].reason);
		ck_assert_int_eq(answer.kind,
				 kept[i].reason == REASON_OK ? ANSWER_VALUE : ANSWER_FAILED);
		if (kept[i].value != NULL) {
			struct buf want = { 0 };
			if (is_json)
				buf_text(&want, kept[i].value);
			else
				want = support_hex(kept[i].value);
			EXPECT_BYTES(kept[i].result, buf_span(&answer.value), buf_span(&want));
			buf_done(&want);
		}
		buf_done(&answer.value);
		rpc_answer_done(&from);
		buf_done(&body);
	}
}
END_TEST

/* A revert is the answer of a call; a server that says it of something else has a fault. */
START_TEST(test_revert)
{
	static const char body[] =
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":3,\"message\":"
		"\"execution reverted\",\"data\":\"0x01\"}}";

	for (int kind = QUESTION_CALL; kind <= QUESTION_LOGS; kind++) {
		struct rpc_answer from;
		struct answer answer = { .kind = ANSWER_NONE };

		rpc_read(span_of_text(body), 1, &from);
		question_keep((enum question_kind)kind, &from, &answer);
		ck_assert_int_eq(answer.kind,
				 kind == QUESTION_CALL ? ANSWER_REVERTED : ANSWER_FAILED);
		EXPECT_REASON("revert", answer.reason,
			      kind == QUESTION_CALL ? REASON_OK : REASON_RPC_ERROR);
		ck_assert_uint_eq(answer.value.len, kind == QUESTION_CALL ? 1 : 0);
		buf_done(&answer.value);
		rpc_answer_done(&from);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("question");

	support_add(suite, "words", test_words);
	support_add(suite, "keep", test_keep);
	support_add(suite, "revert", test_revert);
	return support_main(suite);
}
