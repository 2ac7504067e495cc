/* enclave-attest document: asks the security module for a document and prints it. Nothing is judged:
 * inside an enclave there is nobody to judge for. */
#include <string.h>

#include "attest/nsm_device.h"
#include "attest/verb.h"
#include "verify/basenc.h"
#include "verify/expect.h"

enum { OPT_ENCODING = 500 };

/* Up to 1024 bytes each: what the module signs, although AWS's table says 512 of two of them. */
static const struct cli_option options[] = {
	{ EXPECT_NONCE, 0, false, "nonce", "HEX" },
	{ EXPECT_USER_DATA, 0, false, "user-data", "HEX" },
	{ EXPECT_PUBLIC_KEY, 0, false, "public-key", "HEX|@FILE" },
	{ OPT_ENCODING, 0, false, "encoding", "raw|base64|hex" },
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
	if (id == OPT_ENCODING)
		return apply_encoding(run, value);
	return expect_apply(run->output.program, &run->policy, NULL, id, value);
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

static int ask(const struct attest_run *run, const struct nsm *nsm, const char *what)
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

	enum reason reason = nsm_ask(nsm, &request, &bytes, &answer, &why);
	if (reason == REASON_OK)
		status = print_document(run, answer.bytes);
	else
		attest_complain(run, what, why, reason);
	buf_done(&bytes);
	return status;
}

static int run_document(struct attest_run *run)
{
	bool to_stdout = run->output.path == NULL || strcmp(run->output.path, "-") == 0;
	struct nsm_device device;
	struct nsm nsm;
	int why = 0;

	if (run->n_operands > 0)
		return attest_usage(run, "document: takes no operand");
	if (run->output.format != CLI_TEXT)
		return attest_usage(run, "document: --format json has no use here");
	if (run->inside.encoding == ATTEST_RAW && to_stdout && run->world.stdout_is_terminal)
		return attest_usage(
			run,
			"document: raw bytes are not for a terminal: -o FILE or --encoding base64");
	enum reason reason = nsm_device_open(NSM_DEVICE_PATH, &device, &nsm, &why);
	if (reason != REASON_OK) {
		attest_complain(run, NSM_DEVICE_PATH, why, reason);
		return CLI_ERROR;
	}
	int status = ask(run, &nsm, NSM_DEVICE_PATH);
	nsm_device_close(&device);
	return status;
}

const struct attest_verb attest_document = { "document", options,
					     sizeof(options) / sizeof(options[0]), apply,
					     run_document };
