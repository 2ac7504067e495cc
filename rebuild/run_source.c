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

/* The revision behind the last @ of "uses: NAME@REV" is a full id. */
static bool is_by_commit(struct span line)
{
	size_t at = line.len;
	struct span head;

	while (at > 0 && line.at[at - 1] != '@')
		at--;
	return span_take(&line, at, &head) && recipe_is_full_commit(line);
}

/* What the commit's workflows and Nix files have that a reader should know. It decides nothing. */
static enum reason look_for_remarks(struct run *run, struct trouble *reterr)
{
	const char *commit = run->order->recipe->commit;
	const char *const actions[] = {
		"grep", "-h", "-o",
		"-E",   "-e", "uses:[[:space:]]*[^[:space:]]+@[^[:space:]]+",
		commit, "--", ".github/workflows",
		NULL
	};
	const char *const swallowed[] = { "grep", "-q",      "-F",
					  "-e",   "|| true", commit,
					  "--",   "*.nix",   ".github/workflows",
					  NULL };
	struct git_result result;
	struct span line;
	struct span mark;

	enum reason reason = git_call(&run->git, actions, JSON_MAX, &result);
	struct span rest = buf_span(&result.proc.output);
	while (reason == REASON_OK && rest.len > 0) {
		size_t len = 0;
		while (len < rest.len && rest.at[len] != '\n')
			len++;
		if (!span_take(&rest, len, &line))
			break;
		(void)span_take(&rest, 1, &mark);
		run->actions_by_name = run->actions_by_name || !is_by_commit(line);
	}
	git_done(&result);
	if (reason == REASON_OK) {
		reason = git_call(&run->git, swallowed, JSON_MAX, &result);
		run->swallowed_errors = reason == REASON_OK && result.exit_status == 0;
		git_done(&result);
	}
	if (reason != REASON_OK && reason != REASON_PROC_OUTPUT)
		return trouble_note(reterr, reason, SPAN_LITERAL("git grep"), 0);
	return REASON_OK;
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
		reason = look_for_remarks(run, reterr);
	return reason;
}
