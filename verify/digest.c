#include "verify/digest.h"

#include <openssl/evp.h>
#include <string.h>

#include "verify/auto.h"

static enum reason digest(const EVP_MD *md, const struct span parts[], size_t n_parts, uint8_t *ret,
			  size_t len)
{
	AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	uint8_t value[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (ctx == NULL)
		return REASON_OUT_OF_MEMORY;
	if (EVP_DigestInit_ex(ctx, md, NULL) != 1)
		return REASON_CRYPTO_FAILED;
	for (size_t i = 0; i < n_parts; i++) {
		if (EVP_DigestUpdate(ctx, parts[i].at, parts[i].len) != 1)
			return REASON_CRYPTO_FAILED;
	}
	if (EVP_DigestFinal_ex(ctx, value, &n) != 1 || n != len)
		return REASON_CRYPTO_FAILED;
	memcpy(ret, value, len);
	return REASON_OK;
}

enum reason digest_sha256(const struct span parts[], size_t n_parts,
			  uint8_t ret[static DIGEST_SHA256_LEN])
{
	return digest(EVP_sha256(), parts, n_parts, ret, DIGEST_SHA256_LEN);
}

enum reason digest_sha384(const struct span parts[], size_t n_parts,
			  uint8_t ret[static DIGEST_SHA384_LEN])
{
	return digest(EVP_sha384(), parts, n_parts, ret, DIGEST_SHA384_LEN);
}

enum reason digest_sha3_256(const struct span parts[], size_t n_parts,
			    uint8_t ret[static DIGEST_SHA256_LEN])
{
	return digest(EVP_sha3_256(), parts, n_parts, ret, DIGEST_SHA256_LEN);
}

enum reason digest_start(struct digest *digest)
{
	if (digest->ctx == NULL)
		digest->ctx = EVP_MD_CTX_new();
	if (digest->fork == NULL)
		digest->fork = EVP_MD_CTX_new();
	if (digest->ctx == NULL || digest->fork == NULL)
		return REASON_OUT_OF_MEMORY;
	digest->len = 0;
	return EVP_DigestInit_ex(digest->ctx, EVP_sha384(), NULL) == 1 ? REASON_OK :
									 REASON_CRYPTO_FAILED;
}

enum reason digest_add(struct digest *digest, struct span bytes)
{
	if (EVP_DigestUpdate(digest->ctx, bytes.at, bytes.len) != 1)
		return REASON_CRYPTO_FAILED;
	digest->len += bytes.len;
	return REASON_OK;
}

enum reason digest_peek(const struct digest *digest, uint8_t ret[static DIGEST_SHA384_LEN])
{
	uint8_t value[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_MD_CTX_copy_ex(digest->fork, digest->ctx) != 1 ||
	    EVP_DigestFinal_ex(digest->fork, value, &n) != 1 || n != DIGEST_SHA384_LEN)
		return REASON_CRYPTO_FAILED;
	memcpy(ret, value, DIGEST_SHA384_LEN);
	return REASON_OK;
}

void digest_done(struct digest *digest)
{
	EVP_MD_CTX_free(digest->ctx);
	EVP_MD_CTX_free(digest->fork);
	*digest = (struct digest){ 0 };
}
