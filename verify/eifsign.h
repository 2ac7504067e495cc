/* The signature section of an image: a certificate, and its key's word on PCR0.
 *
 *   81                                     array of one
 *     a2                                   map of two, in this order
 *       73 "signing_certificate" 98|99 ..  array of unsigned: the bytes of the PEM text
 *       69 "signature"           98|99 ..  array of unsigned: the bytes of a COSE_Sign1
 *   84                                     array of four, no tag
 *     43 a1 01 26 | 44 a1 01 38 22 | 44 a1 01 38 23      protected {1: ES256 | ES384 | ES512}
 *     a0                                   unprotected, empty
 *     58 7f <payload>                      {"register_index": 0, "register_value": [48 unsigned]}
 *     58 40 | 58 60 | 58 84 <r || s>       64, 96 or 132 bytes
 *
 * Bytes as arrays of numbers is what serde_cbor makes of a Rust Vec<u8>; loaders refuse byte
 * strings there. The payload is not read for its meaning: it must be byte for byte the one that
 * belongs to our own PCR0. Neither AWS's tools nor this reader judge who issued the certificate:
 * PCR8, which names it, is for that.
 *
 * Sources: aws-nitro-enclaves-image-format 0.5; RFC 9052 section 4; RFC 9053 section 2.1. */
#ifndef VERIFY_EIFSIGN_H
#define VERIFY_EIFSIGN_H

#include "verify/eif.h"
#include "verify/pcr.h"

enum eifsign_alg { EIFSIGN_ES256, EIFSIGN_ES384, EIFSIGN_ES512 };

/* "ES256", "ES384", "ES512". Static; never NULL. */
const char *eifsign_alg_name(enum eifsign_alg alg);

/* What the section holds, as far as it could be read: start with {0}, end with eifsign_done. */
struct eifsign {
	struct buf pem; /* the certificate as it stands there */
	struct buf der;
	bool has_certificate; /* the fields up to pcr8 are set */
	struct buf subject;   /* RFC 4514; not yet escaped for a terminal */
	struct buf issuer;
	int64_t not_before; /* seconds since 1970; both ends belong to the validity */
	int64_t not_after;
	uint8_t pcr8[PCR_LEN];
	struct buf cose; /* the COSE_Sign1 */
	bool has_cose;   /* the fields below are set; the spans borrow from `cose` */
	enum eifsign_alg alg;
	struct span protected_bstr;
	struct span payload;
	struct span signature; /* r || s */
};

/* Reads the section. What it found before a fault stays in *ret.
 * REASON_EIF_SIGNATURE_TOO_LARGE, _CBOR, _CERTIFICATE, _COSE; REASON_OUT_OF_MEMORY,
 * REASON_CRYPTO_FAILED. */
enum reason eifsign_read(struct span section, struct eifsign *ret) MUST_CHECK;
void eifsign_done(struct eifsign *sign);

/* The signature is the certificate's key's and about this PCR0.
 * REASON_EIF_SIGNATURE_PAYLOAD, _KEY, _INVALID; REASON_OUT_OF_MEMORY, REASON_CRYPTO_FAILED. */
enum reason eifsign_verify(const struct eifsign *sign,
			   const uint8_t pcr0[static PCR_LEN]) MUST_CHECK;

/* Appends the payload that a signature about this PCR0 has. */
void eifsign_payload(struct buf *out, const uint8_t pcr0[static PCR_LEN]);

/* REASON_EIF_SIGNATURE_VALIDITY. */
enum reason eifsign_valid_at(const struct eifsign *sign, int64_t at) MUST_CHECK;

#endif
