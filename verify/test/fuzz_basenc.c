/* Hex and base64: what is decoded encodes back to the same text, but for what RFC 4648 leaves open (case,
 * alphabet, padding); every byte string survives the way there and back. */
#include <stdlib.h>
#include <string.h>

#include "verify/basenc.h"

#undef NDEBUG
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'F' ? (uint8_t)(c + 0x20) : c;
}

static void check_hex(struct span text)
{
	struct buf bytes = { 0 };
	struct buf again = { 0 };

	if (hex_decode(text, &bytes) == REASON_OK) {
		hex_encode(&again, buf_span(&bytes));
		assert(again.len == text.len && bytes.len * 2 == text.len);
		for (size_t i = 0; i < text.len; i++)
			assert(again.at[i] == lower(text.at[i]));
	} else {
		assert(bytes.len == 0);
	}
	buf_done(&bytes);
	buf_done(&again);
}

/* Six bits at a time, no padding. */
static void encode_base64(struct buf *out, struct span bytes, bool url)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	for (size_t i = 0; i < bytes.len; i += 3) {
		uint32_t group = (uint32_t)bytes.at[i] << 16;
		uint8_t four[4];
		if (i + 1 < bytes.len)
			group |= (uint32_t)bytes.at[i + 1] << 8;
		if (i + 2 < bytes.len)
			group |= bytes.at[i + 2];
		for (size_t k = 0; k < 4; k++) {
			unsigned value = group >> (18 - 6 * k) & 63;
			four[k] = value < 62  ? (uint8_t)digits[value] :
				  value == 62 ? (uint8_t)(url ? '-' : '+') :
						(uint8_t)(url ? '_' : '/');
		}
		buf_add(out, (struct span){ four, bytes.len - i >= 3 ? 4 : bytes.len - i + 1 });
	}
}

static bool holds(struct span text, uint8_t c)
{
	return text.len > 0 && memchr(text.at, c, text.len) != NULL;
}

static void check_base64(struct span text)
{
	struct buf bytes = { 0 };
	struct buf again = { 0 };

	if (base64_decode(text, &bytes) == REASON_OK) {
		encode_base64(&again, buf_span(&bytes), holds(text, '-') || holds(text, '_'));
		assert(again.len <= text.len && text.len - again.len <= 2);
		assert(again.len == 0 || memcmp(again.at, text.at, again.len) == 0);
		for (size_t i = again.len; i < text.len; i++)
			assert(text.at[i] == '=');
		assert(again.len == text.len || text.len % 4 == 0);
	} else {
		assert(bytes.len == 0);
	}
	buf_done(&bytes);
	buf_done(&again);
}

static void check_round_trip(struct span bytes)
{
	for (int form = 0; form < 4; form++) {
		struct buf text = { 0 };
		struct buf back = { 0 };
		enum reason reason;
		if (form == 0) {
			hex_encode(&text, bytes);
			reason = hex_decode(buf_span(&text), &back);
		} else {
			encode_base64(&text, bytes, form == 2);
			while (form == 3 && text.len % 4 != 0)
				buf_text(&text, "=");
			reason = base64_decode(buf_span(&text), &back);
		}
		assert(reason == REASON_OK && span_equal(buf_span(&back), bytes));
		buf_done(&text);
		buf_done(&back);
	}
}

/* A decoded document is nowhere longer than its text, and a COSE_Sign1 in hex is itself. */
static void check_document(struct span file)
{
	struct buf decoded = { 0 };
	struct span document = { NULL, 0 };

	enum reason reason = basenc_document(file, &decoded, &document);
	assert(reason == REASON_OK || reason == REASON_TEXT_ENCODING);
	if (reason == REASON_OK)
		assert(document.len <= file.len);
	buf_done(&decoded);
	if (file.len == 0 || (file.at[0] != 0x84 && file.at[0] != 0xd2))
		return;
	assert(reason == REASON_OK && document.at == file.at && document.len == file.len);
	struct buf text = { 0 };
	buf_text(&text, " \n");
	hex_encode(&text, file);
	buf_text(&text, "\r\n");
	assert(basenc_document(buf_span(&text), &decoded, &document) == REASON_OK);
	assert(span_equal(document, file));
	buf_done(&decoded);
	buf_done(&text);
	encode_base64(&text, file, false);
	if (file.len >= 3) { /* shorter, it may look like hex */
		assert(basenc_document(buf_span(&text), &decoded, &document) == REASON_OK);
		assert(span_equal(document, file));
	}
	buf_done(&decoded);
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = { data, size };

	check_hex(bytes);
	check_base64(bytes);
	check_round_trip(bytes);
	check_document(bytes);
	return 0;
}
