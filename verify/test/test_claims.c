#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/claims.h"
#include "verify/test/notation.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum {
	MODULE_ID,
	DIGEST,
	TIMESTAMP,
	PCRS,
	CERTIFICATE,
	CABUNDLE,
	PUBLIC_KEY,
	USER_DATA,
	NONCE,
	FIELDS
};

static const char *const keys[FIELDS] = {
	"69'module_id'", "66'digest'",     "69'timestamp'", "64'pcrs'",  "6b'certificate'",
	"68'cabundle'",  "6a'public_key'", "69'user_data'", "65'nonce'",
};

#define PCR " 5830 11*48 "

static const char *const usual[FIELDS] = {
	"63'i-1'", "66'SHA384'", "1b0000019b8596b1aa", ("a1 00" PCR), "42 3000", "81 42 3000", "f6",
	"f6",      "f6",
};

#define ABSENT ""

/* A payload of the usual entries in this order, one of them with another value (or left out). */
static struct buf payload_of(const uint8_t *order, size_t n, size_t field, const char *value,
			     bool indefinite)
{
	struct buf entries = { 0 };
	struct buf payload = { 0 };
	uint8_t pairs = 0;

	for (size_t i = 0; i < n; i++) {
		const char *text = order[i] == field ? value : usual[order[i]];
		if (*text == '\0')
			continue;
		notation_add(&entries, keys[order[i]]);
		notation_add(&entries, text);
		pairs++;
	}
	const uint8_t head = indefinite ? 0xbf : (uint8_t)(0xa0 | pairs);
	buf_add(&payload, (struct span){ &head, 1 });
	buf_add(&payload, buf_span(&entries));
	if (indefinite)
		notation_add(&payload, "ff");
	buf_done(&entries);
	return payload;
}

static const uint8_t in_order[FIELDS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };

static enum reason read_exact(struct span payload, const struct claims_limits *limits,
			      size_t *ret_at)
{
	uint8_t *copy = support_exact(payload);
	struct claims claims;
	struct claims before;

	memset(&claims, 0x5a, sizeof(claims));
	memcpy(&before, &claims, sizeof(claims));
	enum reason reason =
		claims_read((struct span){ copy, payload.len }, limits, &claims, ret_at);
	if (reason != REASON_OK)
		ck_assert_mem_eq(&claims, &before, sizeof(claims));
	free(copy);
	return reason;
}

/* One value is another; `at` is the offset of the fault behind that field's key. */
static const struct {
	size_t field;
	const char *value;
	enum reason want;
	size_t at;
} values[] = {
	/* module_id */
	{ MODULE_ID, "6161", REASON_OK, 0 },
	{ MODULE_ID, "790100 61*256", REASON_OK, 0 },
	{ MODULE_ID, "790101 61*257", REASON_MODULE_ID, 0 },
	{ MODULE_ID, "60", REASON_MODULE_ID, 0 },
	{ MODULE_ID, "4161", REASON_MODULE_ID, 0 },
	{ MODULE_ID, "01", REASON_MODULE_ID, 0 },
	{ MODULE_ID, "62 'a' 00", REASON_MODULE_ID, 0 },
	{ MODULE_ID, "62 'a' 1f", REASON_MODULE_ID, 0 },
	{ MODULE_ID, "62 'a' 20", REASON_OK, 0 },
	{ MODULE_ID, "62 'a' 7e", REASON_OK, 0 },
	{ MODULE_ID, "62 'a' 7f", REASON_MODULE_ID, 0 },
	{ MODULE_ID, "62 0a 'a'", REASON_MODULE_ID, 0 },
	{ MODULE_ID, "62c3bc", REASON_OK, 0 },
	{ MODULE_ID, "62c280", REASON_MODULE_ID, 0 }, /* U+0080 to U+009F are controls too */
	{ MODULE_ID, "64 'a' c29b 'b'", REASON_MODULE_ID, 0 },
	{ MODULE_ID, "62c29f", REASON_MODULE_ID, 0 },
	{ MODULE_ID, "62c2a0", REASON_OK, 0 },
	{ MODULE_ID, "62c380", REASON_OK, 0 },
	{ MODULE_ID, "63e28080", REASON_OK, 0 },
	{ MODULE_ID, "62c328", REASON_CBOR_UTF8, 0 },
	{ MODULE_ID, "61ff", REASON_CBOR_UTF8, 0 },
	{ MODULE_ID, "7f 6161 ff", REASON_CBOR_NONCANONICAL, 0 },
	{ MODULE_ID, "780161", REASON_CBOR_NONCANONICAL, 0 },
	{ MODULE_ID, "c06161", REASON_MODULE_ID, 0 },
	{ MODULE_ID, "f6", REASON_DOC_NULL_FIELD, 0 },
	{ MODULE_ID, "f7", REASON_MODULE_ID, 0 },
	{ MODULE_ID, ABSENT, REASON_DOC_MISSING_FIELD, SIZE_MAX },

	/* digest */
	{ DIGEST, "66'SHA256'", REASON_DIGEST, 0 },
	{ DIGEST, "66'SHA512'", REASON_DIGEST, 0 },
	{ DIGEST, "66'sha384'", REASON_DIGEST, 0 },
	{ DIGEST, "65'SHA38'", REASON_DIGEST, 0 },
	{ DIGEST, "67'SHA384' 00", REASON_DIGEST, 0 },
	{ DIGEST, "60", REASON_DIGEST, 0 },
	{ DIGEST, "46'SHA384'", REASON_DIGEST, 0 },
	{ DIGEST, "7806'SHA384'", REASON_CBOR_NONCANONICAL, 0 },
	{ DIGEST, "66'SHA38' ff", REASON_CBOR_UTF8, 0 },
	{ DIGEST, "f6", REASON_DOC_NULL_FIELD, 0 },
	{ DIGEST, ABSENT, REASON_DOC_MISSING_FIELD, SIZE_MAX },

	/* timestamp: 2020-01-01 is 16f5e66e800, 2100-01-01 is 3bb2cc3d800 */
	{ TIMESTAMP, "1b0000016f5e66e800", REASON_OK, 0 },
	{ TIMESTAMP, "1b0000016f5e66e7ff", REASON_TIMESTAMP_RANGE, 0 },
	{ TIMESTAMP, "1b000003bb2cc3d7ff", REASON_OK, 0 },
	{ TIMESTAMP, "1b000003bb2cc3d800", REASON_TIMESTAMP_RANGE, 0 },
	{ TIMESTAMP, "1bffffffffffffffff", REASON_TIMESTAMP_RANGE, 0 },
	{ TIMESTAMP, "1b8000000000000000", REASON_TIMESTAMP_RANGE, 0 },
	{ TIMESTAMP, "1a6958e8e0", REASON_TIMESTAMP_RANGE, 0 }, /* seconds */
	{ TIMESTAMP, "01", REASON_TIMESTAMP_RANGE, 0 },
	{ TIMESTAMP, "00", REASON_TIMESTAMP, 0 },
	{ TIMESTAMP, "20", REASON_TIMESTAMP, 0 },
	{ TIMESTAMP, "3b0000019b8596b1aa", REASON_TIMESTAMP, 0 },
	{ TIMESTAMP, "fb4279b8596b1aa000", REASON_TIMESTAMP, 0 },
	{ TIMESTAMP, "6d'1767472867402'", REASON_TIMESTAMP, 0 },
	{ TIMESTAMP, "c11b0000019b8596b1aa", REASON_TIMESTAMP, 0 },
	{ TIMESTAMP, "c246019b8596b1aa", REASON_TIMESTAMP, 0 },
	{ TIMESTAMP, "1b00000000ffffffff", REASON_CBOR_NONCANONICAL, 0 },
	{ TIMESTAMP, "f6", REASON_DOC_NULL_FIELD, 0 },
	{ TIMESTAMP, ABSENT, REASON_DOC_MISSING_FIELD, SIZE_MAX },

	/* pcrs */
	{ PCRS, "a2 00" PCR "01" PCR, REASON_OK, 0 },
	{ PCRS, "a2 01" PCR "00" PCR, REASON_OK, 0 },
	{ PCRS, "a1 181f" PCR, REASON_OK, 0 },
	{ PCRS, "a1 1820" PCR, REASON_PCR_INDEX, 1 },
	{ PCRS, "a1 190100" PCR, REASON_PCR_INDEX, 1 },
	{ PCRS, "a1 191000" PCR, REASON_PCR_INDEX, 1 },
	{ PCRS, "a1 1b0000000100000000" PCR, REASON_PCR_INDEX, 1 },
	{ PCRS, "a1 1bffffffffffffffff" PCR, REASON_PCR_INDEX, 1 },
	{ PCRS, "a1 20" PCR, REASON_PCR_INDEX, 1 },
	{ PCRS, "a1 6130" PCR, REASON_PCR_INDEX, 1 },
	{ PCRS, "a1 f6" PCR, REASON_PCR_INDEX, 1 },
	{ PCRS, "a1 1800" PCR, REASON_CBOR_NONCANONICAL, 1 },
	{ PCRS, "a2 00" PCR "00" PCR, REASON_CBOR_DUP_KEY, 52 },
	{ PCRS, "a3 00" PCR "181f" PCR "181f" PCR, REASON_CBOR_DUP_KEY, 104 },
	{ PCRS, "a2 00" PCR "1800" PCR, REASON_CBOR_NONCANONICAL, 52 },
	{ PCRS, "a1 00 f6", REASON_PCR_VALUE, 2 },
	{ PCRS, "a1 00 7830 61*48", REASON_PCR_VALUE, 2 },
	{ PCRS, "a1 00 80", REASON_PCR_VALUE, 2 },
	{ PCRS, "a1 00 00", REASON_PCR_VALUE, 2 },
	{ PCRS, "a1 00 5f 5830 11*48 ff", REASON_CBOR_NONCANONICAL, 2 },
	{ PCRS, "a1 00 590030 11*48", REASON_CBOR_NONCANONICAL, 2 },
	{ PCRS, "a1 00 40", REASON_PCR_LENGTH, 2 },
	{ PCRS, "a1 00 5820 11*32", REASON_PCR_LENGTH, 2 },
	{ PCRS, "a1 00 582f 11*47", REASON_PCR_LENGTH, 2 },
	{ PCRS, "a1 00 5831 11*49", REASON_PCR_LENGTH, 2 },
	{ PCRS, "a1 00 5840 11*64", REASON_PCR_LENGTH, 2 },
	{ PCRS, "a2 00" PCR "01 5820 11*32", REASON_PCR_LENGTH, 53 },
	{ PCRS, "a0", REASON_PCRS, 0 },
	{ PCRS, "80", REASON_PCRS, 0 },
	{ PCRS, "81" PCR, REASON_PCRS, 0 },
	{ PCRS, "5831 a1 11*48", REASON_PCRS, 0 },
	{ PCRS, "bf 00" PCR "ff", REASON_CBOR_NONCANONICAL, 0 },
	{ PCRS, "b801 00" PCR, REASON_CBOR_NONCANONICAL, 0 },
	{ PCRS, "ba10000000", REASON_CBOR_TRUNCATED, 0 },
	{ PCRS, "f6", REASON_DOC_NULL_FIELD, 0 },
	{ PCRS, ABSENT, REASON_DOC_MISSING_FIELD, SIZE_MAX },

	/* certificate */
	{ CERTIFICATE, "41 30", REASON_OK, 0 },
	{ CERTIFICATE, "590400 30*1024", REASON_OK, 0 },
	{ CERTIFICATE, "590401 30*1025", REASON_CERTIFICATE, 0 },
	{ CERTIFICATE, "40", REASON_CERTIFICATE, 0 },
	{ CERTIFICATE, "61 30", REASON_CERTIFICATE, 0 },
	{ CERTIFICATE, "81 41 30", REASON_CERTIFICATE, 0 },
	{ CERTIFICATE, "5f 41 30 ff", REASON_CBOR_NONCANONICAL, 0 },
	{ CERTIFICATE, "5801 30", REASON_CBOR_NONCANONICAL, 0 },
	{ CERTIFICATE, "f6", REASON_DOC_NULL_FIELD, 0 },
	{ CERTIFICATE, ABSENT, REASON_DOC_MISSING_FIELD, SIZE_MAX },

	/* cabundle */
	{ CABUNDLE, "84 4130 4130 4130 4130", REASON_OK, 0 },
	{ CABUNDLE,
	  "90 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130",
	  REASON_OK, 0 },
	{ CABUNDLE,
	  "91 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130 4130",
	  REASON_CABUNDLE, 0 },
	{ CABUNDLE, "82 4130 590400 30*1024", REASON_OK, 0 },
	{ CABUNDLE, "82 4130 590401 30*1025", REASON_CABUNDLE, 3 },
	{ CABUNDLE, "82 4130 40", REASON_CABUNDLE, 3 },
	{ CABUNDLE, "82 4130 f6", REASON_CABUNDLE, 3 },
	{ CABUNDLE, "82 4130 6130", REASON_CABUNDLE, 3 },
	{ CABUNDLE, "82 4130 5f4130ff", REASON_CBOR_NONCANONICAL, 3 },
	{ CABUNDLE, "80", REASON_CABUNDLE, 0 },
	{ CABUNDLE, "4130", REASON_CABUNDLE, 0 },
	{ CABUNDLE, "a1 00 4130", REASON_CABUNDLE, 0 },
	{ CABUNDLE, "9f 4130 ff", REASON_CBOR_NONCANONICAL, 0 },
	{ CABUNDLE, "9801 4130", REASON_CBOR_NONCANONICAL, 0 },
	{ CABUNDLE, "9b0000000100000001 4130", REASON_CBOR_TRUNCATED, 0 },
	{ CABUNDLE, "f6", REASON_DOC_NULL_FIELD, 0 },
	{ CABUNDLE, ABSENT, REASON_DOC_MISSING_FIELD, SIZE_MAX },

	/* the optional three */
	{ PUBLIC_KEY, ABSENT, REASON_OK, 0 },
	{ PUBLIC_KEY, "40", REASON_OK, 0 },
	{ PUBLIC_KEY, "590400 11*1024", REASON_OK, 0 },
	{ PUBLIC_KEY, "590401 11*1025", REASON_PUBLIC_KEY, 0 },
	{ PUBLIC_KEY, "60", REASON_PUBLIC_KEY, 0 },
	{ PUBLIC_KEY, "f7", REASON_PUBLIC_KEY, 0 },
	{ PUBLIC_KEY, "f4", REASON_PUBLIC_KEY, 0 },
	{ PUBLIC_KEY, "00", REASON_PUBLIC_KEY, 0 },
	{ PUBLIC_KEY, "f816", REASON_PUBLIC_KEY, 0 },
	{ PUBLIC_KEY, "5f4100ff", REASON_CBOR_NONCANONICAL, 0 },
	{ USER_DATA, ABSENT, REASON_OK, 0 },
	{ USER_DATA, "40", REASON_OK, 0 },
	{ USER_DATA, "590400 11*1024", REASON_OK, 0 },
	{ USER_DATA, "590401 11*1025", REASON_USER_DATA, 0 },
	{ USER_DATA, "62'no'", REASON_USER_DATA, 0 },
	{ USER_DATA, "f7", REASON_USER_DATA, 0 },
	{ USER_DATA, "80", REASON_USER_DATA, 0 },
	{ USER_DATA, "580100", REASON_CBOR_NONCANONICAL, 0 },
	{ NONCE, ABSENT, REASON_OK, 0 },
	{ NONCE, "40", REASON_OK, 0 },
	{ NONCE, "590400 11*1024", REASON_OK, 0 },
	{ NONCE, "590401 11*1025", REASON_NONCE, 0 },
	{ NONCE, "62'no'", REASON_NONCE, 0 },
	{ NONCE, "f7", REASON_NONCE, 0 },
	{ NONCE, "a0", REASON_NONCE, 0 },
	{ NONCE, "590001 00", REASON_CBOR_NONCANONICAL, 0 },
	{ NONCE, "5a00000400", REASON_CBOR_TRUNCATED, 0 },
	{ NONCE, "1c", REASON_NONCE, 0 },
	{ NONCE, "5c", REASON_CBOR_MALFORMED, 0 },
};

/* Where the value of `field` stands in a payload in order. */
static size_t value_at(size_t field)
{
	struct buf before = { 0 };

	for (size_t i = 0; i <= field; i++) {
		notation_add(&before, keys[i]);
		notation_add(&before, i < field ? usual[i] : "");
	}
	size_t at = 1 + before.len;
	buf_done(&before);
	return at;
}

START_TEST(test_values)
{
	for (size_t i = 0; i < LENGTH(values); i++) {
		size_t field = values[i].field;
		for (int indefinite = 0; indefinite < 2; indefinite++) {
			char row[128];
			size_t at = SIZE_MAX;
			struct buf payload = payload_of(in_order, FIELDS, field, values[i].value,
							indefinite == 1);
			(void)snprintf(row, sizeof(row), "%s %.60s", keys[field], values[i].value);
			EXPECT_REASON(row, read_exact(buf_span(&payload), &claims_real_limits, &at),
				      values[i].want);
			size_t want_at = values[i].at == SIZE_MAX ? payload.len :
								    value_at(field) + values[i].at;
			if (values[i].want != REASON_OK)
				ck_assert_msg(at == want_at, "%s: at %zu, wanted %zu", row, at,
					      want_at);
			buf_done(&payload);
		}
	}
}
END_TEST

/* The narrower limits of AWS's table. */
START_TEST(test_table_limits)
{
	static const struct {
		size_t field;
		const char *value;
		enum reason want;
	} rows[] = {
		{ PUBLIC_KEY, "f6", REASON_OK },
		{ PUBLIC_KEY, ABSENT, REASON_OK },
		{ PUBLIC_KEY, "40", REASON_PUBLIC_KEY },
		{ PUBLIC_KEY, "4100", REASON_OK },
		{ PUBLIC_KEY, "590400 11*1024", REASON_OK },
		{ PUBLIC_KEY, "590401 11*1025", REASON_PUBLIC_KEY },
		{ USER_DATA, "40", REASON_OK },
		{ USER_DATA, "590200 11*512", REASON_OK },
		{ USER_DATA, "590201 11*513", REASON_USER_DATA },
		{ NONCE, "40", REASON_OK },
		{ NONCE, "590200 11*512", REASON_OK },
		{ NONCE, "590201 11*513", REASON_NONCE },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		size_t at;
		struct buf payload =
			payload_of(in_order, FIELDS, rows[i].field, rows[i].value, true);
		EXPECT_REASON(rows[i].value,
			      read_exact(buf_span(&payload), &claims_aws_table_limits, &at),
			      rows[i].want);
		buf_done(&payload);
	}
}
END_TEST

#define MANDATORY \
	"69'module_id' 63'i-1' 66'digest' 66'SHA384' 69'timestamp' 1b0000019b8596b1aa " \
	"64'pcrs' a1 00" PCR "6b'certificate' 4130 68'cabundle' 814130 "

/* Whole payloads. */
static const struct {
	const char *row;
	const char *payload;
	enum reason want;
	size_t at;
} payloads[] = {
	{ "mandatory fields", "a6" MANDATORY, REASON_OK, 0 },
	{ "mandatory fields, indefinite", "bf" MANDATORY "ff", REASON_OK, 0 },
	{ "nothing", "", REASON_CBOR_TRUNCATED, 0 },
	{ "empty map", "a0", REASON_DOC_MISSING_FIELD, 1 },
	{ "empty indefinite map", "bfff", REASON_DOC_MISSING_FIELD, 2 },
	{ "array", "80", REASON_DOC_SHAPE, 0 },
	{ "indefinite array", "9fff", REASON_DOC_SHAPE, 0 },
	{ "text", "'nothing but text'", REASON_DOC_SHAPE, 0 },
	{ "null", "f6", REASON_DOC_SHAPE, 0 },
	{ "tagged map", "d9d9f7 a6" MANDATORY, REASON_DOC_SHAPE, 0 },
	{ "a map in bytes", "41a0", REASON_DOC_SHAPE, 0 },
	{ "count in two bytes", "b806" MANDATORY, REASON_CBOR_NONCANONICAL, 0 },
	{ "count of reserved length", "bc" MANDATORY, REASON_CBOR_MALFORMED, 0 },
	{ "count too high by one", "a7" MANDATORY, REASON_CBOR_TRUNCATED, 131 },
	{ "count too low by one", "a5" MANDATORY, REASON_DOC_MISSING_FIELD, 119 },
	{ "count of 2^28", "ba10000000" MANDATORY, REASON_CBOR_TRUNCATED, 0 },
	{ "count of 2^63", "bb8000000000000000" MANDATORY, REASON_CBOR_TRUNCATED, 0 },
	{ "no break", "bf" MANDATORY, REASON_CBOR_TRUNCATED, 131 },
	{ "break in a definite map", "a7" MANDATORY "ff ff", REASON_DOC_KEY_TYPE, 131 },
	{ "break for a value", "bf" MANDATORY "65'nonce' ff", REASON_NONCE, 137 },
	{ "trailing byte", "a6" MANDATORY "00", REASON_DOC_TRAILING, 131 },
	{ "trailing break", "a6" MANDATORY "ff", REASON_DOC_TRAILING, 131 },
	{ "trailing byte, indefinite", "bf" MANDATORY "ff00", REASON_DOC_TRAILING, 132 },
	{ "second break", "bf" MANDATORY "ffff", REASON_DOC_TRAILING, 132 },
	{ "unknown field", "a7" MANDATORY "61'x' f6", REASON_DOC_UNKNOWN_FIELD, 131 },
	{ "unknown field, indefinite", "bf" MANDATORY "61'x' f6 ff", REASON_DOC_UNKNOWN_FIELD,
	  131 },
	{ "empty key", "a7" MANDATORY "60 f6", REASON_DOC_UNKNOWN_FIELD, 131 },
	{ "key in capitals", "a7" MANDATORY "65'Nonce' f6", REASON_DOC_UNKNOWN_FIELD, 131 },
	{ "key with a NUL", "a7" MANDATORY "66'nonce' 00 f6", REASON_DOC_UNKNOWN_FIELD, 131 },
	{ "key cut", "a7" MANDATORY "64'nonc' f6", REASON_DOC_UNKNOWN_FIELD, 131 },
	{ "key in bytes", "a7" MANDATORY "45'nonce' f6", REASON_DOC_KEY_TYPE, 131 },
	{ "key a number", "a7" MANDATORY "01 f6", REASON_DOC_KEY_TYPE, 131 },
	{ "key null", "a7" MANDATORY "f6 f6", REASON_DOC_KEY_TYPE, 131 },
	{ "key tagged", "a7" MANDATORY "c165'nonce' f6", REASON_DOC_KEY_TYPE, 131 },
	{ "key indefinite", "a7" MANDATORY "7f65'nonce'ff f6", REASON_CBOR_NONCANONICAL, 131 },
	{ "key length in two bytes", "a7" MANDATORY "7805'nonce' f6", REASON_CBOR_NONCANONICAL,
	  131 },
	{ "key not UTF-8", "a7" MANDATORY "61ff f6", REASON_CBOR_UTF8, 131 },
	{ "nonce twice", "a8" MANDATORY "65'nonce' f6 65'nonce' f6", REASON_CBOR_DUP_KEY, 138 },
	{ "nonce twice, indefinite", "bf" MANDATORY "65'nonce' f6 65'nonce' 4101 ff",
	  REASON_CBOR_DUP_KEY, 138 },
	{ "module_id twice", "a7" MANDATORY "69'module_id' 63'i-1'", REASON_CBOR_DUP_KEY, 131 },
	{ "digest twice", "a7" MANDATORY "66'digest' 66'SHA384'", REASON_CBOR_DUP_KEY, 131 },
	{ "timestamp twice", "a7" MANDATORY "69'timestamp' 1b0000019b8596b1aa", REASON_CBOR_DUP_KEY,
	  131 },
	{ "pcrs twice", "a7" MANDATORY "64'pcrs' a1 00" PCR, REASON_CBOR_DUP_KEY, 131 },
	{ "certificate twice", "a7" MANDATORY "6b'certificate' 4130", REASON_CBOR_DUP_KEY, 131 },
	{ "cabundle twice", "a7" MANDATORY "68'cabundle' 814130", REASON_CBOR_DUP_KEY, 131 },
	{ "a null field twice", "a8" MANDATORY "69'user_data' f6 69'user_data' f6",
	  REASON_CBOR_DUP_KEY, 142 },
	{ "public_key twice", "a8" MANDATORY "6a'public_key' f6 6a'public_key' f6",
	  REASON_CBOR_DUP_KEY, 143 },
};

START_TEST(test_payloads)
{
	for (size_t i = 0; i < LENGTH(payloads); i++) {
		size_t at = SIZE_MAX;
		struct buf payload = notation(payloads[i].payload);
		EXPECT_REASON(payloads[i].row,
			      read_exact(buf_span(&payload), &claims_real_limits, &at),
			      payloads[i].want);
		if (payloads[i].want != REASON_OK)
			ck_assert_msg(at == payloads[i].at, "row \"%s\": at %zu, wanted %zu",
				      payloads[i].row, at, payloads[i].at);
		buf_done(&payload);
	}
}
END_TEST

START_TEST(test_prefixes)
{
	for (int indefinite = 0; indefinite < 2; indefinite++) {
		struct buf payload = payload_of(in_order, FIELDS, FIELDS, ABSENT, indefinite == 1);
		size_t at;
		EXPECT_REASON("whole", read_exact(buf_span(&payload), &claims_real_limits, &at),
			      REASON_OK);
		for (size_t n = 0; n < payload.len; n++) {
			EXPECT_REASON("prefix",
				      read_exact((struct span){ payload.at, n },
						 &claims_real_limits, &at),
				      REASON_CBOR_TRUNCATED);
			ck_assert_uint_le(at, n);
		}
		buf_done(&payload);
	}
}
END_TEST

/* Any order of keys gives the same claims. */
START_TEST(test_order)
{
	uint8_t order[FIELDS];
	uint64_t random = 1;

	memcpy(order, in_order, sizeof(order));
	for (unsigned round = 0; round < 200; round++) {
		for (size_t i = FIELDS - 1; i > 0; i--) {
			size_t j = (size_t)(support_random(&random) % (i + 1));
			uint8_t swap = order[i];
			order[i] = order[j];
			order[j] = swap;
		}
		struct claims claims;
		size_t at;
		struct buf payload =
			payload_of(order, FIELDS, USER_DATA, "43'abc'", round % 2 == 1);
		EXPECT_REASON("order",
			      claims_read(buf_span(&payload), &claims_real_limits, &claims, &at),
			      REASON_OK);
		EXPECT_BYTES("module_id", claims.module_id, SPAN_LITERAL("i-1"));
		EXPECT_BYTES("user_data", claims.user_data, SPAN_LITERAL("abc"));
		ck_assert_ptr_null(claims.nonce.at);
		buf_done(&payload);
	}
}
END_TEST

static void expect_register(const struct pcrs *pcrs, unsigned index, uint8_t byte)
{
	uint8_t want[PCR_LEN];

	memset(want, byte, sizeof(want));
	ck_assert(pcrs_has(pcrs, index));
	EXPECT_BYTES("register", pcrs_get(pcrs, index), SPAN_OF(want));
}

START_TEST(test_fields)
{
	struct buf payload = notation(
		"bf 65'nonce' 43'non' 64'pcrs' a3 00 5830 11*48 181f 5830 22*48 04 5830 33*48 "
		"69'module_id' 64'i-22' 66'digest' 66'SHA384' 69'timestamp' 1b0000019b8596b1aa"
		"6b'certificate' 44'leaf' 68'cabundle' 82 44'root' 43'mid' 6a'public_key' 40"
		"69'user_data' f6 ff");
	struct claims claims;
	size_t at;

	memset(&claims, 0x5a, sizeof(claims));
	EXPECT_REASON("fields", claims_read(buf_span(&payload), &claims_real_limits, &claims, &at),
		      REASON_OK);
	EXPECT_BYTES("module_id", claims.module_id, SPAN_LITERAL("i-22"));
	EXPECT_BYTES("digest", claims.digest, SPAN_LITERAL("SHA384"));
	ck_assert_uint_eq(claims.timestamp_ms, 1767472804266);
	ck_assert_int_eq(claims_time(&claims), 1767472804);
	ck_assert_uint_eq(claims.pcrs.present, 1U << 0 | 1U << 4 | 1U << 31);
	expect_register(&claims.pcrs, 0, 0x11);
	expect_register(&claims.pcrs, 4, 0x33);
	expect_register(&claims.pcrs, 31, 0x22);
	EXPECT_BYTES("certificate", claims.certificate, SPAN_LITERAL("leaf"));
	ck_assert_uint_eq(claims.cabundle_len, 2);
	EXPECT_BYTES("cabundle[0]", claims.cabundle[0], SPAN_LITERAL("root"));
	EXPECT_BYTES("cabundle[1]", claims.cabundle[1], SPAN_LITERAL("mid"));
	/* of no bytes is not the same as not there */
	ck_assert_ptr_nonnull(claims.public_key.at);
	ck_assert_uint_eq(claims.public_key.len, 0);
	ck_assert_ptr_null(claims.user_data.at);
	EXPECT_BYTES("nonce", claims.nonce, SPAN_LITERAL("non"));
	buf_done(&payload);
}
END_TEST

/* The seconds of a timestamp are rounded down. */
START_TEST(test_time)
{
	static const struct {
		uint64_t ms;
		int64_t want;
	} rows[] = {
		{ 1577836800000, 1577836800 }, { 1577836800001, 1577836800 },
		{ 1577836800999, 1577836800 }, { 1577836801000, 1577836801 },
		{ 4102444799999, 4102444799 },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct claims claims = { .timestamp_ms = rows[i].ms };
		ck_assert_int_eq(claims_time(&claims), rows[i].want);
	}
}
END_TEST

/* `n` registers from 0 on. */
static enum reason read_registers(unsigned n)
{
	struct buf text = { 0 };
	size_t at;

	buf_printf(&text, "%s%02x", n < 24 ? "" : "b8", n < 24 ? 0xa0 | n : n);
	for (unsigned i = 0; i < n; i++)
		buf_printf(&text, " %s%02x 5830 %02x*48", i < 24 ? "" : "18", i, i);
	char *value = buf_take_text(&text);
	ck_assert_ptr_nonnull(value);
	struct buf payload = payload_of(in_order, FIELDS, PCRS, value, true);
	enum reason reason = read_exact(buf_span(&payload), &claims_real_limits, &at);
	buf_done(&payload);
	free(value);
	return reason;
}

START_TEST(test_registers)
{
	EXPECT_REASON("16", read_registers(16), REASON_OK);
	EXPECT_REASON("17", read_registers(17), REASON_OK);
	EXPECT_REASON("32", read_registers(32), REASON_OK);
	EXPECT_REASON("33", read_registers(33), REASON_PCRS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("claims");

	support_add(suite, "values", test_values);
	support_add(suite, "table limits", test_table_limits);
	support_add(suite, "payloads", test_payloads);
	support_add(suite, "prefixes", test_prefixes);
	support_add(suite, "order", test_order);
	support_add(suite, "fields", test_fields);
	support_add(suite, "time", test_time);
	support_add(suite, "registers", test_registers);
	return support_main(suite);
}
