/* Header lines of HTTP (RFC 9110 section 5): those that are sent, checked before, and the few of an
 * answer whose values decide something. */
#ifndef ATTEST_HEADER_H
#define ATTEST_HEADER_H

#include "verify/reason.h"
#include "verify/span.h"

#define HEADER_FILE_MAX ((size_t)64 * 1024) /* bytes of the file of --headers */
#define HEADER_FILE_LINES 64
#define HEADER_LINE_MAX 8192 /* bytes of one line that is sent */

/* One line that may be sent: "Name: value", the name a token, the value not empty, of printable
 * ASCII, blanks and tabs, both ends without blanks. Names that this program sets itself, or that
 * change how a message is framed or who it is for, are refused: Host, Content-Length,
 * Transfer-Encoding, TE, Trailer, Connection, Keep-Alive, Upgrade, Expect, Range, Accept-Encoding
 * and all that begin with Proxy-. */
bool header_may_send(struct span line);

/* The name of a line, before its colon, is this one, in any case. */
bool header_is(struct span line, struct span name);

/* The lines of a file of --headers. `line[i]` are NUL-terminated and owned; end with
 * header_list_done. */
struct header_list {
	char *line[HEADER_FILE_LINES];
	size_t n;
};

/* Reads the content of a file of --headers: one "Name: value" a line, LF or CR LF behind each but
 * perhaps the last; empty lines and those that begin with # are passed over.
 * REASON_HTTP_HEADER (*ret_line: which line, from 1; 0 when the file is too long);
 * REASON_OUT_OF_MEMORY. */
enum reason header_list_read(struct span text, struct header_list *ret,
			     size_t *ret_line) MUST_CHECK;

void header_list_done(struct header_list *list);

/* The value of the only line of this name in the head of an answer: lines with LF or CR LF, the
 * first of them the status line. Blanks around the value are cut off; it points into `head`.
 * *ret_count (may be NULL): how many lines have the name. False unless that is 1. */
bool header_find(struct span head, struct span name, struct span *ret, size_t *ret_count);

/* The head of an answer can be read in one way only: no folded line (RFC 9112 section 5.2), no line
 * without a colon, at most one Content-Length and one Transfer-Encoding, not both. */
bool header_is_plain(struct span head);

/* A number of at most 19 decimal digits and nothing else, as in Content-Length. */
bool header_number(struct span value, uint64_t *ret);

/* Retry-After in seconds (RFC 9110 section 10.2.3), 0 to 86400. False: something else. Dates are
 * not read: they would need a clock that both sides agree on. */
bool header_retry_after(struct span value, int64_t *ret_s);

/* Content-Range (RFC 9110 section 14.4) "bytes FROM-TO/SIZE" that begins at `from` and reaches to
 * the very end. *ret_len: how many bytes that is. False: anything else; SIZE may be *. */
bool header_range_from(struct span value, uint64_t from, uint64_t *ret_len);

#endif
