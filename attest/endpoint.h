/* A nonce to a request, and the answer to the bytes of a document, as a profile says. Pure: what is
 * between the two is http_exchange.
 *
 * What comes out of an answer is a document when it begins as one: 84, or d2 84 (COSE_Sign1, RFC
 * 9052 section 4.2). Whatever is wrong with it then is found by its own checks. Anything else is no
 * document: there is nothing to judge. */
#ifndef ATTEST_ENDPOINT_H
#define ATTEST_ENDPOINT_H

#include "attest/http.h"
#include "attest/profile.h"

#define ENDPOINT_RANDOM_MAX 32 /* bytes */

/* One request. End with endpoint_request_done. */
struct endpoint_request {
	struct http_request http; /* all but deadline_ms; borrows from what follows */
	char *url;
	char *body;
	char *header;
	const char *headers[1];
	struct buf nonce; /* what must come back; empty: the profile carries none */
	enum profile_encoding encoding;
	const char *media; /* Content-Type of such an answer, or NULL */
};

/* Makes the request for a URL (attest/url.h). `random` has at least profile->random_len fresh bytes.
 * A URL without a path, or of the path / alone, gets the profile's; any other is taken as it is.
 * What cannot be done leaves *ret empty.
 * REASON_HTTP_URL; REASON_ENDPOINT_URL: it has a parameter `nonce` already, or braces that are no
 * template of this profile; REASON_OUT_OF_MEMORY. */
enum reason endpoint_request(const struct profile *profile, const char *url, struct span random,
			     struct endpoint_request *ret) MUST_CHECK;
void endpoint_request_done(struct endpoint_request *request);

/* Appends the document of a complete answer to *ret_document and, with binds_exchange, what its
 * user_data must be to *ret_user_data. On failure there is nothing to use in either.
 * REASON_ENDPOINT_STATUS, _ENDPOINT_EMPTY, _ENDPOINT_TYPE, _ENDPOINT_HEADER, _ENDPOINT_JSON,
 * _ENDPOINT_MEMBER, _ENDPOINT_TWO_DOCUMENTS, _ENDPOINT_FORMAT, _ENDPOINT_ENCODING,
 * _ENDPOINT_GZIP, _ENDPOINT_NO_DOCUMENT; REASON_OUT_OF_MEMORY, _CRYPTO_FAILED. */
enum reason endpoint_document(const struct profile *profile, const struct endpoint_request *request,
			      const struct http_answer *answer, struct buf *ret_document,
			      struct buf *ret_user_data) MUST_CHECK;

/* True when the text is a JSON pointer (RFC 6901): empty, or of parts that begin with a slash. */
bool endpoint_is_pointer(const char *text);

#endif
