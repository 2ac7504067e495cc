#include "rebuild/fields.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rebuild/storepath.h"

static const struct span none = { NULL, 0 };

static void compare_mode(const char *part, struct span name, uint32_t a, uint32_t b,
			 struct findings *findings)
{
	struct buf text_a = { 0 };
	struct buf text_b = { 0 };

	if (a == b)
		return;
	buf_printf(&text_a, "%06" PRIo32, a);
	buf_printf(&text_b, "%06" PRIo32, b);
	findings->failed = findings->failed || text_a.failed || text_b.failed;
	findings_add(findings, FINDING_CONTENT, part, name,
		     (a & NEWC_TYPE_MASK) == (b & NEWC_TYPE_MASK) ? "mode" : "type",
		     buf_span(&text_a), buf_span(&text_b), NULL);
	buf_done(&text_a);
	buf_done(&text_b);
}

/* The targets are the same but for hashes of store paths. */
static bool is_cascade(struct span a, struct span b)
{
	uint8_t copy_a[NEWC_NAME_MAX];
	uint8_t copy_b[NEWC_NAME_MAX];

	if (a.len != b.len || a.len == 0 || a.len > sizeof(copy_a))
		return false;
	memcpy(copy_a, a.at, a.len);
	memcpy(copy_b, b.at, b.len);
	storepath_blank(copy_a, a.len);
	storepath_blank(copy_b, b.len);
	return memcmp(copy_a, copy_b, a.len) == 0;
}

static void compare_target(const char *part, struct span name, struct span a, struct span b,
			   struct findings *findings)
{
	if (!span_equal(a, b))
		findings_add(findings, is_cascade(a, b) ? FINDING_CASCADE : FINDING_CONTENT, part,
			     name, "target", a, b, NULL);
}

bool fields_compare(const char *part, const struct catalog *a, size_t index_a,
		    const struct catalog *b, size_t index_b, struct findings *findings,
		    struct fields_counts *counts)
{
	const struct newc_entry *x = &a->entries[index_a].fields;
	const struct newc_entry *y = &b->entries[index_b].fields;
	const struct span name = catalog_name(a, index_a);
	const struct {
		const char *what;
		uint64_t a;
		uint64_t b;
	} attributes[] = {
		{ "uid", x->uid, y->uid },
		{ "gid", x->gid, y->gid },
		{ "mtime", x->mtime, y->mtime },
		{ "nlink", x->nlink, y->nlink },
	};
	uint32_t type = x->mode & NEWC_TYPE_MASK;
	bool same_type = type == (y->mode & NEWC_TYPE_MASK);
	bool files = same_type && type == NEWC_FILE;
	uint64_t device_x = (uint64_t)x->rdev_major << 32 | x->rdev_minor;
	uint64_t device_y = (uint64_t)y->rdev_major << 32 | y->rdev_minor;
	bool data = x->size != y->size || !span_equal(SPAN_OF(a->entries[index_a].sha256),
						      SPAN_OF(b->entries[index_b].sha256));

	compare_mode(part, name, x->mode, y->mode, findings);
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		if (attributes[i].a != attributes[i].b)
			findings_add_numbers(findings, FINDING_ATTRIBUTE, part, name,
					     attributes[i].what, attributes[i].a, attributes[i].b);
	}
	/* what a type stands for: numbers of devices; elsewhere they say nothing */
	if (device_x != device_y && !files && type != NEWC_DIRECTORY && type != NEWC_SYMLINK)
		findings_add_numbers(findings, FINDING_CONTENT, part, name, "device", device_x,
				     device_y);
	if (same_type && type == NEWC_SYMLINK)
		compare_target(part, name, catalog_target(a, index_a), catalog_target(b, index_b),
			       findings);
	if (!same_type && data)
		findings_add(findings, FINDING_CONTENT, part, name, "content", none, none, NULL);
	counts->magics += x->summed != y->summed;
	/* the sum of a 070702 entry follows its data */
	counts->numbers += x->ino != y->ino || x->dev_major != y->dev_major ||
			   x->dev_minor != y->dev_minor || device_x != device_y ||
			   (x->check != y->check && !x->summed && !y->summed);
	return files && data;
}

static void tell_count(const char *part, const char *what, uint64_t count, enum finding_class class,
		       struct findings *findings)
{
	struct buf note = { 0 };

	if (count == 0)
		return;
	buf_printf(&note, "%" PRIu64 " entries", count);
	char *text = buf_take_text(&note);
	findings->failed = findings->failed || text == NULL;
	findings_add(findings, class, part, none, what, none, none, text);
	free(text);
}

void fields_tell_counts(const char *part, const struct fields_counts *counts,
			struct findings *findings)
{
	tell_count(part, "ino", counts->numbers, FINDING_ATTRIBUTE, findings);
	tell_count(part, "magic", counts->magics, FINDING_CONTENT, findings);
}
