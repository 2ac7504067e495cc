/* Signs images for tests: keys, certificates and signature sections of every kind, right and wrong.
 * CBOR and COSE are written here by hand, not by what reads them. */
#ifndef VERIFY_TEST_EIFSIGNER_H
#define VERIFY_TEST_EIFSIGNER_H

#include <openssl/evp.h>

#include "verify/eifsign.h"

struct eifsigner {
	EVP_PKEY *key;
	struct buf pem; /* of a certificate over it, issued by itself */
	struct buf der;
};

/* `curve` is OpenSSL's name, or NULL for an RSA key; the certificate is valid within these seconds
 * since 1970. */
struct eifsigner eifsigner_new(const char *curve, int64_t not_before, int64_t not_after);
void eifsigner_done(struct eifsigner *signer);

/* r || s over the Sig_structure, each half `width` bytes. */
struct buf eifsigner_sign(const struct eifsigner *signer, const char *digest,
			  struct span protected_bstr, struct span payload, size_t width);

/* The COSE_Sign1 of these parts, and the section around certificate and COSE_Sign1. */
struct buf eifsigner_cose(struct span protected_bstr, struct span payload, struct span signature);
struct buf eifsigner_section(struct span pem, struct span cose);

/* All of it: a section as signing tools write it about this PCR0. */
struct buf eifsigner_usual(const struct eifsigner *signer, enum eifsign_alg alg,
			   const uint8_t pcr0[static PCR_LEN]);

/* The protected header of an algorithm, the digest's name, the width of r and s. */
struct span eifsigner_protected(enum eifsign_alg alg);
const char *eifsigner_digest(enum eifsign_alg alg);
size_t eifsigner_width(enum eifsign_alg alg);

/* An array of numbers with these bytes, and a byte string. */
void eifsigner_numbers(struct buf *out, struct span bytes);
void eifsigner_bstr(struct buf *out, struct span bytes);

#endif
