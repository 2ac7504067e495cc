#include "verify/test/eifsigner.h"

#include <check.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

struct span eifsigner_protected(enum eifsign_alg alg)
{
	return alg == EIFSIGN_ES256 ? SPAN_LITERAL("\xa1\x01\x26") :
	       alg == EIFSIGN_ES384 ? SPAN_LITERAL("\xa1\x01\x38\x22") :
				      SPAN_LITERAL("\xa1\x01\x38\x23");
}

const char *eifsigner_digest(enum eifsign_alg alg)
{
	return alg == EIFSIGN_ES256 ? "SHA256" : alg == EIFSIGN_ES384 ? "SHA384" : "SHA512";
}

size_t eifsigner_width(enum eifsign_alg alg)
{
	return alg == EIFSIGN_ES256 ? 32 : alg == EIFSIGN_ES384 ? 48 : 66;
}

static void add_bio(struct buf *out, BIO *bio)
{
	char *text = NULL;
	long len = BIO_get_mem_data(bio, &text);

	ck_assert_int_gt(len, 0);
	buf_add(out, (struct span){ (const uint8_t *)text, (size_t)len });
	BIO_free(bio);
}

struct eifsigner eifsigner_new(const char *curve, int64_t not_before, int64_t not_after)
{
	struct eifsigner signer = { .key = curve != NULL ? EVP_EC_gen(curve) : EVP_RSA_gen(1024) };
	X509 *x509 = X509_new();
	BIO *pem = BIO_new(BIO_s_mem());
	BIO *der = BIO_new(BIO_s_mem());

	ck_assert(signer.key != NULL && x509 != NULL && pem != NULL && der != NULL);
	X509_NAME *name = X509_get_subject_name(x509);
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
						    (const unsigned char *)"signer\x1b[31m", -1, -1,
						    0),
			 1);
	ck_assert_int_eq(X509_set_issuer_name(x509, name), 1);
	ck_assert_int_eq(X509_set_version(x509, X509_VERSION_3), 1);
	ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(x509), 7), 1);
	ck_assert_ptr_nonnull(ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)not_before));
	ck_assert_ptr_nonnull(ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)not_after));
	ck_assert_int_eq(X509_set_pubkey(x509, signer.key), 1);
	ck_assert_int_gt(X509_sign(x509, signer.key, EVP_sha256()), 0);
	ck_assert_int_eq(PEM_write_bio_X509(pem, x509), 1);
	ck_assert_int_eq(i2d_X509_bio(der, x509), 1);
	add_bio(&signer.pem, pem);
	add_bio(&signer.der, der);
	X509_free(x509);
	return signer;
}

void eifsigner_done(struct eifsigner *signer)
{
	EVP_PKEY_free(signer->key);
	buf_done(&signer->pem);
	buf_done(&signer->der);
}

static void add_head(struct buf *out, unsigned major, size_t number)
{
	uint8_t first = (uint8_t)(major << 5);

	if (number < 24) {
		buf_byte(out, (uint8_t)(first | number));
	} else if (number < 256) {
		buf_byte(out, first | 24);
		buf_byte(out, (uint8_t)number);
	} else {
		buf_byte(out, first | 25);
		buf_byte(out, (uint8_t)(number >> 8));
		buf_byte(out, (uint8_t)number);
	}
}

void eifsigner_bstr(struct buf *out, struct span bytes)
{
	add_head(out, 2, bytes.len);
	buf_add(out, bytes);
}

void eifsigner_numbers(struct buf *out, struct span bytes)
{
	add_head(out, 4, bytes.len);
	for (size_t i = 0; i < bytes.len; i++)
		add_head(out, 0, bytes.at[i]);
}

struct buf eifsigner_sign(const struct eifsigner *signer, const char *digest,
			  struct span protected_bstr, struct span payload, size_t width)
{
	struct buf to_sign = { 0 };
	struct buf r_s = { 0 };
	unsigned char der[512];
	uint8_t half[128];
	size_t len = sizeof(der);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	buf_text(&to_sign, "\x84\x6aSignature1");
	eifsigner_bstr(&to_sign, protected_bstr);
	buf_byte(&to_sign, 0x40);
	eifsigner_bstr(&to_sign, payload);
	ck_assert_int_eq(EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, signer->key, NULL),
			 1);
	ck_assert_int_eq(EVP_DigestSign(ctx, der, &len, to_sign.at, to_sign.len), 1);
	EVP_MD_CTX_free(ctx);
	buf_done(&to_sign);
	const unsigned char *at = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
	ck_assert_ptr_nonnull(sig);
	ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_r(sig), half, (int)width), (int)width);
	buf_add(&r_s, (struct span){ half, width });
	ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_s(sig), half, (int)width), (int)width);
	buf_add(&r_s, (struct span){ half, width });
	ECDSA_SIG_free(sig);
	return r_s;
}

struct buf eifsigner_cose(struct span protected_bstr, struct span payload, struct span signature)
{
	struct buf cose = { 0 };

	buf_byte(&cose, 0x84);
	eifsigner_bstr(&cose, protected_bstr);
	buf_byte(&cose, 0xa0);
	eifsigner_bstr(&cose, payload);
	eifsigner_bstr(&cose, signature);
	return cose;
}

struct buf eifsigner_section(struct span pem, struct span cose)
{
	struct buf section = { 0 };

	buf_text(&section, "\x81\xa2\x73signing_certificate");
	eifsigner_numbers(&section, pem);
	buf_text(&section, "\x69signature");
	eifsigner_numbers(&section, cose);
	return section;
}

struct buf eifsigner_usual(const struct eifsigner *signer, enum eifsign_alg alg,
			   const uint8_t pcr0[static PCR_LEN])
{
	struct buf payload = { 0 };

	buf_text(&payload, "\xa2\x6eregister_index");
	buf_byte(&payload, 0);
	buf_text(&payload, "\x6eregister_value");
	eifsigner_numbers(&payload, (struct span){ pcr0, PCR_LEN });
	struct buf signature =
		eifsigner_sign(signer, eifsigner_digest(alg), eifsigner_protected(alg),
			       buf_span(&payload), eifsigner_width(alg));
	struct buf cose =
		eifsigner_cose(eifsigner_protected(alg), buf_span(&payload), buf_span(&signature));
	struct buf section = eifsigner_section(buf_span(&signer->pem), buf_span(&cose));
	buf_done(&payload);
	buf_done(&signature);
	buf_done(&cose);
	return section;
}
