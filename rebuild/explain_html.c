#include <inttypes.h>

#include "rebuild/explain.h"
#include "verify/basenc.h"
#include "verify/html.h"

/* `column` is the name of its column, NULL for what speaks for itself; the text is escaped already. */
static void cell(struct buf *out, const char *column, const char *text)
{
	if (text == NULL || *text == '\0') {
		buf_text(out, "<td></td>");
		return;
	}
	if (column != NULL)
		buf_printf(out, "<td title=\"%s\"><code>", column);
	else
		buf_text(out, "<td><code>");
	html_plain(out, span_of_text(text));
	buf_text(out, "</code></td>");
}

static void cell_hex(struct buf *out, const char *column, struct span bytes)
{
	if (bytes.len == 0) {
		buf_text(out, "<td></td>");
		return;
	}
	buf_printf(out, "<td title=\"%s\"><code>", column);
	hex_encode(out, bytes);
	buf_text(out, "</code></td>");
}

/* Empty where there is no section. */
static void cell_size(struct buf *out, const char *column, const struct eif_section *section)
{
	if (section == NULL)
		buf_text(out, "<td></td>");
	else
		buf_printf(out, "<td title=\"%s\">%" PRIu64 "</td>", column, section->size);
}

static void cell_equal(struct buf *out, bool equal)
{
	buf_text(out, equal ? "<td>equal</td>" : "<td class=\"no\">differ</td>");
}

static void add_path(struct buf *out, const char *label, const char *path)
{
	buf_printf(out, "<li>%s: <code>", label);
	html_text(out, span_of_text(path));
	buf_text(out, "</code></li>\n");
}

static void registers(const struct comparison *comparison, struct buf *out)
{
	buf_text(out, "<h2>Registers</h2>\n<table>\n<tr><th>Register</th><th></th><th>A</th>"
		      "<th>B</th></tr>\n");
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		struct span a = pcrs_get(&comparison->pcrs_a, i);
		struct span b = pcrs_get(&comparison->pcrs_b, i);
		if (b.at == NULL && (a.at == NULL || comparison->file != NULL))
			continue;
		buf_printf(out, "<tr><td>PCR%u</td>", i);
		cell_equal(out, span_equal(a, b));
		cell_hex(out, "A", a);
		cell_hex(out, "B", b);
		buf_text(out, "</tr>\n");
	}
	buf_text(out, "</table>\n");
	if (comparison->has_hash)
		buf_printf(out, "<p>The ENCLAVE_HASH is %s.</p>\n",
			   comparison->hash_equal ? "the same" : "another one");
	if (comparison->implied != NULL)
		buf_printf(out, "<p>%s</p>\n", comparison->implied);
}

static void sections(const struct comparison *comparison, struct buf *out)
{
	char name[COMPARE_NAME_LEN];

	if (comparison->n_rows == 0)
		return;
	buf_text(out, "<h2>Sections</h2>\n<table>\n<tr><th>Section</th><th></th><th>Bytes in A"
		      "</th><th>Bytes in B</th><th>SHA-384 in A</th><th>SHA-384 in B</th></tr>\n");
	for (size_t i = 0; i < comparison->n_rows; i++) {
		const struct compare_row *row = &comparison->rows[i];
		buf_printf(out, "<tr><td>%s%s</td>", compare_row_name(row, name),
			   eif_type_is_measured(row->type) ? "" : " (not measured)");
		cell_equal(out, row->equal);
		cell_size(out, "Bytes in A", row->a);
		cell_size(out, "Bytes in B", row->b);
		cell_hex(out, "SHA-384 in A",
			 (struct span){ row->sha384_a, row->a == NULL ? 0 : DIGEST_SHA384_LEN });
		cell_hex(out, "SHA-384 in B",
			 (struct span){ row->sha384_b, row->b == NULL ? 0 : DIGEST_SHA384_LEN });
		buf_text(out, "</tr>\n");
	}
	buf_text(out, "</table>\n");
}

static void class_table(const struct findings *findings, enum finding_class class, struct buf *out)
{
	static const char *const titles[FINDING_CLASSES] = {
		[FINDING_CONTENT] = "Content: causes",
		[FINDING_ATTRIBUTE] = "Times, owners, numbers of inodes",
		[FINDING_COMPRESSION] = "Compression",
		[FINDING_CASCADE] = "The same but for store hashes: effects, not causes",
		[FINDING_UNMEASURED] = "Not measured",
	};
	uint64_t told = 0;

	if (findings->counts[class] == 0)
		return;
	buf_printf(out,
		   "<h2>%s</h2>\n<table>\n<tr><th>Part</th><th>Name</th><th>What</th>"
		   "<th>A</th><th>B</th><th></th></tr>\n",
		   titles[class]);
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->list[i];
		if (finding->class != class)
			continue;
		buf_text(out, "<tr>");
		cell(out, NULL, finding->part);
		cell(out, "Name", finding->name);
		cell(out, "What", finding->what);
		cell(out, "A", finding->a);
		cell(out, "B", finding->b);
		cell(out, NULL, finding->note);
		buf_text(out, "</tr>\n");
		told++;
	}
	buf_text(out, "</table>\n");
	if (told < findings->counts[class])
		buf_printf(out, "<p>And %" PRIu64 " more.</p>\n", findings->counts[class] - told);
}

void explain_html(const struct outcome_tool *tool, const struct comparison *comparison,
		  struct buf *out)
{
	struct buf conclusion = { 0 };

	explain_conclusion(comparison, &conclusion);
	out->failed = out->failed || conclusion.failed;
	html_open(out, SPAN_LITERAL("Two enclave images compared"), "");
	buf_text(out, "<h1>Two enclave images compared</h1>\n");
	buf_text(out, comparison_is_equal(comparison) ? "<p>" : "<p class=\"no\">");
	html_plain(out, buf_span(&conclusion));
	buf_text(out, "</p>\n<ul>\n");
	buf_done(&conclusion);
	add_path(out, "A", comparison->a->path);
	add_path(out, "B", comparison->file != NULL ? comparison->file : comparison->b->path);
	buf_text(out, "</ul>\n");
	registers(comparison, out);
	sections(comparison, out);
	for (size_t class = 0; class < FINDING_CLASSES && comparison->file == NULL; class ++)
		class_table(&comparison->findings, (enum finding_class) class, out);
	html_close(out, tool->name, tool->version);
}
