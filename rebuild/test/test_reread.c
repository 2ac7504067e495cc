#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebuild/reread.h"
#include "rebuild/test/support.h"

#define SIZE (REREAD_CHUNK + 1000)
#define OFFSET 77

static uint8_t *content;
static uint8_t sha384[DIGEST_SHA384_LEN];

/* A file of OFFSET bytes and then a section, which is measured. */
static int make_file(void)
{
	content = malloc(OFFSET + SIZE);
	ck_assert_ptr_nonnull(content);
	for (size_t i = 0; i < OFFSET + SIZE; i++)
		content[i] = (uint8_t)(i * 7 % 251);
	const struct span section = { content + OFFSET, SIZE };
	ck_assert_int_eq(digest_sha384(&section, 1, sha384), REASON_OK);
	support_enter();
	support_write("file", (struct span){ content, OFFSET + SIZE });
	int fd = open("file", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void remove_file(int fd)
{
	(void)close(fd);
	support_leave();
	free(content);
}

static enum reason read_all(int fd, struct buf *ret)
{
	const struct eif_section section = { .type = EIF_RAMDISK, .offset = OFFSET, .size = SIZE };
	struct reread reread;
	struct span piece = { NULL, 1 };

	enum reason reason = reread_start(&reread, fd, &section, sha384);
	while (reason == REASON_OK && piece.len > 0) {
		reason = reread_next(&reread, &piece);
		buf_add(ret, piece);
	}
	if (reason == REASON_OK) /* the end stays the end */
		reason = reread_rest(&reread);
	reread_done(&reread);
	return reason;
}

START_TEST(unchanged)
{
	struct buf got = { 0 };
	int fd = make_file();

	EXPECT_REASON("unchanged", read_all(fd, &got), REASON_OK);
	EXPECT_BYTES("unchanged", buf_span(&got), ((struct span){ content + OFFSET, SIZE }));
	buf_done(&got);
	remove_file(fd);
}
END_TEST

START_TEST(changed)
{
	static const struct {
		const char *row;
		off_t at;
		enum reason want;
	} rows[] = {
		{ "before the section", OFFSET - 1, REASON_OK },
		{ "first byte", OFFSET, REASON_CHANGED_WHILE_READING },
		{ "last byte", OFFSET + SIZE - 1, REASON_CHANGED_WHILE_READING },
		{ "behind the section", OFFSET + SIZE, REASON_OK },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf got = { 0 };
		int fd = make_file();
		ck_assert_int_eq(pwrite(fd, "\xff", 1, rows[i].at), 1);
		EXPECT_REASON(rows[i].row, read_all(fd, &got), rows[i].want);
		buf_done(&got);
		remove_file(fd);
	}
}
END_TEST

START_TEST(cut_short)
{
	struct buf got = { 0 };
	int fd = make_file();

	ck_assert_int_eq(ftruncate(fd, OFFSET + SIZE - 1), 0);
	EXPECT_REASON("cut short", read_all(fd, &got), REASON_CHANGED_WHILE_READING);
	buf_done(&got);
	remove_file(fd);
}
END_TEST

START_TEST(unreadable)
{
	struct buf got = { 0 };
	int fd = make_file();
	int deaf = open("file", O_WRONLY | O_CLOEXEC);

	EXPECT_REASON("unreadable", read_all(deaf, &got), REASON_FILE_UNREADABLE);
	(void)close(deaf);
	buf_done(&got);
	remove_file(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reread");

	support_add(suite, "unchanged", unchanged);
	support_add(suite, "changed", changed);
	support_add(suite, "cut short", cut_short);
	support_add(suite, "unreadable", unreadable);
	return support_main(suite);
}
