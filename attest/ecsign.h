/* ECDSA signatures as COSE has them (RFC 9053 section 2.1): r || s, each of the curve's width. OpenSSL
 * signs, with randomness of its own: no two signatures are the same. */
#ifndef ATTEST_ECSIGN_H
#define ATTEST_ECSIGN_H

#include <openssl/evp.h>

#include "verify/reason.h"
#include "verify/span.h"

#define ECSIGN_HALF_MAX 66 /* r or s on P-521 */

/* Signs a message with an EC key and a digest by its OpenSSL name; `half_len` is the width of r in
 * bytes. ret has room for 2 * half_len. REASON_CRYPTO_FAILED, REASON_OUT_OF_MEMORY. */
enum reason ecsign(EVP_PKEY *key, const char *digest, size_t half_len, struct span message,
		   uint8_t *ret) MUST_CHECK;

#endif
