#include "rebuild/job_recipe.h"

#include <stdlib.h>
#include <string.h>

#include "rebuild/tools.h"

#define GIT_LIMIT_MS (INT64_C(3600) * 1000)

void job_complain_recipe(const struct job *job, enum reason reason,
			 const struct recipe_fault *fault)
{
	const char *between = fault->key[0] != '\0' ? ": " : "";

	if (fault->place.line > 0)
		cli_complain(job->output.program, "%s: line %zu, column %zu: %s%s%s (%s)",
			     job->operands[0], fault->place.line, fault->place.column, fault->key,
			     between, reason_sentence(reason), reason_name(reason));
	else
		cli_complain(job->output.program, "%s: %s%s%s (%s)", job->operands[0], fault->key,
			     between, reason_sentence(reason), reason_name(reason));
}

static bool override(const struct job *job, struct recipe *recipe, enum recipe_field field,
		     const char *option, const char *value)
{
	if (value == NULL)
		return true;
	enum reason reason = recipe_override(recipe, field, value);
	if (reason != REASON_OK)
		cli_complain(job->output.program, "--%s %s: %s (%s)", option, value,
			     reason_sentence(reason), reason_name(reason));
	return reason == REASON_OK;
}

bool job_read_recipe(const struct job *job, struct recipe *ret, int *ret_exit)
{
	struct recipe_fault fault = { .key = "" };
	struct buf text = { 0 };
	int why = 0;

	*ret_exit = CLI_USAGE;
	enum reason reason = cli_read(job->operands[0], JSON_MAX, &text, &why);
	if (reason == REASON_FILE_UNREADABLE)
		cli_complain(job->output.program, "%s: %s", job->operands[0], strerror(why));
	if (reason == REASON_OK) {
		reason = recipe_read(buf_span(&text), ret, &fault);
		if (reason != REASON_OK)
			job_complain_recipe(job, reason, &fault);
	}
	buf_done(&text);
	if (reason != REASON_OK) {
		*ret_exit = reason == REASON_OUT_OF_MEMORY ? CLI_ERROR : CLI_USAGE;
		return false;
	}
	if (override(job, ret, RECIPE_COMMIT, "commit", job->commit) &&
	    override(job, ret, RECIPE_IMAGE, "image", job->image) &&
	    override(job, ret, RECIPE_ATTRIBUTE, "attribute", job->attribute) &&
	    override(job, ret, RECIPE_PCR0, "expect-pcr0", job->expect_pcr0) &&
	    override(job, ret, RECIPE_INDEPENDENT, "independent", job->independent ? "" : NULL) &&
	    override(job, ret, RECIPE_REQUIRE_SIGNED, "require-signed",
		     job->require_signed ? "" : NULL))
		return true;
	recipe_done(ret);
	return false;
}

void job_find_tools(const struct job *job, struct job_tools *ret)
{
	*ret = (struct job_tools){
		.git = tools_find(job->search_path, "git"),
		.ssh = tools_find(job->search_path, "ssh"),
		.ssh_keygen = tools_find(job->search_path, "ssh-keygen"),
		.gpg = tools_find(job->search_path, "gpg"),
		.nix = tools_find(job->search_path, "nix"),
		.nix_store = tools_find(job->search_path, "nix-store"),
	};
}

void job_free_tools(struct job_tools *tools)
{
	free(tools->git);
	free(tools->ssh);
	free(tools->ssh_keygen);
	free(tools->gpg);
	free(tools->nix);
	free(tools->nix_store);
}

struct git job_git(const struct job *job, const struct job_tools *tools)
{
	return (struct git){
		.program = tools->git,
		.ssh = tools->ssh,
		.ssh_keygen = tools->ssh_keygen,
		.gpg = tools->gpg,
		.search_path = job->search_path != NULL ? job->search_path : "/usr/bin:/bin",
		.ssh_auth_sock = job->ssh_auth_sock,
		.clock = { job->world.ticks_ms },
		.limit_ms = GIT_LIMIT_MS,
		.interrupted = job->interrupted,
	};
}
