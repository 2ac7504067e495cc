#include "verify/diag.h"

#include <inttypes.h>

#include "verify/basenc.h"

/* A container that is being written. */
struct level {
	enum cbr_kind kind;
	bool indefinite;
	uint64_t left; /* items still to come, where definite; keys and values both count */
	uint64_t done;
};

static void negative(struct buf *out, uint64_t value)
{
	if (value == UINT64_MAX)
		buf_text(out, "-18446744073709551616");
	else
		buf_printf(out, "-%" PRIu64, value + 1);
}

static void simple(struct buf *out, uint64_t value)
{
	static const char *const names[] = { "false", "true", "null", "undefined" };

	buf_text(out, names[(value - 20) & 3]);
}

/* An item that holds no others. */
static void leaf(const struct cbr_item *item, struct span head, struct buf *out)
{
	switch (item->kind) {
	case CBR_UINT:
		buf_printf(out, "%" PRIu64, item->value);
		break;
	case CBR_NEGINT:
		negative(out, item->value);
		break;
	case CBR_BYTES:
		buf_text(out, "h'");
		hex_encode(out, item->bytes);
		buf_text(out, "'");
		break;
	case CBR_TEXT:
		buf_text(out, "\"");
		buf_escaped(out, item->bytes);
		buf_text(out, "\"");
		break;
	case CBR_SIMPLE:
		simple(out, item->value);
		break;
	case CBR_FLOAT:
		buf_text(out, "float'");
		hex_encode(out, head);
		buf_text(out, "'");
		break;
	case CBR_ARRAY:
	case CBR_MAP:
	case CBR_TAG:
	case CBR_BREAK:
	case CBR_END:
		break;
	}
}

static bool holds_items(const struct cbr_item *item)
{
	return item->kind == CBR_ARRAY || item->kind == CBR_MAP || item->kind == CBR_TAG ||
	       ((item->kind == CBR_BYTES || item->kind == CBR_TEXT) &&
		item->value == CBR_INDEFINITE);
}

static struct level open_level(const struct cbr_item *item, struct buf *out)
{
	struct level level = { item->kind, item->value == CBR_INDEFINITE, item->value, 0 };

	if (item->kind == CBR_TAG) {
		level = (struct level){ CBR_TAG, false, 1, 0 };
		buf_printf(out, "%" PRIu64, item->value);
	} else if (item->kind == CBR_MAP && !level.indefinite) {
		level.left *= 2;
	}
	buf_text(out, item->kind == CBR_ARRAY ? "[" : item->kind == CBR_MAP ? "{" : "(");
	if (level.indefinite)
		buf_text(out, "_ ");
	return level;
}

static void close_level(const struct level *level, struct buf *out)
{
	buf_text(out, level->kind == CBR_ARRAY ? "]" : level->kind == CBR_MAP ? "}" : ")");
}

/* The chunks of an indefinite string are definite strings of its own kind (RFC 8949 section 3.2.3). */
static bool may_hold(const struct level *level, const struct cbr_item *item)
{
	return (level->kind != CBR_BYTES && level->kind != CBR_TEXT) ||
	       (item->kind == level->kind && item->value != CBR_INDEFINITE);
}

static void separator(const struct level *level, struct buf *out)
{
	if (level->done > 0)
		buf_text(out, level->kind == CBR_MAP && level->done % 2 == 1 ? ": " : ", ");
}

enum reason diag_item(struct cbr *r, struct buf *out)
{
	struct level levels[DIAG_DEPTH_MAX + 1] = { { CBR_TAG, false, 1, 0 } };
	unsigned depth = 0;
	struct cbr_item item;

	for (;;) {
		while (!levels[depth].indefinite && levels[depth].left == levels[depth].done) {
			if (depth == 0)
				return REASON_OK;
			close_level(&levels[depth--], out);
		}
		struct span head = r->rest;
		enum reason reason = cbr_next(r, &item);
		if (reason != REASON_OK)
			return reason;
		head.len -= r->rest.len;
		if (item.kind == CBR_BREAK) {
			bool half_pair =
				levels[depth].kind == CBR_MAP && levels[depth].done % 2 == 1;
			if (!levels[depth].indefinite || half_pair)
				return REASON_CBOR_MALFORMED;
			close_level(&levels[depth--], out);
			continue;
		}
		if (!may_hold(&levels[depth], &item))
			return REASON_CBOR_MALFORMED;
		separator(&levels[depth], out);
		levels[depth].done++;
		if (!holds_items(&item)) {
			leaf(&item, head, out);
			continue;
		}
		if (depth == DIAG_DEPTH_MAX)
			return REASON_CBOR_DEPTH;
		levels[++depth] = open_level(&item, out);
	}
}
