#include "attest/template.h"

#include <string.h>

#include "verify/basenc.h"

void template_base64(struct span bytes, bool for_url, struct buf *out)
{
	static const char standard[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char url[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *digits = for_url ? url : standard;

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i;
		uint32_t group = (uint32_t)bytes.at[i] << 16;
		if (left > 1)
			group |= (uint32_t)bytes.at[i + 1] << 8;
		if (left > 2)
			group |= bytes.at[i + 2];
		/* one byte fills two digits, two fill three */
		for (size_t k = 0; k < 4; k++) {
			if (k <= left)
				buf_byte(out, (uint8_t)digits[group >> (18 - 6 * k) & 63]);
			else if (!for_url)
				buf_byte(out, '=');
		}
	}
}

enum form { FORM_HEX, FORM_BASE64, FORM_TEXT, FORMS };

static const char *const names[FORMS] = {
	[FORM_HEX] = "{nonce_hex}",
	[FORM_BASE64] = "{nonce_base64}",
	[FORM_TEXT] = "{nonce_text}",
};

/* The form whose name stands here, or FORMS. */
static enum form form_at(const char *text)
{
	size_t i = 0;

	while (i < FORMS && strncmp(text, names[i], strlen(names[i])) != 0)
		i++;
	return (enum form)i;
}

static void add_for_url(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];
		if (c == '+' || c == '/' || c == '=')
			buf_printf(out, "%%%02X", c);
		else
			buf_byte(out, c);
	}
}

void template_fill(const char *text, struct span nonce, bool in_url, struct buf *out)
{
	while (*text != '\0') {
		struct buf value = { 0 };
		enum form form = form_at(text);
		if (form == FORMS) {
			buf_byte(out, (uint8_t)*text++);
			continue;
		}
		if (form == FORM_HEX)
			hex_encode(&value, nonce);
		else
			template_base64(nonce, form == FORM_TEXT, &value);
		if (in_url)
			add_for_url(out, buf_span(&value));
		else
			buf_add(out, buf_span(&value));
		if (value.failed)
			out->failed = true;
		buf_done(&value);
		text += strlen(names[form]);
	}
}

bool template_uses_nonce(const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		if (form_at(text) != FORMS)
			return true;
	}
	return false;
}
