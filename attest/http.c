#include "attest/http.h"

#include <stdlib.h>

#include "attest/exchange.h"
#include "attest/header.h"
#include "attest/peer.h"
#include "attest/wire.h"

#define STOP_EVERY_MS 250

struct http {
	struct wire *wire; /* owned */
	const struct http_route *route;
	struct http_clock clock;
};

struct http *http_new(const struct http_route *route, const struct http_clock *clock)
{
	struct http *http = calloc(1, sizeof(*http));

	if (http == NULL)
		return NULL;
	*http = (struct http){ .wire = wire_new(), .route = route, .clock = *clock };
	if (http->wire == NULL) {
		free(http);
		return NULL;
	}
	return http;
}

void http_free(struct http *http)
{
	if (http == NULL)
		return;
	wire_free(http->wire);
	free(http);
}

/* Waits. A signal ends another thread's pause than that of the request: so it is asked in between. False: it is to stop. */
static bool rest(const struct http_clock *clock, const struct http_request *request,
		 int64_t wait_ms)
{
	while (wait_ms > 0) {
		int64_t part =
			request->stop != NULL && wait_ms > STOP_EVERY_MS ? STOP_EVERY_MS : wait_ms;
		if (request->stop != NULL && request->stop(request->stop_context))
			return false;
		clock->sleep_ms(clock->context, part);
		wait_ms -= part;
	}
	return true;
}

enum reason http_exchange(struct http *http, const struct http_request *request,
			  struct http_answer *ret)
{
	const struct http_clock *clock = &http->clock;
	struct exchange x = { .wire = http->wire,
			      .route = http->route,
			      .clock = clock,
			      .request = request,
			      .answer = ret };
	enum reason reason;
	int64_t wait_ms = 0;

	*ret = (struct http_answer){ 0 };
	do {
		if (!rest(clock, request, wait_ms)) {
			exchange_forget(&x);
			reason = REASON_HTTP_STOPPED;
			break;
		}
		reason = wire_prepare(&x);
		reason = wire_conclude(&x, reason, reason == REASON_OK ? wire_perform(&x) : 0);
	} while (!exchange_settle(&x, &reason, &wait_ms));
	exchange_done(&x);
	return reason;
}

void http_answer_done(struct http_answer *answer)
{
	buf_done(&answer->headers);
	buf_done(&answer->body);
	buf_done(&answer->peer_der);
	*answer = (struct http_answer){ 0 };
}

bool http_answer_header(const struct http_answer *answer, const char *name, struct span *ret)
{
	return header_find(buf_span(&answer->headers), span_of_text(name), ret, NULL);
}

enum reason http_route_check(const struct http_route *route)
{
	if (route->proxy != NULL && !url_is_proxy(span_of_text(route->proxy)))
		return REASON_HTTP_PROXY;
	for (size_t i = 0; i < route->n_resolve; i++) {
		if (!url_is_resolve(span_of_text(route->resolve[i])))
			return REASON_HTTP_RESOLVE;
	}
	for (size_t i = 0; i < route->n_headers; i++) {
		if (!header_may_send(span_of_text(route->headers[i])))
			return REASON_HTTP_HEADER;
	}
	return route->cacert != NULL ? peer_check_cacert(route->cacert) : REASON_OK;
}

bool http_library_start(void)
{
	return wire_library_start();
}

void http_library_stop(void)
{
	wire_library_stop();
}

void http_library_version(struct buf *ret)
{
	wire_library_version(ret);
}
