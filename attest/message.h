/* What goes into attest/http.h and what comes out of it: where to, what is asked, what was answered. */
#ifndef ATTEST_MESSAGE_H
#define ATTEST_MESSAGE_H

#include "verify/reason.h"
#include "verify/span.h"

#define HTTP_BODY_MAX ((size_t)256 * 1024) /* bytes; the usual cap of an answer */
#define HTTP_HEADERS_MAX ((size_t)64 * 1024)
#define HTTP_CONNECT_MS 10000 /* to connect, TLS included; less when the deadline is nearer */
#define HTTP_TRIES 3          /* of a request that may be repeated */
#define HTTP_PAUSE_MS 250     /* before the second, doubled each time; Retry-After goes first */

enum http_tls {
	HTTP_TLS_VERIFIED, /* issuer and name are checked (the default) */
	HTTP_TLS_ATTESTED /* they are only noted: the caller must then bind the peer's certificate to
			    * the document */
};

/* Where requests go and how: shared by all requests of one target. All pointers borrowed. */
struct http_route {
	enum http_tls tls;
	bool allow_plain;           /* http to hosts that are not loopback */
	const char *cacert;         /* PEM file, in place of the system's; NULL: the system's */
	const char *proxy;          /* url_is_proxy; not used for loopback hosts; NULL: none */
	const char *const *resolve; /* HOST:PORT:ADDRESS, url_is_resolve */
	size_t n_resolve;
	/* "Name: value" of --headers (header_list_read): not sent with HTTP_TLS_ATTESTED, and not
	 * any more once a redirect has led to another scheme, host or port */
	const char *const *headers;
	size_t n_headers;
};

/* A clock and a pause, passed in. */
struct http_clock {
	int64_t (*ticks_ms)(void *context); /* only goes forward */
	void (*sleep_ms)(void *context, int64_t ms);
	void *context;
};

struct http_request {
	const char *method;       /* 1 to 16 capital letters */
	const char *url;          /* url_read */
	const char *content_type; /* of the body; NULL: none */
	const char *accept;       /* NULL: none sent */
	/* Further "Name: value" of the protocol itself; of these Authorization and Cookie are dropped as
	 * the route's are, and none is sent with HTTP_TLS_ATTESTED. */
	const char *const *headers;
	size_t n_headers;
	struct span body;
	bool has_body;
	size_t body_max;     /* of the answer, bytes */
	int64_t deadline_ms; /* on the clock; connecting, the answer and all repeats end before it */
	/* Safe to repeat: done after 429 and 503 and when no byte of the request was sent, at most
	 * HTTP_TRIES times. Retry-After in seconds is honoured; where it is a date, or would lead
	 * beyond the deadline, the answer is returned as it is. Such requests may share a
	 * connection, unless the route is HTTP_TLS_ATTESTED. */
	bool retry;
	/* 0: a redirect (301, 302, 303, 307, 308) is refused. Otherwise GET and HEAD follow so many,
	 * to https only, or to loopback http when the request itself was that. Never with
	 * HTTP_TLS_ATTESTED. */
	unsigned redirects_max;
	/* NULL: the body is kept in http_answer.body. Otherwise that of a 200, or of the right 206, is
	 * handed over piece by piece, and body_max still holds; other answers are kept, up to
	 * HTTP_BODY_MAX. False stops: REASON_HTTP_STOPPED. A failure may come after pieces. */
	bool (*sink)(void *context, struct span piece);
	void *sink_context;
	/* Asked in the thread of the request, at least once a second while it waits for the network: true
	 * ends it with REASON_HTTP_STOPPED. NULL: never. */
	bool (*stop)(void *context);
	void *stop_context;
	/* 0: none; otherwise Range: bytes=N- is asked for. Of the answers of class 2 then only a 206 with
	 * these very bytes to the end counts, others are REASON_HTTP_RANGE. */
	uint64_t range_from;
};

struct http_answer {
	long status;
	struct buf headers;  /* as received, status line first, of the last answer */
	struct buf body;     /* empty unless REASON_OK */
	struct buf peer_der; /* the certificate of the very connection; empty over http */
	bool unknown_issuer; /* with HTTP_TLS_ATTESTED: verification would have failed */
	char trouble[256];   /* why it failed, printable; holds no path or query of a URL */
};

#endif
