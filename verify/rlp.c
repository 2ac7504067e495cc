#include "verify/rlp.h"

#include <string.h>

#define SHORT_STRING 0x80
#define LONG_STRING 0xb7 /* plus the length of the length */
#define SHORT_LIST 0xc0
#define LONG_LIST 0xf7
#define SHORT_MAX 55 /* bytes of content whose length fits into the first byte */

/* The length that follows a first byte, in its shortest form. */
static enum reason long_length(struct span *cursor, size_t len_of_len, uint64_t *ret)
{
	uint64_t len;

	if (!span_be(cursor, len_of_len, &len))
		return REASON_RLP_TRUNCATED;
	/* a leading zero would leave a number that needs a byte less */
	if (len <= SHORT_MAX || len >> (8 * (len_of_len - 1)) == 0)
		return REASON_RLP_NONCANONICAL;
	*ret = len;
	return REASON_OK;
}

enum reason rlp_next(struct span *cursor, struct rlp_item *ret)
{
	struct span after = *cursor;
	struct rlp_item item;
	uint64_t len;
	uint64_t head;

	if (!span_be(&after, 1, &head))
		return REASON_RLP_TRUNCATED;
	item.is_list = head >= SHORT_LIST;
	if (head < SHORT_STRING) {
		after = *cursor; /* the byte is its own content */
		len = 1;
	} else {
		uint64_t short_form = item.is_list ? SHORT_LIST : SHORT_STRING;
		uint64_t long_form = item.is_list ? LONG_LIST : LONG_STRING;
		len = head - short_form;
		if (head > long_form) {
			enum reason reason = long_length(&after, (size_t)(head - long_form), &len);
			if (reason != REASON_OK)
				return reason;
		}
	}
	if (len > after.len || !span_take(&after, (size_t)len, &item.content))
		return REASON_RLP_TRUNCATED;
	if (head == SHORT_STRING + 1 && item.content.at[0] < SHORT_STRING)
		return REASON_RLP_NONCANONICAL;
	item.whole = (struct span){ cursor->at, cursor->len - after.len };
	*cursor = after;
	*ret = item;
	return REASON_OK;
}

enum reason rlp_list(struct span *cursor, enum reason otherwise, struct span *ret)
{
	struct span after = *cursor;
	struct rlp_item item;

	enum reason reason = rlp_next(&after, &item);
	if (reason != REASON_OK)
		return reason;
	if (!item.is_list)
		return otherwise;
	*cursor = after;
	*ret = item.content;
	return REASON_OK;
}

enum reason rlp_fixed(struct span *cursor, size_t len, enum reason otherwise, uint8_t *ret)
{
	struct span after = *cursor;
	struct rlp_item item;

	enum reason reason = rlp_next(&after, &item);
	if (reason != REASON_OK)
		return reason;
	if (item.is_list || item.content.len != len)
		return otherwise;
	*cursor = after;
	if (len > 0)
		memcpy(ret, item.content.at, len);
	return REASON_OK;
}

enum reason rlp_number(struct span *cursor, size_t len, enum reason otherwise, uint8_t *ret)
{
	struct span after = *cursor;
	struct rlp_item item;

	enum reason reason = rlp_next(&after, &item);
	if (reason != REASON_OK)
		return reason;
	struct span string = item.content;
	if (item.is_list || string.len > len)
		return otherwise;
	if (string.len > 0 && string.at[0] == 0)
		return REASON_RLP_NONCANONICAL;
	*cursor = after;
	memset(ret, 0, len - string.len);
	if (string.len > 0)
		memcpy(ret + len - string.len, string.at, string.len);
	return REASON_OK;
}

enum reason rlp_end(struct span cursor)
{
	return cursor.len == 0 ? REASON_OK : REASON_RLP_TRAILING;
}

/* The head of an item of this many bytes, in its shortest form. */
static struct span head_of(bool is_list, size_t len, uint8_t room[static RLP_HEAD_MAX])
{
	size_t len_of_len = 0;

	if (len <= SHORT_MAX) {
		room[0] = (uint8_t)((is_list ? SHORT_LIST : SHORT_STRING) + len);
		return (struct span){ room, 1 };
	}
	for (uint64_t rest = len; rest != 0; rest >>= 8)
		len_of_len++;
	room[0] = (uint8_t)((is_list ? LONG_LIST : LONG_STRING) + len_of_len);
	for (size_t i = 0; i < len_of_len; i++)
		room[1 + i] = (uint8_t)((uint64_t)len >> (8 * (len_of_len - 1 - i)));
	return (struct span){ room, 1 + len_of_len };
}

static void append(struct rlp_out *out, struct span bytes)
{
	if (out->full || bytes.len > out->cap - out->len) {
		out->full = true;
		return;
	}
	if (bytes.len > 0)
		memcpy(out->at + out->len, bytes.at, bytes.len);
	out->len += bytes.len;
}

struct rlp_out rlp_open(uint8_t *at, size_t cap)
{
	return (struct rlp_out){
		.at = at, .cap = cap, .len = RLP_HEAD_MAX, .full = cap < RLP_HEAD_MAX
	};
}

void rlp_put(struct rlp_out *out, struct span string)
{
	uint8_t room[RLP_HEAD_MAX];

	if (string.len != 1 || string.at[0] >= SHORT_STRING)
		append(out, head_of(false, string.len, room));
	append(out, string);
}

void rlp_put_number(struct rlp_out *out, struct span number)
{
	struct span zero;

	while (number.len > 0 && number.at[0] == 0 && span_take(&number, 1, &zero))
		continue;
	rlp_put(out, number);
}

bool rlp_close(struct rlp_out *out, struct span *ret)
{
	uint8_t room[RLP_HEAD_MAX];

	if (out->full)
		return false;
	struct span head = head_of(true, out->len - RLP_HEAD_MAX, room);
	size_t start = RLP_HEAD_MAX - head.len;
	memcpy(out->at + start, head.at, head.len);
	*ret = (struct span){ out->at + start, out->len - start };
	return true;
}
