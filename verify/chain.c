#include "verify/chain.h"

#include <string.h>

#include "verify/auto.h"
#include "verify/ecdsa.h"

static enum reason read_certs(const struct span cabundle[], size_t cabundle_len, struct span leaf,
			      struct chain *ret, size_t *reterr_index)
{
	for (size_t i = 0; i <= cabundle_len; i++) {
		enum reason reason =
			cert_read(i < cabundle_len ? cabundle[i] : leaf, &ret->certs[i]);
		if (reason != REASON_OK) {
			*reterr_index = i;
			return reason;
		}
	}
	ret->len = cabundle_len + 1;
	return REASON_OK;
}

/* What a certificate must allow to stand before `below` others. */
static enum reason judge_issuer(const struct cert *cert, size_t below)
{
	if (!cert->has_basic_constraints || !cert->basic_constraints_critical || !cert->is_ca)
		return REASON_X509_CA;
	if (!cert->has_key_usage || (cert->key_usage & CERT_KEY_CERT_SIGN) == 0)
		return REASON_X509_KEYUSAGE;
	/* pathLen counts the intermediates that follow, and the leaf is none (RFC 5280 section
	 * 4.2.1.9) */
	if (cert->has_path_len && below - 1 > cert->path_len)
		return REASON_X509_PATHLEN;
	return REASON_OK;
}

static enum reason judge_leaf(const struct cert *cert)
{
	if (cert->is_ca)
		return REASON_X509_LEAF_CA;
	if (cert->has_path_len)
		return REASON_X509_LEAF_PATHLEN;
	if (!cert->has_key_usage || (cert->key_usage & CERT_DIGITAL_SIGNATURE) == 0 ||
	    (cert->key_usage & CERT_KEY_CERT_SIGN) != 0)
		return REASON_X509_KEYUSAGE;
	return REASON_OK;
}

/* The names and key ids that tie a certificate to its issuer. */
static enum reason judge_link(const struct cert *issuer, const struct cert *cert)
{
	if (!span_equal(cert->issuer, issuer->subject))
		return REASON_X509_NAME;
	if (cert->authority_key_id.at != NULL && issuer->subject_key_id.at != NULL &&
	    !span_equal(cert->authority_key_id, issuer->subject_key_id))
		return REASON_X509_AKI;
	return REASON_OK;
}

static enum reason judge_links(const struct chain *chain, size_t *reterr_index)
{
	for (size_t i = 1; i < chain->len; i++) {
		enum reason reason = judge_link(&chain->certs[i - 1], &chain->certs[i]);
		if (reason != REASON_OK) {
			*reterr_index = i;
			return reason;
		}
	}
	return REASON_OK;
}

static enum reason judge_roles(const struct chain *chain, size_t *reterr_index)
{
	size_t last = chain->len - 1;

	for (size_t i = 0; i <= last; i++) {
		const struct cert *cert = &chain->certs[i];
		enum reason reason = i < last ? judge_issuer(cert, last - i) : judge_leaf(cert);
		if (reason != REASON_OK) {
			*reterr_index = i;
			return reason;
		}
	}
	return REASON_OK;
}

static bool cache_has(const struct chain_cache *cache, const uint8_t key[static DIGEST_SHA256_LEN])
{
	for (size_t i = 0; cache != NULL && i < sizeof(cache->entries) / sizeof(cache->entries[0]);
	     i++) {
		if (cache->entries[i].used &&
		    memcmp(cache->entries[i].key, key, DIGEST_SHA256_LEN) == 0)
			return true;
	}
	return false;
}

static void cache_put(struct chain_cache *cache, const uint8_t key[static DIGEST_SHA256_LEN])
{
	if (cache == NULL)
		return;
	memcpy(cache->entries[cache->next].key, key, DIGEST_SHA256_LEN);
	cache->entries[cache->next].used = true;
	cache->next = (cache->next + 1) % (sizeof(cache->entries) / sizeof(cache->entries[0]));
}

static enum reason verify_signature(const struct cert *issuer, const struct cert *cert)
{
	uint8_t digest[DIGEST_SHA384_LEN];
	AUTO(EVP_PKEY) *key = NULL;

	enum reason reason = ecdsa_p384_key(issuer->point, &key);
	if (reason != REASON_OK)
		return reason;
	reason = digest_sha384(&cert->tbs, 1, digest);
	if (reason != REASON_OK)
		return reason;
	return ecdsa_p384_verify(key, digest, SPAN_OF(cert->signature), REASON_X509_SIGNATURE);
}

static enum reason verify_signatures(const struct chain *chain, struct chain_cache *cache,
				     size_t *reterr_index)
{
	for (size_t i = 1; i < chain->len; i++) {
		const struct cert *issuer = &chain->certs[i - 1];
		const struct cert *cert = &chain->certs[i];
		const struct span bound[2] = { issuer->point, cert->der };
		uint8_t key[DIGEST_SHA256_LEN];

		enum reason reason = digest_sha256(bound, 2, key);
		if (reason == REASON_OK && !cache_has(cache, key)) {
			reason = verify_signature(issuer, cert);
			if (reason == REASON_OK)
				cache_put(cache, key);
		}
		if (reason != REASON_OK) {
			/* a key that is no point is the issuer's fault */
			*reterr_index = reason == REASON_X509_KEY ? i - 1 : i;
			return reason;
		}
	}
	return REASON_OK;
}

/* A certificate stands once in a path (RFC 5280 section 6.1). Here a name does: nothing but the root
 * issued itself, and who searches the path by names finds this very one. */
static enum reason judge_names(const struct chain *chain, size_t *reterr_index)
{
	for (size_t i = 1; i < chain->len; i++) {
		for (size_t j = 0; j < i; j++) {
			if (span_equal(chain->certs[j].subject, chain->certs[i].subject)) {
				*reterr_index = i;
				return REASON_X509_NAME;
			}
		}
	}
	return REASON_OK;
}

enum reason chain_walk(const struct span cabundle[], size_t cabundle_len, struct span leaf,
		       const struct root *root, struct chain_cache *cache, struct chain *ret,
		       EVP_PKEY **ret_leaf_key, size_t *reterr_index)
{
	struct chain chain = { .len = 0 };
	bool is_root = false;

	*reterr_index = 0;
	if (cabundle_len < 1 || cabundle_len >= CHAIN_MAX)
		return REASON_X509_ROOT;
	enum reason reason = root_matches(root, cabundle[0], &is_root);
	if (reason != REASON_OK)
		return reason;
	if (!is_root)
		return REASON_X509_ROOT;
	reason = read_certs(cabundle, cabundle_len, leaf, &chain, reterr_index);
	if (reason != REASON_OK)
		return reason;
	reason = judge_links(&chain, reterr_index);
	if (reason != REASON_OK)
		return reason;
	reason = judge_roles(&chain, reterr_index);
	if (reason != REASON_OK)
		return reason;
	reason = verify_signatures(&chain, cache, reterr_index);
	if (reason != REASON_OK)
		return reason;
	reason = judge_names(&chain, reterr_index);
	if (reason != REASON_OK)
		return reason;
	*reterr_index = chain.len - 1;
	reason = ecdsa_p384_key(chain.certs[chain.len - 1].point, ret_leaf_key);
	if (reason != REASON_OK)
		return reason;
	*ret = chain;
	return REASON_OK;
}

enum reason chain_valid_at(const struct chain *chain, int64_t at, size_t *reterr_index)
{
	for (size_t i = 0; i < chain->len; i++) {
		if (at < chain->certs[i].not_before || at > chain->certs[i].not_after) {
			*reterr_index = i;
			return REASON_X509_VALIDITY;
		}
	}
	return REASON_OK;
}
