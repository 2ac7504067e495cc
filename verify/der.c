#include "verify/der.h"

#include "verify/instant.h"

bool der_is(const struct span *cursor, uint8_t tag)
{
	return cursor->len > 0 && cursor->at[0] == tag;
}

/* The length octets, in their shortest form (X.690 section 10.1); four octets are more than any
 * input. */
static bool take_length(struct span *cursor, size_t *ret)
{
	uint64_t first;
	uint64_t length;

	if (!span_be(cursor, 1, &first))
		return false;
	if (first < 0x80) {
		*ret = (size_t)first;
		return true;
	}
	size_t octets = first & 0x7f;
	if (octets < 1 || octets > 4 || !span_be(cursor, octets, &length))
		return false;
	if (length < 0x80 || length >> (8 * (octets - 1)) == 0)
		return false;
	*ret = (size_t)length;
	return true;
}

bool der_take_whole(struct span *cursor, uint8_t tag, struct span *ret_content,
		    struct span *ret_whole)
{
	struct span rest = *cursor;
	struct span content;
	struct span whole;
	uint64_t found;
	size_t length;

	if (!span_be(&rest, 1, &found) || found != tag || !take_length(&rest, &length) ||
	    !span_take(&rest, length, &content) ||
	    !span_take(cursor, cursor->len - rest.len, &whole))
		return false;
	*ret_content = content;
	*ret_whole = whole;
	return true;
}

bool der_take(struct span *cursor, uint8_t tag, struct span *ret)
{
	struct span whole;

	return der_take_whole(cursor, tag, ret, &whole);
}

bool der_bool(struct span *cursor, bool *ret)
{
	struct span after = *cursor;
	struct span content;

	if (!der_take(&after, DER_BOOLEAN, &content) || content.len != 1 ||
	    (content.at[0] != 0x00 && content.at[0] != 0xff))
		return false;
	*cursor = after;
	*ret = content.at[0] == 0xff;
	return true;
}

bool der_uint(struct span *cursor, struct span *ret)
{
	struct span after = *cursor;
	struct span content;
	struct span sign;

	if (!der_take(&after, DER_INTEGER, &content) || content.len < 1 || content.at[0] >= 0x80)
		return false;
	if (content.len > 1 && content.at[0] == 0x00) {
		if (content.at[1] < 0x80 || !span_take(&content, 1, &sign))
			return false;
	}
	*cursor = after;
	*ret = content;
	return true;
}

bool der_oid(struct span *cursor, struct span *ret)
{
	struct span after = *cursor;
	struct span content;
	bool first = true; /* of an arc: 80 there would be a needless leading zero */

	if (!der_take(&after, DER_OID, &content) || content.len < 1)
		return false;
	for (size_t i = 0; i < content.len; i++) {
		if (first && content.at[i] == 0x80)
			return false;
		first = content.at[i] < 0x80;
	}
	if (!first)
		return false;
	*cursor = after;
	*ret = content;
	return true;
}

bool der_octet_bits(struct span *cursor, struct span *ret)
{
	struct span after = *cursor;
	struct span content;
	uint64_t unused;

	if (!der_take(&after, DER_BIT_STRING, &content) || !span_be(&content, 1, &unused) ||
	    unused != 0)
		return false;
	*cursor = after;
	*ret = content;
	return true;
}

bool der_named_bits(struct span *cursor, uint16_t *ret)
{
	struct span after = *cursor;
	struct span content;
	uint64_t unused;
	uint64_t octets = 0;

	if (!der_take(&after, DER_BIT_STRING, &content) || !span_be(&content, 1, &unused) ||
	    unused > 7)
		return false;
	size_t n = content.len;
	if (n > 2 || (n == 0 && unused != 0) || (n > 0 && !span_be(&content, n, &octets)))
		return false;
	/* the last bit that is said to be used is a one, and those after it are zeros */
	if (n > 0 && (octets >> unused & 1) == 0)
		return false;
	if ((octets & ((UINT64_C(1) << unused) - 1)) != 0)
		return false;
	uint16_t bits = 0;
	for (size_t i = 0; i < 8 * n; i++) {
		if ((octets >> (8 * n - 1 - i) & 1) != 0)
			bits |= (uint16_t)(1U << i);
	}
	*cursor = after;
	*ret = bits;
	return true;
}

/* Two decimal digits. */
static bool take_pair(struct span *digits, unsigned *ret)
{
	uint64_t pair;

	if (!span_be(digits, 2, &pair))
		return false;
	unsigned high = (unsigned)(pair >> 8) - '0';
	unsigned low = (unsigned)(pair & 0xff) - '0';
	*ret = high * 10 + low;
	return high <= 9 && low <= 9;
}

bool der_time(struct span *cursor, int64_t *ret)
{
	struct span after = *cursor;
	struct span digits;
	unsigned century = 0;
	unsigned year, month, day, hour, minute, second;
	uint64_t zone;

	bool utc = der_is(cursor, DER_UTC_TIME);
	if (!der_take(&after, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, &digits))
		return false;
	if (!utc && !take_pair(&digits, &century))
		return false;
	if (!take_pair(&digits, &year) || !take_pair(&digits, &month) ||
	    !take_pair(&digits, &day) || !take_pair(&digits, &hour) ||
	    !take_pair(&digits, &minute) || !take_pair(&digits, &second) ||
	    !span_be(&digits, 1, &zone) || zone != 'Z' || digits.len != 0)
		return false;
	year += utc ? (year < 50 ? 2000 : 1900) : century * 100;
	if (!utc && year < 2050)
		return false;
	if (!instant_from_civil((int)year, month, day, hour, minute, second, ret))
		return false;
	*cursor = after;
	return true;
}
