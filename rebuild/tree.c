#include "rebuild/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/gzip.h"
#include "rebuild/newc.h"

#define CHUNK 65536

/* A directory being walked. A directory in it stands twice in the list: as NAME, its entry, and as
 * NAME/, the place of what is below it; sorted so, all paths come out sorted. */
struct level {
	int fd;
	char **names;
	size_t n_names;
	size_t cap;
	size_t next;
	size_t path_len; /* of the walk's path up to this directory's own slash */
};

struct walk {
	const struct tree_options *options;
	struct newc_writer writer;
	struct trouble *trouble;
	uint64_t entries;
	size_t depth; /* levels in use */
	struct level levels[TREE_DEPTH_MAX];
	char path[NEWC_NAME_MAX];
	char target[NEWC_NAME_MAX];
	uint8_t chunk[CHUNK];
};

static enum reason note(struct walk *walk, enum reason reason, int why)
{
	return trouble_note(walk->trouble, reason, span_of_text(walk->path), why);
}

static void level_done(struct level *level)
{
	for (size_t i = 0; i < level->n_names; i++)
		free(level->names[i]);
	free((void *)level->names);
	(void)close(level->fd);
}

static enum reason add_name(struct level *level, size_t most, const char *name, const char *end)
{
	struct buf text = { 0 };

	if (level->n_names == most)
		return REASON_TREE_ENTRIES;
	if (level->n_names == level->cap) {
		size_t cap = level->cap == 0 ? 64 : level->cap * 2;
		char **grown = realloc((void *)level->names, cap * sizeof(level->names[0]));
		if (grown == NULL)
			return REASON_OUT_OF_MEMORY;
		level->names = grown;
		level->cap = cap;
	}
	buf_text(&text, name);
	buf_text(&text, end);
	char *copy = buf_take_text(&text);
	if (copy == NULL)
		return REASON_OUT_OF_MEMORY;
	level->names[level->n_names++] = copy;
	return REASON_OK;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum reason add_entry(struct level *level, size_t most, const char *name)
{
	struct stat st;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return REASON_OK;
	if (fstatat(level->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return REASON_FILE_UNREADABLE;
	enum reason reason = add_name(level, most, name, "");
	if (reason != REASON_OK || !S_ISDIR(st.st_mode))
		return reason;
	return add_name(level, most, name, "/");
}

/* Reads the names of the directory and sorts them. */
static enum reason list(struct walk *walk, struct level *level)
{
	int fd = dup(level->fd); /* closedir closes it */
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	enum reason reason = REASON_OK;

	if (dir == NULL) {
		int why = errno;
		if (fd >= 0)
			(void)close(fd);
		return note(walk, REASON_FILE_UNREADABLE, why);
	}
	while (reason == REASON_OK) {
		errno = 0;
		const struct dirent *found = readdir(dir);
		if (found == NULL)
			break;
		reason = add_entry(level, walk->options->names_max, found->d_name);
	}
	int why = errno;
	(void)closedir(dir);
	if (reason == REASON_OK && why != 0)
		reason = REASON_FILE_UNREADABLE;
	if (reason != REASON_OK)
		return note(walk, reason, reason == REASON_FILE_UNREADABLE ? why : 0);
	if (level->n_names > 0)
		qsort((void *)level->names, level->n_names, sizeof(level->names[0]), by_bytes);
	return REASON_OK;
}

/* Takes the descriptor over. */
static enum reason enter(struct walk *walk, int fd)
{
	if (walk->depth == TREE_DEPTH_MAX) {
		(void)close(fd);
		return note(walk, REASON_TREE_DEPTH, 0);
	}
	struct level *level = &walk->levels[walk->depth++];
	*level = (struct level){ .fd = fd, .path_len = strlen(walk->path) };
	return list(walk, level);
}

/* The bytes of a regular file, exactly as many as were announced. */
static enum reason write_content(struct walk *walk, int fd)
{
	for (;;) {
		ssize_t n = read(fd, walk->chunk, sizeof(walk->chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return note(walk, REASON_FILE_UNREADABLE, errno);
		if (n == 0)
			break;
		enum reason reason =
			newc_write_data(&walk->writer, (struct span){ walk->chunk, (size_t)n });
		if (reason == REASON_FILE_CHANGED)
			return note(walk, reason, 0);
		if (reason != REASON_OK)
			return reason;
	}
	enum reason reason = newc_write_end(&walk->writer);
	return reason == REASON_FILE_CHANGED ? note(walk, reason, 0) : reason;
}

static enum reason write_file(struct walk *walk, int dir, const char *name,
			      struct newc_entry *entry)
{
	struct stat st;
	/* should it have become a pipe meanwhile, opening it must not wait */
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return note(walk, REASON_FILE_UNREADABLE, errno);
	enum reason reason = REASON_OK;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		reason = note(walk, REASON_FILE_CHANGED, 0);
	else if (st.st_size > (off_t)UINT32_MAX)
		reason = note(walk, REASON_TREE_FILE_SIZE, 0);
	if (reason == REASON_OK) {
		entry->size = (uint32_t)st.st_size;
		entry->mode = NEWC_FILE | ((uint32_t)st.st_mode & 07777U);
		reason = newc_write_entry(&walk->writer, entry);
	}
	if (reason == REASON_OK)
		reason = write_content(walk, fd);
	(void)close(fd);
	return reason;
}

static enum reason write_symlink(struct walk *walk, int dir, const char *name,
				 struct newc_entry *entry)
{
	ssize_t n = readlinkat(dir, name, walk->target, sizeof(walk->target));

	if (n < 0)
		return note(walk, REASON_FILE_UNREADABLE, errno);
	if (n == 0 || (size_t)n >= sizeof(walk->target))
		return note(walk, REASON_NEWC_TARGET, 0);
	/* its permission bits mean nothing, and not all file systems give the same */
	entry->mode = NEWC_SYMLINK | 0777U;
	entry->target = (struct span){ (const uint8_t *)walk->target, (size_t)n };
	return newc_write_entry(&walk->writer, entry);
}

static enum reason write_entry(struct walk *walk, int dir, const char *name)
{
	struct stat st;

	if (walk->entries >= NEWC_ENTRIES_MAX)
		return note(walk, REASON_NEWC_ENTRIES, 0);
	walk->entries++;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return note(walk, REASON_FILE_UNREADABLE, errno);
	struct newc_entry entry = {
		.nlink = 1,
		.mtime = walk->options->mtime,
		.name = span_of_text(walk->path),
	};
	if (S_ISREG(st.st_mode))
		return write_file(walk, dir, name, &entry);
	if (S_ISLNK(st.st_mode))
		return write_symlink(walk, dir, name, &entry);
	if (!S_ISDIR(st.st_mode))
		return note(walk, REASON_TREE_TYPE, 0);
	entry.mode = NEWC_DIRECTORY | ((uint32_t)st.st_mode & 07777U);
	entry.nlink =
		walk->options->dir_nlink != 0 ? walk->options->dir_nlink : (uint32_t)st.st_nlink;
	return newc_write_entry(&walk->writer, &entry);
}

/* The next name of the innermost directory: an entry, or the way further down. */
static enum reason step(struct walk *walk)
{
	struct level *level = &walk->levels[walk->depth - 1];
	char *name = level->names[level->next++];
	size_t len = strlen(name);

	if (level->path_len + len >= sizeof(walk->path)) {
		walk->path[level->path_len] = '\0';
		return note(walk, REASON_TREE_PATH, 0);
	}
	memcpy(walk->path + level->path_len, name, len + 1);
	if (name[len - 1] != '/')
		return write_entry(walk, level->fd, name);
	name[len - 1] = '\0';
	int fd = openat(level->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? note(walk, REASON_FILE_UNREADABLE, errno) : enter(walk, fd);
}

enum reason tree_archive(int dir, const struct tree_options *options, struct sink sink,
			 struct trouble *reterr)
{
	struct walk *walk = calloc(1, sizeof(*walk));

	if (walk == NULL)
		return REASON_OUT_OF_MEMORY;
	walk->options = options;
	walk->trouble = reterr;
	newc_writer_start(&walk->writer, sink);
	/* an own description: the caller's directory position stays where it is */
	int top = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum reason reason = top < 0 ? note(walk, REASON_FILE_UNREADABLE, errno) : enter(walk, top);
	while (reason == REASON_OK && walk->depth > 0) {
		struct level *level = &walk->levels[walk->depth - 1];
		if (level->next < level->n_names) {
			reason = step(walk);
			continue;
		}
		level_done(level);
		walk->depth--;
	}
	while (walk->depth > 0)
		level_done(&walk->levels[--walk->depth]);
	if (reason == REASON_OK)
		reason = newc_write_trailer(&walk->writer);
	free(walk);
	return reason;
}

static enum reason compress(void *to, struct span bytes)
{
	return gzip_write(to, bytes);
}

enum reason tree_ramdisk(int dir, const struct tree_options *options, struct sink sink,
			 struct trouble *reterr)
{
	struct gzip_writer *gzip = NULL;

	enum reason reason = gzip_writer_new(sink, &gzip);
	if (reason != REASON_OK)
		return reason;
	reason = tree_archive(dir, options, (struct sink){ compress, gzip }, reterr);
	if (reason == REASON_OK)
		reason = gzip_write_end(gzip);
	gzip_writer_free(gzip);
	return reason;
}
