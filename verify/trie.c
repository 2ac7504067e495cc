#include "verify/trie.h"

#include <string.h>

#include "verify/rlp.h"

#define NIBBLES (2 * (size_t)TRIE_KEY_LEN)
#define BRANCH_ITEMS 17
#define PATH_ITEMS 2

#define FLAG_ODD 1
#define FLAG_LEAF 2

const uint8_t trie_empty_root[KECCAK_LEN] = { 0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6,
					      0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
					      0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0,
					      0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21 };

/* A decoded path: borrowed nibbles. */
struct path {
	struct span bytes; /* with the flags */
	size_t skip;       /* nibbles of flags: 1 or 2 */
	size_t len;        /* nibbles behind them */
	bool is_leaf;
};

static unsigned nibble_at(struct span bytes, size_t i)
{
	return i % 2 == 0 ? bytes.at[i / 2] >> 4 : bytes.at[i / 2] & 15;
}

static unsigned key_nibble(const struct trie_walk *walk, size_t i)
{
	return nibble_at(SPAN_OF(walk->key), i);
}

static bool is_nothing(const struct rlp_item *child)
{
	return !child->is_list && child->content.len == 0;
}

static bool is_hash(const struct rlp_item *child)
{
	return !child->is_list && child->content.len == KECCAK_LEN;
}

/* A node within another: shorter than its hash would be. */
static bool is_embedded(const struct rlp_item *child)
{
	return child->is_list && child->whole.len < KECCAK_LEN;
}

static enum reason split(struct span node, struct rlp_item items[static BRANCH_ITEMS], size_t *ret)
{
	size_t n = 0;

	while (node.len > 0) {
		if (n == BRANCH_ITEMS)
			return REASON_TRIE_NODE;
		enum reason reason = rlp_next(&node, &items[n++]);
		if (reason != REASON_OK)
			return reason;
	}
	*ret = n;
	return REASON_OK;
}

static enum reason read_path(const struct rlp_item *item, struct path *ret)
{
	if (item->is_list)
		return REASON_TRIE_NODE;
	if (item->content.len == 0)
		return REASON_TRIE_PATH;
	unsigned flags = nibble_at(item->content, 0);
	bool odd = (flags & FLAG_ODD) != 0;
	if (flags > (FLAG_ODD | FLAG_LEAF) || (!odd && nibble_at(item->content, 1) != 0))
		return REASON_TRIE_PATH;
	*ret = (struct path){ .bytes = item->content,
			      .skip = odd ? 1 : 2,
			      .len = 2 * item->content.len - (odd ? 1 : 2),
			      .is_leaf = (flags & FLAG_LEAF) != 0 };
	return REASON_OK;
}

/* Whether the key goes on as the path does, which is not longer than the rest of the key. */
static bool follows(const struct trie_walk *walk, const struct path *path)
{
	for (size_t i = 0; i < path->len; i++) {
		if (key_nibble(walk, walk->depth + i) != nibble_at(path->bytes, path->skip + i))
			return false;
	}
	return true;
}

/* The three kinds of nodes. Each leaves in *ret_child where the walk goes on, unless it has come to
 * its end. */

static enum reason pass_branch(struct trie_walk *walk, const struct rlp_item items[BRANCH_ITEMS],
			       struct rlp_item *ret_child)
{
	size_t children = 0;

	/* keys are of one length, so none ends where another goes on */
	if (walk->depth == NIBBLES || !is_nothing(&items[BRANCH_ITEMS - 1]))
		return REASON_TRIE_NODE;
	for (size_t i = 0; i < BRANCH_ITEMS - 1; i++) {
		if (is_nothing(&items[i]))
			continue;
		if (!is_hash(&items[i]) && !is_embedded(&items[i]))
			return REASON_TRIE_NODE;
		children++;
	}
	if (children < 2)
		return REASON_TRIE_NODE;
	*ret_child = items[key_nibble(walk, walk->depth)];
	walk->depth++;
	walk->branch_next = false;
	if (is_nothing(ret_child))
		walk->state = TRIE_ABSENT;
	return REASON_OK;
}

static enum reason pass_extension(struct trie_walk *walk, const struct path *path,
				  const struct rlp_item *child, struct rlp_item *ret_child)
{
	/* the branch behind it needs a nibble as well */
	if (path->len == 0 || path->len >= NIBBLES - walk->depth)
		return REASON_TRIE_PATH;
	if (!is_hash(child) && !is_embedded(child))
		return REASON_TRIE_NODE;
	if (!follows(walk, path)) {
		walk->state = TRIE_ABSENT;
		return REASON_OK;
	}
	walk->depth += path->len;
	walk->branch_next = true;
	*ret_child = *child;
	return REASON_OK;
}

static enum reason reach_leaf(struct trie_walk *walk, const struct path *path,
			      const struct rlp_item *value)
{
	if (path->len != NIBBLES - walk->depth)
		return REASON_TRIE_PATH;
	if (value->is_list || value->content.len == 0 || value->content.len > TRIE_VALUE_MAX)
		return REASON_TRIE_VALUE;
	if (!follows(walk, path)) {
		walk->state = TRIE_ABSENT;
		return REASON_OK;
	}
	memcpy(walk->value, value->content.at, value->content.len);
	walk->value_len = value->content.len;
	walk->state = TRIE_PRESENT;
	return REASON_OK;
}

static enum reason pass(struct trie_walk *walk, struct span node, struct rlp_item *ret_child)
{
	struct rlp_item items[BRANCH_ITEMS];
	struct path path;
	size_t n;

	enum reason reason = split(node, items, &n);
	if (reason != REASON_OK)
		return reason;
	if (n == BRANCH_ITEMS)
		return pass_branch(walk, items, ret_child);
	if (n != PATH_ITEMS || walk->branch_next)
		return REASON_TRIE_NODE;
	reason = read_path(&items[0], &path);
	if (reason != REASON_OK)
		return reason;
	return path.is_leaf ? reach_leaf(walk, &path, &items[1]) :
			      pass_extension(walk, &path, &items[1], ret_child);
}

static enum reason take(struct trie_walk *walk, struct span node)
{
	uint8_t hash[KECCAK_LEN];
	struct rlp_item item;

	if (walk->state != TRIE_WANTS_NODE)
		return REASON_TRIE_LEFTOVER;
	if (node.len == 0 || node.len > TRIE_NODE_MAX)
		return REASON_TRIE_NODE_SIZE;
	keccak_256(node, hash);
	if (!span_equal(SPAN_OF(hash), SPAN_OF(walk->want)))
		return REASON_TRIE_NODE_HASH;
	bool is_root = walk->nodes++ == 0;
	struct span rest = node;
	enum reason reason = rlp_next(&rest, &item);
	if (reason != REASON_OK)
		return reason;
	reason = rlp_end(rest);
	if (reason != REASON_OK)
		return reason;
	if (is_root && is_nothing(&item)) {
		walk->state = TRIE_ABSENT;
		return REASON_OK;
	}
	/* below the root, a shorter node stands within its parent */
	if (!item.is_list || (!is_root && node.len < KECCAK_LEN))
		return REASON_TRIE_NODE;
	/* node after node within this one; each is shorter than the one it stands in */
	do {
		reason = pass(walk, item.content, &item);
		if (reason != REASON_OK)
			return reason;
	} while (walk->state == TRIE_WANTS_NODE && item.is_list);
	if (walk->state == TRIE_WANTS_NODE)
		memcpy(walk->want, item.content.at, KECCAK_LEN);
	return REASON_OK;
}

void trie_begin(struct trie_walk *walk, const uint8_t root[static KECCAK_LEN],
		const uint8_t key[static TRIE_KEY_LEN])
{
	*walk = (struct trie_walk){ .state = TRIE_WANTS_NODE };
	memcpy(walk->want, root, KECCAK_LEN);
	memcpy(walk->key, key, TRIE_KEY_LEN);
}

enum reason trie_node(struct trie_walk *walk, struct span node)
{
	if (walk->failed == REASON_OK)
		walk->failed = take(walk, node);
	return walk->failed;
}

enum reason trie_end(const struct trie_walk *walk, struct span *ret)
{
	if (walk->failed != REASON_OK)
		return walk->failed;
	if (walk->state == TRIE_PRESENT) {
		*ret = (struct span){ walk->value, walk->value_len };
		return REASON_OK;
	}
	/* servers give no node at all of an empty trie */
	bool empty = walk->nodes == 0 && span_equal(SPAN_OF(walk->want), SPAN_OF(trie_empty_root));
	if (walk->state != TRIE_ABSENT && !empty)
		return REASON_TRIE_CUT;
	*ret = (struct span){ NULL, 0 };
	return REASON_OK;
}
