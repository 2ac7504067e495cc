/* What the steps of the onchain.* conductor hand on to each other. For verify/onchain*.c alone. */
#ifndef VERIFY_ONCHAIN_JUDGING_H
#define VERIFY_ONCHAIN_JUDGING_H

#include "verify/inquiry.h"

struct onchain_judging {
	struct dossier *dossier;
	const struct onchain_policy *policy;
	const struct onchain_subject *subject;
	int64_t now;
	struct report *report;
	struct onchain_block block;
	struct inquiry inquiry;
	bool pointers_shown; /* each one proven or pinned, or there are none */
};

/* Each adds its check. False: those that follow need it. */
bool onchain_judge_pointers(struct onchain_judging *j);
bool onchain_judge_proof(struct onchain_judging *j);
bool onchain_judge_registered(struct onchain_judging *j);
void onchain_judge_signer(struct onchain_judging *j);

/* "0x" and lower-case digits, with a NUL: 2 * len + 3 characters. */
#define ONCHAIN_HEX_LEN (2 + 2 * DOSSIER_WORD_LEN + 1)
void onchain_digits(struct span bytes, char *ret);

/* To the check added last: a member, or the two values compared; at most 32 bytes each. */
void onchain_member(struct report *report, const char *key, struct span bytes);
void onchain_compared(struct report *report, struct span expected, const char *source,
		      struct span actual);

#endif
