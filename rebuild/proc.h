/* Another program run to its end: a path and words, never a shell and never a search; an environment
 * that is given whole; output, time and file sizes that are bounded.
 *
 * The program runs in a session of its own, so it has no terminal to ask questions on, and what it
 * starts is ended with it: on a timeout, an interruption or too much output, and also where the
 * program itself is over. It is killed when this process dies. Of its descriptors only 0, 1 and 2
 * are open. */
#ifndef REBUILD_PROC_H
#define REBUILD_PROC_H

#include <signal.h>

#include "verify/reason.h"
#include "verify/span.h"

#define PROC_LINE_MAX ((size_t)64 * 1024) /* bytes of a line that are told; the rest is not */
#define PROC_SAID_MAX ((size_t)8 * 1024)  /* bytes of the end of stderr that are kept */

enum proc_stream { PROC_STDOUT = 1, PROC_STDERR = 2 };

/* A clock in milliseconds that only goes forward. It must not be NULL. */
struct proc_clock {
	int64_t (*ticks_ms)(void);
};

struct proc_command {
	const char *path;               /* absolute */
	const char *const *argv;        /* from the program's name on, ends with NULL */
	const char *const *environment; /* all of it, NAME=value, ends with NULL */
	const char *directory;          /* to run in; NULL: the caller's */
	struct span input;              /* on its standard input; none: /dev/null */
	size_t output_max;              /* bytes that stdout may have; it is kept whole */
	/* Told each line of stderr, and with `lines_of_stdout` of stdout, which is then neither kept
	 * nor bounded: without its end, PROC_LINE_MAX bytes at most. False ends the program. NULL:
	 * nobody listens. */
	bool (*line)(void *context, enum proc_stream stream, struct span line);
	void *context;
	bool lines_of_stdout;
	int log;                /* descriptor that gets all of stderr as it comes; 0: none */
	int64_t deadline_ms;    /* on the clock; 0: none */
	uint64_t file_size_max; /* bytes of any file that is written (RLIMIT_FSIZE); 0: no limit */
	const volatile sig_atomic_t *interrupted; /* not 0: end it (SIGINT first); NULL: never */
};

/* End with proc_done, also after a failure. */
struct proc_result {
	int exit_status; /* -1: ended by a signal, */
	int signal;      /* which is this one */
	struct buf output;
	struct buf said; /* the end of stderr */
	int why;         /* errno, with REASON_PROC_START */
};

/* Runs it and waits. The caller ignores SIGPIPE. REASON_OK: it ended by itself, however; look at exit_status.
 * REASON_PROC_START (with `why`), _PROC_TIMEOUT, _PROC_OUTPUT (more than output_max),
 * _PROC_STOPPED (`line` said no); REASON_INTERRUPTED; REASON_FILE_UNWRITABLE (the log);
 * REASON_OUT_OF_MEMORY. */
enum reason proc_run(const struct proc_command *command, struct proc_clock clock,
		     struct proc_result *ret) MUST_CHECK;

void proc_done(struct proc_result *result);

#endif
