#include "attest/head.h"

#include <strings.h>

#include "attest/header.h"

static bool is_word(struct span value, struct span word)
{
	return value.len == word.len &&
	       strncasecmp((const char *)value.at, (const char *)word.at, word.len) == 0;
}

/* A field that is there, and is anything but this one word. */
static bool is_other(struct span head, struct span name, struct span word)
{
	struct span value;
	size_t count;

	if (header_find(head, name, &value, &count))
		return !is_word(value, word);
	return count > 1;
}

bool head_ends_with_connection(const struct head *head, long status, bool is_head_request)
{
	return !head->has_length && !head->chunked && !is_head_request && status / 100 != 1 &&
	       status != 204 && status != 304;
}

enum reason head_judge(struct span head, long status, uint64_t range_from, struct head *ret,
		       const char **ret_words)
{
	struct head found = { 0 };
	struct span value;

	*ret_words = "headers that can be read in two ways";
	if (!header_is_plain(head))
		return REASON_HTTP_MALFORMED;
	*ret_words = "Content-Length is no number";
	found.has_length = header_find(head, SPAN_LITERAL("Content-Length"), &value, NULL);
	if (found.has_length && !header_number(value, &found.length))
		return REASON_HTTP_MALFORMED;
	/* libcurl would undo codings of the transfer by itself */
	*ret_words = "the answer is encoded";
	if (is_other(head, SPAN_LITERAL("Content-Encoding"), SPAN_LITERAL("identity")) ||
	    is_other(head, SPAN_LITERAL("Transfer-Encoding"), SPAN_LITERAL("chunked")))
		return REASON_HTTP_ENCODING;
	found.chunked = header_find(head, SPAN_LITERAL("Transfer-Encoding"), &value, NULL);
	if (range_from > 0 && status / 100 == 2) {
		*ret_words = "another range, or all of it, was sent";
		if (status != 206 ||
		    !header_find(head, SPAN_LITERAL("Content-Range"), &value, NULL) ||
		    !header_range_from(value, range_from, &found.range_len))
			return REASON_HTTP_RANGE;
		found.ranged = true;
	}
	*ret = found;
	return REASON_OK;
}
