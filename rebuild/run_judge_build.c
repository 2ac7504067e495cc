/* The checks build.* of a run. */
#include "rebuild/run_judge.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "rebuild/run_fault.h"
#include "verify/appraise.h"
#include "verify/instant.h"

#define LINES_MAX 20

/* How many paths of the closure came ready-made. */
static size_t count_substituted(const struct run *run)
{
	size_t n = 0;

	for (size_t i = 0; i < run->closure.paths.n; i++)
		n += closure_is_substituted(&run->closure.paths.at[i]) ? 1 : 0;
	return n;
}

/* " (found by ...)" where an earlier run did the work; "" where this one did. */
static void add_origin(const struct run *run, struct buf *out)
{
	char at[INSTANT_TEXT_LEN];

	if (!run->is_kept)
		return;
	instant_people(run->kept_at, at);
	buf_printf(out,
		   " (checked by a run that ended %s UTC; all %zu paths were hashed again now)", at,
		   run->closure.paths.n);
}

/* PATH.check, where Nix leaves what the second build gave if it is told to keep-failed. NULL: it is not there, or no
 * memory. The caller frees. */
char *run_second_result(const struct run *run, const char *output)
{
	struct buf path = { 0 };
	struct stat facts;

	buf_printf(&path, "%s.check", output);
	char *name = buf_take_text(&path);
	char *real = name == NULL ? NULL : nix_real_path(&run->nix, name);
	if (real == NULL || lstat(real, &facts) != 0) {
		free(name);
		name = NULL;
	}
	free(real);
	return name;
}

static void add_difference(const struct run *run, const struct closure_drv *drv, struct buf *lines)
{
	buf_text(lines, "  ");
	buf_escaped(lines, span_of_text(drv->path));
	if (drv->standing == CLOSURE_FAILED)
		buf_printf(lines, "  %s (%s)", reason_sentence(drv->reason),
			   reason_name(drv->reason));
	buf_byte(lines, '\n');
	for (size_t i = 0; i < drv->n_outputs && drv->standing == CLOSURE_DIFFERS; i++) {
		if (drv->differing != 0 && !(drv->differing >> i & 1))
			continue;
		buf_text(lines, "    ");
		buf_escaped(lines, span_of_text(drv->outputs[i]));
		char *second = run_second_result(run, drv->outputs[i]);
		if (second != NULL)
			buf_text(lines, "  the other result: the same path and .check");
		buf_byte(lines, '\n');
		free(second);
	}
}

/* By name, what was not the same when it was built again, or could not be. */
static void list_differences(const struct run *run, struct report *report)
{
	const size_t n = closure_count(&run->closure, CLOSURE_DIFFERS) +
			 closure_count(&run->closure, CLOSURE_FAILED);
	struct buf lines = { 0 };
	size_t shown = 0;

	if (n == 0)
		return;
	buf_text(&lines, "Not shown to be the same when built again:\n");
	for (size_t i = 0; i < run->closure.n_drvs && shown < LINES_MAX; i++) {
		const struct closure_drv *drv = &run->closure.drvs[i];
		if (drv->standing != CLOSURE_DIFFERS && drv->standing != CLOSURE_FAILED)
			continue;
		add_difference(run, drv, &lines);
		shown++;
	}
	if (shown < n)
		buf_printf(&lines, "  and %zu more, which build-info.json names\n", n - shown);
	report_add_lines(report, &lines);
}

static void fail_independence(const struct run *run, struct report *report)
{
	const size_t differ = closure_count(&run->closure, CLOSURE_DIFFERS);
	const size_t failed = closure_count(&run->closure, CLOSURE_FAILED);
	struct buf text = { 0 };

	buf_text(&text, reason_sentence(run->independence));
	if (run->independence == REASON_NIX_INPUT_HASH ||
	    run->independence == REASON_NIX_INPUT_FETCH)
		buf_text(&text, ": so its revisions were not shown to have their hashes");
	else if (differ + failed > 0)
		buf_printf(&text, ": %zu of %zu derivations differ, %zu could not be built again",
			   differ, run->closure.n_drvs, failed);
	add_origin(run, &text);
	char *message = buf_take_text(&text);
	if (message == NULL)
		report_out_of_memory(report);
	else if (run_is_evidence(run->independence))
		report_fail(report, CHECK_BUILD_INDEPENDENT, run->independence, "%s", message);
	else
		report_error(report, CHECK_BUILD_INDEPENDENT, run->independence, "%s", message);
	free(message);
	list_differences(run, report);
}

static void pass_independence(const struct run *run, struct report *report)
{
	struct buf text = { 0 };

	add_origin(run, &text);
	char *origin = text.len == 0 ? NULL : buf_take_text(&text);
	report_pass(report, CHECK_BUILD_INDEPENDENT,
		    "%zu derivations: %zu fixed by hash, %zu built in an empty store, "
		    "%zu built twice with the same result%s",
		    run->closure.n_drvs, closure_count(&run->closure, CLOSURE_FIXED),
		    closure_count(&run->closure, CLOSURE_BUILT),
		    closure_count(&run->closure, CLOSURE_AGAIN), origin != NULL ? origin : "");
	if (text.failed)
		report_out_of_memory(report);
	free(origin);
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
		pass_independence(run, report);
	else
		fail_independence(run, report);
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

/* The first further output that there is not; NULL: there are all. */
static const struct run_also *find_lacking(const struct run *run, const char **ret)
{
	const struct recipe *recipe = run->order->recipe;
	const size_t n = run->done[STAGE_COLLECT] ? recipe->n_also : 0;

	for (size_t i = 0; i < n; i++) {
		if (run->also[i].fault.reason == REASON_OK)
			continue;
		*ret = recipe->also[i];
		return &run->also[i];
	}
	return NULL;
}

/* The image was built. What the recipe asks for beside it is no part of it, but it was asked for: without it the build
 * is not complete, and the checks of the image stand for themselves. */
static void judge_completed(const struct run *run, struct report *report)
{
	const char *name = "";
	const struct run_also *lacking = find_lacking(run, &name);

	if (lacking == NULL) {
		report_pass(report, CHECK_BUILD_COMPLETED, "%s by Nix %s", run->drv,
			    run->version.text);
		return;
	}
	struct buf text = { 0 };
	buf_printf(&text,
		   "the image was built, but not %s (build.also), which is no part of it: %s", name,
		   reason_sentence(lacking->fault.reason));
	if (lacking->fault.trouble.path_len > 0) {
		buf_text(&text, ": ");
		buf_add(&text, (struct span){ lacking->fault.trouble.path,
					      lacking->fault.trouble.path_len });
	}
	char *message = buf_take_text(&text);
	if (message == NULL)
		report_out_of_memory(report);
	else if (run_is_evidence(lacking->fault.reason))
		report_fail(report, CHECK_BUILD_COMPLETED, lacking->fault.reason, "%s", message);
	else
		report_error(report, CHECK_BUILD_COMPLETED, lacking->fault.reason, "%s", message);
	free(message);
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
		judge_completed(run, report);
	judge_independence(run, report);
	judge_claim(run, report);
}
