#include "verify/cbor.h"

#include <cbor.h>

/* libcbor hands each item to a callback; ours write it into one struct cbr_item. */

static void put(void *context, enum cbr_kind kind, uint64_t value, struct span bytes)
{
	struct cbr_item *item = context;

	*item = (struct cbr_item){ kind, value, bytes };
}

#define NO_BYTES ((struct span){ NULL, 0 })
#define NO_ITEM \
	{ \
		CBR_END, 0, \
		{ \
			NULL, 0 \
		} \
	}

static void on_uint8(void *context, uint8_t value)
{
	put(context, CBR_UINT, value, NO_BYTES);
}

static void on_uint16(void *context, uint16_t value)
{
	put(context, CBR_UINT, value, NO_BYTES);
}

static void on_uint32(void *context, uint32_t value)
{
	put(context, CBR_UINT, value, NO_BYTES);
}

static void on_uint64(void *context, uint64_t value)
{
	put(context, CBR_UINT, value, NO_BYTES);
}

static void on_negint8(void *context, uint8_t value)
{
	put(context, CBR_NEGINT, value, NO_BYTES);
}

static void on_negint16(void *context, uint16_t value)
{
	put(context, CBR_NEGINT, value, NO_BYTES);
}

static void on_negint32(void *context, uint32_t value)
{
	put(context, CBR_NEGINT, value, NO_BYTES);
}

static void on_negint64(void *context, uint64_t value)
{
	put(context, CBR_NEGINT, value, NO_BYTES);
}

/* The lengths and counts below are size_t in libcbor 0.8 and uint64_t from 0.10 on; both are
 * `unsigned long` on the 64-bit systems that this program is for. */

static void on_bytes(void *context, cbor_data at, size_t len)
{
	put(context, CBR_BYTES, len, (struct span){ at, len });
}

static void on_bytes_start(void *context)
{
	put(context, CBR_BYTES, CBR_INDEFINITE, NO_BYTES);
}

static void on_text(void *context, cbor_data at, size_t len)
{
	put(context, CBR_TEXT, len, (struct span){ at, len });
}

static void on_text_start(void *context)
{
	put(context, CBR_TEXT, CBR_INDEFINITE, NO_BYTES);
}

static void on_array(void *context, size_t count)
{
	put(context, CBR_ARRAY, count, NO_BYTES);
}

static void on_array_start(void *context)
{
	put(context, CBR_ARRAY, CBR_INDEFINITE, NO_BYTES);
}

static void on_map(void *context, size_t pairs)
{
	put(context, CBR_MAP, pairs, NO_BYTES);
}

static void on_map_start(void *context)
{
	put(context, CBR_MAP, CBR_INDEFINITE, NO_BYTES);
}

static void on_tag(void *context, uint64_t number)
{
	put(context, CBR_TAG, number, NO_BYTES);
}

static void on_float(void *context, float value)
{
	(void)value;
	put(context, CBR_FLOAT, 0, NO_BYTES);
}

static void on_double(void *context, double value)
{
	(void)value;
	put(context, CBR_FLOAT, 0, NO_BYTES);
}

static void on_undefined(void *context)
{
	put(context, CBR_SIMPLE, 23, NO_BYTES);
}

static void on_null(void *context)
{
	put(context, CBR_SIMPLE, 22, NO_BYTES);
}

static void on_boolean(void *context, bool value)
{
	put(context, CBR_SIMPLE, value ? 21 : 20, NO_BYTES);
}

static void on_break(void *context)
{
	put(context, CBR_BREAK, 0, NO_BYTES);
}

static const struct cbor_callbacks callbacks = {
	.uint8 = on_uint8,
	.uint16 = on_uint16,
	.uint32 = on_uint32,
	.uint64 = on_uint64,
	.negint8 = on_negint8,
	.negint16 = on_negint16,
	.negint32 = on_negint32,
	.negint64 = on_negint64,
	.byte_string_start = on_bytes_start,
	.byte_string = on_bytes,
	.string_start = on_text_start,
	.string = on_text,
	.indef_array_start = on_array_start,
	.array_start = on_array,
	.indef_map_start = on_map_start,
	.map_start = on_map,
	.tag = on_tag,
	.float2 = on_float,
	.float4 = on_float,
	.float8 = on_double,
	.undefined = on_undefined,
	.null = on_null,
	.boolean = on_boolean,
	.indef_break = on_break,
};

struct cbr cbr_over(struct span bytes)
{
	return (struct cbr){ bytes, bytes.at, false };
}

struct cbr cbr_lax_over(struct span bytes)
{
	return (struct cbr){ bytes, bytes.at, true };
}

size_t cbr_offset(const struct cbr *r)
{
	return (size_t)(r->rest.at - r->at);
}

enum cbr_kind cbr_peek(const struct cbr *r)
{
	if (r->rest.len == 0)
		return CBR_END;
	uint8_t head = r->rest.at[0];
	if (head == 0xff)
		return CBR_BREAK;
	if (head >= 0xf9 && head <= 0xfb)
		return CBR_FLOAT;
	return (enum cbr_kind)(head >> 5);
}

/* The bytes that the shortest head with this number takes (RFC 8949 section 4.2.1). */
static size_t shortest_head(uint64_t number)
{
	return number < 24          ? 1 :
	       number <= UINT8_MAX  ? 2 :
	       number <= UINT16_MAX ? 3 :
	       number <= UINT32_MAX ? 5 :
				      9;
}

static enum reason check_strict(const struct cbr_item *item, size_t taken)
{
	if (item->kind == CBR_TEXT && !span_is_utf8(item->bytes))
		return REASON_CBOR_UTF8;
	if (item->kind > CBR_TAG)
		return REASON_OK; /* simple values and breaks are one byte; libcbor knows no longer form */
	if (item->value == CBR_INDEFINITE && taken == 1)
		return REASON_CBOR_NONCANONICAL;
	if (taken - item->bytes.len != shortest_head(item->value))
		return REASON_CBOR_NONCANONICAL;
	return REASON_OK;
}

enum reason cbr_next(struct cbr *r, struct cbr_item *ret)
{
	struct cbr_item item = NO_ITEM;
	struct span taken;

	if (r->rest.len == 0)
		return REASON_CBOR_TRUNCATED;
	struct cbor_decoder_result result =
		cbor_stream_decode(r->rest.at, r->rest.len, &callbacks, &item);
	if (result.status == CBOR_DECODER_NEDATA)
		return REASON_CBOR_TRUNCATED;
	if (result.status != CBOR_DECODER_FINISHED || result.read == 0 || item.kind == CBR_END)
		return REASON_CBOR_MALFORMED;
	/* each entry takes a byte at least: a larger count cannot be met and is refused before
	 * any loop */
	size_t left = r->rest.len - result.read;
	bool definite =
		item.value != CBR_INDEFINITE || result.read > 1; /* a count may be 2^64 - 1 */
	if (definite && ((item.kind == CBR_ARRAY && item.value > left) ||
			 (item.kind == CBR_MAP && item.value > left / 2)))
		return REASON_CBOR_TRUNCATED;
	if (!r->lax) {
		enum reason reason = check_strict(&item, result.read);
		if (reason != REASON_OK)
			return reason;
	}
	if (!span_take(&r->rest, result.read, &taken))
		return REASON_CBOR_MALFORMED;
	*ret = item;
	return REASON_OK;
}

/* The next item, which must be of this kind and of definite length. */
static enum reason next_of(struct cbr *r, enum cbr_kind kind, enum reason otherwise,
			   struct cbr_item *ret)
{
	struct cbr after = *r;

	if (cbr_peek(r) == CBR_END)
		return REASON_CBOR_TRUNCATED;
	if (cbr_peek(r) != kind)
		return otherwise;
	enum reason reason = cbr_next(&after, ret);
	if (reason != REASON_OK)
		return reason;
	*r = after;
	return REASON_OK;
}

static enum reason next_definite(struct cbr *r, enum cbr_kind kind, enum reason otherwise,
				 struct cbr_item *ret)
{
	struct cbr after = *r;
	struct cbr_item item = NO_ITEM;

	enum reason reason = next_of(&after, kind, otherwise, &item);
	if (reason != REASON_OK)
		return reason;
	if (item.value == CBR_INDEFINITE)
		return REASON_CBOR_NONCANONICAL; /* no definite length gets this far: it would be truncated */
	*ret = item;
	*r = after;
	return REASON_OK;
}

enum reason cbr_uint(struct cbr *r, enum reason otherwise, uint64_t *ret)
{
	struct cbr_item item = NO_ITEM;

	enum reason reason = next_of(r, CBR_UINT, otherwise, &item);
	if (reason == REASON_OK)
		*ret = item.value;
	return reason;
}

enum reason cbr_bytes(struct cbr *r, enum reason otherwise, struct span *ret)
{
	struct cbr_item item = NO_ITEM;

	enum reason reason = next_definite(r, CBR_BYTES, otherwise, &item);
	if (reason == REASON_OK)
		*ret = item.bytes;
	return reason;
}

enum reason cbr_text(struct cbr *r, enum reason otherwise, struct span *ret)
{
	struct cbr_item item = NO_ITEM;

	enum reason reason = next_definite(r, CBR_TEXT, otherwise, &item);
	if (reason == REASON_OK)
		*ret = item.bytes;
	return reason;
}

enum reason cbr_null(struct cbr *r, enum reason otherwise)
{
	struct cbr after = *r;
	struct cbr_item item = NO_ITEM;

	enum reason reason = next_of(&after, CBR_SIMPLE, otherwise, &item);
	if (reason != REASON_OK)
		return reason;
	if (item.value != 22)
		return otherwise;
	*r = after;
	return REASON_OK;
}

enum reason cbr_array(struct cbr *r, enum reason otherwise, uint64_t *ret_count)
{
	struct cbr_item item = NO_ITEM;

	enum reason reason = next_definite(r, CBR_ARRAY, otherwise, &item);
	if (reason == REASON_OK)
		*ret_count = item.value;
	return reason;
}

enum reason cbr_map(struct cbr *r, enum reason otherwise, uint64_t *ret_pairs)
{
	struct cbr_item item = NO_ITEM;

	enum reason reason = next_definite(r, CBR_MAP, otherwise, &item);
	if (reason == REASON_OK)
		*ret_pairs = item.value;
	return reason;
}

enum reason cbr_map_any(struct cbr *r, enum reason otherwise, uint64_t *ret_pairs)
{
	struct span head;

	if (r->rest.len > 0 && r->rest.at[0] == 0xbf && span_take(&r->rest, 1, &head)) {
		*ret_pairs = CBR_INDEFINITE;
		return REASON_OK;
	}
	return cbr_map(r, otherwise, ret_pairs);
}

bool cbr_closed(struct cbr *r, uint64_t count, uint64_t done)
{
	struct span taken;

	if (count != CBR_INDEFINITE)
		return done == count;
	return cbr_peek(r) == CBR_BREAK && span_take(&r->rest, 1, &taken);
}

#define SKIP_LEVELS 16

/* A container that is being skipped. */
struct open_item {
	enum cbr_kind kind;
	uint64_t count; /* items in it, keys and values both; CBR_INDEFINITE until its break */
	uint64_t done;
};

static bool is_string(enum cbr_kind kind)
{
	return kind == CBR_BYTES || kind == CBR_TEXT;
}

/* True when the item holds others, and *ret is then how to count them. */
static bool opens(const struct cbr_item *item, struct open_item *ret)
{
	*ret = (struct open_item){ item->kind, item->value, 0 };
	if (item->kind == CBR_TAG)
		ret->count = 1;
	else if (item->kind == CBR_MAP && item->value != CBR_INDEFINITE)
		ret->count = item->value * 2; /* at most the bytes left: cbr_next saw to it */
	else if (is_string(item->kind))
		return item->value == CBR_INDEFINITE;
	return item->kind == CBR_ARRAY || item->kind == CBR_MAP || item->kind == CBR_TAG;
}

/* A break ends what has no count, and a map only behind a value (RFC 8949 section 3.2). */
static bool may_end(const struct open_item *open)
{
	return open->count == CBR_INDEFINITE && (open->kind != CBR_MAP || open->done % 2 == 0);
}

/* The chunks of an indefinite string are definite strings of its own kind (section 3.2.3). */
static bool may_hold(const struct open_item *open, const struct cbr_item *item)
{
	return !is_string(open->kind) ||
	       (item->kind == open->kind && item->value != CBR_INDEFINITE);
}

enum reason cbr_skip(struct cbr *r, unsigned max_depth)
{
	struct cbr after = *r;
	struct cbr_item item = NO_ITEM;
	struct open_item open[SKIP_LEVELS + 1] = { { CBR_TAG, 1, 0 } }; /* around the one item */
	struct open_item inner;
	unsigned depth = 0;

	if (max_depth > SKIP_LEVELS)
		max_depth = SKIP_LEVELS;
	for (;;) {
		while (open[depth].done == open[depth].count) {
			if (depth == 0) {
				*r = after;
				return REASON_OK;
			}
			depth--;
		}
		enum reason reason = cbr_next(&after, &item);
		if (reason != REASON_OK)
			return reason;
		if (item.kind == CBR_BREAK) {
			if (!may_end(&open[depth]))
				return REASON_CBOR_MALFORMED;
			open[depth].count = open[depth].done;
			continue;
		}
		if (!may_hold(&open[depth], &item))
			return REASON_CBOR_MALFORMED;
		open[depth].done++;
		if (!opens(&item, &inner) || inner.count == 0)
			continue;
		if (depth == max_depth)
			return REASON_CBOR_DEPTH;
		open[++depth] = inner;
	}
}

enum reason cbr_end(const struct cbr *r, enum reason otherwise)
{
	return r->rest.len == 0 ? REASON_OK : otherwise;
}
