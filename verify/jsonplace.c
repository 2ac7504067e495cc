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
