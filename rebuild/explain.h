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

/* Why one of the two was not read. */
struct explain_fault {
	const char *path;
	enum reason reason; /* REASON_OK: it was, or was not tried */
	struct buf text;    /* owned */
};

/* JSON where nothing was compared, of the two `faults`: the same members with null, and "faults". `malformed`: one is, so that both
 * cannot be equal; else nobody knows. False: no memory. */
bool explain_faults_json(const struct outcome_tool *tool, const struct explain_fault *faults,
			 bool malformed, struct buf *out);

/* The conclusion in one line, without its end: the class, and what it means. */
void explain_conclusion(const struct comparison *comparison, struct buf *out);

#endif
