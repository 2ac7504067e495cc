#include "verify/jsonplace.h"

#include "test/support.h"
#include "verify/auto.h"

/* The members of these texts are found again by the way that leads to them. */
START_TEST(test_places)
{
	static const char text[] =
		"{\"a\": 1,\n"
		"  \"b\\\"\\\\\" : [ \"x:\", {\"c\"\n: {\"d\": \"\\\"e\\\":\"}}, 7 ],\n"
		"\t\"f\": null }";
	static const struct {
		const char *row;
		const char *way[5]; /* keys, or # and an index */
		struct json_place want;
	} rows[] = {
		{ "the outermost value", { NULL }, { 1, 1 } },
		{ "first", { "a" }, { 1, 2 } },
		{ "escapes in a key", { "b\"\\" }, { 2, 3 } },
		{ "an element", { "b\"\\", "#0" }, { 2, 15 } },
		{ "within an array", { "b\"\\", "#1", "c" }, { 2, 22 } },
		{ "colon on the next line", { "b\"\\", "#1", "c", "d" }, { 3, 4 } },
		{ "behind what was nested", { "b\"\\", "#2" }, { 3, 21 } },
		{ "last", { "f" }, { 4, 2 } },
	};
	AUTO(cJSON) *tree = NULL;
	AUTO(cJSON) *other = cJSON_CreateNull();
	struct json_place place;

	EXPECT_REASON("text", json_read(SPAN_LITERAL(text), &tree, &place), REASON_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const cJSON *item = tree;
		for (size_t k = 0; rows[i].way[k] != NULL; k++) {
			const char *step = rows[i].way[k];
			item = step[0] == '#' ? cJSON_GetArrayItem(item, step[1] - '0') :
						cJSON_GetObjectItemCaseSensitive(item, step);
			ck_assert_ptr_nonnull(item);
		}
		place = json_place_of_member(SPAN_LITERAL(text), tree, item);
		ck_assert_msg(place.line == rows[i].want.line &&
				      place.column == rows[i].want.column,
			      "%s: line %zu, column %zu", rows[i].row, place.line, place.column);
	}
	place = json_place_of_member(SPAN_LITERAL(text), tree, other);
	ck_assert_uint_eq(place.line, 0);
	place = json_place_of_member(SPAN_LITERAL(text), NULL, other);
	ck_assert_uint_eq(place.line, 0);
}
END_TEST

/* What is nested as deep as can be read is found. */
START_TEST(test_depth)
{
	AUTO(cJSON) *tree = NULL;
	struct buf text = { 0 };
	struct json_place place;

	for (unsigned i = 0; i < JSON_DEPTH_MAX; i++)
		buf_text(&text, "{\"k\":");
	buf_text(&text, "1");
	for (unsigned i = 0; i < JSON_DEPTH_MAX; i++)
		buf_text(&text, "}");
	EXPECT_REASON("deep", json_read_large(buf_span(&text), &tree, &place), REASON_OK);
	const cJSON *item = tree;
	while (item->child != NULL)
		item = item->child;
	place = json_place_of_member(buf_span(&text), tree, item);
	ck_assert_uint_eq(place.line, 1);
	ck_assert_uint_eq(place.column, (JSON_DEPTH_MAX - 1) * 5 + 2);
	buf_done(&text);
}
END_TEST

/* The larger bounds are bounds, too. */
START_TEST(test_large)
{
	static const struct {
		const char *row;
		size_t values;
		size_t padding;
		enum reason want;
	} rows[] = {
		{ "more than json_read takes", JSON_VALUES_MAX + 1, JSON_MAX, REASON_OK },
		{ "too many values", JSON_LARGE_VALUES_MAX, 0, REASON_JSON_TOO_MANY_VALUES },
		{ "too long", 1, JSON_LARGE_MAX, REASON_JSON_TOO_LARGE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		AUTO(cJSON) *tree = NULL;
		struct buf text = { 0 };
		struct json_place place;
		buf_text(&text, "[0");
		for (size_t k = 1; k < rows[i].values; k++)
			buf_text(&text, ",0");
		buf_text(&text, "]");
		for (size_t k = 0; k < rows[i].padding; k++)
			buf_byte(&text, ' ');
		EXPECT_REASON(rows[i].row, json_read_large(buf_span(&text), &tree, &place),
			      rows[i].want);
		buf_done(&text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("jsonplace");

	support_add(suite, "places", test_places);
	support_add(suite, "depth", test_depth);
	support_add(suite, "large", test_large);
	return support_main(suite);
}
