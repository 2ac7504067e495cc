#include "rebuild/run_judge.h"

#include <stdlib.h>

#include "rebuild/run_fault.h"
#include "verify/appraise.h"
#include "verify/basenc.h"
#include "verify/facts.h"
#include "verify/onchain.h"

struct check_set run_checks(void)
{
	static const enum check ours[] = {
		CHECK_SOURCE_COMMIT, CHECK_SOURCE_SIGNATURE,  CHECK_SOURCE_PINS,
		CHECK_IMAGE_DIGEST,  CHECK_IMAGE_FILES,       CHECK_BUILD_COMPLETED,
		CHECK_BUILD_PCRS,    CHECK_BUILD_INDEPENDENT, CHECK_IMAGE_IN_EIF,
	};
	struct check_set set = image_checks();

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		set.has[ours[i]] = true;
	/* where the recipe has a contract */
	const struct check_set contract = onchain_checks();
	for (size_t i = 0; i < CHECK_COUNT; i++)
		set.has[i] = set.has[i] || contract.has[i];
	return set;
}

static void judge_signature(const struct run *run, struct report *report)
{
	static const char *const skipped[] = {
		[SOURCE_UNSIGNED] = "the commit is not signed",
		[SOURCE_UNCHECKED] = "the commit is signed; --signers says whose signatures count",
	};
	bool required = run->order->recipe->require_signed;

	switch (run->facts.signature) {
	case SOURCE_GOOD:
		report_pass(report, CHECK_SOURCE_SIGNATURE, "a good signature by %s",
			    run->facts.signer);
		return;
	case SOURCE_BAD:
		report_fail(report, CHECK_SOURCE_SIGNATURE, REASON_SOURCE_SIGNATURE, NULL);
		return;
	case SOURCE_UNSIGNED:
		if (required) {
			report_fail(report, CHECK_SOURCE_SIGNATURE, REASON_SOURCE_UNSIGNED, NULL);
			return;
		}
		break;
	case SOURCE_UNCHECKED:
		if (required) {
			report_error(report, CHECK_SOURCE_SIGNATURE, REASON_SOURCE_SIGNERS, NULL);
			return;
		}
		break;
	}
	report_skip(report, CHECK_SOURCE_SIGNATURE, REASON_NOT_REQUESTED, "%s",
		    skipped[run->facts.signature]);
}

static void judge_pins(const struct run *run, struct report *report)
{
	if (run->pins == REASON_OK)
		report_pass(report, CHECK_SOURCE_PINS,
			    "flake.lock fixes all %zu inputs by revision and hash", run->lock.n);
	else if (run->pins == REASON_SOURCE_ABSENT)
		report_fail(report, CHECK_SOURCE_PINS, run->pins, "the commit has no flake.lock");
	else if (run->unpinned != NULL)
		report_fail(report, CHECK_SOURCE_PINS, run->pins, "%s: %s",
			    reason_sentence(run->pins), run->unpinned->name);
	else
		report_fail(report, CHECK_SOURCE_PINS, run->pins,
			    "flake.lock: line %zu, column %zu: %s", run->pins_place.line,
			    run->pins_place.column, reason_sentence(run->pins));
}

static void judge_source(const struct run *run, struct report *report)
{
	if (run->order->built_eif != NULL) {
		report_skip(report, CHECK_SOURCE_COMMIT, REASON_NOT_BUILT, NULL);
		report_skip(report, CHECK_SOURCE_SIGNATURE, REASON_NOT_BUILT, NULL);
		report_skip(report, CHECK_SOURCE_PINS, REASON_NOT_BUILT, NULL);
		return;
	}
	if (!run->done[STAGE_SOURCE]) {
		run_add_fault(report, CHECK_SOURCE_COMMIT, &run->faults[STAGE_SOURCE]);
		report_needs(report, CHECK_SOURCE_SIGNATURE, CHECK_SOURCE_COMMIT);
		report_needs(report, CHECK_SOURCE_PINS, CHECK_SOURCE_COMMIT);
		return;
	}
	report_pass(report, CHECK_SOURCE_COMMIT, "%s, tree %s%s", run->order->recipe->commit,
		    run->facts.tree, run->facts.fetched ? "" : " (fetched before, checked again)");
	report_member(report, "commit", run->order->recipe->commit);
	report_member(report, "variant", pipeline_variant_name(run->pipeline.variant));
	judge_signature(run, report);
	judge_pins(run, report);
}

struct run_taking run_taking(const struct run *run)
{
	const char *reference = run->order->recipe->image;
	const char *at = reference != NULL ? strrchr(reference, '@') : NULL;
	struct run_taking taking = { .staged = run->looked && run->in_eif == REASON_OK };

	for (size_t i = 0; i < run->closure.n_drvs; i++) {
		const char *digest = run->closure.drvs[i].image_digest;
		if (digest == NULL)
			continue;
		taking.pulled_recipes = (!taking.pulled || taking.pulled_recipes) && at != NULL &&
					strcmp(at + 1, digest) == 0;
		taking.pulled = true;
	}
	return taking;
}

static void judge_digest(const struct run *run, struct report *report)
{
	const struct run_taking taking = run_taking(run);

	if (run->order->built_eif != NULL || run->order->built_binary != NULL) {
		report_skip(report, CHECK_IMAGE_DIGEST, REASON_NOT_BUILT, NULL);
	} else if (run->order->recipe->image == NULL) {
		report_skip(report, CHECK_IMAGE_DIGEST, REASON_NOT_REQUESTED,
			    "the recipe has no image");
	} else if (!run->done[STAGE_SOURCE]) {
		report_needs(report, CHECK_IMAGE_DIGEST, CHECK_SOURCE_COMMIT);
	} else if (!run->is_fetched) {
		run_add_fault(report, CHECK_IMAGE_DIGEST, &run->faults[STAGE_IMAGE]);
	} else if (taking.pulled && !taking.pulled_recipes) {
		report_fail(report, CHECK_IMAGE_DIGEST, REASON_IMAGE_NOT_USED,
			    "the flake takes an image of its own, which is not that of the recipe");
	} else {
		report_pass(report, CHECK_IMAGE_DIGEST, "%s%s", run->order->recipe->image,
			    taking.pulled ? ", which is the one that the flake takes" : "");
		report_member(report, "reference", run->order->recipe->image);
	}
}

static void judge_image(const struct run *run, struct report *report)
{
	const struct run_fault *staging = &run->faults[STAGE_STAGE];
	const struct recipe *recipe = run->order->recipe;

	judge_digest(run, report);
	if (staging->reason != REASON_OK)
		run_add_fault(report, CHECK_IMAGE_FILES, staging);
	else if (run->order->built_eif != NULL || run->order->built_binary != NULL)
		report_skip(report, CHECK_IMAGE_FILES, REASON_NOT_BUILT, NULL);
	else if (recipe->n_files == 0)
		report_skip(report, CHECK_IMAGE_FILES, REASON_NOT_REQUESTED,
			    "the recipe takes no file out of an image");
	else if (!run->is_fetched)
		report_needs(report, CHECK_IMAGE_FILES, CHECK_IMAGE_DIGEST);
	else if (run->faults[STAGE_IMAGE].reason != REASON_OK)
		run_add_fault(report, CHECK_IMAGE_FILES, &run->faults[STAGE_IMAGE]);
	else
		report_pass(report, CHECK_IMAGE_FILES, "%s, from layer %zu of %zu%s",
			    recipe->files[0].path, run->taken_from[0] + 1, run->pinned.n_layers,
			    recipe->n_files > 1 ? ", and so for the other files" : "");
}

static void judge_in_eif(const struct run *run, struct report *report)
{
	if (run->order->built_eif != NULL) {
		report_skip(report, CHECK_IMAGE_IN_EIF, REASON_NOT_BUILT, NULL);
	} else if (!run->done[STAGE_MEASURE] || !image_is_sound(&run->image)) {
		report_needs(report, CHECK_IMAGE_IN_EIF, CHECK_EIF_FORM);
	} else if (!run->looked) {
		report_skip(report, CHECK_IMAGE_IN_EIF, REASON_NOT_REQUESTED,
			    "no file was staged that could be looked for");
	} else if (run->in_eif == REASON_OK) {
		struct buf path = { 0 };
		buf_escaped(&path, buf_span(&run->found[0].path));
		char *text = buf_take_text(&path);
		report_pass(report, CHECK_IMAGE_IN_EIF, "%s is %s in ramdisk %zu%s",
			    run->order->recipe->files[0].stage, text != NULL ? text : "",
			    run->found[0].ramdisk,
			    run->n_staged > 1 ? ", and so for the other files" : "");
		free(text);
	} else if (run->in_eif == REASON_IMAGE_NOT_USED) {
		report_fail(report, CHECK_IMAGE_IN_EIF, run->in_eif, NULL);
	} else {
		report_error(report, CHECK_IMAGE_IN_EIF, run->in_eif, NULL);
	}
}

/* Form and checksum, and what is in it. */
static void judge_form(const struct run *run, struct report *report)
{
	if (run->done[STAGE_MEASURE]) {
		image_judge_form(&run->image, run->order->policy, run->order->now(), report);
	} else if (run->order->built_eif != NULL) {
		run_add_fault(report, CHECK_EIF_FORM,
			      run->done[STAGE_COLLECT] ? &run->faults[STAGE_MEASURE] :
							 &run->faults[STAGE_COLLECT]);
		report_needs(report, CHECK_EIF_CRC, CHECK_EIF_FORM);
	} else {
		report_needs(report, CHECK_EIF_FORM, CHECK_BUILD_COMPLETED);
		report_needs(report, CHECK_EIF_CRC, CHECK_BUILD_COMPLETED);
	}
	judge_in_eif(run, report);
}

/* The registers, also where there is no image to have any. */
static void judge_registers(const struct run *run, struct report *report)
{
	static const struct pcrs none = { 0 };

	if (run->done[STAGE_MEASURE]) {
		image_judge_registers(&run->image, run->order->policy, report);
		return;
	}
	const struct appraisal appraisal = {
		.policy = run->order->policy,
		.report = report,
		.carrier = "image",
		.pcrs = &none,
		.lacks = CHECK_EIF_FORM,
		.measured = true,
	};
	appraise_registers(&appraisal);
}

/* What the commit's own files say: text, which decides nothing. */
static void add_pipeline(const struct run *run, struct report *report)
{
	if (!run->done[STAGE_SOURCE])
		return;
	const char *note = pipeline_variant_note(run->pipeline.variant);
	if (note != NULL)
		report_note(report, note);
	for (int i = 0; i < PIPELINE_REMARKS; i++) {
		if (run->pipeline.has[i])
			report_note(report, pipeline_remark_note((enum pipeline_remark)i));
	}
}

/* A flake that takes the image itself unpacks its layers one over the other, whiteouts and all. */
static void add_whiteouts(const struct run *run, struct report *report)
{
	if (!run->is_pulled)
		return;
	if (run->whiteouts_form != REASON_OK)
		report_note(report,
			    "the flake takes the image itself; whether its layers have whiteouts "
			    "(.wh.), which pullImage and tar do not apply, could not be told");
	else if (run->whiteouts > 0)
		report_note(report,
			    "the flake takes the image itself, and its layers have whiteouts "
			    "(.wh.), which pullImage and tar do not apply: files that the "
			    "container has not may be in the EIF");
}

/* What a reader must know whatever the checks say. */
static void add_remarks(const struct run *run, struct report *report)
{
	if (run->order->built_eif != NULL)
		report_weaken(report, "nothing built: the image was given");
	else if (run->order->built_binary != NULL)
		report_weaken(report, "the binary was given");
	if (run->order->recipe->image != NULL &&
	    report_status(report, CHECK_IMAGE_IN_EIF) != STATUS_PASS &&
	    !run_taking(run).pulled_recipes)
		report_weaken(report, "image not shown to be in the EIF");
	if (run->order->recipe->image != NULL)
		report_note(report,
			    "the chain of evidence ends at the container image: a matching "
			    "PCR0 shows that its binary is in the enclave, not which source "
			    "the binary was built from");
	report_note(report,
		    "PCR0 binds what is in the image: not configuration that the enclave is "
		    "given when it starts, nor the machine's role");
	if (run->order->recipe->n_also > 0 && run->order->recipe->independent &&
	    run->done[STAGE_BUILD])
		report_note(report,
			    "further outputs (build.also) were built here like the image, but not "
			    "a second time: no register speaks of them");
	if (run->done[STAGE_BUILD] && run->weakening != NULL)
		report_note(report, run->weakening);
	if (run->facts.has_submodules)
		report_note(report, "the commit has submodules, which were not fetched");
	add_whiteouts(run, report);
	if (run->is_doubled)
		report_note(report,
			    "a layer of the container image has a name twice: the last entry "
			    "counts here, other tools may differ");
	if (run->lock.n_follows > 0)
		report_note(report, "inputs of the flake follow others (follows) instead of their "
				    "own locked ones");
	if (run->option_ignored)
		report_note(report,
			    "Nix's daemon kept a setting of its own instead of what was asked for");
	if (run->order->recipe->image == NULL && run->done[STAGE_BUILD] && !run_taking(run).pulled)
		report_note(report, "no container image was seen to go into the build");
	add_pipeline(run, report);
}

void run_judge(const struct run *run, struct report *report)
{
	report_set_target(report, span_of_text(run->order->recipe->name));
	report_set_evidence(report, EVIDENCE_IMAGE);
	judge_source(run, report);
	judge_image(run, report);
	run_judge_build(run, report);
	judge_form(run, report);
	judge_registers(run, report);
	add_remarks(run, report);
}

void run_judge_origin(const struct run *run, struct report *report)
{
	judge_source(run, report);
	judge_image(run, report);
	run_judge_build(run, report);
	judge_form(run, report);
	if (run->done[STAGE_MEASURE] && image_is_sound(&run->image)) {
		const struct pcrs pcrs = image_pcrs(&run->image);
		report_take_facts(report, facts_of_pcrs(&pcrs), true);
	}
	add_remarks(run, report);
}

void run_judge_absent(struct report *report)
{
	static const enum check checks[] = {
		CHECK_SOURCE_COMMIT,     CHECK_SOURCE_SIGNATURE, CHECK_SOURCE_PINS,
		CHECK_IMAGE_DIGEST,      CHECK_IMAGE_FILES,      CHECK_BUILD_COMPLETED,
		CHECK_BUILD_INDEPENDENT, CHECK_BUILD_PCRS,       CHECK_EIF_FORM,
		CHECK_EIF_CRC,           CHECK_IMAGE_IN_EIF,
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		report_skip(report, checks[i], REASON_NOT_BUILT, NULL);
}

void run_judge_stages(const struct run *run, enum stage until, struct report *report)
{
	report_set_target(report, span_of_text(run->order->recipe->name));
	report_set_evidence(report, EVIDENCE_IMAGE);
	if (until >= STAGE_SOURCE)
		judge_source(run, report);
	if (until >= STAGE_IMAGE)
		judge_image(run, report);
	if (until >= STAGE_BUILD)
		run_judge_build(run, report);
	if (until >= STAGE_MEASURE) {
		judge_form(run, report);
		judge_registers(run, report);
	}
}
