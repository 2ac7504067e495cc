/* CBOR as people write it: diagnostic notation (RFC 8949 section 8), for showing what was not
 * judged. */
#ifndef VERIFY_DIAG_H
#define VERIFY_DIAG_H

#include "verify/cbor.h"

#define DIAG_DEPTH_MAX 16

/* Appends the next item of a lax reader, with everything in it. Text is escaped. Floating-point
 * numbers, which no Nitro document has, are shown by their bytes.
 * REASON_CBOR_TRUNCATED, _MALFORMED, _DEPTH; what was appended so far stays. */
enum reason diag_item(struct cbr *r, struct buf *out) MUST_CHECK;

#endif
