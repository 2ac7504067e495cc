/* A container image fetched into the store, whole and proven: from a registry, from the folder of an OCI image
 * layout, or from the archive that docker save writes. What is returned pins every byte of it. */
#ifndef REBUILD_OCI_H
#define REBUILD_OCI_H

#include "rebuild/distribution.h"
#include "rebuild/tarball.h"

struct oci_layer {
	uint8_t digest[DIGEST_SHA256_LEN]; /* of the blob, by which the store has it */
	uint64_t size;
	enum tarball_compression compression;
	uint8_t diff_id
		[DIGEST_SHA256_LEN]; /* of its decompressed bytes, as the configuration says */
};

/* Where nothing has a digest, its flag is false. */
struct oci_pins {
	bool has_index; /* the reference named an index */
	uint8_t index[DIGEST_SHA256_LEN];
	bool has_manifest; /* false for a docker archive */
	uint8_t manifest[DIGEST_SHA256_LEN];
	uint8_t config[DIGEST_SHA256_LEN];
	uint64_t config_size;
	size_t n_layers;
	struct oci_layer layers[MANIFEST_LAYERS_MAX];
};

/* Fetches the image of this platform (linux/amd64), layer by layer. In order: the bytes of an index, a
 * manifest, the configuration and each layer have the digest and the size by which they were named, before
 * anything reads them; the configuration is of the platform and names a diff_id for each layer (layer_read
 * compares these). Layers of a registry come two at a time (pull.h).
 *
 * REASON_OCI_TAG: the reference has no digest; REASON_OCI_DIGEST, _SIZE; the reasons of
 * distribution.h, manifest.h and store.h; of a folder REASON_OCI_LAYOUT, _BLOB_ABSENT,
 * REASON_FILE_UNREADABLE; of an archive REASON_DOCKER_ARCHIVE, REASON_OCI_BLOB_ABSENT and those of
 * tarball.h. *reterr: what it was about, in words. */
enum reason oci_fetch(const struct oci *oci, const struct ociref *reference,
		      const struct ociref_platform *platform, struct oci_pins *ret,
		      struct trouble *reterr) MUST_CHECK;

/* What fetching would bring. */
struct oci_outline {
	size_t n_layers; /* 0: not told, of an archive */
	uint64_t bytes;  /* of configuration and layers; of an archive, its own */
};

/* Asks for the manifest and nothing else; nothing is stored, and oci->store is not used. A tag is taken for what it
 * stands for now. As oci_fetch, but for what concerns blobs. */
enum reason oci_look(const struct oci *oci, const struct ociref *reference,
		     const struct ociref_platform *platform, struct oci_outline *ret,
		     struct trouble *reterr) MUST_CHECK;

/* The digest that a registry's tag has now: of the index or manifest, whichever it names, and an index must have an
 * image of the platform. Read once and believed: a tag is nobody's promise. Of an archive the ID of its image.
 * The reasons of distribution_manifest, manifest_choose and dockerarchive_look; REASON_OCI_REFERENCE: there is no tag in
 * it, or it is a folder. */
enum reason oci_resolve(const struct oci *oci, const struct ociref *reference,
			const struct ociref_platform *platform,
			uint8_t ret[static DIGEST_SHA256_LEN], struct trouble *reterr) MUST_CHECK;

#endif
