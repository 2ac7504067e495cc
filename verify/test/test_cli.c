#include "verify/cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(test_exit)
{
	static const enum cli_exit worse[4][4] = {
		{ CLI_PASS, CLI_FAIL, CLI_USAGE, CLI_ERROR },
		{ CLI_FAIL, CLI_FAIL, CLI_FAIL, CLI_FAIL },
		{ CLI_USAGE, CLI_FAIL, CLI_USAGE, CLI_ERROR },
		{ CLI_ERROR, CLI_FAIL, CLI_ERROR, CLI_ERROR },
	};

	for (int a = 0; a < 4; a++) {
		for (int b = 0; b < 4; b++)
			ck_assert_int_eq(cli_worse((enum cli_exit)a, (enum cli_exit)b),
					 worse[a][b]);
	}
	ck_assert_int_eq(CLI_PASS, 0);
	ck_assert_int_eq(CLI_FAIL, 1);
	ck_assert_int_eq(CLI_USAGE, 2);
	ck_assert_int_eq(CLI_ERROR, 3);
	ck_assert_int_eq(cli_exit_of(VERDICT_PASS), CLI_PASS);
	ck_assert_int_eq(cli_exit_of(VERDICT_FAIL), CLI_FAIL);
	ck_assert_int_eq(cli_exit_of(VERDICT_ERROR), CLI_ERROR);
	ck_assert_int_eq(cli_exit_of((enum verdict)7), CLI_ERROR);
}
END_TEST

static const struct cli_option first_table[] = {
	{ 1, 'q', true, "quiet", NULL },     { 2, 'v', false, "verbose", NULL },
	{ 3, 'o', false, "output", "FILE" }, { 4, 0, true, "pcr", "N=HEX" },
	{ 5, 0, false, "debug", NULL },
};
static const struct cli_option second_table[] = {
	{ 6, 0, false, "at", "TIME" },
	{ 7, 'p', true, "pick", "WHAT" },
	{ 4095, 0, false, "last", NULL },
};

/* Words are separated by '|'; what comes out: "[id]" or "[id=value]" for an option, the operand itself, and
 * "!word message" for what is wrong, which ends it. */
static const struct {
	const char *words;
	const char *want;
} rows[] = {
	{ "", "" },
	{ "a", "a" },
	{ "a|b|a", "a b a" },
	{ "-q", "[1]" },
	{ "--quiet", "[1]" },
	{ "a|-q|b", "a [1] b" },
	{ "-q|-q|--quiet", "[1] [1] [1]" },
	{ "-qv", "[1] [2]" },
	{ "-vq|a", "[2] [1] a" },
	{ "-qqq", "[1] [1] [1]" },
	{ "-o|f", "[3=f]" },
	{ "-of", "[3=f]" },
	{ "-of|g", "[3=f] g" },
	{ "-qof", "[1] [3=f]" },
	{ "-qo|f|a", "[1] [3=f] a" },
	{ "-oq", "[3=q]" },
	{ "-o=f", "[3==f]" },
	{ "-o|-q", "[3=-q]" },
	{ "-o|--", "[3=--]" },
	{ "-o|", "[3=]" },
	{ "--output|f", "[3=f]" },
	{ "--output=f", "[3=f]" },
	{ "--output=", "[3=]" },
	{ "--output==", "[3==]" },
	{ "--output=a=b", "[3=a=b]" },
	{ "--output|--quiet", "[3=--quiet]" },
	{ "--pcr|0=aa|--pcr=1=bb", "[4=0=aa] [4=1=bb]" },
	{ "--at=x|-pa|-p|b|--pick=c", "[6=x] [7=a] [7=b] [7=c]" },
	{ "--last", "[4095]" },

	/* operands */
	{ "-", "-" },
	{ "-|-q|-", "- [1] -" },
	{ "--|-q|--quiet|--|-|a", "-q --quiet -- - a" },
	{ "-q|--|-q", "[1] -q" },
	{ "a|--|--output=f", "a --output=f" },
	{ "--", "" },
	{ "|a", " a" },
	{ "a|", "a " },
	{ "=", "=" },
	{ "q", "q" },

	/* wrong */
	{ "-x", "!-x is no option here" },
	{ "-qx", "[1] !-qx is no option here" },
	{ "-q=1", "[1] !-q=1 is no option here" },
	{ "-q-", "[1] !-q- is no option here" },
	{ "---", "!--- is no option here" },
	{ "--x", "!--x is no option here" },
	{ "--x=y", "!--x=y is no option here" },
	{ "--=x", "!--=x is no option here" },
	{ "--q", "!--q is no option here" },
	{ "--quie", "!--quie is no option here" },
	{ "--quiets", "!--quiets is no option here" },
	{ "--QUIET", "!--QUIET is no option here" },
	{ "--out", "!--out is no option here" },
	{ "-quiet", "[1] !-quiet is no option here" },
	{ "a|-x|b", "a !-x is no option here" },
	{ "--quiet=1", "!--quiet=1 takes no value" },
	{ "--quiet=", "!--quiet= takes no value" },
	{ "-o", "!-o needs a value" },
	{ "-qo", "[1] !-qo needs a value" },
	{ "--output", "!--output needs a value" },
	{ "a|--at", "a !--at needs a value" },
	{ "-v|-v", "[2] !-v is given twice" },
	{ "-vv", "[2] !-vv is given twice" },
	{ "-v|--verbose", "[2] !--verbose is given twice" },
	{ "-oa|-ob", "[3=a] !-ob is given twice" },
	{ "-oa|--output=a", "[3=a] !--output=a is given twice" },
	{ "--at=1|x|--at|2", "[6=1] x !--at is given twice" },
	{ "--last|--last", "[4095] !--last is given twice" },
	{ "--debug|--verbose|--debug", "[5] [2] !--debug is given twice" },
};

static char *read_words(const char *text, bool with_tables)
{
	struct buf out = { 0 };
	char *copy = support_text(span_of_text(text));
	char verb[] = "verb";
	char *argv[16] = { verb };
	int argc = 1;
	struct cli_words words;
	const struct cli_option *option = NULL;
	const char *value = NULL;
	const char *message = NULL;

	for (char *c = copy; *text != '\0' && c != NULL; argc++) {
		char *bar = strchr(c, '|');
		argv[argc] = c;
		if (bar != NULL)
			*bar = '\0';
		c = bar != NULL ? bar + 1 : NULL;
	}
	cli_words_start(&words, argc, argv);
	if (with_tables) {
		cli_words_table(&words, first_table, LENGTH(first_table));
		cli_words_table(&words, second_table, LENGTH(second_table));
	}
	for (bool first = true;; first = false) {
		enum cli_word kind = cli_words_next(&words, &option, &value, &message);
		if (kind == CLI_WORD_END)
			break;
		buf_text(&out, first ? "" : " ");
		if (kind == CLI_WORD_OPERAND)
			buf_text(&out, value);
		else if (kind == CLI_WORD_BAD)
			buf_printf(&out, "!%s %s", value, message);
		else if (value == NULL)
			buf_printf(&out, "[%d]", option->id);
		else
			buf_printf(&out, "[%d=%s]", option->id, value);
		if (kind == CLI_WORD_BAD)
			break;
	}
	free(copy);
	char *got = buf_take_text(&out);
	ck_assert_ptr_nonnull(got);
	return got;
}

START_TEST(test_words)
{
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char *got = read_words(rows[i].words, true);
		ck_assert_msg(strcmp(got, rows[i].want) == 0, "\"%s\": \"%s\", wanted \"%s\"",
			      rows[i].words, got, rows[i].want);
		free(got);
	}
	char *got = read_words("a|-q", false);
	ck_assert_str_eq(got, "a !-q is no option here");
	free(got);
	got = read_words("--|-q", false);
	ck_assert_str_eq(got, "-q");
	free(got);
}
END_TEST

START_TEST(test_tables_max)
{
	struct cli_option tables[CLI_TABLES_MAX + 1];
	char verb[] = "verb";
	char flags[CLI_TABLES_MAX + 1][3];
	char *argv[CLI_TABLES_MAX + 2] = { verb };
	struct cli_words words;
	const struct cli_option *option = NULL;
	const char *value;
	const char *message;

	cli_words_start(&words, CLI_TABLES_MAX + 2, argv);
	for (int i = 0; i <= CLI_TABLES_MAX; i++) {
		tables[i] = (struct cli_option){ i + 1, (char)('a' + i), true, "name", NULL };
		(void)snprintf(flags[i], sizeof(flags[i]), "-%c", 'a' + i);
		argv[i + 1] = flags[i];
		cli_words_table(&words, &tables[i], 1);
	}
	for (int i = 1; i <= CLI_TABLES_MAX; i++) {
		ck_assert_int_eq(cli_words_next(&words, &option, &value, &message),
				 CLI_WORD_OPTION);
		ck_assert_int_eq(option->id, i);
	}
	/* one table too many is as good as none */
	ck_assert_int_eq(cli_words_next(&words, &option, &value, &message), CLI_WORD_BAD);
}
END_TEST

/* What is said on stderr between the two goes to a file, and from there into the text given back. */
struct captured {
	FILE *file;
	int before;
};

static struct captured capture_begin(void)
{
	struct captured captured = { .file = tmpfile() };

	ck_assert_ptr_nonnull(captured.file);
	captured.before = dup(STDERR_FILENO);
	if (captured.before < 0 || dup2(fileno(captured.file), STDERR_FILENO) != STDERR_FILENO) {
		(void)fclose(captured.file);
		ck_abort_msg("stderr cannot be led elsewhere");
	}
	return captured;
}

static char *capture_end(struct captured captured)
{
	char text[8192];

	ck_assert(dup2(captured.before, STDERR_FILENO) == STDERR_FILENO);
	(void)close(captured.before);
	ck_assert_int_eq(fseek(captured.file, 0, SEEK_SET), 0);
	size_t n = fread(text, 1, sizeof(text), captured.file);
	(void)fclose(captured.file);
	return support_text((struct span){ (const uint8_t *)text, n });
}

START_TEST(test_common)
{
	static const struct cli_world terminal = { .stdout_is_terminal = true };
	static const struct cli_world refused = { .stdout_is_terminal = true,
						  .colour_refused = true };
	static const struct cli_world pipe = { .now = 0 };
	struct cli_output output;

	cli_output_start(&output, "prog", &pipe);
	ck_assert(!output.style.colour && !output.style.verbose && !output.quiet);
	ck_assert(output.path == NULL && output.format == CLI_TEXT);
	ck_assert_str_eq(output.program, "prog");
	cli_output_start(&output, "prog", &refused);
	ck_assert(!output.style.colour);
	cli_output_start(&output, "prog", &terminal);
	ck_assert(output.style.colour);

	ck_assert(cli_common_apply(&output, &terminal, CLI_OPT_FORMAT, "json"));
	ck_assert_int_eq(output.format, CLI_JSON);
	ck_assert(cli_common_apply(&output, &terminal, CLI_OPT_FORMAT, "text"));
	ck_assert(output.format == CLI_TEXT && output.path == NULL);
	struct captured captured = capture_begin();
	static const char *const formats[] = {
		"", "JSON", "jso", "jsonl", "html", "nagios", "prom"
	};
	for (size_t i = 0; i < LENGTH(formats); i++)
		ck_assert(!cli_common_apply(&output, &terminal, CLI_OPT_FORMAT, formats[i]));
	ck_assert(cli_common_apply(&output, &terminal, CLI_OPT_OUTPUT, "f"));
	ck_assert_str_eq(output.path, "f");
	ck_assert(!output.quiet && !output.style.verbose);
	ck_assert(cli_common_apply(&output, &terminal, CLI_OPT_QUIET, NULL));
	ck_assert(output.quiet && !output.style.verbose);
	ck_assert(cli_common_apply(&output, &terminal, CLI_OPT_VERBOSE, NULL));
	ck_assert(output.style.verbose);

	ck_assert(cli_common_apply(&output, &terminal, CLI_OPT_COLOR, "never"));
	ck_assert(!output.style.colour);
	ck_assert(cli_common_apply(&output, &terminal, CLI_OPT_COLOR, "auto"));
	ck_assert(output.style.colour);
	ck_assert(cli_common_apply(&output, &refused, CLI_OPT_COLOR, "auto"));
	ck_assert(!output.style.colour);
	ck_assert(cli_common_apply(&output, &refused, CLI_OPT_COLOR, "always"));
	ck_assert(output.style.colour);
	ck_assert(cli_common_apply(&output, &pipe, CLI_OPT_COLOR, "auto"));
	ck_assert(!output.style.colour);
	static const char *const colours[] = { "", "yes", "Always", "on" };
	for (size_t i = 0; i < LENGTH(colours); i++)
		ck_assert(!cli_common_apply(&output, &terminal, CLI_OPT_COLOR, colours[i]));
	ck_assert(!output.style.colour);
	ck_assert(!cli_common_apply(&output, &terminal, CLI_OPT_FORMAT, "html"));
	output.may_html = true;
	ck_assert(cli_common_apply(&output, &terminal, CLI_OPT_FORMAT, "html"));
	ck_assert_int_eq(output.format, CLI_HTML);
	ck_assert(!cli_common_apply(&output, &terminal, CLI_OPT_FORMAT, "htm"));
	char *said = capture_end(captured);
	ck_assert_ptr_nonnull(strstr(said, "prog: --format: text or json, not 'jsonl'\n"));
	ck_assert_ptr_nonnull(strstr(said, "prog: --format: text or json, not 'html'\n"));
	ck_assert_ptr_nonnull(strstr(said, "prog: --format: text, json or html, not 'htm'\n"));
	ck_assert_ptr_nonnull(strstr(said, "prog: --color: auto, always or never, not 'on'\n"));
	free(said);
	ck_assert_uint_eq(LENGTH(cli_common_options), CLI_COMMON_OPTIONS);
	for (size_t i = 0; i < CLI_COMMON_OPTIONS; i++)
		ck_assert_int_eq(cli_common_options[i].id, CLI_OPT_FORMAT + (int)i);
}
END_TEST

static char *make_folder(void)
{
	struct buf text = { 0 };
	const char *tmp = getenv("TMPDIR");

	buf_printf(&text, "%s/enclavecheck.XXXXXX", tmp != NULL ? tmp : "/tmp");
	char *folder = buf_take_text(&text);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	return folder;
}

static char *in_folder(const char *folder, const char *name)
{
	struct buf text = { 0 };

	buf_printf(&text, "%s/%s", folder, name);
	return buf_take_text(&text);
}

static void put_file(const char *path, struct span bytes)
{
	FILE *file = fopen(path, "wb");

	ck_assert(file != NULL && fwrite(bytes.at, 1, bytes.len, file) == bytes.len);
	ck_assert_int_eq(fclose(file), 0);
}

/* How many files are in it. */
static int count_files(const char *folder)
{
	DIR *dir = opendir(folder);
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	(void)closedir(dir);
	return n - 2; /* . and .. */
}

static void drop_folder(char *folder)
{
	ck_assert_int_eq(rmdir(folder), 0);
	free(folder);
}

START_TEST(test_read)
{
	char *folder = make_folder();
	char *path = in_folder(folder, "file");
	uint8_t bytes[40000];
	static const size_t sizes[] = { 0, 1, 99, 100, 101, 16383, 16384, 16385, 32768, 40000 };
	static const size_t caps[] = { 0, 1, 99, 100, 101, 16383, 16384, 32767, 32768, 100000 };
	int why = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t s = 0; s < LENGTH(sizes); s++) {
		put_file(path, (struct span){ bytes, sizes[s] });
		for (size_t c = 0; c < LENGTH(caps); c++) {
			struct buf got = { 0 };
			size_t want = sizes[s] < caps[c] + 1 ? sizes[s] : caps[c] + 1;
			EXPECT_REASON("read", cli_read(path, caps[c], &got, &why), REASON_OK);
			EXPECT_BYTES("read", buf_span(&got), ((struct span){ bytes, want }));
			buf_done(&got);
		}
	}
	ck_assert_int_eq(unlink(path), 0);
	struct buf got = { 0 };
	EXPECT_REASON("missing", cli_read(path, 10, &got, &why), REASON_FILE_UNREADABLE);
	ck_assert_int_eq(why, ENOENT);
	EXPECT_REASON("folder", cli_read(folder, 10, &got, &why), REASON_FILE_UNREADABLE);
	ck_assert_int_eq(why, EISDIR);
	EXPECT_REASON("nothing", cli_read("", 10, &got, &why), REASON_FILE_UNREADABLE);
	ck_assert_int_eq(why, ENOENT);
	EXPECT_REASON("endless", cli_read("/dev/zero", 1000, &got, &why), REASON_OK);
	ck_assert_uint_eq(got.len, 1001);
	buf_done(&got);
	free(path);
	drop_folder(folder);
}
END_TEST

/* "-" is standard input, also where it comes in pieces. */
START_TEST(test_read_stdin)
{
	int ends[2];
	struct buf got = { 0 };
	int why = 0;
	int before = dup(STDIN_FILENO);

	ck_assert(before >= 0 && pipe(ends) == 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		bool ok = close(ends[0]) == 0;
		for (int i = 0; i < 1000; i++)
			ok = write(ends[1], "0123456789", 10) == 10 && ok;
		_exit(ok ? 0 : 1);
	}
	(void)close(ends[1]);
	ck_assert(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
	EXPECT_REASON("stdin", cli_read("-", 20000, &got, &why), REASON_OK);
	ck_assert_uint_eq(got.len, 10000);
	for (size_t i = 0; i < got.len; i += 10)
		ck_assert_int_eq(memcmp(got.at + i, "0123456789", 10), 0);
	buf_done(&got);
	int status = 1;
	ck_assert(waitpid(child, &status, 0) == child && status == 0);
	ck_assert(dup2(before, STDIN_FILENO) == STDIN_FILENO);
	(void)close(before);
	(void)close(ends[0]);
}
END_TEST

static bool write_quietly(const char *path, struct span bytes, char **ret_said)
{
	const struct cli_output output = { .program = "prog", .path = path };
	struct captured captured = capture_begin();

	bool ok = cli_write(&output, bytes);
	*ret_said = capture_end(captured);
	return ok;
}

static void expect_written(const char *path, struct span bytes)
{
	char *said;

	ck_assert(write_quietly(path, bytes, &said));
	ck_assert_str_eq(said, "");
	free(said);
	struct buf got = support_read(path);
	EXPECT_BYTES(path, buf_span(&got), bytes);
	buf_done(&got);
}

static mode_t mode_of(const char *path)
{
	struct stat found;

	ck_assert_int_eq(stat(path, &found), 0);
	return found.st_mode & 07777;
}

START_TEST(test_write)
{
	static const mode_t masks[] = { 022, 077, 0, 027 };
	char *folder = make_folder();
	char *path = in_folder(folder, "out");
	struct buf large = { 0 };
	mode_t before = umask(022);

	for (size_t i = 0; i < LENGTH(masks); i++) {
		(void)umask(masks[i]);
		expect_written(path, SPAN_LITERAL("one\n"));
		ck_assert_int_eq(mode_of(path), 0666 & ~masks[i]);
		ck_assert_int_eq(umask(masks[i]), masks[i]);
		ck_assert_int_eq(count_files(folder), 1);
		ck_assert_int_eq(unlink(path), 0);
	}
	(void)umask(before);
	expect_written(path, SPAN_LITERAL("longer than what follows\n"));
	expect_written(path, SPAN_LITERAL("short\n"));
	expect_written(path, SPAN_LITERAL(""));
	for (size_t i = 0; i < 300000; i++)
		buf_printf(&large, "%zu", i % 10);
	expect_written(path, buf_span(&large));
	buf_done(&large);
	ck_assert_int_eq(count_files(folder), 1);
	ck_assert_int_eq(unlink(path), 0);
	free(path);
	drop_folder(folder);
}
END_TEST

/* Who has the old file open keeps it: it is replaced, not overwritten. */
START_TEST(test_write_replaces)
{
	char *folder = make_folder();
	char *path = in_folder(folder, "out");
	char old[16] = "";

	put_file(path, SPAN_LITERAL("old"));
	FILE *file = fopen(path, "rb");
	ck_assert_ptr_nonnull(file);
	expect_written(path, SPAN_LITERAL("new, and longer"));
	ck_assert_uint_eq(fread(old, 1, sizeof(old), file), 3);
	ck_assert_str_eq(old, "old");
	(void)fclose(file);
	ck_assert_int_eq(unlink(path), 0);
	free(path);
	drop_folder(folder);
}
END_TEST

/* A link is no regular file: what it leads to is written, and the link stays. Otherwise `-o /dev/stdout >file`
 * would put a file in place of /dev/stdout. */
START_TEST(test_write_link)
{
	char *folder = make_folder();
	char *path = in_folder(folder, "file");
	char *link = in_folder(folder, "link");
	struct stat found;

	put_file(path, SPAN_LITERAL("old, and longer"));
	ck_assert_int_eq(symlink("file", link), 0);
	expect_written(link, SPAN_LITERAL("new"));
	ck_assert_int_eq(lstat(link, &found), 0);
	ck_assert(S_ISLNK(found.st_mode));
	struct buf got = support_read(path);
	EXPECT_BYTES("through the link", buf_span(&got), SPAN_LITERAL("new"));
	buf_done(&got);
	ck_assert_int_eq(count_files(folder), 2);
	ck_assert(unlink(path) == 0 && unlink(link) == 0);
	free(path);
	free(link);
	drop_folder(folder);
}
END_TEST

START_TEST(test_write_fails)
{
	char *folder = make_folder();
	char *missing = in_folder(folder, "none/out");
	char *said;

	ck_assert(!write_quietly(missing, SPAN_LITERAL("x"), &said));
	ck_assert_msg(strncmp(said, "prog: ", 6) == 0 &&
			      strstr(said, "none/out: No such file or directory\n") != NULL,
		      "%s", said);
	free(said);
	ck_assert(!write_quietly(folder, SPAN_LITERAL("x"), &said));
	ck_assert_msg(strstr(said, ": Is a directory\n") != NULL, "%s", said);
	free(said);
	ck_assert_int_eq(count_files(folder), 0);
	/* devices by links of our own: what goes wrong as root replaces a link, not a device */
	char *link = in_folder(folder, "device");
	ck_assert_int_eq(symlink("/dev/full", link), 0);
	ck_assert(!write_quietly(link, SPAN_LITERAL("x"), &said));
	ck_assert_msg(strstr(said, "/device: No space left on device\n") != NULL, "%s", said);
	free(said);
	ck_assert_int_eq(unlink(link), 0);
	ck_assert_int_eq(symlink("/dev/null", link), 0);
	ck_assert(write_quietly(link, SPAN_LITERAL("x"), &said));
	free(said);
	struct stat found;
	ck_assert(lstat(link, &found) == 0 && S_ISLNK(found.st_mode));
	ck_assert_int_eq(unlink(link), 0);
	free(link);
	free(missing);
	drop_folder(folder);
}
END_TEST

/* A disk that is full, as a limit of size: the old file stays, and nothing beside it. */
START_TEST(test_write_half)
{
	static const uint8_t bytes[5000] = { 0 };
	char *folder = make_folder();
	char *path = in_folder(folder, "out");
	struct rlimit before;

	put_file(path, SPAN_LITERAL("old"));
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	const struct rlimit low = { 1000, before.rlim_max };
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &low) == 0);
	char *said = NULL;
	bool ok = write_quietly(path, SPAN_OF(bytes), &said);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert(signal(SIGXFSZ, SIG_DFL) != SIG_ERR);
	ck_assert(!ok);
	ck_assert_msg(strstr(said, "/out: File too large\n") != NULL, "%s", said);
	free(said);
	struct buf got = support_read(path);
	EXPECT_BYTES("old", buf_span(&got), SPAN_LITERAL("old"));
	buf_done(&got);
	ck_assert_int_eq(count_files(folder), 1);
	ck_assert_int_eq(unlink(path), 0);
	free(path);
	drop_folder(folder);
}
END_TEST

/* A FIFO is written to, not replaced. */
START_TEST(test_write_special)
{
	char *folder = make_folder();
	char *path = in_folder(folder, "fifo");
	char *said;
	char got[16] = "";
	struct stat found;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK);
	ck_assert_int_ge(reader, 0);
	ck_assert(write_quietly(path, SPAN_LITERAL("through"), &said));
	free(said);
	ck_assert_int_eq(read(reader, got, sizeof(got)), 7);
	ck_assert_str_eq(got, "through");
	(void)close(reader);
	ck_assert(stat(path, &found) == 0 && S_ISFIFO(found.st_mode));
	ck_assert_int_eq(count_files(folder), 1);
	ck_assert_int_eq(unlink(path), 0);
	free(path);
	drop_folder(folder);
}
END_TEST

/* Standard output, by no path and by "-". */
START_TEST(test_write_stdout)
{
	static const char *const paths[] = { NULL, "-" };

	for (size_t i = 0; i < LENGTH(paths); i++) {
		FILE *file = tmpfile();
		char got[16] = "";
		char *said;
		(void)fflush(stdout);
		int before = dup(STDOUT_FILENO);
		ck_assert(file != NULL && before >= 0);
		ck_assert(dup2(fileno(file), STDOUT_FILENO) == STDOUT_FILENO);
		bool ok = write_quietly(paths[i], SPAN_LITERAL("to stdout"), &said);
		ck_assert(dup2(before, STDOUT_FILENO) == STDOUT_FILENO);
		ck_assert(ok && fseek(file, 0, SEEK_SET) == 0);
		ck_assert_uint_eq(fread(got, 1, sizeof(got), file), 9);
		ck_assert_str_eq(got, "to stdout");
		free(said);
		(void)fclose(file);

		int full = open("/dev/full", O_WRONLY);
		ck_assert(full >= 0 && dup2(full, STDOUT_FILENO) == STDOUT_FILENO);
		ok = write_quietly(paths[i], SPAN_LITERAL("x"), &said);
		ck_assert(dup2(before, STDOUT_FILENO) == STDOUT_FILENO);
		ck_assert(!ok);
		ck_assert_str_eq(said, "prog: standard output: No space left on device\n");
		free(said);
		(void)close(full);
		(void)close(before);
	}
}
END_TEST

static char *complain(const char *what)
{
	struct captured captured = capture_begin();

	cli_complain("prog", "%s", what);
	return capture_end(captured);
}

START_TEST(test_complain)
{
	char *said = complain("a \033[2J\n\\ b\x80");
	char text[3000];

	ck_assert_str_eq(said, "prog: a \\x1b[2J\\x0a\\x5c b\\x80\n");
	free(said);
	memset(text, 'x', sizeof(text));
	text[2047] = '\0';
	said = complain(text);
	ck_assert_uint_eq(strlen(said), 6 + 2047 + 1);
	free(said);
	text[2047] = 'x';
	text[2999] = '\0';
	said = complain(text);
	ck_assert_uint_eq(strlen(said), 6 + 2047 + 4);
	ck_assert_str_eq(said + 6 + 2047, "...\n");
	free(said);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli");

	support_add(suite, "exit statuses", test_exit);
	support_add(suite, "words", test_words);
	support_add(suite, "most tables", test_tables_max);
	support_add(suite, "common options", test_common);
	support_add(suite, "files read", test_read);
	support_add(suite, "standard input", test_read_stdin);
	support_add(suite, "files written", test_write);
	support_add(suite, "files replaced", test_write_replaces);
	support_add(suite, "links", test_write_link);
	support_add(suite, "not to be written", test_write_fails);
	support_add(suite, "half written", test_write_half);
	support_add(suite, "special files", test_write_special);
	support_add(suite, "standard output", test_write_stdout);
	support_add(suite, "complaints", test_complain);
	return support_main(suite);
}
