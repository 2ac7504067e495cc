#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attest/save.h"
#include "rebuild/audit.h"
#include "rebuild/job_rebuild.h"
#include "rebuild/job_result.h"
#include "verify/expect.h"

bool job_audit_apply(struct job *job, int id, const char *value)
{
	if (id <= EXPECT_AT) {
		job->auditing.max_age_given |= id == EXPECT_MAX_AGE;
		return expect_apply(job->output.program, &job->policy, &job->checks, id, value);
	}
	return auditing_apply(job->output.program, &job->auditing, id, value);
}

/* One audit on its way. */
struct work {
	struct job *job;
	struct rebuilding rebuilding;
	struct run *run; /* owned; NULL: nothing is rebuilt */
	struct buf statements[AUDITING_STATEMENTS_MAX];
	struct live_evidence evidence;
	struct buf stated; /* what --sign made */
	struct chain_cache cache;
};

/* What of the command line does not go together; NULL: it does. */
static const char *usage_error(const struct job *job)
{
	if (job->out == NULL && (job->built_eif != NULL || job->built_binary != NULL))
		return "audit: --built-eif and --built-binary need --out DIR, for the results";
	if (job->out == NULL && job->sign != NULL)
		return "audit: only what was rebuilt is signed: --sign needs --out DIR";
	if (job->out == NULL && (job->from != STAGE_COUNT || job->until != STAGE_REPORT))
		return "audit: --from and --until are for a rebuild, which needs --out DIR";
	if (job->out == NULL &&
	    (job->independent || job->signers != NULL || job->cache != NULL ||
	     job->nix.builders != NULL || job->nix.store != NULL || job->nix.n_options > 0))
		return "audit: how is rebuilt is said, but not where: --out DIR is needed";
	if (job->until < STAGE_COMPARE)
		return "audit: --until compare or report: what is compared with nothing is no audit";
	return NULL;
}

/* They are read before anything is done: a name that is wrong is told at once. */
static bool read_statements(struct work *w, int *ret_exit)
{
	const struct auditing *auditing = &w->job->auditing;
	int why = 0;

	for (size_t i = 0; i < auditing->n_statements; i++) {
		const char *path = auditing->statements[i];
		enum reason reason = cli_read(path, JSON_MAX, &w->statements[i], &why);
		if (reason == REASON_OK)
			continue;
		*ret_exit = reason == REASON_FILE_UNREADABLE ? CLI_USAGE : CLI_ERROR;
		cli_complain(w->job->output.program, "--statement %s: %s", path,
			     reason == REASON_FILE_UNREADABLE ? strerror(why) :
								reason_sentence(reason));
		return false;
	}
	return true;
}

static bool complain_save(const struct job *job, int why, enum reason reason)
{
	cli_complain(job->output.program, "--save %s: %s (%s)", job->auditing.ask.save,
		     why != 0 ? strerror(why) : reason_sentence(reason), reason_name(reason));
	return false;
}

static bool may_save(const struct job *job, int *ret_exit)
{
	int why = 0;

	if (job->auditing.ask.save == NULL)
		return true;
	enum reason reason = save_may(job->auditing.ask.save, &why);
	*ret_exit = reason == REASON_OUT_OF_MEMORY ? CLI_ERROR : CLI_USAGE;
	return reason == REASON_OK || complain_save(job, why, reason);
}

/* Everything that can be known to be wrong before anything is done. */
static bool prepare(struct work *w, int *ret_exit)
{
	struct job *job = w->job;
	const char *message = usage_error(job);

	*ret_exit = CLI_USAGE;
	if (message != NULL) {
		(void)job_usage(job, message);
		return false;
	}
	if (!rebuilding_read(job, job->out != NULL, &w->rebuilding, ret_exit))
		return false;
	*ret_exit = CLI_USAGE;
	if (job->out == NULL && w->rebuilding.recipe.require_signed) {
		(void)job_usage(job, "audit: the recipe requires a signed commit, which only a "
				     "rebuild looks at: --out DIR is needed");
		return false;
	}
	return auditing_settle(job->output.program, &job->auditing, &w->rebuilding.recipe,
			       &job->policy) &&
	       read_statements(w, ret_exit) && may_save(job, ret_exit) &&
	       rebuilding_prepare(job, &w->rebuilding, ret_exit);
}

/* The one statement that a bundle has a place for; NULL: there are several, or none. */
static const struct buf *one_statement(const struct work *w)
{
	size_t n = w->job->auditing.n_statements;

	if (n == 1)
		return &w->statements[0];
	if (n == 0 && w->stated.len > 0)
		return &w->stated;
	if (n > 1)
		cli_complain(
			w->job->output.program,
			"--save %s: it has a place for one statement: none of the %zu is in it",
			w->job->auditing.ask.save, n);
	return NULL;
}

/* Keeps what came, if anything did. False: said. */
static bool save(const struct work *w, const struct live *live, const struct report *report)
{
	const struct job *job = w->job;
	const char *path = job->auditing.ask.save;
	struct bundle bundle = { .has = { false } };
	struct buf json = { 0 };
	int why = 0;

	if (path == NULL)
		return true;
	if (!w->evidence.has_document) {
		cli_complain(job->output.program, "--save %s: no document came, nothing is saved",
			     path);
		return false;
	}
	if (w->run != NULL && w->run->done[STAGE_MEASURE] && image_is_sound(&w->run->image))
		image_pcr_json(&w->run->image, &bundle.content[BUNDLE_EIF]);
	const struct buf *statement = one_statement(w);
	if (statement != NULL)
		buf_add(&bundle.content[BUNDLE_STATEMENT], buf_span(statement));
	enum reason reason = report_json(report, job->output.program, job->version, &json);
	if (reason == REASON_OK)
		reason = save_gather(live, job->auditing.url, &w->evidence, buf_span(&json),
				     &bundle);
	if (reason == REASON_OK)
		reason = save_write(path, &bundle, &why);
	if (reason != REASON_OK)
		(void)complain_save(job, why, reason);
	buf_done(&json);
	bundle_done(&bundle);
	return reason == REASON_OK;
}

/* The report concluded: results, bundle, and what is printed. */
static int conclude(struct work *w, const struct live *live, struct report *report)
{
	struct job *job = w->job;
	const struct run *run = w->run;
	bool written = true;

	if (run != NULL && run->done[STAGE_MEASURE])
		image_show_members(&run->image, report);
	enum verdict verdict = report_conclude(report, &job->policy.require);
	if (run != NULL) {
		bool sound = run->done[STAGE_MEASURE] && image_is_sound(&run->image);
		if (report_status(report, CHECK_PCR_MATCH) == STATUS_FAIL && sound &&
		    job->reference != NULL)
			job_explain(job, run, report);
		report_take_member(report, "build_info", run_info(run, verdict));
		written = job_write_results(job, run, report, &w->stated);
	}
	bool saved = save(w, live, report);
	/* a pass that could not be saved is none, for a job of GitHub Actions neither */
	if (!saved && verdict == VERDICT_PASS)
		written = false;
	int status = job_end(job, report, written);
	return saved ? status : (int)cli_worse((enum cli_exit)status, CLI_ERROR);
}

static int judge(struct work *w)
{
	struct job *job = w->job;
	const struct auditing *auditing = &job->auditing;
	const struct contract contract = {
		.policy = &auditing->registration.options.policy,
		.servers = &auditing->registration.servers,
		.route = { .allow_plain = auditing->ask.route.allow_plain,
			   .proxy = auditing->ask.route.proxy,
			   .resolve = auditing->ask.route.resolve,
			   .n_resolve = auditing->ask.route.n_resolve },
		.timeout_ms = auditing->ask.timeout_ms,
		.clock = w->rebuilding.clock,
		.clock_ms = job->clock_ms,
	};
	const struct live live = {
		.ask = &auditing->ask,
		.policy = &job->policy,
		.contract = &contract,
		.clock = w->rebuilding.clock,
		.clock_ms = job->clock_ms,
		.random = job->random,
		.cache = &w->cache,
	};
	struct testimony testimony;
	struct report *report = report_new();

	if (report == NULL) {
		cli_complain(job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	testimony_start(&testimony, &auditing->terms);
	for (size_t i = 0; i < auditing->n_statements; i++)
		testimony_hear(&testimony, span_of_text(auditing->statements[i]),
			       buf_span(&w->statements[i]));
	const struct audit audit = {
		.name = w->rebuilding.recipe.name,
		.run = w->run,
		.testimony = auditing->n_statements > 0 ? &testimony : NULL,
		.live = &live,
		.url = auditing->url,
	};
	audit_judge(&audit, report, &w->evidence);
	testimony_done(&testimony);
	int status = conclude(w, &live, report);
	report_free(report);
	return status;
}

static int perform(struct work *w)
{
	if (!w->rebuilding.rebuilds)
		return judge(w);
	w->run = calloc(1, sizeof(*w->run));
	if (w->run == NULL) {
		cli_complain(w->job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	return rebuilding_stages(w->job, &w->rebuilding, w->run) ? judge(w) : CLI_ERROR;
}

int job_audit(struct job *job)
{
	struct work *w = calloc(1, sizeof(*w));
	int status = CLI_ERROR;

	if (w == NULL) {
		cli_complain(job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	w->job = job;
	if (prepare(w, &status))
		status = perform(w);
	if (w->run != NULL)
		run_done(w->run);
	free(w->run);
	rebuilding_done(&w->rebuilding);
	for (size_t i = 0; i < AUDITING_STATEMENTS_MAX; i++)
		buf_done(&w->statements[i]);
	live_evidence_done(&w->evidence);
	buf_done(&w->stated);
	free(w);
	return status;
}
