/* realpath(3) is of the X/Open extension */
#define _XOPEN_SOURCE 700 /* NOLINT(bugprone-reserved-identifier): that is its name */
#include "rebuild/run_stages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/run_build.h"
#include "rebuild/run_image.h"
#include "rebuild/run_source.h"
#include "rebuild/run_tidy.h"

/* Trouble that ends a run without a report: it says nothing about what is rebuilt. */
static bool is_fatal(enum reason reason)
{
	return reason == REASON_INTERRUPTED || reason == REASON_OUT_OF_MEMORY ||
	       reason == REASON_CRYPTO_FAILED || reason == REASON_FILE_UNWRITABLE ||
	       reason == REASON_STATE_BUSY || reason == REASON_FILE_UNREADABLE;
}

static enum reason make_folders(struct run *run, struct trouble *reterr)
{
	const char *out = run->order->out;

	if (mkdir(out, 0777) != 0 && errno != EEXIST)
		return trouble_note(reterr, REASON_FILE_UNWRITABLE, span_of_text(out), errno);
	run->out = realpath(out, NULL);
	if (run->out == NULL)
		return trouble_note(reterr, REASON_FILE_UNWRITABLE, span_of_text(out), errno);
	if (run->order->signers != NULL) {
		run->signers = realpath(run->order->signers, NULL);
		if (run->signers == NULL)
			return trouble_note(reterr, REASON_FILE_UNREADABLE,
					    span_of_text(run->order->signers), errno);
	}
	run->work = run_path(run->out, "stages");
	run->eif = run_path(run->out, "enclave.eif");
	if (run->work != NULL) {
		run->source = run_path(run->work, "source");
		run->home = run_path(run->work, "gnupg");
	}
	if (run->eif == NULL || run->source == NULL || run->home == NULL)
		return REASON_OUT_OF_MEMORY;
	return state_open(run->work, run->order->version, &run->state, reterr);
}

static enum reason open_log(struct run *run, struct trouble *reterr)
{
	char *path = run_path(run->out, "build.log");
	enum reason reason = path == NULL ? REASON_OUT_OF_MEMORY : REASON_OK;

	if (reason == REASON_OK) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
		run->log = fd > 0 ? fd : 0;
		if (fd < 0)
			reason = trouble_note(reterr, REASON_FILE_UNWRITABLE, span_of_text(path),
					      errno);
	}
	free(path);
	return reason;
}

static enum reason do_plan(struct run *run, struct trouble *reterr)
{
	enum reason reason = make_folders(run, reterr);

	if (reason == REASON_OK)
		reason = run_tidy_drafts(run, reterr);
	if (reason == REASON_OK)
		reason = open_log(run, reterr);
	run->git = run->order->git;
	run->git.folder = run->source;
	run->git.home = run->home;
	run->git.kind = run->order->recipe->repository_kind;
	run->git.log = run->log;
	if (reason == REASON_OK && run->order->until >= STAGE_BUILD &&
	    run->order->built_eif == NULL)
		reason = run_build_prepare(run, reterr);
	if (reason == REASON_OK)
		reason = state_forget(run->state, run->order->from, reterr);
	return reason;
}

/* The image of this run, under its name among the results. */
static enum reason do_collect(struct run *run, struct trouble *reterr)
{
	if (run->order->built_eif == NULL) {
		enum reason reason = run_collect(run, reterr);
		return reason == REASON_OK ? run_image_look(run, reterr) : reason;
	}
	return copy_file(run->order->built_eif, run->eif, RUN_EIF_MAX, run->git.interrupted,
			 &run->image_file, reterr);
}

static enum reason do_measure(struct run *run, struct trouble *reterr)
{
	static const struct eif_rules rules = { 0 };
	struct image_source from = { .fd = -1, .size = run->image_file.size };

	enum reason reason = copy_open(run->eif, &from.fd, reterr);
	if (reason != REASON_OK)
		return reason;
	reason = image_read(&from, &rules, run->order->progress, &run->image);
	(void)close(from.fd);
	run->is_read = true;
	/* a malformed image is what the report is about */
	return image_is_unreadable(reason) ? reason : run_find_staged(run, reterr);
}

/* Judged in the report. */
static enum reason do_nothing(struct run *run, struct trouble *reterr)
{
	(void)run;
	(void)reterr;
	return REASON_OK;
}

/* Not a part of this run: what it would make was given. */
static bool is_given(const struct run_order *order, enum stage stage)
{
	if (order->built_eif != NULL)
		return stage > STAGE_PLAN && stage < STAGE_COLLECT;
	return stage == STAGE_IMAGE && order->built_binary != NULL;
}

static void announce(const struct run_order *order, enum stage stage)
{
	static const char *const what[STAGE_COUNT] = {
		[STAGE_SOURCE] = "source: fetching and checking the commit",
		[STAGE_IMAGE] = "image: fetching and checking the layers",
		[STAGE_STAGE] = "stage: putting files into the working tree",
		[STAGE_BUILD] = "build: nix",
		[STAGE_COLLECT] = "collect: copying the image",
		[STAGE_MEASURE] = "measure: reading the image",
	};

	if (order->tell != NULL && what[stage] != NULL)
		order->tell(order->context, what[stage]);
}

/* What a stage came to, in few bytes. */
static struct span outputs_of(const struct run *run, enum stage stage)
{
	switch (stage) {
	case STAGE_SOURCE:
		return span_of_text(run->facts.tree);
	case STAGE_IMAGE:
		return SPAN_OF(run->pinned.config);
	case STAGE_STAGE:
		return SPAN_OF(run->staged[0].sha256);
	case STAGE_BUILD:
		return span_of_text(run->drv);
	case STAGE_COLLECT:
		return SPAN_OF(run->image_file.sha256);
	case STAGE_MEASURE:
		return SPAN_OF(run->image.measurement.pcrs.value[0]);
	case STAGE_PLAN:
	case STAGE_COMPARE:
	case STAGE_REPORT:
	case STAGE_COUNT:
		break;
	}
	return (struct span){ NULL, 0 };
}

/* The digests of what a stage began with and what it came to. */
static enum reason digest_stage(const struct run *run, enum stage stage, struct state_note *note)
{
	const struct span output = outputs_of(run, stage);
	struct buf recipe = { 0 };

	if (stage == STAGE_BUILD)
		memcpy(note->inputs, run->key, DIGEST_SHA256_LEN);
	if (stage == STAGE_BUILD && run->is_recorded) {
		memcpy(note->outputs, run->kept, DIGEST_SHA256_LEN);
		return REASON_OK;
	}
	enum reason reason = state_key(&output, 1, note->outputs);
	if (reason != REASON_OK || stage == STAGE_BUILD)
		return reason;
	reason = recipe_print(run->order->recipe, &recipe);
	const struct span input = buf_span(&recipe);
	if (reason == REASON_OK)
		reason = state_key(&input, 1, note->inputs);
	buf_done(&recipe);
	return reason;
}

/* Notes a stage that is done. Only the build goes by it (run_kept.h), once all that can be hashed was hashed again;
 * what the others made is found out anew. What stands there of a build that was checked before stays: when that was
 * done is a part of the report. */
static enum reason note_stage(const struct run *run, enum stage stage, int64_t started,
			      struct trouble *reterr)
{
	struct state_note note = { .started = started, .ended = run->order->now() };

	if (stage == STAGE_BUILD && run->is_kept)
		return REASON_OK;
	enum reason reason = digest_stage(run, stage, &note);
	if (reason == REASON_OK)
		reason = state_put(run->state, stage, &note, reterr);
	return reason;
}

enum reason run_stages(const struct run_order *order, struct run *ret, struct trouble *reterr)
{
	static enum reason (*const stages[STAGE_COUNT])(struct run *, struct trouble *) = {
		[STAGE_PLAN] = do_plan,       [STAGE_SOURCE] = run_source,
		[STAGE_IMAGE] = run_image,    [STAGE_STAGE] = run_stage,
		[STAGE_BUILD] = run_build,    [STAGE_COLLECT] = do_collect,
		[STAGE_MEASURE] = do_measure, [STAGE_COMPARE] = do_nothing,
		[STAGE_REPORT] = do_nothing,
	};

	*ret = (struct run){ .order = order };
	for (size_t i = 0; i <= (size_t)order->until; i++) {
		struct run_fault *fault = &ret->faults[i];
		if (is_given(order, (enum stage)i))
			continue;
		int64_t started = order->now();
		announce(order, (enum stage)i);
		fault->reason = stages[i](ret, &fault->trouble);
		/* without a plan nothing was judged */
		if (is_fatal(fault->reason) || (fault->reason != REASON_OK && i == STAGE_PLAN)) {
			*reterr = fault->trouble;
			return fault->reason;
		}
		if (fault->reason != REASON_OK)
			return REASON_OK;
		ret->done[i] = true;
		enum reason noted = note_stage(ret, (enum stage)i, started, reterr);
		if (noted != REASON_OK)
			return noted;
	}
	return REASON_OK;
}
