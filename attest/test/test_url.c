#include "attest/url.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *text;
	const char *host; /* NULL: refused */
	const char *rest;
	uint16_t port;
	bool https;
	bool loopback;
} urls[] = {
	{ "https://enclave.example", "enclave.example", "", 443, true, false },
	{ "http://enclave.example/", "enclave.example", "/", 80, false, false },
	{ "HTTPS://Enclave.Example:8443/a/../b?k=v", "Enclave.Example", "/a/../b?k=v", 8443, true,
	  false },
	{ "https://enclave.example?a@b", "enclave.example", "?a@b", 443, true, false },
	{ "https://enclave.example/@127.0.0.1:80/", "enclave.example", "/@127.0.0.1:80/", 443, true,
	  false },
	{ "http://a_b-c.d1.example:65535/{x}|y~", "a_b-c.d1.example", "/{x}|y~", 65535, false,
	  false },
	{ "http://127.0.0.1:1/", "127.0.0.1", "/", 1, false, true },
	{ "http://127.255.3.4/", "127.255.3.4", "/", 80, false, true },
	{ "http://[::1]:8080/", "[::1]", "/", 8080, false, true },
	{ "https://[2001:db8::1]/", "[2001:db8::1]", "/", 443, true, false },
	{ "https://[2001:DB8::1]/", "[2001:DB8::1]", "/", 443, true, false },
	{ "https://a.x7/", "a.x7", "/", 443, true, false },
	{ "http://LocalHost/", "LocalHost", "/", 80, false, true },

	/* this machine, or not, in other words */
	{ "http://0.0.0.0/", "0.0.0.0", "/", 80, false, false },
	{ "http://128.0.0.1/", "128.0.0.1", "/", 80, false, false },
	{ "http://[::]/", "[::]", "/", 80, false, false },
	{ "http://127.0.0.1.example/", "127.0.0.1.example", "/", 80, false, false },
	{ "http://localhost.example/", "localhost.example", "/", 80, false, false },
	{ "http://a.localhost/", "a.localhost", "/", 80, false, false },

	/* addresses in other than their one spelling */
	{ .text = "http://127.1/" },
	{ .text = "http://127.0.0.01/" },
	{ .text = "http://127.0.0.256/" },
	{ .text = "http://2130706433/" },
	{ .text = "http://0x7f.0.0.1/" },
	{ .text = "http://127.0.0.0X1/" },
	{ .text = "http://0177.0.0.1/" },
	{ .text = "http://1.2.3.4.5/" },
	{ .text = "http://name.7/" },
	{ .text = "http://[0:0:0:0:0:0:0:1]/" },
	{ .text = "http://[2001:DB8:0::1]/" },
	{ .text = "http://[::ffff:127.0.0.1]/" },

	{ .text = "" },
	{ .text = "https:" },
	{ .text = "https://" },
	{ .text = "https:///" },
	{ .text = "https:/enclave.example/" },
	{ .text = "enclave.example/" },
	{ .text = "//enclave.example/" },
	{ .text = "ftp://enclave.example/" },
	{ .text = "file:///etc/passwd" },
	{ .text = "httpss://enclave.example/" },
	{ .text = " https://enclave.example/" },
	{ .text = "https://enclave.example/ " },
	{ .text = "https://enclave.example/a b" },
	{ .text = "https://enclave.example/\r\nHost: x" },
	{ .text = "https://enclave.example/\x7f" },
	{ .text = "https://enclave.example/\xc3\xa4" },
	{ .text = "https://enclave.example/#top" },
	{ .text = "https://enclave.example#@127.0.0.1/" },
	{ .text = "https://enclave.example\\@127.0.0.1/" },
	{ .text = "https://user@enclave.example/" },
	{ .text = "https://user:pw@enclave.example/" },
	{ .text = "https://enclave.example:443@127.0.0.1/" },
	{ .text = "http://127.0.0.1@enclave.example/" },
	{ .text = "http://127.0.0.1%2f@enclave.example/" },
	{ .text = "https://enclave%2eexample/" },
	{ .text = "https://.example/" },
	{ .text = "https://enclave.example./" },
	{ .text = "http://localhost./" },
	{ .text = "https://-enclave.example/" },
	{ .text = "https://*.example/" },
	{ .text = "https://enclave.example:/" },
	{ .text = "https://enclave.example:0/" },
	{ .text = "https://enclave.example:0443/" },
	{ .text = "https://enclave.example:65536/" },
	{ .text = "https://enclave.example:4294967739/" },
	{ .text = "https://enclave.example:44 3/" },
	{ .text = "https://enclave.example:443x/" },
	{ .text = "https://enclave.example:-1/" },
	{ .text = "https://[]/" },
	{ .text = "https://[::1/" },
	{ .text = "https://::1/" },
	{ .text = "https://[::1]x/" },
	{ .text = "https://[127.0.0.1]/" },
	{ .text = "https://[fe80::1%25eth0]/" },
	{ .text = "https://[v1.x]/" },
};

START_TEST(test_read)
{
	for (size_t i = 0; i < LENGTH(urls); i++) {
		const char *row = urls[i].text;
		uint8_t *copy = support_exact(span_of_text(row));
		struct url url;
		enum reason reason = url_read((struct span){ copy, strlen(row) }, &url);
		EXPECT_REASON(row, reason, urls[i].host != NULL ? REASON_OK : REASON_HTTP_URL);
		if (reason == REASON_OK) {
			EXPECT_BYTES(row, url.host, span_of_text(urls[i].host));
			EXPECT_BYTES(row, url.rest, span_of_text(urls[i].rest));
			ck_assert_msg(url.https == urls[i].https && url.port == urls[i].port &&
					      url.loopback == urls[i].loopback,
				      "row \"%s\": port %u", row, url.port);
		}
		free(copy);
	}
}
END_TEST

START_TEST(test_lengths)
{
	static const struct {
		size_t host;
		size_t rest;
		enum reason want;
	} rows[] = {
		{ URL_HOST_MAX, 1, REASON_OK },
		{ URL_HOST_MAX + 1, 1, REASON_HTTP_URL },
		{ 10, URL_MAX - 18, REASON_OK },
		{ 10, URL_MAX - 17, REASON_HTTP_URL },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf text = { 0 };
		struct url url;
		buf_text(&text, "https://");
		for (size_t n = 0; n < rows[i].host; n++)
			buf_byte(&text, 'a');
		for (size_t n = 0; n < rows[i].rest; n++)
			buf_byte(&text, '/');
		EXPECT_REASON("length", url_read(buf_span(&text), &url), rows[i].want);
		buf_done(&text);
	}
	/* a NUL ends no text here */
	struct url url;
	EXPECT_REASON("NUL", url_read(SPAN_LITERAL("https://a\0.example/"), &url), REASON_HTTP_URL);
	EXPECT_REASON("NUL", url_read(SPAN_LITERAL("http://[::1\0]/"), &url), REASON_HTTP_URL);
}
END_TEST

START_TEST(test_same_origin)
{
	static const struct {
		const char *a;
		const char *b;
		bool same;
	} rows[] = {
		{ "https://a.example/x", "https://A.EXAMPLE:443/y", true },
		{ "https://a.example/", "http://a.example/", false },
		{ "https://a.example/", "http://a.example:443/", false },
		{ "https://a.example/", "https://a.example:444/", false },
		{ "https://a.example/", "https://b.example/", false },
		{ "https://a.example/", "https://a.example.example/", false },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct url a;
		struct url b;
		EXPECT_REASON(rows[i].a, url_read(span_of_text(rows[i].a), &a), REASON_OK);
		EXPECT_REASON(rows[i].b, url_read(span_of_text(rows[i].b), &b), REASON_OK);
		ck_assert_msg(url_same_origin(&a, &b) == rows[i].same, "row \"%s\"", rows[i].b);
	}
}
END_TEST

static const struct {
	const char *text;
	bool good;
} proxies[] = {
	{ "http://proxy.example:3128", true },   { "socks5h://[::1]:1080", true },
	{ "socks5://127.0.0.1:1080", true },     { "https://proxy.example:3128", false },
	{ "proxy.example:3128", false },         { "http://proxy.example", false },
	{ "http://proxy.example:3128/", false }, { "http://u:p@proxy.example:3128", false },
	{ "socks4://127.0.0.1:1080", false },    { "", false },
	{ "http://proxy.example:0", false },
};

static const struct {
	const char *text;
	bool good;
} resolves[] = {
	{ "enclave.example:443:127.0.0.1", true },
	{ "enclave.example:443:127.0.0.1,192.0.2.1", true },
	{ "enclave.example:443:[2001:db8::1],::1", true },
	{ "", false },
	{ "enclave.example", false },
	{ "enclave.example:443", false },
	{ "enclave.example:443:", false },
	{ "enclave.example:443:127.0.0.1,", false },
	{ "enclave.example:443:,127.0.0.1", false },
	{ "enclave.example:443:other.example", false },
	{ "enclave.example:0:127.0.0.1", false },
	{ "enclave.example:443:127.1", false },
	{ "*:443:127.0.0.1", false },
	{ "-enclave.example:443", false },
	{ "+enclave.example:443:127.0.0.1", false },
	{ "[::1]:443:127.0.0.1", false },
};

START_TEST(test_options)
{
	for (size_t i = 0; i < LENGTH(proxies); i++)
		ck_assert_msg(url_is_proxy(span_of_text(proxies[i].text)) == proxies[i].good,
			      "row \"%s\"", proxies[i].text);
	for (size_t i = 0; i < LENGTH(resolves); i++)
		ck_assert_msg(url_is_resolve(span_of_text(resolves[i].text)) == resolves[i].good,
			      "row \"%s\"", resolves[i].text);
}
END_TEST

START_TEST(test_addresses)
{
	static const struct {
		const char *text;
		int family;
		bool loopback;
	} rows[] = {
		{ "127.0.0.1", AF_INET, true },     { "127.255.255.255", AF_INET, true },
		{ "128.0.0.1", AF_INET, false },    { "1.0.0.127", AF_INET, false },
		{ "0.0.0.0", AF_INET, false },      { "::1", AF_INET6, true },
		{ "::2", AF_INET6, false },         { "::", AF_INET6, false },
		{ "::127.0.0.1", AF_INET6, false }, { "::ffff:127.0.0.1", AF_INET6, false },
		{ "2001:db8::1", AF_INET6, false },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct sockaddr_in v4 = { .sin_family = AF_INET };
		struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
		bool is_v4 = rows[i].family == AF_INET;
		ck_assert_int_eq(inet_pton(rows[i].family, rows[i].text,
					   is_v4 ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr),
				 1);
		const void *address = is_v4 ? (const void *)&v4 : (const void *)&v6;
		ck_assert_msg(url_address_is_loopback(rows[i].family, address) == rows[i].loopback,
			      "row \"%s\"", rows[i].text);
	}
	ck_assert(!url_address_is_loopback(AF_UNIX, &(struct sockaddr_in){ 0 }));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("url");

	support_add(suite, "read", test_read);
	support_add(suite, "lengths", test_lengths);
	support_add(suite, "same origin", test_same_origin);
	support_add(suite, "options", test_options);
	support_add(suite, "addresses", test_addresses);
	return support_main(suite);
}
