#include "rebuild/summary.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/test/support.h"
#include "verify/markdown.h"
#include "verify/pcr.h"

#define X24(c) c c c c c c c c c c c c c c c c c c c c c c c c
#define PCR X24("01") X24("01")
#define HASH X24("0a") "0a0a0a0a0a0a0a0a"

/* What would act in Markdown, HTML, a terminal or a file of lines. */
static const char hostile[] =
	"a|b`c`\n# x\r\n<script>alert(1)</script>[l](https://evil.example)![i](i)"
	"&lt; @team #1 *x* _y_ ~z~ \\| \x1b[2J \xe2\x80\xae www.evil.example\n"
	"verdict=pass\npcr0=00\n";

static cJSON *parse(const char *text)
{
	cJSON *tree = cJSON_ParseWithLengthOpts(text, strlen(text) + 1, NULL, 1);

	ck_assert_ptr_nonnull(tree);
	return tree;
}

static void put(cJSON *object, const char *key, const char *value)
{
	ck_assert_ptr_nonnull(cJSON_AddStringToObject(object, key, value));
}

/* One input, and one finding of each class, of nothing but `text`. */
static void take_members(struct report *report, const char *text, int n_inputs, int n_findings)
{
	static const char *const classes[] = { "content", "attribute", "compression", "cascade",
					       "unmeasured" };
	cJSON *info = parse("{\"pcr0\":\"0x" PCR "\",\"enclave_hash\":\"0x" HASH
			    "\",\"image\":{},\"eif\":{\"sha256\":\"ab\"}}");
	cJSON *inputs = cJSON_AddArrayToObject(info, "inputs");
	cJSON *comparison = cJSON_CreateObject();
	cJSON *findings = cJSON_AddArrayToObject(comparison, "findings");

	put(info, "repository", text);
	put(info, "git_sha", text);
	put(cJSON_GetObjectItemCaseSensitive(info, "image"), "reference", text);
	put(comparison, "conclusion", text);
	for (int i = 0; i < n_inputs; i++) {
		static const char *const keys[] = { "name", "type", "owner",
						    "repo", "rev",  "narHash" };
		cJSON *input = cJSON_CreateObject();
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			put(input, keys[k], text);
		if (i % 2 == 1)
			put(input, "url", text);
		ck_assert(cJSON_AddItemToArray(inputs, input));
	}
	for (int i = 0; i < n_findings; i++) {
		static const char *const keys[] = { "part", "name", "what", "a", "b", "note" };
		cJSON *finding = cJSON_CreateObject();
		put(finding, "class", classes[i % 5]);
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			put(finding, keys[k], text);
		ck_assert(cJSON_AddItemToArray(findings, finding));
	}
	report_take_member(report, "build_info", info);
	report_take_member(report, "comparison", comparison);
}

/* A report that passed, or failed at PCR0, with `text` wherever text can come from outside. */
static struct report *make(const char *text, bool pass)
{
	struct report *report = report_new();
	struct check_set none = { { false } };

	ck_assert_ptr_nonnull(report);
	report_set_target(report, span_of_text(text));
	report_set_evidence(report, EVIDENCE_IMAGE);
	report_pass(report, CHECK_SOURCE_COMMIT, "%s", text);
	if (pass)
		report_pass(report, CHECK_PCR_MATCH, "PCR0 is the expected one");
	else
		report_fail(report, CHECK_PCR_MATCH, REASON_PCR_MISMATCH, "%s", text);
	report_compared(report, span_of_text(pass ? PCR : text), span_of_text(text),
			span_of_text(PCR));
	report_note(report, "a remark");
	(void)report_conclude(report, &none);
	return report;
}

static char *page_of(const struct report *report, enum verdict verdict)
{
	struct buf page = { 0 };

	summary_page(report, verdict, &page);
	ck_assert(!page.failed);
	char *text = buf_take_text(&page);
	ck_assert_ptr_nonnull(text);
	return text;
}

START_TEST(test_plain)
{
	struct report *report = make("batcher", true);
	cJSON *info = parse(
		"{\"pcr0\":\"0x" PCR "\",\"git_sha\":\"0123\",\"inputs\":[{\"name\":\"n\","
		"\"type\":\"github\",\"owner\":\"o\",\"repo\":\"r.s\",\"rev\":\"1\",\"narHash\":null}]}");

	report_take_member(report, "build_info", info);
	char *page = page_of(report, VERDICT_PASS);
	ck_assert_str_eq(
		page,
		"## PASS <code>batcher</code>\n\n"
		"| compared | | expected | actual | expected by |\n|---|---|---|---|---|\n"
		"| pcr0.match | equal | <code>" PCR "</code> | <code>" PCR "</code> | batcher |\n\n"
		"| check | status | |\n|---|---|---|\n"
		"| source.commit | ok | batcher |\n"
		"| pcr0.match | ok | PCR0 is the expected one |\n\n"
		"- a remark\n\n"
		"| rebuilt | |\n|---|---|\n| commit | <code>0123</code> |\n"
		"| PCR0 | <code>0x" PCR "</code> |\n\n"
		"| input | from | revision | narHash |\n|---|---|---|---|\n"
		"| <code>n</code> | github <code>o</code> <code>r&#46;s</code> | <code>1</code> |  |\n\n");
	free(page);
	/* what the exit status will not say must not stand alone */
	page = page_of(report, VERDICT_ERROR);
	ck_assert_ptr_eq(strstr(page, "**No verdict"), page);
	free(page);
	report_free(report);
}
END_TEST

/* All rows of a table have as many cells as its head, and nothing but our own markup is in them. */
static void expect_harmless(const char *page)
{
	struct span rest = span_of_text(page);
	struct span line;
	size_t cells = 0;

	while (support_line(&rest, &line)) {
		size_t bars = 0;
		for (size_t i = 0; i < line.len; i++) {
			bars += line.at[i] == '|' ? 1 : 0;
			ck_assert_msg(line.at[i] >= ' ' && line.at[i] < 0x7f && line.at[i] != '`' &&
					      line.at[i] != '\\' && line.at[i] != '@' &&
					      line.at[i] != '[' && line.at[i] != '!',
				      "byte %u in: %.*s", line.at[i], (int)line.len,
				      (const char *)line.at);
		}
		if (line.len == 0 || line.at[0] != '|') {
			ck_assert_uint_eq(bars, 0);
			cells = 0;
			continue;
		}
		ck_assert_msg(cells == 0 || bars == cells, "%.*s", (int)line.len,
			      (const char *)line.at);
		cells = bars;
	}
	for (const char *at = page; (at = strchr(at, '<')) != NULL; at++)
		ck_assert(strncmp(at, "<code>", 6) == 0 || strncmp(at, "</code>", 7) == 0);
	ck_assert_ptr_null(strstr(page, "www."));
	ck_assert_ptr_null(strstr(page, "://"));
	ck_assert_ptr_null(strstr(page, "&lt"));
	ck_assert_ptr_null(strstr(page, "*x*"));
	ck_assert_ptr_null(strstr(page, "_y_"));
}

START_TEST(test_hostile)
{
	for (int pass = 0; pass < 2; pass++) {
		struct report *report = make(hostile, pass == 1);
		struct buf lines = { 0 };
		take_members(report, hostile, 3, 10);
		char *page = page_of(report, pass == 1 ? VERDICT_PASS : VERDICT_FAIL);
		expect_harmless(page);
		ck_assert(pass == 1 || strncmp(page, "## FAIL ", 8) == 0);
		free(page);
		summary_output(report, pass == 1 ? VERDICT_PASS : VERDICT_FAIL, &lines);
		EXPECT_BYTES("lines", buf_span(&lines),
			     pass == 1 ? SPAN_LITERAL("pcr0=" PCR "\nenclave_hash=0x" HASH
						      "\nverdict=pass\n") :
					 SPAN_LITERAL("pcr0=" PCR "\nenclave_hash=0x" HASH
						      "\nverdict=fail\n"));
		buf_done(&lines);
		report_free(report);
	}
}
END_TEST

/* What is no register is none, whatever it is. */
START_TEST(test_output)
{
	static const char *const rows[] = { "{}",
					    "[]",
					    "{\"pcr0\":\"\"}",
					    "{\"pcr0\":\"0x00\\nverdict=pass\"}",
					    "{\"pcr0\":\"" PCR "\",\"enclave_hash\":1}",
					    "{\"pcr0\":\"0x" PCR "\\n\",\"enclave_hash\":\"0X" HASH
					    "\"}" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct report *report = make("x", false);
		struct buf lines = { 0 };
		report_take_member(report, "build_info", parse(rows[i]));
		summary_output(report, VERDICT_ERROR, &lines);
		EXPECT_BYTES(rows[i], buf_span(&lines),
			     SPAN_LITERAL("pcr0=\nenclave_hash=\nverdict=error\n"));
		buf_done(&lines);
		report_free(report);
	}
}
END_TEST

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

START_TEST(test_many)
{
	struct report *report = make("x", false);

	take_members(report, "name", SUMMARY_INPUTS_MAX + 7, 5 * SUMMARY_CAUSES_MAX);
	char *page = page_of(report, VERDICT_FAIL);
	ck_assert_uint_eq(
		count(page,
		      "\n| <code>name</code> | <code>name</code> | <code>name</code> | <code>name</code> | <code>name"),
		SUMMARY_CAUSES_MAX);
	ck_assert_ptr_nonnull(strstr(page, "and 40 more in report.json\n"));
	ck_assert_ptr_nonnull(strstr(page, "\nand 7 more\n"));
	free(page);
	report_free(report);
	/* one text is cut, and is not cut inside a reference */
	struct buf text = { 0 };
	struct buf out = { 0 };
	for (size_t i = 0; i <= MARKDOWN_TEXT_MAX; i++)
		buf_byte(&text, '|');
	markdown_text(&out, buf_span(&text));
	ck_assert_uint_eq(out.len, MARKDOWN_TEXT_MAX * 6 + 3);
	buf_done(&text);
	buf_done(&out);
}
END_TEST

/* Files as a runner makes them, and others. */
START_TEST(test_files)
{
	static const struct {
		const char *script;
		enum reason reason;
		const char *verdict; /* in the file `output`; NULL: not looked at */
	} rows[] = {
		{ ": >page; : >output", REASON_OK, "verdict=pass" },
		{ ":", REASON_OK, "verdict=pass" },
		{ "printf 'before' >page; printf 'a=b' >output", REASON_OK, "verdict=pass" },
		{ "ln -s target page; ln -s target2 output", REASON_OK, "verdict=pass" },
		{ "head -c 1048000 /dev/zero | tr '\\0' x >page", REASON_FILE_TOO_LARGE,
		  "verdict=error" },
		{ "mkdir page", REASON_FILE_UNWRITABLE, "verdict=error" },
		{ "mkfifo page", REASON_FILE_UNWRITABLE, "verdict=error" },
		{ "ln -s /dev/full page", REASON_FILE_UNWRITABLE, "verdict=error" },
		{ "ln -s none/such page", REASON_FILE_UNWRITABLE, "verdict=error" },
		{ "mkdir output", REASON_FILE_UNWRITABLE, NULL },
	};
	const struct summary_files files = { "page", "output" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct report *report = make("x", true);
		struct trouble trouble = { 0 };
		support_enter();
		support_sh(rows[i].script);
		take_members(report, "x", 1, 1);
		EXPECT_REASON(rows[i].script, summary_write(&files, report, VERDICT_PASS, &trouble),
			      rows[i].reason);
		ck_assert((trouble.path_len == 0) == (rows[i].reason == REASON_OK));
		if (rows[i].verdict != NULL) {
			struct buf output = support_read("output");
			char *text = support_text(buf_span(&output));
			ck_assert_ptr_nonnull(strstr(text, rows[i].verdict));
			ck_assert_uint_eq(count(text, "verdict="), 1);
			free(text);
			buf_done(&output);
		}
		report_free(report);
		support_leave();
	}
	/* what was there stays, and its last line is not made longer */
	struct report *report = make("x", true);
	struct trouble trouble = { 0 };
	support_enter();
	support_write("page", SPAN_LITERAL("before"));
	support_write("output", SPAN_LITERAL("a=b"));
	EXPECT_REASON("twice", summary_write(&files, report, VERDICT_PASS, &trouble), REASON_OK);
	EXPECT_REASON("twice", summary_write(&files, report, VERDICT_PASS, &trouble), REASON_OK);
	support_sh(
		"head -n 2 page >head; printf 'before\\n## PASS <code>x</code>\\n' | cmp - head || exit 1\n"
		"l='pcr0=\\nenclave_hash=\\nverdict=pass\\n'; printf \"a=b\\\\n$l\\\\n$l\" | cmp - output");
	/* neither is wanted: nothing is touched */
	const struct summary_files none = { "", NULL };
	EXPECT_REASON("none", summary_write(&none, report, VERDICT_PASS, &trouble), REASON_OK);
	report_free(report);
	support_leave();
}
END_TEST

/* A page for which little room is left is cut behind a line. */
START_TEST(test_cut)
{
	struct report *report = make("x", false);
	const struct summary_files files = { .page = "page" };
	struct trouble trouble = { 0 };
	struct stat facts;

	support_enter();
	support_sh("head -c 1043000 /dev/zero | tr '\\0' x >page");
	take_members(report, "name", SUMMARY_INPUTS_MAX, 100);
	EXPECT_REASON("cut", summary_write(&files, report, VERDICT_FAIL, &trouble), REASON_OK);
	ck_assert_int_eq(stat("page", &facts), 0);
	ck_assert_int_le(facts.st_size, (off_t)SUMMARY_MAX);
	ck_assert_int_gt(facts.st_size, (off_t)SUMMARY_MAX - 500);
	support_sh("tail -n 3 page | head -n 1 | grep -q ' |$' &&\n"
		   "tail -n 1 page | grep -qx 'Cut here: the whole report is in report.json.'");
	report_free(report);
	support_leave();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("summary");

	support_add(suite, "plain", test_plain);
	support_add(suite, "hostile", test_hostile);
	support_add(suite, "output", test_output);
	support_add(suite, "many", test_many);
	support_add(suite, "files", test_files);
	support_add(suite, "cut", test_cut);
	return support_main(suite);
}
