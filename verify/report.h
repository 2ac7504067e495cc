/* The attestation result (RFC 9334): named checks in order, the facts, and the verdict.
 *
 * A conductor creates a report, adds each of its checks once and in order, and concludes it.
 * Only report_conclude makes a verdict; until then it is VERDICT_ERROR. Renderers turn a
 * concluded report into text or JSON.
 *
 * Text that comes from outside may be handed in as it is; it is escaped when the report is
 * rendered. A failed allocation anywhere makes the verdict VERDICT_ERROR with
 * REASON_OUT_OF_MEMORY: functions that add need no return value. */
#ifndef VERIFY_REPORT_H
#define VERIFY_REPORT_H

#include <cjson/cJSON.h>

#include "verify/check.h"
#include "verify/reason.h"
#include "verify/root.h"
#include "verify/span.h"

enum status {
	STATUS_ERROR, /* could not be judged */
	STATUS_SKIP,  /* not judged; never counts as pass */
	STATUS_FAIL,
	STATUS_PASS
};

enum verdict {
	VERDICT_ERROR, /* no verdict: exit status 3 */
	VERDICT_FAIL,  /* the evidence says no: 1 */
	VERDICT_PASS   /* 0 */
};

enum time_source { TIME_CLOCK, TIME_OPTION, TIME_DOCUMENT };

struct report;

/* NULL: out of memory. report_free(NULL) is fine. */
struct report *report_new(void);
void report_free(struct report *report);

/* What is judged: a file name or URL. */
void report_set_target(struct report *report, struct span name);

/* Where it was asked for, when the name alone does not tell. */
void report_set_url(struct report *report, struct span url);

/* What the evidence is: what its values are called, and what to do when they are not the expected
 * ones. EVIDENCE_DOCUMENT until it is set. */
enum evidence {
	EVIDENCE_DOCUMENT,
	EVIDENCE_IMAGE,
	EVIDENCE_STATEMENT,
	EVIDENCE_AUDIT /* a document, held against an image that was measured or stated */
};
void report_set_evidence(struct report *report, enum evidence evidence);

/* Which root a chain had to begin with, and whether the enclave runs in debug mode. */
void report_set_root(struct report *report, const struct root *root);
void report_set_debug(struct report *report, bool debug);

/* What the answer of a running enclave leaves open, even if every check passed. */
struct report_live {
	bool by_age;         /* no nonce was carried: */
	int64_t max_age_s;   /* this old the document may be, in seconds */
	bool unbound;        /* nothing ties the document to the connection */
	bool unknown_issuer; /* whoever issued the connection's certificate was not known */
};
void report_set_live(struct report *report, const struct report_live *live);

/* What a pass leaves open, said on its first line. `text` is static. */
#define REPORT_WEAK_MAX 6
void report_weaken(struct report *report, const char *text);

/* The judged time, seconds since 1970. Left out where it is not known. */
void report_set_time(struct report *report, int64_t at, enum time_source source);

/* One check each. The message is for a person and needs no final stop; NULL as format means the
 * reason's own sentence. report_needs: skipped because `needed` did not pass. */
void report_pass(struct report *report, enum check check, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void report_fail(struct report *report, enum check check, enum reason reason, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));
void report_error(struct report *report, enum check check, enum reason reason, const char *format,
		  ...) __attribute__((format(printf, 4, 5)));
void report_skip(struct report *report, enum check check, enum reason reason, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));
void report_needs(struct report *report, enum check check, enum check needed);

/* To the check added last: the values compared (hex or text, or one of the two below) and where the
 * expected one came from. */
#define REPORT_NULL "null"       /* there is none; null in JSON */
#define REPORT_EMPTY "(0 bytes)" /* an empty string in JSON */
void report_compared(struct report *report, struct span expected, struct span source,
		     struct span actual);

/* To the check added last: what to do about it, where that is not what its reason usually asks for.
 * `advice` is static. */
void report_advise(struct report *report, const char *advice);

/* To the check added last: a further member of its JSON object. */
void report_member(struct report *report, const char *key, const char *value);

/* Memory ran out while something for the report was made. */
void report_out_of_memory(struct report *report);

/* A remark that changes no verdict. */
void report_note(struct report *report, const char *text);

/* Takes over what the evidence says; `proven` says that every check passed on which it rests. */
void report_take_facts(struct report *report, cJSON *facts, bool proven);

/* A further member of the JSON object, taken over (NULL: out of memory), and further lines of the
 * text behind the checks, which must be fit for a terminal already; *lines is emptied. They may come after
 * the conclusion; where memory runs out for them there is no verdict any more. */
void report_take_member(struct report *report, const char *key, cJSON *value);
void report_add_lines(struct report *report, struct buf *lines);

/* Such a member, borrowed; NULL: there is none. */
const cJSON *report_get0_member(const struct report *report, const char *key);

/* True when a check was added that failed or could not be judged; *ret is the first that failed, else
 * the first in error. */
bool report_has_fault(const struct report *report, enum check *ret);

/* How a check went that was added before; STATUS_SKIP when it was not. */
enum status report_status(const struct report *report, enum check check);

/* A conductor that lacks a part of what its verdict is about says so: where no check failed or could not be
 * judged, there is no verdict for this reason, whatever passed. The first one counts. */
void report_withhold(struct report *report, enum reason reason);

/* The verdict rule, in one place. After all checks were added, in this order:
 *  1. a required check that was skipped, or never added, fails with REASON_REQUIRED_SKIPPED; but
 *     not where it was skipped for want of a check in error: an unreadable file says nothing;
 *  2. any failed check: VERDICT_FAIL;
 *  3. any check that could not be judged, or memory that ran out: VERDICT_ERROR;
 *  4. report_withhold was called: VERDICT_ERROR with its reason;
 *  5. no identity passed - pcr0.match, or enclave_hash.match, or pcr1.match with pcr2.match:
 *     VERDICT_ERROR with REASON_NOTHING_EXPECTED;
 *  6. else VERDICT_PASS. */
enum verdict report_conclude(struct report *report, const struct check_set *require);

enum verdict report_verdict(const struct report *report);

/* How text looks. */
struct report_style {
	bool colour;
	bool verbose; /* values in full */
};

/* Appends the report as text for people: the verdict line first, what to do last. */
void report_text(const struct report *report, const struct report_style *style, struct buf *out);

/* Appends the report as one line of JSON, schema 1. REASON_OUT_OF_MEMORY. */
enum reason report_json(const struct report *report, const char *tool, const char *version,
			struct buf *out) MUST_CHECK;

/* Appends the report in GitHub's Markdown: the verdict as a heading, the values that were compared and all
 * checks as tables, remarks as a list. Nothing from outside acts in it (verify/markdown.h). */
void report_markdown(const struct report *report, struct buf *out);

/* Reports as a page: one HTML document that needs nothing but itself, has no script and is made for
 * screens and paper. Each report is a section of it: the verdict, the chain of evidence drawn link by
 * link, all checks, facts and certificates, and what its checks do not prove. Of several reports a
 * table comes first, with the worst verdict above it. Start with {0}, end with report_page_done. */
struct report_page {
	struct buf summary; /* rows of that table */
	struct buf sections;
	struct buf title;           /* of the only section */
	size_t n[VERDICT_PASS + 1]; /* of sections, by verdict */
	size_t before;              /* sections of the page to which this one will be joined */
};

/* Adds a concluded report. NULL, one that there was no memory for, makes the page fail: no page may
 * leave a target out. */
void report_page_add(struct report_page *page, const struct report *report);

/* Adds what another page has; there `before` is the number of sections that this one has now. For reports
 * that come in another order than they shall stand in. */
void report_page_join(struct report_page *page, const struct report_page *next);

/* Appends the page. REASON_OUT_OF_MEMORY: what was appended must not be used. */
enum reason report_page_end(const struct report_page *page, const char *tool, const char *version,
			    struct buf *out) MUST_CHECK;

void report_page_done(struct report_page *page);

/* A page of one report. REASON_OUT_OF_MEMORY. */
enum reason report_html(const struct report *report, const char *tool, const char *version,
			struct buf *out) MUST_CHECK;

#endif
