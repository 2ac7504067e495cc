#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rebuild/proc.h"
#include "rebuild/test/support.h"

static int64_t ticks_ms(void)
{
	struct timespec now;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const struct proc_clock real_clock = { ticks_ms };

static const char *const environment[] = { "PATH=/usr/bin:/bin", "GREETING=hello", NULL };

/* A shell stands for any program here; proc itself starts none. */
static enum reason run(const char *script, struct proc_command *command, struct proc_result *ret)
{
	const char *const argv[] = { "sh", "-c", script, NULL };

	(void)signal(SIGPIPE, SIG_IGN);
	command->path = "/bin/sh";
	command->argv = argv;
	command->environment = environment;
	return proc_run(command, real_clock, ret);
}

START_TEST(test_ends)
{
	static const struct {
		const char *script;
		const char *output;
		int exit_status;
		int signal;
	} rows[] = {
		{ "echo out; echo err >&2", "out\n", 0, 0 },
		{ "exit 7", "", 7, 0 },
		{ "kill -9 $$", "", -1, SIGKILL },
		{ "echo $GREETING$HOME$USER", "hello\n", 0, 0 },
		/* standard input is empty and nothing else is open */
		{ "cat; cd /proc/self/fd && echo *", "0 1 2 3\n", 0, 0 },
		/* no terminal, own session */
		{ "(exec </dev/tty) || echo none", "none\n", 0, 0 },
		/* signals are as a program expects them */
		{ "kill -13 $$; echo alive", "", -1, SIGPIPE },
		{ "exec 1>&- 2>&-; exit 3", "", 3, 0 },
	};

	/* one that must not be handed on */
	int leak = open("/dev/null", O_RDONLY);
	ck_assert_int_ge(leak, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct proc_command command = { .output_max = 100 };
		struct proc_result result;
		EXPECT_REASON(rows[i].script, run(rows[i].script, &command, &result), REASON_OK);
		EXPECT_BYTES(rows[i].script, buf_span(&result.output),
			     span_of_text(rows[i].output));
		ck_assert_msg(result.exit_status == rows[i].exit_status &&
				      result.signal == rows[i].signal,
			      "%s: %d %d", rows[i].script, result.exit_status, result.signal);
		proc_done(&result);
	}
	(void)close(leak);
}
END_TEST

START_TEST(test_start)
{
	static const struct {
		const char *path;
		const char *directory;
		int why;
	} rows[] = {
		{ "/no/such/program", NULL, ENOENT },
		{ "/etc/passwd", NULL, EACCES },
		{ "/bin/sh", "/no/such/folder", ENOENT },
	};
	const char *const argv[] = { "x", NULL };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct proc_command command = { .path = rows[i].path,
						      .argv = argv,
						      .environment = environment,
						      .directory = rows[i].directory };
		struct proc_result result;
		EXPECT_REASON(rows[i].path, proc_run(&command, real_clock, &result),
			      REASON_PROC_START);
		ck_assert_int_eq(result.why, rows[i].why);
		proc_done(&result);
	}
}
END_TEST

START_TEST(test_directory_and_limit)
{
	struct proc_command command = { .directory = "/", .output_max = 100 };
	struct proc_result result;

	EXPECT_REASON("pwd", run("pwd", &command, &result), REASON_OK);
	EXPECT_BYTES("pwd", buf_span(&result.output), SPAN_LITERAL("/\n"));
	proc_done(&result);
	support_enter();
	command = (struct proc_command){ .file_size_max = 1024, .output_max = 100 };
	EXPECT_REASON("limit", run("head -c 5000 /dev/zero >f", &command, &result), REASON_OK);
	ck_assert_int_ne(result.exit_status, 0);
	struct buf file = support_read("f");
	ck_assert_uint_eq(file.len, 1024);
	buf_done(&file);
	proc_done(&result);
	support_leave();
}
END_TEST

/* More than a pipe holds, both ways. */
START_TEST(test_input)
{
	struct buf big = { 0 };
	struct proc_result result;

	for (int i = 0; i < 300000; i++)
		buf_byte(&big, (uint8_t)('a' + i % 26));
	struct proc_command command = { .input = buf_span(&big), .output_max = 300000 };
	EXPECT_REASON("cat", run("cat", &command, &result), REASON_OK);
	EXPECT_BYTES("cat", buf_span(&result.output), buf_span(&big));
	proc_done(&result);
	EXPECT_REASON("not read", run("exec <&-; echo x", &command, &result), REASON_OK);
	EXPECT_BYTES("not read", buf_span(&result.output), SPAN_LITERAL("x\n"));
	proc_done(&result);
	buf_done(&big);
}
END_TEST

struct heard {
	struct buf text;
	size_t n;
	size_t stop_at;
	size_t longest;
};

static bool hear(void *context, enum proc_stream stream, struct span line)
{
	struct heard *heard = context;

	buf_byte(&heard->text, stream == PROC_STDERR ? 'e' : 'o');
	if (line.len < 100)
		buf_add(&heard->text, line);
	if (line.len > heard->longest)
		heard->longest = line.len;
	return ++heard->n != heard->stop_at;
}

START_TEST(test_lines)
{
	static const struct {
		const char *script;
		bool of_stdout;
		size_t stop_at;
		enum reason reason;
		const char *heard;
		size_t longest;
	} rows[] = {
		{ "echo a >&2; echo b; echo >&2; printf c >&2", false, 0, REASON_OK, "eaeec", 1 },
		{ "echo a; echo b; printf c", true, 0, REASON_OK, "oaoboc", 1 },
		/* a line is cut, the next is whole again */
		{ "head -c 200000 /dev/zero >&2; echo >&2; echo x >&2", false, 0, REASON_OK, "eex",
		  PROC_LINE_MAX },
		{ "head -c 65536 /dev/zero >&2", false, 0, REASON_OK, "e", PROC_LINE_MAX },
		{ "echo a >&2; echo b >&2; echo c >&2; exec sleep 100", false, 2,
		  REASON_PROC_STOPPED, "eaeb", 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct heard heard = { .stop_at = rows[i].stop_at };
		struct proc_command command = { .line = hear,
						.context = &heard,
						.lines_of_stdout = rows[i].of_stdout,
						.output_max = 100 };
		struct proc_result result;
		EXPECT_REASON(rows[i].script, run(rows[i].script, &command, &result),
			      rows[i].reason);
		EXPECT_BYTES(rows[i].script, buf_span(&heard.text), span_of_text(rows[i].heard));
		ck_assert_uint_eq(heard.longest, rows[i].longest);
		ck_assert(!rows[i].of_stdout || result.output.len == 0);
		buf_done(&heard.text);
		proc_done(&result);
	}
}
END_TEST

START_TEST(test_log)
{
	struct proc_result result;

	support_enter();
	int log = open("log", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct proc_command command = { .log = log, .output_max = 10 };
	EXPECT_REASON("log", run("seq 100000 >&2; echo end >&2", &command, &result), REASON_OK);
	struct buf file = support_read("log");
	ck_assert_uint_eq(file.len, 588895 + 4);
	/* of stderr the end is kept */
	ck_assert_uint_eq(result.said.len, PROC_SAID_MAX);
	EXPECT_BYTES("said", buf_span(&result.said),
		     ((struct span){ file.at + (file.len - PROC_SAID_MAX), PROC_SAID_MAX }));
	buf_done(&file);
	proc_done(&result);
	(void)close(log);
	command.log = open("/dev/full", O_WRONLY | O_CLOEXEC);
	EXPECT_REASON("full", run("echo x >&2; exec sleep 100", &command, &result),
		      REASON_FILE_UNWRITABLE);
	proc_done(&result);
	(void)close(command.log);
	support_leave();
}
END_TEST

static volatile sig_atomic_t asked_to_stop;

static bool ask_to_stop(void *context, enum proc_stream stream, struct span line)
{
	(void)context;
	(void)stream;
	(void)line;
	asked_to_stop = 1;
	return true;
}

/* A program that is ended takes with it what it started, also when it does not want to. */
START_TEST(test_ended)
{
	static const struct {
		const char *script;
		enum reason reason;
		int64_t time_ms;
		bool interrupt;
		int signal;
	} rows[] = {
		{ "sleep 100", REASON_PROC_TIMEOUT, 200, false, SIGTERM },
		{ "sleep 100 & echo $! >pid; wait", REASON_PROC_TIMEOUT, 200, false, SIGTERM },
		{ "trap '' TERM; sleep 100 & echo $! >pid; while :; do sleep 1; done",
		  REASON_PROC_TIMEOUT, 200, false, SIGKILL },
		{ "echo ready >&2; exec sleep 100", REASON_INTERRUPTED, 0, true, SIGINT },
		{ "while :; do echo more; done", REASON_PROC_OUTPUT, 0, false, SIGKILL },
		{ "sleep 100 & echo $! >pid", REASON_OK, 0, false, 0 },
	};

	support_enter();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct proc_command command = { .output_max = 100 };
		struct proc_result result;
		asked_to_stop = 0;
		if (rows[i].time_ms != 0)
			command.deadline_ms = ticks_ms() + rows[i].time_ms;
		if (rows[i].interrupt) {
			command.interrupted = &asked_to_stop;
			command.line = ask_to_stop;
		}
		int64_t begun = ticks_ms();
		EXPECT_REASON(rows[i].script, run(rows[i].script, &command, &result),
			      rows[i].reason);
		ck_assert_msg(result.signal == rows[i].signal, "%s: %d", rows[i].script,
			      result.signal);
		ck_assert_int_lt(ticks_ms() - begun, 60000);
		/* it may be a zombie for a moment, until init has taken it */
		support_sh("[ ! -f pid ] || { i=0\n"
			   "while read -r pid <pid && [ -d /proc/$pid ] &&\n"
			   "    ! grep -q '^State:.Z' /proc/$pid/status; do\n"
			   "    i=$((i + 1)); [ $i -lt 100 ]; sleep 0.05; done; rm pid; }");
		proc_done(&result);
	}
	support_leave();
}
END_TEST

/* One that fled into a session of its own holds the pipes: nobody waits for it. */
START_TEST(test_fled)
{
	struct proc_command command = { .output_max = 100 };
	struct proc_result result;

	int64_t begun = ticks_ms();
	EXPECT_REASON("fled", run("echo x; setsid sleep 30 & exit 4", &command, &result),
		      REASON_OK);
	ck_assert_int_eq(result.exit_status, 4);
	ck_assert_int_lt(ticks_ms() - begun, 20000);
	proc_done(&result);
}
END_TEST

START_TEST(test_interrupted_before)
{
	struct proc_command command = { .output_max = 100 };
	struct proc_result result;

	asked_to_stop = 1;
	command.interrupted = &asked_to_stop;
	EXPECT_REASON("before", run("echo x", &command, &result), REASON_INTERRUPTED);
	ck_assert_uint_eq(result.output.len, 0);
	proc_done(&result);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proc");

	support_add(suite, "ends", test_ends);
	support_add(suite, "start", test_start);
	support_add(suite, "directory and limit", test_directory_and_limit);
	support_add(suite, "input", test_input);
	support_add(suite, "lines", test_lines);
	support_add(suite, "log", test_log);
	support_add(suite, "ended", test_ended);
	support_add(suite, "fled", test_fled);
	support_add(suite, "interrupted before", test_interrupted_before);
	return support_main(suite);
}
