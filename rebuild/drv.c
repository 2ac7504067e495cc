#include "rebuild/drv.h"

#include <string.h>

#define HASH_LEN 32

static bool take_text(struct span *rest, const char *text)
{
	struct span got = *rest;
	struct span head;

	if (!span_take(&got, strlen(text), &head) || !span_equal(head, span_of_text(text)))
		return false;
	*rest = got;
	return true;
}

/* A string without its quotes, escapes left as they are. */
static bool take_string(struct span *rest, struct span *ret)
{
	struct span cursor = *rest;
	struct span closing;
	size_t n = 0;

	if (!take_text(&cursor, "\""))
		return false;
	while (n < cursor.len && cursor.at[n] != '"')
		n += cursor.at[n] == '\\' ? 2 : 1;
	if (n >= cursor.len || !span_take(&cursor, n, ret) || !span_take(&cursor, 1, &closing))
		return false;
	*rest = cursor;
	return true;
}

/* One that is only borrowed, so that it cannot have escapes. */
static bool take_plain(struct span *rest, struct span *ret)
{
	return take_string(rest, ret) && (ret->len == 0 || memchr(ret->at, '\\', ret->len) == NULL);
}

/* Goes over a list whose members `take` takes. */
static bool take_list(struct span *rest, bool (*take)(void *of, struct span *rest), void *of)
{
	if (!take_text(rest, "["))
		return false;
	if (take_text(rest, "]"))
		return true;
	do {
		if (!take(of, rest))
			return false;
	} while (take_text(rest, ","));
	return take_text(rest, "]");
}

static bool take_output(void *of, struct span *rest)
{
	struct drv *drv = of;

	if (drv->n_outputs == DRV_OUTPUTS_MAX)
		return false;
	struct drv_output *output = &drv->outputs[drv->n_outputs];
	if (!take_text(rest, "(") || !take_plain(rest, &output->name) || !take_text(rest, ",") ||
	    !take_plain(rest, &output->path) || !take_text(rest, ",") ||
	    !take_plain(rest, &output->algorithm) || !take_text(rest, ",") ||
	    !take_plain(rest, &output->digest) || !take_text(rest, ")"))
		return false;
	if (output->name.len == 0 || (output->path.len > 0 && !drv_is_path(output->path, NULL)))
		return false;
	drv->n_outputs++;
	return true;
}

static bool take_word(void *of, struct span *rest)
{
	struct span word;

	(void)of;
	return take_string(rest, &word);
}

static bool take_input(void *of, struct span *rest)
{
	struct span path;

	return take_text(rest, "(") && take_plain(rest, &path) && take_text(rest, ",") &&
	       take_list(rest, take_word, of) && take_text(rest, ")");
}

/* What is asked of the variables. */
struct lookup {
	struct span name;
	struct span value;
	size_t found;
};

static bool take_variable(void *of, struct span *rest)
{
	struct lookup *lookup = of;
	struct span name;
	struct span value;

	if (!take_text(rest, "(") || !take_string(rest, &name) || !take_text(rest, ",") ||
	    !take_string(rest, &value) || !take_text(rest, ")"))
		return false;
	if (lookup != NULL && span_equal(name, lookup->name)) {
		lookup->value = value;
		lookup->found++;
	}
	return true;
}

enum reason drv_read(struct span text, struct drv *ret)
{
	struct drv drv = { .n_outputs = 0 };
	struct span system;
	struct span builder;

	if (text.len > DRV_MAX || !take_text(&text, "Derive(") ||
	    !take_list(&text, take_output, &drv) || drv.n_outputs == 0 || !take_text(&text, ",") ||
	    !take_list(&text, take_input, NULL) || !take_text(&text, ",") ||
	    !take_list(&text, take_word, NULL) || !take_text(&text, ",") ||
	    !take_string(&text, &system) || !take_text(&text, ",") ||
	    !take_string(&text, &builder) || !take_text(&text, ",") ||
	    !take_list(&text, take_word, NULL) || !take_text(&text, ","))
		return REASON_NIX_OUTPUT;
	drv.environment = text;
	if (!take_list(&text, take_variable, NULL))
		return REASON_NIX_OUTPUT;
	drv.environment.len -= text.len;
	if (!take_text(&text, ")") || text.len != 0)
		return REASON_NIX_OUTPUT;
	*ret = drv;
	return REASON_OK;
}

bool drv_is_fixed(const struct drv *drv)
{
	const struct drv_output *output = &drv->outputs[0];

	/* an algorithm without a digest is an output whose path follows from its content afterwards */
	return drv->n_outputs == 1 && span_equal(output->name, SPAN_LITERAL("out")) &&
	       output->path.len > 0 && output->algorithm.len > 0 && output->digest.len > 0;
}

bool drv_variable(const struct drv *drv, const char *name, struct span *ret)
{
	struct lookup lookup = { .name = span_of_text(name) };
	struct span rest = drv->environment;

	if (!take_list(&rest, take_variable, &lookup) || lookup.found != 1)
		return false;
	if (lookup.value.len > 0 && memchr(lookup.value.at, '\\', lookup.value.len) != NULL)
		return false;
	*ret = lookup.value;
	return true;
}

/* Characters that Nix allows in the name of a store path. */
static bool is_name_byte(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z') || (byte != '\0' && strchr("+-._?=", byte) != NULL);
}

static bool ends_with(struct span text, const char *suffix)
{
	const struct span end = span_of_text(suffix);

	return text.len > end.len &&
	       span_equal((struct span){ text.at + (text.len - end.len), end.len }, end);
}

bool drv_is_path(struct span text, const char *suffix)
{
	size_t slash = text.len;

	while (slash > 0 && text.at[slash - 1] != '/')
		slash--;
	if (text.len > DRV_PATH_MAX || slash < 2 || text.at[0] != '/')
		return false;
	const uint8_t *base = text.at + slash;
	const size_t len = text.len - slash;
	if (len <= HASH_LEN + 1 || base[HASH_LEN] != '-' || base[HASH_LEN + 1] == '.')
		return false;
	for (size_t i = 0; i < HASH_LEN; i++) {
		if (!((base[i] >= '0' && base[i] <= '9') || (base[i] >= 'a' && base[i] <= 'z')))
			return false;
	}
	for (size_t i = HASH_LEN; i < len; i++) {
		if (!is_name_byte(base[i]))
			return false;
	}
	/* the folder becomes an argument of programs: nothing odd in it */
	for (size_t i = 0; i < slash; i++) {
		if (text.at[i] != '/' && !is_name_byte(text.at[i]))
			return false;
	}
	return suffix == NULL || ends_with(text, suffix);
}
