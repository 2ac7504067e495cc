#include "rebuild/layer.h"

#include <string.h>

/* Ends a reading: whether the layer was the right one. */
static enum reason judge(struct tarball *tarball, const uint8_t *diff_id, uint64_t *ret_len)
{
	uint8_t value[DIGEST_SHA256_LEN];
	enum reason reason = tarball_end(tarball, value, ret_len);

	if (reason != REASON_OK)
		return reason;
	return span_equal(SPAN_OF(value), (struct span){ diff_id, sizeof(value) }) ?
		       REASON_OK :
		       REASON_LAYER_DIFF_ID;
}

struct listing {
	struct overlay *overlay;
	struct trouble *reterr;
};

static enum reason list(struct tarball *tarball, void *context)
{
	const struct listing *listing = context;
	struct tarball_entry entry;
	bool more = true;

	for (;;) {
		enum reason reason = tarball_next(tarball, &entry, &more);
		if (reason != REASON_OK || !more)
			return reason;
		reason = overlay_add(listing->overlay, &entry);
		if (reason != REASON_OK)
			return trouble_note(listing->reterr, reason, entry.name, 0);
	}
}

/* A layer read to its end by `read`, within what is left of *expansion. */
static enum reason read_bounded(const struct tarball_source *source, const uint8_t *diff_id,
				uint64_t *expansion,
				enum reason (*read)(struct tarball *tarball, void *context),
				void *context)
{
	struct tarball_source bounded = *source;
	struct tarball *tarball = NULL;
	uint64_t len = 0;

	if (bounded.max > *expansion)
		bounded.max = *expansion;
	enum reason reason = tarball_open(&bounded, &tarball);
	if (reason == REASON_OK)
		reason = read(tarball, context);
	if (reason == REASON_OK)
		reason = judge(tarball, diff_id, &len);
	tarball_free(tarball);
	if (reason == REASON_OK)
		*expansion -= len;
	return reason;
}

enum reason layer_read(const struct tarball_source *source,
		       const uint8_t diff_id[static DIGEST_SHA256_LEN], uint64_t *expansion,
		       struct overlay *overlay, struct trouble *reterr)
{
	struct listing listing = { overlay, reterr };
	enum reason reason = read_bounded(source, diff_id, expansion, list, &listing);

	return reason == REASON_OK ? overlay_apply(overlay, reterr) : reason;
}

static enum reason count_whiteouts(struct tarball *tarball, void *context)
{
	uint64_t *count = context;
	struct span mark = SPAN_LITERAL(".wh.");
	struct tarball_entry entry;
	bool more = true;

	for (;;) {
		enum reason reason = tarball_next(tarball, &entry, &more);
		if (reason != REASON_OK || !more)
			return reason;
		struct span last = { NULL, 0 };
		while (layername_take(&entry.name, &last))
			;
		*count += last.len >= mark.len && memcmp(last.at, mark.at, mark.len) == 0 ? 1 : 0;
	}
}

enum reason layer_whiteouts(const struct tarball_source *source,
			    const uint8_t diff_id[static DIGEST_SHA256_LEN], uint64_t *expansion,
			    uint64_t *count)
{
	return read_bounded(source, diff_id, expansion, count_whiteouts, count);
}

/* Hashes what passes. */
struct passing {
	struct sha256 sha256;
	const struct sink *sink; /* NULL: none */
};

static enum reason pass(void *to, struct span bytes)
{
	struct passing *passing = to;
	enum reason reason = sha256_add(&passing->sha256, bytes);

	return reason == REASON_OK && passing->sink != NULL ? sink_put(passing->sink, bytes) :
							      reason;
}

/* To the entry that was found then. */
static enum reason seek(struct tarball *tarball, const struct overlay_file *file)
{
	struct tarball_entry entry;
	bool more = true;

	for (uint64_t i = 0; i <= file->ordinal; i++) {
		enum reason reason = tarball_next(tarball, &entry, &more);
		if (reason != REASON_OK)
			return reason;
		if (!more)
			return REASON_LAYER_DIFF_ID;
	}
	return entry.type == TARBALL_FILE && entry.size == file->size ? REASON_OK :
									REASON_LAYER_DIFF_ID;
}

enum reason layer_extract(const struct tarball_source *source,
			  const uint8_t diff_id[static DIGEST_SHA256_LEN],
			  const struct overlay_file *file, const struct sink *sink,
			  uint8_t ret_sha256[static DIGEST_SHA256_LEN])
{
	struct passing passing = { .sink = sink };
	const struct sink hashing = { pass, &passing };
	uint8_t value[DIGEST_SHA256_LEN];
	struct tarball *tarball = NULL;
	uint64_t len = 0;

	if (file->size > LAYER_FILE_MAX)
		return REASON_LAYER_FILE_SIZE;
	enum reason reason = sha256_start(&passing.sha256);
	if (reason == REASON_OK)
		reason = tarball_open(source, &tarball);
	if (reason == REASON_OK)
		reason = seek(tarball, file);
	if (reason == REASON_OK)
		reason = tarball_pour(tarball, &hashing);
	if (reason == REASON_OK)
		reason = judge(tarball, diff_id, &len);
	if (reason == REASON_OK)
		reason = sha256_end(&passing.sha256, value);
	tarball_free(tarball);
	sha256_done(&passing.sha256);
	if (reason != REASON_OK)
		return reason;
	for (size_t i = 0; i < sizeof(value); i++)
		ret_sha256[i] = value[i];
	return REASON_OK;
}
