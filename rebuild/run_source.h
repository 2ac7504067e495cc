/* The stage `source` of a run: the commit, and what it says about itself. */
#ifndef REBUILD_RUN_SOURCE_H
#define REBUILD_RUN_SOURCE_H

#include "rebuild/run.h"

/* Fills facts, pins, lock and pipeline. A flake.lock that is missing or not in order is no failure of
 * the stage: see `pins`. The reasons of source_prepare. */
enum reason run_source(struct run *run, struct trouble *reterr) MUST_CHECK;

/* The name by which recipe's files may stand in the working tree: `ret` has room for RECIPE_FILES_MAX. */
size_t run_staged_names(const struct recipe *recipe, const char *ret[static RECIPE_FILES_MAX]);

#endif
