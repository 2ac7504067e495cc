/* Signed payloads: the JSON envelope of DSSE v1 (github.com/secure-systems-lab/dsse, protocol.md and
 * envelope.md), holding an in-toto statement:
 *   {"payloadType": "application/vnd.in-toto+json", "payload": base64,
 *    "signatures": [{"keyid": text, "sig": base64}, ...]}
 * What is signed is not the JSON but PAE(type, payload): "DSSEv1" SP LEN(type) SP type SP
 * LEN(payload) SP payload, lengths in decimal.
 *
 * Members with other names are ignored, as DSSE demands: no signature covers them. keyid is not even
 * a hint here: anybody can write one. Every given key is tried on every signature. */
#ifndef VERIFY_DSSE_H
#define VERIFY_DSSE_H

#include "verify/json.h"
#include "verify/pubkey.h"
#include "verify/reason.h"
#include "verify/span.h"

#define DSSE_IN_TOTO "application/vnd.in-toto+json" /* the only payloadType */
#define DSSE_SIGNATURES_MAX 16

/* Start with {0}, end with dsse_done. */
struct dsse {
	struct buf payload; /* decoded */
	struct buf message; /* its PAE: what the signatures are over */
	struct buf signatures[DSSE_SIGNATURES_MAX];
	size_t n_signatures; /* 1..16 */
};

/* Reads an envelope of at most JSON_MAX bytes; *ret owns copies. On failure *ret is as it was, and
 * *reterr_place is where, for reasons of JSON.
 * REASON_JSON_*; REASON_DSSE_SHAPE: payload, payloadType or signatures missing or of another kind;
 * _DSSE_TYPE; _DSSE_PAYLOAD: no base64; _DSSE_SIGNATURES: not 1 to 16 of them, each with a `sig` of
 * base64 that is not empty and, if any, a `keyid` of text; REASON_OUT_OF_MEMORY. */
enum reason dsse_read(struct span text, struct dsse *ret,
		      struct json_place *reterr_place) MUST_CHECK;
void dsse_done(struct dsse *dsse);

/* Appends PAE(type, body); a failed allocation stays in *out. */
void dsse_pae(struct span type, struct span body, struct buf *out);

/* Whether one of the signatures is this key's. REASON_OUT_OF_MEMORY, REASON_CRYPTO_FAILED. */
enum reason dsse_signed_by(const struct dsse *dsse, const struct pubkey *key, bool *ret) MUST_CHECK;

#endif
