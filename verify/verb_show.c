#include "verify/calldata_show.h"
#include "verify/expect.h"
#include "verify/show.h"
#include "verify/verb.h"

/* Call data: a journal is shown as it is, a document is taken out of it into *ret. *ret_shown: nothing is
 * left to be shown. */
static enum reason open_calldata(const struct verb_run *run, struct buf *decoded, struct span *ret,
				 struct buf *out, bool *ret_shown)
{
	const char *path = run->operands[0];
	struct calldata call;
	size_t at = 0;

	enum reason reason = calldata_read(*ret, &call, &at);
	if (reason != REASON_OK || !call.is_journal)
		return reason != REASON_OK ? reason : verb_open_calldata(decoded, ret);
	reason = run->output.format == CLI_JSON ?
			 calldata_show_json(&call, path, run->output.program, run->version, out) :
			 calldata_show_text(&call, path, out);
	*ret_shown = reason == REASON_OK;
	return reason;
}

int verb_show(struct verb_run *run)
{
	const bool is_calldata = run->calldata;
	struct buf file = { 0 };
	struct buf decoded = { 0 };
	struct buf out = { 0 };
	struct span bytes = { NULL, 0 };
	bool shown = false;

	if (run->n_operands != 1)
		return verb_usage(run, "show: one FILE is needed (- for standard input)");
	if (expect_is_value(run->operands[0]))
		return verb_usage(
			run, "show: a value stands where a file is expected (./NAME if it is one)");
	const char *path = run->operands[0];
	run->calldata = false;
	enum reason reason = verb_load(run, path, &file, &decoded, &bytes);
	if (reason == REASON_OK && is_calldata)
		reason = open_calldata(run, &decoded, &bytes, &out, &shown);
	if (!shown && !verb_is_trouble(reason))
		reason = run->output.format == CLI_JSON ?
				 show_json(bytes, reason, path, run->output.program, run->version,
					   &out) :
				 show_text(bytes, reason, path, &out);
	int exit_status = reason == REASON_OK     ? CLI_PASS :
			  verb_is_trouble(reason) ? CLI_ERROR :
						    CLI_FAIL;
	if (reason != REASON_OK && reason != REASON_FILE_UNREADABLE)
		cli_complain(run->output.program, "%s: %s (%s)", path, reason_sentence(reason),
			     reason_name(reason));
	if (!verb_is_silent(run) && out.len > 0 && !cli_write(&run->output, buf_span(&out)))
		exit_status = CLI_ERROR;
	buf_done(&file);
	buf_done(&decoded);
	buf_done(&out);
	return exit_status;
}
