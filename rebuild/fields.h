/* The fields of two entries of an archive that belong together. */
#ifndef REBUILD_FIELDS_H
#define REBUILD_FIELDS_H

#include "rebuild/catalog.h"
#include "rebuild/finding.h"

/* What is told once for a ramdisk and not for each entry: one file more, and all that follow are
 * numbered otherwise. */
struct fields_counts {
	uint64_t numbers; /* inode, device, unused fields */
	uint64_t magics;  /* 070701 or 070702 */
};

/* Adds findings; true when both are files with other data, about which nothing is added. */
bool fields_compare(const char *part, const struct catalog *a, size_t index_a,
		    const struct catalog *b, size_t index_b, struct findings *findings,
		    struct fields_counts *counts);

void fields_tell_counts(const char *part, const struct fields_counts *counts,
			struct findings *findings);

#endif
