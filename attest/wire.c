#include "attest/wire.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "attest/exchange.h"
#include "attest/header.h"
#include "attest/peer.h"

struct wire {
	CURL *easy;
	struct peer peer; /* here, because a connection that is kept refers to it */
};

_Static_assert(EXCHANGE_WORDS >= CURL_ERROR_SIZE, "libcurl writes that much");

/* The attempt ends here, for this reason. 0 is what stops libcurl in a callback. */
static size_t stop(struct exchange *x, enum reason reason, const char *words)
{
	x->stopped = reason;
	exchange_tell(x, words);
	return 0;
}

/* The certificate of the connection that this head came over. */
static bool keep_certificate(struct exchange *x)
{
	struct curl_tlssessioninfo *session = NULL;

	if (!x->url.https)
		return true;
	if (curl_easy_getinfo(x->wire->easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK ||
	    session == NULL || session->backend != CURLSSLBACKEND_OPENSSL ||
	    session->internals == NULL)
		return false;
	return peer_certificate(session->internals, &x->answer->peer_der);
}

static bool is_head_request(const struct exchange *x)
{
	return strcmp(x->request->method, "HEAD") == 0;
}

/* All headers are there, the body is still to come. */
static size_t end_head(struct exchange *x, size_t taken)
{
	const struct http_request *request = x->request;
	struct http_answer *answer = x->answer;
	const char *words;

	if (answer->headers.failed)
		return stop(x, REASON_OUT_OF_MEMORY, "");
	if (curl_easy_getinfo(x->wire->easy, CURLINFO_RESPONSE_CODE, &answer->status) != CURLE_OK)
		return stop(x, REASON_HTTP_MALFORMED, "no status");
	if (answer->status / 100 == 1 && answer->status != 101) {
		answer->headers.len = 0;
		return taken;
	}
	x->head_ended = true;
	if (!keep_certificate(x))
		return stop(x, REASON_CRYPTO_FAILED, "the peer's certificate cannot be had");
	enum reason reason = head_judge(buf_span(&answer->headers), answer->status,
					request->range_from, &x->head, &words);
	if (reason != REASON_OK)
		return stop(x, reason, words);
	x->poured = request->sink != NULL && (answer->status == 200 || x->head.ranged);
	x->body_max = request->body_max;
	if (request->sink != NULL && !x->poured && x->body_max > HTTP_BODY_MAX)
		x->body_max = HTTP_BODY_MAX;
	if (x->head.length > x->body_max && !is_head_request(x))
		return stop(x, REASON_HTTP_TOO_LARGE, "more is announced than the limit allows");
	return taken;
}

static size_t on_header(char *at, size_t size, size_t n, void *context)
{
	struct exchange *x = context;
	size_t len = size * n;

	if (len > HTTP_HEADERS_MAX - x->head_bytes)
		return stop(x, REASON_HTTP_HEADERS_TOO_LARGE, "");
	x->head_bytes += len;
	/* fields behind a chunked body decide nothing */
	if (x->head_ended)
		return len;
	buf_add(&x->answer->headers, (struct span){ (const uint8_t *)at, len });
	if ((len == 1 && at[0] == '\n') || (len == 2 && memcmp(at, "\r\n", 2) == 0))
		return end_head(x, len);
	return len;
}

// NOLINTNEXTLINE(readability-non-const-parameter): libcurl gives the type
static size_t on_body(char *at, size_t size, size_t n, void *context)
{
	struct exchange *x = context;
	struct span piece = { (const uint8_t *)at, size * n };

	if (!x->head_ended)
		return stop(x, REASON_HTTP_MALFORMED, "a body without headers");
	if (piece.len > x->body_max - x->body_len)
		return stop(x, REASON_HTTP_TOO_LARGE, "more came than the limit allows");
	x->body_len += piece.len;
	if (x->poured) {
		if (!x->request->sink(x->request->sink_context, piece))
			return stop(x, REASON_HTTP_STOPPED, "");
		return piece.len;
	}
	buf_add(&x->answer->body, piece);
	if (x->answer->body.failed)
		return stop(x, REASON_OUT_OF_MEMORY, "");
	return piece.len;
}

/* Called by libcurl at least once a second, whether bytes come or not. */
static int on_pause(void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all,
		    curl_off_t up)
{
	struct exchange *x = context;

	(void)down_all;
	(void)down;
	(void)up_all;
	(void)up;
	if (!x->request->stop(x->request->stop_context))
		return 0;
	(void)stop(x, REASON_HTTP_STOPPED, "");
	return 1;
}

/* Whatever names a host (--resolve, a resolver, a proxy): unencrypted bytes stay on this machine. */
static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct exchange *x = context;

	(void)purpose;
	if (!x->url.https && !x->route->allow_plain &&
	    !url_address_is_loopback(address->family, &address->addr)) {
		(void)stop(x, REASON_HTTP_PLAIN, "the host's address is not of this machine");
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static CURLcode on_tls(CURL *easy, void *ctx, void *context)
{
	struct exchange *x = context;

	(void)easy;
	return peer_setup(ctx, &x->wire->peer) ? CURLE_OK : CURLE_SSL_CONNECT_ERROR;
}

/* Appends to a list; false: no memory, the list is as it was. */
static bool add_line(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	*list = longer != NULL ? longer : *list;
	return longer != NULL;
}

static bool add_field(struct curl_slist **list, const char *name, const char *value)
{
	struct buf line = { 0 };

	/* without a value libcurl leaves its own header of that name out */
	buf_printf(&line, value != NULL ? "%s: %s" : "%s:", name, value);
	char *text = buf_take_text(&line);
	bool added = text != NULL && add_line(list, text);
	free(text);
	return added;
}

/* Our own, then those of the exchange. */
static enum reason set_headers(struct exchange *x)
{
	const struct http_request *request = x->request;
	const char *line;
	size_t at = 0;
	bool added = add_field(&x->headers, "Accept", request->accept) &&
		     add_field(&x->headers, "Content-Type", request->content_type) &&
		     add_field(&x->headers, "Accept-Encoding", "identity") &&
		     add_field(&x->headers, "Expect", NULL);

	while (added && exchange_header(x, &at, &line)) {
		if (!header_may_send(span_of_text(line)))
			return REASON_HTTP_HEADER;
		added = add_line(&x->headers, line);
	}
	return added ? REASON_OK : REASON_OUT_OF_MEMORY;
}

/* Where to, and by which way. */
static enum reason set_target(struct exchange *x)
{
	const struct http_route *route = x->route;
	CURL *easy = x->wire->easy;
	/* as browsers do: what is meant for this machine is not handed to another */
	bool proxied = route->proxy != NULL && !x->url.loopback;
	bool fresh = !x->request->retry || route->tls != HTTP_TLS_VERIFIED;
	CURLcode bad = CURLE_OK;

	if (route->proxy != NULL && !url_is_proxy(span_of_text(route->proxy)))
		return REASON_HTTP_PROXY;
	for (size_t i = 0; i < route->n_resolve; i++) {
		if (!url_is_resolve(span_of_text(route->resolve[i])))
			return REASON_HTTP_RESOLVE;
		if (!add_line(&x->resolve, route->resolve[i]))
			return REASON_OUT_OF_MEMORY;
	}
	bad |= curl_easy_setopt(easy, CURLOPT_URL, exchange_url(x));
	bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, x->url.https ? "https" : "http");
	bad |= curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	/* said even when empty: libcurl would otherwise ask the environment */
	bad |= curl_easy_setopt(easy, CURLOPT_PROXY, proxied ? route->proxy : "");
	bad |= curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	bad |= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	bad |= curl_easy_setopt(easy, CURLOPT_RESOLVE, x->resolve);
	bad |= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
	bad |= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, fresh ? 1L : 0L);
	bad |= curl_easy_setopt(easy, CURLOPT_MAXCONNECTS, 4L);
	bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	bad |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, x);
	return bad == CURLE_OK ? REASON_OK : REASON_OUT_OF_MEMORY;
}

/* What the other end must show. */
static enum reason set_trust(struct exchange *x)
{
	const struct http_route *route = x->route;
	bool attested = route->tls == HTTP_TLS_ATTESTED;
	CURL *easy = x->wire->easy;
	CURLcode bad = CURLE_OK;

	peer_start(&x->wire->peer, &x->url, attested);
	if (route->cacert != NULL) {
		bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, route->cacert);
		bad |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
	bad |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* the chain is judged in peer.c either way; the name, with HTTP_TLS_ATTESTED, there alone */
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, attested ? 0L : 2L);
	/* a resumed session would show no certificate */
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	if (bad != CURLE_OK)
		return REASON_OUT_OF_MEMORY;
	if (curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_tls) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, x) != CURLE_OK) {
		exchange_tell(x, "this libcurl does not use OpenSSL");
		return REASON_CRYPTO_FAILED;
	}
	return REASON_OK;
}

/* What is asked, and where the answer goes. */
static enum reason set_message(struct exchange *x)
{
	const struct http_request *request = x->request;
	CURL *easy = x->wire->easy;
	char range[32];
	CURLcode bad = CURLE_OK;

	if (request->has_body || strcmp(request->method, "POST") == 0) {
		bad |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
		bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
					(curl_off_t)request->body.len);
		bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
					request->body.len > 0 ? (const char *)request->body.at :
								"");
	}
	if (is_head_request(x))
		bad |= curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else
		bad |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	if (request->range_from > 0) {
		(void)snprintf(range, sizeof(range), "%llu-",
			       (unsigned long long)request->range_from);
		bad |= curl_easy_setopt(easy, CURLOPT_RANGE, range);
	}
	if (request->stop != NULL) {
		bad |= curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
		bad |= curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_pause);
		bad |= curl_easy_setopt(easy, CURLOPT_XFERINFODATA, x);
	}
	/* some servers answer nobody who has no name */
	bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "enclavecheck");
	bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, x->headers);
	bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
	bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->words);
	return bad == CURLE_OK ? REASON_OK : REASON_OUT_OF_MEMORY;
}

/* All of the exchange ends at the deadline, a resolver that hangs included. */
static enum reason set_limits(struct exchange *x)
{
	CURL *easy = x->wire->easy;
	int64_t left = exchange_time_left(x);
	CURLcode bad = CURLE_OK;

	if (left <= 0) {
		exchange_tell(x, "the time was up before anything was sent");
		return REASON_HTTP_TIMEOUT;
	}
	left = left < INT32_MAX ? left : INT32_MAX;
	bad |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left);
	bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
				left < HTTP_CONNECT_MS ? (long)left : (long)HTTP_CONNECT_MS);
	bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	return bad == CURLE_OK ? REASON_OK : REASON_OUT_OF_MEMORY;
}

enum reason wire_prepare(struct exchange *x)
{
	enum reason reason;

	exchange_forget(x);
	free(x->redirect);
	x->redirect = NULL;
	x->stopped = REASON_OK;
	x->head_bytes = 0;
	x->head_ended = false;
	x->head = (struct head){ 0 };
	x->body_len = 0;
	x->sent = false;
	x->words[0] = '\0';
	curl_easy_reset(x->wire->easy);
	reason = exchange_aim(x);
	if (reason == REASON_OK)
		reason = set_target(x);
	if (reason == REASON_OK)
		reason = set_trust(x);
	if (reason == REASON_OK)
		reason = set_headers(x);
	if (reason == REASON_OK)
		reason = set_message(x);
	return reason == REASON_OK ? set_limits(x) : reason;
}

int wire_perform(struct exchange *x)
{
	return (int)curl_easy_perform(x->wire->easy);
}

static enum reason reason_of(const struct exchange *x, CURLcode code)
{
	long proxy_status = 0;

	switch ((int)code) {
	case CURLE_OUT_OF_MEMORY:
		/* libcurl 7.88 says so of a header line beyond its own limit, too */
		return x->sent && !x->head_ended ? REASON_HTTP_HEADERS_TOO_LARGE :
						   REASON_OUT_OF_MEMORY;
	case 100: /* CURLE_TOO_LARGE, since libcurl 8.6: likewise */
		return REASON_HTTP_HEADERS_TOO_LARGE;
	case CURLE_URL_MALFORMAT:
		return REASON_HTTP_URL;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return REASON_HTTP_HOST;
	case CURLE_COULDNT_CONNECT:
	case CURLE_PROXY:
		return REASON_HTTP_CONNECT;
	case CURLE_OPERATION_TIMEDOUT:
		return REASON_HTTP_TIMEOUT;
	case CURLE_UNSUPPORTED_PROTOCOL: /* of the answer: HTTP/0.9 */
	case CURLE_WEIRD_SERVER_REPLY:
		return REASON_HTTP_MALFORMED;
	case CURLE_BAD_CONTENT_ENCODING: /* libcurl 8 sees a coded transfer before us */
		return REASON_HTTP_ENCODING;
	case CURLE_SSL_CACERT_BADFILE:
		return REASON_HTTP_CACERT;
	case CURLE_SSL_CONNECT_ERROR:
		return peer_reason(&x->wire->peer);
	case CURLE_PEER_FAILED_VERIFICATION:
		/* what the judge let pass was the wrong name for libcurl */
		return x->wire->peer.error == X509_V_OK ? REASON_HTTP_TLS_NAME :
							  peer_reason(&x->wire->peer);
	default:
		if (curl_easy_getinfo(x->wire->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status) ==
			    CURLE_OK &&
		    proxy_status != 0 && proxy_status / 100 != 2)
			return REASON_HTTP_CONNECT;
		return REASON_HTTP_CUT_SHORT;
	}
}

static void tell_why(struct exchange *x, CURLcode code)
{
	if (x->wire->peer.error != X509_V_OK)
		exchange_tell(x, peer_words(&x->wire->peer));
	else if (x->words[0] == '\0' || exchange_is_secret(x, x->words))
		exchange_tell(x, curl_easy_strerror(code));
	else
		exchange_tell(x, x->words);
}

/* What the next step wants to know of libcurl. */
static enum reason gather(struct exchange *x)
{
	CURL *easy = x->wire->easy;
	char *location = NULL;
	long sent = 0;

	x->sent = curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent) != CURLE_OK || sent > 0;
	if (curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &location) == CURLE_OK &&
	    location != NULL) {
		x->redirect = strdup(location);
		if (x->redirect == NULL)
			return REASON_OUT_OF_MEMORY;
	}
	return REASON_OK;
}

/* Of the attempt that was made. */
static enum reason judge(struct exchange *x, CURLcode code)
{
	enum reason reason = gather(x);

	if (reason != REASON_OK)
		return reason;
	if (code != CURLE_OK) {
		reason = x->stopped != REASON_OK ? x->stopped : reason_of(x, code);
		if (x->answer->trouble[0] == '\0')
			tell_why(x, code);
		return reason;
	}
	if (!x->head_ended)
		return REASON_HTTP_MALFORMED;
	if (x->head.ranged && x->body_len != x->head.range_len) {
		exchange_tell(x, "the range is not as long as it says");
		return REASON_HTTP_RANGE;
	}
	if (x->url.https && !x->wire->peer.closed &&
	    head_ends_with_connection(&x->head, x->answer->status, is_head_request(x))) {
		exchange_tell(x,
			      "the connection ended without a word, and no length was announced");
		return REASON_HTTP_CUT_SHORT;
	}
	x->answer->unknown_issuer = x->url.https && x->wire->peer.unknown;
	return REASON_OK;
}

enum reason wire_conclude(struct exchange *x, enum reason prepared, int code)
{
	enum reason reason = prepared == REASON_OK ? judge(x, (CURLcode)code) : prepared;

	/* nobody shall take a part for the whole */
	if (reason != REASON_OK)
		buf_done(&x->answer->body);
	/* the handle must not keep pointers to what ends here */
	curl_easy_reset(x->wire->easy);
	curl_slist_free_all(x->headers);
	x->headers = NULL;
	curl_slist_free_all(x->resolve);
	x->resolve = NULL;
	return reason;
}

struct wire *wire_new(void)
{
	struct wire *wire = calloc(1, sizeof(*wire));

	CURL *easy = curl_easy_init();
	if (wire == NULL || easy == NULL) {
		curl_easy_cleanup(easy);
		free(wire);
		return NULL;
	}
	wire->easy = easy;
	return wire;
}

void wire_free(struct wire *wire)
{
	if (wire == NULL)
		return;
	curl_easy_cleanup(wire->easy);
	free(wire);
}

bool wire_library_start(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

void wire_library_stop(void)
{
	curl_global_cleanup();
}

void wire_library_version(struct buf *ret)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

	buf_printf(ret, "libcurl %s (%s)", info->version,
		   info->ssl_version != NULL ? info->ssl_version : "no TLS");
}
