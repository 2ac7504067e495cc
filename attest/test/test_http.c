/* One exchange with one server: what is accepted, and every fault that has a reason of its own. */
#include "attest/http.h"

#include <stdio.h>
#include <string.h>

#include "attest/test/servers.h"
#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *path;
	enum reason want;
	long status;
	const char *body; /* NULL: not looked at */
} answers[] = {
	{ "/ok", REASON_OK, 200, "hello" },
	{ "/chunked", REASON_OK, 200, "hello" },
	{ "/trailer", REASON_OK, 200, "hello" },
	{ "/http10-length", REASON_OK, 200, "hello" },
	{ "/1xx", REASON_OK, 200, "hello" },
	{ "/204", REASON_OK, 204, "" },
	{ "/304", REASON_OK, 304, "" },
	{ "/404", REASON_OK, 404, "none" },
	{ "/500", REASON_OK, 500, "oops" },
	{ "/identity", REASON_OK, 200, "hello" },
	{ "/more", REASON_OK, 200, "hello" },
	{ "/full", REASON_OK, 200, NULL },
	{ "/stall", REASON_HTTP_TIMEOUT, 0, NULL },
	{ "/dribble", REASON_HTTP_TIMEOUT, 200, NULL },
	{ "/dribble-head", REASON_HTTP_TIMEOUT, 0, NULL },
	{ "/cut", REASON_HTTP_CUT_SHORT, 200, NULL },
	{ "/cut-chunk", REASON_HTTP_CUT_SHORT, 200, NULL },
	{ "/cut-chunks", REASON_HTTP_CUT_SHORT, 200, NULL },
	{ "/empty", REASON_HTTP_CUT_SHORT, 0, NULL },
	{ "/reset", REASON_HTTP_CUT_SHORT, 200, NULL },
	{ "/announced", REASON_HTTP_TOO_LARGE, 200, NULL },
	{ "/announced-2-62", REASON_HTTP_TOO_LARGE, 200, NULL },
	{ "/endless", REASON_HTTP_TOO_LARGE, 200, NULL },
	{ "/endless-1xx", REASON_HTTP_HEADERS_TOO_LARGE, 103, NULL },
	{ "/many-headers", REASON_HTTP_HEADERS_TOO_LARGE, 0, NULL },
	{ "/long-header", REASON_HTTP_HEADERS_TOO_LARGE, 0, NULL },
	{ "/gzip", REASON_HTTP_ENCODING, 200, NULL },
	{ "/br", REASON_HTTP_ENCODING, 200, NULL },
	{ "/gzip-twice", REASON_HTTP_ENCODING, 200, NULL },
	{ "/gzip-transfer", REASON_HTTP_ENCODING, 0, NULL },
	{ "/http09", REASON_HTTP_MALFORMED, 0, NULL },
	{ "/lengths", REASON_HTTP_MALFORMED, 200, NULL },
	{ "/both", REASON_HTTP_MALFORMED, 200, NULL },
	{ "/301", REASON_HTTP_REDIRECT, 301, NULL },
	{ "/302", REASON_HTTP_REDIRECT, 302, NULL },
	{ "/303", REASON_HTTP_REDIRECT, 303, NULL },
	{ "/307", REASON_HTTP_REDIRECT, 307, NULL },
	{ "/308", REASON_HTTP_REDIRECT, 308, NULL },
};

static void check_answer(const char *scheme, const char *server, size_t i)
{
	const char *path = answers[i].path;
	struct fetch fetch = fetch_of(scheme, "localhost", server, path);

	/* under valgrind even a good answer takes its time */
	if (answers[i].want == REASON_HTTP_TIMEOUT)
		fetch.request.deadline_ms = support_is_slow() ? 1500 : 200;
	int64_t start = servers_clock.ticks_ms(NULL);
	fetch_expect(path, &fetch, answers[i].want);
	int64_t took = servers_clock.ticks_ms(NULL) - start;
	ck_assert_msg(took <= fetch.request.deadline_ms + 500, "row \"%s\": %d ms", path,
		      (int)took);
	ck_assert_msg(answers[i].status == 0 || fetch.answer.status == answers[i].status,
		      "row \"%s\": status %ld", path, fetch.answer.status);
	if (answers[i].body != NULL)
		fetch_expect_body(path, &fetch, answers[i].body);
	ck_assert_msg(answers[i].want == REASON_OK || fetch.answer.trouble[0] != '\0',
		      "row \"%s\": nothing is said", path);
	fetch_done(&fetch);
}

START_TEST(test_plain)
{
	for (size_t i = 0; i < LENGTH(answers); i++)
		check_answer("http", "plain", i);
}
END_TEST

START_TEST(test_tls)
{
	for (size_t i = 0; i < LENGTH(answers); i++)
		check_answer("https", "good", i);
}
END_TEST

/* libcurl itself reads these in its own way, so that the reason is not always ours. */
START_TEST(test_never_accepted)
{
	static const char *const paths[] = { "/announced-2-64", "/length-word", "/no-colon",
					     "/cut-head" };

	for (size_t i = 0; i < LENGTH(paths); i++) {
		struct fetch fetch = fetch_of("http", "127.0.0.1", "plain", paths[i]);
		fetch_go(&fetch);
		ck_assert_msg(fetch.reason != REASON_OK, "row \"%s\" is accepted", paths[i]);
		ck_assert_msg(fetch.answer.body.len == 0, "row \"%s\": a body", paths[i]);
		fetch_done(&fetch);
	}
}
END_TEST

/* An answer that ends with its connection: whole over http; over TLS only with close_notify. */
START_TEST(test_end_of_connection)
{
	struct fetch fetch = fetch_of("http", "localhost", "plain", "/http10");

	fetch_expect("http", &fetch, REASON_OK);
	fetch_expect_body("http", &fetch, "hello");
	fetch_done(&fetch);
	fetch = fetch_of("https", "localhost", "good", "/http10");
	fetch_expect("https", &fetch, REASON_OK);
	fetch_expect_body("https", &fetch, "hello");
	fetch_done(&fetch);
	fetch = fetch_of("https", "localhost", "rude", "/http10");
	fetch_expect("no close_notify", &fetch, REASON_HTTP_CUT_SHORT);
	fetch_done(&fetch);
}
END_TEST

static const struct {
	const char *row;
	const char *server;
	const char *host;
	const char *cacert;
	enum http_tls tls;
	enum reason want;
	const char *certificate; /* NULL: none, as there is no answer */
	bool unknown;
} handshakes[] = {
	{ "good", "good", "localhost", "ca.pem", HTTP_TLS_VERIFIED, REASON_OK, "good.pem", false },
	{ "by address", "good", "127.0.0.1", "ca.pem", HTTP_TLS_VERIFIED, REASON_OK, "good.pem",
	  false },
	{ "TLS 1.2", "tls12", "localhost", "ca.pem", HTTP_TLS_VERIFIED, REASON_OK, "good.pem",
	  false },
	{ "TLS 1.1", "tls11", "localhost", "ca.pem", HTTP_TLS_VERIFIED, REASON_HTTP_TLS, NULL,
	  false },
	{ "no TLS", "garbage", "localhost", "ca.pem", HTTP_TLS_VERIFIED, REASON_HTTP_TLS, NULL,
	  false },
	{ "another issuer", "good", "localhost", "otherca.pem", HTTP_TLS_VERIFIED,
	  REASON_HTTP_TLS_ISSUER, NULL, false },
	{ "the system's issuers", "good", "localhost", NULL, HTTP_TLS_VERIFIED,
	  REASON_HTTP_TLS_ISSUER, NULL, false },
	{ "self-signed", "own", "localhost", "ca.pem", HTTP_TLS_VERIFIED, REASON_HTTP_TLS_ISSUER,
	  NULL, false },
	{ "another name", "othername", "localhost", "ca.pem", HTTP_TLS_VERIFIED,
	  REASON_HTTP_TLS_NAME, NULL, false },
	{ "another address", "othername", "127.0.0.1", "ca.pem", HTTP_TLS_VERIFIED,
	  REASON_HTTP_TLS_NAME, NULL, false },
	{ "expired", "expired", "localhost", "ca.pem", HTTP_TLS_VERIFIED, REASON_HTTP_TLS_VALIDITY,
	  NULL, false },
	{ "not yet valid", "future", "localhost", "ca.pem", HTTP_TLS_VERIFIED,
	  REASON_HTTP_TLS_VALIDITY, NULL, false },
	{ "not for servers", "client", "localhost", "ca.pem", HTTP_TLS_VERIFIED,
	  REASON_HTTP_TLS_CERTIFICATE, NULL, false },
	{ "a file without certificates", "good", "localhost", "ca.key", HTTP_TLS_VERIFIED,
	  REASON_HTTP_CACERT, NULL, false },

	{ "attested, good", "good", "localhost", "ca.pem", HTTP_TLS_ATTESTED, REASON_OK, "good.pem",
	  false },
	{ "attested, self-signed for another name", "own", "localhost", "ca.pem", HTTP_TLS_ATTESTED,
	  REASON_OK, "own.pem", true },
	{ "attested, the system's issuers", "own", "127.0.0.1", NULL, HTTP_TLS_ATTESTED, REASON_OK,
	  "own.pem", true },
	{ "attested, trusted but for another name", "own", "localhost", "own.pem",
	  HTTP_TLS_ATTESTED, REASON_OK, "own.pem", true },
	{ "attested, another issuer", "good", "localhost", "otherca.pem", HTTP_TLS_ATTESTED,
	  REASON_OK, "good.pem", true },
	{ "attested, another name", "othername", "localhost", "ca.pem", HTTP_TLS_ATTESTED,
	  REASON_OK, "othername.pem", true },
	{ "attested, expired", "expired", "localhost", "ca.pem", HTTP_TLS_ATTESTED,
	  REASON_HTTP_TLS_VALIDITY, NULL, false },
	{ "attested, self-signed and expired", "ownexpired", "localhost", "ca.pem",
	  HTTP_TLS_ATTESTED, REASON_HTTP_TLS_VALIDITY, NULL, false },
	{ "attested, not yet valid", "future", "localhost", "otherca.pem", HTTP_TLS_ATTESTED,
	  REASON_HTTP_TLS_VALIDITY, NULL, false },
	{ "attested, not for servers", "client", "localhost", "otherca.pem", HTTP_TLS_ATTESTED,
	  REASON_HTTP_TLS_CERTIFICATE, NULL, false },
	{ "attested, TLS 1.1", "tls11", "localhost", "ca.pem", HTTP_TLS_ATTESTED, REASON_HTTP_TLS,
	  NULL, false },
};

/* Fails unless the answer's certificate is the one in the file. */
static void check_certificate(const char *row, const struct http_answer *answer, const char *name)
{
	char script[128];

	(void)snprintf(script, sizeof(script), "openssl x509 -in %s -outform DER -out peer.der",
		       name);
	support_sh(script);
	struct buf der = support_read("peer.der");
	EXPECT_BYTES(row, buf_span(&answer->peer_der), buf_span(&der));
	buf_done(&der);
}

START_TEST(test_handshake)
{
	for (size_t i = 0; i < LENGTH(handshakes); i++) {
		const char *row = handshakes[i].row;
		struct fetch fetch =
			fetch_of("https", handshakes[i].host, handshakes[i].server, "/ok");
		fetch.route.tls = handshakes[i].tls;
		fetch.route.cacert = handshakes[i].cacert;
		fetch_expect(row, &fetch, handshakes[i].want);
		ck_assert_msg(fetch.answer.unknown_issuer == handshakes[i].unknown, "row \"%s\"",
			      row);
		if (handshakes[i].certificate != NULL)
			check_certificate(row, &fetch.answer, handshakes[i].certificate);
		else
			ck_assert_msg(fetch.answer.peer_der.len == 0 && fetch.answer.status == 0,
				      "row \"%s\": an answer", row);
		fetch_done(&fetch);
	}
}
END_TEST

START_TEST(test_ipv6)
{
	if (servers_port("plain6") == 0) {
		support_skip("http/ipv6", "no ::1 in this system");
		return;
	}
	struct fetch fetch = fetch_of("http", "[::1]", "plain6", "/ok");
	fetch_expect("http", &fetch, REASON_OK);
	ck_assert_uint_eq(fetch.answer.peer_der.len, 0);
	fetch_done(&fetch);
	fetch = fetch_of("https", "[::1]", "good6", "/ok");
	fetch_expect("https", &fetch, REASON_OK);
	check_certificate("https", &fetch.answer, "good.pem");
	fetch_done(&fetch);
}
END_TEST

/* What fails before a server has said anything. */
static const struct {
	const char *url; /* NULL: one that works */
	struct http_route route;
	const char *method;
	enum reason want;
} refused[] = {
	{ "ftp://localhost/", { 0 }, "GET", REASON_HTTP_URL },
	{ "https://user:secret@localhost/", { 0 }, "GET", REASON_HTTP_URL },
	{ "http://192.0.2.1/", { 0 }, "GET", REASON_HTTP_PLAIN },
	{ "http://plain.example/?key=secret", { 0 }, "GET", REASON_HTTP_PLAIN },
	{ "http://127.1/", { 0 }, "GET", REASON_HTTP_URL },
	{ "http://localhost.example/", { 0 }, "GET", REASON_HTTP_PLAIN },
	{ "https://nowhere.invalid/?key=secret", { 0 }, "GET", REASON_HTTP_HOST },
	{ NULL, { .proxy = "https://proxy.example:1" }, "GET", REASON_HTTP_PROXY },
	{ NULL, { .proxy = "http://user:secret@proxy.example:1" }, "GET", REASON_HTTP_PROXY },
	{ NULL,
	  { .resolve = (const char *const[]){ "*:1:127.0.0.1" }, .n_resolve = 1 },
	  "GET",
	  REASON_HTTP_RESOLVE },
	{ NULL,
	  { .headers = (const char *const[]){ "Host: x" }, .n_headers = 1 },
	  "GET",
	  REASON_HTTP_HEADER },
	{ NULL, { 0 }, "get", REASON_HTTP_HEADER },
	{ NULL, { 0 }, "GET / HTTP/1.1\r\nX:", REASON_HTTP_HEADER },
};

START_TEST(test_refused)
{
	for (size_t i = 0; i < LENGTH(refused); i++) {
		struct fetch fetch = fetch_of("http", "localhost", "plain", "/ok");
		const char *row = refused[i].url != NULL ? refused[i].url : refused[i].method;
		fetch.route = refused[i].route;
		fetch.request.url = refused[i].url;
		fetch.request.method = refused[i].method;
		fetch_expect(row, &fetch, refused[i].want);
		ck_assert_msg(strstr(fetch.answer.trouble, "secret") == NULL, "row \"%s\": %s", row,
			      fetch.answer.trouble);
		fetch_done(&fetch);
	}
	struct fetch fetch = fetch_of("https", "localhost", "closed", "/?key=secret");
	fetch_expect("a closed port", &fetch, REASON_HTTP_CONNECT);
	ck_assert_ptr_null(strstr(fetch.answer.trouble, "secret"));
	fetch_done(&fetch);
	fetch = fetch_of("http", "localhost", "plain", "/ok");
	fetch.request.deadline_ms = 0;
	fetch_expect("no time at all", &fetch, REASON_HTTP_TIMEOUT);
	fetch_done(&fetch);
}
END_TEST

/* nginx as it is found in the world: compressing when asked, chunked, both versions of TLS. */
START_TEST(test_nginx)
{
	static const struct {
		const char *scheme;
		const char *server;
		const char *path;
		size_t len;
	} rows[] = {
		{ "http", "nginx", "/text.html", 6000 },
		{ "https", "nginx13", "/text.html", 6000 },
		{ "https", "nginx12", "/text.html", 6000 },
		{ "https", "nginx13", "/up/chunked", 5 },
		{ "https", "nginx12", "/up/http10", 5 },
		{ "https", "nginx13", "/up/http10", 5 },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct fetch fetch =
			fetch_of(rows[i].scheme, "localhost", rows[i].server, rows[i].path);
		fetch_expect(rows[i].path, &fetch, REASON_OK);
		ck_assert_int_eq(fetch.answer.status, 200);
		ck_assert_msg(fetch.answer.body.len == rows[i].len, "row \"%s\": %zu bytes",
			      rows[i].path, fetch.answer.body.len);
		fetch_done(&fetch);
	}
	/* one that cannot reach what is behind it, and one that is told of more than it gets */
	struct fetch fetch = fetch_of("https", "localhost", "nginx13", "/up/empty");
	fetch_expect("502", &fetch, REASON_OK);
	ck_assert_int_eq(fetch.answer.status, 502);
	fetch_done(&fetch);
	fetch = fetch_of("https", "localhost", "nginx13", "/up/cut");
	fetch_expect("cut", &fetch, REASON_HTTP_CUT_SHORT);
	fetch_done(&fetch);
	fetch = fetch_of("https", "localhost", "nginx13", "/up/gzip");
	fetch_expect("gzip", &fetch, REASON_HTTP_ENCODING);
	fetch_done(&fetch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http");
	TCase *tcase = tcase_create("one exchange");

	tcase_add_unchecked_fixture(tcase, servers_start, servers_stop);
	tcase_add_test(tcase, test_plain);
	tcase_add_test(tcase, test_tls);
	tcase_add_test(tcase, test_never_accepted);
	tcase_add_test(tcase, test_end_of_connection);
	tcase_add_test(tcase, test_handshake);
	tcase_add_test(tcase, test_ipv6);
	tcase_add_test(tcase, test_refused);
	tcase_add_test(tcase, test_nginx);
	suite_add_tcase(suite, tcase);
	return support_main(suite);
}
