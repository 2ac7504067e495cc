/* What must not stay in the folder of results: what a run that was killed had not finished, and results that are not
 * those of this run. */
#ifndef REBUILD_RUN_TIDY_H
#define REBUILD_RUN_TIDY_H

#include "rebuild/run.h"

/* Removes the drafts of results and states: their names and six characters. To be called by who has the lock.
 * REASON_FILE_UNWRITABLE, _OUT_OF_MEMORY. */
enum reason run_tidy_drafts(const struct run *run, struct trouble *reterr) MUST_CHECK;

/* Removes the image and the registers of an earlier run where this one came to none: its report would stand beside
 * them. REASON_FILE_UNWRITABLE, _OUT_OF_MEMORY. */
enum reason run_tidy_results(const struct run *run, struct trouble *reterr) MUST_CHECK;

#endif
