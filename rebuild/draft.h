/* A file in the making: written beside its target, which changes only when everything is there.
 *
 * While a draft is open, SIGINT, SIGTERM and SIGHUP wait. Whoever writes asks draft_interrupted now
 * and then, and drops the draft when one came; the signal then kills as it would have. */
#ifndef REBUILD_DRAFT_H
#define REBUILD_DRAFT_H

#include <signal.h>

#include "rebuild/sink.h"

struct draft {
	int fd; /* use it: read and write, at any position */
	char *temporary;
	const char *path;
	sigset_t before;
};

/* `path` must outlive the draft. REASON_FILE_EXISTS: it is something else than a regular file;
 * REASON_FILE_UNWRITABLE with errno; REASON_OUT_OF_MEMORY. Nothing is held then. */
enum reason draft_open(const char *path, struct draft *ret) MUST_CHECK;

/* True: a signal waits. */
bool draft_interrupted(void);

/* Makes it last and gives it its name, or drops it. REASON_FILE_UNWRITABLE with errno. Signals that
 * wait strike in here. */
enum reason draft_commit(struct draft *draft) MUST_CHECK;

/* Removes the file. Signals that wait strike in here. */
void draft_drop(struct draft *draft);

/* Writes all the bytes at the position of the descriptor. REASON_FILE_UNWRITABLE with errno. */
enum reason draft_write(int fd, struct span bytes) MUST_CHECK;

#endif
