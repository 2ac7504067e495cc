/* The bar: what is drawn, when, and that it goes away. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "test/support.h"
#include "verify/cli.h"

#define MB UINT64_C(1000000)

static int64_t now;

static int64_t ticks(void)
{
	return now;
}

static const struct cli_world terminal = { .stderr_is_terminal = true, .ticks_ms = ticks };
static const struct cli_output loud = { .program = "prog" };

/* Tells of something, and compares what that writes to stderr. */
static void expect(const char *row, struct cli_progress *progress, uint64_t done, uint64_t size,
		   const char *want)
{
	int before = dup(STDERR_FILENO);
	int fd = open("err", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char text[256];

	ck_assert(before >= 0 && fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
	cli_progress_tell(progress, done, size);
	ck_assert(dup2(before, STDERR_FILENO) >= 0);
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	(void)close(before);
	(void)close(fd);
	ck_assert(n >= 0);
	text[n] = '\0';
	ck_assert_msg(strcmp(text, want) == 0, "row \"%s\": %s", row, text);
}

START_TEST(test_bar)
{
	struct cli_progress progress;

	support_enter();
	now = 1000;
	cli_progress_start(&progress, &loud, &terminal);
	expect("at once", &progress, MB, 100 * MB, "");
	now = 1499;
	expect("soon", &progress, 10 * MB, 100 * MB, "");
	now = 1500;
	expect("after half a second", &progress, 20 * MB, 100 * MB,
	       "\r[###.................]  19 %  20 of 100 MB  40 MB/s  3 s left\033[K");
	now = 1599;
	expect("not so often", &progress, 25 * MB, 100 * MB, "");
	now = 1600;
	expect("again", &progress, 30 * MB, 100 * MB,
	       "\r[#####...............]  29 %  30 of 100 MB  50 MB/s  2 s left\033[K");
	expect("all", &progress, 100 * MB, 100 * MB, "\r\033[K");
	expect("all, again", &progress, 100 * MB, 100 * MB, "");
	/* another work */
	now = 100000;
	expect("begins", &progress, 0, 0, "");
	now = 100500;
	expect("of unknown size", &progress, 1 * MB, 0, "\r1000 kB  2000 kB/s\033[K");
	now = 101000;
	expect("more than was thought", &progress, 20 * MB, 10 * MB, "\r20 MB  20 MB/s\033[K");
	now = 102000;
	expect("little", &progress, 21 * MB, 21 * MB + 5000,
	       "\r[###################.]  99 %  21 of 21 MB  10 MB/s  1 s left\033[K");
	support_leave();
}
END_TEST

/* The rate is that of now, not of the whole. */
START_TEST(test_rate)
{
	struct cli_progress progress;

	support_enter();
	now = 0;
	cli_progress_start(&progress, &loud, &terminal);
	now = 5000;
	expect("fast", &progress, 500 * MB, 1000 * MB,
	       "\r[#########...........]  49 %  500 of 1000 MB  100 MB/s  6 s left\033[K");
	now = 10000;
	expect("slow", &progress, 505 * MB, 1000 * MB,
	       "\r[##########..........]  50 %  505 of 1000 MB  50 MB/s  10 s left\033[K");
	now = 15000;
	expect("slow still", &progress, 510 * MB, 1000 * MB,
	       "\r[##########..........]  50 %  510 of 1000 MB  1000 kB/s  491 s left\033[K");
	now = 25000;
	expect("nothing", &progress, 510 * MB, 1000 * MB,
	       "\r[##########..........]  50 %  510 of 1000 MB  333 kB/s  1471 s left\033[K");
	now = 35000;
	expect("nothing at all", &progress, 510 * MB, 1000 * MB,
	       "\r[##########..........]  50 %  510 of 1000 MB  0 kB/s\033[K");
	support_leave();
}
END_TEST

START_TEST(test_silent)
{
	static const struct cli_world file = { .ticks_ms = ticks };
	static const struct cli_world timeless = { .stderr_is_terminal = true };
	static const struct cli_output quiet = { .program = "prog", .quiet = true };
	const struct {
		const char *row;
		const struct cli_world *world;
		const struct cli_output *output;
	} rows[] = {
		{ "no terminal", &file, &loud },
		{ "no clock", &timeless, &loud },
		{ "quiet", &terminal, &quiet },
	};

	support_enter();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cli_progress progress;
		now = 0;
		cli_progress_start(&progress, rows[i].output, rows[i].world);
		now = 10000;
		expect(rows[i].row, &progress, MB, 100 * MB, "");
		expect(rows[i].row, &progress, 100 * MB, 100 * MB, "");
	}
	support_leave();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_progress");

	support_add(suite, "bar", test_bar);
	support_add(suite, "rate", test_rate);
	support_add(suite, "silent", test_silent);
	return support_main(suite);
}
