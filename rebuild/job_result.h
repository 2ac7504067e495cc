/* What comes out of a verb that rebuilds: the report on stdout, the files of results. */
#ifndef REBUILD_JOB_RESULT_H
#define REBUILD_JOB_RESULT_H

#include "rebuild/job.h"
#include "rebuild/run.h"

/* On a mismatch: adds where the image differs from job->reference. The image is sound. */
void job_explain(const struct job *job, const struct run *run, struct report *report);

/* Puts a concluded report out on stdout in the chosen format. CLI_PASS, or CLI_ERROR, said on stderr. */
int job_put_report(const struct job *job, const struct report *report);

/* Writes the files of results beside the image, and with --sign the signed statement of a run that may be
 * stated, which *ret_statement, empty before, then holds. The report is concluded. False: said. */
bool job_write_results(const struct job *job, const struct run *run, const struct report *report,
		       struct buf *ret_statement);

/* The end of a verb with a verdict: the report on stdout, then what a job of GitHub Actions shows and hands on
 * (summary.h). `written`: all other files of results are. The exit status. */
int job_end(const struct job *job, const struct report *report, bool written);

/* A run that was to end before anything is compared: whether its stages went well. The exit status. */
int job_finish_early(const struct job *job, const struct run *run);

#endif
