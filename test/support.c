#include "test/support.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verify/basenc.h"

/* More bytes than this are not shown. */
#define SHOWN_MAX 4096

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
	struct buf got_hex = { 0 };
	struct buf want_hex = { 0 };

	if (span_equal(got, want))
		return;
	size_t same = 0;
	while (same < got.len && same < want.len && got.at[same] == want.at[same])
		same++;
	if (got.len > SHOWN_MAX || want.len > SHOWN_MAX)
		ck_abort_msg("%s:%d: row \"%s\": %zu bytes, wanted %zu; the first %zu are the same",
			     file, line, row, got.len, want.len, same);
	hex_encode(&got_hex, got);
	hex_encode(&want_hex, want);
	char *got_text = buf_take_text(&got_hex);
	char *want_text = buf_take_text(&want_hex);
	ck_abort_msg("%s:%d: row \"%s\": %s (%zu bytes), wanted %s (%zu bytes)", file, line, row,
		     got_text, got.len, want_text, want.len);
}

bool support_is_slow(void)
{
	const char *value = getenv("VALGRIND_RUN");

	return value != NULL && strcmp(value, "1") == 0;
}

size_t support_thin(size_t step)
{
	return support_is_slow() ? step : 1;
}

struct buf support_hex(const char *digits)
{
	struct buf packed = { 0 };
	struct buf bytes = { 0 };

	for (const char *c = digits; *c != '\0'; c++) {
		if (!isspace((unsigned char)*c))
			buf_add(&packed, (struct span){ (const uint8_t *)c, 1 });
	}
	if (hex_decode(buf_span(&packed), &bytes) != REASON_OK)
		ck_abort_msg("the test's own hex is none: %s", digits);
	buf_done(&packed);
	return bytes;
}

uint8_t *support_exact(struct span bytes)
{
	uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);

	if (copy == NULL)
		ck_abort_msg("out of memory");
	if (bytes.len > 0)
		memcpy(copy, bytes.at, bytes.len);
	return copy;
}

bool support_try_read(const char *path, struct buf *ret)
{
	uint8_t part[4096];
	struct buf content = { 0 };
	size_t n;
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		return false;
	while ((n = fread(part, 1, sizeof(part), file)) > 0)
		buf_add(&content, (struct span){ part, n });
	bool whole = !ferror(file) && !content.failed;
	(void)fclose(file);
	if (!whole) {
		buf_done(&content);
		return false;
	}
	*ret = content;
	return true;
}

struct buf support_read(const char *path)
{
	struct buf content = { 0 };

	if (!support_try_read(path, &content))
		ck_abort_msg("cannot read %s", path);
	return content;
}

static char *text_of(struct buf *buf)
{
	char *text = buf_take_text(buf);

	if (text == NULL)
		ck_abort_msg("out of memory");
	return text;
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

static const char *top(void)
{
	const char *value = getenv("TOP");

	return value != NULL && *value != '\0' ? value : ".";
}

static char *path_of(const char *folder, const char *below, const char *name)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s%s%s", folder, below, name);
	return text_of(&path);
}

char *support_vector_path(const char *name)
{
	return path_of(top(), "/testvectors/", name);
}

struct buf support_vector(const char *name)
{
	char *path = support_vector_path(name);
	struct buf content = support_read(path);

	free(path);
	return content;
}

bool support_has_vector(const char *name)
{
	char *path = support_vector_path(name);
	bool there = support_exists(path);

	free(path);
	return there;
}

void support_skip(const char *test, const char *reason)
{
	printf("SKIP: %s: %s\n", test, reason);
	(void)fflush(stdout); /* a forked test ends without running exit handlers */
}

char *support_shared_path(const char *test, const char *name)
{
	const char *given = getenv("SHARED_VECTORS");
	char *folder = given != NULL && *given != '\0' ? path_of(given, "", "") :
							 path_of(top(), "/../shared/vectors", "");
	char *path = NULL;

	if (support_exists(folder))
		path = path_of(folder, "/", name);
	else
		support_skip(test, "no ../shared");
	free(folder);
	return path;
}

bool support_shared(const char *test, const char *name, struct buf *ret)
{
	char *path = support_shared_path(test, name);

	if (path == NULL)
		return false;
	*ret = support_read(path);
	free(path);
	return true;
}

bool support_line(struct span *text, struct span *ret)
{
	struct span line;
	struct span end;
	size_t n = 0;

	if (text->len == 0)
		return false;
	while (n < text->len && text->at[n] != '\n')
		n++;
	if (!span_take(text, n, &line))
		return false;
	if (text->len > 0 && !span_take(text, 1, &end))
		return false;
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	*ret = line;
	return true;
}

bool support_row(struct span *text, struct span fields[], size_t n)
{
	struct span line;
	struct span tab;

	do {
		if (!support_line(text, &line))
			return false;
	} while (line.len == 0 || line.at[0] == '#');
	for (size_t i = 0; i < n; i++) {
		size_t len = 0;
		while (len < line.len && line.at[len] != '\t')
			len++;
		if (!span_take(&line, len, &fields[i]))
			return false;
		(void)span_take(&line, line.len > 0 ? 1 : 0, &tab);
	}
	return true;
}

char *support_text(struct span bytes)
{
	struct buf copy = { 0 };

	buf_add(&copy, bytes);
	return text_of(&copy);
}

enum reason support_reason(struct span name)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		if (span_equal(name, span_of_text(reason_name((enum reason)i))))
			return (enum reason)i;
	}
	ck_abort_msg("no reason is called %.*s", (int)name.len, (const char *)name.at);
}

uint64_t support_random(uint64_t *state)
{
	/* splitmix64: any start will do */
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}
