/* Texts with a nonce in them: {nonce_hex}, {nonce_base64} (RFC 4648 section 4, padded) and
 * {nonce_text} (section 5, without padding). */
#ifndef ATTEST_TEMPLATE_H
#define ATTEST_TEMPLATE_H

#include "verify/span.h"

/* Appends the text with the nonce in place of each name. `in_url`: + / = are written as %2B %2F
 * %3D, since a query reads + as a blank. Other braces are kept. */
void template_fill(const char *text, struct span nonce, bool in_url, struct buf *out);

/* True when one of the names stands in it. NULL: false. */
bool template_uses_nonce(const char *text);

/* Appends base64 in the standard alphabet, padded, or in that for URLs, without padding. */
void template_base64(struct span bytes, bool for_url, struct buf *out);

#endif
