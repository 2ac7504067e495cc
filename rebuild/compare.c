#include "rebuild/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rebuild/archives.h"
#include "rebuild/kernels.h"
#include "rebuild/reread.h"
#include "rebuild/wording.h"

static const struct span nothing = { NULL, 0 };

static void compare_header(const struct eif *a, const struct eif *b, struct findings *findings)
{
	const struct {
		const char *what;
		uint64_t a;
		uint64_t b;
	} fields[] = {
		{ "version", a->version, b->version },
		{ "flags", a->flags, b->flags },
		{ "default_mem", a->default_mem, b->default_mem },
		{ "default_cpus", a->default_cpus, b->default_cpus },
		{ "sections", a->n_sections, b->n_sections },
		{ "crc", a->crc, b->crc },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i].a != fields[i].b)
			findings_add_numbers(findings, FINDING_UNMEASURED, "header", nothing,
					     fields[i].what, fields[i].a, fields[i].b);
	}
}

static bool rows_has(const struct comparison *comparison, enum eif_type type, size_t ordinal,
		     struct compare_row **ret, struct compare_row *rows)
{
	for (size_t i = 0; i < comparison->n_rows; i++) {
		if (rows[i].type == type && rows[i].ordinal == ordinal) {
			*ret = &rows[i];
			return true;
		}
	}
	return false;
}

/* Pairs the sections. Two images have at most as many rows as sections together. */
static void make_rows(struct comparison *comparison)
{
	const struct image *images[] = { &comparison->a->image, &comparison->b->image };

	for (size_t side = 0; side < 2; side++) {
		size_t seen[EIF_METADATA + 1] = { 0 };
		const struct image *image = images[side];
		for (size_t i = 0; i < image->eif.n_sections; i++) {
			const struct eif_section *section = &image->eif.sections[i];
			struct compare_row *row = NULL;
			size_t ordinal = seen[section->type]++;
			if (!rows_has(comparison, section->type, ordinal, &row, comparison->rows)) {
				row = &comparison->rows[comparison->n_rows++];
				*row = (struct compare_row){ .type = section->type,
							     .ordinal = ordinal };
			}
			*(side == 0 ? &row->a : &row->b) = section;
			*(side == 0 ? &row->sha384_a : &row->sha384_b) =
				image->measurement.sections[i];
		}
	}
	for (size_t i = 0; i < comparison->n_rows; i++) {
		struct compare_row *row = &comparison->rows[i];
		row->equal = row->a != NULL && row->b != NULL && row->a->size == row->b->size &&
			     memcmp(row->sha384_a, row->sha384_b, DIGEST_SHA384_LEN) == 0;
	}
}

const char *compare_row_name(const struct compare_row *row, char ret[static COMPARE_NAME_LEN])
{
	if (row->type == EIF_RAMDISK)
		(void)snprintf(ret, COMPARE_NAME_LEN, "ramdisk %zu", row->ordinal);
	else
		(void)snprintf(ret, COMPARE_NAME_LEN, "%s", eif_type_name(row->type));
	return ret;
}

static enum finding_class class_of(enum eif_type type)
{
	return eif_type_is_measured(type) ? FINDING_CONTENT : FINDING_UNMEASURED;
}

/* Where two sections begin to differ, as bytes. */
static enum reason compare_bytes(const struct comparison *comparison, const struct compare_row *row,
				 struct advance *advance, struct findings *findings)
{
	struct reread a = { .fd = -1 };
	struct reread b = { .fd = -1 };
	struct span piece_a = nothing;
	struct span piece_b = nothing;
	char name[COMPARE_NAME_LEN];
	char note[64];
	uint64_t at = 0;
	bool found = false;

	enum reason reason = reread_start(&a, comparison->a->fd, row->a, row->sha384_a);
	reread_tell(&a, advance);
	if (reason == REASON_OK)
		reason = reread_start(&b, comparison->b->fd, row->b, row->sha384_b);
	while (reason == REASON_OK) {
		reason = reread_next(&a, &piece_a);
		if (reason == REASON_OK)
			reason = reread_next(&b, &piece_b);
		if (reason != REASON_OK || (piece_a.len == 0 && piece_b.len == 0))
			break;
		size_t common = piece_a.len < piece_b.len ? piece_a.len : piece_b.len;
		for (size_t i = 0; i < common && !found; i++, at += !found)
			found = piece_a.at[i] != piece_b.at[i];
		found = found || piece_a.len != piece_b.len;
	}
	reread_done(&a);
	reread_done(&b);
	if (reason != REASON_OK)
		return reason;
	(void)snprintf(note, sizeof(note), "first differing byte: %" PRIu64, at);
	findings_add(findings, class_of(row->type), compare_row_name(row, name), nothing, "bytes",
		     nothing, nothing, note);
	if (row->a->size != row->b->size)
		findings_add_numbers(findings, class_of(row->type), name, nothing, "size",
				     row->a->size, row->b->size);
	return REASON_OK;
}

static uint64_t causes(const struct findings *findings)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < FINDING_CLASSES; i++)
		sum += findings->counts[i];
	return sum;
}

/* What is read again and takes a while. */
static bool is_long(const struct compare_row *row)
{
	return !row->equal && row->a != NULL && row->b != NULL && row->type == EIF_RAMDISK;
}

/* Its entries are read, and then mostly their content, or how they are packed, or bytes. */
static uint64_t expected_of(const struct compare_row *row)
{
	return is_long(row) ? 2 * row->a->size : 0;
}

static enum reason compare_row(struct comparison *comparison, const struct compare_row *row,
			       const char *tmpdir, struct advance *advance, struct trouble *reterr)
{
	struct findings *findings = &comparison->findings;
	char name[COMPARE_NAME_LEN];
	uint64_t before = causes(findings);
	enum reason reason = REASON_OK;

	if (row->a == NULL || row->b == NULL) {
		findings_add(findings, class_of(row->type), compare_row_name(row, name), nothing,
			     row->a == NULL ? "only-in-b" : "only-in-a", nothing, nothing, NULL);
		return REASON_OK;
	}
	/* B is read by a thread of its own, about as fast: A's bytes stand for both */
	const struct catalog_source source_a = { comparison->a->fd, row->a, row->sha384_a,
						 is_long(row) ? advance : NULL };
	const struct catalog_source source_b = { comparison->b->fd, row->b, row->sha384_b, NULL };
	if (row->type == EIF_METADATA)
		reason = wording_metadata(&comparison->a->image.metadata,
					  &comparison->b->image.metadata, findings);
	else if (row->type == EIF_CMDLINE)
		reason = wording_cmdline(comparison->a->fd, row->a, row->sha384_a,
					 comparison->b->fd, row->b, row->sha384_b, findings);
	else if (row->type == EIF_KERNEL)
		reason = kernels_compare(&source_a, &source_b, KERNEL_EXPANDED_MAX, findings);
	else if (row->type == EIF_RAMDISK)
		reason = archives_compare(compare_row_name(row, name), &source_a, &source_b, tmpdir,
					  findings, reterr);
	/* whatever no one can tell more about differs as bytes */
	if (reason == REASON_OK && causes(findings) == before)
		reason = compare_bytes(comparison, row, source_a.advance, findings);
	return reason;
}

static enum reason compare_rows(struct comparison *comparison, const char *tmpdir,
				struct advance *advance, struct trouble *reterr)
{
	enum reason reason = REASON_OK;
	uint64_t expected = 0;

	for (size_t i = 0; i < comparison->n_rows; i++)
		expected += expected_of(&comparison->rows[i]);
	advance_expect(advance, expected);
	expected = 0;
	for (size_t i = 0; i < comparison->n_rows && reason == REASON_OK; i++) {
		const struct compare_row *row = &comparison->rows[i];
		if (!row->equal)
			reason = compare_row(comparison, row, tmpdir, advance, reterr);
		expected += expected_of(row);
		advance_to(advance, expected);
	}
	return reason;
}

/* Sections in another order: of measured ones the registers tell whether it matters. */
static void compare_order(struct comparison *comparison, bool measured_alike)
{
	const struct eif *a = &comparison->a->image.eif;
	const struct eif *b = &comparison->b->image.eif;
	size_t n = a->n_sections < b->n_sections ? a->n_sections : b->n_sections;

	for (size_t i = 0; i < n; i++) {
		if (a->sections[i].type == b->sections[i].type)
			continue;
		findings_add(&comparison->findings,
			     measured_alike ? FINDING_UNMEASURED : FINDING_CONTENT, "sections",
			     nothing, "order", span_of_text(eif_type_name(a->sections[i].type)),
			     span_of_text(eif_type_name(b->sections[i].type)), NULL);
		return;
	}
}

static bool same(const struct comparison *comparison, unsigned index)
{
	return span_equal(pcrs_get(&comparison->pcrs_a, index),
			  pcrs_get(&comparison->pcrs_b, index));
}

/* The measured sections are the same, one by one. */
static bool measured_equal(const struct comparison *comparison)
{
	for (size_t i = 0; i < comparison->n_rows; i++) {
		if (eif_type_is_measured(comparison->rows[i].type) && !comparison->rows[i].equal)
			return false;
	}
	return true;
}

/* PCR0 is kernel, command line and all ramdisks, PCR1 ends with the first ramdisk, PCR2 begins
 * with the second; nothing frames the parts, so what goes from the end of one to the beginning of
 * the next is not seen. */
static const char *imply(const struct comparison *comparison, bool alike)
{
	bool pcr0 = same(comparison, 0);
	bool pcr1 = same(comparison, 1);
	bool pcr2 = same(comparison, 2);

	if (pcr0 && pcr1 && pcr2)
		return alike ? "Everything measured is the same." :
			       "The registers are the same, the sections are not: bytes went from "
			       "the end of one to the beginning of the next.";
	if (pcr0)
		return "PCR0 is the same, PCR1 or PCR2 is not: bytes went across the end of the "
		       "first ramdisk.";
	if (pcr1 && pcr2)
		return "PCR0 differs though PCR1 and PCR2 are the same: the section boundaries "
		       "or their order differ.";
	if (pcr1)
		return "PCR1 is the same: only the application (ramdisks after the first) differs.";
	if (pcr2)
		return "PCR2 is the same: the application is not what differs, but kernel, "
		       "command line or first ramdisk.";
	return "Both what boots (kernel, command line, first ramdisk) and the application differ.";
}

static enum compare_class conclude(const struct findings *findings)
{
	if (findings->counts[FINDING_CONTENT] > 0)
		return COMPARE_CONTENT;
	if (findings->counts[FINDING_CASCADE] > 0)
		return COMPARE_CASCADE;
	if (findings->counts[FINDING_ATTRIBUTE] > 0)
		return COMPARE_ATTRIBUTE;
	if (findings->counts[FINDING_COMPRESSION] > 0)
		return COMPARE_COMPRESSION;
	return findings->counts[FINDING_UNMEASURED] > 0 ? COMPARE_UNMEASURED : COMPARE_IDENTICAL;
}

enum reason compare_images(const struct compare_side *a, const struct compare_side *b,
			   const char *tmpdir, struct advance *advance, struct comparison *ret,
			   struct trouble *reterr)
{
	*ret = (struct comparison){ .a = a, .b = b };
	ret->pcrs_a = image_pcrs(&a->image);
	ret->pcrs_b = image_pcrs(&b->image);
	make_rows(ret);
	bool alike = same(ret, 0) && same(ret, 1) && same(ret, 2);
	bool parts_alike = measured_equal(ret);
	ret->implied = imply(ret, parts_alike);
	if (same(ret, 0) && !parts_alike)
		findings_add(&ret->findings, FINDING_CONTENT, "sections", nothing, "boundary",
			     nothing, nothing, "PCR0 does not show it");
	enum reason reason = compare_rows(ret, tmpdir, advance, reterr);
	compare_order(ret, alike);
	/* a difference of registers is never left unexplained, nor called a lesser one */
	if (!alike && conclude(&ret->findings) <= COMPARE_UNMEASURED)
		findings_add(&ret->findings, FINDING_CONTENT, "registers", nothing, "differ",
			     nothing, nothing, NULL);
	compare_header(&a->image.eif, &b->image.eif, &ret->findings);
	ret->class = conclude(&ret->findings);
	if (reason == REASON_OK && ret->findings.failed)
		reason = REASON_OUT_OF_MEMORY;
	if (reason != REASON_OK)
		findings_done(&ret->findings);
	return reason;
}

enum reason compare_registers(const struct compare_side *a, const char *path,
			      const struct pcrfile *file, struct comparison *ret)
{
	static const uint8_t unsigned_pcr8[PCR_LEN] = { 0 };
	uint8_t hash[KECCAK_LEN];
	char name[8];

	*ret = (struct comparison){ .a = a, .file = path, .pcrs_b = file->pcrs };
	ret->pcrs_a = image_pcrs(&a->image);
	if (!a->image.is_signed && pcrs_has(&file->pcrs, 8))
		/* what a document of its enclave holds then */
		pcrs_set(&ret->pcrs_a, 8, unsigned_pcr8);
	enclave_hash(ret->pcrs_a.value[0], hash);
	ret->has_hash = file->has_enclave_hash;
	ret->hash_equal = span_equal(SPAN_OF(hash), SPAN_OF(file->enclave_hash));
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (!pcrs_has(&ret->pcrs_b, i) || same(ret, i))
			continue;
		(void)snprintf(name, sizeof(name), "PCR%u", i);
		findings_add(&ret->findings, FINDING_CONTENT, "registers", span_of_text(name),
			     pcrs_has(&ret->pcrs_a, i) ? "value" : "only-in-b", nothing, nothing,
			     NULL);
	}
	if (ret->has_hash && !ret->hash_equal)
		findings_add(&ret->findings, FINDING_CONTENT, "registers",
			     SPAN_LITERAL("ENCLAVE_HASH"), "value", nothing, nothing, NULL);
	if (pcrs_has(&ret->pcrs_b, 0) && pcrs_has(&ret->pcrs_b, 1) && pcrs_has(&ret->pcrs_b, 2))
		ret->implied = imply(ret, true);
	ret->class = conclude(&ret->findings);
	if (!ret->findings.failed)
		return REASON_OK;
	findings_done(&ret->findings);
	return REASON_OUT_OF_MEMORY;
}

bool comparison_is_equal(const struct comparison *comparison)
{
	return comparison->class == COMPARE_IDENTICAL;
}

const char *compare_class_name(enum compare_class class)
{
	static const char *const names[] = {
		[COMPARE_IDENTICAL] = "identical",
		[COMPARE_UNMEASURED] = "unmeasured-only",
		[COMPARE_COMPRESSION] = "compression-only",
		[COMPARE_ATTRIBUTE] = "timestamps-or-ownership-only",
		[COMPARE_CASCADE] = "cascade-only",
		[COMPARE_CONTENT] = "content",
	};

	return names[class <= COMPARE_CONTENT ? class : COMPARE_CONTENT];
}

const char *compare_class_sentence(enum compare_class class)
{
	static const char *const sentences[] = {
		[COMPARE_IDENTICAL] = "every byte is the same",
		[COMPARE_UNMEASURED] = "only what no register counts differs",
		[COMPARE_COMPRESSION] = "the same content, compressed otherwise",
		[COMPARE_ATTRIBUTE] = "the same files; times, owners or inode numbers differ",
		[COMPARE_CASCADE] = "the same files but for hashes of store paths in them",
		[COMPARE_CONTENT] = "content differs",
	};

	return sentences[class <= COMPARE_CONTENT ? class : COMPARE_CONTENT];
}

void comparison_done(struct comparison *comparison)
{
	findings_done(&comparison->findings);
}
