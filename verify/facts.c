#include "verify/facts.h"

#include <inttypes.h>
#include <openssl/core_names.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/cert.h"
#include "verify/instant.h"
#include "verify/keccak.h"

#define SECP256K1_POINT_LEN 65

bool facts_signer(struct span public_key, uint8_t ret[static FACTS_ADDRESS_LEN])
{
	char group[] = "secp256k1";
	uint8_t point[SECP256K1_POINT_LEN];
	uint8_t hash[KECCAK_LEN];
	AUTO(EVP_PKEY) *key = NULL;

	if (public_key.len != sizeof(point) || public_key.at[0] != 0x04)
		return false;
	memcpy(point, public_key.at, sizeof(point));
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};
	AUTO(EVP_PKEY_CTX) *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	/* a point of P-256 has the same length: only the curve tells them apart */
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return false;
	keccak_256((struct span){ point + 1, sizeof(point) - 1 }, hash);
	memcpy(ret, hash + KECCAK_LEN - FACTS_ADDRESS_LEN, FACTS_ADDRESS_LEN);
	return true;
}

/* Each adder returns false when memory ran out. */

static bool add_text(cJSON *object, const char *key, const char *text)
{
	return cJSON_AddStringToObject(object, key, text) != NULL;
}

static bool add_null(cJSON *object, const char *key)
{
	return cJSON_AddNullToObject(object, key) != NULL;
}

/* A claim's characters as they are; what cannot be shown is escaped when the JSON is printed. */
static bool add_span(cJSON *object, const char *key, struct span text)
{
	struct buf copy = { 0 };

	if (text.at == NULL)
		return add_null(object, key);
	for (size_t i = 0; i < text.len; i++)
		buf_add(&copy, text.at[i] != 0 ? (struct span){ text.at + i, 1 } :
						 SPAN_LITERAL("\xef\xbf\xbd"));
	char *owned = buf_take_text(&copy);
	bool added = owned != NULL && add_text(object, key, owned);
	free(owned);
	return added;
}

static bool add_hex(cJSON *object, const char *key, const char *prefix, struct span bytes)
{
	struct buf hex = { 0 };

	if (bytes.at == NULL)
		return add_null(object, key);
	buf_text(&hex, prefix);
	hex_encode(&hex, bytes);
	char *owned = buf_take_text(&hex);
	bool added = owned != NULL && add_text(object, key, owned);
	free(owned);
	return added;
}

static bool add_timestamp(cJSON *object, uint64_t timestamp_ms)
{
	char text[24];

	if (timestamp_ms == 0)
		return add_null(object, "timestamp_ms");
	(void)snprintf(text, sizeof(text), "%" PRIu64, timestamp_ms);
	return add_text(object, "timestamp_ms", text);
}

static bool add_pcrs(cJSON *object, const struct pcrs *pcrs)
{
	char key[12];
	cJSON *map = cJSON_AddObjectToObject(object, "pcrs");

	for (unsigned i = 0; map != NULL && i < PCR_COUNT; i++) {
		(void)snprintf(key, sizeof(key), "%u", i);
		if (pcrs_has(pcrs, i) && !add_hex(map, key, "", pcrs_get(pcrs, i)))
			return false;
	}
	return map != NULL;
}

static bool add_enclave_hash(cJSON *object, const struct pcrs *pcrs)
{
	uint8_t hash[KECCAK_LEN];

	if (!pcrs_has(pcrs, 0))
		return add_null(object, "enclave_hash");
	enclave_hash(pcrs->value[0], hash);
	return add_hex(object, "enclave_hash", "0x", SPAN_OF(hash));
}

static bool add_signer(cJSON *object, struct span public_key)
{
	uint8_t address[FACTS_ADDRESS_LEN];

	if (!facts_signer(public_key, address))
		return add_null(object, "signer");
	return add_hex(object, "signer", "0x", SPAN_OF(address));
}

static bool add_certificate(cJSON *list, struct span der)
{
	struct cert cert;
	struct buf subject = { 0 };
	uint8_t sha256[DIGEST_SHA256_LEN];
	char from[INSTANT_TEXT_LEN];
	char to[INSTANT_TEXT_LEN];
	cJSON *object = cJSON_CreateObject();

	if (!cJSON_AddItemToArray(list, object)) {
		cJSON_Delete(object);
		return false;
	}
	if (cert_read(der, &cert) == REASON_OK) {
		cert_name_text(&subject, cert.subject);
		bool added = !subject.failed && add_span(object, "subject", buf_span(&subject));
		buf_done(&subject);
		instant_rfc3339(cert.not_before, from);
		instant_rfc3339(cert.not_after, to);
		if (!added || !add_text(object, "not_before", from) ||
		    !add_text(object, "not_after", to))
			return false;
	} else if (!add_null(object, "subject") || !add_null(object, "not_before") ||
		   !add_null(object, "not_after")) {
		return false;
	}
	return digest_sha256(&der, 1, sha256) == REASON_OK &&
	       add_hex(object, "sha256", "", SPAN_OF(sha256));
}

static bool add_certificates(cJSON *object, const struct claims *claims)
{
	cJSON *list = cJSON_AddArrayToObject(object, "certificates");

	for (size_t i = 0; list != NULL && i < claims->cabundle_len; i++) {
		if (!add_certificate(list, claims->cabundle[i]))
			return false;
	}
	return list != NULL &&
	       (claims->certificate.at == NULL || add_certificate(list, claims->certificate));
}

cJSON *facts_of(const struct claims *claims)
{
	AUTO(cJSON) *facts = cJSON_CreateObject();

	if (facts == NULL || !add_span(facts, "module_id", claims->module_id) ||
	    !add_timestamp(facts, claims->timestamp_ms) ||
	    !add_span(facts, "digest", claims->digest) || !add_pcrs(facts, &claims->pcrs) ||
	    !add_hex(facts, "public_key", "", claims->public_key) ||
	    !add_hex(facts, "user_data", "", claims->user_data) ||
	    !add_hex(facts, "nonce", "", claims->nonce) ||
	    !add_enclave_hash(facts, &claims->pcrs) || !add_signer(facts, claims->public_key) ||
	    !add_certificates(facts, claims))
		return NULL;
	cJSON *ret = facts;
	facts = NULL;
	return ret;
}

cJSON *facts_of_pcrs(const struct pcrs *pcrs)
{
	cJSON *facts = cJSON_CreateObject();
	cJSON *map = cJSON_AddObjectToObject(facts, "pcrs");
	uint8_t hash[KECCAK_LEN];
	struct buf hex = { 0 };
	bool added = map != NULL;

	for (unsigned i = 0; added && i < PCR_COUNT; i++) {
		char key[12];
		if (!pcrs_has(pcrs, i))
			continue;
		(void)snprintf(key, sizeof(key), "%u", i);
		hex_encode(&hex, pcrs_get(pcrs, i));
		char *text = buf_take_text(&hex);
		added = text != NULL && cJSON_AddStringToObject(map, key, text) != NULL;
		free(text);
	}
	enclave_hash(pcrs->value[0], hash);
	buf_text(&hex, "0x");
	hex_encode(&hex, SPAN_OF(hash));
	char *text = buf_take_text(&hex);
	added = added && text != NULL &&
		cJSON_AddStringToObject(facts, "enclave_hash", text) != NULL;
	free(text);
	if (added)
		return facts;
	cJSON_Delete(facts);
	return NULL;
}
