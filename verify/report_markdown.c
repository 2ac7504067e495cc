#include <string.h>

#include "verify/markdown.h"
#include "verify/report_rows.h"

static bool is_compared(const struct row *row)
{
	return row->expected != NULL && row->actual != NULL && row->source != NULL;
}

/* One line, with what weakens the verdict and the check that decided it. */
static void add_heading(const struct report *report, struct buf *out)
{
	static const char *const words[] = { "ERROR", "FAIL", "PASS" };
	const struct row *bad = report_first_bad(report);
	struct buf weakened = { 0 };

	buf_printf(out, "## %s", words[report->verdict]);
	report_weakened(report, &weakened);
	if (weakened.len > 0) {
		buf_text(out, " (");
		markdown_text(out, buf_span(&weakened));
		buf_text(out, ")");
	}
	if (weakened.failed) /* a verdict is never said without what weakens it */
		out->failed = true;
	buf_done(&weakened);
	if (report->target != NULL) {
		buf_text(out, " ");
		markdown_code(out, span_of_text(report->target));
	}
	if (bad != NULL)
		buf_printf(out, ": %s", check_name(bad->check));
	else if (report->verdict != VERDICT_PASS)
		buf_printf(out, ": %s", reason_name(report->verdict_reason));
	buf_text(out, "\n\n");
}

static void add_compared(const struct report *report, struct buf *out)
{
	static const char *const words[] = { "**error**", "skip", "**differs**", "equal" };
	bool any = false;

	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		if (!is_compared(row))
			continue;
		if (!any)
			buf_text(out, "| compared | | expected | actual | expected by |\n"
				      "|---|---|---|---|---|\n");
		any = true;
		buf_printf(out, "| %s | %s | ", check_name(row->check), words[row->status]);
		markdown_code(out, span_of_text(row->expected));
		buf_text(out, " | ");
		markdown_code(out, span_of_text(row->actual));
		buf_text(out, " | ");
		markdown_text(out, span_of_text(row->source));
		buf_text(out, " |\n");
	}
	buf_text(out, any ? "\n" : "");
}

static void add_checks(const struct report *report, struct buf *out)
{
	static const char *const words[] = { "**error**", "skip", "**FAIL**", "ok" };
	struct buf code = { 0 };

	buf_text(out, "| check | status | |\n|---|---|---|\n");
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		buf_printf(out, "| %s | %s | ", check_name(row->check), words[row->status]);
		markdown_text(out, span_of_text(row_message(row)));
		if (row->status == STATUS_FAIL || row->status == STATUS_ERROR) {
			code.len = 0;
			report_reason_code(row, &code);
			buf_text(out, " (");
			markdown_plain(out, buf_span(&code));
			buf_text(out, ")");
		}
		buf_text(out, " |\n");
	}
	out->failed = out->failed || code.failed;
	buf_done(&code);
	buf_text(out, "\n");
}

void report_markdown(const struct report *report, struct buf *out)
{
	const char *advice = report_advice(report);

	add_heading(report, out);
	add_compared(report, out);
	add_checks(report, out);
	for (size_t i = 0; i < report->n_notes; i++) {
		buf_text(out, "- ");
		markdown_text(out, span_of_text(report->notes[i]));
		buf_text(out, "\n");
	}
	buf_text(out, report->n_notes > 0 ? "\n" : "");
	if (advice != NULL) {
		markdown_text(out, span_of_text(advice));
		buf_text(out, "\n\n");
	}
	if (report->verdict == VERDICT_ERROR && report_first_bad(report) == NULL)
		buf_printf(out, "No verdict: %s.\n\n", report_no_verdict(report));
}
