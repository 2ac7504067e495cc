#include "attest/peer.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

/* Nobody here vouches for the certificate, and nothing else is wrong with it. */
static bool is_unknown_issuer(int error)
{
	return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
	       error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	       error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
	       error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
	       error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
}

/* Called by OpenSSL for each fault it finds, and with ok for each certificate without one. */
static int on_fault(int ok, X509_STORE_CTX *ctx)
{
	struct peer *peer = X509_STORE_CTX_get_app_data(ctx);
	int error = X509_STORE_CTX_get_error(ctx);

	if (ok)
		return 1;
	if (peer->accept_unknown && is_unknown_issuer(error)) {
		peer->unknown = true;
		return 1;
	}
	if (peer->error == X509_V_OK)
		peer->error = error;
	return 0;
}

static bool name_fits(const struct peer *peer, X509 *leaf)
{
	return peer->host_is_address ? X509_check_ip_asc(leaf, peer->host, 0) == 1 :
				       X509_check_host(leaf, peer->host, 0, 0, NULL) == 1;
}

/* In place of OpenSSL's own judge, which it calls: 1 goes on with the handshake. The verification
 * that libcurl asks for stays switched on, so that it fails should this judge not be in place. */
static int on_certificate(X509_STORE_CTX *ctx, void *context)
{
	struct peer *peer = context;
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);

	peer->judged = true;
	peer->unknown = false;
	peer->error = X509_V_OK;
	if (leaf == NULL || !X509_STORE_CTX_set_app_data(ctx, peer)) {
		peer->error = X509_V_ERR_UNSPECIFIED;
		return 0;
	}
	X509_STORE_CTX_set_verify_cb(ctx, on_fault);
	if (X509_verify_cert(ctx) != 1 || peer->error != X509_V_OK) {
		if (peer->error == X509_V_OK)
			peer->error = X509_V_ERR_UNSPECIFIED;
		X509_STORE_CTX_set_error(ctx, peer->error);
		return 0;
	}
	if (!name_fits(peer, leaf)) {
		if (!peer->accept_unknown) {
			peer->error = X509_V_ERR_HOSTNAME_MISMATCH;
			X509_STORE_CTX_set_error(ctx, peer->error);
			return 0;
		}
		peer->unknown = true;
	}
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

void peer_start(struct peer *peer, const struct url *url, bool accept_unknown)
{
	struct span host = url->host;
	bool bracketed = host.at[0] == '[';

	*peer = (struct peer){ .accept_unknown = accept_unknown };
	if (bracketed)
		host = (struct span){ host.at + 1, host.len - 2 };
	memcpy(peer->host, host.at, host.len);
	peer->host[host.len] = '\0';
	peer->host_is_address = bracketed || url_is_ipv4(host);
}

/* libcurl 7.88 takes a connection that is cut off for one that has ended. */
static void on_event(const SSL *ssl, int where, int value)
{
	struct peer *peer = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (where == SSL_CB_READ_ALERT && (value & 0xff) == SSL_AD_CLOSE_NOTIFY && peer != NULL)
		peer->closed = true;
}

bool peer_setup(SSL_CTX *ctx, struct peer *peer)
{
	SSL_CTX_set_cert_verify_callback(ctx, on_certificate, peer);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_keylog_callback(ctx, NULL);
	/* the certificate that was judged is the one that all of the answer comes under */
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_info_callback(ctx, on_event);
	return SSL_CTX_set_app_data(ctx, peer) == 1 &&
	       SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1;
}

enum reason peer_reason(const struct peer *peer)
{
	switch (peer->error) {
	case X509_V_OK:
		return REASON_HTTP_TLS;
	case X509_V_ERR_HOSTNAME_MISMATCH:
		return REASON_HTTP_TLS_NAME;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return REASON_HTTP_TLS_VALIDITY;
	default:
		return is_unknown_issuer(peer->error) ? REASON_HTTP_TLS_ISSUER :
							REASON_HTTP_TLS_CERTIFICATE;
	}
}

const char *peer_words(const struct peer *peer)
{
	return X509_verify_cert_error_string(peer->error);
}

bool peer_certificate(const SSL *ssl, struct buf *ret)
{
	const X509 *leaf = SSL_get0_peer_certificate(ssl);
	unsigned char *der = NULL;

	if (leaf == NULL)
		return false;
	int len = i2d_X509(leaf, &der);
	if (len <= 0)
		return false;
	buf_add(ret, (struct span){ der, (size_t)len });
	OPENSSL_free(der);
	return !ret->failed;
}

enum reason peer_check_cacert(const char *path)
{
	X509_STORE *store = X509_STORE_new();

	if (store == NULL)
		return REASON_OUT_OF_MEMORY;
	bool good = X509_STORE_load_file(store, path) == 1;
	X509_STORE_free(store);
	ERR_clear_error();
	return good ? REASON_OK : REASON_HTTP_CACERT;
}
