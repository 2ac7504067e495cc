#include <stdlib.h>
#include <string.h>

#include "rebuild/ramdisk.h"
#include "rebuild/test/support.h"

struct told {
	unsigned entries;
	unsigned trailers;
	unsigned members;
	uint64_t data;
};

static enum reason on_entry(void *of, const struct newc_entry *entry)
{
	struct told *told = of;

	(void)entry;
	told->entries++;
	return REASON_OK;
}

static enum reason on_data(void *of, struct span bytes)
{
	struct told *told = of;

	told->data += bytes.len;
	return REASON_OK;
}

static enum reason on_end(void *of)
{
	(void)of;
	return REASON_OK;
}

static enum reason on_trailer(void *of)
{
	struct told *told = of;

	told->trailers++;
	return REASON_OK;
}

static enum reason on_member(void *of, const struct gzip_header *header)
{
	struct told *told = of;

	ck_assert_ptr_nonnull(header);
	ck_assert_uint_eq(header->system, 3);
	told->members++;
	return REASON_OK;
}

static enum reason read_all(struct span section, size_t step, uint64_t limit, struct told *told,
			    struct ramdisk_facts *ret)
{
	const struct ramdisk_events events = { { told, on_entry, on_data, on_end, on_trailer },
					       on_member };
	struct ramdisk *ramdisk = NULL;
	struct span piece;
	enum reason reason = ramdisk_new(&events, limit, &ramdisk);

	while (reason == REASON_OK && section.len > 0) {
		ck_assert(span_take(&section, section.len < step ? section.len : step, &piece));
		reason = ramdisk_push(ramdisk, piece);
	}
	if (reason == REASON_OK)
		reason = ramdisk_end(ramdisk, ret);
	ramdisk_free(ramdisk);
	return reason;
}

/* Expects the same whatever the pieces; hands back what was told. */
static struct ramdisk_facts expect(const char *row, struct span section, enum reason want,
				   struct told *ret_told)
{
	static const size_t steps[] = { 1, 5, 1000000 };
	struct ramdisk_facts facts = { 0 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct told told = { 0 };
		EXPECT_REASON(row,
			      read_all(section, steps[i], RAMDISK_EXPANSION_MAX, &told, &facts),
			      want);
		if (ret_told != NULL)
			*ret_told = told;
	}
	return facts;
}

/* An archive of one file; 4-aligned, 244 bytes. */
static void add_archive(struct buf *out)
{
	support_entry(out, &(struct support_entry){ .name = "f", .data = "data" });
	support_trailer(out);
}

static void add_member(struct buf *out)
{
	struct buf archive = { 0 };

	add_archive(&archive);
	support_gzip(out, buf_span(&archive));
	buf_done(&archive);
}

START_TEST(test_opaque)
{
	static const struct {
		const char *row;
		struct span section;
	} rows[] = {
		{ "empty", { NULL, 0 } },
		{ "text", { (const uint8_t *)"bootstrap-ramdisk", 17 } },
		{ "zeros", { (const uint8_t *)"\0\0\0\0\0\0\0\0", 8 } },
		{ "one byte of gzip", { (const uint8_t *)"\x1f", 1 } },
		{ "five bytes of newc", { (const uint8_t *)"07070", 5 } },
		{ "the portable format", { (const uint8_t *)"0707070000", 10 } },
		{ "xz",
		  { (const uint8_t *)"\xfd"
				     "7zXZ\0\0",
		    7 } },
		{ "zstd", { (const uint8_t *)"\x28\xb5\x2f\xfd\0\0\0", 7 } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct told told;
		struct ramdisk_facts facts = expect(rows[i].row, rows[i].section, REASON_OK, &told);
		ck_assert_msg(facts.opaque, "%s", rows[i].row);
		ck_assert_uint_eq(told.entries, 0);
	}
}
END_TEST

/* raw, padded to 512, a member, zeros, a member of two archives, raw, zeros */
START_TEST(test_series)
{
	static const uint8_t zeros[512];
	struct buf section = { 0 };
	struct buf two = { 0 };
	struct told told;

	add_archive(&section);
	buf_add(&section, (struct span){ zeros, 512 - section.len % 512 });
	add_member(&section);
	buf_add(&section, (struct span){ zeros, 7 });
	add_archive(&two);
	buf_add(&two, (struct span){ zeros, 12 });
	add_archive(&two);
	buf_add(&two, (struct span){ zeros, 100 });
	support_gzip(&section, buf_span(&two));
	buf_add(&section, (struct span){ zeros, (4 - section.len % 4) % 4 });
	add_archive(&section);
	struct ramdisk_facts facts = expect("none", buf_span(&section), REASON_OK, &told);
	ck_assert_uint_eq(facts.zeros, 0);
	buf_add(&section, (struct span){ zeros, 13 });
	facts = expect("thirteen", buf_span(&section), REASON_OK, &told);
	ck_assert(!facts.opaque);
	ck_assert_uint_eq(facts.archives, 5);
	ck_assert_uint_eq(facts.members, 2);
	ck_assert_uint_eq(facts.entries, 5);
	ck_assert_uint_eq(facts.zeros, 13);
	ck_assert_uint_eq(told.entries, 5);
	ck_assert_uint_eq(told.trailers, 5);
	ck_assert_uint_eq(told.members, 2);
	ck_assert_uint_eq(told.data, 20);
	buf_done(&section);
	buf_done(&two);
}
END_TEST

START_TEST(test_broken)
{
	struct buf section = { 0 };
	struct buf half = { 0 };
	struct buf other = { 0 };

	add_archive(&section);
	size_t whole = section.len;
	buf_text(&section, "x");
	expect("text behind a raw archive", buf_span(&section), REASON_RAMDISK_JUNK, NULL);
	section.at[whole] = 0;
	buf_text(&section, "070701");
	expect("an archive at no multiple of 4", buf_span(&section), REASON_RAMDISK_JUNK, NULL);
	section.len = whole;
	buf_text(&section, "0abcde");
	add_archive(&section);
	expect("no magic", buf_span(&section), REASON_NEWC_MAGIC, NULL);
	for (size_t n = NEWC_MAGIC_LEN; n < whole; n++) {
		expect("cut", (struct span){ section.at, n }, REASON_NEWC_TRUNCATED, NULL);
		half.len = 0;
		support_gzip(&half, (struct span){ section.at, n });
		expect("cut within a member", buf_span(&half), REASON_RAMDISK_SPLIT, NULL);
	}
	half.len = 0;
	add_member(&half);
	for (size_t n = GZIP_MAGIC_LEN; n < half.len; n++)
		expect("a member cut", (struct span){ half.at, n }, REASON_GZIP_TRUNCATED, NULL);
	buf_text(&half, "x");
	expect("text behind a member", buf_span(&half), REASON_RAMDISK_JUNK, NULL);
	half.at[half.len - 1] = 0x1f;
	buf_text(&half, "0123456789");
	expect("no gzip behind a member", buf_span(&half), REASON_GZIP_HEADER, NULL);
	section.len = whole;
	buf_text(&section, "x");
	support_gzip(&other, buf_span(&section));
	expect("text within a member", buf_span(&other), REASON_RAMDISK_JUNK, NULL);
	section.at[whole] = 0;
	buf_text(&section, "070701");
	other.len = 0;
	support_gzip(&other, buf_span(&section));
	expect("no multiple of 4 within a member", buf_span(&other), REASON_RAMDISK_JUNK, NULL);
	other.len = 0;
	support_gzip(&other, SPAN_LITERAL("not an archive at all, but long enough for a header: "
					  "0123456789012345678901234567890123456789012345678901"
					  "23456789"));
	expect("no archive in a member", buf_span(&other), REASON_NEWC_MAGIC, NULL);
	buf_done(&section);
	buf_done(&half);
	buf_done(&other);
}
END_TEST

/* Expansion is counted over all archives, raw and compressed. */
START_TEST(test_bounds)
{
	struct buf section = { 0 };
	struct told told = { 0 };
	struct ramdisk_facts facts;

	add_archive(&section);
	uint64_t one = section.len;
	add_member(&section);
	EXPECT_REASON("just enough", read_all(buf_span(&section), 50, 2 * one, &told, &facts),
		      REASON_OK);
	ck_assert_uint_eq(facts.expanded, 2 * one);
	EXPECT_REASON("one less", read_all(buf_span(&section), 50, 2 * one - 1, &told, &facts),
		      REASON_RAMDISK_EXPANSION);
	EXPECT_REASON("one less, raw", read_all(buf_span(&section), 50, one - 1, &told, &facts),
		      REASON_RAMDISK_EXPANSION);
	buf_done(&section);
}
END_TEST

/* A file that says 4 GiB, in a member of a few bytes that holds none of it. */
START_TEST(test_declared_sizes)
{
	struct buf archive = { 0 };
	struct buf section = { 0 };

	support_entry(&archive, &(struct support_entry){ .name = "f", .size = 0xffffffff });
	expect("raw", buf_span(&archive), REASON_NEWC_TRUNCATED, NULL);
	support_gzip(&section, buf_span(&archive));
	expect("gzip", buf_span(&section), REASON_RAMDISK_SPLIT, NULL);
	buf_done(&archive);
	buf_done(&section);
}
END_TEST

/* 64 MiB of zeros in a member of 64 KiB, again and again, until 4 GiB are over. */
START_TEST(test_bomb)
{
	const struct ramdisk_events events = {
		{ &(struct told){ 0 }, on_entry, on_data, on_end, on_trailer }, NULL
	};
	struct ramdisk *ramdisk = NULL;
	struct buf member = { 0 };
	const unsigned members = support_is_slow() ? 1 : 64;
	unsigned pushed = 0;

	support_enter();
	support_sh("truncate -s 64M f; echo f | cpio --quiet -o -H newc | gzip -n >member");
	member = support_read("member");
	support_leave();
	EXPECT_REASON("new", ramdisk_new(&events, RAMDISK_EXPANSION_MAX / 64 * members, &ramdisk),
		      REASON_OK);
	enum reason reason = REASON_OK;
	for (; reason == REASON_OK && pushed < 70; pushed++)
		reason = ramdisk_push(ramdisk, buf_span(&member));
	EXPECT_REASON("bomb", reason, REASON_RAMDISK_EXPANSION);
	ck_assert_uint_eq(pushed, members);
	ramdisk_free(ramdisk);
	buf_done(&member);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ramdisk");

	support_add(suite, "opaque", test_opaque);
	support_add(suite, "series", test_series);
	support_add(suite, "broken", test_broken);
	support_add(suite, "bounds", test_bounds);
	support_add(suite, "declared sizes", test_declared_sizes);
	support_add(suite, "bomb", test_bomb);
	ramdisk_free(NULL);
	return support_main(suite);
}
