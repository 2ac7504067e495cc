#include "attest/url.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_char(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
	       c == '.' || c == '_';
}

static bool same_text(struct span a, struct span b)
{
	return a.len == b.len && strncasecmp((const char *)a.at, (const char *)b.at, a.len) == 0;
}

/* Cuts `prefix`, in any case, off *cursor. */
static bool take_prefix(struct span *cursor, struct span prefix)
{
	struct span head = { cursor->at, prefix.len };
	struct span taken;

	return cursor->len >= prefix.len && same_text(head, prefix) &&
	       span_take(cursor, prefix.len, &taken);
}

/* An IP address of the family, all of the text. */
static bool is_address(int family, struct span text)
{
	char copy[INET6_ADDRSTRLEN];
	uint8_t address[sizeof(struct in6_addr)];

	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	/* inet_pton would not look behind a NUL */
	return strlen(copy) == text.len && inet_pton(family, copy, address) == 1;
}

static bool is_bracketed(struct span text)
{
	return text.len > 2 && text.at[0] == '[' && text.at[text.len - 1] == ']' &&
	       is_address(AF_INET6, (struct span){ text.at + 1, text.len - 2 });
}

/* The one spelling of a bracketed address (RFC 5952), and not one of IPv4 in other clothes. */
static bool is_usual_ipv6(struct span text)
{
	char copy[INET6_ADDRSTRLEN];
	char usual[INET6_ADDRSTRLEN];
	struct in6_addr address;
	const size_t n = text.len - 2;

	if (n >= sizeof(copy))
		return false;
	memcpy(copy, text.at + 1, n);
	copy[n] = '\0';
	return inet_pton(AF_INET6, copy, &address) == 1 && !IN6_IS_ADDR_V4MAPPED(&address) &&
	       inet_ntop(AF_INET6, &address, usual, sizeof(usual)) != NULL &&
	       strcasecmp(copy, usual) == 0;
}

/* Resolvers and libcurl take 127.1, 0x7f.1 and 2130706433 for addresses, too: a host whose last label is a
 * number. In such clothes one server would count as two. */
static bool is_odd_ipv4(struct span host)
{
	size_t start = host.len;
	size_t n = 0;

	while (start > 0 && host.at[start - 1] != '.')
		start--;
	const struct span last = { host.at + start, host.len - start };
	while (n < last.len && is_digit(last.at[n]))
		n++;
	const bool is_hex =
		last.len >= 2 && last.at[0] == '0' && (last.at[1] == 'x' || last.at[1] == 'X');
	return (n == last.len || is_hex) && !is_address(AF_INET, host);
}

/* Cuts a name or a bracketed IPv6 address off *cursor. */
static bool take_host(struct span *cursor, struct span *ret)
{
	size_t n = 0;

	if (cursor->len > 0 && cursor->at[0] == '[') {
		while (n < cursor->len && cursor->at[n] != ']')
			n++;
		n += n < cursor->len ? 1 : 0;
		return span_take(cursor, n, ret) && is_bracketed(*ret) && is_usual_ipv6(*ret);
	}
	while (n < cursor->len && is_name_char(cursor->at[n]))
		n++;
	/* a certificate never names a host with its final dot */
	return n > 0 && n <= URL_HOST_MAX && cursor->at[0] != '.' && cursor->at[0] != '-' &&
	       cursor->at[n - 1] != '.' && span_take(cursor, n, ret) && !is_odd_ipv4(*ret);
}

/* Cuts :PORT off *cursor, 1 to 65535 without leading zeros. */
static bool take_port(struct span *cursor, uint16_t *ret)
{
	struct span taken;
	uint32_t port = 0;
	size_t n = 1;

	if (cursor->len < 2 || cursor->at[0] != ':' || cursor->at[1] == '0')
		return false;
	while (n < cursor->len && is_digit(cursor->at[n]) && port <= UINT16_MAX)
		port = port * 10 + (uint32_t)(cursor->at[n++] - '0');
	if (n == 1 || port > UINT16_MAX || !span_take(cursor, n, &taken))
		return false;
	*ret = (uint16_t)port;
	return true;
}

enum reason url_read(struct span text, struct url *ret)
{
	struct url url = { 0 };

	if (text.len > URL_MAX)
		return REASON_HTTP_URL;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];
		if (c <= 0x20 || c >= 0x7f || c == '\\' || c == '#')
			return REASON_HTTP_URL;
	}
	if (take_prefix(&text, SPAN_LITERAL("https://")))
		url.https = true;
	else if (!take_prefix(&text, SPAN_LITERAL("http://")))
		return REASON_HTTP_URL;
	url.port = url.https ? 443 : 80;
	if (!take_host(&text, &url.host))
		return REASON_HTTP_URL;
	if (text.len > 0 && text.at[0] == ':' && !take_port(&text, &url.port))
		return REASON_HTTP_URL;
	/* this also refuses user@host */
	if (text.len > 0 && text.at[0] != '/' && text.at[0] != '?')
		return REASON_HTTP_URL;
	url.loopback = url_host_is_loopback(url.host);
	url.rest = text;
	*ret = url;
	return REASON_OK;
}

bool url_is_ipv4(struct span host)
{
	return is_address(AF_INET, host);
}

bool url_host_is_loopback(struct span host)
{
	return same_text(host, SPAN_LITERAL("localhost")) ||
	       span_equal(host, SPAN_LITERAL("[::1]")) ||
	       /* inet_pton takes four decimal numbers without leading zeros, nothing else */
	       (host.len > 4 && memcmp(host.at, "127.", 4) == 0 && is_address(AF_INET, host));
}

bool url_address_is_loopback(int family, const void *address)
{
	const struct sockaddr_in *v4 = address;
	const struct sockaddr_in6 *v6 = address;

	if (family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return a->https == b->https && a->port == b->port && same_text(a->host, b->host);
}

bool url_is_proxy(struct span text)
{
	struct span host;
	uint16_t port;

	if (!take_prefix(&text, SPAN_LITERAL("http://")) &&
	    !take_prefix(&text, SPAN_LITERAL("socks5h://")) &&
	    !take_prefix(&text, SPAN_LITERAL("socks5://")))
		return false;
	return take_host(&text, &host) && take_port(&text, &port) && text.len == 0;
}

bool url_is_resolve(struct span text)
{
	struct span host;
	struct span taken;
	uint16_t port;

	if (text.len == 0 || text.at[0] == '[' || !take_host(&text, &host) ||
	    !take_port(&text, &port) || !span_take(&text, 1, &taken) || taken.at[0] != ':')
		return false;
	for (;;) {
		size_t n = 0;
		while (n < text.len && text.at[n] != ',')
			n++;
		if (!span_take(&text, n, &taken) ||
		    (!is_address(AF_INET, taken) && !is_address(AF_INET6, taken) &&
		     !is_bracketed(taken)))
			return false;
		if (text.len == 0)
			return true;
		(void)span_take(&text, 1, &taken);
	}
}
