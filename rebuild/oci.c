#include "rebuild/oci.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rebuild/dockerarchive.h"
#include "rebuild/layout.h"
#include "rebuild/pull.h"

/* Where manifests and blobs come from. */
struct source {
	const struct oci *oci;
	struct distribution *distribution; /* NULL: the layout */
	struct layout *layout;
};

static enum reason note_digest(enum reason reason, const uint8_t *digest, struct trouble *reterr)
{
	char text[SHA256_TEXT_LEN + 1];

	if (reason == REASON_OK)
		return reason;
	sha256_text(digest, text);
	return trouble_note(reterr, reason, span_of_text(text), 0);
}

/* A manifest or index by its digest, proven. */
static enum reason get_manifest(const struct source *source, const uint8_t *digest,
				struct buf *body, enum media *ret_media, struct trouble *reterr)
{
	char text[SHA256_TEXT_LEN + 1];
	uint8_t value[DIGEST_SHA256_LEN];

	sha256_text(digest, text);
	*ret_media = MEDIA_UNSTATED;
	enum reason reason =
		source->distribution != NULL ?
			distribution_manifest(source->distribution, text, body, ret_media, reterr) :
			layout_manifest(source->layout, digest, body, reterr);
	const struct span bytes = buf_span(body);
	if (reason == REASON_OK)
		reason = digest_sha256(&bytes, 1, value);
	if (reason == REASON_OK &&
	    !span_equal(SPAN_OF(value), (struct span){ digest, sizeof(value) }))
		reason = REASON_OCI_DIGEST;
	return note_digest(reason, digest, reterr);
}

static enum reason get_blob(const struct source *source, const struct descriptor *blob,
			    struct trouble *reterr)
{
	return source->distribution != NULL ?
		       distribution_blob(source->distribution, blob, reterr) :
		       layout_blob(source->layout, source->oci, blob, reterr);
}

/* A file has nothing to gain from two at a time. */
static enum reason get_layers(const struct source *source, const struct descriptor *layers,
			      size_t n, struct trouble *reterr)
{
	enum reason reason = REASON_OK;

	if (source->distribution != NULL)
		return pull_blobs(source->oci, source->distribution, layers, n, reterr);
	for (size_t i = 0; i < n && reason == REASON_OK; i++)
		reason = layout_blob(source->layout, source->oci, &layers[i], reterr);
	return reason;
}

/* A small blob of the store, whole. What was hashed is what is returned. */
static enum reason read_blob(const struct oci *oci, const struct descriptor *blob, struct buf *ret,
			     struct trouble *reterr)
{
	uint8_t value[DIGEST_SHA256_LEN];
	int fd = -1;
	enum reason reason = store_get(oci->store, blob->digest, blob->size, NULL, &fd, reterr);

	if (reason != REASON_OK)
		return reason;
	if (fd < 0)
		return REASON_OCI_BLOB_ABSENT;
	reason = layout_read_file(fd, MANIFEST_MAX, ret);
	(void)close(fd);
	const struct span bytes = buf_span(ret);
	if (reason == REASON_OK)
		reason = digest_sha256(&bytes, 1, value);
	if (reason == REASON_OK && !span_equal(SPAN_OF(value), SPAN_OF(blob->digest)))
		reason = REASON_OCI_DIGEST;
	return reason;
}

/* The manifest of the image, an index followed by it. */
static enum reason find_manifest(const struct source *source, const struct ociref *reference,
				 const struct ociref_platform *platform, struct oci_pins *pins,
				 struct manifest *ret, struct trouble *reterr)
{
	struct descriptor chosen = { .media = MEDIA_UNSTATED };
	struct buf body = { 0 };
	enum media media;
	enum reason reason = get_manifest(source, reference->digest, &body, &media, reterr);

	if (reason == REASON_OK)
		reason = note_digest(manifest_read(buf_span(&body), media, ret), reference->digest,
				     reterr);
	body.len = 0;
	const uint8_t *digest = reference->digest;
	if (reason == REASON_OK && manifest_is_index(ret)) {
		pins->has_index = true;
		for (size_t i = 0; i < sizeof(pins->index); i++)
			pins->index[i] = digest[i];
		reason = note_digest(manifest_choose(ret, platform, &chosen), digest, reterr);
		manifest_done(ret);
		digest = chosen.digest;
		if (reason == REASON_OK)
			reason = get_manifest(source, digest, &body, &media, reterr);
		if (reason == REASON_OK && body.len != chosen.size)
			reason = note_digest(REASON_OCI_SIZE, digest, reterr);
		if (reason == REASON_OK && media != MEDIA_UNSTATED && media != chosen.media)
			reason = note_digest(REASON_OCI_MEDIA_TYPE, digest, reterr);
		if (reason == REASON_OK)
			reason = note_digest(manifest_read(buf_span(&body), chosen.media, ret),
					     digest, reterr);
	}
	pins->has_manifest = true;
	for (size_t i = 0; i < sizeof(pins->manifest); i++)
		pins->manifest[i] = digest[i];
	buf_done(&body);
	return reason;
}

static enum tarball_compression compression_of(enum media media)
{
	if (media == MEDIA_TAR_GZIP)
		return TARBALL_GZIP;
	return media == MEDIA_TAR_ZSTD ? TARBALL_ZSTD : TARBALL_PLAIN;
}

static void set_layers(struct oci_pins *pins, const struct descriptor *layers,
		       uint8_t (*diff_ids)[DIGEST_SHA256_LEN])
{
	for (size_t i = 0; i < pins->n_layers; i++) {
		struct oci_layer *layer = &pins->layers[i];
		layer->size = layers[i].size;
		layer->compression = compression_of(layers[i].media);
		for (size_t j = 0; j < DIGEST_SHA256_LEN; j++) {
			layer->digest[j] = layers[i].digest[j];
			layer->diff_id[j] = diff_ids[i][j];
		}
	}
}

/* All parts of a manifest into the store. */
static enum reason fetch_parts(const struct source *source, const struct manifest *manifest,
			       const struct ociref_platform *platform, struct oci_pins *pins,
			       struct trouble *reterr)
{
	struct descriptor layers[MANIFEST_LAYERS_MAX];
	uint8_t diff_ids[MANIFEST_LAYERS_MAX][DIGEST_SHA256_LEN];
	struct descriptor config;
	struct buf body = { 0 };
	uint64_t sum = 0;

	enum reason reason = note_digest(manifest_parts(manifest, &config, layers, &pins->n_layers),
					 pins->manifest, reterr);
	if (reason != REASON_OK)
		return reason;
	for (size_t i = 0; i < pins->n_layers; i++)
		sum += layers[i].size;
	advance_begin(source->oci->advance, config.size + sum);
	for (size_t i = 0; i < sizeof(pins->config); i++)
		pins->config[i] = config.digest[i];
	pins->config_size = config.size;
	reason = get_blob(source, &config, reterr);
	if (reason == REASON_OK)
		reason = note_digest(read_blob(source->oci, &config, &body, reterr), config.digest,
				     reterr);
	/* before the layers, which are large */
	if (reason == REASON_OK)
		reason = note_digest(
			manifest_config(buf_span(&body), platform, pins->n_layers, diff_ids),
			config.digest, reterr);
	buf_done(&body);
	if (reason == REASON_OK)
		reason = get_layers(source, layers, pins->n_layers, reterr);
	if (reason == REASON_OK)
		set_layers(pins, layers, diff_ids);
	return reason;
}

enum reason oci_fetch(const struct oci *oci, const struct ociref *reference,
		      const struct ociref_platform *platform, struct oci_pins *ret,
		      struct trouble *reterr)
{
	struct source source = { .oci = oci };
	struct manifest manifest = { MEDIA_UNSTATED, NULL };
	enum reason reason = ociref_is_pinned(reference);

	if (reason != REASON_OK)
		return reason;
	if (reference->kind == OCIREF_ARCHIVE)
		return dockerarchive_fetch(oci, reference, platform, ret, reterr);
	struct oci_pins *pins = calloc(1, sizeof(*pins));
	if (pins == NULL)
		return REASON_OUT_OF_MEMORY;
	if (reference->kind == OCIREF_LAYOUT) {
		reason = layout_open(reference->path, &source.layout, reterr);
	} else {
		source.distribution = distribution_new(oci, reference);
		reason = source.distribution != NULL ? REASON_OK : REASON_OUT_OF_MEMORY;
	}
	if (reason == REASON_OK)
		reason = find_manifest(&source, reference, platform, pins, &manifest, reterr);
	if (reason == REASON_OK)
		reason = fetch_parts(&source, &manifest, platform, pins, reterr);
	if (reason == REASON_OK)
		*ret = *pins;
	manifest_done(&manifest);
	distribution_free(source.distribution);
	layout_free(source.layout);
	free(pins);
	return reason;
}

enum reason oci_resolve(const struct oci *oci, const struct ociref *reference,
			uint8_t ret[static DIGEST_SHA256_LEN], struct trouble *reterr)
{
	struct manifest manifest = { MEDIA_UNSTATED, NULL };
	struct buf body = { 0 };
	char tag[OCIREF_TAG_MAX + 1];
	enum media media = MEDIA_UNSTATED;

	if (reference->kind != OCIREF_REGISTRY || reference->tag.len == 0 || reference->has_digest)
		return REASON_OCI_REFERENCE;
	(void)snprintf(tag, sizeof(tag), "%.*s", (int)reference->tag.len,
		       (const char *)reference->tag.at);
	struct distribution *distribution = distribution_new(oci, reference);
	if (distribution == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = distribution_manifest(distribution, tag, &body, &media, reterr);
	if (reason == REASON_OK)
		reason = manifest_read(buf_span(&body), media, &manifest);
	const struct span bytes = buf_span(&body);
	if (reason == REASON_OK)
		reason = digest_sha256(&bytes, 1, ret);
	manifest_done(&manifest);
	buf_done(&body);
	distribution_free(distribution);
	return reason;
}
