#include "attest/throttle.h"

#include <string.h>

#define ONE 1000 /* thousandths */

void throttle_start(struct throttle *throttle, unsigned rate, int64_t now_ms)
{
	*throttle = (struct throttle){ .rate = rate, .last_ms = now_ms };
	throttle->credit = (int64_t)rate * ONE;
}

bool throttle_take(struct throttle *throttle, int64_t now_ms)
{
	int64_t most = (int64_t)throttle->rate * ONE;
	int64_t passed_ms = now_ms - throttle->last_ms;

	/* a second fills it: more passed time means no more, and cannot overflow */
	if (passed_ms > 1000)
		passed_ms = 1000;
	if (passed_ms > 0) {
		throttle->credit += passed_ms * (int64_t)throttle->rate;
		throttle->last_ms = now_ms;
	}
	if (throttle->credit > most)
		throttle->credit = most;
	if (throttle->credit < ONE)
		return false;
	throttle->credit -= ONE;
	return true;
}

enum reason throttle_digest(struct span nonce, uint8_t ret[static DIGEST_SHA256_LEN])
{
	return digest_sha256(&nonce, 1, ret);
}

bool throttle_knows(const struct throttle *throttle, const uint8_t sha256[static DIGEST_SHA256_LEN])
{
	for (size_t i = 0; i < THROTTLE_NONCES; i++) {
		if (throttle->nonces[i].used &&
		    memcmp(throttle->nonces[i].sha256, sha256, DIGEST_SHA256_LEN) == 0)
			return true;
	}
	return false;
}

void throttle_remember(struct throttle *throttle, const uint8_t sha256[static DIGEST_SHA256_LEN])
{
	throttle->nonces[throttle->next].used = true;
	memcpy(throttle->nonces[throttle->next].sha256, sha256, DIGEST_SHA256_LEN);
	throttle->next = (throttle->next + 1) % THROTTLE_NONCES;
}
