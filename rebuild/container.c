#include "rebuild/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/draft.h"

struct container {
	const struct oci *oci;
	const struct oci_pins *pins;
	struct overlay *overlay;
};

static enum reason note_layer(const struct oci_layer *layer, enum reason reason,
			      struct trouble *reterr)
{
	char text[SHA256_TEXT_LEN + 1];

	if (reason == REASON_OK)
		return reason;
	sha256_text(layer->digest, text);
	return trouble_note(reterr, reason, span_of_text(text), 0);
}

/* A layer's blob, hashed just now, to be read; the caller closes source->fd. */
static enum reason open_layer(const struct oci *oci, const struct oci_layer *layer,
			      struct tarball_source *ret, struct trouble *reterr)
{
	*ret = (struct tarball_source){ .fd = -1,
					.compression = layer->compression,
					.max = LAYER_EXPANSION_MAX,
					.advance = oci->advance,
					.interrupted = oci->interrupted };
	enum reason reason =
		store_get(oci->store, layer->digest, layer->size, oci->advance, &ret->fd, reterr);
	return reason == REASON_OK && ret->fd < 0 ? REASON_OCI_BLOB_ABSENT : reason;
}

/* Reads every layer, from the lowest up: into the table, or, without one, to count whiteouts. */
static enum reason read_all(const struct oci *oci, const struct oci_pins *pins,
			    struct overlay *overlay, uint64_t *whiteouts, struct trouble *reterr)
{
	uint64_t expansion = LAYER_EXPANSION_MAX;
	uint64_t sum = 0;

	for (size_t i = 0; i < pins->n_layers; i++)
		sum += pins->layers[i].size;
	/* once to hash them, once to read them */
	advance_begin(oci->advance, 2 * sum);
	for (size_t i = 0; i < pins->n_layers; i++) {
		const struct oci_layer *layer = &pins->layers[i];
		struct tarball_source source;
		enum reason reason = open_layer(oci, layer, &source, reterr);
		if (reason == REASON_OK && overlay != NULL)
			reason = layer_read(&source, layer->diff_id, &expansion, overlay, reterr);
		else if (reason == REASON_OK)
			reason = layer_whiteouts(&source, layer->diff_id, &expansion, whiteouts);
		if (source.fd >= 0)
			(void)close(source.fd);
		if (reason != REASON_OK)
			return note_layer(layer, reason, reterr);
	}
	return REASON_OK;
}

enum reason container_whiteouts(const struct oci *oci, const struct oci_pins *pins, uint64_t *ret,
				struct trouble *reterr)
{
	uint64_t count = 0;
	enum reason reason = read_all(oci, pins, NULL, &count, reterr);

	if (reason == REASON_OK)
		*ret = count;
	return reason;
}

enum reason container_open(const struct oci *oci, const struct oci_pins *pins,
			   struct container **ret, struct trouble *reterr)
{
	struct container *container = calloc(1, sizeof(*container));

	if (container == NULL)
		return REASON_OUT_OF_MEMORY;
	*container = (struct container){ oci, pins, overlay_new(&overlay_usual_limits) };
	enum reason reason = container->overlay != NULL ?
				     read_all(oci, pins, container->overlay, NULL, reterr) :
				     REASON_OUT_OF_MEMORY;
	if (reason != REASON_OK) {
		container_free(container);
		return reason;
	}
	*ret = container;
	return REASON_OK;
}

void container_free(struct container *container)
{
	if (container == NULL)
		return;
	overlay_free(container->overlay);
	free(container);
}

uint64_t container_doubled(const struct container *container)
{
	return overlay_doubled(container->overlay);
}

enum reason container_take(const struct container *container, struct span path, const uint8_t *want,
			   const struct sink *sink, struct container_file *ret,
			   struct trouble *reterr)
{
	struct container_file file;
	struct tarball_source source = { .fd = -1 };
	enum reason reason = overlay_find(container->overlay, path, &file.found);

	if (reason != REASON_OK)
		return trouble_note(reterr, reason, path, 0);
	const struct oci_layer *layer = &container->pins->layers[file.found.layer];
	advance_begin(container->oci->advance, 2 * layer->size);
	reason = open_layer(container->oci, layer, &source, reterr);
	if (reason == REASON_OK)
		reason = layer_extract(&source, layer->diff_id, &file.found, sink, file.sha256);
	if (source.fd >= 0)
		(void)close(source.fd);
	if (reason != REASON_OK)
		return trouble_note(reterr, reason, path, 0);
	*ret = file;
	if (want != NULL &&
	    !span_equal(SPAN_OF(file.sha256), (struct span){ want, sizeof(file.sha256) }))
		return trouble_note(reterr, REASON_IMAGE_FILE_DIGEST, path, 0);
	return REASON_OK;
}

/* The file that is written, and what the system said. */
struct writing {
	int fd;
	int why;
};

static enum reason write_piece(void *to, struct span bytes)
{
	struct writing *writing = to;
	enum reason reason = draft_write(writing->fd, bytes);

	if (reason != REASON_OK)
		writing->why = errno;
	return reason;
}

/* Ends the writing of a file. */
static enum reason complete(struct writing *writing)
{
	bool good = fchmod(writing->fd, 0755) == 0 && fsync(writing->fd) == 0;

	if (!good)
		writing->why = errno;
	return good ? REASON_OK : REASON_FILE_UNWRITABLE;
}

enum reason container_stage(const struct container *container, struct span path,
			    const uint8_t *want, int dir, const char *name,
			    struct container_file *ret, struct trouble *reterr)
{
	struct writing writing = {
		.fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)
	};
	const struct sink sink = { write_piece, &writing };

	if (writing.fd < 0)
		return trouble_note(reterr,
				    errno == EEXIST ? REASON_FILE_EXISTS : REASON_FILE_UNWRITABLE,
				    span_of_text(name), errno);
	enum reason reason = container_take(container, path, want, &sink, ret, reterr);
	if (reason == REASON_OK)
		reason = complete(&writing);
	if (close(writing.fd) != 0 && reason == REASON_OK) {
		writing.why = errno;
		reason = REASON_FILE_UNWRITABLE;
	}
	if (reason == REASON_OK)
		return reason;
	(void)unlinkat(dir, name, 0);
	if (reason == REASON_FILE_UNWRITABLE) {
		*reterr = (struct trouble){ .why = 0 };
		(void)trouble_note(reterr, reason, span_of_text(name), writing.why);
	}
	return reason;
}
