/* Words and digits in what the onchain.* checks say. */
#include "verify/appraise.h"
#include "verify/onchain_judging.h"

void onchain_digits(struct span bytes, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	*ret++ = '0';
	*ret++ = 'x';
	for (size_t i = 0; i < bytes.len; i++) {
		*ret++ = digits[bytes.at[i] >> 4];
		*ret++ = digits[bytes.at[i] & 0x0f];
	}
	*ret = '\0';
}

void onchain_member(struct report *report, const char *key, struct span bytes)
{
	char text[ONCHAIN_HEX_LEN];

	onchain_digits(bytes, text);
	report_member(report, key, text);
}

void onchain_compared(struct report *report, struct span expected, const char *source,
		      struct span actual)
{
	appraise_compared(report, "0x", expected, source, actual);
}

static const char *const strength_names[] = {
	[STRENGTH_CLAIMED] = "claimed",
	[STRENGTH_AGREED] = "agreed",
	[STRENGTH_PROVED] = "proved",
};

const char *strength_name(enum strength strength)
{
	return strength_names[strength];
}
