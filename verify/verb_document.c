#include <string.h>

#include "verify/document.h"
#include "verify/expect.h"
#include "verify/verb.h"

#define DEFAULT_MAX_AGE_S 300 /* of a document judged now */

static const char *document_usage_error(const struct verb_run *run)
{
	size_t stdins = 0;

	if (run->n_operands == 0)
		return "document: a FILE is needed (- for standard input)";
	for (size_t i = 0; i < run->n_operands; i++) {
		stdins += strcmp(run->operands[i], "-") == 0 ? 1 : 0;
		if (expect_is_value(run->operands[i]))
			return "document: a value stands where a file is expected (./NAME if it is one)";
	}
	if (stdins > 1)
		return "document: standard input can be read once";
	if (run->n_operands > 1 && run->single_file_only)
		return "document: --nonce, --user-data, --public-key and --instance-id fit one FILE only";
	if (run->policy.time == POLICY_DOCUMENT && run->max_age_given)
		return "--max-age has no meaning with --at document";
	return NULL;
}

/* Reads one file and judges it into the report. */
static void judge_file(const struct verb_run *run, const char *path, struct chain_cache *cache,
		       struct report *report)
{
	struct buf file = { 0 };
	struct buf decoded = { 0 };
	struct span bytes;
	struct document document;

	report_set_target(report, span_of_text(path));
	enum reason reason = verb_load(run, path, &file, &decoded, &bytes);
	if (reason == REASON_OK)
		document_judge(bytes, &run->policy, run->world.now, cache, report, &document);
	else
		document_refuse(&run->policy, run->world.now, reason, verb_is_trouble(reason),
				report);
	buf_done(&file);
	buf_done(&decoded);
}

/* Judges one file and puts its report out: onto the page, or into *kept when all of it goes to one
 * file, else at once. */
static int judge_and_render(const struct verb_run *run, const char *path, struct chain_cache *cache,
			    struct buf *kept, struct report_page *page)
{
	struct buf text = { 0 };
	struct report *report = report_new();

	if (report == NULL) {
		report_page_add(page, NULL);
		cli_complain(run->output.program, "%s: %s", path,
			     reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	judge_file(run, path, cache, report);
	enum cli_exit exit_status = cli_exit_of(report_conclude(report, &run->policy.require));
	struct buf *out = run->output.path != NULL ? kept : &text;
	if (path != run->operands[0] && !verb_is_silent(run) && run->output.format == CLI_TEXT)
		buf_text(out, "\n");
	bool ok = true;
	if (run->output.format == CLI_HTML)
		report_page_add(page, report);
	else
		ok = verb_render(run, report, out);
	if (!ok)
		cli_complain(run->output.program, "%s: %s", path,
			     reason_sentence(REASON_OUT_OF_MEMORY));
	else if (text.len > 0)
		ok = cli_write(&run->output, buf_span(&text));
	buf_done(&text);
	report_free(report);
	return ok ? (int)exit_status : CLI_ERROR;
}

int verb_document(struct verb_run *run)
{
	struct chain_cache cache = { .next = 0 };
	struct buf kept = { 0 };
	struct report_page page = { .n = { 0 } };
	enum cli_exit worst = CLI_PASS;

	const char *message = document_usage_error(run);
	if (message != NULL)
		return verb_usage(run, message);
	if (run->policy.time == POLICY_NOW && !run->max_age_given)
		run->policy.max_age_s = DEFAULT_MAX_AGE_S;
	if (run->policy.time == POLICY_NOW && run->world.now < 0) {
		cli_complain(run->output.program, "the clock cannot be read");
		return CLI_ERROR;
	}
	for (size_t i = 0; i < run->n_operands; i++) {
		int one = judge_and_render(run, run->operands[i], &cache, &kept, &page);
		worst = cli_worse(worst, (enum cli_exit)one);
	}
	bool html = run->output.format == CLI_HTML;
	if (html && report_page_end(&page, run->output.program, run->version, &kept) != REASON_OK) {
		cli_complain(run->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		worst = CLI_ERROR;
	} else if ((html || run->output.path != NULL) && !verb_is_silent(run) &&
		   !cli_write(&run->output, buf_span(&kept))) {
		worst = CLI_ERROR;
	}
	report_page_done(&page);
	buf_done(&kept);
	return (int)worst;
}
