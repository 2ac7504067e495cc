#include "verify/onchain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "verify/abi.h"
#include "verify/instant.h"
#include "verify/onchain_judging.h"

void onchain_policy_init(struct onchain_policy *policy)
{
	*policy = (struct onchain_policy){
		.block = BLOCK_FINALIZED,
		.max_block_age_s = -1,
		.min_strength = STRENGTH_AGREED,
	};
}

struct check_set onchain_checks(void)
{
	struct check_set set = { .has = { false } };

	for (size_t i = CHECK_ONCHAIN_CHAIN_ID; i <= CHECK_ONCHAIN_SIGNER; i++)
		set.has[i] = true;
	return set;
}

/* The id that every server must have. A record's is what the saver says: it can refute, not prove. */
static bool judge_chain_id(struct onchain_judging *j)
{
	const struct dossier *dossier = j->dossier;
	const struct dossier_server *trouble = NULL;
	char expected[24];
	char actual[24];
	size_t n = 0;
	size_t n_unknown = 0;

	if (!j->policy->has_chain_id && !dossier->recorded) {
		report_error(j->report, CHECK_ONCHAIN_CHAIN_ID, REASON_NOTHING_EXPECTED, NULL);
		return false;
	}
	for (size_t i = 0; i < dossier->n_servers; i++) {
		const struct dossier_server *server = &dossier->servers[i];

		if (!server->has_chain_id) {
			trouble = trouble == NULL || server->usable ? server : trouble;
			/* what a server of no chain says is of no use */
			n_unknown += server->usable ? 1 : 0;
			continue;
		}
		n++;
		if (!j->policy->has_chain_id || server->chain_id == j->policy->chain_id)
			continue;
		(void)snprintf(expected, sizeof(expected), "%" PRIu64, j->policy->chain_id);
		(void)snprintf(actual, sizeof(actual), "%" PRIu64, server->chain_id);
		report_fail(j->report, CHECK_ONCHAIN_CHAIN_ID, REASON_CHAIN_ID_MISMATCH,
			    "%s serves chain %s, not %s", server->host, actual, expected);
		report_compared(j->report, span_of_text(expected), span_of_text("--chain-id"),
				span_of_text(actual));
		return false;
	}
	if (n == 0 || n_unknown > 0) {
		report_error(j->report, CHECK_ONCHAIN_CHAIN_ID,
			     trouble != NULL && trouble->reason != REASON_OK ?
				     trouble->reason :
				     REASON_QUORUM_NOT_REACHED,
			     trouble != NULL && trouble->trouble[0] != '\0' ? "%s: %s" : NULL,
			     trouble != NULL ? trouble->host : "",
			     trouble != NULL ? trouble->trouble : "");
		return false;
	}
	if (dossier->recorded)
		report_skip(j->report, CHECK_ONCHAIN_CHAIN_ID, REASON_RECORDED,
			    "chain %" PRIu64 ", says the record; a block does not show its chain",
			    dossier->servers[0].chain_id);
	else
		report_pass(j->report, CHECK_ONCHAIN_CHAIN_ID, "chain %" PRIu64 ", %zu server%s",
			    j->policy->chain_id, n, n == 1 ? "" : "s");
	return true;
}

static void block_trouble(struct onchain_judging *j)
{
	const struct onchain_block *block = &j->block;
	const char *host = block->culprit != NULL ? block->culprit : "";

	if (block->reason == REASON_BLOCK_STALE || block->reason == REASON_BLOCK_AHEAD) {
		char time[INSTANT_TEXT_LEN];

		instant_people(block->time_s, time);
		report_error(j->report, CHECK_ONCHAIN_BLOCK, block->reason,
			     "block %" PRIu64 " is of %s, judged with a limit of %" PRId64
			     " s (--max-block-age)",
			     block->number, time, onchain_block_age(j->policy));
		return;
	}
	if (block->reason == REASON_QUORUM_NOT_REACHED) {
		for (size_t i = 0; i < j->dossier->n_servers && *host == '\0'; i++) {
			const struct dossier_server *server = &j->dossier->servers[i];

			if (!server->usable)
				host = server->trouble[0] != '\0' ? server->trouble : server->host;
		}
		report_error(j->report, CHECK_ONCHAIN_BLOCK, block->reason,
			     "%zu of %zu servers gave the block%s%s", block->n_agree,
			     j->dossier->n_servers, *host != '\0' ? ": " : "", host);
		return;
	}
	report_error(j->report, CHECK_ONCHAIN_BLOCK, block->reason, *host != '\0' ? "%s: %s" : NULL,
		     host, reason_sentence(block->reason));
}

static bool judge_block(struct onchain_judging *j)
{
	const struct onchain_block *block = &j->block;
	char hash[ONCHAIN_HEX_LEN];
	char time[INSTANT_TEXT_LEN];

	onchain_agree(j->dossier, j->policy, j->now, &j->block);
	if (block->reason != REASON_OK) {
		block_trouble(j);
		return false;
	}
	onchain_digits(SPAN_OF(block->hash), hash);
	instant_people(block->time_s, time);
	if (j->policy->block == BLOCK_HASH)
		report_pass(j->report, CHECK_ONCHAIN_BLOCK,
			    "block %" PRIu64 " of %s, named by its hash", block->number, time);
	else
		report_pass(j->report, CHECK_ONCHAIN_BLOCK, "block %" PRIu64 " of %s, %zu server%s",
			    block->number, time, block->n_agree,
			    block->n_agree == 1 ? " says so" : "s agree");
	report_member(j->report, "hash", hash);
	return true;
}

/* The hash of a station's code: as proven, else as servers agree. */
static enum reason code_of(const struct station *station, uint8_t ret[static KECCAK_LEN],
			   bool *ret_empty)
{
	const struct proven *proven = &station->proven;
	const struct said *said = &station->code;
	const bool is_said = said->reason == REASON_OK && said->kind == ANSWER_VALUE;

	if (said->reason == REASON_SERVERS_DISAGREE)
		return said->reason;
	if (is_said)
		keccak_256(said->value, ret);
	/* what a record's calls say does not count */
	if (proven->state != PROVING_PROVEN && said->reason == REASON_RECORDED)
		return proven->state == PROVING_INVALID ? proven->reason : REASON_STRENGTH_TOO_LOW;
	if (proven->state != PROVING_PROVEN) {
		*ret_empty = is_said && said->value.len == 0;
		return is_said                   ? REASON_OK :
		       said->reason == REASON_OK ? REASON_ANSWER_MALFORMED :
						   said->reason;
	}
	if (is_said && proven->account.exists &&
	    memcmp(ret, proven->account.code_hash, KECCAK_LEN) != 0)
		return REASON_ANSWER_BELIED;
	*ret_empty = !account_has_code(&proven->account);
	memcpy(ret, proven->account.code_hash, KECCAK_LEN);
	return REASON_OK;
}

/* One contract's code. False: a check was added that is no pass. */
static bool judge_station(struct onchain_judging *j, const struct station *station,
			  const char *name, enum code_pin pin, struct buf *unpinned,
			  uint8_t ret[static KECCAK_LEN])
{
	char address[2 + 2 * DOSSIER_ADDRESS_LEN + 1];
	const bool is_pinned = pin != CODE_PINS && j->policy->has_code_pin[pin];
	bool empty = true;

	if (!station->reached)
		return true;
	onchain_digits(SPAN_OF(station->address), address);
	enum reason reason = code_of(station, ret, &empty);
	if (reason != REASON_OK && reason == station->proven.reason) {
		report_fail(j->report, CHECK_ONCHAIN_CODE, reason,
			    "%s %s: the proof does not hold: %s", name, address,
			    reason_sentence(reason));
		return false;
	}
	if (reason != REASON_OK) {
		report_error(
			j->report, CHECK_ONCHAIN_CODE, reason, "%s %s: %s", name, address,
			reason == REASON_STRENGTH_TOO_LOW ?
				"the record has no proof of it under the block that was named" :
				reason_sentence(reason));
		return false;
	}
	if (empty) {
		report_fail(j->report, CHECK_ONCHAIN_CODE, REASON_NO_CODE,
			    "%s %s has no code: nothing answers there", name, address);
		return false;
	}
	if (is_pinned && memcmp(ret, j->policy->code_pin[pin], KECCAK_LEN) != 0) {
		report_fail(j->report, CHECK_ONCHAIN_CODE, REASON_CODE_HASH_MISMATCH,
			    "the code of the %s %s is not the one that is pinned", name, address);
		onchain_compared(j->report, SPAN_OF(j->policy->code_pin[pin]), "--code-hash",
				 (struct span){ ret, KECCAK_LEN });
		return false;
	}
	if (!is_pinned)
		buf_printf(unpinned, "%s%s", unpinned->len > 0 ? ", " : "", name);
	return true;
}

/* Generations differ in what they answer; asking the wrong one asks about something else. */
static bool judge_probe(struct onchain_judging *j)
{
	const struct said *probe = &j->inquiry.probe;
	const bool must_answer = j->policy->row.probe_must_answer;
	uint8_t word[DOSSIER_WORD_LEN];

	if (!probe->asked || probe->reason == REASON_RECORDED)
		return true;
	if (probe->reason != REASON_OK) {
		report_error(j->report, CHECK_ONCHAIN_CODE, probe->reason,
			     "whether this is %s cannot be told: %s", j->policy->row.name,
			     reason_sentence(probe->reason));
		return false;
	}
	const bool answers =
		probe->kind == ANSWER_VALUE && abi_word(probe->value, word) == REASON_OK;
	if (answers == must_answer)
		return true;
	report_fail(j->report, CHECK_ONCHAIN_CODE, REASON_GENERATION_MISMATCH,
		    "the contract is not %s: it %s what only other generations do",
		    j->policy->row.name, answers ? "answers" : "does not answer");
	return false;
}

/* A code hash is pinned for a contract that the walk did not come to: because it is known not to be
 * there, or because it is not known where. */
static void refuse_pin(struct onchain_judging *j, enum code_pin pin, const char *name)
{
	const struct station *outer = &j->inquiry.outer;
	const bool is_known = outer->proven.state == PROVING_PROVEN ||
			      (pin == CODE_IMPL && outer->proxy_said.asked &&
			       outer->proxy_said.reason == REASON_OK);

	if (is_known || !j->policy->row.has_inner)
		report_fail(j->report, CHECK_ONCHAIN_CODE, REASON_CODE_HASH_MISMATCH,
			    "a code hash is pinned for %s, and there is no such contract", name);
	else
		report_error(j->report, CHECK_ONCHAIN_CODE, REASON_STRENGTH_TOO_LOW,
			     "a code hash is pinned for %s, and where it is cannot be told", name);
}

static bool judge_code(struct onchain_judging *j)
{
	const struct inquiry *inquiry = &j->inquiry;
	const struct {
		const struct station *station;
		const char *name;
		const char *member;
		enum code_pin pin;
	} stations[] = {
		{ &inquiry->outer, "proxy", "code_hash_proxy", CODE_PROXY },
		{ &inquiry->outer_impl, "impl", "code_hash_impl", CODE_IMPL },
		{ &inquiry->inner, "inner", "code_hash_inner", CODE_INNER },
		{ &inquiry->inner_impl, "inner impl", "code_hash_inner_impl", CODE_PINS },
	};
	uint8_t hashes[sizeof(stations) / sizeof(stations[0])][KECCAK_LEN];
	struct buf unpinned = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < sizeof(stations) / sizeof(stations[0]); i++)
		ok = judge_station(j, stations[i].station, stations[i].name, stations[i].pin,
				   &unpinned, hashes[i]);
	/* a pin on what is not there was not kept */
	for (size_t i = 0; ok && i < sizeof(stations) / sizeof(stations[0]); i++) {
		if (stations[i].pin == CODE_PINS || !j->policy->has_code_pin[stations[i].pin] ||
		    stations[i].station->reached)
			continue;
		refuse_pin(j, stations[i].pin, stations[i].name);
		ok = false;
	}
	ok = ok && judge_probe(j);
	if (ok) {
		buf_byte(&unpinned, '\0');
		if (unpinned.failed)
			report_out_of_memory(j->report);
		else if (unpinned.len > 1)
			report_pass(j->report, CHECK_ONCHAIN_CODE, "code hashes not pinned: %s",
				    (const char *)unpinned.at);
		else
			report_pass(j->report, CHECK_ONCHAIN_CODE, "every code hash as pinned");
		for (size_t i = 0; i < sizeof(stations) / sizeof(stations[0]); i++) {
			if (stations[i].station->reached)
				onchain_member(j->report, stations[i].member, SPAN_OF(hashes[i]));
		}
	}
	buf_done(&unpinned);
	return ok;
}

/* The checks behind one that did not pass. */
static void lack(const struct onchain_policy *policy, enum check failed, struct report *report)
{
	for (enum check check = failed + 1; check <= CHECK_ONCHAIN_SIGNER; check++) {
		if (check == CHECK_ONCHAIN_SIGNER && policy->signer == SIGNER_NONE)
			report_skip(report, check, REASON_NOT_REQUESTED, NULL);
		else
			report_needs(report, check, failed);
	}
}

void onchain_refuse(const struct onchain_policy *policy, enum reason reason, bool unreadable,
		    const char *message, struct report *report)
{
	if (unreadable)
		report_error(report, CHECK_ONCHAIN_CHAIN_ID, reason, message != NULL ? "%s" : NULL,
			     message);
	else
		report_fail(report, CHECK_ONCHAIN_CHAIN_ID, reason, message != NULL ? "%s" : NULL,
			    message);
	lack(policy, CHECK_ONCHAIN_CHAIN_ID, report);
}

void onchain_judge(struct dossier *dossier, const struct onchain_policy *policy,
		   const struct onchain_subject *subject, int64_t now, struct report *report)
{
	struct onchain_judging j = { .dossier = dossier,
				     .policy = policy,
				     .subject = subject,
				     .now = now,
				     .report = report };
	static bool (*const steps[])(struct onchain_judging *) = {
		judge_chain_id,         judge_block,         judge_code,
		onchain_judge_pointers, onchain_judge_proof, onchain_judge_registered,
	};
	const size_t n = sizeof(steps) / sizeof(steps[0]);
	enum check check = CHECK_ONCHAIN_CHAIN_ID;
	enum check failed = CHECK_ONCHAIN_CHAIN_ID;

	if (!policy->requested || !subject->has_key) {
		for (; check <= CHECK_ONCHAIN_SIGNER; check++) {
			if (!policy->requested)
				report_skip(report, check, REASON_NOT_REQUESTED, NULL);
			else
				report_needs(report, check, subject->lacks);
		}
		return;
	}
	for (size_t step = 0; step < n; step++, check++) {
		failed = check;
		/* the walk needs a block to stand on */
		if (check == CHECK_ONCHAIN_CODE &&
		    inquiry_walk(dossier, policy, subject, &j.block, &j.inquiry) != REASON_OK) {
			report_error(report, check, REASON_OUT_OF_MEMORY, NULL);
			break;
		}
		if (!steps[step](&j))
			break;
	}
	if (check == CHECK_ONCHAIN_SIGNER) {
		onchain_judge_signer(&j);
		return;
	}
	lack(policy, failed, report);
}

enum reason onchain_plan(struct dossier *dossier, const struct onchain_policy *policy,
			 const struct onchain_subject *subject, const struct onchain_block *block,
			 bool *ret_more)
{
	struct inquiry inquiry;

	enum reason reason = inquiry_walk(dossier, policy, subject, block, &inquiry);
	*ret_more = inquiry.more;
	return reason;
}
