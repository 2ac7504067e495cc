#include "attest/checking.h"
#include "attest/targetfile.h"

#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/support.h"

#define HASH "0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83"

static int64_t ticks;

static int64_t ticks_ms(void)
{
	return ticks;
}

static void sleep_ms(int64_t ms)
{
	ticks += ms;
}

static int64_t clock_ms(void)
{
	return INT64_C(1767434400000) + ticks;
}

static bool random_bytes(uint8_t *ret, size_t len)
{
	memset(ret, 7, len);
	return true;
}

static size_t open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t n = 0;

	ck_assert_ptr_nonnull(folder);
	while (readdir(folder) != NULL)
		n++;
	(void)closedir(folder);
	return n;
}

/* A port on which nobody listens, held so that nobody will. */
static int closed_port(unsigned *ret)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*ret = ntohs(address.sin_port);
	return fd;
}

/* Thousands of rounds, in each format: the same files are open afterwards, and a sanitizer or valgrind sees what is
 * not given back. */
START_TEST(test_rounds)
{
	static const enum cli_format formats[] = { CLI_TEXT, CLI_JSON, CLI_NAGIOS, CLI_PROM };
	const size_t rounds = support_is_slow() ? 20 : 250;
	unsigned port = 0;
	struct buf text = { 0 };

	ck_assert(http_library_start());
	support_enter();
	int held = closed_port(&port);
	buf_printf(
		&text,
		"{\"schema\":1,\"defaults\":{\"profile\":\"odyn\",\"expect\":{\"enclave_hash\":\"%s\""
		"}},\"targets\":[",
		HASH);
	for (unsigned i = 0; i < 4; i++)
		buf_printf(&text, "%s{\"name\":\"t%u\",\"url\":\"http://127.0.0.1:%u/%u\"}",
			   i > 0 ? "," : "", i, port, i);
	buf_text(&text, "]}");
	support_write("targets.json", buf_span(&text));
	for (size_t k = 0; k < sizeof(formats) / sizeof(formats[0]); k++) {
		struct attest_run run = {
			.world = { .ticks_ms = ticks_ms },
			.output = { .program = "test", .format = formats[k], .path = "out" },
			.version = "1.2",
			.clock_ms = clock_ms,
			.sleep_ms = sleep_ms,
			.random = random_bytes,
			.watching = { .config = "targets.json", .state = "state.json", .jobs = 4 },
		};
		struct targets targets;
		struct checking checking;
		const size_t before = open_files();
		const int want = formats[k] == CLI_NAGIOS ? 2 : CLI_ERROR;
		ck_assert(targets_read("test", "targets.json", &targets));
		ck_assert(checking_start(&checking, &run, &targets));
		for (size_t i = 0; i < rounds; i++) {
			ck_assert_int_eq(checking_round(&checking), want);
			ticks += 1000;
			/* now and then the file is read again */
			if (i % 100 == 7) {
				ck_assert(targets_read("test", "targets.json", &targets));
				ck_assert(checking_replace(&checking, &targets));
			}
		}
		ck_assert_uint_eq(open_files(), before);
		checking_done(&checking);
		struct buf out = support_read("out");
		ck_assert_uint_gt(out.len, 100);
		buf_done(&out);
	}
	buf_done(&text);
	(void)close(held);
	support_leave();
	http_library_stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("checking");

	support_add(suite, "rounds", test_rounds);
	return support_main(suite);
}
