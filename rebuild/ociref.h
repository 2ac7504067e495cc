/* What names a container image:
 *
 *   REGISTRY/NAME[:TAG]@sha256:HEX   in a registry; the tag is not used then
 *   REGISTRY/NAME:TAG                only to be resolved
 *   oci:DIR@sha256:HEX               the folder of an OCI image layout
 *   docker-archive:FILE[@sha256:HEX] what docker save writes; the digest is that of the image's
 *                                    configuration, its ID, the only one that such a file has
 *
 * REGISTRY is HOST[:PORT] and must have a dot, a port or be localhost: no registry is implied. It is
 * asked over https, on this very machine (url.h) over http.
 * NAME and TAG as in the OCI distribution specification 1.1, "Pulling manifests". */
#ifndef REBUILD_OCIREF_H
#define REBUILD_OCIREF_H

#include "rebuild/sha256.h"

#define OCIREF_MAX 4096 /* bytes of the whole */
#define OCIREF_NAME_MAX 255
#define OCIREF_TAG_MAX 128
#define OCIREF_ARCHITECTURE_MAX 32

enum ociref_kind { OCIREF_REGISTRY, OCIREF_LAYOUT, OCIREF_ARCHIVE };

struct ociref {
	enum ociref_kind kind;
	struct span registry; /* HOST[:PORT]; empty unless OCIREF_REGISTRY, as are the next two */
	struct span name;
	struct span tag;  /* empty: none */
	bool loopback;    /* the registry is on this machine */
	struct span path; /* of the folder or file */
	bool has_digest;
	uint8_t digest[DIGEST_SHA256_LEN];
};

/* Reads one; the parts point into it. REASON_OCI_REFERENCE. */
enum reason ociref_read(struct span text, struct ociref *ret) MUST_CHECK;

/* Whether a run may use it: it has a digest, or is an archive. REASON_OCI_TAG. */
enum reason ociref_is_pinned(const struct ociref *reference) MUST_CHECK;

/* linux/ARCHITECTURE[/VARIANT]: lower-case letters, digits, _ . -, as Go names them. */
struct ociref_platform {
	struct span architecture;
	struct span variant; /* empty: none */
};

/* The parts point into the text. REASON_OCI_PLATFORM. */
enum reason ociref_platform(struct span text, struct ociref_platform *ret) MUST_CHECK;

#endif
