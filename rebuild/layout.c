#include "rebuild/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verify/auto.h"

#define PIECE ((size_t)64 * 1024)
#define VERSION_FILE_MAX 4096

struct layout {
	int dir;
};

/* A regular file for reading; -1: see errno, 0 when it is something else. */
static int open_file(int dir, const char *name)
{
	struct stat st;
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		(void)close(fd);
		errno = 0;
		return -1;
	}
	return fd;
}

enum reason layout_read_file(int fd, size_t max, struct buf *ret)
{
	uint8_t piece[4096];
	size_t len = 0;

	for (;;) {
		ssize_t n = read(fd, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return REASON_FILE_UNREADABLE;
		if (n == 0)
			return ret->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
		if ((size_t)n > max - len)
			return REASON_OCI_TOO_LARGE;
		len += (size_t)n;
		buf_add(ret, (struct span){ piece, (size_t)n });
	}
}

/* Whether oci-layout says version 1. REASON_OCI_LAYOUT, REASON_OUT_OF_MEMORY. */
static enum reason judge_version(int dir)
{
	struct json_place place;
	AUTO(cJSON) *tree = NULL;
	struct buf text = { 0 };
	int fd = open_file(dir, "oci-layout");

	if (fd < 0)
		return REASON_OCI_LAYOUT;
	enum reason reason = layout_read_file(fd, VERSION_FILE_MAX, &text);
	(void)close(fd);
	if (reason == REASON_OK)
		reason = json_read(buf_span(&text), &tree, &place);
	buf_done(&text);
	if (reason != REASON_OK)
		return reason == REASON_OUT_OF_MEMORY ? reason : REASON_OCI_LAYOUT;
	const cJSON *version = cJSON_GetObjectItemCaseSensitive(tree, "imageLayoutVersion");
	return cJSON_IsString(version) && span_equal(span_of_text(version->valuestring),
						     SPAN_LITERAL("1.0.0")) ?
		       REASON_OK :
		       REASON_OCI_LAYOUT;
}

enum reason layout_open(struct span dir, struct layout **ret, struct trouble *reterr)
{
	struct buf path = { 0 };
	struct layout *layout = calloc(1, sizeof(*layout));

	buf_add(&path, dir);
	char *text = buf_take_text(&path);
	if (layout == NULL || text == NULL) {
		free(layout);
		free(text);
		return REASON_OUT_OF_MEMORY;
	}
	errno = 0;
	layout->dir = open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(text);
	enum reason reason = layout->dir < 0 ? REASON_OCI_LAYOUT : judge_version(layout->dir);
	if (reason != REASON_OK) {
		(void)trouble_note(reterr, reason, dir, errno);
		layout_free(layout);
		return reason;
	}
	*ret = layout;
	return REASON_OK;
}

void layout_free(struct layout *layout)
{
	if (layout == NULL)
		return;
	if (layout->dir >= 0)
		(void)close(layout->dir);
	free(layout);
}

static enum reason open_blob(const struct layout *layout, const uint8_t *digest, int *ret,
			     struct trouble *reterr)
{
	char text[SHA256_TEXT_LEN + 1];
	char path[sizeof("blobs/") + SHA256_TEXT_LEN];

	sha256_text(digest, text);
	text[sizeof("sha256") - 1] = '/';
	(void)snprintf(path, sizeof(path), "blobs/%s", text);
	*ret = open_file(layout->dir, path);
	if (*ret >= 0)
		return REASON_OK;
	return trouble_note(reterr,
			    errno == ENOENT ? REASON_OCI_BLOB_ABSENT : REASON_FILE_UNREADABLE,
			    span_of_text(path), errno);
}

enum reason layout_manifest(const struct layout *layout,
			    const uint8_t digest[static DIGEST_SHA256_LEN], struct buf *ret,
			    struct trouble *reterr)
{
	int fd = -1;
	enum reason reason = open_blob(layout, digest, &fd, reterr);

	if (reason != REASON_OK)
		return reason;
	reason = layout_read_file(fd, MANIFEST_MAX, ret);
	(void)close(fd);
	return reason;
}

static enum reason copy(const struct oci *oci, int fd, struct store_part *part,
			struct trouble *reterr)
{
	uint8_t *piece = malloc(PIECE);
	enum reason reason = piece != NULL ? store_part_restart(part) : REASON_OUT_OF_MEMORY;

	while (reason == REASON_OK) {
		ssize_t n = read(fd, piece, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			reason = REASON_FILE_UNREADABLE;
		if (n <= 0)
			break;
		reason = store_part_add(part, (struct span){ piece, (size_t)n }, reterr);
		advance_by(oci->advance, (uint64_t)n);
		if (reason == REASON_OK && oci_is_stopped(oci))
			reason = REASON_INTERRUPTED;
	}
	free(piece);
	if (reason == REASON_OK)
		reason = store_part_finish(part, reterr);
	/* what a file has not the next reading of it will not have either */
	if (reason == REASON_OCI_SIZE && store_part_restart(part) != REASON_OK)
		return REASON_STORE_UNWRITABLE;
	return reason;
}

enum reason layout_blob(const struct layout *layout, const struct oci *oci,
			const struct descriptor *blob, struct trouble *reterr)
{
	const struct store_wait wait = oci_wait(oci);
	uint64_t told = oci->advance != NULL ? oci->advance->done : 0;
	struct store_part *part = NULL;
	char text[SHA256_TEXT_LEN + 1];
	int there = -1;
	int fd = -1;
	enum reason reason =
		store_get(oci->store, blob->digest, blob->size, oci->advance, &there, reterr);

	if (there >= 0)
		(void)close(there);
	if (reason != REASON_OK || there >= 0)
		return reason;
	advance_to(oci->advance, told);
	reason = open_blob(layout, blob->digest, &fd, reterr);
	if (reason == REASON_OK)
		reason = store_begin(oci->store, blob->digest, blob->size, &wait, &part, reterr);
	if (reason == REASON_OK && part != NULL)
		reason = copy(oci, fd, part, reterr);
	if (reason == REASON_OK) {
		/* also where somebody else has brought it meanwhile */
		advance_to(oci->advance, told + blob->size);
		advance_by(oci->advance, 0);
	}
	store_part_free(part);
	if (fd >= 0)
		(void)close(fd);
	sha256_text(blob->digest, text);
	return reason == REASON_OK ? reason : trouble_note(reterr, reason, span_of_text(text), 0);
}
