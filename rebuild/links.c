#include "rebuild/links.h"

#include <stdlib.h>

#define FIRST_SLOTS 256 /* a power of two */

/* Spreads inodes, which mostly count up, over the table (Fibonacci hashing). */
static size_t hash(struct links_key key)
{
	uint64_t mixed = key.ino ^ (uint64_t)key.dev_major << 32 ^ (uint64_t)key.dev_minor << 44;

	return (size_t)(mixed * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static bool same(struct links_key a, struct links_key b)
{
	return a.ino == b.ino && a.dev_major == b.dev_major && a.dev_minor == b.dev_minor;
}

/* The slot that holds the key, or the free one where it belongs. There is always a free one. */
static size_t slot_of(const struct links *links, struct links_key key)
{
	size_t slot = hash(key) & (links->n_slots - 1);

	while (links->slots[slot] != 0 && !same(links->all[links->slots[slot] - 1].key, key))
		slot = (slot + 1) & (links->n_slots - 1);
	return slot;
}

bool links_find(const struct links *links, struct links_key key, struct span *ret_name)
{
	if (links->n_slots == 0)
		return false;
	size_t index = links->slots[slot_of(links, key)];
	if (index == 0)
		return false;
	const struct link *link = &links->all[index - 1];
	struct span rest = buf_span(&links->names);
	struct span before;
	return span_take(&rest, link->name_at, &before) &&
	       span_take(&rest, link->name_len, ret_name);
}

/* Keeps the table at most half full. */
static bool grow_slots(struct links *links)
{
	size_t n = links->n_slots == 0 ? FIRST_SLOTS : links->n_slots * 2;

	if (links->n_all * 2 < links->n_slots)
		return true;
	size_t *slots = calloc(n, sizeof(slots[0]));
	if (slots == NULL)
		return false;
	free(links->slots);
	links->slots = slots;
	links->n_slots = n;
	for (size_t i = 0; i < links->n_all; i++)
		slots[slot_of(links, links->all[i].key)] = i + 1;
	return true;
}

static bool grow_all(struct links *links)
{
	size_t cap = links->cap == 0 ? FIRST_SLOTS / 2 : links->cap * 2;

	if (links->n_all < links->cap)
		return true;
	struct link *all = realloc(links->all, cap * sizeof(all[0]));
	if (all == NULL)
		return false;
	links->all = all;
	links->cap = cap;
	return true;
}

enum reason links_add(struct links *links, struct links_key key, struct span name)
{
	if (name.len > LINKS_NAMES_MAX - links->names.len)
		return REASON_PATH_LINKS;
	if (!grow_slots(links) || !grow_all(links))
		return REASON_OUT_OF_MEMORY;
	struct link link = { key, links->names.len, name.len };
	buf_add(&links->names, name);
	if (links->names.failed)
		return REASON_OUT_OF_MEMORY;
	links->all[links->n_all++] = link;
	links->slots[slot_of(links, key)] = links->n_all;
	return REASON_OK;
}

void links_clear(struct links *links)
{
	if (links->n_all > 0)
		links_done(links);
}

void links_done(struct links *links)
{
	free(links->all);
	free(links->slots);
	buf_done(&links->names);
	*links = (struct links){ 0 };
}
