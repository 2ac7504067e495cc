#include "verify/basenc.h"

void hex_encode(struct buf *out, struct span bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.len; i++) {
		const uint8_t pair[2] = { (uint8_t)digits[bytes.at[i] >> 4],
					  (uint8_t)digits[bytes.at[i] & 15] };
		buf_add(out, SPAN_OF(pair));
	}
}

void base64_encode(struct buf *out, struct span bytes)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct span group;

	while (bytes.len > 0) {
		uint32_t bits = 0;
		if (!span_take(&bytes, bytes.len < 3 ? bytes.len : 3, &group))
			return;
		for (size_t i = 0; i < group.len; i++)
			bits |= (uint32_t)group.at[i] << (16 - 8 * i);
		for (size_t i = 0; i < 4; i++) {
			buf_byte(out, i <= group.len ? (uint8_t)digits[bits >> (18 - 6 * i) & 63] :
						       (uint8_t)'=');
		}
	}
}

/* 0..15, or -1 */
static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that two hex digits stand for, or -1 */
static int hex_pair(const uint8_t digits[static 2])
{
	int high = hex_digit(digits[0]);
	int low = hex_digit(digits[1]);

	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool is_hex(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (hex_digit(text.at[i]) < 0)
			return false;
	}
	return text.len % 2 == 0;
}

bool hex_decode_exact(struct span text, uint8_t *ret, size_t len)
{
	if (text.len / 2 != len || !is_hex(text))
		return false;
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)hex_pair(text.at + 2 * i);
	return true;
}

enum reason hex_decode(struct span text, struct buf *out)
{
	size_t before = out->len;

	if (!is_hex(text))
		return REASON_TEXT_ENCODING;
	for (size_t i = 0; i < text.len; i += 2) {
		uint8_t byte = (uint8_t)hex_pair(text.at + i);
		buf_byte(out, byte);
	}
	if (out->failed) {
		out->len = before;
		return REASON_OUT_OF_MEMORY;
	}
	return REASON_OK;
}

/* 0..63, or -1; '-' and '_' are the URL alphabet's 62 and 63 (RFC 4648 section 5) */
static int base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

/* Takes the padding off: it fills the last group of four or is not there at all. */
static bool base64_unpad(struct span *text)
{
	size_t pad = 0;

	while (pad < 2 && pad < text->len && text->at[text->len - 1 - pad] == '=')
		pad++;
	if (pad > 0 && text->len % 4 != 0)
		return false;
	text->len -= pad;
	return text->len % 4 != 1 && (pad == 0 || (text->len + pad) % 4 == 0);
}

enum reason base64_decode(struct span text, struct buf *out)
{
	size_t before = out->len;
	bool standard = false;
	bool url = false;
	uint32_t bits = 0;
	unsigned held = 0;

	if (!base64_unpad(&text))
		return REASON_TEXT_ENCODING;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];
		int digit = base64_digit(c);
		standard = standard || c == '+' || c == '/';
		url = url || c == '-' || c == '_';
		if (digit < 0 || (standard && url)) {
			out->len = before;
			return REASON_TEXT_ENCODING;
		}
		bits = (bits << 6 | (uint32_t)digit) & 0xffff;
		held += 6;
		if (held >= 8) {
			held -= 8;
			uint8_t byte = (uint8_t)(bits >> held);
			buf_byte(out, byte);
		}
	}
	/* bits that reach no byte must be zero, else two texts would stand for one document */
	if ((bits & ((1U << held) - 1)) != 0) {
		out->len = before;
		return REASON_TEXT_ENCODING;
	}
	if (out->failed) {
		out->len = before;
		return REASON_OUT_OF_MEMORY;
	}
	return REASON_OK;
}

static bool is_white(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct span trim(struct span text)
{
	struct span white;

	while (text.len > 0 && is_white(text.at[0]) && span_take(&text, 1, &white))
		continue;
	while (text.len > 0 && is_white(text.at[text.len - 1]))
		text.len--;
	return text;
}

/* Only printable ASCII and white space. No COSE_Sign1 is: its first byte is 0x84 or 0xd2. */
static bool is_text(struct span file)
{
	for (size_t i = 0; i < file.len; i++) {
		if (!is_white(file.at[i]) && (file.at[i] < 0x20 || file.at[i] > 0x7e))
			return false;
	}
	return file.len > 0;
}

/* Hex by its beginning: 0x, or the first byte of a COSE_Sign1. In base64 that byte reads "h" or
 * "0o". */
static bool begins_as_hex(struct span text)
{
	if (text.len < 2)
		return false;
	uint8_t a = text.at[0];
	uint8_t b = text.at[1] | 0x20;
	return (a == '0' && b == 'x') || (a == '8' && b == ('4' | 0x20)) ||
	       ((a | 0x20) == 'd' && b == ('2' | 0x20));
}

enum reason basenc_document(struct span file, struct buf *decoded, struct span *ret)
{
	struct span text = trim(file);
	struct span prefix;

	if (!is_text(file)) {
		*ret = file;
		return REASON_OK;
	}
	bool hex = begins_as_hex(text) || is_hex(text);
	if (hex && text.len >= 2 && (text.at[1] == 'x' || text.at[1] == 'X') &&
	    !span_take(&text, 2, &prefix))
		return REASON_TEXT_ENCODING;
	enum reason reason = hex ? hex_decode(text, decoded) : base64_decode(text, decoded);
	if (reason != REASON_OK)
		return reason;
	*ret = buf_span(decoded);
	return REASON_OK;
}
