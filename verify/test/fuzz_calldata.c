/* Call data that is accepted is the one encoding of what was read from it; a document that comes out has
 * the payload and the signature that went in. */
#include <string.h>

#include "verify/calldata.h"
#include "verify/cose.h"

#undef NDEBUG
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_number(struct buf *out, size_t number)
{
	for (int i = 31; i >= 0; i--)
		buf_byte(out, (uint8_t)(i < 8 ? (uint64_t)number >> 8 * i : 0));
}

static void add_bytes(struct buf *out, struct span bytes)
{
	add_number(out, bytes.len);
	buf_add(out, bytes);
	for (size_t i = bytes.len; i % 32 != 0; i++)
		buf_byte(out, 0);
}

static void encode_again(const struct calldata *call, struct span selector, struct buf *out)
{
	const size_t head = 32 * (2 + call->n_numbers);

	buf_add(out, selector);
	add_number(out, head);
	add_number(out, head + 32 + (call->first.len + 31) / 32 * 32);
	for (size_t i = 0; i < call->n_numbers; i++)
		add_number(out, call->numbers[i]);
	add_bytes(out, call->first);
	add_bytes(out, call->second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = { data, size };
	struct span rest = bytes;
	struct span selector;
	struct calldata call;
	struct journal journal;
	struct cose cose;
	struct buf again = { 0 };
	struct buf document = { 0 };
	size_t at = 0;

	if (calldata_read(bytes, &call, &at) != REASON_OK) {
		assert(at <= size);
		return 0;
	}
	assert(span_take(&rest, 4, &selector));
	encode_again(&call, selector, &again);
	assert(!again.failed && span_equal(buf_span(&again), bytes));
	if (call.is_journal) {
		if (calldata_journal(call.first, &journal) == REASON_OK)
			assert(journal.n_certs <= CALLDATA_CERTS_MAX);
	} else {
		assert(calldata_document(&call, &document) == REASON_OK);
		if (cose_read(buf_span(&document), &cose, &at) == REASON_OK)
			assert(span_equal(cose.signature, call.second) &&
			       cose.payload.len < call.first.len);
	}
	buf_done(&again);
	buf_done(&document);
	return 0;
}
