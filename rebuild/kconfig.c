#include "rebuild/kconfig.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX SPAN_LITERAL("CONFIG_")
#define UNSET_BEFORE SPAN_LITERAL("# ")
#define UNSET_BEHIND SPAN_LITERAL(" is not set")

struct option {
	struct span name;
	struct span value;
	size_t line;
};

struct options {
	struct option *list;
	size_t n;
	size_t cap;
};

static const struct span nothing = { NULL, 0 };

static bool take_start(struct span *text, struct span start)
{
	struct span rest = *text;
	struct span first;

	if (!span_take(&rest, start.len, &first) || !span_equal(first, start))
		return false;
	*text = rest;
	return true;
}

static bool begins(struct span text, struct span start)
{
	return take_start(&text, start);
}

static bool take_end(struct span *text, struct span end)
{
	struct span behind = *text;
	struct span before;

	if (text->len < end.len || !span_take(&behind, text->len - end.len, &before) ||
	    !span_equal(behind, end))
		return false;
	*text = before;
	return true;
}

static bool read_line(struct span line, struct option *ret)
{
	struct span name;
	struct span sign;
	size_t n = 0;

	if (take_start(&line, UNSET_BEFORE)) {
		if (!begins(line, PREFIX) || !take_end(&line, UNSET_BEHIND))
			return false;
		ret->name = line;
		ret->value = SPAN_LITERAL("is not set");
		return true;
	}
	while (n < line.len && line.at[n] != '=')
		n++;
	if (!begins(line, PREFIX) || !span_take(&line, n, &name) || !span_take(&line, 1, &sign))
		return false;
	ret->name = name;
	ret->value = line;
	return true;
}

static bool append(struct options *options, const struct option *option)
{
	if (options->n == options->cap) {
		size_t cap = options->cap == 0 ? 1024 : options->cap * 2;
		struct option *list = realloc(options->list, cap * sizeof(*list));
		if (list == NULL)
			return false;
		options->list = list;
		options->cap = cap;
	}
	options->list[options->n++] = *option;
	return true;
}

static int compare_names(struct span a, struct span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n == 0 ? 0 : memcmp(a.at, b.at, n);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_name(const void *x, const void *y)
{
	const struct option *a = x;
	const struct option *b = y;
	int order = compare_names(a->name, b->name);

	return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

/* Sorted by name, each once. */
static bool read_options(struct span text, struct options *ret)
{
	struct span line;
	struct span newline;
	struct option option = { .line = 0 };
	size_t kept = 0;

	while (text.len > 0) {
		const uint8_t *end = memchr(text.at, '\n', text.len);
		size_t n = end == NULL ? text.len : (size_t)(end - text.at);
		(void)span_take(&text, n, &line);
		(void)span_take(&text, 1, &newline);
		option.line++;
		if (read_line(line, &option) && !append(ret, &option))
			return false;
	}
	if (ret->n > 0)
		qsort(ret->list, ret->n, sizeof(*ret->list), by_name);
	for (size_t i = 0; i < ret->n; i++) {
		if (i + 1 == ret->n || !span_equal(ret->list[i].name, ret->list[i + 1].name))
			ret->list[kept++] = ret->list[i];
	}
	ret->n = kept;
	return true;
}

/* The next name of either, and what each says of it; NULL: nothing. */
struct difference {
	const struct option *a;
	const struct option *b;
};

static bool next_name(const struct options *a, size_t *at_a, const struct options *b, size_t *at_b,
		      struct difference *ret)
{
	const struct option *x = *at_a < a->n ? &a->list[*at_a] : NULL;
	const struct option *y = *at_b < b->n ? &b->list[*at_b] : NULL;

	if (x == NULL && y == NULL)
		return false;
	int order = x == NULL ? 1 : y == NULL ? -1 : compare_names(x->name, y->name);
	*ret = (struct difference){ order <= 0 ? x : NULL, order >= 0 ? y : NULL };
	*at_a += order <= 0;
	*at_b += order >= 0;
	return true;
}

static bool differs(const struct difference *pair)
{
	return pair->a == NULL || pair->b == NULL || !span_equal(pair->a->value, pair->b->value);
}

static uint64_t count(const struct options *a, const struct options *b)
{
	struct difference pair;
	size_t at_a = 0;
	size_t at_b = 0;
	uint64_t n = 0;

	while (next_name(a, &at_a, b, &at_b, &pair))
		n += differs(&pair);
	return n;
}

static void tell(const struct options *a, const struct options *b, struct findings *findings)
{
	struct difference pair;
	size_t at_a = 0;
	size_t at_b = 0;
	size_t told = 0;

	while (told < KCONFIG_TOLD_MAX && next_name(a, &at_a, b, &at_b, &pair)) {
		if (!differs(&pair))
			continue;
		findings_add(findings, FINDING_CONTENT, "kernel",
			     pair.a != NULL ? pair.a->name : pair.b->name,
			     pair.a == NULL ? "only-in-b" :
			     pair.b == NULL ? "only-in-a" :
					      "value",
			     pair.a == NULL ? nothing : pair.a->value,
			     pair.b == NULL ? nothing : pair.b->value, NULL);
		told++;
	}
}

enum reason kconfig_compare(struct span a, struct span b, struct findings *findings)
{
	struct options options_a = { 0 };
	struct options options_b = { 0 };
	char note[96] = "the same options, in another order or with other comments";

	if (span_equal(a, b))
		return REASON_OK;
	bool ok = read_options(a, &options_a) && read_options(b, &options_b);
	if (ok) {
		uint64_t n = count(&options_a, &options_b);
		if (n > 0)
			(void)snprintf(note, sizeof(note), "%" PRIu64 " option%s%s", n,
				       n == 1 ? " differs" : "s differ",
				       n > KCONFIG_TOLD_MAX ? "; the first 20 are told" : "");
		findings_add(findings, FINDING_CONTENT, "kernel", nothing, "config", nothing,
			     nothing, note);
		tell(&options_a, &options_b, findings);
	}
	free(options_a.list);
	free(options_b.list);
	return ok ? REASON_OK : REASON_OUT_OF_MEMORY;
}
