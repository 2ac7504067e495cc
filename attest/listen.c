#include "attest/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* behind <sys/socket.h>, which it needs */
#include <linux/vm_sockets.h>

#define BACKLOG 64
#define HOST_MAX 64

/* Digits only, 0..most. */
static bool read_port(const char *text, uint64_t most, uint64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t port = 0;

	if (digits < 1 || digits > 10 || text[digits] != '\0')
		return false;
	for (size_t i = 0; i < digits; i++)
		port = port * 10 + (uint64_t)(text[i] - '0');
	*ret = port;
	return port <= most;
}

static bool parse_vsock(const char *text, struct listen_address *ret)
{
	struct sockaddr_vm vm = { .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY };
	uint64_t port;

	if (!read_port(text, UINT32_MAX - 1, &port))
		return false;
	vm.svm_port = port == 0 ? VMADDR_PORT_ANY : (unsigned)port;
	*ret = (struct listen_address){ .len = sizeof(vm) };
	memcpy(&ret->storage, &vm, sizeof(vm));
	return true;
}

static bool parse_v4(const char *host, uint16_t port, struct listen_address *ret)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (inet_pton(AF_INET, host, &in.sin_addr) != 1)
		return false;
	*ret = (struct listen_address){ .len = sizeof(in),
					.loopback = ntohl(in.sin_addr.s_addr) >> 24 == 127 };
	memcpy(&ret->storage, &in, sizeof(in));
	return true;
}

static bool parse_v6(const char *host, uint16_t port, struct listen_address *ret)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	if (inet_pton(AF_INET6, host, &in6.sin6_addr) != 1)
		return false;
	*ret = (struct listen_address){ .len = sizeof(in6),
					.loopback = memcmp(&in6.sin6_addr, &in6addr_loopback,
							   sizeof(in6addr_loopback)) == 0 };
	memcpy(&ret->storage, &in6, sizeof(in6));
	return true;
}

bool listen_parse(const char *text, struct listen_address *ret)
{
	char host[HOST_MAX];
	const char *colon = strrchr(text, ':');
	uint64_t port;

	if (strncmp(text, "vsock:", 6) == 0)
		return parse_vsock(text + 6, ret);
	if (colon == NULL || (size_t)(colon - text) >= sizeof(host) ||
	    !read_port(colon + 1, UINT16_MAX, &port))
		return false;
	size_t len = (size_t)(colon - text);
	memcpy(host, text, len);
	host[len] = '\0';
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		return parse_v6(host + 1, (uint16_t)port, ret);
	}
	return parse_v4(strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, (uint16_t)port, ret);
}

static bool prepare(int fd, const struct listen_address *address)
{
	const int on = 1;
	int family = address->storage.ss_family;

	/* a server that is started again must not wait for the connections of the one before */
	if (family != AF_VSOCK && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		return false;
	/* an address of IPv6 is not one of IPv4, too */
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
		return false;
	int flags = fcntl(fd, F_GETFL);
	return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && flags >= 0 &&
	       fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       bind(fd, (const struct sockaddr *)&address->storage, address->len) == 0 &&
	       listen(fd, BACKLOG) == 0;
}

enum reason listen_open(const struct listen_address *address, int *ret_fd, int *reterr_errno)
{
	int fd = socket(address->storage.ss_family, SOCK_STREAM, 0);

	if (fd < 0 || !prepare(fd, address)) {
		*reterr_errno = errno;
		if (fd >= 0)
			(void)close(fd);
		return REASON_LISTEN;
	}
	*ret_fd = fd;
	return REASON_OK;
}

void listen_text(int fd, struct buf *out)
{
	struct sockaddr_storage storage = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(storage);
	struct sockaddr_vm vm;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	char host[INET6_ADDRSTRLEN] = "?";

	if (getsockname(fd, (struct sockaddr *)&storage, &len) != 0) {
		buf_text(out, "?");
		return;
	}
	switch (storage.ss_family) {
	case AF_VSOCK:
		memcpy(&vm, &storage, sizeof(vm));
		buf_printf(out, "vsock:%u", vm.svm_port);
		return;
	case AF_INET6:
		memcpy(&in6, &storage, sizeof(in6));
		(void)inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof(host));
		buf_printf(out, "[%s]:%u", host, (unsigned)ntohs(in6.sin6_port));
		return;
	default:
		memcpy(&in, &storage, sizeof(in));
		(void)inet_ntop(AF_INET, &in.sin_addr, host, sizeof(host));
		buf_printf(out, "%s:%u", host, (unsigned)ntohs(in.sin_port));
		return;
	}
}
