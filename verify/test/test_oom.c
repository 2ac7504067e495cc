/* Every allocation of our own code and of cJSON fails once, and then that one and all after it. Nothing may
 * crash or leak, and what is said must be whole: a pass that memory ran out on is no pass, and no verdict
 * is said with a part of it missing.
 * OpenSSL and libcbor keep their own malloc. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/oom.h"
#include "test/support.h"
#include "verify/basenc.h"
#include "verify/document.h"
#include "verify/expect.h"
#include "verify/image.h"
#include "verify/json.h"
#include "verify/pcrfile.h"
#include "verify/report_rows.h"
#include "verify/show.h"
#include "verify/testimony.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* What one run came to. Texts are taken unarmed. */
struct outcome {
	bool given_up; /* what returns a reason or false gave out of memory */
	enum verdict verdict;
	enum reason why; /* of a verdict that is an error */
	bool text_failed;
	bool json_failed;
	char *text;
	char *json;
};

static void outcome_done(struct outcome *outcome)
{
	free(outcome->text);
	free(outcome->json);
}

static void take(struct outcome *outcome, struct buf *text, struct buf *json)
{
	oom_disarm();
	outcome->text_failed = outcome->text_failed || text->failed;
	outcome->json_failed = outcome->json_failed || json->failed;
	text->failed = false;
	json->failed = false;
	outcome->text = buf_take_text(text);
	outcome->json = buf_take_text(json);
	ck_assert(outcome->text != NULL && outcome->json != NULL);
}

#define NO_VERDICT ((enum verdict)9)

/* A scenario runs its `act` between arming and disarming; `input` is made before. */
struct scenario {
	const char *row;
	const char *options;
	const char *file;
	void (*act)(const struct scenario *scenario, struct span input, struct policy *policy,
		    struct outcome *ret);
	enum verdict judges; /* the verdict that it makes, or NO_VERDICT */
};

static void conclude(struct report *report, const struct policy *policy, struct outcome *ret)
{
	static const struct report_style plain = { true, true };
	struct buf text = { 0 };
	struct buf json = { 0 };

	ret->verdict = report_conclude(report, &policy->require);
	const struct row *bad = report_first_bad(report);
	ret->why = bad != NULL ? bad->reason : report->verdict_reason;
	report_text(report, &plain, &text);
	ret->json_failed = report_json(report, "tool", "1.0", &json) != REASON_OK;
	report_free(report);
	take(ret, &text, &json);
}

static int image_fd = -1; /* of the scenario's file, for what reads one */

static void judge_with(struct chain_cache *cache, struct span input, struct policy *policy,
		       struct outcome *ret)
{
	struct document document;
	struct report *report = report_new();

	if (report == NULL) {
		ret->given_up = true;
		return;
	}
	report_set_target(report, SPAN_LITERAL("target"));
	document_judge(input, policy, 1767434400, cache, report, &document);
	conclude(report, policy, ret);
}

/* Every signature of the chain is computed again. */
static void act_judge_afresh(const struct scenario *scenario, struct span input,
			     struct policy *policy, struct outcome *ret)
{
	(void)scenario;
	judge_with(NULL, input, policy, ret);
}

/* Signatures of the chain that held once are not computed again: they are most of the time, and the rows that judge
 * afresh fail each allocation on their way. */
static void act_judge(const struct scenario *scenario, struct span input, struct policy *policy,
		      struct outcome *ret)
{
	static struct chain_cache proven;

	(void)scenario;
	judge_with(&proven, input, policy, ret);
}

static void act_refuse(const struct scenario *scenario, struct span input, struct policy *policy,
		       struct outcome *ret)
{
	struct report *report = report_new();

	(void)scenario;
	(void)input;
	if (report == NULL) {
		ret->given_up = true;
		return;
	}
	report_set_target(report, SPAN_LITERAL("target"));
	document_refuse(policy, 1767434400, REASON_TEXT_ENCODING, false, report);
	conclude(report, policy, ret);
}

static void act_show(const struct scenario *scenario, struct span input, struct policy *policy,
		     struct outcome *ret)
{
	struct buf text = { 0 };
	struct buf json = { 0 };

	(void)scenario;
	(void)policy;
	enum reason text_reason = show_text(input, REASON_OK, "name", &text);
	enum reason json_reason = show_json(input, REASON_OK, "name", "tool", "1.0", &json);
	ret->text_failed = text_reason == REASON_OUT_OF_MEMORY;
	ret->json_failed = json_reason == REASON_OUT_OF_MEMORY;
	ret->why = ret->text_failed ? json_reason : text_reason;
	bool nothing = !ret->json_failed || json.len == 0;
	take(ret, &text, &json);
	ck_assert_msg(nothing, "JSON in spite of a failure");
}

static void act_json(const struct scenario *scenario, struct span input, struct policy *policy,
		     struct outcome *ret)
{
	struct buf none = { 0 };
	struct buf printed = { 0 };
	struct json_place place;
	cJSON *tree = NULL;
	char *text = NULL;

	(void)scenario;
	(void)policy;
	enum reason reason = json_read(input, &tree, &place);
	if (reason == REASON_OK)
		reason = json_print(tree, &text);
	cJSON_Delete(tree);
	oom_disarm();
	ret->json_failed = reason == REASON_OUT_OF_MEMORY;
	ret->why = reason;
	buf_printf(&printed, "%s %s", reason_name(reason), text != NULL ? text : "");
	free(text);
	take(ret, &none, &printed);
}

static void act_pcrfile(const struct scenario *scenario, struct span input, struct policy *policy,
			struct outcome *ret)
{
	struct buf none = { 0 };
	struct buf hex = { 0 };
	struct pcrfile file;
	struct json_place place;

	(void)scenario;
	(void)policy;
	memset(&file, 0, sizeof(file));
	enum reason reason = pcrfile_read(input, &file, &place);
	oom_disarm();
	ret->json_failed = reason == REASON_OUT_OF_MEMORY;
	ret->why = reason;
	buf_printf(&hex, "%s %08x ", reason_name(reason), (unsigned)file.pcrs.present);
	hex_encode(&hex, pcrs_get(&file.pcrs, 0));
	if (file.has_enclave_hash)
		hex_encode(&hex, SPAN_OF(file.enclave_hash));
	take(ret, &none, &hex);
}

static void act_basenc(const struct scenario *scenario, struct span input, struct policy *policy,
		       struct outcome *ret)
{
	struct buf none = { 0 };
	struct buf hex = { 0 };
	struct buf decoded = { 0 };
	struct span bytes = { NULL, 0 };

	(void)scenario;
	(void)policy;
	enum reason reason = basenc_document(input, &decoded, &bytes);
	oom_disarm();
	ret->json_failed = reason == REASON_OUT_OF_MEMORY;
	ret->why = reason;
	buf_printf(&hex, "%s ", reason_name(reason));
	if (reason == REASON_OK)
		hex_encode(&hex, bytes);
	buf_done(&decoded);
	take(ret, &none, &hex);
}

/* The policy that one option makes, as text. */
static void describe(const struct policy *policy, struct buf *out)
{
	hex_encode(out, SPAN_OF(policy->root.sha256));
	buf_text(out, policy->root.is_aws ? " aws" : " custom");
	const struct policy_bytes *bytes[] = { &policy->nonce, &policy->user_data,
					       &policy->public_key };
	for (size_t i = 0; i < LENGTH(bytes); i++) {
		buf_text(out, bytes[i]->expected ? " +" : " -");
		hex_encode(out, buf_span(&bytes[i]->bytes));
	}
	for (size_t i = 0; i < policy->n_sources; i++) {
		const struct policy_source *source = &policy->sources[i];
		buf_printf(out, " %s %d %08x", source->name, (int)source->group,
			   (unsigned)source->pcrs.present);
		for (unsigned n = 0; n < PCR_COUNT; n++)
			hex_encode(out, pcrs_get(&source->pcrs, n));
		if (source->has_enclave_hash)
			hex_encode(out, SPAN_OF(source->enclave_hash));
	}
}

/* `options` is one option's name and value with a blank between. */
static void act_option(const struct scenario *scenario, struct span input, struct policy *policy,
		       struct outcome *ret)
{
	const struct check_set known = document_checks();
	struct buf none = { 0 };
	struct buf text = { 0 };
	const char *value = strchr(scenario->options, ' ');
	int id = 0;

	(void)input;
	for (size_t i = 0; i < EXPECT_OPTIONS; i++) {
		struct span name = { (const uint8_t *)scenario->options,
				     (size_t)(value - scenario->options) };
		if (span_equal(name, span_of_text(expect_options[i].name)))
			id = expect_options[i].id;
	}
	bool applied = expect_apply("prog", policy, &known, id, value + 1);
	oom_disarm();
	ret->json_failed = !applied;
	ret->why = applied ? REASON_OK : REASON_OUT_OF_MEMORY;
	if (applied)
		describe(policy, &text);
	take(ret, &none, &text);
}

static void act_read(const struct scenario *scenario, struct span input, struct policy *policy,
		     struct outcome *ret)
{
	struct buf none = { 0 };
	struct buf got = { 0 };
	struct buf text = { 0 };
	int why = 0;

	(void)input;
	(void)policy;
	enum reason reason = cli_read(scenario->file, 100000, &got, &why);
	oom_disarm();
	ret->json_failed = reason == REASON_OUT_OF_MEMORY;
	ret->why = reason;
	buf_printf(&text, "%s ", reason_name(reason));
	hex_encode(&text, buf_span(&got));
	buf_done(&got);
	take(ret, &none, &text);
}

static char written_path[4096];

static void act_write(const struct scenario *scenario, struct span input, struct policy *policy,
		      struct outcome *ret)
{
	const struct cli_output output = { .program = "prog", .path = written_path };
	struct buf none = { 0 };
	struct buf text = { 0 };
	struct buf back = { 0 };

	(void)scenario;
	(void)policy;
	bool written = cli_write(&output, input);
	oom_disarm();
	ret->json_failed = !written;
	ret->why = written ? REASON_OK : REASON_OUT_OF_MEMORY;
	bool there = support_try_read(written_path, &back);
	buf_text(&text, "written ");
	hex_encode(&text, buf_span(&back));
	buf_done(&back);
	take(ret, &none, &text);
	ck_assert_msg(there == written, "a file in spite of a failure, or none");
	if (there)
		ck_assert_int_eq(unlink(written_path), 0);
}

/* The page, of a document and of what the saver of a bundle might have said. */
static void act_page(const struct scenario *scenario, struct span input, struct policy *policy,
		     struct outcome *ret)
{
	struct document document;
	static struct chain_cache proven;
	struct report_page page = { .n = { 0 } };
	struct buf none = { 0 };
	struct buf html = { 0 };
	struct report *report = report_new();

	(void)scenario;
	if (report != NULL) {
		report_set_target(report, SPAN_LITERAL("target"));
		document_judge(input, policy, 1767434400, &proven, report, &document);
		report_take_member(report, "saver", cJSON_CreateString("me"));
		(void)report_conclude(report, &policy->require);
	}
	report_page_add(&page, report);
	ret->json_failed = report_page_end(&page, "tool", "1.0", &html) != REASON_OK;
	ret->why = ret->json_failed ? REASON_OUT_OF_MEMORY : REASON_OK;
	report_page_done(&page);
	/* a page that could be made may say that memory ran out; it never says less */
	if (!ret->json_failed && report_verdict(report) != VERDICT_PASS) {
		ret->json_failed = true;
		ret->why = REASON_OUT_OF_MEMORY;
	}
	report_free(report);
	take(ret, &none, &html);
}

/* An image read, measured, judged and shown. */
static void act_image(const struct scenario *scenario, struct span input, struct policy *policy,
		      struct outcome *ret)
{
	static const struct eif_rules rules = { 0 };
	struct image_source from = { .fd = image_fd };
	struct image image;

	(void)scenario;
	(void)input;
	if (lseek(from.fd, 0, SEEK_SET) != 0)
		return;
	enum reason form = image_read(&from, &rules, NULL, &image);
	struct report *report = report_new();
	if (report == NULL) {
		ret->given_up = true;
	} else {
		report_set_target(report, SPAN_LITERAL("target"));
		image_judge(&image, policy, 1767434400, report);
		image_show(&image, true, report);
		conclude(report, policy, ret);
	}
	oom_disarm();
	ck_assert_int_eq(form, image.form);
	image_done(&image);
}

/* pcr.json of an image: it is only printed of one that is sound. */
static void act_image_registers(const struct scenario *scenario, struct span input,
				struct policy *policy, struct outcome *ret)
{
	static const struct eif_rules rules = { 0 };
	struct image_source from = { .fd = image_fd };
	struct image image;
	struct buf none = { 0 };
	struct buf json = { 0 };

	(void)scenario;
	(void)input;
	(void)policy;
	if (lseek(from.fd, 0, SEEK_SET) != 0)
		return;
	ret->why = image_read(&from, &rules, NULL, &image);
	if (ret->why == REASON_OK && image_is_sound(&image))
		image_pcr_json(&image, &json);
	oom_disarm();
	ret->json_failed = ret->why == REASON_OUT_OF_MEMORY;
	ck_assert_msg(!ret->json_failed || json.len == 0, "registers in spite of a failure");
	image_done(&image);
	take(ret, &none, &json);
}

/* The scenario's statement and Bob's, both of whom must have signed. */
static void act_statement(const struct scenario *scenario, struct span input, struct policy *policy,
			  struct outcome *ret)
{
	struct terms terms = { .n_keys = 0 };
	struct testimony testimony;
	struct buf other = { 0 };
	int why = 0;
	struct report *report = report_new();

	if (report == NULL || !terms_apply("prog", &terms, TERMS_KEY, "statements/alice.pem") ||
	    !terms_apply("prog", &terms, TERMS_KEY, "statements/bob.pem")) {
		ret->given_up = true;
		report_free(report);
		terms_done(&terms);
		return;
	}
	report_set_target(report, SPAN_LITERAL("target"));
	testimony_start(&testimony, &terms);
	testimony_hear(&testimony, span_of_text(scenario->file), input);
	enum reason reason = cli_read("statements/bob.json", JSON_MAX, &other, &why);
	if (reason == REASON_OK)
		testimony_hear(&testimony, SPAN_LITERAL("bob.json"), buf_span(&other));
	else
		testimony_miss(&testimony, SPAN_LITERAL("bob.json"), reason, why);
	bool holds = testimony_conclude(&testimony, NULL, report);
	testimony_appraise(&testimony, holds, policy, report);
	testimony_done(&testimony);
	conclude(report, policy, ret);
	buf_done(&other);
	terms_done(&terms);
}

#define ROOT "--root root.pem "
#define PCR0 \
	"4a6badea3a596cda4062bf12d1357293f8a808ed95b8865130286fb323119c84b95d268a8950ffc4af7b7d80d62b4b36"
#define PCR8 \
	"68ffcb5ddd600a9669a2f6fc5b0f2325933c1e05c0ca02905bef8c491c1d1f483383240ac802cda0bd2f0076448253f8"
#define ZEROS \
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
#define HASH "0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83"

static const struct scenario scenarios[] = {
	{ "pass, everything asked for",
	  ROOT "--at 1767434401 --max-age 300 --pcrs pcr.json --public-key @public-key.bin "
	       "--nonce 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f "
	       "--user-data 52408ce928fcece4a50261fcbb1c3a1556b12bd3ad2c32ee0fd5a8d429b46193 "
	       "--enclave-hash " HASH " --require pcr0.match",
	  "documents/bound.cbor", act_judge, VERDICT_PASS },
	{ "pass, a whole chain", ROOT "--pcr 0=" PCR0, "document.cbor", act_judge_afresh,
	  VERDICT_PASS },
	{ "pass, debug", ROOT "--allow-debug --at document --pcr 0=" ZEROS, "documents/debug.cbor",
	  act_judge, VERDICT_PASS },
	{ "pass, zero bytes", ROOT "--user-data= --pcr 0=" PCR0,
	  "documents/good-optionals-empty.cbor", act_judge, VERDICT_PASS },
	{ "nothing expected", ROOT "--at document", "documents/bound.cbor", act_judge,
	  VERDICT_ERROR },
	{ "another image", ROOT "--at document --pcrs other-pcr.json --enclave-hash " HASH,
	  "documents/bound.cbor", act_judge, VERDICT_FAIL },
	{ "wrong values, required skips",
	  ROOT "--at document --pcr 0=" PCR0 " --nonce 00 --public-key= --require pcr1.match",
	  "document.cbor", act_judge, VERDICT_FAIL },
	{ "another root", "--root otherroot.pem --at document --pcr 0=" PCR0, "document.cbor",
	  act_judge, VERDICT_FAIL },
	{ "a signature of the chain", ROOT "--pcr 0=" PCR0, "documents/x509-signature-leaf.cbor",
	  act_judge_afresh, VERDICT_FAIL },
	{ "expired", ROOT "--at 1767524396 --pcr 0=" PCR0, "document.cbor", act_judge,
	  VERDICT_FAIL },
	{ "tampered", ROOT "--pcr 0=" PCR0, "tampered.cbor", act_judge, VERDICT_FAIL },
	{ "claims", ROOT "--pcr 0=" PCR0, "documents/digest-sha256.cbor", act_judge, VERDICT_FAIL },
	{ "form", ROOT "--pcr 0=" PCR0, "documents/cose-trailing-zero.cbor", act_judge,
	  VERDICT_FAIL },
	{ "refused", ROOT "--at 1 --pcr 0=" PCR0 " --require nonce.match", "tampered.cbor",
	  act_refuse, VERDICT_FAIL },
	{ "page", ROOT "--pcr 0=" PCR0, "document.cbor", act_page, NO_VERDICT },
	{ "show", "", "document.cbor", act_show, NO_VERDICT },
	{ "show, a signer", "", "documents/bound.cbor", act_show, NO_VERDICT },
	{ "show, other fields", "", "documents/doc-unknown-deep.cbor", act_show, NO_VERDICT },
	{ "show, no map", "", "documents/doc-shape-array.cbor", act_show, NO_VERDICT },
	{ "show, malformed", "", "documents/cbor-payload-truncated-half.cbor", act_show,
	  NO_VERDICT },
	{ "show, nothing", "", "documents/cose-empty.cbor", act_show, NO_VERDICT },
	{ "json", "", "pcr.json", act_json, NO_VERDICT },
	{ "json, keys with escapes", "", "pcr/flat-escaped-key.json", act_json, NO_VERDICT },
	{ "json, a key twice", "", "pcr/duplicate-escaped.json", act_json, NO_VERDICT },
	{ "json, cut short", "", "pcr/malformed-cut.json", act_json, NO_VERDICT },
	{ "pcr.json", "", "pcr.json", act_pcrfile, NO_VERDICT },
	{ "pcr.json, Measurements", "", "pcr/describe-eif.json", act_pcrfile, NO_VERDICT },
	{ "pcr.json with a hash", "", "pcr/build-info.json", act_pcrfile, NO_VERDICT },
	{ "pcr.json, bad", "", "pcr/value-95.json", act_pcrfile, NO_VERDICT },
	{ "raw", "", "document.cbor", act_basenc, NO_VERDICT },
	{ "hex", "", "documents/hex-lower.hex", act_basenc, NO_VERDICT },
	{ "base64", "", "documents/base64-std-1.b64", act_basenc, NO_VERDICT },
	{ "neither", "", "documents/text-page.txt", act_basenc, NO_VERDICT },
	{ "--pcr", "pcr 0=" PCR0, NULL, act_option, NO_VERDICT },
	{ "--pcrs", "pcrs pcr/build-info.json", NULL, act_option, NO_VERDICT },
	{ "--enclave-hash", "enclave-hash " HASH, NULL, act_option, NO_VERDICT },
	{ "--nonce", "nonce 0011", NULL, act_option, NO_VERDICT },
	{ "--public-key", "public-key @public-key.bin", NULL, act_option, NO_VERDICT },
	{ "--role-arn", "role-arn arn:aws:iam::1:role/r", NULL, act_option, NO_VERDICT },
	{ "--instance-id", "instance-id i-0", NULL, act_option, NO_VERDICT },
	{ "--signing-cert", "signing-cert signing-cert.pem", NULL, act_option, NO_VERDICT },
	{ "--root in PEM", "root root.pem", NULL, act_option, NO_VERDICT },
	{ "--root in DER", "root root.der", NULL, act_option, NO_VERDICT },
	{ "image, pass", "--pcrs eif/image.pcr.json", "eif/usual.eif", act_image, VERDICT_PASS },
	{ "image, signed", "--pcrs eif/image.pcr.json --pcr 8=" PCR8, "eif/signature-es384.eif",
	  act_image, VERDICT_PASS },
	{ "image, signed by another", "--pcrs eif/image.pcr.json",
	  "eif/signature-invalid-certificate.eif", act_image, VERDICT_FAIL },
	{ "image, other registers", "--pcrs other-pcr.json", "eif/usual.eif", act_image,
	  VERDICT_FAIL },
	{ "image, checksum", "--pcrs eif/image.pcr.json", "eif/crc-zero.eif", act_image,
	  VERDICT_FAIL },
	{ "image, nothing expected", "", "eif/signature-es384.eif", act_image, VERDICT_ERROR },
	{ "registers of an image", "", "eif/usual.eif", act_image_registers, NO_VERDICT },
	{ "registers of a signed image", "", "eif/signature-es384.eif", act_image_registers,
	  NO_VERDICT },
	{ "statements", "--pcrs pcr.json", "statements/both.json", act_statement, VERDICT_PASS },
	{ "statements, one is of a stranger", "--pcrs pcr.json", "statements/mallory.json",
	  act_statement, VERDICT_FAIL },
	{ "statements, one is broken", "--pcrs pcr.json", "statements/pcrs-zero.json",
	  act_statement, VERDICT_FAIL },
	{ "statements that do not agree", "--pcrs pcr.json", "statements/no-image.json",
	  act_statement, VERDICT_FAIL },
	{ "statements of nothing expected", "", "statements/alice.json", act_statement,
	  VERDICT_ERROR },
	{ "a file read", "", "document.cbor", act_read, NO_VERDICT },
	{ "a file written", "", "document.cbor", act_write, NO_VERDICT },
};

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
	cli_words_start(&words, argc, argv);
	cli_words_table(&words, expect_options, EXPECT_OPTIONS);
	while (cli_words_next(&words, &option, &value, &message) == CLI_WORD_OPTION) {
		if (!expect_apply("test", policy, &known, option->id, value))
			ck_abort_msg("options \"%s\"", options);
	}
	free(text);
}

/* One run with the `fail_at`-th allocation failing; 0: none. */
static struct outcome run(const struct scenario *scenario, struct span input, size_t fail_at,
			  bool go_on)
{
	struct outcome outcome = { .verdict = VERDICT_ERROR };
	struct policy policy;

	policy_init(&policy);
	if (scenario->act != act_option)
		policy_of(&policy, scenario->options);
	oom_arm(fail_at, go_on);
	scenario->act(scenario, input, &policy, &outcome);
	oom_disarm();
	policy_done(&policy);
	return outcome;
}

static bool is_own_trouble(enum reason reason)
{
	return reason == REASON_OUT_OF_MEMORY || reason == REASON_CRYPTO_FAILED;
}

/* Shows where they part: whole documents are too long for a message. */
static void expect_same(const char *row, const char *got, const char *want)
{
	size_t at = 0;

	while (got[at] != '\0' && got[at] == want[at])
		at++;
	size_t from = at < 60 ? 0 : at - 60;
	ck_assert_msg(got[at] == want[at], "row \"%s\", from byte %zu:\n%.120s\nwanted\n%.120s",
		      row, from, got + from, want + from);
}

/* The first line of a failure may lack the name of what was judged, and nothing else. */
static void expect_first_line(const char *row, const char *got, const char *want)
{
	struct buf nameless = { 0 };
	struct span rest = span_of_text(got);
	struct span line;
	const char *name = strstr(want, "target: ");

	ck_assert_ptr_nonnull(name);
	ck_assert(support_line(&rest, &line));
	struct span whole = { (const uint8_t *)want, strcspn(want, "\n") };
	buf_add(&nameless, (struct span){ (const uint8_t *)want, (size_t)(name - want) });
	buf_add(&nameless, (struct span){ (const uint8_t *)name + 6, strcspn(name + 6, "\n") });
	ck_assert_msg(span_equal(line, whole) || span_equal(line, buf_span(&nameless)),
		      "row \"%s\": \"%.*s\", wanted \"%.*s\"", row, (int)line.len,
		      (const char *)line.at, (int)whole.len, (const char *)whole.at);
	buf_done(&nameless);
}

/* What ran out of memory says so, or says the whole of what the run without failures said. */
static void compare(const struct scenario *scenario, size_t fail_at, bool go_on,
		    const struct outcome *got, const struct outcome *want)
{
	char row[128];
	bool judges = scenario->judges != NO_VERDICT;

	if (got->given_up)
		return;
	(void)snprintf(row, sizeof(row), "%s, allocation %zu%s", scenario->row, fail_at,
		       go_on ? " and on" : "");
	bool required = got->verdict == VERDICT_FAIL && got->why == REASON_REQUIRED_SKIPPED;
	if (judges && got->verdict != want->verdict) {
		/* no evidence is accused of what this program lacked, and none is believed; but what was
		 * required and could not be judged fails */
		ck_assert_msg(required ||
				      (got->verdict == VERDICT_ERROR && is_own_trouble(got->why)),
			      "row \"%s\": verdict %d (%s)", row, (int)got->verdict,
			      reason_name(got->why));
		ck_assert_msg(got->json_failed || strstr(got->json, reason_name(got->why)) != NULL,
			      "row \"%s\": no word of %s", row, reason_name(got->why));
		return;
	}
	if (judges && got->verdict == VERDICT_FAIL) {
		/* a message may be shorter */
		if (!got->text_failed && !required)
			expect_first_line(row, got->text, want->text);
		return;
	}
	if (judges && want->verdict == VERDICT_ERROR && is_own_trouble(got->why))
		return;
	if (!got->text_failed)
		expect_same(row, got->text, want->text);
	if (!got->json_failed)
		expect_same(row, got->json, want->json);
	if (!judges && !got->json_failed && !got->text_failed)
		EXPECT_REASON(row, got->why, want->why);
}

static void run_scenario(const struct scenario *scenario, bool go_on)
{
	struct buf file = { 0 };

	if (scenario->file != NULL) {
		file = support_read(scenario->file);
		image_fd = open(scenario->file, O_RDONLY | O_CLOEXEC);
		ck_assert_int_ge(image_fd, 0);
	}
	/* what is remembered between runs is, from the first that counts */
	struct outcome first = run(scenario, buf_span(&file), 0, false);
	outcome_done(&first);
	struct outcome want = run(scenario, buf_span(&file), 0, false);
	size_t allocations = oom_count();
	ck_assert_msg(!want.given_up && !want.text_failed && !want.json_failed, "row \"%s\"",
		      scenario->row);
	ck_assert_msg(scenario->judges == NO_VERDICT || want.verdict == scenario->judges,
		      "row \"%s\": verdict %d", scenario->row, (int)want.verdict);
	/* once memory ran out it hardly matters where */
	size_t step = allocations > 40 ? support_thin(41) * (go_on ? 7 : 1) : 1;
	for (size_t n = 1; n <= allocations; n += step) {
		struct outcome got = run(scenario, buf_span(&file), n, go_on);
		ck_assert_msg(oom_failed(), "row \"%s\": allocation %zu", scenario->row, n);
		compare(scenario, n, go_on, &got, &want);
		outcome_done(&got);
	}
	/* and it was not luck: the same again, without a failure */
	struct outcome again = run(scenario, buf_span(&file), allocations + 1, true);
	ck_assert_msg(!oom_failed(), "row \"%s\"", scenario->row);
	expect_same(scenario->row, again.text, want.text);
	expect_same(scenario->row, again.json, want.json);
	outcome_done(&again);
	outcome_done(&want);
	buf_done(&file);
	if (image_fd >= 0)
		(void)close(image_fd);
	image_fd = -1;
}

static int quiet_stderr(void)
{
	int before = dup(STDERR_FILENO);
	int null = open("/dev/null", O_WRONLY);

	ck_assert(before >= 0 && null >= 0 && dup2(null, STDERR_FILENO) == STDERR_FILENO);
	(void)close(null);
	return before;
}

START_TEST(test_once)
{
	int before = quiet_stderr();

	run_scenario(&scenarios[_i], false);
	ck_assert(dup2(before, STDERR_FILENO) == STDERR_FILENO && close(before) == 0);
}
END_TEST

START_TEST(test_for_good)
{
	int before = quiet_stderr();

	run_scenario(&scenarios[_i], true);
	ck_assert(dup2(before, STDERR_FILENO) == STDERR_FILENO && close(before) == 0);
}
END_TEST

/* The injection itself: all three functions, and cJSON, fail when they should. */
START_TEST(test_injection)
{
	void *kept = malloc(1);

	ck_assert_ptr_nonnull(kept);
	for (int i = 0; i < 4; i++) {
		oom_arm(1, false);
		/* volatile: the compiler may not leave an allocation out */
		void *volatile got = i == 0 ? malloc(8) :
				     i == 1 ? calloc(1, 8) :
				     i == 2 ? realloc(kept, 64) :
					      (void *)cJSON_CreateObject();
		oom_disarm();
		ck_assert_msg(got == NULL, "%d", i);
	}
	free(kept);
}
END_TEST

static bool enter_vectors(void)
{
	const char *top = getenv("TOP");
	char whole[4096];

	return chdir(top != NULL ? top : ".") == 0 && getcwd(whole, sizeof(whole)) != NULL &&
	       setenv("TOP", whole, 1) == 0 && chdir("testvectors") == 0;
}

int main(void)
{
	Suite *suite = suite_create("oom");
	TCase *once = tcase_create("one allocation fails");
	TCase *for_good = tcase_create("memory runs out");

	if (!enter_vectors())
		return EXIT_FAILURE;
	oom_for_cjson();
	const char *tmp = getenv("TMPDIR");
	(void)snprintf(written_path, sizeof(written_path), "%s/enclavecheck.oom.%ld",
		       tmp != NULL ? tmp : "/tmp", (long)getpid());
	support_add(suite, "injection", test_injection);
	tcase_add_loop_test(once, test_once, 0, (int)LENGTH(scenarios));
	tcase_add_loop_test(for_good, test_for_good, 0, (int)LENGTH(scenarios));
	suite_add_tcase(suite, once);
	suite_add_tcase(suite, for_good);
	return support_main(suite);
}
