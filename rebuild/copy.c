#include "rebuild/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/draft.h"
#include "verify/auto.h"

#define CHUNK ((size_t)256 * 1024)

enum reason copy_open(const char *path, int *ret_fd, struct trouble *reterr)
{
	struct stat facts;
	/* without O_NONBLOCK a pipe would be waited for before it is refused */
	int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
		int why = fd < 0 ? errno : EINVAL;
		if (fd >= 0)
			(void)close(fd);
		return trouble_note(reterr, REASON_FILE_UNREADABLE, span_of_text(path), why);
	}
	*ret_fd = fd;
	return REASON_OK;
}

static enum reason copy_with(EVP_MD_CTX *ctx, uint8_t *chunk, int from, int to, uint64_t max,
			     const volatile sig_atomic_t *interrupted, struct copied *ret)
{
	struct copied copied = { .size = 0 };

	for (;;) {
		if (interrupted != NULL && *interrupted != 0)
			return REASON_INTERRUPTED;
		ssize_t n = read(from, chunk, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return REASON_FILE_UNREADABLE;
		if (n == 0)
			break;
		if ((uint64_t)n > max - copied.size)
			return REASON_FILE_TOO_LARGE;
		copied.size += (uint64_t)n;
		if (EVP_DigestUpdate(ctx, chunk, (size_t)n) != 1)
			return REASON_CRYPTO_FAILED;
		if (to >= 0 && draft_write(to, (struct span){ chunk, (size_t)n }) != REASON_OK)
			return REASON_FILE_UNWRITABLE;
	}
	if (EVP_DigestFinal_ex(ctx, copied.sha256, NULL) != 1)
		return REASON_CRYPTO_FAILED;
	*ret = copied;
	return REASON_OK;
}

enum reason copy_bytes(int from, int to, uint64_t max, const volatile sig_atomic_t *interrupted,
		       struct copied *ret)
{
	AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	uint8_t *chunk = malloc(CHUNK);

	enum reason reason = ctx == NULL || chunk == NULL ? REASON_OUT_OF_MEMORY : REASON_OK;
	if (reason == REASON_OK && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1)
		reason = REASON_CRYPTO_FAILED;
	if (reason == REASON_OK)
		reason = copy_with(ctx, chunk, from, to, max, interrupted, ret);
	int why = errno;
	free(chunk);
	errno = why;
	return reason;
}

enum reason copy_file(const char *from, const char *to, uint64_t max,
		      const volatile sig_atomic_t *interrupted, struct copied *ret,
		      struct trouble *reterr)
{
	struct draft draft;
	int fd = -1;

	enum reason reason = copy_open(from, &fd, reterr);
	if (reason != REASON_OK)
		return reason;
	reason = draft_open(to, &draft);
	if (reason == REASON_OK) {
		reason = copy_bytes(fd, draft.fd, max, interrupted, ret);
		if (reason == REASON_OK && draft_interrupted())
			reason = REASON_INTERRUPTED;
		if (reason == REASON_OK)
			reason = draft_commit(&draft);
		else
			draft_drop(&draft);
	}
	if (reason != REASON_OK)
		(void)trouble_note(reterr, reason,
				   span_of_text(reason == REASON_FILE_UNREADABLE ? from : to),
				   errno);
	(void)close(fd);
	return reason;
}

enum reason copy_hash(const char *path, uint64_t max, const volatile sig_atomic_t *interrupted,
		      struct copied *ret, struct trouble *reterr)
{
	int fd = -1;

	enum reason reason = copy_open(path, &fd, reterr);
	if (reason != REASON_OK)
		return reason;
	reason = copy_bytes(fd, -1, max, interrupted, ret);
	if (reason != REASON_OK)
		(void)trouble_note(reterr, reason, span_of_text(path), errno);
	(void)close(fd);
	return reason;
}
