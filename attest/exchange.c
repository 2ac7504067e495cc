#include "attest/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/header.h"

const char *exchange_url(const struct exchange *x)
{
	return x->location != NULL ? x->location : x->request->url;
}

int64_t exchange_time_left(const struct exchange *x)
{
	const struct http_clock *clock = x->clock;

	return x->request->deadline_ms - clock->ticks_ms(clock->context);
}

void exchange_tell(struct exchange *x, const char *words)
{
	struct http_answer *answer = x->answer;
	struct buf text = { 0 };

	buf_escaped(&text, span_of_text(words));
	if (!text.failed && text.len > 0)
		(void)snprintf(answer->trouble, sizeof(answer->trouble), "%.*s", (int)text.len,
			       (const char *)text.at);
	buf_done(&text);
}

bool exchange_is_secret(const struct exchange *x, const char *words)
{
	char rest[64];
	size_t n = x->url.rest.len < sizeof(rest) ? x->url.rest.len : sizeof(rest) - 1;

	/* one character is / */
	if (n <= 1)
		return false;
	memcpy(rest, x->url.rest.at, n);
	rest[n] = '\0';
	return strstr(words, rest) != NULL;
}

void exchange_forget(struct exchange *x)
{
	buf_done(&x->answer->headers);
	buf_done(&x->answer->body);
	buf_done(&x->answer->peer_der);
	*x->answer = (struct http_answer){ 0 };
}

void exchange_done(struct exchange *x)
{
	free(x->location);
	x->location = NULL;
	free(x->redirect);
	x->redirect = NULL;
}

static bool is_method(const char *method)
{
	size_t n = strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return n >= 1 && n <= 16 && method[n] == '\0';
}

/* http goes where the route allows it; behind a redirect only where a loopback request leads on. */
static bool is_plain_allowed(const struct exchange *x, const struct url *url)
{
	if (x->redirects > 0)
		return x->plain_start && url->loopback;
	return url->loopback || x->route->allow_plain;
}

enum reason exchange_aim(struct exchange *x)
{
	struct url url;
	enum reason reason = url_read(span_of_text(exchange_url(x)), &url);

	if (reason != REASON_OK)
		return reason;
	if (!is_method(x->request->method))
		return REASON_HTTP_HEADER;
	if (!url.https && !is_plain_allowed(x, &url))
		return REASON_HTTP_PLAIN;
	if (x->redirects == 0)
		x->plain_start = !url.https && url.loopback;
	x->url = url;
	return REASON_OK;
}

static bool is_secret(const char *line)
{
	return header_is(span_of_text(line), SPAN_LITERAL("Authorization")) ||
	       header_is(span_of_text(line), SPAN_LITERAL("Cookie"));
}

bool exchange_header(const struct exchange *x, size_t *at, const char **ret)
{
	const struct http_request *request = x->request;
	const struct http_route *route = x->route;
	bool trusted = route->tls == HTTP_TLS_VERIFIED && !x->elsewhere;

	while (*at < request->n_headers) {
		*ret = request->headers[(*at)++];
		if (trusted || !is_secret(*ret))
			return true;
	}
	if (!trusted || *at - request->n_headers >= route->n_headers)
		return false;
	*ret = route->headers[(*at)++ - request->n_headers];
	return true;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Whether the redirect may be followed; why not is told. */
static bool may_follow(struct exchange *x, struct url *ret)
{
	const struct http_request *request = x->request;
	bool is_read = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
	char words[64];

	if (request->redirects_max == 0 || !is_read || request->has_body ||
	    x->route->tls != HTTP_TLS_VERIFIED) {
		(void)snprintf(words, sizeof(words), "status %ld", x->answer->status);
		exchange_tell(x, words);
		return false;
	}
	if (x->redirects >= request->redirects_max) {
		exchange_tell(x, "too many redirects");
		return false;
	}
	if (x->redirect == NULL || url_read(span_of_text(x->redirect), ret) != REASON_OK) {
		exchange_tell(x, "a redirect without a usable Location");
		return false;
	}
	if (!ret->https && !(x->plain_start && ret->loopback)) {
		exchange_tell(x, "a redirect to plain http");
		return false;
	}
	return true;
}

/* Whether the attempt may, and should, be made again; if so, after how long. */
static bool may_repeat(const struct exchange *x, enum reason reason, int64_t *ret_wait_ms)
{
	struct span value;
	int64_t seconds;
	int64_t wait_ms = (int64_t)HTTP_PAUSE_MS << x->tries;

	if (!x->request->retry || x->tries + 1 >= HTTP_TRIES)
		return false;
	if (reason == REASON_OK) {
		if (x->answer->status != 429 && x->answer->status != 503)
			return false;
		size_t count = 0;
		bool found = header_find(buf_span(&x->answer->headers), SPAN_LITERAL("Retry-After"),
					 &value, &count);
		/* one that is not understood is still a wish not to be asked now */
		if (count > 0 && (!found || !header_retry_after(value, &seconds)))
			return false;
		if (count > 0)
			wait_ms = seconds * 1000;
	} else if (x->sent || (reason != REASON_HTTP_HOST && reason != REASON_HTTP_CONNECT &&
			       reason != REASON_HTTP_TIMEOUT && reason != REASON_HTTP_TLS)) {
		return false;
	}
	*ret_wait_ms = wait_ms;
	return wait_ms < exchange_time_left(x);
}

bool exchange_settle(struct exchange *x, enum reason *reason, int64_t *ret_wait_ms)
{
	struct url target;

	*ret_wait_ms = 0;
	if (*reason == REASON_OK && is_redirect(x->answer->status)) {
		if (!may_follow(x, &target)) {
			buf_done(&x->answer->body);
			*reason = REASON_HTTP_REDIRECT;
			return true;
		}
		/* for good: what comes back from elsewhere is that other server's wish */
		x->elsewhere = x->elsewhere || !url_same_origin(&x->url, &target);
		free(x->location);
		x->location = x->redirect;
		x->redirect = NULL;
		x->redirects++;
		return false;
	}
	if (!may_repeat(x, *reason, ret_wait_ms))
		return true;
	x->tries++;
	return false;
}
