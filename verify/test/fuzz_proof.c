/* The answer of eth_getProof, to the question that it says it answers, under the root that its first node has:
 * so everything behind the hashes is reached. What is accepted says itself what was proven. */
#include <string.h>

#include "verify/json.h"
#include "verify/proof.h"
#include "verify/trie.h"

#undef NDEBUG
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void root_of(const cJSON *nodes, uint8_t ret[static KECCAK_LEN])
{
	uint8_t node[TRIE_NODE_MAX];
	size_t len;

	memcpy(ret, trie_empty_root, KECCAK_LEN);
	if (ethhex_data(cJSON_GetArrayItem(nodes, 0), node, sizeof(node), &len))
		keccak_256((struct span){ node, len }, ret);
}

static void check_slots(const cJSON *answer, const struct account *account)
{
	const cJSON *slots = cJSON_GetObjectItemCaseSensitive(answer, "storageProof");
	size_t n = (size_t)cJSON_GetArraySize(slots);
	const char *field;

	for (size_t i = 0; i < n; i++) {
		const cJSON *entry = cJSON_GetArrayItem(slots, (int)i);
		struct account under = *account;
		uint8_t slot[ETHHEX_WORD_LEN] = { 0 };
		uint8_t value[ETHHEX_WORD_LEN];
		uint8_t told[ETHHEX_WORD_LEN];

		(void)ethhex_slot(cJSON_GetObjectItemCaseSensitive(entry, "key"), slot);
		root_of(cJSON_GetObjectItemCaseSensitive(entry, "proof"), under.storage_root);
		if (proof_slot(answer, i, slot, &under, value, &field) != REASON_OK)
			continue;
		assert(ethhex_quantity(cJSON_GetObjectItemCaseSensitive(entry, "value"), told,
				       sizeof(told)));
		assert(memcmp(value, told, sizeof(value)) == 0);
		slot[0] ^= 1;
		assert(proof_slot(answer, i, slot, &under, value, &field) == REASON_PROOF_SLOT);
		slot[0] ^= 1;
		under.storage_root[0] ^= 1;
		assert(proof_slot(answer, i, slot, &under, value, &field) != REASON_OK);
	}
	uint8_t slot[ETHHEX_WORD_LEN] = { 0 };
	uint8_t value[ETHHEX_WORD_LEN];
	assert(proof_slot(answer, n, slot, account, value, &field) != REASON_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct account account = { .exists = false };
	uint8_t address[ETHHEX_ADDRESS_LEN] = { 0 };
	uint8_t root[KECCAK_LEN];
	struct json_place place;
	cJSON *answer = NULL;
	const char *field;

	if (json_read((struct span){ data, size }, &answer, &place) != REASON_OK)
		return 0;
	const cJSON *slots = cJSON_GetObjectItemCaseSensitive(answer, "storageProof");
	size_t n = (size_t)cJSON_GetArraySize(slots);
	(void)ethhex_address(cJSON_GetObjectItemCaseSensitive(answer, "address"), address);
	root_of(cJSON_GetObjectItemCaseSensitive(answer, "accountProof"), root);
	check_slots(answer, &account);
	if (proof_account(answer, address, root, n, &account, &field) == REASON_OK) {
		assert(field == NULL);
		assert(proof_account(answer, address, root, n + 1, &account, &field) ==
		       REASON_PROOF_SLOT);
		root[0] ^= 1;
		assert(proof_account(answer, address, root, n, &account, &field) != REASON_OK);
		address[0] ^= 1;
		assert(proof_account(answer, address, root, n, &account, &field) ==
		       REASON_PROOF_ADDRESS);
		check_slots(answer, &account);
	}
	cJSON_Delete(answer);
	return 0;
}
