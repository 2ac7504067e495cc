/* When the rounds of `check --every` begin, and what happens between them. */
#ifndef ATTEST_WATCH_H
#define ATTEST_WATCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define WATCH_EVERY_MAX_S 86400

/* When the next round begins, on the clock of `now_ms`: at the next multiple of `every_ms` after `start_ms` that is
 * not past, rounds that would have fallen into a long one left out, plus a part of a tenth of `every_ms`, chosen by
 * `chance` (any number): watchers that were started together do not ask together. */
int64_t watch_next_ms(int64_t start_ms, int64_t now_ms, int64_t every_ms, uint32_t chance);

enum watch_event {
	WATCH_DUE,    /* the time has come */
	WATCH_RELOAD, /* SIGHUP */
	WATCH_STOP,   /* SIGINT or SIGTERM: *ret_signal */
	WATCH_FAILED  /* waiting is not possible */
};

/* Waits on a signalfd (attest/serve.h, serve_signals, tells of which signals) for at most `ms`; with 0 only looks.
 * *ret_signal is set with WATCH_STOP alone. */
enum watch_event watch_wait(int signals, int64_t ms, int *ret_signal);

#endif
