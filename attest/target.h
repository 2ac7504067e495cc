/* Monitored enclaves: what to ask of each, how, and what to expect; and the file that lists them.
 *
 *   {"schema": 1, "defaults": {...}, "targets": [{"name": "batcher", "url": "https://...", ...}, ...]}
 *
 * A key is a long option of `check` with _ for -: a flag is true or false, seconds and counts are numbers or
 * digits, what may be repeated is a string or a list of them. What to expect stands in the object
 * `expect` (pcrs, eif, pcr, enclave_hash, user_data, public_key, role_arn, instance_id, signing_cert; pcr is an object,
 * {"0": HEX or [HEX, ...]}). A target takes from `defaults` what it does not say itself; its own `expect` replaces
 * that of the defaults whole, so that what names an image stands in one place. The contract stands in the object
 * `onchain`, of which a target may say some keys and the defaults the others. null means: not given, not by the
 * defaults either. Paths that do not begin with / go from the folder of the file. */
#ifndef ATTEST_TARGET_H
#define ATTEST_TARGET_H

#include "attest/ask.h"
#include "attest/jsonoption.h"
#include "attest/servers.h"
#include "verify/chain.h"
#include "verify/contract_options.h"
#include "verify/policy.h"

#define TARGETS_MAX 1024
#define TARGET_NAME_MAX 64 /* of a target of a file: [A-Za-z0-9._-] */

struct target {
	const char *name; /* unique among its targets; a URL's is the URL */
	const char *url;
	const struct ask *ask; /* settled; own_ask, or shared with other targets */
	const struct policy *policy;
	const struct onchain_policy *contract; /* with requested false: none is asked about */
	const struct servers *servers;
	struct ask own_ask;
	struct policy own_policy;
	struct contract_options own_contract;
	struct servers own_servers;
	struct chain_cache cache;
};

/* Start with {0}, end with targets_done. */
struct targets {
	struct target *list; /* owned, with n entries that stay where they are */
	size_t n;
	cJSON *tree; /* what they borrow from */
	struct textlist texts;
};

/* The URLs of a command line, all asked and judged as `alike` says. Borrows everything. False: out of memory. */
bool targets_of_urls(const char *const *urls, size_t n, const struct target *alike,
		     struct targets *ret);

void targets_done(struct targets *targets);

/* Whether a document that meets the policy can only be of a certain image: PCR0, ENCLAVE_HASH, or PCR1 and PCR2,
 * whichever of the sets it meets. (A contract names one, too.) */
bool target_names_image(const struct policy *policy);

#endif
