#include "verify/eifmeta.h"

#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/test/eifmint.h"

static enum reason read_exact(struct span text, struct eifmeta *ret, enum reason *ret_json,
			      struct json_place *ret_place)
{
	uint8_t *exact = support_exact(text);
	enum reason reason =
		eifmeta_read((struct span){ exact, text.len }, ret, ret_json, ret_place);

	free(exact);
	return reason;
}

#define BUILD \
	"\"BuildMetadata\":{\"BuildTime\":\"t\",\"BuildTool\":\"b\",\"BuildToolVersion\":\"v\"," \
	"\"OperatingSystem\":\"o\",\"KernelVersion\":\"k\"}"
#define IMAGE "\"ImageName\":\"n\",\"ImageVersion\":\"1\","

START_TEST(test_rows)
{
	static const struct {
		const char *text;
		enum reason want;
		enum reason json;
		size_t column; /* 0: as a whole, or not looked at */
	} rows[] = {
		{ "{" IMAGE BUILD "}", REASON_OK, REASON_OK, 0 },
		{ "{" BUILD "," IMAGE "\"x\":1}", REASON_OK, REASON_OK, 0 },
		{ " {" IMAGE BUILD "}\n", REASON_OK, REASON_OK, 0 },
		{ "{" IMAGE BUILD ",\"DockerInfo\":{\"a\":[1,2]},\"CustomMetadata\":null}",
		  REASON_OK, REASON_OK, 0 },
		{ "{\"ImageName\":\"\",\"ImageVersion\":\"\\u001b[2J\"," BUILD "}", REASON_OK,
		  REASON_OK, 0 },
		{ "", REASON_EIF_METADATA_JSON, REASON_JSON_MALFORMED, 1 },
		{ "{", REASON_EIF_METADATA_JSON, REASON_JSON_MALFORMED, 2 },
		{ "{" IMAGE BUILD "}{}", REASON_EIF_METADATA_JSON, REASON_JSON_TRAILING, 0 },
		{ "{" IMAGE BUILD ",\"a\":1,\"a\":2}", REASON_EIF_METADATA_JSON,
		  REASON_JSON_DUPLICATE_KEY, 0 },
		{ "{\"ImageName\":\"a\"," IMAGE BUILD "}", REASON_EIF_METADATA_JSON,
		  REASON_JSON_DUPLICATE_KEY, 0 },
		{ "{\"ImageName\":\"\\u0000\"," BUILD "}", REASON_EIF_METADATA_JSON,
		  REASON_JSON_BAD_STRING, 0 },
		{ "[]", REASON_EIF_METADATA_JSON, REASON_OK, 0 },
		{ "null", REASON_EIF_METADATA_JSON, REASON_OK, 0 },
		{ "\"text\"", REASON_EIF_METADATA_JSON, REASON_OK, 0 },
		{ "{}", REASON_EIF_METADATA_FIELD, REASON_OK, 0 },
		{ "{" BUILD "}", REASON_EIF_METADATA_FIELD, REASON_OK, 0 },
		{ "{\"imagename\":\"n\",\"ImageVersion\":\"1\"," BUILD "}",
		  REASON_EIF_METADATA_FIELD, REASON_OK, 0 },
		{ "{\"ImageName\":null,\"ImageVersion\":\"1\"," BUILD "}",
		  REASON_EIF_METADATA_FIELD, REASON_OK, 0 },
		{ "{\"ImageName\":\"n\"," BUILD "}", REASON_EIF_METADATA_FIELD, REASON_OK, 0 },
		{ "{\"ImageName\":\"n\",\"ImageVersion\":1," BUILD "}", REASON_EIF_METADATA_FIELD,
		  REASON_OK, 0 },
		{ "{" IMAGE "\"BuildMetadata\":[]}", REASON_EIF_METADATA_FIELD, REASON_OK, 0 },
		{ "{" IMAGE "\"BuildMetadata\":{}}", REASON_EIF_METADATA_FIELD, REASON_OK, 0 },
		{ "{" IMAGE "\"BuildMetadata\":null}", REASON_EIF_METADATA_FIELD, REASON_OK, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct eifmeta meta = { 0 };
		enum reason json = REASON_COUNT;
		struct json_place place = { 9, 9 };
		EXPECT_REASON(rows[i].text,
			      read_exact(span_of_text(rows[i].text), &meta, &json, &place),
			      rows[i].want);
		EXPECT_REASON(rows[i].text, json, rows[i].json);
		ck_assert_msg(rows[i].column == 0 || place.column == rows[i].column,
			      "row \"%s\": column %zu", rows[i].text, place.column);
		ck_assert((meta.tree != NULL) == (rows[i].want == REASON_OK));
		eifmeta_done(&meta);
	}
}
END_TEST

/* Without each of the strings, or with something else in its place. */
START_TEST(test_required)
{
	static const char *const names[EIFMETA_STRINGS] = {
		"ImageName",        "ImageVersion",    "BuildTime",     "BuildTool",
		"BuildToolVersion", "OperatingSystem", "KernelVersion",
	};
	const char *text = eifmint_metadata;
	struct eifmeta meta = { 0 };
	enum reason json;
	struct json_place place;

	EXPECT_REASON("all", read_exact(span_of_text(text), &meta, &json, &place), REASON_OK);
	for (size_t i = 0; i < EIFMETA_STRINGS; i++) {
		ck_assert_str_eq(meta.strings[i].name, names[i]);
		char *key = strstr(text, names[i]);
		ck_assert_ptr_nonnull(key);
		struct buf other = { 0 };
		buf_text(&other, text);
		other.at[key - text] = 'x';
		struct eifmeta none = { 0 };
		EXPECT_REASON(names[i], read_exact(buf_span(&other), &none, &json, &place),
			      REASON_EIF_METADATA_FIELD);
		buf_done(&other);
	}
	ck_assert_str_eq(meta.strings[0].value, "test");
	ck_assert_str_eq(meta.strings[6].value, "6.1");
	eifmeta_done(&meta);
	eifmeta_done(&meta);
}
END_TEST

START_TEST(test_too_large)
{
	struct buf text = { 0 };
	struct eifmeta meta = { 0 };
	enum reason json;
	struct json_place place;

	buf_text(&text, "{" IMAGE BUILD "}");
	while (text.len < EIFMETA_MAX)
		buf_byte(&text, ' ');
	EXPECT_REASON("limit", read_exact(buf_span(&text), &meta, &json, &place), REASON_OK);
	eifmeta_done(&meta);
	buf_byte(&text, ' ');
	EXPECT_REASON("beyond", read_exact(buf_span(&text), &meta, &json, &place),
		      REASON_EIF_METADATA_TOO_LARGE);
	buf_done(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("eifmeta");

	support_add(suite, "rows", test_rows);
	support_add(suite, "required", test_required);
	support_add(suite, "too large", test_too_large);
	return support_main(suite);
}
