#include "rebuild/expansion.h"

#include "rebuild/reread.h"

struct expansion {
	struct digest digest;
	struct gzip_reader *gzip;
	bool begun;
	bool raw;
	bool in_member;
	bool known;
};

static enum reason add(void *to, struct span bytes)
{
	struct expansion *expansion = to;

	return digest_add(&expansion->digest, bytes);
}

static enum reason feed(struct expansion *expansion, struct span bytes)
{
	const struct sink sink = { add, expansion };
	enum reason reason = REASON_OK;
	struct span zero;

	if (!expansion->begun && bytes.len > 0)
		expansion->raw = bytes.at[0] != 0x1f;
	expansion->begun = expansion->begun || bytes.len > 0;
	if (expansion->raw)
		return add(expansion, bytes);
	while (reason == REASON_OK && expansion->known && bytes.len > 0) {
		bool ended = false;
		if (!expansion->in_member && bytes.at[0] == 0) {
			(void)span_take(&bytes, 1, &zero);
			continue;
		}
		if (!expansion->in_member) {
			expansion->known = bytes.at[0] == 0x1f;
			gzip_reader_again(expansion->gzip);
			expansion->in_member = true;
			continue;
		}
		reason = gzip_push(expansion->gzip, &bytes, &sink, &ended);
		expansion->in_member = !ended;
	}
	return reason;
}

enum reason expansion_digest(const struct catalog_source *source, bool *ret_known,
			     uint8_t ret[static DIGEST_SHA384_LEN])
{
	struct expansion expansion = { .known = true };
	struct reread reread = { .fd = -1 };
	struct span piece = { NULL, 0 };

	enum reason reason = gzip_reader_new(&expansion.gzip);
	if (reason == REASON_OK)
		reason = digest_start(&expansion.digest);
	if (reason == REASON_OK)
		reason = reread_start(&reread, source->fd, source->section, source->sha384);
	reread_tell(&reread, source->advance);
	while (reason == REASON_OK) {
		reason = reread_next(&reread, &piece);
		if (reason != REASON_OK || piece.len == 0)
			break;
		reason = feed(&expansion, piece);
	}
	if (reason == REASON_OK)
		reason = digest_peek(&expansion.digest, ret);
	*ret_known = expansion.known;
	reread_done(&reread);
	gzip_reader_free(expansion.gzip);
	digest_done(&expansion.digest);
	return reason;
}
