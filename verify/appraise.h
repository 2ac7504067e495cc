/* Registers held against a policy: the checks pcrN.match and enclave_hash.match, which every
 * conductor ends with. */
#ifndef VERIFY_APPRAISE_H
#define VERIFY_APPRAISE_H

#include "verify/policy.h"
#include "verify/report.h"

struct appraisal {
	const struct policy *policy;
	struct report *report;
	const char *carrier;     /* what holds the registers: "document", "image" */
	const struct pcrs *pcrs; /* as far as they are known */
	bool grounded;           /* all held on which the registers rest */
	enum check lacks;        /* if not: the first check that did not pass */
	bool measured;           /* by ourselves: a file that says otherwise is what is wrong */
};

/* Adds pcrN.match for every register that is expected or required, then enclave_hash.match. */
void appraise_registers(const struct appraisal *appraisal);

/* Adds two values in hex, each after `prefix`, to the check added last. `actual` of NULL is
 * "null". */
void appraise_compared(struct report *report, const char *prefix, struct span expected,
		       const char *source, struct span actual);

#endif
