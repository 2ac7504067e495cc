/* The files of what Nix built, opened in its store. */
#ifndef REBUILD_OUTPUT_H
#define REBUILD_OUTPUT_H

#include "rebuild/nix.h"
#include "rebuild/trouble.h"

/* Opens a regular file of an output, or the output itself where `name` is empty; the caller closes *ret_fd. Links are
 * followed only from one path of the store to another: anything else would not be what was built. REASON_COLLECT. */
enum reason output_open(const struct nix *nix, const char *output, const char *name, int *ret_fd,
			struct trouble *reterr) MUST_CHECK;

#endif
