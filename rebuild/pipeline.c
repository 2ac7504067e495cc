#include "rebuild/pipeline.h"

#include "rebuild/recipe.h"

#define OUTPUT_MAX ((size_t)1024 * 1024)
#define WORKFLOWS ".github/workflows"
#define NIX_FILES "*.nix"

/* Asks git grep, which ends with 0: there is such a line, or 1: there is none. */
static enum reason ask(const struct git *git, const char *const words[], bool *ret,
		       struct trouble *reterr)
{
	struct git_result result;

	enum reason reason = git_call(git, words, OUTPUT_MAX, &result);
	if (reason == REASON_OK && result.exit_status != 0 && result.exit_status != 1)
		reason = REASON_SOURCE_GIT;
	if (reason == REASON_OK)
		*ret = result.exit_status == 0;
	else
		(void)trouble_note(reterr, reason, git_error(&result), result.proc.why);
	git_done(&result);
	return reason;
}

/* Whether a line of these files is like that. */
static enum reason has_line(const struct git *git, const char *commit, const char *pattern,
			    const char *files, const char *more, bool *ret, struct trouble *reterr)
{
	const char *const words[] = { "grep", "-q", "-I",  "-E", "-e", pattern,
				      commit, "--", files, more, NULL };

	return ask(git, words, ret, reterr);
}

static enum reason has_file(const struct git *git, const char *commit, const char *path, bool *ret,
			    struct trouble *reterr)
{
	const char *const words[] = { "ls-tree", "--name-only", "-z", commit, "--", path, NULL };
	struct git_result result;

	enum reason reason = git_call(git, words, OUTPUT_MAX, &result);
	if (reason == REASON_OK && result.exit_status != 0)
		reason = REASON_SOURCE_GIT;
	if (reason == REASON_OK)
		*ret = result.proc.output.len > 0;
	else
		(void)trouble_note(reterr, reason, git_error(&result), result.proc.why);
	git_done(&result);
	return reason;
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

static enum reason look_at_actions(const struct git *git, const char *commit, bool *ret,
				   struct trouble *reterr)
{
	const char *const words[] = { "grep",
				      "-h",
				      "-o",
				      "-I",
				      "-E",
				      "-e",
				      "uses:[[:space:]]*[^[:space:]]+@[^[:space:]]+",
				      commit,
				      "--",
				      WORKFLOWS,
				      NULL };
	struct git_result result;
	struct span line;
	struct span mark;

	enum reason reason = git_call(git, words, OUTPUT_MAX, &result);
	if (reason == REASON_OK && result.exit_status != 0 && result.exit_status != 1)
		reason = REASON_SOURCE_GIT;
	struct span rest = buf_span(&result.proc.output);
	while (reason == REASON_OK && rest.len > 0) {
		size_t len = 0;
		while (len < rest.len && rest.at[len] != '\n')
			len++;
		if (!span_take(&rest, len, &line))
			break;
		(void)span_take(&rest, 1, &mark);
		*ret = *ret || !is_by_commit(line);
	}
	if (reason != REASON_OK)
		(void)trouble_note(reterr, reason, git_error(&result), result.proc.why);
	git_done(&result);
	return reason;
}

/* Two names are in use for the digest of a configuration: an input of the workflow and a variable of the entry
 * point. What no Nix file sets is not set in the image; what is compared in a comment is not compared. */
static enum reason look_at_config(const struct git *git, const char *commit, bool *ret,
				  struct trouble *reterr)
{
	bool asked = false;
	bool named = false;
	bool set = false;
	bool commented = false;

	enum reason reason =
		has_line(git, commit, "^[^#]*config_hash", WORKFLOWS, NULL, &asked, reterr);
	if (reason == REASON_OK)
		reason = has_line(git, commit, "EXPECTED_CONFIG_SHA256", ".", NULL, &named, reterr);
	if (reason == REASON_OK)
		reason = has_line(git, commit, "^[^#]*(EXPECTED_CONFIG_SHA256|config_hash)",
				  NIX_FILES, NULL, &set, reterr);
	if (reason == REASON_OK)
		reason = has_line(git, commit, "^[[:space:]]*#.*EXPECTED_CONFIG_SHA256", ".", NULL,
				  &commented, reterr);
	*ret = (asked || named) && (!set || commented);
	return reason;
}

/* A flake takes what a recipe stages, or a workflow stages something. */
static enum reason is_staging(const struct git *git, const char *commit, const char *const stages[],
			      size_t n_stages, bool *ret, struct trouble *reterr)
{
	enum reason reason =
		has_line(git, commit, "^[^#]*git add (-f|--force)", WORKFLOWS, NULL, ret, reterr);

	for (size_t i = 0; i < n_stages && reason == REASON_OK && !*ret; i++) {
		const char *const words[] = { "grep",    "-q",   "-I", "-F",      "-e",
					      stages[i], commit, "--", NIX_FILES, NULL };
		reason = ask(git, words, ret, reterr);
	}
	return reason;
}

enum reason pipeline_read(const struct git *git, const char *commit, const char *const stages[],
			  size_t n_stages, struct pipeline *ret, struct trouble *reterr)
{
	struct pipeline found = { .variant = PIPELINE_UNKNOWN };
	bool flake = false;
	bool dockerfile = false;
	bool pulls = false;
	bool stages_file = false;

	enum reason reason =
		look_at_actions(git, commit, &found.has[PIPELINE_ACTIONS_BY_NAME], reterr);
	if (reason == REASON_OK)
		reason = has_line(git, commit, "[|][|] true", NIX_FILES, WORKFLOWS,
				  &found.has[PIPELINE_SWALLOWED_ERRORS], reterr);
	if (reason == REASON_OK)
		reason = has_line(git, commit, "^[^#]*ls [^|]*/nix/store/", WORKFLOWS, NULL,
				  &found.has[PIPELINE_LISTED_STORE], reterr);
	if (reason == REASON_OK)
		reason = has_line(git, commit, "^[^#]*--impure", WORKFLOWS, NULL,
				  &found.has[PIPELINE_IMPURE_BUILD], reterr);
	if (reason == REASON_OK)
		reason = look_at_config(git, commit, &found.has[PIPELINE_UNBOUND_CONFIG], reterr);
	if (reason == REASON_OK)
		reason = has_file(git, commit, "flake.nix", &flake, reterr);
	if (reason == REASON_OK)
		reason = has_file(git, commit, "Dockerfile", &dockerfile, reterr);
	if (reason == REASON_OK)
		reason = has_line(git, commit, "^[^#]*pullImage", NIX_FILES, NULL, &pulls, reterr);
	if (reason == REASON_OK)
		reason = is_staging(git, commit, stages, n_stages, &stages_file, reterr);
	if (reason != REASON_OK)
		return reason;
	if (!flake)
		found.variant = dockerfile ? PIPELINE_DOCKER_BUILD : PIPELINE_UNKNOWN;
	else if (pulls)
		found.variant = PIPELINE_PULL_IMAGE;
	else if (found.has[PIPELINE_IMPURE_BUILD])
		found.variant = PIPELINE_IMPURE;
	else if (stages_file)
		found.variant = PIPELINE_STAGED_FILE;
	*ret = found;
	return REASON_OK;
}

const char *pipeline_variant_name(enum pipeline_variant variant)
{
	static const char *const names[] = {
		[PIPELINE_UNKNOWN] = "unknown",         [PIPELINE_DOCKER_BUILD] = "docker-build",
		[PIPELINE_STAGED_FILE] = "staged-file", [PIPELINE_IMPURE] = "impure",
		[PIPELINE_PULL_IMAGE] = "pull-image",
	};

	return names[variant];
}

const char *pipeline_variant_note(enum pipeline_variant variant)
{
	static const char *const notes[] = {
		[PIPELINE_UNKNOWN] = NULL,
		[PIPELINE_DOCKER_BUILD] =
			"the commit has a Dockerfile and no flake: its own pipeline is docker build, "
			"whose result is another one each time",
		[PIPELINE_STAGED_FILE] = NULL,
		[PIPELINE_IMPURE] = NULL,
		[PIPELINE_PULL_IMAGE] =
			"the commit's flake names the container image itself (pullImage): what a "
			"workflow is told about an image need not reach the build",
	};

	return notes[variant];
}

const char *pipeline_remark_note(enum pipeline_remark remark)
{
	static const char *const notes[PIPELINE_REMARKS] = {
		[PIPELINE_ACTIONS_BY_NAME] =
			"actions of the commit's CI workflows are named by tag or branch, not by "
			"commit",
		[PIPELINE_SWALLOWED_ERRORS] =
			"errors are swallowed (|| true) in a Nix file or workflow of the commit",
		[PIPELINE_LISTED_STORE] =
			"a workflow of the commit takes an output that ls finds in /nix/store, which "
			"need not be the one just built",
		[PIPELINE_IMPURE_BUILD] =
			"a workflow of the commit builds with --impure, from more than the commit; "
			"here only the commit and what is staged goes in",
		[PIPELINE_UNBOUND_CONFIG] =
			"the commit names a digest of its configuration that no Nix file sets, or "
			"compares with it in a comment only: the image does not check its "
			"configuration",
	};

	return notes[remark];
}
