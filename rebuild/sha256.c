#include "rebuild/sha256.h"

#include <string.h>

#define PREFIX "sha256:"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

static const char digits[] = "0123456789abcdef";

enum reason sha256_start(struct sha256 *sha256)
{
	if (sha256->ctx == NULL)
		sha256->ctx = EVP_MD_CTX_new();
	if (sha256->ctx == NULL)
		return REASON_OUT_OF_MEMORY;
	return EVP_DigestInit_ex(sha256->ctx, EVP_sha256(), NULL) == 1 ? REASON_OK :
									 REASON_CRYPTO_FAILED;
}

enum reason sha256_add(struct sha256 *sha256, struct span bytes)
{
	if (bytes.len == 0)
		return REASON_OK;
	return EVP_DigestUpdate(sha256->ctx, bytes.at, bytes.len) == 1 ? REASON_OK :
									 REASON_CRYPTO_FAILED;
}

enum reason sha256_end(struct sha256 *sha256, uint8_t ret[static DIGEST_SHA256_LEN])
{
	uint8_t value[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_DigestFinal_ex(sha256->ctx, value, &n) != 1 || n != DIGEST_SHA256_LEN)
		return REASON_CRYPTO_FAILED;
	memcpy(ret, value, DIGEST_SHA256_LEN);
	return REASON_OK;
}

void sha256_done(struct sha256 *sha256)
{
	EVP_MD_CTX_free(sha256->ctx);
	sha256->ctx = NULL;
}

bool sha256_read_text(struct span text, uint8_t ret[static DIGEST_SHA256_LEN])
{
	uint8_t value[DIGEST_SHA256_LEN] = { 0 };

	if (text.len != SHA256_TEXT_LEN || memcmp(text.at, PREFIX, PREFIX_LEN) != 0)
		return false;
	for (size_t i = 0; i < 2 * sizeof(value); i++) {
		const char *digit = memchr(digits, text.at[PREFIX_LEN + i], sizeof(digits) - 1);
		if (digit == NULL)
			return false;
		value[i / 2] = (uint8_t)(value[i / 2] << 4 | (digit - digits));
	}
	memcpy(ret, value, sizeof(value));
	return true;
}

void sha256_text(const uint8_t digest[static DIGEST_SHA256_LEN],
		 char ret[static SHA256_TEXT_LEN + 1])
{
	memcpy(ret, PREFIX, PREFIX_LEN);
	for (size_t i = 0; i < DIGEST_SHA256_LEN; i++) {
		ret[PREFIX_LEN + 2 * i] = digits[digest[i] >> 4];
		ret[PREFIX_LEN + 2 * i + 1] = digits[digest[i] & 15];
	}
	ret[SHA256_TEXT_LEN] = '\0';
}
