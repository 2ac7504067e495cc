/* The walk through a Merkle-Patricia trie along one key (Ethereum yellow paper, appendix D).
 *
 * Keys are 32 bytes, 64 nibbles, as in the tries of accounts and of storage. A node is an RLP list:
 *
 *   branch     17 items: for each nibble that may come next a child, and an empty value
 *   extension   2 items: a path of 1 nibble or more, and the branch behind it
 *   leaf        2 items: the rest of the key, and the value
 *
 * A path is in hex-prefix form: first nibble 0 or 1 for an extension, 2 or 3 for a leaf, odd for an odd
 * number of nibbles; with an even number a zero nibble follows. A child is nothing (an empty string),
 * the Keccak-256 of a node of 32 bytes or more, or a shorter node itself.
 *
 * A proof is the nodes from the root on, as far as the key leads (EIP-1186); nodes within others are
 * not listed again. Each node must be the one that the root, or the node before it, names by hash, and
 * none may be left over: so a proof of one answer, present or absent, is refused for every other key,
 * root and answer, whoever made it up. Nodes in forms that no trie of 32-byte keys has are refused
 * although their hashes are right: a value in a branch, a branch of less than two children, an
 * extension before something else than a branch, a path longer than the key, RLP that is not strict.
 *
 * A walk allocates nothing. At most 65 nodes are taken: every branch uses up a nibble. */
#ifndef VERIFY_TRIE_H
#define VERIFY_TRIE_H

#include "verify/keccak.h"
#include "verify/reason.h"
#include "verify/span.h"

#define TRIE_KEY_LEN 32
#define TRIE_NODE_MAX 1024 /* bytes; a branch of hashes has 532 */
#define TRIE_VALUE_MAX 128 /* bytes; an account has 110, a storage word 33 */

/* The root of the trie that holds nothing: keccak256(80). */
extern const uint8_t trie_empty_root[KECCAK_LEN];

/* All fields are private. */
struct trie_walk {
	uint8_t key[TRIE_KEY_LEN];
	uint8_t want[KECCAK_LEN]; /* the hash of the node that comes next */
	size_t nodes;             /* taken so far */
	size_t depth;             /* nibbles of the key used up */
	bool branch_next;         /* an extension was the last */
	enum { TRIE_WANTS_NODE, TRIE_PRESENT, TRIE_ABSENT } state;
	enum reason failed; /* stays */
	uint8_t value[TRIE_VALUE_MAX];
	size_t value_len;
};

/* Begins at a root. `key` is where the value lies: the hash of an address or of a slot. */
void trie_begin(struct trie_walk *walk, const uint8_t root[static KECCAK_LEN],
		const uint8_t key[static TRIE_KEY_LEN]);

/* Takes the next node of the proof. A failure stays: further calls return it too.
 * REASON_TRIE_NODE_SIZE: empty, or longer than TRIE_NODE_MAX.
 * REASON_TRIE_NODE_HASH: not the node that the one before it, or the root, names.
 * REASON_TRIE_NODE: neither branch, extension nor leaf, or a child that cannot be one.
 * REASON_TRIE_PATH: a path that is not in hex-prefix form, or leads beyond or not up to the key's end.
 * REASON_TRIE_VALUE: a leaf without a value, or with one longer than TRIE_VALUE_MAX.
 * REASON_TRIE_LEFTOVER: the nodes before it have given the answer already.
 * REASON_RLP_TRUNCATED, _NONCANONICAL, _TRAILING. */
enum reason trie_node(struct trie_walk *walk, struct span node) MUST_CHECK;

/* After the last node: the value, borrowed from the walk; NULL where the key is proven absent (a value
 * is never empty). A proof without nodes shows a key absent under trie_empty_root only.
 * REASON_TRIE_CUT: the nodes do not lead to an answer; or what trie_node returned. */
enum reason trie_end(const struct trie_walk *walk, struct span *ret) MUST_CHECK;

#endif
