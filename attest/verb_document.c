/* enclave-attest document: asks the security module for a document and prints it. Nothing is judged:
 * inside an enclave there is nobody to judge for. */
#include <string.h>

#include "attest/description.h"
#include "attest/module.h"
#include "attest/verb.h"
#include "verify/basenc.h"
#include "verify/expect.h"

enum { OPT_ENCODING = 500, OPT_DESCRIBE, OPT_SIMULATE };

/* Up to 1024 bytes each: what the module signs, although AWS's table says 512 of two of them. */
static const struct cli_option options[] = {
	{ EXPECT_NONCE, 0, false, "nonce", "HEX" },
	{ EXPECT_USER_DATA, 0, false, "user-data", "HEX" },
	{ EXPECT_PUBLIC_KEY, 0, false, "public-key", "HEX|@FILE" },
	{ OPT_ENCODING, 0, false, "encoding", "raw|base64|hex" },
	{ OPT_DESCRIBE, 0, true, "describe", NULL },
	{ OPT_SIMULATE, 0, false, "simulate", "DIR" },
};

static bool apply_encoding(struct attest_run *run, const char *value)
{
	static const char *const names[] = {
		[ATTEST_RAW] = "raw", [ATTEST_BASE64] = "base64", [ATTEST_HEX] = "hex"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(value, names[i]) == 0) {
			run->inside.encoding = (enum attest_encoding)i;
			return true;
		}
	}
	cli_complain(run->output.program, "--encoding: raw, base64 or hex, not '%s'", value);
	return false;
}

static bool apply(struct attest_run *run, int id, const char *value)
{
	switch (id) {
	case OPT_ENCODING:
		run->inside.encoding_given = true;
		return apply_encoding(run, value);
	case OPT_DESCRIBE:
		run->inside.describe = true;
		return true;
	case OPT_SIMULATE:
		run->inside.simulate = value;
		return true;
	default:
		return expect_apply(run->output.program, &run->policy, NULL, id, value);
	}
}

/* What an option gave; `at` NULL, which is null in the request, where it was not given. */
static struct span given(const struct policy_bytes *bytes)
{
	if (!bytes->expected)
		return (struct span){ NULL, 0 };
	return bytes->bytes.len > 0 ? buf_span(&bytes->bytes) : SPAN_LITERAL("");
}

static int print_document(const struct attest_run *run, struct span document)
{
	struct buf text = { 0 };

	if (run->inside.encoding == ATTEST_RAW)
		return cli_write(&run->output, document) ? CLI_PASS : CLI_ERROR;
	if (run->inside.encoding == ATTEST_BASE64)
		base64_encode(&text, document);
	else
		hex_encode(&text, document);
	buf_text(&text, "\n");
	int status = CLI_ERROR;
	if (text.failed)
		attest_complain(run, "document", 0, REASON_OUT_OF_MEMORY);
	else if (cli_write(&run->output, buf_span(&text)))
		status = CLI_PASS;
	buf_done(&text);
	return status;
}

static int ask(const struct attest_run *run, const struct module *module)
{
	const struct nsm_request request = {
		.op = NSM_ATTESTATION,
		.user_data = given(&run->policy.user_data),
		.nonce = given(&run->policy.nonce),
		.public_key = given(&run->policy.public_key),
	};
	struct buf bytes = { 0 };
	struct nsm_answer answer;
	int why = 0;
	int status = CLI_ERROR;

	enum reason reason = nsm_ask(&module->nsm, &request, &bytes, &answer, &why);
	if (reason == REASON_OK)
		status = print_document(run, answer.bytes);
	else
		attest_complain(run, module->name, why, reason);
	buf_done(&bytes);
	return status;
}

/* --describe: what the module says of itself, and every register. */
static int describe(const struct attest_run *run, const struct module *module)
{
	struct description description = { 0 };
	struct buf out = { 0 };
	int why = 0;
	int status = CLI_ERROR;

	enum reason reason = description_ask(&module->nsm, &description, &why);
	if (reason == REASON_OK && run->output.format == CLI_JSON)
		reason = description_json(&description, run->output.program, run->version, &out);
	else if (reason == REASON_OK && !run->output.quiet)
		description_text(&description, &out);
	if (out.failed)
		reason = REASON_OUT_OF_MEMORY;
	if (reason != REASON_OK)
		attest_complain(run, module->name, why, reason);
	else if (out.len == 0 || cli_write(&run->output, buf_span(&out)))
		status = CLI_PASS;
	buf_done(&out);
	description_done(&description);
	return status;
}

static const char *usage_error(const struct attest_run *run)
{
	const struct attest_inside *inside = &run->inside;
	bool to_stdout = run->output.path == NULL || strcmp(run->output.path, "-") == 0;
	bool claims = run->policy.nonce.expected || run->policy.user_data.expected ||
		      run->policy.public_key.expected;

	if (run->n_operands > 0)
		return "document: takes no operand";
	if (inside->describe && (claims || inside->encoding_given))
		return "document: --describe asks for no document: it goes with --format, --simulate "
		       "and -o";
	if (inside->describe)
		return NULL;
	if (run->output.format != CLI_TEXT)
		return "document: --format json goes with --describe";
	if (inside->encoding == ATTEST_RAW && to_stdout && run->world.stdout_is_terminal)
		return "document: raw bytes are not for a terminal: -o FILE or --encoding base64";
	return NULL;
}

static int run_document(struct attest_run *run)
{
	struct module module;
	const char *message = usage_error(run);

	if (message != NULL)
		return attest_usage(run, message);
	int status = module_open(run, &module);
	if (status != CLI_PASS)
		return status;
	status = run->inside.describe ? describe(run, &module) : ask(run, &module);
	module_close(&module);
	return status;
}

const struct attest_verb attest_document = {
	.name = "document",
	.tables = { { options, sizeof(options) / sizeof(options[0]) } },
	.apply = apply,
	.run = run_document,
};
