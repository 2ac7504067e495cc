/* Where a reason arose and what the system said, for one line on stderr. */
#ifndef REBUILD_TROUBLE_H
#define REBUILD_TROUBLE_H

#include <string.h>

#include "verify/reason.h"
#include "verify/span.h"

#define TROUBLE_PATH_MAX 4096

/* `path` is a file's or an entry's name, escape it before printing; `path_len` 0: none. Longer names
 * are cut. `why` is an errno, 0: none. */
struct trouble {
	int why;
	size_t path_len;
	uint8_t path[TROUBLE_PATH_MAX];
};

/* Notes both, keeps what was noted first, and hands the reason through. */
static inline enum reason trouble_note(struct trouble *trouble, enum reason reason,
				       struct span path, int why)
{
	if (trouble->path_len == 0 && trouble->why == 0) {
		trouble->why = why;
		trouble->path_len = path.len < TROUBLE_PATH_MAX ? path.len : TROUBLE_PATH_MAX;
		if (path.len > 0)
			memcpy(trouble->path, path.at, trouble->path_len);
	}
	return reason;
}

#endif
