#include "verify/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "verify/instant.h"
#include "verify/report_rows.h"

struct report *report_new(void)
{
	return calloc(1, sizeof(struct report)); /* all zero: VERDICT_ERROR, no rows */
}

void report_free(struct report *report)
{
	if (report == NULL)
		return;
	for (size_t i = 0; i < report->n_rows; i++) {
		free(report->rows[i].message);
		free(report->rows[i].expected);
		free(report->rows[i].actual);
		free(report->rows[i].source);
		cJSON_Delete(report->rows[i].members);
	}
	free(report->target);
	free(report->url);
	cJSON_Delete(report->facts);
	cJSON_Delete(report->members);
	buf_done(&report->lines);
	free(report);
}

/* A copy as a C string; a NUL inside becomes U+FFFD. Everything else is escaped when it is
 * rendered. */
static char *copy_text(struct report *report, struct span text)
{
	struct buf copy = { 0 };

	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\0')
			buf_text(&copy, "\xef\xbf\xbd");
		else
			buf_byte(&copy, text.at[i]);
	}
	char *owned = buf_take_text(&copy);
	if (owned == NULL)
		report->out_of_memory = true;
	return owned;
}

void report_set_target(struct report *report, struct span name)
{
	free(report->target);
	report->target = copy_text(report, name);
}

void report_set_url(struct report *report, struct span url)
{
	free(report->url);
	report->url = copy_text(report, url);
}

void report_set_live(struct report *report, const struct report_live *live)
{
	report->live = *live;
}

void report_set_evidence(struct report *report, enum evidence evidence)
{
	report->evidence = evidence;
}

void report_set_root(struct report *report, const struct root *root)
{
	report->has_root = true;
	report->root = *root;
}

void report_set_debug(struct report *report, bool debug)
{
	report->debug = debug;
}

void report_set_time(struct report *report, int64_t at, enum time_source source)
{
	report->has_time = true;
	report->at = at;
	report->time_source = source;
}

static const struct row *find_row(const struct report *report, enum check check)
{
	for (size_t i = 0; i < report->n_rows; i++) {
		if (report->rows[i].check == check)
			return &report->rows[i];
	}
	return NULL;
}

/* A second row for one check would be a mistake of the conductor's: the report then gives no
 * verdict. */
static struct row *add_row(struct report *report, enum check check, enum status status,
			   enum reason reason)
{
	if (report->n_rows == CHECK_COUNT || find_row(report, check) != NULL) {
		report->out_of_memory = true;
		return NULL;
	}
	struct row *row = &report->rows[report->n_rows++];
	*row = (struct row){ .check = check, .status = status, .reason = reason };
	return row;
}

__attribute__((format(printf, 5, 0))) static void add_with_text(struct report *report,
								enum check check,
								enum status status,
								enum reason reason,
								const char *format, va_list args)
{
	char *message = NULL;
	struct row *row = add_row(report, check, status, reason);

	if (row == NULL || format == NULL)
		return;
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	if (n >= 0)
		message = malloc((size_t)n + 1);
	if (message != NULL)
		(void)vsnprintf(message, (size_t)n + 1, format, again);
	else
		report->out_of_memory = true;
	va_end(again);
	row->message = message;
}

void report_pass(struct report *report, enum check check, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_with_text(report, check, STATUS_PASS, REASON_OK, format, args);
	va_end(args);
}

void report_fail(struct report *report, enum check check, enum reason reason, const char *format,
		 ...)
{
	va_list args;

	va_start(args, format);
	add_with_text(report, check, STATUS_FAIL, reason, format, args);
	va_end(args);
}

void report_error(struct report *report, enum check check, enum reason reason, const char *format,
		  ...)
{
	va_list args;

	va_start(args, format);
	add_with_text(report, check, STATUS_ERROR, reason, format, args);
	va_end(args);
}

void report_skip(struct report *report, enum check check, enum reason reason, const char *format,
		 ...)
{
	va_list args;

	va_start(args, format);
	add_with_text(report, check, STATUS_SKIP, reason, format, args);
	va_end(args);
}

void report_needs(struct report *report, enum check check, enum check needed)
{
	report_skip(report, check, REASON_NEEDS, "needs %s", check_name(needed));
	if (report->n_rows > 0)
		report->rows[report->n_rows - 1].needed = needed;
}

void report_compared(struct report *report, struct span expected, struct span source,
		     struct span actual)
{
	if (report->n_rows == 0)
		return;
	struct row *row = &report->rows[report->n_rows - 1];
	if (row->expected != NULL)
		return;
	row->expected = copy_text(report, expected);
	row->source = copy_text(report, source);
	row->actual = copy_text(report, actual);
}

void report_member(struct report *report, const char *key, const char *value)
{
	if (report->n_rows == 0)
		return;
	struct row *row = &report->rows[report->n_rows - 1];
	if (row->members == NULL)
		row->members = cJSON_CreateObject();
	if (cJSON_AddStringToObject(row->members, key, value) == NULL)
		report->out_of_memory = true;
}

void report_advise(struct report *report, const char *advice)
{
	if (report->n_rows > 0)
		report->rows[report->n_rows - 1].advice = advice;
}

void report_out_of_memory(struct report *report)
{
	report->out_of_memory = true;
}

void report_note(struct report *report, const char *text)
{
	if (report->n_notes < REPORT_NOTES_MAX)
		report->notes[report->n_notes++] = text;
}

void report_take_facts(struct report *report, cJSON *facts, bool proven)
{
	if (facts == NULL)
		report->out_of_memory = true;
	cJSON_Delete(report->facts);
	report->facts = facts;
	report->facts_proven = proven;
}

/* Something is lost, also of a report that is concluded: it is none any more. */
static void lose(struct report *report)
{
	report->out_of_memory = true;
	report->verdict = VERDICT_ERROR;
	report->verdict_reason = REASON_OUT_OF_MEMORY;
}

void report_take_member(struct report *report, const char *key, cJSON *value)
{
	if (report->members == NULL)
		report->members = cJSON_CreateObject();
	if (!cJSON_AddItemToObject(report->members, key, value)) {
		cJSON_Delete(value);
		lose(report);
	}
}

const cJSON *report_get0_member(const struct report *report, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(report->members, key);
}

void report_add_lines(struct report *report, struct buf *lines)
{
	buf_add(&report->lines, buf_span(lines));
	if (lines->failed || report->lines.failed)
		lose(report);
	buf_done(lines);
}

enum status report_status(const struct report *report, enum check check)
{
	const struct row *row = find_row(report, check);

	return row == NULL ? STATUS_SKIP : row->status;
}

static bool passed(const struct report *report, enum check check)
{
	return report_status(report, check) == STATUS_PASS;
}

/* The checks that say which image runs. PCR3, 4 and 8, nonce, user_data and public_key never do. */
static bool has_identity(const struct report *report)
{
	return passed(report, CHECK_PCR_MATCH) || passed(report, CHECK_ENCLAVE_HASH_MATCH) ||
	       (passed(report, CHECK_PCR1_MATCH) && passed(report, CHECK_PCR2_MATCH)) ||
	       passed(report, CHECK_ONCHAIN_REGISTERED);
}

/* True when the check was skipped because of one that could not be judged. */
static bool rests_on_error(const struct report *report, const struct row *row)
{
	for (size_t n = 0; n < CHECK_COUNT && row != NULL; n++) {
		if (row->status != STATUS_SKIP || row->reason != REASON_NEEDS)
			break;
		row = find_row(report, row->needed);
	}
	return row != NULL && row->status == STATUS_ERROR;
}

static void fail_required_skips(struct report *report, const struct check_set *require)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		if (!require->has[i])
			continue;
		if (find_row(report, (enum check)i) == NULL)
			report_skip(report, (enum check)i, REASON_NOT_REQUESTED, NULL);
	}
	for (size_t i = 0; i < report->n_rows; i++) {
		struct row *row = &report->rows[i];
		if (!require->has[row->check] || row->status != STATUS_SKIP ||
		    rests_on_error(report, row))
			continue;
		struct buf message = { 0 };
		buf_printf(&message, "--require names it and it was skipped: %s", row_message(row));
		free(row->message);
		row->message = buf_take_text(&message);
		if (row->message == NULL)
			report->out_of_memory = true;
		row->status = STATUS_FAIL;
		row->reason = REASON_REQUIRED_SKIPPED;
	}
}

static bool any_row(const struct report *report, enum status status)
{
	for (size_t i = 0; i < report->n_rows; i++) {
		if (report->rows[i].status == status)
			return true;
	}
	return false;
}

void report_withhold(struct report *report, enum reason reason)
{
	if (report->withheld == REASON_OK)
		report->withheld = reason;
}

enum verdict report_conclude(struct report *report, const struct check_set *require)
{
	report->verdict = VERDICT_ERROR;
	report->verdict_reason = REASON_OK;
	fail_required_skips(report, require);
	if (any_row(report, STATUS_FAIL)) {
		report->verdict = VERDICT_FAIL;
		return report->verdict;
	}
	if (report->out_of_memory) {
		report->verdict_reason = REASON_OUT_OF_MEMORY;
		return report->verdict;
	}
	if (any_row(report, STATUS_ERROR))
		return report->verdict;
	if (report->withheld != REASON_OK) {
		report->verdict_reason = report->withheld;
		return report->verdict;
	}
	if (!has_identity(report)) {
		report->verdict_reason = REASON_NOTHING_EXPECTED;
		return report->verdict;
	}
	report->verdict = VERDICT_PASS;
	return report->verdict;
}

bool report_names_image(const struct report *report)
{
	return has_identity(report);
}

enum verdict report_verdict(const struct report *report)
{
	return report->verdict;
}

const struct row *report_first_bad(const struct report *report)
{
	const struct row *error = NULL;

	for (size_t i = 0; i < report->n_rows; i++) {
		if (report->rows[i].status == STATUS_FAIL)
			return &report->rows[i];
		if (report->rows[i].status == STATUS_ERROR && error == NULL)
			error = &report->rows[i];
	}
	return error;
}

bool report_has_fault(const struct report *report, enum check *ret)
{
	const struct row *bad = report_first_bad(report);

	if (bad != NULL)
		*ret = bad->check;
	return bad != NULL;
}

/* What else may be true although every check passed; of a verdict that is no pass it is not said,
 * for then not even a genuine enclave may have answered. */
static void live_weakened(const struct report *report, const char *between, struct buf *out)
{
	const struct report_live *live = &report->live;

	if (live->unknown_issuer) {
		buf_printf(out, "%sTLS certificate of an unknown issuer", between);
		between = ", ";
	}
	if (report->verdict != VERDICT_PASS)
		return;
	if (live->by_age) {
		buf_printf(out, "%sfresh to %" PRId64 " s only", between, live->max_age_s);
		between = ", ";
	}
	if (live->unbound)
		buf_printf(out,
			   "%ssome genuine enclave answered, not necessarily the other end of "
			   "this connection",
			   between);
}

void report_weaken(struct report *report, const char *text)
{
	if (report->n_weak < REPORT_WEAK_MAX)
		report->weak[report->n_weak++] = text;
}

void report_weakened(const struct report *report, struct buf *out)
{
	char text[INSTANT_TEXT_LEN];
	const char *between = "";

	if (report->has_root && !report->root.is_aws) {
		const uint8_t *id = report->root.sha256;
		buf_printf(out, "custom root %02x%02x%02x%02x", id[0], id[1], id[2], id[3]);
		between = ", ";
	}
	if (report->debug) {
		buf_printf(out, "%sdebug enclave", between);
		between = ", ";
	}
	if (report->has_time && report->time_source != TIME_CLOCK) {
		instant_people(report->at, text);
		buf_printf(out, "%sas of %s", between, text);
		between = ", ";
	}
	/* what a check that passed leaves open is said of a pass alone */
	for (size_t i = 0; report->verdict == VERDICT_PASS && i < report->n_weak; i++) {
		buf_printf(out, "%s%s", between, report->weak[i]);
		between = ", ";
	}
	live_weakened(report, between, out);
}

void report_reason_code(const struct row *row, struct buf *out)
{
	if (row->reason == REASON_NEEDS)
		buf_printf(out, "needs-%s", check_name(row->needed));
	else
		buf_text(out, reason_name(row->reason));
}

const char *row_message(const struct row *row)
{
	return row->message != NULL ? row->message : reason_sentence(row->reason);
}
