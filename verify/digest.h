/* SHA-256 and SHA-384 (FIPS 180-4), computed by OpenSSL. */
#ifndef VERIFY_DIGEST_H
#define VERIFY_DIGEST_H

#include <openssl/evp.h>

#include "verify/reason.h"
#include "verify/span.h"

#define DIGEST_SHA256_LEN 32
#define DIGEST_SHA384_LEN 48

/* The digest of the parts, one after the other. REASON_CRYPTO_FAILED; *ret is then untouched. */
enum reason digest_sha256(const struct span parts[], size_t n_parts,
			  uint8_t ret[static DIGEST_SHA256_LEN]) MUST_CHECK;
enum reason digest_sha384(const struct span parts[], size_t n_parts,
			  uint8_t ret[static DIGEST_SHA384_LEN]) MUST_CHECK;

/* SHA3-256 (FIPS 202): only to recognise a hash that somebody computed by the wrong function. */
enum reason digest_sha3_256(const struct span parts[], size_t n_parts,
			    uint8_t ret[static DIGEST_SHA256_LEN]) MUST_CHECK;

/* A SHA-384 over bytes that come in pieces. Start with {0} and digest_start, end with
 * digest_done. */
struct digest {
	EVP_MD_CTX *ctx;
	EVP_MD_CTX *fork; /* where digest_peek finishes a copy */
	uint64_t len;     /* bytes added so far */
};

/* Begins, or begins again. Every function gives REASON_OUT_OF_MEMORY or REASON_CRYPTO_FAILED. */
enum reason digest_start(struct digest *digest) MUST_CHECK;
enum reason digest_add(struct digest *digest, struct span bytes) MUST_CHECK;

/* The digest of what was added so far; more may be added afterwards. */
enum reason digest_peek(const struct digest *digest,
			uint8_t ret[static DIGEST_SHA384_LEN]) MUST_CHECK;
void digest_done(struct digest *digest);

#endif
