#include "verify/document.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/support.h"
#include "verify/basenc.h"
#include "verify/expect.h"
#include "verify/report_rows.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define MADE INT64_C(1767434400) /* the bundled document's timestamp in whole seconds */

/* Options as on a command line, separated by blanks, file names below testvectors/. */
static void policy_of(struct policy *policy, const char *options)
{
	const struct check_set known = document_checks();
	char *text = support_text(span_of_text(options));
	char *argv[64] = { NULL };
	int argc = 1;
	struct cli_words words;
	const struct cli_option *option = NULL;
	const char *value = NULL;
	const char *message = NULL;
	char *rest = NULL;

	for (char *word = strtok_r(text, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	policy_init(policy);
	cli_words_start(&words, argc, argv);
	cli_words_table(&words, expect_options, EXPECT_OPTIONS);
	for (;;) {
		enum cli_word kind = cli_words_next(&words, &option, &value, &message);
		if (kind == CLI_WORD_END)
			break;
		if (kind != CLI_WORD_OPTION ||
		    !expect_apply("test", policy, &known, option->id, value))
			ck_abort_msg("options \"%s\"", options);
	}
	free(text);
}

static struct report *new_report(void)
{
	struct report *report = report_new();

	ck_assert_ptr_nonnull(report);
	return report;
}

/* Judges and concludes; *ret may be NULL. */
static struct report *judge(struct span bytes, const struct policy *policy, int64_t now,
			    struct chain_cache *cache, struct document *ret)
{
	struct report *report = new_report();
	struct document document;

	memset(&document, 0x5a, sizeof(document)); /* always written */
	document_judge(bytes, policy, now, cache, report, ret != NULL ? ret : &document);
	ck_assert_msg(!report->out_of_memory, "a check was added twice");
	(void)report_conclude(report, &policy->require);
	return report;
}

/* A blank before each check: "+" passed, "-" failed, "?" error, "~" skipped, with the reason behind it. Skips that
 * were not asked for are left out unless `all`. */
static char *rows_text(const struct report *report, bool all)
{
	static const char marks[] = { '?', '~', '-', '+' };
	struct buf text = { 0 };

	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		if (!all && row->reason == REASON_NOT_REQUESTED)
			continue;
		buf_printf(&text, " %c%s", marks[row->status], check_name(row->check));
		if (row->status == STATUS_PASS)
			continue;
		buf_text(&text, ":");
		report_reason_code(row, &text);
	}
	char *owned = buf_take_text(&text);
	ck_assert_ptr_nonnull(owned);
	return owned;
}

static const char *const verdicts[] = { "error", "fail", "pass" };

#define PCR0 \
	"4a6badea3a596cda4062bf12d1357293f8a808ed95b8865130286fb323119c84b95d268a8950ffc4af7b7d80d62b4b36"
#define PCR1 \
	"cada77ab3f9b3bb8e2c752c92558ef07a392c264e1fdece5721ac8464f6b4a1598cb16d05a568b813666541c2c69003d"
#define PCR2 \
	"ce7fee41831f6a4c40de1ecd3649ed63f1de99d533b362270adbc95242cab226eb4f0874cf75f73b6c263174cb19cff3"
#define ZEROS \
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
#define HASH "0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83"
#define OTHER_HASH "0x2e1c2a195599888b8cfbccc3f641968929b75089a46c2436b6d08fd9d2496e88"

#define ROOT "--root root.pem "
#define GROUND " +document.form +claims.form +chain.root +chain.time +cose.signature"
#define NEEDS(check) \
	" ~claims.age:needs-" check " ~nonce.match:needs-" check " ~user_data.match:needs-" check \
	" ~public_key.match:needs-" check " ~pcr.debug:needs-" check " ~pcr0.match:needs-" check \
	" ~pcr1.match:needs-" check " ~pcr2.match:needs-" check " ~pcr8.match:needs-" check \
	" ~enclave_hash.match:needs-" check
/* so that everything is asked for */
#define EVERYTHING \
	ROOT "--max-age 300 --nonce 00 --user-data 00 --public-key 00 --pcrs pcr.json --pcr 8=" ZEROS \
	     " --enclave-hash " HASH

static const struct {
	const char *row;
	const char *file;
	const char *options;
	int64_t now;
	enum verdict verdict;
	const char *checks;
} outcomes[] = {
	/* everything passes */
	{ "good", "document.cbor", ROOT "--pcrs pcr.json", MADE, VERDICT_PASS,
	  GROUND " +pcr.debug +pcr0.match +pcr1.match +pcr2.match" },
	{ "everything", "documents/bound.cbor",
	  ROOT "--max-age 300 --pcrs pcr.json --public-key @public-key.bin "
	       "--nonce 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f "
	       "--user-data 52408ce928fcece4a50261fcbb1c3a1556b12bd3ad2c32ee0fd5a8d429b46193 "
	       "--enclave-hash " HASH,
	  MADE, VERDICT_PASS,
	  GROUND " +claims.age +nonce.match +user_data.match +public_key.match +pcr.debug "
		 "+pcr0.match +pcr1.match +pcr2.match +enclave_hash.match" },
	{ "hash alone", "document.cbor", ROOT "--enclave-hash " HASH, MADE, VERDICT_PASS,
	  GROUND " +pcr.debug +enclave_hash.match" },
	{ "nothing expected", "document.cbor", ROOT, MADE, VERDICT_ERROR, GROUND " +pcr.debug" },

	/* each check fails, alone */
	{ "nonce", "documents/bound.cbor", ROOT "--pcrs pcr.json --nonce 00", MADE, VERDICT_FAIL,
	  GROUND " -nonce.match:nonce-mismatch +pcr.debug +pcr0.match +pcr1.match +pcr2.match" },
	{ "user_data", "documents/bound.cbor", ROOT "--pcr 0=" PCR0 " --user-data 00", MADE,
	  VERDICT_FAIL, GROUND " -user_data.match:user-data-mismatch +pcr.debug +pcr0.match" },
	{ "public_key", "documents/bound.cbor", ROOT "--pcr 0=" PCR0 " --public-key 00", MADE,
	  VERDICT_FAIL, GROUND " -public_key.match:public-key-mismatch +pcr.debug +pcr0.match" },
	{ "PCR0", "document.cbor", ROOT "--pcr 0=" PCR1, MADE, VERDICT_FAIL,
	  GROUND " +pcr.debug -pcr0.match:pcr-mismatch" },
	{ "PCR1", "document.cbor", ROOT "--pcr 0=" PCR0 " --pcr 1=" PCR0, MADE, VERDICT_FAIL,
	  GROUND " +pcr.debug +pcr0.match -pcr1.match:pcr-mismatch" },
	{ "PCR31", "document.cbor", ROOT "--pcr 0=" PCR0 " --pcr 31=" ZEROS, MADE, VERDICT_FAIL,
	  GROUND " +pcr.debug +pcr0.match -pcr31.match:pcr-missing" },
	{ "hash", "document.cbor", ROOT "--pcr 0=" PCR0 " --enclave-hash " OTHER_HASH, MADE,
	  VERDICT_FAIL,
	  GROUND " +pcr.debug +pcr0.match -enclave_hash.match:enclave-hash-mismatch" },
	{ "several", "documents/bound.cbor",
	  ROOT "--pcr 0=" PCR1 " --nonce 00 --user-data 00 --public-key 00 --max-age 300",
	  MADE + 301, VERDICT_FAIL,
	  GROUND " -claims.age:timestamp-stale -nonce.match:nonce-mismatch "
		 "-user_data.match:user-data-mismatch -public_key.match:public-key-mismatch "
		 "+pcr.debug -pcr0.match:pcr-mismatch" },

	/* null is not the same as zero bytes */
	{ "null, zero bytes expected", "document.cbor", ROOT "--pcr 0=" PCR0 " --public-key=", MADE,
	  VERDICT_FAIL, GROUND " -public_key.match:public-key-mismatch +pcr.debug +pcr0.match" },
	{ "zero bytes, zero expected", "documents/good-optionals-empty.cbor",
	  ROOT "--pcr 0=" PCR0 " --public-key= --user-data=", MADE, VERDICT_PASS,
	  GROUND " +user_data.match +public_key.match +pcr.debug +pcr0.match" },
	{ "zero bytes, one expected", "documents/good-optionals-empty.cbor",
	  ROOT "--pcr 0=" PCR0 " --user-data=00", MADE, VERDICT_FAIL,
	  GROUND " -user_data.match:user-data-mismatch +pcr.debug +pcr0.match" },
	{ "absent, expected", "documents/good-optionals-absent.cbor",
	  ROOT "--pcr 0=" PCR0 " --nonce=00", MADE, VERDICT_FAIL,
	  GROUND " -nonce.match:nonce-mismatch +pcr.debug +pcr0.match" },

	/* a ground that does not hold */
	{ "form", "documents/cose-trailing-zero.cbor", EVERYTHING, MADE, VERDICT_FAIL,
	  " -document.form:cose-trailing ~claims.form:needs-document.form "
	  "~chain.root:needs-claims.form ~chain.time:needs-chain.root "
	  "~cose.signature:needs-chain.root" NEEDS("document.form") },
	{ "claims", "documents/digest-sha256.cbor", EVERYTHING, MADE, VERDICT_FAIL,
	  " +document.form -claims.form:digest ~chain.root:needs-claims.form "
	  "~chain.time:needs-chain.root ~cose.signature:needs-chain.root" NEEDS("claims.form") },
	{ "another root", "document.cbor",
	  "--root otherroot.pem --max-age 300 --nonce 00 --user-data 00 --public-key 00 "
	  "--pcrs pcr.json --pcr 8=" ZEROS " --enclave-hash " HASH,
	  MADE, VERDICT_FAIL,
	  " +document.form +claims.form -chain.root:x509-root ~chain.time:needs-chain.root "
	  "~cose.signature:needs-chain.root" NEEDS("chain.root") },
	{ "AWS's root", "document.cbor", "--pcrs pcr.json", MADE, VERDICT_FAIL,
	  " +document.form +claims.form -chain.root:x509-root ~chain.time:needs-chain.root "
	  "~cose.signature:needs-chain.root ~claims.age:needs-chain.root "
	  "~pcr.debug:needs-chain.root ~pcr0.match:needs-chain.root ~pcr1.match:needs-chain.root "
	  "~pcr2.match:needs-chain.root" },
	{ "chain", "documents/x509-signature-leaf.cbor", EVERYTHING, MADE, VERDICT_FAIL,
	  " +document.form +claims.form -chain.root:x509-signature ~chain.time:needs-chain.root "
	  "~cose.signature:needs-chain.root" NEEDS("chain.root") },
	{ "expired", "document.cbor", EVERYTHING, MADE + 86400, VERDICT_FAIL,
	  " +document.form +claims.form +chain.root -chain.time:x509-validity "
	  "+cose.signature" NEEDS("chain.time") },
	{ "outside of the leaf", "documents/timestamp-outside-leaf-day-early.cbor", EVERYTHING,
	  MADE, VERDICT_FAIL,
	  " +document.form +claims.form +chain.root -chain.time:timestamp-outside-leaf "
	  "+cose.signature" NEEDS("chain.time") },
	{ "signature", "tampered.cbor", EVERYTHING, MADE, VERDICT_FAIL,
	  " +document.form +claims.form +chain.root +chain.time "
	  "-cose.signature:cose-signature" NEEDS("cose.signature") },
	{ "time and signature", "tampered.cbor", EVERYTHING, MADE + 86400, VERDICT_FAIL,
	  " +document.form +claims.form +chain.root -chain.time:x509-validity "
	  "-cose.signature:cose-signature" NEEDS("chain.time") },
	{ "a tampered debug document", "documents/cose-signature-pcrs-replaced.cbor",
	  ROOT "--pcrs pcr.json", MADE, VERDICT_FAIL,
	  " +document.form +claims.form +chain.root +chain.time -cose.signature:cose-signature "
	  "~claims.age:needs-cose.signature ~pcr.debug:needs-cose.signature "
	  "~pcr0.match:needs-cose.signature ~pcr1.match:needs-cose.signature "
	  "~pcr2.match:needs-cose.signature" },

	/* three times to judge at */
	{ "now", "document.cbor", ROOT "--pcr 0=" PCR0 " --max-age 10", MADE + 10, VERDICT_PASS,
	  GROUND " +claims.age +pcr.debug +pcr0.match" },
	{ "a time given", "document.cbor", ROOT "--pcr 0=" PCR0 " --at 1767434410 --max-age 10", 0,
	  VERDICT_PASS, GROUND " +claims.age +pcr.debug +pcr0.match" },
	{ "the document's", "document.cbor", ROOT "--pcr 0=" PCR0 " --at document", 0, VERDICT_PASS,
	  GROUND " +pcr.debug +pcr0.match" },
	{ "the document's, claims unreadable", "documents/digest-sha256.cbor",
	  ROOT "--pcr 0=" PCR0 " --at document", 0, VERDICT_FAIL,
	  " +document.form -claims.form:digest ~chain.root:needs-claims.form "
	  "~chain.time:needs-chain.root ~cose.signature:needs-chain.root "
	  "~pcr.debug:needs-claims.form ~pcr0.match:needs-claims.form" },

	/* the limits of age */
	{ "max age", "document.cbor", ROOT "--pcr 0=" PCR0 " --max-age 300", MADE + 300,
	  VERDICT_PASS, GROUND " +claims.age +pcr.debug +pcr0.match" },
	{ "max age and 1", "document.cbor", ROOT "--pcr 0=" PCR0 " --max-age 300", MADE + 301,
	  VERDICT_FAIL, GROUND " -claims.age:timestamp-stale +pcr.debug +pcr0.match" },
	{ "age 0", "document.cbor", ROOT "--pcr 0=" PCR0 " --max-age 0", MADE, VERDICT_PASS,
	  GROUND " +claims.age +pcr.debug +pcr0.match" },
	{ "age 1 of 0", "document.cbor", ROOT "--pcr 0=" PCR0 " --max-age 0", MADE + 1,
	  VERDICT_FAIL, GROUND " -claims.age:timestamp-stale +pcr.debug +pcr0.match" },
	{ "skew", "documents/age.cbor", ROOT "--pcrs pcr.json --max-age 0", MADE + 3596 - 60,
	  VERDICT_PASS, GROUND " +claims.age +pcr.debug +pcr0.match +pcr1.match +pcr2.match" },
	{ "skew and 1", "documents/age.cbor", ROOT "--pcrs pcr.json --max-age 300",
	  MADE + 3596 - 61, VERDICT_FAIL,
	  GROUND " -claims.age:timestamp-future +pcr.debug +pcr0.match +pcr1.match +pcr2.match" },
	{ "skew and 1, no limit of age", "documents/age.cbor", ROOT "--pcrs pcr.json",
	  MADE + 3596 - 61, VERDICT_FAIL,
	  GROUND " -claims.age:timestamp-future +pcr.debug +pcr0.match +pcr1.match +pcr2.match" },
	{ "skew, no limit of age", "documents/age.cbor", ROOT "--pcrs pcr.json", MADE + 3596 - 60,
	  VERDICT_PASS, GROUND " +pcr.debug +pcr0.match +pcr1.match +pcr2.match" },
	{ "skew given", "documents/age.cbor", ROOT "--pcrs pcr.json --max-skew 5", MADE + 3596 - 5,
	  VERDICT_PASS, GROUND " +pcr.debug +pcr0.match +pcr1.match +pcr2.match" },
	{ "skew given and 1", "documents/age.cbor", ROOT "--pcrs pcr.json --max-skew 5",
	  MADE + 3596 - 6, VERDICT_FAIL,
	  GROUND " -claims.age:timestamp-future +pcr.debug +pcr0.match +pcr1.match +pcr2.match" },

	/* the timestamp lies within the leaf, both ends included */
	{ "first second of the leaf", "documents/time-leaf-first.cbor", ROOT "--pcr 0=" PCR0, MADE,
	  VERDICT_PASS, GROUND " +pcr.debug +pcr0.match" },
	{ "last second of the leaf", "documents/time-leaf-last.cbor",
	  ROOT "--pcr 0=" PCR0 " --at document", MADE, VERDICT_PASS,
	  GROUND " +pcr.debug +pcr0.match" },
	{ "long after the leaf", "documents/timestamp-outside-leaf-2099.cbor", ROOT "--pcr 0=" PCR0,
	  MADE, VERDICT_FAIL,
	  " +document.form +claims.form +chain.root -chain.time:timestamp-outside-leaf "
	  "+cose.signature ~claims.age:needs-chain.time ~pcr.debug:needs-chain.time "
	  "~pcr0.match:needs-chain.time" },

	/* debug mode */
	{ "debug", "documents/debug.cbor", ROOT "--pcr 0=" ZEROS, MADE, VERDICT_FAIL,
	  GROUND " -pcr.debug:debug-pcrs +pcr0.match" },
	{ "debug, allowed", "documents/debug.cbor", ROOT "--allow-debug --pcr 0=" ZEROS, MADE,
	  VERDICT_PASS, GROUND " ~pcr.debug:debug-allowed +pcr0.match" },
	{ "debug, allowed, nothing expected", "documents/debug.cbor", ROOT "--allow-debug", MADE,
	  VERDICT_ERROR, GROUND " ~pcr.debug:debug-allowed" },
	{ "debug, allowed, another image", "documents/debug.cbor",
	  ROOT "--allow-debug --pcr 0=" PCR0, MADE, VERDICT_FAIL,
	  GROUND " ~pcr.debug:debug-allowed -pcr0.match:pcr-mismatch" },
	{ "debug, allowed, but required", "documents/debug.cbor",
	  ROOT "--allow-debug --require pcr.debug --pcr 0=" ZEROS, MADE, VERDICT_FAIL,
	  GROUND " -pcr.debug:required-skipped +pcr0.match" },
	{ "no debug, allowed", "document.cbor", ROOT "--allow-debug --pcr 0=" PCR0, MADE,
	  VERDICT_PASS, GROUND " +pcr.debug +pcr0.match" },
	{ "PCR0 alone is zero", "documents/pcr0-zero.cbor", ROOT "--pcr 1=" PCR1 " --pcr 2=" PCR2,
	  MADE, VERDICT_FAIL, GROUND " -pcr.debug:debug-pcrs +pcr1.match +pcr2.match" },
	{ "PCR1 and PCR2 are zero", "documents/pcr12-zero.cbor", ROOT "--pcr 0=" PCR0, MADE,
	  VERDICT_PASS, GROUND " +pcr.debug +pcr0.match" },

	/* no PCR0 */
	{ "no PCR0", "documents/no-pcr0.cbor", ROOT "--pcr 1=" PCR1 " --pcr 2=" PCR2, MADE,
	  VERDICT_FAIL, GROUND " -pcr.debug:pcr-missing +pcr1.match +pcr2.match" },
	{ "no PCR0, debug allowed", "documents/no-pcr0.cbor",
	  ROOT "--allow-debug --pcr 1=" PCR1 " --pcr 2=" PCR2, MADE, VERDICT_FAIL,
	  GROUND " -pcr.debug:pcr-missing +pcr1.match +pcr2.match" },
	{ "no PCR0, expected", "documents/no-pcr0.cbor", ROOT "--pcr 0=" PCR0, MADE, VERDICT_FAIL,
	  GROUND " -pcr.debug:pcr-missing -pcr0.match:pcr-missing" },
	{ "no PCR0, hash expected", "documents/no-pcr0.cbor", ROOT "--enclave-hash " HASH, MADE,
	  VERDICT_FAIL,
	  GROUND " -pcr.debug:pcr-missing -enclave_hash.match:enclave-hash-mismatch" },

	/* identity: a judged pass needs one */
	{ "PCR1 and PCR2", "document.cbor", ROOT "--pcr 1=" PCR1 " --pcr 2=" PCR2, MADE,
	  VERDICT_PASS, GROUND " +pcr.debug +pcr1.match +pcr2.match" },
	{ "PCR1", "document.cbor", ROOT "--pcr 1=" PCR1, MADE, VERDICT_ERROR,
	  GROUND " +pcr.debug +pcr1.match" },
	{ "PCR3 and PCR4", "document.cbor",
	  ROOT "--role-arn arn:aws:iam::123456789012:role/test-enclave-parent "
	       "--instance-id i-0e5c1a7ed0c5e7e57",
	  MADE, VERDICT_ERROR, GROUND " +pcr.debug +pcr3.match +pcr4.match" },
	{ "PCR8", "documents/signed-image.cbor", ROOT "--signing-cert signing-cert.pem", MADE,
	  VERDICT_ERROR, GROUND " +pcr.debug +pcr8.match" },

	/* sets */
	{ "first of two files", "document.cbor", ROOT "--pcrs pcr.json --pcrs other-pcr.json", MADE,
	  VERDICT_PASS, GROUND " +pcr.debug +pcr0.match +pcr1.match +pcr2.match" },
	{ "second of two files", "document.cbor", ROOT "--pcrs other-pcr.json --pcrs pcr.json",
	  MADE, VERDICT_PASS, GROUND " +pcr.debug +pcr0.match +pcr1.match +pcr2.match" },
	{ "PCR0 of one file, PCR2 of the other", "documents/mixed-image.cbor",
	  ROOT "--pcrs pcr.json --pcrs other-pcr.json", MADE, VERDICT_FAIL,
	  GROUND " +pcr.debug -pcr0.match:pcr-mismatch +pcr1.match +pcr2.match" },

	/* required */
	{ "required register that is not expected", "document.cbor",
	  ROOT "--pcr 0=" PCR0 " --pcr 2=" PCR2 " --require pcr1.match,pcr31.match", MADE,
	  VERDICT_FAIL,
	  GROUND " +pcr.debug +pcr0.match -pcr1.match:required-skipped +pcr2.match "
		 "-pcr31.match:required-skipped" },
	{ "required register that passes", "document.cbor",
	  ROOT "--pcr 0=" PCR0 " --require pcr0.match,chain.*", MADE, VERDICT_PASS,
	  GROUND " +pcr.debug +pcr0.match" },
	{ "required hash that passes", "document.cbor",
	  ROOT "--enclave-hash " HASH " --require enclave_hash.match", MADE, VERDICT_PASS,
	  GROUND " +pcr.debug +enclave_hash.match" },
	{ "required hash that is not expected", "document.cbor",
	  ROOT "--pcr 0=" PCR0 " --require enclave_hash.match", MADE, VERDICT_FAIL,
	  GROUND " +pcr.debug +pcr0.match -enclave_hash.match:required-skipped" },
	{ "required age at the document's time", "document.cbor",
	  ROOT "--at document --pcr 0=" PCR0 " --require claims.age", MADE, VERDICT_FAIL,
	  GROUND " -claims.age:required-skipped +pcr.debug +pcr0.match" },
	{ "required of a bad document", "tampered.cbor",
	  ROOT "--pcr 0=" PCR0 " --require pcr0.match", MADE, VERDICT_FAIL,
	  " +document.form +claims.form +chain.root +chain.time -cose.signature:cose-signature "
	  "~claims.age:needs-cose.signature ~pcr.debug:needs-cose.signature "
	  "-pcr0.match:required-skipped" },
};

START_TEST(test_outcomes)
{
	/* test_cache shows that it makes no difference, but for the time */
	struct chain_cache cache = { .next = 0 };

	for (size_t i = 0; i < LENGTH(outcomes); i++) {
		struct policy policy;
		struct buf file = support_read(outcomes[i].file);
		policy_of(&policy, outcomes[i].options);
		struct report *report = judge(buf_span(&file), &policy, outcomes[i].now,
					      support_is_slow() ? &cache : NULL, NULL);
		char *got = rows_text(report, false);
		ck_assert_msg(strcmp(got, outcomes[i].checks) == 0, "row \"%s\":\n%s\nwanted\n%s",
			      outcomes[i].row, got, outcomes[i].checks);
		ck_assert_msg(report_verdict(report) == outcomes[i].verdict,
			      "row \"%s\": verdict %s", outcomes[i].row,
			      verdicts[report_verdict(report)]);
		free(got);
		report_free(report);
		policy_done(&policy);
		buf_done(&file);
	}
}
END_TEST

/* All checks always appear, in order; of the registers only those that were asked for. */
START_TEST(test_all_checks)
{
	static const struct {
		const char *options;
		const char *want;
	} rows[] = {
		{ ROOT, GROUND
		  " ~claims.age:not-requested ~nonce.match:not-requested "
		  "~user_data.match:not-requested ~public_key.match:not-requested +pcr.debug "
		  "~enclave_hash.match:not-requested" },
		{ ROOT "--pcr 31=" ZEROS " --pcr 5=" ZEROS " --require pcr6.match", GROUND
		  " ~claims.age:not-requested ~nonce.match:not-requested "
		  "~user_data.match:not-requested ~public_key.match:not-requested +pcr.debug "
		  "+pcr5.match -pcr6.match:required-skipped -pcr31.match:pcr-missing "
		  "~enclave_hash.match:not-requested" },
	};
	struct buf file = support_read("document.cbor");

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct policy policy;
		policy_of(&policy, rows[i].options);
		struct report *report = judge(buf_span(&file), &policy, MADE, NULL, NULL);
		char *got = rows_text(report, true);
		ck_assert_str_eq(got, rows[i].want);
		free(got);
		report_free(report);
		policy_done(&policy);
	}
	buf_done(&file);
	const struct check_set all = document_checks();
	for (size_t i = 0; i < CHECK_COUNT; i++)
		ck_assert_msg(all.has[i] == (i <= CHECK_ENCLAVE_HASH_MATCH), "%s",
			      check_name((enum check)i));
}
END_TEST

/* testvectors/documents/index.tsv, row by row. */
START_TEST(test_index)
{
	static const enum verdict wanted[] = { VERDICT_PASS, VERDICT_FAIL, VERDICT_ERROR,
					       VERDICT_ERROR };
	struct buf index = support_read("documents/index.tsv");
	struct span rest = buf_span(&index);
	struct span fields[5];
	size_t n = 0;

	ck_assert(support_row(&rest, fields, LENGTH(fields))); /* the header */
	while (support_row(&rest, fields, LENGTH(fields))) {
		if (n++ % support_thin(23) != 0)
			continue;
		struct policy policy;
		struct buf path = { 0 };
		struct buf decoded = { 0 };
		struct buf code = { 0 };
		struct span bytes;
		buf_printf(&path, "documents/%.*s", (int)fields[0].len, (const char *)fields[0].at);
		char *name = buf_take_text(&path);
		char *options = support_text(fields[1]);
		char *reasons = support_text(fields[4]);
		struct buf file = support_read(name);
		struct report *report = new_report();
		struct document document;
		policy_of(&policy, options);
		enum reason reason = basenc_document(buf_span(&file), &decoded, &bytes);
		if (reason == REASON_OK)
			document_judge(bytes, &policy, 0, NULL, report, &document);
		else
			document_refuse(&policy, 0, reason, false, report);
		enum verdict verdict = report_conclude(report, &policy.require);
		enum verdict want = wanted[(fields[2].at[0] - '0') & 3];
		ck_assert_msg(verdict == want, "%s %s: %s", name, options, verdicts[verdict]);
		const struct row *bad = report_first_bad(report);
		ck_assert_msg((bad != NULL) == (want == VERDICT_FAIL), "%s %s", name, options);
		if (bad != NULL) {
			EXPECT_BYTES(options, span_of_text(check_name(bad->check)), fields[3]);
			report_reason_code(bad, &code);
		} else if (want == VERDICT_ERROR) {
			buf_text(&code, reason_name(report->verdict_reason));
		} else {
			buf_text(&code, "-");
		}
		char *got = buf_take_text(&code);
		ck_assert_msg(strstr(reasons, got) != NULL, "%s %s: %s, wanted %s", name, options,
			      got, reasons);
		free(got);
		report_free(report);
		policy_done(&policy);
		buf_done(&file);
		buf_done(&decoded);
		free(name);
		free(options);
		free(reasons);
	}
	ck_assert_uint_gt(n, 700);
	buf_done(&index);
}
END_TEST

/* What the rows say, whole. */
START_TEST(test_text)
{
	static const char want[] =
		"PASS (custom root c9d24d86)  d\n"
		"  document.form        ok    4648 bytes, one COSE_Sign1, no trailing bytes\n"
		"  claims.form          ok    SHA384, module i-0e5c1a7ed0c5e7e57-enc019b834c9f78c0de\n"
		"  chain.root           ok    5 certificates to the root given by --root\n"
		"  chain.time           ok    valid 2026-01-03 09:59:56 to 2026-01-03 12:59:59 UTC, "
		"judged at 2026-01-03 10:00:08\n"
		"  cose.signature       ok    ES384 by the leaf certificate\n"
		"  claims.age           ok    8 s old, limit 300 s\n"
		"  nonce.match          skip  not asked for\n"
		"  user_data.match      skip  not asked for\n"
		"  public_key.match     skip  not asked for\n"
		"  pcr.debug            ok    PCR0 is not all zero\n"
		"  pcr0.match           ok    4a6badea...4b36 (--pcr)\n"
		"  enclave_hash.match   ok    0x17881510...1f83 (--enclave-hash)\n"
		"ENCLAVE_HASH " HASH "\n"
		"Note: PCR0 does not say where one section of the image ends and the next begins; "
		"expect PCR1 and PCR2 too.\n";
	static const struct report_style plain = { false, false };
	struct buf file = support_read("document.cbor");
	struct buf text = { 0 };
	struct policy policy;

	policy_of(&policy, ROOT "--max-age 300 --pcr 0=" PCR0 " --enclave-hash " HASH);
	struct report *report = judge(buf_span(&file), &policy, MADE + 8, NULL, NULL);
	report_set_target(report, SPAN_LITERAL("d"));
	report_text(report, &plain, &text);
	char *got = buf_take_text(&text);
	ck_assert_str_eq(got, want);
	free(got);
	report_free(report);
	policy_done(&policy);
	buf_done(&file);
}
END_TEST

/* Parts of the text. */
static const struct {
	const char *row;
	const char *file;
	const char *options;
	int64_t now;
	const char *part;
	const char *never;
} texts[] = {
	{ "tag 18", "documents/good-tag18.cbor", ROOT, MADE,
	  "one COSE_Sign1 with tag 18, no trailing", NULL },
	{ "no bytes", "documents/cose-empty.cbor", ROOT, MADE,
	  "document.form        FAIL  there are no bytes at all (cose-empty)\n", NULL },
	{ "too many bytes", "documents/cose-too-large.cbor", ROOT, MADE,
	  "document.form        FAIL  longer than any attestation document (32 KiB) "
	  "(cose-too-large)\n",
	  NULL },
	{ "where the form fails", "documents/cose-trailing-zero.cbor", ROOT, MADE,
	  "bytes follow the end of the COSE_Sign1: at byte ", NULL },
	{ "where the claims fail", "documents/digest-sha256.cbor", ROOT, MADE,
	  "digest is not the text SHA384: at byte ", NULL },
	{ "which certificate fails", "documents/x509-signature-leaf.cbor", ROOT, MADE,
	  "one before it: certificate 5 of 5, counted from the root (x509-signature)\n", NULL },
	{ "roots compared", "document.cbor", "", MADE,
	  "      expected  641a0321...bb5b   SHA-256 of AWS's root\n"
	  "      actual    c9d24d86...f2d6   document\n",
	  "ENCLAVE_HASH" },
	{ "another root compared", "document.cbor", "--root otherroot.pem", MADE,
	  "   SHA-256 of --root\n      actual    c9d24d86...f2d6   document\n", NULL },
	{ "which certificate is not valid", "document.cbor", ROOT, MADE + 86400,
	  "certificate 4 of 5 is valid from 2026-01-03 01:24:05 to 2026-01-04 01:24:05 UTC, judged at "
	  "2026-01-04 10:00:00 (x509-validity)\n",
	  "ENCLAVE_HASH" },
	{ "not valid yet", "document.cbor", ROOT, MADE - 5,
	  "certificate 5 of 5 is valid from 2026-01-03 09:59:56 to 2026-01-03 12:59:59 UTC, judged at "
	  "2026-01-03 09:59:55",
	  NULL },
	{ "the narrowest is the first", "documents/time-narrow-root.cbor", "--root shortroot.pem",
	  MADE,
	  "valid 2026-01-03 09:59:56 to 2026-01-03 12:59:59 UTC, judged at 2026-01-03 10:00:00\n",
	  NULL },
	{ "the narrowest is the second", "documents/time-narrow-regional.cbor", ROOT, MADE,
	  "valid 2026-01-03 09:59:56 to 2026-01-03 12:59:59 UTC, judged at 2026-01-03 10:00:00\n",
	  NULL },
	{ "the narrowest is the last", "documents/time-narrow-leaf.cbor", ROOT, MADE,
	  "valid 2026-01-03 09:59:56 to 2026-01-03 12:59:59 UTC, judged at 2026-01-03 10:00:00\n",
	  NULL },
	{ "outside of the leaf", "documents/timestamp-outside-leaf-2020.cbor", ROOT, MADE,
	  "that signed it: 2020-01-01 00:00:00 UTC (timestamp-outside-leaf)", NULL },
	{ "no limit of age", "document.cbor", ROOT, MADE + 3600,
	  "claims.age           skip  3600 s old, no --max-age given\n", NULL },
	{ "stale", "document.cbor", ROOT "--max-age 300", MADE + 301,
	  "claims.age           FAIL  301 s old, limit 300 s (timestamp-stale)\n", NULL },
	{ "future", "documents/age.cbor", ROOT, MADE + 3596 - 61,
	  "claims.age           FAIL  61 s later than the judged time, 60 s allowed "
	  "(timestamp-future)\n",
	  NULL },
	{ "the document's time", "document.cbor", ROOT "--at document", 0,
	  "claims.age           skip  judged at the document's own time: its age was not checked\n",
	  NULL },
	{ "as of", "document.cbor", ROOT "--at document", 0,
	  "ERROR (custom root c9d24d86, as of 2026-01-03 10:00:00)  : nothing-expected\n", NULL },
	{ "as of, given", "document.cbor", ROOT "--at 1767434401", 0,
	  "ERROR (custom root c9d24d86, as of 2026-01-03 10:00:01)  : nothing-expected\n", NULL },
	{ "now is not said", "document.cbor", ROOT, MADE,
	  "ERROR (custom root c9d24d86)  : nothing-expected\n", "as of" },
	{ "debug is said", "documents/debug.cbor", ROOT "--allow-debug --pcr 0=" ZEROS, MADE,
	  "PASS (custom root c9d24d86, debug enclave)  \n", NULL },
	{ "debug is said of a failure", "documents/debug.cbor", ROOT, MADE,
	  "FAIL (custom root c9d24d86, debug enclave)  : pcr.debug\n", NULL },
	{ "debug is not said of what is not proven", "documents/debug.cbor", "--pcrs pcr.json",
	  MADE, "FAIL  : chain.root\n", "debug enclave" },
	{ "debug is not said of what is not proven yet", "documents/debug.cbor", ROOT, MADE - 86400,
	  "FAIL (custom root c9d24d86)  : chain.time\n", "debug enclave" },
	{ "the hash of debug", "documents/debug.cbor", ROOT "--allow-debug", MADE,
	  "\nENCLAVE_HASH 0xc980e59163ce244bb4bb6211f48c7b46f88a4f40943e84eb99bdc41e129bd293 "
	  "(of any debug enclave: never register it)\n",
	  NULL },
	{ "no hash of what is not proven", "tampered.cbor", ROOT "--pcrs pcr.json", MADE,
	  "cose.signature       FAIL", "ENCLAVE_HASH" },
	{ "null shown", "document.cbor", ROOT "--public-key 00", MADE,
	  "      expected  00   --public-key\n      actual    null   document\n", NULL },
	{ "zero bytes expected", "document.cbor", ROOT "--public-key=", MADE,
	  "      expected  (0 bytes)   --public-key\n      actual    null   document\n", NULL },
	{ "zero bytes carried", "documents/good-optionals-empty.cbor", ROOT "--user-data 00", MADE,
	  "      expected  00   --user-data\n      actual    (0 bytes)   document\n", NULL },
	{ "zero bytes equal", "documents/good-optionals-empty.cbor", ROOT "--user-data=", MADE,
	  "user_data.match      ok    (0 bytes) (--user-data)\n", NULL },
	{ "nonce compared", "document.cbor", ROOT "--nonce 0011", MADE,
	  "      expected  0011   --nonce\n      actual    00112233445566778899aabbccddeeff   "
	  "document\n",
	  NULL },
	{ "PCR compared", "document.cbor", ROOT "--pcrs other-pcr.json", MADE,
	  "pcr0.match           FAIL  PCR0 is not the expected one (pcr-mismatch)\n"
	  "      expected  64d2fa71...05a4   other-pcr.json\n"
	  "      actual    4a6badea...4b36   document\n",
	  NULL },
	{ "PCR missing", "document.cbor", ROOT "--pcr 16=" ZEROS, MADE,
	  "pcr16.match          FAIL  the document carries no PCR16 (pcr-missing)\n"
	  "      expected  00000000...0000   --pcr\n      actual    null   document\n",
	  NULL },
	{ "no PCR0", "documents/no-pcr0.cbor", ROOT, MADE,
	  "the document carries no PCR0, so it cannot be told whether this is a debug enclave "
	  "(pcr-missing)\n",
	  "ENCLAVE_HASH" },
	{ "hash of no PCR0", "documents/no-pcr0.cbor", ROOT "--enclave-hash " HASH, MADE,
	  "keccak256(PCR0) is not the expected hash (enclave-hash-mismatch)\n"
	  "      expected  0x17881510...1f83   --enclave-hash\n      actual    null   document\n",
	  NULL },
	{ "hash of another image", "document.cbor", ROOT "--enclave-hash " OTHER_HASH, MADE,
	  "keccak256(PCR0) is not the expected hash (enclave-hash-mismatch)\n"
	  "      expected  0x2e1c2a19...6e88   --enclave-hash\n"
	  "      actual    0x17881510...1f83   document\n",
	  NULL },
	{ "sections not checked", "document.cbor", ROOT "--pcr 0=" PCR0, MADE,
	  "Note: PCR0 does not say where", NULL },
	{ "sections not checked: hash", "document.cbor", ROOT "--enclave-hash " HASH, MADE,
	  "Note: PCR0 does not say where", NULL },
	{ "sections not checked: PCR1 alone", "document.cbor",
	  ROOT "--pcr 0=" PCR0 " --pcr 1=" PCR1, MADE, "Note: PCR0 does not say where", NULL },
	{ "sections not checked: PCR2 alone", "document.cbor",
	  ROOT "--pcr 0=" PCR0 " --pcr 2=" PCR2, MADE, "Note: PCR0 does not say where", NULL },
	{ "sections checked", "document.cbor", ROOT "--pcrs pcr.json", MADE, "PASS", "Note:" },
	{ "no image known", "document.cbor", ROOT "--pcr 1=" PCR1, MADE, "ERROR", "Note:" },
	{ "another image", "document.cbor", ROOT "--pcr 0=" PCR1, MADE, "FAIL", "Note:" },
};

START_TEST(test_texts)
{
	static const struct report_style plain = { false, false };

	for (size_t i = 0; i < LENGTH(texts); i++) {
		struct buf file = support_read(texts[i].file);
		struct buf text = { 0 };
		struct policy policy;
		policy_of(&policy, texts[i].options);
		struct report *report = judge(buf_span(&file), &policy, texts[i].now, NULL, NULL);
		report_text(report, &plain, &text);
		char *got = buf_take_text(&text);
		ck_assert_msg(strstr(got, texts[i].part) != NULL,
			      "row \"%s\": \"%s\" is not in:\n%s", texts[i].row, texts[i].part,
			      got);
		if (texts[i].never != NULL)
			ck_assert_msg(strstr(got, texts[i].never) == NULL,
				      "row \"%s\": \"%s\" is in:\n%s", texts[i].row, texts[i].never,
				      got);
		free(got);
		report_free(report);
		policy_done(&policy);
		buf_done(&file);
	}
}
END_TEST

/* How a wrong ENCLAVE_HASH came about is named. */
START_TEST(test_hash_forms)
{
	static const uint8_t zero[PCR_LEN] = { 0 };
	struct buf file = support_read("document.cbor");
	struct buf pcr0 = support_hex(PCR0);
	struct span bytes = buf_span(&pcr0);
	char upper[] = PCR0;
	uint8_t hashes[9][KECCAK_LEN];
	static const struct report_style plain = { false, false };
	struct buf text = { 0 };
	static const char *const want[] = {
		"the hash of the text, not of the bytes: keccak256 was taken of PCR0's hex digits",
		"the hash of the text, not of the bytes",
		"the hash of the text, not of the bytes",
		"the expected value is the SHA3-256 of PCR0, not its keccak256",
		"the expected value is the SHA-256 of PCR0, not its keccak256",
		"the expected value is the hash of a zero PCR0, that of any debug enclave",
		"the expected value is no hash but an empty slot",
		"the expected value is no hash but an empty slot",
		"keccak256(PCR0) is not the expected hash",
	};

	for (size_t i = 0; upper[i] != '\0'; i++)
		upper[i] = (char)(upper[i] >= 'a' ? upper[i] - 'a' + 'A' : upper[i]);
	keccak_256(SPAN_LITERAL(PCR0), hashes[0]);
	keccak_256(SPAN_LITERAL("0x" PCR0), hashes[1]);
	keccak_256(span_of_text(upper), hashes[2]);
	EXPECT_REASON("sha3", digest_sha3_256(&bytes, 1, hashes[3]), REASON_OK);
	EXPECT_REASON("sha256", digest_sha256(&bytes, 1, hashes[4]), REASON_OK);
	enclave_hash(zero, hashes[5]);
	memset(hashes[6], 0, KECCAK_LEN);
	memset(hashes[7], 0xff, KECCAK_LEN);
	memset(hashes[8], 0x11, KECCAK_LEN);
	for (size_t i = 0; i < LENGTH(hashes); i++) {
		struct policy policy;
		policy_of(&policy, ROOT);
		struct policy_source *source =
			policy_add_source(&policy, POLICY_ALONE, SPAN_LITERAL("here"));
		ck_assert_ptr_nonnull(source);
		source->has_enclave_hash = true;
		memcpy(source->enclave_hash, hashes[i], KECCAK_LEN);
		struct report *report = judge(buf_span(&file), &policy, MADE, NULL, NULL);
		ck_assert_int_eq(report_verdict(report), VERDICT_FAIL);
		const struct row *bad = report_first_bad(report);
		ck_assert_int_eq(bad->check, CHECK_ENCLAVE_HASH_MATCH);
		EXPECT_REASON(want[i], bad->reason, REASON_ENCLAVE_HASH_MISMATCH);
		ck_assert_msg(strstr(row_message(bad), want[i]) != NULL, "%zu: %s", i,
			      row_message(bad));
		/* a slip in computing it is no other image */
		report_text(report, &plain, &text);
		char *got = buf_take_text(&text);
		bool slip = i + 1 < LENGTH(hashes);
		ck_assert_msg((strstr(got, "\nCompute the expected value anew") != NULL) == slip,
			      "%s", got);
		ck_assert_msg((strstr(got, "\nThe document is genuine") != NULL) == !slip, "%s",
			      got);
		free(got);
		report_free(report);
		policy_done(&policy);
	}
	buf_done(&file);
	buf_done(&pcr0);
}
END_TEST

static char *json_of(const struct report *report)
{
	struct buf json = { 0 };

	EXPECT_REASON("json", report_json(report, "t", "0", &json), REASON_OK);
	char *text = buf_take_text(&json);
	ck_assert_ptr_nonnull(text);
	return text;
}

/* Claims are facts when the chain, its time and the signature hold, and nothing else counts. */
START_TEST(test_genuine)
{
	static const struct {
		const char *file;
		const char *options;
		int64_t now;
		bool has_cose;
		bool has_claims;
		bool genuine;
	} rows[] = {
		{ "document.cbor", ROOT, MADE, true, true, true },
		{ "document.cbor", ROOT "--pcrs other-pcr.json --nonce 00", MADE, true, true,
		  true },
		{ "document.cbor", ROOT "--max-age 1", MADE + 300, true, true, true },
		{ "documents/debug.cbor", ROOT, MADE, true, true, true },
		{ "document.cbor", "", MADE, true, true, false },
		{ "document.cbor", ROOT, MADE + 86400, true, true, false },
		{ "documents/timestamp-outside-leaf-2020.cbor", ROOT, MADE, true, true, false },
		{ "tampered.cbor", ROOT, MADE, true, true, false },
		{ "documents/digest-sha256.cbor", ROOT, MADE, true, false, false },
		{ "documents/cose-trailing-zero.cbor", ROOT, MADE, false, false, false },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf file = support_read(rows[i].file);
		struct policy policy;
		struct document document;
		memset(&document, 0x5a, sizeof(document));
		policy_of(&policy, rows[i].options);
		struct report *report =
			judge(buf_span(&file), &policy, rows[i].now, NULL, &document);
		ck_assert_msg(document.has_cose == rows[i].has_cose &&
				      document.has_claims == rows[i].has_claims &&
				      document.genuine == rows[i].genuine,
			      "row %zu", i);
		char *json = json_of(report);
		ck_assert_msg((strstr(json, ",\"facts\":{") != NULL) == rows[i].genuine, "%s",
			      json);
		ck_assert_msg((strstr(json, ",\"unverified\":{") != NULL) ==
				      (rows[i].has_claims && !rows[i].genuine),
			      "%s", json);
		free(json);
		if (rows[i].has_claims)
			ck_assert_uint_ge(document.claims.pcrs.present, 7);
		if (rows[i].has_cose) /* it borrows */
			ck_assert(document.cose.payload.at > file.at &&
				  document.cose.payload.at + document.cose.payload.len <
					  file.at + file.len);
		report_free(report);
		policy_done(&policy);
		buf_done(&file);
	}
}
END_TEST

START_TEST(test_json)
{
	struct buf file = support_read("document.cbor");
	struct policy policy;

	policy_of(&policy, ROOT "--at document --pcr 0=" PCR0);
	struct report *report = judge(buf_span(&file), &policy, 0, NULL, NULL);
	char *json = json_of(report);
	static const char *const parts[] = {
		"\"judged_at\":\"2026-01-03T10:00:00Z\",\"time_source\":\"document\",\"root\":\"custom\","
		"\"root_sha256\":\"c9d24d86a7aaee96cd19f483862989345a074e1858863002119a24b878bbf2d6\","
		"\"debug\":false,\"weakened\":\"custom root c9d24d86, as of 2026-01-03 10:00:00\","
		"\"verdict\":\"pass\",\"checks\":[{\"id\":\"document.form\"",
		",\"not_before\":\"2026-01-03T09:59:56Z\",\"not_after\":\"2026-01-03T12:59:59Z\"}",
		"{\"id\":\"pcr0.match\",\"status\":\"pass\",\"message\":\"PCR0 is the expected one\","
		"\"expected\":\"" PCR0 "\",\"expected_from\":\"--pcr\",\"actual\":\"" PCR0 "\"}",
		"\"facts\":{\"module_id\":\"i-0e5c1a7ed0c5e7e57-enc019b834c9f78c0de\",",
		"\"enclave_hash\":\"" HASH "\"",
	};
	for (size_t i = 0; i < LENGTH(parts); i++)
		ck_assert_msg(strstr(json, parts[i]) != NULL, "\"%s\" is not in %s", parts[i],
			      json);
	free(json);
	report_free(report);
	policy_done(&policy);
	/* the time is not known before the claims are */
	buf_done(&file);
	file = support_read("documents/digest-sha256.cbor");
	policy_of(&policy, ROOT "--at document");
	report = judge(buf_span(&file), &policy, 0, NULL, NULL);
	json = json_of(report);
	ck_assert_ptr_nonnull(strstr(json, "\"judged_at\":null,\"time_source\":null"));
	free(json);
	report_free(report);
	policy_done(&policy);
	buf_done(&file);
}
END_TEST

/* A cache changes no report, whatever it has seen before. */
START_TEST(test_cache)
{
	static const char *const files[] = {
		"document.cbor",
		"document.cbor",
		"tampered.cbor",
		"documents/good.cbor",
		"documents/x509-signature-leaf.cbor",
		"documents/x509-signature-zonal.cbor",
		"documents/x509-signature-regional.cbor",
		"documents/x509-signature-leaf.cbor",
		"documents/x509-validity-zonal-expired.cbor",
		"documents/x509-aki-zonal.cbor",
		"documents/debug.cbor",
		"document.cbor",
	};
	struct chain_cache cache = { .next = 0 };
	struct policy policy;

	policy_of(&policy, ROOT "--at document --pcrs pcr.json");
	for (size_t i = 0; i < 2 * LENGTH(files); i += support_thin(3)) {
		struct buf file = support_read(files[i % LENGTH(files)]);
		struct report *with = judge(buf_span(&file), &policy, 0, &cache, NULL);
		struct report *without = judge(buf_span(&file), &policy, 0, NULL, NULL);
		char *got = json_of(with);
		char *want = json_of(without);
		ck_assert_str_eq(got, want);
		free(got);
		free(want);
		report_free(with);
		report_free(without);
		buf_done(&file);
	}
	ck_assert(cache.entries[0].used && cache.entries[3].used);
	/* another root is not helped by it */
	policy_done(&policy);
	policy_of(&policy, "--root otherroot.pem --at document --pcrs pcr.json");
	struct buf file = support_read("document.cbor");
	struct report *report = judge(buf_span(&file), &policy, 0, &cache, NULL);
	EXPECT_REASON("another root", report_first_bad(report)->reason, REASON_X509_ROOT);
	report_free(report);
	buf_done(&file);
	policy_done(&policy);
}
END_TEST

START_TEST(test_refuse)
{
	static const struct {
		enum reason reason;
		bool unreadable;
		enum verdict verdict;
		const char *want;
	} rows[] = {
		{ REASON_TEXT_ENCODING, false, VERDICT_FAIL, " -document.form:text-encoding" },
		{ REASON_COSE_TOO_LARGE, false, VERDICT_FAIL, " -document.form:cose-too-large" },
		{ REASON_COSE_EMPTY, false, VERDICT_FAIL, " -document.form:cose-empty" },
		{ REASON_FILE_UNREADABLE, true, VERDICT_ERROR, " ?document.form:file-unreadable" },
		{ REASON_OUT_OF_MEMORY, true, VERDICT_ERROR, " ?document.form:out-of-memory" },
	};
	static const char rest[] =
		" ~claims.form:needs-document.form ~chain.root:needs-claims.form "
		"~chain.time:needs-chain.root ~cose.signature:needs-chain.root "
		"~claims.age:needs-document.form ~nonce.match:not-requested "
		"~user_data.match:not-requested ~public_key.match:not-requested "
		"~pcr.debug:needs-document.form ~pcr0.match:needs-document.form "
		"~pcr1.match:needs-document.form ~pcr2.match:needs-document.form "
		"~enclave_hash.match:not-requested";
	struct policy policy;

	policy_of(&policy, ROOT "--pcrs pcr.json --require pcr.debug");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct report *report = new_report();
		document_refuse(&policy, MADE, rows[i].reason, rows[i].unreadable, report);
		char *got = rows_text(report, true);
		size_t first = strlen(rows[i].want);
		ck_assert_msg(strncmp(got, rows[i].want, first) == 0, "%s", got);
		ck_assert_str_eq(got + first, rest);
		free(got);
		char *json = json_of(report);
		ck_assert_ptr_null(strstr(json, "facts"));
		ck_assert_ptr_null(strstr(json, "unverified"));
		ck_assert_ptr_nonnull(strstr(json, "\"root\":\"custom\""));
		ck_assert_ptr_nonnull(strstr(json, "\"judged_at\":\"2026-01-03T10:00:00Z\""));
		free(json);
		struct check_set none = { .has = { false } };
		ck_assert_int_eq(report_conclude(report, &none), rows[i].verdict);
		/* a required check that was skipped for it fails, unless nothing could be judged */
		ck_assert_int_eq(report_conclude(report, &policy.require), rows[i].verdict);
		report_free(report);
	}
	policy_done(&policy);
}
END_TEST

/* Each byte of the bundled document changed: never a pass. */
START_TEST(test_changed)
{
	struct chain_cache cache = { .next = 0 };
	struct buf file = support_read("document.cbor");
	struct policy policy;
	uint64_t state = 384;

	policy_of(&policy, ROOT "--at document --pcrs pcr.json");
	struct report *report = judge(buf_span(&file), &policy, 0, &cache, NULL);
	ck_assert_int_eq(report_verdict(report), VERDICT_PASS);
	report_free(report);
	for (size_t i = 0; i < file.len; i += support_thin(151)) {
		uint8_t change = (uint8_t)(1U << support_random(&state) % 8);
		file.at[i] ^= change;
		uint8_t *exact = support_exact(buf_span(&file));
		report = judge((struct span){ exact, file.len }, &policy, 0, &cache, NULL);
		ck_assert_msg(report_verdict(report) == VERDICT_FAIL, "byte %zu ^ %02x: %s", i,
			      change, verdicts[report_verdict(report)]);
		report_free(report);
		free(exact);
		file.at[i] ^= change;
	}
	policy_done(&policy);
	buf_done(&file);
}
END_TEST

/* Every prefix, and every byte behind it. */
START_TEST(test_lengths)
{
	struct buf file = support_read("document.cbor");
	struct policy policy;

	policy_of(&policy, ROOT "--at document --pcrs pcr.json");
	for (size_t len = 0; len < file.len; len += support_thin(151)) {
		uint8_t *exact = support_exact((struct span){ file.at, len });
		struct report *report = judge((struct span){ exact, len }, &policy, 0, NULL, NULL);
		ck_assert_msg(report_verdict(report) == VERDICT_FAIL, "%zu bytes", len);
		ck_assert_int_eq(report_status(report, CHECK_DOCUMENT_FORM), STATUS_FAIL);
		report_free(report);
		free(exact);
	}
	buf_add(&file, SPAN_LITERAL("x"));
	for (unsigned last = 0; last < 256; last += (unsigned)support_thin(31)) {
		file.at[file.len - 1] = (uint8_t)last;
		struct report *report = judge(buf_span(&file), &policy, 0, NULL, NULL);
		EXPECT_REASON("a byte more", report_first_bad(report)->reason,
			      REASON_COSE_TRAILING);
		report_free(report);
	}
	policy_done(&policy);
	buf_done(&file);
}
END_TEST

/* Documents of the world, each judged at its own time against its own PCR0. */
START_TEST(test_gathered)
{
	struct buf index;
	struct span rest;
	struct span fields[5];
	size_t genuine = 0;

	if (!support_shared("document/gathered", "documents/index.tsv", &index))
		return;
	rest = buf_span(&index);
	ck_assert(support_row(&rest, fields, LENGTH(fields)));
	for (size_t n = 0; support_row(&rest, fields, LENGTH(fields)); n++) {
		if (n % support_thin(17) != 0)
			continue;
		bool by_aws = span_equal(fields[1], SPAN_LITERAL("yes"));
		bool debug = span_equal(fields[2], SPAN_LITERAL("yes"));
		struct buf text = { 0 };
		struct buf file;
		struct policy policy;
		buf_printf(&text, "documents/%.*s.bin", (int)fields[0].len,
			   (const char *)fields[0].at);
		char *name = buf_take_text(&text);
		ck_assert(support_shared("document/gathered", name, &file));
		buf_printf(&text, "--at document --pcr 0=%.*s", (int)fields[4].len,
			   (const char *)fields[4].at);
		char *options = buf_take_text(&text);
		policy_of(&policy, options);
		struct report *report = judge(buf_span(&file), &policy, 0, NULL, NULL);
		const struct row *bad = report_first_bad(report);
		if (by_aws && !debug) {
			ck_assert_msg(report_verdict(report) == VERDICT_PASS, "%s", name);
		} else {
			ck_assert_msg(report_verdict(report) == VERDICT_FAIL, "%s", name);
			EXPECT_REASON(name, bad->reason,
				      by_aws ? REASON_DEBUG_PCRS : support_reason(fields[3]));
		}
		report_free(report);
		policy.allow_debug = true;
		report = judge(buf_span(&file), &policy, 0, NULL, NULL);
		ck_assert_msg((report_verdict(report) == VERDICT_PASS) == by_aws, "%s", name);
		genuine += by_aws ? 1 : 0;
		report_free(report);
		policy_done(&policy);
		buf_done(&file);
		free(name);
		free(options);
	}
	ck_assert_uint_gt(genuine, 0);
	buf_done(&index);
}
END_TEST

/* Options name files below testvectors/; everything else is found from $TOP. */
static bool enter_vectors(void)
{
	const char *top = getenv("TOP");
	char whole[4096];

	return chdir(top != NULL ? top : ".") == 0 && getcwd(whole, sizeof(whole)) != NULL &&
	       setenv("TOP", whole, 1) == 0 && chdir("testvectors") == 0;
}

/* By what freshness is shown: a record may fail, but not pass; where no nonce is carried the age decides. */
START_TEST(test_freshness)
{
	static const struct {
		const char *row;
		enum policy_freshness freshness;
		const char *options;
		int64_t now;
		enum verdict verdict;
		const char *age;
		const char *nonce;
	} rows[] = {
		{ "by age", POLICY_FRESH_BY_AGE, "--max-age 60", MADE + 60, VERDICT_PASS,
		  "+claims.age", "~nonce.match:not-carried" },
		{ "by age, too old", POLICY_FRESH_BY_AGE, "--max-age 60", MADE + 61, VERDICT_FAIL,
		  "-claims.age:timestamp-stale", "~nonce.match:not-carried" },
		{ "by age, a nonce required", POLICY_FRESH_BY_AGE,
		  "--max-age 60 --require nonce.match", MADE, VERDICT_FAIL, "+claims.age",
		  "-nonce.match:required-skipped" },
		{ "by age, no limit, the age required", POLICY_FRESH_BY_AGE, "--require claims.age",
		  MADE, VERDICT_FAIL, "-claims.age:required-skipped", "~nonce.match:not-carried" },
		{ "record at its own time", POLICY_FRESH_NEVER, "--at document", MADE, VERDICT_PASS,
		  "~claims.age:recorded", "~nonce.match:recorded" },
		{ "record now", POLICY_FRESH_NEVER, "--max-age 60", MADE, VERDICT_PASS,
		  "~claims.age:recorded", "~nonce.match:recorded" },
		{ "record, too old", POLICY_FRESH_NEVER, "--max-age 60", MADE + 61, VERDICT_FAIL,
		  "-claims.age:timestamp-stale", "~nonce.match:recorded" },
		{ "record from later", POLICY_FRESH_NEVER, "--max-skew 1", MADE - 2, VERDICT_FAIL,
		  "-claims.age:timestamp-future", "~nonce.match:recorded" },
		{ "record, age required", POLICY_FRESH_NEVER, "--max-age 60 --require claims.age",
		  MADE, VERDICT_FAIL, "-claims.age:required-skipped", "~nonce.match:recorded" },
	};
	struct buf file = support_read("document.cbor");

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct policy policy;
		struct buf options = { 0 };
		buf_printf(&options, ROOT "--pcrs pcr.json %s", rows[i].options);
		char *text = buf_take_text(&options);
		policy_of(&policy, text);
		policy.freshness = rows[i].freshness;
		/* the document's nonce is the right one: that alone must not count */
		enum reason reason = hex_decode(SPAN_LITERAL("00112233445566778899aabbccddeeff"),
						&policy.nonce.bytes);
		EXPECT_REASON("nonce", reason, REASON_OK);
		policy.nonce.expected = true;
		struct report *report = judge(buf_span(&file), &policy, rows[i].now, NULL, NULL);
		char *got = rows_text(report, true);
		ck_assert_msg(report_verdict(report) == rows[i].verdict, "%s: %s", rows[i].row,
			      got);
		ck_assert_msg(strstr(got, rows[i].age) != NULL, "%s: %s", rows[i].row, got);
		ck_assert_msg(strstr(got, rows[i].nonce) != NULL, "%s: %s", rows[i].row, got);
		free(got);
		free(text);
		report_free(report);
		policy_done(&policy);
	}
	buf_done(&file);
}
END_TEST

/* Where there are no bytes for a reason that stands before: nothing but skips. */
START_TEST(test_lack)
{
	static const struct {
		bool error;
		enum verdict verdict;
	} rows[] = { { true, VERDICT_ERROR }, { false, VERDICT_FAIL } };
	struct policy policy;

	policy_of(&policy, ROOT "--pcrs pcr.json --require claims.age");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct report *report = new_report();
		if (rows[i].error)
			report_error(report, CHECK_ENDPOINT_FETCH, REASON_HTTP_TIMEOUT, NULL);
		else
			report_fail(report, CHECK_ENDPOINT_FETCH, REASON_HTTP_TIMEOUT, NULL);
		document_lack(&policy, MADE, CHECK_ENDPOINT_FETCH, report);
		char *got = rows_text(report, true);
		ck_assert_msg(strstr(got, " ~document.form:needs-endpoint.fetch "
					  "~claims.form:needs-document.form") != NULL,
			      "%s", got);
		free(got);
		ck_assert_int_eq(report_conclude(report, &policy.require), rows[i].verdict);
		report_free(report);
	}
	policy_done(&policy);
}
END_TEST

/* What stands in is held against its own expectations, not against those of the document, and proves nothing of one. */
START_TEST(test_stand_in)
{
	struct policy own;
	struct policy theirs;
	struct pcrs pcrs = { .present = 0 };
	const struct document_stand_in stand_in = {
		.pcrs = &pcrs, .carrier = "image", .policy = &theirs, .measured = true
	};

	policy_of(&own, ROOT "--pcrs pcr.json");
	policy_of(&theirs, "--pcr 0=" PCR1);
	for (int right = 0; right < 2; right++) {
		struct report *report = new_report();
		uint8_t value[PCR_LEN];
		ck_assert(hex_decode_exact(span_of_text(right != 0 ? PCR1 : PCR2), value,
					   sizeof(value)));
		pcrs_set(&pcrs, 0, value);
		report_error(report, CHECK_ENDPOINT_FETCH, REASON_HTTP_TIMEOUT, NULL);
		document_lack_for(&stand_in, &own, MADE, CHECK_ENDPOINT_FETCH, report);
		ck_assert_int_eq((int)report_status(report, CHECK_PCR_MATCH),
				 right != 0 ? (int)STATUS_PASS : (int)STATUS_FAIL);
		ck_assert_int_eq((int)report_status(report, CHECK_PCR_DEBUG), (int)STATUS_SKIP);
		ck_assert_int_eq((int)report_status(report, CHECK_DOCUMENT_FORM), (int)STATUS_SKIP);
		ck_assert_int_eq((int)report_conclude(report, &own.require),
				 right != 0 ? (int)VERDICT_ERROR : (int)VERDICT_FAIL);
		report_free(report);
	}
	policy_done(&own);
	policy_done(&theirs);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("document");

	if (!enter_vectors())
		return EXIT_FAILURE;
	support_add(suite, "outcomes", test_outcomes);
	support_add(suite, "all checks, in order", test_all_checks);
	support_add(suite, "index.tsv", test_index);
	support_add(suite, "text", test_text);
	support_add(suite, "texts", test_texts);
	support_add(suite, "forms of the hash", test_hash_forms);
	support_add(suite, "genuine", test_genuine);
	support_add(suite, "freshness", test_freshness);
	support_add(suite, "lack", test_lack);
	support_add(suite, "what stands in", test_stand_in);
	support_add(suite, "json", test_json);
	support_add(suite, "cache", test_cache);
	support_add(suite, "refused before decoding", test_refuse);
	support_add(suite, "changed bytes", test_changed);
	support_add(suite, "other lengths", test_lengths);
	support_add(suite, "gathered documents", test_gathered);
	return support_main(suite);
}
