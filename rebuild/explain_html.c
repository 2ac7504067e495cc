#include <inttypes.h>

#include "rebuild/explain.h"
#include "verify/basenc.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>Two enclave images compared</title>\n<style>\n"
	"body { font-family: sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em }\n"
	"table { border-collapse: collapse; width: 100% }\n"
	"th, td { border: 1px solid #999; padding: .3em .5em; text-align: left; "
	"vertical-align: top }\n"
	"code { font-family: monospace; overflow-wrap: anywhere }\n"
	".no { font-weight: bold; color: #a00 }\n"
	"</style>\n</head>\n<body>\n<h1>Two enclave images compared</h1>\n";

/* Text that is printable ASCII already. */
static void add_plain(struct buf *out, struct span text)
{
	struct span byte;

	while (span_take(&text, 1, &byte)) {
		switch (byte.at[0]) {
		case '&':
			buf_text(out, "&amp;");
			break;
		case '<':
			buf_text(out, "&lt;");
			break;
		case '>':
			buf_text(out, "&gt;");
			break;
		case '"':
			buf_text(out, "&quot;");
			break;
		case '\'':
			buf_text(out, "&#39;");
			break;
		default:
			buf_byte(out, byte.at[0]);
		}
	}
}

static void cell(struct buf *out, const char *text)
{
	buf_text(out, "<td><code>");
	if (text != NULL)
		add_plain(out, span_of_text(text));
	buf_text(out, "</code></td>");
}

static void cell_hex(struct buf *out, struct span bytes)
{
	buf_text(out, "<td><code>");
	hex_encode(out, bytes);
	buf_text(out, "</code></td>");
}

static void cell_equal(struct buf *out, bool equal)
{
	buf_text(out, equal ? "<td>equal</td>" : "<td class=\"no\">differ</td>");
}

static void add_path(struct buf *out, const char *label, const char *path)
{
	struct buf text = { 0 };

	buf_escaped(&text, span_of_text(path));
	out->failed = out->failed || text.failed;
	buf_printf(out, "<li>%s: <code>", label);
	add_plain(out, buf_span(&text));
	buf_text(out, "</code></li>\n");
	buf_done(&text);
}

static void registers(const struct comparison *comparison, struct buf *out)
{
	buf_text(out, "<h2>Registers</h2>\n<table>\n<tr><th>PCR</th><th></th><th>A</th>"
		      "<th>B</th></tr>\n");
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		struct span a = pcrs_get(&comparison->pcrs_a, i);
		struct span b = pcrs_get(&comparison->pcrs_b, i);
		if (b.at == NULL && (a.at == NULL || comparison->file != NULL))
			continue;
		buf_printf(out, "<tr><td>%u</td>", i);
		cell_equal(out, span_equal(a, b));
		cell_hex(out, a);
		cell_hex(out, b);
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
		buf_printf(out, "<td>%" PRIu64 "</td><td>%" PRIu64 "</td>",
			   row->a == NULL ? 0 : row->a->size, row->b == NULL ? 0 : row->b->size);
		cell_hex(out,
			 (struct span){ row->sha384_a, row->a == NULL ? 0 : DIGEST_SHA384_LEN });
		cell_hex(out,
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
		cell(out, finding->part);
		cell(out, finding->name);
		cell(out, finding->what);
		cell(out, finding->a);
		cell(out, finding->b);
		cell(out, finding->note);
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
	buf_text(out, head);
	buf_text(out, comparison_is_equal(comparison) ? "<p>" : "<p class=\"no\">");
	add_plain(out, buf_span(&conclusion));
	buf_text(out, "</p>\n<ul>\n");
	buf_done(&conclusion);
	add_path(out, "A", comparison->a->path);
	add_path(out, "B", comparison->file != NULL ? comparison->file : comparison->b->path);
	buf_text(out, "</ul>\n");
	registers(comparison, out);
	sections(comparison, out);
	for (size_t class = 0; class < FINDING_CLASSES && comparison->file == NULL; class ++)
		class_table(&comparison->findings, (enum finding_class) class, out);
	buf_printf(out, "<p>%s %s</p>\n</body>\n</html>\n", tool->name, tool->version);
}
