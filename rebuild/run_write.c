/* The files of results beside the image: pcr.json, build-info.json, report.json, report.html. */
#include <errno.h>
#include <stdlib.h>

#include "rebuild/draft.h"
#include "rebuild/run_tidy.h"
#include "verify/auto.h"
#include "verify/json.h"

enum reason run_write_file(const struct run *run, const char *name, const struct buf *content,
			   struct trouble *reterr)
{
	struct draft draft;
	char *path = run_path(run->out, name);

	enum reason reason =
		content->failed || path == NULL ? REASON_OUT_OF_MEMORY : draft_open(path, &draft);
	if (reason == REASON_OK) {
		reason = draft_write(draft.fd, buf_span(content));
		if (reason == REASON_OK)
			reason = draft_commit(&draft);
		else
			draft_drop(&draft);
	}
	if (reason != REASON_OK && path != NULL)
		(void)trouble_note(reterr, reason, span_of_text(path), errno);
	free(path);
	return reason;
}

static enum reason write_info(const struct run *run, const struct report *report,
			      struct trouble *reterr)
{
	AUTO(cJSON) *info = run_info(run, report_verdict(report));
	struct buf text = { 0 };
	char *line = NULL;

	if (info == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = json_print(info, &line);
	if (reason != REASON_OK)
		return reason;
	buf_printf(&text, "%s\n", line);
	free(line);
	reason = run_write_file(run, "build-info.json", &text, reterr);
	buf_done(&text);
	return reason;
}

enum reason run_write(const struct run *run, const struct report *report, struct trouble *reterr)
{
	struct buf text = { 0 };

	enum reason reason = run_tidy_results(run, reterr);
	if (reason == REASON_OK && run->is_read && image_is_sound(&run->image)) {
		image_pcr_json(&run->image, &text);
		reason = run_write_file(run, "pcr.json", &text, reterr);
		text.len = 0;
	}
	if (reason == REASON_OK)
		reason = write_info(run, report, reterr);
	if (reason == REASON_OK)
		reason = report_json(report, run->order->tool, run->order->version, &text);
	if (reason == REASON_OK)
		reason = run_write_file(run, "report.json", &text, reterr);
	text.len = 0;
	if (reason == REASON_OK)
		reason = report_html(report, run->order->tool, run->order->version, &text);
	if (reason == REASON_OK)
		reason = run_write_file(run, "report.html", &text, reterr);
	buf_done(&text);
	return reason;
}
