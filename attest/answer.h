/* What serve answers to one HTTP request, without HTTP: the shapes in which servers inside enclaves hand
 * documents out.
 *
 *   odyn        POST /v1/attestation, a JSON object {nonce, public_key, user_data}, each optional or
 *               null: base64, PEM SubjectPublicKeyInfo, base64. The document's public_key is the
 *               content of the key's BIT STRING. 200 application/cbor, the document's bytes.
 *   nitriding   GET /enclave/attestation?nonce=<40 hex digits>. public_key is "dummy", user_data two
 *               multihashes: 12 20 SHA-256 of the TLS server's certificate (DER), 12 20 and 32 zero
 *               bytes. 200 text/plain, base64 and a line feed.
 *
 * Sources: enclaver (odyn), src/api.rs; nitriding-daemon, handlers.go and attestation.go. */
#ifndef ATTEST_ANSWER_H
#define ATTEST_ANSWER_H

#include "attest/nsm.h"
#include "attest/throttle.h"

#define ANSWER_BODY_MAX ((size_t)16 * 1024) /* bytes of a request's body */

enum answer_shape { ANSWER_ODYN, ANSWER_NITRIDING };

struct answerer {
	enum answer_shape shape;
	struct nsm nsm;
	/* Others than this enclave's own programs may ask: they choose a nonce and nothing else, or they
	 * could have a key of their own attested. */
	bool outside;
	/* nitriding: the SHA-256 of the certificate, asked for anew every time. Any reason; *reterr_errno
	 * as for nsm. */
	enum reason (*certificate)(void *context, uint8_t ret[static DIGEST_SHA256_LEN],
				   int *reterr_errno);
	void *context;
	struct throttle throttle;
};

/* `nonce` is the query's, NULL when there is none; decoded text. */
struct answer_request {
	const char *method;
	const char *path;
	const char *nonce;
	struct span body;
};

struct answer_reply {
	unsigned status; /* of HTTP */
	const char *type;
	struct buf body;
	const char *allow;      /* with 405: the one method there is, else NULL */
	unsigned retry_after_s; /* with 429, else 0 */
	enum reason trouble;    /* with 500: what to tell the operator, */
	int why;                /* and what the system said */
};

/* The path that documents come from. */
const char *answer_path(enum answer_shape shape);

/* Judges method and path alone, before any body is read. True: go on; false: *ret is the answer. */
bool answer_route(const struct answerer *answerer, const char *method, const char *path,
		  struct answer_reply *ret);

/* Answers. `now_ms` is of a clock that only goes forward. End *ret with answer_done. */
void answer_make(struct answerer *answerer, const struct answer_request *request, int64_t now_ms,
		 struct answer_reply *ret);

/* An answer of one line of text, static. */
void answer_say(struct answer_reply *ret, unsigned status, const char *text);
void answer_done(struct answer_reply *answer);

/* The SHA-256 of the first certificate in PEM: in the file of a server's chain that is its own.
 * REASON_TEXT_ENCODING: there is none; REASON_CRYPTO_FAILED, REASON_OUT_OF_MEMORY. */
enum reason answer_certificate(struct span pem, uint8_t ret[static DIGEST_SHA256_LEN]) MUST_CHECK;

#endif
