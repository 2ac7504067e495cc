/* Two files of the same name with other content: what kind of difference it is. */
#ifndef REBUILD_DIFFERENCE_H
#define REBUILD_DIFFERENCE_H

#include "rebuild/content.h"
#include "rebuild/finding.h"

/* FINDING_CASCADE: equal but for hashes of store paths. FINDING_ATTRIBUTE: a gzip file, equal but
 * for the time in its header. Otherwise FINDING_CONTENT. `ret_note`, into which is appended, says
 * where: the first line of a text that differs, the sections of an ELF file, or the first byte;
 * hashes of store paths that are the only difference there are passed over. It is escaped.
 * REASON_FILE_UNREADABLE, _OUT_OF_MEMORY. */
enum reason difference_judge(const struct content *a, const struct content *b,
			     enum finding_class *ret_class, struct buf *ret_note) MUST_CHECK;

#endif
