/* URLs that requests go to: a strict subset of RFC 3986, so narrow that this reader and libcurl's
 * cannot see two different hosts in one text.
 *
 *   http[s]://HOST[:PORT][/PATH][?QUERY]
 *
 * HOST is a name of letters, digits, - . _ or an IPv6 address in brackets without a zone. An address
 * stands in its one usual spelling, so that one server cannot count as two. Only printable ASCII; no user name or password, no backslash, no fragment, at most URL_MAX bytes. */
#ifndef ATTEST_URL_H
#define ATTEST_URL_H

#include "verify/reason.h"
#include "verify/span.h"

#define URL_MAX 8192     /* bytes; signed links of content networks take up to about 4000 */
#define URL_HOST_MAX 255 /* bytes, brackets included (RFC 1035 section 2.3.4) */

struct url {
	bool https;
	bool loopback;    /* the host is this very machine, see url_host_is_loopback */
	struct span host; /* as written, an IPv6 address with its brackets */
	uint16_t port;    /* 80 and 443 when none is written */
	struct span rest; /* from the / or ? on: may hold keys, never to be printed */
};

/* Reads a whole URL; the parts point into it. REASON_HTTP_URL. */
enum reason url_read(struct span text, struct url *ret) MUST_CHECK;

/* True for 127.0.0.0/8 in four plain decimal numbers, [::1] and localhost in any case. Other ways to
 * write these (127.1, 0x7f000001, [0:0:0:0:0:0:0:1], localhost.) are refused before. */
bool url_host_is_loopback(struct span host);

/* Four plain decimal numbers. */
bool url_is_ipv4(struct span host);

/* A struct sockaddr of this family holds an address of 127.0.0.0/8 or ::1. */
bool url_address_is_loopback(int family, const void *address);

/* Scheme, host (without case) and port are the same (RFC 6454 section 5). */
bool url_same_origin(const struct url *a, const struct url *b);

/* A proxy: http://HOST:PORT, socks5://HOST:PORT or socks5h://HOST:PORT, nothing behind it. No user
 * name or password, and no https: the proxy's certificate would be one more to judge. */
bool url_is_proxy(struct span text);

/* HOST:PORT:ADDRESS[,ADDRESS...], as --resolve takes it: HOST a name, PORT 1 to 65535, each
 * ADDRESS an IPv4 address or an IPv6 address with or without brackets. (libcurl only warns of
 * entries that it cannot read, and takes * and +: forms that are refused here.) */
bool url_is_resolve(struct span text);

#endif
