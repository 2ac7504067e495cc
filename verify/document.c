#include "verify/document.h"

#include <inttypes.h>

#include "verify/appraise.h"
#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/facts.h"
#include "verify/instant.h"

struct check_set document_checks(void)
{
	struct check_set set = { .has = { false } };

	for (size_t i = CHECK_DOCUMENT_FORM; i <= CHECK_ENCLAVE_HASH_MATCH; i++)
		set.has[i] = true;
	return set;
}

/* What the steps hand on to each other. */
struct judging {
	const struct policy *policy;
	struct report *report;
	struct chain_cache *cache;
	struct document *document;
	int64_t at; /* the judged time */
	bool has_at;
	struct chain chain;
	bool has_chain;
	bool in_time;     /* chain.time passed */
	bool signed_ok;   /* cose.signature passed */
	EVP_PKEY *key;    /* the leaf's; owned */
	enum check lacks; /* the first check that did not pass, on which all appraisal rests */
	const struct document_stand_in *stand_in; /* NULL: nothing does */
};

/* This program's own trouble is an error, not a failure of the evidence. */
static bool is_own_trouble(enum reason reason)
{
	return reason == REASON_OUT_OF_MEMORY || reason == REASON_CRYPTO_FAILED;
}

static void judge_form(struct judging *j, struct span bytes)
{
	size_t at = 0;

	enum reason reason = cose_read(bytes, &j->document->cose, &at);
	if (reason == REASON_COSE_EMPTY || reason == REASON_COSE_TOO_LARGE) {
		report_fail(j->report, CHECK_DOCUMENT_FORM, reason, NULL);
		return;
	}
	if (reason != REASON_OK) {
		report_fail(j->report, CHECK_DOCUMENT_FORM, reason, "%s: at byte %zu of %zu",
			    reason_sentence(reason), at, bytes.len);
		return;
	}
	j->document->has_cose = true;
	report_pass(j->report, CHECK_DOCUMENT_FORM,
		    "%zu bytes, one COSE_Sign1%s, no trailing bytes", bytes.len,
		    j->document->cose.tagged ? " with tag 18" : "");
}

static void judge_claims_form(struct judging *j)
{
	const struct cose *cose = &j->document->cose;
	struct claims *claims = &j->document->claims;
	size_t at = 0;

	if (!j->document->has_cose) {
		report_needs(j->report, CHECK_CLAIMS_FORM, CHECK_DOCUMENT_FORM);
		return;
	}
	enum reason reason = claims_read(cose->payload, j->policy->limits, claims, &at);
	if (reason != REASON_OK) {
		report_fail(j->report, CHECK_CLAIMS_FORM, reason,
			    "%s: at byte %zu of the payload's %zu", reason_sentence(reason), at,
			    cose->payload.len);
		return;
	}
	j->document->has_claims = true;
	report_pass(j->report, CHECK_CLAIMS_FORM, "SHA384, module %.*s", (int)claims->module_id.len,
		    (const char *)claims->module_id.at);
}

static void choose_time(struct judging *j, int64_t now)
{
	switch (j->policy->time) {
	case POLICY_NOW:
		j->at = now;
		j->has_at = true;
		break;
	case POLICY_AT:
		j->at = j->policy->at;
		j->has_at = true;
		break;
	case POLICY_DOCUMENT:
		j->has_at = j->document->has_claims;
		j->at = j->has_at ? claims_time(&j->document->claims) : 0;
		break;
	}
	static const enum time_source sources[] = { TIME_CLOCK, TIME_OPTION, TIME_DOCUMENT };
	if (j->has_at)
		report_set_time(j->report, j->at, sources[j->policy->time]);
}

/* The fingerprints of the root that is pinned and of what the document begins with. */
static void compare_roots(struct judging *j)
{
	struct buf expected = { 0 };
	struct buf actual = { 0 };
	uint8_t sha256[DIGEST_SHA256_LEN];

	if (digest_sha256(&j->document->claims.cabundle[0], 1, sha256) != REASON_OK)
		return;
	hex_encode(&expected, SPAN_OF(j->policy->root.sha256));
	hex_encode(&actual, SPAN_OF(sha256));
	if (expected.failed || actual.failed)
		report_out_of_memory(j->report);
	report_compared(j->report, buf_span(&expected),
			span_of_text(j->policy->root.is_aws ? "SHA-256 of AWS's root" :
							      "SHA-256 of --root"),
			buf_span(&actual));
	buf_done(&expected);
	buf_done(&actual);
}

static void judge_chain_root(struct judging *j)
{
	const struct claims *claims = &j->document->claims;
	size_t index = 0;

	if (!j->document->has_claims) {
		report_needs(j->report, CHECK_CHAIN_ROOT, CHECK_CLAIMS_FORM);
		return;
	}
	enum reason reason = chain_walk(claims->cabundle, claims->cabundle_len, claims->certificate,
					&j->policy->root, j->cache, &j->chain, &j->key, &index);
	if (is_own_trouble(reason)) {
		report_error(j->report, CHECK_CHAIN_ROOT, reason, NULL);
		return;
	}
	if (reason == REASON_X509_ROOT) {
		report_fail(j->report, CHECK_CHAIN_ROOT, reason, NULL);
		compare_roots(j);
		return;
	}
	if (reason != REASON_OK) {
		report_fail(j->report, CHECK_CHAIN_ROOT, reason,
			    "%s: certificate %zu of %zu, counted from the root",
			    reason_sentence(reason), index + 1, claims->cabundle_len + 1);
		return;
	}
	j->has_chain = true;
	report_pass(j->report, CHECK_CHAIN_ROOT, "%zu certificates to the %s", j->chain.len,
		    j->policy->root.is_aws ? "pinned AWS Nitro Enclaves root" :
					     "root given by --root");
}

/* The time within which every certificate is valid. */
static void window(const struct chain *chain, int64_t *ret_from, int64_t *ret_to)
{
	*ret_from = chain->certs[0].not_before;
	*ret_to = chain->certs[0].not_after;
	for (size_t i = 1; i < chain->len; i++) {
		if (chain->certs[i].not_before > *ret_from)
			*ret_from = chain->certs[i].not_before;
		if (chain->certs[i].not_after < *ret_to)
			*ret_to = chain->certs[i].not_after;
	}
}

static void fail_validity(struct judging *j, size_t index)
{
	const struct cert *cert = &j->chain.certs[index];
	char from[INSTANT_TEXT_LEN];
	char to[INSTANT_TEXT_LEN];
	char at[INSTANT_TEXT_LEN];

	instant_people(cert->not_before, from);
	instant_people(cert->not_after, to);
	instant_people(j->at, at);
	report_fail(j->report, CHECK_CHAIN_TIME, REASON_X509_VALIDITY,
		    "certificate %zu of %zu is valid from %s to %s UTC, judged at %s", index + 1,
		    j->chain.len, from, to, at);
}

static void judge_chain_time(struct judging *j)
{
	int64_t from_s;
	int64_t to_s;
	char from[INSTANT_TEXT_LEN];
	char to[INSTANT_TEXT_LEN];
	char at[INSTANT_TEXT_LEN];
	size_t index = 0;

	if (!j->has_chain) {
		report_needs(j->report, CHECK_CHAIN_TIME, CHECK_CHAIN_ROOT);
		return;
	}
	if (chain_valid_at(&j->chain, j->at, &index) != REASON_OK) {
		fail_validity(j, index);
		return;
	}
	const struct cert *leaf = &j->chain.certs[j->chain.len - 1];
	int64_t signed_at = claims_time(&j->document->claims);
	if (signed_at < leaf->not_before || signed_at > leaf->not_after) {
		instant_people(signed_at, at);
		report_fail(j->report, CHECK_CHAIN_TIME, REASON_TIMESTAMP_OUTSIDE_LEAF,
			    "%s: %s UTC", reason_sentence(REASON_TIMESTAMP_OUTSIDE_LEAF), at);
		return;
	}
	j->in_time = true;
	window(&j->chain, &from_s, &to_s);
	instant_people(from_s, from);
	instant_people(to_s, to);
	instant_people(j->at, at);
	report_pass(j->report, CHECK_CHAIN_TIME, "valid %s to %s UTC, judged at %s", from, to, at);
	instant_rfc3339(from_s, from);
	instant_rfc3339(to_s, to);
	report_member(j->report, "not_before", from);
	report_member(j->report, "not_after", to);
}

static void judge_signature(struct judging *j)
{
	if (!j->has_chain) {
		report_needs(j->report, CHECK_COSE_SIGNATURE, CHECK_CHAIN_ROOT);
		return;
	}
	enum reason reason = cose_verify(&j->document->cose, j->key);
	if (is_own_trouble(reason)) {
		report_error(j->report, CHECK_COSE_SIGNATURE, reason, NULL);
	} else if (reason != REASON_OK) {
		report_fail(j->report, CHECK_COSE_SIGNATURE, reason, NULL);
	} else {
		j->signed_ok = true;
		report_pass(j->report, CHECK_COSE_SIGNATURE, "ES384 by the leaf certificate");
	}
}

/* Whether the claims are proven, and if not, what is lacking first. */
static void settle(struct judging *j)
{
	j->document->genuine = j->has_chain && j->in_time && j->signed_ok;
	j->lacks = !j->document->has_cose   ? CHECK_DOCUMENT_FORM :
		   !j->document->has_claims ? CHECK_CLAIMS_FORM :
		   !j->has_chain            ? CHECK_CHAIN_ROOT :
		   !j->in_time              ? CHECK_CHAIN_TIME :
					      CHECK_COSE_SIGNATURE;
	j->document->lacks = j->lacks;
	/* what weakens a verdict is said of what is proven */
	report_set_debug(j->report,
			 j->document->genuine && pcrs_is_debug(&j->document->claims.pcrs));
	if (j->document->has_claims)
		report_take_facts(j->report, facts_of(&j->document->claims), j->document->genuine);
}

/* What a limit of age says where the age itself is within bounds. */
static void grant_age(struct judging *j, int64_t age_s)
{
	const struct policy *policy = j->policy;

	if (policy->freshness == POLICY_FRESH_NEVER)
		report_skip(j->report, CHECK_CLAIMS_AGE, REASON_RECORDED, NULL);
	else if (policy->max_age_s == POLICY_NO_MAX_AGE)
		report_skip(j->report, CHECK_CLAIMS_AGE, REASON_NOT_REQUESTED,
			    "%" PRId64 " s old, no --max-age given", age_s);
	else
		report_pass(j->report, CHECK_CLAIMS_AGE, "%" PRId64 " s old, limit %" PRId64 " s",
			    age_s, policy->max_age_s);
}

static void judge_age(struct judging *j)
{
	const struct policy *policy = j->policy;

	if (policy->time == POLICY_DOCUMENT && policy->freshness == POLICY_FRESH_NEVER) {
		report_skip(j->report, CHECK_CLAIMS_AGE, REASON_RECORDED, NULL);
		return;
	}
	if (policy->time == POLICY_DOCUMENT) {
		report_skip(j->report, CHECK_CLAIMS_AGE, REASON_NOT_REQUESTED,
			    "judged at the document's own time: its age was not checked");
		return;
	}
	if (!j->document->genuine) {
		report_needs(j->report, CHECK_CLAIMS_AGE, j->lacks);
		return;
	}
	int64_t age_s = j->at - claims_time(&j->document->claims);
	if (age_s < -policy->max_skew_s)
		report_fail(j->report, CHECK_CLAIMS_AGE, REASON_TIMESTAMP_FUTURE,
			    "%" PRId64 " s later than the judged time, %" PRId64 " s allowed",
			    -age_s, policy->max_skew_s);
	else if (policy->max_age_s != POLICY_NO_MAX_AGE && age_s > policy->max_age_s)
		report_fail(j->report, CHECK_CLAIMS_AGE, REASON_TIMESTAMP_STALE,
			    "%" PRId64 " s old, limit %" PRId64 " s", age_s, policy->max_age_s);
	else
		grant_age(j, age_s);
}

/* One of the three claims whose bytes the caller may know. */
static void judge_bytes(struct judging *j, enum check check, const struct policy_bytes *wanted,
			struct span actual, enum reason otherwise, const char *option)
{
	if (!wanted->expected) {
		report_skip(j->report, check, REASON_NOT_REQUESTED, NULL);
		return;
	}
	if (!j->document->genuine) {
		report_needs(j->report, check, j->lacks);
		return;
	}
	/* null is not the same as zero bytes */
	if (actual.at != NULL && span_equal(buf_span(&wanted->bytes), actual))
		report_pass(j->report, check, NULL);
	else
		report_fail(j->report, check, otherwise, NULL);
	appraise_compared(j->report, "", buf_span(&wanted->bytes),
			  wanted->from != NULL ? wanted->from : option, actual);
}

/* The nonce, where it was asked for and can have come back. */
static void judge_nonce(struct judging *j)
{
	if (j->policy->freshness == POLICY_FRESH_NEVER)
		report_skip(j->report, CHECK_NONCE_MATCH, REASON_RECORDED, NULL);
	else if (j->policy->freshness == POLICY_FRESH_BY_AGE)
		report_skip(j->report, CHECK_NONCE_MATCH, REASON_NOT_CARRIED,
			    "this kind of endpoint carries no nonce");
	else
		judge_bytes(j, CHECK_NONCE_MATCH, &j->policy->nonce, j->document->claims.nonce,
			    REASON_NONCE_MISMATCH, "--nonce");
}

static void judge_debug(struct judging *j)
{
	const struct pcrs *pcrs = &j->document->claims.pcrs;

	if (!j->document->genuine)
		report_needs(j->report, CHECK_PCR_DEBUG, j->lacks);
	else if (!pcrs_has(pcrs, 0))
		report_fail(
			j->report, CHECK_PCR_DEBUG, REASON_PCR_MISSING,
			"the document carries no PCR0, so it cannot be told whether this is a debug enclave");
	else if (!pcrs_is_debug(pcrs))
		report_pass(j->report, CHECK_PCR_DEBUG, "PCR0 is not all zero");
	else if (j->policy->allow_debug)
		report_skip(j->report, CHECK_PCR_DEBUG, REASON_DEBUG_ALLOWED, NULL);
	else
		report_fail(j->report, CHECK_PCR_DEBUG, REASON_DEBUG_PCRS, NULL);
}

/* The checks against expectations, all of which rest on a genuine document. */
static void appraise(struct judging *j)
{
	const struct policy *policy = j->policy;
	const struct claims *claims = &j->document->claims;

	judge_age(j);
	judge_nonce(j);
	judge_bytes(j, CHECK_USER_DATA_MATCH, &policy->user_data, claims->user_data,
		    REASON_USER_DATA_MISMATCH, "--user-data");
	judge_bytes(j, CHECK_PUBLIC_KEY_MATCH, &policy->public_key, claims->public_key,
		    REASON_PUBLIC_KEY_MISMATCH, "--public-key");
	judge_debug(j);
	if (j->stand_in != NULL) {
		const struct appraisal others = {
			.policy = j->stand_in->policy,
			.report = j->report,
			.carrier = j->stand_in->carrier,
			.pcrs = j->stand_in->pcrs,
			.grounded = true,
			.measured = j->stand_in->measured,
		};
		appraise_registers(&others);
		return;
	}
	const struct appraisal registers = {
		.policy = policy,
		.report = j->report,
		.carrier = "document",
		.pcrs = &claims->pcrs,
		.grounded = j->document->genuine,
		.lacks = j->lacks,
	};
	appraise_registers(&registers);
}

/* Everything after document.form. */
static void judge_rest(struct judging *j, int64_t now)
{
	judge_claims_form(j);
	choose_time(j, now);
	judge_chain_root(j);
	judge_chain_time(j);
	judge_signature(j);
	settle(j);
	appraise(j);
	EVP_PKEY_free(j->key);
}

void document_judge(struct span bytes, const struct policy *policy, int64_t now,
		    struct chain_cache *cache, struct report *report, struct document *ret)
{
	struct judging j = { .policy = policy, .report = report, .cache = cache, .document = ret };

	*ret = (struct document){ .has_cose = false };
	report_set_root(report, &policy->root);
	judge_form(&j, bytes);
	judge_rest(&j, now);
}

void document_refuse(const struct policy *policy, int64_t now, enum reason reason, bool unreadable,
		     struct report *report)
{
	struct document nothing = { .has_cose = false };
	struct judging j = { .policy = policy, .report = report, .document = &nothing };

	report_set_root(report, &policy->root);
	if (unreadable)
		report_error(report, CHECK_DOCUMENT_FORM, reason, NULL);
	else
		report_fail(report, CHECK_DOCUMENT_FORM, reason, NULL);
	judge_rest(&j, now);
}

void document_lack_for(const struct document_stand_in *stand_in, const struct policy *policy,
		       int64_t now, enum check needed, struct report *report)
{
	struct document nothing = { .has_cose = false };
	struct judging j = {
		.policy = policy, .report = report, .document = &nothing, .stand_in = stand_in
	};

	report_set_root(report, &policy->root);
	report_needs(report, CHECK_DOCUMENT_FORM, needed);
	judge_rest(&j, now);
}

void document_lack(const struct policy *policy, int64_t now, enum check needed,
		   struct report *report)
{
	document_lack_for(NULL, policy, now, needed, report);
}
