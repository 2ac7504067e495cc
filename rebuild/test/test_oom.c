/* Every allocation of the verbs fails once, and then that one and all after it. Nothing may crash or leak, no exit
 * status may say that all is well, or the same, with something lost, and no half a file may stay.
 * OpenSSL and zlib keep their own malloc. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/job.h"
#include "rebuild/test/support.h"
#include "test/oom.h"
#include "verify/image.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* One verb with what it is given. Its folder is made by prepare(). */
struct scenario {
	const char *row;
	int (*verb)(struct job *job);
	const char *operands[2];
	enum cli_format format;
	bool tree;          /* assemble a directory, too */
	bool sign;          /* signatures are random: no two results are the same */
	const char *result; /* what it makes: a file, or with unpack a directory */
	int want;
};

static const struct scenario scenarios[] = {
	{ .row = "assemble", .verb = job_assemble, .result = "made" },
	{ .row = "assemble, JSON", .verb = job_assemble, .format = CLI_JSON, .result = "made" },
	{ .row = "assemble a directory", .verb = job_assemble, .tree = true, .result = "made" },
	{ .row = "assemble and sign", .verb = job_assemble, .sign = true, .result = "made" },
	{ .row = "unpack", .verb = job_unpack, .operands = { "a.eif", "made" }, .result = "made" },
	{ .row = "unpack, JSON",
	  .verb = job_unpack,
	  .operands = { "a.eif", "made" },
	  .format = CLI_JSON,
	  .result = "made" },
	{ .row = "compare", .verb = job_compare, .operands = { "a.eif", "b.eif" }, .want = 1 },
	{ .row = "compare, JSON to a file",
	  .verb = job_compare,
	  .operands = { "a.eif", "b.eif" },
	  .format = CLI_JSON,
	  .result = "made",
	  .want = 1 },
	{ .row = "compare, a page",
	  .verb = job_compare,
	  .operands = { "a.eif", "b.eif" },
	  .format = CLI_HTML,
	  .want = 1 },
	{ .row = "compare, compression",
	  .verb = job_compare,
	  .operands = { "a.eif", "packed.eif" },
	  .want = 1 },
	{ .row = "compare, the same", .verb = job_compare, .operands = { "a.eif", "same.eif" } },
	{ .row = "compare, the same, JSON",
	  .verb = job_compare,
	  .operands = { "a.eif", "same.eif" },
	  .format = CLI_JSON },
	{ .row = "compare, the same, a page",
	  .verb = job_compare,
	  .operands = { "a.eif", "same.eif" },
	  .format = CLI_HTML },
	{ .row = "compare with registers",
	  .verb = job_compare,
	  .operands = { "a.eif", "pcr.json" },
	  .want = 1 },
	{ .row = "compare with its registers",
	  .verb = job_compare,
	  .operands = { "a.eif", "own.json" },
	  .format = CLI_JSON },
};

/* Runs the verb with stdout and stderr going to the files out and err. */
static int run(const struct scenario *scenario, size_t fail_at, bool go_on)
{
	static struct assemble_ramdisk ramdisks[] = { { "r0", false },
						      { "a", false },
						      { "t", true } };
	struct job job = {
		.version = "1",
		.tmpdir = "tmp",
		.output = { .program = "prog", .format = scenario->format },
		.operands = { scenario->operands[0], scenario->operands[1] },
		.n_operands = scenario->operands[0] != NULL ? 2 : 0,
	};
	int streams[2];

	if (scenario->verb != job_unpack)
		job.output.path = scenario->result;
	if (scenario->verb == job_assemble) {
		job.kernel = "k";
		job.cmdline = "@cmdline";
		job.ramdisks = ramdisks;
		job.n_ramdisks = scenario->tree ? 3 : 2;
		job.sign_key = scenario->sign ? "key" : NULL;
		job.sign_cert = scenario->sign ? "cert" : NULL;
	}
	(void)fflush(NULL);
	for (int i = 0; i < 2; i++) {
		streams[i] = dup(STDOUT_FILENO + i);
		int fd = open(i == 0 ? "out" : "err", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			      0600);
		ck_assert(streams[i] >= 0 && fd >= 0 && dup2(fd, STDOUT_FILENO + i) >= 0);
		(void)close(fd);
	}
	oom_arm(fail_at, go_on);
	int status = scenario->verb(&job);
	oom_disarm();
	(void)fflush(NULL);
	for (int i = 0; i < 2; i++)
		ck_assert(dup2(streams[i], STDOUT_FILENO + i) >= 0 && close(streams[i]) == 0);
	return status;
}

static void expect_file(const char *row, const char *path, const char *want)
{
	struct buf a = support_read(path);
	struct buf b = support_read(want);

	EXPECT_BYTES(row, buf_span(&a), buf_span(&b));
	buf_done(&a);
	buf_done(&b);
}

/* What was made is whole: the same as without a failure. */
static void expect_whole(const struct scenario *scenario, const char *row)
{
	static const struct eif_rules rules = { 0 };
	struct image image;

	if (scenario->verb == job_unpack) {
		support_sh("diff -r made wanted");
		return;
	}
	if (!scenario->sign) {
		expect_file(row, scenario->result, "wanted");
		return;
	}
	const struct image_source from = { .fd = open(scenario->result, O_RDONLY | O_CLOEXEC) };
	EXPECT_REASON(row, image_read(&from, &rules, NULL, &image), REASON_OK);
	EXPECT_REASON(row, eifsign_verify(&image.sign, image.measurement.pcrs.value[0]), REASON_OK);
	ck_assert_msg(image_is_sound(&image) && image.is_signed, "row \"%s\"", row);
	image_done(&image);
	(void)close(from.fd);
}

static bool holds(const char *path, const char *what)
{
	struct buf file = support_read(path);
	char *text = support_text(buf_span(&file));
	bool found = strstr(text, what) != NULL;

	free(text);
	buf_done(&file);
	return found;
}

static bool said(const char *what)
{
	return holds("err", what);
}

static void remove_result(const struct scenario *scenario)
{
	if (scenario->result == NULL)
		return;
	if (scenario->verb == job_unpack)
		support_sh("rm -rf made");
	else
		(void)unlink(scenario->result);
}

/* Without a failure: what is wanted is kept. */
static size_t run_well(const struct scenario *scenario)
{
	ck_assert_msg(run(scenario, 0, false) == scenario->want, "row \"%s\"", scenario->row);
	size_t allocations = oom_count();
	support_sh(
		"rm -rf wanted; mv out wanted-out; [ ! -s err ]; [ ! -e made ] || mv made wanted");
	return allocations;
}

/* No file is forgotten beside those of prepare() and of this test. */
static void expect_tidy(const char *row)
{
	ck_assert_msg(rmdir("tmp") == 0 && mkdir("tmp", 0700) == 0, "row \"%s\": tmp", row);
	support_sh(
		"ls -A | grep -vx -e made -e wanted >now; cmp now before || { cat now; exit 1; }");
}

static void judge(const struct scenario *scenario, const char *row, int status)
{
	bool there = scenario->result != NULL && support_exists(scenario->result);

	if (status == scenario->want) {
		if (!scenario->sign)
			expect_file(row, "out", "wanted-out");
		ck_assert_msg(there == (scenario->result != NULL), "row \"%s\": no file", row);
	} else {
		/* this program's own trouble, and never a verdict */
		ck_assert_msg(status == CLI_ERROR, "row \"%s\": exit %d", row, status);
		ck_assert_msg(said("prog: "), "row \"%s\": nothing was said", row);
		/* a tree may be left as far as it came, which is said then, if that can be said */
		if (scenario->verb == job_unpack &&
		    (said("its tree is incomplete") || said("prog: out of memory")))
			there = false;
		/* in JSON it stands why nothing was compared */
		if (scenario->verb == job_compare && there &&
		    holds(scenario->result, "\"equal\":null"))
			there = false;
	}
	if (there)
		expect_whole(scenario, row);
	remove_result(scenario);
}

static void run_scenario(const struct scenario *scenario, bool go_on)
{
	char row[128];
	size_t allocations = run_well(scenario);
	int lowest = dup(STDIN_FILENO);
	/* once memory ran out it hardly matters where, and files are synced every time */
	size_t step = allocations > 20 ? support_thin(47) * (go_on ? 7 : 1) : 1;

	(void)close(lowest);
	support_sh("touch out err before now; ls -A | grep -vx -e made -e wanted >before");
	for (size_t n = 1; n <= allocations; n += step) {
		(void)snprintf(row, sizeof(row), "%s, allocation %zu of %zu%s", scenario->row, n,
			       allocations, go_on ? " and on" : "");
		int status = run(scenario, n, go_on);
		ck_assert_msg(oom_failed(), "row \"%s\"", row);
		judge(scenario, row, status);
		int fd = dup(STDIN_FILENO);
		ck_assert_msg(fd == lowest, "row \"%s\": a descriptor is left open", row);
		(void)close(fd);
	}
	expect_tidy(scenario->row);
	/* and it was not luck: the same again, without a failure */
	judge(scenario, scenario->row, run(scenario, allocations + 1, true));
	ck_assert_msg(!oom_failed(), "row \"%s\"", scenario->row);
}

/* Images that differ in all that compare tells of: words, entries, text, a program, links, store paths. */
static void prepare(void)
{
	static const struct scenario images[] = {
		{ .row = "same", .verb = job_assemble, .result = "same.eif" },
		{ .row = "a", .verb = job_assemble, .result = "a.eif" },
	};

	support_enter();
	support_sh(
		"umask 022; mkdir tmp t; echo kernel >k; echo 'console=ttyS0 quiet' >cmdline\n"
		"echo k | cpio --quiet -o -H newc >r0; cd t; mkdir -p nix/store/0123456789abcdfghijklmnpqrsvwxyz-x bin etc\n"
		"echo one >nix/store/0123456789abcdfghijklmnpqrsvwxyz-x/f; echo x >etc/x; ln etc/x etc/y\n"
		"ln -s ../etc/x bin/link; cp /bin/true bin/true; seq 100 >etc/list; cd ..\n"
		"pack() { (cd t && find . | LC_ALL=C sort | cpio --quiet -o -H newc | gzip \"$1\" -n); }\n"
		"pack -6 >a; cp a kept; (openssl ecparam -name secp384r1 -genkey -noout -out key\n"
		"openssl req -x509 -new -key key -subj /CN=x -days 30 -out cert) 2>/dev/null");
	for (size_t i = 0; i < LENGTH(images); i++)
		ck_assert_int_eq(run(&images[i], 0, false), CLI_PASS);
	support_sh("gzip -dc <kept | gzip -1 -n >a");
	const struct scenario packed = { .row = "packed",
					 .verb = job_assemble,
					 .result = "packed.eif" };
	ck_assert_int_eq(run(&packed, 0, false), CLI_PASS);
	support_sh(
		"cd t; mv nix/store/0123456789abcdfghijklmnpqrsvwxyz-x nix/store/zyxwvsrqpnmlkjihgfdcba9876543210-x\n"
		"seq 2 101 >etc/list; printf x >>bin/true; chmod 600 etc/list; rm etc/y bin/link; ln -s x bin/link\n"
		"echo more >etc/more; touch -d 1999-01-01 etc/x; cd ..\n"
		"(cd t && find . | LC_ALL=C sort | cpio --quiet -o -H newc | gzip -9 >../a)\n"
		"echo 'console=ttyS1 loud' >cmdline; echo kernel2 >k");
	const struct scenario other = { .row = "b", .verb = job_assemble, .result = "b.eif" };
	ck_assert_int_eq(run(&other, 0, false), CLI_PASS);
	support_sh(
		"{ printf '{'; sed -n 's/^PCR\\([0-9]*\\)  \\(.*\\)/\"PCR\\1\": \"\\2\",/p' out\n"
		"printf '\"HashAlgorithm\": \"x\"}'; } >pcr.json; rm out err");
	/* of a.eif, whose inputs are changed */
	support_sh("cp kept a; echo 'console=ttyS0 quiet' >cmdline; echo kernel >k");
	const struct scenario again = { .row = "again",
					.verb = job_assemble,
					.result = "again.eif" };
	ck_assert_int_eq(run(&again, 0, false), CLI_PASS);
	support_sh(
		"{ printf '{'; sed -n 's/^PCR\\([0-9]*\\)  \\(.*\\)/\"PCR\\1\": \"\\2\",/p' out\n"
		"printf '\"HashAlgorithm\": \"x\"}'; } >own.json; cmp again.eif a.eif; rm again.eif out err");
}

START_TEST(test_once)
{
	prepare();
	run_scenario(&scenarios[_i], false);
	support_leave();
}
END_TEST

START_TEST(test_for_good)
{
	prepare();
	run_scenario(&scenarios[_i], true);
	support_leave();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oom");
	TCase *once = tcase_create("one allocation fails");
	TCase *for_good = tcase_create("memory runs out");

	oom_for_cjson();
	tcase_add_loop_test(once, test_once, 0, (int)LENGTH(scenarios));
	tcase_add_loop_test(for_good, test_for_good, 0, (int)LENGTH(scenarios));
	suite_add_tcase(suite, once);
	suite_add_tcase(suite, for_good);
	return support_main(suite);
}
