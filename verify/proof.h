/* What eth_getProof answers (EIP-1186), proven under a state root: an account, and the values of some of
 * its storage slots; or that there is no such account, that a slot holds nothing.
 *
 * The answer is an object of address, balance, codeHash, nonce, storageHash, accountProof (the nodes from
 * the state root along keccak256(address)) and storageProof (for each slot that was asked for, in that
 * order, its key, value and proof: the nodes from storageHash along keccak256(slot)). A slot's value is
 * stored as the RLP of a number, an account as the RLP of [nonce, balance, storage root, code hash].
 *
 * Values are taken from the proofs alone. What the answer says beside them must be the same, else the
 * whole is refused. Where nodes differ, without the meaning being another:
 *  - of an account that is not there, codeHash and storageHash are those of nothing (anvil, geth before
 *    2023) or zero (geth, Nethermind);
 *  - a slot's key comes back in full width, as a quantity, or as it was sent: it is compared as a number;
 *  - an empty trie is shown by no node (geth) or by the node 80;
 *  - anvil leaves a slot that was set to zero in the trie, with the value 80: it is zero, like a slot that
 *    is not there. */
#ifndef VERIFY_PROOF_H
#define VERIFY_PROOF_H

#include <cjson/cJSON.h>

#include "verify/ethhex.h"
#include "verify/keccak.h"
#include "verify/reason.h"

struct account {
	bool exists; /* false: the rest is that of an account that was never used */
	uint64_t nonce;
	uint8_t balance[ETHHEX_WORD_LEN]; /* big-endian */
	uint8_t storage_root[KECCAK_LEN];
	uint8_t code_hash[KECCAK_LEN];
};

/* There is a contract: the account exists and its code is not empty. */
bool account_has_code(const struct account *account);

/* Proves the account under a state root of a block that the caller trusts. `n_slots` is how many slots were
 * asked for. On failure *reterr_field is the field at fault, static, or NULL.
 * REASON_PROOF_SHAPE: no object, or a field missing, or not strict hex of its kind and size.
 * REASON_PROOF_ADDRESS: the answer is about another address.
 * REASON_PROOF_SLOT: not as many slots as were asked for.
 * REASON_PROOF_ACCOUNT: what is proven is not an account.
 * REASON_PROOF_BESIDE: the answer says something else than it proves.
 * The reasons of trie_node and trie_end. */
enum reason proof_account(const cJSON *answer, const uint8_t address[static ETHHEX_ADDRESS_LEN],
			  const uint8_t state_root[static KECCAK_LEN], size_t n_slots,
			  struct account *ret, const char **reterr_field) MUST_CHECK;

/* Proves the slot of this index, counted from 0 in the order asked, under the account that proof_account
 * gave for the same answer. *ret is the value, big-endian; zero also where the slot is not in the trie.
 * REASON_PROOF_SHAPE: as above.
 * REASON_PROOF_SLOT: no such index, or another slot stands there.
 * REASON_PROOF_VALUE: what is proven is not a number of at most 32 bytes.
 * REASON_PROOF_BESIDE: the answer says something else than it proves.
 * The reasons of trie_node and trie_end. */
enum reason proof_slot(const cJSON *answer, size_t index,
		       const uint8_t slot[static ETHHEX_WORD_LEN], const struct account *account,
		       uint8_t ret[static ETHHEX_WORD_LEN], const char **reterr_field) MUST_CHECK;

#endif
