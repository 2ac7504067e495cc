#include "rebuild/job_result.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <unistd.h>

#include "rebuild/explain.h"
#include "rebuild/job_rebuild.h"
#include "rebuild/remove.h"
#include "rebuild/run_statement.h"

void job_explain(const struct job *job, const struct run *run, struct report *report)
{
	struct compare_side ours = { .path = run->eif, .fd = -1, .image = run->image };
	struct compare_side other = { .path = job->reference, .fd = -1 };
	static const struct eif_rules rules = { 0 };
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	const struct outcome_tool tool = { job->output.program, job->version };
	struct trouble trouble = { 0 };
	struct buf lines = { 0 };

	enum reason reason = comparison == NULL ? REASON_OUT_OF_MEMORY :
						  copy_open(ours.path, &ours.fd, &trouble);
	if (reason == REASON_OK)
		reason = copy_open(other.path, &other.fd, &trouble);
	if (reason == REASON_OK) {
		const struct image_source from = { .fd = other.fd };
		reason = image_read(&from, &rules, NULL, &other.image);
		if (reason == REASON_OK)
			reason = compare_images(&ours, &other, job->tmpdir, NULL, comparison,
						&trouble);
		if (reason == REASON_OK) {
			explain_text(comparison, job->output.style.verbose, &lines);
			report_take_member(report, "comparison", explain_tree(&tool, comparison));
			report_add_lines(report, &lines);
			comparison_done(comparison);
		}
		image_done(&other.image);
	}
	if (reason != REASON_OK)
		job_complain(job, "explaining the mismatch", &trouble, reason);
	buf_done(&lines);
	if (ours.fd >= 0)
		(void)close(ours.fd);
	if (other.fd >= 0)
		(void)close(other.fd);
	free(comparison);
}

int job_put_report(const struct job *job, const struct report *report)
{
	struct buf out = { 0 };
	enum reason reason = REASON_OK;

	if (job->output.format == CLI_JSON)
		reason = report_json(report, job->output.program, job->version, &out);
	else if (job->output.format == CLI_HTML)
		reason = report_html(report, job->output.program, job->version, &out);
	else if (!job->output.quiet)
		report_text(report, &job->output.style, &out);
	bool ok = reason == REASON_OK && !out.failed;
	if (!ok)
		cli_complain(job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
	else if (out.len > 0)
		ok = cli_write(&job->output, buf_span(&out));
	buf_done(&out);
	return ok ? CLI_PASS : CLI_ERROR;
}

/* statement.json, for a run that may be stated; an older one must not stay beside another result. */
static enum reason state_run(const struct job *job, const struct run *run,
			     const struct report *report, struct buf *ret, struct trouble *reterr)
{
	struct buf key = { 0 };
	char *path = run_path(run->out, "statement.json");

	enum reason reason = path == NULL ? REASON_OUT_OF_MEMORY : remove_tree(path);
	free(path);
	if (reason != REASON_OK || job->sign == NULL)
		return reason;
	if (!run_is_stated(run, report)) {
		cli_complain(job->output.program,
			     "--sign: no statement is written, of a run that did not pass "
			     "or whose image was given");
		return REASON_OK;
	}
	reason = job_read_key(job, &key) ? run_statement(run, report, buf_span(&key), ret) :
					   REASON_PROVENANCE_KEY;
	if (reason == REASON_OK)
		reason = run_write_file(run, "statement.json", ret, reterr);
	if (key.at != NULL)
		OPENSSL_cleanse(key.at, key.len);
	buf_done(&key);
	return reason;
}

bool job_write_results(const struct job *job, const struct run *run, const struct report *report,
		       struct buf *ret_statement)
{
	struct trouble trouble = { 0 };

	enum reason reason = run_write(run, report, &trouble);
	if (reason == REASON_OK)
		reason = state_run(job, run, report, ret_statement, &trouble);
	if (reason != REASON_OK)
		job_complain(job, "", &trouble, reason);
	return reason == REASON_OK;
}

int job_end(const struct job *job, const struct report *report, bool written)
{
	struct trouble trouble = { 0 };
	enum verdict verdict = report_verdict(report);

	if (job_put_report(job, report) != CLI_PASS || !written)
		verdict = VERDICT_ERROR;
	enum reason reason = summary_write(&job->summary, report, verdict, &trouble);
	if (reason != REASON_OK) {
		job_complain(job, "", &trouble, reason);
		return CLI_ERROR;
	}
	return (int)cli_exit_of(verdict);
}

int job_finish_early(const struct job *job, const struct run *run)
{
	struct report *report = report_new();
	struct buf out = { 0 };
	enum check bad;
	int status;

	if (report == NULL) {
		cli_complain(job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	run_judge_stages(run, job->until, report);
	enum verdict verdict = report_conclude(report, &job->policy.require);
	if (report_has_fault(report, &bad)) {
		status = job_put_report(job, report);
		status = status != CLI_PASS ? CLI_ERROR : (int)cli_exit_of(verdict);
	} else {
		if (job->output.format == CLI_JSON)
			buf_printf(&out,
				   "{\"schema\":1,\"tool\":{\"name\":\"%s\",\"version\":\"%s\"},"
				   "\"done\":\"%s\"}\n",
				   job->output.program, job->version, stage_name(job->until));
		else
			buf_printf(&out, "done up to %s: nothing compared, no verdict\n",
				   stage_name(job->until));
		status = job_put_out(job, &out, true);
	}
	buf_done(&out);
	report_free(report);
	return status;
}
