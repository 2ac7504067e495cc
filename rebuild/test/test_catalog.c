#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebuild/archives.h"
#include "rebuild/expansion.h"
#include "rebuild/test/support.h"

/* A section in a file of its own, measured. */
struct made {
	struct eif_section section;
	uint8_t sha384[DIGEST_SHA384_LEN];
	struct catalog_source source;
};

static void make(const char *path, struct buf *content, struct made *ret)
{
	const struct span bytes = buf_span(content);

	ck_assert(!content->failed);
	support_write(path, bytes);
	ret->section = (struct eif_section){ .type = EIF_RAMDISK, .size = bytes.len };
	ck_assert_int_eq(digest_sha384(&bytes, 1, ret->sha384), REASON_OK);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ret->source = (struct catalog_source){ fd, &ret->section, ret->sha384, NULL };
}

static void add(struct buf *out, const char *name, const char *data, uint32_t ino)
{
	support_entry(out, &(struct support_entry){ .name = name, .data = data, .ino = ino });
}

static void drop(struct buf *content, struct made *made)
{
	buf_done(content);
	(void)close(made->source.fd);
}

START_TEST(reading)
{
	struct buf content = { 0 };
	struct made made;
	struct catalog catalog;

	support_enter();
	add(&content, "one", "first", 1);
	add(&content, "two", "second", 2);
	support_trailer(&content);
	make("file", &content, &made);
	EXPECT_REASON("read", catalog_read(&made.source, CATALOG_NAMES_MAX, &catalog), REASON_OK);
	EXPECT_REASON("form", catalog.form, REASON_OK);
	ck_assert_uint_eq(catalog.n, 2);
	EXPECT_BYTES("name", catalog_name(&catalog, 1), SPAN_LITERAL("two"));
	catalog_done(&catalog);
	/* exactly the names' room, and one byte less */
	EXPECT_REASON("room", catalog_read(&made.source, 6, &catalog), REASON_OK);
	catalog_done(&catalog);
	EXPECT_REASON("no room", catalog_read(&made.source, 5, &catalog), REASON_CATALOG_NAMES);
	catalog_done(&catalog);
	drop(&content, &made);
	support_leave();
}
END_TEST

START_TEST(pouring)
{
	static const size_t wanted[] = { 0, 2 };
	struct buf content = { 0 };
	struct buf poured = { 0 };
	unsigned changed = 0;
	const struct sink sink = support_sink(&poured);
	struct made made;
	struct catalog catalog;

	support_enter();
	add(&content, "one", "first", 1);
	add(&content, "two", "second", 2);
	add(&content, "three", "third", 3);
	support_trailer(&content);
	make("file", &content, &made);
	EXPECT_REASON("read", catalog_read(&made.source, CATALOG_NAMES_MAX, &catalog), REASON_OK);
	EXPECT_REASON("pour", catalog_pour(&made.source, &catalog, wanted, 2, &sink), REASON_OK);
	EXPECT_BYTES("poured", buf_span(&poured), SPAN_LITERAL("firstthird"));
	/* another byte in between is found out, or of no consequence */
	for (off_t at = 0; at < (off_t)made.section.size; at++) {
		uint8_t byte = content.at[at] ^ 1;
		poured.len = 0;
		ck_assert_int_eq(pwrite(made.source.fd, &byte, 1, at), 1);
		enum reason reason = catalog_pour(&made.source, &catalog, wanted, 2, &sink);
		if (reason == REASON_OK)
			EXPECT_BYTES("poured", buf_span(&poured), SPAN_LITERAL("firstthird"));
		else
			EXPECT_REASON("changed", reason, REASON_CHANGED_WHILE_READING);
		changed += reason != REASON_OK;
		ck_assert_int_eq(pwrite(made.source.fd, content.at + at, 1, at), 1);
	}
	ck_assert_uint_ge(changed, sizeof("firstthird") - 1);
	catalog_done(&catalog);
	buf_done(&poured);
	drop(&content, &made);
	support_leave();
}
END_TEST

/* Whatever is broken is told of the catalog; whatever changed, of the reading. */
START_TEST(broken)
{
	struct buf content = { 0 };
	struct made made;
	struct catalog catalog;

	support_enter();
	add(&content, "one", "first", 1);
	make("file", &content, &made);
	EXPECT_REASON("read", catalog_read(&made.source, CATALOG_NAMES_MAX, &catalog), REASON_OK);
	EXPECT_REASON("form", catalog.form, REASON_NEWC_TRUNCATED);
	ck_assert_uint_eq(catalog.n, 1);
	catalog_done(&catalog);
	ck_assert_int_eq(pwrite(made.source.fd, "X", 1, 3), 1);
	EXPECT_REASON("changed", catalog_read(&made.source, CATALOG_NAMES_MAX, &catalog),
		      REASON_CHANGED_WHILE_READING);
	catalog_done(&catalog);
	drop(&content, &made);
	support_leave();
}
END_TEST

START_TEST(expanding)
{
	struct buf archive = { 0 };
	struct buf packed = { 0 };
	struct buf mixed = { 0 };
	struct made raw;
	struct made gzip;
	struct made both;
	uint8_t digest[DIGEST_SHA384_LEN];
	uint8_t other[DIGEST_SHA384_LEN];
	bool known = false;

	support_enter();
	add(&archive, "one", "first", 1);
	support_trailer(&archive);
	support_gzip(&packed, buf_span(&archive));
	buf_add(&packed, SPAN_LITERAL("\0\0\0"));
	buf_add(&mixed, buf_span(&packed));
	while (mixed.len % 4 != 0)
		buf_byte(&mixed, 0);
	buf_add(&mixed, buf_span(&archive));
	make("raw", &archive, &raw);
	make("gzip", &packed, &gzip);
	make("mixed", &mixed, &both);
	EXPECT_REASON("raw", expansion_digest(&raw.source, &known, digest), REASON_OK);
	ck_assert(known);
	EXPECT_REASON("gzip", expansion_digest(&gzip.source, &known, other), REASON_OK);
	ck_assert(known);
	EXPECT_BYTES("same", SPAN_OF(digest), SPAN_OF(other));
	EXPECT_REASON("mixed", expansion_digest(&both.source, &known, other), REASON_OK);
	ck_assert(!known);
	drop(&archive, &raw);
	drop(&packed, &gzip);
	drop(&mixed, &both);
	support_leave();
}
END_TEST

START_TEST(spool_fails)
{
	struct buf a = { 0 };
	struct buf b = { 0 };
	struct made made_a;
	struct made made_b;
	struct findings findings = { 0 };
	struct trouble trouble = { 0 };

	support_enter();
	add(&a, "one", "first", 1);
	support_trailer(&a);
	add(&b, "one", "other", 1);
	support_trailer(&b);
	make("a", &a, &made_a);
	make("b", &b, &made_b);
	EXPECT_REASON("no folder",
		      archives_compare("ramdisk 0", &made_a.source, &made_b.source, "none",
				       &findings, &trouble),
		      REASON_FILE_UNWRITABLE);
	findings_done(&findings);
	EXPECT_REASON("folder",
		      archives_compare("ramdisk 0", &made_a.source, &made_b.source, ".", &findings,
				       &trouble),
		      REASON_OK);
	ck_assert_uint_eq(findings.n, 1);
	ck_assert_str_eq(findings.list[0].note, "text, line 1: 'first' -> 'other'");
	findings_done(&findings);
	drop(&a, &made_a);
	drop(&b, &made_b);
	support_leave();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("catalog");

	support_add(suite, "reading", reading);
	support_add(suite, "pouring", pouring);
	support_add(suite, "broken", broken);
	support_add(suite, "expanding", expanding);
	support_add(suite, "spool fails", spool_fails);
	return support_main(suite);
}
