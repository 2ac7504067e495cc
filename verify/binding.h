/* Whether a document speaks of the TLS connection over which it came: signed claims held against
 * the certificate of that very connection.
 *
 *   nitriding              user_data is 68 bytes: 12 20, the SHA-256 of the certificate's DER, 12 20,
 *                          32 bytes of the application's (two multihashes, sha2-256 each)
 *   spki-user-data         user_data is the DER of the certificate's SubjectPublicKeyInfo
 *   sha256-cert-user-data  user_data is the SHA-256 of the certificate's DER
 *
 * Sources: nitriding-daemon, attestation hashes; Evervault, "attestation document"; tinfoil's shim. */
#ifndef VERIFY_BINDING_H
#define VERIFY_BINDING_H

#include "verify/reason.h"
#include "verify/span.h"

enum binding {
	BINDING_NONE, /* nothing ties a document to a connection */
	BINDING_NITRIDING,
	BINDING_SPKI_USER_DATA,
	BINDING_SHA256_CERT_USER_DATA
};

/* As --bind names it. Static. */
const char *binding_name(enum binding binding);

/* False: no binding is named so. */
bool binding_from_name(const char *name, enum binding *ret);

/* Holds user_data (`at` NULL: null) against the certificate of the connection in DER (of no bytes:
 * it had none). BINDING_NONE never holds. *ret_expected becomes what user_data, or the part of it
 * that counts, should be, and *ret_actual that part, borrowed; both are empty where it did not come
 * so far. End *ret_expected with buf_done.
 * REASON_TLS_NO_CERTIFICATE, _TLS_CERTIFICATE, _TLS_USER_DATA, _TLS_MISMATCH;
 * REASON_CRYPTO_FAILED, _OUT_OF_MEMORY. */
enum reason binding_check(enum binding binding, struct span user_data, struct span peer_der,
			  struct buf *ret_expected, struct span *ret_actual) MUST_CHECK;

#endif
