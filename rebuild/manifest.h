/* The JSON of a container image: index, manifest, configuration (OCI image specification 1.1,
 * image-index.md, manifest.md, config.md, descriptor.md; Docker's image manifest version 2, schema 2,
 * and its manifest list). Read only after the bytes were proven to have their digest and size.
 *
 * Strict: schemaVersion 2; a mediaType of the document itself equal to what it was named or sent as;
 * never both `manifests` and `layers` or `config` in one (it would be two images at once); only the media
 * types below. Members that these formats do not know are allowed, as they say. Bounded by
 * json_read_large; no `urls` or `data` of a descriptor is ever used. */
#ifndef REBUILD_MANIFEST_H
#define REBUILD_MANIFEST_H

#include "rebuild/ociref.h"
#include "rebuild/sha256.h"
#include "verify/json.h"

#define MANIFEST_MAX JSON_LARGE_MAX /* bytes of an index, manifest or configuration */
#define MANIFEST_LAYERS_MAX 127
#define MANIFEST_LAYER_MAX (UINT64_C(8) << 30)   /* bytes of one layer as it is fetched */
#define MANIFEST_LAYERS_SUM (UINT64_C(32) << 30) /* and of all */

/* Of the Accept line of a request for a manifest. */
#define MANIFEST_ACCEPT \
	"application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, " \
	"application/vnd.docker.distribution.manifest.list.v2+json, " \
	"application/vnd.docker.distribution.manifest.v2+json"

enum media {
	MEDIA_UNSTATED, /* nobody says */
	MEDIA_OCI_INDEX,
	MEDIA_DOCKER_LIST,
	MEDIA_OCI_MANIFEST,
	MEDIA_DOCKER_MANIFEST,
	MEDIA_OCI_CONFIG,
	MEDIA_DOCKER_CONFIG,
	MEDIA_TAR,
	MEDIA_TAR_GZIP,
	MEDIA_TAR_ZSTD
};

/* Reads a media type; parameters behind a ; are passed over, case is not. REASON_OCI_SCHEMA: a
 * manifest of schema 1; REASON_OCI_MEDIA_TYPE: any other. */
enum reason media_read(struct span text, enum media *ret) MUST_CHECK;

struct descriptor {
	enum media media;
	uint8_t digest[DIGEST_SHA256_LEN];
	uint64_t size; /* bytes */
};

/* An index or a manifest. End with manifest_done. */
struct manifest {
	enum media media;
	cJSON *tree;
};

/* Reads `text`, which was named or sent as `stated`. The reasons of json_read_large; REASON_OCI_SCHEMA,
 * _MEDIA_TYPE, _FORM. */
enum reason manifest_read(struct span text, enum media stated, struct manifest *ret) MUST_CHECK;
void manifest_done(struct manifest *manifest);

/* False: it is the manifest of one image. */
bool manifest_is_index(const struct manifest *manifest);

/* The one image of an index for this platform: os is linux, the architecture the same, the variant
 * the same or none; where none was asked for, v1 of amd64 and v8 of arm64 count as none.
 * REASON_OCI_PLATFORM_ABSENT, _PLATFORM_SEVERAL, _FORM, _MEDIA_TYPE, _SCHEMA, _TOO_LARGE. */
enum reason manifest_choose(const struct manifest *manifest, const struct ociref_platform *platform,
			    struct descriptor *ret) MUST_CHECK;

/* The parts of an image, layers from the lowest up. REASON_OCI_FORM, _MEDIA_TYPE, _LAYERS,
 * _TOO_LARGE. */
enum reason manifest_parts(const struct manifest *manifest, struct descriptor *ret_config,
			   struct descriptor ret_layers[static MANIFEST_LAYERS_MAX],
			   size_t *ret_n_layers) MUST_CHECK;

/* Reads a configuration: it is of this platform, and names the uncompressed content of each layer.
 * The reasons of json_read_large; REASON_OCI_FORM, _PLATFORM_ABSENT, _LAYERS. */
enum reason manifest_config(struct span text, const struct ociref_platform *platform,
			    size_t n_layers, uint8_t ret_diff_ids[][DIGEST_SHA256_LEN]) MUST_CHECK;

#endif
