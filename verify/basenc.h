/* Hex and base64 (RFC 4648), strictly, and telling apart the forms in which people keep
 * documents. */
#ifndef VERIFY_BASENC_H
#define VERIFY_BASENC_H

#include "verify/reason.h"
#include "verify/span.h"

/* Appends two lower-case digits for each byte. */
void hex_encode(struct buf *out, struct span bytes);

/* Appends the base64 text, standard alphabet, padded, on one line (RFC 4648 section 4). */
void base64_encode(struct buf *out, struct span bytes);

/* Decodes exactly `len` bytes from exactly 2 * len hex digits in either case. False: `ret` is
 * untouched. */
bool hex_decode_exact(struct span text, uint8_t *ret, size_t len);

/* Appends what the hex digits (either case, an even number, no prefix) stand for.
 * REASON_TEXT_ENCODING, REASON_OUT_OF_MEMORY; *out is then as before. */
enum reason hex_decode(struct span text, struct buf *out) MUST_CHECK;

/* Appends what the base64 text stands for: the standard or the URL alphabet, not both in one text;
 * padding whole or absent; unused bits zero; no white space (RFC 4648 sections 3.3 and 3.5).
 * REASON_TEXT_ENCODING, REASON_OUT_OF_MEMORY; *out is then as before. */
enum reason base64_decode(struct span text, struct buf *out) MUST_CHECK;

/* A binary document in any form that files hold it: bytes as they are when they do not look like
 * text; otherwise hex (0x allowed before it) or base64, with white space at both ends only. *ret
 * borrows from `file` or, decoded, from *decoded, which the caller ends with buf_done.
 * REASON_TEXT_ENCODING: text, but neither whole; REASON_OUT_OF_MEMORY. */
enum reason basenc_document(struct span file, struct buf *decoded, struct span *ret) MUST_CHECK;

#endif
