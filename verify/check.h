/* The named checks. An id is an interface: scripts name it in --require and match on it in JSON.
 * Append, never rename. */
#ifndef VERIFY_CHECK_H
#define VERIFY_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "verify/span.h"

/* Columns: identifier, id. The 32 pcrN.match follow each other, so CHECK_PCR_MATCH + N is
 * pcrN.match. */
// clang-format off
#define CHECK_TABLE(X) \
	X(DOCUMENT_FORM, "document.form") \
	X(CLAIMS_FORM, "claims.form") \
	X(CHAIN_ROOT, "chain.root") \
	X(CHAIN_TIME, "chain.time") \
	X(COSE_SIGNATURE, "cose.signature") \
	X(CLAIMS_AGE, "claims.age") \
	X(NONCE_MATCH, "nonce.match") \
	X(USER_DATA_MATCH, "user_data.match") \
	X(PUBLIC_KEY_MATCH, "public_key.match") \
	X(PCR_DEBUG, "pcr.debug") \
	X(PCR_MATCH, "pcr0.match") \
	X(PCR1_MATCH, "pcr1.match") \
	X(PCR2_MATCH, "pcr2.match") \
	X(PCR3_MATCH, "pcr3.match") \
	X(PCR4_MATCH, "pcr4.match") \
	X(PCR5_MATCH, "pcr5.match") \
	X(PCR6_MATCH, "pcr6.match") \
	X(PCR7_MATCH, "pcr7.match") \
	X(PCR8_MATCH, "pcr8.match") \
	X(PCR9_MATCH, "pcr9.match") \
	X(PCR10_MATCH, "pcr10.match") \
	X(PCR11_MATCH, "pcr11.match") \
	X(PCR12_MATCH, "pcr12.match") \
	X(PCR13_MATCH, "pcr13.match") \
	X(PCR14_MATCH, "pcr14.match") \
	X(PCR15_MATCH, "pcr15.match") \
	X(PCR16_MATCH, "pcr16.match") \
	X(PCR17_MATCH, "pcr17.match") \
	X(PCR18_MATCH, "pcr18.match") \
	X(PCR19_MATCH, "pcr19.match") \
	X(PCR20_MATCH, "pcr20.match") \
	X(PCR21_MATCH, "pcr21.match") \
	X(PCR22_MATCH, "pcr22.match") \
	X(PCR23_MATCH, "pcr23.match") \
	X(PCR24_MATCH, "pcr24.match") \
	X(PCR25_MATCH, "pcr25.match") \
	X(PCR26_MATCH, "pcr26.match") \
	X(PCR27_MATCH, "pcr27.match") \
	X(PCR28_MATCH, "pcr28.match") \
	X(PCR29_MATCH, "pcr29.match") \
	X(PCR30_MATCH, "pcr30.match") \
	X(PCR31_MATCH, "pcr31.match") \
	X(ENCLAVE_HASH_MATCH, "enclave_hash.match") \
	X(EIF_FORM, "eif.form") \
	X(EIF_CRC, "eif.crc") \
	X(EIF_SIGNATURE, "eif.signature") \
	X(ENDPOINT_FETCH, "endpoint.fetch") \
	X(ENDPOINT_TLS, "endpoint.tls") \
	X(BUNDLE_FORM, "bundle.form") \
	X(ONCHAIN_CHAIN_ID, "onchain.chain_id") \
	X(ONCHAIN_BLOCK, "onchain.block") \
	X(ONCHAIN_CODE, "onchain.code") \
	X(ONCHAIN_POINTERS, "onchain.pointers") \
	X(ONCHAIN_PROOF, "onchain.proof") \
	X(ONCHAIN_REGISTERED, "onchain.registered") \
	X(ONCHAIN_SIGNER, "onchain.signer") \
	X(SOURCE_COMMIT, "source.commit") \
	X(SOURCE_SIGNATURE, "source.signature") \
	X(SOURCE_PINS, "source.pins") \
	X(IMAGE_DIGEST, "image.digest") \
	X(IMAGE_FILES, "image.files") \
	X(BUILD_COMPLETED, "build.completed") \
	X(BUILD_INDEPENDENT, "build.independent") \
	X(BUILD_PCRS, "build.pcrs") \
	X(IMAGE_IN_EIF, "image.in_eif") \
	X(STATEMENT_FORM, "statement.form") \
	X(STATEMENT_SIGNATURE, "statement.signature") \
	X(STATEMENT_THRESHOLD, "statement.threshold") \
	X(STATEMENT_COMMIT, "statement.commit") \
	X(STATEMENT_IMAGE, "statement.image")
// clang-format on

enum check {
#define CHECK_ID(id, name) CHECK_##id,
	CHECK_TABLE(CHECK_ID)
#undef CHECK_ID
		CHECK_COUNT
};

/* The id, e.g. "chain.root". Static; never NULL. */
const char *check_name(enum check check);

/* Some of the checks. */
struct check_set {
	bool has[CHECK_COUNT];
};

/* Adds what a --require option names: ids and `prefix.*`, separated by commas. Only checks in
 * `known`, those of the verb, count. On failure *reterr_word is the word that names no such
 * check and *set is unchanged. */
bool check_set_add(struct check_set *set, const struct check_set *known, struct span words,
		   struct span *reterr_word);

#endif
