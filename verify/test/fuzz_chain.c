/* A chain: for each certificate its length in two bytes, big-endian, and its DER; the root first,
 * the leaf last. The first one is pinned, so that the walk goes on. What is accepted, OpenSSL
 * accepts. */
#include <stdio.h>
#include <stdlib.h>

#include "verify/chain.h"
#include "verify/test/differential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

/* The certificates; one more than a chain holds is enough. */
static size_t split(struct span input, struct span ret[CHAIN_MAX + 1])
{
	size_t n = 0;
	uint64_t len;

	while (n <= CHAIN_MAX && span_be(&input, 2, &len) &&
	       span_take(&input, (size_t)len, &ret[n]))
		n++;
	return n;
}

/* Any second of which chain_valid_at says yes: the ends, and one between them. */
static void compare_at(const struct chain *chain)
{
	int64_t first = INT64_MIN;
	int64_t last = INT64_MAX;
	size_t index;

	for (size_t i = 0; i < chain->len; i++) {
		first = chain->certs[i].not_before > first ? chain->certs[i].not_before : first;
		last = chain->certs[i].not_after < last ? chain->certs[i].not_after : last;
	}
	if (first > last) {
		demand(chain_valid_at(chain, first, &index) == REASON_X509_VALIDITY,
		       "an empty time");
		return;
	}
	const int64_t times[] = { first, first + (last - first) / 2, last };
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		demand(chain_valid_at(chain, times[i], &index) == REASON_OK, "valid at both ends");
		const char *difference = differential_chain(chain, times[i]);
		demand(difference == NULL, difference);
	}
	demand(chain_valid_at(chain, first - 1, &index) == REASON_X509_VALIDITY, "valid before");
	demand(chain_valid_at(chain, last + 1, &index) == REASON_X509_VALIDITY, "valid after");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span certs[CHAIN_MAX + 1];
	struct root root = { .is_aws = false };
	struct chain chain;
	struct chain_cache cache = { 0 };
	EVP_PKEY *key = NULL;
	EVP_PKEY *again = NULL;
	size_t index = SIZE_MAX;

	size_t n = split((struct span){ data, size }, certs);
	if (n == 0 || digest_sha256(&certs[0], 1, root.sha256) != REASON_OK)
		return 0;
	enum reason reason =
		chain_walk(certs, n - 1, certs[n - 1], &root, &cache, &chain, &key, &index);
	demand((reason == REASON_OK) == (key != NULL), "a key and a failure");
	demand(reason == REASON_OK || index < n, "the index of no certificate");
	if (reason == REASON_OK) {
		demand(chain.len == n, "fewer certificates than were given");
		/* once more, now with all signatures in the cache */
		demand(chain_walk(certs, n - 1, certs[n - 1], &root, &cache, &chain, &again,
				  &index) == REASON_OK,
		       "a cache that changes the answer");
		compare_at(&chain);
	}
	EVP_PKEY_free(key);
	EVP_PKEY_free(again);
	return 0;
}
