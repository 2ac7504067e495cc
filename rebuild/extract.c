#include "rebuild/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/draft.h"
#include "rebuild/links.h"

#define COMPONENT_MAX 255 /* NAME_MAX of every file system in use */
#define SET_ID_BITS 06000U

struct extract {
	int top;
	struct sink list;
	struct ramdisk *ramdisk;
	struct ramdisk_events events;
	struct links links;
	struct extract_counts counts;
	struct trouble *trouble; /* of the call under way */
	int fd;                  /* of the file being written, -1: its data is dropped */
	size_t path_len;
	char path[NEWC_NAME_MAX]; /* of the entry: components with one slash between */
	char name[COMPONENT_MAX + 1];
};

static enum reason note(struct extract *extract, enum reason reason, int why)
{
	return trouble_note(extract->trouble, reason,
			    (struct span){ (const uint8_t *)extract->path, extract->path_len },
			    why);
}

/* What errno means on the way to a name. */
static enum reason note_errno(struct extract *extract)
{
	int why = errno;
	bool conflict = why == ENOTDIR || why == ELOOP || why == EEXIST || why == ENOTEMPTY ||
			why == EISDIR;

	return note(extract, conflict ? REASON_PATH_CONFLICT : REASON_FILE_UNWRITABLE, why);
}

/* Cuts the next component off *path, slashes before it skipped. False: none is left. */
static bool next_component(struct span *path, struct span *ret)
{
	struct span slash;
	size_t n = 0;

	while (path->len > 0 && path->at[0] == '/' && span_take(path, 1, &slash))
		continue;
	while (n < path->len && path->at[n] != '/')
		n++;
	return n > 0 && span_take(path, n, ret);
}

/* The entry's name without leading, doubled and trailing slashes and without `.`; of length 0 for
 * the top itself. */
static enum reason clean_path(struct extract *extract, struct span name)
{
	struct span rest = name;
	struct span part;

	extract->path_len = 0;
	while (next_component(&rest, &part)) {
		if (span_equal(part, SPAN_LITERAL(".")))
			continue;
		if (span_equal(part, SPAN_LITERAL("..")) || part.len > COMPONENT_MAX)
			return trouble_note(extract->trouble, REASON_PATH_NAME, name, 0);
		if (extract->path_len > 0)
			extract->path[extract->path_len++] = '/';
		memcpy(extract->path + extract->path_len, part.at, part.len);
		extract->path_len += part.len;
	}
	if (name.len == 0)
		return trouble_note(extract->trouble, REASON_PATH_NAME, name, 0);
	return REASON_OK;
}

static int open_directory(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Opens the directory that holds the last component of `path` and copies that component; missing
 * directories are made. The caller closes *ret_dir. */
static enum reason open_parent(struct extract *extract, struct span path, int *ret_dir,
			       char name[static COMPONENT_MAX + 1])
{
	struct span part;
	int dir = open_directory(extract->top, ".");

	if (dir < 0)
		return note_errno(extract);
	while (next_component(&path, &part)) {
		memcpy(name, part.at, part.len); /* clean_path bounded it */
		name[part.len] = '\0';
		if (path.len == 0)
			break;
		int next = open_directory(dir, name);
		if (next < 0 && errno == ENOENT && mkdirat(dir, name, 0755) == 0)
			next = open_directory(dir, name);
		int why = errno;
		(void)close(dir);
		errno = why;
		if (next < 0)
			return note_errno(extract);
		dir = next;
	}
	*ret_dir = dir;
	return REASON_OK;
}

/* Removes what has the name already. *ret_kept: it is a directory and one is wanted. */
static enum reason clear(struct extract *extract, int dir, const char *name, bool want_directory,
			 bool *ret_kept)
{
	struct stat st;

	*ret_kept = false;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? REASON_OK : note_errno(extract);
	if (S_ISDIR(st.st_mode) && want_directory) {
		*ret_kept = true;
		return REASON_OK;
	}
	if (unlinkat(dir, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) != 0)
		return note_errno(extract);
	extract->counts.duplicates++;
	return REASON_OK;
}

/* The permission bits that a file or directory gets. */
static mode_t safe_mode(struct extract *extract, const struct newc_entry *entry, mode_t owner)
{
	if ((entry->mode & SET_ID_BITS) != 0)
		extract->counts.set_id++;
	return (mode_t)(entry->mode & 0755U) | owner;
}

static enum reason make_directory(struct extract *extract, int dir, const char *name,
				  const struct newc_entry *entry)
{
	bool kept;
	mode_t mode = safe_mode(extract, entry, 0700);

	enum reason reason = clear(extract, dir, name, true, &kept);
	if (reason != REASON_OK)
		return reason;
	if (!kept && mkdirat(dir, name, mode) != 0)
		return note_errno(extract);
	if (!kept)
		extract->counts.directories++;
	return REASON_OK;
}

static struct links_key key_of(const struct newc_entry *entry)
{
	return (struct links_key){ entry->ino, entry->dev_major, entry->dev_minor };
}

/* Gives the file that has the name `old` now, as the kernel does, the further name `name` in `dir`,
 * and opens it if data is to come. */
static enum reason link_file(struct extract *extract, int dir, const char *name,
			     const struct newc_entry *entry, struct span old)
{
	char old_name[COMPONENT_MAX + 1];
	struct stat from;
	struct stat to;
	bool kept;
	int old_dir = -1;

	enum reason reason = open_parent(extract, old, &old_dir, old_name);
	if (reason != REASON_OK)
		return reason;
	if (fstatat(old_dir, old_name, &from, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(from.st_mode))
		reason = note(extract, REASON_NEWC_LINK, 0);
	else if (fstatat(dir, name, &to, AT_SYMLINK_NOFOLLOW) == 0 && to.st_dev == from.st_dev &&
		 to.st_ino == from.st_ino)
		extract->counts.duplicates++; /* the same name again */
	else
		reason = clear(extract, dir, name, false, &kept);
	if (reason == REASON_OK && linkat(old_dir, old_name, dir, name, 0) != 0 && errno != EEXIST)
		reason = note_errno(extract);
	(void)close(old_dir);
	if (reason != REASON_OK || entry->size == 0)
		return reason;
	extract->fd = openat(dir, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
	return extract->fd < 0 ? note_errno(extract) : REASON_OK;
}

static enum reason make_file(struct extract *extract, int dir, const char *name,
			     const struct newc_entry *entry)
{
	struct span old;
	bool kept;
	mode_t mode = safe_mode(extract, entry, 0600);

	extract->counts.files++;
	if (entry->nlink > 1 && links_find(&extract->links, key_of(entry), &old))
		return link_file(extract, dir, name, entry, old);
	enum reason reason = clear(extract, dir, name, false, &kept);
	if (reason != REASON_OK)
		return reason;
	extract->fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (extract->fd < 0)
		return note_errno(extract);
	if (entry->nlink < 2)
		return REASON_OK;
	reason = links_add(&extract->links, key_of(entry),
			   (struct span){ (const uint8_t *)extract->path, extract->path_len });
	return reason == REASON_OK ? REASON_OK : note(extract, reason, 0);
}

/* True when the link cannot lead out of the tree: as many .. as its directory is deep, then names
 * only. Directories of the tree are never reached through links, so the depth is the path's; and a
 * link that goes through others stays inside because each of them does. */
static bool stays_inside(const struct extract *extract, struct span target)
{
	struct span part;
	size_t depth = 0;
	bool named = false;

	if (target.at[0] == '/')
		return false;
	for (size_t i = 0; i < extract->path_len; i++)
		depth += extract->path[i] == '/' ? 1 : 0;
	while (next_component(&target, &part)) {
		if (!span_equal(part, SPAN_LITERAL(".."))) {
			named = named || !span_equal(part, SPAN_LITERAL("."));
			continue;
		}
		if (named || depth == 0)
			return false;
		depth--;
	}
	return true;
}

static enum reason make_symlink(struct extract *extract, int dir, const char *name,
				const struct newc_entry *entry)
{
	char target[NEWC_NAME_MAX];
	bool kept;

	enum reason reason = clear(extract, dir, name, false, &kept);
	if (reason != REASON_OK)
		return reason;
	if (!stays_inside(extract, entry->target)) {
		extract->counts.links_out++;
		return REASON_OK;
	}
	memcpy(target, entry->target.at, entry->target.len); /* the reader bounded it */
	target[entry->target.len] = '\0';
	if (symlinkat(target, dir, name) != 0)
		return note_errno(extract);
	extract->counts.symlinks++;
	return REASON_OK;
}

static enum reason make(struct extract *extract, int dir, const char *name,
			const struct newc_entry *entry)
{
	bool kept;

	switch (entry->mode & NEWC_TYPE_MASK) {
	case NEWC_DIRECTORY:
		return make_directory(extract, dir, name, entry);
	case NEWC_FILE:
		return make_file(extract, dir, name, entry);
	case NEWC_SYMLINK:
		return make_symlink(extract, dir, name, entry);
	default:
		extract->counts.special++;
		return clear(extract, dir, name, false, &kept);
	}
}

static enum reason list_entry(struct extract *extract, const struct newc_entry *entry)
{
	struct buf line = { 0 };
	uint32_t type = entry->mode & NEWC_TYPE_MASK;

	buf_printf(&line, "%06o %u %u %u %u ", entry->mode, entry->uid, entry->gid, entry->nlink,
		   entry->mtime);
	if (type == NEWC_FILE || type == NEWC_DIRECTORY || type == NEWC_SYMLINK)
		buf_printf(&line, "%u ", entry->size);
	else
		buf_printf(&line, "%u,%u ", entry->rdev_major, entry->rdev_minor);
	buf_escaped(&line, entry->name);
	if (type == NEWC_SYMLINK) {
		buf_text(&line, " -> ");
		buf_escaped(&line, entry->target);
	}
	buf_text(&line, "\n");
	enum reason reason =
		line.failed ? REASON_OUT_OF_MEMORY : sink_put(&extract->list, buf_span(&line));
	buf_done(&line);
	return reason;
}

static enum reason on_entry(void *of, const struct newc_entry *entry)
{
	struct extract *extract = of;
	int dir = -1;

	enum reason reason = list_entry(extract, entry);
	if (reason == REASON_OK)
		reason = clean_path(extract, entry->name);
	if (reason != REASON_OK)
		return reason;
	if (extract->path_len == 0) /* the top itself, which is there */
		return (entry->mode & NEWC_TYPE_MASK) == NEWC_DIRECTORY ?
			       REASON_OK :
			       trouble_note(extract->trouble, REASON_PATH_CONFLICT, entry->name, 0);
	reason = open_parent(extract,
			     (struct span){ (const uint8_t *)extract->path, extract->path_len },
			     &dir, extract->name);
	if (reason != REASON_OK)
		return reason;
	reason = make(extract, dir, extract->name, entry);
	(void)close(dir);
	return reason;
}

static enum reason on_data(void *of, struct span bytes)
{
	struct extract *extract = of;

	if (extract->fd < 0 || draft_write(extract->fd, bytes) == REASON_OK)
		return REASON_OK;
	return note(extract, REASON_FILE_UNWRITABLE, errno);
}

static enum reason on_end(void *of)
{
	struct extract *extract = of;
	int fd = extract->fd;

	extract->fd = -1;
	if (fd >= 0 && close(fd) != 0)
		return note(extract, REASON_FILE_UNWRITABLE, errno);
	return REASON_OK;
}

static enum reason on_trailer(void *of)
{
	struct extract *extract = of;

	links_clear(&extract->links);
	return REASON_OK;
}

enum reason extract_new(int dir, struct sink list, struct extract **ret)
{
	struct extract *extract = calloc(1, sizeof(*extract));

	if (extract == NULL)
		return REASON_OUT_OF_MEMORY;
	extract->top = dir;
	extract->list = list;
	extract->fd = -1;
	extract->events.newc =
		(struct newc_events){ extract, on_entry, on_data, on_end, on_trailer };
	enum reason reason =
		ramdisk_new(&extract->events, RAMDISK_EXPANSION_MAX, &extract->ramdisk);
	if (reason != REASON_OK) {
		free(extract);
		return reason;
	}
	*ret = extract;
	return REASON_OK;
}

void extract_free(struct extract *extract)
{
	if (extract == NULL)
		return;
	if (extract->fd >= 0)
		(void)close(extract->fd);
	links_done(&extract->links);
	ramdisk_free(extract->ramdisk);
	free(extract);
}

uint64_t extract_offset(const struct extract *extract)
{
	return ramdisk_offset(extract->ramdisk);
}

enum reason extract_push(struct extract *extract, struct span bytes, struct trouble *reterr)
{
	extract->trouble = reterr;
	return ramdisk_push(extract->ramdisk, bytes);
}

enum reason extract_end(struct extract *extract, struct ramdisk_facts *ret_facts,
			struct extract_counts *ret_counts, struct trouble *reterr)
{
	extract->trouble = reterr;
	enum reason reason = ramdisk_end(extract->ramdisk, ret_facts);
	if (reason == REASON_OK)
		*ret_counts = extract->counts;
	return reason;
}
