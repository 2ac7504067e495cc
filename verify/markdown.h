/* Text in pages of GitHub's Markdown (GFM). Whatever is not a letter, a digit, a blank, '/' or '-' is
 * written as a numeric character reference, which Markdown takes for text and never for markup: no cell,
 * line, link, mention or element of HTML begins in it. */
#ifndef VERIFY_MARKDOWN_H
#define VERIFY_MARKDOWN_H

#include "verify/span.h"

#define MARKDOWN_TEXT_MAX 512 /* bytes of one text; of a longer one the beginning is shown */

/* Appends text from outside: escaped as buf_escaped does it, and for Markdown. */
void markdown_text(struct buf *out, struct span text);

/* The same of text that is printable ASCII already, such as what buf_escaped made. */
void markdown_plain(struct buf *out, struct span text);

/* markdown_text of a value, as code. Nothing for an empty one. */
void markdown_code(struct buf *out, struct span text);

#endif
