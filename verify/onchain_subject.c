#include <string.h>

#include "verify/facts.h"
#include "verify/onchain.h"

enum reason onchain_subject_of(const struct onchain_policy *policy, const struct document *document,
			       const struct report *report, struct onchain_subject *ret)
{
	const struct claims *claims = &document->claims;
	struct onchain_subject subject = { .has_key = false };

	/* a contract's word on registers that nothing stands behind would look like an answer */
	if (report_has_fault(report, &subject.lacks)) {
		*ret = subject;
		return REASON_OK;
	}
	if (!document->genuine) {
		subject.lacks = document->lacks;
		*ret = subject;
		return REASON_OK;
	}
	enum reason reason = registry_key(policy->row.rule, &claims->pcrs, subject.key);
	if (reason != REASON_OK)
		return reason;
	subject.has_key = true;
	subject.pcrs = &claims->pcrs;
	if (policy->signer == SIGNER_ADDRESS) {
		subject.has_signer = true;
		memcpy(subject.signer, policy->signer_address, sizeof(subject.signer));
	} else if (policy->signer == SIGNER_FROM_DOCUMENT) {
		subject.has_signer = facts_signer(claims->public_key, subject.signer);
	}
	*ret = subject;
	return REASON_OK;
}
