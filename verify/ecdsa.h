/* ECDSA on P-384 with SHA-384: "ES384" of RFC 9053 section 2.1, "ecdsa-with-SHA384" of RFC 5758.
 * The arithmetic is OpenSSL's; the forms of keys and signatures are checked here. */
#ifndef VERIFY_ECDSA_H
#define VERIFY_ECDSA_H

#include <openssl/evp.h>

#include "verify/digest.h"
#include "verify/reason.h"
#include "verify/span.h"

#define ECDSA_P384_LEN 48 /* a coordinate, r or s: big-endian, fixed width */
#define ECDSA_P384_POINT_LEN (1 + 2 * ECDSA_P384_LEN) /* 04 || X || Y (SEC 1 section 2.3.3) */

/* A public key from its uncompressed point; the caller frees it with EVP_PKEY_free.
 * REASON_X509_KEY: not 97 bytes beginning with 04, or not on the curve. REASON_OUT_OF_MEMORY. */
enum reason ecdsa_p384_key(struct span point, EVP_PKEY **ret) MUST_CHECK;

/* True when both halves of r || s (96 bytes) lie within 1..n-1 (SEC 1 section 4.1.4). A high s is
 * legal: AWS does not normalise it. */
bool ecdsa_p384_in_range(struct span r_s);

/* Verifies r || s (96 bytes) over a SHA-384 digest. `bad` is returned when it does not verify.
 * REASON_OUT_OF_MEMORY, REASON_CRYPTO_FAILED. */
enum reason ecdsa_p384_verify(EVP_PKEY *key, const uint8_t digest[static DIGEST_SHA384_LEN],
			      struct span r_s, enum reason bad) MUST_CHECK;

#endif
