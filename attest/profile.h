/* How families of enclaves hand out their documents: what is asked, where in the answer the document
 * stands, and what in it tells of the connection. One row a family; nothing here does anything.
 *
 * Templates may hold {nonce_hex}, {nonce_base64} (RFC 4648 section 4, padded) and {nonce_text} (the
 * random bytes in base64 of section 5, without padding: for families whose nonce is a text).
 *
 * Sources: nix-enclaver, src/api.rs; nitriding-daemon, attestation.go; Marlin oyster, attestation
 * servers; sui nautilus; tinfoil's shim; Evervault's enclaves; Sequence's nitrocontrol. */
#ifndef ATTEST_PROFILE_H
#define ATTEST_PROFILE_H

#include "verify/binding.h"
#include "verify/span.h"

/* What of the nonce comes back in the document. */
enum profile_nonce {
	PROFILE_NONCE_NONE, /* the family carries none: freshness rests on the document's age */
	PROFILE_NONCE_BYTES,
	PROFILE_NONCE_TEXT /* the characters of {nonce_text} */
};

enum profile_place {
	PROFILE_BODY,    /* the body is the document */
	PROFILE_POINTER, /* a string of the JSON body, by RFC 6901 */
	PROFILE_HEADER,  /* a header of the answer */
	PROFILE_ANYWHERE /* the body, or the one known member of a JSON body */
};

enum profile_encoding {
	PROFILE_RAW,
	PROFILE_HEX,
	PROFILE_BASE64,
	PROFILE_ANY_ENCODING /* told apart by content */
};

/* All texts are static, or of the caller's command line. */
struct profile {
	const char *name;
	const char *method;
	const char *path;     /* of a URL that has none; NULL: the URL is taken as it is */
	const char *query;    /* added to the URL's, a template; or NULL */
	const char *header;   /* "Name: value", a template; or NULL */
	const char *body;     /* JSON, a template; or NULL */
	const char *accept;   /* or NULL */
	const char *at;       /* JSON pointer or name of the header */
	const char *hex_path; /* a URL that ends so answers in hex instead; or NULL */
	const char *format;   /* what the JSON member `format` must be; or NULL */
	const char *media;    /* Content-Type of its answers, to explain others; or NULL */
	size_t random_len;    /* fresh bytes for one request; 0: no nonce */
	long status;          /* of an answer with a document */
	enum profile_nonce nonce;
	enum profile_place place;
	enum profile_encoding encoding;
	enum binding binding; /* what ties a document to the connection */
	bool gzip;            /* the document may be compressed (RFC 1952) */
	bool binds_exchange;  /* user_data is of request and answer: see endpoint.h */
	bool templates;       /* the URL is a template */
};

#define PROFILES 10
extern const struct profile profiles[PROFILES];

/* NULL: no family is named so. */
const struct profile *profile_find(const char *name);

/* The names, separated by blanks, for a message. Static. */
extern const char profile_names[];

#endif
