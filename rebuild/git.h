/* git, called with everything decided here: no configuration of the machine, of the user or of the
 * environment, no hooks, no helpers, no questions, no transport but those of rebuild/repository.h.
 *
 * Source: git(1) "ENVIRONMENT VARIABLES", git-config(1), gitattributes(5). */
#ifndef REBUILD_GIT_H
#define REBUILD_GIT_H

#include "rebuild/proc.h"
#include "rebuild/repository.h"
#include "rebuild/trouble.h"

#define GIT_ID_MAX 64 /* digits of an object's id: 40, or 64 in a repository of SHA-256 */
#define GIT_ERROR_MAX 512

/* What a call needs. Strings are borrowed; those that may be NULL say so. */
struct git {
	const char *program;       /* absolute, as all programs here */
	const char *ssh;           /* NULL: ssh:// cannot be fetched */
	const char *ssh_keygen;    /* for signatures; NULL: none of that kind is good */
	const char *gpg;           /* likewise */
	const char *search_path;   /* PATH, for what git itself starts */
	const char *ssh_auth_sock; /* SSH_AUTH_SOCK; NULL: not set */
	const char *home;          /* a folder that gpg may write to; NULL: none */
	const char *folder;        /* the working tree, absolute; its repository is .git in it */
	enum repository_kind kind; /* which transport is allowed */
	struct proc_clock clock;
	int64_t limit_ms; /* for one call */
	int log;          /* descriptor for what git says; 0: none */
	const volatile sig_atomic_t *interrupted;
};

/* What came of a call that ended by itself. End with git_done. */
struct git_result {
	int exit_status;
	struct proc_result proc;
};

/* Calls git with these words, which end with NULL. At most `output_max` bytes of output. The reasons of
 * proc_run. */
enum reason git_call(const struct git *git, const char *const words[], size_t output_max,
		     struct git_result *ret) MUST_CHECK;
void git_done(struct git_result *result);

/* The last line that git said which tells what is wrong, borrowed from the result. */
struct span git_error(const struct git_result *result);

/* The output without the newline at its end. */
struct span git_output(const struct git_result *result);

#endif
