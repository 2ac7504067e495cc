/* The conductor of the onchain.* checks: a dossier and expectations to checks in a report, in the
 * order chain_id, block, code, pointers, proof, registered, signer.
 *
 * Whoever collects evidence agrees on a block (onchain_agree), then asks what onchain_plan adds until
 * that adds nothing more; the judge walks the same way (verify/inquiry.h) and judges. A pointer that only a call
 * gave proves nothing: a lying server may name a contract whose slot is set.
 *
 * Sources: the command's contract ("Contract checks"); EIP-1186, EIP-1967, EIP-1898. */
#ifndef VERIFY_ONCHAIN_H
#define VERIFY_ONCHAIN_H

#include "verify/document.h"
#include "verify/dossier.h"
#include "verify/registry.h"
#include "verify/report.h"

/* From weak to strong. */
enum strength {
	STRENGTH_CLAIMED, /* one server's word */
	STRENGTH_AGREED,  /* two or more servers, every call the same at the agreed block */
	STRENGTH_PROVED /* storage proofs under an agreed or named block hash, pointers included */
};

/* "claimed", "agreed", "proved". Static. */
const char *strength_name(enum strength strength);

enum block_choice { BLOCK_FINALIZED, BLOCK_SAFE, BLOCK_LATEST, BLOCK_NUMBER, BLOCK_HASH };

enum signer_choice { SIGNER_NONE, SIGNER_ADDRESS, SIGNER_FROM_DOCUMENT };

/* --code-hash proxy=, impl=, inner= */
enum code_pin { CODE_PROXY, CODE_IMPL, CODE_INNER, CODE_PINS };

/* What is expected of a contract. Start with onchain_policy_init. */
struct onchain_policy {
	bool requested;          /* a registry was named */
	struct registry_row row; /* a copy, so that the generic one can be filled from options */
	uint8_t address[DOSSIER_ADDRESS_LEN];
	bool has_service;
	uint8_t service;
	bool has_chain_id;
	uint64_t chain_id;
	enum block_choice block;
	uint64_t block_number;
	uint8_t block_hash[DOSSIER_WORD_LEN];
	size_t quorum;           /* 0: all servers */
	int64_t max_block_age_s; /* below 0: the default for the choice */
	enum strength min_strength;
	bool has_code_pin[CODE_PINS];
	uint8_t code_pin[CODE_PINS][DOSSIER_WORD_LEN];
	bool has_inner;
	uint8_t inner[DOSSIER_ADDRESS_LEN];
	enum signer_choice signer;
	uint8_t signer_address[DOSSIER_ADDRESS_LEN];
};

void onchain_policy_init(struct onchain_policy *policy);

/* What is looked up: a key, and the registers where they are known (HASH arguments give none). */
struct onchain_subject {
	bool has_key; /* false: checks from onchain.registered on need what `lacks` names */
	uint8_t key[DOSSIER_WORD_LEN];
	const struct pcrs *pcrs; /* NULL: unknown */
	bool has_signer;
	uint8_t signer[DOSSIER_ADDRESS_LEN];
	enum check lacks; /* the check that did not pass, e.g. pcr0.match */
};

/* What a judged document is looked up by: the key of its registers, and the signer that the policy asks
 * for. Where a check in the report failed or is in error there is no key, for the document's registers
 * are not known to be true. *ret borrows from the document. REASON_PCR_MISSING: the family's rule takes a
 * register that the document does not have; REASON_CRYPTO_FAILED, _OUT_OF_MEMORY. */
enum reason onchain_subject_of(const struct onchain_policy *policy, const struct document *document,
			       const struct report *report, struct onchain_subject *ret) MUST_CHECK;

/* The block that enough servers agree on. Pure over what the dossier holds. */
struct onchain_block {
	enum reason reason; /* REASON_OK, or why there is none */
	uint64_t number;
	uint8_t hash[DOSSIER_WORD_LEN];
	int64_t time_s;
	bool has_state_root; /* the header was understood and hashes to `hash` */
	uint8_t state_root[DOSSIER_WORD_LEN];
	size_t n_agree;
	const char
		*culprit; /* the server that is why there is none; borrowed; NULL: no single one */
};
void onchain_agree(const struct dossier *dossier, const struct onchain_policy *policy, int64_t now,
		   struct onchain_block *ret);

/* How old a block may be, seconds: as given, or the default for the choice. Of a record, whose block the
 * judge names, no age is asked. */
int64_t onchain_block_age(const struct onchain_policy *policy);

/* Adds what is still to be asked under an agreed block. *ret_more: some question has a server without
 * an answer: ask each usable server what it was not asked yet, of QUESTION_PROOF one server after the
 * other until one gives a proof; then call again. REASON_OUT_OF_MEMORY. */
enum reason onchain_plan(struct dossier *dossier, const struct onchain_policy *policy,
			 const struct onchain_subject *subject, const struct onchain_block *block,
			 bool *ret_more) MUST_CHECK;

/* The checks that onchain_judge can add. */
struct check_set onchain_checks(void);

/* Adds every one of them where there is no dossier that could be judged: onchain.chain_id fails with
 * `reason`, or is in error when `unreadable`, and the rest needs it. `message` may be NULL. */
void onchain_refuse(const struct onchain_policy *policy, enum reason reason, bool unreadable,
		    const char *message, struct report *report);

/* Adds every one of them. With policy->requested false all are skipped as not requested, and dossier
 * may be NULL. An answer that is missing is as good as none. */
void onchain_judge(struct dossier *dossier, const struct onchain_policy *policy,
		   const struct onchain_subject *subject, int64_t now, struct report *report);

#endif
