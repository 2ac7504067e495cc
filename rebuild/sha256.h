/* SHA-256 (FIPS 180-4) over bytes that come in pieces, and its digests as the text sha256:HEX (OCI image
 * specification, descriptor.md, "Digests"). */
#ifndef REBUILD_SHA256_H
#define REBUILD_SHA256_H

#include <openssl/evp.h>

#include "verify/digest.h"
#include "verify/reason.h"
#include "verify/span.h"

#define SHA256_TEXT_LEN 71 /* "sha256:" and 64 digits, without a NUL */

/* Start with {0} and sha256_start, end with sha256_done. */
struct sha256 {
	EVP_MD_CTX *ctx;
};

/* Begins, or begins again. All three: REASON_OUT_OF_MEMORY or REASON_CRYPTO_FAILED. */
enum reason sha256_start(struct sha256 *sha256) MUST_CHECK;
enum reason sha256_add(struct sha256 *sha256, struct span bytes) MUST_CHECK;

/* The digest of all that was added; nothing more may be added before the next start. */
enum reason sha256_end(struct sha256 *sha256, uint8_t ret[static DIGEST_SHA256_LEN]) MUST_CHECK;
void sha256_done(struct sha256 *sha256);

/* Reads "sha256:" and 64 lower-case hex digits, nothing else. False: something else. */
bool sha256_read_text(struct span text, uint8_t ret[static DIGEST_SHA256_LEN]);

/* Writes it, with a NUL behind. */
void sha256_text(const uint8_t digest[static DIGEST_SHA256_LEN],
		 char ret[static SHA256_TEXT_LEN + 1]);

#endif
