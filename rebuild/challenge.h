/* What a registry says when it wants to be asked with a token (WWW-Authenticate, RFC 9110 sections
 * 11.2 to 11.6; the parameters are those of the distribution specification's token server):
 *
 *   WWW-Authenticate: Bearer realm="https://...",service="...",scope="repository:NAME:pull" */
#ifndef REBUILD_CHALLENGE_H
#define REBUILD_CHALLENGE_H

#include "verify/reason.h"
#include "verify/span.h"

#define CHALLENGE_TEXT_MAX 2048 /* bytes of one value */
#define CHALLENGE_PARTS_MAX 64  /* challenges and parameters of all lines */

/* Ends with challenge_done. The values are NUL-terminated, of printable ASCII. */
struct challenge {
	char *realm;
	char *service; /* NULL: none was given */
};

/* Reads the head of an answer: the first Bearer challenge of all its WWW-Authenticate lines. Several
 * challenges in one line, schemes and names of parameters in any case, quoted strings with \ and
 * commas in them; parameters not known here are passed over, a doubled one is refused.
 * REASON_OCI_BASIC: there is one by user name and password and no Bearer; REASON_OCI_CHALLENGE:
 * neither, or malformed; REASON_OUT_OF_MEMORY. */
enum reason challenge_read(struct span head, struct challenge *ret) MUST_CHECK;
void challenge_done(struct challenge *challenge);

#endif
