/* The appraisal policy (RFC 9334): what is expected of a document, and what may be waived.
 *
 * Reference values come from sources, and every source must match:
 *  - repeats of --pcr for one register are alternatives: one of them must match;
 *  - each file is one whole set, and one of the sets must match entirely (a rolling deployment has two);
 *  - what is derived from a role ARN, an instance id or a signing certificate, and --enclave-hash, stand
 *    alone. */
#ifndef VERIFY_POLICY_H
#define VERIFY_POLICY_H

#include "verify/check.h"
#include "verify/claims.h"
#include "verify/pcr.h"
#include "verify/reason.h"
#include "verify/root.h"
#include "verify/span.h"

enum policy_group {
	POLICY_ALTERNATIVE, /* --pcr */
	POLICY_SET,         /* --pcrs */
	POLICY_ALONE        /* the rest */
};

/* Reference values from one source. */
struct policy_source {
	enum policy_group group;
	char *name; /* for the report: "pcr.json", "--pcr"; owned */
	struct pcrs pcrs;
	bool has_enclave_hash;
	uint8_t enclave_hash[KECCAK_LEN];
};

/* Bytes that a claim must equal. */
struct policy_bytes {
	bool expected;
	struct buf bytes; /* may be of length 0 */
	const char *from; /* for the report, static; NULL: the option of that name */
};

enum policy_time { POLICY_NOW, POLICY_AT, POLICY_DOCUMENT };

/* By what freshness can be shown. */
enum policy_freshness {
	POLICY_FRESH_AS_ASKED, /* --nonce and --max-age, where they are given */
	POLICY_FRESH_BY_AGE,   /* the endpoint carries no nonce: nonce.match is a skip */
	POLICY_FRESH_NEVER     /* a record: claims.age and nonce.match may fail, never pass */
};

#define POLICY_SOURCES_MAX 128
#define POLICY_NO_MAX_AGE (-1)

/* Start with policy_init, end with policy_done. */
struct policy {
	struct root root;
	enum policy_time time;
	int64_t at;        /* with POLICY_AT, seconds since 1970 */
	int64_t max_age_s; /* or POLICY_NO_MAX_AGE */
	int64_t max_skew_s;
	enum policy_freshness freshness;
	bool allow_debug;
	const struct claims_limits *limits; /* static */
	struct policy_bytes nonce;
	struct policy_bytes user_data;
	struct policy_bytes public_key;
	struct policy_source *sources; /* owned, with n_sources entries */
	size_t n_sources;
	struct check_set require;
};

/* The strict policy that expects nothing: AWS's root, judged now, no limit of age, a skew of 60
 * s. */
void policy_init(struct policy *policy);
void policy_done(struct policy *policy);

/* A copy that may be given further sources. End *ret with policy_done in any case. REASON_OUT_OF_MEMORY. */
enum reason policy_copy(const struct policy *from, struct policy *ret) MUST_CHECK;

/* Adds a source that expects nothing yet, owned by the policy. NULL: out of memory, or
 * POLICY_SOURCES_MAX sources already. The pointer is good until the next one is added. */
struct policy_source *policy_add_source(struct policy *policy, enum policy_group group,
					struct span name);

/* How one reference value compares with evidence. */
struct policy_match {
	enum reason reason;   /* REASON_OK, _PCR_MISMATCH, _PCR_MISSING, _ENCLAVE_HASH_MISMATCH */
	struct span expected; /* borrowed from the policy */
	const char *source;
	bool from_set; /* the source is a file of registers */
};

/* The set that is held against these registers: one that matches entirely, else the one with the
 * fewest mismatches; among equals one that names the image, then the first. NULL: no set is
 * expected. */
const struct policy_source *policy_choose_set(const struct policy *policy,
					      const struct pcrs *actual);

/* True when some source expects this register; `set` is from policy_choose_set. */
bool policy_expects_pcr(const struct policy *policy, const struct policy_source *set,
			unsigned index);

/* Holds every source that expects this register against its value (absent: REASON_PCR_MISSING). */
struct policy_match policy_judge_pcr(const struct policy *policy, const struct policy_source *set,
				     unsigned index, const struct pcrs *actual);

/* Likewise for ENCLAVE_HASH; PCR0 must be present in `actual`, else it does not match. */
bool policy_expects_enclave_hash(const struct policy *policy, const struct policy_source *set);
struct policy_match policy_judge_enclave_hash(const struct policy *policy,
					      const struct policy_source *set,
					      const struct pcrs *actual);

#endif
