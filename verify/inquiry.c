#include "verify/inquiry.h"

#include <string.h>

#include "verify/abi.h"
#include "verify/auto.h"
#include "verify/json.h"

/* keccak256("eip1967.proxy.implementation") - 1 */
const uint8_t inquiry_proxy_slot[DOSSIER_WORD_LEN] = {
	0x36, 0x08, 0x94, 0xa1, 0x3b, 0xa1, 0xa3, 0x21, 0x06, 0x67, 0xc8,
	0x28, 0x49, 0x2d, 0xb9, 0x8d, 0xca, 0x3e, 0x20, 0x76, 0xcc, 0x37,
	0x35, 0xa9, 0x20, 0xa3, 0xca, 0x50, 0x5d, 0x38, 0x2b, 0xbc,
};

struct walker {
	struct dossier *dossier;
	const struct onchain_policy *policy;
	const struct onchain_subject *subject;
	const struct onchain_block *block;
	struct inquiry *inquiry;
	uint8_t signer_slot[DOSSIER_WORD_LEN];
	bool failed; /* memory ran out */
};

/* The slots of one question, in order. */
struct slots {
	size_t n;
	uint8_t at[DOSSIER_SLOTS_MAX][DOSSIER_WORD_LEN];
};

static size_t add_slot(struct slots *slots, const uint8_t slot[static DOSSIER_WORD_LEN])
{
	memcpy(slots->at[slots->n], slot, DOSSIER_WORD_LEN);
	return slots->n++;
}

bool inquiry_address(const uint8_t word[static DOSSIER_WORD_LEN],
		     uint8_t ret[static DOSSIER_ADDRESS_LEN])
{
	const size_t above = DOSSIER_WORD_LEN - DOSSIER_ADDRESS_LEN;

	if (!span_is_zero((struct span){ word, above }) ||
	    span_is_zero((struct span){ word + above, DOSSIER_ADDRESS_LEN }))
		return false;
	memcpy(ret, word + above, DOSSIER_ADDRESS_LEN);
	return true;
}

/* Adds one server's answer to what is said. False: it says something else than those before. */
static bool hear(struct said *said, const struct answer *answer)
{
	if (said->n == 0) {
		said->kind = answer->kind;
		said->value = buf_span(&answer->value);
	} else if (answer->kind != said->kind ||
		   /* what a revert carries is for display */
		   (answer->kind == ANSWER_VALUE &&
		    !span_equal(said->value, buf_span(&answer->value)))) {
		return false;
	}
	said->n++;
	return true;
}

/* What the servers say, where all that answer must say the same. */
static struct said consult(struct walker *w, enum question_kind kind,
			   const uint8_t address[static DOSSIER_ADDRESS_LEN], struct span data)
{
	const struct dossier *dossier = w->dossier;
	const size_t quorum = w->policy->quorum != 0 ? w->policy->quorum : dossier->n_servers;
	struct said said = { .asked = true };
	enum reason trouble = REASON_QUORUM_NOT_REACHED;
	size_t q = 0;

	if (!dossier_ask(w->dossier, kind, address, data, &q)) {
		w->failed = true;
		said.reason = REASON_OUT_OF_MEMORY;
		return said;
	}
	if (dossier->recorded) {
		said.reason = REASON_RECORDED;
		return said;
	}
	for (size_t i = 0; i < dossier->n_servers; i++) {
		const struct dossier_server *server = &dossier->servers[i];
		const struct answer *answer = &server->answers[q];

		if (!server->usable)
			continue;
		if (answer->kind == ANSWER_NONE)
			said.pending = true;
		else if (answer->kind == ANSWER_FAILED && dossier->n_servers == 1)
			trouble = answer->reason;
		else if (answer->kind != ANSWER_FAILED && answer->kind != ANSWER_REFUSED &&
			 !hear(&said, answer)) {
			said.reason = REASON_SERVERS_DISAGREE;
			return said;
		}
	}
	said.reason = said.n >= quorum && said.n > 0 ? REASON_OK : trouble;
	w->inquiry->more |= said.pending;
	return said;
}

/* Reads one answer to a question for proofs. */
static enum reason verify_proof(const struct walker *w, const struct answer *answer,
				const uint8_t address[static DOSSIER_ADDRESS_LEN],
				const struct slots *slots, struct proven *ret)
{
	AUTO(cJSON) *tree = NULL;
	struct json_place place;
	const char *field = NULL;

	enum reason reason = json_read(buf_span(&answer->value), &tree, &place);
	if (reason != REASON_OK)
		return reason;
	reason =
		proof_account(tree, address, w->block->state_root, slots->n, &ret->account, &field);
	for (size_t i = 0; reason == REASON_OK && i < slots->n; i++)
		reason = proof_slot(tree, i, slots->at[i], &ret->account, ret->slots[i], &field);
	return reason;
}

/* One server's proof is enough: it proves itself under the block. */
static struct proven prove(struct walker *w, const uint8_t address[static DOSSIER_ADDRESS_LEN],
			   const struct slots *slots)
{
	struct proven proven = { .state = PROVING_REFUSED };
	bool pending = false;
	size_t q = 0;

	if (!w->block->has_state_root)
		return proven;
	if (!dossier_ask(w->dossier, QUESTION_PROOF, address,
			 (struct span){ slots->at[0], slots->n * DOSSIER_WORD_LEN }, &q)) {
		w->failed = true;
		return proven;
	}
	for (size_t i = 0; i < w->dossier->n_servers; i++) {
		const struct answer *answer = &w->dossier->servers[i].answers[q];

		if (!w->dossier->servers[i].usable)
			continue;
		/* a record is all there will be */
		pending |= answer->kind == ANSWER_NONE && !w->dossier->recorded;
		if (answer->kind != ANSWER_VALUE)
			continue;
		proven.reason = verify_proof(w, answer, address, slots, &proven);
		w->failed |= proven.reason == REASON_OUT_OF_MEMORY;
		proven.state = proven.reason == REASON_OK ? PROVING_PROVEN : PROVING_INVALID;
		if (proven.state == PROVING_PROVEN)
			return proven;
	}
	w->inquiry->more |= pending;
	if (pending)
		proven.state = PROVING_NONE;
	return proven;
}

/* Looks at a contract. `slots` begins with that of EIP-1967 where a proxy is looked for. */
static void visit(struct walker *w, struct station *station,
		  const uint8_t address[static DOSSIER_ADDRESS_LEN], const struct slots *slots)
{
	station->reached = true;
	memcpy(station->address, address, DOSSIER_ADDRESS_LEN);
	station->code = consult(w, QUESTION_CODE, address, (struct span){ NULL, 0 });
	station->proven = prove(w, address, slots);
	station->looked_for_proxy =
		slots->n > 0 && memcmp(slots->at[0], inquiry_proxy_slot, DOSSIER_WORD_LEN) == 0;
	if (station->looked_for_proxy && station->proven.state == PROVING_REFUSED)
		station->proxy_said =
			consult(w, QUESTION_STORAGE, address, SPAN_OF(inquiry_proxy_slot));
}

/* Looks at what stands behind a proxy. */
static void visit_behind(struct walker *w, const struct station *station, struct station *behind)
{
	const struct slots none = { 0 };
	uint8_t word[DOSSIER_WORD_LEN] = { 0 };
	uint8_t address[DOSSIER_ADDRESS_LEN];

	if (!station->looked_for_proxy)
		return;
	if (station->proven.state == PROVING_PROVEN)
		memcpy(word, station->proven.slots[0], sizeof(word));
	else if (!station->proxy_said.asked || station->proxy_said.reason != REASON_OK ||
		 abi_word(station->proxy_said.value, word) != REASON_OK)
		return;
	if (inquiry_address(word, address))
		visit(w, behind, address, &none);
}

static struct said call_with(struct walker *w, const struct registry_call *what,
			     const uint8_t address[static DOSSIER_ADDRESS_LEN],
			     const uint8_t key[static DOSSIER_WORD_LEN])
{
	struct abi_values values = { .tee = w->policy->row.tee, .service = w->policy->service };
	struct buf data = { 0 };
	struct said said = { .asked = false };

	if (what->selector == 0)
		return said;
	memcpy(values.key, key, sizeof(values.key));
	memcpy(values.address, w->subject->signer, sizeof(values.address));
	abi_call(&data, what, &values);
	if (data.failed)
		w->failed = true;
	else
		said = consult(w, QUESTION_CALL, address, buf_span(&data));
	buf_done(&data);
	return said;
}

static struct said call(struct walker *w, const struct registry_call *what,
			const uint8_t address[static DOSSIER_ADDRESS_LEN])
{
	return call_with(w, what, address, w->subject->key);
}

/* Where the value is, and where the signer: slots of the contract that has the mapping. */
static void add_value_slots(struct walker *w, struct slots *slots)
{
	const struct registry_row *row = &w->policy->row;
	struct inquiry *inquiry = w->inquiry;
	uint8_t padded[DOSSIER_WORD_LEN] = { 0 };
	uint8_t slot[DOSSIER_WORD_LEN];

	if (row->mapping.known) {
		if (row->value == VALUE_BYTES32)
			memcpy(slot, row->mapping.base, sizeof(slot));
		else
			registry_slot_of(&row->mapping, w->policy->service, w->subject->key, slot);
		inquiry->n_value_slots = row->value == VALUE_THREE_STRINGS ? 3 : 1;
		inquiry->value_slot = add_slot(slots, slot);
		for (size_t i = 1; i < inquiry->n_value_slots; i++) {
			/* the next slot; a hash that ends in ff..ff would carry on */
			for (size_t at = sizeof(slot); at > 0 && ++slot[at - 1] == 0; at--)
				;
			(void)add_slot(slots, slot);
		}
	}
	memcpy(padded + DOSSIER_WORD_LEN - DOSSIER_ADDRESS_LEN, w->subject->signer,
	       DOSSIER_ADDRESS_LEN);
	if (row->signer_slot.known && w->subject->has_signer) {
		registry_slot_of(&row->signer_slot, w->policy->service, padded, slot);
		memcpy(w->signer_slot, slot, sizeof(slot));
		inquiry->has_signer_slot = true;
		inquiry->signer_slot = add_slot(slots, slot);
	}
	if (row->signer_valid_slot.known && w->subject->has_signer) {
		registry_slot_of(&row->signer_valid_slot, w->policy->service, padded, slot);
		inquiry->has_signer_valid_slot = true;
		inquiry->signer_valid_slot = add_slot(slots, slot);
	}
}

static void visit_outer(struct walker *w)
{
	const struct registry_row *row = &w->policy->row;
	struct inquiry *inquiry = w->inquiry;
	struct slots slots = { 0 };

	if (!row->is_no_proxy)
		(void)add_slot(&slots, inquiry_proxy_slot);
	if (row->has_inner && row->inner_pointer_slot.known) {
		inquiry->has_pointer_slot = true;
		inquiry->pointer_slot = add_slot(&slots, row->inner_pointer_slot.base);
	}
	if (!row->has_inner) {
		add_value_slots(w, &slots);
		inquiry->holder = &inquiry->outer;
	}
	visit(w, &inquiry->outer, w->policy->address, &slots);
	visit_behind(w, &inquiry->outer, &inquiry->outer_impl);
	inquiry->probe = call(w, &row->probe, w->policy->address);
}

/* The contract behind the named one: as proven, else as pinned, else as servers say. */
static bool find_inner(struct walker *w, uint8_t ret[static DOSSIER_ADDRESS_LEN])
{
	struct inquiry *inquiry = w->inquiry;

	inquiry->inner_pointer = call(w, &w->policy->row.inner_pointer, w->policy->address);
	inquiry->inner_pinned = w->policy->has_inner;
	if (inquiry->has_pointer_slot && inquiry->outer.proven.state == PROVING_PROVEN) {
		inquiry->inner_from_proof = true;
		return inquiry_address(inquiry->outer.proven.slots[inquiry->pointer_slot], ret);
	}
	if (inquiry->inner_pinned) {
		memcpy(ret, w->policy->inner, DOSSIER_ADDRESS_LEN);
		return true;
	}
	return inquiry->inner_pointer.reason == REASON_OK &&
	       inquiry->inner_pointer.kind == ANSWER_VALUE &&
	       abi_address(inquiry->inner_pointer.value, ret) == REASON_OK;
}

static void visit_inner(struct walker *w)
{
	const struct registry_row *row = &w->policy->row;
	struct inquiry *inquiry = w->inquiry;
	uint8_t address[DOSSIER_ADDRESS_LEN];
	struct slots slots = { 0 };

	if (!find_inner(w, address))
		return;
	(void)add_slot(&slots, inquiry_proxy_slot);
	if (row->back_pointer_slot.known) {
		inquiry->back_slot = add_slot(&slots, row->back_pointer_slot.base);
		inquiry->n_back_slots = 1;
	}
	if (row->back_pointer_slot_2.known) {
		(void)add_slot(&slots, row->back_pointer_slot_2.base);
		inquiry->n_back_slots = 2;
	}
	add_value_slots(w, &slots);
	inquiry->holder = &inquiry->inner;
	visit(w, &inquiry->inner, address, &slots);
	visit_behind(w, &inquiry->inner, &inquiry->inner_impl);
	inquiry->back_pointer = call(w, &row->back_pointer, address);
}

/* The key is not there, as far as calls tell. */
static bool is_said_absent(const struct inquiry *inquiry)
{
	const struct said *query = &inquiry->query;
	bool is_there = true;

	return query->asked && query->reason == REASON_OK && query->kind == ANSWER_VALUE &&
	       abi_bool(query->value, &is_there) == REASON_OK && !is_there;
}

/* Whether the hash of PCR0's hex digits is there instead: `cast keccak` without 0x gives that. */
static void ask_for_text(struct walker *w)
{
	const struct registry_row *row = &w->policy->row;
	const struct span pcr0 =
		w->subject->pcrs != NULL ? pcrs_get(w->subject->pcrs, 0) : (struct span){ 0 };
	uint8_t key[KECCAK_LEN];

	if (row->value != VALUE_BOOL || row->rule != HASH_KECCAK_PCR0 || pcr0.len != PCR_LEN ||
	    !is_said_absent(w->inquiry))
		return;
	enclave_hash_of_text(pcr0.at, key);
	w->inquiry->text_query = call_with(w, &row->query, w->policy->address, key);
}

/* History, from whoever has it: it decides nothing. */
static void ask_history(struct walker *w)
{
	const struct registry_row *row = &w->policy->row;
	struct inquiry *inquiry = w->inquiry;
	struct buf topics = { 0 };
	size_t q = 0;

	if (row->event == NULL || inquiry->holder == NULL || !is_said_absent(inquiry))
		return;
	registry_event(row, &topics);
	buf_add(&topics, SPAN_OF(w->subject->key));
	if (topics.failed || !dossier_ask(w->dossier, QUESTION_LOGS, inquiry->holder->address,
					  buf_span(&topics), &q)) {
		w->failed = true;
		buf_done(&topics);
		return;
	}
	buf_done(&topics);
	for (size_t i = 0; i < w->dossier->n_servers; i++) {
		const struct answer *answer = &w->dossier->servers[i].answers[q];

		inquiry->more |= w->dossier->servers[i].usable && answer->kind == ANSWER_NONE;
		if (answer->kind == ANSWER_VALUE && !inquiry->logs.asked)
			inquiry->logs = (struct said){ .asked = true,
						       .kind = ANSWER_VALUE,
						       .value = buf_span(&answer->value),
						       .n = 1 };
	}
}

enum reason inquiry_walk(struct dossier *dossier, const struct onchain_policy *policy,
			 const struct onchain_subject *subject, const struct onchain_block *block,
			 struct inquiry *ret)
{
	struct walker w = { .dossier = dossier,
			    .policy = policy,
			    .subject = subject,
			    .block = block,
			    .inquiry = ret };

	*ret = (struct inquiry){ 0 };
	visit_outer(&w);
	if (policy->row.has_inner)
		visit_inner(&w);
	ret->query = call(&w, &policy->row.query, policy->address);
	if (subject->has_signer) {
		ret->signer_valid = call(&w, &policy->row.signer_valid, policy->address);
		ret->signer_hash = call(&w, &policy->row.signer_hash, policy->address);
		if (ret->has_signer_slot && ret->holder != NULL &&
		    ret->holder->proven.state == PROVING_REFUSED)
			ret->signer_said = consult(&w, QUESTION_STORAGE, ret->holder->address,
						   SPAN_OF(w.signer_slot));
	}
	ask_for_text(&w);
	ask_history(&w);
	return w.failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}
