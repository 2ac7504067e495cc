#include <stdlib.h>
#include <string.h>

#include "rebuild/nixjson.h"
#include "rebuild/test/support.h"

#define HASH "0123456789abcdfghijklmnpqrsvwxyz"
#define A "/nix/store/" HASH "-a"
#define B "/nix/store/" HASH "-b"
#define DRV "/nix/store/" HASH "-a.drv"

static struct nixjson_built built; /* too large for a stack frame that is checked */

START_TEST(built_reading)
{
	static const struct {
		const char *text;
		enum reason reason;
	} rows[] = {
		{ "[{\"drvPath\":\"" DRV "\",\"outputs\":{\"out\":\"" A "\"}}]\n", REASON_OK },
		{ "[{\"drvPath\":\"" DRV "\",\"outputs\":{\"out\":\"" A "\",\"dev\":\"" B
		  "\"},\"startTime\":1}]",
		  REASON_OK },
		{ "", REASON_NIX_OUTPUT },
		{ "[]", REASON_NIX_OUTPUT },
		{ "{}", REASON_NIX_OUTPUT },
		{ "[1]", REASON_NIX_OUTPUT },
		{ "[{\"drvPath\":\"" DRV "\",\"outputs\":{}}]", REASON_NIX_OUTPUT },
		{ "[{\"drvPath\":\"" DRV "\",\"outputs\":{\"out\":null}}]", REASON_NIX_OUTPUT },
		{ "[{\"drvPath\":\"" DRV "\",\"outputs\":{\"out\":\"/etc/passwd\"}}]",
		  REASON_NIX_OUTPUT },
		{ "[{\"drvPath\":\"" A "\",\"outputs\":{\"out\":\"" A "\"}}]", REASON_NIX_OUTPUT },
		{ "[{\"outputs\":{\"out\":\"" A "\"}}]", REASON_NIX_OUTPUT },
		{ "[{\"drvPath\":\"" DRV "\",\"outputs\":{\"out\":\"" A "\"}},"
		  "{\"drvPath\":\"" DRV "\",\"outputs\":{\"out\":\"" A "\"}}]",
		  REASON_NIX_OUTPUT },
		{ "[{\"drvPath\":\"" DRV "\",\"outputs\":{\"out\":\"" A "\",\"out\":\"" B "\"}}]",
		  REASON_NIX_OUTPUT },
		{ "[{\"drvPath\":\"" DRV "\",\"outputs\":{\"out\":\"" A "\"}}] x",
		  REASON_NIX_OUTPUT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EXPECT_REASON(rows[i].text, nixjson_built(span_of_text(rows[i].text), &built),
			      rows[i].reason);
		if (rows[i].reason != REASON_OK)
			continue;
		ck_assert_str_eq(built.drv, DRV);
		ck_assert_str_eq(nixjson_output(&built, "out"), A);
		ck_assert_ptr_null(nixjson_output(&built, "doc"));
	}
}
END_TEST

/* What Nix 2.8 printed, and the shape of 2.19. */
START_TEST(paths_reading)
{
	static const char old[] =
		"[{\"path\":\"" A
		"\",\"narHash\":\"sha256-niZB\",\"narSize\":2784,\"references\":[\"" B
		"\"],\"deriver\":\"" DRV "\",\"registrationTime\":1795446950,\"ultimate\":true}]";
	static const char later[] =
		"{\"" B
		"\":{\"ca\":null,\"deriver\":null,\"narHash\":\"sha256-0000\",\"narSize\":1,"
		"\"references\":[],\"signatures\":[\"cache.example-1:AAAA\",\"b.example:BBBB\"],"
		"\"ultimate\":false}}";
	struct nixjson_paths paths = { .n = 0 };

	EXPECT_REASON("old", nixjson_paths(SPAN_LITERAL(old), &paths), REASON_OK);
	EXPECT_REASON("later", nixjson_paths(SPAN_LITERAL(later), &paths), REASON_OK);
	ck_assert_uint_eq(paths.n, 2);
	ck_assert_ptr_eq(nixjson_path(&paths, SPAN_LITERAL(A)), &paths.at[0]);
	ck_assert_ptr_null(nixjson_path(&paths, SPAN_LITERAL(DRV)));
	ck_assert_str_eq(paths.at[0].nar_hash, "sha256-niZB");
	ck_assert_str_eq(paths.at[0].deriver, DRV);
	ck_assert_str_eq(paths.at[0].signers, "");
	ck_assert_uint_eq(paths.at[0].nar_size, 2784);
	ck_assert(paths.at[0].ultimate && !paths.at[0].addressed);
	ck_assert_str_eq(paths.at[1].signers, "cache.example-1 b.example");
	ck_assert_ptr_null(paths.at[1].deriver);
	ck_assert(!paths.at[1].ultimate && !paths.at[1].addressed);
	EXPECT_REASON("twice", nixjson_paths(SPAN_LITERAL(old), &paths), REASON_NIX_OUTPUT);
	ck_assert_uint_eq(paths.n, 2);
	EXPECT_REASON("none", nixjson_paths(SPAN_LITERAL("[]"), &paths), REASON_OK);
	nixjson_paths_done(&paths);
}
END_TEST

START_TEST(paths_members)
{
	static const struct {
		const char *members;
		enum reason reason;
		bool addressed;
	} rows[] = {
		{ "\"ca\":\"fixed:r:sha256:00\"", REASON_OK, true },
		{ "\"ca\":\"text:sha256:00\"", REASON_OK, true },
		{ "\"ca\":\"\"", REASON_OK, false },
		{ "\"ultimate\":null", REASON_OK, false },
		{ "\"ca\":1", REASON_NIX_OUTPUT, false },
		{ "\"ultimate\":1", REASON_NIX_OUTPUT, false },
		{ "\"ultimate\":\"true\"", REASON_NIX_OUTPUT, false },
		{ "\"valid\":false", REASON_NIX_OUTPUT, false },
		{ "\"signatures\":{}", REASON_NIX_OUTPUT, false },
		{ "\"signatures\":[1]", REASON_NIX_OUTPUT, false },
		{ "\"signatures\":[\"nobody\"]", REASON_NIX_OUTPUT, false },
		{ "\"signatures\":[\":AAAA\"]", REASON_NIX_OUTPUT, false },
	};
	static const char *const wrong[] = {
		"1",
		"x",
		"[1]",
		"[{}]",
		"{\"" A "\":null}",
		"{\"/etc/passwd\":{\"narHash\":\"sha256-00\",\"narSize\":1}}",
		"[{\"path\":\"" A "\",\"narSize\":1}]",
		"[{\"path\":\"" A "\",\"narHash\":\"md5:00\",\"narSize\":1}]",
		"[{\"path\":\"" A "\",\"narHash\":\"sha256-00\"}]",
		"[{\"path\":\"" A "\",\"narHash\":\"sha256-00\",\"narSize\":-1}]",
		"[{\"path\":\"" A "\",\"narHash\":\"sha256-00\",\"narSize\":1e300}]",
		"[{\"path\":\"" A "\",\"valid\":false}]",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nixjson_paths paths = { .n = 0 };
		struct buf text = { 0 };
		buf_printf(&text,
			   "[{\"path\":\"" A "\",\"narHash\":\"sha256-00\",\"narSize\":1,%s}]",
			   rows[i].members);
		EXPECT_REASON(rows[i].members, nixjson_paths(buf_span(&text), &paths),
			      rows[i].reason);
		if (rows[i].reason == REASON_OK)
			ck_assert_msg(paths.at[0].addressed == rows[i].addressed, "%s",
				      rows[i].members);
		nixjson_paths_done(&paths);
		buf_done(&text);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct nixjson_paths paths = { .n = 0 };
		EXPECT_REASON(wrong[i], nixjson_paths(span_of_text(wrong[i]), &paths),
			      REASON_NIX_OUTPUT);
		ck_assert_uint_eq(paths.n, 0);
		nixjson_paths_done(&paths);
	}
}
END_TEST

START_TEST(versions)
{
	static const struct {
		const char *text;
		enum reason reason;
		uint64_t major;
		uint64_t minor;
	} rows[] = {
		{ "nix (Nix) 2.8.0\n", REASON_OK, 2, 8 },
		{ "nix (Nix) 2.24.11", REASON_OK, 2, 24 },
		{ "nix (Nix) 3.0pre20250101_abcdef1\n", REASON_OK, 3, 0 },
		{ "nix (Lix, like Nix) 2.91.1\n", REASON_OK, 2, 91 },
		{ "nix (Nix) 2.7.9\n", REASON_NIX_VERSION, 0, 0 },
		{ "nix (Nix) 1.11.16\n", REASON_NIX_VERSION, 0, 0 },
		{ "nix (Nix) 2\n", REASON_NIX_VERSION, 0, 0 },
		{ "nix (Nix) 2.\n", REASON_NIX_VERSION, 0, 0 },
		{ "nix (Nix) .8\n", REASON_NIX_VERSION, 0, 0 },
		{ "nix (Nix)\n", REASON_NIX_VERSION, 0, 0 },
		{ "nix (Nix) 2.8.0\n2.8.0\n", REASON_NIX_VERSION, 0, 0 },
		{ "nix (Nix) 2.8.0\x1b[m\n", REASON_NIX_VERSION, 0, 0 },
		{ "not (Nix) 2.8.0\n", REASON_NIX_VERSION, 0, 0 },
		{ "2.8.0\n", REASON_NIX_VERSION, 0, 0 },
		{ "", REASON_NIX_VERSION, 0, 0 },
	};
	struct nixjson_version version;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EXPECT_REASON(rows[i].text, nixjson_version(span_of_text(rows[i].text), &version),
			      rows[i].reason);
		if (rows[i].reason != REASON_OK)
			continue;
		ck_assert_uint_eq(version.major, rows[i].major);
		ck_assert_uint_eq(version.minor, rows[i].minor);
	}
	EXPECT_REASON("text", nixjson_version(SPAN_LITERAL("nix (Nix) 2.8.0\n"), &version),
		      REASON_OK);
	ck_assert_str_eq(version.text, "2.8.0");
}
END_TEST

START_TEST(lines)
{
	struct span text = SPAN_LITERAL(A "\n" DRV "\n");
	struct span line;

	EXPECT_REASON("one", nixjson_line(&text, NULL, &line), REASON_OK);
	EXPECT_BYTES("one", line, SPAN_LITERAL(A));
	EXPECT_REASON("two", nixjson_line(&text, ".drv", &line), REASON_OK);
	EXPECT_BYTES("two", line, SPAN_LITERAL(DRV));
	EXPECT_REASON("end", nixjson_line(&text, NULL, &line), REASON_OK);
	ck_assert_uint_eq(line.len, 0);
	text = SPAN_LITERAL(A);
	EXPECT_REASON("no end", nixjson_line(&text, NULL, &line), REASON_NIX_OUTPUT);
	text = SPAN_LITERAL(A "\n");
	EXPECT_REASON("no drv", nixjson_line(&text, ".drv", &line), REASON_NIX_OUTPUT);
	text = SPAN_LITERAL("\n" A "\n");
	EXPECT_REASON("empty", nixjson_line(&text, NULL, &line), REASON_NIX_OUTPUT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nixjson");

	support_add(suite, "built_reading", built_reading);
	support_add(suite, "paths_reading", paths_reading);
	support_add(suite, "paths_members", paths_members);
	support_add(suite, "versions", versions);
	support_add(suite, "lines", lines);
	return support_main(suite);
}
