#include "attest/rpc.h"

#include <stdlib.h>
#include <string.h>

#include "attest/test/servers.h"
#include "test/support.h"
#include "verify/json.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define ID 7
#define HEAD "{\"jsonrpc\":\"2.0\",\"id\":7,"
#define ERROR(code, message) HEAD "\"error\":{\"code\":" code ",\"message\":\"" message "\"}}"

static const struct {
	const char *body;
	enum answer_kind kind;
	enum reason reason;
} rows[] = {
	{ HEAD "\"result\":\"0x\"}", ANSWER_VALUE, REASON_OK },
	{ HEAD "\"result\":null}", ANSWER_VALUE, REASON_OK },
	{ " {\"result\":[],\"id\":7,\"jsonrpc\":\"2.0\"}\n", ANSWER_VALUE, REASON_OK },
	{ HEAD "\"result\":1,\"more\":{}}", ANSWER_VALUE, REASON_OK },
	{ HEAD "\"result\":1,\"RESULT\":2,\"ERROR\":{}}", ANSWER_VALUE, REASON_OK },

	/* no JSON */
	{ "", ANSWER_FAILED, REASON_JSON_MALFORMED },
	{ "<html>", ANSWER_FAILED, REASON_JSON_MALFORMED },
	{ HEAD "\"result\":\"0x\"} x", ANSWER_FAILED, REASON_JSON_TRAILING },
	{ HEAD "\"result\":1,\"result\":1}", ANSWER_FAILED, REASON_JSON_DUPLICATE_KEY },
	{ HEAD "\"result\":1,\"id\":7}", ANSWER_FAILED, REASON_JSON_DUPLICATE_KEY },
	{ HEAD "\"result\":\"\\u0000\"}", ANSWER_FAILED, REASON_JSON_BAD_STRING },
	{ HEAD "\"result\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}", ANSWER_FAILED,
	  REASON_JSON_TOO_DEEP },

	/* no answer */
	{ "1", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ "null", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ "[" HEAD "\"result\":1}]", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ "{}", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ "{\"id\":7,\"result\":1}", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ "{\"jsonrpc\":\"1.0\",\"id\":7,\"result\":1}", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ "{\"jsonrpc\":2.0,\"id\":7,\"result\":1}", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ "{\"JSONRPC\":\"2.0\",\"id\":7,\"result\":1}", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ "{\"jsonrpc\":\"2.0\",\"result\":1}", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ "{\"jsonrpc\":\"2.0\",\"id\":7}", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ HEAD "\"result\":1,\"error\":null}", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ HEAD "\"result\":null,\"error\":{\"code\":3,\"message\":\"execution reverted\"}}",
	  ANSWER_FAILED, REASON_RPC_SHAPE },
	{ HEAD "\"error\":null}", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ HEAD "\"error\":\"no\"}", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ HEAD "\"error\":{}}", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ HEAD "\"error\":{\"code\":3}}", ANSWER_FAILED, REASON_RPC_SHAPE },
	{ HEAD "\"error\":{\"code\":\"3\",\"message\":\"execution reverted\"}}", ANSWER_FAILED,
	  REASON_RPC_SHAPE },
	{ HEAD "\"error\":{\"code\":3.5,\"message\":\"execution reverted\"}}", ANSWER_FAILED,
	  REASON_RPC_SHAPE },
	{ HEAD "\"error\":{\"code\":3e10,\"message\":\"execution reverted\"}}", ANSWER_FAILED,
	  REASON_RPC_SHAPE },

	/* another's */
	{ "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":1}", ANSWER_FAILED, REASON_RPC_ID },
	{ "{\"jsonrpc\":\"2.0\",\"id\":\"7\",\"result\":1}", ANSWER_FAILED, REASON_RPC_ID },
	{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":1}", ANSWER_FAILED, REASON_RPC_ID },
	{ "{\"jsonrpc\":\"2.0\",\"id\":7.5,\"result\":1}", ANSWER_FAILED, REASON_RPC_ID },
	{ "{\"jsonrpc\":\"2.0\",\"id\":[7],\"result\":1}", ANSWER_FAILED, REASON_RPC_ID },
	{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"Invalid "
	  "request\"}}",
	  ANSWER_FAILED, REASON_RPC_ID },

	/* the contract's doing, in the words of several nodes */
	{ ERROR("3", "execution reverted"), ANSWER_REVERTED, REASON_OK },
	{ ERROR("3", "execution reverted: no such thing"), ANSWER_REVERTED, REASON_OK },
	{ ERROR("-32000", "execution reverted"), ANSWER_REVERTED, REASON_OK },
	{ ERROR("-32000", "VM Exception while processing transaction: revert"), ANSWER_REVERTED,
	  REASON_OK },
	{ ERROR("-32000", "out of gas"), ANSWER_REVERTED, REASON_OK },
	{ ERROR("-32000", "invalid opcode: INVALID"), ANSWER_REVERTED, REASON_OK },
	{ ERROR("-32000", "invalid jump destination"), ANSWER_REVERTED, REASON_OK },
	{ ERROR("-32000", "stack underflow (0 <=> 1)"), ANSWER_REVERTED, REASON_OK },
	{ ERROR("-32003", "out of gas: not enough gas"), ANSWER_REVERTED, REASON_OK },
	{ ERROR("-32015", "VM execution error."), ANSWER_REVERTED, REASON_OK },
	{ ERROR("-32603", "EVM error OutOfGas"), ANSWER_REVERTED, REASON_OK },
	{ ERROR("-32603", "Out of gas"), ANSWER_REVERTED, REASON_OK },

	/* and what is not surely the contract's */
	{ ERROR("3", "as told"), ANSWER_FAILED, REASON_RPC_ERROR },
	{ ERROR("-32000", "as told"), ANSWER_FAILED, REASON_RPC_ERROR },
	{ ERROR("-32000", ""), ANSWER_FAILED, REASON_RPC_ERROR },
	{ ERROR("-32603", "Internal error"), ANSWER_FAILED, REASON_RPC_ERROR },
	{ ERROR("-32602", "execution reverted"), ANSWER_FAILED, REASON_RPC_ERROR },
	{ ERROR("-32600", "Invalid request"), ANSWER_FAILED, REASON_RPC_ERROR },
	{ ERROR("-32700", "Cannot wrap a \\\"object\\\" as a json-rpc type"), ANSWER_FAILED,
	  REASON_RPC_ERROR },
	{ ERROR("-32005", "limit exceeded"), ANSWER_FAILED, REASON_RPC_LIMIT },
	{ ERROR("-32005", "execution reverted"), ANSWER_FAILED, REASON_RPC_LIMIT },
	{ ERROR("429", "Too many requests"), ANSWER_FAILED, REASON_RPC_LIMIT },
	{ ERROR("-32001", "Resource not found"), ANSWER_FAILED, REASON_BLOCK_UNKNOWN },
	{ ERROR("-32000", "header not found"), ANSWER_FAILED, REASON_BLOCK_UNKNOWN },
	{ ERROR("-32000", "header for hash not found"), ANSWER_FAILED, REASON_BLOCK_UNKNOWN },
	{ ERROR("-32000", "hash is not currently canonical"), ANSWER_FAILED, REASON_BLOCK_UNKNOWN },
	{ ERROR("-39001", "Unknown block"), ANSWER_FAILED, REASON_BLOCK_UNKNOWN },
	{ ERROR("-32000", "Block not found"), ANSWER_FAILED, REASON_BLOCK_UNKNOWN },
	{ ERROR("-32601", "anything"), ANSWER_REFUSED, REASON_RPC_REFUSED },
	{ ERROR("-32004", "anything"), ANSWER_REFUSED, REASON_RPC_REFUSED },
	{ ERROR("-32600", "Method not supported"), ANSWER_REFUSED, REASON_RPC_REFUSED },
	{ ERROR("-32602", "distance to target block exceeds maximum proof window"), ANSWER_REFUSED,
	  REASON_RPC_REFUSED },
	{ ERROR("-32000", "the method eth_getProof does not exist/is not available"),
	  ANSWER_REFUSED, REASON_RPC_REFUSED },
	{ ERROR("-32000", "missing trie node 00ff"), ANSWER_REFUSED, REASON_RPC_REFUSED },
	{ ERROR("-32000", "required historical state unavailable"), ANSWER_REFUSED,
	  REASON_RPC_REFUSED },
	{ ERROR("4444", "pruned history"), ANSWER_REFUSED, REASON_RPC_REFUSED },
};

START_TEST(test_answers)
{
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct rpc_answer answer;

		rpc_read(span_of_text(rows[i].body), ID, &answer);
		EXPECT_REASON(rows[i].body, answer.reason, rows[i].reason);
		ck_assert_msg(answer.kind == rows[i].kind, "%s: kind %d", rows[i].body,
			      (int)answer.kind);
		ck_assert((answer.result != NULL) == (answer.kind == ANSWER_VALUE));
		rpc_answer_done(&answer);
		/* whoever sent another id gets none of it */
		rpc_read(span_of_text(rows[i].body), ID + 2, &answer);
		ck_assert_int_eq(answer.kind, ANSWER_FAILED);
		rpc_answer_done(&answer);
	}
}
END_TEST

/* Every beginning of an answer is none. */
START_TEST(test_cut)
{
	const struct span whole = span_of_text(HEAD "\"result\":\"0x00\"}");

	for (size_t len = 0; len < whole.len; len++) {
		struct rpc_answer answer;

		rpc_read((struct span){ whole.at, len }, ID, &answer);
		ck_assert_int_eq(answer.kind, ANSWER_FAILED);
		rpc_answer_done(&answer);
	}
}
END_TEST

static const struct {
	const char *body;
	const char *data; /* hex */
	const char *trouble;
} shown[] = {
	{ HEAD "\"error\":{\"code\":3,\"message\":\"execution reverted\",\"data\":\"0x00ff\"}}",
	  "00ff", "error 3: execution reverted" },
	{ HEAD "\"error\":{\"code\":3,\"message\":\"execution reverted\",\"data\":{\"a\":1}}}", "",
	  "error 3: execution reverted" },
	{ HEAD "\"error\":{\"code\":3,\"message\":\"execution reverted\",\"data\":\"0x0\"}}", "",
	  "error 3: execution reverted" },
	{ HEAD "\"error\":{\"code\":3,\"message\":\"execution reverted\",\"data\":\"00\"}}", "",
	  "error 3: execution reverted" },
	{ ERROR("-1", "\\u001b[2J\\u202e\\n"), "", "error -1: \\x1b[2J\\xe2\\x80\\xae\\x0a" },
};

START_TEST(test_shown)
{
	for (size_t i = 0; i < LENGTH(shown); i++) {
		struct rpc_answer answer;
		struct buf data = support_hex(shown[i].data);

		rpc_read(span_of_text(shown[i].body), ID, &answer);
		EXPECT_BYTES(shown[i].body, buf_span(&answer.data), buf_span(&data));
		ck_assert_str_eq(answer.trouble, shown[i].trouble);
		rpc_answer_done(&answer);
		buf_done(&data);
	}
}
END_TEST

START_TEST(test_request)
{
	struct buf out = { 0 };
	static const char want[] =
		"{\"jsonrpc\":\"2.0\",\"id\":4294967295,\"method\":\"eth_chainId\","
		"\"params\":[]}";

	rpc_request(UINT32_MAX, "eth_chainId", "[]", &out);
	EXPECT_BYTES("request", buf_span(&out), span_of_text(want));
	buf_done(&out);
}
END_TEST

/* What a node really answered. */
static const struct {
	const char *name;
	enum answer_kind kind;
	enum reason reason;
} recorded[] = {
	{ "01-chainId", ANSWER_VALUE, REASON_OK },
	{ "11-block-missing", ANSWER_VALUE, REASON_OK },
	{ "14-getCode-eoa", ANSWER_VALUE, REASON_OK },
	{ "20-call-teeType-1", ANSWER_REVERTED, REASON_OK },
	{ "21-call-wrong-selector", ANSWER_REVERTED, REASON_OK },
	{ "27-call-short-calldata", ANSWER_REVERTED, REASON_OK },
	{ "33-odd-OddLong", ANSWER_VALUE, REASON_OK },
	{ "35-odd-OddRevertStr", ANSWER_REVERTED, REASON_OK },
	{ "36-odd-OddPanic", ANSWER_REVERTED, REASON_OK },
	{ "37-odd-OddRevertEmpty", ANSWER_REVERTED, REASON_OK },
	{ "39-odd-OddLoop", ANSWER_REVERTED, REASON_OK },
	{ "40-err-custom", ANSWER_REVERTED, REASON_OK },
	{ "42-err-bad-method", ANSWER_REFUSED, REASON_RPC_REFUSED },
	{ "43-err-bad-params", ANSWER_FAILED, REASON_RPC_ERROR },
	{ "44-err-unknown-blockhash", ANSWER_FAILED, REASON_BLOCK_UNKNOWN },
	{ "67-getProof-by-hash", ANSWER_VALUE, REASON_OK },
};

START_TEST(test_recorded)
{
	for (size_t i = 0; i < LENGTH(recorded); i++) {
		struct buf path = { 0 };
		struct buf file = { 0 };
		struct json_place place;
		struct rpc_answer answer;
		cJSON *tree = NULL;
		char *text = NULL;

		buf_printf(&path, "onchain/captures/%s.json", recorded[i].name);
		char *name = buf_take_text(&path);
		ck_assert_ptr_nonnull(name);
		const bool has = support_shared("rpc/recorded", name, &file);
		free(name);
		if (!has)
			return;
		EXPECT_REASON(recorded[i].name, json_read(buf_span(&file), &tree, &place),
			      REASON_OK);
		const cJSON *response = cJSON_GetObjectItemCaseSensitive(tree, "response");
		const cJSON *id = cJSON_GetObjectItemCaseSensitive(response, "id");
		ck_assert(cJSON_IsNumber(id));
		EXPECT_REASON(recorded[i].name, json_print(response, &text), REASON_OK);
		rpc_read(span_of_text(text), (uint32_t)id->valueint, &answer);
		EXPECT_REASON(recorded[i].name, answer.reason, recorded[i].reason);
		ck_assert_int_eq(answer.kind, recorded[i].kind);
		rpc_answer_done(&answer);
		free(text);
		cJSON_Delete(tree);
		buf_done(&file);
	}
}
END_TEST

static int64_t no_time(void *context)
{
	(void)context;
	return 0;
}

/* Nothing is sent when the time is over. */
START_TEST(test_no_time_left)
{
	const struct http_clock clock = { .ticks_ms = no_time };
	struct rpc rpc = { .clock = &clock, .url = "https://rpc.example/", .left_ms = 0 };
	struct rpc_answer answer;

	rpc_ask(&rpc, "eth_chainId", "[]", false, &answer);
	EXPECT_REASON("no time", answer.reason, REASON_HTTP_TIMEOUT);
	ck_assert_int_eq(answer.kind, ANSWER_FAILED);
	rpc_answer_done(&answer);
}
END_TEST

/* Over HTTP, as far as this room decides: what http.h refuses is handed on. */
static const struct {
	const char *path;
	enum reason want;
	const char *trouble; /* how it begins */
} asked[] = {
	{ "/404", REASON_RPC_STATUS, "status 404" }, { "/500", REASON_RPC_STATUS, "status 500" },
	{ "/204", REASON_RPC_STATUS, "status 204" }, { "/ok", REASON_JSON_MALFORMED, "" },
	{ "/302", REASON_HTTP_REDIRECT, "" },        { "/cut", REASON_HTTP_CUT_SHORT, "" },
	{ "/endless", REASON_HTTP_TOO_LARGE, "" },   { "/stall", REASON_HTTP_TIMEOUT, "" },
};

START_TEST(test_asked)
{
	servers_start();
	for (size_t i = 0; i < LENGTH(asked); i++) {
		struct fetch fetch = fetch_of("http", "localhost", "plain", asked[i].path);
		struct rpc rpc = { .http = http_new(&fetch.route, &servers_clock),
				   .clock = &servers_clock,
				   .url = fetch.url,
				   .left_ms = asked[i].want == REASON_HTTP_TIMEOUT ? 500 : 5000 };
		struct rpc_answer answer;

		ck_assert_ptr_nonnull(rpc.http);
		rpc_ask(&rpc, "eth_chainId", "[]", false, &answer);
		EXPECT_REASON(asked[i].path, answer.reason, asked[i].want);
		ck_assert_int_eq(answer.kind, ANSWER_FAILED);
		ck_assert_msg(strncmp(answer.trouble, asked[i].trouble, strlen(asked[i].trouble)) ==
				      0,
			      "%s: %s", asked[i].path, answer.trouble);
		rpc_answer_done(&answer);
		http_free(rpc.http);
	}
	servers_stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rpc");

	support_add(suite, "answers", test_answers);
	support_add(suite, "cut", test_cut);
	support_add(suite, "shown", test_shown);
	support_add(suite, "request", test_request);
	support_add(suite, "recorded", test_recorded);
	support_add(suite, "no time left", test_no_time_left);
	support_add(suite, "asked", test_asked);
	return support_main(suite);
}
