#include "attest/question.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "verify/basenc.h"
#include "verify/ethhex.h"
#include "verify/json.h"

static void put_hex(struct buf *out, const char *before, struct span bytes, const char *behind)
{
	buf_text(out, before);
	buf_text(out, "\"0x");
	hex_encode(out, bytes);
	buf_byte(out, '"');
	buf_text(out, behind);
}

static void put_block(const struct onchain_block *block, bool by_number, struct buf *out)
{
	if (by_number)
		buf_printf(out, "\"0x%" PRIx64 "\"]", block->number);
	else
		put_hex(out, "{\"blockHash\":", SPAN_OF(block->hash),
			",\"requireCanonical\":true}]");
}

/* Words of 32 bytes, as a list. */
static void put_words(struct span words, struct buf *out)
{
	const char *before = "[";
	struct span word;

	while (span_take(&words, DOSSIER_WORD_LEN, &word)) {
		put_hex(out, before, word, "");
		before = ",";
	}
	buf_text(out, *before == '[' ? "[]" : "]");
}

const char *question_words(const struct question *question, const struct onchain_block *block,
			   bool by_number, struct buf *out)
{
	const struct span address = SPAN_OF(question->address);
	const struct span data = buf_span(&question->data);

	switch (question->kind) {
	case QUESTION_CALL:
		put_hex(out, "[{\"to\":", address, "");
		put_hex(out, ",\"data\":", data, "},");
		put_block(block, by_number, out);
		return "eth_call";
	case QUESTION_CODE:
		put_hex(out, "[", address, ",");
		put_block(block, by_number, out);
		return "eth_getCode";
	case QUESTION_PROOF:
		put_hex(out, "[", address, ",");
		put_words(data, out);
		buf_byte(out, ',');
		put_block(block, by_number, out);
		return "eth_getProof";
	case QUESTION_STORAGE:
		put_hex(out, "[", address, ",");
		put_hex(out, "", data, ",");
		put_block(block, by_number, out);
		return "eth_getStorageAt";
	case QUESTION_LOGS:
		put_hex(out, "[{\"address\":", address, ",\"topics\":");
		put_words(data, out);
		buf_printf(out, ",\"fromBlock\":\"0x0\",\"toBlock\":\"0x%" PRIx64 "\"}]",
			   block->number);
		return "eth_getLogs";
	}
	return "";
}

/* Bytes of any length. */
static enum reason keep_bytes(const cJSON *result, struct buf *ret)
{
	size_t len = 0;

	if (!cJSON_IsString(result))
		return REASON_RPC_RESULT;
	const size_t cap = strlen(result->valuestring) / 2 + 1;
	uint8_t *bytes = malloc(cap);
	if (bytes == NULL)
		return REASON_OUT_OF_MEMORY;
	const bool ok = ethhex_data(result, bytes, cap, &len);
	if (ok)
		buf_add(ret, (struct span){ bytes, len });
	free(bytes);
	if (ret->failed)
		return REASON_OUT_OF_MEMORY;
	return ok ? REASON_OK : REASON_RPC_RESULT;
}

static enum reason keep_json(const cJSON *result, struct buf *ret)
{
	char *text = NULL;

	enum reason reason = json_print(result, &text);
	if (reason != REASON_OK)
		return reason;
	buf_text(ret, text);
	free(text);
	return ret->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

void question_keep(enum question_kind kind, const struct rpc_answer *answer, struct answer *ret)
{
	ret->kind = answer->kind;
	ret->reason = answer->reason;
	if (answer->kind == ANSWER_REVERTED && kind == QUESTION_CALL) {
		buf_add(&ret->value, buf_span(&answer->data));
	} else if (answer->kind == ANSWER_REVERTED) {
		/* nothing else than a call can revert */
		ret->kind = ANSWER_FAILED;
		ret->reason = REASON_RPC_ERROR;
	} else if (answer->kind == ANSWER_VALUE) {
		if (kind != QUESTION_PROOF && kind != QUESTION_LOGS)
			ret->reason = keep_bytes(answer->result, &ret->value);
		else if (kind == QUESTION_LOGS ? cJSON_IsArray(answer->result) :
						 cJSON_IsObject(answer->result))
			ret->reason = keep_json(answer->result, &ret->value);
		else
			ret->reason = REASON_RPC_RESULT;
		if (ret->reason != REASON_OK)
			ret->kind = ANSWER_FAILED;
	}
	if (ret->value.failed) {
		ret->kind = ANSWER_FAILED;
		ret->reason = REASON_OUT_OF_MEMORY;
	}
}
