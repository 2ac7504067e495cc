/* The collector of evidence on a contract: asks JSON-RPC servers what verify/onchain.h says is to be
 * asked, and puts what they answer into a dossier. It judges nothing, and believes nothing.
 *
 * Servers are asked one after the other: chain id of each, the block of each, then every question at
 * that block's hash (EIP-1898). A server that knows no such objects (ganache) is asked by number; its
 * hash at that number is asked for again after all its answers, which fail when it has changed.
 * For a proof one server is asked after the other until one gives it. */
#ifndef ATTEST_CONTRACT_H
#define ATTEST_CONTRACT_H

#include "attest/http.h"
#include "attest/servers.h"
#include "verify/onchain.h"

/* Which contract, whom to ask, and how. All borrowed. */
struct contract {
	const struct onchain_policy *policy;
	const struct servers *servers;
	struct http_route route; /* without headers: those are an enclave's */
	int64_t timeout_ms;      /* of all that one server is asked, together */
	struct http_clock clock;
	int64_t (*clock_ms)(void); /* milliseconds since 1970; below 0: none */
};

/* Asks everything. *ret_now: the time, seconds since 1970, at which blocks were there, for
 * onchain_judge. Servers that do not answer are told of in the dossier.
 * REASON_CLOCK_FAILED, _OUT_OF_MEMORY. */
enum reason contract_collect(const struct contract *contract, const struct onchain_subject *subject,
			     struct dossier *dossier, int64_t *ret_now) MUST_CHECK;

/* Makes a subject of registers and the public key of a document (of length 0: none). REASON_PCR_MISSING:
 * the family's rule takes a register that is not there. REASON_CRYPTO_FAILED, _OUT_OF_MEMORY. */
enum reason contract_subject(const struct onchain_policy *policy, const struct pcrs *pcrs,
			     struct span public_key, struct onchain_subject *ret) MUST_CHECK;

/* Collects, and adds every onchain.* check to the report, the member `servers` to its JSON
 * (host, usable, trouble or null) and a line for each server that had trouble. Where an earlier check of the report did not
 * pass, or an enclave in debug mode was let through, all are skipped. `subject_reason` is what
 * contract_subject gave. `record` is filled with
 * onchain.json where anything was asked; NULL: nobody keeps it. */
void contract_judge(const struct contract *contract, const struct onchain_subject *subject,
		    enum reason subject_reason, struct report *report, struct buf *record);

#endif
