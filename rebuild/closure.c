#include "rebuild/closure.h"

#include <stdlib.h>
#include <string.h>

#define LIST_MAX ((size_t)2 * CLOSURE_MAX * (DRV_PATH_MAX + 1)) /* bytes of a list of paths */
#define PATHS_AT_ONCE 64

static char *own(struct span text)
{
	struct buf copy = { 0 };

	buf_add(&copy, text);
	return buf_take_text(&copy);
}

static void drop_drv(struct closure_drv *drv)
{
	free(drv->path);
	free(drv->image_digest);
	free(drv->image_name);
	for (size_t i = 0; i < drv->n_outputs; i++)
		free(drv->outputs[i]);
	free(drv->outputs);
}

void closure_done(struct closure *closure)
{
	for (size_t i = 0; i < closure->n_drvs; i++)
		drop_drv(&closure->drvs[i]);
	free(closure->drvs);
	nixjson_paths_done(&closure->paths);
	*closure = (struct closure){ .n_drvs = 0 };
}

static bool own_variable(const struct drv *drv, const char *name, char **ret)
{
	struct span value;

	if (!drv_variable(drv, name, &value))
		return true;
	*ret = own(value);
	return *ret != NULL;
}

/* What the derivation says, into an entry that closure_done drops. */
static enum reason take_drv(const struct drv *drv, struct closure_drv *ret)
{
	ret->is_fixed = drv_is_fixed(drv);
	ret->outputs = calloc(drv->n_outputs, sizeof(*ret->outputs));
	if (ret->outputs == NULL || !own_variable(drv, "imageDigest", &ret->image_digest) ||
	    !own_variable(drv, "imageName", &ret->image_name))
		return REASON_OUT_OF_MEMORY;
	for (; ret->n_outputs < drv->n_outputs; ret->n_outputs++) {
		const struct span path = drv->outputs[ret->n_outputs].path;
		/* one whose path is known only afterwards is of a feature that is not switched on */
		if (path.len == 0)
			return REASON_NIX_OUTPUT;
		ret->outputs[ret->n_outputs] = own(path);
		if (ret->outputs[ret->n_outputs] == NULL)
			return REASON_OUT_OF_MEMORY;
	}
	return REASON_OK;
}

static enum reason read_drv(const struct nix *nix, struct span path, struct closure *closure,
			    struct nix_said *said)
{
	struct closure_drv *entry = &closure->drvs[closure->n_drvs];
	struct buf text = { 0 };
	struct drv drv;

	*entry = (struct closure_drv){ .path = own(path), .reason = REASON_OK };
	if (entry->path == NULL)
		return REASON_OUT_OF_MEMORY;
	closure->n_drvs++;
	const char *const words[] = { "store", "cat", entry->path, NULL };
	enum reason reason = nix_ask(nix, false, words, DRV_MAX, &text, said);
	if (reason == REASON_OK)
		reason = drv_read(buf_span(&text), &drv);
	if (reason == REASON_OK)
		reason = take_drv(&drv, entry);
	buf_done(&text);
	return reason;
}

/* Asks for a few paths at once: Nix's answer and its words are bounded. */
static enum reason read_paths(const struct nix *nix, char *const paths[], size_t n,
			      struct closure *closure, struct nix_said *said)
{
	const char *words[PATHS_AT_ONCE + 3] = { "path-info", "--json" };
	struct buf text = { 0 };
	const size_t before = closure->paths.n;

	if (n == 0)
		return REASON_OK;
	for (size_t i = 0; i < n; i++)
		words[2 + i] = paths[i];
	words[2 + n] = NULL;
	enum reason reason = nix_ask(nix, false, words, NIXJSON_MAX, &text, said);
	if (reason == REASON_OK)
		reason = nixjson_paths(buf_span(&text), &closure->paths);
	buf_done(&text);
	/* each of these, and nothing else */
	if (reason == REASON_OK && closure->paths.n != before + n)
		reason = REASON_NIX_OUTPUT;
	for (size_t i = 0; i < n && reason == REASON_OK; i++) {
		if (nixjson_path(&closure->paths, span_of_text(paths[i])) == NULL)
			reason = REASON_NIX_OUTPUT;
	}
	return reason;
}

/* A few paths on their way to read_paths. */
struct batch {
	char *paths[PATHS_AT_ONCE];
	size_t n;
};

static void empty_batch(struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		free(batch->paths[i]);
	batch->n = 0;
}

static bool is_drv(struct span path)
{
	return drv_is_path(path, ".drv");
}

static enum reason read_list(const struct nix *nix, struct span list, struct closure *closure,
			     struct nix_said *said)
{
	struct batch batch = { .n = 0 };
	struct span path;
	size_t n = 0;

	enum reason reason = nixjson_line(&list, NULL, &path);
	for (; reason == REASON_OK && path.len > 0; n++) {
		if (n >= 2 * (size_t)CLOSURE_MAX || closure->n_drvs >= CLOSURE_MAX) {
			reason = REASON_NIX_OUTPUT;
		} else if (is_drv(path)) {
			reason = read_drv(nix, path, closure, said);
		} else {
			batch.paths[batch.n] = own(path);
			reason = batch.paths[batch.n] != NULL ? REASON_OK : REASON_OUT_OF_MEMORY;
			batch.n += reason == REASON_OK;
		}
		if (reason == REASON_OK && batch.n == PATHS_AT_ONCE) {
			reason = read_paths(nix, batch.paths, batch.n, closure, said);
			empty_batch(&batch);
		}
		if (reason == REASON_OK)
			reason = nixjson_line(&list, NULL, &path);
	}
	if (reason == REASON_OK)
		reason = read_paths(nix, batch.paths, batch.n, closure, said);
	empty_batch(&batch);
	return reason;
}

enum reason closure_read(const struct nix *nix, const char *drv, struct closure *ret,
			 struct nix_said *said)
{
	const char *const words[] = { "--query", "--requisites", "--include-outputs", drv, NULL };
	struct buf list = { 0 };

	*ret = (struct closure){ .n_drvs = 0 };
	if (!is_drv(span_of_text(drv)))
		return REASON_NIX_OUTPUT;
	ret->drvs = calloc(CLOSURE_MAX, sizeof(*ret->drvs));
	if (ret->drvs == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = nix_ask(nix, true, words, LIST_MAX, &list, said);
	if (reason == REASON_OK)
		reason = read_list(nix, buf_span(&list), ret, said);
	buf_done(&list);
	/* what was asked for is among it, whatever Nix said */
	for (size_t i = 0; i < ret->n_drvs && reason == REASON_OK; i++) {
		if (ret->drvs[i].path != NULL && strcmp(ret->drvs[i].path, drv) == 0)
			return REASON_OK;
	}
	return reason == REASON_OK ? REASON_NIX_OUTPUT : reason;
}

/* The standing that a derivation had. */
static void take_standing(const struct closure *from, struct closure_drv *to)
{
	for (size_t i = 0; i < from->n_drvs; i++) {
		if (strcmp(from->drvs[i].path, to->path) != 0)
			continue;
		to->standing = from->drvs[i].standing;
		to->reason = from->drvs[i].reason;
		to->differing = from->drvs[i].differing;
		return;
	}
}

enum reason closure_read_again(const struct nix *nix, const char *drv, struct closure *closure,
			       struct nix_said *said)
{
	struct closure now;

	enum reason reason = closure_read(nix, drv, &now, said);
	if (reason != REASON_OK) {
		closure_done(&now);
		return reason;
	}
	for (size_t i = 0; i < now.n_drvs; i++)
		take_standing(closure, &now.drvs[i]);
	closure_done(closure);
	*closure = now;
	return REASON_OK;
}

enum reason closure_verify(const struct nix *nix, const struct closure *closure,
			   struct nix_said *said)
{
	const char *words[PATHS_AT_ONCE + 2] = { "--verify-path" };
	enum reason reason = REASON_OK;

	for (size_t i = 0; i < closure->paths.n && reason == REASON_OK;) {
		struct buf output = { 0 };
		size_t n = 0;
		for (; n < PATHS_AT_ONCE && i < closure->paths.n; n++, i++)
			words[1 + n] = closure->paths.at[i].path;
		words[1 + n] = NULL;
		reason = nix_ask(nix, true, words, NIXJSON_MAX, &output, said);
		buf_done(&output);
	}
	return reason;
}

bool closure_is_substituted(const struct nixjson_path *path)
{
	return !path->ultimate && !path->addressed;
}

/* All of its outputs are in the store: it can be built again. *ret_here: and made in this one. */
static bool is_valid(const struct closure *closure, const struct closure_drv *drv, bool *ret_here)
{
	*ret_here = true;
	for (size_t i = 0; i < drv->n_outputs; i++) {
		const struct nixjson_path *path =
			nixjson_path(&closure->paths, span_of_text(drv->outputs[i]));
		if (path == NULL)
			return false;
		*ret_here = *ret_here && path->ultimate;
	}
	return true;
}

/* Trouble that says nothing about one derivation. */
static bool ends_all(enum reason reason)
{
	return reason == REASON_INTERRUPTED || reason == REASON_OUT_OF_MEMORY ||
	       reason == REASON_PROC_START || reason == REASON_PROC_TIMEOUT ||
	       reason == REASON_FILE_UNWRITABLE || reason == REASON_NIX_DISK_FULL ||
	       reason == REASON_NIX_OPTION;
}

/* Which outputs Nix said to differ: `output 'PATH' differs`. A builder can make it say that of one too many. */
static uint32_t find_differing(const struct closure_drv *drv, struct span errors)
{
	uint32_t found = 0;

	for (size_t i = 0; i < drv->n_outputs; i++) {
		struct buf text = { 0 };
		buf_printf(&text, "output '%s' differs", drv->outputs[i]);
		for (size_t at = 0; !text.failed && at + text.len <= errors.len; at++) {
			if (memcmp(errors.at + at, text.at, text.len) == 0)
				found |= UINT32_C(1) << i;
		}
		buf_done(&text);
	}
	return found;
}

/* Builds it a second time. */
static enum reason check_one(const struct nix *nix, struct closure_drv *drv, struct nix_said *said)
{
	struct nix_said heard = { .option_ignored = false };

	enum reason reason = nix_realise(nix, drv->path, true, NULL, &heard);
	if (reason == REASON_NIX_DIFFERS)
		drv->differing = find_differing(drv, buf_span(&heard.errors));
	said->option_ignored = said->option_ignored || heard.option_ignored;
	if (said->errors.len + heard.errors.len <= NIXLOG_ERRORS_MAX)
		buf_add(&said->errors, buf_span(&heard.errors));
	nix_said_done(&heard);
	return reason;
}

static enum reason judge_one(const struct nix *nix, bool was_empty, const struct closure *closure,
			     struct closure_drv *drv, struct nix_said *said)
{
	bool here = false;

	if (drv->is_fixed) {
		drv->standing = CLOSURE_FIXED;
		return REASON_OK;
	}
	const bool valid = is_valid(closure, drv, &here);
	drv->was_missing = !valid;
	if (valid && here && was_empty) {
		drv->standing = CLOSURE_BUILT;
		return REASON_OK;
	}
	/* what was never needed, since what it makes was substituted, must be built before it can be
	 * built again */
	enum reason reason = valid ? REASON_OK : nix_realise(nix, drv->path, false, NULL, said);
	if (reason == REASON_OK)
		reason = check_one(nix, drv, said);
	drv->standing = reason == REASON_OK          ? CLOSURE_AGAIN :
			reason == REASON_NIX_DIFFERS ? CLOSURE_DIFFERS :
						       CLOSURE_FAILED;
	drv->reason = reason;
	return ends_all(reason) ? reason : REASON_OK;
}

size_t closure_count(const struct closure *closure, enum closure_standing standing)
{
	size_t n = 0;

	for (size_t i = 0; i < closure->n_drvs; i++)
		n += closure->drvs[i].standing == standing;
	return n;
}

/* Made by a derivation that was judged, or named by its own content. What an evaluation takes from a
 * store by name alone would be neither. */
static bool is_accounted(const struct closure *closure, const struct nixjson_path *path)
{
	if (path->addressed)
		return true;
	for (size_t i = 0; i < closure->n_drvs; i++) {
		for (size_t j = 0; j < closure->drvs[i].n_outputs; j++) {
			if (strcmp(closure->drvs[i].outputs[j], path->path) == 0)
				return true;
		}
	}
	return false;
}

enum reason closure_conclude(const struct closure *closure)
{
	if (closure_count(closure, CLOSURE_DIFFERS) > 0)
		return REASON_NIX_DIFFERS;
	for (size_t i = 0; i < closure->paths.n; i++) {
		if (!is_accounted(closure, &closure->paths.at[i]))
			return REASON_NIX_SUBSTITUTED;
	}
	const size_t good = closure_count(closure, CLOSURE_FIXED) +
			    closure_count(closure, CLOSURE_BUILT) +
			    closure_count(closure, CLOSURE_AGAIN);
	return good == closure->n_drvs && good > 0 ? REASON_OK : REASON_NIX_SUBSTITUTED;
}

enum reason closure_judge(const struct nix *nix, bool was_empty,
			  const struct closure_progress *progress, struct closure *closure,
			  struct nix_said *said)
{
	if (!nix->settings->independent)
		return REASON_NIX_OPTION;
	for (size_t i = 0; i < closure->n_drvs; i++) {
		if (progress != NULL && progress->tell != NULL)
			progress->tell(progress->context, i, closure->n_drvs,
				       closure->drvs[i].path);
		enum reason reason = judge_one(nix, was_empty, closure, &closure->drvs[i], said);
		if (reason != REASON_OK)
			return reason;
	}
	if (progress != NULL && progress->tell != NULL)
		progress->tell(progress->context, closure->n_drvs, closure->n_drvs, "");
	return said->option_ignored ? REASON_NIX_OPTION_IGNORED : closure_conclude(closure);
}
