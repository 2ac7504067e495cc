#include "attest/contract.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/question.h"
#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/ethhex.h"
#include "verify/facts.h"
#include "verify/json.h"

#define ROUNDS_MAX 64 /* of planning and asking; each asks something new */

/* One server on its way. */
struct party {
	struct dossier_server *server;
	struct rpc rpc;
	bool by_number; /* it takes no EIP-1898 objects */
};

struct collecting {
	const struct contract *contract;
	struct dossier *dossier;
	struct onchain_block block;
	struct party parties[DOSSIER_SERVERS_MAX];
	size_t n;
	bool failed; /* memory ran out */
};

/* Keeps what went wrong with a server first. */
static void tell_trouble(struct party *party, enum reason reason, const char *trouble)
{
	struct dossier_server *server = party->server;

	if (server->trouble[0] == '\0')
		(void)snprintf(server->trouble, sizeof(server->trouble), "%s%s%s",
			       reason_sentence(reason), trouble[0] != '\0' ? ": " : "", trouble);
}

/* The server is of no use, and why. */
static void give_up(struct party *party, enum reason reason, const char *trouble)
{
	party->server->usable = false;
	party->server->reason = reason;
	party->server->trouble[0] = '\0';
	tell_trouble(party, reason, trouble);
}

/* --- chain id --- */

static bool ask_chain_id(struct party *party)
{
	struct rpc_answer answer;
	uint8_t number[sizeof(uint64_t)];
	struct span cursor = SPAN_OF(number);

	rpc_ask(&party->rpc, "eth_chainId", "[]", false, &answer);
	if (answer.kind != ANSWER_VALUE)
		give_up(party, answer.kind == ANSWER_REVERTED ? REASON_RPC_ERROR : answer.reason,
			answer.trouble);
	else if (!ethhex_quantity(answer.result, number, sizeof(number)))
		give_up(party, REASON_RPC_RESULT, "eth_chainId");
	else
		party->server->has_chain_id =
			span_be(&cursor, sizeof(number), &party->server->chain_id);
	rpc_answer_done(&answer);
	return party->server->has_chain_id;
}

/* The first of a server's URLs that answers is the one that is used. */
static void meet(struct collecting *c, size_t i)
{
	struct party *party = &c->parties[i];

	for (size_t u = 0; u < c->contract->servers->at[i].n_urls; u++) {
		party->rpc.url = c->contract->servers->at[i].urls[u];
		if (ask_chain_id(party)) {
			party->server->trouble[0] = '\0';
			return;
		}
	}
}

/* --- block --- */

/* Takes over what is needed of a block: the list of transactions would fill a record. */
static enum reason keep_block(struct party *party, cJSON *block)
{
	static const char *const unneeded[] = { "transactions", "withdrawals", "uncles" };
	struct dossier_server *server = party->server;
	char *text = NULL;

	for (size_t i = 0; i < sizeof(unneeded) / sizeof(unneeded[0]); i++)
		cJSON_DeleteItemFromObjectCaseSensitive(block, unneeded[i]);
	enum reason reason = json_print(block, &text);
	if (reason != REASON_OK)
		return reason;
	buf_done(&server->block);
	server->block = (struct buf){ 0 };
	buf_text(&server->block, text);
	free(text);
	return server->block.failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

/* One block, kept; *ret_number is its own. False: the server is of no use. */
static bool ask_block(struct collecting *c, struct party *party, const char *method,
		      const char *params, uint64_t *ret_number)
{
	struct rpc_answer answer;
	uint8_t number[sizeof(uint64_t)];
	struct span cursor = SPAN_OF(number);
	bool ok = false;

	rpc_ask(&party->rpc, method, params, false, &answer);
	const cJSON *at = cJSON_GetObjectItemCaseSensitive(answer.result, "number");
	if (answer.kind != ANSWER_VALUE)
		give_up(party, answer.kind == ANSWER_REVERTED ? REASON_RPC_ERROR : answer.reason,
			answer.trouble);
	else if (cJSON_IsNull(answer.result))
		give_up(party, REASON_BLOCK_UNKNOWN, "");
	else if (!cJSON_IsObject(answer.result) || !ethhex_quantity(at, number, sizeof(number)))
		give_up(party, REASON_RPC_RESULT, method);
	else
		ok = span_be(&cursor, sizeof(number), ret_number);
	if (ok && keep_block(party, cJSON_GetObjectItemCaseSensitive(answer.tree, "result")) !=
			  REASON_OK) {
		c->failed = true;
		ok = false;
	}
	rpc_answer_done(&answer);
	party->server->usable = ok;
	return ok;
}

static void ask_block_at(struct collecting *c, struct party *party, uint64_t number)
{
	char params[64];
	uint64_t given = 0;

	(void)snprintf(params, sizeof(params), "[\"0x%" PRIx64 "\",false]", number);
	(void)ask_block(c, party, "eth_getBlockByNumber", params, &given);
}

static void ask_block_named(struct collecting *c, struct party *party)
{
	struct buf params = { 0 };
	uint64_t number = 0;

	buf_text(&params, "[\"0x");
	hex_encode(&params, SPAN_OF(c->contract->policy->block_hash));
	buf_text(&params, "\",false]");
	char *text = buf_take_text(&params);
	if (text == NULL)
		c->failed = true;
	else
		(void)ask_block(c, party, "eth_getBlockByHash", text, &number);
	free(text);
}

/* The lowest of the blocks that servers give for the tag is one that all of them should have. */
static void ask_block_by_tag(struct collecting *c)
{
	static const char *const params[] = {
		[BLOCK_FINALIZED] = "[\"finalized\",false]",
		[BLOCK_SAFE] = "[\"safe\",false]",
		[BLOCK_LATEST] = "[\"latest\",false]",
	};
	uint64_t lowest = UINT64_MAX;

	for (size_t i = 0; i < c->n; i++) {
		struct party *party = &c->parties[i];
		struct dossier_server *server = party->server;

		if (!server->has_chain_id)
			continue;
		server->has_head = ask_block(c, party, "eth_getBlockByNumber",
					     params[c->contract->policy->block], &server->head);
		if (server->has_head && server->head < lowest)
			lowest = server->head;
	}
	for (size_t i = 0; i < c->n; i++) {
		if (c->parties[i].server->usable && c->parties[i].server->head != lowest)
			ask_block_at(c, &c->parties[i], lowest);
	}
}

static void ask_blocks(struct collecting *c)
{
	if (c->contract->policy->block != BLOCK_NUMBER &&
	    c->contract->policy->block != BLOCK_HASH) {
		ask_block_by_tag(c);
		return;
	}
	for (size_t i = 0; i < c->n; i++) {
		if (!c->parties[i].server->has_chain_id)
			continue;
		if (c->contract->policy->block == BLOCK_NUMBER)
			ask_block_at(c, &c->parties[i], c->contract->policy->block_number);
		else
			ask_block_named(c, &c->parties[i]);
	}
}

/* --- questions at the block --- */

static void send_question(struct collecting *c, struct party *party,
			  const struct question *question, struct rpc_answer *ret)
{
	struct buf words = { 0 };

	const char *method = question_words(question, &c->block, party->by_number, &words);
	char *params = buf_take_text(&words);
	if (params == NULL) {
		c->failed = true;
		*ret = (struct rpc_answer){ .kind = ANSWER_FAILED, .reason = REASON_OUT_OF_MEMORY };
		return;
	}
	/* history is not worth waiting for */
	rpc_ask(&party->rpc, method, params, question->kind == QUESTION_LOGS, ret);
	free(params);
}

static void ask(struct collecting *c, struct party *party, size_t q)
{
	const struct question *question = &c->dossier->questions[q];
	struct answer *ret = &party->server->answers[q];
	struct rpc_answer answer;

	send_question(c, party, question, &answer);
	if (answer.is_error && answer.kind == ANSWER_FAILED && answer.reason == REASON_RPC_ERROR &&
	    !party->by_number && question->kind != QUESTION_LOGS) {
		rpc_answer_done(&answer);
		party->by_number = true;
		send_question(c, party, question, &answer);
		/* an error of another kind: it may well know objects */
		party->by_number = answer.kind == ANSWER_VALUE || answer.kind == ANSWER_REVERTED;
	}
	question_keep(question->kind, &answer, ret);
	c->failed |= ret->reason == REASON_OUT_OF_MEMORY;
	if ((ret->kind == ANSWER_FAILED || ret->kind == ANSWER_REFUSED) &&
	    question->kind != QUESTION_LOGS)
		tell_trouble(party, ret->reason, answer.trouble);
	rpc_answer_done(&answer);
}

/* Asks what is unanswered; of proofs one server after the other until one gives it. */
static bool ask_round(struct collecting *c)
{
	bool asked = false;

	for (size_t q = 0; q < c->dossier->n_questions; q++) {
		for (size_t i = 0; i < c->n && !c->failed; i++) {
			struct party *party = &c->parties[i];
			const struct answer *answer = &party->server->answers[q];

			if (!party->server->usable || answer->kind != ANSWER_NONE)
				continue;
			ask(c, party, q);
			asked = true;
			if (c->dossier->questions[q].kind == QUESTION_PROOF &&
			    answer->kind == ANSWER_VALUE)
				break;
		}
	}
	return asked;
}

/* Whoever answered by number must still have the block there. */
static void look_again(struct collecting *c, struct party *party)
{
	char params[64];
	uint8_t hash[DOSSIER_WORD_LEN];
	struct rpc_answer answer;

	if (!party->by_number)
		return;
	(void)snprintf(params, sizeof(params), "[\"0x%" PRIx64 "\",false]", c->block.number);
	rpc_ask(&party->rpc, "eth_getBlockByNumber", params, false, &answer);
	const cJSON *at = cJSON_GetObjectItemCaseSensitive(answer.result, "hash");
	const bool same = answer.kind == ANSWER_VALUE && cJSON_IsObject(answer.result) &&
			  ethhex_fixed(at, hash, sizeof(hash)) &&
			  memcmp(hash, c->block.hash, sizeof(hash)) == 0;
	rpc_answer_done(&answer);
	for (size_t q = 0; !same && q < c->dossier->n_questions; q++) {
		struct answer *told = &party->server->answers[q];

		told->kind = ANSWER_FAILED;
		told->reason = REASON_BLOCK_MOVED;
		buf_done(&told->value);
		told->value = (struct buf){ 0 };
	}
}

static enum reason ask_all(struct collecting *c, const struct onchain_subject *subject)
{
	bool more = true;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		enum reason reason =
			onchain_plan(c->dossier, c->contract->policy, subject, &c->block, &more);
		if (reason != REASON_OK)
			return reason;
		if (!more || !ask_round(c))
			break;
	}
	for (size_t i = 0; i < c->n; i++)
		look_again(c, &c->parties[i]);
	return c->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

/* A server on another chain: nothing that it says is about this contract. */
static bool is_right_chain(const struct collecting *c)
{
	bool any = false;

	for (size_t i = 0; i < c->n; i++) {
		const struct dossier_server *server = c->parties[i].server;

		if (server->has_chain_id && server->chain_id != c->contract->policy->chain_id)
			return false;
		any |= server->has_chain_id;
	}
	return any;
}

/* What this machine lacks is no server's fault, and must not look like a quorum that was not reached. */
static void own_up(struct collecting *c)
{
	for (size_t i = 0; i < c->n; i++)
		c->failed |= c->parties[i].server->reason == REASON_OUT_OF_MEMORY;
}

static enum reason collect(struct collecting *c, const struct onchain_subject *subject,
			   int64_t *ret_now)
{
	for (size_t i = 0; i < c->n; i++)
		meet(c, i);
	const bool go_on = is_right_chain(c);
	if (go_on)
		ask_blocks(c);
	own_up(c);
	const int64_t now_ms = c->contract->clock_ms();
	if (now_ms < 0)
		return REASON_CLOCK_FAILED;
	*ret_now = now_ms / 1000;
	if (c->failed)
		return REASON_OUT_OF_MEMORY;
	if (!go_on)
		return REASON_OK;
	onchain_agree(c->dossier, c->contract->policy, *ret_now, &c->block);
	if (c->block.reason == REASON_OUT_OF_MEMORY)
		return c->block
			.reason; /* judged later, it might be there, and every answer missing */
	return c->block.reason == REASON_OK ? ask_all(c, subject) : REASON_OK;
}

enum reason contract_collect(const struct contract *contract, const struct onchain_subject *subject,
			     struct dossier *dossier, int64_t *ret_now)
{
	struct collecting c = { .contract = contract,
				.dossier = dossier,
				.n = contract->servers->n };
	enum reason reason = REASON_OK;

	*ret_now = 0;
	for (size_t i = 0; i < c.n; i++) {
		struct party *party = &c.parties[i];
		const char *host = contract->servers->at[i].host;

		party->server = dossier_server(dossier, span_of_text(host));
		party->rpc = (struct rpc){ .http = http_new(&contract->route, &contract->clock),
					   .clock = &contract->clock,
					   .left_ms = contract->timeout_ms };
		if (party->server == NULL || party->rpc.http == NULL)
			reason = REASON_OUT_OF_MEMORY;
	}
	if (reason == REASON_OK)
		reason = collect(&c, subject, ret_now);
	for (size_t i = 0; i < c.n; i++)
		http_free(c.parties[i].rpc.http);
	return reason;
}

enum reason contract_subject(const struct onchain_policy *policy, const struct pcrs *pcrs,
			     struct span public_key, struct onchain_subject *ret)
{
	ret->pcrs = pcrs;
	ret->has_signer =
		policy->signer == SIGNER_ADDRESS ||
		(policy->signer == SIGNER_FROM_DOCUMENT && facts_signer(public_key, ret->signer));
	if (policy->signer == SIGNER_ADDRESS)
		memcpy(ret->signer, policy->signer_address, sizeof(ret->signer));
	enum reason reason = registry_key(policy->row.rule, pcrs, ret->key);
	ret->has_key = reason == REASON_OK;
	return reason;
}

/* The first check that holds judging back: one that did not pass, or pcr.debug where it was waived, as
 * every debug enclave has the same hash. */
static bool is_held_back(const struct report *report, const struct onchain_subject *subject,
			 enum check *ret)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		const enum status status = report_status(report, (enum check)i);

		*ret = (enum check)i;
		if (status == STATUS_FAIL || status == STATUS_ERROR)
			return true;
	}
	*ret = CHECK_PCR_DEBUG;
	return subject->pcrs != NULL && pcrs_is_debug(subject->pcrs);
}

/* One server, for machines. */
static cJSON *server_json(const struct dossier_server *server)
{
	AUTO(cJSON) *object = cJSON_CreateObject();

	if (cJSON_AddStringToObject(object, "host", server->host) == NULL ||
	    cJSON_AddBoolToObject(object, "usable", server->usable) == NULL ||
	    (server->trouble[0] != '\0' ?
		     cJSON_AddStringToObject(object, "trouble", server->trouble) :
		     cJSON_AddNullToObject(object, "trouble")) == NULL)
		return NULL;
	cJSON *done = object;
	object = NULL;
	return done;
}

/* Who was asked, and what went wrong first: a check names one server at most. */
static void tell_servers(const struct dossier *dossier, struct report *report)
{
	AUTO(cJSON) *list = cJSON_CreateArray();
	struct buf lines = { 0 };
	bool ok = list != NULL;

	for (size_t i = 0; i < dossier->n_servers; i++) {
		const struct dossier_server *server = &dossier->servers[i];
		cJSON *one = server_json(server);

		if (!cJSON_AddItemToArray(list, one)) {
			cJSON_Delete(one);
			ok = false;
		}
		if (server->trouble[0] != '\0')
			buf_printf(&lines, "Server %s: %s\n", server->host, server->trouble);
	}
	report_take_member(report, "servers", ok ? list : NULL);
	if (ok)
		list = NULL;
	report_add_lines(report, &lines);
}

void contract_judge(const struct contract *contract, const struct onchain_subject *subject,
		    enum reason subject_reason, struct report *report, struct buf *record)
{
	struct onchain_subject lacking = { .has_key = false };
	int64_t now = 0;

	if (!contract->policy->requested || is_held_back(report, subject, &lacking.lacks)) {
		onchain_judge(NULL, contract->policy, &lacking, 0, report);
		return;
	}
	struct dossier *dossier = dossier_new();
	enum reason reason = subject_reason;
	if (reason == REASON_OK && dossier == NULL)
		reason = REASON_OUT_OF_MEMORY;
	if (reason == REASON_OK)
		reason = contract_collect(contract, subject, dossier, &now);
	if (reason == REASON_OK) {
		onchain_judge(dossier, contract->policy, subject, now, report);
		tell_servers(dossier, report);
		if (record != NULL && dossier_json(dossier, record) != REASON_OK)
			record->failed = true;
	} else {
		report_error(report, CHECK_ONCHAIN_CHAIN_ID, reason, NULL);
		for (size_t i = CHECK_ONCHAIN_BLOCK; i <= CHECK_ONCHAIN_SIGNER; i++)
			report_needs(report, (enum check)i, CHECK_ONCHAIN_CHAIN_ID);
	}
	dossier_free(dossier);
}
