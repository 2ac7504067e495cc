#include "rebuild/draft.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void deadly_signals(sigset_t *ret)
{
	(void)sigemptyset(ret);
	(void)sigaddset(ret, SIGINT);
	(void)sigaddset(ret, SIGTERM);
	(void)sigaddset(ret, SIGHUP);
}

/* Lets waiting signals strike; errno is kept. */
static void release(struct draft *draft)
{
	int why = errno;

	free(draft->temporary);
	draft->temporary = NULL;
	(void)sigprocmask(SIG_SETMASK, &draft->before, NULL);
	errno = why;
}

enum reason draft_open(const char *path, struct draft *ret)
{
	struct draft draft = { .fd = -1, .path = path };
	struct buf name = { 0 };
	struct stat found;
	sigset_t deadly;

	if (stat(path, &found) == 0 && !S_ISREG(found.st_mode))
		return REASON_FILE_EXISTS;
	buf_printf(&name, "%s.XXXXXX", path);
	draft.temporary = buf_take_text(&name);
	if (draft.temporary == NULL)
		return REASON_OUT_OF_MEMORY;
	deadly_signals(&deadly);
	(void)sigprocmask(SIG_BLOCK, &deadly, &draft.before);
	draft.fd = mkstemp(draft.temporary);
	if (draft.fd < 0) {
		release(&draft);
		return REASON_FILE_UNWRITABLE;
	}
	*ret = draft;
	return REASON_OK;
}

bool draft_interrupted(void)
{
	sigset_t waiting;

	return sigpending(&waiting) == 0 &&
	       (sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1 ||
		sigismember(&waiting, SIGHUP) == 1);
}

void draft_drop(struct draft *draft)
{
	int why = errno;

	if (draft->fd >= 0)
		(void)close(draft->fd);
	draft->fd = -1;
	(void)unlink(draft->temporary);
	errno = why;
	release(draft);
}

enum reason draft_commit(struct draft *draft)
{
	/* as open(2) would have made it; umask can only be read by setting it */
	mode_t mask = umask(0);

	(void)umask(mask);
	bool ok = fchmod(draft->fd, 0666 & ~mask) == 0 && fsync(draft->fd) == 0;
	int fd = draft->fd;
	draft->fd = -1;
	ok = close(fd) == 0 && ok;
	if (!ok || rename(draft->temporary, draft->path) != 0) {
		draft_drop(draft);
		return REASON_FILE_UNWRITABLE;
	}
	release(draft);
	return REASON_OK;
}

enum reason draft_write(int fd, struct span bytes)
{
	struct span written;

	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.at, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !span_take(&bytes, (size_t)n, &written))
			return REASON_FILE_UNWRITABLE;
	}
	return REASON_OK;
}
