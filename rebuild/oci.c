#include "rebuild/oci.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* What a tag stands for now, and the digest of that. */
static enum reason get_tagged(const struct source *source, const struct ociref *reference,
			      struct buf *body, enum media *ret_media,
			      uint8_t ret[static DIGEST_SHA256_LEN], struct trouble *reterr)
{
	char tag[OCIREF_TAG_MAX + 1];

	(void)snprintf(tag, sizeof(tag), "%.*s", (int)reference->tag.len,
		       (const char *)reference->tag.at);
	enum reason reason =
		distribution_manifest(source->distribution, tag, body, ret_media, reterr);
	const struct span bytes = buf_span(body);
	return reason == REASON_OK ? digest_sha256(&bytes, 1, ret) : reason;
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

/* The manifest that an index has for the platform. */
static enum reason follow_index(const struct source *source, const struct ociref_platform *platform,
				struct oci_pins *pins, struct manifest *manifest, struct buf *body,
				struct trouble *reterr)
{
	struct descriptor chosen = { .media = MEDIA_UNSTATED };
	enum media media;

	pins->has_index = true;
	memcpy(pins->index, pins->manifest, sizeof(pins->index));
	enum reason reason =
		note_digest(manifest_choose(manifest, platform, &chosen), pins->index, reterr);
	manifest_done(manifest);
	if (reason != REASON_OK)
		return reason;
	memcpy(pins->manifest, chosen.digest, sizeof(pins->manifest));
	body->len = 0;
	reason = get_manifest(source, chosen.digest, body, &media, reterr);
	if (reason == REASON_OK && body->len != chosen.size)
		reason = REASON_OCI_SIZE;
	if (reason == REASON_OK && media != MEDIA_UNSTATED && media != chosen.media)
		reason = REASON_OCI_MEDIA_TYPE;
	if (reason == REASON_OK)
		reason = manifest_read(buf_span(body), chosen.media, manifest);
	return note_digest(reason, chosen.digest, reterr);
}

/* The manifest of the image, an index followed by it. */
static enum reason find_manifest(const struct source *source, const struct ociref *reference,
				 const struct ociref_platform *platform, struct oci_pins *pins,
				 struct manifest *ret, struct trouble *reterr)
{
	struct buf body = { 0 };
	enum media media;
	enum reason reason;

	pins->has_manifest = true;
	if (reference->has_digest || source->distribution == NULL) {
		memcpy(pins->manifest, reference->digest, sizeof(pins->manifest));
		reason = get_manifest(source, pins->manifest, &body, &media, reterr);
	} else {
		reason = get_tagged(source, reference, &body, &media, pins->manifest, reterr);
	}
	if (reason == REASON_OK)
		reason = note_digest(manifest_read(buf_span(&body), media, ret), pins->manifest,
				     reterr);
	if (reason == REASON_OK && manifest_is_index(ret))
		reason = follow_index(source, platform, pins, ret, &body, reterr);
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

/* Where the image comes from, unless it is an archive; end with close_source. */
static enum reason open_source(const struct oci *oci, const struct ociref *reference,
			       struct source *ret, struct trouble *reterr)
{
	*ret = (struct source){ .oci = oci };
	if (reference->kind == OCIREF_LAYOUT)
		return layout_open(reference->path, &ret->layout, reterr);
	ret->distribution = distribution_new(oci, reference);
	return ret->distribution != NULL ? REASON_OK : REASON_OUT_OF_MEMORY;
}

static void close_source(struct source *source)
{
	distribution_free(source->distribution);
	layout_free(source->layout);
}

enum reason oci_fetch(const struct oci *oci, const struct ociref *reference,
		      const struct ociref_platform *platform, struct oci_pins *ret,
		      struct trouble *reterr)
{
	struct source source;
	struct manifest manifest = { MEDIA_UNSTATED, NULL };
	enum reason reason = ociref_is_pinned(reference);

	if (reason != REASON_OK)
		return reason;
	if (reference->kind == OCIREF_ARCHIVE)
		return dockerarchive_fetch(oci, reference, platform, ret, reterr);
	struct oci_pins *pins = calloc(1, sizeof(*pins));
	if (pins == NULL)
		return REASON_OUT_OF_MEMORY;
	reason = open_source(oci, reference, &source, reterr);
	if (reason == REASON_OK)
		reason = find_manifest(&source, reference, platform, pins, &manifest, reterr);
	if (reason == REASON_OK)
		reason = fetch_parts(&source, &manifest, platform, pins, reterr);
	if (reason == REASON_OK)
		*ret = *pins;
	manifest_done(&manifest);
	close_source(&source);
	free(pins);
	return reason;
}

/* A layer that an image has twice is fetched once. */
static bool is_first(const struct descriptor *layers, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (memcmp(layers[j].digest, layers[i].digest, sizeof(layers[i].digest)) == 0)
			return false;
	}
	return true;
}

static enum reason outline(const struct manifest *manifest, const uint8_t *digest,
			   struct oci_outline *ret, struct trouble *reterr)
{
	struct descriptor layers[MANIFEST_LAYERS_MAX];
	struct descriptor config;
	size_t n = 0;

	enum reason reason =
		note_digest(manifest_parts(manifest, &config, layers, &n), digest, reterr);
	if (reason != REASON_OK)
		return reason;
	*ret = (struct oci_outline){ .n_layers = n, .bytes = config.size };
	for (size_t i = 0; i < n; i++)
		ret->bytes += is_first(layers, i) ? layers[i].size : 0;
	return REASON_OK;
}

enum reason oci_look(const struct oci *oci, const struct ociref *reference,
		     const struct ociref_platform *platform, struct oci_outline *ret,
		     struct trouble *reterr)
{
	struct source source;
	struct manifest manifest = { MEDIA_UNSTATED, NULL };

	if (reference->kind == OCIREF_ARCHIVE)
		return dockerarchive_size(reference, &ret->bytes, reterr);
	struct oci_pins *pins = calloc(1, sizeof(*pins));
	if (pins == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = open_source(oci, reference, &source, reterr);
	if (reason == REASON_OK)
		reason = find_manifest(&source, reference, platform, pins, &manifest, reterr);
	if (reason == REASON_OK)
		reason = outline(&manifest, pins->manifest, ret, reterr);
	manifest_done(&manifest);
	close_source(&source);
	free(pins);
	return reason;
}

/* What the tag of a registry's image stands for. */
static enum reason resolve_tag(const struct oci *oci, const struct ociref *reference,
			       const struct ociref_platform *platform, uint8_t *ret,
			       struct trouble *reterr)
{
	struct source source;
	struct manifest manifest = { MEDIA_UNSTATED, NULL };
	struct descriptor chosen;
	struct buf body = { 0 };
	uint8_t digest[DIGEST_SHA256_LEN];
	enum media media = MEDIA_UNSTATED;

	enum reason reason = open_source(oci, reference, &source, reterr);
	if (reason == REASON_OK)
		reason = get_tagged(&source, reference, &body, &media, digest, reterr);
	if (reason == REASON_OK)
		reason = note_digest(manifest_read(buf_span(&body), media, &manifest), digest,
				     reterr);
	if (reason == REASON_OK && manifest_is_index(&manifest))
		reason = note_digest(manifest_choose(&manifest, platform, &chosen), digest, reterr);
	if (reason == REASON_OK)
		memcpy(ret, digest, sizeof(digest));
	manifest_done(&manifest);
	buf_done(&body);
	close_source(&source);
	return reason;
}

enum reason oci_resolve(const struct oci *oci, const struct ociref *reference,
			const struct ociref_platform *platform,
			uint8_t ret[static DIGEST_SHA256_LEN], struct trouble *reterr)
{
	if (reference->has_digest)
		return REASON_OCI_REFERENCE;
	if (reference->kind == OCIREF_ARCHIVE)
		return dockerarchive_id(oci, reference, platform, ret, reterr);
	if (reference->kind != OCIREF_REGISTRY || reference->tag.len == 0)
		return REASON_OCI_REFERENCE;
	return resolve_tag(oci, reference, platform, ret, reterr);
}
