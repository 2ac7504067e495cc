/* The digest of what a ramdisk section decompresses to: whether two sections are the same archives
 * to the byte, padding and trailers too, which entries alone do not tell. */
#ifndef REBUILD_EXPANSION_H
#define REBUILD_EXPANSION_H

#include "rebuild/catalog.h"

/* Of a section that begins as a raw archive every byte counts; of one of gzip members their content,
 * not zeros between them. *ret_known is false, and `ret` nothing, when raw archives stand behind
 * members: where those end is not looked at here. The section was read by catalog_read and is not
 * malformed. REASON_CHANGED_WHILE_READING, the reasons of reading, those of gzip_push. */
enum reason expansion_digest(const struct catalog_source *source, bool *ret_known,
			     uint8_t ret[static DIGEST_SHA384_LEN]) MUST_CHECK;

#endif
