#include "verify/bundle.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void put(int folder, const char *name, struct span content)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)write(fd, content.at, content.len), (int)content.len);
	(void)close(fd);
}

/* SHA256SUMS of document.cbor "d" and, at need, time.txt "x": made by sha256sum. */
#define SUM_D "18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4  document.cbor\n"
#define SUM_X "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  time.txt\n"

static const struct {
	const char *row;
	const char *name; /* beside document.cbor; NULL: nothing */
	const char *content;
	const char *sums; /* NULL: no SHA256SUMS */
	enum reason want;
	const char *fault;
} rows[] = {
	{ "the least", NULL, NULL, SUM_D, REASON_OK, "" },
	{ "no sums", NULL, NULL, NULL, REASON_BUNDLE_MISSING, "SHA256SUMS" },
	{ "empty sums", NULL, NULL, "", REASON_BUNDLE_SUMS, "SHA256SUMS" },
	{ "a sum of nothing", NULL, NULL, SUM_D SUM_X, REASON_BUNDLE_SUMS, "SHA256SUMS" },
	{ "a sum twice", NULL, NULL, SUM_D SUM_D, REASON_BUNDLE_SUMS, "SHA256SUMS" },
	{ "digits only", NULL, NULL, "18ac3e", REASON_BUNDLE_SUMS, "SHA256SUMS" },
	{ "another name", "notes", "x", SUM_D, REASON_BUNDLE_NAME, "notes" },
	{ "another case", "Document.cbor", "x", SUM_D, REASON_BUNDLE_NAME, "Document.cbor" },
	{ "no sum of it", "time.txt", "x", SUM_D, REASON_BUNDLE_SUMS, "SHA256SUMS" },
	{ "another sum", "time.txt", "y", SUM_D SUM_X, REASON_BUNDLE_SUM, "time.txt" },
	{ "no time", "time.txt", "x", SUM_D SUM_X, REASON_BUNDLE_CONTENT, "time.txt" },
	{ "too long", "time.txt",
	  "0123456789012345678901234567890123456789012345678901234567890123456789", SUM_D,
	  REASON_BUNDLE_TOO_LARGE, "time.txt" },
};

START_TEST(test_folders)
{
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char path[] = "/tmp/bundle.XXXXXX";
		struct bundle bundle = { .has = { false } };
		struct bundle_fault fault = { .system = 0 };
		ck_assert_ptr_nonnull(mkdtemp(path));
		int folder = open(path, O_RDONLY | O_DIRECTORY);
		ck_assert_int_ge(folder, 0);
		put(folder, "document.cbor", SPAN_LITERAL("d"));
		if (rows[i].name != NULL)
			put(folder, rows[i].name, span_of_text(rows[i].content));
		if (rows[i].sums != NULL)
			put(folder, "SHA256SUMS", span_of_text(rows[i].sums));
		EXPECT_REASON(rows[i].row, bundle_read(path, &bundle, &fault), rows[i].want);
		EXPECT_BYTES(rows[i].row, buf_span(&fault.name), span_of_text(rows[i].fault));
		if (rows[i].want == REASON_OK) {
			struct buf sums = { 0 };
			EXPECT_REASON("sums", bundle_sums(&bundle, &sums), REASON_OK);
			EXPECT_BYTES("sums", buf_span(&sums), span_of_text(rows[i].sums));
			buf_done(&sums);
		}
		buf_done(&fault.name);
		bundle_done(&bundle);
		(void)unlinkat(folder, "document.cbor", 0);
		(void)unlinkat(folder, "SHA256SUMS", 0);
		if (rows[i].name != NULL)
			(void)unlinkat(folder, rows[i].name, 0);
		(void)close(folder);
		ck_assert_int_eq(rmdir(path), 0);
	}
}
END_TEST

/* What is no regular file is not read, whatever it is or leads to. */
START_TEST(test_types)
{
	char path[] = "/tmp/bundle.XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(path));
	int folder = open(path, O_RDONLY | O_DIRECTORY);
	for (int kind = 0; kind < 3; kind++) {
		struct bundle bundle = { .has = { false } };
		struct bundle_fault fault = { .system = 0 };
		if (kind == 0)
			ck_assert_int_eq(mkfifoat(folder, "document.cbor", 0600), 0);
		else if (kind == 1)
			ck_assert_int_eq(symlinkat("/dev/null", folder, "document.cbor"), 0);
		else
			ck_assert_int_eq(mkdirat(folder, "document.cbor", 0700), 0);
		EXPECT_REASON("kind", bundle_read(path, &bundle, &fault), REASON_BUNDLE_TYPE);
		EXPECT_BYTES("kind", buf_span(&fault.name), SPAN_LITERAL("document.cbor"));
		(void)unlinkat(folder, "document.cbor", kind == 2 ? AT_REMOVEDIR : 0);
		buf_done(&fault.name);
		bundle_done(&bundle);
	}
	put(folder, "x", SPAN_LITERAL(""));
	struct bundle bundle = { .has = { false } };
	struct bundle_fault fault = { .system = 0 };
	struct buf inside = { 0 };
	buf_printf(&inside, "%s/x", path);
	char *file = buf_take_text(&inside);
	EXPECT_REASON("a file", bundle_read(file, &bundle, &fault), REASON_BUNDLE_FOLDER);
	(void)unlinkat(folder, "x", 0);
	EXPECT_REASON("nothing", bundle_read(file, &bundle, &fault), REASON_FILE_UNREADABLE);
	free(file);
	buf_done(&fault.name);
	bundle_done(&bundle);
	(void)close(folder);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(test_names)
{
	const struct check_set checks = bundle_checks();

	ck_assert_str_eq(bundle_file_name(BUNDLE_DOCUMENT), "document.cbor");
	ck_assert_str_eq(bundle_file_name(BUNDLE_SUMS), "SHA256SUMS");
	ck_assert_str_eq(bundle_file_name(BUNDLE_FILES), "unknown");
	ck_assert(checks.has[CHECK_BUNDLE_FORM] && checks.has[CHECK_PCR_MATCH]);
	ck_assert(!checks.has[CHECK_ENDPOINT_FETCH] && !checks.has[CHECK_EIF_FORM]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bundle");

	support_add(suite, "folders", test_folders);
	support_add(suite, "types", test_types);
	support_add(suite, "names", test_names);
	return support_main(suite);
}
