/* The other end of a TLS connection: its certificate judged while the handshake goes on, and the
 * certificate of the very connection that an answer came over. OpenSSL's part of http. */
#ifndef ATTEST_PEER_H
#define ATTEST_PEER_H

#include <openssl/ssl.h>

#include "attest/url.h"

/* What is demanded of one handshake, and what came of it. Must live as long as the connections made
 * under it. */
struct peer {
	/* An unknown issuer, a self-signed certificate and another name are noted, not refused
	 * (--tls attested: such servers make a certificate when they start, and the attestation
	 * document names it). A certificate that is expired, not yet valid, malformed or not for
	 * servers is refused even so. */
	bool accept_unknown;
	char host[URL_HOST_MAX + 1]; /* without brackets */
	bool host_is_address;
	bool judged;  /* a certificate was presented */
	bool closed;  /* the other end said that nothing more comes (close_notify) */
	bool unknown; /* something was noted: ordinary verification would have failed */
	int error;    /* X509_V_ERR_ of what was refused; X509_V_OK: nothing */
};

/* For a handshake with the host of an https URL. */
void peer_start(struct peer *peer, const struct url *url, bool accept_unknown);

/* Puts the judge in place, before the handshake: TLS 1.2 or later, no renegotiation, no log of
 * session keys (SSLKEYLOGFILE). False: OpenSSL refuses. */
bool peer_setup(SSL_CTX *ctx, struct peer *peer);

/* Why the handshake failed: REASON_HTTP_TLS_ISSUER, _NAME, _VALIDITY, _CERTIFICATE; when no
 * certificate was refused REASON_HTTP_TLS. */
enum reason peer_reason(const struct peer *peer) MUST_CHECK;

/* OpenSSL's words for what was refused; static. */
const char *peer_words(const struct peer *peer);

/* Appends the DER of the certificate of this connection. False: there is none, or no memory. */
bool peer_certificate(const SSL *ssl, struct buf *ret);

/* Whether the file holds at least one PEM certificate and can be trusted in. REASON_HTTP_CACERT. */
enum reason peer_check_cacert(const char *path) MUST_CHECK;

#endif
