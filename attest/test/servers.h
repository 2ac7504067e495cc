/* The servers of server.py, started for the tests of one program, and requests to them. */
#ifndef ATTEST_TEST_SERVERS_H
#define ATTEST_TEST_SERVERS_H

#include "attest/http.h"

/* Starts them, in a folder of their own, which is then the present one and holds their certificates
 * (ca.pem, own.pem, ...). Ends the test when they do not come up. */
void servers_start(void);
void servers_stop(void);

/* The port of a server; 0: it could not be started (plain6, good6: no ::1 here). */
unsigned servers_port(const char *name);

/* A real clock, and one whose sleep only moves it on: slept_ms is their sum. */
extern const struct http_clock servers_clock;
struct servers_nap {
	int64_t slept_ms;
	unsigned naps;
};
struct http_clock servers_quick_clock(struct servers_nap *nap);

/* One request with its route, and what came of it. */
struct fetch {
	struct http_route route;
	struct http_request request;
	struct http_answer answer;
	struct http_clock clock;
	char url[512];
	enum reason reason;
};

/* A GET of HOST, the server's port, and the path, with 3 seconds of time; ca.pem is trusted. */
struct fetch fetch_of(const char *scheme, const char *host, const char *server, const char *path);

/* Goes; the deadline is moved on from now. End with fetch_done, which may be followed by fetch_go. */
void fetch_go(struct fetch *fetch);
void fetch_done(struct fetch *fetch);

/* Both. Fails unless the reason is this one. */
void fetch_expect(const char *row, struct fetch *fetch, enum reason want);

/* Fails unless the body is this text; and whether it holds it. */
void fetch_expect_body(const char *row, const struct fetch *fetch, const char *want);
bool fetch_body_has(const struct fetch *fetch, const char *part);

#endif
