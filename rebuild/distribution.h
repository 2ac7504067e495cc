/* Asking a registry (OCI distribution specification 1.1, "Pull"): manifests and blobs by digest, and a
 * tag to be resolved. Read only, anonymous: where the registry wants a token (distribution's token
 * specification), one is asked for with the scope repository:NAME:pull and nothing that says who asks. No user
 * names or passwords; whoever has a token of another origin can have it sent (http_route.headers).
 *
 * http.h does the asking: https, or http to a registry on this machine, its token server and where it
 * redirects to then likewise; no Authorization goes to another origin than it was given for. What comes is
 * judged by the caller's digest and size, never by what the registry says of it. */
#ifndef REBUILD_DISTRIBUTION_H
#define REBUILD_DISTRIBUTION_H

#include <signal.h>
#include <stdatomic.h>

#include "attest/http.h"
#include "rebuild/manifest.h"
#include "rebuild/store.h"

#define DISTRIBUTION_REDIRECTS 5
#define DISTRIBUTION_TOKEN_MAX ((size_t)64 * 1024) /* bytes of a token server's answer */
#define DISTRIBUTION_RESUMES 3 /* of one blob, at once, each as long as more came than before */

/* How to fetch; all borrowed. */
struct oci {
	struct http *http;   /* may be NULL where nothing is fetched from a registry */
	struct http *second; /* another: two layers come at a time then; NULL: one does */
	const struct http_clock *clock;
	int64_t deadline_ms; /* on the clock, for all of it */
	const struct store *store;
	struct advance *advance;                  /* told of bytes; NULL: none */
	const volatile sig_atomic_t *interrupted; /* NULL: never */
	const atomic_bool *unwanted; /* another thread has no use for it any more; NULL: never */
};

/* Whether fetching is to end. */
bool oci_is_stopped(const struct oci *oci);

/* How the store waits for another process, under that. */
struct store_wait oci_wait(const struct oci *oci);

/* A repository in a registry. */
struct distribution;

/* Borrows both; `reference` is one of OCIREF_REGISTRY. End with distribution_free; NULL is fine there.
 * NULL: no memory. */
struct distribution *distribution_new(const struct oci *oci, const struct ociref *reference);
void distribution_free(struct distribution *distribution);

/* The same repository for another thread, by the handle of another `oci`: it begins with the token that `first` has.
 * NULL: no memory. */
struct distribution *distribution_another(const struct distribution *first, const struct oci *oci);

/* The manifest or index that `which` names, a digest as text or a tag: the body as it came, appended
 * to *ret, and what the registry sent it as. The caller checks the digest.
 * REASON_OCI_NOT_FOUND, _DENIED, _RATE, _STATUS, _CHALLENGE, _BASIC, _REALM, _TOKEN, _MEDIA_TYPE,
 * _SCHEMA, the reasons of http_exchange and json_read (of a token); REASON_OUT_OF_MEMORY. *reterr:
 * what was asked for, and the words of the server or of the system. */
enum reason distribution_manifest(struct distribution *distribution, const char *which,
				  struct buf *ret, enum media *ret_media,
				  struct trouble *reterr) MUST_CHECK;

/* Sees to it that the store has a blob. What was broken off is gone on with; what the server does not go on
 * with, or turns out to be another blob after all, is thrown away and fetched once more, once. In the end oci->advance
 * was told of as many bytes as the blob has, hashed or fetched.
 * As above without the last three of the manifest, and REASON_OCI_DIGEST, _SIZE, REASON_INTERRUPTED and the
 * reasons of store.h. */
enum reason distribution_blob(struct distribution *distribution, const struct descriptor *blob,
			      struct trouble *reterr) MUST_CHECK;

#endif
