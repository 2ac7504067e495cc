/* HTTP requests to enclaves, JSON-RPC servers and registries. (rebuild/ borrows this for the blobs of
 * a registry.) attest/wire.c, below this, is the only code that uses libcurl.
 *
 * What holds for every request: https, or http to this very machine (127.0.0.0/8, ::1, localhost,
 * and the connection must then go to such an address) unless the route allows more; TLS 1.2 or
 * later; HTTP/1.1, the one framing whose ends, lengths and headers can all be checked; no
 * redirects unless asked for; nothing compressed; no cookies, no netrc, no passwords, no proxy
 * from the environment. Everything is bounded: the head of an answer (HTTP_HEADERS_MAX, 1xx answers
 * included), its body, and the time of all of it together.
 *
 * The certificate is judged in every case. With HTTP_TLS_ATTESTED an unknown issuer and another name
 * are accepted and told of: servers in enclaves make their certificate when they start, and name it
 * in the attestation document. An expired or malformed certificate is refused even then.
 *
 * main calls http_library_start before it starts threads, and ignores SIGPIPE. */
#ifndef ATTEST_HTTP_H
#define ATTEST_HTTP_H

#include "attest/message.h"

/* Owns a handle of libcurl; connections are never shared between two of these. */
struct http;

/* Borrows both. NULL: no memory. */
struct http *http_new(const struct http_route *route, const struct http_clock *clock);
void http_free(struct http *http);

/* Whether the options of a route are in order, cacert's file included, so that they can be refused
 * before anything is done. REASON_HTTP_PROXY, _RESOLVE, _HEADER, _CACERT; REASON_OUT_OF_MEMORY. */
enum reason http_route_check(const struct http_route *route) MUST_CHECK;

/* One request and its answer. REASON_OK: a complete answer of any status came, redirects and ranges
 * excepted as told above. *ret is always written: end with http_answer_done.
 * Nothing was sent: REASON_HTTP_URL, _PLAIN, _PROXY, _RESOLVE, _CACERT, _HEADER, _HOST, _CONNECT,
 * _TLS, _TLS_ISSUER, _TLS_NAME, _TLS_VALIDITY, _TLS_CERTIFICATE.
 * Later: _TIMEOUT, _CUT_SHORT (whatever else breaks a connection off, too), _TOO_LARGE,
 * _HEADERS_TOO_LARGE, _MALFORMED, _ENCODING, _REDIRECT, _RANGE, _STOPPED.
 * REASON_OUT_OF_MEMORY; REASON_CRYPTO_FAILED (a libcurl without OpenSSL, too). */
enum reason http_exchange(struct http *http, const struct http_request *request,
			  struct http_answer *ret) MUST_CHECK;
void http_answer_done(struct http_answer *answer);

/* Value of a header of the answer, without case, the only one of its name; false: none or several. */
bool http_answer_header(const struct http_answer *answer, const char *name, struct span *ret);

/* libcurl's global state: once, by main, after OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG) and
 * after SSLKEYLOGFILE is out of the environment, which libcurl reads here. False: it cannot be used. */
bool http_library_start(void);
void http_library_stop(void);

/* "libcurl 7.88.1 (OpenSSL/3.0.19)" for --version; false: no memory. */
void http_library_version(struct buf *ret);

#endif
