#include "rebuild/ramdisk.h"

#include <stdlib.h>
#include <string.h>

enum state {
	STATE_HEAD,    /* the first bytes, which tell what it is */
	STATE_BETWEEN, /* zeros, or the first byte of the next archive */
	STATE_RAW,
	STATE_GZIP,
	STATE_OPAQUE
};

/* A stream of archives with zeros between them: the section itself, or what a member holds. */
struct series {
	bool in_archive;
	uint64_t offset;
	uint64_t zeros; /* since the last archive */
};

struct ramdisk {
	const struct ramdisk_events *events;
	uint64_t expansion_max;
	enum state state;
	uint8_t head[NEWC_MAGIC_LEN];
	size_t have;
	uint64_t offset;
	bool told; /* of the member's header */
	struct series section;
	struct series member;
	struct ramdisk_facts facts;
	struct gzip_reader *gzip;
	struct newc_reader newc;
};

enum reason ramdisk_new(const struct ramdisk_events *events, uint64_t expansion_max,
			struct ramdisk **ret)
{
	struct ramdisk *ramdisk = calloc(1, sizeof(*ramdisk));

	if (ramdisk == NULL)
		return REASON_OUT_OF_MEMORY;
	if (gzip_reader_new(&ramdisk->gzip) != REASON_OK) {
		free(ramdisk);
		return REASON_OUT_OF_MEMORY;
	}
	ramdisk->events = events;
	ramdisk->expansion_max = expansion_max;
	newc_start(&ramdisk->newc, &events->newc);
	*ret = ramdisk;
	return REASON_OK;
}

void ramdisk_free(struct ramdisk *ramdisk)
{
	if (ramdisk == NULL)
		return;
	gzip_reader_free(ramdisk->gzip);
	free(ramdisk);
}

uint64_t ramdisk_offset(const struct ramdisk *ramdisk)
{
	return ramdisk->offset;
}

/* Cuts leading zeros off. */
static void skip_zeros(struct series *series, struct span *input)
{
	struct span zero;

	while (input->len > 0 && input->at[0] == 0 && span_take(input, 1, &zero)) {
		series->zeros++;
		series->offset++;
	}
}

static enum reason expand(struct ramdisk *ramdisk, size_t n)
{
	if (n > ramdisk->expansion_max - ramdisk->facts.expanded)
		return REASON_RAMDISK_EXPANSION;
	ramdisk->facts.expanded += n;
	return REASON_OK;
}

/* Feeds the archive that the series is in, or begins one. */
static enum reason feed_archive(struct ramdisk *ramdisk, struct series *series, struct span *input)
{
	size_t before = input->len;
	bool ended = false;

	if (!series->in_archive) {
		newc_again(&ramdisk->newc);
		series->in_archive = true;
		series->zeros = 0;
	}
	enum reason reason = newc_push(&ramdisk->newc, input, &ended);
	ramdisk->facts.entries = ramdisk->newc.entries;
	if (reason != REASON_OK)
		return reason;
	series->offset += before - input->len;
	if (ended) {
		series->in_archive = false;
		ramdisk->facts.archives++;
	}
	return REASON_OK;
}

/* Takes what a member holds. */
static enum reason take_content(void *of, struct span bytes)
{
	struct ramdisk *ramdisk = of;
	struct series *member = &ramdisk->member;

	if (!ramdisk->told && ramdisk->events->member != NULL) {
		enum reason reason = ramdisk->events->member(ramdisk->events->newc.of,
							     gzip_header_of(ramdisk->gzip));
		if (reason != REASON_OK)
			return reason;
	}
	ramdisk->told = true;
	enum reason reason = expand(ramdisk, bytes.len);
	while (reason == REASON_OK && bytes.len > 0) {
		if (!member->in_archive)
			skip_zeros(member, &bytes);
		if (bytes.len == 0)
			break;
		if (!member->in_archive && member->offset % 4 != 0)
			return REASON_RAMDISK_JUNK;
		/* what begins a member must be an archive; what follows one may be junk */
		if (!member->in_archive && member->offset > 0 && bytes.at[0] != '0')
			return REASON_RAMDISK_JUNK;
		reason = feed_archive(ramdisk, member, &bytes);
	}
	return reason;
}

static enum reason feed_gzip(struct ramdisk *ramdisk, struct span *input)
{
	const struct sink sink = { take_content, ramdisk };
	size_t before = input->len;
	bool ended = false;

	enum reason reason = gzip_push(ramdisk->gzip, input, &sink, &ended);
	if (reason != REASON_OK)
		return reason;
	ramdisk->section.offset += before - input->len;
	if (!ended)
		return REASON_OK;
	if (ramdisk->member.in_archive)
		return REASON_RAMDISK_SPLIT;
	ramdisk->facts.members++;
	ramdisk->facts.zeros = 0;
	ramdisk->state = STATE_BETWEEN;
	return REASON_OK;
}

static enum reason feed_raw(struct ramdisk *ramdisk, struct span *input)
{
	size_t before = input->len;

	enum reason reason = feed_archive(ramdisk, &ramdisk->section, input);
	if (reason != REASON_OK)
		return reason;
	if (!ramdisk->section.in_archive)
		ramdisk->state = STATE_BETWEEN;
	return expand(ramdisk, before - input->len);
}

/* Zeros, then the first byte of an archive. The kernel looks no further either. */
static enum reason between(struct ramdisk *ramdisk, struct span *input)
{
	skip_zeros(&ramdisk->section, input);
	if (input->len == 0)
		return REASON_OK;
	if (input->at[0] == '0' && ramdisk->section.offset % 4 == 0) {
		ramdisk->state = STATE_RAW;
		return REASON_OK;
	}
	if (input->at[0] != 0x1f)
		return REASON_RAMDISK_JUNK;
	gzip_reader_again(ramdisk->gzip);
	ramdisk->member = (struct series){ 0 };
	ramdisk->section.zeros = 0;
	ramdisk->told = false;
	ramdisk->state = STATE_GZIP;
	return REASON_OK;
}

static enum reason feed(struct ramdisk *ramdisk, struct span input)
{
	enum reason reason = REASON_OK;

	while (reason == REASON_OK && input.len > 0) {
		switch (ramdisk->state) {
		case STATE_RAW:
			reason = feed_raw(ramdisk, &input);
			break;
		case STATE_GZIP:
			reason = feed_gzip(ramdisk, &input);
			break;
		case STATE_HEAD:
		case STATE_BETWEEN:
			reason = between(ramdisk, &input);
			break;
		case STATE_OPAQUE:
			return REASON_OK;
		}
	}
	return reason;
}

/* The first bytes are there: what is it? */
static enum reason decide(struct ramdisk *ramdisk)
{
	struct span head = { ramdisk->head, ramdisk->have };
	struct span magic = head;
	struct span first = { NULL, 0 };

	bool gzip = span_take(&magic, GZIP_MAGIC_LEN, &first) && gzip_is_magic(first);
	ramdisk->facts.opaque = !gzip && !newc_is_magic(head);
	ramdisk->state = ramdisk->facts.opaque ? STATE_OPAQUE : STATE_BETWEEN;
	return feed(ramdisk, head);
}

enum reason ramdisk_push(struct ramdisk *ramdisk, struct span bytes)
{
	ramdisk->offset += bytes.len;
	if (ramdisk->state == STATE_HEAD) {
		size_t missing = sizeof(ramdisk->head) - ramdisk->have;
		struct span piece;
		if (!span_take(&bytes, bytes.len < missing ? bytes.len : missing, &piece))
			return REASON_OK;
		if (piece.len > 0)
			memcpy(ramdisk->head + ramdisk->have, piece.at, piece.len);
		ramdisk->have += piece.len;
		if (ramdisk->have < sizeof(ramdisk->head))
			return REASON_OK;
		enum reason reason = decide(ramdisk);
		if (reason != REASON_OK)
			return reason;
	}
	return feed(ramdisk, bytes);
}

enum reason ramdisk_end(struct ramdisk *ramdisk, struct ramdisk_facts *ret)
{
	if (ramdisk->state == STATE_HEAD) {
		enum reason reason = decide(ramdisk);
		if (reason != REASON_OK)
			return reason;
	}
	if (ramdisk->state == STATE_RAW)
		return REASON_NEWC_TRUNCATED;
	if (ramdisk->state == STATE_GZIP)
		return REASON_GZIP_TRUNCATED;
	ramdisk->facts.zeros = ramdisk->section.zeros;
	*ret = ramdisk->facts;
	return REASON_OK;
}
