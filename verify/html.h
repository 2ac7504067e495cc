/* Pages: one HTML document that needs nothing but itself. It has no script, and its policy forbids the
 * reader's program to load anything. It is made for screens, light and dark, for phones, and for
 * paper. */
#ifndef VERIFY_HTML_H
#define VERIFY_HTML_H

#include "verify/span.h"

/* Appends the beginning, up to <body> and a style for text and tables, which `style` (more CSS, ours)
 * follows. On a phone a row of a table is a list: the title of a cell, its column's name, then stands
 * before it. The title may come from outside. */
void html_open(struct buf *out, struct span title, const char *style);

/* Appends text from outside: escaped as buf_escaped does it, and for HTML, in elements and in quoted
 * attributes alike. */
void html_text(struct buf *out, struct span text);

/* The same of text that is printable ASCII already, such as what buf_escaped made. */
void html_plain(struct buf *out, struct span text);

/* Appends the end: which program wrote it. */
void html_close(struct buf *out, const char *tool, const char *version);

#endif
