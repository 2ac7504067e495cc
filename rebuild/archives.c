#include "rebuild/archives.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebuild/difference.h"
#include "rebuild/draft.h"
#include "rebuild/expansion.h"
#include "rebuild/match.h"

static const struct span none = { NULL, 0 };

/* One side, worked on by a thread of its own: most of the time goes into inflating. */
struct side {
	const struct catalog_source *source;
	struct catalog catalog;
	size_t *wanted; /* entries whose content is put aside, ascending, */
	uint64_t *at;   /* and where each lies in the file */
	size_t n_wanted;
	int spool;
	enum reason reason;
	int why; /* errno, which is each thread's own */
};

static void *read_side(void *of)
{
	struct side *side = of;

	errno = 0;
	side->reason = catalog_read(side->source, CATALOG_NAMES_MAX, &side->catalog);
	side->why = errno;
	return NULL;
}

static enum reason put_aside(void *to, struct span bytes)
{
	const struct side *side = to;

	return draft_write(side->spool, bytes) == REASON_OK ? REASON_OK : REASON_FILE_UNWRITABLE;
}

static void *pour_side(void *of)
{
	struct side *side = of;
	const struct sink sink = { put_aside, side };

	errno = 0;
	side->reason =
		catalog_pour(side->source, &side->catalog, side->wanted, side->n_wanted, &sink);
	side->why = errno;
	return NULL;
}

/* Runs it for both, side by side where a second thread can be had. */
static enum reason run_both(struct side sides[static 2], void *(*run)(void *),
			    struct trouble *reterr)
{
	pthread_t thread;
	bool threaded = pthread_create(&thread, NULL, run, &sides[1]) == 0;

	(void)run(&sides[0]);
	if (threaded)
		(void)pthread_join(thread, NULL);
	else
		(void)run(&sides[1]);
	for (size_t i = 0; i < 2; i++) {
		bool told = sides[i].reason == REASON_FILE_UNREADABLE ||
			    sides[i].reason == REASON_FILE_UNWRITABLE;
		if (sides[i].reason != REASON_OK)
			return trouble_note(reterr, sides[i].reason, SPAN_LITERAL(""),
					    told ? sides[i].why : 0);
	}
	return REASON_OK;
}

/* A file that nobody else can open and that is gone with its descriptor. */
static enum reason open_spool(const char *tmpdir, int *ret, struct trouble *reterr)
{
	struct buf path = { 0 };

	buf_text(&path, tmpdir);
	buf_text(&path, "/enclave-rebuild.XXXXXX");
	char *name = buf_take_text(&path);
	if (name == NULL)
		return REASON_OUT_OF_MEMORY;
	int fd = mkstemp(name);
	enum reason reason = REASON_OK;
	if (fd < 0)
		reason = trouble_note(reterr, REASON_FILE_UNWRITABLE, span_of_text(tmpdir), errno);
	else if (unlink(name) != 0)
		reason = trouble_note(reterr, REASON_FILE_UNWRITABLE, span_of_text(name), errno);
	if (fd >= 0 && reason != REASON_OK)
		(void)close(fd);
	free(name);
	if (reason == REASON_OK)
		*ret = fd;
	return reason;
}

static int by_index(const void *left, const void *right)
{
	size_t a = *(const size_t *)left;
	size_t b = *(const size_t *)right;

	return (a > b) - (a < b);
}

/* Lists what is wanted of one side, and where it will lie. */
static enum reason want(struct side *side, const struct matched *matched, bool is_b)
{
	uint64_t at = 0;

	side->n_wanted = matched->n_contents;
	side->wanted = calloc(matched->n_contents, sizeof(side->wanted[0]));
	side->at = calloc(matched->n_contents, sizeof(side->at[0]));
	if (side->wanted == NULL || side->at == NULL)
		return REASON_OUT_OF_MEMORY;
	for (size_t i = 0; i < matched->n_contents; i++)
		side->wanted[i] = is_b ? matched->contents[i].b : matched->contents[i].a;
	qsort(side->wanted, side->n_wanted, sizeof(side->wanted[0]), by_index);
	for (size_t i = 0; i < side->n_wanted; i++) {
		side->at[i] = at;
		at += side->catalog.entries[side->wanted[i]].fields.size;
	}
	return REASON_OK;
}

static struct content find_content(const struct side *side, size_t index)
{
	const size_t *found =
		bsearch(&index, side->wanted, side->n_wanted, sizeof(index), by_index);

	return (struct content){ .fd = side->spool,
				 .at = side->at[found - side->wanted],
				 .size = side->catalog.entries[index].fields.size };
}

static enum reason judge_contents(const char *part, const struct side sides[static 2],
				  const struct matched *matched, struct findings *findings)
{
	for (size_t i = 0; i < matched->n_contents; i++) {
		const struct match_content *pair = &matched->contents[i];
		const struct content a = find_content(&sides[0], pair->a);
		const struct content b = find_content(&sides[1], pair->b);
		enum finding_class class = FINDING_CONTENT;
		struct buf note = { 0 };

		enum reason reason = difference_judge(&a, &b, &class, &note);
		char *text = buf_take_text(&note);
		if (reason == REASON_OK && text == NULL)
			reason = REASON_OUT_OF_MEMORY;
		if (reason == REASON_OK) {
			struct span name = catalog_name(&sides[0].catalog, pair->a);
			findings_add(findings, class, part, name, "content", none, none, text);
			if (a.size != b.size)
				findings_add_numbers(findings, class, part, name, "size", a.size,
						     b.size);
		}
		free(text);
		if (reason != REASON_OK)
			return reason;
	}
	return REASON_OK;
}

static enum reason compare_contents(const char *part, struct side sides[static 2],
				    const struct matched *matched, const char *tmpdir,
				    struct findings *findings, struct trouble *reterr)
{
	enum reason reason = want(&sides[0], matched, false);

	if (reason == REASON_OK)
		reason = want(&sides[1], matched, true);
	for (size_t i = 0; i < 2 && reason == REASON_OK; i++)
		reason = open_spool(tmpdir, &sides[i].spool, reterr);
	if (reason == REASON_OK)
		reason = run_both(sides, pour_side, reterr);
	return reason == REASON_OK ? judge_contents(part, sides, matched, findings) : reason;
}

/* How the archives are packed: of several members the header of the first. */
static void compare_members(const char *part, const struct catalog *a, const struct catalog *b,
			    struct findings *findings)
{
	const struct gzip_header *x = &a->first;
	const struct gzip_header *y = &b->first;
	const struct {
		const char *what;
		uint64_t a;
		uint64_t b;
	} fields[] = {
		{ "gzip-flags", x->flags, y->flags },
		{ "gzip-time", x->mtime, y->mtime },
		{ "gzip-extra-flags", x->extra_flags, y->extra_flags },
		{ "gzip-system", x->system, y->system },
	};

	if (a->facts.members != b->facts.members)
		findings_add_numbers(findings, FINDING_COMPRESSION, part, none, "gzip-members",
				     a->facts.members, b->facts.members);
	if (a->facts.members == 0 || b->facts.members == 0)
		return;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i].a != fields[i].b)
			findings_add_numbers(findings, FINDING_COMPRESSION, part, none,
					     fields[i].what, fields[i].a, fields[i].b);
	}
	const struct span name_a = { x->name, x->name_len };
	const struct span name_b = { y->name, y->name_len };
	if (!span_equal(name_a, name_b))
		findings_add(findings, FINDING_COMPRESSION, part, none, "gzip-name", name_a, name_b,
			     NULL);
}

/* All entries are the same, in the same order: is it the packing only? */
static enum reason compare_packing(const char *part, const struct side sides[static 2],
				   struct findings *findings)
{
	const struct ramdisk_facts *a = &sides[0].catalog.facts;
	const struct ramdisk_facts *b = &sides[1].catalog.facts;
	uint8_t digests[2][DIGEST_SHA384_LEN];
	bool known[2] = { false, false };

	/* raw archives before members: where they end is not known, so neither is the content */
	bool same = true;
	for (size_t i = 0; i < 2; i++) {
		enum reason reason = expansion_digest(sides[i].source, &known[i], digests[i]);
		if (reason != REASON_OK)
			return reason;
		same = same && known[i];
	}
	same = same && span_equal(SPAN_OF(digests[0]), SPAN_OF(digests[1]));
	if (same) {
		findings_add(findings, FINDING_COMPRESSION, part, none, "compression", none, none,
			     "the same archives, to the byte");
		return REASON_OK;
	}
	if (a->archives != b->archives)
		findings_add_numbers(findings, FINDING_CONTENT, part, none, "archives", a->archives,
				     b->archives);
	if (a->expanded != b->expanded)
		findings_add_numbers(findings, FINDING_CONTENT, part, none, "expanded-size",
				     a->expanded, b->expanded);
	if (a->zeros != b->zeros)
		findings_add_numbers(findings, FINDING_CONTENT, part, none, "padding", a->zeros,
				     b->zeros);
	findings_add(findings, FINDING_CONTENT, part, none, "form", none, none,
		     "the same entries; padding, trailers, digits or packing differ");
	return REASON_OK;
}

static uint64_t entry_findings(const struct findings *findings)
{
	return findings->counts[FINDING_CONTENT] + findings->counts[FINDING_ATTRIBUTE] +
	       findings->counts[FINDING_CASCADE];
}

static enum reason compare_entries(const char *part, struct side sides[static 2],
				   const char *tmpdir, struct findings *findings,
				   struct trouble *reterr)
{
	struct matched matched = { 0 };
	uint64_t before = entry_findings(findings);

	enum reason reason =
		match_catalogs(part, &sides[0].catalog, &sides[1].catalog, findings, &matched);
	if (reason == REASON_OK && matched.n_contents > 0)
		reason = compare_contents(part, sides, &matched, tmpdir, findings, reterr);
	matched_done(&matched);
	if (reason != REASON_OK)
		return reason;
	compare_members(part, &sides[0].catalog, &sides[1].catalog, findings);
	return entry_findings(findings) == before ? compare_packing(part, sides, findings) :
						    REASON_OK;
}

/* What a section is; NULL: archives in good form. */
static const char *form_of(const struct catalog *catalog)
{
	if (catalog->form != REASON_OK)
		return reason_name(catalog->form);
	return catalog->facts.opaque ? "opaque" : NULL;
}

static enum reason compare_sides(const char *part, struct side sides[static 2], const char *tmpdir,
				 struct findings *findings, struct trouble *reterr)
{
	enum reason reason = run_both(sides, read_side, reterr);
	if (reason != REASON_OK)
		return reason;
	const char *form_a = form_of(&sides[0].catalog);
	const char *form_b = form_of(&sides[1].catalog);
	if (form_a == NULL && form_b == NULL)
		return compare_entries(part, sides, tmpdir, findings, reterr);
	if (sides[0].catalog.facts.opaque && sides[1].catalog.facts.opaque)
		return REASON_OK;
	findings_add(findings, FINDING_CONTENT, part, none, "form",
		     span_of_text(form_a == NULL ? "archive" : form_a),
		     span_of_text(form_b == NULL ? "archive" : form_b),
		     "not both are archives in good form: no entries are compared");
	return REASON_OK;
}

enum reason archives_compare(const char *part, const struct catalog_source *a,
			     const struct catalog_source *b, const char *tmpdir,
			     struct findings *findings, struct trouble *reterr)
{
	struct side *sides = calloc(2, sizeof(*sides));

	if (sides == NULL)
		return REASON_OUT_OF_MEMORY;
	sides[0] = (struct side){ .source = a, .spool = -1 };
	sides[1] = (struct side){ .source = b, .spool = -1 };
	enum reason reason = compare_sides(part, sides, tmpdir, findings, reterr);
	for (size_t i = 0; i < 2; i++) {
		catalog_done(&sides[i].catalog);
		free(sides[i].wanted);
		free(sides[i].at);
		if (sides[i].spool >= 0)
			(void)close(sides[i].spool);
	}
	free(sides);
	return reason;
}
