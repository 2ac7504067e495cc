/* JSON-RPC 2.0 over HTTP, strictly: one request at a time, no batches.
 *
 * An answer counts when it is one JSON object with "jsonrpc": "2.0", the id that was sent (a small
 * integer), and either a result or an error, under HTTP status 200. Doubled keys are refused;
 * members that JSON-RPC does not know are ignored, also when they differ from known ones by case.
 *
 * What an error means is read from its code and the words that known nodes use. Only what is sure to be
 * the contract's doing is a revert: a limit taken for one would be an answer.
 *
 * Sources: JSON-RPC 2.0 specification; EIP-1474 (error codes); the words of geth, reth, anvil, ganache. */
#ifndef ATTEST_RPC_H
#define ATTEST_RPC_H

#include <cjson/cJSON.h>

#include "attest/http.h"
#include "verify/dossier.h"

#define RPC_TRIES 3      /* of a request that meets a limit, error -32005 */
#define RPC_PAUSE_MS 500 /* before the second, doubled each time */

/* One answer. End with rpc_answer_done. */
struct rpc_answer {
	enum answer_kind kind; /* VALUE, REVERTED, REFUSED or FAILED */
	enum reason reason;    /* of REFUSED and FAILED */
	cJSON *tree;           /* owned; holds `result` */
	const cJSON *result;   /* of VALUE; may be JSON's null */
	bool is_error;         /* the server answered, with an error object */
	struct buf data;       /* of REVERTED: what came with it, for display */
	char trouble[160]; /* for a person; printable, and nothing of the URL's path and query */
};
void rpc_answer_done(struct rpc_answer *answer);

/* Appends a request. `params` is a JSON array. */
void rpc_request(uint32_t id, const char *method, const char *params, struct buf *out);

/* Reads the body of an answer. *ret is always written.
 * FAILED: REASON_JSON_*, REASON_RPC_SHAPE, _RPC_ID, _RPC_ERROR, _RPC_LIMIT, _BLOCK_UNKNOWN,
 * _OUT_OF_MEMORY. REFUSED: REASON_RPC_REFUSED. */
void rpc_read(struct span body, uint32_t id, struct rpc_answer *ret);

/* One server. `left_ms` is what all its requests together may still take. All pointers borrowed. */
struct rpc {
	struct http *http;
	const struct http_clock *clock;
	const char *url;
	int64_t left_ms;
	uint32_t id; /* of the last request */
};

/* Asks, again after 429, 503 and -32005 while there is time. `once`: not again after -32005.
 * *ret is always written. FAILED: also REASON_HTTP_* and REASON_RPC_STATUS. */
void rpc_ask(struct rpc *rpc, const char *method, const char *params, bool once,
	     struct rpc_answer *ret);

#endif
