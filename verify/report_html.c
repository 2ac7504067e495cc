#include <stdlib.h>
#include <string.h>

#include "verify/html.h"
#include "verify/instant.h"
#include "verify/json.h"
#include "verify/report_chain.h"
#include "verify/report_limits.h"
#include "verify/report_rows.h"

static const char style[] =
	":root { --yes: #060; --may: #850; --dim: #555; --edge: #888; --paper: #fff }\n"
	"body { line-height: 1.4 }\n"
	"h1 { font-size: 1.5em; margin: 0 0 .3em; overflow-wrap: anywhere }\n"
	"h2 { font-size: 1.15em; margin: 1.6em 0 .5em }\n"
	"table + section, section + section { margin-top: 3em; border-top: 3px double var(--edge); "
	"padding-top: 1.5em }\n"
	".verdict { border: 3px solid; border-left-width: 1em; padding: .8em 1em; "
	"break-inside: avoid }\n"
	".verdict p { margin: .3em 0 }\n"
	".pass { color: var(--yes) } .fail { color: var(--no) } .error { color: var(--may) }\n"
	".plain { color: CanvasText }\n"
	".mark { font-weight: bold; white-space: nowrap }\n"
	"svg { width: 1em; height: 1em; vertical-align: -.12em; fill: none; "
	"stroke: currentColor; stroke-width: 2 }\n"
	"ol.chain, .chain ol { list-style: none; margin: 0; padding: 0 }\n"
	".chain ol { margin-left: 2em }\n"
	".node { border: 1px solid var(--edge); border-radius: .3em; padding: .3em .6em; "
	"break-inside: avoid }\n"
	".node .node { padding: .2em .5em }\n"
	".node.unknown { border-style: dashed; color: var(--dim) }\n"
	".node small { color: var(--may) }\n"
	".node + .node { margin-top: .25em }\n"
	".link { margin-left: 1.2em; border-left: 4px solid; padding: .35em .8em; "
	"break-inside: avoid; break-after: avoid; color: CanvasText }\n"
	".link.pass { border-color: var(--yes) } .link.fail { border-color: var(--no) }\n"
	".link.error { border-color: var(--may) } .link.skip { border-color: var(--edge) }\n"
	".pass .mark { color: var(--yes) } .fail .mark { color: var(--no) }\n"
	".error .mark { color: var(--may) } .skip, .skip .mark { color: var(--dim) }\n"
	".link.skip { border-left-style: dotted }\n"
	".link.error { border-left-style: dashed }\n"
	".link.fail { border-left-style: double; border-left-width: 9px }\n"
	".verdict + table { margin-top: 1em }\n"
	"td.word { font-weight: bold }\n"
	/* no long value makes the page wider, or another column too narrow to be compared by eye */
	".checks { table-layout: fixed } .checks td { overflow-wrap: anywhere }\n"
	".checks th { width: 19% } .checks th:nth-child(2) { width: 7% }\n"
	".checks th:nth-child(n + 4) { width: 20% }\n"
	".checks th:nth-child(3) { width: auto }\n"
	".link { overflow-wrap: anywhere }\n"
	"ul { padding-left: 1.3em }\n"
	"footer { color: var(--dim); border-top: 1px solid var(--edge); margin-top: 2em }\n"
	"@media screen and (prefers-color-scheme: dark) {\n"
	":root { --yes: #7d7; --may: #eb5; --dim: #aaa } }\n"
	"@media screen and (max-width: 45em) { .chain ol { margin-left: .6em }\n"
	".link { margin-left: .6em } h1 { font-size: 1.2em } }\n"
	"@media print { body { font-size: 9pt } @page { margin: 15mm } }\n";

static const char *const verdict_words[] = { "ERROR", "FAIL", "PASS" };
static const char *const verdict_classes[] = { "error", "fail", "pass" };

/* A word for the eye that sees no colour is always beside it. */
static void status_cell(enum status status, struct buf *out)
{
	static const char *const words[] = { "error", "skip", "FAIL", "ok" };
	static const char *const classes[] = { "error", "skip", "fail", "pass" };

	buf_printf(out, "<td title=\"Result\" class=\"word %s\">%s</td>", classes[status],
		   words[status]);
}

static void text_cell(struct buf *out, const char *column, const char *text)
{
	if (text == NULL || *text == '\0') {
		buf_text(out, "<td></td>");
		return;
	}
	buf_printf(out, "<td title=\"%s\"><code>", column);
	html_text(out, span_of_text(text));
	buf_text(out, "</code></td>");
}

/* "PASS (custom root 1a2b3c4d)", not escaped: what weakens a verdict stands beside it, wherever it is said. */
static void verdict_text(const struct report *report, struct buf *out)
{
	struct buf weakened = { 0 };

	buf_text(out, verdict_words[report->verdict]);
	report_weakened(report, &weakened);
	if (weakened.len > 0) {
		buf_text(out, " (");
		buf_add(out, buf_span(&weakened));
		buf_text(out, ")");
	}
	out->failed = out->failed || weakened.failed;
	buf_done(&weakened);
}

static void add_verdict_text(const struct report *report, struct buf *out)
{
	struct buf text = { 0 };

	verdict_text(report, &text);
	out->failed = out->failed || text.failed;
	html_text(out, buf_span(&text));
	buf_done(&text);
}

static struct span target_of(const struct report *report)
{
	return report->target != NULL ? span_of_text(report->target) : SPAN_LITERAL("");
}

static void add_sentence(struct buf *out, const char *before, const char *text, const char *stop)
{
	buf_printf(out, "<p class=\"plain\">%s", before);
	html_text(out, span_of_text(text));
	buf_printf(out, "%s</p>\n", stop);
}

static void add_verdict(const struct report *report, struct buf *out)
{
	static const char *const sources[] = { "by the clock", "the time that --at gives",
					       "the document's own time" };
	const struct row *bad = report_first_bad(report);
	const char *advice = report_advice(report);
	char text[INSTANT_TEXT_LEN];

	buf_printf(out, "<div class=\"verdict %s\">\n<h1>", verdict_classes[report->verdict]);
	add_verdict_text(report, out);
	buf_text(out, "</h1>\n<p class=\"plain\"><code>");
	html_text(out, target_of(report));
	buf_text(out, "</code></p>\n");
	if (bad != NULL) {
		buf_printf(out, "<p><b>%s</b>: ", check_name(bad->check));
		html_text(out, span_of_text(row_message(bad)));
		buf_printf(out, " (%s)</p>\n", reason_name(bad->reason));
	} else if (report->verdict != VERDICT_PASS) {
		add_sentence(out, "No verdict: ", report_no_verdict(report), ".");
	}
	if (advice != NULL)
		add_sentence(out, "", advice, "");
	if (report->has_time) {
		instant_people(report->at, text);
		buf_printf(out, "<p class=\"plain\">Judged at %s UTC, %s.</p>\n", text,
			   sources[report->time_source]);
	}
	for (size_t i = 0; i < report->n_notes; i++)
		add_sentence(out, "Note: ", report->notes[i], ".");
	buf_text(out, "</div>\n");
}

static void add_chain(const struct report *report, struct buf *out)
{
	buf_text(out, "<h2>The chain of evidence</h2>\n");
	if (report->out_of_memory) {
		buf_text(out, "<p>Memory ran out: it is not known whole.</p>\n");
		return;
	}
	buf_text(out, "<p>Each link says whether it was checked, and what it then rests on.</p>\n");
	report_chain_draw(report, out);
}

/* Further members of a check: their names and values behind the message. */
static void add_row_members(const struct row *row, struct buf *out)
{
	const cJSON *member = row->members != NULL ? row->members->child : NULL;

	for (; member != NULL; member = member->next) {
		if (!cJSON_IsString(member))
			continue;
		buf_text(out, "<br>");
		html_text(out, span_of_text(member->string));
		buf_text(out, ": ");
		html_text(out, span_of_text(member->valuestring));
	}
}

static void add_checks(const struct report *report, struct buf *out)
{
	buf_text(
		out,
		"<h2>All checks</h2>\n<table class=\"checks\">\n<tr><th>Check</th><th>Result</th><th>Finding"
		"</th><th>Expected</th><th>Actual</th></tr>\n");
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		buf_printf(out, "<tr><td>%s</td>", check_name(row->check));
		status_cell(row->status, out);
		buf_text(out, "<td title=\"Finding\">");
		html_text(out, span_of_text(row_message(row)));
		if (row->status != STATUS_PASS) {
			buf_text(out, " (");
			report_reason_code(row, out);
			buf_text(out, ")");
		}
		if (row->source != NULL) {
			buf_text(out, "<br>expected by ");
			html_text(out, span_of_text(row->source));
		}
		add_row_members(row, out);
		buf_text(out, "</td>");
		text_cell(out, "Expected", row->expected);
		text_cell(out, "Actual", row->actual);
		buf_text(out, "</tr>\n");
	}
	buf_text(out, "</table>\n");
}

static void add_certificates(const struct report *report, struct buf *out)
{
	static const char *const keys[] = { "subject", "not_before", "not_after", "sha256" };
	static const char *const columns[] = { "Subject", "Valid from", "Valid to", "SHA-256" };
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(report->facts, "certificates");
	unsigned n = 0;

	if (list == NULL || list->child == NULL)
		return;
	buf_printf(out,
		   "<h2>Certificates, from the root down%s</h2>\n<table>\n<tr><th></th>"
		   "<th>Subject</th><th>Valid from</th><th>Valid to</th><th>SHA-256</th></tr>\n",
		   report->facts_proven ? "" : ": UNVERIFIED");
	for (const cJSON *one = list->child; one != NULL; one = one->next) {
		buf_printf(out, "<tr><td>%u</td>", ++n);
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			const cJSON *item = cJSON_GetObjectItemCaseSensitive(one, keys[i]);
			text_cell(out, columns[i], cJSON_IsString(item) ? item->valuestring : "?");
		}
		buf_text(out, "</tr>\n");
	}
	buf_text(out, "</table>\n");
}

/* How deep a tree is followed; what lies deeper is printed as JSON. */
#define DEPTH_MAX 8

/* Where in the tree we are: the items on the way, and which ones they are of those beside them. */
struct place {
	const cJSON *item[DEPTH_MAX];
	size_t index[DEPTH_MAX];
	size_t depth;
};

static void add_path(const struct place *place, struct buf *out)
{
	for (size_t i = 0; i <= place->depth; i++) {
		if (place->item[i]->string == NULL) {
			buf_printf(out, "[%zu]", place->index[i]);
			continue;
		}
		buf_text(out, i > 0 ? "." : "");
		html_text(out, span_of_text(place->item[i]->string));
	}
}

static void go_on(struct place *place)
{
	while (place->depth > 0 && place->item[place->depth]->next == NULL)
		place->depth--;
	place->item[place->depth] = place->item[place->depth]->next;
	place->index[place->depth]++;
}

static void add_value(const cJSON *item, struct buf *out)
{
	char *text = NULL;

	if (cJSON_IsString(item)) {
		html_text(out, span_of_text(item->valuestring));
		return;
	}
	if (json_print(item, &text) != REASON_OK) {
		out->failed = true;
		return;
	}
	html_text(out, span_of_text(text));
	free(text);
}

/* Everything in a tree, a row for each value, without recursion; `without` (or NULL) is a member of
 * the tree itself that is left out. */
static void add_tree(const cJSON *tree, const char *without, struct buf *out)
{
	struct place place = { .item = { tree->child } };

	buf_text(out, "<table>\n<tr><th>Name</th><th>Value</th></tr>\n");
	while (place.item[0] != NULL) {
		const cJSON *item = place.item[place.depth];
		bool left_out = place.depth == 0 && without != NULL && item->string != NULL &&
				strcmp(item->string, without) == 0;
		if (!left_out && item->child != NULL && place.depth + 1 < DEPTH_MAX) {
			place.item[++place.depth] = item->child;
			place.index[place.depth] = 0;
			continue;
		}
		if (!left_out) {
			buf_text(out, "<tr><td>");
			add_path(&place, out);
			buf_text(out, "</td><td title=\"Value\"><code>");
			add_value(item, out);
			buf_text(out, "</code></td></tr>\n");
		}
		go_on(&place);
	}
	buf_text(out, "</table>\n");
}

/* What a further member of the report is called: names of our own for those that are known. */
static void add_heading(const char *key, struct buf *out)
{
	static const char *const names[][2] = {
		{ "eif", "The image" },
		{ "measurements", "Its measurements" },
		{ "registers", "Who says which registers" },
		{ "saver", "What the saver says: it proves nothing and decided nothing" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(key, names[i][0]) == 0)
			key = names[i][1];
	}
	buf_text(out, "<h2>");
	html_text(out, span_of_text(key));
	buf_text(out, "</h2>\n");
}

static void add_facts(const struct report *report, struct buf *out)
{
	const cJSON *members = report->members;

	if (report->facts != NULL) {
		buf_text(out, report->facts_proven ?
				      "<h2>Facts</h2>\n" :
				      "<h2>UNVERIFIED</h2>\n<p class=\"no\">Whoever made this "
				      "file wrote what follows; nothing vouches for it.</p>\n");
		add_tree(report->facts, "certificates", out);
		add_certificates(report, out);
	}
	for (const cJSON *one = members != NULL ? members->child : NULL; one != NULL;
	     one = one->next) {
		add_heading(one->string, out);
		if (one->child != NULL)
			add_tree(one, NULL, out);
		else {
			buf_text(out, "<p><code>");
			add_value(one, out);
			buf_text(out, "</code></p>\n");
		}
	}
}

/* A sentence for each group of checks that passed; what was skipped proves nothing anyway. */
static void add_limits(const struct report *report, struct buf *out)
{
	const struct report_limit *told[CHECK_COUNT];
	size_t n_told = 0;

	buf_text(out,
		 "<h2>What this does not prove</h2>\n<ul>\n"
		 "<li>A pass is as good as what was expected: values that came from the "
		 "operator of the enclave prove only that the operator agrees with himself.</li>\n"
		 "<li>A check that was skipped proves nothing.</li>\n");
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct report_limit *limit = report_limit_of(report->rows[i].check);
		bool seen = limit == NULL || report->rows[i].status != STATUS_PASS;
		for (size_t n = 0; n < n_told && !seen; n++)
			seen = told[n] == limit;
		if (seen)
			continue;
		told[n_told++] = limit;
		size_t len = strlen(limit->checks);
		buf_printf(out, "<li><b>%s%s</b> does not prove %s</li>\n", limit->checks,
			   limit->checks[len - 1] == '.' ? "*" : "", limit->text);
	}
	buf_text(out, "</ul>\n");
}

static size_t count_sections(const struct report_page *page)
{
	return page->n[VERDICT_PASS] + page->n[VERDICT_FAIL] + page->n[VERDICT_ERROR];
}

void report_page_add(struct report_page *page, const struct report *report)
{
	struct buf *out = &page->sections;

	if (report == NULL) {
		out->failed = true;
		return;
	}
	size_t place = page->before + count_sections(page) + 1;
	page->n[report->verdict]++;
	verdict_text(report, &page->title);
	buf_text(&page->title, ": ");
	buf_add(&page->title, target_of(report));
	buf_printf(&page->summary, "<tr><td><a href=\"#t%zu\">", place);
	html_text(&page->summary, target_of(report));
	buf_printf(&page->summary, "</a></td><td class=\"word %s\">",
		   verdict_classes[report->verdict]);
	add_verdict_text(report, &page->summary);
	const struct row *bad = report_first_bad(report);
	buf_printf(&page->summary, "</td><td>%s</td></tr>\n",
		   bad != NULL                     ? check_name(bad->check) :
		   report->verdict != VERDICT_PASS ? reason_name(report->verdict_reason) :
						     "");
	buf_printf(out, "<section id=\"t%zu\">\n", place);
	add_verdict(report, out);
	add_chain(report, out);
	add_checks(report, out);
	add_facts(report, out);
	add_limits(report, out);
	buf_text(out, "</section>\n");
}

static void join(struct buf *to, const struct buf *from)
{
	buf_add(to, buf_span(from));
	to->failed |= from->failed;
}

void report_page_join(struct report_page *page, const struct report_page *next)
{
	join(&page->summary, &next->summary);
	join(&page->sections, &next->sections);
	join(&page->title, &next->title);
	for (size_t i = 0; i <= VERDICT_PASS; i++)
		page->n[i] += next->n[i];
}

/* Of several the worst counts as it does for the exit status: fail, error, pass. */
static enum verdict worst(const struct report_page *page)
{
	if (page->n[VERDICT_FAIL] > 0)
		return VERDICT_FAIL;
	bool passed = page->n[VERDICT_PASS] > 0 && page->n[VERDICT_ERROR] == 0;
	return passed ? VERDICT_PASS : VERDICT_ERROR;
}

static void add_summary(const struct report_page *page, size_t n, struct buf *out)
{
	enum verdict verdict = worst(page);

	buf_printf(out, "<div class=\"verdict %s\">\n<h1>%s</h1>\n<p class=\"plain\">%zu targets: ",
		   verdict_classes[verdict], verdict_words[verdict], n);
	buf_printf(out, "%zu pass, %zu fail, %zu without a verdict</p>\n</div>\n<table>\n",
		   page->n[VERDICT_PASS], page->n[VERDICT_FAIL], page->n[VERDICT_ERROR]);
	buf_text(out,
		 "<tr><th>Target</th><th>Verdict</th><th>First check that says so</th></tr>\n");
	buf_add(out, buf_span(&page->summary));
	buf_text(out, "</table>\n");
}

enum reason report_page_end(const struct report_page *page, const char *tool, const char *version,
			    struct buf *out)
{
	size_t n = count_sections(page);
	struct buf several = { 0 };

	buf_printf(&several, "%s: %zu targets", verdict_words[worst(page)], n);
	html_open(out, buf_span(n == 1 ? &page->title : &several), style);
	if (n != 1)
		add_summary(page, n, out);
	buf_add(out, buf_span(&page->sections));
	html_close(out, tool, version);
	bool failed = page->sections.failed || page->summary.failed || page->title.failed ||
		      several.failed || out->failed;
	buf_done(&several);
	return failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

void report_page_done(struct report_page *page)
{
	buf_done(&page->summary);
	buf_done(&page->sections);
	buf_done(&page->title);
}

enum reason report_html(const struct report *report, const char *tool, const char *version,
			struct buf *out)
{
	struct report_page page = { .n = { 0 } };

	report_page_add(&page, report);
	enum reason reason = report_page_end(&page, tool, version, out);
	report_page_done(&page);
	return reason;
}
