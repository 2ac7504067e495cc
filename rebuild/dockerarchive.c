#include "rebuild/dockerarchive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/layername.h"
#include "verify/auto.h"

#define MAGIC_LEN 4

/* A file of the archive. */
struct part {
	char *name; /* normalised */
	bool seen;
	uint8_t sha256[DIGEST_SHA256_LEN];
	uint64_t size;
	enum tarball_compression compression;
};

struct reading {
	const struct oci *oci;
	int fd;
	enum tarball_compression compression;
	struct buf manifest;
	struct buf config;
	struct part config_part;
	struct part layers[MANIFEST_LAYERS_MAX];
	size_t n_layers;
	struct trouble *reterr;
};

static enum tarball_compression sniff(const uint8_t *magic, size_t len)
{
	if (len >= 2 && memcmp(magic, "\x1f\x8b", 2) == 0)
		return TARBALL_GZIP;
	return len == MAGIC_LEN && memcmp(magic, "\x28\xb5\x2f\xfd", MAGIC_LEN) == 0 ?
		       TARBALL_ZSTD :
		       TARBALL_PLAIN;
}

static enum reason open_file(struct span path, int *ret_fd, uint64_t *ret_size,
			     struct trouble *reterr)
{
	struct buf text = { 0 };
	struct stat st;

	buf_add(&text, path);
	char *name = buf_take_text(&text);
	if (name == NULL)
		return REASON_OUT_OF_MEMORY;
	errno = 0;
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	free(name);
	enum reason reason = REASON_OK;
	if (fd < 0 || fstat(fd, &st) != 0)
		reason = trouble_note(reterr, REASON_FILE_UNREADABLE, path, errno);
	else if (!S_ISREG(st.st_mode))
		reason = trouble_note(reterr, REASON_DOCKER_ARCHIVE, path, 0);
	if (reason == REASON_OK) {
		*ret_fd = fd;
		*ret_size = (uint64_t)st.st_size;
	} else if (fd >= 0) {
		(void)close(fd);
	}
	return reason;
}

static enum reason open_archive(struct reading *reading, struct span path, unsigned passes)
{
	uint8_t magic[MAGIC_LEN];
	uint64_t size = 0;

	enum reason reason = open_file(path, &reading->fd, &size, reading->reterr);
	if (reason != REASON_OK)
		return reason;
	ssize_t n = pread(reading->fd, magic, sizeof(magic), 0);
	reading->compression = sniff(magic, n > 0 ? (size_t)n : 0);
	advance_begin(reading->oci->advance, passes * size);
	return REASON_OK;
}

/* Does something with one file of the archive; `name` is normalised. */
typedef enum reason (*visitor)(struct reading *reading, struct tarball *tarball, const char *name,
			       const struct tarball_entry *entry);

static enum reason visit_all(struct reading *reading, struct tarball *tarball, visitor visit)
{
	struct tarball_entry entry;
	struct buf name = { 0 };
	size_t start = 0;
	bool more = true;
	enum reason reason = REASON_OK;

	while (reason == REASON_OK && more) {
		reason = tarball_next(tarball, &entry, &more);
		if (reason != REASON_OK || !more)
			break;
		name.len = 0;
		reason = layername_read(entry.name, &name, &start);
		if (reason == REASON_OK)
			reason = visit(reading, tarball, (const char *)name.at, &entry);
		if (reason != REASON_OK)
			(void)trouble_note(reading->reterr, reason, entry.name, 0);
	}
	if (reason == REASON_OK) {
		/* for the checksums behind the last entry */
		uint8_t sha256[DIGEST_SHA256_LEN];
		uint64_t len = 0;
		reason = tarball_end(tarball, sha256, &len);
	}
	buf_done(&name);
	return reason;
}

/* Reads the archive from its beginning. */
static enum reason pass(struct reading *reading, visitor visit)
{
	const struct tarball_source source = { .fd = reading->fd,
					       .compression = reading->compression,
					       .max = DOCKERARCHIVE_MAX,
					       .advance = reading->oci->advance,
					       .interrupted = reading->oci->interrupted };
	struct tarball *tarball = NULL;

	if (lseek(reading->fd, 0, SEEK_SET) != 0)
		return REASON_FILE_UNREADABLE;
	enum reason reason = tarball_open(&source, &tarball);
	if (reason == REASON_OK)
		reason = visit_all(reading, tarball, visit);
	tarball_free(tarball);
	return reason == REASON_LAYER_TAR ? REASON_DOCKER_ARCHIVE : reason;
}

static enum reason keep(void *to, struct span bytes)
{
	struct buf *buf = to;

	buf_add(buf, bytes);
	return buf->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

/* A small file; there must be one only. */
static enum reason take(struct tarball *tarball, const struct tarball_entry *entry, struct buf *ret)
{
	const struct sink sink = { keep, ret };

	if (entry->type != TARBALL_FILE || ret->len > 0 || entry->size == 0)
		return REASON_DOCKER_ARCHIVE;
	return entry->size <= MANIFEST_MAX ? tarball_pour(tarball, &sink) : REASON_OCI_TOO_LARGE;
}

static enum reason visit_manifest(struct reading *reading, struct tarball *tarball,
				  const char *name, const struct tarball_entry *entry)
{
	return strcmp(name, "manifest.json") == 0 ? take(tarball, entry, &reading->manifest) :
						    REASON_OK;
}

static enum reason set_name(const cJSON *value, struct part *part)
{
	struct buf name = { 0 };
	size_t start = 0;

	if (!cJSON_IsString(value))
		return REASON_DOCKER_ARCHIVE;
	enum reason reason = layername_read(span_of_text(value->valuestring), &name, &start);
	if (reason == REASON_OK && name.len > 1)
		part->name = strdup((const char *)name.at);
	if (reason == REASON_OK && part->name == NULL)
		reason = name.len > 1 ? REASON_OUT_OF_MEMORY : REASON_DOCKER_ARCHIVE;
	buf_done(&name);
	return reason == REASON_LAYER_NAME ? REASON_DOCKER_ARCHIVE : reason;
}

static enum reason read_manifest(struct reading *reading)
{
	struct json_place place;
	AUTO(cJSON) *tree = NULL;
	const cJSON *layer = NULL;

	if (reading->manifest.len == 0)
		return REASON_DOCKER_ARCHIVE;
	enum reason reason = json_read_large(buf_span(&reading->manifest), &tree, &place);
	if (reason != REASON_OK)
		return reason;
	/* of several images nobody says which */
	const cJSON *image = cJSON_IsArray(tree) && cJSON_GetArraySize(tree) == 1 ?
				     cJSON_GetArrayItem(tree, 0) :
				     NULL;
	const cJSON *layers = cJSON_GetObjectItemCaseSensitive(image, "Layers");
	if (!cJSON_IsObject(image) || !cJSON_IsArray(layers))
		return REASON_DOCKER_ARCHIVE;
	reason = set_name(cJSON_GetObjectItemCaseSensitive(image, "Config"), &reading->config_part);
	cJSON_ArrayForEach(layer, layers)
	{
		if (reason == REASON_OK && reading->n_layers == MANIFEST_LAYERS_MAX)
			reason = REASON_OCI_LAYERS;
		if (reason == REASON_OK)
			reason = set_name(layer, &reading->layers[reading->n_layers++]);
		if (reason != REASON_OK)
			return reason;
	}
	if (reason == REASON_OK && reading->n_layers == 0)
		reason = REASON_OCI_LAYERS;
	return reason;
}

/* What a layer is hashed with. */
struct hashing {
	struct sha256 sha256;
	uint8_t magic[MAGIC_LEN];
	size_t n_magic;
};

static enum reason hash(void *to, struct span bytes)
{
	struct hashing *hashing = to;

	for (size_t i = 0; i < bytes.len && hashing->n_magic < MAGIC_LEN; i++)
		hashing->magic[hashing->n_magic++] = bytes.at[i];
	return sha256_add(&hashing->sha256, bytes);
}

static enum reason hash_layer(struct tarball *tarball, const struct tarball_entry *entry,
			      struct part *part)
{
	struct hashing hashing = { .n_magic = 0 };
	const struct sink sink = { hash, &hashing };

	if (entry->type != TARBALL_FILE || part->seen)
		return REASON_DOCKER_ARCHIVE;
	if (entry->size > MANIFEST_LAYER_MAX)
		return REASON_OCI_TOO_LARGE;
	enum reason reason = sha256_start(&hashing.sha256);
	if (reason == REASON_OK)
		reason = tarball_pour(tarball, &sink);
	if (reason == REASON_OK)
		reason = sha256_end(&hashing.sha256, part->sha256);
	sha256_done(&hashing.sha256);
	part->seen = true;
	part->size = entry->size;
	part->compression = sniff(hashing.magic, hashing.n_magic);
	return reason;
}

static enum reason visit_parts(struct reading *reading, struct tarball *tarball, const char *name,
			       const struct tarball_entry *entry)
{
	const struct part *first = NULL;

	if (strcmp(name, reading->config_part.name) == 0)
		return take(tarball, entry, &reading->config);
	for (size_t i = 0; i < reading->n_layers; i++) {
		struct part *part = &reading->layers[i];
		if (strcmp(name, part->name) != 0)
			continue;
		if (first == NULL) {
			enum reason reason = hash_layer(tarball, entry, part);
			if (reason != REASON_OK)
				return reason;
			first = part;
			continue;
		}
		/* the image has it twice */
		char *own = part->name;
		*part = *first;
		part->name = own;
	}
	return REASON_OK;
}

struct filling {
	struct store_part *part;
	struct trouble *reterr;
};

static enum reason fill(void *to, struct span bytes)
{
	const struct filling *filling = to;

	return store_part_add(filling->part, bytes, filling->reterr);
}

static enum reason visit_layers(struct reading *reading, struct tarball *tarball, const char *name,
				const struct tarball_entry *entry)
{
	const struct oci *oci = reading->oci;
	const struct store_wait wait = oci_wait(oci);
	struct filling filling = { NULL, reading->reterr };
	const struct sink sink = { fill, &filling };
	const struct part *part = NULL;
	int there = -1;

	for (size_t i = 0; i < reading->n_layers && part == NULL; i++) {
		if (strcmp(name, reading->layers[i].name) == 0)
			part = &reading->layers[i];
	}
	if (part == NULL)
		return REASON_OK;
	enum reason reason = entry->size == part->size ? REASON_OK : REASON_FILE_CHANGED;
	if (reason == REASON_OK)
		reason = store_get(oci->store, part->sha256, part->size, NULL, &there,
				   reading->reterr);
	if (there >= 0)
		(void)close(there);
	if (reason != REASON_OK || there >= 0)
		return reason;
	reason = store_begin(oci->store, part->sha256, part->size, &wait, &filling.part,
			     reading->reterr);
	if (reason != REASON_OK || filling.part == NULL)
		return reason;
	reason = store_part_restart(filling.part);
	if (reason == REASON_OK)
		reason = tarball_pour(tarball, &sink);
	if (reason == REASON_OK)
		reason = store_part_finish(filling.part, reading->reterr);
	store_part_free(filling.part);
	return reason == REASON_OCI_DIGEST || reason == REASON_OCI_SIZE ? REASON_FILE_CHANGED :
									  reason;
}

static enum reason judge(const struct reading *reading, const struct ociref *reference,
			 const struct ociref_platform *platform, struct oci_pins *pins)
{
	uint8_t diff_ids[MANIFEST_LAYERS_MAX][DIGEST_SHA256_LEN];
	const struct span config = buf_span(&reading->config);
	bool seen = config.len > 0;

	for (size_t i = 0; i < reading->n_layers; i++)
		seen = seen && reading->layers[i].seen;
	if (!seen)
		return REASON_OCI_BLOB_ABSENT;
	enum reason reason = digest_sha256(&config, 1, pins->config);
	if (reason == REASON_OK && reference->has_digest &&
	    !span_equal(SPAN_OF(pins->config), SPAN_OF(reference->digest)))
		reason = REASON_OCI_DIGEST;
	if (reason == REASON_OK)
		reason = manifest_config(config, platform, reading->n_layers, diff_ids);
	if (reason != REASON_OK)
		return reason;
	pins->config_size = config.len;
	pins->n_layers = reading->n_layers;
	for (size_t i = 0; i < pins->n_layers; i++) {
		struct oci_layer *layer = &pins->layers[i];
		layer->size = reading->layers[i].size;
		layer->compression = reading->layers[i].compression;
		memcpy(layer->digest, reading->layers[i].sha256, sizeof(layer->digest));
		memcpy(layer->diff_id, diff_ids[i], sizeof(layer->diff_id));
	}
	return REASON_OK;
}

static void done(struct reading *reading)
{
	if (reading->fd >= 0)
		(void)close(reading->fd);
	free(reading->config_part.name);
	for (size_t i = 0; i < MANIFEST_LAYERS_MAX; i++)
		free(reading->layers[i].name);
	buf_done(&reading->manifest);
	buf_done(&reading->config);
	free(reading);
}

/* Reads and judges all of it; with `store` its layers go into the store. */
static enum reason read_archive(const struct oci *oci, const struct ociref *reference,
				const struct ociref_platform *platform, bool store,
				struct oci_pins *ret, struct trouble *reterr)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	if (reading == NULL)
		return REASON_OUT_OF_MEMORY;
	reading->oci = oci;
	reading->fd = -1;
	reading->reterr = reterr;
	enum reason reason = open_archive(reading, reference->path, store ? 3 : 2);
	if (reason == REASON_OK)
		reason = pass(reading, visit_manifest);
	if (reason == REASON_OK)
		reason = read_manifest(reading);
	if (reason == REASON_OK)
		reason = pass(reading, visit_parts);
	if (reason == REASON_OK)
		reason = judge(reading, reference, platform, ret);
	if (reason == REASON_OK && store)
		reason = pass(reading, visit_layers);
	if (reason != REASON_OK)
		(void)trouble_note(reterr, reason, reference->path, 0);
	done(reading);
	return reason;
}

enum reason dockerarchive_fetch(const struct oci *oci, const struct ociref *reference,
				const struct ociref_platform *platform, struct oci_pins *ret,
				struct trouble *reterr)
{
	struct oci_pins *pins = calloc(1, sizeof(*pins));

	if (pins == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = read_archive(oci, reference, platform, true, pins, reterr);
	if (reason == REASON_OK)
		*ret = *pins;
	free(pins);
	return reason;
}

enum reason dockerarchive_id(const struct oci *oci, const struct ociref *reference,
			     const struct ociref_platform *platform,
			     uint8_t ret[static DIGEST_SHA256_LEN], struct trouble *reterr)
{
	struct oci_pins *pins = calloc(1, sizeof(*pins));

	if (pins == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = read_archive(oci, reference, platform, false, pins, reterr);
	if (reason == REASON_OK)
		memcpy(ret, pins->config, sizeof(pins->config));
	free(pins);
	return reason;
}

enum reason dockerarchive_size(const struct ociref *reference, uint64_t *ret,
			       struct trouble *reterr)
{
	int fd = -1;
	enum reason reason = open_file(reference->path, &fd, ret, reterr);

	if (reason == REASON_OK)
		(void)close(fd);
	return reason;
}
