/* Bytes written down so that a table of tests can be read:
 *
 *   84 a1         bytes in hex; blanks are skipped
 *   'SHA384'      characters
 *   00*48         one byte, 48 times
 *   30{ 0500 }    a DER element: tag, shortest length, and what stands within the braces
 *
 * Text that is not of this form ends the test. */
#ifndef VERIFY_TEST_NOTATION_H
#define VERIFY_TEST_NOTATION_H

#include "verify/span.h"

/* The bytes; end with buf_done. */
struct buf notation(const char *text);

/* Appends them. */
void notation_add(struct buf *out, const char *text);

/* Appends one DER element. */
void notation_add_der(struct buf *out, uint8_t tag, struct span content);

#endif
