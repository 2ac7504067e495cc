#include <stdlib.h>

#include "attest/registration.h"
#include "rebuild/auditing.h"
#include "rebuild/job_rebuild.h"
#include "rebuild/job_result.h"

/* The whole run: every check, the verdict, the files of results. */
static int conclude(const struct job *job, const struct rebuilding *rebuilding,
		    const struct registration *registration, const struct run *run)
{
	struct report *report = report_new();

	if (report == NULL) {
		cli_complain(job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	run_judge(run, report);
	bool sound = run->done[STAGE_MEASURE] && image_is_sound(&run->image);
	registration_judge(registration, &rebuilding->clock, job->clock_ms,
			   sound ? &run->image.measurement.pcrs : NULL, CHECK_EIF_FORM, report);
	if (run->done[STAGE_MEASURE])
		image_show(&run->image, job->output.style.verbose, report);
	enum verdict verdict = report_conclude(report, &job->policy.require);
	if (verdict == VERDICT_FAIL && job->reference != NULL && sound)
		job_explain(job, run, report);
	report_take_member(report, "build_info", run_info(run, verdict));
	struct buf statement = { 0 };
	int status = job_end(job, report, job_write_results(job, run, report, &statement));
	buf_done(&statement);
	report_free(report);
	return status;
}

static int run_recipe(struct job *job, struct rebuilding *rebuilding,
		      const struct registration *registration)
{
	struct run *run = calloc(1, sizeof(*run));
	int status = CLI_ERROR;

	if (run == NULL) {
		cli_complain(job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	if (rebuilding_stages(job, rebuilding, run))
		status = job->until < STAGE_COMPARE ? job_finish_early(job, run) :
						      conclude(job, rebuilding, registration, run);
	run_done(run);
	free(run);
	return status;
}

int job_run(struct job *job)
{
	struct registration registration = { .numbers = { 0 } };
	struct rebuilding rebuilding;
	int status = CLI_USAGE;

	if (rebuilding_read(job, true, &rebuilding, &status)) {
		status = CLI_USAGE;
		if (auditing_enclave_is_sound(job->output.program, rebuilding.recipe.enclave) &&
		    registration_read(job->output.program, rebuilding.recipe.onchain,
				      &registration) &&
		    rebuilding_prepare(job, &rebuilding, &status))
			status = run_recipe(job, &rebuilding, &registration);
	}
	registration_done(&registration);
	rebuilding_done(&rebuilding);
	return status;
}
