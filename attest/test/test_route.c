/* The way to a server: --resolve, proxies, and the environment, which has no say. */
#include "attest/http.h"

#include <stdio.h>
#include <string.h>

#include "attest/test/servers.h"
#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *const route_headers[] = { "X-Own: Secret" };

/* --resolve leads to a server, and leads nobody to send unencrypted bytes to another machine. */
START_TEST(test_resolve)
{
	char entry[64];
	const char *entries[] = { entry };
	struct fetch fetch = fetch_of("https", "good.example", "good", "/ok");

	fetch.route.resolve = entries;
	fetch.route.n_resolve = 1;
	(void)snprintf(entry, sizeof(entry), "good.example:%u:127.0.0.1", servers_port("good"));
	fetch_expect("https", &fetch, REASON_OK);
	fetch_done(&fetch);
	(void)snprintf(entry, sizeof(entry), "localhost:%u:192.0.2.1", servers_port("plain"));
	fetch = fetch_of("http", "localhost", "plain", "/ok");
	fetch.route.resolve = entries;
	fetch.route.n_resolve = 1;
	fetch_expect("localhost elsewhere", &fetch, REASON_HTTP_PLAIN);
	fetch_done(&fetch);
	fetch = fetch_of("http", "127.0.0.1", "plain", "/ok");
	fetch.route.resolve = entries;
	fetch.route.n_resolve = 1;
	(void)snprintf(entry, sizeof(entry), "127.0.0.1:%u:192.0.2.1", servers_port("plain"));
	fetch_go(&fetch); /* an address is itself, whatever a version of libcurl makes of this */
	ck_assert(fetch.reason == REASON_OK || fetch.reason == REASON_HTTP_PLAIN);
	fetch_done(&fetch);
	(void)snprintf(entry, sizeof(entry), "plain.example:%u:127.0.0.1", servers_port("plain"));
	fetch = fetch_of("http", "plain.example", "plain", "/ok");
	fetch.route.resolve = entries;
	fetch.route.n_resolve = 1;
	fetch_expect("a name that leads here", &fetch, REASON_HTTP_PLAIN);
	fetch_done(&fetch);
	fetch.route.allow_plain = true;
	fetch_expect("allowed", &fetch, REASON_OK);
	fetch_done(&fetch);
}
END_TEST

START_TEST(test_proxy)
{
	char proxy[64];
	struct fetch fetch = fetch_of("https", "localhost", "good", "/echo");
	fetch.route.headers = route_headers;
	fetch.route.n_headers = 1;
	struct fetch count = fetch_of("http", "localhost", "plain", "/count/secrets-at-the-proxy");

	(void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", servers_port("proxy"));
	(void)snprintf(fetch.url, sizeof(fetch.url), "https://good.example/echo");
	fetch.route.proxy = proxy;
	fetch_expect("https", &fetch, REASON_OK);
	ck_assert(fetch_body_has(&fetch, "X-Own: Secret"));
	struct span value;
	ck_assert(!http_answer_header(&fetch.answer, "X-Proxy", &value));
	ck_assert_uint_gt(fetch.answer.peer_der.len, 100);
	fetch_done(&fetch);
	fetch_expect("what the proxy saw", &count, REASON_OK);
	fetch_expect_body("what the proxy saw", &count, "0");
	fetch_done(&count);
	(void)snprintf(fetch.url, sizeof(fetch.url), "https://other.example/echo");
	fetch_expect("another name behind it", &fetch, REASON_HTTP_TLS_NAME);
	fetch_done(&fetch);
	(void)snprintf(fetch.url, sizeof(fetch.url), "http://plain.example/");
	fetch_expect("plain http through it", &fetch, REASON_HTTP_PLAIN);
	fetch_done(&fetch);
	fetch.route.allow_plain = true;
	fetch_expect("plain http, allowed", &fetch, REASON_OK);
	ck_assert(fetch_body_has(&fetch, "proxied"));
	fetch_done(&fetch);
	/* loopback is this machine's, not the proxy's */
	fetch = fetch_of("http", "localhost", "plain", "/ok");
	fetch.route.proxy = proxy;
	fetch_expect("loopback", &fetch, REASON_OK);
	fetch_expect_body("loopback", &fetch, "hello");
	fetch_done(&fetch);
	fetch = fetch_of("https", "good.example", "good", "/ok");
	fetch.route.proxy = proxy;
	(void)snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", servers_port("proxy403"));
	fetch_expect("a proxy that refuses", &fetch, REASON_HTTP_CONNECT);
	ck_assert_uint_eq(fetch.answer.headers.len, 0);
	fetch_done(&fetch);
	(void)snprintf(proxy, sizeof(proxy), "socks5h://127.0.0.1:%u", servers_port("closed"));
	fetch_expect("no proxy there", &fetch, REASON_HTTP_CONNECT);
	fetch_done(&fetch);
}
END_TEST

/* libcurl was started in an environment full of advice. */
START_TEST(test_environment)
{
	struct fetch fetch = fetch_of("https", "localhost", "good", "/echo");

	fetch_expect("environment", &fetch, REASON_OK);
	ck_assert(!fetch_body_has(&fetch, "Authorization"));
	fetch_done(&fetch);
	fetch.route.cacert = NULL;
	fetch_expect("issuers", &fetch, REASON_HTTP_TLS_ISSUER);
	fetch_done(&fetch);
	struct buf keys = { 0 };
	if (support_try_read("keys.log", &keys))
		ck_assert_msg(keys.len == 0, "session keys were written");
	buf_done(&keys);
}
END_TEST

START_TEST(test_route_check)
{
	static const char *const bad_header[] = { "Content-Length: 5" };
	static const char *const bad_resolve[] = { "localhost:80" };
	static const struct {
		struct http_route route;
		enum reason want;
	} rows[] = {
		{ { 0 }, REASON_OK },
		{ { .cacert = "ca.pem", .proxy = "http://proxy.example:3128" }, REASON_OK },
		{ { .cacert = "ca.key" }, REASON_HTTP_CACERT },
		{ { .cacert = "absent.pem" }, REASON_HTTP_CACERT },
		{ { .proxy = "proxy.example:3128" }, REASON_HTTP_PROXY },
		{ { .headers = bad_header, .n_headers = 1 }, REASON_HTTP_HEADER },
		{ { .resolve = bad_resolve, .n_resolve = 1 }, REASON_HTTP_RESOLVE },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		char row[16];
		(void)snprintf(row, sizeof(row), "%zu", i);
		EXPECT_REASON(row, http_route_check(&rows[i].route), rows[i].want);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("route");
	TCase *tcase = tcase_create("routes");

	tcase_add_unchecked_fixture(tcase, servers_start, servers_stop);
	tcase_add_test(tcase, test_resolve);
	tcase_add_test(tcase, test_proxy);
	tcase_add_test(tcase, test_environment);
	tcase_add_test(tcase, test_route_check);
	suite_add_tcase(suite, tcase);
	return support_main(suite);
}
