/* A directory tree of this program's own, removed. */
#ifndef REBUILD_REMOVE_H
#define REBUILD_REMOVE_H

#include "verify/reason.h"

/* Removes what has this name, with all below it; links are removed, never followed, and no other file
 * system is entered. Nothing there is fine. REASON_FILE_UNWRITABLE with errno. */
enum reason remove_tree(const char *path) MUST_CHECK;

#endif
