/* How often documents are handed out: so many a second, and one for a nonce. Fixed in size. */
#ifndef ATTEST_THROTTLE_H
#define ATTEST_THROTTLE_H

#include "verify/digest.h"
#include "verify/reason.h"
#include "verify/span.h"

#define THROTTLE_RATE_MAX 1000 /* documents a second */
#define THROTTLE_NONCES 1024   /* that are remembered; the oldest gives way */

struct throttle {
	unsigned rate;
	int64_t last_ms;
	int64_t credit; /* thousandths of a document, at most those of one second */
	struct {
		bool used;
		uint8_t sha256[DIGEST_SHA256_LEN];
	} nonces[THROTTLE_NONCES];
	size_t next;
};

/* `rate` documents a second, 1..THROTTLE_RATE_MAX, as many at once. Times are in milliseconds of a clock
 * that only goes forward. */
void throttle_start(struct throttle *throttle, unsigned rate, int64_t now_ms);

/* Takes one. False: none is left. */
bool throttle_take(struct throttle *throttle, int64_t now_ms);

/* The digest by which a nonce is remembered. REASON_CRYPTO_FAILED, REASON_OUT_OF_MEMORY. */
enum reason throttle_digest(struct span nonce, uint8_t ret[static DIGEST_SHA256_LEN]) MUST_CHECK;

/* True when a nonce is remembered; and remembers one. */
bool throttle_knows(const struct throttle *throttle,
		    const uint8_t sha256[static DIGEST_SHA256_LEN]);
void throttle_remember(struct throttle *throttle, const uint8_t sha256[static DIGEST_SHA256_LEN]);

#endif
