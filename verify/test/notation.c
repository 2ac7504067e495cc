#include "verify/test/notation.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

void notation_add_der(struct buf *out, uint8_t tag, struct span content)
{
	uint8_t head[6] = { tag, (uint8_t)content.len };
	size_t head_len = 2;
	unsigned octets = 0;

	if (content.len >= 0x80) {
		while (content.len >> (8 * octets) != 0)
			octets++;
		head[1] = (uint8_t)(0x80 | octets);
		for (unsigned i = octets; i-- > 0;)
			head[head_len++] = (uint8_t)(content.len >> (8 * i));
	}
	buf_add(out, (struct span){ head, head_len });
	buf_add(out, content);
}

static unsigned digit(const char *at)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = *at == '\0' ? NULL : strchr(digits, *at);

	if (found == NULL)
		ck_abort_msg("no hex digit: \"%.40s\"", at);
	return found == NULL ? 0 : (unsigned)(found - digits);
}

/* Appends up to the closing brace or the end and gives where that is. */
static const char *add_until_close(struct buf *out, const char *at)
{
	for (;;) {
		at += strspn(at, " ");
		if (*at == '\0' || *at == '}')
			return at;
		if (*at == '\'') {
			size_t n = strcspn(at + 1, "'");
			buf_add(out, (struct span){ (const uint8_t *)at + 1, n });
			ck_assert_msg(at[1 + n] == '\'', "no closing quote: \"%.40s\"", at);
			at += n + 2;
			continue;
		}
		uint8_t byte = (uint8_t)(digit(at) << 4);
		byte |= (uint8_t)digit(at + 1);
		at += 2;
		if (*at == '{') {
			struct buf content = { 0 };
			at = add_until_close(&content, at + 1);
			ck_assert_msg(*at == '}', "no closing brace");
			notation_add_der(out, byte, buf_span(&content));
			buf_done(&content);
			at++;
			continue;
		}
		char *end = NULL;
		unsigned long times = *at == '*' ? strtoul(at + 1, &end, 10) : 1;
		at = end == NULL ? at : end;
		for (unsigned long i = 0; i < times; i++)
			buf_add(out, (struct span){ &byte, 1 });
	}
}

void notation_add(struct buf *out, const char *text)
{
	const char *end = add_until_close(out, text);

	ck_assert_msg(*end == '\0', "a brace too many: \"%.40s\"", end);
	ck_assert_msg(!out->failed, "out of memory");
}

struct buf notation(const char *text)
{
	struct buf out = { 0 };

	notation_add(&out, text);
	return out;
}
