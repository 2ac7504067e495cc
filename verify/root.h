/* The trust anchor: which root certificate a chain must begin with, by its SHA-256.
 *
 * AWS publishes its root and that fingerprint in the Nitro Enclaves user guide ("Verifying the
 * root of trust"); the first certificate of every genuine document has been byte-equal to it
 * since 2019. Being pinned byte for byte, its self-signature proves nothing and is not verified. */
#ifndef VERIFY_ROOT_H
#define VERIFY_ROOT_H

#include "verify/digest.h"
#include "verify/reason.h"
#include "verify/span.h"

struct root {
	uint8_t sha256[DIGEST_SHA256_LEN]; /* of the certificate's DER */
	bool is_aws;
};

/* The AWS Nitro Enclaves root G1 (partition aws). */
extern const struct root root_aws;

/* A root from a file: one certificate, as PEM (text around it is allowed, a second certificate
 * is not) or as DER, in the profile of cert.h. A certificate byte-equal to AWS's gives root_aws.
 * REASON_X509_* and REASON_TEXT_ENCODING when it is no such certificate; REASON_CRYPTO_FAILED,
 * REASON_OUT_OF_MEMORY. */
enum reason root_from_file(struct span file, struct root *ret) MUST_CHECK;

/* Appends the DER of the one certificate in a file, PEM or DER, whatever its profile.
 * REASON_TEXT_ENCODING: no certificate or more than one; REASON_OUT_OF_MEMORY. */
enum reason root_certificate_der(struct span file, struct buf *ret) MUST_CHECK;

/* True when `der` is the pinned certificate. REASON_CRYPTO_FAILED, REASON_OUT_OF_MEMORY. */
enum reason root_matches(const struct root *root, struct span der, bool *ret) MUST_CHECK;

#endif
