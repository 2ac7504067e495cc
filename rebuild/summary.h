/* What a job of GitHub Actions shows and hands on of a run: a page in the file that GITHUB_STEP_SUMMARY
 * names, and in that of GITHUB_OUTPUT the lines
 *
 *   pcr0=<96 hex digits>           nothing behind the = where there is none
 *   enclave_hash=0x<64 hex digits>
 *   verdict=pass|fail|error
 *
 * Names from recipes, repositories and images are in the page only, and act in none (verify/markdown.h); a line
 * of the other file is of hex digits and our own words. Source: GitHub, "Workflow commands", "Adding a job
 * summary" and "Setting an output parameter". */
#ifndef REBUILD_SUMMARY_H
#define REBUILD_SUMMARY_H

#include "rebuild/trouble.h"
#include "verify/report.h"

#define SUMMARY_MAX \
	((size_t)1024 * 1024)  /* bytes of a step; GitHub shows nothing of a larger one */
#define SUMMARY_LEAST 4096     /* of them free, or nothing is added */
#define SUMMARY_INPUTS_MAX 100 /* rows */
#define SUMMARY_CAUSES_MAX 20

/* Names of files; NULL or empty: not wanted. */
struct summary_files {
	const char *page;
	const char *output;
};

/* Appends the page. `verdict` is what the exit status will say: where it is not the report's, that is said first. The
 * report's members "build_info" (run.h) and "comparison" (explain.h) are shown where they are there. */
void summary_page(const struct report *report, enum verdict verdict, struct buf *out);

/* Appends the lines. */
void summary_output(const struct report *report, enum verdict verdict, struct buf *out);

/* Adds both to the ends of their files; what was there stays. They are made where they are not there. Links are
 * followed, as by a shell's >>: whoever started this program names them. Where the page cannot be written the
 * verdict of the other file is error.
 * REASON_FILE_UNWRITABLE, also for what is no regular file; REASON_FILE_TOO_LARGE: no room for a page;
 * REASON_OUT_OF_MEMORY. */
enum reason summary_write(const struct summary_files *files, const struct report *report,
			  enum verdict verdict, struct trouble *reterr) MUST_CHECK;

#endif
