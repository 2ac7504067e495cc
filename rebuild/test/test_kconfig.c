#include <stdio.h>
#include <string.h>

#include "rebuild/kconfig.h"
#include "rebuild/test/support.h"

/* Findings as lines "name what a>b", or " what (note)" where there is no name. */
static void print(const struct findings *findings, struct buf *out)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->list[i];
		ck_assert_int_eq(finding->class, FINDING_CONTENT);
		ck_assert_str_eq(finding->part, "kernel");
		if (finding->name == NULL)
			buf_printf(out, "%s (%s)\n", finding->what, finding->note);
		else
			buf_printf(out, "%s %s %s>%s\n", finding->name, finding->what,
				   finding->a == NULL ? "" : finding->a,
				   finding->b == NULL ? "" : finding->b);
	}
}

START_TEST(options)
{
	static const struct {
		const char *a;
		const char *b;
		const char *want;
	} rows[] = {
		{ "", "", "" },
		{ "CONFIG_A=y\n", "CONFIG_A=y\n", "" },
		{ "CONFIG_A=y\n", "CONFIG_A=m\n",
		  "config (1 option differs)\nCONFIG_A value y>m\n" },
		{ "CONFIG_A=y\n", "# CONFIG_A is not set\n",
		  "config (1 option differs)\nCONFIG_A value y>is not set\n" },
		{ "CONFIG_A=y\n", "", "config (1 option differs)\nCONFIG_A only-in-a y>\n" },
		{ "CONFIG_B=y\nCONFIG_A=1\n", "CONFIG_C=\"x=y\"\nCONFIG_B=y",
		  "config (2 options differ)\nCONFIG_A only-in-a 1>\nCONFIG_C only-in-b >\"x=y\"\n" },
		{ "CONFIG_A=1\nCONFIG_A_B=1\n", "CONFIG_A_B=2\nCONFIG_A=1\n",
		  "config (1 option differs)\nCONFIG_A_B value 1>2\n" },
		{ "CONFIG_A=1\nCONFIG_A=2\n", "CONFIG_A=2\n",
		  "config (the same options, in another order or with other comments)\n" },
		{ "CONFIG_A=2\nCONFIG_A=1\n", "CONFIG_A=2\n",
		  "config (1 option differs)\nCONFIG_A value 1>2\n" },
		{ "# Linux 6.1\nCONFIG_A=\n", "# Linux 6.2\nCONFIG_A=\n",
		  "config (the same options, in another order or with other comments)\n" },
		{ "CONFIG_A=\n", "# CONFIG_A is set\n",
		  "config (1 option differs)\nCONFIG_A only-in-a >\n" },
		{ "XONFIG_A=\n=\nCONFIG_\n# CONFIG_\n is not set\n# is not set\n", "\n\n",
		  "config (the same options, in another order or with other comments)\n" },
		{ "CONFIG_\x1b[1m=\x07\n", "",
		  "config (1 option differs)\nCONFIG_\\x1b[1m only-in-a \\x07>\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct findings findings = { 0 };
		struct buf text = { 0 };
		EXPECT_REASON(rows[i].want,
			      kconfig_compare(span_of_text(rows[i].a), span_of_text(rows[i].b),
					      &findings),
			      REASON_OK);
		print(&findings, &text);
		EXPECT_BYTES(rows[i].want, buf_span(&text), span_of_text(rows[i].want));
		findings_done(&findings);
		buf_done(&text);
	}
}
END_TEST

/* As many as are told, and one more. */
START_TEST(many)
{
	for (size_t n = KCONFIG_TOLD_MAX; n <= KCONFIG_TOLD_MAX + 1; n++) {
		struct findings findings = { 0 };
		struct buf text = { 0 };
		char note[64];
		for (size_t i = 0; i < n; i++)
			buf_printf(&text, "CONFIG_%03zu=y\n", n - i);
		EXPECT_REASON("many",
			      kconfig_compare(buf_span(&text), (struct span){ NULL, 0 }, &findings),
			      REASON_OK);
		ck_assert_uint_eq(findings.n, KCONFIG_TOLD_MAX + 1);
		(void)snprintf(note, sizeof(note), "%zu options differ%s", n,
			       n > KCONFIG_TOLD_MAX ? "; the first 20 are told" : "");
		ck_assert_str_eq(findings.list[0].note, note);
		ck_assert_str_eq(findings.list[1].name, "CONFIG_001");
		findings_done(&findings);
		buf_done(&text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kconfig");

	support_add(suite, "options", options);
	support_add(suite, "many", many);
	return support_main(suite);
}
