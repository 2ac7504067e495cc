#include "verify/jsonplace.h"

static bool step(struct json_finder *finder, uint8_t *ret)
{
	struct span one;

	if (!span_take(&finder->rest, 1, &one))
		return false;
	*ret = one.at[0];
	finder->place.column++;
	if (*ret == '\n')
		finder->place = (struct json_place){ finder->place.line + 1, 1 };
	return true;
}

static void skip_space(struct json_finder *finder)
{
	uint8_t c = 0;

	while (finder->rest.len > 0 && finder->rest.at[0] <= ' ' && step(finder, &c))
		continue;
}

void json_finder_enter(struct json_finder *finder, size_t index)
{
	size_t depth = 0;
	bool quoted = false;
	uint8_t c = 0;

	while (step(finder, &c)) {
		if (quoted) {
			if (c == '\\')
				(void)step(finder, &c);
			else if (c == '"')
				quoted = false;
			continue;
		}
		quoted = c == '"';
		if (c == '{' || c == '[')
			depth++;
		if (c == '}' || c == ']')
			depth--;
		if (c == ',' && depth == 1)
			index--;
		if (depth == 1 && index == 0)
			break;
	}
	skip_space(finder);
}

struct json_place json_place_of(struct span text, const size_t path[], size_t n)
{
	struct json_finder finder = { text, { 1, 1 } };

	skip_space(&finder);
	for (size_t i = 0; i < n; i++)
		json_finder_enter(&finder, path[i]);
	return finder.place;
}

struct json_place json_place_of_member(struct span text, const cJSON *tree, const cJSON *member)
{
	const cJSON *above[JSON_DEPTH_MAX];
	size_t path[JSON_DEPTH_MAX];
	const cJSON *item = tree;
	size_t n = 0;

	while (item != NULL && item != member) {
		if (item->child != NULL && n < JSON_DEPTH_MAX) {
			above[n] = item;
			path[n++] = 0;
			item = item->child;
			continue;
		}
		while (n > 0 && item->next == NULL)
			item = above[--n];
		/* what stands beside the outermost value is of another tree */
		item = n > 0 ? item->next : NULL;
		if (n > 0)
			path[n - 1]++;
	}
	return item != NULL ? json_place_of(text, path, n) : (struct json_place){ 0, 0 };
}
