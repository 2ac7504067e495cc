/* Public keys of those who sign statements: Ed25519 (RFC 8032), and ECDSA on P-256 with SHA-256
 * whose signatures are DER (RFC 5480, RFC 3279 section 2.2.3). The arithmetic is OpenSSL's.
 *
 * One key has one form here, so that it cannot be counted twice: the SubjectPublicKeyInfo of RFC
 * 8410 section 4 (44 bytes) or RFC 5480 section 2 with the named curve and an uncompressed point
 * (91 bytes), DER, and nothing else. */
#ifndef VERIFY_PUBKEY_H
#define VERIFY_PUBKEY_H

#include <openssl/evp.h>

#include "verify/digest.h"
#include "verify/reason.h"
#include "verify/span.h"

#define PUBKEY_PEM_MAX ((size_t)16 * 1024) /* bytes of a key's file */

enum pubkey_kind { PUBKEY_ED25519, PUBKEY_P256 };

/* Start with {0} or pubkey_read, end with pubkey_done. */
struct pubkey {
	enum pubkey_kind kind;
	EVP_PKEY *key;                 /* owned */
	uint8_t id[DIGEST_SHA256_LEN]; /* SHA-256 of the SubjectPublicKeyInfo in DER */
};

/* Reads a SubjectPublicKeyInfo. REASON_SIGNER_KEY: not of the two forms, or no point on the curve;
 * REASON_CRYPTO_FAILED. *ret is written only on success. */
enum reason pubkey_from_spki(struct span der, struct pubkey *ret) MUST_CHECK;

/* Reads one PEM block "PUBLIC KEY" (RFC 7468 section 13), white space around it allowed and nothing
 * else: a second key in the file would silently not count. REASON_SIGNER_KEY,
 * REASON_OUT_OF_MEMORY, REASON_CRYPTO_FAILED. */
enum reason pubkey_read(struct span pem, struct pubkey *ret) MUST_CHECK;
void pubkey_done(struct pubkey *key);

/* Whether the signature over the message is this key's: 64 bytes of Ed25519, or the one DER form of
 * an ECDSA-Sig-Value over the message's SHA-256. *ret is false for anything else.
 * REASON_OUT_OF_MEMORY, REASON_CRYPTO_FAILED. */
enum reason pubkey_verify(const struct pubkey *key, struct span message, struct span signature,
			  bool *ret) MUST_CHECK;

/* "Ed25519" or "P-256". Static. */
const char *pubkey_kind_name(enum pubkey_kind kind);

#endif
