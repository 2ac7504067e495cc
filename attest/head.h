/* The head of an answer: what its headers say about the body, and whether that can be accepted. */
#ifndef ATTEST_HEAD_H
#define ATTEST_HEAD_H

#include "verify/reason.h"
#include "verify/span.h"

struct head {
	bool has_length;
	uint64_t length; /* Content-Length */
	bool chunked;
	bool ranged; /* the range that was asked for */
	uint64_t range_len;
};

/* The body, if there is one, ends where the connection does (RFC 9112 section 6.3, item 8). */
bool head_ends_with_connection(const struct head *head, long status, bool is_head_request);

/* `head`: status line, headers, empty line, as received; `range_from`: where the rest that was asked
 * for begins, 0: all was asked for. *ret_words, static, is set with every reason but OK.
 * REASON_HTTP_MALFORMED: a folded line, one without a name, several lengths or codings, or both;
 * REASON_HTTP_ENCODING: Content-Encoding other than identity, Transfer-Encoding other than chunked;
 * REASON_HTTP_RANGE: of class 2, and not a 206 with the bytes asked for. */
enum reason head_judge(struct span head, long status, uint64_t range_from, struct head *ret,
		       const char **ret_words) MUST_CHECK;

#endif
