/* What is kept of one judged target for those who watch: exports and the state file. Taken from a concluded
 * report; owns nothing and borrows nothing but the names of reasons. */
#ifndef ATTEST_SAMPLE_H
#define ATTEST_SAMPLE_H

#include "verify/claims.h"
#include "verify/report.h"

#define SAMPLE_CERTIFICATES 4 /* of a document of AWS: root, region, zone, instance */

/* How one check went. */
enum sample_check { SAMPLE_ABSENT, SAMPLE_SKIP, SAMPLE_PASS, SAMPLE_FAIL, SAMPLE_ERROR };

enum sample_registered { SAMPLE_NOT_JUDGED, SAMPLE_REGISTERED, SAMPLE_NOT_REGISTERED };

struct sample {
	enum verdict verdict;
	enum sample_check checks[CHECK_COUNT];
	bool required[CHECK_COUNT];
	bool has_bad; /* the check that the verdict line names: */
	enum check bad;
	enum reason reason; /* its reason, or that of the verdict; REASON_OK: none */
	bool has_time;
	int64_t at;         /* judged, seconds since 1970 */
	int64_t took_ms;    /* the exchange and judging it */
	int64_t timeout_ms; /* of the exchange */
	bool debug;
	char root[12];      /* "aws", or the first 8 hex digits of another one's SHA-256 */
	char weakened[256]; /* as on the verdict line; "": nothing weakens it */
	bool has_age;
	int64_t age_s;
	int64_t max_age_s;
	bool has_not_after;
	int64_t not_after; /* the first end of a certificate of the chain */
	/* What is proven, as text; "": unknown. */
	char pcr0[2 * PCR_LEN + 1];
	char enclave_hash[2 * KECCAK_LEN + 3];
	char module_id[CLAIMS_MODULE_ID_MAX + 1];
	char certificates[SAMPLE_CERTIFICATES][65]; /* SHA-256, root first, without the leaf */
	enum sample_registered registered;
	char strength[16];
	bool at_quorum; /* no more servers answer than must, while others were asked */
};

/* Whom a watcher knows by what name. */
struct sampled {
	const char *name;
	const struct sample *sample;
	int64_t last_success; /* seconds since 1970; 0: never */
};

/* What a report was judged by, as far as it counts here. */
struct sample_policy {
	const struct check_set *require;
	int64_t max_age_s;
	size_t quorum; /* of the contract's servers; 0: all */
};

/* Took and timeout are the caller's to fill in. False: memory ran out, and a pass would be said without what
 * weakens it. */
bool sample_take(const struct report *report, const struct sample_policy *policy,
		 struct sample *ret) MUST_CHECK;

#endif
