#include "rebuild/explain.h"

#include <inttypes.h>
#include <string.h>

#include "verify/basenc.h"

#define TOLD_MAX 20 /* findings of a class in one part of the image, unless all are wanted */

void explain_conclusion(const struct comparison *comparison, struct buf *out)
{
	if (comparison->file != NULL) {
		buf_text(out, comparison_is_equal(comparison) ?
				      "equal: the registers that the file names" :
				      "different: a register is not what the file says");
		return;
	}
	buf_printf(out, "%s: %s", compare_class_name(comparison->class),
		   compare_class_sentence(comparison->class));
}

static void add_hex(struct buf *out, struct span bytes, bool whole)
{
	if (bytes.at == NULL)
		buf_text(out, "-");
	else if (whole || bytes.len <= 16)
		hex_encode(out, bytes);
	else {
		hex_encode(out, (struct span){ bytes.at, 8 });
		buf_text(out, "...");
	}
}

/* Registers that both could have: of an image against a file, those that the file names. */
static void text_registers(const struct comparison *comparison, struct buf *out)
{
	uint32_t shown = comparison->file != NULL ?
				 comparison->pcrs_b.present :
				 comparison->pcrs_a.present | comparison->pcrs_b.present;

	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if ((shown >> i & 1) == 0)
			continue;
		struct span a = pcrs_get(&comparison->pcrs_a, i);
		struct span b = pcrs_get(&comparison->pcrs_b, i);
		bool equal = span_equal(a, b);
		buf_printf(out, "PCR%-2u %s  ", i, equal ? "equal " : "DIFFER");
		add_hex(out, a, true);
		if (!equal) {
			buf_text(out, "\n              ");
			add_hex(out, b, true);
		}
		buf_text(out, "\n");
	}
	if (comparison->has_hash)
		buf_printf(out, "ENCLAVE_HASH %s\n", comparison->hash_equal ? "equal" : "DIFFERS");
	if (comparison->implied != NULL)
		buf_printf(out, "%s\n", comparison->implied);
}

static void text_sections(const struct comparison *comparison, bool verbose, struct buf *out)
{
	char name[COMPARE_NAME_LEN];

	if (comparison->n_rows > 0)
		buf_text(out, "Sections\n");
	for (size_t i = 0; i < comparison->n_rows; i++) {
		const struct compare_row *row = &comparison->rows[i];
		const struct span a = { row->sha384_a, row->a == NULL ? 0 : DIGEST_SHA384_LEN };
		const struct span b = { row->sha384_b, row->b == NULL ? 0 : DIGEST_SHA384_LEN };
		buf_printf(out, "  %-12s %s  %12" PRIu64 "  ", compare_row_name(row, name),
			   row->equal ? "equal " : "DIFFER", row->a == NULL ? 0 : row->a->size);
		add_hex(out, a, verbose);
		if (!row->equal) {
			buf_printf(out, "\n                       %12" PRIu64 "  ",
				   row->b == NULL ? 0 : row->b->size);
			add_hex(out, b, verbose);
		}
		buf_text(out, "\n");
	}
}

static void text_finding(const struct finding *finding, struct buf *out)
{
	buf_printf(out, "  %s", finding->part);
	if (finding->name != NULL)
		buf_printf(out, "  %s", finding->name);
	buf_printf(out, "  %s", finding->what);
	if (finding->a != NULL || finding->b != NULL)
		buf_printf(out, ": %s -> %s", finding->a == NULL ? "-" : finding->a,
			   finding->b == NULL ? "-" : finding->b);
	if (finding->note != NULL)
		buf_printf(out, " (%s)", finding->note);
	buf_text(out, "\n");
}

static void text_class(const struct findings *findings, enum finding_class class, bool verbose,
		       struct buf *out)
{
	static const char *const titles[FINDING_CLASSES] = {
		[FINDING_CONTENT] = "Content",
		[FINDING_ATTRIBUTE] = "Times, owners, numbers of inodes",
		[FINDING_COMPRESSION] = "Compression",
		[FINDING_CASCADE] = "The same but for store hashes: effects, not causes",
		[FINDING_UNMEASURED] = "Not measured",
	};
	const char *part = "";
	uint64_t told = 0;
	size_t told_of_part = 0;

	if (findings->counts[class] == 0)
		return;
	buf_printf(out, "%s\n", titles[class]);
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->list[i];
		if (finding->class != class)
			continue;
		/* one part comes behind the other; NULL: no memory, and nothing is printed */
		if (finding->part == NULL || strcmp(part, finding->part) != 0) {
			part = finding->part == NULL ? "" : finding->part;
			told_of_part = 0;
		}
		if (!verbose && told_of_part >= TOLD_MAX)
			continue;
		text_finding(finding, out);
		told_of_part++;
		told++;
	}
	if (told < findings->counts[class])
		buf_printf(out, "  and %" PRIu64 " more\n", findings->counts[class] - told);
}

void explain_text(const struct comparison *comparison, bool verbose, struct buf *out)
{
	buf_text(out, comparison_is_equal(comparison) ? "SAME  " : "DIFFER  ");
	explain_conclusion(comparison, out);
	buf_text(out, "\nA  ");
	buf_escaped(out, span_of_text(comparison->a->path));
	buf_text(out, "\nB  ");
	buf_escaped(out, span_of_text(comparison->file != NULL ? comparison->file :
								 comparison->b->path));
	buf_text(out, "\n");
	text_registers(comparison, out);
	text_sections(comparison, verbose, out);
	/* the registers of a file stand in the table already */
	for (size_t class = 0; class < FINDING_CLASSES && comparison->file == NULL; class ++)
		text_class(&comparison->findings, (enum finding_class) class, verbose, out);
}
