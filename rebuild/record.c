#include "rebuild/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "enclavecheck closure 1\n"
#define MASK_DIGITS 8

static const char *const names[] = {
	[CLOSURE_FIXED] = "fixed ",
	[CLOSURE_BUILT] = "built ",
	[CLOSURE_AGAIN] = "again ",
	[CLOSURE_DIFFERS] = "differs:",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What is sorted. */
struct one_drv {
	struct closure_drv *is;
};

struct one_path {
	const struct nixjson_path *is;
};

static int by_drv(const void *a, const void *b)
{
	const struct one_drv *left = a;
	const struct one_drv *right = b;

	return strcmp(left->is->path, right->is->path);
}

static int by_path(const void *a, const void *b)
{
	const struct one_path *left = a;
	const struct one_path *right = b;

	return strcmp(left->is->path, right->is->path);
}

/* All derivations in the order of their paths; the caller frees. NULL: no memory. */
static struct one_drv *sort_drvs(const struct closure *closure)
{
	struct one_drv *all = calloc(closure->n_drvs + 1, sizeof(*all));

	if (all == NULL)
		return NULL;
	for (size_t i = 0; i < closure->n_drvs; i++)
		all[i].is = &closure->drvs[i];
	qsort(all, closure->n_drvs, sizeof(*all), by_drv);
	return all;
}

static void print_paths(const struct closure *closure, struct buf *out)
{
	struct one_path *all = calloc(closure->paths.n + 1, sizeof(*all));

	if (all == NULL) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < closure->paths.n; i++)
		all[i].is = &closure->paths.at[i];
	qsort(all, closure->paths.n, sizeof(*all), by_path);
	for (size_t i = 0; i < closure->paths.n; i++)
		buf_printf(out, "%s %s %s\n", all[i].is->nar_hash,
			   all[i].is->ultimate ? "ultimate" : "copied", all[i].is->path);
	free(all);
}

static void print_standing(const struct closure_drv *drv, struct buf *out)
{
	buf_text(out, names[drv->standing]);
	if (drv->standing == CLOSURE_DIFFERS)
		buf_printf(out, "%08lx ", (unsigned long)drv->differing);
}

bool record_print(const struct closure *closure, struct buf *out)
{
	for (size_t i = 0; i < closure->n_drvs; i++) {
		const enum closure_standing standing = closure->drvs[i].standing;
		if ((size_t)standing >= COUNT(names) || names[standing] == NULL)
			return false;
	}
	struct one_drv *drvs = sort_drvs(closure);
	if (drvs == NULL) {
		out->failed = true;
		return true;
	}
	buf_text(out, HEADER);
	for (size_t i = 0; i < closure->n_drvs; i++) {
		print_standing(drvs[i].is, out);
		buf_printf(out, "%s\n", drvs[i].is->path);
	}
	free(drvs);
	print_paths(closure, out);
	return true;
}

static bool take_text(struct span *rest, const char *text)
{
	struct span got = *rest;
	struct span head;

	if (!span_take(&got, strlen(text), &head) || !span_equal(head, span_of_text(text)))
		return false;
	*rest = got;
	return true;
}

static bool take_mask(struct span *rest, uint32_t *ret)
{
	struct span digits;
	uint32_t mask = 0;

	if (!span_take(rest, MASK_DIGITS, &digits))
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		const uint8_t byte = digits.at[i];
		if (byte >= '0' && byte <= '9')
			mask = mask << 4 | (uint32_t)(byte - '0');
		else if (byte >= 'a' && byte <= 'f')
			mask = mask << 4 | (uint32_t)(byte - 'a' + 10);
		else
			return false;
	}
	*ret = mask;
	return take_text(rest, " ");
}

static bool take_line(struct span *rest, struct closure_drv *drv)
{
	for (size_t i = 0; i < COUNT(names); i++) {
		if (names[i] == NULL || !take_text(rest, names[i]))
			continue;
		drv->standing = (enum closure_standing)i;
		drv->reason = i == CLOSURE_DIFFERS ? REASON_NIX_DIFFERS : REASON_OK;
		drv->differing = 0;
		if (i == CLOSURE_DIFFERS && !take_mask(rest, &drv->differing))
			return false;
		return take_text(rest, drv->path) && take_text(rest, "\n");
	}
	return false;
}

/* What no text can say: a standing that the derivation itself rules out. */
static bool is_possible(const struct closure_drv *drv)
{
	return drv->is_fixed == (drv->standing == CLOSURE_FIXED);
}

enum reason record_take(struct span text, struct closure *closure, bool *ret)
{
	struct one_drv *drvs = sort_drvs(closure);
	struct span rest = text;
	struct buf printed = { 0 };
	enum reason reason = REASON_OK;

	if (drvs == NULL)
		return REASON_OUT_OF_MEMORY;
	bool good = take_text(&rest, HEADER);
	for (size_t i = 0; i < closure->n_drvs && good; i++)
		good = take_line(&rest, drvs[i].is) && is_possible(drvs[i].is);
	free(drvs);
	/* whatever follows, and whatever was passed over */
	good = good && record_print(closure, &printed);
	if (printed.failed)
		reason = REASON_OUT_OF_MEMORY;
	good = good && span_equal(buf_span(&printed), text);
	buf_done(&printed);
	for (size_t i = 0; i < closure->n_drvs && !good; i++) {
		closure->drvs[i].standing = CLOSURE_UNKNOWN;
		closure->drvs[i].reason = REASON_OK;
		closure->drvs[i].differing = 0;
	}
	*ret = good;
	return reason;
}
