/* What assemble and unpack did, as text for people and as JSON (schema 1). Nothing is printed here;
 * strings from outside are escaped. */
#ifndef REBUILD_OUTCOME_H
#define REBUILD_OUTCOME_H

#include "rebuild/assemble.h"
#include "rebuild/unpack.h"

/* What stands as "tool" in the JSON. */
struct outcome_tool {
	const char *name;
	const char *version;
};

/* Appends. Out of memory shows in `out`, and where a bool is returned as false. */
void outcome_assembled_text(const struct assembled *made, const char *path, struct buf *out);
bool outcome_assembled_json(const struct outcome_tool *tool, const struct assembled *made,
			    const char *path, struct buf *out);
void outcome_unpacked_text(const struct unpacked *unpacked, struct buf *out);
bool outcome_unpacked_json(const struct outcome_tool *tool, const struct unpacked *unpacked,
			   struct buf *out);

/* Appends what the user must know of a ramdisk that was read but not all of it made into files;
 * nothing when all was. */
void outcome_warning(const struct unpacked_section *section, struct buf *out);

#endif
