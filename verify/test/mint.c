#include "verify/test/mint.h"

#include <check.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "verify/auto.h"
#include "verify/test/notation.h"

EVP_PKEY *mint_key(const char *kind)
{
	EVP_PKEY *key = strcmp(kind, "RSA") == 0 ? EVP_RSA_gen(1024) : EVP_EC_gen(kind);

	ck_assert_msg(key != NULL, "no %s key", kind);
	return key;
}

static void add_part(struct buf *out, const char *part, const char *usual)
{
	notation_add(out, part != NULL ? part : usual);
}

static void add_key(struct buf *out, const char *part, EVP_PKEY *key)
{
	uint8_t *der = NULL;

	if (part != NULL) {
		notation_add(out, part);
		return;
	}
	int len = i2d_PUBKEY(key, &der);
	ck_assert_int_gt(len, 0);
	buf_add(out, (struct span){ der, (size_t)len });
	OPENSSL_free(der);
}

static void add_signature(struct buf *out, const struct mint *parts, struct span tbs, EVP_PKEY *key)
{
	uint8_t bits[1 + 1024] = { 0 };
	size_t len = sizeof(bits) - 1;

	if (parts->signature != NULL) {
		notation_add(out, parts->signature);
		return;
	}
	AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	const char *digest = parts->digest != NULL ? parts->digest : "SHA384";
	ck_assert_int_eq(EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, key, NULL), 1);
	ck_assert_int_eq(EVP_DigestSign(ctx, bits + 1, &len, tbs.at, tbs.len), 1);
	notation_add_der(out, 0x03, (struct span){ bits, 1 + len });
}

void mint_sign(EVP_PKEY *key, struct span message, uint8_t ret[static 96])
{
	uint8_t der[128];
	size_t len = sizeof(der);
	const uint8_t *at = der;

	AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	ck_assert_int_eq(EVP_DigestSignInit_ex(ctx, NULL, "SHA384", NULL, NULL, key, NULL), 1);
	ck_assert_int_eq(EVP_DigestSign(ctx, der, &len, message.at, message.len), 1);
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)len);
	ck_assert_ptr_nonnull(signature);
	ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_r(signature), ret, 48), 48);
	ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_s(signature), ret + 48, 48), 48);
	ECDSA_SIG_free(signature);
}

struct buf mint(const struct mint *parts, EVP_PKEY *subject_key, EVP_PKEY *issuer_key)
{
	struct buf content = { 0 };
	struct buf tbs = { 0 };
	struct buf whole = { 0 };

	add_part(&content, parts->version, MINT_VERSION_3);
	add_part(&content, parts->serial, "0207 7f010203040506");
	add_part(&content, parts->algorithm, MINT_ECDSA_SHA384);
	add_part(&content, parts->issuer, MINT_NAME("issuer"));
	add_part(&content, parts->validity, MINT_VALIDITY);
	add_part(&content, parts->subject, MINT_NAME("subject"));
	add_key(&content, parts->key, subject_key);
	add_part(&content, parts->extensions, "");
	notation_add_der(&tbs, 0x30, buf_span(&content));
	buf_done(&content);

	buf_add(&content, buf_span(&tbs));
	add_part(&content, parts->outer_algorithm, MINT_ECDSA_SHA384);
	add_signature(&content, parts, buf_span(&tbs), issuer_key);
	add_part(&content, parts->tail, "");
	notation_add_der(&whole, 0x30, buf_span(&content));
	buf_done(&content);
	buf_done(&tbs);
	ck_assert(!whole.failed);
	return whole;
}

static void put(const char **part, const char *edit)
{
	if (edit != NULL)
		*part = edit;
}

void mint_apply(struct mint *parts, const struct mint *edit)
{
	put(&parts->version, edit->version);
	put(&parts->serial, edit->serial);
	put(&parts->algorithm, edit->algorithm);
	put(&parts->issuer, edit->issuer);
	put(&parts->validity, edit->validity);
	put(&parts->subject, edit->subject);
	put(&parts->key, edit->key);
	put(&parts->extensions, edit->extensions);
	put(&parts->outer_algorithm, edit->outer_algorithm);
	put(&parts->signature, edit->signature);
	put(&parts->tail, edit->tail);
	put(&parts->digest, edit->digest);
}
