/* A record of what servers said, judged under the block that it names itself: so everything behind the
 * hashes is reached. The first byte chooses the family. What passes is proved, by a record whose calls
 * are gone as well; and a record that is written and read again is judged the same. */
#include <string.h>

#include "verify/basenc.h"
#include "verify/ethhex.h"
#include "verify/json.h"
#include "verify/onchain.h"

#undef NDEBUG
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum verdict judge(struct dossier *dossier, const struct onchain_policy *policy,
			  const struct onchain_subject *subject)
{
	const struct check_set none = { .has = { false } };
	struct report *report = report_new();

	assert(report != NULL);
	onchain_judge(dossier, policy, subject, 0, report);
	const enum verdict verdict = report_conclude(report, &none);
	assert(verdict != VERDICT_PASS ||
	       report_status(report, CHECK_ONCHAIN_PROOF) == STATUS_PASS);
	report_free(report);
	return verdict;
}

/* The record without what its calls say. */
static void forget_calls(struct dossier *dossier)
{
	for (size_t i = 0; i < dossier->n_servers; i++) {
		for (size_t q = 0; q < dossier->n_questions; q++) {
			if (dossier->questions[q].kind != QUESTION_PROOF)
				dossier->servers[i].answers[q].kind = ANSWER_NONE;
		}
	}
}

/* Names the contract and the block that the record is about. */
static void take_its_word(const struct dossier *dossier, struct onchain_policy *policy)
{
	struct json_place place;
	cJSON *block = NULL;

	for (size_t q = 0; q < dossier->n_questions; q++) {
		const size_t n = dossier->questions[q].data.len / DOSSIER_WORD_LEN;

		/* two slots are asked of a contract that points to another */
		if (dossier->questions[q].kind == QUESTION_PROOF &&
		    (n == 2) == policy->row.has_inner)
			memcpy(policy->address, dossier->questions[q].address,
			       sizeof(policy->address));
	}
	if (dossier->n_servers == 0 ||
	    json_read(buf_span(&dossier->servers[0].block), &block, &place) != REASON_OK)
		return;
	(void)ethhex_fixed(cJSON_GetObjectItemCaseSensitive(block, "hash"), policy->block_hash,
			   sizeof(policy->block_hash));
	cJSON_Delete(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const families[] = { "espresso-v7", "espresso-v5", "base-multiproof",
						"marlin-auther", "base-systemconfig" };
	struct onchain_subject subject = { .has_key = true };
	struct onchain_policy policy;
	struct span cursor = { data, size };
	struct dossier *dossier = NULL;
	struct dossier *again = NULL;
	struct buf text = { 0 };
	uint64_t choice = 0;

	if (!span_be(&cursor, 1, &choice) || dossier_read(cursor, &dossier) != REASON_OK)
		return 0;
	onchain_policy_init(&policy);
	policy.requested = true;
	policy.row = *registry_find(
		span_of_text(families[choice % (sizeof(families) / sizeof(families[0]))]));
	policy.block = BLOCK_HASH;
	policy.min_strength = STRENGTH_CLAIMED;
	take_its_word(dossier, &policy);
	/* that of the image in testvectors/ */
	(void)hex_decode_exact(
		SPAN_LITERAL("17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83"),
		subject.key, sizeof(subject.key));
	assert(dossier_json(dossier, &text) == REASON_OK);
	assert(dossier_read(buf_span(&text), &again) == REASON_OK);
	const enum verdict verdict = judge(dossier, &policy, &subject);
	assert(judge(again, &policy, &subject) == verdict);
	forget_calls(again);
	assert(judge(again, &policy, &subject) == verdict);
	/* nothing in it is about another block */
	policy.block_hash[0] ^= 1;
	assert(judge(dossier, &policy, &subject) != VERDICT_PASS);
	dossier_free(dossier);
	dossier_free(again);
	buf_done(&text);
	return 0;
}
