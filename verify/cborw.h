/* A writer for CBOR (RFC 8949): definite lengths, every head in its shortest form, so that the strict
 * reader of cbor.h reads whatever is written here. Bytes are appended to a struct buf, which remembers
 * a failed allocation; whoever writes sees to the bounds of what is put in. */
#ifndef VERIFY_CBORW_H
#define VERIFY_CBORW_H

#include "verify/span.h"

/* The head of an item: a major type (RFC 8949 section 3.1) and its number, length or count. */
void cbw_head(struct buf *out, unsigned major, uint64_t n);

void cbw_uint(struct buf *out, uint64_t n);
void cbw_bytes(struct buf *out, struct span bytes);
void cbw_text(struct buf *out, struct span utf8);
void cbw_key(struct buf *out, const char *text); /* a text of this program's own */
void cbw_array(struct buf *out, uint64_t count);
void cbw_map(struct buf *out, uint64_t pairs);
void cbw_bool(struct buf *out, bool value);
void cbw_null(struct buf *out);

/* The byte string, or null where `at` is NULL. */
void cbw_bytes_or_null(struct buf *out, struct span bytes);

#endif
