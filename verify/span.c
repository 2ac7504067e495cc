#include "verify/span.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct span span_of_text(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

bool span_take(struct span *cursor, size_t n, struct span *ret)
{
	if (n > cursor->len)
		return false;
	*ret = (struct span){ cursor->at, n };
	if (n > 0) {
		cursor->at += n;
		cursor->len -= n;
	}
	return true;
}

bool span_be(struct span *cursor, size_t n, uint64_t *ret)
{
	struct span digits;

	if (n < 1 || n > 8 || !span_take(cursor, n, &digits))
		return false;
	uint64_t value = 0;
	for (size_t i = 0; i < n; i++)
		value = value << 8 | digits.at[i];
	*ret = value;
	return true;
}

bool span_equal(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	return a.len == 0 || CRYPTO_memcmp(a.at, b.at, a.len) == 0;
}

bool span_is_zero(struct span bytes)
{
	uint8_t all = 0;

	for (size_t i = 0; i < bytes.len; i++)
		all |= bytes.at[i];
	return all == 0;
}

/* The code point that starts at *at, and its length; false when the bytes there are not UTF-8. */
static bool utf8_step(struct span rest, size_t *ret_len)
{
	static const uint32_t smallest[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t first = rest.at[0];
	size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (len == 0 || first > 0xf4 || len > rest.len)
		return false;
	uint32_t point = len == 1 ? first : first & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((rest.at[i] & 0xc0) != 0x80)
			return false;
		point = point << 6 | (rest.at[i] & 0x3fU);
	}
	if (point < smallest[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return false;
	*ret_len = len;
	return true;
}

bool span_is_utf8(struct span bytes)
{
	struct span step;
	size_t len;

	while (bytes.len > 0) {
		if (!utf8_step(bytes, &len) || !span_take(&bytes, len, &step))
			return false;
	}
	return true;
}

/* Makes room for `more` bytes and a final NUL. */
static bool buf_reserve(struct buf *buf, size_t more)
{
	if (buf->failed || more > SIZE_MAX / 4 - buf->len) {
		buf->failed = true;
		return false;
	}
	size_t need = buf->len + more + 1;
	if (need <= buf->cap)
		return true;
	size_t cap = need < 128 ? 256 : need * 2;
	uint8_t *grown = realloc(buf->at, cap);
	if (grown == NULL) {
		buf->failed = true;
		return false;
	}
	buf->at = grown;
	buf->cap = cap;
	return true;
}

void buf_add(struct buf *buf, struct span bytes)
{
	if (bytes.len == 0 || !buf_reserve(buf, bytes.len))
		return;
	memcpy(buf->at + buf->len, bytes.at, bytes.len);
	buf->len += bytes.len;
}

void buf_byte(struct buf *buf, uint8_t byte)
{
	buf_add(buf, (struct span){ &byte, 1 });
}

void buf_text(struct buf *buf, const char *text)
{
	buf_add(buf, span_of_text(text));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0 || !buf_reserve(buf, (size_t)n)) {
		buf->failed = true;
		return;
	}
	va_start(args, format);
	(void)vsnprintf((char *)buf->at + buf->len, (size_t)n + 1, format, args);
	va_end(args);
	buf->len += (size_t)n;
}

void buf_escaped(struct buf *buf, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];
		if (c >= 0x20 && c < 0x7f && c != '\\')
			buf_byte(buf, c);
		else
			buf_printf(buf, "\\x%02x", c);
	}
}

struct span buf_span(const struct buf *buf)
{
	return (struct span){ buf->at, buf->len };
}

char *buf_take_text(struct buf *buf)
{
	if (!buf_reserve(buf, 0)) {
		buf_done(buf);
		return NULL;
	}
	buf->at[buf->len] = '\0';
	char *text = (char *)buf->at;
	*buf = (struct buf){ 0 };
	return text;
}

void buf_done(struct buf *buf)
{
	free(buf->at);
	*buf = (struct buf){ 0 };
}
