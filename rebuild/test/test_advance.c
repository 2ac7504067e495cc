/* What is told of a long job: never less than before, never more than expected, and at the end about all. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "rebuild/assemble.h"
#include "rebuild/compare.h"
#include "rebuild/test/support.h"
#include "rebuild/unpack.h"

struct told {
	uint64_t calls;
	uint64_t done;
	uint64_t expected; /* the last */
};

static void note(void *context, uint64_t done, uint64_t expected)
{
	struct told *told = context;

	ck_assert_msg(done > told->done, "%lu after %lu", (unsigned long)done,
		      (unsigned long)told->done);
	/* a guess by the sizes of files leaves headers and description out */
	ck_assert_msg(expected == 0 || done <= expected + 4096, "%lu of %lu", (unsigned long)done,
		      (unsigned long)expected);
	told->calls++;
	told->done = done;
	told->expected = expected;
}

/* A ramdisk of one file of 3 MB that no compressor shrinks, another byte at its end for B. */
static void prepare(void)
{
	support_enter();
	support_sh("echo kernel >k; mkdir s; cd s; openssl enc -aes-128-ctr -K 00 -iv 00 "
		   "-in /dev/zero 2>/dev/null | head -c 3000000 >f\n"
		   "find . | cpio --quiet -o -H newc >../a; printf x >>f\n"
		   "find . | cpio --quiet -o -H newc >../b");
}

static void make(const char *ramdisk, bool is_tree, const char *output, struct advance *advance)
{
	const struct assemble_ramdisk ramdisks[] = { { ramdisk, is_tree } };
	struct assembled made;
	struct trouble trouble = { 0 };
	struct buf metadata = { 0 };

	EXPECT_REASON("metadata", assemble_metadata("k", 0, "tool", "1", &metadata), REASON_OK);
	const struct assemble_inputs inputs = { .kernel = "k",
						.cmdline = SPAN_LITERAL("console=ttyS0"),
						.metadata = buf_span(&metadata),
						.ramdisks = ramdisks,
						.n_ramdisks = 1,
						.advance = advance };
	EXPECT_REASON(output, assemble(&inputs, output, &made, &trouble), REASON_OK);
	buf_done(&metadata);
}

START_TEST(test_assemble)
{
	struct told told = { 0 };
	struct advance advance = { .context = &told, .tell = note };

	prepare();
	make("a", false, "eif", &advance);
	ck_assert_uint_gt(told.calls, 10);
	ck_assert_uint_gt(told.expected, 3000000);
	ck_assert_uint_ge(told.done, told.expected);
	/* what a directory comes to is not known before */
	told = (struct told){ 0 };
	advance = (struct advance){ .context = &told, .tell = note };
	make("s", true, "tree", &advance);
	ck_assert_uint_gt(told.done, 3000000);
	ck_assert_uint_eq(told.expected, 0);
	support_leave();
}
END_TEST

START_TEST(test_unpack)
{
	struct told told = { 0 };
	struct advance advance = { .context = &told, .tell = note };
	struct unpacked *unpacked = calloc(1, sizeof(*unpacked));
	struct trouble trouble = { 0 };
	uint64_t at = 0;

	ck_assert_ptr_nonnull(unpacked);
	prepare();
	make("a", false, "eif", NULL);
	int fd = open("eif", O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	EXPECT_REASON("unpack", unpack(fd, "u", 0, &advance, unpacked, &trouble, &at), REASON_OK);
	ck_assert_uint_gt(told.calls, 20);
	ck_assert_uint_gt(told.expected, 6000000);
	ck_assert_uint_eq(told.done, told.expected);
	(void)close(fd);
	free(unpacked);
	support_leave();
}
END_TEST

static void open_side(const char *path, struct compare_side *ret)
{
	static const struct eif_rules rules = { 0 };

	*ret = (struct compare_side){ .path = path, .fd = open(path, O_RDONLY | O_CLOEXEC) };
	ck_assert_int_ge(ret->fd, 0);
	const struct image_source from = { .fd = ret->fd };
	EXPECT_REASON(path, image_read(&from, &rules, NULL, &ret->image), REASON_OK);
}

static void close_side(struct compare_side *side)
{
	image_done(&side->image);
	(void)close(side->fd);
}

/* Of B, and how much of A's ramdisk is read: once for the entries, once more where that is needed. */
static void compare_with(const char *path, uint64_t times)
{
	struct told told = { 0 };
	struct advance advance = { .context = &told, .tell = note };
	struct compare_side a;
	struct compare_side b;
	struct comparison comparison;
	struct trouble trouble = { 0 };

	open_side("eif-a", &a);
	open_side(path, &b);
	EXPECT_REASON(path, compare_images(&a, &b, "/tmp", &advance, &comparison, &trouble),
		      REASON_OK);
	ck_assert_uint_ge(told.done, times * 3000000);
	ck_assert_uint_lt(told.done, times * 3000000 + 3000000);
	ck_assert_uint_eq(told.calls > 0, times > 0);
	ck_assert_uint_eq(advance.done, advance.expected);
	comparison_done(&comparison);
	close_side(&a);
	close_side(&b);
}

START_TEST(test_compare)
{
	prepare();
	make("a", false, "eif-a", NULL);
	make("b", false, "eif-b", NULL);
	support_sh("head -c 3000000 s/f >opaque; gzip -n <a >packed");
	make("opaque", false, "eif-opaque", NULL);
	make("packed", false, "eif-packed", NULL);
	compare_with("eif-a", 0);
	compare_with("eif-opaque", 1);
	compare_with("eif-b", 2);
	compare_with("eif-packed", 2);
	support_leave();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("advance");

	support_add(suite, "assemble", test_assemble);
	support_add(suite, "unpack", test_unpack);
	support_add(suite, "compare", test_compare);
	return support_main(suite);
}
