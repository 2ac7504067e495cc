/* The options that say what is expected of a contract, turned into a struct onchain_policy. Shared by
 * every verb of every program that judges one, so that an option means the same everywhere.
 *
 * Start with contract_start, apply each option in any order, then contract_finish: what fits together
 * is known only when all of them were read. Nothing is owned. */
#ifndef VERIFY_CONTRACT_OPTIONS_H
#define VERIFY_CONTRACT_OPTIONS_H

#include "verify/cli.h"
#include "verify/onchain.h"

enum contract_option {
	CONTRACT_REGISTRY = 200,
	CONTRACT_CHAIN_ID,
	CONTRACT_SERVICE,
	CONTRACT_BLOCK,
	CONTRACT_MIN_STRENGTH,
	CONTRACT_CODE_HASH,
	CONTRACT_INNER,
	CONTRACT_SIGNER,
	CONTRACT_SELECTOR,
	CONTRACT_VALUE,
	CONTRACT_SLOT,
	CONTRACT_HASH_RULE,
	/* for verbs that ask servers */
	CONTRACT_QUORUM,
	CONTRACT_MAX_BLOCK_AGE,
	CONTRACT_END
};

/* The first 12 rows are for records too, the last two only where servers are asked. */
#define CONTRACT_OPTIONS 14
#define CONTRACT_RECORD_OPTIONS 12
extern const struct cli_option contract_options[CONTRACT_OPTIONS];

struct contract_options {
	struct onchain_policy policy;                 /* good after contract_finish */
	bool given[CONTRACT_END - CONTRACT_REGISTRY]; /* by enum contract_option */
	/* of the generic registry */
	uint32_t selector;
	enum registry_value value;
	struct registry_slot slot;
	enum hash_rule rule;
};

/* Where the options are used. */
struct contract_use {
	bool is_record;    /* a bundle: no server is asked */
	size_t n_servers;  /* that are asked, counted by host; 0 with is_record */
	bool has_key;      /* a HASH was given, which is the key */
	bool has_document; /* --signer from-document has one to take it from */
};

/* The word of --service for a value of struct onchain_policy. Static. */
const char *contract_service_name(uint8_t service);

void contract_start(struct contract_options *options);

/* Applies one option; its form alone is judged. False: what is wrong was said on stderr. */
bool contract_apply(const char *program, struct contract_options *options, int id,
		    const char *value);

/* Makes the policy whole. False: what does not fit together was said on stderr:
 *  - any of these options without --registry (then the policy stays not requested, when none is given);
 *  - no --chain-id where servers are asked; a --quorum of more than there are;
 *  - --service where the family has none, or none where it has;
 *  - --inner, or a code hash of inner or impl, where the family has no such contract;
 *  - the generic registry without selector, value and rule, or its options for another one;
 *  - a rule of raw where no HASH is the key;
 *  - --block other than a HASH for a record;
 *  - --signer from-document without one. */
bool contract_finish(const char *program, struct contract_options *options,
		     const struct contract_use *use);

/* Reads "0x" and 40 digits, in capitals and small ones as EIP-55 has them, or in one case. False: it is
 * none, or the zero address, or its capitals are wrong; *reterr then says which, static text. */
bool contract_address(const char *text, uint8_t ret[static DOSSIER_ADDRESS_LEN],
		      const char **reterr);

/* Reads a HASH to look up: "0x" and 64 digits. False: it is none, or one that must never be expected
 * (enclave_hash_is_refused); said on stderr. */
bool contract_hash(const char *program, const char *text, uint8_t ret[static DOSSIER_WORD_LEN]);

#endif
