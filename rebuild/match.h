/* Two catalogs, entry by entry: which names only one has, what differs of the others, and in which
 * order they stand. */
#ifndef REBUILD_MATCH_H
#define REBUILD_MATCH_H

#include "rebuild/catalog.h"
#include "rebuild/finding.h"

/* Two files of one name, as indices in the catalogs, whose data differs. */
struct match_content {
	size_t a;
	size_t b;
};

struct matched {
	struct match_content *contents; /* owned; in the order of A */
	size_t n_contents;
};

/* Adds findings for all but content of files, which is listed in *ret: its kind is not known here. Names
 * are matched exactly first, then without the hashes of store paths; of several entries with one
 * name the first with the first. `part` stands in the findings. REASON_OUT_OF_MEMORY. End with
 * matched_done, also after a failure. */
enum reason match_catalogs(const char *part, const struct catalog *a, const struct catalog *b,
			   struct findings *findings, struct matched *ret) MUST_CHECK;

void matched_done(struct matched *matched);

#endif
