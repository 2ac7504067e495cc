/* What servers said about a contract, before anybody judges it: evidence collected for the
 * onchain.* checks, live (attest/contract.h) or read from a bundle.
 *
 * A dossier holds servers, questions, and for each question what each server answered. It is
 * filled by whoever can ask and judged by verify/onchain.h, which also says what is still to be
 * asked: so live evidence and saved evidence go through the same code.
 *
 * Nothing in here is believed. Sources: Ethereum JSON-RPC (execution-apis), EIP-1186, EIP-1898. */
#ifndef VERIFY_DOSSIER_H
#define VERIFY_DOSSIER_H

#include <cjson/cJSON.h>

#include "verify/keccak.h"
#include "verify/reason.h"
#include "verify/span.h"

#define DOSSIER_ADDRESS_LEN 20
#define DOSSIER_WORD_LEN 32
#define DOSSIER_SERVERS_MAX 16
#define DOSSIER_QUESTIONS_MAX 48
#define DOSSIER_RECORD_QUESTIONS \
	28                  /* of a record, so that a walk finds room for its own, at most 20 */
#define DOSSIER_SLOTS_MAX 8 /* of one question for proofs */
#define DOSSIER_VALUE_MAX ((size_t)256 * 1024) /* bytes of one answer */
#define DOSSIER_HOST_MAX 253

enum question_kind {
	QUESTION_CALL,    /* eth_call: data is the call data */
	QUESTION_CODE,    /* eth_getCode: no data */
	QUESTION_PROOF,   /* eth_getProof: data is the slots, 32 bytes each; may be none */
	QUESTION_STORAGE, /* eth_getStorageAt: data is the slot; for where proofs are refused */
	QUESTION_LOGS /* eth_getLogs up to the block: data is topic0 and one further topic, 32 bytes each */
};

/* All at the agreed block. */
struct question {
	enum question_kind kind;
	uint8_t address[DOSSIER_ADDRESS_LEN];
	struct buf data;
};

enum answer_kind {
	ANSWER_NONE, /* not asked yet */
	ANSWER_VALUE, /* value: of calls, code, storage the bytes; of proofs and logs the JSON of `result` */
	ANSWER_REVERTED, /* the node says that the call reverted or ran out of gas; value: its data, for display */
	ANSWER_REFUSED, /* the node does not do this: no such method, or not for this block */
	ANSWER_FAILED   /* no answer that can be used: `reason` tells why */
};

struct answer {
	enum answer_kind kind;
	enum reason reason; /* of ANSWER_FAILED */
	struct buf value;
};

/* One host: two URLs with one host are one server. */
struct dossier_server {
	char host[DOSSIER_HOST_MAX +
		  1]; /* lower case; the only part of its URL that is ever shown */
	bool usable;  /* it answered chain id and block; otherwise `reason` */
	enum reason reason;
	char trouble[160]; /* for a person; may come from outside */
	bool has_chain_id;
	uint64_t chain_id;
	bool has_head;
	uint64_t head;    /* the number of the block that was asked for by its tag */
	struct buf block; /* JSON object of the block at the common height, as the server gave it */
	struct answer answers[DOSSIER_QUESTIONS_MAX];
};

struct dossier {
	size_t n_servers;
	struct dossier_server servers[DOSSIER_SERVERS_MAX];
	size_t n_questions;
	struct question questions[DOSSIER_QUESTIONS_MAX];
	bool recorded; /* from a bundle: calls are one stranger's word, only proofs count */
};

/* NULL: out of memory. dossier_free(NULL) is fine. */
struct dossier *dossier_new(void);
void dossier_free(struct dossier *dossier);

/* Adds a server of this host (lower-case), or gives the one that is there. NULL: too many, or no
 * host of 1 to DOSSIER_HOST_MAX printable characters. */
struct dossier_server *dossier_server(struct dossier *dossier, struct span host);

/* The index of this question, added if it is new. False: out of memory, or too many. */
bool dossier_ask(struct dossier *dossier, enum question_kind kind,
		 const uint8_t address[static DOSSIER_ADDRESS_LEN], struct span data, size_t *ret);

/* onchain.json of a bundle, schema 1. REASON_OUT_OF_MEMORY; reading also
 * REASON_ONCHAIN_RECORD for whatever is not in form. What is read has `recorded` set. */
enum reason dossier_json(const struct dossier *dossier, struct buf *out) MUST_CHECK;
enum reason dossier_read(struct span text, struct dossier **ret) MUST_CHECK;

#endif
