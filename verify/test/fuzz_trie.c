/* A proof: a key of 32 bytes, then nodes, each as two bytes of length (big-endian) and its bytes. 32 bytes of
 * ee in a node stand for the hash of the next one, and the root is the hash of the first, so that what a
 * hash would hide is reached. Whatever a proof shows, it no longer shows with one bit changed, a node taken
 * away or one added; and a failure stays. */
#include <stdlib.h>
#include <string.h>

#include "verify/trie.h"

#undef NDEBUG
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NODES_MAX 70

struct proof {
	uint8_t root[KECCAK_LEN];
	const uint8_t *key;
	struct span nodes[NODES_MAX];
	size_t n;
};

static enum reason judge(const struct proof *proof, struct trie_walk *walk, struct span *ret)
{
	trie_begin(walk, proof->root, proof->key);
	for (size_t i = 0; i < proof->n; i++) {
		enum reason reason = trie_node(walk, proof->nodes[i]);
		struct span none = { NULL, 77 };
		if (reason == REASON_OK)
			continue;
		assert(trie_node(walk, proof->nodes[i]) == reason);
		assert(trie_end(walk, &none) == reason && none.len == 77);
		return reason;
	}
	return trie_end(walk, ret);
}

static void link_nodes(uint8_t *bytes, const struct proof *proof, size_t i)
{
	uint8_t place[KECCAK_LEN];

	memset(place, 0xee, sizeof(place));
	uint8_t *node = bytes + (proof->nodes[i].at - bytes);
	for (size_t at = 0; at + KECCAK_LEN <= proof->nodes[i].len; at++) {
		if (memcmp(node + at, place, sizeof(place)) == 0)
			keccak_256(proof->nodes[i + 1], node + at);
	}
}

static void check_changes(uint8_t *bytes, struct proof *proof)
{
	struct trie_walk walk;
	struct span value;

	for (size_t i = 0; i < proof->n; i++) {
		uint8_t *node = bytes + (proof->nodes[i].at - bytes);
		size_t step = proof->nodes[i].len / 8 + 1;
		for (size_t at = 0; at < proof->nodes[i].len; at += step) {
			node[at] ^= 0x10;
			assert(judge(proof, &walk, &value) == REASON_TRIE_NODE_HASH);
			node[at] ^= 0x10;
		}
	}
	/* an empty trie needs no node */
	if (!span_equal(SPAN_OF(proof->root), SPAN_OF(trie_empty_root))) {
		proof->n--;
		assert(judge(proof, &walk, &value) == REASON_TRIE_CUT);
		proof->n++;
	}
	if (proof->n > 0 && proof->n < NODES_MAX) {
		proof->nodes[proof->n] = proof->nodes[proof->n - 1];
		proof->n++;
		assert(judge(proof, &walk, &value) == REASON_TRIE_LEFTOVER);
		proof->n--;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proof proof = { .n = 0 };
	struct trie_walk walk;
	struct span value;
	struct span key;
	uint64_t len;

	uint8_t *bytes = malloc(size > 0 ? size : 1);
	assert(bytes != NULL);
	if (size > 0)
		memcpy(bytes, data, size);
	struct span rest = { bytes, size };
	if (span_take(&rest, TRIE_KEY_LEN, &key)) {
		proof.key = key.at;
		while (proof.n < NODES_MAX && span_be(&rest, 2, &len) &&
		       span_take(&rest, (size_t)len, &proof.nodes[proof.n]))
			proof.n++;
		for (size_t i = proof.n; i-- > 1;)
			link_nodes(bytes, &proof, i - 1);
		memcpy(proof.root, trie_empty_root, KECCAK_LEN);
		if (proof.n > 0)
			keccak_256(proof.nodes[0], proof.root);
		if (judge(&proof, &walk, &value) == REASON_OK) {
			assert((value.at == NULL) == (value.len == 0));
			assert(value.len <= TRIE_VALUE_MAX && proof.n <= 65);
			check_changes(bytes, &proof);
		}
	}
	free(bytes);
	return 0;
}
