/* The certificates of a simulated enclave: a root and four levels below it with the names' order, the
 * string types, extensions, key usages and lifetimes of AWS's (regional, zonal, instance, enclave), and
 * with names that say what they are. There are no distribution points, for there is no CRL.
 *
 * The keys are kept; certificates below the root are issued from them when a document needs them: the
 * enclave's own lives three hours, as AWS's does, and is used again for 144 minutes. */
#ifndef ATTEST_SIMCHAIN_H
#define ATTEST_SIMCHAIN_H

#include <openssl/evp.h>

#include "verify/reason.h"
#include "verify/span.h"

enum simchain_level {
	SIMCHAIN_ROOT,
	SIMCHAIN_REGIONAL,
	SIMCHAIN_ZONAL,
	SIMCHAIN_INSTANCE,
	SIMCHAIN_LEAF,
	SIMCHAIN_LEVELS
};

/* "i-" 17 hex digits "-enc" 16 hex digits; the first 19 characters are the instance's id. */
#define SIMCHAIN_MODULE_ID_LEN 39
#define SIMCHAIN_INSTANCE_ID_LEN 19

/* Start with {0} and simchain_new_keys, or with keys and a root that were kept; end with
 * simchain_done. */
struct simchain {
	EVP_PKEY *keys[SIMCHAIN_LEVELS];     /* owned */
	struct buf ders[SIMCHAIN_LEVELS];    /* empty: not issued yet */
	int64_t not_before[SIMCHAIN_LEVELS]; /* seconds since 1970 */
	int64_t not_after[SIMCHAIN_LEVELS];
	char module_id[SIMCHAIN_MODULE_ID_LEN + 1];
	bool (*random)(uint8_t *ret, size_t len); /* for serial numbers */
};

/* Makes the keys and the module's id. REASON_CRYPTO_FAILED. */
enum reason simchain_new_keys(struct simchain *chain) MUST_CHECK;

/* Issues the root, valid from an hour before `now` (seconds since 1970) for 30 years.
 * REASON_CRYPTO_FAILED, REASON_OUT_OF_MEMORY. */
enum reason simchain_issue_root(struct simchain *chain, int64_t now) MUST_CHECK;

/* Sees to it that there is a certificate on every level that is good for a document made now, and for
 * judging it as long as one of AWS's. REASON_SIMULATE_TIME: the root is not valid now;
 * REASON_CRYPTO_FAILED, REASON_OUT_OF_MEMORY. */
enum reason simchain_refresh(struct simchain *chain, int64_t now) MUST_CHECK;

void simchain_done(struct simchain *chain);

#endif
