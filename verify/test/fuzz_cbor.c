/* The strict CBOR reader against libcbor's tree builder: what we take for one well-formed item, libcbor
 * does too, of the same length. And of each function: a failure moves nothing, a success moves forward.
 * (cbor_load believes a declared count, so it is asked only about what passed our reader.) */
#include <cbor.h>
#include <stdlib.h>

#include "verify/cbor.h"

#undef NDEBUG
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEPTH 16
#define NO REASON_DOC_SHAPE

static void expect_agreement(struct span item)
{
	struct cbor_load_result result;

	cbor_item_t *tree = cbor_load(item.at, item.len, &result);
	assert(tree != NULL && result.error.code == CBOR_ERR_NONE && result.read == item.len);
	cbor_decref(&tree);
}

/* Item after item. libcbor is asked about each as a whole. */
static void walk_items(struct span bytes, bool lax)
{
	struct cbr r = lax ? cbr_lax_over(bytes) : cbr_over(bytes);

	while (cbr_peek(&r) != CBR_END) {
		struct span before = r.rest;
		size_t offset = cbr_offset(&r);
		enum reason reason = cbr_skip(&r, DEPTH);
		if (reason != REASON_OK) {
			assert(r.rest.at == before.at && r.rest.len == before.len);
			assert(cbr_offset(&r) == offset);
			return;
		}
		size_t taken = before.len - r.rest.len;
		assert(taken > 0 && cbr_offset(&r) == offset + taken &&
		       r.rest.at == before.at + taken);
		if (!lax)
			expect_agreement((struct span){ before.at, taken });
	}
	assert(cbr_end(&r, NO) == REASON_OK && cbr_offset(&r) == bytes.len);
}

/* Head after head, whatever they hold. What the strict reader gives, the lax one gives as well. */
static void walk_heads(struct span bytes)
{
	struct cbr r = cbr_over(bytes);
	struct cbr_item item;
	struct cbr_item lax_item;

	for (;;) {
		struct cbr before = r;
		struct cbr lax = r;
		lax.lax = true;
		enum cbr_kind kind = cbr_peek(&r);
		enum reason reason = cbr_next(&r, &item);
		enum reason lax_reason = cbr_next(&lax, &lax_item);
		if (reason != REASON_OK) {
			assert(r.rest.at == before.rest.at && r.rest.len == before.rest.len);
			assert(lax_reason == reason || reason == REASON_CBOR_NONCANONICAL ||
			       reason == REASON_CBOR_UTF8);
			return;
		}
		assert(lax_reason == REASON_OK && lax.rest.at == r.rest.at && item.kind == kind);
		assert(item.kind == lax_item.kind && item.value == lax_item.value);
		assert(r.rest.at > before.rest.at &&
		       r.rest.at + r.rest.len == bytes.at + bytes.len);
		if (item.kind == CBR_BYTES || item.kind == CBR_TEXT) {
			assert(item.value == item.bytes.len);
			assert(item.bytes.len == 0 || item.bytes.at + item.bytes.len == r.rest.at);
		}
		if (item.kind == CBR_TEXT)
			assert(span_is_utf8(item.bytes));
		if (item.kind == CBR_ARRAY)
			assert(item.value <= r.rest.len);
		if (item.kind == CBR_MAP)
			assert(item.value <= r.rest.len / 2);
	}
}

/* Exactly the getter of the kind that stands there can succeed. */
static void try_getters(struct span bytes)
{
	struct span text;
	uint64_t value;

	for (int getter = 0; getter < 7; getter++) {
		static const enum cbr_kind kinds[7] = { CBR_UINT,  CBR_BYTES, CBR_TEXT, CBR_SIMPLE,
							CBR_ARRAY, CBR_MAP,   CBR_MAP };
		struct cbr r = cbr_over(bytes);
		enum reason reason = getter == 0 ? cbr_uint(&r, NO, &value) :
				     getter == 1 ? cbr_bytes(&r, NO, &text) :
				     getter == 2 ? cbr_text(&r, NO, &text) :
				     getter == 3 ? cbr_null(&r, NO) :
				     getter == 4 ? cbr_array(&r, NO, &value) :
				     getter == 5 ? cbr_map(&r, NO, &value) :
						   cbr_map_any(&r, NO, &value);
		if (reason != REASON_OK) {
			assert(r.rest.at == bytes.at && r.rest.len == bytes.len);
			continue;
		}
		struct cbr whole = cbr_over(bytes);
		assert(cbr_peek(&whole) == kinds[getter] && r.rest.len < bytes.len);
		if (getter == 6 && value == CBR_INDEFINITE)
			assert(bytes.at[0] == 0xbf);
		if (getter < 4 && cbr_skip(&whole, 0) == REASON_OK)
			assert(whole.rest.at == r.rest.at);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = { data, size };

	walk_items(bytes, false);
	walk_items(bytes, true);
	walk_heads(bytes);
	try_getters(bytes);
	return 0;
}
