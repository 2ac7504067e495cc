#include "attest/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"

#define PCR0 "3f9a"
#define AT INT64_C(1795365004)

/* A target that passed just now. */
static struct sample good(void)
{
	struct sample s = { .verdict = VERDICT_PASS,
			    .bad = CHECK_COUNT,
			    .has_time = true,
			    .at = AT,
			    .took_ms = 412,
			    .timeout_ms = 10000,
			    .has_age = true,
			    .age_s = 8,
			    .max_age_s = 300,
			    .has_not_after = true,
			    .not_after = AT + 8556,
			    .pcr0 = PCR0,
			    .root = "aws" };

	s.checks[CHECK_ENDPOINT_FETCH] = SAMPLE_PASS;
	s.checks[CHECK_PCR_MATCH] = SAMPLE_PASS;
	s.checks[CHECK_NONCE_MATCH] = SAMPLE_SKIP;
	return s;
}

static struct sample bad(enum verdict verdict, enum check check, enum reason reason)
{
	struct sample s = good();

	s.verdict = verdict;
	s.has_bad = check != CHECK_COUNT;
	s.bad = check;
	s.reason = reason;
	if (s.has_bad)
		s.checks[check] = verdict == VERDICT_FAIL ? SAMPLE_FAIL : SAMPLE_ERROR;
	return s;
}

static struct sample passing(void (*change)(struct sample *s))
{
	struct sample s = good();

	change(&s);
	return s;
}

static void old(struct sample *s)
{
	s->age_s = 201;
}

static void not_old_yet(struct sample *s)
{
	s->age_s = 200;
}

static void no_limit(struct sample *s)
{
	s->max_age_s = -1;
	s->age_s = 100000;
}

static void ending(struct sample *s)
{
	s->not_after = s->at + 1799;
}

static void not_ending_yet(struct sample *s)
{
	s->not_after = s->at + 1800;
}

static void at_quorum(struct sample *s)
{
	s->at_quorum = true;
}

static void debug(struct sample *s)
{
	s->debug = true;
	(void)snprintf(s->weakened, sizeof(s->weakened), "debug enclave");
}

/* Nothing but the contract says which image it is. */
static struct sample alone(struct sample s)
{
	s.checks[CHECK_PCR_MATCH] = SAMPLE_ABSENT;
	return s;
}

static struct sample required(struct sample s)
{
	s.required[CHECK_ONCHAIN_REGISTERED] = true;
	return s;
}

#define PERF " | time=0.412s;5;10;0 age=8s;;300 cert_left=8556s;1800:;600:\n"

/* One target: its status and its line. */
START_TEST(test_nagios_one)
{
	const struct {
		struct sample sample;
		enum nagios want;
		const char *line;
	} rows[] = {
		{ good(), NAGIOS_OK, "ENCLAVE OK - batcher: pass" PERF },
		{ bad(VERDICT_FAIL, CHECK_PCR_MATCH, REASON_PCR_MISMATCH), NAGIOS_CRITICAL,
		  "ENCLAVE CRITICAL - batcher: pcr0.match failed (pcr-mismatch)" PERF },
		{ bad(VERDICT_ERROR, CHECK_ENDPOINT_FETCH, REASON_HTTP_TIMEOUT), NAGIOS_CRITICAL,
		  "ENCLAVE CRITICAL - batcher: endpoint.fetch gave no verdict (http-timeout)" PERF },
		{ bad(VERDICT_ERROR, CHECK_ENDPOINT_FETCH, REASON_RANDOM_FAILED), NAGIOS_UNKNOWN,
		  "ENCLAVE UNKNOWN - batcher: endpoint.fetch gave no verdict (random-failed)" PERF },
		{ bad(VERDICT_ERROR, CHECK_ENDPOINT_FETCH, REASON_CLOCK_FAILED), NAGIOS_UNKNOWN,
		  "ENCLAVE UNKNOWN - batcher: endpoint.fetch gave no verdict (clock-failed)" PERF },
		{ bad(VERDICT_ERROR, CHECK_COSE_SIGNATURE, REASON_CRYPTO_FAILED), NAGIOS_UNKNOWN,
		  "ENCLAVE UNKNOWN - batcher: cose.signature gave no verdict (crypto-failed)" PERF },
		{ bad(VERDICT_ERROR, CHECK_COUNT, REASON_NOTHING_EXPECTED), NAGIOS_UNKNOWN,
		  "ENCLAVE UNKNOWN - batcher: no verdict (nothing-expected)" PERF },
		{ bad(VERDICT_ERROR, CHECK_COUNT, REASON_OUT_OF_MEMORY), NAGIOS_UNKNOWN,
		  "ENCLAVE UNKNOWN - batcher: no verdict (out-of-memory)" PERF },
		{ passing(old), NAGIOS_WARNING,
		  "ENCLAVE WARNING - batcher: pass, the document is 201 s old of 300 s at most | "
		  "time=0.412s;5;10;0 age=201s;;300 cert_left=8556s;1800:;600:\n" },
		{ passing(not_old_yet), NAGIOS_OK,
		  "ENCLAVE OK - batcher: pass | "
		  "time=0.412s;5;10;0 age=200s;;300 cert_left=8556s;1800:;600:\n" },
		{ passing(no_limit), NAGIOS_OK,
		  "ENCLAVE OK - batcher: pass | "
		  "time=0.412s;5;10;0 age=100000s;; cert_left=8556s;1800:;600:\n" },
		{ passing(ending), NAGIOS_WARNING,
		  "ENCLAVE WARNING - batcher: pass, a certificate ends in 1799 s | "
		  "time=0.412s;5;10;0 age=8s;;300 cert_left=1799s;1800:;600:\n" },
		{ passing(not_ending_yet), NAGIOS_OK,
		  "ENCLAVE OK - batcher: pass | "
		  "time=0.412s;5;10;0 age=8s;;300 cert_left=1800s;1800:;600:\n" },
		{ passing(at_quorum), NAGIOS_WARNING,
		  "ENCLAVE WARNING - batcher: pass, no more servers answer than must" PERF },
		{ bad(VERDICT_ERROR, CHECK_ONCHAIN_BLOCK, REASON_HTTP_TIMEOUT), NAGIOS_WARNING,
		  "ENCLAVE WARNING - batcher: onchain.block gave no verdict (http-timeout)" PERF },
		{ alone(bad(VERDICT_ERROR, CHECK_ONCHAIN_BLOCK, REASON_HTTP_TIMEOUT)),
		  NAGIOS_CRITICAL,
		  "ENCLAVE CRITICAL - batcher: onchain.block gave no verdict (http-timeout)" PERF },
		{ required(bad(VERDICT_ERROR, CHECK_ONCHAIN_BLOCK, REASON_HTTP_TIMEOUT)),
		  NAGIOS_CRITICAL,
		  "ENCLAVE CRITICAL - batcher: onchain.block gave no verdict (http-timeout)" PERF },
		{ passing(debug), NAGIOS_WARNING,
		  "ENCLAVE WARNING - batcher: pass (debug enclave)" PERF },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct sampled one = { "batcher", &rows[i].sample, 0 };
		struct buf out = { 0 };
		ck_assert_int_eq(nagios_of(&rows[i].sample), rows[i].want);
		ck_assert_int_eq(nagios_render(&one, 1, &out), rows[i].want);
		EXPECT_BYTES("line", buf_span(&out), span_of_text(rows[i].line));
		buf_done(&out);
	}
}
END_TEST

/* The worst of many, in the order critical, unknown, warning, ok. */
START_TEST(test_nagios_order)
{
	static const enum nagios rank[] = { NAGIOS_OK, NAGIOS_WARNING, NAGIOS_UNKNOWN,
					    NAGIOS_CRITICAL };

	for (size_t a = 0; a < 4; a++) {
		for (size_t b = 0; b < 4; b++)
			ck_assert_int_eq(nagios_worse(rank[a], rank[b]), rank[a > b ? a : b]);
	}
}
END_TEST

START_TEST(test_nagios_many)
{
	const struct sample ok = good();
	const struct sample warning = passing(debug);
	const struct sample failed = bad(VERDICT_FAIL, CHECK_PCR_MATCH, REASON_PCR_MISMATCH);
	const struct sample nothing = { .verdict = VERDICT_ERROR,
					.reason = REASON_OUT_OF_MEMORY,
					.timeout_ms = 5000 };
	const struct sampled list[] = { { "a", &ok, 0 },
					{ "b", &warning, 0 },
					{ "c|'=\n d", &failed, 0 },
					{ "d", &nothing, 0 } };
	const struct sampled many[] = { { "1", &failed, 0 }, { "2", &failed, 0 },
					{ "3", &failed, 0 }, { "4", &failed, 0 },
					{ "5", &failed, 0 }, { "6", &failed, 0 } };
	static const char want[] =
		"ENCLAVE CRITICAL - 3 of 4 targets: c_____d: pcr0.match failed (pcr-mismatch); d: no verdict "
		"(out-of-memory); b: pass (debug enclave)\n"
		"OK - a: pass\n"
		"WARNING - b: pass (debug enclave)\n"
		"CRITICAL - c_____d: pcr0.match failed (pcr-mismatch)\n"
		"UNKNOWN - d: no verdict (out-of-memory)"
		" | a.time=0.412s;5;10;0 a.age=8s;;300 a.cert_left=8556s;1800:;600:\n"
		"b.time=0.412s;5;10;0 b.age=8s;;300 b.cert_left=8556s;1800:;600:\n"
		"c_____d.time=0.412s;5;10;0 c_____d.age=8s;;300 c_____d.cert_left=8556s;1800:;600:\n"
		"d.time=0.000s;2.5;5;0\n";
	struct buf out = { 0 };

	ck_assert_int_eq(nagios_render(list, 4, &out), NAGIOS_CRITICAL);
	EXPECT_BYTES("four", buf_span(&out), SPAN_LITERAL(want));
	buf_done(&out);
	ck_assert_int_eq(nagios_render(many, 6, &out), NAGIOS_CRITICAL);
	char *text = buf_take_text(&out);
	ck_assert_ptr_nonnull(strstr(text, "; 5: pcr0.match failed (pcr-mismatch); and 1 more\n"));
	free(text);
	const struct sampled fine[] = { { "a", &ok, 0 }, { "b", &ok, 0 } };
	ck_assert_int_eq(nagios_render(fine, 2, &out), NAGIOS_OK);
	text = buf_take_text(&out);
	ck_assert_int_eq(strncmp(text, "ENCLAVE OK - all 2 targets pass\nOK - a: pass\n", 45), 0);
	free(text);
}
END_TEST

START_TEST(test_prom)
{
	const struct sample ok = good();
	struct sample failed = bad(VERDICT_FAIL, CHECK_PCR_MATCH, REASON_PCR_MISMATCH);
	struct sample down = { .verdict = VERDICT_ERROR,
			       .has_bad = true,
			       .bad = CHECK_ENDPOINT_FETCH,
			       .reason = REASON_HTTP_CONNECT,
			       .has_time = true,
			       .at = AT + 1,
			       .took_ms = 10003,
			       .debug = true,
			       .root = "1a2b3c4d" };
	const struct sampled list[] = { { "a", &ok, AT },
					{ "b", &failed, 7 },
					{ "x\"\\\n\xff", &down, 0 } };
	static const char
		want[] =
#define A "{target=\"a\""
#define B "{target=\"b\""
#define X "{target=\"x\\\"\\\\\\n?\""
#define HEAD(metric, help) \
	"# HELP enclave_attest_" metric " " help "\n# TYPE enclave_attest_" metric " gauge\n"
			HEAD(
				"check_success",
				"Whether the check passed; no series for a check that was skipped.") "enclave_attest_check_success" A
												     ",check=\"pcr0.match\"} 1\n"
												     "enclave_attest_check_success" A
												     ",check=\"endpoint.fetch\"} 1\n"
												     "enclave_attest_check_success" B
												     ",check=\"pcr0.match\"} 0\n"
												     "enclave_attest_check_success" B
												     ",check=\"endpoint.fetch\"} 1\n"
												     "enclave_attest_check_success" X
												     ",check=\"endpoint.fetch\"} 0\n" HEAD(
													     "verdict",
													     "1 for the verdict of the last run, 0 for the others.") "enclave_attest_verdict" A
																				     ",verdict=\"pass\"} 1\n"
																				     "enclave_attest_verdict" A
																				     ",verdict=\"fail\"} 0\n"
																				     "enclave_attest_verdict" A
																				     ",verdict=\"error\"} 0\n"
																				     "enclave_attest_verdict" B
																				     ",verdict=\"pass\"} 0\n"
																				     "enclave_attest_verdict" B
																				     ",verdict=\"fail\"} 1\n"
																				     "enclave_attest_verdict" B
																				     ",verdict=\"error\"} 0\n"
																				     "enclave_attest_verdict" X
																				     ",verdict=\"pass\"} 0\n"
																				     "enclave_attest_verdict" X
																				     ",verdict=\"fail\"} 0\n"
																				     "enclave_attest_verdict" X ",verdict=\"error\"} 1\n" HEAD("last_run_timestamp_seconds", "When the target was judged last.") "enclave_attest_last_run_timestamp_seconds" A
																																				 "} 1795365004\n"
																																				 "enclave_attest_last_run_timestamp_seconds" B
																																				 "} 1795365004\n"
																																				 "enclave_attest_last_run_timestamp_seconds" X "} 1795365005\n" HEAD("last_success_timestamp_seconds", "When the target passed last.") "enclave_attest_last_success_timestamp_seconds" A
																																																				       "} 1795365004\n"
																																																				       "enclave_attest_last_success_timestamp_seconds" B "} 7\n" HEAD("run_duration_seconds", "How long asking and judging took.") "enclave_attest_run_duration_seconds" A
																																																																				   "} 0.412\n"
																																																																				   "enclave_attest_run_duration_seconds" B
																																																																				   "} 0.412\n"
																																																																				   "enclave_attest_run_duration_seconds" X
																																																																				   "} 10.003\n" HEAD(
																																																																					   "certificate_not_after_timestamp_seconds",
																																																																					   "When the first certificate of the proven chain ends.") "enclave_attest_certificate_not_after_timestamp_seconds" A "} 1795373560\n"
																																																																												   "enclave_attest_certificate_not_after_timestamp_seconds" B
																																																																												   "} 1795373560\n" HEAD(
																																																																													   "info",
																																																																													   "What was judged, by what; pcr0 is empty where nothing proves it.") "enclave_attest_info" A
																																																																																					       ",version=\"1.2\",pcr0=\"3f9a\",root=\"aws\",debug=\"false\"} 1\n"
																																																																																					       "enclave_attest_info" B
																																																																																					       ",version=\"1.2\",pcr0=\"3f9a\",root=\"aws\",debug=\"false\"} 1\n"
																																																																																					       "enclave_attest_info" X
																																																																																					       ",version=\"1.2\",pcr0=\"\",root=\"1a2b3c4d\",debug=\"true\"} 1\n";
	struct buf out = { 0 };

	down.checks[CHECK_ENDPOINT_FETCH] = SAMPLE_ERROR;
	prom_render(list, 3, "1.2", &out);
	EXPECT_BYTES("file", buf_span(&out), SPAN_LITERAL(want));
	buf_done(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("export");

	support_add(suite, "nagios one", test_nagios_one);
	support_add(suite, "nagios order", test_nagios_order);
	support_add(suite, "nagios many", test_nagios_many);
	support_add(suite, "prom", test_prom);
	return support_main(suite);
}
