/* The conductor: an attestation document and a policy to a report, check by check in the order
 * of the format. A check whose ground did not hold is skipped and names what it needs. */
#ifndef VERIFY_DOCUMENT_H
#define VERIFY_DOCUMENT_H

#include "verify/chain.h"
#include "verify/check.h"
#include "verify/claims.h"
#include "verify/cose.h"
#include "verify/policy.h"
#include "verify/report.h"

#define DOCUMENT_FILE_MAX ((size_t)256 * 1024) /* bytes of a file, before any decoding of text */

/* How a document came apart, as far as it did. Borrows from the bytes that were judged. */
struct document {
	bool has_cose;
	struct cose cose;
	bool has_claims;
	struct claims claims;
	bool genuine; /* chain.root, chain.time and cose.signature passed: the claims are proven */
	enum check lacks; /* if not: the first check that did not pass */
};

/* What speaks where no document came: the registers of an image, say. */
struct document_stand_in {
	const struct pcrs *pcrs;
	const char *carrier;         /* what holds them: "image", "statement" */
	const struct policy *policy; /* what they are held against: not itself */
	bool measured;               /* by ourselves */
};

/* The checks that document_judge can add to a report. */
struct check_set document_checks(void);

/* Judges binary bytes. Adds every one of document_checks to the report, but of pcrN.match only
 * those that are expected or required, and the facts. Does not conclude: other conductors may
 * add theirs. `now` is in seconds since 1970; `cache` may be NULL. *ret is always written. */
void document_judge(struct span bytes, const struct policy *policy, int64_t now,
		    struct chain_cache *cache, struct report *report, struct document *ret);

/* Adds the same checks for a file that held no binary document: document.form fails with
 * `reason`, or is in error when `unreadable`, and the rest needs it. */
void document_refuse(const struct policy *policy, int64_t now, enum reason reason, bool unreadable,
		     struct report *report);

/* Adds the same checks where there are no bytes at all because `needed`, which stands in the report
 * already, did not pass: all are skipped. */
void document_lack(const struct policy *policy, int64_t now, enum check needed,
		   struct report *report);

/* The same, but that pcrN.match and enclave_hash.match tell of what stands in. NULL: nothing does. */
void document_lack_for(const struct document_stand_in *stand_in, const struct policy *policy,
		       int64_t now, enum check needed, struct report *report);

#endif
