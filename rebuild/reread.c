#include "rebuild/reread.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum reason reread_start(struct reread *reread, int fd, const struct eif_section *section,
			 const uint8_t *sha384)
{
	*reread = (struct reread){
		.fd = fd, .at = section->offset, .left = section->size, .want = sha384
	};
	reread->chunk = malloc(REREAD_CHUNK);
	return reread->chunk == NULL ? REASON_OUT_OF_MEMORY : digest_start(&reread->digest);
}

void reread_tell(struct reread *reread, struct advance *advance)
{
	reread->advance = advance;
}

static enum reason judge(const struct reread *reread)
{
	uint8_t got[DIGEST_SHA384_LEN];

	if (reread->want == NULL)
		return REASON_OK;
	enum reason reason = digest_peek(&reread->digest, got);
	if (reason != REASON_OK)
		return reason;
	const struct span want = { reread->want, DIGEST_SHA384_LEN };
	return span_equal(SPAN_OF(got), want) ? REASON_OK : REASON_CHANGED_WHILE_READING;
}

enum reason reread_next(struct reread *reread, struct span *ret)
{
	size_t wanted = reread->left < REREAD_CHUNK ? (size_t)reread->left : REREAD_CHUNK;
	size_t have = 0;

	*ret = (struct span){ reread->chunk, 0 };
	if (wanted == 0)
		return judge(reread);
	while (have < wanted) {
		ssize_t n = pread(reread->fd, reread->chunk + have, wanted - have,
				  (off_t)(reread->at + have));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return REASON_FILE_UNREADABLE;
		if (n == 0) /* it was longer */
			return REASON_CHANGED_WHILE_READING;
		have += (size_t)n;
	}
	reread->at += wanted;
	reread->left -= wanted;
	advance_by(reread->advance, wanted);
	*ret = (struct span){ reread->chunk, wanted };
	return reread->want == NULL ? REASON_OK : digest_add(&reread->digest, *ret);
}

enum reason reread_rest(struct reread *reread)
{
	struct span piece;
	enum reason reason;

	do
		reason = reread_next(reread, &piece);
	while (reason == REASON_OK && piece.len > 0);
	return reason;
}

void reread_done(struct reread *reread)
{
	free(reread->chunk);
	digest_done(&reread->digest);
	*reread = (struct reread){ .fd = -1 };
}
