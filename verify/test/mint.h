/* Certificates made by tests, in the shape of AWS's, with any part replaced: in the notation of
 * notation.h, so that a table can hold what no honest issuer writes. */
#ifndef VERIFY_TEST_MINT_H
#define VERIFY_TEST_MINT_H

#include <openssl/evp.h>

#include "verify/span.h"

/* The parts in their order; NULL means the usual one. */
struct mint {
	const char *version;
	const char *serial;
	const char *algorithm; /* within TBSCertificate */
	const char *issuer;
	const char *validity;
	const char *subject;
	const char *key;        /* SubjectPublicKeyInfo; usual: that of subject_key */
	const char *extensions; /* with their [3] wrapper; usual: none */
	const char *outer_algorithm;
	const char *signature; /* the BIT STRING; usual: made by issuer_key */
	const char *tail;      /* behind the signature */
	const char *digest;    /* of the made signature; usual: SHA384 */
};

#define MINT_VERSION_3 "a0{020102}"
#define MINT_ECDSA_SHA384 "30{06082a8648ce3d040303}"
#define MINT_ECDSA_SHA256 "30{06082a8648ce3d040302}"
#define MINT_VALIDITY "30{17{'260103100000Z'} 17{'260103130000Z'}}"

/* A Name of one CN */
#define MINT_NAME(cn) "30{31{30{0603550403 0c{'" cn "'}}}}"

#define MINT_CRITICAL "0101ff"
#define MINT_EXTENSIONS(list) "a3{30{" list "}}"
#define MINT_EXTENSION(oid, critical, value) "30{06{" oid "}" critical "04{" value "}}"

#define MINT_OID_SKI "551d0e"
#define MINT_OID_KU "551d0f"
#define MINT_OID_BC "551d13"
#define MINT_OID_CRL "551d1f"
#define MINT_OID_AKI "551d23"

#define MINT_CA MINT_EXTENSION(MINT_OID_BC, MINT_CRITICAL, "30{0101ff}")
#define MINT_CA_PATH_LEN(number) \
	MINT_EXTENSION(MINT_OID_BC, MINT_CRITICAL, "30{0101ff 02{" number "}}")
#define MINT_NO_CA MINT_EXTENSION(MINT_OID_BC, MINT_CRITICAL, "30{}")
#define MINT_KU(critical, bits) MINT_EXTENSION(MINT_OID_KU, critical, "03{" bits "}")
#define MINT_KU_CA MINT_KU(MINT_CRITICAL, "0186") /* digitalSignature, keyCertSign, cRLSign */
#define MINT_KU_CERT_SIGN MINT_KU(MINT_CRITICAL, "0204") /* keyCertSign */
#define MINT_KU_LEAF MINT_KU("", "06c0")                 /* digitalSignature, nonRepudiation */
#define MINT_SKI(id) MINT_EXTENSION(MINT_OID_SKI, "", "04{" id "}")
#define MINT_AKI(id) MINT_EXTENSION(MINT_OID_AKI, "", "30{80{" id "}}")
#define MINT_CRL(uri) MINT_EXTENSION(MINT_OID_CRL, "", "30{30{a0{a0{86{'" uri "'}}}}}")

/* Makes one; end with buf_done. The keys may be NULL where `key` and `signature` are given. */
struct buf mint(const struct mint *parts, EVP_PKEY *subject_key, EVP_PKEY *issuer_key);

/* Puts every part that `edit` gives over *parts. */
void mint_apply(struct mint *parts, const struct mint *edit);

/* Signs a message with SHA-384; r || s, 48 bytes each. */
void mint_sign(EVP_PKEY *key, struct span message, uint8_t ret[static 96]);

/* A fresh key: "P-384", "P-256", "P-521" or "RSA". The caller frees it. */
EVP_PKEY *mint_key(const char *kind);

#endif
