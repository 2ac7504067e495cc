/* Documents over HTTP/1.1, by libmicrohttpd, one thread, one request a connection. What is answered is
 * answer.h's matter; here are the bounds on who asks:
 *
 *   64 connections, 16 KiB of headers and as much body each, 10 seconds from accepting to the last byte */
#ifndef ATTEST_SERVE_H
#define ATTEST_SERVE_H

#include <signal.h>

#include "attest/answer.h"

#define SERVE_CONNECTIONS_MAX 64
#define SERVE_HEADERS_MAX ((size_t)16 * 1024)
#define SERVE_CONNECTION_MS 10000
#define SERVE_DRAIN_MS 2000 /* for those who are being answered when it ends */

struct serve {
	struct answerer *answerer;
	int64_t (*ticks_ms)(void); /* a clock that only goes forward */
	/* Told of every answer of status 500. */
	void (*tell)(void *context, enum reason reason, int why);
	void *context;
};

/* The signals that end serving: those of SIGINT, SIGTERM and SIGHUP that are not ignored. */
void serve_signals(sigset_t *ret);

/* Serves on a listening socket, which it closes, until one of `signals` arrives, which the caller has
 * blocked: *ret_signal. REASON_LISTEN: it cannot, with *reterr_errno. */
enum reason serve_run(const struct serve *serve, int listening, const sigset_t *signals,
		      int *ret_signal, int *reterr_errno) MUST_CHECK;

#endif
