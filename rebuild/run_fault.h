/* What a stage that did not succeed means for a report. */
#ifndef REBUILD_RUN_FAULT_H
#define REBUILD_RUN_FAULT_H

#include "rebuild/run.h"

/* Whether a stage's reason says something about what is rebuilt: a check fails. Otherwise it is trouble of this
 * machine or on the way to another: there is no verdict. */
bool run_is_evidence(enum reason reason);

/* Adds what a stage that did not succeed means for its check: a fail where the reason is evidence, else an error. */
void run_add_fault(struct report *report, enum check check, const struct run_fault *fault);

#endif
