#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/assemble.h"
#include "rebuild/test/support.h"
#include "rebuild/unpack.h"

/* Extracts a section into the folder `t`, its list into `list`. */
static enum reason extract(struct span section, struct extract_counts *ret_counts,
			   struct trouble *reterr)
{
	struct buf list = { 0 };
	struct extract *extract = NULL;
	struct ramdisk_facts facts;

	*ret_counts = (struct extract_counts){ 0 };
	support_sh("mkdir t");
	int dir = open("t", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert(dir >= 0);
	enum reason reason = extract_new(dir, support_sink(&list), &extract);
	if (reason == REASON_OK)
		reason = extract_push(extract, section, reterr);
	if (reason == REASON_OK)
		reason = extract_end(extract, &facts, ret_counts, reterr);
	extract_free(extract);
	(void)close(dir);
	support_write("list", buf_span(&list));
	buf_done(&list);
	return reason;
}

#define ENTRIES_MAX 4

/* What archives say, what becomes of it, and what must then hold in the folder above the tree. */
static const struct {
	const char *row;
	struct support_entry entries[ENTRIES_MAX];
	enum reason want;
	const char *holds; /* a shell test */
} rows[] = {
	{ "a file", { { .name = "f", .data = "x" } }, REASON_OK, "[ \"$(cat t/f)\" = x ]" },
	{ "the top", { { .name = ".", .mode = 040755 } }, REASON_OK, "[ -d t ]" },
	{ "the top as a file", { { .name = "./" } }, REASON_PATH_CONFLICT, ":" },
	{ "an empty name", { { .name = "" } }, REASON_PATH_NAME, ":" },
	{ "..", { { .name = "..", .mode = 040755 } }, REASON_PATH_NAME, ":" },
	{ "out by ..", { { .name = "../out" } }, REASON_PATH_NAME, "[ ! -e out ]" },
	{ "out by .. further on",
	  { { .name = "a/b/../../../out" } },
	  REASON_PATH_NAME,
	  "[ ! -e out ]" },
	{ "inside, but by ..", { { .name = "a/../b" } }, REASON_PATH_NAME, "[ ! -e t/b ]" },
	{ "dots that are a name", { { .name = "..." } }, REASON_OK, "[ -f t/... ]" },
	{ "absolute", { { .name = "/abs", .data = "x" } }, REASON_OK, "[ -f t/abs ]" },
	{ "slashes and dots",
	  { { .name = ".//./a//./b", .data = "x" } },
	  REASON_OK,
	  "[ -f t/a/b ]" },
	{ "without its directory", { { .name = "a/b/c" } }, REASON_OK, "[ -f t/a/b/c ]" },
	{ "control characters",
	  { { .name = "\x1b[31m\n\xff" } },
	  REASON_OK,
	  "[ \"$(cat list)\" = '100644 0 0 1 0 0 \\x1b[31m\\x0a\\xff' ] && "
	  "[ -f \"t/$(printf '\\033[31m\\n\\377')\" ]" },
	{ "through a link out",
	  { { .name = "l", .mode = 0120777, .data = "/etc" }, { .name = "l/f", .data = "x" } },
	  REASON_OK,
	  "[ ! -e /etc/f ] && [ -d t/l ] && [ ! -L t/l ]" },
	{ "through a link to the top's parent",
	  { { .name = "l", .mode = 0120777, .data = ".." }, { .name = "l/f", .data = "x" } },
	  REASON_OK,
	  "[ ! -e f ] && [ ! -L t/l ]" },
	{ "through a link inside",
	  { { .name = "d", .mode = 040755 },
	    { .name = "l", .mode = 0120777, .data = "d" },
	    { .name = "l/f", .data = "x" } },
	  REASON_PATH_CONFLICT,
	  "[ ! -e t/d/f ]" },
	{ "a file over a link inside",
	  { { .name = "f", .data = "old" },
	    { .name = "l", .mode = 0120777, .data = "f" },
	    { .name = "l", .data = "new" } },
	  REASON_OK,
	  "[ \"$(cat t/f)\" = old ] && [ \"$(cat t/l)\" = new ] && [ ! -L t/l ]" },
	{ "through a file",
	  { { .name = "f", .data = "x" }, { .name = "f/g", .data = "x" } },
	  REASON_PATH_CONFLICT,
	  "[ -f t/f ]" },
	{ "a link inside",
	  { { .name = "a/b/l", .mode = 0120777, .data = "../../c" } },
	  REASON_OK,
	  "[ \"$(readlink t/a/b/l)\" = ../../c ]" },
	{ "a link one too high",
	  { { .name = "a/b/l", .mode = 0120777, .data = "../../../c" } },
	  REASON_OK,
	  "[ ! -L t/a/b/l ] && grep -q -- '-> ../../../c' list" },
	{ "a link that climbs behind a name",
	  { { .name = "l", .mode = 0120777, .data = "a/../.." } },
	  REASON_OK,
	  "[ ! -L t/l ]" },
	{ "a link whose .. depends on another",
	  { { .name = "a/b/l", .mode = 0120777, .data = "../.." },
	    { .name = "a/b/m", .mode = 0120777, .data = "l/.." } },
	  REASON_OK,
	  "[ -L t/a/b/l ] && [ ! -L t/a/b/m ]" },
	{ "a link out instead of a file",
	  { { .name = "f", .data = "x" }, { .name = "f", .mode = 0120777, .data = "/etc/passwd" } },
	  REASON_OK,
	  "[ ! -e t/f ] && [ ! -L t/f ]" },
	{ "a device",
	  { { .name = "null", .mode = 020666, .rdev_major = 1, .rdev_minor = 3 } },
	  REASON_OK,
	  "[ ! -e t/null ] && [ \"$(cat list)\" = '020666 0 0 1 0 1,3 null' ]" },
	{ "a disk",
	  { { .name = "sda", .mode = 060666, .rdev_major = 8 } },
	  REASON_OK,
	  "[ ! -e t/sda ]" },
	{ "a pipe", { { .name = "p", .mode = 010666 } }, REASON_OK, "[ ! -e t/p ]" },
	{ "a socket", { { .name = "s", .mode = 0140666 } }, REASON_OK, "[ ! -e t/s ]" },
	{ "a device instead of a file",
	  { { .name = "f" }, { .name = "f", .mode = 020666, .rdev_major = 1 } },
	  REASON_OK,
	  "[ ! -e t/f ]" },
	{ "setuid",
	  { { .name = "su", .mode = 0104755 } },
	  REASON_OK,
	  "[ \"$(stat -c %a t/su)\" = 755 ] && grep -q ^104755 list" },
	{ "setgid and sticky",
	  { { .name = "d", .mode = 043777 } },
	  REASON_OK,
	  "[ \"$(stat -c %a t/d)\" = 755 ]" },
	{ "writable for all",
	  { { .name = "f", .mode = 0100666 } },
	  REASON_OK,
	  "[ \"$(stat -c %a t/f)\" = 644 ]" },
	{ "for nobody",
	  { { .name = "f", .mode = 0100000 },
	    { .name = "d", .mode = 040000 },
	    { .name = "d/g", .data = "x" } },
	  REASON_OK,
	  "[ \"$(stat -c %a t/f)\" = 600 ] && [ \"$(stat -c %a t/d)\" = 700 ] && [ -f t/d/g ]" },
	{ "a file twice",
	  { { .name = "f", .data = "older" }, { .name = "f", .data = "new" } },
	  REASON_OK,
	  "[ \"$(cat t/f)\" = new ]" },
	{ "a directory twice",
	  { { .name = "d", .mode = 040755 }, { .name = "d/f" }, { .name = "d", .mode = 040755 } },
	  REASON_OK,
	  "[ -f t/d/f ]" },
	{ "a file over a directory",
	  { { .name = "d", .mode = 040755 }, { .name = "d", .data = "x" } },
	  REASON_OK,
	  "[ -f t/d ]" },
	{ "a file over a full directory",
	  { { .name = "d/f" }, { .name = "d", .data = "x" } },
	  REASON_PATH_CONFLICT,
	  "[ -f t/d/f ]" },
	{ "a directory over a file",
	  { { .name = "d", .data = "x" }, { .name = "d", .mode = 040755 } },
	  REASON_OK,
	  "[ -d t/d ]" },
	{ "hard links, data on the last",
	  { { .name = "a", .ino = 7, .nlink = 2 },
	    { .name = "b", .ino = 7, .nlink = 2, .data = "x" } },
	  REASON_OK,
	  "[ t/a -ef t/b ] && [ \"$(cat t/a)\" = x ]" },
	{ "hard links, data on the first",
	  { { .name = "a", .ino = 7, .nlink = 2, .data = "x" },
	    { .name = "b", .ino = 7, .nlink = 2 } },
	  REASON_OK,
	  "[ t/a -ef t/b ] && [ \"$(cat t/a)\" = x ]" },
	{ "one inode, no links",
	  { { .name = "a", .ino = 7 }, { .name = "b", .ino = 7 } },
	  REASON_OK,
	  "! [ t/a -ef t/b ]" },
	{ "a link to itself",
	  { { .name = "a", .ino = 7, .nlink = 2 },
	    { .name = "a", .ino = 7, .nlink = 2, .data = "x" } },
	  REASON_OK,
	  "[ \"$(cat t/a)\" = x ]" },
	{ "a link to what was replaced, as the kernel makes it",
	  { { .name = "a", .ino = 7, .nlink = 2 },
	    { .name = "a", .ino = 8, .data = "other" },
	    { .name = "b", .ino = 7, .nlink = 2, .data = "x" } },
	  REASON_OK,
	  "[ t/a -ef t/b ] && [ \"$(cat t/a)\" = x ]" },
	{ "a link to what a link replaced",
	  { { .name = "a", .ino = 7, .nlink = 2 },
	    { .name = "a", .mode = 0120777, .data = "../list" },
	    { .name = "b", .ino = 7, .nlink = 2, .data = "x" } },
	  REASON_NEWC_LINK,
	  ":" },
	{ "a link to what a directory replaced",
	  { { .name = "a", .ino = 7, .nlink = 2 },
	    { .name = "a", .mode = 040755 },
	    { .name = "b", .ino = 7, .nlink = 2, .data = "x" } },
	  REASON_NEWC_LINK,
	  "[ ! -e t/b ]" },
	{ "a link to what a device replaced",
	  { { .name = "a", .ino = 7, .nlink = 2 },
	    { .name = "a", .mode = 020666 },
	    { .name = "b", .ino = 7, .nlink = 2, .data = "x" } },
	  REASON_NEWC_LINK,
	  "[ ! -e t/b ]" },
	{ "links are forgotten at the trailer",
	  { { .name = "a", .ino = 7, .nlink = 2 },
	    { .name = "TRAILER!!!" },
	    { .name = "b", .ino = 7, .nlink = 2, .data = "x" } },
	  REASON_OK,
	  "! [ t/a -ef t/b ]" },
};

START_TEST(test_rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf section = { 0 };
		struct extract_counts counts;
		struct trouble trouble = { 0 };
		support_enter();
		for (size_t j = 0; j < ENTRIES_MAX && rows[i].entries[j].name != NULL; j++)
			support_entry(&section, &rows[i].entries[j]);
		support_trailer(&section);
		EXPECT_REASON(rows[i].row, extract(buf_span(&section), &counts, &trouble),
			      rows[i].want);
		/* the rows end with what must hold; nothing but the tree and its list is there */
		support_sh(rows[i].holds);
		support_sh("[ \"$(echo *)\" = 'list t' ] || { ls -la; exit 1; }");
		buf_done(&section);
		support_leave();
	}
}
END_TEST

START_TEST(test_long_and_deep)
{
	struct buf section = { 0 };
	struct buf name = { 0 };
	struct extract_counts counts;
	struct trouble trouble = { 0 };

	support_enter();
	for (size_t i = 0; i < 256; i++)
		buf_text(&name, "n");
	char *text = buf_take_text(&name);
	support_entry(&section, &(struct support_entry){ .name = text });
	EXPECT_REASON("256 bytes", extract(buf_span(&section), &counts, &trouble),
		      REASON_PATH_NAME);
	ck_assert_uint_eq(trouble.path_len, 256);
	support_sh("rm -r t list");
	section.len = 0;
	text[255] = '\0';
	support_entry(&section, &(struct support_entry){ .name = text });
	support_trailer(&section);
	trouble = (struct trouble){ 0 };
	EXPECT_REASON("255 bytes", extract(buf_span(&section), &counts, &trouble), REASON_OK);
	free(text);
	support_sh("rm -r t list");
	section.len = 0;
	for (size_t i = 0; i < 2047; i++)
		buf_text(&name, "d/");
	buf_text(&name, "f");
	text = buf_take_text(&name);
	support_entry(&section, &(struct support_entry){ .name = text, .data = "deep" });
	support_trailer(&section);
	EXPECT_REASON("2047 levels", extract(buf_span(&section), &counts, &trouble), REASON_OK);
	ck_assert_uint_eq(counts.files, 1);
	free(text);
	buf_done(&section);
	support_leave();
}
END_TEST

START_TEST(test_counts)
{
	struct buf section = { 0 };
	struct buf packed = { 0 };
	struct extract_counts counts;
	struct trouble trouble = { 0 };

	support_enter();
	support_entry(&section, &(struct support_entry){ .name = "d", .mode = 042755 });
	support_entry(&section, &(struct support_entry){ .name = "d/f", .data = "x" });
	support_entry(&section, &(struct support_entry){ .name = "d/f", .data = "y" });
	support_entry(&section,
		      &(struct support_entry){ .name = "l", .mode = 0120777, .data = "d" });
	support_entry(&section,
		      &(struct support_entry){ .name = "m", .mode = 0120777, .data = "/" });
	support_entry(&section, &(struct support_entry){ .name = "n", .mode = 020666 });
	support_trailer(&section);
	support_gzip(&packed, buf_span(&section));
	EXPECT_REASON("counts", extract(buf_span(&packed), &counts, &trouble), REASON_OK);
	ck_assert_uint_eq(counts.directories, 1);
	ck_assert_uint_eq(counts.files, 2);
	ck_assert_uint_eq(counts.symlinks, 1);
	ck_assert_uint_eq(counts.links_out, 1);
	ck_assert_uint_eq(counts.special, 1);
	ck_assert_uint_eq(counts.set_id, 1);
	ck_assert_uint_eq(counts.duplicates, 1);
	buf_done(&section);
	buf_done(&packed);
	support_leave();
}
END_TEST

/* Many hard links, in groups: the table grows. Their data comes last. */
START_TEST(test_many_links)
{
	struct extract_counts counts;
	struct trouble trouble = { 0 };

	support_enter();
	support_sh("mkdir s; cd s; n=${VALGRIND_RUN:+100}\n"
		   "for i in $(seq ${n:-1000}); do echo $i >a$i; ln a$i b$i; ln a$i c$i; done\n"
		   "find . | LC_ALL=C sort | cpio --quiet -o -H newc >../section");
	struct buf section = support_read("section");
	EXPECT_REASON("links", extract(buf_span(&section), &counts, &trouble), REASON_OK);
	support_sh("diff -r s t; [ t/a7 -ef t/b7 ]; [ t/a100 -ef t/c100 ]; ! [ t/a7 -ef t/a8 ]");
	buf_done(&section);
	support_leave();
}
END_TEST

START_TEST(test_links_bound)
{
	struct buf section = { 0 };
	struct buf name = { 0 };
	struct trouble trouble = { 0 };

	if (support_is_slow())
		return;
	support_enter();
	for (size_t i = 0; i < 3840; i++)
		buf_byte(&name, i % 240 == 239 ? '/' : 'd');
	char *folder = buf_take_text(&name);
	enum reason reason = REASON_OK;
	support_sh("mkdir t");
	int dir = open("t", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct extract *extract = NULL;
	EXPECT_REASON("new", extract_new(dir, support_sink(&name), &extract), REASON_OK);
	/* each takes about 4000 bytes */
	for (uint32_t i = 0; i < 20000 && reason == REASON_OK; i++) {
		char text[4096];
		(void)snprintf(text, sizeof(text), "%s%u", folder, i);
		section.len = 0;
		name.len = 0;
		support_entry(&section,
			      &(struct support_entry){ .name = text, .ino = i, .nlink = 2 });
		reason = extract_push(extract, buf_span(&section), &trouble);
	}
	EXPECT_REASON("bound", reason, REASON_PATH_LINKS);
	extract_free(extract);
	(void)close(dir);
	free(folder);
	buf_done(&section);
	buf_done(&name);
	support_leave();
}
END_TEST

/* Writes the image `eif`: kernel, cmdline, and `n` ramdisk files r0, r1, ... */
static void make_image(size_t n)
{
	static const char *const names[] = { "r0", "r1", "r2", "r3" };
	struct assemble_ramdisk ramdisks[4];
	struct assembled made;
	struct trouble trouble = { 0 };
	struct buf metadata = { 0 };

	EXPECT_REASON("metadata", assemble_metadata("k", 0, "tool", "1", &metadata), REASON_OK);
	for (size_t i = 0; i < n; i++)
		ramdisks[i] = (struct assemble_ramdisk){ names[i], false };
	const struct assemble_inputs inputs = { .kernel = "k",
						.cmdline = SPAN_LITERAL("console=ttyS0"),
						.metadata = buf_span(&metadata),
						.ramdisks = ramdisks,
						.n_ramdisks = n };
	EXPECT_REASON("assemble", assemble(&inputs, "eif", &made, &trouble), REASON_OK);
	buf_done(&metadata);
}

static enum reason unpack_file(const char *path, const char *dir, struct unpacked *ret)
{
	struct trouble trouble = { 0 };
	uint64_t at;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s", path);
	enum reason reason = unpack(fd, dir, 0, NULL, ret, &trouble, &at);
	(void)close(fd);
	return reason;
}

START_TEST(test_image)
{
	struct unpacked *unpacked = calloc(1, sizeof(*unpacked));

	ck_assert_ptr_nonnull(unpacked);
	support_enter();
	support_sh("echo kernel >k; mkdir s; echo x >s/f; cd s\n"
		   "find . | cpio --quiet -o -H newc >../r0; gzip -n <../r0 >../r1\n"
		   "echo opaque >../r2; head -c 200 ../r1 | head -c -9 >../r3");
	make_image(4);
	EXPECT_REASON("unpack", unpack_file("eif", "u", unpacked), REASON_OK);
	ck_assert_uint_eq(unpacked->eif.n_sections, 7);
	ck_assert_str_eq(unpacked->sections[0].name, "kernel");
	ck_assert_str_eq(unpacked->sections[6].name, "ramdisk-3");
	EXPECT_REASON("raw", unpacked->sections[3].reason, REASON_OK);
	EXPECT_REASON("gzip", unpacked->sections[4].reason, REASON_OK);
	EXPECT_REASON("opaque", unpacked->sections[5].reason, REASON_OK);
	EXPECT_REASON("cut", unpacked->sections[6].reason, REASON_GZIP_TRUNCATED);
	ck_assert(unpacked->sections[5].facts.opaque);
	ck_assert(!unpacked->sections[4].facts.opaque);
	support_sh("cmp k u/kernel; cmp r0 u/ramdisk-0; cmp r1 u/ramdisk-1; cmp r2 u/ramdisk-2\n"
		   "cmp r3 u/ramdisk-3; [ \"$(cat u/cmdline)\" = console=ttyS0 ]\n"
		   "diff -r s u/ramdisk-0.d; diff -r s u/ramdisk-1.d; [ ! -e u/ramdisk-2.d ]\n"
		   "cmp u/ramdisk-0.list u/ramdisk-1.list; grep -q ' f$' u/ramdisk-0.list");
	EXPECT_REASON("again", unpack_file("eif", "u", unpacked), REASON_FILE_EXISTS);
	EXPECT_REASON("onto a file", unpack_file("eif", "k", unpacked), REASON_FILE_EXISTS);
	EXPECT_REASON("nowhere", unpack_file("eif", "no/u", unpacked), REASON_FILE_UNWRITABLE);
	support_sh("mkdir v");
	EXPECT_REASON("empty", unpack_file("eif", "v", unpacked), REASON_OK);
	free(unpacked);
	support_leave();
}
END_TEST

/* Malformed images leave nothing. */
START_TEST(test_malformed)
{
	static const struct {
		const char *row;
		const char *script;
		enum reason want;
	} bad[] = {
		{ "empty", ": >bad", REASON_EIF_MAGIC },
		{ "no image", "cat k eif >bad", REASON_EIF_MAGIC },
		{ "cut", "head -c -1 eif >bad", REASON_EIF_TRUNCATED },
		{ "longer", "(cat eif; echo) >bad", REASON_EIF_TRAILING },
		{ "another byte", "(head -c -1 eif; printf x) >bad", REASON_EIF_CRC },
		{ "a directory", "mkdir bad", REASON_FILE_UNREADABLE },
	};
	struct unpacked *unpacked = calloc(1, sizeof(*unpacked));

	ck_assert_ptr_nonnull(unpacked);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		support_enter();
		support_sh("echo kernel >k; echo r >r0; mkdir empty");
		make_image(1);
		support_sh(bad[i].script);
		EXPECT_REASON(bad[i].row, unpack_file("bad", "u", unpacked), bad[i].want);
		ck_assert_msg(!support_exists("u"), "%s", bad[i].row);
		EXPECT_REASON(bad[i].row, unpack_file("bad", "empty", unpacked), bad[i].want);
		support_sh("[ -z \"$(ls -A empty)\" ]");
		support_leave();
	}
	free(unpacked);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unpack");

	(void)umask(022);
	support_add(suite, "rows", test_rows);
	support_add(suite, "long and deep", test_long_and_deep);
	support_add(suite, "counts", test_counts);
	support_add(suite, "many links", test_many_links);
	support_add(suite, "links' bound", test_links_bound);
	support_add(suite, "image", test_image);
	support_add(suite, "malformed", test_malformed);
	extract_free(NULL);
	return support_main(suite);
}
