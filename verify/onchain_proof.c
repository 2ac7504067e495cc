/* onchain.pointers and onchain.proof: what storage proofs show under the block. */
#include <string.h>

#include "verify/abi.h"
#include "verify/onchain_judging.h"

/* Where a pointer leads, by each way in which it can be known. */
struct pointer {
	const char *name;
	bool is_proven;
	bool has_proven; /* and it is not empty */
	uint8_t proven[DOSSIER_ADDRESS_LEN];
	bool has_said;
	uint8_t said[DOSSIER_ADDRESS_LEN];
};

static bool pointer_error(const struct onchain_judging *j, const char *name, enum reason reason)
{
	report_error(j->report, CHECK_ONCHAIN_POINTERS, reason, "%s: %s", name,
		     reason_sentence(reason));
	return false;
}

/* Reads what servers say. A record's calls are left out. False: a check was added. */
static bool read_said(struct onchain_judging *j, const struct said *said, struct pointer *pointer)
{
	if (!said->asked || said->reason == REASON_RECORDED)
		return true;
	if (said->reason != REASON_OK)
		return pointer_error(j, pointer->name, said->reason);
	if (said->kind != ANSWER_VALUE)
		return pointer_error(j, pointer->name, REASON_CALL_REVERTED);
	enum reason reason = abi_address(said->value, pointer->said);
	if (reason != REASON_OK)
		return pointer_error(j, pointer->name, reason);
	pointer->has_said = true;
	return true;
}

/* What servers say must be what the storage proves. False: a check was added. */
static bool is_consistent(struct onchain_judging *j, const struct pointer *pointer)
{
	const uint8_t nobody[DOSSIER_ADDRESS_LEN] = { 0 };

	if (!pointer->has_said || !pointer->is_proven)
		return true;
	if (memcmp(pointer->said, pointer->has_proven ? pointer->proven : nobody,
		   DOSSIER_ADDRESS_LEN) == 0)
		return true;
	return pointer_error(j, pointer->name, REASON_SLOT_RULE_MISMATCH);
}

/* The pointer leads where it should. False: a check was added. */
static bool leads_to(struct onchain_judging *j, const struct pointer *pointer,
		     const uint8_t wanted[static DOSSIER_ADDRESS_LEN], const char *source,
		     enum reason otherwise)
{
	const uint8_t nobody[DOSSIER_ADDRESS_LEN] = { 0 };
	const uint8_t *actual = pointer->is_proven ?
					(pointer->has_proven ? pointer->proven : nobody) :
				pointer->has_said ? pointer->said :
						    NULL;

	if (actual == NULL || memcmp(actual, wanted, DOSSIER_ADDRESS_LEN) == 0)
		return true;
	report_fail(j->report, CHECK_ONCHAIN_POINTERS, otherwise, NULL);
	onchain_compared(j->report, (struct span){ wanted, DOSSIER_ADDRESS_LEN }, source,
			 (struct span){ actual, DOSSIER_ADDRESS_LEN });
	return false;
}

/* From the named contract to the one that holds the mapping. */
static bool judge_inner(struct onchain_judging *j, bool *ret_shown)
{
	const struct inquiry *inquiry = &j->inquiry;
	struct pointer pointer = { .name = "the pointer to the inner contract",
				   .is_proven = inquiry->inner_from_proof };

	if (pointer.is_proven) {
		const uint8_t *word = inquiry->outer.proven.slots[inquiry->pointer_slot];

		pointer.has_proven = inquiry_address(word, pointer.proven);
		if (!pointer.has_proven && !span_is_zero((struct span){ word, DOSSIER_WORD_LEN }))
			return pointer_error(j, pointer.name, REASON_SLOT_RULE_MISMATCH);
	}
	if (!read_said(j, &inquiry->inner_pointer, &pointer) || !is_consistent(j, &pointer))
		return false;
	if (inquiry->inner_pinned &&
	    !leads_to(j, &pointer, j->policy->inner, "--inner", REASON_POINTER_MISMATCH))
		return false;
	if (!inquiry->inner.reached || span_is_zero(SPAN_OF(inquiry->inner.address))) {
		report_fail(j->report, CHECK_ONCHAIN_POINTERS, REASON_POINTER_EMPTY, NULL);
		return false;
	}
	*ret_shown = pointer.is_proven || inquiry->inner_pinned;
	return true;
}

/* And back: an inner contract that obeys another one is not this one's. */
static bool judge_back(struct onchain_judging *j, bool *ret_shown)
{
	const struct inquiry *inquiry = &j->inquiry;
	struct pointer pointer = {
		.name = "the pointer back from the inner contract",
		.is_proven =
			inquiry->n_back_slots > 0 && inquiry->inner.proven.state == PROVING_PROVEN,
	};

	if (j->policy->row.back_pointer.selector == 0)
		return true;
	for (size_t i = 0; pointer.is_proven && i < inquiry->n_back_slots; i++) {
		const uint8_t *word = inquiry->inner.proven.slots[inquiry->back_slot + i];

		if (span_is_zero((struct span){ word, DOSSIER_WORD_LEN }))
			continue;
		/* of two places one is in use */
		if (pointer.has_proven || !inquiry_address(word, pointer.proven))
			return pointer_error(j, pointer.name, REASON_SLOT_RULE_MISMATCH);
		pointer.has_proven = true;
	}
	if (!read_said(j, &inquiry->back_pointer, &pointer) || !is_consistent(j, &pointer) ||
	    !leads_to(j, &pointer, j->policy->address, "the address that was named",
		      REASON_BACK_POINTER_MISMATCH))
		return false;
	*ret_shown &= pointer.is_proven || inquiry->inner_pinned;
	return true;
}

/* Whether a contract is a proxy, and what stands behind it. */
static bool judge_proxy(struct onchain_judging *j, const struct station *station, const char *name,
			struct buf *told, bool *ret_shown)
{
	uint8_t word[DOSSIER_WORD_LEN] = { 0 };
	uint8_t behind[DOSSIER_ADDRESS_LEN];
	char hex[ONCHAIN_HEX_LEN];

	if (!station->reached || !station->looked_for_proxy)
		return true;
	if (station->proven.state == PROVING_INVALID) {
		report_fail(j->report, CHECK_ONCHAIN_POINTERS, station->proven.reason,
			    "the proof of %s does not hold: %s", name,
			    reason_sentence(station->proven.reason));
		return false;
	}
	if (station->proven.state == PROVING_PROVEN) {
		memcpy(word, station->proven.slots[0], sizeof(word));
	} else {
		*ret_shown = false;
		if (!station->proxy_said.asked || station->proxy_said.reason == REASON_RECORDED)
			return true;
		if (station->proxy_said.reason != REASON_OK)
			return pointer_error(j, name, station->proxy_said.reason);
		if (station->proxy_said.kind != ANSWER_VALUE ||
		    abi_word(station->proxy_said.value, word) != REASON_OK)
			return pointer_error(j, name, REASON_ANSWER_MALFORMED);
	}
	if (span_is_zero(SPAN_OF(word))) {
		buf_printf(told, "%s%s is no proxy", told->len > 0 ? ", " : "", name);
		return true;
	}
	if (!inquiry_address(word, behind))
		return pointer_error(j, name, REASON_SLOT_RULE_MISMATCH);
	onchain_digits(SPAN_OF(behind), hex);
	buf_printf(told, "%s%s runs %s", told->len > 0 ? ", " : "", name, hex);
	return true;
}

bool onchain_judge_pointers(struct onchain_judging *j)
{
	const struct registry_row *row = &j->policy->row;
	const struct inquiry *inquiry = &j->inquiry;
	struct buf told = { 0 };
	bool inner_shown = true;
	bool shown = true;

	if (row->is_no_proxy) {
		j->pointers_shown = true;
		report_skip(j->report, CHECK_ONCHAIN_POINTERS, REASON_NOT_CARRIED,
			    "the generic registry follows none");
		return true;
	}
	bool ok = judge_proxy(j, &inquiry->outer, "the named contract", &told, &shown) &&
		  (!row->has_inner ||
		   (judge_inner(j, &inner_shown) && judge_back(j, &inner_shown) &&
		    judge_proxy(j, &inquiry->inner, "the inner one", &told, &shown)));
	j->pointers_shown = shown && inner_shown;
	buf_byte(&told, '\0');
	if (told.failed)
		report_out_of_memory(j->report);
	else if (ok && j->pointers_shown)
		report_pass(j->report, CHECK_ONCHAIN_POINTERS, "%s", (const char *)told.at);
	else if (ok)
		report_skip(j->report, CHECK_ONCHAIN_POINTERS, REASON_NOT_CARRIED,
			    "no proof of them was given; as far as calls tell: %s",
			    told.len > 1 ? (const char *)told.at : "nothing");
	if (ok && inquiry->inner.reached)
		onchain_member(j->report, "inner", SPAN_OF(inquiry->inner.address));
	buf_done(&told);
	return ok;
}

bool onchain_judge_proof(struct onchain_judging *j)
{
	const struct inquiry *inquiry = &j->inquiry;
	const struct station *holder = inquiry->holder;
	char hex[ONCHAIN_HEX_LEN];

	if (holder == NULL || inquiry->n_value_slots == 0) {
		report_skip(j->report, CHECK_ONCHAIN_PROOF, REASON_NOT_CARRIED,
			    "where %s keeps its hashes is not known", j->policy->row.name);
		return true;
	}
	switch (holder->proven.state) {
	case PROVING_PROVEN:
		onchain_digits(SPAN_OF(holder->proven.slots[inquiry->value_slot]), hex);
		report_pass(j->report, CHECK_ONCHAIN_PROOF,
			    "the slot is proven under the block's state root");
		report_member(j->report, "value", hex);
		return true;
	case PROVING_INVALID:
		report_fail(j->report, CHECK_ONCHAIN_PROOF, holder->proven.reason, NULL);
		return false;
	case PROVING_REFUSED:
	case PROVING_NONE:
		break;
	}
	report_skip(j->report, CHECK_ONCHAIN_PROOF, REASON_NOT_CARRIED,
		    j->block.has_state_root ?
			    "no server gives a proof of the slot" :
			    "the block header is of a form that is not known, so nothing can be "
			    "proven under it");
	return true;
}
