#include "verify/proof.h"

#include <string.h>

#include "verify/rlp.h"
#include "verify/trie.h"

#define NONCE_LEN 8

/* keccak256 of no bytes: the code hash of an account without code */
static const uint8_t no_code[KECCAK_LEN] = { 0xc5, 0xd2, 0x46, 0x01, 0x86, 0xf7, 0x23, 0x3c,
					     0x92, 0x7e, 0x7d, 0xb2, 0xdc, 0xc7, 0x03, 0xc0,
					     0xe5, 0x00, 0xb6, 0x53, 0xca, 0x82, 0x27, 0x3b,
					     0x7b, 0xfa, 0xd8, 0x04, 0x5d, 0x85, 0xa4, 0x70 };

/* What the answer says beside the proof. */
struct claim {
	uint8_t nonce[NONCE_LEN];
	uint8_t balance[ETHHEX_WORD_LEN];
	uint8_t storage_root[KECCAK_LEN];
	uint8_t code_hash[KECCAK_LEN];
};

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static bool is_zero_or(const uint8_t claimed[static KECCAK_LEN], const uint8_t *proven)
{
	struct span bytes = { claimed, KECCAK_LEN };

	return span_is_zero(bytes) || span_equal(bytes, (struct span){ proven, KECCAK_LEN });
}

/* Walks through the nodes of a JSON array. */
static enum reason walk_nodes(const cJSON *nodes, const uint8_t root[static KECCAK_LEN],
			      struct span key, struct trie_walk *walk, struct span *ret)
{
	uint8_t hashed_key[KECCAK_LEN];
	uint8_t node[TRIE_NODE_MAX];
	const cJSON *one;
	size_t len;

	if (!cJSON_IsArray(nodes))
		return REASON_PROOF_SHAPE;
	keccak_256(key, hashed_key);
	trie_begin(walk, root, hashed_key);
	cJSON_ArrayForEach(one, nodes)
	{
		if (!ethhex_data(one, node, sizeof(node), &len))
			return REASON_PROOF_SHAPE;
		enum reason reason = trie_node(walk, (struct span){ node, len });
		if (reason != REASON_OK)
			return reason;
	}
	return trie_end(walk, ret);
}

/* The RLP of an account that is in the trie. */
static enum reason read_account(struct span value, struct account *ret)
{
	struct account account = { .exists = true };
	uint8_t nonce[NONCE_LEN];
	struct span nonce_bytes = SPAN_OF(nonce);
	struct span items;

	enum reason reason = rlp_list(&value, REASON_PROOF_ACCOUNT, &items);
	if (reason != REASON_OK)
		return reason;
	reason = rlp_end(value);
	if (reason != REASON_OK)
		return reason;
	reason = rlp_number(&items, sizeof(nonce), REASON_PROOF_ACCOUNT, nonce);
	if (reason != REASON_OK)
		return reason;
	reason = rlp_number(&items, sizeof(account.balance), REASON_PROOF_ACCOUNT, account.balance);
	if (reason != REASON_OK)
		return reason;
	reason = rlp_fixed(&items, KECCAK_LEN, REASON_PROOF_ACCOUNT, account.storage_root);
	if (reason != REASON_OK)
		return reason;
	reason = rlp_fixed(&items, KECCAK_LEN, REASON_PROOF_ACCOUNT, account.code_hash);
	if (reason != REASON_OK)
		return reason;
	if (items.len != 0 || !span_be(&nonce_bytes, sizeof(nonce), &account.nonce))
		return REASON_PROOF_ACCOUNT;
	*ret = account;
	return REASON_OK;
}

static enum reason read_claim(const cJSON *answer, struct claim *ret, const char **reterr_field)
{
	*reterr_field = "nonce";
	if (!ethhex_quantity(member(answer, "nonce"), ret->nonce, sizeof(ret->nonce)))
		return REASON_PROOF_SHAPE;
	*reterr_field = "balance";
	if (!ethhex_quantity(member(answer, "balance"), ret->balance, sizeof(ret->balance)))
		return REASON_PROOF_SHAPE;
	*reterr_field = "storageHash";
	if (!ethhex_fixed(member(answer, "storageHash"), ret->storage_root, KECCAK_LEN))
		return REASON_PROOF_SHAPE;
	*reterr_field = "codeHash";
	if (!ethhex_fixed(member(answer, "codeHash"), ret->code_hash, KECCAK_LEN))
		return REASON_PROOF_SHAPE;
	return REASON_OK;
}

/* NULL, or the field in which the answer says something else than it proves. */
static const char *contradiction(const struct claim *claim, const struct account *account)
{
	struct span nonce_bytes = SPAN_OF(claim->nonce);
	uint64_t nonce;

	if (!span_be(&nonce_bytes, sizeof(claim->nonce), &nonce) || nonce != account->nonce)
		return "nonce";
	if (!span_equal(SPAN_OF(claim->balance), SPAN_OF(account->balance)))
		return "balance";
	if (!account->exists)
		return !is_zero_or(claim->storage_root, account->storage_root) ? "storageHash" :
		       !is_zero_or(claim->code_hash, account->code_hash)       ? "codeHash" :
										 NULL;
	if (!span_equal(SPAN_OF(claim->storage_root), SPAN_OF(account->storage_root)))
		return "storageHash";
	if (!span_equal(SPAN_OF(claim->code_hash), SPAN_OF(account->code_hash)))
		return "codeHash";
	return NULL;
}

bool account_has_code(const struct account *account)
{
	return account->exists && !span_equal(SPAN_OF(account->code_hash), SPAN_OF(no_code));
}

enum reason proof_account(const cJSON *answer, const uint8_t address[static ETHHEX_ADDRESS_LEN],
			  const uint8_t state_root[static KECCAK_LEN], size_t n_slots,
			  struct account *ret, const char **reterr_field)
{
	struct account account = { .exists = false };
	uint8_t told_address[ETHHEX_ADDRESS_LEN];
	struct trie_walk walk;
	struct claim claim;
	struct span value;

	*reterr_field = NULL;
	if (!cJSON_IsObject(answer))
		return REASON_PROOF_SHAPE;
	*reterr_field = "address";
	if (!ethhex_address(member(answer, "address"), told_address))
		return REASON_PROOF_SHAPE;
	struct span asked = { address, ETHHEX_ADDRESS_LEN };
	if (!span_equal(SPAN_OF(told_address), asked))
		return REASON_PROOF_ADDRESS;
	enum reason reason = read_claim(answer, &claim, reterr_field);
	if (reason != REASON_OK)
		return reason;
	*reterr_field = "storageProof";
	const cJSON *slots = member(answer, "storageProof");
	if (!cJSON_IsArray(slots))
		return REASON_PROOF_SHAPE;
	if ((size_t)cJSON_GetArraySize(slots) != n_slots)
		return REASON_PROOF_SLOT;

	*reterr_field = "accountProof";
	reason = walk_nodes(member(answer, "accountProof"), state_root, asked, &walk, &value);
	if (reason != REASON_OK)
		return reason;
	memcpy(account.storage_root, trie_empty_root, KECCAK_LEN);
	memcpy(account.code_hash, no_code, KECCAK_LEN);
	if (value.at != NULL)
		reason = read_account(value, &account);
	if (reason != REASON_OK)
		return reason;
	*reterr_field = contradiction(&claim, &account);
	if (*reterr_field != NULL)
		return REASON_PROOF_BESIDE;
	*ret = account;
	return REASON_OK;
}

enum reason proof_slot(const cJSON *answer, size_t index,
		       const uint8_t slot[static ETHHEX_WORD_LEN], const struct account *account,
		       uint8_t ret[static ETHHEX_WORD_LEN], const char **reterr_field)
{
	struct span asked = { slot, ETHHEX_WORD_LEN };
	uint8_t told_slot[ETHHEX_WORD_LEN];
	uint8_t told_value[ETHHEX_WORD_LEN];
	uint8_t proven[ETHHEX_WORD_LEN] = { 0 };
	struct trie_walk walk;
	struct span value;

	*reterr_field = "storageProof";
	const cJSON *slots = member(answer, "storageProof");
	if (!cJSON_IsArray(slots))
		return REASON_PROOF_SHAPE;
	if (index >= (size_t)cJSON_GetArraySize(slots))
		return REASON_PROOF_SLOT;
	const cJSON *entry = cJSON_GetArrayItem(slots, (int)index);
	if (!cJSON_IsObject(entry))
		return REASON_PROOF_SHAPE;
	*reterr_field = "storageProof.key";
	if (!ethhex_slot(member(entry, "key"), told_slot))
		return REASON_PROOF_SHAPE;
	if (!span_equal(SPAN_OF(told_slot), asked))
		return REASON_PROOF_SLOT;
	*reterr_field = "storageProof.value";
	if (!ethhex_quantity(member(entry, "value"), told_value, sizeof(told_value)))
		return REASON_PROOF_SHAPE;

	*reterr_field = "storageProof.proof";
	enum reason reason =
		walk_nodes(member(entry, "proof"), account->storage_root, asked, &walk, &value);
	if (reason != REASON_OK)
		return reason;
	if (value.at != NULL) {
		reason = rlp_number(&value, sizeof(proven), REASON_PROOF_VALUE, proven);
		if (reason != REASON_OK)
			return reason;
		reason = rlp_end(value);
		if (reason != REASON_OK)
			return reason;
	}
	*reterr_field = "storageProof.value";
	if (!span_equal(SPAN_OF(told_value), SPAN_OF(proven)))
		return REASON_PROOF_BESIDE;
	memcpy(ret, proven, sizeof(proven));
	return REASON_OK;
}
