#include "attest/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/support.h"

START_TEST(test_parse)
{
	static const struct {
		const char *text;
		bool ok;
		bool loopback;
		int family;
	} rows[] = {
		{ "127.0.0.1:0", true, true, AF_INET },
		{ "127.8.9.10:65535", true, true, AF_INET },
		{ "localhost:80", true, true, AF_INET },
		{ "0.0.0.0:80", true, false, AF_INET },
		{ "128.0.0.1:80", true, false, AF_INET },
		{ "10.0.0.1:80", true, false, AF_INET },
		{ "[::1]:80", true, true, AF_INET6 },
		{ "[::]:80", true, false, AF_INET6 },
		{ "[::ffff:127.0.0.1]:80", true, false, AF_INET6 },
		{ "vsock:5000", true, false, AF_VSOCK },
		{ "vsock:0", true, false, AF_VSOCK },
		{ "vsock:4294967294", true, false, AF_VSOCK },
		{ "vsock:4294967295", false, false, 0 },
		{ "vsock:", false, false, 0 },
		{ "vsock:1x", false, false, 0 },
		{ "vsock:-1", false, false, 0 },
		{ "", false, false, 0 },
		{ "80", false, false, 0 },
		{ ":80", false, false, 0 },
		{ "127.0.0.1", false, false, 0 },
		{ "127.0.0.1:", false, false, 0 },
		{ "127.0.0.1:65536", false, false, 0 },
		{ "127.0.0.1:+1", false, false, 0 },
		{ "127.0.0.1: 1", false, false, 0 },
		{ "127.0.0.1:00000000001", false, false, 0 },
		{ "127.1:80", false, false, 0 },
		{ "::1:80", false, false, 0 },
		{ "[::1]", false, false, 0 },
		{ "[]:80", false, false, 0 },
		{ "[127.0.0.1]:80", false, false, 0 },
		{ "enclave.example:80", false, false, 0 },
		{ "1111111111111111111111111111111111111111111111111111111111111111:80", false,
		  false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct listen_address address = { .len = 0 };
		ck_assert_msg(listen_parse(rows[i].text, &address) == rows[i].ok, "%s",
			      rows[i].text);
		if (!rows[i].ok)
			continue;
		ck_assert_msg(address.loopback == rows[i].loopback, "%s", rows[i].text);
		ck_assert_int_eq(address.storage.ss_family, rows[i].family);
	}
}
END_TEST

START_TEST(test_open)
{
	struct listen_address address;
	struct buf text = { 0 };
	int fd = -1;
	int other = -1;
	int why = 0;

	ck_assert(listen_parse("127.0.0.1:0", &address));
	EXPECT_REASON("open", listen_open(&address, &fd, &why), REASON_OK);
	listen_text(fd, &text);
	char *where = buf_take_text(&text);
	ck_assert_msg(strncmp(where, "127.0.0.1:", 10) == 0 && strcmp(where, "127.0.0.1:0") != 0,
		      "%s", where);
	/* what is told can be given */
	ck_assert(listen_parse(where, &address));
	EXPECT_REASON("taken", listen_open(&address, &other, &why), REASON_LISTEN);
	ck_assert_int_eq(why, EADDRINUSE);
	(void)close(fd);
	listen_text(fd, &text);
	EXPECT_BYTES("closed", buf_span(&text), SPAN_LITERAL("?"));
	buf_done(&text);
	free(where);
	/* an address of nobody: TEST-NET-1, RFC 5737 */
	ck_assert(listen_parse("192.0.2.1:0", &address));
	EXPECT_REASON("not ours", listen_open(&address, &fd, &why), REASON_LISTEN);
	ck_assert_int_eq(why, EADDRNOTAVAIL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("listen");

	support_add(suite, "addresses", test_parse);
	support_add(suite, "sockets", test_open);
	return support_main(suite);
}
