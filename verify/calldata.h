/* Attestation documents inside the call data of contracts, strictly.
 *
 *   35ecb4c1  registerSigner(bytes attestation, bytes data, uint8)   the document of an enclave, as two
 *   ba58e82a  registerSigner(bytes attestation, bytes data)          parts that the contract verifies
 *   dac79fc8  registerService(bytes output, bytes proof, uint8)      `output` is the journal of a proof
 *   0b1c4cde  registerService(bytes output, bytes proof)             about a document: what a prover
 *   7f82ea6c  registerService(bytes output, bytes proof, uint8, uint8)   says, no attestation
 *
 * `attestation` is not the document but its Sig_structure (RFC 9052 section 4.4), whose first 18 bytes
 * are always the same, and `data` is r || s, 96 bytes. The COSE_Sign1 is made of both again; what of its
 * envelope was not signed (tag, unprotected header) is not in call data, and is made as AWS makes it.
 *
 * ABI: every argument in a word of 32 bytes, numbers right-aligned; `bytes` as the offset of its length,
 * counted from behind the selector, then the bytes, padded with zeros to a word. As every encoder writes
 * them: one behind the other in order, nothing between, nothing behind. Sources: Solidity, Contract ABI
 * Specification; EspressoSystems espresso-tee-contracts and base op-enclave (registerSigner);
 * automata-network aws-nitro-enclave-attestation (struct VerifierJournal). */
#ifndef VERIFY_CALLDATA_H
#define VERIFY_CALLDATA_H

#include "verify/claims.h"
#include "verify/keccak.h"
#include "verify/reason.h"
#include "verify/span.h"

#define CALLDATA_ARGS_MAX 4
#define CALLDATA_CERTS_MAX 16

/* One call. Borrows from the call data. */
struct calldata {
	const char *signature; /* "registerSigner(bytes,bytes,uint8)"; static */
	bool is_journal;
	struct span first;  /* attestation, or output */
	struct span second; /* data, or proof */
	size_t n_numbers;   /* 0..2 */
	uint8_t numbers[2]; /* the uint8 arguments */
};

/* Reads it. On failure *reterr_at is the offset of what is at fault.
 * REASON_CALLDATA_SELECTOR: none of these calls; REASON_CALLDATA_ABI: not encoded as above;
 * REASON_CALLDATA_TBS: the attestation does not begin as a Sig_structure of ES384;
 * REASON_CALLDATA_SIGNATURE: the data is not of 96 bytes. */
enum reason calldata_read(struct span bytes, struct calldata *ret, size_t *reterr_at) MUST_CHECK;

/* Appends the document. REASON_NOT_AN_ATTESTATION: the call carries a journal; REASON_OUT_OF_MEMORY. */
enum reason calldata_document(const struct calldata *call, struct buf *ret) MUST_CHECK;

/* What a prover says of a document: decoded to be shown, never judged. Borrows from the call data. */
struct journal {
	uint64_t result;
	uint64_t trusted_certs;
	struct claims claims; /* without digest and certificates */
	size_t n_certs;
	struct span certs[CALLDATA_CERTS_MAX]; /* hashes of 32 bytes */
};

/* REASON_CALLDATA_JOURNAL: not the ABI encoding of one, with registers of indexes 0..31, each once. */
enum reason calldata_journal(struct span output, struct journal *ret) MUST_CHECK;

#endif
