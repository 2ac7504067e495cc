#include <stdlib.h>

#include "rebuild/drv.h"
#include "rebuild/test/support.h"

#define HASH "0123456789abcdfghijklmnpqrsvwxyz"
#define OUT "/nix/store/" HASH "-thing"
#define REST \
	",[(\"/nix/store/" HASH "-in.drv\",[\"out\",\"dev\"])],[\"/nix/store/" HASH \
	"-src\"],\"x86_64-linux\",\"/bin/sh\",[\"-c\",\"echo \\\"a\\\\b\\\"\"]," \
	"[(\"empty\",\"\"),(\"escaped\",\"a\\nb\"),(\"imageDigest\",\"sha256:00\"),(\"twice\",\"1\")," \
	"(\"twice\",\"1\")])"
#define PLAIN "Derive([(\"out\",\"" OUT "\",\"\",\"\")]" REST

static enum reason read_exact(const char *text, struct drv *ret, uint8_t **ret_bytes)
{
	const struct span all = span_of_text(text);

	*ret_bytes = support_exact(all);
	return drv_read((struct span){ *ret_bytes, all.len }, ret);
}

START_TEST(reading)
{
	struct drv drv;
	struct span value;
	uint8_t *bytes;

	EXPECT_REASON("plain", read_exact(PLAIN, &drv, &bytes), REASON_OK);
	ck_assert_uint_eq(drv.n_outputs, 1);
	EXPECT_BYTES("name", drv.outputs[0].name, SPAN_LITERAL("out"));
	EXPECT_BYTES("path", drv.outputs[0].path, SPAN_LITERAL(OUT));
	ck_assert(!drv_is_fixed(&drv));
	ck_assert(drv_variable(&drv, "imageDigest", &value));
	EXPECT_BYTES("value", value, SPAN_LITERAL("sha256:00"));
	ck_assert(drv_variable(&drv, "empty", &value));
	ck_assert_uint_eq(value.len, 0);
	ck_assert(!drv_variable(&drv, "escaped", &value));
	ck_assert(!drv_variable(&drv, "twice", &value));
	ck_assert(!drv_variable(&drv, "absent", &value));
	free(bytes);
}
END_TEST

START_TEST(fixed)
{
	static const struct {
		const char *outputs;
		bool fixed;
	} rows[] = {
		{ "(\"out\",\"" OUT "\",\"sha256\",\"00\")", true },
		{ "(\"out\",\"" OUT "\",\"r:sha256\",\"00\")", true },
		{ "(\"out\",\"" OUT "\",\"sha256\",\"\")", false },
		{ "(\"out\",\"\",\"r:sha256\",\"\")", false },
		{ "(\"out\",\"\",\"sha256\",\"00\")", false },
		{ "(\"bin\",\"" OUT "\",\"sha256\",\"00\")", false },
		{ "(\"out\",\"" OUT "\",\"sha256\",\"00\"),(\"dev\",\"" OUT "-dev\",\"\",\"\")",
		  false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = { 0 };
		struct drv drv;
		buf_printf(&text, "Derive([%s]%s", rows[i].outputs, REST);
		EXPECT_REASON(rows[i].outputs, drv_read(buf_span(&text), &drv), REASON_OK);
		ck_assert_msg(drv_is_fixed(&drv) == rows[i].fixed, "%s", rows[i].outputs);
		buf_done(&text);
	}
}
END_TEST

START_TEST(malformed)
{
	static const char *const rows[] = {
		"",
		"Derive",
		"Derive([]" REST,
		"Derive([(\"out\",\"" OUT "\",\"\")]" REST,
		"Derive([(\"\",\"" OUT "\",\"\",\"\")]" REST,
		"Derive([(\"out\",\"/etc/passwd\",\"\",\"\")]" REST,
		"Derive([(\"o\\ut\",\"" OUT "\",\"\",\"\")]" REST,
		"Derive([(\"out\",\"" OUT "\",\"\",\"\"),]" REST,
		"DrvWithVersion(\"x\",[(\"out\",\"" OUT "\",\"\",\"\")]" REST,
		PLAIN " ",
		PLAIN ")",
	};
	struct drv drv;
	uint8_t *bytes;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EXPECT_REASON(rows[i], read_exact(rows[i], &drv, &bytes), REASON_NIX_OUTPUT);
		free(bytes);
	}
	/* every part of it */
	for (size_t n = 0; n < sizeof(PLAIN) - 1; n++) {
		bytes = support_exact((struct span){ (const uint8_t *)PLAIN, n });
		EXPECT_REASON("cut", drv_read((struct span){ bytes, n }, &drv), REASON_NIX_OUTPUT);
		free(bytes);
	}
	/* outputs up to the limit, and one more */
	for (size_t n = DRV_OUTPUTS_MAX; n <= DRV_OUTPUTS_MAX + 1; n++) {
		struct buf text = { 0 };
		buf_text(&text, "Derive([");
		for (size_t i = 0; i < n; i++)
			buf_printf(&text, "%s(\"o%zu\",\"" OUT "\",\"\",\"\")", i > 0 ? "," : "",
				   i);
		buf_text(&text, "]" REST);
		EXPECT_REASON("many", drv_read(buf_span(&text), &drv),
			      n == DRV_OUTPUTS_MAX ? REASON_OK : REASON_NIX_OUTPUT);
		buf_done(&text);
	}
}
END_TEST

START_TEST(paths)
{
	static const struct {
		const char *text;
		const char *suffix;
		bool is_path;
	} rows[] = {
		{ OUT, NULL, true },
		{ OUT ".drv", ".drv", true },
		{ OUT, ".drv", false },
		{ "/other/store/" HASH "-a+b_c?d=e.1", NULL, true },
		{ "/nix/store/" HASH "-", NULL, false },
		{ "/nix/store/" HASH, NULL, false },
		{ "/nix/store/" HASH "-.hidden", NULL, false },
		{ "/nix/store/" HASH "-a/b", NULL, false },
		{ "/nix/store/" HASH "-a b", NULL, false },
		{ "/nix/store/" HASH "-a\n", NULL, false },
		{ "/nix/store/" HASH "-a\xc3\xa4", NULL, false },
		{ "/nix/store/A123456789abcdfghijklmnpqrsvwxyz-a", NULL, false },
		{ "/nix store/" HASH "-a", NULL, false },
		{ "nix/store/" HASH "-a", NULL, false },
		{ "/" HASH "-a", NULL, false },
		{ "--option/" HASH "-a", NULL, false },
		{ "", NULL, false },
	};
	struct buf longest = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(drv_is_path(span_of_text(rows[i].text), rows[i].suffix) ==
				      rows[i].is_path,
			      "%s", rows[i].text);
	buf_text(&longest, OUT);
	while (longest.len < DRV_PATH_MAX)
		buf_byte(&longest, 'x');
	ck_assert(drv_is_path(buf_span(&longest), NULL));
	buf_byte(&longest, 'x');
	ck_assert(!drv_is_path(buf_span(&longest), NULL));
	buf_done(&longest);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drv");

	support_add(suite, "reading", reading);
	support_add(suite, "fixed", fixed);
	support_add(suite, "malformed", malformed);
	support_add(suite, "paths", paths);
	return support_main(suite);
}
