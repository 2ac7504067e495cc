#include "attest/ecsign.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include "verify/auto.h"

/* r || s from the DER that OpenSSL makes. */
static enum reason fixed_width(struct span der, size_t half_len, uint8_t *ret)
{
	const uint8_t *at = der.at;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
	enum reason reason = REASON_CRYPTO_FAILED;

	if (sig != NULL &&
	    BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret, (int)half_len) == (int)half_len &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret + half_len, (int)half_len) == (int)half_len)
		reason = REASON_OK;
	ECDSA_SIG_free(sig);
	return reason;
}

enum reason ecsign(EVP_PKEY *key, const char *digest, size_t half_len, struct span message,
		   uint8_t *ret)
{
	uint8_t der[2 * ECSIGN_HALF_MAX + 16];
	size_t len = sizeof(der);
	AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();

	if (ctx == NULL)
		return REASON_OUT_OF_MEMORY;
	if (EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, key, NULL) != 1 ||
	    EVP_DigestSign(ctx, der, &len, message.at, message.len) != 1)
		return REASON_CRYPTO_FAILED;
	return fixed_width((struct span){ der, len }, half_len, ret);
}
