/* onchain.json of a bundle:
 *
 *   {"schema": 1,
 *    "servers": [{"host": "a.example", "chain_id": "1", "block": {...}}, ...],
 *    "questions": [{"kind": "call", "address": "0x...", "data": "0x...",
 *                   "answers": [{"server": 0, "value": "0x..."}, ...]}, ...]}
 *
 * Servers that gave no block are left out. `value` of a proof or of logs is the node's JSON as it
 * was; of everything else hex. Answers that were none are left out, and so is code: it would make the
 * record too long, and its hash stands in the account's proof. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/dossier.h"
#include "verify/ethhex.h"
#include "verify/json.h"

#define SCHEMA 1
#define TEXT_NUMBER_LEN 24
#define DATA_MAX ((size_t)DOSSIER_SLOTS_MAX * DOSSIER_WORD_LEN) /* bytes of a question */

static const char *const kind_names[] = {
	[QUESTION_CALL] = "call",       [QUESTION_CODE] = "code", [QUESTION_PROOF] = "proof",
	[QUESTION_STORAGE] = "storage", [QUESTION_LOGS] = "logs",
};
#define KINDS (sizeof(kind_names) / sizeof(kind_names[0]))

/* Where a record is not in form, nothing of it is used. */
struct reading {
	struct dossier *dossier;
	struct dossier_server *servers[DOSSIER_SERVERS_MAX];
	size_t n_servers;
};

static bool is_json(enum question_kind kind)
{
	return kind == QUESTION_PROOF || kind == QUESTION_LOGS;
}

/* Each adds one member; false: out of memory. */
static bool put(cJSON *object, const char *key, cJSON *value)
{
	if (value != NULL && cJSON_AddItemToObject(object, key, value))
		return true;
	cJSON_Delete(value);
	return false;
}

static bool put_hex(cJSON *object, const char *key, struct span bytes)
{
	struct buf text = { 0 };

	buf_text(&text, "0x");
	hex_encode(&text, bytes);
	buf_byte(&text, '\0');
	const bool ok = !text.failed && put(object, key, cJSON_CreateString((const char *)text.at));
	buf_done(&text);
	return ok;
}

static bool put_json(cJSON *object, const char *key, struct span text)
{
	cJSON *tree = NULL;
	struct json_place place;

	return json_read(text, &tree, &place) == REASON_OK && put(object, key, tree);
}

static bool put_server(cJSON *servers, const struct dossier_server *server)
{
	char number[TEXT_NUMBER_LEN];
	cJSON *object = cJSON_CreateObject();

	if (object == NULL || !cJSON_AddItemToArray(servers, object)) {
		cJSON_Delete(object);
		return false;
	}
	(void)snprintf(number, sizeof(number), "%" PRIu64, server->chain_id);
	return put(object, "host", cJSON_CreateString(server->host)) &&
	       put(object, "chain_id", cJSON_CreateString(number)) &&
	       put_json(object, "block", buf_span(&server->block));
}

static bool put_answer(cJSON *answers, enum question_kind kind, int server,
		       const struct answer *answer)
{
	cJSON *object = cJSON_CreateObject();

	if (object == NULL || !cJSON_AddItemToArray(answers, object)) {
		cJSON_Delete(object);
		return false;
	}
	if (!put(object, "server", cJSON_CreateNumber(server)))
		return false;
	if (answer->kind == ANSWER_REVERTED)
		return put_hex(object, "reverted", buf_span(&answer->value));
	return is_json(kind) ? put_json(object, "value", buf_span(&answer->value)) :
			       put_hex(object, "value", buf_span(&answer->value));
}

static bool put_question(cJSON *questions, const struct dossier *dossier, size_t q)
{
	const struct question *question = &dossier->questions[q];
	cJSON *object = cJSON_CreateObject();
	int number = 0;

	if (object == NULL || !cJSON_AddItemToArray(questions, object)) {
		cJSON_Delete(object);
		return false;
	}
	if (!put(object, "kind", cJSON_CreateString(kind_names[question->kind])) ||
	    !put_hex(object, "address", SPAN_OF(question->address)) ||
	    !put_hex(object, "data", buf_span(&question->data)) ||
	    !put(object, "answers", cJSON_CreateArray()))
		return false;
	cJSON *answers = cJSON_GetObjectItemCaseSensitive(object, "answers");
	for (size_t i = 0; i < dossier->n_servers; i++) {
		const struct answer *answer = &dossier->servers[i].answers[q];

		if (!dossier->servers[i].usable)
			continue;
		/* code is long, and its hash stands in the account's proof */
		if (question->kind != QUESTION_CODE &&
		    (answer->kind == ANSWER_VALUE || answer->kind == ANSWER_REVERTED) &&
		    !put_answer(answers, question->kind, number, answer))
			return false;
		number++;
	}
	return true;
}

enum reason dossier_json(const struct dossier *dossier, struct buf *out)
{
	AUTO(cJSON) *root = cJSON_CreateObject();
	char *text = NULL;
	bool ok = root != NULL && put(root, "schema", cJSON_CreateNumber(SCHEMA)) &&
		  put(root, "servers", cJSON_CreateArray()) &&
		  put(root, "questions", cJSON_CreateArray());

	for (size_t i = 0; ok && i < dossier->n_servers; i++)
		ok = !dossier->servers[i].usable ||
		     put_server(cJSON_GetObjectItemCaseSensitive(root, "servers"),
				&dossier->servers[i]);
	for (size_t q = 0; ok && q < dossier->n_questions; q++)
		ok = put_question(cJSON_GetObjectItemCaseSensitive(root, "questions"), dossier, q);
	if (!ok || json_print(root, &text) != REASON_OK)
		return REASON_OUT_OF_MEMORY;
	buf_text(out, text);
	buf_text(out, "\n");
	free(text);
	return out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

/* The text of a tree, as it stood there but for white space. */
static enum reason keep_json(const cJSON *tree, struct buf *ret)
{
	char *text = NULL;

	enum reason reason = json_print(tree, &text);
	if (reason != REASON_OK)
		return reason;
	buf_text(ret, text);
	free(text);
	return ret->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

/* Hex of any length up to a cap, appended. */
static enum reason keep_hex(const cJSON *value, size_t cap, struct buf *ret)
{
	const struct span prefix = SPAN_LITERAL("0x");
	struct span begin;

	if (!cJSON_IsString(value))
		return REASON_ONCHAIN_RECORD;
	struct span text = span_of_text(value->valuestring);
	if (!span_take(&text, prefix.len, &begin) || !span_equal(begin, prefix) ||
	    text.len / 2 > cap)
		return REASON_ONCHAIN_RECORD;
	enum reason reason = hex_decode(text, ret);
	return reason == REASON_TEXT_ENCODING ? REASON_ONCHAIN_RECORD : reason;
}

/* A decimal number without leading zeros. */
static bool read_number(const cJSON *value, uint64_t *ret)
{
	if (!cJSON_IsString(value))
		return false;
	const struct span text = span_of_text(value->valuestring);
	uint64_t number = 0;

	if (text.len == 0 || (text.len > 1 && text.at[0] == '0'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const uint64_t digit = (uint64_t)text.at[i] - '0';

		if (text.at[i] < '0' || text.at[i] > '9' || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*ret = number;
	return true;
}

static enum reason read_server(struct reading *reading, const cJSON *object)
{
	const cJSON *host = cJSON_GetObjectItemCaseSensitive(object, "host");
	const cJSON *block = cJSON_GetObjectItemCaseSensitive(object, "block");
	const size_t before = reading->dossier->n_servers;

	if (!cJSON_IsObject(object) || cJSON_GetArraySize(object) != 3 || !cJSON_IsString(host) ||
	    !cJSON_IsObject(block))
		return REASON_ONCHAIN_RECORD;
	struct dossier_server *server =
		dossier_server(reading->dossier, span_of_text(host->valuestring));
	if (server == NULL || reading->dossier->n_servers == before ||
	    !read_number(cJSON_GetObjectItemCaseSensitive(object, "chain_id"), &server->chain_id))
		return REASON_ONCHAIN_RECORD;
	server->has_chain_id = true;
	server->usable = true;
	reading->servers[reading->n_servers++] = server;
	return keep_json(block, &server->block);
}

static enum reason read_answer(struct reading *reading, enum question_kind kind, size_t q,
			       const cJSON *object)
{
	const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, "server");
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, "value");
	const cJSON *reverted = cJSON_GetObjectItemCaseSensitive(object, "reverted");

	if (!cJSON_IsObject(object) || cJSON_GetArraySize(object) != 2 || !cJSON_IsNumber(number) ||
	    number->valueint < 0 || (size_t)number->valueint >= reading->n_servers ||
	    (double)number->valueint != number->valuedouble ||
	    (value == NULL) == (reverted == NULL))
		return REASON_ONCHAIN_RECORD;
	struct answer *answer = &reading->servers[number->valueint]->answers[q];
	if (answer->kind != ANSWER_NONE)
		return REASON_ONCHAIN_RECORD;
	answer->kind = value != NULL ? ANSWER_VALUE : ANSWER_REVERTED;
	if (value != NULL && is_json(kind))
		return cJSON_IsObject(value) || cJSON_IsArray(value) ?
			       keep_json(value, &answer->value) :
			       REASON_ONCHAIN_RECORD;
	return keep_hex(value != NULL ? value : reverted, DOSSIER_VALUE_MAX, &answer->value);
}

static enum reason read_question(struct reading *reading, const cJSON *object)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(object, "kind");
	const cJSON *answers = cJSON_GetObjectItemCaseSensitive(object, "answers");
	const size_t before = reading->dossier->n_questions;
	uint8_t address[DOSSIER_ADDRESS_LEN];
	struct buf data = { 0 };
	size_t kind = 0;
	size_t q = 0;

	if (!cJSON_IsObject(object) || cJSON_GetArraySize(object) != 4 || !cJSON_IsString(name) ||
	    !cJSON_IsArray(answers) ||
	    !ethhex_address(cJSON_GetObjectItemCaseSensitive(object, "address"), address))
		return REASON_ONCHAIN_RECORD;
	while (kind < KINDS && strcmp(kind_names[kind], name->valuestring) != 0)
		kind++;
	if (kind == KINDS)
		return REASON_ONCHAIN_RECORD;
	enum reason reason =
		keep_hex(cJSON_GetObjectItemCaseSensitive(object, "data"), DATA_MAX, &data);
	if (reason == REASON_OK && (!dossier_ask(reading->dossier, (enum question_kind)kind,
						 address, buf_span(&data), &q) ||
				    reading->dossier->n_questions == before ||
				    reading->dossier->n_questions > DOSSIER_RECORD_QUESTIONS))
		reason = REASON_ONCHAIN_RECORD;
	buf_done(&data);
	const cJSON *answer = NULL;
	cJSON_ArrayForEach(answer, answers)
	{
		if (reason == REASON_OK)
			reason = read_answer(reading, (enum question_kind)kind, q, answer);
	}
	return reason;
}

static enum reason read_all(struct reading *reading, const cJSON *root)
{
	const cJSON *schema = cJSON_GetObjectItemCaseSensitive(root, "schema");
	const cJSON *servers = cJSON_GetObjectItemCaseSensitive(root, "servers");
	const cJSON *questions = cJSON_GetObjectItemCaseSensitive(root, "questions");
	const cJSON *item = NULL;
	enum reason reason = REASON_OK;

	if (!cJSON_IsObject(root) || cJSON_GetArraySize(root) != 3 || !cJSON_IsNumber(schema) ||
	    schema->valuedouble != SCHEMA || !cJSON_IsArray(servers) || !cJSON_IsArray(questions))
		return REASON_ONCHAIN_RECORD;
	cJSON_ArrayForEach(item, servers)
	{
		if (reason == REASON_OK)
			reason = read_server(reading, item);
	}
	cJSON_ArrayForEach(item, questions)
	{
		if (reason == REASON_OK)
			reason = read_question(reading, item);
	}
	return reason;
}

enum reason dossier_read(struct span text, struct dossier **ret)
{
	AUTO(cJSON) *root = NULL;
	struct json_place place;
	struct reading reading = { .dossier = dossier_new() };

	if (reading.dossier == NULL)
		return REASON_OUT_OF_MEMORY;
	reading.dossier->recorded = true;
	enum reason reason = json_read(text, &root, &place);
	if (reason == REASON_OK)
		reason = read_all(&reading, root);
	else if (reason != REASON_OUT_OF_MEMORY)
		reason = REASON_ONCHAIN_RECORD;
	if (reason != REASON_OK) {
		dossier_free(reading.dossier);
		return reason;
	}
	*ret = reading.dossier;
	return REASON_OK;
}
