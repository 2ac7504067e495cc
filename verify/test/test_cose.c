#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/auto.h"
#include "verify/cert.h"
#include "verify/claims.h"
#include "verify/cose.h"
#include "verify/ecdsa.h"
#include "verify/test/mint.h"
#include "verify/test/notation.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define PROTECTED " 44a1013822 "
#define PAYLOAD " 43 'abc' "
#define ONE " 00*47 01 "
#define SIGNATURE " 5860" ONE ONE
#define BEFORE_SIGNATURE "84" PROTECTED "a0" PAYLOAD
/* the order of P-384 but for its last byte, 73 */
#define ORDER " ff*24 c7634d81f4372ddf581a0db248b0a77aecec196accc529"

/* With other bytes for one part. */
#define HEADER(bytes) "84" bytes "a0" PAYLOAD SIGNATURE
#define UNPROTECTED(bytes) "84" PROTECTED bytes PAYLOAD SIGNATURE
#define CONTENT(bytes) "84" PROTECTED "a0" bytes SIGNATURE

static const struct {
	const char *row;
	const char *document;
	enum reason want;
	size_t at; /* where the fault is said to be */
} rows[] = {
	{ "good", BEFORE_SIGNATURE SIGNATURE, REASON_OK, 0 },
	{ "tag 18", "d2" BEFORE_SIGNATURE SIGNATURE, REASON_OK, 0 },

	/* size */
	{ "nothing", "", REASON_COSE_EMPTY, 0 },
	{ "32768 bytes", BEFORE_SIGNATURE SIGNATURE "00*32659", REASON_COSE_TRAILING, 109 },
	{ "32769 bytes", BEFORE_SIGNATURE SIGNATURE "00*32660", REASON_COSE_TOO_LARGE, 0 },
	{ "32769 zeros", "00*32769", REASON_COSE_TOO_LARGE, 0 },
	{ "32768 zeros", "00*32768", REASON_COSE_SHAPE, 0 },

	/* tag */
	{ "tag 18 and no more", "d2", REASON_CBOR_TRUNCATED, 1 },
	{ "tag 18 twice", "d2d2" BEFORE_SIGNATURE SIGNATURE, REASON_COSE_TAG, 1 },
	{ "tag 18 in two bytes", "d812" BEFORE_SIGNATURE SIGNATURE, REASON_COSE_TAG, 0 },
	{ "tag 17", "d1" BEFORE_SIGNATURE SIGNATURE, REASON_COSE_TAG, 0 },
	{ "tag 98", "d862" BEFORE_SIGNATURE SIGNATURE, REASON_COSE_TAG, 0 },
	{ "tag 61 around tag 18", "d83d d2" BEFORE_SIGNATURE SIGNATURE, REASON_COSE_TAG, 0 },
	{ "tag 55799 around it", "d9d9f7" BEFORE_SIGNATURE SIGNATURE, REASON_COSE_TAG, 0 },

	/* the array */
	{ "array of 3", "83" PROTECTED "a0" PAYLOAD, REASON_COSE_SHAPE, 0 },
	{ "array of 5", "85" PROTECTED "a0" PAYLOAD SIGNATURE "00", REASON_COSE_SHAPE, 0 },
	{ "array of 0", "80", REASON_COSE_SHAPE, 0 },
	{ "map", "a2" PROTECTED "a0" PAYLOAD SIGNATURE, REASON_COSE_SHAPE, 0 },
	{ "byte string", "42 84a0", REASON_COSE_SHAPE, 0 },
	{ "text", "'dummy'", REASON_COSE_SHAPE, 0 },
	{ "null", "f6", REASON_COSE_SHAPE, 0 },
	{ "indefinite array", "9f" PROTECTED "a0" PAYLOAD SIGNATURE "ff", REASON_CBOR_NONCANONICAL,
	  0 },
	{ "count in two bytes", "9804" PROTECTED "a0" PAYLOAD SIGNATURE, REASON_CBOR_NONCANONICAL,
	  0 },
	{ "count of no length", "9c" PROTECTED "a0" PAYLOAD SIGNATURE, REASON_CBOR_MALFORMED, 0 },
	{ "count of 2^28", "9a10000000", REASON_CBOR_TRUNCATED, 0 },
	{ "count of 2^64 - 1", "9bffffffffffffffff" PROTECTED, REASON_CBOR_TRUNCATED, 0 },

	/* protected */
	{ "protected null", HEADER("f6"), REASON_COSE_SHAPE, 1 },
	{ "protected a map", HEADER("a1013822"), REASON_COSE_SHAPE, 1 },
	{ "protected text", HEADER("64a1013822"), REASON_COSE_SHAPE, 1 },
	{ "protected indefinite", HEADER("5f44a1013822ff"), REASON_CBOR_NONCANONICAL, 1 },
	{ "protected length in two bytes", HEADER("5804a1013822"), REASON_CBOR_NONCANONICAL, 1 },
	{ "protected of reserved length", HEADER("5ca1013822"), REASON_CBOR_MALFORMED, 1 },
	{ "protected empty", HEADER("40"), REASON_COSE_ALG, 1 },
	{ "protected {}", HEADER("41a0"), REASON_COSE_ALG, 1 },
	{ "ES256", HEADER("43a10126"), REASON_COSE_ALG, 1 },
	{ "ES512", HEADER("44a1013823"), REASON_COSE_ALG, 1 },
	{ "EdDSA", HEADER("43a10127"), REASON_COSE_ALG, 1 },
	{ "alg 34", HEADER("44a1011822"), REASON_COSE_ALG, 1 },
	{ "alg in text", HEADER("48a1 01 65'ES384'"), REASON_COSE_ALG, 1 },
	{ "alg null", HEADER("43a101f6"), REASON_COSE_ALG, 1 },
	{ "no alg", HEADER("44a1043822"), REASON_COSE_ALG, 1 },
	{ "label -2", HEADER("44a1213822"), REASON_COSE_ALG, 1 },
	{ "label in text", HEADER("46a1 61'1' 3822"), REASON_COSE_ALG, 1 },
	{ "alg and kid", HEADER("48a2 01 3822 04 42 'me'"), REASON_COSE_PROTECTED, 1 },
	{ "kid and alg", HEADER("48a2 04 42 'me' 01 3822"), REASON_COSE_PROTECTED, 1 },
	{ "alg twice", HEADER("47a2 01 3822 01 3822"), REASON_COSE_PROTECTED, 1 },
	{ "alg twice, the second another", HEADER("46a2 01 3822 01 26"), REASON_COSE_ALG, 1 },
	{ "alg twice, the first another", HEADER("46a2 01 26 01 3822"), REASON_COSE_ALG, 1 },
	{ "something behind", HEADER("45a101382200"), REASON_COSE_PROTECTED, 1 },
	{ "no map", HEADER("4100"), REASON_COSE_PROTECTED, 1 },
	{ "array in it", HEADER("43810138"), REASON_COSE_PROTECTED, 1 },
	{ "label an array", HEADER("43a18000"), REASON_COSE_PROTECTED, 1 },
	{ "label a break", HEADER("43a1ff00"), REASON_COSE_PROTECTED, 1 },
	{ "value a break", HEADER("43a101ff"), REASON_CBOR_MALFORMED, 1 },
	{ "cut within", HEADER("43a10138"), REASON_CBOR_TRUNCATED, 1 },
	{ "no value", HEADER("42a101"), REASON_CBOR_TRUNCATED, 1 },
	{ "indefinite within", HEADER("45bf013822ff"), REASON_CBOR_NONCANONICAL, 1 },
	{ "label in two bytes", HEADER("45a118013822"), REASON_CBOR_NONCANONICAL, 1 },
	{ "alg in three bytes", HEADER("45a101390022"), REASON_CBOR_NONCANONICAL, 1 },
	{ "alg in nine bytes", HEADER("4ba1013b0000000000000022"), REASON_CBOR_NONCANONICAL, 1 },
	{ "count in two bytes", HEADER("45b801013822"), REASON_CBOR_NONCANONICAL, 1 },
	{ "label not UTF-8", HEADER("46a161ff013822"), REASON_CBOR_UTF8, 1 },
	{ "nested", HEADER("49a1 04 818181818181 00"), REASON_CBOR_DEPTH, 1 },

	/* unprotected */
	{ "kid unprotected", UNPROTECTED("a10441'x'"), REASON_COSE_UNPROTECTED, 6 },
	{ "alg unprotected", UNPROTECTED("a1013822"), REASON_COSE_UNPROTECTED, 6 },
	{ "unprotected null", UNPROTECTED("f6"), REASON_COSE_SHAPE, 6 },
	{ "unprotected an array", UNPROTECTED("80"), REASON_COSE_SHAPE, 6 },
	{ "unprotected empty bytes", UNPROTECTED("40"), REASON_COSE_SHAPE, 6 },
	{ "unprotected indefinite", UNPROTECTED("bfff"), REASON_CBOR_NONCANONICAL, 6 },
	{ "unprotected count in two bytes", UNPROTECTED("b800"), REASON_CBOR_NONCANONICAL, 6 },
	{ "unprotected count of 2^63", UNPROTECTED("bb8000000000000000"), REASON_CBOR_TRUNCATED,
	  6 },

	/* payload */
	{ "payload of 1", CONTENT("4100"), REASON_OK, 0 },
	{ "payload of 23", CONTENT("57 00*23"), REASON_OK, 0 },
	{ "payload of 24", CONTENT("5818 00*24"), REASON_OK, 0 },
	{ "payload of 255", CONTENT("58ff 00*255"), REASON_OK, 0 },
	{ "payload of 256", CONTENT("590100 00*256"), REASON_OK, 0 },
	{ "payload of 16384", CONTENT("594000 00*16384"), REASON_OK, 0 },
	{ "payload of 16385", CONTENT("594001 00*16385"), REASON_COSE_PAYLOAD_SIZE, 7 },
	{ "payload of 0", CONTENT("40"), REASON_COSE_PAYLOAD_SIZE, 7 },
	{ "payload null", CONTENT("f6"), REASON_COSE_SHAPE, 7 },
	{ "payload a map", CONTENT("a0"), REASON_COSE_SHAPE, 7 },
	{ "payload text", CONTENT("6161"), REASON_COSE_SHAPE, 7 },
	{ "payload tagged", CONTENT("d8184100"), REASON_COSE_SHAPE, 7 },
	{ "payload indefinite", CONTENT("5f4100ff"), REASON_CBOR_NONCANONICAL, 7 },
	{ "payload length in two bytes", CONTENT("580100"), REASON_CBOR_NONCANONICAL, 7 },
	{ "payload length in three bytes", CONTENT("590018 00*24"), REASON_CBOR_NONCANONICAL, 7 },
	{ "payload length in five bytes", CONTENT("5a00000100 00*256"), REASON_CBOR_NONCANONICAL,
	  7 },
	{ "payload length in nine bytes", CONTENT("5b0000000000000100 00*256"),
	  REASON_CBOR_NONCANONICAL, 7 },
	{ "payload of 2^32", CONTENT("5b0000000100000000"), REASON_CBOR_TRUNCATED, 7 },
	{ "payload of 2^64 - 1", CONTENT("5bffffffffffffffff"), REASON_CBOR_TRUNCATED, 7 },
	{ "payload of reserved length", CONTENT("5d"), REASON_CBOR_MALFORMED, 7 },

	/* signature */
	{ "signature of 95", BEFORE_SIGNATURE "585f 01*95", REASON_COSE_SIG_SIZE, 11 },
	{ "signature of 97", BEFORE_SIGNATURE "5861 01*97", REASON_COSE_SIG_SIZE, 11 },
	{ "signature of 64", BEFORE_SIGNATURE "5840 01*64", REASON_COSE_SIG_SIZE, 11 },
	{ "signature empty", BEFORE_SIGNATURE "40", REASON_COSE_SIG_SIZE, 11 },
	{ "signature in DER", BEFORE_SIGNATURE "5830 30{02{7f*22} 02{7f*22}}", REASON_COSE_SIG_SIZE,
	  11 },
	{ "signature null", BEFORE_SIGNATURE "f6", REASON_COSE_SHAPE, 11 },
	{ "signature text", BEFORE_SIGNATURE "7860 01*96", REASON_COSE_SHAPE, 11 },
	{ "signature indefinite", BEFORE_SIGNATURE "5f 5860 01*96 ff", REASON_CBOR_NONCANONICAL,
	  11 },
	{ "signature length in three", BEFORE_SIGNATURE "590060 01*96", REASON_CBOR_NONCANONICAL,
	  11 },
	{ "r is 0", BEFORE_SIGNATURE "5860 00*48" ONE, REASON_COSE_SIG_RANGE, 11 },
	{ "s is 0", BEFORE_SIGNATURE "5860" ONE "00*48", REASON_COSE_SIG_RANGE, 11 },
	{ "r is n - 1", BEFORE_SIGNATURE "5860" ORDER "72" ONE, REASON_OK, 0 },
	{ "s is n - 1", BEFORE_SIGNATURE "5860" ONE ORDER "72", REASON_OK, 0 },
	{ "r is n", BEFORE_SIGNATURE "5860" ORDER "73" ONE, REASON_COSE_SIG_RANGE, 11 },
	{ "s is n", BEFORE_SIGNATURE "5860" ONE ORDER "73", REASON_COSE_SIG_RANGE, 11 },
	{ "r is 2^384 - 1", BEFORE_SIGNATURE "5860 ff*48" ONE, REASON_COSE_SIG_RANGE, 11 },

	/* the end */
	{ "a byte behind", BEFORE_SIGNATURE SIGNATURE "00", REASON_COSE_TRAILING, 109 },
	{ "a line end behind", BEFORE_SIGNATURE SIGNATURE "0a", REASON_COSE_TRAILING, 109 },
	{ "a break behind", BEFORE_SIGNATURE SIGNATURE "ff", REASON_COSE_TRAILING, 109 },
	{ "a second behind", BEFORE_SIGNATURE SIGNATURE BEFORE_SIGNATURE SIGNATURE,
	  REASON_COSE_TRAILING, 109 },
};

static enum reason read_exact(struct span document, struct cose *ret, size_t *reterr_at)
{
	uint8_t *copy = support_exact(document);
	enum reason reason = cose_read((struct span){ copy, document.len }, ret, reterr_at);

	free(copy);
	return reason;
}

START_TEST(test_rows)
{
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct cose cose;
		struct cose before;
		size_t at = SIZE_MAX;
		struct buf document = notation(rows[i].document);

		memset(&cose, 0x5a, sizeof(cose));
		memcpy(&before, &cose, sizeof(cose));
		EXPECT_REASON(rows[i].row, read_exact(buf_span(&document), &cose, &at),
			      rows[i].want);
		if (rows[i].want != REASON_OK) {
			ck_assert_msg(at == rows[i].at, "row \"%s\": at %zu, wanted %zu",
				      rows[i].row, at, rows[i].at);
			ck_assert_mem_eq(&cose, &before, sizeof(cose));
		}
		buf_done(&document);
	}
}
END_TEST

START_TEST(test_parts)
{
	struct buf document = notation("d2" BEFORE_SIGNATURE "5860 11*48 22*48");
	struct buf protected = notation("a1013822");
	struct buf signature = notation("11*48 22*48");
	struct cose cose;
	size_t at;

	EXPECT_REASON("tagged", cose_read(buf_span(&document), &cose, &at), REASON_OK);
	ck_assert(cose.tagged);
	EXPECT_BYTES("protected", cose.protected_bstr, buf_span(&protected));
	EXPECT_BYTES("payload", cose.payload, SPAN_LITERAL("abc"));
	EXPECT_BYTES("signature", cose.signature, buf_span(&signature));
	EXPECT_REASON("untagged",
		      cose_read((struct span){ document.at + 1, document.len - 1 }, &cose, &at),
		      REASON_OK);
	ck_assert(!cose.tagged);
	EXPECT_BYTES("payload", cose.payload, SPAN_LITERAL("abc"));
	buf_done(&document);
	buf_done(&protected);
	buf_done(&signature);
}
END_TEST

START_TEST(test_prefixes)
{
	struct buf document = notation("d2" BEFORE_SIGNATURE SIGNATURE);

	for (size_t n = 0; n < document.len; n++) {
		struct cose cose;
		size_t at;
		EXPECT_REASON("prefix", read_exact((struct span){ document.at, n }, &cose, &at),
			      n == 0 ? REASON_COSE_EMPTY : REASON_CBOR_TRUNCATED);
		ck_assert_uint_le(at, n);
	}
	buf_done(&document);
}
END_TEST

/* The byte string in its shortest form, by the words of RFC 8949 section 3. */
static void add_bytes(struct buf *out, struct span bytes)
{
	if (bytes.len < 24)
		buf_printf(out, "%c", (int)(0x40 + bytes.len));
	else if (bytes.len < 256)
		buf_printf(out, "%c%c", 0x58, (int)bytes.len);
	else
		buf_printf(out, "%c%c%c", 0x59, (int)(bytes.len >> 8), (int)(bytes.len & 0xff));
	buf_add(out, bytes);
}

struct signed_parts {
	struct buf protected_bytes;
	struct buf payload;
	uint8_t r_s[COSE_SIGNATURE_LEN];
	struct cose cose;
};

/* Signs the Sig_structure that RFC 9052 section 4.4 makes of parts of these lengths. */
static struct signed_parts *sign(EVP_PKEY *key, size_t protected_len, size_t payload_len)
{
	struct buf message = notation("84 6a'Signature1'");
	struct signed_parts *parts = calloc(1, sizeof(*parts));

	ck_assert_ptr_nonnull(parts);
	buf_printf(&parts->protected_bytes, "%0*d", (int)protected_len, 3);
	buf_printf(&parts->payload, "%0*d", (int)payload_len, 7);
	add_bytes(&message, buf_span(&parts->protected_bytes));
	notation_add(&message, "40");
	add_bytes(&message, buf_span(&parts->payload));
	mint_sign(key, buf_span(&message), parts->r_s);
	parts->cose = (struct cose){ false, buf_span(&parts->protected_bytes),
				     buf_span(&parts->payload), SPAN_OF(parts->r_s) };
	buf_done(&message);
	return parts;
}

static void signed_free(struct signed_parts *parts)
{
	buf_done(&parts->protected_bytes);
	buf_done(&parts->payload);
	free(parts);
}

START_TEST(test_verify)
{
	/* lengths on both sides of each form of a head */
	static const size_t lengths[] = { 1, 23, 24, 255, 256, 4464, 16384 };
	AUTO(EVP_PKEY) *key = mint_key("P-384");
	AUTO(EVP_PKEY) *other = mint_key("P-384");

	for (size_t i = 0; i < LENGTH(lengths); i++) {
		for (size_t j = 0; j < LENGTH(lengths); j += support_thin(3)) {
			struct signed_parts *parts = sign(key, lengths[j], lengths[i]);
			struct buf *payload = &parts->payload;
			uint8_t *header = parts->protected_bytes.at;
			EXPECT_REASON("signed", cose_verify(&parts->cose, key), REASON_OK);
			EXPECT_REASON("other key", cose_verify(&parts->cose, other),
				      REASON_COSE_SIGNATURE);
			payload->at[payload->len - 1] ^= 0x01;
			EXPECT_REASON("payload", cose_verify(&parts->cose, key),
				      REASON_COSE_SIGNATURE);
			payload->at[payload->len - 1] ^= 0x01;
			header[0] ^= 0x01;
			EXPECT_REASON("protected", cose_verify(&parts->cose, key),
				      REASON_COSE_SIGNATURE);
			header[0] ^= 0x01;
			parts->r_s[95] ^= 0x01;
			EXPECT_REASON("signature", cose_verify(&parts->cose, key),
				      REASON_COSE_SIGNATURE);
			signed_free(parts);
		}
	}
}
END_TEST

/* Lengths that cose_read never gives are not signed bytes, even when somebody signed them. */
START_TEST(test_verify_too_long)
{
	AUTO(EVP_PKEY) *key = mint_key("P-384");
	struct signed_parts *parts = sign(key, 4, COSE_PAYLOAD_MAX + 1);

	EXPECT_REASON("payload", cose_verify(&parts->cose, key), REASON_COSE_SIGNATURE);
	signed_free(parts);
	parts = sign(key, COSE_PAYLOAD_MAX + 1, 4);
	EXPECT_REASON("protected", cose_verify(&parts->cose, key), REASON_COSE_SIGNATURE);
	signed_free(parts);
}
END_TEST

/* The bundled document with the key of its own leaf, and each byte of the payload changed. */
START_TEST(test_bundled)
{
	struct buf file = support_vector("document.cbor");
	struct cose cose;
	struct claims claims;
	struct cert leaf;
	size_t at;
	AUTO(EVP_PKEY) *key = NULL;

	EXPECT_REASON("read", cose_read(buf_span(&file), &cose, &at), REASON_OK);
	EXPECT_REASON("claims", claims_read(cose.payload, &claims_real_limits, &claims, &at),
		      REASON_OK);
	EXPECT_REASON("leaf", cert_read(claims.certificate, &leaf), REASON_OK);
	EXPECT_REASON("key", ecdsa_p384_key(leaf.point, &key), REASON_OK);
	EXPECT_REASON("bundled", cose_verify(&cose, key), REASON_OK);
	size_t payload_at = (size_t)(cose.payload.at - file.at);
	for (size_t i = 0; i < cose.payload.len; i += support_thin(97)) {
		file.at[payload_at + i] ^= 0x01;
		EXPECT_REASON("flipped", cose_verify(&cose, key), REASON_COSE_SIGNATURE);
		file.at[payload_at + i] ^= 0x01;
	}
	buf_done(&file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cose");

	support_add(suite, "rows", test_rows);
	support_add(suite, "parts", test_parts);
	support_add(suite, "prefixes", test_prefixes);
	support_add(suite, "verify", test_verify);
	support_add(suite, "verify too long", test_verify_too_long);
	support_add(suite, "bundled", test_bundled);
	return support_main(suite);
}
