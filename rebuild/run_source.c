#include "rebuild/run_source.h"

size_t run_staged_names(const struct recipe *recipe, const char *ret[static RECIPE_FILES_MAX])
{
	for (size_t i = 0; i < recipe->n_files; i++)
		ret[i] = recipe->files[i].stage;
	return recipe->n_files;
}

/* flake.lock as the commit has it. */
static enum reason read_lock(struct run *run, struct trouble *reterr)
{
	struct buf text = { 0 };

	enum reason reason = source_read(&run->git, run->order->recipe->commit, "flake.lock",
					 JSON_MAX, &text, reterr);
	const struct span whole = buf_span(&text);
	if (reason == REASON_OK)
		reason = digest_sha256(&whole, 1, run->lock_sha256);
	if (reason == REASON_OK) {
		run->pins = lock_read(whole, &run->lock, &run->pins_place);
		if (run->pins == REASON_OK)
			run->pins = lock_judge(&run->lock, &run->unpinned);
	}
	buf_done(&text);
	if (reason == REASON_SOURCE_ABSENT || reason == REASON_PROC_OUTPUT) {
		run->pins = reason;
		*reterr = (struct trouble){ 0 };
		return REASON_OK;
	}
	return run->pins == REASON_OUT_OF_MEMORY ? REASON_OUT_OF_MEMORY : reason;
}

enum reason run_source(struct run *run, struct trouble *reterr)
{
	const struct recipe *recipe = run->order->recipe;
	const char *allowed[RECIPE_FILES_MAX];
	const struct source_order order = {
		.repository = recipe->repository,
		.commit = recipe->commit,
		.signers = run->signers,
		.allowed = allowed,
		.n_allowed = run_staged_names(recipe, allowed),
	};

	enum reason reason = source_prepare(&run->git, &order, &run->facts, reterr);
	if (reason == REASON_OK)
		reason = read_lock(run, reterr);
	if (reason == REASON_OK)
		reason = pipeline_read(&run->git, recipe->commit, allowed, order.n_allowed,
				       &run->pipeline, reterr);
	return reason;
}
