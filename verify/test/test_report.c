#include "verify/report.h"

#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/json.h"
#include "verify/report_rows.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct check_set nothing = { .has = { false } };

static enum check check_of(struct span id)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		if (span_equal(id, span_of_text(check_name((enum check)i))))
			return (enum check)i;
	}
	ck_abort_msg("no check is called %.*s", (int)id.len, (const char *)id.at);
}

static struct report *new_report(void)
{
	struct report *report = report_new();

	ck_assert_ptr_nonnull(report);
	return report;
}

/* "+chain.root" passes, "-" fails, "?" is in error, "~" is skipped, "!" runs out of memory. */
static void add_checks(struct report *report, const char *words)
{
	struct span rest = span_of_text(words);
	struct span word;
	struct span blank;

	while (rest.len > 0) {
		size_t len = 0;
		while (len < rest.len && rest.at[len] != ' ')
			len++;
		ck_assert(span_take(&rest, len, &word));
		(void)span_take(&rest, rest.len > 0 ? 1 : 0, &blank);
		struct span id = { word.at + 1, word.len - 1 };
		if (word.at[0] == '+')
			report_pass(report, check_of(id), "fine");
		else if (word.at[0] == '-')
			report_fail(report, check_of(id), REASON_COSE_SIGNATURE, NULL);
		else if (word.at[0] == '?')
			report_error(report, check_of(id), REASON_CRYPTO_FAILED, NULL);
		else if (word.at[0] == '~')
			report_skip(report, check_of(id), REASON_NOT_REQUESTED, NULL);
		else
			report_take_facts(report, NULL, true);
	}
}

/* cli.md, "The verdict": a row for each clause. */
static const struct {
	const char *row;
	const char *checks;
	const char *require;
	enum verdict want;
	const char *line; /* the first line of the text, behind the verdict and the target */
} clauses[] = {
	/* at least one identity check is pass */
	{ "PCR0", "+chain.root +pcr0.match", "", VERDICT_PASS, "" },
	{ "PCR0 alone", "+pcr0.match", "", VERDICT_PASS, "" },
	{ "hash", "+enclave_hash.match", "", VERDICT_PASS, "" },
	{ "PCR1 and PCR2", "+pcr1.match +pcr2.match", "", VERDICT_PASS, "" },
	{ "PCR2 and PCR1", "+pcr2.match +pcr1.match", "", VERDICT_PASS, "" },
	{ "all of them", "+pcr0.match +pcr1.match +pcr2.match +enclave_hash.match", "",
	  VERDICT_PASS, "" },
	{ "PCR1 alone", "+pcr1.match", "", VERDICT_ERROR, ": nothing-expected" },
	{ "PCR2 alone", "+pcr2.match", "", VERDICT_ERROR, ": nothing-expected" },
	{ "PCR1, PCR2 skipped", "+pcr1.match ~pcr2.match", "", VERDICT_ERROR,
	  ": nothing-expected" },
	{ "PCR2, PCR1 skipped", "~pcr1.match +pcr2.match", "", VERDICT_ERROR,
	  ": nothing-expected" },

	/* what never makes identity */
	{ "PCR3", "+pcr3.match", "", VERDICT_ERROR, ": nothing-expected" },
	{ "PCR4", "+pcr4.match", "", VERDICT_ERROR, ": nothing-expected" },
	{ "PCR8", "+pcr8.match", "", VERDICT_ERROR, ": nothing-expected" },
	{ "nonce", "+nonce.match", "", VERDICT_ERROR, ": nothing-expected" },
	{ "user_data", "+user_data.match", "", VERDICT_ERROR, ": nothing-expected" },
	{ "public_key", "+public_key.match", "", VERDICT_ERROR, ": nothing-expected" },
	{ "a good document", "+document.form +claims.form +chain.root +chain.time +cose.signature",
	  "", VERDICT_ERROR, ": nothing-expected" },
	{ "everything but identity",
	  "+document.form +claims.form +chain.root +chain.time +cose.signature +claims.age "
	  "+nonce.match +user_data.match +public_key.match +pcr.debug +pcr1.match +pcr3.match "
	  "+pcr4.match +pcr5.match +pcr6.match +pcr7.match +pcr8.match +pcr9.match +pcr10.match "
	  "+pcr11.match +pcr12.match +pcr13.match +pcr14.match +pcr15.match +pcr16.match "
	  "+pcr17.match +pcr18.match +pcr19.match +pcr20.match +pcr21.match +pcr22.match "
	  "+pcr23.match +pcr24.match +pcr25.match +pcr26.match +pcr27.match +pcr28.match "
	  "+pcr29.match +pcr30.match +pcr31.match",
	  "", VERDICT_ERROR, ": nothing-expected" },
	{ "nothing at all", "", "", VERDICT_ERROR, ": nothing-expected" },

	/* no check is fail */
	{ "a failure", "-cose.signature", "", VERDICT_FAIL, ": cose.signature" },
	{ "a failure beside identity", "+pcr0.match -nonce.match", "", VERDICT_FAIL,
	  ": nonce.match" },
	{ "identity fails", "+chain.root -pcr0.match", "", VERDICT_FAIL, ": pcr0.match" },
	{ "one identity fails", "+pcr0.match -enclave_hash.match", "", VERDICT_FAIL,
	  ": enclave_hash.match" },
	{ "the first failure is named", "-chain.time -pcr0.match", "", VERDICT_FAIL,
	  ": chain.time" },
	{ "the last row fails", "+pcr0.match +pcr1.match -pcr2.match", "", VERDICT_FAIL,
	  ": pcr2.match" },

	/* or error */
	{ "an error", "?chain.root", "", VERDICT_ERROR, ": chain.root" },
	{ "an error beside identity", "+pcr0.match ?nonce.match", "", VERDICT_ERROR,
	  ": nonce.match" },
	{ "the first error is named", "?chain.root ?cose.signature", "", VERDICT_ERROR,
	  ": chain.root" },
	{ "identity in error", "?pcr0.match", "", VERDICT_ERROR, ": pcr0.match" },

	/* fail beats error, whichever comes first */
	{ "error, then failure", "?chain.root -cose.signature", "", VERDICT_FAIL,
	  ": cose.signature" },
	{ "failure, then error", "-chain.root ?cose.signature", "", VERDICT_FAIL, ": chain.root" },
	{ "failure, error, identity", "+pcr0.match -nonce.match ?chain.root", "", VERDICT_FAIL,
	  ": nonce.match" },

	/* a skip never counts */
	{ "a skip beside identity", "+pcr0.match ~nonce.match", "", VERDICT_PASS, "" },
	{ "PCR0 skipped", "~pcr0.match", "", VERDICT_ERROR, ": nothing-expected" },
	{ "hash skipped", "~enclave_hash.match", "", VERDICT_ERROR, ": nothing-expected" },
	{ "PCR1 and PCR2 skipped", "~pcr1.match ~pcr2.match", "", VERDICT_ERROR,
	  ": nothing-expected" },
	{ "all skipped", "~document.form ~chain.root ~pcr0.match", "", VERDICT_ERROR,
	  ": nothing-expected" },

	/* every check named by --require is pass */
	{ "required and passed", "+pcr0.match +nonce.match", "nonce.match", VERDICT_PASS, "" },
	{ "required identity", "+pcr0.match", "pcr0.match", VERDICT_PASS, "" },
	{ "required and skipped", "+pcr0.match ~nonce.match", "nonce.match", VERDICT_FAIL,
	  ": nonce.match" },
	{ "required and never added", "+pcr0.match", "nonce.match", VERDICT_FAIL, ": nonce.match" },
	{ "required of an empty report", "", "pcr0.match", VERDICT_FAIL, ": pcr0.match" },
	{ "required and failed", "+pcr0.match -nonce.match", "nonce.match", VERDICT_FAIL,
	  ": nonce.match" },
	{ "required and in error", "+pcr0.match ?nonce.match", "nonce.match", VERDICT_ERROR,
	  ": nonce.match" },
	{ "two required, one skipped", "+pcr0.match ~nonce.match", "pcr0.match,nonce.match",
	  VERDICT_FAIL, ": nonce.match" },
	{ "required passes, nothing expected", "+chain.root", "chain.root", VERDICT_ERROR,
	  ": nothing-expected" },
	{ "another is skipped", "+pcr0.match +chain.root ~nonce.match", "chain.root", VERDICT_PASS,
	  "" },
	{ "a required skip beats an error", "?chain.root ~nonce.match", "nonce.match", VERDICT_FAIL,
	  ": nonce.match" },

	/* no memory, and mistakes of the caller's */
	{ "out of memory", "+pcr0.match !", "", VERDICT_ERROR, ": out-of-memory" },
	{ "out of memory first", "! +pcr0.match", "", VERDICT_ERROR, ": out-of-memory" },
	{ "out of memory and a failure", "! -pcr0.match", "", VERDICT_FAIL, ": pcr0.match" },
	{ "out of memory and a required skip", "! ~pcr0.match", "pcr0.match", VERDICT_FAIL,
	  ": pcr0.match" },
	{ "out of memory and an error", "! +pcr0.match ?chain.root", "", VERDICT_ERROR,
	  ": chain.root" },
	{ "out of memory and nothing", "!", "", VERDICT_ERROR, ": out-of-memory" },
	{ "one check twice", "+pcr0.match +pcr0.match", "", VERDICT_ERROR, ": out-of-memory" },
	{ "another check twice", "+pcr0.match ~nonce.match +nonce.match", "", VERDICT_ERROR,
	  ": out-of-memory" },
	{ "passed, then failed", "+pcr0.match +nonce.match -nonce.match", "", VERDICT_ERROR,
	  ": out-of-memory" },
	{ "failed, then passed", "+pcr0.match -nonce.match +nonce.match", "", VERDICT_FAIL,
	  ": nonce.match" },
};

static char *first_line(const struct report *report)
{
	static const struct report_style plain = { false, false };
	struct buf text = { 0 };
	struct span rest;
	struct span line;

	report_text(report, &plain, &text);
	rest = buf_span(&text);
	ck_assert(!text.failed && support_line(&rest, &line));
	char *copy = support_text(line);
	buf_done(&text);
	return copy;
}

START_TEST(test_verdict)
{
	static const char *const words[] = { "ERROR  it", "FAIL  it", "PASS  it" };
	struct check_set known;
	struct span word;

	for (size_t i = 0; i < CHECK_COUNT; i++)
		known.has[i] = true;
	for (size_t i = 0; i < LENGTH(clauses); i++) {
		struct check_set require = nothing;
		struct report *report = new_report();
		struct buf want = { 0 };
		if (clauses[i].require[0] != '\0')
			ck_assert(check_set_add(&require, &known, span_of_text(clauses[i].require),
						&word));
		report_set_target(report, SPAN_LITERAL("it"));
		add_checks(report, clauses[i].checks);
		ck_assert_msg(report_verdict(report) == VERDICT_ERROR,
			      "row \"%s\": a verdict before the end", clauses[i].row);
		enum verdict got = report_conclude(report, &require);
		ck_assert_msg(got == clauses[i].want, "row \"%s\": verdict %d", clauses[i].row,
			      (int)got);
		ck_assert_int_eq(report_verdict(report), got);
		buf_printf(&want, "%s%s", words[got], clauses[i].line);
		char *line = first_line(report);
		EXPECT_BYTES(clauses[i].row, span_of_text(line), buf_span(&want));
		free(line);
		buf_done(&want);
		/* a second look changes nothing */
		ck_assert_msg(report_conclude(report, &require) == got, "row \"%s\" again",
			      clauses[i].row);
		report_free(report);
	}
}
END_TEST

/* A part that is missing takes a pass away, and nothing else. */
START_TEST(test_withheld)
{
	static const struct {
		const char *checks;
		enum verdict want;
		const char *line;
	} rows[] = {
		{ "+pcr0.match", VERDICT_ERROR, "ERROR  it: audit-no-image" },
		{ "+pcr0.match ~nonce.match", VERDICT_ERROR, "ERROR  it: audit-no-image" },
		{ "+chain.root", VERDICT_ERROR, "ERROR  it: audit-no-image" },
		{ "", VERDICT_ERROR, "ERROR  it: audit-no-image" },
		{ "+pcr0.match -nonce.match", VERDICT_FAIL, "FAIL  it: nonce.match" },
		{ "+pcr0.match ?nonce.match", VERDICT_ERROR, "ERROR  it: nonce.match" },
		{ "+pcr0.match !", VERDICT_ERROR, "ERROR  it: out-of-memory" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct report *report = new_report();
		report_set_target(report, SPAN_LITERAL("it"));
		report_withhold(report, REASON_AUDIT_NO_IMAGE);
		report_withhold(report, REASON_AUDIT_NO_ENCLAVE); /* the first one counts */
		add_checks(report, rows[i].checks);
		ck_assert_msg(report_conclude(report, &nothing) == rows[i].want, "row %zu", i);
		char *line = first_line(report);
		ck_assert_str_eq(line, rows[i].line);
		free(line);
		report_free(report);
	}
}
END_TEST

/* Only report_conclude makes a verdict. */
START_TEST(test_not_concluded)
{
	struct report *report = new_report();
	struct buf json = { 0 };

	ck_assert_int_eq(report_verdict(report), VERDICT_ERROR);
	report_pass(report, CHECK_PCR_MATCH, "fine");
	ck_assert_int_eq(report_verdict(report), VERDICT_ERROR);
	char *line = first_line(report);
	ck_assert(strncmp(line, "ERROR", 5) == 0);
	free(line);
	EXPECT_REASON("json", report_json(report, "t", "0", &json), REASON_OK);
	char *text = buf_take_text(&json);
	ck_assert_ptr_nonnull(strstr(text, "\"verdict\":\"error\""));
	free(text);
	report_free(report);
	report_free(NULL);
}
END_TEST

START_TEST(test_status)
{
	struct report *report = new_report();

	add_checks(report, "+chain.root -chain.time ?cose.signature ~nonce.match");
	ck_assert_int_eq(report_status(report, CHECK_CHAIN_ROOT), STATUS_PASS);
	ck_assert_int_eq(report_status(report, CHECK_CHAIN_TIME), STATUS_FAIL);
	ck_assert_int_eq(report_status(report, CHECK_COSE_SIGNATURE), STATUS_ERROR);
	ck_assert_int_eq(report_status(report, CHECK_NONCE_MATCH), STATUS_SKIP);
	ck_assert_int_eq(report_status(report, CHECK_PCR_MATCH), STATUS_SKIP); /* not added */
	report_free(report);
}
END_TEST

/* What weakens a verdict: on the first line of the text, and a member of the JSON. */
START_TEST(test_weakened)
{
	static const struct {
		const char *row;
		bool custom;
		bool aws;
		bool debug;
		bool timed;
		enum time_source source;
		const char *want; /* NULL: nothing */
	} rows[] = {
		{ "nothing known", false, false, false, false, TIME_CLOCK, NULL },
		{ "AWS's root, now", false, true, false, true, TIME_CLOCK, NULL },
		{ "custom root", true, false, false, true, TIME_CLOCK, "custom root 1a2b3c4d" },
		{ "debug", false, true, true, true, TIME_CLOCK, "debug enclave" },
		{ "time given", false, true, false, true, TIME_OPTION,
		  "as of 2026-01-03 10:00:00" },
		{ "document's time", false, true, false, true, TIME_DOCUMENT,
		  "as of 2026-01-03 10:00:00" },
		{ "root and debug", true, false, true, false, TIME_CLOCK,
		  "custom root 1a2b3c4d, debug enclave" },
		{ "root and time", true, false, false, true, TIME_OPTION,
		  "custom root 1a2b3c4d, as of 2026-01-03 10:00:00" },
		{ "debug and time", false, true, true, true, TIME_DOCUMENT,
		  "debug enclave, as of 2026-01-03 10:00:00" },
		{ "all", true, false, true, true, TIME_OPTION,
		  "custom root 1a2b3c4d, debug enclave, as of 2026-01-03 10:00:00" },
	};
	static const struct root custom = { { 0x1a, 0x2b, 0x3c, 0x4d, 0x5e }, false };
	static const char *const words[] = { "ERROR", "FAIL", "PASS" };
	static const char *const checks[] = { "?chain.root", "-chain.root", "+pcr0.match" };
	static const char *const ends[] = { "  x: chain.root", "  x: chain.root", "  x" };

	/* three verdicts: a failure is weakened as well, by a root of one's own for example */
	for (size_t i = 0; i < 3 * LENGTH(rows); i++) {
		size_t verdict = i % 3;
		const char *want = rows[i / 3].want;
		struct report *report = new_report();
		struct buf line = { 0 };
		struct buf json = { 0 };
		struct buf member = { 0 };
		report_set_target(report, SPAN_LITERAL("x"));
		if (rows[i / 3].custom || rows[i / 3].aws)
			report_set_root(report, rows[i / 3].custom ? &custom : &root_aws);
		report_set_debug(report, rows[i / 3].debug);
		if (rows[i / 3].timed)
			report_set_time(report, 1767434400, rows[i / 3].source);
		add_checks(report, checks[verdict]);
		ck_assert_int_eq(report_conclude(report, &nothing), (int)verdict);
		buf_printf(&line, "%s%s%s%s%s", words[verdict], want != NULL ? " (" : "",
			   want != NULL ? want : "", want != NULL ? ")" : "", ends[verdict]);
		char *got = first_line(report);
		EXPECT_BYTES(rows[i / 3].row, span_of_text(got), buf_span(&line));
		free(got);
		EXPECT_REASON("json", report_json(report, "t", "0", &json), REASON_OK);
		got = buf_take_text(&json);
		if (want == NULL) {
			ck_assert_ptr_null(strstr(got, "weakened"));
		} else {
			buf_printf(&member, ",\"weakened\":\"%s\",\"verdict\":", want);
			char *wanted = buf_take_text(&member);
			ck_assert_msg(strstr(got, wanted) != NULL, "row \"%s\": %s",
				      rows[i / 3].row, got);
			free(wanted);
		}
		free(got);
		buf_done(&line);
		report_free(report);
	}
}
END_TEST

#define HEX32 "0123456789abcdef0123456789abcdef"

/* A report that has one of everything. */
static struct report *rich_report(void)
{
	static const struct root custom = { { 0xab, 0xcd, 0xef, 0x01, 0x23 }, false };
	struct report *report = new_report();
	cJSON *facts = cJSON_CreateObject();

	report_set_target(report, SPAN_LITERAL("a.cbor"));
	report_set_root(report, &custom);
	report_set_time(report, 1767434400, TIME_OPTION);
	report_pass(report, CHECK_DOCUMENT_FORM, "%d bytes", 12);
	report_pass(report, CHECK_CHAIN_TIME, "valid");
	report_member(report, "not_before", "2026-01-03T10:00:00Z");
	report_member(report, "not_after", "2026-01-03T13:00:00Z");
	report_error(report, CHECK_CLAIMS_AGE, REASON_CRYPTO_FAILED, NULL);
	report_skip(report, CHECK_NONCE_MATCH, REASON_NOT_REQUESTED, NULL);
	report_needs(report, CHECK_USER_DATA_MATCH, CHECK_CHAIN_ROOT);
	report_skip(report, CHECK_PUBLIC_KEY_MATCH, REASON_RECORDED, "of a record");
	report_pass(report, CHECK_PCR_MATCH, "PCR0 is the expected one");
	report_compared(report, SPAN_LITERAL(HEX32 "01"), SPAN_LITERAL("pcr.json"),
			SPAN_LITERAL(HEX32 "01"));
	report_fail(report, CHECK_PCR1_MATCH, REASON_PCR_MISMATCH, "PCR%d is not", 1);
	report_compared(report, SPAN_LITERAL(HEX32 "02"), SPAN_LITERAL("--pcr"),
			SPAN_LITERAL(HEX32 "03"));
	report_fail(report, CHECK_ENCLAVE_HASH_MATCH, REASON_ENCLAVE_HASH_MISMATCH, NULL);
	report_compared(report, SPAN_LITERAL("0x" HEX32), SPAN_LITERAL("--enclave-hash"),
			SPAN_LITERAL("null"));
	ck_assert_ptr_nonnull(cJSON_AddStringToObject(facts, "enclave_hash", "0x5b1c"));
	report_take_facts(report, facts, true);
	report_note(report, "a remark");
	report_note(report, "another");
	(void)report_conclude(report, &nothing);
	return report;
}

static const char rich_text[] =
	"FAIL (custom root abcdef01, as of 2026-01-03 10:00:00)  a.cbor: pcr1.match\n"
	"  document.form        ok    12 bytes\n"
	"  chain.time           ok    valid\n"
	"  claims.age           error the cryptographic library failed on its own account "
	"(crypto-failed)\n"
	"  nonce.match          skip  not asked for\n"
	"  user_data.match      skip  needs chain.root\n"
	"  public_key.match     skip  of a record\n"
	"  pcr0.match           ok    01234567...ef01 (pcr.json)\n"
	"  pcr1.match           FAIL  PCR1 is not (pcr-mismatch)\n"
	"      expected  01234567...ef02   --pcr\n"
	"      actual    01234567...ef03   document\n"
	"  enclave_hash.match   FAIL  keccak256(PCR0) is not the expected hash "
	"(enclave-hash-mismatch)\n"
	"      expected  0x01234567...cdef   --enclave-hash\n"
	"      actual    null   document\n"
	"ENCLAVE_HASH 0x5b1c\n"
	"Note: a remark.\n"
	"Note: another.\n"
	"The document is genuine under the custom root: it was signed for another image.\n";

static const char rich_json[] =
	"{\"schema\":1,\"tool\":{\"name\":\"enclave-verify\",\"version\":\"1.2.3\"},"
	"\"target\":{\"name\":\"a.cbor\"},"
	"\"judged_at\":\"2026-01-03T10:00:00Z\",\"time_source\":\"option\","
	"\"root\":\"custom\",\"root_sha256\":"
	"\"abcdef0123000000000000000000000000000000000000000000000000000000\","
	"\"debug\":false,\"weakened\":\"custom root abcdef01, as of 2026-01-03 10:00:00\","
	"\"verdict\":\"fail\",\"checks\":["
	"{\"id\":\"document.form\",\"status\":\"pass\",\"message\":\"12 bytes\"},"
	"{\"id\":\"chain.time\",\"status\":\"pass\",\"message\":\"valid\","
	"\"not_before\":\"2026-01-03T10:00:00Z\",\"not_after\":\"2026-01-03T13:00:00Z\"},"
	"{\"id\":\"claims.age\",\"status\":\"error\",\"reason\":\"crypto-failed\","
	"\"message\":\"the cryptographic library failed on its own account\"},"
	"{\"id\":\"nonce.match\",\"status\":\"skip\",\"reason\":\"not-requested\","
	"\"message\":\"not asked for\"},"
	"{\"id\":\"user_data.match\",\"status\":\"skip\",\"reason\":\"needs-chain.root\","
	"\"message\":\"needs chain.root\"},"
	"{\"id\":\"public_key.match\",\"status\":\"skip\",\"reason\":\"recorded\","
	"\"message\":\"of a record\"},"
	"{\"id\":\"pcr0.match\",\"status\":\"pass\",\"message\":\"PCR0 is the expected one\","
	"\"expected\":\"" HEX32 "01\",\"expected_from\":\"pcr.json\",\"actual\":\"" HEX32 "01\"},"
	"{\"id\":\"pcr1.match\",\"status\":\"fail\",\"reason\":\"pcr-mismatch\","
	"\"message\":\"PCR1 is not\","
	"\"expected\":\"" HEX32 "02\",\"expected_from\":\"--pcr\",\"actual\":\"" HEX32 "03\"},"
	"{\"id\":\"enclave_hash.match\",\"status\":\"fail\",\"reason\":\"enclave-hash-mismatch\","
	"\"message\":\"keccak256(PCR0) is not the expected hash\","
	"\"expected\":\"0x" HEX32 "\",\"expected_from\":\"--enclave-hash\",\"actual\":null}],"
	"\"notes\":[\"a remark\",\"another\"],"
	"\"facts\":{\"enclave_hash\":\"0x5b1c\"}}\n";

START_TEST(test_text)
{
	static const struct report_style plain = { false, false };
	struct report *report = rich_report();
	struct buf text = { 0 };

	report_text(report, &plain, &text);
	char *got = buf_take_text(&text);
	ck_assert_str_eq(got, rich_text);
	free(got);
	report_free(report);
}
END_TEST

START_TEST(test_json)
{
	struct report *report = rich_report();
	struct buf json = { 0 };

	EXPECT_REASON("json", report_json(report, "enclave-verify", "1.2.3", &json), REASON_OK);
	char *got = buf_take_text(&json);
	ck_assert_str_eq(got, rich_json);
	free(got);
	report_free(report);
}
END_TEST

/* An empty report as JSON: what is not known is null. Facts that nothing proves are not called so. */
START_TEST(test_json_bare)
{
	struct report *report = new_report();
	struct buf json = { 0 };
	cJSON *facts = cJSON_CreateObject();

	(void)report_conclude(report, &nothing);
	EXPECT_REASON("empty", report_json(report, "t", "0", &json), REASON_OK);
	char *got = buf_take_text(&json);
	ck_assert_str_eq(got, "{\"schema\":1,\"tool\":{\"name\":\"t\",\"version\":\"0\"},"
			      "\"target\":{\"name\":null},\"judged_at\":null,\"time_source\":null,"
			      "\"root\":null,\"debug\":false,\"verdict\":\"error\","
			      "\"reason\":\"nothing-expected\",\"checks\":[]}\n");
	free(got);
	ck_assert_ptr_nonnull(cJSON_AddStringToObject(facts, "enclave_hash", "0x5b1c"));
	report_take_facts(report, facts, false);
	report_set_root(report, &root_aws);
	report_set_debug(report, true);
	report_set_time(report, 0, TIME_CLOCK);
	report_pass(report, CHECK_PCR_MATCH, NULL);
	(void)report_conclude(report, &nothing);
	EXPECT_REASON("claims", report_json(report, "t", "0", &json), REASON_OK);
	got = buf_take_text(&json);
	ck_assert_str_eq(
		got,
		"{\"schema\":1,\"tool\":{\"name\":\"t\",\"version\":\"0\"},"
		"\"target\":{\"name\":null},\"judged_at\":\"1970-01-01T00:00:00Z\","
		"\"time_source\":\"clock\",\"root\":\"aws\",\"root_sha256\":"
		"\"641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b\","
		"\"debug\":true,\"weakened\":\"debug enclave\",\"verdict\":\"pass\",\"checks\":["
		"{\"id\":\"pcr0.match\",\"status\":\"pass\",\"message\":\"nothing is wrong\"}],"
		"\"unverified\":{\"enclave_hash\":\"0x5b1c\"}}\n");
	free(got);
	report_set_time(report, 60, TIME_DOCUMENT);
	EXPECT_REASON("time", report_json(report, "t", "0", &json), REASON_OK);
	got = buf_take_text(&json);
	ck_assert_ptr_nonnull(strstr(got, "\"time_source\":\"document\""));
	free(got);
	report_free(report);
}
END_TEST

static char *text_of(const struct report *report, bool colour, bool verbose)
{
	const struct report_style style = { colour, verbose };
	struct buf text = { 0 };

	report_text(report, &style, &text);
	char *got = buf_take_text(&text);
	ck_assert_ptr_nonnull(got);
	return got;
}

static void expect_part(const char *row, const char *text, const char *part, bool there)
{
	ck_assert_msg((strstr(text, part) != NULL) == there, "row \"%s\": \"%s\" %s in:\n%s", row,
		      part, there ? "is not" : "is", text);
}

/* Long hex is shortened, everything else is shown whole; -v shows all. */
START_TEST(test_values)
{
	static const struct {
		const char *value;
		const char *shown;
	} rows[] = {
		{ "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcde" },
		{ HEX32, HEX32 },
		{ HEX32 "0", "01234567...def0" },
		{ HEX32 "" HEX32, "01234567...cdef" },
		{ "0x0123456789abcdef0123456789abcd", "0x0123456789abcdef0123456789abcd" },
		{ "0x" HEX32, "0x01234567...cdef" },
		{ HEX32 "0g", HEX32 "0g" },
		{ "0z" HEX32, "0z" HEX32 },
		{ "zx" HEX32, "zx" HEX32 },
		{ "zz" HEX32, "zz" HEX32 },
		{ HEX32 "0A", HEX32 "0A" }, /* ours is lower case: this is text */
		{ "(0 bytes)", "(0 bytes)" },
		{ "a\nb\033[1m", "a\\x0ab\\x1b[1m" },
		{ "", "" },
		{ "null", "null" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf want = { 0 };
		struct report *report = new_report();
		report_fail(report, CHECK_NONCE_MATCH, REASON_NONCE_MISMATCH, NULL);
		report_compared(report, span_of_text(rows[i].value), SPAN_LITERAL("here"),
				span_of_text(rows[i].value));
		buf_printf(&want, "\n      expected  %s   here\n      actual    %s   document\n",
			   rows[i].shown, rows[i].shown);
		char *part = buf_take_text(&want);
		char *got = text_of(report, false, false);
		expect_part(rows[i].value, got, part, true);
		free(got);
		free(part);
		if (strchr(rows[i].shown, '\\') == NULL) {
			buf_printf(&want,
				   "\n      expected  %s   here\n      actual    %s   document\n",
				   rows[i].value, rows[i].value);
			part = buf_take_text(&want);
			got = text_of(report, false, true);
			expect_part(rows[i].value, got, part, true);
			free(got);
			free(part);
		}
		report_free(report);
	}
}
END_TEST

/* Colour where it is asked for, and the same words without it. */
START_TEST(test_colour)
{
	static const char want[] = "\033[1m\033[31mFAIL\033[0m (custom root abcdef01";
	struct report *report = rich_report();

	char *got = text_of(report, true, false);
	expect_part("verdict", got, want, true);
	expect_part("ok", got, "  \033[32mok\033[0m    12 bytes\n", true);
	expect_part("fail", got, "  \033[31mFAIL\033[0m  PCR1 is not", true);
	expect_part("skip", got, "  \033[33mskip\033[0m  not asked for\n", true);
	expect_part("error", got, "  \033[31merror\033[0m the crypto", true);
	struct buf bare = { 0 };
	for (const char *c = got; *c != '\0'; c++) {
		if (*c == '\033')
			c = strchr(c, 'm');
		else
			buf_add(&bare, (struct span){ (const uint8_t *)c, 1 });
	}
	EXPECT_BYTES("without colour", buf_span(&bare), SPAN_LITERAL(rich_text));
	buf_done(&bare);
	free(got);
	report_free(report);

	report = new_report();
	add_checks(report, "+pcr0.match");
	(void)report_conclude(report, &nothing);
	got = text_of(report, true, false);
	expect_part("pass", got, "\033[1m\033[32mPASS\033[0m  \n", true);
	free(got);
	report_free(report);

	report = new_report();
	(void)report_conclude(report, &nothing);
	got = text_of(report, true, false);
	expect_part("error", got, "\033[1m\033[33mERROR\033[0m  : nothing-expected\n", true);
	free(got);
	report_free(report);
}
END_TEST

/* What to do, on the last line. */
START_TEST(test_advice)
{
	static const struct {
		const char *row;
		enum check check;
		enum reason reason;
		const char *want; /* within the last line; NULL: no such line */
	} rows[] = {
		{ "mismatch", CHECK_PCR_MATCH, REASON_PCR_MISMATCH,
		  "AWS signed it for another image" },
		{ "hash", CHECK_ENCLAVE_HASH_MATCH, REASON_ENCLAVE_HASH_MISMATCH,
		  "AWS signed it for another image" },
		{ "expired", CHECK_CHAIN_TIME, REASON_X509_VALIDITY, "judged with --at document" },
		{ "root", CHECK_CHAIN_ROOT, REASON_X509_ROOT, "begins with another root" },
		{ "stale", CHECK_CLAIMS_AGE, REASON_TIMESTAMP_STALE, "a fresh document" },
		{ "future", CHECK_CLAIMS_AGE, REASON_TIMESTAMP_FUTURE, "this machine's clock" },
		{ "nonce", CHECK_NONCE_MATCH, REASON_NONCE_MISMATCH, "may be a replay" },
		{ "debug", CHECK_PCR_DEBUG, REASON_DEBUG_PCRS, "without debug mode" },
		{ "unreadable", CHECK_DOCUMENT_FORM, REASON_FILE_UNREADABLE,
		  "Nothing was judged." },
		{ "form", CHECK_DOCUMENT_FORM, REASON_COSE_SHAPE, "not an attestation document" },
		{ "claims", CHECK_CLAIMS_FORM, REASON_DIGEST, "not an attestation document" },
		{ "chain", CHECK_CHAIN_ROOT, REASON_X509_SIGNATURE, "can be trusted." },
		{ "signature", CHECK_COSE_SIGNATURE, REASON_COSE_SIGNATURE, "can be trusted." },
		{ "user_data", CHECK_USER_DATA_MATCH, REASON_USER_DATA_MISMATCH, NULL },
	};
	struct check_set require = nothing;

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct report *report = new_report();
		report_set_root(report, &root_aws);
		report_fail(report, rows[i].check, rows[i].reason, NULL);
		/* a later failure gives no advice */
		report_fail(report, CHECK_PCR31_MATCH, REASON_PCR_MISMATCH, NULL);
		(void)report_conclude(report, &nothing);
		char *got = text_of(report, false, false);
		const char *rows_end = strstr(got, "(pcr-mismatch)\n");
		ck_assert_ptr_nonnull(rows_end);
		if (rows[i].check == CHECK_PCR_MATCH)
			rows_end = strstr(rows_end + 1, "(pcr-mismatch)\n");
		rows_end += strlen("(pcr-mismatch)\n");
		if (rows[i].want == NULL)
			ck_assert_str_eq(rows_end, "");
		else
			expect_part(rows[i].row, rows_end, rows[i].want, true);
		expect_part(rows[i].row, got, "custom root", false);
		free(got);
		report_free(report);
	}

	struct report *report = new_report();
	require.has[CHECK_NONCE_MATCH] = true;
	(void)report_conclude(report, &require);
	char *got = text_of(report, false, false);
	expect_part(
		"required", got,
		"  nonce.match          FAIL  --require names it and it was skipped: not asked for "
		"(required-skipped)\n"
		"Give what the check needs, or leave it out of --require.\n",
		true);
	free(got);
	report_free(report);

	/* advice of its own goes before that of the reason */
	report = new_report();
	report_advise(report, "nothing to belong to");
	report_set_root(report, &root_aws);
	report_pass(report, CHECK_CHAIN_ROOT, NULL);
	report_advise(report, "of a check that passed");
	report_fail(report, CHECK_PCR_MATCH, REASON_PCR_MISMATCH, NULL);
	report_advise(report, "Do this.");
	report_fail(report, CHECK_PCR1_MATCH, REASON_PCR_MISMATCH, NULL);
	report_advise(report, "Or that.");
	(void)report_conclude(report, &nothing);
	got = text_of(report, false, false);
	expect_part("own advice", got, "(pcr-mismatch)\nDo this.\n", true);
	expect_part("own advice", got, "Or that", false);
	expect_part("own advice", got, "AWS signed", false);
	expect_part("own advice", got, "belong", false);
	free(got);
	report_free(report);

	/* a root that is not known is none of AWS's */
	report = new_report();
	report_fail(report, CHECK_PCR_MATCH, REASON_PCR_MISMATCH, NULL);
	(void)report_conclude(report, &nothing);
	got = text_of(report, false, false);
	expect_part("no root", got, "\nThe document is genuine under the custom root", true);
	free(got);
	report_free(report);

	/* an error that no row tells */
	report = new_report();
	add_checks(report, "+chain.root");
	(void)report_conclude(report, &nothing);
	got = text_of(report, false, false);
	expect_part(
		"nothing expected", got,
		"\nNo verdict: nothing was given that says which image to expect: add --pcr 0=, "
		"--pcrs or --enclave-hash.\n",
		true);
	free(got);
	add_checks(report, "?chain.time");
	(void)report_conclude(report, &nothing);
	got = text_of(report, false, false);
	expect_part("an error told by its row", got, "No verdict", false);
	free(got);
	report_free(report);
}
END_TEST

START_TEST(test_required_message)
{
	struct check_set require = nothing;
	struct report *report = new_report();
	struct buf json = { 0 };

	require.has[CHECK_NONCE_MATCH] = true;
	require.has[CHECK_USER_DATA_MATCH] = true;
	report_needs(report, CHECK_NONCE_MATCH, CHECK_CHAIN_ROOT);
	(void)report_conclude(report, &require);
	EXPECT_REASON("json", report_json(report, "t", "0", &json), REASON_OK);
	char *got = buf_take_text(&json);
	expect_part("needs", got,
		    "\"checks\":[{\"id\":\"nonce.match\",\"status\":\"fail\",\"reason\":"
		    "\"required-skipped\",\"message\":\"--require names it and it was skipped: "
		    "needs chain.root\"},"
		    "{\"id\":\"user_data.match\",\"status\":\"fail\",\"reason\":"
		    "\"required-skipped\",\"message\":\"--require names it and it was skipped: "
		    "not asked for\"}]",
		    true);
	free(got);
	report_free(report);
}
END_TEST

START_TEST(test_hash_line)
{
	for (unsigned i = 0; i < 8; i++) {
		bool proven = (i & 1) != 0;
		bool debug = (i & 2) != 0;
		bool known = (i & 4) != 0;
		struct report *report = new_report();
		cJSON *facts = cJSON_CreateObject();
		ck_assert(cJSON_AddItemToObject(facts, "enclave_hash",
						known ? cJSON_CreateString("0x5b\n") :
							cJSON_CreateNull()));
		report_take_facts(report, facts, proven);
		report_set_debug(report, debug);
		char *got = text_of(report, false, false);
		expect_part("hash", got, "ENCLAVE_HASH", proven && known);
		expect_part("hash", got, "ENCLAVE_HASH 0x5b\\x0a\n", proven && known && !debug);
		expect_part("hash", got,
			    "ENCLAVE_HASH 0x5b\\x0a (of any debug enclave: never register it)\n",
			    proven && known && debug);
		free(got);
		report_free(report);
	}
}
END_TEST

#define HOSTILE "\033[2J\x01\r\n\"\\\x7f\x80\xe2\x80\xae\xf0\x9f\x92\xa9"

/* Nothing that came from outside acts on a terminal or breaks the JSON. */
START_TEST(test_hostile)
{
	struct report *report = new_report();
	struct buf json = { 0 };
	struct json_place place;
	cJSON *tree = NULL;
	static const uint8_t with_nul[] = { 'a', 0, 'b' };

	report_set_target(report, SPAN_LITERAL("first"));
	report_set_target(report, SPAN_LITERAL(HOSTILE));
	report_fail(report, CHECK_CLAIMS_FORM, REASON_MODULE_ID, "%s", HOSTILE);
	report_compared(report, SPAN_LITERAL(HOSTILE), SPAN_LITERAL(HOSTILE), SPAN_OF(with_nul));
	report_compared(report, SPAN_LITERAL("a"), SPAN_LITERAL("second"), SPAN_LITERAL("b"));
	report_member(report, "member", HOSTILE);
	(void)report_conclude(report, &nothing);
	for (int verbose = 0; verbose < 2; verbose++) {
		char *got = text_of(report, false, verbose != 0);
		for (const char *c = got; *c != '\0'; c++)
			ck_assert_msg(*c == '\n' || (*c >= ' ' && *c <= '~'), "byte %d: %s", *c,
				      got);
		expect_part("target", got,
			    "FAIL  \\x1b[2J\\x01\\x0d\\x0a\"\\x5c\\x7f\\x80\\xe2\\x80\\xae"
			    "\\xf0\\x9f\\x92\\xa9: claims.form\n",
			    true);
		expect_part("actual", got, "\n      actual    a\\xef\\xbf\\xbdb   document\n",
			    true);
		expect_part("second", got, "second", false);
		free(got);
	}
	EXPECT_REASON("json", report_json(report, HOSTILE, "0", &json), REASON_OK);
	for (size_t i = 0; i + 1 < json.len; i++)
		ck_assert_msg(json.at[i] >= 0x20 && json.at[i] < 0x7f, "byte %zu", i);
	ck_assert_int_eq(json.at[json.len - 1], '\n');
	EXPECT_REASON("parse", json_read(buf_span(&json), &tree, &place), REASON_OK);
	const cJSON *target = cJSON_GetObjectItemCaseSensitive(tree, "target");
	/* the byte 0x80 is no character */
	ck_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(target, "name")),
			 "\033[2J\x01\r\n\"\\\x7f\xef\xbf\xbd\xe2\x80\xae\xf0\x9f\x92\xa9");
	cJSON_Delete(tree);
	buf_done(&json);
	report_free(report);
}
END_TEST

/* Calls that have nothing to belong to, and too many notes. */
START_TEST(test_limits)
{
	struct report *report = new_report();
	char *text;
	size_t n = 0;

	report_compared(report, SPAN_LITERAL("a"), SPAN_LITERAL("b"), SPAN_LITERAL("c"));
	report_member(report, "key", "value");
	for (int i = 0; i < 2 * REPORT_NOTES_MAX; i++)
		report_note(report, "again");
	for (size_t i = 0; i < CHECK_COUNT; i++)
		report_pass(report, (enum check)i, "fine");
	ck_assert_int_eq(report_conclude(report, &nothing), VERDICT_PASS);
	text = text_of(report, false, false);
	for (const char *at = text; (at = strstr(at, "Note: again.\n")) != NULL; at++)
		n++;
	ck_assert_uint_eq(n, REPORT_NOTES_MAX);
	expect_part("values", text, "expected", false);
	free(text);
	report_pass(report, CHECK_COUNT, "one too many");
	ck_assert_int_eq(report_conclude(report, &nothing), VERDICT_ERROR);
	report_free(report);

	report = new_report();
	add_checks(report, "+pcr0.match");
	report_take_facts(report, cJSON_CreateObject(), true);
	report_take_facts(report, cJSON_CreateObject(), true); /* the first is freed */
	ck_assert_int_eq(report_conclude(report, &nothing), VERDICT_PASS);
	report_free(report);
}
END_TEST

/* What a running enclave's answer leaves open is said of a pass; an unknown issuer of any verdict. */
START_TEST(test_live)
{
#define UNBOUND "some genuine enclave answered, not necessarily the other end of this connection"
	static const struct {
		const char *row;
		bool pass;
		struct report_live live;
		const char *want;
	} rows[] = {
		{ "nothing", true, { false, 0, false, false }, "PASS  x\n" },
		{ "by age", true, { true, 60, false, false }, "PASS (fresh to 60 s only)  x\n" },
		{ "unbound", true, { false, 300, true, false }, "PASS (" UNBOUND ")  x\n" },
		{ "all",
		  true,
		  { true, 300, true, true },
		  "PASS (TLS certificate of an unknown issuer, fresh to 300 s only, " UNBOUND
		  ")  x\n" },
		{ "failed", false, { true, 300, true, false }, "FAIL  x: nonce.match\n" },
		{ "failed, unknown issuer",
		  false,
		  { true, 300, true, true },
		  "FAIL (TLS certificate of an unknown issuer)  x: nonce.match\n" },
	};
#undef UNBOUND

	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct check_set none = { .has = { false } };
		struct report *report = report_new();
		ck_assert_ptr_nonnull(report);
		report_set_target(report, SPAN_LITERAL("x"));
		report_set_url(report, SPAN_LITERAL("https://a.example/\"\033"));
		report_set_live(report, &rows[i].live);
		if (!rows[i].pass)
			report_fail(report, CHECK_NONCE_MATCH, REASON_NONCE_MISMATCH, NULL);
		report_pass(report, CHECK_PCR_MATCH, NULL);
		(void)report_conclude(report, &none);
		char *got = text_of(report, false, false);
		ck_assert_msg(strncmp(got, rows[i].want, strlen(rows[i].want)) == 0, "%s: %s",
			      rows[i].row, got);
		free(got);
		struct buf json = { 0 };
		ck_assert_int_eq(report_json(report, "t", "0", &json), REASON_OK);
		char *line = buf_take_text(&json);
		ck_assert_ptr_nonnull(strstr(
			line,
			"\"target\":{\"name\":\"x\",\"url\":\"https://a.example/\\\"\\u001b\"}"));
		free(line);
		report_free(report);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");

	support_add(suite, "every clause of the verdict", test_verdict);
	support_add(suite, "a part that is missing", test_withheld);
	support_add(suite, "no verdict before the end", test_not_concluded);
	support_add(suite, "status of a check", test_status);
	support_add(suite, "what weakens a verdict", test_weakened);
	support_add(suite, "what a live answer leaves open", test_live);
	support_add(suite, "text", test_text);
	support_add(suite, "json", test_json);
	support_add(suite, "json of little", test_json_bare);
	support_add(suite, "values", test_values);
	support_add(suite, "colour", test_colour);
	support_add(suite, "advice", test_advice);
	support_add(suite, "required and skipped", test_required_message);
	support_add(suite, "the hash", test_hash_line);
	support_add(suite, "hostile text", test_hostile);
	support_add(suite, "limits", test_limits);
	return support_main(suite);
}
