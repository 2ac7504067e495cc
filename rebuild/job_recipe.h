/* What the verbs plan and run take from the command line: a recipe, and options in its place. */
#ifndef REBUILD_JOB_RECIPE_H
#define REBUILD_JOB_RECIPE_H

#include "rebuild/git.h"
#include "rebuild/job.h"
#include "rebuild/recipe.h"
#include "rebuild/source.h"

/* Reads job->operands[0] and puts the options in. False: what is wrong was said on stderr; *ret_exit is the
 * exit status. */
bool job_read_recipe(const struct job *job, struct recipe *ret, int *ret_exit);

/* Says what is wrong with a recipe, and where. */
void job_complain_recipe(const struct job *job, enum reason reason,
			 const struct recipe_fault *fault);

/* Other programs as found on PATH; the paths are owned. */
struct job_tools {
	char *git;
	char *ssh;
	char *ssh_keygen;
	char *gpg;
	char *nix;
	char *nix_store;
};
void job_find_tools(const struct job *job, struct job_tools *ret);
void job_free_tools(struct job_tools *tools);

/* git with these, but for the folders. */
struct git job_git(const struct job *job, const struct job_tools *tools);

#endif
