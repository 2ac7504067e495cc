#include "attest/watch.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attest/notify.h"
#include "test/support.h"

START_TEST(test_next)
{
	static const struct {
		const char *row;
		int64_t start_ms;
		int64_t now_ms;
		int64_t every_ms;
		uint32_t chance;
		int64_t want;
	} rows[] = {
		{ "at once", 5000, 5000, 1000, 0, 6000 },
		{ "a short round", 5000, 5400, 1000, 0, 6000 },
		{ "to the last moment", 5000, 5999, 1000, 0, 6000 },
		{ "exactly a round", 5000, 6000, 1000, 0, 7000 },
		{ "one is left out", 5000, 6001, 1000, 0, 7000 },
		{ "many are", 5000, 99999, 1000, 0, 100000 },
		{ "half the jitter", 0, 0, 60000, UINT32_C(1) << 31, 63000 },
		{ "all of it, never more than a tenth", 0, 0, 60000, UINT32_MAX, 65999 },
		{ "a day", 0, 1, INT64_C(86400000), UINT32_MAX, INT64_C(86400000) + 8639999 },
		{ "a clock that went back", 5000, 0, 1000, 0, 6000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(watch_next_ms(rows[i].start_ms, rows[i].now_ms, rows[i].every_ms,
					    rows[i].chance) == rows[i].want,
			      "%s", rows[i].row);
}
END_TEST

START_TEST(test_wait)
{
	static const struct {
		int signal;
		enum watch_event want;
		int want_signal;
	} rows[] = {
		{ 0, WATCH_DUE, 0 },
		{ SIGHUP, WATCH_RELOAD, 0 },
		{ SIGTERM, WATCH_STOP, SIGTERM },
		{ SIGINT, WATCH_STOP, SIGINT },
	};
	sigset_t signals;
	sigset_t before;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &signals, &before);
	int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int got = 0;
		if (rows[i].signal != 0)
			ck_assert_int_eq(raise(rows[i].signal), 0);
		ck_assert_int_eq(watch_wait(fd, rows[i].signal == 0 ? -5 : 60000, &got),
				 rows[i].want);
		ck_assert_int_eq(got, rows[i].want_signal);
	}
	(void)close(fd);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	int got = 0;
	ck_assert_int_eq(watch_wait(fd, 60000, &got), WATCH_FAILED);
	ck_assert_int_eq(got, 0);
}
END_TEST

/* What a service manager gets, on a socket of either kind. */
START_TEST(test_notify)
{
	static const char *const names[] = { "notify.socket", "@enclavecheck-test" };

	support_enter();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct sockaddr_un address = { .sun_family = AF_UNIX };
		char name[sizeof(address.sun_path) + 64];
		char folder[sizeof(address.sun_path)] = "";
		char got[64] = "";
		int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
		if (names[i][0] != '@') {
			ck_assert_ptr_nonnull(getcwd(folder, sizeof(folder) - 20));
			(void)snprintf(name, sizeof(name), "%s/%s", folder, names[i]);
		} else {
			(void)snprintf(name, sizeof(name), "%s-%ld", names[i], (long)getpid());
		}
		size_t len = strlen(name);
		memcpy(address.sun_path, name, len);
		if (name[0] == '@')
			address.sun_path[0] = '\0';
		ck_assert(!notify_send(name, "READY=1"));
		ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address,
				      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
				 0);
		ck_assert(notify_send(name, "READY=1"));
		ck_assert(notify_send(name, "WATCHDOG=1\nSTATUS=x"));
		ck_assert_int_eq(recv(fd, got, sizeof(got), 0), 7);
		ck_assert_int_eq(memcmp(got, "READY=1", 7), 0);
		ck_assert_int_eq(recv(fd, got, sizeof(got), 0), 19);
		(void)close(fd);
	}
	support_leave();
}
END_TEST

/* Nothing is sent to what is no such name. */
/* longer than a socket's name can be */
#define LONG_NAME \
	"/123456789012345678901234567890123456789012345678901234567890123456789012345678901234567" \
	"89012345678901234567890"

START_TEST(test_nowhere)
{
	static const char *const names[] = {
		NULL, "", "/", "@", "relative", "vsock:2:1", (LONG_NAME),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert(!notify_send(names[i], "READY=1"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("watch");

	support_add(suite, "next", test_next);
	support_add(suite, "wait", test_wait);
	support_add(suite, "notify", test_notify);
	support_add(suite, "nowhere", test_nowhere);
	return support_main(suite);
}
