/* Two layers, the length of the first before them (u16, big-endian): what the table finds is what is poured, and reading
 * them twice finds the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebuild/layer.h"

#define EXPANSION ((uint64_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct overlay_limits limits = { .entries = 200, .nodes = 1000, .text = 65536 };
static const char *const paths[] = { "/f", "/d/x", "/h", "/s", "/d/../d/x" };

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

struct layer {
	FILE *file;
	uint8_t diff_id[DIGEST_SHA256_LEN];
};

static struct tarball_source source_of(const struct layer *layer)
{
	demand(lseek(fileno(layer->file), 0, SEEK_SET) == 0, "no seeking");
	return (struct tarball_source){ .fd = fileno(layer->file), .max = EXPANSION };
}

static void write_layer(struct layer *layer, struct span bytes)
{
	layer->file = tmpfile();
	demand(layer->file != NULL && fwrite(bytes.at, 1, bytes.len, layer->file) == bytes.len &&
		       fflush(layer->file) == 0,
	       "no file");
	demand(digest_sha256(&bytes, 1, layer->diff_id) == REASON_OK, "no digest");
}

static struct overlay *read_layers(const struct layer layers[2], size_t n, enum reason *ret)
{
	struct overlay *overlay = overlay_new(&limits);
	struct trouble trouble = { .why = 0 };
	uint64_t expansion = EXPANSION;

	demand(overlay != NULL, "no memory");
	*ret = REASON_OK;
	for (size_t i = 0; i < n && *ret == REASON_OK; i++) {
		const struct tarball_source source = source_of(&layers[i]);
		*ret = layer_read(&source, layers[i].diff_id, &expansion, overlay, &trouble);
	}
	return overlay;
}

static enum reason count(void *to, struct span bytes)
{
	*(uint64_t *)to += bytes.len;
	return *(uint64_t *)to > 16 * EXPANSION ? REASON_LAYER_FILE_SIZE : REASON_OK;
}

static void look(const struct overlay *a, const struct overlay *b, const char *path,
		 const struct layer layers[2], size_t n)
{
	struct overlay_file file = { 0 };
	struct overlay_file same = { 0 };
	uint8_t sha256[DIGEST_SHA256_LEN];
	uint64_t len = 0;
	const struct sink sink = { count, &len };
	enum reason reason = overlay_find(a, span_of_text(path), &file);

	demand(reason == overlay_find(b, span_of_text(path), &same), "found once only");
	if (reason != REASON_OK)
		return;
	demand(file.layer < n && file.layer == same.layer && file.ordinal == same.ordinal,
	       "found elsewhere");
	const struct tarball_source source = source_of(&layers[file.layer]);
	if (layer_extract(&source, layers[file.layer].diff_id, &file, &sink, sha256) == REASON_OK)
		demand(len == file.size, "of another size");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { data, size };
	struct span first;
	struct layer layers[2];
	uint64_t len = 0;
	enum reason reason;
	enum reason again;

	if (!span_be(&rest, 2, &len))
		return 0;
	if (len > rest.len)
		len = rest.len;
	(void)span_take(&rest, (size_t)len, &first);
	write_layer(&layers[0], first);
	write_layer(&layers[1], rest);
	size_t n = rest.len > 0 ? 2 : 1;
	struct overlay *a = read_layers(layers, n, &reason);
	struct overlay *b = read_layers(layers, n, &again);
	demand(reason == again, "judged otherwise");
	for (size_t i = 0; reason == REASON_OK && i < sizeof(paths) / sizeof(paths[0]); i++)
		look(a, b, paths[i], layers, n);
	overlay_free(a);
	overlay_free(b);
	(void)fclose(layers[0].file);
	(void)fclose(layers[1].file);
	return 0;
}
