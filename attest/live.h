/* The conductor of `check`: one running enclave asked with a fresh nonce, its answer judged check by
 * check: endpoint.fetch, those of a document, endpoint.tls, onchain.* for its registers. */
#ifndef ATTEST_LIVE_H
#define ATTEST_LIVE_H

#include "attest/ask.h"
#include "attest/contract.h"
#include "verify/chain.h"
#include "verify/document.h"
#include "verify/report.h"

/* How targets are asked and judged. Only the cache is written to: what shares the rest may be asked by
 * several threads at once, each with a cache of its own. */
struct live {
	const struct ask *ask;           /* settled */
	const struct policy *policy;     /* without a nonce: each question has its own */
	const struct contract *contract; /* what its servers are asked, if anything */
	struct http_clock clock;
	int64_t (*clock_ms)(void);                /* milliseconds since 1970; below 0: none */
	bool (*random)(uint8_t *ret, size_t len); /* false: there is none */
	struct chain_cache *cache;
	const struct document_stand_in *stand_in; /* where no document comes; NULL: nothing does */
	const char *unanswered; /* what that means to a person, static; NULL: nothing was judged */
};

/* What came, for those who keep it. Start with {0}, end with live_evidence_done. */
struct live_evidence {
	bool has_document;
	bool genuine;     /* the document is proven, and so are */
	struct pcrs pcrs; /* these registers */
	struct buf document;
	struct buf nonce; /* empty: the profile carries none */
	struct buf
		user_data;   /* what it must be, with profiles that bind the exchange; else empty */
	struct buf peer_der; /* empty over http */
	struct buf onchain;  /* onchain.json; empty: no server was asked */
	int64_t at;          /* the judged time, seconds since 1970 */
};
void live_evidence_done(struct live_evidence *evidence);

/* The checks that live_judge can add. */
struct check_set live_checks(void);

/* Asks one URL and adds every check to the report, without concluding it. Ends within
 * ask->timeout_ms, for the enclave and each server of the contract, and what judging takes. */
void live_judge(const struct live *live, const char *url, struct report *report,
		struct live_evidence *ret);

#endif
