/* Writing the signature section of an image; verify/eifsign.h has its form and reads it. */
#ifndef REBUILD_SIGN_H
#define REBUILD_SIGN_H

#include "verify/pcr.h"

#define SIGN_PEM_MAX ((size_t)16 * 1024) /* bytes of a key or certificate file */

/* Appends a signature section over this PCR0: ES256, ES384 or ES512 by the key's curve. `key` is an
 * unencrypted private key in PEM, `certificate` the PEM text as it will stand in the section. What
 * was made is read and verified again before it is handed out. ECDSA signatures are random: no two
 * are the same.
 * REASON_SIGN_KEY, _CERT, _PAIR; REASON_EIF_SIGNATURE_TOO_LARGE; REASON_OUT_OF_MEMORY,
 * REASON_CRYPTO_FAILED. */
enum reason sign_section(struct span key, struct span certificate,
			 const uint8_t pcr0[static PCR_LEN], struct buf *out,
			 uint8_t ret_pcr8[static PCR_LEN]) MUST_CHECK;

/* Whether key and certificate will do, before the work is begun. The same reasons. */
enum reason sign_check(struct span key, struct span certificate) MUST_CHECK;

#endif
