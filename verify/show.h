/* A document decoded for people without being judged: also one that `document` would refuse, as
 * long as it is a well-formed COSE_Sign1 around well-formed CBOR. Nothing shown is proven; every
 * line says so. */
#ifndef VERIFY_SHOW_H
#define VERIFY_SHOW_H

#include "verify/reason.h"
#include "verify/span.h"

/* Appends the document as text; `name` is its file. `why` is REASON_OK, or why the file holds no bytes
 * to decode (REASON_TEXT_ENCODING, REASON_COSE_TOO_LARGE). REASON_COSE_EMPTY, _TOO_LARGE, _SHAPE,
 * _TRAILING; REASON_DOC_TRAILING; REASON_CBOR_TRUNCATED, _MALFORMED, _DEPTH; `why`;
 * REASON_OUT_OF_MEMORY. On failure what could be decoded has been appended all the same, and what is
 * wrong. */
enum reason show_text(struct span bytes, enum reason why, const char *name,
		      struct buf *out) MUST_CHECK;

/* Likewise as one line of JSON: a report's object with `envelope`, `unverified` and `would_refuse`,
 * without verdict and checks, and with `malformed` where not all could be decoded. On
 * REASON_OUT_OF_MEMORY nothing has been appended. */
enum reason show_json(struct span bytes, enum reason why, const char *name, const char *tool,
		      const char *version, struct buf *out) MUST_CHECK;

#endif
