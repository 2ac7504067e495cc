#include "attest/live.h"

#include "attest/endpoint.h"
#include "verify/appraise.h"
#include "verify/document.h"

struct check_set live_checks(void)
{
	const struct check_set onchain = onchain_checks();
	struct check_set set = document_checks();

	set.has[CHECK_ENDPOINT_FETCH] = true;
	set.has[CHECK_ENDPOINT_TLS] = true;
	for (size_t i = 0; i < CHECK_COUNT; i++)
		set.has[i] |= onchain.has[i];
	return set;
}

void live_evidence_done(struct live_evidence *evidence)
{
	buf_done(&evidence->document);
	buf_done(&evidence->nonce);
	buf_done(&evidence->user_data);
	buf_done(&evidence->peer_der);
	buf_done(&evidence->onchain);
	*evidence = (struct live_evidence){ .has_document = false };
}

/* One target on its way from the question to the report. */
struct asking {
	const struct live *live;
	struct policy policy; /* live's, with what this one question makes of nonce and user_data */
	struct report *report;
	struct live_evidence *evidence;
	struct endpoint_request request;
	struct http_answer answer;
};

/* The bytes that a claim must equal, borrowed from the evidence. */
static struct policy_bytes expect_bytes(const struct buf *bytes, const char *from)
{
	return (struct policy_bytes){ .expected = true, .bytes = *bytes, .from = from };
}

/* A nonce of its own for every request, and the request. */
static enum reason prepare(struct asking *a, const char *url)
{
	const struct profile *profile = &a->live->ask->profile;
	uint8_t fresh[ENDPOINT_RANDOM_MAX] = { 0 };

	if (profile->random_len > sizeof(fresh) ||
	    (profile->random_len > 0 && !a->live->random(fresh, profile->random_len)))
		return REASON_RANDOM_FAILED;
	enum reason reason = endpoint_request(
		profile, url, (struct span){ fresh, profile->random_len }, &a->request);
	if (reason != REASON_OK || profile->nonce == PROFILE_NONCE_NONE)
		return reason;
	buf_add(&a->evidence->nonce, buf_span(&a->request.nonce));
	a->policy.nonce = expect_bytes(&a->evidence->nonce, "the nonce that was asked with");
	return a->evidence->nonce.failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

/* The one connection over which this target is asked. */
static enum reason exchange(struct asking *a)
{
	const struct live *live = a->live;
	struct http *http = http_new(&live->ask->route, &live->clock);

	if (http == NULL)
		return REASON_OUT_OF_MEMORY;
	a->request.http.deadline_ms =
		live->clock.ticks_ms(live->clock.context) + live->ask->timeout_ms;
	enum reason reason = http_exchange(http, &a->request.http, &a->answer);
	http_free(http);
	return reason;
}

static void refuse(struct asking *a, enum reason reason)
{
	if (reason == REASON_ENDPOINT_STATUS)
		report_error(a->report, CHECK_ENDPOINT_FETCH, reason,
			     "the answer's status is %ld, not %ld", a->answer.status,
			     a->live->ask->profile.status);
	else if (a->answer.trouble[0] != '\0')
		report_error(a->report, CHECK_ENDPOINT_FETCH, reason, "%s: %s",
			     reason_sentence(reason), a->answer.trouble);
	else
		report_error(a->report, CHECK_ENDPOINT_FETCH, reason, NULL);
	report_advise(a->report, a->live->unanswered != NULL ?
					 a->live->unanswered :
					 "No document came, so nothing was judged.");
}

/* The time at which the answer is there: those before it may have taken theirs. */
static enum reason tell_time(struct asking *a)
{
	int64_t now_ms = a->live->clock_ms();

	if (now_ms < 0)
		return REASON_CLOCK_FAILED;
	a->evidence->at = now_ms / 1000;
	return REASON_OK;
}

/* Whether a document came. */
static bool fetch(struct asking *a, const char *url)
{
	const struct ask *ask = a->live->ask;

	enum reason reason = tell_time(a);
	if (reason == REASON_OK)
		reason = prepare(a, url);
	if (reason == REASON_OK)
		reason = exchange(a);
	if (reason == REASON_OK)
		reason = tell_time(a);
	if (reason == REASON_OK)
		reason = endpoint_document(&ask->profile, &a->request, &a->answer,
					   &a->evidence->document, &a->evidence->user_data);
	if (reason == REASON_OK && ask->profile.binds_exchange)
		a->policy.user_data =
			expect_bytes(&a->evidence->user_data, "made of request and answer");
	if (reason != REASON_OK) {
		refuse(a, reason);
		return false;
	}
	buf_add(&a->evidence->peer_der, buf_span(&a->answer.peer_der));
	if (a->evidence->peer_der.failed)
		report_out_of_memory(a->report);
	a->evidence->has_document = true;
	report_pass(a->report, CHECK_ENDPOINT_FETCH,
		    "status %ld, a document of %zu bytes, profile %s", a->answer.status,
		    a->evidence->document.len, ask->profile.name);
	report_member(a->report, "profile", ask->profile.name);
	report_member(a->report, "bind", binding_name(ask->binding));
	return true;
}

/* The binding, read from claims that are proven. */
static void judge_tls(struct asking *a, const struct document *document)
{
	const struct ask *ask = a->live->ask;
	struct buf expected = { 0 };
	struct span actual;

	if (ask->binding == BINDING_NONE) {
		report_skip(a->report, CHECK_ENDPOINT_TLS,
			    ask->bind_given ? REASON_NOT_REQUESTED : REASON_NOT_CARRIED,
			    ask->bind_given ? "--bind none" :
					      "such documents do not name the connection");
		return;
	}
	if (!document->genuine) {
		report_needs(a->report, CHECK_ENDPOINT_TLS, document->lacks);
		return;
	}
	enum reason reason = binding_check(ask->binding, document->claims.user_data,
					   buf_span(&a->evidence->peer_der), &expected, &actual);
	if (reason == REASON_OK) {
		report_pass(a->report, CHECK_ENDPOINT_TLS,
			    "the document names this connection's certificate (%s)",
			    binding_name(ask->binding));
	} else if (reason == REASON_OUT_OF_MEMORY || reason == REASON_CRYPTO_FAILED) {
		report_error(a->report, CHECK_ENDPOINT_TLS, reason, NULL);
	} else {
		report_fail(a->report, CHECK_ENDPOINT_TLS, reason, NULL);
		report_advise(
			a->report,
			"The document does not speak of this connection: somebody may stand between "
			"this machine and the enclave. Send nothing secret over it.");
	}
	if (reason == REASON_TLS_MISMATCH)
		appraise_compared(a->report, "", buf_span(&expected),
				  "the connection's certificate", actual);
	buf_done(&expected);
}

/* Whether a contract accepts this very image. */
static void judge_contract(struct asking *a, const struct document *document)
{
	const struct contract *contract = a->live->contract;
	struct onchain_subject subject = { .has_key = false };
	enum reason reason = REASON_OK;

	if (contract->policy->requested && document->genuine)
		reason = contract_subject(contract->policy, &document->claims.pcrs,
					  document->claims.public_key, &subject);
	contract_judge(contract, &subject, reason, a->report, &a->evidence->onchain);
}

/* What even a pass leaves open. */
static void tell_weakness(struct asking *a)
{
	const struct ask *ask = a->live->ask;
	const struct report_live live = {
		.by_age = a->policy.freshness == POLICY_FRESH_BY_AGE,
		.max_age_s = a->policy.max_age_s,
		.unbound = ask->binding == BINDING_NONE,
		.unknown_issuer = a->answer.unknown_issuer,
	};

	report_set_live(a->report, &live);
	if (a->answer.unknown_issuer)
		report_note(a->report,
			    "the connection's certificate comes from no known issuer or "
			    "is for another name; --tls attested accepts it for what the "
			    "document says of it");
	if (ask->route.tls == HTTP_TLS_ATTESTED && ask->headers.n > 0)
		report_note(a->report,
			    "the headers of --headers were not sent: with --tls attested "
			    "nobody knows yet to whom");
}

void live_judge(const struct live *live, const char *url, struct report *report,
		struct live_evidence *ret)
{
	struct asking a = {
		.live = live, .policy = *live->policy, .report = report, .evidence = ret
	};
	struct document document = { .has_cose = false };

	report_set_target(report, span_of_text(url));
	report_set_url(report, span_of_text(url));
	if (fetch(&a, url)) {
		document_judge(buf_span(&ret->document), &a.policy, ret->at, live->cache, report,
			       &document);
		ret->genuine = document.genuine;
		if (document.genuine)
			ret->pcrs = document.claims.pcrs;
		judge_tls(&a, &document);
	} else {
		document_lack_for(live->stand_in, &a.policy, ret->at, CHECK_ENDPOINT_FETCH, report);
		report_needs(report, CHECK_ENDPOINT_TLS, CHECK_ENDPOINT_FETCH);
	}
	judge_contract(&a, &document);
	tell_weakness(&a);
	endpoint_request_done(&a.request);
	http_answer_done(&a.answer);
}
