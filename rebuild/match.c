#include "rebuild/match.h"

#include <stdlib.h>
#include <string.h>

#include "rebuild/fields.h"
#include "rebuild/storepath.h"

#define UNMATCHED SIZE_MAX

/* A name to be sorted by, and whose it is. */
struct key {
	const uint8_t *name;
	size_t len;
	size_t index;
};

static int by_name(const void *left, const void *right)
{
	const struct key *a = left;
	const struct key *b = right;
	size_t common = a->len < b->len ? a->len : b->len;
	int order = common == 0 ? 0 : memcmp(a->name, b->name, common);

	if (order == 0 && a->len != b->len)
		order = a->len < b->len ? -1 : 1;
	if (order == 0)
		order = a->index < b->index ? -1 : 1;
	return order;
}

static int compare_names(const struct key *a, const struct key *b)
{
	size_t common = a->len < b->len ? a->len : b->len;
	int order = common == 0 ? 0 : memcmp(a->name, b->name, common);

	if (order != 0 || a->len == b->len)
		return order;
	return a->len < b->len ? -1 : 1;
}

/* Sorted keys of one catalog; of some of its entries only when `only` is not NULL. */
struct keys {
	struct key *list;
	size_t n;
	uint8_t *names; /* copies, where names are not those of the catalog */
};

static void keys_done(struct keys *keys)
{
	free(keys->list);
	free(keys->names);
}

/* `partner`: of each entry, UNMATCHED for those that are wanted. `blank`: without store hashes. */
static enum reason keys_make(const struct catalog *catalog, const size_t *partner, bool blank,
			     struct keys *ret)
{
	*ret = (struct keys){ .list = calloc(catalog->n + 1, sizeof(ret->list[0])) };
	if (blank)
		ret->names = malloc(catalog->names.len + 1);
	if (ret->list == NULL || (blank && ret->names == NULL))
		return REASON_OUT_OF_MEMORY;
	for (size_t i = 0; i < catalog->n; i++) {
		struct span name = catalog_name(catalog, i);
		if (partner[i] != UNMATCHED)
			continue;
		if (blank && name.len > 0) {
			uint8_t *to = ret->names + catalog->entries[i].name_at;
			memcpy(to, name.at, name.len);
			storepath_blank(to, name.len);
			name.at = to;
		}
		ret->list[ret->n++] = (struct key){ name.at, name.len, i };
	}
	qsort(ret->list, ret->n, sizeof(ret->list[0]), by_name);
	return REASON_OK;
}

struct matching {
	const char *part;
	const struct catalog *a;
	const struct catalog *b;
	size_t *partner_a; /* of each entry of A that of B, or UNMATCHED */
	size_t *partner_b;
	struct findings *findings;
	struct matched *matched;
};

/* Pairs the entries that have no partner yet. */
static enum reason pair_up(struct matching *matching, bool blank)
{
	struct keys a = { 0 };
	struct keys b = { 0 };
	size_t i = 0;
	size_t k = 0;

	enum reason reason = keys_make(matching->a, matching->partner_a, blank, &a);
	if (reason == REASON_OK)
		reason = keys_make(matching->b, matching->partner_b, blank, &b);
	while (reason == REASON_OK && i < a.n && k < b.n) {
		int order = compare_names(&a.list[i], &b.list[k]);
		if (order == 0) {
			matching->partner_a[a.list[i].index] = b.list[k].index;
			matching->partner_b[b.list[k].index] = a.list[i].index;
		}
		i += order <= 0;
		k += order >= 0;
	}
	keys_done(&a);
	keys_done(&b);
	return reason;
}

static void tell_lonely(const struct matching *matching)
{
	static const struct span none = { NULL, 0 };

	for (size_t i = 0; i < matching->a->n; i++) {
		if (matching->partner_a[i] == UNMATCHED)
			findings_add(matching->findings, FINDING_CONTENT, matching->part,
				     catalog_name(matching->a, i), "only-in-a", none, none, NULL);
	}
	for (size_t i = 0; i < matching->b->n; i++) {
		if (matching->partner_b[i] == UNMATCHED)
			findings_add(matching->findings, FINDING_CONTENT, matching->part,
				     catalog_name(matching->b, i), "only-in-b", none, none, NULL);
	}
}

/* The first entry of A whose partner stands before that of the entry before it. `exact`: among
 * those whose names are the same. */
static bool find_disorder(const struct matching *matching, bool exact, size_t *ret)
{
	size_t last = 0;

	for (size_t i = 0; i < matching->a->n; i++) {
		size_t k = matching->partner_a[i];
		if (k == UNMATCHED || (exact && !span_equal(catalog_name(matching->a, i),
							    catalog_name(matching->b, k))))
			continue;
		if (k < last) {
			*ret = i;
			return true;
		}
		last = k;
	}
	return false;
}

/* Order is data. Where archives are sorted, names with other hashes stand elsewhere: an effect. */
static void tell_order(const struct matching *matching)
{
	static const struct span none = { NULL, 0 };
	size_t first = 0;

	bool exact = find_disorder(matching, true, &first);
	if (exact || find_disorder(matching, false, &first))
		findings_add(matching->findings, exact ? FINDING_CONTENT : FINDING_CASCADE,
			     matching->part, catalog_name(matching->a, first), "order", none, none,
			     "the first entry that stands elsewhere");
}

static void tell_pairs(const struct matching *matching)
{
	static const struct span none = { NULL, 0 };
	struct fields_counts counts = { 0 };

	for (size_t i = 0; i < matching->a->n; i++) {
		size_t k = matching->partner_a[i];
		if (k == UNMATCHED)
			continue;
		struct span name_a = catalog_name(matching->a, i);
		struct span name_b = catalog_name(matching->b, k);
		if (!span_equal(name_a, name_b))
			findings_add(matching->findings, FINDING_CASCADE, matching->part, none,
				     "name", name_a, name_b, NULL);
		if (fields_compare(matching->part, matching->a, i, matching->b, k,
				   matching->findings, &counts))
			matching->matched->contents[matching->matched->n_contents++] =
				(struct match_content){ i, k };
	}
	fields_tell_counts(matching->part, &counts, matching->findings);
}

/* An entry with several names, and the one it is paired with, by what makes them one file. */
struct link {
	uint64_t a[3];
	uint64_t b[3];
};

static void link_key(const struct catalog_entry *entry, uint64_t ret[static 3])
{
	ret[0] = entry->archive;
	ret[1] = (uint64_t)entry->fields.dev_major << 32 | entry->fields.dev_minor;
	ret[2] = entry->fields.ino;
}

static int by_a(const void *left, const void *right)
{
	const struct link *x = left;
	const struct link *y = right;

	for (size_t i = 0; i < 3; i++) {
		if (x->a[i] != y->a[i])
			return x->a[i] < y->a[i] ? -1 : 1;
	}
	return 0;
}

static int by_b(const void *left, const void *right)
{
	const struct link *x = left;
	const struct link *y = right;

	for (size_t i = 0; i < 3; i++) {
		if (x->b[i] != y->b[i])
			return x->b[i] < y->b[i] ? -1 : 1;
	}
	return 0;
}

/* Other numbers are nothing; other groups are another tree: a key must have one partner on the
 * other side, both ways. */
static enum reason tell_links(const struct matching *matching)
{
	static const struct span none = { NULL, 0 };
	struct link *links = calloc(matching->a->n + 1, sizeof(*links));
	size_t n = 0;
	bool same = true;

	if (links == NULL)
		return REASON_OUT_OF_MEMORY;
	for (size_t i = 0; i < matching->a->n; i++) {
		size_t k = matching->partner_a[i];
		const struct newc_entry *entry = &matching->a->entries[i].fields;
		if (k == UNMATCHED || entry->nlink < 2 ||
		    (entry->mode & NEWC_TYPE_MASK) == NEWC_DIRECTORY)
			continue;
		link_key(&matching->a->entries[i], links[n].a);
		link_key(&matching->b->entries[k], links[n].b);
		n++;
	}
	qsort(links, n, sizeof(*links), by_a);
	for (size_t i = 1; i < n; i++)
		same = same &&
		       (by_a(&links[i - 1], &links[i]) != 0 || by_b(&links[i - 1], &links[i]) == 0);
	qsort(links, n, sizeof(*links), by_b);
	for (size_t i = 1; i < n; i++)
		same = same &&
		       (by_b(&links[i - 1], &links[i]) != 0 || by_a(&links[i - 1], &links[i]) == 0);
	free(links);
	if (!same)
		findings_add(matching->findings, FINDING_CONTENT, matching->part, none,
			     "hard-links", none, none, "other names belong to one file");
	return REASON_OK;
}

static enum reason match(struct matching *matching)
{
	for (size_t i = 0; i < matching->a->n; i++)
		matching->partner_a[i] = UNMATCHED;
	for (size_t i = 0; i < matching->b->n; i++)
		matching->partner_b[i] = UNMATCHED;
	enum reason reason = pair_up(matching, false);
	if (reason == REASON_OK)
		reason = pair_up(matching, true);
	if (reason != REASON_OK)
		return reason;
	tell_lonely(matching);
	tell_order(matching);
	tell_pairs(matching);
	return tell_links(matching);
}

enum reason match_catalogs(const char *part, const struct catalog *a, const struct catalog *b,
			   struct findings *findings, struct matched *ret)
{
	struct matching matching = {
		.part = part, .a = a, .b = b, .findings = findings, .matched = ret
	};

	*ret = (struct matched){ .contents = calloc(a->n + 1, sizeof(ret->contents[0])) };
	matching.partner_a = calloc(a->n + 1, sizeof(size_t));
	matching.partner_b = calloc(b->n + 1, sizeof(size_t));
	enum reason reason = REASON_OUT_OF_MEMORY;
	if (ret->contents != NULL && matching.partner_a != NULL && matching.partner_b != NULL)
		reason = match(&matching);
	free(matching.partner_a);
	free(matching.partner_b);
	return reason;
}

void matched_done(struct matched *matched)
{
	free(matched->contents);
	*matched = (struct matched){ 0 };
}
