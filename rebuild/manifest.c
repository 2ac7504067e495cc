#include "rebuild/manifest.h"

#include <string.h>

#define SCHEMA_1 "application/vnd.docker.distribution.manifest.v1"
#define EXACT_MAX 9007199254740992.0 /* 2^53: below it a double is exact */

static const struct {
	const char *text;
	enum media media;
} types[] = {
	{ "application/vnd.oci.image.index.v1+json", MEDIA_OCI_INDEX },
	{ "application/vnd.docker.distribution.manifest.list.v2+json", MEDIA_DOCKER_LIST },
	{ "application/vnd.oci.image.manifest.v1+json", MEDIA_OCI_MANIFEST },
	{ "application/vnd.docker.distribution.manifest.v2+json", MEDIA_DOCKER_MANIFEST },
	{ "application/vnd.oci.image.config.v1+json", MEDIA_OCI_CONFIG },
	{ "application/vnd.docker.container.image.v1+json", MEDIA_DOCKER_CONFIG },
	{ "application/vnd.oci.image.layer.v1.tar", MEDIA_TAR },
	{ "application/vnd.docker.image.rootfs.diff.tar", MEDIA_TAR },
	{ "application/vnd.oci.image.layer.v1.tar+gzip", MEDIA_TAR_GZIP },
	{ "application/vnd.docker.image.rootfs.diff.tar.gzip", MEDIA_TAR_GZIP },
	{ "application/vnd.oci.image.layer.v1.tar+zstd", MEDIA_TAR_ZSTD },
};

enum reason media_read(struct span text, enum media *ret)
{
	const uint8_t *end = text.len > 0 ? memchr(text.at, ';', text.len) : NULL;
	struct span old = SPAN_LITERAL(SCHEMA_1);

	if (end != NULL)
		text.len = (size_t)(end - text.at);
	while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
		text.len--;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (span_equal(text, span_of_text(types[i].text))) {
			*ret = types[i].media;
			return REASON_OK;
		}
	}
	return text.len >= old.len && memcmp(text.at, old.at, old.len) == 0 ? REASON_OCI_SCHEMA :
									      REASON_OCI_MEDIA_TYPE;
}

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* The text of a member; false: there is none, or something else. */
static bool text_of(const cJSON *object, const char *name, struct span *ret)
{
	const cJSON *value = member(object, name);

	if (!cJSON_IsString(value))
		return false;
	*ret = span_of_text(value->valuestring);
	return true;
}

static bool is_index(enum media media)
{
	return media == MEDIA_OCI_INDEX || media == MEDIA_DOCKER_LIST;
}

static bool is_image(enum media media)
{
	return media == MEDIA_OCI_MANIFEST || media == MEDIA_DOCKER_MANIFEST;
}

static enum reason judge(const cJSON *tree, enum media stated, enum media *ret)
{
	const cJSON *schema = member(tree, "schemaVersion");
	enum media own = MEDIA_UNSTATED;
	struct span text;

	if (!cJSON_IsObject(tree))
		return REASON_OCI_FORM;
	if (!cJSON_IsNumber(schema) || schema->valuedouble != 2.0)
		return REASON_OCI_SCHEMA;
	if (member(tree, "mediaType") != NULL) {
		if (!text_of(tree, "mediaType", &text))
			return REASON_OCI_FORM;
		enum reason reason = media_read(text, &own);
		if (reason != REASON_OK)
			return reason;
	}
	bool index = member(tree, "manifests") != NULL;
	bool image = member(tree, "layers") != NULL || member(tree, "config") != NULL;
	if (index == image)
		return REASON_OCI_FORM;
	/* only OCI's may leave it out */
	if (own == MEDIA_UNSTATED && stated == MEDIA_UNSTATED)
		own = index ? MEDIA_OCI_INDEX : MEDIA_OCI_MANIFEST;
	if (own == MEDIA_UNSTATED)
		own = stated;
	if ((stated != MEDIA_UNSTATED && own != stated) || !(index ? is_index(own) : is_image(own)))
		return REASON_OCI_MEDIA_TYPE;
	*ret = own;
	return REASON_OK;
}

enum reason manifest_read(struct span text, enum media stated, struct manifest *ret)
{
	struct json_place place;
	cJSON *tree = NULL;
	enum reason reason = json_read_large(text, &tree, &place);

	if (reason != REASON_OK)
		return reason;
	reason = judge(tree, stated, &ret->media);
	if (reason == REASON_OK)
		ret->tree = tree;
	else
		cJSON_Delete(tree);
	return reason;
}

void manifest_done(struct manifest *manifest)
{
	cJSON_Delete(manifest->tree);
	*manifest = (struct manifest){ MEDIA_UNSTATED, NULL };
}

bool manifest_is_index(const struct manifest *manifest)
{
	return is_index(manifest->media);
}

static enum reason read_descriptor(const cJSON *object, struct descriptor *ret)
{
	const cJSON *size = member(object, "size");
	struct span text;

	if (!cJSON_IsObject(object) || !cJSON_IsNumber(size) ||
	    !text_of(object, "mediaType", &text))
		return REASON_OCI_FORM;
	if (!(size->valuedouble >= 0 && size->valuedouble < EXACT_MAX) ||
	    (double)(uint64_t)size->valuedouble != size->valuedouble)
		return REASON_OCI_FORM;
	enum reason reason = media_read(text, &ret->media);
	if (reason != REASON_OK)
		return reason;
	ret->size = (uint64_t)size->valuedouble;
	if (!text_of(object, "digest", &text) || !sha256_read_text(text, ret->digest))
		return REASON_OCI_FORM;
	return REASON_OK;
}

/* What every machine of the architecture can run. */
static bool is_baseline(struct span architecture, struct span variant)
{
	return variant.len == 0 ||
	       (span_equal(architecture, SPAN_LITERAL("amd64")) &&
		span_equal(variant, SPAN_LITERAL("v1"))) ||
	       (span_equal(architecture, SPAN_LITERAL("arm64")) &&
		span_equal(variant, SPAN_LITERAL("v8")));
}

/* `object` has os, architecture and perhaps variant. */
static bool is_for(const cJSON *object, const struct ociref_platform *platform)
{
	struct span os;
	struct span architecture;
	struct span variant = { NULL, 0 };

	if (!text_of(object, "os", &os) || !text_of(object, "architecture", &architecture))
		return false;
	if (member(object, "variant") != NULL && !text_of(object, "variant", &variant))
		return false;
	if (!span_equal(os, SPAN_LITERAL("linux")) ||
	    !span_equal(architecture, platform->architecture))
		return false;
	return variant.len == 0 || span_equal(variant, platform->variant) ||
	       (is_baseline(architecture, platform->variant) && is_baseline(architecture, variant));
}

enum reason manifest_choose(const struct manifest *manifest, const struct ociref_platform *platform,
			    struct descriptor *ret)
{
	const cJSON *entries = member(manifest->tree, "manifests");
	const cJSON *entry = NULL;
	const cJSON *chosen = NULL;
	struct descriptor found;

	if (!cJSON_IsArray(entries))
		return REASON_OCI_FORM;
	cJSON_ArrayForEach(entry, entries)
	{
		if (!cJSON_IsObject(entry))
			return REASON_OCI_FORM;
		if (!is_for(member(entry, "platform"), platform))
			continue;
		if (chosen != NULL)
			return REASON_OCI_PLATFORM_SEVERAL;
		chosen = entry;
	}
	if (chosen == NULL)
		return REASON_OCI_PLATFORM_ABSENT;
	enum reason reason = read_descriptor(chosen, &found);
	if (reason != REASON_OK)
		return reason;
	if (!is_image(found.media))
		return REASON_OCI_MEDIA_TYPE;
	if (found.size > MANIFEST_MAX)
		return REASON_OCI_TOO_LARGE;
	*ret = found;
	return REASON_OK;
}

static bool is_layer(enum media media)
{
	return media == MEDIA_TAR || media == MEDIA_TAR_GZIP || media == MEDIA_TAR_ZSTD;
}

enum reason manifest_parts(const struct manifest *manifest, struct descriptor *ret_config,
			   struct descriptor ret_layers[static MANIFEST_LAYERS_MAX],
			   size_t *ret_n_layers)
{
	const cJSON *layers = member(manifest->tree, "layers");
	const cJSON *layer = NULL;
	uint64_t sum = 0;
	size_t n = 0;

	if (!cJSON_IsArray(layers))
		return REASON_OCI_FORM;
	enum reason reason = read_descriptor(member(manifest->tree, "config"), ret_config);
	if (reason != REASON_OK)
		return reason;
	if (ret_config->media != MEDIA_OCI_CONFIG && ret_config->media != MEDIA_DOCKER_CONFIG)
		return REASON_OCI_MEDIA_TYPE;
	if (ret_config->size > MANIFEST_MAX)
		return REASON_OCI_TOO_LARGE;
	cJSON_ArrayForEach(layer, layers)
	{
		if (n == MANIFEST_LAYERS_MAX)
			return REASON_OCI_LAYERS;
		reason = read_descriptor(layer, &ret_layers[n]);
		if (reason != REASON_OK)
			return reason;
		if (!is_layer(ret_layers[n].media))
			return REASON_OCI_MEDIA_TYPE;
		if (ret_layers[n].size > MANIFEST_LAYER_MAX ||
		    ret_layers[n].size > MANIFEST_LAYERS_SUM - sum)
			return REASON_OCI_TOO_LARGE;
		sum += ret_layers[n++].size;
	}
	if (n == 0)
		return REASON_OCI_LAYERS;
	*ret_n_layers = n;
	return REASON_OK;
}

static enum reason read_diff_ids(const cJSON *rootfs, size_t n_layers,
				 uint8_t ret[][DIGEST_SHA256_LEN])
{
	const cJSON *ids = member(rootfs, "diff_ids");
	const cJSON *id = NULL;
	struct span text;
	size_t n = 0;

	if (!text_of(rootfs, "type", &text) || !span_equal(text, SPAN_LITERAL("layers")) ||
	    !cJSON_IsArray(ids))
		return REASON_OCI_FORM;
	cJSON_ArrayForEach(id, ids)
	{
		if (n == n_layers)
			return REASON_OCI_LAYERS;
		if (!cJSON_IsString(id) ||
		    !sha256_read_text(span_of_text(id->valuestring), ret[n++]))
			return REASON_OCI_FORM;
	}
	return n == n_layers ? REASON_OK : REASON_OCI_LAYERS;
}

enum reason manifest_config(struct span text, const struct ociref_platform *platform,
			    size_t n_layers, uint8_t ret_diff_ids[][DIGEST_SHA256_LEN])
{
	struct json_place place;
	cJSON *tree = NULL;
	enum reason reason = json_read_large(text, &tree, &place);

	if (reason != REASON_OK)
		return reason;
	if (!cJSON_IsObject(tree))
		reason = REASON_OCI_FORM;
	else if (!is_for(tree, platform))
		reason = REASON_OCI_PLATFORM_ABSENT;
	else
		reason = read_diff_ids(member(tree, "rootfs"), n_layers, ret_diff_ids);
	cJSON_Delete(tree);
	return reason;
}
