/* The archive of one image that `docker save` and `skopeo copy ... docker-archive:` write: a tar,
 * plain or compressed, with
 *
 *   manifest.json    [{"Config": NAME, "RepoTags": ..., "Layers": [NAME, ...]}]
 *   NAME             the configuration, and the layers: tar, perhaps compressed
 *
 * No digest of it is published by anybody, so nothing in it says which image it is: the pins that come out are
 * computed. The SHA-256 of the configuration, which names the content of all layers, is the image's ID
 * of `docker images --no-trunc`, and what a reference may demand. Layers that are links within the archive
 * (from before Docker 25, where an image has the same layer twice) are refused. */
#ifndef REBUILD_DOCKERARCHIVE_H
#define REBUILD_DOCKERARCHIVE_H

#include "rebuild/oci.h"

#define DOCKERARCHIVE_MAX (UINT64_C(64) << 30) /* bytes, decompressed */

/* oci_fetch for such a reference. */
enum reason dockerarchive_fetch(const struct oci *oci, const struct ociref *reference,
				const struct ociref_platform *platform, struct oci_pins *ret,
				struct trouble *reterr) MUST_CHECK;

/* The SHA-256 of the image's configuration: all is read and judged, nothing is stored. As dockerarchive_fetch, but for the
 * reasons of the store. */
enum reason dockerarchive_id(const struct oci *oci, const struct ociref *reference,
			     const struct ociref_platform *platform,
			     uint8_t ret[static DIGEST_SHA256_LEN],
			     struct trouble *reterr) MUST_CHECK;

/* Bytes of the file. REASON_FILE_UNREADABLE; REASON_DOCKER_ARCHIVE: it is no regular file; REASON_OUT_OF_MEMORY. */
enum reason dockerarchive_size(const struct ociref *reference, uint64_t *ret,
			       struct trouble *reterr) MUST_CHECK;

#endif
