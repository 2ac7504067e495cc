/* What a commit's own files say about how its image is made: which of the ways that are in use, and what in it a
 * reader should know. All of it is found by reading text, so it decides nothing; what really went into an image
 * is told by the derivations that were built (closure.h) and by what is found in it (staged.h). */
#ifndef REBUILD_PIPELINE_H
#define REBUILD_PIPELINE_H

#include "rebuild/git.h"
#include "rebuild/trouble.h"

enum pipeline_variant {
	PIPELINE_UNKNOWN,
	PIPELINE_DOCKER_BUILD, /* a Dockerfile and no flake: docker build, then enclaver build */
	PIPELINE_STAGED_FILE,  /* a flake that takes a file which is put into the working tree */
	PIPELINE_IMPURE,       /* a flake that is built with --impure: from more than the commit */
	PIPELINE_PULL_IMAGE /* a flake that names the container image itself (dockerTools.pullImage) */
};

enum pipeline_remark {
	PIPELINE_ACTIONS_BY_NAME,  /* CI actions that are not named by commit */
	PIPELINE_SWALLOWED_ERRORS, /* `|| true` in a Nix file or a workflow */
	PIPELINE_LISTED_STORE,     /* a workflow takes what `ls` finds in /nix/store */
	PIPELINE_IMPURE_BUILD,     /* a workflow builds with --impure */
	PIPELINE_UNBOUND_CONFIG, /* a digest of the configuration that nothing in the image is compared with */
	PIPELINE_REMARKS
};

struct pipeline {
	enum pipeline_variant variant;
	bool has[PIPELINE_REMARKS];
};

/* Reads the commit's workflows, Nix files and names. `stages` are files that a recipe puts into the working tree.
 * REASON_SOURCE_GIT; the reasons of proc_run. */
enum reason pipeline_read(const struct git *git, const char *commit, const char *const stages[],
			  size_t n_stages, struct pipeline *ret, struct trouble *reterr) MUST_CHECK;

/* "unknown", "docker-build", "staged-file", "impure", "pull-image". Static. */
const char *pipeline_variant_name(enum pipeline_variant variant);

/* A sentence for people, without its stop; NULL: nothing to say. Static. */
const char *pipeline_variant_note(enum pipeline_variant variant);
const char *pipeline_remark_note(enum pipeline_remark remark);

#endif
