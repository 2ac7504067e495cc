/* What a registry or its token server says with a status that is not one of success (OCI distribution specification
 * 1.1, "Error Codes"):
 *
 *   {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "...", "detail": ...}]} */
#ifndef REBUILD_REFUSAL_H
#define REBUILD_REFUSAL_H

#include "verify/span.h"

#define REFUSAL_MAX 300 /* bytes of it that are shown */

/* Appends ": CODE: message" of the first error, or, where the body has another form, ": " and its beginning; nothing
 * for an empty one. It is text from outside: whoever prints it escapes it. */
void refusal_tell(struct span body, struct buf *ret);

#endif
