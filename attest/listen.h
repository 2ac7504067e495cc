/* Where serve listens: an address of the command line, turned into a socket.
 *
 *   127.0.0.1:8080   [::1]:8080   localhost:8080     numbers only: no name is looked up
 *   vsock:5000                                       AF_VSOCK, any context id
 *
 * Port 0 lets the kernel choose. */
#ifndef ATTEST_LISTEN_H
#define ATTEST_LISTEN_H

#include <sys/socket.h>

#include "verify/reason.h"
#include "verify/span.h"

struct listen_address {
	struct sockaddr_storage storage;
	socklen_t len;
	bool loopback; /* nobody outside this machine can reach it */
};

/* Reads an address. False: it is none of the forms above. */
bool listen_parse(const char *text, struct listen_address *ret);

/* Opens a socket that listens there, not inherited and not blocking. REASON_LISTEN with *reterr_errno. */
enum reason listen_open(const struct listen_address *address, int *ret_fd,
			int *reterr_errno) MUST_CHECK;

/* Appends where a socket listens, in the forms above, its port resolved. */
void listen_text(int fd, struct buf *out);

#endif
