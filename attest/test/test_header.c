/* Header lines: those that are sent, and what the head of an answer says. */
#include "attest/header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/head.h"
#include "test/support.h"

#define TEXT(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	struct span line;
	bool good;
} lines[] = {
	{ TEXT("X-Nonce: 00ff"), true },
	{ TEXT("X:y"), true },
	{ TEXT("Authorization: Bearer a b\tc"), true },
	{ TEXT("User-Agent: x"), true },
	{ TEXT(""), false },
	{ TEXT("X"), false },
	{ TEXT(": y"), false },
	{ TEXT("X:"), false },
	{ TEXT("X: "), false },
	{ TEXT("X;"), false },
	{ TEXT("X : y"), false },
	{ TEXT(" X: y"), false },
	{ TEXT("X Y: z"), false },
	{ TEXT("X: y "), false },
	{ TEXT("X: y\r"), false },
	{ TEXT("X: y\r\nZ: z"), false },
	{ TEXT("X: y\nZ: z"), false },
	{ TEXT("X: y\0z"), false },
	{ TEXT("X\0: y"), false },
	{ TEXT("X: \xc3\xa4"), false },
	{ TEXT("X\xc3\xa4: y"), false },
	{ TEXT("X: \x7f"), false },
	{ TEXT("Host: x"), false },
	{ TEXT("hOST: x"), false },
	{ TEXT("Content-Length: 1"), false },
	{ TEXT("Transfer-Encoding: chunked"), false },
	{ TEXT("TE: trailers"), false },
	{ TEXT("Trailer: x"), false },
	{ TEXT("Connection: close"), false },
	{ TEXT("Keep-Alive: 1"), false },
	{ TEXT("Upgrade: h2c"), false },
	{ TEXT("Expect: 100-continue"), false },
	{ TEXT("Range: bytes=0-"), false },
	{ TEXT("Accept-Encoding: gzip"), false },
	{ TEXT("Proxy-Authorization: x"), false },
	{ TEXT("proxy-anything: x"), false },
};

START_TEST(test_may_send)
{
	for (size_t i = 0; i < LENGTH(lines); i++) {
		uint8_t *copy = support_exact(lines[i].line);
		struct span line = { copy, lines[i].line.len };
		ck_assert_msg(header_may_send(line) == lines[i].good, "row %zu \"%.*s\"", i,
			      (int)line.len, (const char *)line.at);
		free(copy);
	}
	struct buf line = { 0 };
	buf_text(&line, "X: ");
	while (line.len < HEADER_LINE_MAX)
		buf_byte(&line, 'y');
	ck_assert(header_may_send(buf_span(&line)));
	buf_byte(&line, 'y');
	ck_assert(!header_may_send(buf_span(&line)));
	buf_done(&line);
}
END_TEST

static const struct {
	struct span text;
	enum reason want;
	size_t n;         /* lines taken, or the one at fault */
	const char *last; /* of those taken */
} files[] = {
	{ TEXT(""), REASON_OK, 0, NULL },
	{ TEXT("\n# a remark\r\n\r\n"), REASON_OK, 0, NULL },
	{ TEXT("A: 1\nB: 2\n"), REASON_OK, 2, "B: 2" },
	{ TEXT("A: 1\r\n\r\n#\r\nB: 2"), REASON_OK, 2, "B: 2" },
	{ TEXT("A: 1\nB 2\n"), REASON_HTTP_HEADER, 2, NULL },
	{ TEXT("A: 1\n B: 2\n"), REASON_HTTP_HEADER, 2, NULL },
	{ TEXT("\nA: 1\rB: 2\n"), REASON_HTTP_HEADER, 2, NULL },
	{ TEXT("A: 1\0\n"), REASON_HTTP_HEADER, 1, NULL },
	{ TEXT("A: 1\n\nHost: x\n"), REASON_HTTP_HEADER, 3, NULL },
	{ TEXT("\xef\xbb\xbf"
	       "A: 1\n"),
	  REASON_HTTP_HEADER, 1, NULL },
};

START_TEST(test_file)
{
	struct header_list list;
	size_t line;

	for (size_t i = 0; i < LENGTH(files); i++) {
		char row[8];
		(void)snprintf(row, sizeof(row), "%zu", i);
		enum reason reason = header_list_read(files[i].text, &list, &line);
		EXPECT_REASON(row, reason, files[i].want);
		if (reason != REASON_OK) {
			ck_assert_uint_eq(line, files[i].n);
			continue;
		}
		ck_assert_uint_eq(list.n, files[i].n);
		if (list.n > 0)
			ck_assert_str_eq(list.line[list.n - 1], files[i].last);
		header_list_done(&list);
	}
	struct buf text = { 0 };
	for (size_t i = 0; i < HEADER_FILE_LINES; i++)
		buf_text(&text, "A: 1\n");
	EXPECT_REASON("64 lines", header_list_read(buf_span(&text), &list, &line), REASON_OK);
	header_list_done(&list);
	buf_text(&text, "A: 1\n");
	EXPECT_REASON("65", header_list_read(buf_span(&text), &list, &line), REASON_HTTP_HEADER);
	ck_assert_uint_eq(line, 65);
	while (text.len <= HEADER_FILE_MAX)
		buf_byte(&text, '\n');
	EXPECT_REASON("size", header_list_read(buf_span(&text), &list, &line), REASON_HTTP_HEADER);
	ck_assert_uint_eq(line, 0);
	buf_done(&text);
}
END_TEST

#define OK_HEAD(fields) "HTTP/1.1 200 OK\r\n" fields "\r\n"

static const struct {
	const char *head;
	long status;
	uint64_t from;
	enum reason want;
	struct head found;
} heads[] = {
	{ OK_HEAD(""), 200, 0, REASON_OK, { 0 } },
	{ "HTTP/1.0 200\n\n", 200, 0, REASON_OK, { 0 } },
	{ OK_HEAD("Content-Length: 5\r\n"),
	  200,
	  0,
	  REASON_OK,
	  { .has_length = true, .length = 5 } },
	{ OK_HEAD("content-length:0 \r\n"), 200, 0, REASON_OK, { .has_length = true } },
	{ OK_HEAD("Content-Length: 9999999999999999999\r\n"),
	  200,
	  0,
	  REASON_OK,
	  { .has_length = true, .length = 9999999999999999999U } },
	{ OK_HEAD("Content-Length: 18446744073709551621\r\n"),
	  200,
	  0,
	  REASON_HTTP_MALFORMED,
	  { 0 } },
	{ OK_HEAD("Content-Length: -1\r\n"), 200, 0, REASON_HTTP_MALFORMED, { 0 } },
	{ OK_HEAD("Content-Length: 5, 5\r\n"), 200, 0, REASON_HTTP_MALFORMED, { 0 } },
	{ OK_HEAD("Content-Length:\r\n"), 200, 0, REASON_HTTP_MALFORMED, { 0 } },
	{ OK_HEAD("Content-Length: 5\r\nContent-Length: 5\r\n"),
	  200,
	  0,
	  REASON_HTTP_MALFORMED,
	  { 0 } },
	{ OK_HEAD("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
	  200,
	  0,
	  REASON_HTTP_MALFORMED,
	  { 0 } },
	{ OK_HEAD("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
	  200,
	  0,
	  REASON_HTTP_MALFORMED,
	  { 0 } },
	{ OK_HEAD("A: 1\r\n folded\r\n"), 200, 0, REASON_HTTP_MALFORMED, { 0 } },
	{ OK_HEAD("A : 1\r\n"), 200, 0, REASON_HTTP_MALFORMED, { 0 } },
	{ OK_HEAD("A\r\n"), 200, 0, REASON_HTTP_MALFORMED, { 0 } },
	{ OK_HEAD("Transfer-Encoding: Chunked\r\n"), 200, 0, REASON_OK, { .chunked = true } },
	{ OK_HEAD("Transfer-Encoding: gzip, chunked\r\n"), 200, 0, REASON_HTTP_ENCODING, { 0 } },
	{ OK_HEAD("Transfer-Encoding:\r\n"), 200, 0, REASON_HTTP_ENCODING, { 0 } },
	{ OK_HEAD("Content-Encoding: identity\r\n"), 200, 0, REASON_OK, { 0 } },
	{ OK_HEAD("Content-Encoding: zstd\r\n"), 200, 0, REASON_HTTP_ENCODING, { 0 } },
	{ OK_HEAD("Content-Encoding: identity\r\nContent-Encoding: identity\r\n"),
	  200,
	  0,
	  REASON_HTTP_ENCODING,
	  { 0 } },
	{ OK_HEAD("Content-Range: bytes 5-9/10\r\n"),
	  206,
	  5,
	  REASON_OK,
	  { .ranged = true, .range_len = 5 } },
	{ OK_HEAD("Content-Range: bytes 5-9/10\r\n"), 206, 0, REASON_OK, { 0 } },
	{ OK_HEAD("Content-Range: bytes 5-9/10\r\n"), 200, 5, REASON_HTTP_RANGE, { 0 } },
	{ OK_HEAD("Content-Range: bytes 6-9/10\r\n"), 206, 5, REASON_HTTP_RANGE, { 0 } },
	{ OK_HEAD(""), 206, 5, REASON_HTTP_RANGE, { 0 } },
	{ OK_HEAD(""), 416, 5, REASON_OK, { 0 } },
};

START_TEST(test_head)
{
	for (size_t i = 0; i < LENGTH(heads); i++) {
		const char *row = heads[i].head;
		const char *words = NULL;
		struct head found = { 0 };
		enum reason reason = head_judge(span_of_text(row), heads[i].status, heads[i].from,
						&found, &words);
		EXPECT_REASON(row, reason, heads[i].want);
		ck_assert_ptr_nonnull(words);
		ck_assert_msg(found.has_length == heads[i].found.has_length &&
				      found.length == heads[i].found.length &&
				      found.chunked == heads[i].found.chunked &&
				      found.ranged == heads[i].found.ranged &&
				      found.range_len == heads[i].found.range_len,
			      "row \"%s\"", row);
	}
	struct head bare = { 0 };
	ck_assert(head_ends_with_connection(&bare, 200, false));
	ck_assert(!head_ends_with_connection(&bare, 200, true));
	ck_assert(!head_ends_with_connection(&bare, 204, false));
	ck_assert(!head_ends_with_connection(&bare, 304, false));
	ck_assert(!head_ends_with_connection(&(struct head){ .chunked = true }, 200, false));
	ck_assert(!head_ends_with_connection(&(struct head){ .has_length = true }, 200, false));
}
END_TEST

static const struct {
	const char *value;
	int64_t want; /* -1: refused */
} waits[] = {
	{ "0", 0 },
	{ "120", 120 },
	{ "86400", 86400 },
	{ "86401", -1 },
	{ "", -1 },
	{ "-1", -1 },
	{ "+1", -1 },
	{ "1.5", -1 },
	{ "1 s", -1 },
	{ "0x10", -1 },
	{ "99999999999999999999", -1 },
	{ "Wed, 21 Oct 2015 07:28:00 GMT", -1 },
};

static const struct {
	const char *value;
	uint64_t from;
	uint64_t want; /* 0: refused */
} ranges[] = {
	{ "bytes 1-9/10", 1, 9 },
	{ "Bytes 1-9/*", 1, 9 },
	{ "bytes 9-9/10", 9, 1 },
	{ "bytes 4611686018427387904-9223372036854775806/9223372036854775807", 4611686018427387904,
	  4611686018427387903 },
	{ "bytes 0-9/10", 1, 0 },
	{ "bytes 2-9/10", 1, 0 },
	{ "bytes 1-8/10", 1, 0 },
	{ "bytes 1-10/10", 1, 0 },
	{ "bytes 1-0/1", 1, 0 },
	{ "bytes */10", 1, 0 },
	{ "bytes 1-9", 1, 0 },
	{ "bytes 1-9/", 1, 0 },
	{ "bytes 1-9/10 ", 1, 0 },
	{ "bytes 1-9/10, 1-9/10", 1, 0 },
	{ "bytes  1-9/10", 1, 0 },
	{ "bytes=1-9/10", 1, 0 },
	{ "items 1-9/10", 1, 0 },
	{ "bytes 1--9/10", 1, 0 },
	{ "bytes 18446744073709551617-18446744073709551618/*", 1, 0 },
	{ "", 1, 0 },
};

START_TEST(test_values)
{
	for (size_t i = 0; i < LENGTH(waits); i++) {
		int64_t got = -1;
		bool good = header_retry_after(span_of_text(waits[i].value), &got);
		ck_assert_msg(good == (waits[i].want >= 0) && got == waits[i].want, "row \"%s\"",
			      waits[i].value);
	}
	for (size_t i = 0; i < LENGTH(ranges); i++) {
		uint64_t got = 0;
		bool good = header_range_from(span_of_text(ranges[i].value), ranges[i].from, &got);
		ck_assert_msg(good == (ranges[i].want > 0) && got == ranges[i].want, "row \"%s\"",
			      ranges[i].value);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("header");

	support_add(suite, "may send", test_may_send);
	support_add(suite, "file", test_file);
	support_add(suite, "head", test_head);
	support_add(suite, "values", test_values);
	return support_main(suite);
}
