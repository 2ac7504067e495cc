/* Questions of a dossier in the words of JSON-RPC, and their answers taken into it.
 *
 * Sources: Ethereum's execution-apis (eth_call, eth_getCode, eth_getStorageAt, eth_getLogs), EIP-1186
 * (eth_getProof), EIP-1898 (blocks by hash). */
#ifndef ATTEST_QUESTION_H
#define ATTEST_QUESTION_H

#include "attest/rpc.h"
#include "verify/onchain.h"

/* The method, static; appends its parameters, a JSON array. The block is named by its hash, which must be
 * on the chain, or by its number. */
const char *question_words(const struct question *question, const struct onchain_block *block,
			   bool by_number, struct buf *out);

/* Takes an answer over, which must be none yet: bytes of calls, code and storage, the JSON of proofs and
 * logs. A result of another form is ANSWER_FAILED with REASON_RPC_RESULT, a revert of what is no call
 * with REASON_RPC_ERROR; REASON_OUT_OF_MEMORY. */
void question_keep(enum question_kind kind, const struct rpc_answer *answer, struct answer *ret);

#endif
