/* Block headers: what eth_getBlockByHash and eth_getBlockByNumber answer, proven to be what the block's
 * hash stands for.
 *
 * A block's hash is the Keccak-256 of the RLP list of its header fields, in this order (Ethereum yellow
 * paper, section 4.3; each later fork adds behind the last):
 *
 *   15  parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty number
 *       gasLimit gasUsed timestamp extraData mixHash nonce
 *   16  baseFeePerGas                                      London, EIP-1559; Paris is the same
 *   17  withdrawalsRoot                                    Shanghai, EIP-4895
 *   20  blobGasUsed excessBlobGas parentBeaconBlockRoot    Cancun, EIP-4844, EIP-4788
 *   21  requestsHash                                       Prague, EIP-7685; Osaka is the same
 *
 * OP Stack chains have the same fields with other contents. Arbitrum's header is that of London; the
 * sendRoot, sendCount and l1BlockNumber that its servers add stand in extraData and mixHash already and
 * are no part of the RLP, nor are totalDifficulty, size, uncles, transactions, withdrawals and hash.
 *
 * A header of another form cannot be judged, and is told apart from one that is false:
 * REASON_BLOCK_FORM is "cannot tell", never pass and never evidence against the chain. */
#ifndef VERIFY_BLOCK_H
#define VERIFY_BLOCK_H

#include <cjson/cJSON.h>

#include "verify/keccak.h"
#include "verify/reason.h"

#define BLOCK_EXTRA_MAX 3072 /* bytes of extraData: 32 on Ethereum, more where signers are listed */
#define BLOCK_HEADER_MAX 4096 /* bytes of RLP */

struct block {
	uint8_t hash[KECCAK_LEN];
	uint8_t parent_hash[KECCAK_LEN];
	uint8_t state_root[KECCAK_LEN];
	uint64_t number;
	uint64_t timestamp; /* seconds since 1970 */
};

/* Reads the object, a tree of json_read, and computes the hash of its header. That the block belongs to a
 * chain is not shown: the caller compares the hash with one that it has from elsewhere, and the number
 * with the one it asked for.
 * Fields that are null count as absent. Fields that are not known are not part of a header whose hash
 * is right; where the hash is not right, they may be why.
 * On failure *reterr_field is the field at fault, static, or NULL where it is the object as a whole.
 * REASON_BLOCK_SHAPE: not an object (servers answer null for a block that they do not have).
 * REASON_BLOCK_FIELD: a field is not strict hex of its kind and size.
 * REASON_BLOCK_FORM: cannot tell. The fields are not one of the sets above: one is missing before
 * another, a Cancun field stands without the two others, a field is there that a later fork is
 * expected to add, or the hash is another one and there are unknown fields.
 * REASON_BLOCK_HASH: the header is of a known form, and its hash is not the one in `hash`. */
enum reason block_read(const cJSON *object, struct block *ret,
		       const char **reterr_field) MUST_CHECK;

#endif
