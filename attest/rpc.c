#include "attest/rpc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "attest/url.h"
#include "verify/basenc.h"
#include "verify/json.h"

#define MESSAGE_MAX 120 /* bytes of a server's words that are kept */
#define SECRET_MIN 6    /* characters of a part of a URL that could be a key, */
#define SECRET_LEN 12   /* and how many of it are looked for */

void rpc_answer_done(struct rpc_answer *answer)
{
	cJSON_Delete(answer->tree);
	buf_done(&answer->data);
	*answer = (struct rpc_answer){ .kind = ANSWER_NONE };
}

void rpc_request(uint32_t id, const char *method, const char *params, struct buf *out)
{
	buf_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu32 ",\"method\":\"%s\",\"params\":%s}",
		   id, method, params);
}

/* How known nodes say it: an error of this code whose message holds these words, in any case. */
struct wording {
	bool any_code;
	int code;
	const char *words;
};

/* The call ran and failed. */
static const struct wording reverts[] = {
	{ .code = 3, .words = "revert" }, /* geth, anvil, reth, erigon, besu */
	{ .code = -32000, .words = "execution reverted" },
	{ .code = -32015, .words = "execution error" }, /* nethermind, openethereum */
	{ .code = -32000, .words = "vm exception while processing transaction" }, /* ganache */
	{ .code = -32000, .words = "out of gas" },
	{ .code = -32000, .words = "invalid opcode" },
	{ .code = -32000, .words = "invalid jump destination" },
	{ .code = -32000, .words = "stack underflow" },
	{ .code = -32003, .words = "out of gas" }, /* reth */
	{ .code = -32603, .words = "evm error " }, /* anvil */
	{ .code = -32603, .words = "out of gas" },
};

/* The node has no such method, or not for a block so far back. */
static const struct wording refusals[] = {
	{ .code = -32601, .words = "" },
	{ .code = -32004, .words = "" },
	{ .any_code = true, .words = "not supported" },
	{ .any_code = true, .words = "unsupported" },
	{ .any_code = true, .words = "proof window" },
	{ .any_code = true, .words = "method not found" },
	{ .any_code = true, .words = "does not exist/is not available" },
	{ .any_code = true, .words = "missing trie node" },
	{ .any_code = true, .words = "historical state" },
	{ .any_code = true, .words = "pruned" },
};

static const struct wording limits[] = {
	{ .code = -32005, .words = "" },
	{ .code = 429, .words = "" },
};

static const struct wording unknown_blocks[] = {
	{ .code = -32001, .words = "" },
	{ .any_code = true, .words = "header not found" },
	{ .any_code = true, .words = "header for hash not found" },
	{ .any_code = true, .words = "unknown block" },
	{ .any_code = true, .words = "block not found" },
	{ .any_code = true, .words = "not currently canonical" },
};

static char lower(char c)
{
	static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char small[] = "abcdefghijklmnopqrstuvwxyz";
	const char *at = c != '\0' ? strchr(capitals, c) : NULL;

	if (at == NULL)
		return c;
	return small[at - capitals];
}

/* `words` are lower-case. */
static bool holds(const char *text, const char *words)
{
	const size_t n = strlen(words);
	const size_t len = strlen(text);

	for (size_t at = 0; at + n <= len; at++) {
		size_t i = 0;
		while (i < n && lower(text[at + i]) == words[i])
			i++;
		if (i == n)
			return true;
	}
	return false;
}

#define SAYS(error, table) says(error, table, sizeof(table) / sizeof((table)[0]))

struct rpc_error {
	int code;
	const char *message;
};

static bool says(const struct rpc_error *error, const struct wording *table, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((table[i].any_code || table[i].code == error->code) &&
		    holds(error->message, table[i].words))
			return true;
	}
	return false;
}

/* False: no memory. */
static bool set_trouble(struct rpc_answer *answer, const struct rpc_error *error)
{
	const struct span words = span_of_text(error->message);
	struct buf text = { 0 };

	buf_printf(&text, "error %d: ", error->code);
	buf_escaped(&text,
		    (struct span){ words.at, words.len < MESSAGE_MAX ? words.len : MESSAGE_MAX });
	const bool ok = !text.failed;
	if (ok)
		(void)snprintf(answer->trouble, sizeof(answer->trouble), "%.*s", (int)text.len,
			       (const char *)text.at);
	buf_done(&text);
	return ok;
}

/* What a revert carries is shown, and decides nothing: what is no hex is left out. False: no memory. */
static bool keep_data(struct rpc_answer *answer, const cJSON *data)
{
	struct span text;
	struct span prefix;
	enum reason reason = REASON_TEXT_ENCODING;

	if (!cJSON_IsString(data))
		return true;
	text = span_of_text(data->valuestring);
	if (span_take(&text, 2, &prefix) && span_equal(prefix, SPAN_LITERAL("0x")))
		reason = hex_decode(text, &answer->data);
	if (reason != REASON_OK)
		buf_done(&answer->data);
	return reason != REASON_OUT_OF_MEMORY;
}

static void read_error(struct rpc_answer *answer, const cJSON *object)
{
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(object, "code");
	const cJSON *message = cJSON_GetObjectItemCaseSensitive(object, "message");

	answer->reason = REASON_RPC_SHAPE;
	if (!cJSON_IsObject(object) || !cJSON_IsNumber(code) || !cJSON_IsString(message) ||
	    (double)code->valueint != code->valuedouble)
		return;
	const struct rpc_error error = { code->valueint, message->valuestring };
	answer->is_error = true;
	if (!set_trouble(answer, &error)) {
		answer->reason = REASON_OUT_OF_MEMORY;
	} else if (SAYS(&error, limits)) {
		answer->reason = REASON_RPC_LIMIT;
	} else if (SAYS(&error, refusals)) {
		answer->kind = ANSWER_REFUSED;
		answer->reason = REASON_RPC_REFUSED;
	} else if (SAYS(&error, unknown_blocks)) {
		answer->reason = REASON_BLOCK_UNKNOWN;
	} else if (SAYS(&error, reverts)) {
		const cJSON *data = cJSON_GetObjectItemCaseSensitive(object, "data");
		const bool kept = keep_data(answer, data);
		answer->kind = kept ? ANSWER_REVERTED : ANSWER_FAILED;
		answer->reason = kept ? REASON_OK : REASON_OUT_OF_MEMORY;
	} else {
		answer->reason = REASON_RPC_ERROR;
	}
}

void rpc_read(struct span body, uint32_t id, struct rpc_answer *ret)
{
	struct json_place place;

	*ret = (struct rpc_answer){ .kind = ANSWER_FAILED };
	ret->reason = json_read(body, &ret->tree, &place);
	if (ret->reason != REASON_OK)
		return;
	const cJSON *version = cJSON_GetObjectItemCaseSensitive(ret->tree, "jsonrpc");
	const cJSON *number = cJSON_GetObjectItemCaseSensitive(ret->tree, "id");
	const cJSON *result = cJSON_GetObjectItemCaseSensitive(ret->tree, "result");
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(ret->tree, "error");
	ret->reason = REASON_RPC_SHAPE;
	if (!cJSON_IsObject(ret->tree) || !cJSON_IsString(version) ||
	    strcmp(version->valuestring, "2.0") != 0 || number == NULL ||
	    (result == NULL) == (error == NULL))
		return;
	if (!cJSON_IsNumber(number) || number->valuedouble != (double)id) {
		ret->reason = REASON_RPC_ID;
		return;
	}
	if (error != NULL) {
		read_error(ret, error);
		return;
	}
	ret->kind = ANSWER_VALUE;
	ret->reason = REASON_OK;
	ret->result = result;
}

/* Servers repeat keys in their errors ("unknown project ..."). */
static bool is_secret(const char *url, const char *text)
{
	struct url parts;
	char word[SECRET_LEN + 1]; /* how a part begins tells enough */
	size_t n = 0;

	if (url_read(span_of_text(url), &parts) != REASON_OK)
		return true;
	for (size_t i = 0; i <= parts.rest.len; i++) {
		char c = '/';

		if (i < parts.rest.len)
			c = (char)parts.rest.at[i];
		if (strchr("/?&=", c) == NULL) {
			if (n < SECRET_LEN)
				word[n++] = lower(c);
			continue;
		}
		word[n] = '\0';
		if (n >= SECRET_MIN && holds(text, word))
			return true;
		n = 0;
	}
	return false;
}

static void fail(struct rpc_answer *answer, enum reason reason, const char *trouble)
{
	*answer = (struct rpc_answer){ .kind = ANSWER_FAILED, .reason = reason };
	(void)snprintf(answer->trouble, sizeof(answer->trouble), "%.*s",
		       (int)sizeof(answer->trouble) - 1, trouble);
}

static int64_t ticks(const struct rpc *rpc)
{
	return rpc->clock->ticks_ms(rpc->clock->context);
}

/* One exchange, repeated by http where it must be. */
static void attempt(struct rpc *rpc, const char *method, const char *params, struct rpc_answer *ret)
{
	struct buf body = { 0 };
	struct http_answer answer = { 0 };
	char status[32];

	rpc_request(++rpc->id, method, params, &body);
	if (body.failed || rpc->left_ms <= 0) {
		fail(ret, body.failed ? REASON_OUT_OF_MEMORY : REASON_HTTP_TIMEOUT, "");
		buf_done(&body);
		return;
	}
	const struct http_request request = {
		.method = "POST",
		.url = rpc->url,
		.content_type = "application/json",
		.accept = "application/json",
		.body = buf_span(&body),
		.has_body = true,
		.body_max = HTTP_BODY_MAX,
		.deadline_ms = ticks(rpc) + rpc->left_ms,
		.retry = true, /* it reads, and changes nothing */
	};
	enum reason reason = http_exchange(rpc->http, &request, &answer);
	if (reason != REASON_OK) {
		fail(ret, reason, answer.trouble);
	} else if (answer.status != 200) {
		(void)snprintf(status, sizeof(status), "status %ld", answer.status);
		fail(ret, REASON_RPC_STATUS, status);
	} else {
		rpc_read(buf_span(&answer.body), rpc->id, ret);
	}
	if (is_secret(rpc->url, ret->trouble))
		(void)snprintf(ret->trouble, sizeof(ret->trouble), "%s",
			       "what it says repeats a part of its URL and is not shown");
	http_answer_done(&answer);
	buf_done(&body);
}

void rpc_ask(struct rpc *rpc, const char *method, const char *params, bool once,
	     struct rpc_answer *ret)
{
	int64_t pause_ms = RPC_PAUSE_MS;

	for (int n = 1;; n++) {
		const int64_t begun = ticks(rpc);
		attempt(rpc, method, params, ret);
		rpc->left_ms -= ticks(rpc) - begun;
		if (ret->reason != REASON_RPC_LIMIT || once || n == RPC_TRIES ||
		    rpc->left_ms <= pause_ms)
			return;
		rpc_answer_done(ret);
		rpc->clock->sleep_ms(rpc->clock->context, pause_ms);
		rpc->left_ms -= pause_ms;
		pause_ms *= 2;
	}
}
