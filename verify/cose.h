/* COSE_Sign1 (RFC 9052 section 4.2) in the one form in which Nitro documents come.
 *
 *   [d2]                  tag 18, optional
 *   84                    array of four
 *   44 a1 01 38 22        protected: a byte string holding {1: -35}, ES384
 *   a0                    unprotected: empty
 *   58..59 .. <payload>   a byte string of 1..16384 bytes
 *   58 60 <r || s>        96 bytes
 *
 * Parts of the envelope are not signed (its array head, the unprotected header, the encoding of
 * lengths): a single encoding is accepted for each, so one payload and signature make one
 * document. */
#ifndef VERIFY_COSE_H
#define VERIFY_COSE_H

#include <openssl/evp.h>

#include "verify/reason.h"
#include "verify/span.h"

#define COSE_MAX 32768         /* the whole envelope, in bytes */
#define COSE_PAYLOAD_MAX 16384 /* AWS: attestation process, section 2.2 */
#define COSE_SIGNATURE_LEN 96

/* The parts, borrowed from the document's bytes. */
struct cose {
	bool tagged;                /* tag 18 stood before it */
	struct span protected_bstr; /* content of the byte string */
	struct span payload;
	struct span signature;
};

/* Reads the envelope. On failure *reterr_at is the offset of the item at fault.
 * REASON_COSE_EMPTY, _TOO_LARGE, _TAG, _SHAPE, _ALG, _PROTECTED, _UNPROTECTED, _PAYLOAD_SIZE,
 * _SIG_SIZE, _SIG_RANGE, _TRAILING; REASON_CBOR_TRUNCATED, _MALFORMED, _NONCANONICAL, _DEPTH,
 * _UTF8. */
enum reason cose_read(struct span document, struct cose *ret, size_t *reterr_at) MUST_CHECK;

/* Verifies the signature over the Sig_structure (RFC 9052 section 4.4) made from the bytes as
 * received.
 * REASON_COSE_SIGNATURE, REASON_OUT_OF_MEMORY, REASON_CRYPTO_FAILED. */
enum reason cose_verify(const struct cose *cose, EVP_PKEY *key) MUST_CHECK;

#endif
