/* Call data with a journal decoded for people: what a prover says of a document. No attestation, so no
 * line of it is verified, here or ever. */
#ifndef VERIFY_CALLDATA_SHOW_H
#define VERIFY_CALLDATA_SHOW_H

#include "verify/calldata.h"

/* Appends lines that each say UNVERIFIED. REASON_CALLDATA_JOURNAL; REASON_OUT_OF_MEMORY. */
enum reason calldata_show_text(const struct calldata *call, const char *name,
			       struct buf *out) MUST_CHECK;

/* Likewise as one line of JSON: schema, tool, target, `envelope` (call, journal, result,
 * trusted_certs, certs), `unverified`. */
enum reason calldata_show_json(const struct calldata *call, const char *name, const char *tool,
			       const char *version, struct buf *out) MUST_CHECK;

#endif
