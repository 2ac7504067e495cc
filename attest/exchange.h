/* Inside of http: one request on its way, and what follows from each attempt. No libcurl here:
 * attest/wire.h makes the attempts. */
#ifndef ATTEST_EXCHANGE_H
#define ATTEST_EXCHANGE_H

#include "attest/head.h"
#include "attest/message.h"
#include "attest/url.h"

struct curl_slist;
struct wire;

#define EXCHANGE_WORDS 256 /* CURL_ERROR_SIZE */

/* Start with {0} and the first five set, end with exchange_done. */
struct exchange {
	struct wire *wire;
	const struct http_route *route;
	const struct http_clock *clock;
	const struct http_request *request;
	struct http_answer *answer;
	/* of the whole exchange */
	char *location;   /* where a redirect led to, owned; NULL: still request->url */
	bool plain_start; /* the request itself was to loopback http */
	bool elsewhere;   /* a redirect has left scheme, host or port */
	unsigned redirects;
	unsigned tries; /* repeats so far */
	/* of this attempt */
	struct url url;
	struct curl_slist *headers;
	struct curl_slist *resolve;
	char words[EXCHANGE_WORDS]; /* libcurl's */
	enum reason stopped;        /* why a callback stopped it */
	size_t head_bytes;          /* 1xx answers and trailers included */
	bool head_ended;
	struct head head;
	bool poured; /* the body goes to the sink */
	size_t body_max;
	size_t body_len;
	bool sent;      /* some of the request left this machine */
	char *redirect; /* the absolute URL of Location, owned; NULL: none */
};

/* What the attempt's reason leads to. True: all is said and done, *reason is the exchange's. False:
 * another attempt is due in *ret_wait_ms. */
bool exchange_settle(struct exchange *x, enum reason *reason, int64_t *ret_wait_ms);

/* Sets url and plain_start for this attempt. REASON_HTTP_URL, _PLAIN, _HEADER (the method). */
enum reason exchange_aim(struct exchange *x) MUST_CHECK;

/* The next header line that is to go with this attempt, of the request's and the route's; begin with
 * *at 0. False: there is none left. */
bool exchange_header(const struct exchange *x, size_t *at, const char **ret);

/* The URL of this attempt. */
const char *exchange_url(const struct exchange *x);

/* Milliseconds until the deadline; not positive: none. */
int64_t exchange_time_left(const struct exchange *x);

/* Keeps why, for a person, in the answer: escaped, as it may have come from outside. */
void exchange_tell(struct exchange *x, const char *words);

/* Words that repeat the part of the URL that may hold keys: path and query. */
bool exchange_is_secret(const struct exchange *x, const char *words);

/* Drops what the answer holds. */
void exchange_forget(struct exchange *x);

void exchange_done(struct exchange *x);

#endif
