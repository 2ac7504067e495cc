#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/run_build.h"

#define TEMPORARY ".enclavecheck-staged"

/* Opens the folder that a relative path's last component is in, making folders that are not there. -1: something
 * else is in the way, or errno tells. */
static int open_folder(const char *top, const char *path, const char **ret_last)
{
	int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash;

	while (fd >= 0 && (slash = strchr(path, '/')) != NULL) {
		char name[256];
		size_t len = (size_t)(slash - path);
		if (len >= sizeof(name)) { /* recipe_form_path says no before */
			(void)close(fd);
			return -1;
		}
		memcpy(name, path, len);
		name[len] = '\0';
		int next = -1;
		if (mkdirat(fd, name, 0755) == 0 || errno == EEXIST)
			next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int why = errno;
		(void)close(fd);
		errno = why;
		fd = next;
		path = slash + 1;
	}
	*ret_last = path;
	return fd;
}

/* Copies into a folder under a name for the time being, then renames. */
static enum reason put(const struct run *run, int from, int folder, const char *name,
		       struct copied *ret)
{
	(void)unlinkat(folder, TEMPORARY, 0);
	int to = openat(folder, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0755);
	if (to < 0)
		return REASON_FILE_UNWRITABLE;
	enum reason reason = copy_bytes(from, to, RUN_BINARY_MAX, run->git.interrupted, ret);
	/* any other mode would give another image; see the findings about Nix and modes */
	if (reason == REASON_OK && (fchmod(to, 0755) != 0 || fsync(to) != 0))
		reason = REASON_FILE_UNWRITABLE;
	if (close(to) != 0 && reason == REASON_OK)
		reason = REASON_FILE_UNWRITABLE;
	if (reason == REASON_OK && renameat(folder, TEMPORARY, folder, name) != 0)
		reason = errno == EISDIR ? REASON_STAGED_PLACE : REASON_FILE_UNWRITABLE;
	if (reason != REASON_OK)
		(void)unlinkat(folder, TEMPORARY, 0);
	return reason;
}

/* Says to git which file there is now; and no file of the commit itself may be another one then. */
static enum reason add_file(struct run *run, const char *stage, struct trouble *reterr)
{
	const char *const add[] = { "--literal-pathspecs", "add", "-f", "--", stage, NULL };
	/* whatever is not new; a lower-case letter leaves out */
	const char *const compare[] = { "--literal-pathspecs",
					"diff",
					"--cached",
					"--no-renames",
					"--no-ext-diff",
					"--name-only",
					"--diff-filter=a",
					run->order->recipe->commit,
					"--",
					stage,
					NULL };
	struct git_result result;

	enum reason reason = git_call(&run->git, add, 4096, &result);
	if (reason == REASON_OK && result.exit_status != 0)
		reason = REASON_SOURCE_GIT;
	if (reason == REASON_OK) {
		git_done(&result);
		reason = git_call(&run->git, compare, 4096, &result);
		if (reason == REASON_OK && result.exit_status != 0)
			reason = REASON_SOURCE_GIT;
		if (reason == REASON_OK && result.proc.output.len > 0) {
			git_done(&result);
			return trouble_note(reterr, REASON_STAGED_TRACKED, span_of_text(stage), 0);
		}
	}
	if (reason != REASON_OK)
		(void)trouble_note(reterr, reason, git_error(&result), result.proc.why);
	git_done(&result);
	return reason;
}

static enum reason stage_file(struct run *run, const struct recipe_file *file, const char *path,
			      struct copied *ret, struct trouble *reterr)
{
	/* a name is a name: : and * in it mean nothing to git */
	const char *name = NULL;
	int from = -1;

	enum reason reason = copy_open(path, &from, reterr);
	if (reason != REASON_OK)
		return reason;
	int folder = open_folder(run->source, file->stage, &name);
	reason = folder < 0 ? REASON_STAGED_PLACE : put(run, from, folder, name, ret);
	if (reason != REASON_OK)
		(void)trouble_note(reterr, reason, span_of_text(file->stage), errno);
	(void)close(from);
	if (folder >= 0)
		(void)close(folder);
	if (reason != REASON_OK)
		return reason;
	if (file->has_sha256 && memcmp(file->sha256, ret->sha256, DIGEST_SHA256_LEN) != 0)
		return trouble_note(reterr, REASON_STAGED_DIGEST, span_of_text(path), 0);
	return add_file(run, file->stage, reterr);
}

enum reason run_stage(struct run *run, struct trouble *reterr)
{
	const struct recipe *recipe = run->order->recipe;
	enum reason reason = REASON_OK;

	for (size_t i = 0; i < recipe->n_files && reason == REASON_OK; i++) {
		const char *path =
			run->order->built_binary != NULL ? run->order->built_binary : run->taken[i];
		reason = path == NULL ?
				 REASON_FILE_UNREADABLE :
				 stage_file(run, &recipe->files[i], path, &run->staged[i], reterr);
	}
	if (reason == REASON_OK)
		run->n_staged = recipe->n_files;
	return reason;
}
