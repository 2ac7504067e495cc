#include "rebuild/test/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/gzip.h"

void support_add(Suite *suite, const char *name, const TTest *test)
{
	TCase *tcase = tcase_create(name);

	tcase_add_test(tcase, test);
	suite_add_tcase(suite, tcase);
}

int support_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	int run = srunner_ntests_run(runner);
	srunner_free(runner);
	return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

void support_expect_reason(const char *file, int line, const char *row, enum reason got,
			   enum reason want)
{
	ck_assert_msg(got == want, "%s:%d: row \"%s\": %s, wanted %s", file, line, row,
		      reason_name(got), reason_name(want));
}

void support_expect_bytes(const char *file, int line, const char *row, struct span got,
			  struct span want)
{
	size_t same = 0;

	if (span_equal(got, want))
		return;
	while (same < got.len && same < want.len && got.at[same] == want.at[same])
		same++;
	ck_abort_msg("%s:%d: row \"%s\": %zu bytes, wanted %zu; the first %zu are the same", file,
		     line, row, got.len, want.len, same);
}

bool support_is_slow(void)
{
	const char *value = getenv("VALGRIND_RUN");

	return value != NULL && strcmp(value, "1") == 0;
}

void support_skip(const char *test, const char *reason)
{
	printf("SKIP: %s: %s\n", test, reason);
	(void)fflush(stdout); /* a forked test ends without running exit handlers */
}

static char *text_of(struct buf *buf)
{
	char *text = buf_take_text(buf);

	if (text == NULL)
		ck_abort_msg("out of memory");
	return text;
}

char *support_shared_path(const char *test, const char *name)
{
	const char *given = getenv("SHARED_VECTORS");
	const char *top = getenv("TOP");
	struct buf path = { 0 };
	struct stat st;

	if (given != NULL && *given != '\0')
		buf_text(&path, given);
	else
		buf_printf(&path, "%s/../shared/vectors", top != NULL && *top != '\0' ? top : ".");
	char *folder = text_of(&path);
	bool there = stat(folder, &st) == 0;
	buf_printf(&path, "%s/%s", folder, name);
	free(folder);
	char *whole = text_of(&path);
	if (there)
		return whole;
	free(whole);
	support_skip(test, "no ../shared");
	return NULL;
}

struct buf support_read(const char *path)
{
	struct buf content = { 0 };
	uint8_t part[4096];
	size_t n;
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		ck_abort_msg("cannot read %s", path);
	while ((n = fread(part, 1, sizeof(part), file)) > 0)
		buf_add(&content, (struct span){ part, n });
	if (ferror(file) != 0 || content.failed)
		ck_abort_msg("cannot read %s", path);
	(void)fclose(file);
	return content;
}

void support_write(const char *path, struct span bytes)
{
	FILE *file = fopen(path, "wb");

	if (file == NULL || fwrite(bytes.at, 1, bytes.len, file) != bytes.len || fclose(file) != 0)
		ck_abort_msg("cannot write %s", path);
}

void support_enter(void)
{
	const char *parent = getenv("TMPDIR");
	struct buf path = { 0 };

	buf_printf(&path, "%s/enclavecheck-test.XXXXXX",
		   parent != NULL && *parent != '\0' ? parent : "/tmp");
	char *folder = text_of(&path);
	if (mkdtemp(folder) == NULL || chdir(folder) != 0)
		ck_abort_msg("cannot make %s", folder);
	free(folder);
}

void support_leave(void)
{
	/* the name says that it is one of ours */
	support_sh(
		"case $PWD in */enclavecheck-test.*) chmod -R u+rwX . && rm -rf \"$PWD\" ;; esac");
	if (chdir("/") != 0)
		ck_abort_msg("cannot leave");
}

void support_sh(const char *script)
{
	struct buf text = { 0 };

	buf_printf(&text, "set -eu\n%s", script);
	char *whole = text_of(&text);
	// NOLINTNEXTLINE(cert-env33-c): tests may run programs
	int status = system(whole);
	free(whole);
	ck_assert_msg(status == 0, "exit %d: %s", status, script);
}

bool support_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static enum reason append(void *to, struct span bytes)
{
	struct buf *buf = to;

	buf_add(buf, bytes);
	return buf->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

struct sink support_sink(struct buf *buf)
{
	return (struct sink){ append, buf };
}

static void pad(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_byte(out, 0);
}

void support_entry(struct buf *out, const struct support_entry *entry)
{
	struct span data = { NULL, 0 };
	size_t name_len = strlen(entry->name) + 1;
	uint32_t mode = entry->mode;

	/* the trailer has none, as GNU cpio writes it */
	if (mode == 0 && strcmp(entry->name, "TRAILER!!!") != 0)
		mode = 0100644;

	if (entry->data != NULL)
		data = span_of_text(entry->data);
	buf_text(out, entry->magic != NULL ? entry->magic : "070701");
	buf_printf(out, "%08X%08X%08X%08X%08X%08X", entry->ino, mode, 0U, 0U,
		   entry->nlink != 0 ? entry->nlink : 1U, 0U);
	buf_printf(out, "%08X%08X%08X%08X%08X%08X%08X",
		   entry->size != 0 ? entry->size : (unsigned)data.len, 0U, 0U, entry->rdev_major,
		   entry->rdev_minor, entry->name_size != 0 ? entry->name_size : (unsigned)name_len,
		   entry->check);
	buf_add(out, (struct span){ (const uint8_t *)entry->name, name_len });
	pad(out, (4 - (NEWC_HEADER_LEN + name_len) % 4) % 4);
	buf_add(out, data);
	pad(out, (4 - data.len % 4) % 4);
}

void support_trailer(struct buf *out)
{
	support_entry(out, &(struct support_entry){ .name = "TRAILER!!!" });
}

void support_gzip(struct buf *out, struct span bytes)
{
	struct gzip_writer *writer = NULL;

	EXPECT_REASON("gzip", gzip_writer_new(support_sink(out), &writer), REASON_OK);
	EXPECT_REASON("gzip", gzip_write(writer, bytes), REASON_OK);
	EXPECT_REASON("gzip", gzip_write_end(writer), REASON_OK);
	gzip_writer_free(writer);
}
