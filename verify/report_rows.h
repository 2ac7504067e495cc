/* The inside of a report, for its renderers only. */
#ifndef VERIFY_REPORT_ROWS_H
#define VERIFY_REPORT_ROWS_H

#include "verify/report.h"

struct row {
	enum check check;
	enum status status;
	enum reason reason;
	enum check needed; /* with REASON_NEEDS */
	char *message;     /* owned, as all texts here; NULL: the reason's sentence */
	char *expected;    /* NULL: nothing was compared */
	char *actual;
	char *source;
	const char *advice; /* static; NULL: what the reason or the check suggests */
	cJSON *members;     /* further members of the JSON object, or NULL */
};

#define REPORT_NOTES_MAX 16

struct report {
	struct row rows[CHECK_COUNT];
	size_t n_rows;
	const char *weak[REPORT_WEAK_MAX];
	size_t n_weak;
	char *target;
	char *url; /* NULL: the target's name says it */
	struct report_live live;
	enum evidence evidence;
	bool has_root;
	struct root root;
	bool debug;
	bool has_time;
	int64_t at;
	enum time_source time_source;
	const char *notes[REPORT_NOTES_MAX]; /* static texts */
	size_t n_notes;
	cJSON *facts;
	bool facts_proven;
	cJSON *members;   /* an object of further members, or NULL */
	struct buf lines; /* further lines of the text */
	bool out_of_memory;
	enum reason withheld; /* REASON_OK: nothing is lacking */
	enum verdict verdict;
	enum reason verdict_reason; /* of an error that no row tells, else REASON_OK */
};

/* The row that the verdict line names: the first that failed, else the first in error, else
 * NULL. */
const struct row *report_first_bad(const struct report *report);

/* Why there is no verdict where no check is to blame; a static text. A rebuild has options of its own. */
const char *report_no_verdict(const struct report *report);

/* Appends what weakens the verdict, separated by ", "; nothing when nothing does. */
void report_weakened(const struct report *report, struct buf *out);

/* The reason's code as JSON has it: "needs-chain.root" for REASON_NEEDS. */
void report_reason_code(const struct row *row, struct buf *out);

/* What to do, a static text, where the report is no pass; NULL: nothing is known. */
const char *report_advice(const struct report *report);

/* True when a check passed that says which image runs: the rule of report_conclude. */
bool report_names_image(const struct report *report);

/* What the row says to a person. */
const char *row_message(const struct row *row);

#endif
