#include <stdlib.h>
#include <string.h>

#include "rebuild/nixlog.h"
#include "rebuild/test/support.h"

#define STORE "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-"

/* What was told last, and how often. */
struct told {
	struct nixlog_progress last;
	char latest[NIXLOG_NAME_MAX];
	unsigned times;
};

static void on_progress(void *context, const struct nixlog_progress *progress)
{
	struct told *told = context;

	told->last = *progress;
	ck_assert_uint_lt(progress->latest.len, NIXLOG_NAME_MAX);
	memcpy(told->latest, progress->latest.at, progress->latest.len);
	told->latest[progress->latest.len] = '\0';
	told->times++;
}

static void say(struct nixlog *log, const char *line)
{
	const struct span all = span_of_text(line);
	uint8_t *bytes = support_exact(all);

	ck_assert(nixlog_line(log, (struct span){ bytes, all.len }));
	free(bytes);
}

START_TEST(reading)
{
	struct buf text = { 0 };
	struct told told = { .times = 0 };
	const struct sink sink = support_sink(&text);
	struct nixlog log = { .readable = &sink, .tell = on_progress, .context = &told };

	say(&log,
	    "@nix {\"action\":\"start\",\"id\":18446744073709551614,\"level\":0,\"text\":\"\","
	    "\"type\":104}");
	/* an id that a double takes for the same */
	say(&log, "@nix {\"action\":\"result\",\"fields\":[9,9,9,9],\"id\":18446744073709551615,"
		  "\"type\":105}");
	ck_assert_uint_eq(told.times, 0);
	say(&log, "@nix {\"action\":\"result\",\"fields\":[1,12,2,0],\"id\":18446744073709551614,"
		  "\"type\":105}");
	ck_assert_uint_eq(told.last.done, 1);
	ck_assert_uint_eq(told.last.expected, 12);
	ck_assert_uint_eq(told.last.running, 2);
	ck_assert_uint_eq(told.last.failed, 0);
	say(&log, "@nix {\"action\":\"start\",\"fields\":[\"" STORE "init.drv\",\"\",1,1],\"id\":7,"
		  "\"level\":3,\"text\":\"building '" STORE "init.drv'\",\"type\":105}");
	ck_assert_str_eq(told.latest, "init");
	say(&log, "@nix {\"action\":\"result\",\"fields\":[\"\\u001b[31mred\\u001b[0m\\rhalf "
		  "\\u001b]8;;x\\u0007link\"],\"id\":7,\"type\":101}");
	say(&log, "@nix {\"action\":\"stop\",\"id\":7}");
	say(&log, "@nix {\"action\":\"result\",\"fields\":[\"late\"],\"id\":7,\"type\":101}");
	say(&log,
	    "@nix {\"action\":\"msg\",\"level\":1,\"msg\":\"\\u001b[35;1mwarning:\\u001b[0m w\"}");
	say(&log, "plain");
	EXPECT_BYTES("text", buf_span(&text),
		     SPAN_LITERAL("building '" STORE "init.drv'\n"
				  "init> redhalf link\n"
				  "?> late\n"
				  "warning: w\n"
				  "plain\n"));
	EXPECT_REASON("failure", log.failure, REASON_OK);
	ck_assert_uint_eq(log.errors.len, 0);
	buf_done(&text);
	nixlog_done(&log);
}
END_TEST

/* Whatever is not in form is text, and tells nothing. */
START_TEST(malformed)
{
	static const char *const rows[] = {
		"@nix",
		"@nix ",
		"@nix x",
		"@nix []",
		"@nix {}",
		"@nix {\"action\":1}",
		"@nix {\"action\":\"dance\",\"id\":1}",
		"@nix {\"action\":\"stop\"}",
		"@nix {\"action\":\"stop\",\"id\":-1}",
		"@nix {\"action\":\"stop\",\"id\":1.5}",
		"@nix {\"action\":\"stop\",\"id\":1e3}",
		"@nix {\"action\":\"stop\",\"id\":\"1\"}",
		"@nix {\"action\":\"stop\",\"id\":18446744073709551616}",
		"@nix {\"action\":\"stop\",\"id\":1,\"id\":2}",
		"@nix {\"action\":\"stop\",\"of\":{\"id\":1}}",
		"@nix {\"action\":\"stop\",\"of\":\"\\\"id\\\":1\"}",
		"@nix {\"action\":\"msg\",\"level\":0}",
		"@nix {\"action\":\"msg\",\"level\":\"0\",\"msg\":\"error: x\"}",
		"@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"error: builder for 'x'\"",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = { 0 };
		struct buf wanted = { 0 };
		const struct sink sink = support_sink(&text);
		struct nixlog log = { .readable = &sink };
		say(&log, rows[i]);
		buf_printf(&wanted, "%s\n", rows[i]);
		EXPECT_BYTES(rows[i], buf_span(&text), buf_span(&wanted));
		EXPECT_REASON(rows[i], log.failure, REASON_OK);
		ck_assert_uint_eq(log.errors.len, 0);
		buf_done(&text);
		buf_done(&wanted);
		nixlog_done(&log);
	}
}
END_TEST

/* Fields that are not there, or are something else, are no progress. */
START_TEST(odd_fields)
{
	static const char *const rows[] = { "[]",         "[1,2,3]",       "[1,2,3,\"4\"]",
					    "[-1,2,3,4]", "[1e300,2,3,4]", "{}",
					    "null",       "\"x\"" };
	struct told told = { .times = 0 };
	struct nixlog log = { .tell = on_progress, .context = &told };

	say(&log, "@nix {\"action\":\"start\",\"id\":1,\"type\":104}");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf line = { 0 };
		buf_printf(&line,
			   "@nix {\"action\":\"result\",\"id\":1,\"type\":105,\"fields\":%s}",
			   rows[i]);
		ck_assert(nixlog_line(&log, buf_span(&line)));
		buf_done(&line);
		ck_assert_msg(told.times == 0, "%s", rows[i]);
	}
	/* more builds at a time than there is room for */
	for (unsigned i = 0; i < NIXLOG_RUNNING_MAX + 8; i++) {
		struct buf line = { 0 };
		buf_printf(
			&line,
			"@nix {\"action\":\"start\",\"id\":%u,\"type\":105,\"fields\":[\"n%u\"]}",
			i + 10, i);
		ck_assert(nixlog_line(&log, buf_span(&line)));
		buf_done(&line);
	}
	ck_assert_uint_eq(told.times, NIXLOG_RUNNING_MAX + 8);
	nixlog_done(&log);
}
END_TEST

/* Messages of Nix 2.8, and of later ones where they differ. */
START_TEST(reasons)
{
	static const struct {
		const char *message;
		enum reason reason;
	} rows[] = {
		{ "error: builder for '" STORE
		  "x.drv' failed with exit code 3;\n       last 1 log lines:\n"
		  "       > No space left on device\n       > interrupted by the user",
		  REASON_NIX_BUILDER },
		{ "error: builder for '" STORE
		  "x.drv' failed with exit code 1\n       note: build failure "
		  "may have been caused by lack of free disk space",
		  REASON_NIX_DISK_FULL },
		{ "error: writing to file: No space left on device", REASON_NIX_DISK_FULL },
		{ "error: building of '" STORE "x.drv' timed out after 2 seconds",
		  REASON_NIX_TIMEOUT },
		{ "error: building of 'x' timed out after 2 seconds of silence",
		  REASON_NIX_TIMEOUT },
		{ "error: hash mismatch in fixed-output derivation '" STORE "x.drv':",
		  REASON_NIX_FIXED_OUTPUT },
		{ "error: derivation '" STORE "x.drv' may not be deterministic: output '" STORE
		  "x' differs",
		  REASON_NIX_DIFFERS },
		{ "error: executing SQLite statement '\n  create index if not exists x;\n"
		  "  ': database or disk is full (in '/nix/var/nix/db/db.sqlite')",
		  REASON_NIX_DISK_FULL },
		{ "path '" STORE "x' was modified! expected hash 'sha256:0', got 'sha256:1'",
		  REASON_NIX_STORE },
		{ "error: NAR hash mismatch in input 'git+file:///x' (" STORE
		  "source), expected 'sha256-A', got 'sha256-B'",
		  REASON_NIX_INPUT_HASH },
		{ "error: flake 'git+file:///x' requires lock file changes but they're not allowed due to "
		  "'--no-update-lock-file'",
		  REASON_NIX_LOCK },
		{ "error: flake 'git+file:///x' does not provide attribute 'packages.x86_64-linux.nope', "
		  "'legacyPackages.x86_64-linux.nope' or 'nope'",
		  REASON_NIX_ATTRIBUTE },
		{ "error: getting status of '" STORE
		  "source/build-outputs': No such file or directory",
		  REASON_NIX_NOT_STAGED },
		{ "error: getting status of '" STORE "source/build-outputs': Permission denied",
		  REASON_OK },
		{ "error: path '" STORE "source/build-outputs/nitro' does not exist",
		  REASON_NIX_NOT_STAGED },
		{ "error:\n       … while evaluating\n\n       error: Path 'build-outputs/nitro' in the "
		  "repository \"/x\" is not tracked by Git.",
		  REASON_NIX_NOT_STAGED },
		{ "error: the group 'nixbld' specified in 'build-users-group' does not exist",
		  REASON_NIX_GROUP },
		{ "error: experimental Nix feature 'nix-command' is disabled; use "
		  "'--extra-experimental-features nix-command' to override",
		  REASON_NIX_FEATURES },
		{ "error: Cannot find Git revision '00' in ref 'main' of repository 'file:///x'!",
		  REASON_NIX_INPUT_FETCH },
		{ "error: unable to download 'https://a.example/x': Couldn't resolve host name (6)",
		  REASON_NIX_INPUT_FETCH },
		{ "error: interrupted by the user", REASON_INTERRUPTED },
		{ "error: undefined variable 'x'", REASON_OK },
		{ "", REASON_OK },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		EXPECT_REASON(rows[i].message, nixlog_reason(span_of_text(rows[i].message)),
			      rows[i].reason);
}
END_TEST

START_TEST(failing)
{
	struct nixlog log = { .readable = NULL };

	say(&log, "@nix {\"action\":\"msg\",\"level\":1,\"msg\":\"builder for 'x' failed\"}");
	EXPECT_REASON("a warning", log.failure, REASON_OK);
	say(&log,
	    "@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"\\u001b[31;1merror:\\u001b[0m hash "
	    "mismatch in fixed-output derivation 'x'\"}");
	say(&log,
	    "@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"error: builder for 'y' failed\"}");
	EXPECT_REASON("the first", log.failure, REASON_NIX_FIXED_OUTPUT);
	EXPECT_BYTES("errors", buf_span(&log.errors),
		     SPAN_LITERAL("error: hash mismatch in fixed-output derivation 'x'\n"
				  "error: builder for 'y' failed\n"));
	say(&log, "error: writing to file: No space left on device");
	EXPECT_REASON("as text, and worse", log.failure, REASON_NIX_DISK_FULL);
	ck_assert(!log.option_ignored);
	say(&log,
	    "@nix {\"action\":\"msg\",\"level\":1,\"msg\":\"warning: ignoring the user-specified "
	    "setting 'sandbox', because it is a restricted setting and you are not a trusted user\"}");
	ck_assert(log.option_ignored);
	/* bounded, whatever it says */
	for (size_t i = 0; i < 1000; i++)
		say(&log, "error: again and again and again and again and again and again");
	ck_assert_uint_lt(log.errors.len, NIXLOG_ERRORS_MAX);
	nixlog_done(&log);
}
END_TEST

static enum reason refuse(void *to, struct span bytes)
{
	(void)to;
	(void)bytes;
	return REASON_FILE_UNWRITABLE;
}

START_TEST(full_log)
{
	const struct sink sink = { refuse, NULL };
	struct nixlog log = { .readable = &sink };

	ck_assert(!nixlog_line(&log, SPAN_LITERAL("x")));
	EXPECT_REASON("sunk", log.sunk, REASON_FILE_UNWRITABLE);
	nixlog_done(&log);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nixlog");

	support_add(suite, "reading", reading);
	support_add(suite, "malformed", malformed);
	support_add(suite, "odd_fields", odd_fields);
	support_add(suite, "reasons", reasons);
	support_add(suite, "failing", failing);
	support_add(suite, "full_log", full_log);
	return support_main(suite);
}
