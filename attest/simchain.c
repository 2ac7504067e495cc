#include "attest/simchain.h"

#include <openssl/core_names.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "verify/basenc.h"
#include "verify/digest.h"
#include "verify/ecdsa.h"

#define REGION "sim-none-1"
#define KEY_ID_LEN 20
#define HOUR_S INT64_C(3600)
#define DAY_S (24 * HOUR_S)
#define LEAF_USE_S (144 * INT64_C(60)) /* how long an enclave's certificate is used again */
#define LEAF_LIFE_S (3 * HOUR_S)

/* Bits of keyUsage (RFC 5280 section 4.2.1.3) */
enum { DIGITAL_SIGNATURE = 0, NON_REPUDIATION = 1, KEY_CERT_SIGN = 5, CRL_SIGN = 6 };

enum name_order { C_O_OU_CN, CN_OU_O_C_ST_L, C_ST_L_O_OU_CN };

#define CA_USAGE (1U << DIGITAL_SIGNATURE | 1U << KEY_CERT_SIGN | 1U << CRL_SIGN)

static const struct level {
	int64_t early_s; /* how long before the moment of issue it is valid */
	int64_t life_s;
	enum name_order order;
	int path_len;   /* below 0: none */
	unsigned usage; /* 1 << bit */
	bool ca; /* with its usage critical, and subject and authority key ids where they apply */
} levels[SIMCHAIN_LEVELS] = {
	[SIMCHAIN_ROOT] = { HOUR_S, 30 * INT64_C(365) * DAY_S, C_O_OU_CN, -1, CA_USAGE, true },
	[SIMCHAIN_REGIONAL] = { 60, 20 * DAY_S + HOUR_S, C_O_OU_CN, 2, CA_USAGE, true },
	[SIMCHAIN_ZONAL] = { 60, 6 * DAY_S, CN_OU_O_C_ST_L, 1, CA_USAGE, true },
	[SIMCHAIN_INSTANCE] = { 60, DAY_S, C_ST_L_O_OU_CN, 0, 1U << KEY_CERT_SIGN, true },
	[SIMCHAIN_LEAF] = { 3, LEAF_LIFE_S + 3, C_ST_L_O_OU_CN, -1,
			    1U << DIGITAL_SIGNATURE | 1U << NON_REPUDIATION, false },
};

static bool put_name(X509_NAME *name, int nid, const char *text)
{
	int type = nid == NID_countryName ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;

	return X509_NAME_add_entry_by_NID(name, nid, type, (const unsigned char *)text, -1, -1,
					  0) == 1;
}

static bool put_attribute(X509_NAME *name, int nid, const char *common)
{
	switch (nid) {
	case NID_countryName:
		return put_name(name, nid, "ZZ");
	case NID_stateOrProvinceName:
	case NID_localityName:
		return put_name(name, nid, "Nowhere");
	case NID_organizationName:
		return put_name(name, nid, "enclavecheck");
	case NID_organizationalUnitName:
		return put_name(name, nid, "simulated");
	default:
		return put_name(name, nid, common);
	}
}

static X509_NAME *make_name(enum name_order order, const char *common)
{
	static const int orders[][7] = {
		[C_O_OU_CN] = { NID_countryName, NID_organizationName, NID_organizationalUnitName,
				NID_commonName, 0 },
		[CN_OU_O_C_ST_L] = { NID_commonName, NID_organizationalUnitName,
				     NID_organizationName, NID_countryName, NID_stateOrProvinceName,
				     NID_localityName, 0 },
		[C_ST_L_O_OU_CN] = { NID_countryName, NID_stateOrProvinceName, NID_localityName,
				     NID_organizationName, NID_organizationalUnitName,
				     NID_commonName, 0 },
	};
	X509_NAME *name = X509_NAME_new();
	bool ok = name != NULL;

	for (size_t i = 0; ok && orders[order][i] != 0; i++)
		ok = put_attribute(name, orders[order][i], common);
	if (ok)
		return name;
	X509_NAME_free(name);
	return NULL;
}

/* The first 160 bits of SHA-256 of the public key's bits (RFC 7093 section 2, method 1). */
static bool key_id(EVP_PKEY *key, uint8_t ret[static KEY_ID_LEN])
{
	uint8_t point[ECDSA_P384_POINT_LEN];
	uint8_t digest[DIGEST_SHA256_LEN];
	size_t len = 0;

	if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					    &len) != 1)
		return false;
	const struct span bits = { point, len };
	if (digest_sha256(&bits, 1, digest) != REASON_OK)
		return false;
	memcpy(ret, digest, KEY_ID_LEN);
	return true;
}

/* The subject of a level; those of the two upper CAs begin with a part of their key's id. */
static X509_NAME *subject_of(const struct simchain *chain, enum simchain_level level)
{
	uint8_t id[KEY_ID_LEN];
	struct buf common = { 0 };
	X509_NAME *name = NULL;

	if (!key_id(chain->keys[level], id))
		return NULL;
	switch (level) {
	case SIMCHAIN_REGIONAL:
		hex_encode(&common, (struct span){ id, 8 });
		buf_text(&common, "." REGION ".");
		break;
	case SIMCHAIN_ZONAL:
		hex_encode(&common, (struct span){ id, 8 });
		buf_text(&common, ".zonal." REGION ".");
		break;
	case SIMCHAIN_INSTANCE:
		buf_printf(&common, "%.*s." REGION ".", SIMCHAIN_INSTANCE_ID_LEN, chain->module_id);
		break;
	case SIMCHAIN_LEAF:
		buf_printf(&common, "%s." REGION ".simulated", chain->module_id);
		break;
	case SIMCHAIN_ROOT:
	case SIMCHAIN_LEVELS:
		break;
	}
	if (level != SIMCHAIN_LEAF)
		buf_text(&common, "simulated.nitro-enclaves");
	char *text = buf_take_text(&common);
	if (text != NULL)
		name = make_name(levels[level].order, text);
	free(text);
	return name;
}

static bool put_basic_constraints(X509 *x509, const struct level *level)
{
	BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
	bool ok = constraints != NULL;

	if (ok) {
		constraints->ca = level->ca ? 0xff : 0;
		if (level->path_len >= 0) {
			constraints->pathlen = ASN1_INTEGER_new();
			ok = constraints->pathlen != NULL &&
			     ASN1_INTEGER_set(constraints->pathlen, level->path_len) == 1;
		}
	}
	ok = ok &&
	     X509_add1_ext_i2d(x509, NID_basic_constraints, constraints, 1, X509V3_ADD_APPEND) == 1;
	BASIC_CONSTRAINTS_free(constraints);
	return ok;
}

static bool put_key_usage(X509 *x509, const struct level *level)
{
	ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();
	bool ok = usage != NULL;

	for (int bit = 0; ok && bit < 9; bit++) {
		if ((level->usage >> bit & 1U) != 0)
			ok = ASN1_BIT_STRING_set_bit(usage, bit, 1) == 1;
	}
	ok = ok && X509_add1_ext_i2d(x509, NID_key_usage, usage, level->ca ? 1 : 0,
				     X509V3_ADD_APPEND) == 1;
	ASN1_BIT_STRING_free(usage);
	return ok;
}

static bool put_subject_key_id(X509 *x509, EVP_PKEY *key)
{
	uint8_t id[KEY_ID_LEN];
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();

	bool ok = octets != NULL && key_id(key, id) &&
		  ASN1_OCTET_STRING_set(octets, id, sizeof(id)) == 1 &&
		  X509_add1_ext_i2d(x509, NID_subject_key_identifier, octets, 0,
				    X509V3_ADD_APPEND) == 1;
	ASN1_OCTET_STRING_free(octets);
	return ok;
}

static bool put_authority_key_id(X509 *x509, EVP_PKEY *issuer)
{
	uint8_t id[KEY_ID_LEN];
	AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
	bool ok = authority != NULL && key_id(issuer, id);

	if (ok) {
		authority->keyid = ASN1_OCTET_STRING_new();
		ok = authority->keyid != NULL &&
		     ASN1_OCTET_STRING_set(authority->keyid, id, sizeof(id)) == 1 &&
		     X509_add1_ext_i2d(x509, NID_authority_key_identifier, authority, 0,
				       X509V3_ADD_APPEND) == 1;
	}
	AUTHORITY_KEYID_free(authority);
	return ok;
}

/* In the order in which AWS's have them: the instance's usage comes before its key ids, and its own id
 * before its issuer's. */
static bool put_extensions(const struct simchain *chain, X509 *x509, enum simchain_level at)
{
	const struct level *level = &levels[at];
	EVP_PKEY *key = chain->keys[at];
	EVP_PKEY *issuer = at == SIMCHAIN_ROOT ? NULL : chain->keys[at - 1];

	if (!put_basic_constraints(x509, level))
		return false;
	if (!level->ca)
		return put_key_usage(x509, level);
	if (at == SIMCHAIN_INSTANCE)
		return put_key_usage(x509, level) && put_subject_key_id(x509, key) &&
		       put_authority_key_id(x509, issuer);
	return (issuer == NULL || put_authority_key_id(x509, issuer)) &&
	       put_subject_key_id(x509, key) && put_key_usage(x509, level);
}

/* A positive number of 127 bits. */
static bool put_serial(const struct simchain *chain, X509 *x509)
{
	uint8_t bytes[16];

	if (!chain->random(bytes, sizeof(bytes)))
		return false;
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);
	BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	bool ok = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL;
	BN_free(number);
	return ok;
}

static bool put_names(const struct simchain *chain, X509 *x509, enum simchain_level at)
{
	X509_NAME *subject = subject_of(chain, at);
	X509_NAME *issuer = subject_of(chain, at == SIMCHAIN_ROOT ? at : at - 1);

	bool ok = subject != NULL && issuer != NULL && X509_set_subject_name(x509, subject) == 1 &&
		  X509_set_issuer_name(x509, issuer) == 1;
	X509_NAME_free(subject);
	X509_NAME_free(issuer);
	return ok;
}

static bool fill(const struct simchain *chain, X509 *x509, enum simchain_level at,
		 int64_t not_before, int64_t not_after)
{
	EVP_PKEY *signer = chain->keys[at == SIMCHAIN_ROOT ? at : at - 1];

	return X509_set_version(x509, X509_VERSION_3) == 1 && put_serial(chain, x509) &&
	       put_names(chain, x509, at) &&
	       ASN1_TIME_set(X509_getm_notBefore(x509), (time_t)not_before) != NULL &&
	       ASN1_TIME_set(X509_getm_notAfter(x509), (time_t)not_after) != NULL &&
	       X509_set_pubkey(x509, chain->keys[at]) == 1 && put_extensions(chain, x509, at) &&
	       X509_sign(x509, signer, EVP_sha384()) > 0;
}

static enum reason issue(struct simchain *chain, enum simchain_level at, int64_t now)
{
	int64_t not_before = now - levels[at].early_s;
	int64_t not_after = not_before + levels[at].life_s;
	unsigned char *der = NULL;
	X509 *x509 = X509_new();
	int len = 0;

	if (x509 != NULL && fill(chain, x509, at, not_before, not_after))
		len = i2d_X509(x509, &der);
	X509_free(x509);
	if (len <= 0)
		return REASON_CRYPTO_FAILED;
	buf_done(&chain->ders[at]);
	buf_add(&chain->ders[at], (struct span){ der, (size_t)len });
	OPENSSL_free(der);
	if (chain->ders[at].failed)
		return REASON_OUT_OF_MEMORY;
	chain->not_before[at] = not_before;
	chain->not_after[at] = not_after;
	return REASON_OK;
}

enum reason simchain_new_keys(struct simchain *chain)
{
	struct buf id = { 0 };
	uint8_t bytes[17];

	if (!chain->random(bytes, sizeof(bytes)))
		return REASON_CRYPTO_FAILED;
	buf_text(&id, "i-");
	hex_encode(&id, (struct span){ bytes, 9 });
	id.len -= 1; /* 17 digits */
	buf_text(&id, "-enc");
	hex_encode(&id, (struct span){ bytes + 9, 8 });
	if (!id.failed)
		memcpy(chain->module_id, id.at, SIMCHAIN_MODULE_ID_LEN);
	bool ok = !id.failed;
	buf_done(&id);
	for (int i = 0; ok && i < SIMCHAIN_LEVELS; i++) {
		chain->keys[i] = EVP_EC_gen("P-384");
		ok = chain->keys[i] != NULL;
	}
	return ok ? REASON_OK : REASON_CRYPTO_FAILED;
}

enum reason simchain_issue_root(struct simchain *chain, int64_t now)
{
	return issue(chain, SIMCHAIN_ROOT, now);
}

/* Whether a certificate that was issued will do for a document made now: the chain of a document must
 * be good for as long as its last certificate. A clock that was set back makes it a new one, too. */
static bool is_fresh(const struct simchain *chain, enum simchain_level at, int64_t now)
{
	int64_t left_s = at == SIMCHAIN_LEAF ? LEAF_LIFE_S - LEAF_USE_S : LEAF_LIFE_S;

	return chain->ders[at].len > 0 && now >= chain->not_before[at] &&
	       now + left_s <= chain->not_after[at];
}

enum reason simchain_refresh(struct simchain *chain, int64_t now)
{
	if (now < chain->not_before[SIMCHAIN_ROOT] ||
	    now + LEAF_LIFE_S > chain->not_after[SIMCHAIN_ROOT])
		return REASON_SIMULATE_TIME;
	for (int i = SIMCHAIN_REGIONAL; i < SIMCHAIN_LEVELS; i++) {
		if (is_fresh(chain, (enum simchain_level)i, now))
			continue;
		enum reason reason = issue(chain, (enum simchain_level)i, now);
		if (reason != REASON_OK)
			return reason;
	}
	return REASON_OK;
}

void simchain_done(struct simchain *chain)
{
	for (int i = 0; i < SIMCHAIN_LEVELS; i++) {
		EVP_PKEY_free(chain->keys[i]);
		buf_done(&chain->ders[i]);
	}
	*chain = (struct simchain){ .random = NULL };
}
