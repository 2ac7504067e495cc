/* What the parts of run_judge share. */
#ifndef REBUILD_RUN_JUDGE_H
#define REBUILD_RUN_JUDGE_H

#include "rebuild/run.h"

/* OUTPUT.check, which is what a second build of it gave; NULL: Nix did not keep it, or there is no memory. The caller
 * frees. */
char *run_second_result(const struct run *run, const char *output);

/* Adds build.completed, build.independent and build.pcrs. */
void run_judge_build(const struct run *run, struct report *report);

#endif
