/* A contract that a JSON object names, as recipes have it, and whether it accepts an image: the checks
 * onchain.*. The keys are the long options of enclave-attest with _ for -, and mean the same. */
#ifndef ATTEST_REGISTRATION_H
#define ATTEST_REGISTRATION_H

#include "attest/contract.h"
#include "verify/contract_options.h"
#include "verify/pcr.h"

/* Borrows from the object. Start with registration_read or registration_start, end with registration_done in any
 * case. */
struct registration {
	struct contract_options options;
	struct servers servers;
	struct buf numbers; /* texts of values that stand as numbers */
	bool needed;        /* an object was there: a contract is to be judged */
	bool given[CONTRACT_END -
		   CONTRACT_REGISTRY]; /* by the command line, in the place of keys */
	bool servers_given;
};

/* Reads the object; with NULL no contract is asked for. False: what is wrong was said on stderr. */
bool registration_read(const char *program, const cJSON *object, struct registration *ret);
void registration_done(struct registration *registration);

/* The same in steps, for verbs that have these options, too, which then stand in the place of the same keys: options
 * one by one, the object (NULL: none), and what only all together show; `has_document`: an enclave is asked, whose
 * document may name the signer; `allow_plain`: servers by http elsewhere, too. --rpc or --rpc-file stands in the place
 * of both keys. False: said on stderr. */
void registration_start(struct registration *ret);
bool registration_apply(const char *program, struct registration *registration, int id,
			const char *value);
bool registration_add(const char *program, const cJSON *object, struct registration *registration);
bool registration_settle(const char *program, struct registration *registration, bool has_document,
			 bool allow_plain);

/* Asks the servers and adds every onchain.* check; none where there is no contract. `pcrs`: as measured;
 * NULL: there is no image, and `lacks` says which check did not pass. */
void registration_judge(const struct registration *registration, const struct http_clock *clock,
			int64_t (*clock_ms)(void), const struct pcrs *pcrs, enum check lacks,
			struct report *report);

#endif
