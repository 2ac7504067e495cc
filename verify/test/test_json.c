#include "verify/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"

#define BAD REASON_JSON_MALFORMED
#define TRAIL REASON_JSON_TRAILING
#define STRING REASON_JSON_BAD_STRING
#define TWICE REASON_JSON_DUPLICATE_KEY

static enum reason read_exact(struct span text, cJSON **ret, struct json_place *reterr_place)
{
	uint8_t *exact = support_exact(text);
	enum reason reason = json_read((struct span){ exact, text.len }, ret, reterr_place);

	free(exact);
	return reason;
}

/* Accepted, and printed as `want`. */
static void expect_printed(const char *text, const char *want)
{
	struct json_place place = { 0, 0 };
	cJSON *tree = NULL;
	char *printed = NULL;

	EXPECT_REASON(text, read_exact(span_of_text(text), &tree, &place), REASON_OK);
	EXPECT_REASON(text, json_print(tree, &printed), REASON_OK);
	ck_assert_msg(strcmp(printed, want) == 0, "row \"%s\": printed %s", text, printed);
	free(printed);
	cJSON_Delete(tree);
}

static void expect_refused(struct span text, const char *row, enum reason want, size_t line,
			   size_t column)
{
	struct json_place place = { 77, 77 };
	cJSON *tree = NULL;

	EXPECT_REASON(row, read_exact(text, &tree, &place), want);
	ck_assert_msg(tree == NULL, "row \"%s\": a tree on failure", row);
	ck_assert_msg(place.line == line && place.column == column,
		      "row \"%s\": at %zu:%zu, wanted %zu:%zu", row, place.line, place.column, line,
		      column);
}

START_TEST(test_good)
{
	static const struct {
		const char *text;
		const char *printed;
	} rows[] = {
		{ "{}", "{}" },
		{ "[]", "[]" },
		{ "null", "null" },
		{ "true", "true" },
		{ "false", "false" },
		{ "0", "0" },
		{ "-1", "-1" },
		{ "10", "10" },
		{ "1.5", "1.5" },
		{ "-0.25e2", "-25" },
		{ "1E+2", "100" },
		{ "1e-2", "0.01" },
		{ "0e0", "0" },
		{ "1e00002", "100" },
		{ "1e-999", "0" },
		{ "9e307", "9e+307" },
		{ "0.5e307", "5e+306" },
		{ "100000000000000000000000000000000000000000000000000000000000000", "1e+62" },
		{ "\"\"", "\"\"" },
		{ "\"a\"", "\"a\"" },
		{ " \t\r\n[ \t\r\n] \t\r\n", "[]" },
		{ "[1,2 , 3\n,[ ] ,{ }]", "[1,2,3,[],{}]" },
		{ "{\"a\":1,\"b\" : {\"a\":2}, \"c\":[{\"a\":3},{\"a\":4}]}",
		  "{\"a\":1,\"b\":{\"a\":2},\"c\":[{\"a\":3},{\"a\":4}]}" },
		{ "{\"\":1,\" \":2,\"A\":3,\"a\":4,\"aa\":5}",
		  "{\"\":1,\" \":2,\"A\":3,\"a\":4,\"aa\":5}" },
		{ "[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"a\":1}]" },
		{ "{\"a\":{\"a\":{\"a\":{}}}}", "{\"a\":{\"a\":{\"a\":{}}}}" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
		{ "\"\\u0001\\u001F\\u007f\"", "\"\\u0001\\u001f\\u007f\"" },
		{ "\"\\u0041\\u00e9\\u20AC\"", "\"A\\u00e9\\u20ac\"" },
		{ "\"\\ud7ff\\ue000\"", "\"\\ud7ff\\ue000\"" },
		{ "{\"\\u0061b\":1,\"\\u0061c\":2,\"\\u0061\":3}", "{\"ab\":1,\"ac\":2,\"a\":3}" },
		{ "\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\"" },
		{ "\"\\uD800\\uDC00\\uDBFF\\uDFFF\"", "\"\\ud800\\udc00\\udbff\\udfff\"" },
		{ "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "\"\\u00e9\\u20ac\\ud83d\\ude00\"" },
		{ "\"\x7f\xc2\x80\xc2\x9b\xe2\x80\xae\"", "\"\\u007f\\u0080\\u009b\\u202e\"" },
		{ "\"\\\\u0000\"", "\"\\\\u0000\"" }, /* a backslash, then letters */
		{ "\"\\\\\\\"]\"", "\"\\\\\\\"]\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_printed(rows[i].text, rows[i].printed);
}
END_TEST

START_TEST(test_refused)
{
	static const struct {
		const char *text;
		enum reason want;
		size_t line, column;
	} rows[] = {
		{ "", BAD, 1, 1 },
		{ " ", BAD, 1, 2 },
		{ "\n\n  ", BAD, 3, 3 },
		{ "{", BAD, 1, 2 },
		{ "[", BAD, 1, 2 },
		{ "]", BAD, 1, 1 },
		{ "}", BAD, 1, 1 },
		{ ",", BAD, 1, 1 },
		{ "[1", BAD, 1, 3 },
		{ "[1,", BAD, 1, 4 },
		{ "[1,]", BAD, 1, 4 },
		{ "[,1]", BAD, 1, 2 },
		{ "[1,,2]", BAD, 1, 4 },
		{ "[1 2]", BAD, 1, 4 },
		{ "[1}", BAD, 1, 3 },
		{ "[1:2]", BAD, 1, 3 },
		{ "{\"a\":1]", BAD, 1, 7 },
		{ "{\"a\"}", BAD, 1, 5 },
		{ "{\"a\":}", BAD, 1, 6 },
		{ "{\"a\" 1}", BAD, 1, 6 },
		{ "{\"a\":1,}", BAD, 1, 8 },
		{ "{,\"a\":1}", BAD, 1, 2 },
		{ "{\"a\":1 \"b\":2}", BAD, 1, 8 },
		{ "{a:1}", BAD, 1, 2 },
		{ "{'a':1}", BAD, 1, 2 },
		{ "{:1}", BAD, 1, 2 },
		{ "{1:1}", BAD, 1, 2 },
		{ "{null:1}", BAD, 1, 2 },
		{ "{[]:1}", BAD, 1, 2 },
		{ "{\"a\":1,\n \"b\":x}", BAD, 2, 6 },
		{ "\xef\xbb\xbf{}", BAD, 1, 1 }, /* a byte order mark */
		{ "\xc3\xa9", BAD, 1, 1 },
		{ "\f1", BAD, 1, 1 },
		{ "\v1", BAD, 1, 1 },
		{ "\xc2\xa0"
		  "1",
		  BAD, 1, 1 },
		{ "// x\n1", BAD, 1, 1 },
		{ "/**/1", BAD, 1, 1 },
		/* words */
		{ "nul", BAD, 1, 4 },
		{ "nulL", BAD, 1, 4 },
		{ "Null", BAD, 1, 1 },
		{ "True", BAD, 1, 1 },
		{ "truth", BAD, 1, 4 },
		{ "truefalse", BAD, 1, 5 },
		{ "[nullnull]", BAD, 1, 6 },
		{ "NaN", BAD, 1, 1 },
		{ "Infinity", BAD, 1, 1 },
		{ "undefined", BAD, 1, 1 },
		/* numbers */
		{ "-", BAD, 1, 2 },
		{ "+1", BAD, 1, 1 },
		{ "--1", BAD, 1, 2 },
		{ "-a", BAD, 1, 2 },
		{ "01", BAD, 1, 2 },
		{ "-01", BAD, 1, 3 },
		{ "00", BAD, 1, 2 },
		{ ".5", BAD, 1, 1 },
		{ "1.", BAD, 1, 3 },
		{ "1.e1", BAD, 1, 3 },
		{ "1.5.5", BAD, 1, 4 },
		{ "1e", BAD, 1, 1 },
		{ "[1e+]", BAD, 1, 2 },
		{ "1e1.5", BAD, 1, 4 },
		{ "1e1e1", BAD, 1, 4 },
		{ "0x10", BAD, 1, 2 },
		{ "1f", BAD, 1, 2 },
		{ "1_000", BAD, 1, 2 },
		{ "-Infinity", BAD, 1, 2 },
		/* what a double or cJSON cannot hold */
		{ "1e308", BAD, 1, 1 },
		{ "[-1E+999]", BAD, 1, 2 },
		{ "1e99999999999999999999999", BAD, 1, 1 },
		{ "1234567890123456789012345678901234567890123456789012345678901234", BAD, 1, 1 },
		/* strings */
		{ "\"", BAD, 1, 2 },
		{ "\"a", BAD, 1, 3 },
		{ "\"a\\", BAD, 1, 3 },
		{ "\"a\\\"", BAD, 1, 5 },
		{ "'a'", BAD, 1, 1 },
		{ "\"a\nb\"", BAD, 1, 3 },
		{ "\"a\tb\"", BAD, 1, 3 },
		{ "\"\x1f\"", BAD, 1, 2 },
		{ "\"\\x41\"", BAD, 1, 2 },
		{ "\"\\a\"", BAD, 1, 2 },
		{ "\"\\'\"", BAD, 1, 2 },
		{ "\"\\N\"", BAD, 1, 2 },
		{ "\"\\u\"", BAD, 1, 2 },
		{ "\"\\u123\"", BAD, 1, 2 },
		{ "\"\\u123g\"", BAD, 1, 2 },
		{ "\"\\u 123\"", BAD, 1, 2 },
		{ "\"\\U0041\"", BAD, 1, 2 },
		{ "\"\\u0000\"", STRING, 1, 2 },
		{ "[\"a\",\n\"bc\\u0000\"]", STRING, 2, 4 },
		{ "\"\\ud83d\"", STRING, 1, 2 },
		{ "\"\\ud83dx\"", STRING, 1, 2 },
		{ "\"\\ud83d\\n\"", STRING, 1, 2 },
		{ "\"\\ud83d\\u0041\"", STRING, 1, 2 },
		{ "\"\\ud83d\\ud83d\"", STRING, 1, 2 },
		{ "\"\\ude00\"", STRING, 1, 2 },
		{ "\"\\ude00\\ud83d\"", STRING, 1, 2 },
		{ "\"\\udfff\"", STRING, 1, 2 },
		{ "\"\\udbff\\ue000\"", STRING, 1, 2 },
		{ "\"\xff\"", STRING, 1, 2 },
		{ "\"\x80\"", STRING, 1, 2 },
		{ "[\"ab\xc3\"]", STRING, 1, 3 },
		{ "\"\xc0\x80\"", STRING, 1, 2 },
		{ "\"\xed\xa0\x80\"", STRING, 1, 2 },
		{ "\"\xf4\x90\x80\x80\"", STRING, 1, 2 },
		{ "{\"\\u0000\":1}", STRING, 1, 3 },
		{ "{\"\xff\":1}", STRING, 1, 3 },
		/* what follows */
		{ "{}{}", TRAIL, 1, 3 },
		{ "{} x", TRAIL, 1, 4 },
		{ "1 2", TRAIL, 1, 3 },
		{ "[]]", TRAIL, 1, 3 },
		{ "{}\n,", TRAIL, 2, 1 },
		{ "\"a\"\"b\"", TRAIL, 1, 4 },
		/* doubled keys */
		{ "{\"a\":1,\"a\":1}", TWICE, 1, 8 },
		{ "{\"a\":1,\n \"b\":2,\n  \"a\":3}", TWICE, 3, 3 },
		{ "{\"\":1,\"\":2}", TWICE, 1, 7 },
		{ "{\"a\":1,\"\\u0061\":1}", TWICE, 1, 8 },
		{ "{\"\\u0061\":1,\"a\":1}", TWICE, 1, 13 },
		{ "{\"\xc3\xa9\":1,\"\\u00E9\":1}", TWICE, 1, 9 },
		{ "{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":1}", TWICE, 1, 11 },
		{ "{\"\xe2\x82\xac\":1,\"\\u20ac\":1}", TWICE, 1, 10 },
		{ "{\"\\u0061b\":1,\"ab\":1}", TWICE, 1, 14 },
		{ "{\"\x7f\":1,\"\\u007f\":1}", TWICE, 1, 8 },
		{ "{\"\xc2\x80\":1,\"\\u0080\":1}", TWICE, 1, 9 },
		{ "{\"\xdf\xbf\":1,\"\\u07ff\":1}", TWICE, 1, 9 },
		{ "{\"\xe0\xa0\x80\":1,\"\\u0800\":1}", TWICE, 1, 10 },
		{ "{\"\xef\xbf\xbf\":1,\"\\uffff\":1}", TWICE, 1, 10 },
		{ "{\"\xf0\x90\x80\x80\":1,\"\\ud800\\udc00\":1}", TWICE, 1, 11 },
		{ "{\"/\":1,\"\\/\":1}", TWICE, 1, 8 },
		{ "{\"\\n\":1,\"\\u000a\":1}", TWICE, 1, 9 },
		{ "[{\"a\":{\"b\":1,\"c\":{},\"b\":1}}]", TWICE, 1, 21 },
		{ "{\"x\":{\"a\":1},\"a\":1,\"b\":2,\"b\":3,\"a\":4}", TWICE, 1, 26 },
		{ "{\"a\":[{\"a\":1}],\"a\":1}", TWICE, 1, 16 },
		{ "{\"a\":1,\"a\":1", BAD, 1, 13 }, /* the form comes before the keys */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_refused(span_of_text(rows[i].text), rows[i].text, rows[i].want, rows[i].line,
			       rows[i].column);
	expect_refused(SPAN_LITERAL("\"a\0b\""), "NUL in a string", BAD, 1, 3);
	expect_refused(SPAN_LITERAL("1\0"), "NUL after a value", BAD, 1, 2);
	expect_refused(SPAN_LITERAL("{}\0"), "NUL at the end", TRAIL, 1, 3);
	expect_refused(SPAN_LITERAL("\0"), "NUL alone", BAD, 1, 1);
	expect_refused((struct span){ NULL, 0 }, "no bytes", BAD, 1, 1);
}
END_TEST

/* No prefix of a container or a string is a text. */
START_TEST(test_prefixes)
{
	static const char text[] =
		"{\"a\\u00e9\\ud83d\\ude00\":[1.5e+2,true,null,\"x\\n\"],\"b\":{}}";

	for (size_t n = 0; n < strlen(text); n++) {
		struct json_place place;
		cJSON *tree = NULL;
		enum reason reason =
			read_exact((struct span){ (const uint8_t *)text, n }, &tree, &place);
		ck_assert_msg(reason == BAD || reason == STRING, "prefix of %zu: %s", n,
			      reason_name(reason));
	}
	struct json_place place;
	cJSON *tree = NULL;
	EXPECT_REASON(text, read_exact(span_of_text(text), &tree, &place), REASON_OK);
	cJSON_Delete(tree);
}
END_TEST

static void repeat(struct buf *buf, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buf_text(buf, text);
}

static void expect_buf(struct buf *text, const char *row, enum reason want)
{
	struct json_place place;
	cJSON *tree = NULL;

	EXPECT_REASON(row, read_exact(buf_span(text), &tree, &place), want);
	cJSON_Delete(tree);
	buf_done(text);
}

START_TEST(test_depth)
{
	struct buf text = { 0 };

	repeat(&text, "[", JSON_DEPTH_MAX);
	repeat(&text, "]", JSON_DEPTH_MAX);
	expect_buf(&text, "16 arrays", REASON_OK);
	repeat(&text, "[", JSON_DEPTH_MAX + 1);
	expect_refused(buf_span(&text), "17 arrays", REASON_JSON_TOO_DEEP, 1, JSON_DEPTH_MAX + 1);
	buf_done(&text);
	repeat(&text, "{\"a\":", JSON_DEPTH_MAX);
	buf_text(&text, "1");
	repeat(&text, "}", JSON_DEPTH_MAX);
	expect_buf(&text, "16 objects", REASON_OK);
	repeat(&text, "{\"a\":", JSON_DEPTH_MAX);
	buf_text(&text, "[]");
	repeat(&text, "}", JSON_DEPTH_MAX);
	expect_buf(&text, "16 objects and an empty array", REASON_JSON_TOO_DEEP);
	buf_text(&text, "[");
	repeat(&text, "[[]],", 1000); /* depth is what is open, not what was */
	buf_text(&text, "1]");
	expect_buf(&text, "many closed arrays", REASON_OK);
	repeat(&text, "[", JSON_MAX);
	expect_buf(&text, "a megabyte of brackets", REASON_JSON_TOO_DEEP);
}
END_TEST

START_TEST(test_values)
{
	struct buf text = { 0 };

	buf_text(&text, "[");
	repeat(&text, "0,", JSON_VALUES_MAX - 2);
	buf_text(&text, "0]");
	expect_buf(&text, "20000 values", REASON_OK);
	buf_text(&text, "[");
	repeat(&text, "0,", JSON_VALUES_MAX - 1);
	buf_text(&text, "0]");
	expect_refused(buf_span(&text), "20001 values", REASON_JSON_TOO_MANY_VALUES, 1,
		       2 + 2 * (JSON_VALUES_MAX - 1));
	buf_done(&text);
	buf_text(&text, "[");
	repeat(&text, "[],", JSON_VALUES_MAX - 1);
	buf_text(&text, "{}]");
	expect_buf(&text, "empty containers count", REASON_JSON_TOO_MANY_VALUES);
	buf_text(&text, "{");
	for (unsigned i = 0; i < JSON_VALUES_MAX - 1; i++)
		buf_printf(&text, "%s\"k%u\":0", i == 0 ? "" : ",", i);
	struct buf more = { 0 };
	buf_add(&more, buf_span(&text));
	buf_text(&text, "}");
	expect_buf(&text, "an object with 19999 members", REASON_OK);
	buf_text(&more, ",\"k0\":0}");
	expect_buf(&more, "one more", REASON_JSON_TOO_MANY_VALUES);
}
END_TEST

START_TEST(test_size)
{
	struct buf text = { 0 };

	buf_text(&text, "\"");
	repeat(&text, "x", JSON_MAX - 2);
	buf_text(&text, "\"");
	ck_assert_uint_eq(text.len, JSON_MAX);
	struct buf more = { 0 };
	buf_add(&more, buf_span(&text));
	expect_buf(&text, "1 MiB", REASON_OK);
	buf_text(&more, "\n");
	expect_refused(buf_span(&more), "1 MiB and a byte", REASON_JSON_TOO_LARGE, 0, 0);
	buf_done(&more);
}
END_TEST

/* What makes comparing keys pair by pair, or hashing them weakly, slow. */
START_TEST(test_many_keys)
{
	struct buf text = { 0 };
	unsigned n = support_is_slow() ? 500 : JSON_VALUES_MAX - 2;

	buf_text(&text, "{");
	for (unsigned i = 0; i < n; i++)
		buf_printf(&text, "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%08u\":0,", (i * 7919) % n);
	struct buf twice = { 0 };
	buf_add(&twice, buf_span(&text));
	buf_text(&text, "\"b\":0}");
	expect_buf(&text, "all different", REASON_OK);
	struct span before = buf_span(&twice);
	size_t column = before.len + 1;
	buf_printf(&twice, "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%07u\\u0030\":0}", 0);
	expect_refused(buf_span(&twice), "the last is the first", TWICE, 1, column);
	buf_done(&twice);
}
END_TEST

/* Trees that this program made, of strings that need not be UTF-8. */
START_TEST(test_print)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "", "\"\"" },
		{ "plain ~ text", "\"plain ~ text\"" },
		{ "quote \" backslash \\ slash /", "\"quote \\\" backslash \\\\ slash /\"" },
		{ "\x01\x1f\t\n\r\b\f\x7f", "\"\\u0001\\u001f\\t\\n\\r\\b\\f\\u007f\"" },
		{ "\xc2\x80\xc2\x9f\xc2\xa0", "\"\\u0080\\u009f\\u00a0\"" },
		{ "\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", "\"\\u07ff\\u0800\\uffff\"" },
		{ "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\"\\ud800\\udc00\\udbff\\udfff\"" },
		{ "a\xff"
		  "b",
		  "\"a\\ufffdb\"" },
		{ "a\xc3", "\"a\\ufffd\"" },
		{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },
		{ "\xe2\x82"
		  "a",
		  "\"\\ufffd\\ufffda\"" },
		{ "\xf0\x9f\x98", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xc0\x80", "\"\\ufffd\\ufffd\"" },
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
		{ "\x80\xc3\xa9", "\"\\ufffd\\u00e9\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *printed = NULL;
		cJSON *tree = cJSON_CreateString(rows[i].text);
		EXPECT_REASON(rows[i].want, json_print(tree, &printed), REASON_OK);
		ck_assert_str_eq(printed, rows[i].want);
		free(printed);
		cJSON_Delete(tree);
		tree = cJSON_CreateObject();
		cJSON_AddNullToObject(tree, rows[i].text);
		EXPECT_REASON(rows[i].want, json_print(tree, &printed), REASON_OK);
		ck_assert_uint_eq(strlen(printed), strlen(rows[i].want) + strlen("{:null}"));
		free(printed);
		cJSON_Delete(tree);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json");

	support_add(suite, "good", test_good);
	support_add(suite, "refused", test_refused);
	support_add(suite, "prefixes", test_prefixes);
	support_add(suite, "depth", test_depth);
	support_add(suite, "values", test_values);
	support_add(suite, "size", test_size);
	support_add(suite, "many keys", test_many_keys);
	support_add(suite, "print", test_print);
	return support_main(suite);
}
