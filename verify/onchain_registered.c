/* onchain.registered and onchain.signer: what the contract says, and how strong that is. */
#include <string.h>

#include "verify/abi.h"
#include "verify/auto.h"
#include "verify/ethhex.h"
#include "verify/json.h"
#include "verify/onchain_judging.h"

#define STRING_HEAD (2 * PCR_LEN + 1) /* how solc stores that a string of 48 bytes lies elsewhere */

enum says { SAYS_NOTHING, SAYS_NO, SAYS_YES };

/* What the call says. REASON_RECORDED leaves SAYS_NOTHING. */
static enum reason said_by_call(const struct onchain_judging *j, enum says *ret)
{
	const struct said *query = &j->inquiry.query;
	uint8_t word[DOSSIER_WORD_LEN];
	struct span strings[3];
	bool yes = false;

	*ret = SAYS_NOTHING;
	if (query->reason == REASON_RECORDED)
		return REASON_OK;
	if (query->reason != REASON_OK)
		return query->reason;
	if (query->kind != ANSWER_VALUE)
		return REASON_CALL_REVERTED;
	enum reason reason = REASON_OK;
	switch (j->policy->row.value) {
	case VALUE_BOOL:
		reason = abi_bool(query->value, &yes);
		break;
	case VALUE_BYTES32:
		reason = abi_word(query->value, word);
		yes = reason == REASON_OK && memcmp(word, j->subject->key, sizeof(word)) == 0;
		break;
	case VALUE_THREE_STRINGS:
		reason = abi_three_strings(query->value, strings);
		if (reason != REASON_OK)
			break;
		yes = true;
		for (unsigned i = 0; i < 3; i++)
			yes = yes && strings[i].len == PCR_LEN &&
			      (j->subject->pcrs == NULL ||
			       span_equal(strings[i], pcrs_get(j->subject->pcrs, i)));
		if (!yes && strings[0].len + strings[1].len + strings[2].len != 0)
			reason = REASON_ANSWER_MALFORMED;
		break;
	}
	*ret = reason != REASON_OK ? SAYS_NOTHING : yes ? SAYS_YES : SAYS_NO;
	return reason;
}

/* What the slot says. REASON_SLOT_RULE_MISMATCH: nothing that this family writes there. */
static enum reason said_by_proof(const struct onchain_judging *j, enum says *ret)
{
	const struct inquiry *inquiry = &j->inquiry;
	uint8_t yes[DOSSIER_WORD_LEN] = { 0 };
	size_t n_yes = 0;
	size_t n_zero = 0;

	*ret = SAYS_NOTHING;
	if (inquiry->holder == NULL || inquiry->n_value_slots == 0 ||
	    inquiry->holder->proven.state != PROVING_PROVEN)
		return REASON_OK;
	if (j->policy->row.value == VALUE_BYTES32)
		memcpy(yes, j->subject->key, sizeof(yes));
	else
		yes[DOSSIER_WORD_LEN - 1] =
			j->policy->row.value == VALUE_BOOL ? 1 : (uint8_t)STRING_HEAD;
	for (size_t i = 0; i < inquiry->n_value_slots; i++) {
		const uint8_t *slot = inquiry->holder->proven.slots[inquiry->value_slot + i];

		n_yes += memcmp(slot, yes, sizeof(yes)) == 0 ? 1 : 0;
		n_zero += span_is_zero((struct span){ slot, DOSSIER_WORD_LEN }) ? 1 : 0;
	}
	if (n_yes == inquiry->n_value_slots)
		*ret = SAYS_YES;
	else if (n_zero == inquiry->n_value_slots || j->policy->row.value == VALUE_BYTES32)
		*ret = SAYS_NO;
	else
		return REASON_SLOT_RULE_MISMATCH;
	return REASON_OK;
}

/* The fewest servers on whose word any answer rests that was used. */
static size_t fewest(const struct onchain_judging *j, const struct said *also)
{
	const struct inquiry *inquiry = &j->inquiry;
	const struct said *const all[] = { &inquiry->outer.code,
					   &inquiry->outer.proxy_said,
					   &inquiry->outer_impl.code,
					   &inquiry->inner.code,
					   &inquiry->inner.proxy_said,
					   &inquiry->inner_impl.code,
					   &inquiry->probe,
					   &inquiry->inner_pointer,
					   &inquiry->back_pointer,
					   &inquiry->query,
					   also };
	size_t n = j->block.n_agree;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i] != NULL && all[i]->asked && all[i]->n < n)
			n = all[i]->n;
	}
	return n;
}

/* `is_proven`: the value itself is; `also`: a further call that it rests on, or NULL. */
static enum strength strength_of(const struct onchain_judging *j, bool is_proven,
				 const struct said *also)
{
	const bool is_trusted = j->block.n_agree >= 2 || j->policy->block == BLOCK_HASH;

	if (is_proven && is_trusted && j->pointers_shown)
		return STRENGTH_PROVED;
	return !j->dossier->recorded && fewest(j, also) >= 2 ? STRENGTH_AGREED : STRENGTH_CLAIMED;
}

static const char *how_to_raise(const struct onchain_judging *j, enum strength strength)
{
	if (j->dossier->recorded)
		return "the record has no proof of it under the block that was named";
	if (strength == STRENGTH_CLAIMED)
		return "one server's word: name another with --rpc, or a block that you trust with "
		       "--block HASH";
	if (j->inquiry.n_value_slots == 0)
		return "servers agree, but where this family keeps its hashes is not known, so "
		       "nothing more can be had";
	if (!j->block.has_state_root)
		return "servers agree, but the block header's form is not known";
	return "servers agree, but none gave a proof of every pointer and of the slot: name one "
	       "with --rpc that answers eth_getProof for this block";
}

/* False: too weak, and the check was added. */
static bool is_strong_enough(struct onchain_judging *j, enum check check, enum strength strength)
{
	/* of a record what is not proved is a stranger's word, which no --min-strength takes */
	const enum strength least =
		j->dossier->recorded ? STRENGTH_PROVED : j->policy->min_strength;

	if (strength >= least)
		return true;
	report_error(j->report, check, REASON_STRENGTH_TOO_LOW, "%s, where %s is asked for: %s",
		     strength_name(strength), strength_name(least), how_to_raise(j, strength));
	report_member(j->report, "strength", strength_name(strength));
	return false;
}

/* An event that set the hash, not one that took it away: where it says which, its second argument is 1. */
static bool is_registration(const cJSON *log)
{
	const cJSON *topics = cJSON_GetObjectItemCaseSensitive(log, "topics");
	const cJSON *flag = cJSON_GetArrayItem(topics, 2);
	uint8_t word[DOSSIER_WORD_LEN];

	if (!cJSON_IsArray(topics) ||
	    cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(log, "removed")))
		return false;
	return flag == NULL ||
	       (ethhex_fixed(flag, word, sizeof(word)) && word[sizeof(word) - 1] == 1);
}

/* The logs name a time when this key was registered. */
static bool was_registered(const struct onchain_judging *j)
{
	AUTO(cJSON) *logs = NULL;
	const cJSON *log = NULL;
	struct json_place place;

	if (!j->inquiry.logs.asked ||
	    json_read(j->inquiry.logs.value, &logs, &place) != REASON_OK || !cJSON_IsArray(logs))
		return false;
	cJSON_ArrayForEach(log, logs)
	{
		if (is_registration(log))
			return true;
	}
	return false;
}

/* The hash of PCR0's hex digits is registered instead. It decides nothing. */
static bool is_text_registered(const struct onchain_judging *j)
{
	const struct said *query = &j->inquiry.text_query;
	bool is_there = false;

	return query->asked && query->reason == REASON_OK && query->kind == ANSWER_VALUE &&
	       abi_bool(query->value, &is_there) == REASON_OK && is_there;
}

/* What is known of a hash that is not this image's; NULL: nothing. */
static const char *what_hash(const struct onchain_judging *j, struct span hash)
{
	const struct span pcr0 =
		j->subject->pcrs != NULL ? pcrs_get(j->subject->pcrs, 0) : (struct span){ 0 };
	const uint8_t zero[PCR_LEN] = { 0 };
	enum enclave_hash_form form = ENCLAVE_HASH_UNKNOWN;

	if (hash.len != KECCAK_LEN ||
	    enclave_hash_recognise(hash.at, pcr0.len == PCR_LEN ? pcr0.at : zero, &form) !=
		    REASON_OK)
		return NULL;
	if (form == ENCLAVE_HASH_NO_VALUE)
		return "the contract names no image: what it holds is empty";
	if (enclave_hash_is_refused(hash.at))
		return "the contract names the hash of an all-zero PCR0, which every debug enclave has";
	if (pcr0.len != PCR_LEN || j->policy->row.rule != HASH_KECCAK_PCR0)
		return NULL;
	switch (form) {
	case ENCLAVE_HASH_OF_TEXT:
		return "registered is the keccak of the hex text of this image's PCR0, not of its "
		       "bytes: `cast keccak` needs 0x before the digits";
	case ENCLAVE_HASH_SHA3:
		return "registered is the SHA3-256 of this image's PCR0, not its Keccak-256";
	case ENCLAVE_HASH_SHA256:
		return "registered is the SHA-256 of this image's PCR0, not its Keccak-256";
	case ENCLAVE_HASH_RIGHT:
	case ENCLAVE_HASH_ZERO_PCR0:
	case ENCLAVE_HASH_NO_VALUE:
	case ENCLAVE_HASH_UNKNOWN:
		break;
	}
	return NULL;
}

/* What stands in a contract that names one image. */
static void judge_other_hash(struct onchain_judging *j)
{
	const struct said *query = &j->inquiry.query;
	const struct station *holder = j->inquiry.holder;
	struct span actual = query->value;

	if (query->reason != REASON_OK && holder != NULL)
		actual = SPAN_OF(holder->proven.slots[j->inquiry.value_slot]);
	const char *what = what_hash(j, actual);
	report_fail(j->report, CHECK_ONCHAIN_REGISTERED, REASON_OTHER_HASH,
		    what != NULL ? "%s" : NULL, what);
	onchain_compared(j->report, SPAN_OF(j->subject->key), "this image", actual);
}

static void judge_absent(struct onchain_judging *j, enum strength strength)
{
	if (j->policy->row.value == VALUE_BYTES32)
		judge_other_hash(j);
	else if (was_registered(j))
		report_fail(j->report, CHECK_ONCHAIN_REGISTERED, REASON_NOT_REGISTERED,
			    "revoked: the hash was registered once, says a server of the "
			    "contract's history, and is not any more");
	else if (is_text_registered(j))
		report_fail(j->report, CHECK_ONCHAIN_REGISTERED, REASON_NOT_REGISTERED,
			    "registered is the keccak of the hex text of PCR0, not of its bytes: "
			    "`cast keccak` needs 0x before the digits");
	else
		report_fail(j->report, CHECK_ONCHAIN_REGISTERED, REASON_NOT_REGISTERED, NULL);
	report_member(j->report, "strength", strength_name(strength));
	onchain_member(j->report, "key", SPAN_OF(j->subject->key));
}

bool onchain_judge_registered(struct onchain_judging *j)
{
	enum says called = SAYS_NOTHING;
	enum says proven = SAYS_NOTHING;

	/* a debug enclave's hash, or that of nothing, is no evidence wherever it stands */
	if (enclave_hash_is_refused(j->subject->key) ||
	    (j->subject->pcrs != NULL && pcrs_is_debug(j->subject->pcrs))) {
		report_fail(j->report, CHECK_ONCHAIN_REGISTERED, REASON_HASH_REFUSED, NULL);
		return false;
	}
	enum reason reason = said_by_call(j, &called);
	if (reason == REASON_OK)
		reason = said_by_proof(j, &proven);
	if (reason == REASON_OK && called != SAYS_NOTHING && proven != SAYS_NOTHING &&
	    called != proven)
		reason = REASON_SLOT_RULE_MISMATCH;
	if (reason == REASON_OK && called == SAYS_NOTHING && proven == SAYS_NOTHING)
		reason = REASON_STRENGTH_TOO_LOW;
	if (reason != REASON_OK) {
		report_error(j->report, CHECK_ONCHAIN_REGISTERED, reason,
			     reason == REASON_STRENGTH_TOO_LOW ? "%s" : NULL,
			     how_to_raise(j, STRENGTH_CLAIMED));
		return false;
	}
	const enum strength strength = strength_of(j, proven != SAYS_NOTHING, NULL);
	if (!is_strong_enough(j, CHECK_ONCHAIN_REGISTERED, strength))
		return false;
	if ((proven != SAYS_NOTHING ? proven : called) == SAYS_NO) {
		judge_absent(j, strength);
		return false;
	}
	if (strength == STRENGTH_PROVED)
		report_pass(j->report, CHECK_ONCHAIN_REGISTERED, "registered: proved");
	else if (strength == STRENGTH_AGREED)
		report_pass(j->report, CHECK_ONCHAIN_REGISTERED,
			    "registered: %zu servers agree, not proved", fewest(j, NULL));
	else
		report_pass(j->report, CHECK_ONCHAIN_REGISTERED, "registered: one server's word");
	report_member(j->report, "strength", strength_name(strength));
	onchain_member(j->report, "key", SPAN_OF(j->subject->key));
	if (strength == STRENGTH_CLAIMED)
		report_weaken(j->report, "one server's word");
	else if (strength == STRENGTH_AGREED)
		report_weaken(j->report, "servers agree on the contract, not proved");
	return true;
}

/* A slot of the contract with the mapping, where it is proven; else NULL. */
static const uint8_t *proven_slot(const struct onchain_judging *j, bool has, size_t index)
{
	const struct station *holder = j->inquiry.holder;

	return has && holder != NULL && holder->proven.state == PROVING_PROVEN ?
		       holder->proven.slots[index] :
		       NULL;
}

/* What is known of the signer, by proof or by word. */
struct signer {
	uint8_t hash[KECCAK_LEN]; /* the one it was registered for */
	bool valid;
	bool is_proven;
	const struct said *said[2]; /* calls that it rests on; NULL where there is none */
};

/* The hash that was recorded for the signer. */
static enum reason read_hash(const struct onchain_judging *j, struct signer *signer)
{
	const struct inquiry *inquiry = &j->inquiry;
	const struct said *said =
		inquiry->signer_hash.asked ? &inquiry->signer_hash : &inquiry->signer_said;
	const uint8_t *slot = proven_slot(j, inquiry->has_signer_slot, inquiry->signer_slot);
	const bool is_said = said->asked && said->reason != REASON_RECORDED;

	if (is_said && said->reason != REASON_OK)
		return said->reason;
	if (is_said && said->kind != ANSWER_VALUE)
		return REASON_CALL_REVERTED;
	enum reason reason = is_said ? abi_word(said->value, signer->hash) : REASON_OK;
	if (reason != REASON_OK)
		return reason;
	if (is_said)
		signer->said[0] = said;
	if (slot == NULL)
		return is_said     ? REASON_OK :
		       said->asked ? REASON_STRENGTH_TOO_LOW :
				     REASON_SIGNER_UNSUPPORTED;
	if (is_said && memcmp(signer->hash, slot, KECCAK_LEN) != 0)
		return REASON_SLOT_RULE_MISMATCH;
	memcpy(signer->hash, slot, KECCAK_LEN);
	signer->is_proven = true;
	return REASON_OK;
}

/* Whether the contract takes the signer now. A family without such a call has no such state. */
static enum reason read_valid(const struct onchain_judging *j, struct signer *signer)
{
	const struct said *said = &j->inquiry.signer_valid;
	const uint8_t *slot =
		proven_slot(j, j->inquiry.has_signer_valid_slot, j->inquiry.signer_valid_slot);
	uint8_t yes[DOSSIER_WORD_LEN] = { [DOSSIER_WORD_LEN - 1] = 1 };

	signer->valid = true;
	if (!said->asked)
		return REASON_OK;
	if (said->reason == REASON_OK) {
		enum reason reason = said->kind == ANSWER_VALUE ?
					     abi_bool(said->value, &signer->valid) :
					     REASON_CALL_REVERTED;
		if (reason != REASON_OK)
			return reason;
		signer->said[1] = said;
	} else if (said->reason != REASON_RECORDED || slot == NULL) {
		return said->reason;
	}
	if (slot == NULL) {
		signer->is_proven = false;
		return REASON_OK;
	}
	/* registered, and for a hash that is: that is what makes it valid */
	const bool is_set = memcmp(slot, yes, sizeof(yes)) == 0;
	if (said->reason == REASON_OK && signer->valid && !is_set)
		return REASON_SLOT_RULE_MISMATCH;
	signer->valid = signer->valid && is_set;
	return REASON_OK;
}

void onchain_judge_signer(struct onchain_judging *j)
{
	struct signer signer = { .valid = false };

	if (j->policy->signer == SIGNER_NONE) {
		report_skip(j->report, CHECK_ONCHAIN_SIGNER, REASON_NOT_REQUESTED, NULL);
		return;
	}
	if (!j->subject->has_signer) {
		report_fail(j->report, CHECK_ONCHAIN_SIGNER, REASON_SIGNER_MISSING, NULL);
		return;
	}
	enum reason reason = read_hash(j, &signer);
	if (reason == REASON_OK)
		reason = read_valid(j, &signer);
	if (reason != REASON_OK) {
		report_error(j->report, CHECK_ONCHAIN_SIGNER, reason, NULL);
		return;
	}
	enum strength strength = strength_of(j, signer.is_proven, signer.said[0]);
	if (!signer.is_proven && signer.said[1] != NULL &&
	    strength_of(j, false, signer.said[1]) < strength)
		strength = STRENGTH_CLAIMED;
	if (!is_strong_enough(j, CHECK_ONCHAIN_SIGNER, strength))
		return;
	if (!signer.valid) {
		report_fail(j->report, CHECK_ONCHAIN_SIGNER, REASON_SIGNER_NOT_VALID, NULL);
	} else if (memcmp(signer.hash, j->subject->key, KECCAK_LEN) != 0) {
		report_fail(j->report, CHECK_ONCHAIN_SIGNER, REASON_SIGNER_OTHER_HASH, NULL);
		onchain_compared(j->report, SPAN_OF(j->subject->key), "this image",
				 SPAN_OF(signer.hash));
	} else {
		report_pass(j->report, CHECK_ONCHAIN_SIGNER, "registered for this very image: %s",
			    strength_name(strength));
	}
	report_member(j->report, "strength", strength_name(strength));
	onchain_member(j->report, "signer", SPAN_OF(j->subject->signer));
}
