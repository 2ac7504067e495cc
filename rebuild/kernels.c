#include "rebuild/kernels.h"

#include <stdlib.h>

#include "rebuild/elfparts.h"
#include "rebuild/kconfig.h"
#include "verify/basenc.h"

#define PART "kernel"

static const struct span nothing = { NULL, 0 };

static void add_note(struct findings *findings, const char *what, const char *note)
{
	findings_add(findings, FINDING_CONTENT, PART, nothing, what, nothing, nothing, note);
}

static void add_texts(struct findings *findings, const char *what, struct span a, struct span b)
{
	if (!span_equal(a, b))
		findings_add(findings, FINDING_CONTENT, PART, nothing, what, a, b, NULL);
}

static bool region_equal(const struct kernel *a, const struct kernel *b, enum kernel_region region)
{
	return span_equal(SPAN_OF(a->sha384[region]), SPAN_OF(b->sha384[region]));
}

/* A configuration that only one has, or that cannot be read, is not taken for the other one's. */
static enum reason compare_configs(const struct innards *a, const struct innards *b,
				   struct findings *findings)
{
	static const char *const states[] = {
		[INNARDS_CONFIG_NONE] = "none",
		[INNARDS_CONFIG_READ] = "there",
		[INNARDS_CONFIG_BROKEN] = "unreadable",
	};

	if (a->has_config == INNARDS_CONFIG_READ && b->has_config == INNARDS_CONFIG_READ)
		return kconfig_compare(buf_span(&a->config), buf_span(&b->config), findings);
	if (a->has_config != INNARDS_CONFIG_NONE || b->has_config != INNARDS_CONFIG_NONE)
		findings_add(findings, FINDING_CONTENT, PART, nothing, "config",
			     span_of_text(states[a->has_config]),
			     span_of_text(states[b->has_config]), "options not compared");
	return REASON_OK;
}

static void say_why(const struct kernel *kernel, const char *side, struct buf *out)
{
	if (kernel->form != REASON_OK)
		buf_printf(out, "%s%s %s: %s", out->len > 0 ? ", " : "", side,
			   payload_format_name(kernel->format), reason_name(kernel->form));
}

static enum reason add_undetermined(const struct kernel *a, const struct kernel *b,
				    struct findings *findings)
{
	struct buf why = { 0 };
	struct buf note = { 0 };

	say_why(a, "A", &why);
	say_why(b, "B", &why);
	buf_text(&note, "bytes differ; not decompressed: ");
	buf_add(&note, buf_span(&why));
	bool ok = !why.failed;
	buf_done(&why);
	char *text = buf_take_text(&note);
	if (text != NULL && ok)
		add_note(findings, "payload", text);
	ok = ok && text != NULL;
	free(text);
	return ok ? REASON_OK : REASON_OUT_OF_MEMORY;
}

static void add_same(const struct kernel *a, const struct kernel *b, struct findings *findings)
{
	bool other = a->format != b->format;

	findings_add(findings, FINDING_COMPRESSION, PART, nothing, "payload",
		     other ? span_of_text(payload_format_name(a->format)) : nothing,
		     other ? span_of_text(payload_format_name(b->format)) : nothing,
		     "the same after decompression");
}

/* `elf`: what the sections of the files say, or nothing. */
static enum reason add_different(const struct kernel *a, const struct kernel *b,
				 const struct buf *elf, struct findings *findings)
{
	struct buf digests[2] = { { 0 }, { 0 } };
	struct buf note = { 0 };

	hex_encode(&digests[0], SPAN_OF(a->innards.sha256));
	hex_encode(&digests[1], SPAN_OF(b->innards.sha256));
	if (a->format != PAYLOAD_PLAIN || b->format != PAYLOAD_PLAIN)
		buf_text(&note, "differs after decompression");
	else
		buf_text(&note, "differs");
	if (elf->len > 0)
		buf_text(&note, "; ");
	buf_add(&note, buf_span(elf));
	bool ok = !digests[0].failed && !digests[1].failed;
	char *text = buf_take_text(&note);
	ok = ok && text != NULL;
	if (ok)
		findings_add(findings, FINDING_CONTENT, PART, nothing, "payload-sha256",
			     buf_span(&digests[0]), buf_span(&digests[1]), text);
	free(text);
	buf_done(&digests[0]);
	buf_done(&digests[1]);
	return ok ? REASON_OK : REASON_OUT_OF_MEMORY;
}

static enum reason compare_payloads(const struct kernel *a, const struct kernel *b,
				    const struct buf *elf, struct findings *findings)
{
	if (a->form != REASON_OK || b->form != REASON_OK)
		return add_undetermined(a, b, findings);
	if (a->innards.len != b->innards.len ||
	    !span_equal(SPAN_OF(a->innards.sha256), SPAN_OF(b->innards.sha256)))
		return add_different(a, b, elf, findings);
	add_same(a, b, findings);
	return REASON_OK;
}

static enum reason compare_innards(const struct kernel *a, const struct kernel *b,
				   struct findings *findings)
{
	const struct span banner_a = { a->innards.banner, a->innards.banner_len };
	const struct span banner_b = { b->innards.banner, b->innards.banner_len };

	if (a->form != REASON_OK || b->form != REASON_OK)
		return REASON_OK;
	add_texts(findings, "banner", banner_a, banner_b);
	return compare_configs(&a->innards, &b->innards, findings);
}

/* Both are read; the payloads are expanded unless they are the same bytes. */
static enum reason compare(const struct kernel *a, const struct kernel *b, const struct buf *elf,
			   struct findings *findings)
{
	const struct span version_a = { a->version, a->version_len };
	const struct span version_b = { b->version, b->version_len };

	if (a->kind != b->kind)
		add_texts(findings, "form", span_of_text(kernel_kind_name(a->kind)),
			  span_of_text(kernel_kind_name(b->kind)));
	else
		add_texts(findings, "version", version_a, version_b);
	if (!a->has_payload || !b->has_payload)
		return REASON_OK;
	bool same = region_equal(a, b, KERNEL_PAYLOAD);
	enum reason reason = same ? REASON_OK : compare_innards(a, b, findings);
	if (a->kind == b->kind && !region_equal(a, b, KERNEL_BEFORE))
		add_note(findings, "setup", "the bytes before the payload differ");
	if (a->kind == b->kind && !region_equal(a, b, KERNEL_BEHIND))
		add_note(findings, "end", "the bytes behind the payload differ");
	if (reason == REASON_OK && !same)
		reason = compare_payloads(a, b, elf, findings);
	return reason;
}

static enum reason read_both(const struct catalog_source *a, struct kernel *x,
			     const struct catalog_source *b, struct kernel *y, uint64_t max)
{
	enum reason reason = kernel_read(a, x);

	if (reason == REASON_OK)
		reason = kernel_read(b, y);
	if (reason != REASON_OK || !x->has_payload || !y->has_payload ||
	    region_equal(x, y, KERNEL_PAYLOAD))
		return reason;
	reason = kernel_expand(a, max, x);
	return reason == REASON_OK ? kernel_expand(b, max, y) : reason;
}

static struct content content_of(const struct catalog_source *source)
{
	return (struct content){ source->fd, source->section->offset, source->section->size };
}

enum reason kernels_compare(const struct catalog_source *a, const struct catalog_source *b,
			    uint64_t max, struct findings *findings)
{
	const struct content file_a = content_of(a);
	const struct content file_b = content_of(b);
	struct kernel x = { .kind = KERNEL_UNKNOWN };
	struct kernel y = { .kind = KERNEL_UNKNOWN };
	struct buf elf = { 0 };
	bool told = false;

	/* first, so that reading judges afterwards whether these were the bytes that were measured */
	enum reason reason = elfparts_differ(&file_a, &file_b, &elf, &told);
	if (reason == REASON_OK)
		reason = read_both(a, &x, b, &y, max);
	if (reason == REASON_OK)
		reason = compare(&x, &y, &elf, findings);
	if (reason == REASON_OK && elf.failed)
		reason = REASON_OUT_OF_MEMORY;
	buf_done(&elf);
	kernel_done(&x);
	kernel_done(&y);
	return reason;
}
