#include "verify/pubkey.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "verify/auto.h"
#include "verify/basenc.h"

/* What stands before the key itself: SEQUENCE { SEQUENCE { algorithm }, BIT STRING }. */
static const uint8_t ed25519_head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
					0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
static const uint8_t p256_head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
				     0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
				     0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };

static const struct {
	const char *name;
	struct span head;
	size_t rest; /* bytes of key behind the head */
} kinds[] = {
	[PUBKEY_ED25519] = { "Ed25519", { ed25519_head, sizeof(ed25519_head) }, 32 },
	[PUBKEY_P256] = { "P-256", { p256_head, sizeof(p256_head) }, 64 },
};

const char *pubkey_kind_name(enum pubkey_kind kind)
{
	return (size_t)kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[kind].name : "unknown";
}

static bool kind_of(struct span der, enum pubkey_kind *ret)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct span rest = der;
		struct span head;
		if (span_take(&rest, kinds[i].head.len, &head) && span_equal(head, kinds[i].head) &&
		    rest.len == kinds[i].rest) {
			*ret = (enum pubkey_kind)i;
			return true;
		}
	}
	return false;
}

enum reason pubkey_from_spki(struct span der, struct pubkey *ret)
{
	struct pubkey key = { .key = NULL };
	const unsigned char *at = der.at;

	if (!kind_of(der, &key.kind))
		return REASON_SIGNER_KEY;
	enum reason reason = digest_sha256(&der, 1, key.id);
	if (reason != REASON_OK)
		return reason;
	/* decoding the point is where OpenSSL tests that it lies on the curve */
	key.key = d2i_PUBKEY(NULL, &at, (long)der.len);
	ERR_clear_error();
	if (key.key == NULL)
		return REASON_SIGNER_KEY;
	*ret = key;
	return REASON_OK;
}

static bool is_blank(uint8_t c)
{
	return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

static bool take_text(struct span *cursor, struct span text)
{
	struct span rest = *cursor;
	struct span head;

	if (!span_take(&rest, text.len, &head) || !span_equal(head, text))
		return false;
	*cursor = rest;
	return true;
}

static void skip_blanks(struct span *cursor)
{
	struct span one;

	while (cursor->len > 0 && is_blank(cursor->at[0]))
		(void)span_take(cursor, 1, &one);
}

/* The base64 between the two lines of a block that is alone. */
static enum reason pem_body(struct span pem, struct buf *ret)
{
	struct span one;

	skip_blanks(&pem);
	if (pem.len > PUBKEY_PEM_MAX ||
	    !take_text(&pem, SPAN_LITERAL("-----BEGIN PUBLIC KEY-----")))
		return REASON_SIGNER_KEY;
	while (pem.len > 0 && pem.at[0] != '-') {
		(void)span_take(&pem, 1, &one);
		if (!is_blank(one.at[0]))
			buf_byte(ret, one.at[0]);
	}
	if (!take_text(&pem, SPAN_LITERAL("-----END PUBLIC KEY-----")))
		return REASON_SIGNER_KEY;
	skip_blanks(&pem);
	if (pem.len > 0)
		return REASON_SIGNER_KEY;
	return ret->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

enum reason pubkey_read(struct span pem, struct pubkey *ret)
{
	struct buf body = { 0 };
	struct buf der = { 0 };

	enum reason reason = pem_body(pem, &body);
	if (reason == REASON_OK)
		reason = base64_decode(buf_span(&body), &der);
	if (reason == REASON_TEXT_ENCODING)
		reason = REASON_SIGNER_KEY;
	if (reason == REASON_OK)
		reason = pubkey_from_spki(buf_span(&der), ret);
	buf_done(&body);
	buf_done(&der);
	return reason;
}

void pubkey_done(struct pubkey *key)
{
	EVP_PKEY_free(key->key);
	key->key = NULL;
}

enum reason pubkey_verify(const struct pubkey *key, struct span message, struct span signature,
			  bool *ret)
{
	/* Ed25519 hashes by itself (RFC 8032 section 5.1) */
	const EVP_MD *md = key->kind == PUBKEY_P256 ? EVP_sha256() : NULL;
	AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();

	if (ctx == NULL)
		return REASON_OUT_OF_MEMORY;
	if (EVP_DigestVerifyInit(ctx, NULL, md, NULL, key->key) != 1) {
		ERR_clear_error();
		return REASON_CRYPTO_FAILED;
	}
	/* below 0 where the signature is not DER: also no signature of this key */
	*ret = EVP_DigestVerify(ctx, signature.at, signature.len, message.at, message.len) == 1;
	ERR_clear_error();
	return REASON_OK;
}
