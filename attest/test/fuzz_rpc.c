/* Answers of JSON-RPC servers: a byte that chooses the question, then the body. What counts has the right
 * id and no other, what is shown is printable, and bytes that are kept print as the digits they came as. */
#include <stdlib.h>
#include <string.h>

#include "attest/question.h"
#include "verify/basenc.h"
#include "verify/json.h"

#define ID 1

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void check_bytes(const cJSON *result, const struct buf *value)
{
	struct buf again = { 0 };

	const char *text = cJSON_GetStringValue(result);

	buf_text(&again, "0x");
	hex_encode(&again, buf_span(value));
	demand(text != NULL && span_equal(buf_span(&again), span_of_text(text)));
	buf_done(&again);
}

static void check_json(const struct buf *value)
{
	struct json_place place;
	cJSON *tree = NULL;

	demand(json_read(buf_span(value), &tree, &place) == REASON_OK);
	cJSON_Delete(tree);
}

static void check_kept(enum question_kind kind, const struct rpc_answer *from)
{
	struct answer answer = { .kind = ANSWER_NONE };

	question_keep(kind, from, &answer);
	demand(answer.kind != ANSWER_NONE);
	demand((answer.kind == ANSWER_VALUE || answer.kind == ANSWER_REVERTED) ==
	       (answer.reason == REASON_OK));
	demand(answer.kind != ANSWER_REVERTED || kind == QUESTION_CALL);
	if (answer.kind == ANSWER_VALUE && kind != QUESTION_PROOF && kind != QUESTION_LOGS)
		check_bytes(from->result, &answer.value);
	else if (answer.kind == ANSWER_VALUE)
		check_json(&answer.value);
	buf_done(&answer.value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = { data, size };
	struct rpc_answer answer;
	uint64_t choice = 0;

	if (!span_be(&input, 1, &choice))
		return 0;
	rpc_read(input, ID, &answer);
	demand((answer.kind == ANSWER_VALUE) == (answer.result != NULL));
	for (const char *c = answer.trouble; *c != '\0'; c++)
		demand(*c >= ' ' && *c <= '~');
	check_kept((enum question_kind)(choice % (QUESTION_LOGS + 1)), &answer);
	const enum answer_kind kind = answer.kind;
	rpc_answer_done(&answer);
	rpc_read(input, ID + 1, &answer);
	demand(answer.kind == ANSWER_FAILED || kind == ANSWER_FAILED);
	rpc_answer_done(&answer);
	return 0;
}
