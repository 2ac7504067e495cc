#include "verify/trie.h"

#include <stdlib.h>
#include <string.h>

#include "verify/basenc.h"
#include "verify/ethhex.h"
#include "verify/test/onchain.h"

enum { NAME, REASON, ROOT, KEY, NODES, VALUE, COLUMNS };

/* A proof with its nodes in memory of their own. */
struct proof {
	uint8_t root[KECCAK_LEN];
	uint8_t key[TRIE_KEY_LEN];
	struct buf nodes[ONCHAIN_NODES_MAX];
	size_t n;
};

static void proof_done(struct proof *proof)
{
	for (size_t i = 0; i < proof->n; i++)
		buf_done(&proof->nodes[i]);
}

/* The answer: a value, or none with ret->at NULL. Valid while *walk is. */
static enum reason judge(const struct proof *proof, struct trie_walk *walk, struct span *ret)
{
	trie_begin(walk, proof->root, proof->key);
	for (size_t i = 0; i < proof->n; i++) {
		uint8_t *exact = support_exact(buf_span(&proof->nodes[i]));
		enum reason reason = trie_node(walk, (struct span){ exact, proof->nodes[i].len });
		free(exact);
		if (reason == REASON_OK)
			continue;
		/* a failure stays, whatever comes next */
		EXPECT_REASON("again", trie_node(walk, buf_span(&proof->nodes[i])), reason);
		EXPECT_REASON("end", trie_end(walk, ret), reason);
		return reason;
	}
	return trie_end(walk, ret);
}

static enum reason reason_of(const struct proof *proof)
{
	struct trie_walk walk;
	struct span value;

	return judge(proof, &walk, &value);
}

static struct proof read_proof(const struct span row[COLUMNS])
{
	struct proof proof = { .n = 0 };
	struct span list = row[NODES];
	struct span digits;

	onchain_fixed(row[ROOT], proof.root, sizeof(proof.root));
	onchain_fixed(row[KEY], proof.key, sizeof(proof.key));
	while (onchain_next(&list, &digits)) {
		ck_assert_uint_lt(proof.n, ONCHAIN_NODES_MAX);
		proof.nodes[proof.n++] = onchain_hex(digits);
	}
	return proof;
}

START_TEST(test_rows)
{
	struct buf file;
	struct span text;
	struct span row[COLUMNS];
	size_t good = 0;
	size_t bad = 0;

	onchain_table("trie", &file, &text);
	while (support_row(&text, row, COLUMNS)) {
		char *name = support_text(row[NAME]);
		struct proof proof = read_proof(row);
		enum reason want = support_reason(row[REASON]);
		struct trie_walk walk;
		struct span value = SPAN_LITERAL("untouched");

		EXPECT_REASON(name, judge(&proof, &walk, &value), want);
		if (want != REASON_OK) {
			EXPECT_BYTES(name, value, SPAN_LITERAL("untouched"));
			bad++;
		} else if (span_equal(row[VALUE], SPAN_LITERAL("absent"))) {
			ck_assert_msg(value.at == NULL, "row %s: a value", name);
			good++;
		} else {
			struct buf expected = onchain_hex(row[VALUE]);
			ck_assert_msg(value.at != NULL, "row %s: no value", name);
			EXPECT_BYTES(name, value, buf_span(&expected));
			buf_done(&expected);
			good++;
		}
		proof_done(&proof);
		free(name);
	}
	ck_assert_uint_ge(good, 50);
	ck_assert_uint_ge(bad, 80);
	buf_done(&file);
}
END_TEST

/* Every change of a byte is refused: any bit, and some other change as well. */
static void refuse_changes(const char *name, struct proof *proof)
{
	size_t step = support_thin(53);
	uint64_t random = 1;

	EXPECT_REASON(name, reason_of(proof), REASON_OK);
	for (size_t i = 0; i < proof->n; i++) {
		for (size_t at = 0; at < proof->nodes[i].len; at += step) {
			const uint8_t changes[] = { 0x01, 0x10, 0x80,
						    (uint8_t)(support_random(&random) % 255 + 1) };
			for (size_t j = 0; j < sizeof(changes); j++) {
				proof->nodes[i].at[at] ^= changes[j];
				enum reason reason = reason_of(proof);
				proof->nodes[i].at[at] ^= changes[j];
				ck_assert_msg(reason == REASON_TRIE_NODE_HASH,
					      "%s: byte %zu of node %zu ^ %02x: %s", name, at, i,
					      changes[j], reason_name(reason));
			}
		}
	}
	for (size_t at = 0; at < 8 * sizeof(proof->root) && proof->n > 0; at++) {
		proof->root[at / 8] ^= (uint8_t)(1U << at % 8);
		EXPECT_REASON(name, reason_of(proof), REASON_TRIE_NODE_HASH);
		proof->root[at / 8] ^= (uint8_t)(1U << at % 8);
	}
}

/* Every node is needed, where it is, once, whole, with nothing behind it. */
static void refuse_lists(const char *name, struct proof *proof)
{
	struct buf held = proof->nodes[proof->n - 1];

	for (size_t n = 0; n < proof->n; n++) {
		struct proof shorter = *proof;
		shorter.n = n;
		ck_assert_msg(reason_of(&shorter) == REASON_TRIE_CUT, "%s: %zu nodes", name, n);
		shorter = *proof;
		memmove(shorter.nodes + n, shorter.nodes + n + 1,
			(proof->n - n - 1) * sizeof(shorter.nodes[0]));
		shorter.n--;
		ck_assert_msg(reason_of(&shorter) != REASON_OK, "%s: without node %zu", name, n);
		struct proof longer = *proof;
		memmove(longer.nodes + n + 1, longer.nodes + n,
			(proof->n - n) * sizeof(longer.nodes[0]));
		longer.n++;
		ck_assert_msg(reason_of(&longer) != REASON_OK, "%s: node %zu twice", name, n);
		for (size_t m = 0; m < n; m++) {
			struct proof swapped = *proof;
			swapped.nodes[n] = proof->nodes[m];
			swapped.nodes[m] = proof->nodes[n];
			ck_assert_msg(reason_of(&swapped) != REASON_OK, "%s: %zu and %zu", name, m,
				      n);
		}
	}
	proof->nodes[proof->n - 1].len--;
	ck_assert_msg(reason_of(proof) != REASON_OK, "%s: a byte less", name);
	proof->nodes[proof->n - 1] = held;
	proof->nodes[proof->n++] = held;
	EXPECT_REASON(name, reason_of(proof), REASON_TRIE_LEFTOVER);
	proof->n--;
}

START_TEST(test_tampered)
{
	struct buf file;
	struct span text;
	struct span row[COLUMNS];
	size_t rows = 0;

	onchain_table("trie", &file, &text);
	while (support_row(&text, row, COLUMNS)) {
		if (!span_equal(row[REASON], SPAN_LITERAL("ok")))
			continue;
		char *name = support_text(row[NAME]);
		struct proof proof = read_proof(row);
		/* the longest are of 65 nodes: each change would cost as many hashes */
		if (proof.n > 0 && proof.n < 10) {
			refuse_changes(name, &proof);
			/* an empty trie needs no node */
			if (!span_equal(SPAN_OF(proof.root), SPAN_OF(trie_empty_root)))
				refuse_lists(name, &proof);
			rows++;
		}
		proof_done(&proof);
		free(name);
	}
	ck_assert_uint_ge(rows, 50);
	buf_done(&file);
}
END_TEST

/* The longest proof that there can be, tampered with here and there. */
START_TEST(test_deepest)
{
	struct buf file;
	struct span text;
	struct span row[COLUMNS];

	onchain_table("trie", &file, &text);
	while (support_row(&text, row, COLUMNS) && !span_equal(row[NAME], SPAN_LITERAL("deepest")))
		continue;
	struct proof proof = read_proof(row);
	ck_assert_uint_eq(proof.n, 65);
	for (size_t i = 0; i < proof.n; i += support_thin(16)) {
		proof.nodes[i].at[proof.nodes[i].len / 2] ^= 1;
		EXPECT_REASON("deepest", reason_of(&proof), REASON_TRIE_NODE_HASH);
		proof.nodes[i].at[proof.nodes[i].len / 2] ^= 1;
	}
	proof_done(&proof);
	buf_done(&file);
}
END_TEST

/* The nodes that a real node gave, along a key under a root. */
static void judge_recorded(const char *name, const cJSON *nodes, const cJSON *root, struct span key,
			   bool present)
{
	struct proof proof = { .n = 0 };
	struct trie_walk walk;
	struct span value;
	const cJSON *one;

	ck_assert(ethhex_fixed(root, proof.root, sizeof(proof.root)));
	keccak_256(key, proof.key);
	cJSON_ArrayForEach(one, nodes)
	{
		ck_assert_uint_lt(proof.n, ONCHAIN_NODES_MAX);
		struct span digits = span_of_text(one->valuestring + 2);
		proof.nodes[proof.n++] = onchain_hex(digits);
	}
	EXPECT_REASON(name, judge(&proof, &walk, &value), REASON_OK);
	ck_assert_msg((value.at != NULL) == present, "%s: present is %d", name, value.at != NULL);
	refuse_changes(name, &proof);
	refuse_lists(name, &proof);
	proof_done(&proof);
}

START_TEST(test_recorded)
{
	static const struct {
		const char *name;
		size_t slots;
		bool present;
	} rows[] = {
		{ "63-getProof-proxy.json", 4, true },
		{ "64-getProof-nitro.json", 3, true },
		{ "65-getProof-nitro-absent.json", 1, false },
		{ "67-getProof-by-hash.json", 1, true },
		{ "72-revoked-getProof.json", 1, true }, /* the value is zero */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cJSON *tree = NULL;
		const cJSON *result = NULL;
		const cJSON *entry;
		size_t slots = 0;
		if (!onchain_recorded("trie/recorded", rows[i].name, &tree, &result))
			return;
		const cJSON *root = cJSON_GetObjectItemCaseSensitive(result, "storageHash");
		cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(result, "storageProof"))
		{
			uint8_t slot[ETHHEX_WORD_LEN];
			ck_assert(
				ethhex_slot(cJSON_GetObjectItemCaseSensitive(entry, "key"), slot));
			judge_recorded(rows[i].name,
				       cJSON_GetObjectItemCaseSensitive(entry, "proof"), root,
				       SPAN_OF(slot), rows[i].present);
			slots++;
		}
		ck_assert_uint_eq(slots, rows[i].slots);
		cJSON_Delete(tree);
	}
}
END_TEST

START_TEST(test_empty_root)
{
	uint8_t hash[KECCAK_LEN];

	keccak_256(SPAN_LITERAL("\x80"), hash);
	EXPECT_BYTES("empty", SPAN_OF(hash), SPAN_OF(trie_empty_root));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trie");

	support_add(suite, "rows", test_rows);
	support_add(suite, "tampered", test_tampered);
	support_add(suite, "deepest", test_deepest);
	support_add(suite, "recorded", test_recorded);
	support_add(suite, "empty root", test_empty_root);
	return support_main(suite);
}
