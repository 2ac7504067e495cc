/* The certificate chain of a document, walked in its own order: the pinned root, the
 * intermediates, the leaf. Nothing is searched or reordered and no certificate of the document
 * is ever a trust anchor.
 *
 * For every certificate after the root: its issuer is byte-equal to the subject of the one
 * before it, its authority key id (if any) to that one's subject key id (if any), and that one's
 * key verifies it. No subject stands twice. Every issuer: basicConstraints critical with CA:TRUE,
 * keyUsage with keyCertSign, pathLen not exceeded (none means no limit). The leaf: not a CA, no
 * pathLen, keyUsage with digitalSignature and without keyCertSign. Sources: AWS, "attestation
 * process", section 3.2.3; RFC 5280 section 6.1. */
#ifndef VERIFY_CHAIN_H
#define VERIFY_CHAIN_H

#include <openssl/evp.h>

#include "verify/cert.h"
#include "verify/reason.h"
#include "verify/root.h"
#include "verify/span.h"

#define CHAIN_MAX 17 /* 16 of cabundle and the leaf */

/* Root first, leaf last; borrows from the document. */
struct chain {
	struct cert certs[CHAIN_MAX];
	size_t len;
};

/* Signatures of issuers that were proven before: judging many documents of one host does not
 * verify the same regional, zonal and instance certificates again. An entry binds a
 * certificate's bytes to the key that verified them; names, extensions and times are looked at
 * on every use. Fixed in size; the oldest entry gives way. Start with {0}; owned by the caller;
 * NULL wherever one is asked for means none. */
struct chain_cache {
	struct {
		bool used;
		uint8_t key[DIGEST_SHA256_LEN]; /* of issuer's point || certificate */
	} entries[64];
	size_t next;
};

/* Reads cabundle and leaf and walks them without looking at the time. On success *ret_leaf_key
 * is the leaf's key, which the caller frees. On failure *reterr_index says which certificate is
 * at fault, 0 for the root.
 * REASON_X509_ROOT, _DER, _VERSION, _KEY, _SIGALG, _CRITICAL_EXT, _KEYUSAGE, _CA, _PATHLEN,
 * _LEAF_CA, _LEAF_PATHLEN, _NAME, _AKI, _SIGNATURE; REASON_CRYPTO_FAILED, REASON_OUT_OF_MEMORY. */
enum reason chain_walk(const struct span cabundle[], size_t cabundle_len, struct span leaf,
		       const struct root *root, struct chain_cache *cache, struct chain *ret,
		       EVP_PKEY **ret_leaf_key, size_t *reterr_index) MUST_CHECK;

/* Every certificate, the root too, is valid at this second; both ends belong to the validity.
 * REASON_X509_VALIDITY with the index of the first that is not. */
enum reason chain_valid_at(const struct chain *chain, int64_t at, size_t *reterr_index) MUST_CHECK;

#endif
