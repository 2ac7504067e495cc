#include "verify/appraise.h"

#include "verify/basenc.h"

void appraise_compared(struct report *report, const char *prefix, struct span expected,
		       const char *source, struct span actual)
{
	struct buf left = { 0 };
	struct buf right = { 0 };

	buf_text(&left, prefix);
	hex_encode(&left, expected);
	buf_text(&right, actual.at != NULL ? prefix : REPORT_NULL);
	hex_encode(&right, actual);
	if (left.failed || right.failed)
		report_out_of_memory(report);
	report_compared(report, left.len > 0 ? buf_span(&left) : SPAN_LITERAL(REPORT_EMPTY),
			span_of_text(source),
			right.len > 0 ? buf_span(&right) : SPAN_LITERAL(REPORT_EMPTY));
	buf_done(&left);
	buf_done(&right);
}

static void fail_pcr(const struct appraisal *a, enum check check, const struct policy_match *match,
		     unsigned index)
{
	if (match->reason == REASON_PCR_MISSING)
		report_fail(a->report, check, match->reason, "the %s carries no PCR%u", a->carrier,
			    index);
	else if (a->measured && match->from_set)
		report_fail(a->report, check, match->reason,
			    "%s contradicts our own measurement of PCR%u", match->source, index);
	else
		report_fail(a->report, check, match->reason, "PCR%u is not the expected one",
			    index);
}

static void judge_pcr(const struct appraisal *a, const struct policy_source *set, unsigned index)
{
	enum check check = (enum check)(CHECK_PCR_MATCH + index);

	if (!policy_expects_pcr(a->policy, set, index)) {
		if (a->policy->require.has[check])
			report_skip(a->report, check, REASON_NOT_REQUESTED, NULL);
		return;
	}
	if (!a->grounded) {
		report_needs(a->report, check, a->lacks);
		return;
	}
	struct policy_match match = policy_judge_pcr(a->policy, set, index, a->pcrs);
	if (match.reason == REASON_OK)
		report_pass(a->report, check, "PCR%u is the expected one", index);
	else
		fail_pcr(a, check, &match, index);
	appraise_compared(a->report, "", match.expected, match.source, pcrs_get(a->pcrs, index));
}

/* Fails the check with what the wrong value turns out to be: a slip in computing it is no other
 * image. */
static void fail_enclave_hash(const struct appraisal *a, struct span expected)
{
	static const char *const texts[] = {
		[ENCLAVE_HASH_OF_TEXT] = ("the expected value is the hash of the text, not of the "
					  "bytes: keccak256 was taken of PCR0's hex digits"),
		[ENCLAVE_HASH_SHA3] =
			"the expected value is the SHA3-256 of PCR0, not its keccak256",
		[ENCLAVE_HASH_SHA256] =
			"the expected value is the SHA-256 of PCR0, not its keccak256",
		[ENCLAVE_HASH_ZERO_PCR0] =
			"the expected value is the hash of a zero PCR0, that of any debug enclave",
		[ENCLAVE_HASH_NO_VALUE] = "the expected value is no hash but an empty slot",
		[ENCLAVE_HASH_UNKNOWN] = "keccak256(PCR0) is not the expected hash",
	};
	enum enclave_hash_form form = ENCLAVE_HASH_UNKNOWN;

	if (pcrs_has(a->pcrs, 0) && expected.len == KECCAK_LEN &&
	    enclave_hash_recognise(expected.at, a->pcrs->value[0], &form) != REASON_OK)
		form = ENCLAVE_HASH_UNKNOWN;
	if (form == ENCLAVE_HASH_RIGHT)
		form = ENCLAVE_HASH_UNKNOWN;
	report_fail(a->report, CHECK_ENCLAVE_HASH_MATCH, REASON_ENCLAVE_HASH_MISMATCH, "%s",
		    texts[form]);
	if (form != ENCLAVE_HASH_UNKNOWN)
		report_advise(a->report, "Compute the expected value anew from the image's PCR0: "
					 "`enclave-verify hash PCR0`.");
}

static void judge_enclave_hash(const struct appraisal *a, const struct policy_source *set)
{
	uint8_t hash[KECCAK_LEN];

	if (!policy_expects_enclave_hash(a->policy, set)) {
		report_skip(a->report, CHECK_ENCLAVE_HASH_MATCH, REASON_NOT_REQUESTED, NULL);
		return;
	}
	if (!a->grounded) {
		report_needs(a->report, CHECK_ENCLAVE_HASH_MATCH, a->lacks);
		return;
	}
	struct policy_match match = policy_judge_enclave_hash(a->policy, set, a->pcrs);
	if (match.reason == REASON_OK)
		report_pass(a->report, CHECK_ENCLAVE_HASH_MATCH,
			    "keccak256(PCR0) is the expected hash");
	else
		fail_enclave_hash(a, match.expected);
	if (pcrs_has(a->pcrs, 0))
		enclave_hash(a->pcrs->value[0], hash);
	appraise_compared(a->report, "0x", match.expected, match.source,
			  pcrs_has(a->pcrs, 0) ? SPAN_OF(hash) : (struct span){ NULL, 0 });
}

static bool passed(const struct appraisal *a, enum check check)
{
	return report_status(a->report, check) == STATUS_PASS;
}

void appraise_registers(const struct appraisal *appraisal)
{
	const struct appraisal *a = appraisal;
	const struct policy_source *set = policy_choose_set(a->policy, a->pcrs);

	for (unsigned i = 0; i < PCR_COUNT; i++)
		judge_pcr(a, set, i);
	judge_enclave_hash(a, set);
	bool image_known = passed(a, CHECK_PCR_MATCH) || passed(a, CHECK_ENCLAVE_HASH_MATCH);
	bool sections_known = passed(a, CHECK_PCR1_MATCH) && passed(a, CHECK_PCR2_MATCH);
	if (image_known && !sections_known)
		report_note(
			a->report,
			"PCR0 does not say where one section of the image ends and the next begins; "
			"expect PCR1 and PCR2 too");
}
