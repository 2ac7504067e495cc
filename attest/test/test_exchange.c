/* What goes beyond one answer: what is sent, redirects, repeats, ranges. */
#include "attest/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/test/servers.h"
#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *const route_headers[] = { "X-Own: Secret" };
static const char *const request_headers[] = { "Authorization: Bearer Secret", "X-Nonce: 00ff" };

/* With headers of both kinds. */
static struct fetch loaded(const char *scheme, const char *server, const char *path)
{
	struct fetch fetch = fetch_of(scheme, "localhost", server, path);

	fetch.route.headers = route_headers;
	fetch.route.n_headers = 1;
	fetch.request.headers = request_headers;
	fetch.request.n_headers = 2;
	return fetch;
}

START_TEST(test_sent)
{
	struct fetch fetch = loaded("http", "plain", "/echo");
	char whole[256];

	fetch_expect("GET", &fetch, REASON_OK);
	(void)snprintf(whole, sizeof(whole),
		       "GET /echo HTTP/1.1\r\nHost: localhost:%u\r\nUser-Agent: enclavecheck\r\n"
		       "Accept-Encoding: identity\r\nAuthorization: Bearer Secret\r\n"
		       "X-Nonce: 00ff\r\nX-Own: Secret\r\n\r\n",
		       servers_port("plain"));
	fetch_expect_body("GET", &fetch, whole);
	fetch_done(&fetch);

	fetch.request.method = "POST";
	fetch.request.n_headers = 0;
	fetch.route.n_headers = 0;
	fetch.request.content_type = "application/json";
	fetch.request.accept = "application/json, text/plain";
	fetch.request.has_body = true;
	fetch.request.body = SPAN_LITERAL("{\"a\":\0 1}");
	fetch_expect("POST", &fetch, REASON_OK);
	ck_assert(fetch_body_has(&fetch, "POST /echo HTTP/1.1\r\n"));
	ck_assert(fetch_body_has(&fetch, "\r\nContent-Type: application/json\r\n"));
	ck_assert(fetch_body_has(&fetch, "\r\nAccept: application/json, text/plain\r\n"));
	ck_assert(fetch_body_has(&fetch, "\r\nContent-Length: 9\r\n"));
	ck_assert(!fetch_body_has(&fetch, "Expect"));
	struct span body = buf_span(&fetch.answer.body);
	ck_assert_uint_gt(body.len, 9);
	EXPECT_BYTES("POST", ((struct span){ body.at + body.len - 9, 9 }), fetch.request.body);
	fetch_done(&fetch);

	fetch = fetch_of("http", "localhost", "plain", "/echo");
	fetch.request.method = "POST";
	fetch_expect("POST of nothing", &fetch, REASON_OK);
	ck_assert(fetch_body_has(&fetch, "\r\nContent-Length: 0\r\n"));
	ck_assert(!fetch_body_has(&fetch, "Content-Type"));
	fetch_done(&fetch);
}
END_TEST

/* Secrets of the user are for servers that are known. */
START_TEST(test_secrets)
{
	struct fetch fetch = loaded("https", "good", "/echo");

	fetch_expect("verified", &fetch, REASON_OK);
	ck_assert(fetch_body_has(&fetch, "X-Own: Secret"));
	ck_assert(fetch_body_has(&fetch, "Bearer Secret"));
	fetch_done(&fetch);
	fetch.route.tls = HTTP_TLS_ATTESTED;
	fetch_expect("attested", &fetch, REASON_OK);
	ck_assert(!fetch_body_has(&fetch, "Secret"));
	ck_assert(fetch_body_has(&fetch, "X-Nonce: 00ff"));
	fetch_done(&fetch);
}
END_TEST

START_TEST(test_headers_of_answer)
{
	static const struct {
		const char *name;
		const char *want; /* NULL: not to be had */
	} rows[] = {
		{ "X-One", "1" },         { "x-one", "1" },    { "content-length", "5" },
		{ "X-Blank", "v" },       { "X-Twice", NULL }, { "X-Other", NULL },
		{ "HTTP/1.1 200", NULL },
	};
	struct fetch fetch = fetch_of("http", "localhost", "plain", "/length");
	struct span value;

	fetch_expect("length", &fetch, REASON_OK);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		bool found = http_answer_header(&fetch.answer, rows[i].name, &value);
		ck_assert_msg(found == (rows[i].want != NULL), "row \"%s\"", rows[i].name);
		if (found)
			EXPECT_BYTES(rows[i].name, value, span_of_text(rows[i].want));
	}
	fetch_done(&fetch);
	/* of the last head, without what came before it and behind the body */
	fetch = fetch_of("http", "localhost", "plain", "/1xx");
	fetch_expect("1xx", &fetch, REASON_OK);
	ck_assert(!http_answer_header(&fetch.answer, "X-One", &value));
	fetch_done(&fetch);
	fetch = fetch_of("http", "localhost", "plain", "/trailer");
	fetch_expect("trailer", &fetch, REASON_OK);
	ck_assert(!http_answer_header(&fetch.answer, "X-Late", &value));
	fetch_done(&fetch);
}
END_TEST

static const struct {
	const char *row;
	const char *scheme;
	const char *server;
	const char *path;
	unsigned max;
	enum reason want;
	const char *body; /* NULL: not looked at */
	bool secrets;
} redirects[] = {
	{ "301", "https", "good", "/301", 1, REASON_OK, "hello", false },
	{ "302", "https", "good", "/302", 1, REASON_OK, "hello", false },
	{ "307", "https", "good", "/307", 1, REASON_OK, "hello", false },
	{ "308", "https", "good", "/308", 1, REASON_OK, "hello", false },
	{ "303, same origin", "https", "good", "/303", 1, REASON_OK, NULL, true },
	{ "another port", "https", "good", "/to/good2/echo", 1, REASON_OK, NULL, false },
	{ "away and back", "https", "good", "/to/good2/to/good/echo", 2, REASON_OK, NULL, false },
	{ "one too many", "https", "good", "/to/good2/to/good/echo", 1, REASON_HTTP_REDIRECT, NULL,
	  false },
	{ "for ever", "https", "good", "/loop", 5, REASON_HTTP_REDIRECT, NULL, false },
	{ "nowhere", "https", "good", "/nowhere", 5, REASON_HTTP_REDIRECT, NULL, false },
	{ "to a user", "https", "good", "/to-user", 5, REASON_HTTP_REDIRECT, NULL, false },
	{ "to a file", "https", "good", "/to-file", 5, REASON_HTTP_REDIRECT, NULL, false },
	{ "https to loopback http", "https", "good", "/to/plain/ok", 5, REASON_HTTP_REDIRECT, NULL,
	  false },
	{ "loopback http to loopback http", "http", "plain", "/to/plain2/echo", 5, REASON_OK, NULL,
	  false },
	{ "loopback http to https", "http", "plain", "/to/good/echo", 5, REASON_OK, NULL, false },
	{ "and back to http", "http", "plain", "/to/good/to/plain/echo", 5, REASON_OK, NULL,
	  false },
	{ "loopback http to foreign http", "http", "plain", "/to-foreign", 5, REASON_HTTP_REDIRECT,
	  NULL, false },
	{ "to a server that is not known", "https", "good", "/to/own/ok", 5, REASON_HTTP_TLS_ISSUER,
	  NULL, false },
};

START_TEST(test_redirects)
{
	for (size_t i = 0; i < LENGTH(redirects); i++) {
		const char *row = redirects[i].row;
		struct fetch fetch =
			loaded(redirects[i].scheme, redirects[i].server, redirects[i].path);
		/* plain http allowed everywhere does not hold behind a redirect */
		fetch.route.allow_plain = true;
		fetch.request.redirects_max = redirects[i].max;
		fetch_expect(row, &fetch, redirects[i].want);
		if (redirects[i].body != NULL)
			fetch_expect_body(row, &fetch, redirects[i].body);
		else if (redirects[i].want == REASON_OK)
			ck_assert_msg(fetch_body_has(&fetch, "Secret") == redirects[i].secrets &&
					      fetch_body_has(&fetch, "X-Nonce: 00ff"),
				      "row \"%s\": sent on", row);
		fetch_done(&fetch);
	}
	struct fetch fetch = fetch_of("https", "localhost", "good", "/302");
	fetch.request.redirects_max = 5;
	fetch.route.tls = HTTP_TLS_ATTESTED;
	fetch_expect("attested", &fetch, REASON_HTTP_REDIRECT);
	fetch_done(&fetch);
	fetch.route.tls = HTTP_TLS_VERIFIED;
	fetch.request.method = "POST";
	fetch_expect("POST", &fetch, REASON_HTTP_REDIRECT);
	fetch_done(&fetch);
}
END_TEST

static const struct {
	const char *path;
	long status;
	const char *body;
	int64_t slept_ms;
	unsigned naps;
	bool retry;
} repeats[] = {
	{ "/after/a/0/503/", 200, "1", 0, 0, true },
	{ "/after/b/1/503/", 200, "2", 250, 1, true },
	{ "/after/c/2/429/", 200, "3", 750, 2, true },
	{ "/after/d/3/503/", 503, "", 750, 2, true },
	{ "/after/e/1/503/", 503, "", 0, 0, false },
	{ "/after/f/1/500/", 500, "", 0, 0, true },
	{ "/after/g/1/429/2", 200, "2", 2000, 1, true },
	{ "/after/h/1/429/0", 200, "2", 0, 0, true },
	/* beyond the deadline, or not to be understood: the answer as it is, at once */
	{ "/after/i/1/429/60", 429, "", 0, 0, true },
	{ "/after/j/1/503/Wed,%2021%20Oct%202015%2007:28:00%20GMT", 503, "", 0, 0, true },
	{ "/after/k/1/503/-1", 503, "", 0, 0, true },
};

START_TEST(test_repeats)
{
	for (size_t i = 0; i < LENGTH(repeats); i++) {
		const char *row = repeats[i].path;
		struct servers_nap nap = { 0 };
		struct fetch fetch = fetch_of("http", "localhost", "plain", row);
		fetch.clock = servers_quick_clock(&nap);
		fetch.request.deadline_ms = 20000;
		fetch.request.retry = repeats[i].retry;
		fetch_expect(row, &fetch, REASON_OK);
		ck_assert_msg(fetch.answer.status == repeats[i].status, "row \"%s\": %ld", row,
			      fetch.answer.status);
		fetch_expect_body(row, &fetch, repeats[i].body);
		ck_assert_msg(nap.naps == repeats[i].naps && nap.slept_ms == repeats[i].slept_ms,
			      "row \"%s\": %u pauses, %d ms", row, nap.naps, (int)nap.slept_ms);
		fetch_done(&fetch);
	}
}
END_TEST

/* What was never sent may be tried again; what was, may not, and what is refused stays so. */
START_TEST(test_repeats_of_failures)
{
	static const struct {
		const char *scheme;
		const char *server;
		const char *path;
		enum reason want;
		unsigned naps;
	} rows[] = {
		{ "http", "closed", "/", REASON_HTTP_CONNECT, 2 },
		{ "https", "garbage", "/", REASON_HTTP_TLS, 2 },
		{ "https", "own", "/", REASON_HTTP_TLS_ISSUER, 0 },
		{ "https", "good", "/cut", REASON_HTTP_CUT_SHORT, 0 },
		{ "https", "good", "/empty", REASON_HTTP_CUT_SHORT, 0 },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct servers_nap nap = { 0 };
		struct fetch fetch =
			fetch_of(rows[i].scheme, "localhost", rows[i].server, rows[i].path);
		fetch.clock = servers_quick_clock(&nap);
		fetch.request.deadline_ms = 20000;
		fetch.request.retry = true;
		fetch_expect(rows[i].server, &fetch, rows[i].want);
		ck_assert_msg(nap.naps == rows[i].naps, "row \"%s%s\": %u", rows[i].server,
			      rows[i].path, nap.naps);
		fetch_done(&fetch);
	}
}
END_TEST

/* Only requests that may be repeated, to servers that are verified, share a connection. */
START_TEST(test_connections)
{
	static const struct {
		const char *row;
		bool retry;
		enum http_tls tls;
		bool shared;
	} rows[] = {
		{ "repeatable", true, HTTP_TLS_VERIFIED, true },
		{ "not repeatable", false, HTTP_TLS_VERIFIED, false },
		{ "attested", true, HTTP_TLS_ATTESTED, false },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct fetch fetch = fetch_of("https", "localhost", "good", "/connections");
		long count[2];
		fetch.route.tls = rows[i].tls;
		struct http *http = http_new(&fetch.route, &servers_clock);
		ck_assert_ptr_nonnull(http);
		fetch.request.url = fetch.url;
		fetch.request.retry = rows[i].retry;
		for (size_t n = 0; n < 2; n++) {
			struct http_request request = fetch.request;
			request.deadline_ms += servers_clock.ticks_ms(NULL);
			EXPECT_REASON(rows[i].row, http_exchange(http, &request, &fetch.answer),
				      REASON_OK);
			char *body = support_text(buf_span(&fetch.answer.body));
			count[n] = strtol(body, NULL, 10);
			free(body);
			/* also the second answer comes with the certificate */
			ck_assert_uint_gt(fetch.answer.peer_der.len, 100);
			http_answer_done(&fetch.answer);
		}
		ck_assert_msg((count[0] == count[1]) == rows[i].shared, "row \"%s\"", rows[i].row);
		http_free(http);
	}
}
END_TEST

struct pool {
	struct buf bytes;
	size_t stop_at;
};

static bool pour(void *context, struct span piece)
{
	struct pool *pool = context;

	buf_add(&pool->bytes, piece);
	return pool->bytes.len < pool->stop_at;
}

static const struct {
	const char *path;
	uint64_t from;
	size_t max;
	size_t stop_at;
	enum reason want;
	size_t poured;
	size_t kept;
} blobs[] = {
	{ "/blob", 0, 300000, SIZE_MAX, REASON_OK, 300000, 0 },
	{ "/blob", 0, 299999, SIZE_MAX, REASON_HTTP_TOO_LARGE, 0, 0 },
	{ "/blob", 0, 300000, 1, REASON_HTTP_STOPPED, SIZE_MAX, 0 },
	{ "/404", 0, 300000, SIZE_MAX, REASON_OK, 0, 4 },
	{ "/range", 100, 299900, SIZE_MAX, REASON_OK, 299900, 0 },
	{ "/range", 100, 299899, SIZE_MAX, REASON_HTTP_TOO_LARGE, 0, 0 },
	{ "/range", 101, 300000, SIZE_MAX, REASON_HTTP_RANGE, 0, 0 },
	{ "/range-other", 100, 300000, SIZE_MAX, REASON_HTTP_RANGE, 0, 0 },
	{ "/range-multi", 100, 300000, SIZE_MAX, REASON_HTTP_RANGE, 0, 0 },
	{ "/range-part", 100, 300000, SIZE_MAX, REASON_HTTP_RANGE, 0, 0 },
	{ "/range-short", 100, 300000, SIZE_MAX, REASON_HTTP_RANGE, SIZE_MAX, 0 },
	{ "/blob", 100, 300000, SIZE_MAX, REASON_HTTP_RANGE, 0, 0 },
	{ "/204", 100, 300000, SIZE_MAX, REASON_HTTP_RANGE, 0, 0 },
	{ "/404", 100, 300000, SIZE_MAX, REASON_OK, 0, 4 },
};

START_TEST(test_blobs)
{
	for (size_t i = 0; i < LENGTH(blobs); i++) {
		struct pool pool = { .stop_at = blobs[i].stop_at };
		struct fetch fetch = fetch_of("https", "localhost", "good", blobs[i].path);
		fetch.request.body_max = blobs[i].max;
		fetch.request.range_from = blobs[i].from;
		fetch.request.sink = pour;
		fetch.request.sink_context = &pool;
		fetch_expect(blobs[i].path, &fetch, blobs[i].want);
		ck_assert_msg(blobs[i].poured == SIZE_MAX || pool.bytes.len == blobs[i].poured,
			      "row %zu \"%s\": %zu bytes", i, blobs[i].path, pool.bytes.len);
		ck_assert_msg(fetch.answer.body.len == blobs[i].kept, "row %zu", i);
		buf_done(&pool.bytes);
		fetch_done(&fetch);
	}
	/* from nginx, which knows ranges: both parts are the whole */
	struct pool pool = { .stop_at = SIZE_MAX };
	struct fetch fetch = fetch_of("https", "localhost", "nginx13", "/blob");
	struct buf whole = support_read("blob");
	buf_add(&pool.bytes, (struct span){ whole.at, 123456 });
	fetch.request.body_max = whole.len;
	fetch.request.range_from = 123456;
	fetch.request.sink = pour;
	fetch.request.sink_context = &pool;
	fetch_expect("nginx", &fetch, REASON_OK);
	EXPECT_BYTES("nginx", buf_span(&pool.bytes), buf_span(&whole));
	fetch_done(&fetch);
	buf_done(&pool.bytes);
	buf_done(&whole);
}
END_TEST

START_TEST(test_head)
{
	struct fetch fetch = fetch_of("https", "localhost", "nginx12", "/blob");

	fetch.request.method = "HEAD";
	fetch_expect("HEAD", &fetch, REASON_OK);
	ck_assert_int_eq(fetch.answer.status, 200);
	ck_assert_uint_eq(fetch.answer.body.len, 0);
	fetch_done(&fetch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("exchange");
	TCase *tcase = tcase_create("exchanges");

	tcase_add_unchecked_fixture(tcase, servers_start, servers_stop);
	tcase_add_test(tcase, test_sent);
	tcase_add_test(tcase, test_secrets);
	tcase_add_test(tcase, test_headers_of_answer);
	tcase_add_test(tcase, test_redirects);
	tcase_add_test(tcase, test_repeats);
	tcase_add_test(tcase, test_repeats_of_failures);
	tcase_add_test(tcase, test_connections);
	tcase_add_test(tcase, test_blobs);
	tcase_add_test(tcase, test_head);
	suite_add_tcase(suite, tcase);
	return support_main(suite);
}
