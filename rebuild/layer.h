/* The layers of an image, and single files out of them. Nothing is unpacked: see overlay.h. */
#ifndef REBUILD_LAYER_H
#define REBUILD_LAYER_H

#include "rebuild/overlay.h"

#define LAYER_EXPANSION_MAX (UINT64_C(32) << 30) /* bytes of all layers, decompressed */
#define LAYER_FILE_MAX \
	(UINT64_C(8) << 30) /* of a file; a sparse one may be larger than its layer */

/* Reads a layer from `source` (its fd at the beginning of the blob) and lays it over those before.
 * Nothing of it counts unless its decompressed bytes have the SHA-256 `diff_id`. *expansion: how much
 * all layers may still expand to, lessened by this one.
 * REASON_LAYER_DIFF_ID; the reasons of tarball.h, overlay_add and overlay_apply. *reterr: which
 * entry, where it was one. */
enum reason layer_read(const struct tarball_source *source,
		       const uint8_t diff_id[static DIGEST_SHA256_LEN], uint64_t *expansion,
		       struct overlay *overlay, struct trouble *reterr) MUST_CHECK;

/* Adds to *count how many entries of a layer are whiteouts of any kind, by their names alone: for whoever is to know what
 * tools make of it that know no whiteouts. No rule of overlay.h is applied. `expansion` as above.
 * REASON_LAYER_DIFF_ID; the reasons of tarball.h. */
enum reason layer_whiteouts(const struct tarball_source *source,
			    const uint8_t diff_id[static DIGEST_SHA256_LEN], uint64_t *expansion,
			    uint64_t *count) MUST_CHECK;

/* Pours the content of a file that overlay_find found. `source` is its layer as above, read to its
 * end once more: REASON_LAYER_DIFF_ID, after pieces were poured, tells that it is not the one that
 * was read then. `sink` NULL: only hashed. *ret_sha256 is set with REASON_OK only.
 * REASON_LAYER_FILE_SIZE; otherwise as above, and whatever the sink returns. */
enum reason layer_extract(const struct tarball_source *source,
			  const uint8_t diff_id[static DIGEST_SHA256_LEN],
			  const struct overlay_file *file, const struct sink *sink,
			  uint8_t ret_sha256[static DIGEST_SHA256_LEN]) MUST_CHECK;

#endif
