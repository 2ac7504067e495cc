#include "verify/verb.h"

#include <string.h>

#include "verify/basenc.h"
#include "verify/calldata.h"
#include "verify/document.h"

int verb_usage(const struct verb_run *run, const char *message)
{
	cli_complain(run->output.program, "%s; see %s --help", message, run->output.program);
	return CLI_USAGE;
}

enum reason verb_open_calldata(struct buf *decoded, struct span *ret)
{
	struct buf document = { 0 };
	struct calldata call;
	size_t at = 0;

	enum reason reason = calldata_read(*ret, &call, &at);
	if (reason == REASON_OK)
		reason = calldata_document(&call, &document);
	if (reason != REASON_OK) {
		buf_done(&document);
		return reason;
	}
	buf_done(decoded);
	*decoded = document;
	*ret = buf_span(decoded);
	return REASON_OK;
}

enum reason verb_load(const struct verb_run *run, const char *path, struct buf *file,
		      struct buf *decoded, struct span *ret)
{
	int why = 0;

	enum reason reason = cli_read(path, DOCUMENT_FILE_MAX, file, &why);
	if (reason == REASON_FILE_UNREADABLE)
		cli_complain(run->output.program, "%s: %s", path, strerror(why));
	if (reason != REASON_OK)
		return reason;
	if (file->len > DOCUMENT_FILE_MAX)
		return REASON_COSE_TOO_LARGE;
	reason = basenc_document(buf_span(file), decoded, ret);
	return reason == REASON_OK && run->calldata ? verb_open_calldata(decoded, ret) : reason;
}

bool verb_is_trouble(enum reason reason)
{
	return reason == REASON_FILE_UNREADABLE || reason == REASON_OUT_OF_MEMORY;
}

bool verb_is_silent(const struct verb_run *run)
{
	return run->output.quiet && run->output.format == CLI_TEXT;
}

bool verb_render(const struct verb_run *run, const struct report *report, struct buf *out)
{
	if (run->output.format == CLI_JSON)
		return report_json(report, run->output.program, run->version, out) == REASON_OK;
	if (run->output.format == CLI_HTML)
		return report_html(report, run->output.program, run->version, out) == REASON_OK;
	if (!verb_is_silent(run))
		report_text(report, &run->output.style, out);
	return !out->failed;
}
