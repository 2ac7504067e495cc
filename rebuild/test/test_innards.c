#include "rebuild/innards.h"
#include "rebuild/test/support.h"

#define CONFIG "# Linux/x86 6.1.0\nCONFIG_A=y\n# CONFIG_B is not set\n"
#define BANNER "6.1.0 (a@b) (gcc 12) #1 SMP"

/* A kernel's bytes around a banner and a configuration, right or wrong. */
struct row {
	const char *name;
	const char *before;
	const char *config; /* NULL: none is there */
	const char *end;    /* NULL: IKCFG_ED */
	size_t cut;         /* off the end of the member */
	long flip;          /* of the member's bytes this one is changed; -1: none */
	const char *want_banner;
	enum innards_config want;
};

static const struct row rows[] = {
	{ "nothing", "", NULL, NULL, 0, -1, "", INNARDS_CONFIG_NONE },
	{ "both", "Linux version " BANNER "\n", CONFIG, NULL, 0, -1, BANNER, INNARDS_CONFIG_READ },
	{ "banner to the end", "xLinux version 5.4", NULL, NULL, 0, -1, "5.4",
	  INNARDS_CONFIG_NONE },
	{ "a format", "Linux version %sLinux version " BANNER "\n", NULL, NULL, 0, -1, BANNER,
	  INNARDS_CONFIG_NONE },
	{ "begun twice", "Linux Linux vLLinux version 1.0 # x\nLinux version 2\n", NULL, NULL, 0,
	  -1, "2", INNARDS_CONFIG_NONE },
	{ "a format last", "Linux version 1\nLinux version %s\nLinux version ", NULL, NULL, 0, -1,
	  "1", INNARDS_CONFIG_NONE },
	{ "other marks", "IKCFG_ST\x1f\x8bIIKCFG_SIKCFG_ST", CONFIG, NULL, 0, -1, "",
	  INNARDS_CONFIG_READ },
	{ "empty text", "", "", NULL, 0, -1, "", INNARDS_CONFIG_READ },
	{ "other end", "", CONFIG, "IKCFG_EE", 0, -1, "", INNARDS_CONFIG_BROKEN },
	{ "no end", "", CONFIG, "IKCFG", 0, -1, "", INNARDS_CONFIG_BROKEN },
	{ "cut", "", CONFIG, "", 9, -1, "", INNARDS_CONFIG_BROKEN },
	{ "data", "", CONFIG, NULL, 0, 10, "", INNARDS_CONFIG_BROKEN },
	{ "checksum", "", CONFIG, NULL, 8, -1, "", INNARDS_CONFIG_BROKEN },
	{ "flags", "", CONFIG, NULL, 0, 3, "", INNARDS_CONFIG_BROKEN },
};

static struct buf make(const struct row *row)
{
	struct buf made = { 0 };
	struct buf member = { 0 };

	buf_text(&made, row->before);
	if (row->config != NULL) {
		buf_text(&made, "IKCFG_ST");
		support_gzip(&member, span_of_text(row->config));
		if (row->flip >= 0)
			member.at[row->flip] ^= 0xff;
		buf_add(&made, (struct span){ member.at, member.len - row->cut });
		buf_text(&made, row->end == NULL ? "IKCFG_ED" : row->end);
	}
	buf_done(&member);
	return made;
}

static void expect(const struct row *row, struct span content, size_t first, size_t step,
		   struct innards_reader *reader)
{
	const struct sink sink = innards_sink(reader);
	struct innards seen = { 0 };
	uint8_t sha256[DIGEST_SHA256_LEN];
	struct span rest = content;
	struct span piece;

	EXPECT_REASON(row->name, innards_again(reader), REASON_OK);
	if (span_take(&rest, first, &piece))
		EXPECT_REASON(row->name, sink_put(&sink, piece), REASON_OK);
	while (rest.len > 0 && span_take(&rest, rest.len < step ? rest.len : step, &piece))
		EXPECT_REASON(row->name, sink_put(&sink, piece), REASON_OK);
	EXPECT_REASON(row->name, innards_take(reader, &seen), REASON_OK);
	ck_assert_msg(seen.has_config == row->want, "%s, first %zu: %d", row->name, first,
		      (int)seen.has_config);
	EXPECT_REASON(row->name, digest_sha256(&content, 1, sha256), REASON_OK);
	EXPECT_BYTES(row->name, SPAN_OF(seen.sha256), SPAN_OF(sha256));
	ck_assert_uint_eq(seen.len, content.len);
	EXPECT_BYTES(row->name, ((struct span){ seen.banner, seen.banner_len }),
		     span_of_text(row->want_banner));
	EXPECT_BYTES(row->name, buf_span(&seen.config),
		     row->want == INNARDS_CONFIG_READ ? span_of_text(row->config) :
							((struct span){ NULL, 0 }));
	innards_done(&seen);
}

/* Every place where a buffer can end. */
START_TEST(marks)
{
	struct innards_reader *reader = NULL;

	EXPECT_REASON("new", innards_reader_new(1 << 20, &reader), REASON_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf content = make(&rows[i]);
		for (size_t first = 0; first <= content.len; first++)
			expect(&rows[i], buf_span(&content), first, SIZE_MAX, reader);
		expect(&rows[i], buf_span(&content), 0, 1, reader);
		expect(&rows[i], buf_span(&content), 0, 3, reader);
		buf_done(&content);
	}
	innards_reader_free(reader);
}
END_TEST

START_TEST(bounds)
{
	struct innards_reader *reader = NULL;
	struct innards seen = { 0 };
	struct buf text = { 0 };
	struct buf content = { 0 };

	for (size_t i = 0; i <= INNARDS_CONFIG_MAX; i++)
		buf_byte(&text, '#');
	for (size_t over = 0; over < 2; over++) {
		content.len = 0;
		buf_text(&content, "IKCFG_ST");
		support_gzip(&content, (struct span){ text.at, INNARDS_CONFIG_MAX + over });
		buf_text(&content, "IKCFG_EDLinux version 6");
		for (size_t i = 0; i < INNARDS_BANNER_MAX; i++)
			buf_byte(&content, 'x');
		EXPECT_REASON("new", innards_reader_new(content.len, &reader), REASON_OK);
		const struct sink sink = innards_sink(reader);
		EXPECT_REASON("all", sink_put(&sink, buf_span(&content)), REASON_OK);
		EXPECT_REASON("one more", sink_put(&sink, SPAN_LITERAL("x")),
			      REASON_PAYLOAD_EXPANSION);
		EXPECT_REASON("take", innards_take(reader, &seen), REASON_OK);
		ck_assert_int_eq(seen.has_config,
				 over ? INNARDS_CONFIG_BROKEN : INNARDS_CONFIG_READ);
		ck_assert_uint_eq(seen.config.len, over ? 0 : INNARDS_CONFIG_MAX);
		ck_assert_uint_eq(seen.banner_len, INNARDS_BANNER_MAX);
		innards_done(&seen);
		innards_reader_free(reader);
	}
	buf_done(&text);
	buf_done(&content);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("innards");

	support_add(suite, "marks", marks);
	support_add(suite, "bounds", bounds);
	return support_main(suite);
}
