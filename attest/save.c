#include "attest/save.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The path without slashes at its end; its last part must be a name of its own. NULL: no memory, or
 * there is no such part (*ret_named false). */
static char *plain_path(const char *path, bool *ret_named)
{
	struct buf copy = { 0 };
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	buf_add(&copy, (struct span){ (const uint8_t *)path, len });
	char *plain = buf_take_text(&copy);
	if (plain == NULL)
		return NULL;
	const char *slash = strrchr(plain, '/');
	const char *last = slash != NULL ? slash + 1 : plain;
	*ret_named = *last != '\0' && strcmp(last, ".") != 0 && strcmp(last, "..") != 0;
	return plain;
}

static enum reason is_empty(const char *path, int *reterr_errno)
{
	enum reason reason = REASON_OK;
	DIR *folder = opendir(path);

	if (folder == NULL) {
		*reterr_errno = errno;
		return REASON_FILE_UNWRITABLE;
	}
	for (;;) {
		const struct dirent *entry = readdir(folder);
		if (entry == NULL)
			break;
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			reason = REASON_FILE_EXISTS;
	}
	(void)closedir(folder);
	return reason;
}

enum reason save_may(const char *path, int *reterr_errno)
{
	struct stat found;
	bool named = false;
	enum reason reason = REASON_OK;

	*reterr_errno = 0;
	char *plain = plain_path(path, &named);
	if (plain == NULL)
		return REASON_OUT_OF_MEMORY;
	if (!named)
		reason = REASON_FILE_UNWRITABLE;
	else if (lstat(plain, &found) == 0)
		reason =
			S_ISDIR(found.st_mode) ? is_empty(plain, reterr_errno) : REASON_FILE_EXISTS;
	else if (errno != ENOENT) {
		*reterr_errno = errno;
		reason = REASON_FILE_UNWRITABLE;
	}
	free(plain);
	return reason;
}

static bool write_all(int fd, struct span bytes)
{
	struct span written;

	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.at, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !span_take(&bytes, (size_t)n, &written))
			return false;
	}
	return true;
}

static bool write_file(int folder, const char *name, struct span content)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

	if (fd < 0)
		return false;
	bool ok = write_all(fd, content) && fsync(fd) == 0;
	int why = errno;
	ok = close(fd) == 0 && ok;
	if (!ok)
		errno = why;
	return ok;
}

/* As mkdir(2) would have made it, which mkdtemp does not; umask can only be read by setting it. */
static bool open_up(int folder)
{
	mode_t mask = umask(0);

	(void)umask(mask);
	return fchmod(folder, 0777 & ~mask) == 0;
}

static bool write_files(int folder, const struct bundle *bundle)
{
	for (size_t i = 0; i < BUNDLE_FILES; i++) {
		if (bundle->has[i] && !write_file(folder, bundle_file_name((enum bundle_file)i),
						  buf_span(&bundle->content[i])))
			return false;
	}
	return open_up(folder) && fsync(folder) == 0;
}

static void remove_files(const char *temporary, int folder)
{
	for (size_t i = 0; i < BUNDLE_FILES; i++)
		(void)unlinkat(folder, bundle_file_name((enum bundle_file)i), 0);
	(void)rmdir(temporary);
}

/* So that the new name outlives a crash; that some file systems cannot do it is no failure. */
static void sync_parent(const char *plain)
{
	struct buf parent = { 0 };
	const char *slash = strrchr(plain, '/');

	if (slash == NULL)
		buf_text(&parent, ".");
	else
		buf_add(&parent, (struct span){ (const uint8_t *)plain,
						slash == plain ? 1 : (size_t)(slash - plain) });
	char *name = buf_take_text(&parent);
	int fd = name != NULL ? open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		(void)fsync(fd);
		(void)close(fd);
	}
	free(name);
}

/* rename(2) replaces an empty folder, and only that. */
static enum reason put_in_place(const char *plain, char *temporary, const struct bundle *bundle,
				int *reterr_errno)
{
	if (mkdtemp(temporary) == NULL) {
		*reterr_errno = errno;
		return REASON_FILE_UNWRITABLE;
	}
	int folder = open(temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool ok = folder >= 0 && write_files(folder, bundle) && rename(temporary, plain) == 0;
	int why = errno;
	if (!ok)
		remove_files(temporary, folder);
	if (folder >= 0)
		(void)close(folder);
	if (ok) {
		sync_parent(plain);
		return REASON_OK;
	}
	*reterr_errno = why;
	return why == ENOTEMPTY || why == EEXIST || why == ENOTDIR ? REASON_FILE_EXISTS :
								     REASON_FILE_UNWRITABLE;
}

/* A signal waits until the temporary folder is gone or renamed, and kills then. */
enum reason save_write(const char *path, const struct bundle *bundle, int *reterr_errno)
{
	struct buf name = { 0 };
	sigset_t deadly;
	sigset_t before;
	bool named = false;
	char *plain = plain_path(path, &named);

	*reterr_errno = 0;
	buf_printf(&name, "%s.XXXXXX", plain != NULL ? plain : "");
	char *temporary = buf_take_text(&name);
	if (plain == NULL || temporary == NULL) {
		free(plain);
		free(temporary);
		return REASON_OUT_OF_MEMORY;
	}
	(void)sigemptyset(&deadly);
	(void)sigaddset(&deadly, SIGINT);
	(void)sigaddset(&deadly, SIGTERM);
	(void)sigaddset(&deadly, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &deadly, &before);
	enum reason reason = named ? put_in_place(plain, temporary, bundle, reterr_errno) :
				     REASON_FILE_UNWRITABLE;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	free(plain);
	free(temporary);
	return reason;
}
