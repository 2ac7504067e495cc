/* Names of entries of a layer: paths from the image's root, and whiteouts among them (OCI image
 * specification 1.1, layer.md, "Whiteouts"). */
#ifndef REBUILD_LAYERNAME_H
#define REBUILD_LAYERNAME_H

#include "rebuild/tarball.h"

#define LAYERNAME_MAX 4096 /* bytes */

/* What an entry does, by its name. */
enum layername_action {
	LAYERNAME_ENTRY,  /* it is there */
	LAYERNAME_REMOVE, /* .wh.NAME: NAME of lower layers is not */
	LAYERNAME_EMPTY,  /* .wh..wh..opq: what lower layers have in this directory is not */
	LAYERNAME_NOTHING /* what else begins with .wh..wh.: the business of some storage driver */
};

/* Cuts off the next component of a path, without any /; false: there is none. */
bool layername_take(struct span *path, struct span *ret);

/* Appends the name as components with one / between, and a NUL; nothing and a NUL for the root. A
 * leading / or ./, empty components and . count for nothing. *ret: where in *out it begins.
 * REASON_LAYER_NAME: a component .., a control character, or too long; REASON_OUT_OF_MEMORY. */
enum reason layername_read(struct span name, struct buf *out, size_t *ret) MUST_CHECK;

/* Tells a whiteout, and changes the name to that of what it is about. `name` is as layername_read
 * leaves it. REASON_LAYER_WHITEOUT: it is about nothing, . or .., is no file, or something stands
 * below it. */
enum reason layername_whiteout(char *name, enum tarball_type type,
			       enum layername_action *ret) MUST_CHECK;

#endif
