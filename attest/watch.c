#include "attest/watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

int64_t watch_next_ms(int64_t start_ms, int64_t now_ms, int64_t every_ms, uint32_t chance)
{
	int64_t past = now_ms > start_ms ? (now_ms - start_ms) / every_ms : 0;
	/* below a tenth of a day and 2^32 the product stays far below 2^63 */
	int64_t jitter_ms = every_ms / 10 * (int64_t)chance / ((int64_t)UINT32_MAX + 1);

	return start_ms + (past + 1) * every_ms + jitter_ms;
}

enum watch_event watch_wait(int signals, int64_t ms, int *ret_signal)
{
	struct signalfd_siginfo info;
	struct pollfd fd = { signals, POLLIN, 0 };
	int limit = ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
	int n = poll(&fd, 1, limit);

	if (n == 0 || (n < 0 && errno == EINTR))
		return WATCH_DUE;
	if (n < 0 || read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return WATCH_FAILED;
	if (info.ssi_signo == SIGHUP)
		return WATCH_RELOAD;
	*ret_signal = (int)info.ssi_signo;
	return WATCH_STOP;
}
