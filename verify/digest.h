/* SHA-256 and SHA-384 (FIPS 180-4), computed by OpenSSL. */
#ifndef VERIFY_DIGEST_H
#define VERIFY_DIGEST_H

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

#endif
