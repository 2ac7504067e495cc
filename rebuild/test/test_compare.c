#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rebuild/compare.h"
#include "rebuild/test/support.h"

/* Reads a test vector into a file of the test's own and measures it. */
static void open_side(const char *name, struct compare_side *ret)
{
	static const struct eif_rules rules = { 0 };
	const char *top = getenv("TOP");
	struct buf path = { 0 };

	buf_printf(&path, "%s/testvectors/eif/%s.eif", top == NULL ? "." : top, name);
	char *text = buf_take_text(&path);
	ck_assert_ptr_nonnull(text);
	struct buf content = support_read(text);
	free(text);
	FILE *file = tmpfile();
	ck_assert_ptr_nonnull(file);
	*ret = (struct compare_side){ .path = name, .fd = dup(fileno(file)) };
	(void)fclose(file);
	ck_assert_int_ge(ret->fd, 0);
	ck_assert_int_eq(pwrite(ret->fd, content.at, content.len, 0), (ssize_t)content.len);
	buf_done(&content);
	const struct image_source from = { .fd = ret->fd };
	EXPECT_REASON(name, image_read(&from, &rules, NULL, &ret->image), REASON_OK);
}

static void close_side(struct compare_side *side)
{
	image_done(&side->image);
	(void)close(side->fd);
}

START_TEST(classes)
{
	static const struct {
		const char *name;
		enum compare_class want;
	} rows[] = {
		{ "usual", COMPARE_IDENTICAL },
		{ "arm64", COMPARE_UNMEASURED },
		{ "order-metadata-between", COMPARE_UNMEASURED },
		{ "ramdisk-one", COMPARE_CONTENT },
		{ "ramdisk-three", COMPARE_CONTENT },
		{ "boundary-cmdline", COMPARE_CONTENT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct compare_side a;
		struct compare_side b;
		struct comparison comparison;
		struct trouble trouble = { 0 };
		open_side("usual", &a);
		open_side(rows[i].name, &b);
		EXPECT_REASON(rows[i].name,
			      compare_images(&a, &b, "/tmp", NULL, &comparison, &trouble),
			      REASON_OK);
		ck_assert_str_eq(compare_class_name(comparison.class),
				 compare_class_name(rows[i].want));
		comparison_done(&comparison);
		close_side(&a);
		close_side(&b);
	}
}
END_TEST

/* A byte of a section that differs, changed after measuring. */
START_TEST(changed)
{
	struct compare_side a;
	struct compare_side b;
	struct comparison comparison;
	struct trouble trouble = { 0 };

	open_side("usual", &a);
	open_side("boundary-cmdline", &b);
	for (size_t i = 0; i < b.image.eif.n_sections; i++)
		ck_assert_int_eq(pwrite(b.fd, "\xff", 1, (off_t)b.image.eif.sections[i].offset), 1);
	EXPECT_REASON("changed", compare_images(&a, &b, "/tmp", NULL, &comparison, &trouble),
		      REASON_CHANGED_WHILE_READING);
	close_side(&a);
	close_side(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("compare");

	support_add(suite, "classes", classes);
	support_add(suite, "changed", changed);
	return support_main(suite);
}
