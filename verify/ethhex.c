#include "verify/ethhex.h"

#include <string.h>

#include "verify/basenc.h"

/* The digits behind 0x. json_read lets no U+0000 into a string. */
static bool digits_of(const cJSON *value, bool upper_allowed, struct span *ret)
{
	struct span prefix;

	if (!cJSON_IsString(value) || value->valuestring == NULL)
		return false;
	struct span text = span_of_text(value->valuestring);
	if (!span_take(&text, 2, &prefix) || !span_equal(prefix, SPAN_LITERAL("0x")))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] >= 'A' && text.at[i] <= 'Z' && !upper_allowed)
			return false;
	}
	*ret = text;
	return true;
}

/* Digits, an odd number or not, right-aligned in `len` bytes. */
static bool number_of(struct span digits, uint8_t *ret, size_t len)
{
	uint8_t padded[2 * ETHHEX_WORD_LEN];

	if (digits.len == 0 || len > ETHHEX_WORD_LEN || digits.len > 2 * len)
		return false;
	memset(padded, '0', sizeof(padded));
	memcpy(padded + 2 * len - digits.len, digits.at, digits.len);
	return hex_decode_exact((struct span){ padded, 2 * len }, ret, len);
}

bool ethhex_quantity(const cJSON *value, uint8_t *ret, size_t len)
{
	struct span digits;

	if (!digits_of(value, false, &digits))
		return false;
	if (digits.len > 1 && digits.at[0] == '0')
		return false;
	return number_of(digits, ret, len);
}

bool ethhex_fixed(const cJSON *value, uint8_t *ret, size_t len)
{
	struct span digits;

	return digits_of(value, false, &digits) && hex_decode_exact(digits, ret, len);
}

bool ethhex_data(const cJSON *value, uint8_t *ret, size_t cap, size_t *ret_len)
{
	struct span digits;

	if (!digits_of(value, false, &digits) || digits.len / 2 > cap ||
	    !hex_decode_exact(digits, ret, digits.len / 2))
		return false;
	*ret_len = digits.len / 2;
	return true;
}

bool ethhex_address(const cJSON *value, uint8_t ret[static ETHHEX_ADDRESS_LEN])
{
	struct span digits;

	return digits_of(value, true, &digits) && hex_decode_exact(digits, ret, ETHHEX_ADDRESS_LEN);
}

bool ethhex_slot(const cJSON *value, uint8_t ret[static ETHHEX_WORD_LEN])
{
	struct span digits;

	return digits_of(value, false, &digits) && number_of(digits, ret, ETHHEX_WORD_LEN);
}
