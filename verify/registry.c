#include "verify/registry.h"

#include <string.h>

#include "verify/digest.h"

/* Bytes of a 32-bit word, most significant first: constants read like those of their sources. */
#define BE32(x) (uint8_t)((x) >> 24), (uint8_t)((x) >> 16), (uint8_t)((x) >> 8), (uint8_t)(x)
#define WORDS(a, b, c, d, e, f, g, h) \
	{ \
		BE32(a), BE32(b), BE32(c), BE32(d), BE32(e), BE32(f), BE32(g), BE32(h) \
	}

/* A slot by its number, as solc lays it out. */
#define SLOT(n) \
	{ \
		.known = true, .base = WORDS(0, 0, 0, 0, 0, 0, 0, (uint32_t)(n)) \
	}
#define SLOT_BY_SERVICE(n) \
	{ \
		.known = true, .by_service = true, \
		.base = WORDS(0, 0, 0, 0, 0, 0, 0, (uint32_t)(n)) \
	}

/* ERC-7201 "espresso.storage.EspressoTEEVerifier", "espresso.storage.TEEHelper" and
 * "marlin.oyster.storage.AttestationAuther": the number is that of a member. */
#define TEE_VERIFIER(n) \
	{ \
		.known = true, \
		.base = WORDS(0x89639f44, 0x6056f5d7, 0x661bbd94, 0xe8ab0617, 0xa80058ed, \
			      0x7b072845, 0x818d4b93, 0x332e4800 + (uint32_t)(n)) \
	}
#define TEE_HELPER_WORDS(n) \
	WORDS(0x6c53fdf1, 0xcef7bc56, 0x7e8d4676, 0x1d9c42d2, 0x9c5fad70, 0x63be8d47, 0xb686412b, \
	      0xfc375800 + (uint32_t)(n))
#define TEE_HELPER(n) \
	{ \
		.known = true, .base = TEE_HELPER_WORDS(n) \
	}
#define TEE_HELPER_BY_SERVICE(n) \
	{ \
		.known = true, .by_service = true, .base = TEE_HELPER_WORDS(n) \
	}
#define AUTHER(n) \
	{ \
		.known = true, \
		.base = WORDS(0xc17b4b70, 0x8b6f4425, 0x5c20913a, 0x9d97a053, 0x00b67034, \
			      0x2c71fe5a, 0xe5b617bd, 0x4db55000 + (uint32_t)(n)) \
	}

#define TEE_VERIFIERS "EspressoSystems espresso-tee-contracts, "

static const struct registry_row rows[] = {
	{
		.name = "espresso-v7",
		.source = TEE_VERIFIERS "commit bf6e60d",
		.tee = 0,
		.rule = HASH_KECCAK_PCR0,
		.value = VALUE_BOOL,
		.query = { 0x3cbe6803, ARGS_KEY_TEE },
		.has_inner = true,
		.inner_pointer = { 0xd80a4c28, ARGS_NONE },
		.inner_pointer_slot = TEE_VERIFIER(0),
		.back_pointer = { 0xcda752ff, ARGS_NONE },
		.back_pointer_slot = SLOT(2),
		.mapping = SLOT(0),
		/* its elders have a verifier for SGX beside; there the same query asks that one */
		.probe = { 0x80710c80, ARGS_NONE },
		.probe_must_answer = false,
		.signer_valid = { 0x6d8f5aa9, ARGS_ADDRESS_TEE },
		.signer_slot = SLOT(3),
		.signer_valid_slot = SLOT(1),
		.event = "EnclaveHashSet(bytes32,bool)",
	},
	{
		.name = "espresso-v6",
		.source = TEE_VERIFIERS "commits 820eac6 to 5e39b27",
		.needs_service = true,
		.tee = 1,
		.rule = HASH_KECCAK_PCR0,
		.value = VALUE_BOOL,
		.query = { 0x7e41f57c, ARGS_KEY_TEE_SERVICE },
		.has_inner = true,
		.inner_pointer = { 0xd80a4c28, ARGS_NONE },
		.inner_pointer_slot = TEE_VERIFIER(1),
		.back_pointer = { 0xcda752ff, ARGS_NONE },
		.back_pointer_slot = SLOT(2),
		.mapping = SLOT_BY_SERVICE(0),
		.probe = { 0x80710c80, ARGS_NONE },
		.probe_must_answer = true,
		.signer_valid = { 0x36adf1c9, ARGS_ADDRESS_TEE_SERVICE },
		.signer_slot = SLOT_BY_SERVICE(3),
		.signer_valid_slot = SLOT_BY_SERVICE(1),
		.event = "EnclaveHashSet(bytes32,bool,uint8)",
	},
	{
		.name = "espresso-v5",
		.source = TEE_VERIFIERS "commits d6d91f0 to 0ef9a51",
		.needs_service = true,
		.tee = 1,
		.rule = HASH_KECCAK_PCR0,
		.value = VALUE_BOOL,
		.query = { 0x7e41f57c, ARGS_KEY_TEE_SERVICE },
		.has_inner = true,
		.inner_pointer = { 0xd80a4c28, ARGS_NONE },
		.inner_pointer_slot = TEE_VERIFIER(1),
		.back_pointer = { 0xcda752ff, ARGS_NONE },
		.back_pointer_slot = TEE_HELPER(2),
		.back_pointer_slot_2 = TEE_HELPER(3),
		.mapping = TEE_HELPER_BY_SERVICE(0),
		.probe = { 0x80710c80, ARGS_NONE },
		.probe_must_answer = true,
		.signer_valid = { 0x36adf1c9, ARGS_ADDRESS_TEE_SERVICE },
		.signer_slot = TEE_HELPER_BY_SERVICE(3),
		.signer_valid_slot = TEE_HELPER_BY_SERVICE(1),
		.event = "EnclaveHashSet(bytes32,bool,uint8)",
	},
	{
		.name = "espresso-v4",
		.source = TEE_VERIFIERS "commit 80cc12c",
		.needs_service = true,
		.tee = 1,
		.rule = HASH_KECCAK_PCR0,
		.value = VALUE_BOOL,
		.query = { 0x7e41f57c, ARGS_KEY_TEE_SERVICE },
		.has_inner = true,
		.inner_pointer = { 0xd80a4c28, ARGS_NONE },
		.inner_pointer_slot = SLOT(3),
		.mapping = SLOT_BY_SERVICE(2),
		.probe = { 0x80710c80, ARGS_NONE },
		.probe_must_answer = true,
		.event = "EnclaveHashSet(bytes32,bool,uint8)",
	},
	{
		.name = "espresso-v1",
		.source = TEE_VERIFIERS "commits 7713cf7 to b6f161c",
		.tee = 1,
		.rule = HASH_KECCAK_PCR0,
		.value = VALUE_BOOL,
		.query = { 0x3cbe6803, ARGS_KEY_TEE },
		.has_inner = true,
		.inner_pointer = { 0xd80a4c28, ARGS_NONE },
		.inner_pointer_slot = SLOT(3),
		.mapping = SLOT(2),
		.probe = { 0x80710c80, ARGS_NONE },
		.probe_must_answer = true,
	},
	{
		.name = "base-systemconfig",
		.source = "base op-enclave, SystemConfigGlobal.sol",
		.rule = HASH_KECCAK_PCR0,
		.value = VALUE_BOOL,
		.query = { 0x295840d9, ARGS_KEY },
		.mapping = SLOT(102),
	},
	{
		.name = "base-multiproof",
		.source = "base contracts, TEEProverRegistry.sol",
		.rule = HASH_KECCAK_PCR0,
		.value = VALUE_BYTES32,
		.query = { 0x94a277d1, ARGS_NONE },
		.signer_valid = { 0xd5f50582, ARGS_ADDRESS },
		.signer_hash = { 0x86b4ebd3, ARGS_ADDRESS },
	},
	{
		.name = "worldchain",
		.source = "worldcoin world-chain, NitroAttestationVerifier.sol",
		.rule = HASH_KECCAK_KECCAKS,
		.value = VALUE_BOOL,
		.query = { 0x16da826f, ARGS_KEY },
	},
	{
		.name = "marlin-verifier",
		.source = "marlinprotocol oyster-contracts, AttestationVerifier.sol",
		.rule = HASH_KECCAK_PCR012,
		.value = VALUE_THREE_STRINGS,
		.query = { 0x2f9b0ad7, ARGS_KEY },
		.mapping = SLOT(500),
		.signer_hash = { 0xda994cd8, ARGS_ADDRESS },
		.event = "EnclaveImageWhitelisted(bytes32,bytes,bytes,bytes)",
	},
	{
		.name = "marlin-auther",
		.source = "marlinprotocol oyster-contracts, AttestationAutherUpgradeable.sol",
		.rule = HASH_KECCAK_PCR012,
		.value = VALUE_THREE_STRINGS,
		.query = { 0x2410f6ba, ARGS_KEY },
		.mapping = AUTHER(0),
		.signer_hash = { 0x01d58fa3, ARGS_ADDRESS },
		.signer_slot = AUTHER(1),
		.event = "EnclaveImageWhitelisted(bytes32,bytes,bytes,bytes)",
	},
	{
		/* selector, value, rule and slot come from the command line; no pointers are followed */
		.name = "generic",
		.source = "the command line",
		.is_no_proxy = true,
	},
};

const struct registry_row *registry_at(size_t index)
{
	return index < sizeof(rows) / sizeof(rows[0]) ? &rows[index] : NULL;
}

const struct registry_row *registry_find(struct span name)
{
	const struct registry_row *row = NULL;

	for (size_t i = 0; (row = registry_at(i)) != NULL; i++) {
		if (span_equal(span_of_text(row->name), name))
			return row;
	}
	return NULL;
}

void registry_slot_of(const struct registry_slot *slot, uint8_t service,
		      const uint8_t key[static DOSSIER_WORD_LEN],
		      uint8_t ret[static DOSSIER_WORD_LEN])
{
	uint8_t both[2 * DOSSIER_WORD_LEN] = { 0 };

	memcpy(both + DOSSIER_WORD_LEN, slot->base, DOSSIER_WORD_LEN);
	if (slot->by_service) {
		both[DOSSIER_WORD_LEN - 1] = service;
		keccak_256(SPAN_OF(both), both + DOSSIER_WORD_LEN);
	}
	memcpy(both, key, DOSSIER_WORD_LEN);
	keccak_256(SPAN_OF(both), ret);
}

/* The registers that a rule takes, one behind the other: `n` of them. */
static enum reason gather(const struct pcrs *pcrs, unsigned n, uint8_t ret[static 3 * PCR_LEN])
{
	for (unsigned i = 0; i < n; i++) {
		struct span value = pcrs_get(pcrs, i);

		if (value.len != PCR_LEN)
			return REASON_PCR_MISSING;
		memcpy(ret + (size_t)i * PCR_LEN, value.at, PCR_LEN);
	}
	return REASON_OK;
}

enum reason registry_key(enum hash_rule rule, const struct pcrs *pcrs,
			 uint8_t ret[static DOSSIER_WORD_LEN])
{
	const unsigned n = rule == HASH_KECCAK_PCR012 || rule == HASH_KECCAK_KECCAKS ? 3 : 1;
	uint8_t values[3 * PCR_LEN];

	/* a key as it was given comes from no register */
	if (rule == HASH_RAW)
		return REASON_PCR_MISSING;
	enum reason reason = gather(pcrs, n, values);
	if (reason != REASON_OK)
		return reason;
	const struct span whole = { values, (size_t)n * PCR_LEN };
	if (rule == HASH_SHA256_PCR0)
		return digest_sha256(&whole, 1, ret);
	if (rule == HASH_KECCAK_KECCAKS) {
		uint8_t hashes[3 * KECCAK_LEN];

		for (size_t i = 0; i < n; i++)
			keccak_256((struct span){ values + i * PCR_LEN, PCR_LEN },
				   hashes + i * KECCAK_LEN);
		keccak_256(SPAN_OF(hashes), ret);
		return REASON_OK;
	}
	keccak_256(whole, ret);
	return REASON_OK;
}

void registry_event(const struct registry_row *row, struct buf *out)
{
	uint8_t topic[KECCAK_LEN];

	keccak_256(span_of_text(row->event), topic);
	buf_add(out, SPAN_OF(topic));
}
