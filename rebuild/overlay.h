/* The file system of a container image as a table in memory: no entry of a layer is ever made on disk,
 * so no name, link, device or mode of one can do anything. It answers one question: which entry of
 * which layer is the file with this path?
 *
 * Layers are laid over each other from the lowest up (OCI image specification 1.1, layer.md, "Applying
 * changesets"):
 *
 *   names       a leading / or ./ and empty components count for nothing; .. is refused, as are
 *               control characters and more than 4096 bytes
 *   .wh.NAME    removes NAME and all below it of lower layers, wherever it stands in its layer
 *   .wh..wh..opq removes what lower layers have in its directory; other .wh..wh.* are passed over
 *   hard link   has the content that its target has then, in this layer or a lower one; the target is
 *               a path from the root, which no symbolic link is followed in
 *   directory   over a directory adds to it; all else replaces what was there and all below it
 *   parents     that no entry names are made; one that is no directory, or is a symbolic link, is
 *               refused: tools do not agree on what that would be
 *   twice       the last entry of a name in one layer counts, and they are counted
 *
 * Symbolic links are followed in lookups only, from the image's root. */
#ifndef REBUILD_OVERLAY_H
#define REBUILD_OVERLAY_H

#include "rebuild/layername.h"
#include "rebuild/tarball.h"
#include "rebuild/trouble.h"

#define OVERLAY_PATH_MAX LAYERNAME_MAX
#define OVERLAY_SYMLINKS_MAX 40 /* followed in one lookup, as Linux does (path_resolution(7)) */
#define OVERLAY_ENTRIES_MAX 1000000
#define OVERLAY_NODES_MAX 2000000              /* names, also of parents that no entry names */
#define OVERLAY_TEXT_MAX (UINT64_C(256) << 20) /* bytes of all names and targets */

/* Bounds, of all layers together. */
struct overlay_limits {
	uint64_t entries;
	uint64_t nodes;
	uint64_t text;
};

/* The three above. */
extern const struct overlay_limits overlay_usual_limits;

struct overlay;

/* End with overlay_free; NULL is fine there. NULL: no memory. */
struct overlay *overlay_new(const struct overlay_limits *limits);
void overlay_free(struct overlay *overlay);

/* One more entry of the layer that is being read. Nothing changes yet.
 * REASON_LAYER_NAME, _WHITEOUT, _HARD_LINK (it has a content of its own), _ENTRIES;
 * REASON_OUT_OF_MEMORY. */
enum reason overlay_add(struct overlay *overlay, const struct tarball_entry *entry) MUST_CHECK;

/* The layer is complete and proven: lays it over the others, its whiteouts first.
 * REASON_LAYER_HARD_LINK, _PARENT, _ENTRIES; REASON_OUT_OF_MEMORY. *reterr: which entry. After a
 * failure only overlay_free may follow. */
enum reason overlay_apply(struct overlay *overlay, struct trouble *reterr) MUST_CHECK;

/* How many entries had a name that an entry of the same layer had before. */
uint64_t overlay_doubled(const struct overlay *overlay);

/* Where a file's content is. */
struct overlay_file {
	size_t layer;     /* counted from 0, the lowest */
	uint64_t ordinal; /* of the entry in its layer, from 0 */
	uint64_t size;
	uint32_t mode;     /* the lower 12 bits, as the layer has it */
	unsigned symlinks; /* that led there */
};

/* `path` begins with a /. REASON_LAYER_NAME: it does not, or is too long; REASON_LAYER_ABSENT,
 * _NOT_FILE, _SYMLINKS; REASON_OUT_OF_MEMORY. */
enum reason overlay_find(const struct overlay *overlay, struct span path,
			 struct overlay_file *ret) MUST_CHECK;

#endif
