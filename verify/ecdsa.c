#include "verify/ecdsa.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <string.h>

#include "verify/auto.h"

/* n, the order of the base point of P-384 (FIPS 186-5; SEC 2 section 2.5.1) */
static const uint8_t order[ECDSA_P384_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					       0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
					       0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a,
					       0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73 };

enum reason ecdsa_p384_key(struct span point, EVP_PKEY **ret)
{
	char group[] = "P-384";
	uint8_t copy[ECDSA_P384_POINT_LEN];
	AUTO(EVP_PKEY) *key = NULL;

	if (point.len != ECDSA_P384_POINT_LEN || point.at[0] != 0x04)
		return REASON_X509_KEY;
	memcpy(copy, point.at, sizeof(copy));
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, sizeof(copy)),
		OSSL_PARAM_construct_end(),
	};
	AUTO(EVP_PKEY_CTX) *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
		return REASON_OUT_OF_MEMORY;
	/* decoding the point is where OpenSSL tests that it lies on the curve */
	if (EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return REASON_X509_KEY;
	*ret = key;
	key = NULL;
	return REASON_OK;
}

static bool scalar_in_range(const uint8_t scalar[static ECDSA_P384_LEN])
{
	return !span_is_zero((struct span){ scalar, ECDSA_P384_LEN }) &&
	       memcmp(scalar, order, ECDSA_P384_LEN) < 0;
}

bool ecdsa_p384_in_range(struct span r_s)
{
	return r_s.len == 2 * (size_t)ECDSA_P384_LEN && scalar_in_range(r_s.at) &&
	       scalar_in_range(r_s.at + ECDSA_P384_LEN);
}

/* One DER INTEGER: the magnitude without leading zero bytes, with one where the top bit is set. */
static void der_integer(struct buf *out, const uint8_t scalar[static ECDSA_P384_LEN])
{
	struct span magnitude = { scalar, ECDSA_P384_LEN };
	struct span zero;

	while (magnitude.len > 1 && magnitude.at[0] == 0 && span_take(&magnitude, 1, &zero))
		continue;
	bool sign = magnitude.at[0] >= 0x80;
	const uint8_t head[3] = { 0x02, (uint8_t)(magnitude.len + (sign ? 1 : 0)), 0x00 };
	buf_add(out, (struct span){ head, sign ? 3 : 2 });
	buf_add(out, magnitude);
}

enum reason ecdsa_p384_verify(EVP_PKEY *key, const uint8_t digest[static DIGEST_SHA384_LEN],
			      struct span r_s, enum reason bad)
{
	struct buf body = { 0 };
	struct buf der = { 0 };
	enum reason reason = bad;

	if (!ecdsa_p384_in_range(r_s))
		return bad;
	der_integer(&body, r_s.at);
	der_integer(&body, r_s.at + ECDSA_P384_LEN);
	const uint8_t head[2] = { 0x30, (uint8_t)body.len }; /* at most 102 */
	buf_add(&der, SPAN_OF(head));
	buf_add(&der, buf_span(&body));
	AUTO(EVP_PKEY_CTX) *ctx = EVP_PKEY_CTX_new(key, NULL);
	if (body.failed || der.failed || ctx == NULL)
		reason = REASON_OUT_OF_MEMORY;
	else if (EVP_PKEY_verify_init(ctx) != 1)
		reason = REASON_CRYPTO_FAILED;
	else if (EVP_PKEY_verify(ctx, der.at, der.len, digest, DIGEST_SHA384_LEN) == 1)
		reason = REASON_OK;
	buf_done(&body);
	buf_done(&der);
	return reason;
}
