/* A comparison as text, as JSON (schema 1) and as a page of its own. Nothing is printed here; what
 * findings hold was escaped when it was added, everything else from outside is escaped here. */
#ifndef REBUILD_EXPLAIN_H
#define REBUILD_EXPLAIN_H

#include <cjson/cJSON.h>

#include "rebuild/compare.h"
#include "rebuild/outcome.h"

/* Append. Out of memory shows in `out`. `verbose`: every finding that was kept, and digests in
 * full. */
void explain_text(const struct comparison *comparison, bool verbose, struct buf *out);
void explain_html(const struct outcome_tool *tool, const struct comparison *comparison,
		  struct buf *out);

/* False: no memory. */
bool explain_json(const struct outcome_tool *tool, const struct comparison *comparison,
		  struct buf *out);

/* The same as a tree, the caller's to delete. NULL: no memory. */
cJSON *explain_tree(const struct outcome_tool *tool, const struct comparison *comparison);

/* The conclusion in one line, without its end: the class, and what it means. */
void explain_conclusion(const struct comparison *comparison, struct buf *out);

#endif
