/* RLP: every item that is read is written again as the same bytes, so no two encodings are taken for one
 * item; a failure moves nothing, a success moves forward. */
#include <string.h>

#include "verify/rlp.h"

#undef NDEBUG
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEPTH 64
#define ROOM 8192
#define NO REASON_TRIE_VALUE

/* A list of this one string is that string's own encoding behind a head. */
static void check_string(const struct rlp_item *item)
{
	static uint8_t room[ROOM];
	struct span list;
	struct span items;

	struct rlp_out out = rlp_open(room, sizeof(room));
	rlp_put(&out, item->content);
	assert(rlp_close(&out, &list) && rlp_list(&list, NO, &items) == REASON_OK);
	assert(list.len == 0 && span_equal(items, item->whole));
}

static void check_getters(struct span before, const struct rlp_item *item)
{
	uint8_t bytes[32];
	struct span content;
	struct span cursor = before;

	assert((rlp_list(&cursor, NO, &content) == REASON_OK) == item->is_list);
	cursor = before;
	enum reason reason = rlp_number(&cursor, sizeof(bytes), NO, bytes);
	assert((cursor.len == before.len) == (reason != REASON_OK));
	if (reason == REASON_OK) {
		struct span list;
		struct span items;
		uint8_t room[64];
		struct rlp_out out = rlp_open(room, sizeof(room));
		rlp_put_number(&out, SPAN_OF(bytes));
		assert(rlp_close(&out, &list) && rlp_list(&list, NO, &items) == REASON_OK);
		assert(span_equal(items, item->whole));
	}
	cursor = before;
	reason = rlp_fixed(&cursor, sizeof(bytes), NO, bytes);
	assert((reason == REASON_OK) == (!item->is_list && item->content.len == sizeof(bytes)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span open[DEPTH] = { { data, size } };
	size_t depth = 1;
	struct rlp_item item;

	if (size > ROOM - 2 * RLP_HEAD_MAX)
		return 0;
	while (depth > 0) {
		struct span *top = &open[depth - 1];
		if (top->len == 0) {
			depth--;
			continue;
		}
		struct span before = *top;
		if (rlp_next(top, &item) != REASON_OK) {
			assert(top->at == before.at && top->len == before.len);
			depth--;
			continue;
		}
		assert(item.whole.at == before.at && item.whole.len >= 1);
		assert(item.whole.len + top->len == before.len);
		assert(item.content.at + item.content.len == item.whole.at + item.whole.len);
		check_getters(before, &item);
		if (!item.is_list)
			check_string(&item);
		else if (depth < DEPTH)
			open[depth++] = item.content;
	}
	return 0;
}
