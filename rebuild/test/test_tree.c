#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebuild/test/support.h"
#include "rebuild/tree.h"

static int open_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s", path);
	return fd;
}

static enum reason archive(const char *path, uint32_t dir_nlink, struct buf *ret,
			   struct trouble *reterr)
{
	const struct tree_options options = { TREE_MTIME, dir_nlink, TREE_NAMES_MAX };
	int fd = open_folder(path);

	enum reason reason = tree_archive(fd, &options, support_sink(ret), reterr);
	(void)close(fd);
	return reason;
}

/* What GNU cpio makes of `find | sort`, every kind of name among it. Of directories cpio tells what the
 * file system counts; from 2.14 on, with --reproducible, 2. */
START_TEST(test_like_gnu_cpio)
{
	struct trouble trouble = { 0 };
	struct buf ours = { 0 };
	struct buf two = { 0 };

	support_enter();
	support_sh("mkdir t; cd t\n"
		   "mkdir -p a/b/c a-b ab .hidden empty; echo 1 >a/x; echo 22 >a-b/y; : >ab/z\n"
		   "echo 4 >a.c; seq 100000 >big; ln -s ../x a/b/l; ln -s /absolute out\n"
		   "printf x >\"$(printf 'new\\nline')\"; printf x >\"$(printf '\\377\\001')\"\n"
		   "chmod 4755 a.c; chmod 700 ab; chmod 1777 empty\n"
		   "find . -exec touch -h --date=@1 {} +\n"
		   "find . -mindepth 1 -print0 | LC_ALL=C sort -z |\n"
		   "cpio --quiet -0 -o -H newc --reproducible -R +0:+0 >../gnu");
	struct buf gnu = support_read("gnu");
	EXPECT_REASON("archive of 2", archive("t", 2, &two, &trouble), REASON_OK);
	if (!span_equal(buf_span(&two), buf_span(&gnu))) {
		EXPECT_REASON("archive", archive("t", 0, &ours, &trouble), REASON_OK);
		EXPECT_BYTES("archive", buf_span(&ours), buf_span(&gnu));
	}
	buf_done(&gnu);
	buf_done(&ours);
	buf_done(&two);
	support_leave();
}
END_TEST

/* Owner, times, order in the directory, inodes and hard links leave no trace. */
START_TEST(test_same_everywhere)
{
	struct trouble trouble = { 0 };
	struct buf a = { 0 };
	struct buf b = { 0 };

	support_enter();
	support_sh(
		"mkdir a b; for i in 1 2 3 4 5 6 7 8 9; do echo $i >a/f$i; done; echo 9 >a/g\n"
		"for i in 9 8 7 6 5 4 3 2 1; do echo $i >b/f$i; done; ln b/f9 b/g\n"
		"mkdir a/d b/d b/x; rmdir b/x; touch -d 2001-01-01 b/*; ln -s f1 a/l; ln -s f1 b/l");
	EXPECT_REASON("a", archive("a", 2, &a, &trouble), REASON_OK);
	EXPECT_REASON("b", archive("b", 2, &b, &trouble), REASON_OK);
	EXPECT_BYTES("same", buf_span(&a), buf_span(&b));
	buf_done(&a);
	buf_done(&b);
	support_leave();
}
END_TEST

START_TEST(test_ramdisk)
{
	static const struct tree_options options = { TREE_MTIME, TREE_DIR_NLINK, TREE_NAMES_MAX };
	struct trouble trouble = { 0 };
	struct buf ours = { 0 };
	struct buf plain = { 0 };

	support_enter();
	support_sh("mkdir -p t/d; seq 30000 >t/d/f");
	int fd = open_folder("t");
	EXPECT_REASON("ramdisk", tree_ramdisk(fd, &options, support_sink(&ours), &trouble),
		      REASON_OK);
	EXPECT_REASON("again", archive("t", 2, &plain, &trouble), REASON_OK);
	(void)close(fd);
	support_write("ours", buf_span(&ours));
	support_write("plain", buf_span(&plain));
	support_sh("gzip -dc <ours | cmp - plain");
	ours.len = 0;
	support_sh("mkdir none");
	EXPECT_REASON("empty", archive("none", 2, &ours, &trouble), REASON_OK);
	ck_assert_uint_eq(ours.len, 512);
	buf_done(&ours);
	buf_done(&plain);
	support_leave();
}
END_TEST

START_TEST(test_refused)
{
	static const struct {
		const char *row;
		const char *script; /* makes what is wrong within t */
		enum reason want;
		const char *path; /* that is named; NULL: not looked at */
	} rows[] = {
		{ "a pipe", "mkdir t/d; mkfifo t/d/p", REASON_TREE_TYPE, "d/p" },
		{ "a socket",
		  "python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"t/s\")'",
		  REASON_TREE_TYPE, "s" },
		{ "4 GiB", "truncate -s 4G t/f", REASON_TREE_FILE_SIZE, "f" },
		{ "201 levels", "cd t; for i in $(seq 200); do mkdir d; cd d; done",
		  REASON_TREE_DEPTH, NULL },
		{ "200 levels", "cd t; for i in $(seq 199); do mkdir d; cd d; done", REASON_OK,
		  NULL },
		{ "a long path",
		  "python3 -c 'import os\nos.chdir(\"t\")\nfor i in range(16):\n"
		  " os.mkdir(255 * \"n\"); os.chdir(255 * \"n\")'",
		  REASON_TREE_PATH, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trouble trouble = { 0 };
		struct buf out = { 0 };
		support_enter();
		support_sh("mkdir t");
		support_sh(rows[i].script);
		EXPECT_REASON(rows[i].row, archive("t", 2, &out, &trouble), rows[i].want);
		if (rows[i].path != NULL)
			EXPECT_BYTES(rows[i].row, ((struct span){ trouble.path, trouble.path_len }),
				     span_of_text(rows[i].path));
		buf_done(&out);
		support_leave();
	}
}
END_TEST

START_TEST(test_many_names)
{
	const struct tree_options five = { TREE_MTIME, TREE_DIR_NLINK, 5 };
	struct trouble trouble = { 0 };
	struct buf out = { 0 };

	support_enter();
	support_sh("mkdir -p t/d; cd t/d; touch a b c d e");
	int fd = open_folder("t");
	EXPECT_REASON("five", tree_archive(fd, &five, support_sink(&out), &trouble), REASON_OK);
	support_sh("touch t/d/f");
	EXPECT_REASON("six", tree_archive(fd, &five, support_sink(&out), &trouble),
		      REASON_TREE_ENTRIES);
	EXPECT_BYTES("six", ((struct span){ trouble.path, trouble.path_len }), SPAN_LITERAL("d/"));
	(void)close(fd);
	buf_done(&out);
	support_leave();
}
END_TEST

/* A sink that runs a script when the first bytes arrive, that is, before a file is read. */
static enum reason meddle(void *to, struct span bytes)
{
	const char **script = to;

	(void)bytes;
	if (*script != NULL)
		support_sh(*script);
	*script = NULL;
	return REASON_OK;
}

START_TEST(test_changed)
{
	static const char *const scripts[] = {
		"echo more >>t/f", ": >t/f",
		"mv t/f x; mkdir t/f", /* still open: not noticed here */
	};
	static const enum reason wants[] = { REASON_FILE_CHANGED, REASON_FILE_CHANGED, REASON_OK };
	static const struct tree_options options = { TREE_MTIME, TREE_DIR_NLINK, TREE_NAMES_MAX };

	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct trouble trouble = { 0 };
		const char *script = scripts[i];
		support_enter();
		support_sh("mkdir t; seq 1000 >t/f");
		int fd = open_folder("t");
		EXPECT_REASON(
			scripts[i],
			tree_archive(fd, &options, (struct sink){ meddle, &script }, &trouble),
			wants[i]);
		(void)close(fd);
		support_leave();
	}
}
END_TEST

/* Another kind of thing under a name that was listed: refused, a link is not followed. */
START_TEST(test_swapped)
{
	static const struct {
		const char *script;
		enum reason want;
	} rows[] = {
		{ "rm t/b; ln -s /etc t/b", REASON_OK }, /* a link is what it is now */
		{ "rm -r t/c; ln -s /etc t/c", REASON_FILE_UNREADABLE },
		{ "rm t/b", REASON_FILE_UNREADABLE },
		{ "rm t/b; mkfifo t/b", REASON_TREE_TYPE },
	};
	static const struct tree_options options = { TREE_MTIME, TREE_DIR_NLINK, TREE_NAMES_MAX };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trouble trouble = { 0 };
		const char *script = rows[i].script;
		support_enter();
		support_sh("mkdir -p t/c/d; echo >t/a; echo >t/b");
		int fd = open_folder("t");
		EXPECT_REASON(
			rows[i].script,
			tree_archive(fd, &options, (struct sink){ meddle, &script }, &trouble),
			rows[i].want);
		(void)close(fd);
		support_leave();
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tree");

	support_add(suite, "like GNU cpio", test_like_gnu_cpio);
	support_add(suite, "same everywhere", test_same_everywhere);
	support_add(suite, "ramdisk", test_ramdisk);
	support_add(suite, "refused", test_refused);
	support_add(suite, "many names", test_many_names);
	support_add(suite, "changed", test_changed);
	support_add(suite, "swapped", test_swapped);
	return support_main(suite);
}
