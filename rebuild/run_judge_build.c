/* The checks build.* of a run. */
#include "rebuild/run_judge.h"
#include "verify/appraise.h"

/* How many paths of the closure came ready-made. */
static size_t count_substituted(const struct run *run)
{
	size_t n = 0;

	for (size_t i = 0; i < run->closure.paths.n; i++)
		n += closure_is_substituted(&run->closure.paths.at[i]) ? 1 : 0;
	return n;
}

static void judge_independence(const struct run *run, struct report *report)
{
	size_t n = count_substituted(run);

	if (!run->done[STAGE_BUILD])
		report_needs(report, CHECK_BUILD_INDEPENDENT, CHECK_BUILD_COMPLETED);
	else if (!run->order->recipe->independent)
		report_skip(report, CHECK_BUILD_INDEPENDENT, REASON_NOT_REQUESTED,
			    "not asked for: %zu of %zu paths were taken ready-made from elsewhere",
			    n, run->closure.paths.n);
	else if (run->independence == REASON_OK)
		report_pass(report, CHECK_BUILD_INDEPENDENT,
			    "%zu derivations: %zu fixed by hash, %zu built in an empty store, "
			    "%zu built twice with the same result",
			    run->closure.n_drvs, closure_count(&run->closure, CLOSURE_FIXED),
			    closure_count(&run->closure, CLOSURE_BUILT),
			    closure_count(&run->closure, CLOSURE_AGAIN));
	else if (run_is_evidence(run->independence))
		report_fail(report, CHECK_BUILD_INDEPENDENT, run->independence,
			    "%s: %zu of %zu derivations differ, %zu could not be built again",
			    reason_sentence(run->independence),
			    closure_count(&run->closure, CLOSURE_DIFFERS), run->closure.n_drvs,
			    closure_count(&run->closure, CLOSURE_FAILED));
	else
		report_error(report, CHECK_BUILD_INDEPENDENT, run->independence, NULL);
}

/* The registers that the build wrote down are those that were measured: PCR0, which counts all that is measured, and
 * whatever others it names. */
static void judge_claim(const struct run *run, struct report *report)
{
	if (!run->done[STAGE_MEASURE] || !image_is_sound(&run->image)) {
		report_needs(report, CHECK_BUILD_PCRS, CHECK_BUILD_COMPLETED);
		return;
	}
	const struct pcrs measured = image_pcrs(&run->image);
	if (run->claim_form == REASON_COLLECT) {
		report_skip(report, CHECK_BUILD_PCRS, REASON_NOT_CARRIED, "the build wrote no %s",
			    run->order->recipe->pcrs);
		return;
	}
	if (run->claim_form != REASON_OK) {
		report_fail(report, CHECK_BUILD_PCRS, run->claim_form, NULL);
		return;
	}
	if (!pcrs_has(&run->claim.pcrs, 0)) {
		report_fail(report, CHECK_BUILD_PCRS, REASON_PCRS_INCOMPLETE,
			    "%s of the build does not name PCR0", run->order->recipe->pcrs);
		return;
	}
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (!pcrs_has(&run->claim.pcrs, i))
			continue;
		if (!span_equal(pcrs_get(&run->claim.pcrs, i), pcrs_get(&measured, i))) {
			report_fail(report, CHECK_BUILD_PCRS, REASON_PCRS_CLAIM,
				    "PCR%u that the build wrote down is not the image's", i);
			appraise_compared(report, "", pcrs_get(&run->claim.pcrs, i),
					  run->order->recipe->pcrs, pcrs_get(&measured, i));
			return;
		}
	}
	report_pass(report, CHECK_BUILD_PCRS, "%s of the build names the registers measured here",
		    run->order->recipe->pcrs);
}

/* The first stage before the build that did not succeed, as the check it belongs to. */
static bool blocked(const struct run *run, enum check *ret)
{
	if (!run->done[STAGE_SOURCE])
		*ret = CHECK_SOURCE_COMMIT;
	else if (run->faults[STAGE_IMAGE].reason != REASON_OK)
		*ret = run->is_fetched ? CHECK_IMAGE_FILES : CHECK_IMAGE_DIGEST;
	else if (run->faults[STAGE_STAGE].reason != REASON_OK)
		*ret = CHECK_IMAGE_FILES;
	else
		return false;
	return true;
}

void run_judge_build(const struct run *run, struct report *report)
{
	static const enum check checks[] = { CHECK_BUILD_COMPLETED, CHECK_BUILD_INDEPENDENT,
					     CHECK_BUILD_PCRS };
	enum check by;

	if (run->order->built_eif != NULL) {
		for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
			report_skip(report, checks[i], REASON_NOT_BUILT, NULL);
		return;
	}
	if (blocked(run, &by))
		report_needs(report, CHECK_BUILD_COMPLETED, by);
	else if (run->faults[STAGE_BUILD].reason != REASON_OK)
		run_add_fault(report, CHECK_BUILD_COMPLETED, &run->faults[STAGE_BUILD]);
	else if (run->faults[STAGE_COLLECT].reason != REASON_OK)
		run_add_fault(report, CHECK_BUILD_COMPLETED, &run->faults[STAGE_COLLECT]);
	else
		report_pass(report, CHECK_BUILD_COMPLETED, "%s by Nix %s", run->drv,
			    run->version.text);
	judge_independence(run, report);
	judge_claim(run, report);
}
