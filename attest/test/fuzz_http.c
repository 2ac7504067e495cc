/* What http reads by itself: URLs, options, header files, heads of answers. The first byte chooses.
 * A URL that is accepted is put together again from its parts; a header file gives the lines that
 * are accepted one by one; a head that is accepted has one length at most. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/head.h"
#include "attest/header.h"
#include "attest/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static void check_url(struct span text)
{
	struct buf again = { 0 };
	struct url url;
	struct url second;

	if (url_read(text, &url) != REASON_OK)
		return;
	buf_text(&again, url.https ? "https://" : "http://");
	buf_add(&again, url.host);
	buf_printf(&again, ":%u", (unsigned)url.port);
	buf_add(&again, url.rest);
	demand(memchr(url.host.at, '@', url.host.len) == NULL, "a user in the host");
	if (again.len <= URL_MAX) {
		demand(url_read(buf_span(&again), &second) == REASON_OK, "its parts are no URL");
		demand(url_same_origin(&url, &second) && url.loopback == second.loopback &&
			       span_equal(url.rest, second.rest),
		       "its parts are another URL");
	}
	buf_done(&again);
}

static void check_list(struct span text)
{
	struct header_list list;
	size_t line;

	if (header_list_read(text, &list, &line) != REASON_OK) {
		demand(line <= HEADER_FILE_MAX, "a line that is not there");
		return;
	}
	for (size_t i = 0; i < list.n; i++) {
		demand(header_may_send(span_of_text(list.line[i])), "a line that may not be sent");
		demand(strpbrk(list.line[i], "\r\n") == NULL, "two lines in one");
	}
	header_list_done(&list);
}

static void check_head(struct span text)
{
	struct head head;
	struct span value;
	const char *words = NULL;
	size_t lengths;
	size_t codings;

	(void)header_find(text, SPAN_LITERAL("Content-Length"), &value, &lengths);
	(void)header_find(text, SPAN_LITERAL("Transfer-Encoding"), &value, &codings);
	if (head_judge(text, 206, 7, &head, &words) == REASON_OK)
		demand(head.ranged && head.range_len > 0, "a range of nothing");
	demand(words != NULL, "no words");
	if (head_judge(text, 200, 0, &head, &words) != REASON_OK)
		return;
	demand(lengths + codings <= 1, "two lengths");
	demand(head.has_length == (lengths == 1) && head.chunked == (codings == 1),
	       "another length");
	demand(!head.ranged, "a range that was not asked for");
}

static void check_values(struct span text)
{
	int64_t seconds = 0;
	uint64_t len = 0;

	if (header_retry_after(text, &seconds))
		demand(seconds >= 0 && seconds <= 86400, "an odd wait");
	if (header_range_from(text, 100, &len))
		demand(len > 0, "a range of nothing");
	if (url_is_proxy(text) || url_is_resolve(text))
		demand(memchr(text.at, '@', text.len) == NULL, "a user");
	if (header_may_send(text))
		demand(memchr(text.at, '\n', text.len) == NULL, "two lines in one");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { data, size };
	struct span kind;

	if (!span_take(&text, 1, &kind))
		return 0;
	switch (kind.at[0] % 4) {
	case 0:
		check_url(text);
		break;
	case 1:
		check_list(text);
		break;
	case 2:
		check_head(text);
		break;
	default:
		check_values(text);
		break;
	}
	return 0;
}
