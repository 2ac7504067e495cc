#include "rebuild/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "rebuild/draft.h"

#define PIECE ((size_t)64 * 1024)
#define HEX_LEN 64
#define PART_SUFFIX ".part"

struct store {
	int dir; /* DIR/blobs/sha256 */
};

struct store_part {
	int folder; /* XX */
	int fd;     /* locked */
	char name[HEX_LEN + sizeof(PART_SUFFIX)];
	char whole[HEX_LEN + 1];
	uint8_t digest[DIGEST_SHA256_LEN];
	uint64_t size;
	uint64_t len;
	struct sha256 sha256;
	bool locked;
	bool gone; /* renamed or removed */
};

static enum reason note(struct trouble *reterr, enum reason reason, const char *name)
{
	return trouble_note(reterr, reason, span_of_text(name), errno);
}

/* Of what could not be written. */
static enum reason note_write(struct trouble *reterr, const char *name)
{
	return note(reterr,
		    errno == ENOSPC || errno == EDQUOT ? REASON_STORE_SPACE :
							 REASON_STORE_UNWRITABLE,
		    name);
}

/* A folder below, made when it is not there; -1: see errno. */
static int enter(int above, const char *name)
{
	if (mkdirat(above, name, 0700) != 0 && errno != EEXIST)
		return -1;
	return openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* DIR and what is above it; links in that path are the user's own. False: see errno. */
static bool make_parents(const char *dir)
{
	struct buf path = { 0 };

	buf_text(&path, dir);
	char *text = buf_take_text(&path);
	if (text == NULL) {
		errno = ENOMEM;
		return false;
	}
	for (char *at = text + 1; *text != '\0' && *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		/* what cannot be made may be there and not ours to see: the last step tells */
		(void)mkdir(text, 0700);
		*at = '/';
	}
	free(text);
	return mkdir(dir, 0700) == 0 || errno == EEXIST;
}

enum reason store_open(const char *dir, struct store **ret, struct trouble *reterr)
{
	if (!make_parents(dir))
		return note(reterr, errno == ENOMEM ? REASON_OUT_OF_MEMORY : REASON_STORE_FOLDER,
			    dir);
	int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return note(reterr, REASON_STORE_FOLDER, dir);
	int blobs = enter(top, "blobs");
	int own = blobs >= 0 ? enter(blobs, "sha256") : -1;
	enum reason reason = own >= 0 ? REASON_OK : note(reterr, REASON_STORE_FOLDER, dir);
	(void)close(top);
	if (blobs >= 0)
		(void)close(blobs);
	if (reason != REASON_OK)
		return reason;
	struct store *store = malloc(sizeof(*store));
	if (store == NULL) {
		(void)close(own);
		return REASON_OUT_OF_MEMORY;
	}
	store->dir = own;
	*ret = store;
	return REASON_OK;
}

void store_free(struct store *store)
{
	if (store == NULL)
		return;
	(void)close(store->dir);
	free(store);
}

static void name_of(const uint8_t *digest, char ret[static HEX_LEN + 1])
{
	char text[SHA256_TEXT_LEN + 1];

	sha256_text(digest, text);
	(void)snprintf(ret, HEX_LEN + 1, "%s", text + SHA256_TEXT_LEN - HEX_LEN);
}

/* Hashes from the present position to the end, or to `max` bytes and one. */
static enum reason hash(int fd, uint64_t max, struct advance *advance, struct sha256 *sha256,
			uint64_t *ret_len)
{
	uint64_t len = 0;
	uint8_t *piece = malloc(PIECE);
	ssize_t n = 1;

	if (piece == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = REASON_OK;
	while (n > 0 && reason == REASON_OK && len <= max) {
		n = read(fd, piece, PIECE);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0)
			reason = REASON_FILE_UNREADABLE;
		if (n <= 0)
			break;
		len += (uint64_t)n;
		advance_by(advance, (uint64_t)n);
		reason = sha256_add(sha256, (struct span){ piece, (size_t)n });
	}
	free(piece);
	*ret_len = len;
	return reason;
}

/* Whether a file is the blob; it is then at its beginning. */
static enum reason judge(int fd, const uint8_t *digest, uint64_t size, struct advance *advance,
			 bool *ret_right)
{
	struct sha256 sha256 = { NULL };
	uint8_t value[DIGEST_SHA256_LEN];
	struct stat st;
	uint64_t len = 0;

	*ret_right = false;
	if (fstat(fd, &st) != 0)
		return REASON_FILE_UNREADABLE;
	if (!S_ISREG(st.st_mode) || st.st_size < 0 || (uint64_t)st.st_size != size)
		return REASON_OK;
	enum reason reason = sha256_start(&sha256);
	if (reason == REASON_OK)
		reason = hash(fd, size, advance, &sha256, &len);
	if (reason == REASON_OK)
		reason = sha256_end(&sha256, value);
	sha256_done(&sha256);
	if (reason == REASON_OK && lseek(fd, 0, SEEK_SET) != 0)
		reason = REASON_FILE_UNREADABLE;
	if (reason == REASON_OK)
		*ret_right = len == size &&
			     span_equal(SPAN_OF(value), (struct span){ digest, sizeof(value) });
	return reason;
}

/* The folder XX; -1 and a note. */
static int enter_folder(const struct store *store, const char *whole, struct trouble *reterr)
{
	const char folder[3] = { whole[0], whole[1], '\0' };
	int fd = enter(store->dir, folder);

	if (fd < 0)
		(void)note(reterr, REASON_STORE_FOLDER, folder);
	return fd;
}

static enum reason get_from(int folder, const char *whole, const uint8_t *digest, uint64_t size,
			    struct advance *advance, int *ret_fd, struct trouble *reterr)
{
	bool right = false;
	int fd = openat(folder, whole, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	*ret_fd = -1;
	if (fd < 0 && errno == ENOENT)
		return REASON_OK;
	/* a link, or a file that is not ours to read, is not the blob */
	if (fd < 0 && errno != ELOOP && errno != EACCES)
		return note(reterr, REASON_FILE_UNREADABLE, whole);
	if (fd >= 0) {
		enum reason reason = judge(fd, digest, size, advance, &right);
		if (reason == REASON_OK && right) {
			*ret_fd = fd;
			return REASON_OK;
		}
		if (reason != REASON_OK)
			(void)note(reterr, reason, whole);
		(void)close(fd);
		if (reason != REASON_OK)
			return reason;
	}
	if (unlinkat(folder, whole, 0) != 0 && errno != ENOENT)
		return note(reterr, REASON_STORE_FOLDER, whole);
	return REASON_OK;
}

enum reason store_get(const struct store *store, const uint8_t digest[static DIGEST_SHA256_LEN],
		      uint64_t size, struct advance *advance, int *ret_fd, struct trouble *reterr)
{
	char whole[HEX_LEN + 1];

	name_of(digest, whole);
	int folder = enter_folder(store, whole, reterr);
	if (folder < 0)
		return REASON_STORE_FOLDER;
	enum reason reason = get_from(folder, whole, digest, size, advance, ret_fd, reterr);
	(void)close(folder);
	return reason;
}

/* The lock is on the file that still has the name: its last owner may have renamed it. */
static bool is_named(const struct store_part *part)
{
	struct stat held;
	struct stat named;

	return fstat(part->fd, &held) == 0 &&
	       fstatat(part->folder, part->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

/* Opens and locks the .part. */
static enum reason take(struct store_part *part, const struct store_wait *wait,
			struct trouble *reterr)
{
	const struct http_clock *clock = wait->clock;

	for (;;) {
		struct stat st;
		part->fd = openat(part->folder, part->name,
				  O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
		if (part->fd < 0)
			return note_write(reterr, part->name);
		if (fstat(part->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink > 1) {
			errno = 0;
			return note(reterr, REASON_STORE_UNWRITABLE, part->name);
		}
		if (flock(part->fd, LOCK_EX | LOCK_NB) == 0) {
			part->locked = is_named(part);
			if (part->locked)
				return REASON_OK;
		} else if (errno != EWOULDBLOCK && errno != EINTR) {
			return note(reterr, REASON_STORE_UNWRITABLE, part->name);
		} else if (clock->ticks_ms(clock->context) >= wait->deadline_ms) {
			return note(reterr, REASON_STORE_BUSY, part->name);
		} else if (wait->stop != NULL && wait->stop(wait->context)) {
			errno = 0;
			return note(reterr, REASON_INTERRUPTED, part->name);
		} else {
			clock->sleep_ms(clock->context, STORE_PAUSE_MS);
		}
		(void)close(part->fd);
		part->fd = -1;
	}
}

/* What is there already is hashed, so that it can be gone on with. */
static enum reason take_up(struct store_part *part, struct trouble *reterr)
{
	struct statvfs disk;
	enum reason reason = sha256_start(&part->sha256);

	if (reason == REASON_OK)
		reason = hash(part->fd, part->size, NULL, &part->sha256, &part->len);
	if (reason != REASON_OK)
		return note(reterr, reason, part->name);
	if (part->len > part->size)
		reason = store_part_restart(part);
	if (reason != REASON_OK)
		return note_write(reterr, part->name);
	if (fstatvfs(part->fd, &disk) == 0 &&
	    (part->size - part->len) / disk.f_frsize > disk.f_bavail) {
		errno = ENOSPC;
		return note(reterr, REASON_STORE_SPACE, part->name);
	}
	return REASON_OK;
}

enum reason store_begin(const struct store *store, const uint8_t digest[static DIGEST_SHA256_LEN],
			uint64_t size, const struct store_wait *wait, struct store_part **ret,
			struct trouble *reterr)
{
	struct store_part *part = calloc(1, sizeof(*part));
	int there = -1;

	if (part == NULL)
		return REASON_OUT_OF_MEMORY;
	part->fd = -1;
	part->size = size;
	for (size_t i = 0; i < DIGEST_SHA256_LEN; i++)
		part->digest[i] = digest[i];
	name_of(digest, part->whole);
	(void)snprintf(part->name, sizeof(part->name), "%s" PART_SUFFIX, part->whole);
	part->folder = enter_folder(store, part->whole, reterr);
	enum reason reason = part->folder >= 0 ? take(part, wait, reterr) : REASON_STORE_FOLDER;
	/* somebody else may have finished it meanwhile */
	if (reason == REASON_OK)
		reason = get_from(part->folder, part->whole, digest, size, NULL, &there, reterr);
	if (reason == REASON_OK && there < 0)
		reason = take_up(part, reterr);
	if (reason == REASON_OK && there < 0) {
		*ret = part;
		return REASON_OK;
	}
	if (there >= 0)
		(void)close(there);
	store_part_free(part);
	if (reason == REASON_OK)
		*ret = NULL;
	return reason;
}

uint64_t store_part_len(const struct store_part *part)
{
	return part->len;
}

enum reason store_part_restart(struct store_part *part)
{
	if (ftruncate(part->fd, 0) != 0 || lseek(part->fd, 0, SEEK_SET) != 0)
		return REASON_STORE_UNWRITABLE;
	part->len = 0;
	return sha256_start(&part->sha256);
}

enum reason store_part_add(struct store_part *part, struct span bytes, struct trouble *reterr)
{
	if (bytes.len > part->size - part->len)
		return REASON_OCI_SIZE;
	if (draft_write(part->fd, bytes) != REASON_OK)
		return note_write(reterr, part->name);
	part->len += bytes.len;
	return sha256_add(&part->sha256, bytes);
}

static void forget(struct store_part *part)
{
	(void)unlinkat(part->folder, part->name, 0);
	part->gone = true;
}

enum reason store_part_finish(struct store_part *part, struct trouble *reterr)
{
	uint8_t value[DIGEST_SHA256_LEN];

	if (part->len != part->size)
		return REASON_OCI_SIZE;
	enum reason reason = sha256_end(&part->sha256, value);
	if (reason != REASON_OK)
		return reason;
	if (!span_equal(SPAN_OF(value), SPAN_OF(part->digest))) {
		forget(part);
		return REASON_OCI_DIGEST;
	}
	if (fsync(part->fd) != 0 ||
	    renameat(part->folder, part->name, part->folder, part->whole) != 0)
		return note_write(reterr, part->name);
	part->gone = true;
	return fsync(part->folder) == 0 ? REASON_OK : note_write(reterr, part->whole);
}

void store_part_free(struct store_part *part)
{
	struct stat st;

	if (part == NULL)
		return;
	/* an empty one says nothing; while it is locked nobody else goes on with it */
	if (part->locked && !part->gone && is_named(part) && fstat(part->fd, &st) == 0 &&
	    st.st_size == 0)
		forget(part);
	if (part->fd >= 0)
		(void)close(part->fd);
	if (part->folder >= 0)
		(void)close(part->folder);
	sha256_done(&part->sha256);
	free(part);
}
