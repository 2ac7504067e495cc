#include "rebuild/overlay.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

const struct overlay_limits overlay_usual_limits = { OVERLAY_ENTRIES_MAX, OVERLAY_NODES_MAX,
						     OVERLAY_TEXT_MAX };

/* A name in a directory. It stays when it is removed, and comes back when it is made again: it is
 * there when it was made after its directory was last emptied. So all below a name goes in one step. */
struct node {
	struct node *parent;    /* of the root: the root */
	struct node *next;      /* the one made before, for freeing */
	struct span name;       /* behind the struct */
	char *target;           /* of a symbolic link */
	enum tarball_type type; /* never a hard link */
	uint32_t mode;
	uint64_t size;
	size_t layer;
	uint64_t ordinal;
	uint64_t made;    /* 0: removed */
	uint64_t emptied; /* of a directory */
	size_t named_in;  /* the last layer with an entry of this name, plus 1 */
};

/* An entry of the layer that is being read. */
struct pending {
	enum layername_action action;
	enum tarball_type type;
	uint32_t mode;
	uint64_t size;
	uint64_t ordinal;
	size_t name; /* where it stands in `text`, NUL-terminated; normalised */
	size_t target;
};

struct overlay {
	struct overlay_limits limits;
	struct node root;
	struct node *nodes;
	void *by_name; /* of tsearch: a balanced tree, so no choice of names makes it slow */
	uint64_t n_nodes;
	uint64_t n_text;
	uint64_t n_entries;
	uint64_t doubled;
	uint64_t now; /* counts changes */
	size_t n_layers;
	struct pending *pending;
	size_t n_pending;
	size_t cap;
	uint64_t ordinal;
	struct buf text;
};

/* Any order will do. */
static int compare(const void *a, const void *b)
{
	const struct node *one = a;
	const struct node *two = b;

	if (one->parent != two->parent)
		return (uintptr_t)one->parent < (uintptr_t)two->parent ? -1 : 1;
	if (one->name.len != two->name.len)
		return one->name.len < two->name.len ? -1 : 1;
	return memcmp(one->name.at, two->name.at, one->name.len);
}

struct overlay *overlay_new(const struct overlay_limits *limits)
{
	struct overlay *overlay = calloc(1, sizeof(*overlay));

	if (overlay == NULL)
		return NULL;
	overlay->limits = *limits;
	overlay->root = (struct node){ .type = TARBALL_DIRECTORY, .mode = 0755, .made = 1 };
	overlay->root.parent = &overlay->root;
	overlay->now = 1;
	return overlay;
}

void overlay_free(struct overlay *overlay)
{
	if (overlay == NULL)
		return;
	while (overlay->nodes != NULL) {
		struct node *node = overlay->nodes;
		overlay->nodes = node->next;
		(void)tdelete(node, &overlay->by_name, compare);
		free(node->target);
		free(node);
	}
	free(overlay->pending);
	buf_done(&overlay->text);
	free(overlay);
}

uint64_t overlay_doubled(const struct overlay *overlay)
{
	return overlay->doubled;
}

static enum reason read_target(struct overlay *overlay, const struct tarball_entry *entry,
			       struct pending *pending)
{
	if (entry->type == TARBALL_HARD_LINK) {
		if (entry->size > 0)
			return REASON_LAYER_HARD_LINK;
		return layername_read(entry->target, &overlay->text, &pending->target);
	}
	if (entry->type != TARBALL_SYMLINK)
		return REASON_OK;
	if (entry->target.len == 0 || entry->target.len > OVERLAY_PATH_MAX)
		return REASON_LAYER_NAME;
	pending->target = overlay->text.len;
	buf_add(&overlay->text, entry->target);
	buf_byte(&overlay->text, 0);
	return overlay->text.failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

static struct pending *another(struct overlay *overlay)
{
	if (overlay->n_pending == overlay->cap) {
		size_t cap = overlay->cap > 0 ? 2 * overlay->cap : 256;
		struct pending *grown = realloc(overlay->pending, cap * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		overlay->pending = grown;
		overlay->cap = cap;
	}
	return &overlay->pending[overlay->n_pending];
}

enum reason overlay_add(struct overlay *overlay, const struct tarball_entry *entry)
{
	uint64_t text = (uint64_t)entry->name.len + entry->target.len;

	if (overlay->n_entries == overlay->limits.entries ||
	    text > overlay->limits.text - overlay->n_text)
		return REASON_LAYER_ENTRIES;
	overlay->n_entries++;
	overlay->n_text += text;
	struct pending *pending = another(overlay);
	if (pending == NULL)
		return REASON_OUT_OF_MEMORY;
	*pending = (struct pending){ .type = entry->type,
				     .mode = entry->mode,
				     .size = entry->size,
				     .ordinal = overlay->ordinal++ };
	enum reason reason = layername_read(entry->name, &overlay->text, &pending->name);
	if (reason == REASON_OK)
		reason = layername_whiteout((char *)overlay->text.at + pending->name, entry->type,
					    &pending->action);
	if (reason == REASON_OK && pending->action == LAYERNAME_ENTRY)
		reason = read_target(overlay, entry, pending);
	if (reason == REASON_OK && pending->action != LAYERNAME_NOTHING)
		overlay->n_pending++;
	return reason;
}

/* What is there under this name; NULL: nothing. */
static struct node *child(const struct overlay *overlay, const struct node *parent,
			  struct span name)
{
	const struct node key = { .parent = (struct node *)(uintptr_t)parent, .name = name };
	struct node *const *found = tfind(&key, &overlay->by_name, compare);

	return found != NULL && (*found)->made > parent->emptied ? *found : NULL;
}

/* A name that is there from now on, as an empty directory until it is said to be something else. */
static enum reason make(struct overlay *overlay, struct node *parent, struct span name,
			struct node **ret)
{
	const struct node key = { .parent = parent, .name = name };
	struct node *const *found = tfind(&key, &overlay->by_name, compare);
	struct node *node = found != NULL ? *found : NULL;

	if (node == NULL) {
		if (overlay->n_nodes == overlay->limits.nodes)
			return REASON_LAYER_ENTRIES;
		node = calloc(1, sizeof(*node) + name.len);
		if (node == NULL)
			return REASON_OUT_OF_MEMORY;
		memcpy(node + 1, name.at, name.len);
		node->name = (struct span){ (const uint8_t *)(node + 1), name.len };
		node->parent = parent;
		if (tsearch(node, &overlay->by_name, compare) == NULL) {
			free(node);
			return REASON_OUT_OF_MEMORY;
		}
		node->next = overlay->nodes;
		overlay->nodes = node;
		overlay->n_nodes++;
	}
	free(node->target);
	node->target = NULL;
	node->type = TARBALL_DIRECTORY;
	node->mode = 0755;
	node->layer = overlay->n_layers;
	node->emptied = ++overlay->now;
	node->made = ++overlay->now;
	*ret = node;
	return REASON_OK;
}

/* What is there at a path from the root, no link followed; NULL: nothing. */
static struct node *at(struct overlay *overlay, struct span path)
{
	struct node *node = &overlay->root;
	struct span component;

	while (node != NULL && layername_take(&path, &component))
		node = node->type == TARBALL_DIRECTORY ? child(overlay, node, component) : NULL;
	return node;
}

static void remove_or_empty(struct overlay *overlay, const struct pending *pending)
{
	struct node *node =
		at(overlay, span_of_text((const char *)overlay->text.at + pending->name));

	if (node == NULL)
		return;
	if (pending->action == LAYERNAME_REMOVE)
		node->made = 0;
	else if (node->type == TARBALL_DIRECTORY)
		node->emptied = ++overlay->now;
}

/* Walks to the directory of the last component, which is left in *path; makes what is missing. */
static enum reason walk(struct overlay *overlay, struct span *path, struct node **ret,
			struct span *ret_last)
{
	struct node *node = &overlay->root;
	struct span component;

	(void)layername_take(path, &component);
	while (path->len > 0) {
		struct node *next = child(overlay, node, component);
		enum reason reason = REASON_OK;
		if (next == NULL)
			reason = make(overlay, node, component, &next);
		else if (next->type != TARBALL_DIRECTORY)
			reason = REASON_LAYER_PARENT;
		if (reason != REASON_OK)
			return reason;
		node = next;
		(void)layername_take(path, &component);
	}
	*ret = node;
	*ret_last = component;
	return REASON_OK;
}

static enum reason set_target(struct node *node, const char *target)
{
	if (target == NULL)
		return REASON_OK;
	node->target = strdup(target);
	return node->target != NULL ? REASON_OK : REASON_OUT_OF_MEMORY;
}

/* The node that a hard link shares its content with. */
static const struct node *linked(struct overlay *overlay, const struct pending *pending)
{
	const struct node *node =
		at(overlay, span_of_text((const char *)overlay->text.at + pending->target));

	return node != NULL && node->type != TARBALL_DIRECTORY ? node : NULL;
}

static enum reason set(struct overlay *overlay, const struct pending *pending,
		       struct node *directory, struct span name)
{
	struct node *node = child(overlay, directory, name);
	const char *target = NULL;
	struct node from = { .type = pending->type,
			     .mode = pending->mode,
			     .size = pending->size,
			     .layer = overlay->n_layers,
			     .ordinal = pending->ordinal };

	if (pending->type == TARBALL_SYMLINK)
		target = (const char *)overlay->text.at + pending->target;
	if (pending->type == TARBALL_HARD_LINK) {
		const struct node *other = linked(overlay, pending);
		if (other == NULL)
			return REASON_LAYER_HARD_LINK;
		/* to itself it changes nothing */
		if (other == node)
			return REASON_OK;
		from = *other;
		target = other->target;
	}
	if (node == NULL || node->type != TARBALL_DIRECTORY || from.type != TARBALL_DIRECTORY) {
		enum reason reason = make(overlay, directory, name, &node);
		if (reason == REASON_OK)
			reason = set_target(node, target);
		if (reason != REASON_OK)
			return reason;
	}
	node->type = from.type;
	node->mode = from.mode;
	node->size = from.size;
	node->layer = from.layer;
	node->ordinal = from.ordinal;
	if (node->named_in == overlay->n_layers + 1)
		overlay->doubled++;
	node->named_in = overlay->n_layers + 1;
	return REASON_OK;
}

static enum reason apply_entry(struct overlay *overlay, const struct pending *pending)
{
	struct span path = span_of_text((const char *)overlay->text.at + pending->name);
	struct node *directory = NULL;
	struct span last;

	/* the root itself */
	if (path.len == 0)
		return pending->type == TARBALL_DIRECTORY ? REASON_OK : REASON_LAYER_NAME;
	enum reason reason = walk(overlay, &path, &directory, &last);
	return reason == REASON_OK ? set(overlay, pending, directory, last) : reason;
}

enum reason overlay_apply(struct overlay *overlay, struct trouble *reterr)
{
	for (size_t i = 0; i < overlay->n_pending; i++) {
		if (overlay->pending[i].action != LAYERNAME_ENTRY)
			remove_or_empty(overlay, &overlay->pending[i]);
	}
	for (size_t i = 0; i < overlay->n_pending; i++) {
		const struct pending *pending = &overlay->pending[i];
		enum reason reason = pending->action == LAYERNAME_ENTRY ?
					     apply_entry(overlay, pending) :
					     REASON_OK;
		if (reason != REASON_OK)
			return trouble_note(
				reterr, reason,
				span_of_text((const char *)overlay->text.at + pending->name), 0);
	}
	overlay->n_pending = 0;
	overlay->text.len = 0;
	overlay->ordinal = 0;
	overlay->n_layers++;
	return REASON_OK;
}

/* What follows a symbolic link: its target, then what was left of the path. */
static enum reason follow(struct buf *rest, const struct node *link, struct span left)
{
	struct buf longer = { 0 };

	buf_text(&longer, link->target);
	buf_byte(&longer, '/');
	buf_add(&longer, left);
	/* a / behind a file's name would ask for a directory */
	if (left.len == 0 && longer.len > 0)
		longer.len--;
	if (longer.failed) {
		buf_done(&longer);
		return REASON_OUT_OF_MEMORY;
	}
	buf_done(rest);
	*rest = longer;
	return REASON_OK;
}

static enum reason resolve(const struct overlay *overlay, struct buf *rest,
			   struct overlay_file *ret)
{
	const struct node *node = &overlay->root;
	struct span path = buf_span(rest);
	struct span component;

	ret->symlinks = 0;
	while (layername_take(&path, &component)) {
		if (span_equal(component, SPAN_LITERAL(".")))
			continue;
		const struct node *next = span_equal(component, SPAN_LITERAL("..")) ?
						  node->parent :
						  child(overlay, node, component);
		if (next == NULL)
			return REASON_LAYER_ABSENT;
		if (next->type == TARBALL_SYMLINK) {
			if (++ret->symlinks > OVERLAY_SYMLINKS_MAX)
				return REASON_LAYER_SYMLINKS;
			enum reason reason = follow(rest, next, path);
			if (reason != REASON_OK)
				return reason;
			path = buf_span(rest);
			if (path.at[0] == '/')
				node = &overlay->root;
		} else if (next->type == TARBALL_DIRECTORY) {
			node = next;
		} else if (path.len > 0) {
			return REASON_LAYER_ABSENT;
		} else if (next->type != TARBALL_FILE) {
			return REASON_LAYER_NOT_FILE;
		} else {
			ret->layer = next->layer;
			ret->ordinal = next->ordinal;
			ret->size = next->size;
			ret->mode = next->mode;
			return REASON_OK;
		}
	}
	return REASON_LAYER_NOT_FILE;
}

enum reason overlay_find(const struct overlay *overlay, struct span path, struct overlay_file *ret)
{
	struct overlay_file found;
	struct buf rest = { 0 };

	if (path.len == 0 || path.len > OVERLAY_PATH_MAX || path.at[0] != '/')
		return REASON_LAYER_NAME;
	buf_add(&rest, path);
	enum reason reason = rest.failed ? REASON_OUT_OF_MEMORY : resolve(overlay, &rest, &found);
	buf_done(&rest);
	if (reason == REASON_OK)
		*ret = found;
	return reason;
}
