#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "attest/checking.h"
#include "attest/notify.h"
#include "attest/serve.h"
#include "attest/targetfile.h"
#include "attest/watch.h"

static void take_signal(struct checking *checking, enum watch_event event)
{
	/* without a file there is nothing to reload: it means what it means elsewhere */
	if (event == WATCH_RELOAD && checking->run->watching.config == NULL)
		checking->signal_number = SIGHUP;
	else if (event == WATCH_RELOAD)
		checking->reload = true;
}

/* While targets are asked. What is to end this process does so now: nothing is half-written. Only where a signal does
 * not kill (the first process of a system) are those that are under way waited for. */
bool checking_interrupted(void *context)
{
	struct checking *checking = context;
	sigset_t one;

	enum watch_event event = watch_wait(checking->signals, 0, &checking->signal_number);
	take_signal(checking, event);
	if (checking->signal_number == 0)
		return event != WATCH_FAILED;
	(void)notify_send(checking->run->notify_socket, "STOPPING=1");
	(void)sigemptyset(&one);
	(void)sigaddset(&one, checking->signal_number);
	(void)pthread_sigmask(SIG_UNBLOCK, &one, NULL);
	(void)raise(checking->signal_number);
	return false;
}

static void reload(struct checking *checking)
{
	const struct attest_run *run = checking->run;
	struct targets fresh;
	char lines[64];

	checking->reload = false;
	(void)snprintf(lines, sizeof(lines), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
		       run->world.ticks_ms() * 1000);
	(void)notify_send(run->notify_socket, lines);
	if (!targets_read(run->output.program, run->watching.config, &fresh) ||
	    !checking_replace(checking, &fresh))
		cli_complain(run->output.program, "--config %s: the targets before are kept",
			     run->watching.config);
	(void)notify_send(run->notify_socket, "READY=1");
}

/* Until the next round is due. False: an end is due, or waiting failed (said). */
static bool rest(struct checking *checking, int64_t next_ms)
{
	const struct attest_run *run = checking->run;

	for (;;) {
		if (checking->reload)
			reload(checking);
		int64_t now_ms = run->world.ticks_ms();
		enum watch_event event =
			watch_wait(checking->signals, next_ms - now_ms, &checking->signal_number);
		take_signal(checking, event);
		if (checking->signal_number != 0)
			return false;
		if (event == WATCH_FAILED) {
			cli_complain(run->output.program, "signals cannot be waited for");
			return false;
		}
		if (event == WATCH_DUE && run->world.ticks_ms() >= next_ms)
			return true;
	}
}

static void report_alive(const struct checking *checking)
{
	size_t passed = 0;
	char lines[128];

	for (size_t i = 0; i < checking->targets.n; i++)
		passed += checking->samples[i].verdict == VERDICT_PASS ? 1 : 0;
	(void)snprintf(lines, sizeof(lines), "WATCHDOG=1\nSTATUS=%zu of %zu targets pass", passed,
		       checking->targets.n);
	(void)notify_send(checking->run->notify_socket, lines);
}

static int watch(struct checking *checking)
{
	const struct attest_run *run = checking->run;
	const int64_t every_ms = run->watching.every_s * 1000;
	const int64_t start_ms = run->world.ticks_ms();
	int status;
	uint32_t chance;

	(void)notify_send(run->notify_socket, "READY=1");
	for (;;) {
		status = checking_round(checking);
		/* a file may be writable again the next time; a reader that is gone stays gone */
		if (checking->signal_number != 0 ||
		    (checking->output_failed && run->output.path == NULL))
			break;
		checking->output_failed = false;
		report_alive(checking);
		chance = 0;
		if (!run->random((uint8_t *)&chance, sizeof(chance)))
			chance = 0;
		if (!rest(checking,
			  watch_next_ms(start_ms, run->world.ticks_ms(), every_ms, chance)))
			break;
	}
	(void)notify_send(run->notify_socket, "STOPPING=1");
	return checking->signal_number != 0 ? status : (int)CLI_ERROR;
}

int checking_watch(struct checking *checking, int *ret_signal)
{
	sigset_t signals;
	sigset_t before;
	int status = CLI_ERROR;

	serve_signals(&signals);
	(void)pthread_sigmask(SIG_BLOCK, &signals, &before);
	checking->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (checking->signals < 0)
		cli_complain(checking->run->output.program, "signals: %s", strerror(errno));
	else
		status = watch(checking);
	if (checking->signals >= 0)
		(void)close(checking->signals);
	checking->signals = -1;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	*ret_signal = checking->signal_number;
	return status;
}
