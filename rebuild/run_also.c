#include "rebuild/run_also.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/draft.h"
#include "rebuild/output.h"

const char *run_also_name(const char *attribute)
{
	const char *dot = strrchr(attribute, '.');

	return dot == NULL ? attribute : dot + 1;
}

/* Whether the name is free: nothing of this program's own has it, and no output before this one. Those of files that
 * a run writes have a dot in them, which no last name has. */
static bool is_free(const struct run *run, size_t at)
{
	const char *name = run_also_name(run->order->recipe->also[at]);

	if (*name == '\0' || strcmp(name, "stages") == 0)
		return false;
	for (size_t i = 0; i < at; i++) {
		if (strcmp(run_also_name(run->order->recipe->also[i]), name) == 0)
			return false;
	}
	return true;
}

static enum reason read_hash(const struct nix *nix, struct run_also *also, struct nix_said *said)
{
	const char *const words[] = { "path-info", "--json", also->out, NULL };
	struct nixjson_paths paths = { .n = 0 };
	struct buf text = { 0 };

	enum reason reason = nix_ask(nix, false, words, NIXJSON_MAX, &text, said);
	if (reason == REASON_OK)
		reason = nixjson_paths(buf_span(&text), &paths);
	const struct nixjson_path *path =
		reason == REASON_OK ? nixjson_path(&paths, span_of_text(also->out)) : NULL;
	if (reason == REASON_OK && path == NULL)
		reason = REASON_NIX_OUTPUT;
	if (reason == REASON_OK) {
		struct buf copy = { 0 };
		buf_text(&copy, path->nar_hash);
		also->nar_hash = buf_take_text(&copy);
		reason = also->nar_hash == NULL ? REASON_OUT_OF_MEMORY : REASON_OK;
	}
	nixjson_paths_done(&paths);
	buf_done(&text);
	return reason;
}

static enum reason build_one(struct run *run, size_t at, struct nix_said *said)
{
	const char *attribute = run->order->recipe->also[at];
	struct run_also *also = &run->also[at];
	struct nixjson_built built;
	struct buf name = { 0 };

	buf_printf(&name, "%s/also-%zu", run->work, at);
	char *root = buf_take_text(&name);
	enum reason reason = root == NULL ? REASON_OUT_OF_MEMORY :
					    nix_evaluate(&run->nix, attribute, also->drv, said);
	if (reason == REASON_OK)
		reason = nix_build(&run->nix, attribute, also->drv, root, &built, said);
	free(root);
	if (reason != REASON_OK)
		return reason;
	/* programs of a package with several outputs are in bin, where it has that */
	const char *out = nixjson_output(&built, "bin");
	if (out == NULL)
		out = nixjson_output(&built, "out");
	if (out == NULL)
		return REASON_COLLECT;
	memcpy(also->out, out, strlen(out) + 1);
	return read_hash(&run->nix, also, said);
}

/* Ends the run: it is about the run, not about one output. */
static bool ends_all(enum reason reason)
{
	return reason == REASON_INTERRUPTED || reason == REASON_OUT_OF_MEMORY;
}

enum reason run_also_build(struct run *run, struct trouble *reterr)
{
	for (size_t i = 0; i < run->order->recipe->n_also; i++) {
		struct run_fault *fault = &run->also[i].fault;
		struct nix_said said = { .option_ignored = false };
		fault->reason = is_free(run, i) ? build_one(run, i, &said) : REASON_FILE_EXISTS;
		if (fault->reason != REASON_OK)
			run_note_said(&fault->trouble, &said, fault->reason);
		run->option_ignored = run->option_ignored || said.option_ignored;
		nix_said_done(&said);
		if (ends_all(fault->reason)) {
			*reterr = fault->trouble;
			return fault->reason;
		}
	}
	return REASON_OK;
}

static enum reason open_file(const struct run *run, const struct run_also *also, const char *name,
			     int *ret_fd, struct trouble *reterr)
{
	struct trouble ignored = { 0 };
	struct buf below = { 0 };

	buf_printf(&below, "bin/%s", name);
	char *path = buf_take_text(&below);
	if (path == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = output_open(&run->nix, also->out, "", ret_fd, &ignored);
	if (reason != REASON_OK)
		reason = output_open(&run->nix, also->out, path, ret_fd, reterr);
	free(path);
	return reason;
}

/* Of the run's own trouble, *reterr tells. */
static enum reason copy_one(struct run *run, struct run_also *also, const char *name,
			    const char *to, struct trouble *reterr)
{
	struct draft draft;
	struct stat facts;
	int fd = -1;

	also->fault.reason = open_file(run, also, name, &fd, &also->fault.trouble);
	if (also->fault.reason != REASON_OK)
		return also->fault.reason == REASON_OUT_OF_MEMORY ? REASON_OUT_OF_MEMORY :
								    REASON_OK;
	also->is_program = fstat(fd, &facts) == 0 && (facts.st_mode & S_IXUSR) != 0;
	enum reason reason = draft_open(to, &draft);
	if (reason == REASON_OK) {
		reason = copy_bytes(fd, draft.fd, RUN_EIF_MAX, run->git.interrupted, &also->file);
		if (reason == REASON_OK)
			reason = draft_commit(&draft);
		else
			draft_drop(&draft);
	}
	(void)close(fd);
	/* as whoever made it may read it */
	if (reason == REASON_OK && also->is_program && stat(to, &facts) == 0 &&
	    chmod(to, (facts.st_mode & 0666) | (facts.st_mode & 0444) >> 2) != 0)
		reason = REASON_FILE_UNWRITABLE;
	if (reason != REASON_OK)
		return trouble_note(reterr, reason, span_of_text(to), errno);
	also->is_copied = true;
	return REASON_OK;
}

enum reason run_also_collect(struct run *run, struct trouble *reterr)
{
	enum reason reason = REASON_OK;

	for (size_t i = 0; i < run->order->recipe->n_also && reason == REASON_OK; i++) {
		struct run_also *also = &run->also[i];
		const char *name = run_also_name(run->order->recipe->also[i]);
		if (!is_free(run, i))
			continue;
		char *to = run_path(run->out, name);
		if (to == NULL)
			return REASON_OUT_OF_MEMORY;
		if (also->fault.reason == REASON_OK)
			reason = copy_one(run, also, name, to, reterr);
		/* not one of another build */
		if (!also->is_copied && unlink(to) != 0 && errno != ENOENT && reason == REASON_OK)
			reason = trouble_note(reterr, REASON_FILE_UNWRITABLE, span_of_text(to),
					      errno);
		free(to);
	}
	return reason;
}
