#include "verify/eifsign.h"

#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/basenc.h"
#include "verify/test/eifsigner.h"

#define FROM INT64_C(1700000000)
#define TO INT64_C(1800000000)

/* Some PCR0, with bytes on both sides of what CBOR writes in one byte. */
static const uint8_t pcr0[PCR_LEN] = { 0,    1,    22,   23,  24,  25, 127, 128,
				       0xff, 0xfe, 0x10, 200, 100, 50, 25,  12 };

static enum reason read_exact(struct span section, struct eifsign *ret)
{
	uint8_t *exact = support_exact(section);

	*ret = (struct eifsign){ .not_after = 0 };
	enum reason reason = eifsign_read((struct span){ exact, section.len }, ret);
	free(exact);
	return reason;
}

/* Reads and verifies. */
static enum reason judge(struct span section)
{
	struct eifsign sign;

	enum reason reason = read_exact(section, &sign);
	if (reason == REASON_OK)
		reason = eifsign_verify(&sign, pcr0);
	eifsign_done(&sign);
	return reason;
}

static const char *const curves[] = { "P-256", "P-384", "P-521" };

START_TEST(test_algorithms)
{
	for (unsigned alg = 0; alg < 3; alg++) {
		struct eifsigner signer = eifsigner_new(curves[alg], FROM, TO);
		struct buf section = eifsigner_usual(&signer, (enum eifsign_alg)alg, pcr0);
		struct eifsign sign;
		uint8_t digest[DIGEST_SHA384_LEN];
		uint8_t pcr8[PCR_LEN];
		struct span der = buf_span(&signer.der);
		EXPECT_REASON(curves[alg], read_exact(buf_span(&section), &sign), REASON_OK);
		EXPECT_REASON(curves[alg], eifsign_verify(&sign, pcr0), REASON_OK);
		ck_assert(sign.has_certificate && sign.has_cose);
		ck_assert_uint_eq(sign.alg, alg);
		EXPECT_BYTES(curves[alg], buf_span(&sign.der), der);
		EXPECT_BYTES(curves[alg], buf_span(&sign.subject),
			     SPAN_LITERAL("CN=signer\\1B[31m"));
		EXPECT_BYTES(curves[alg], buf_span(&sign.issuer), buf_span(&sign.subject));
		EXPECT_REASON("digest", digest_sha384(&der, 1, digest), REASON_OK);
		EXPECT_REASON("extend", pcr_extend(SPAN_OF(digest), pcr8), REASON_OK);
		EXPECT_BYTES(curves[alg], SPAN_OF(sign.pcr8), SPAN_OF(pcr8));
		eifsign_done(&sign);
		buf_done(&section);
		eifsigner_done(&signer);
	}
	ck_assert_str_eq(eifsign_alg_name(EIFSIGN_ES256), "ES256");
	ck_assert_str_eq(eifsign_alg_name(EIFSIGN_ES384), "ES384");
	ck_assert_str_eq(eifsign_alg_name(EIFSIGN_ES512), "ES512");
	ck_assert_str_eq(eifsign_alg_name((enum eifsign_alg)3), "unknown");
}
END_TEST

START_TEST(test_validity)
{
	static const struct {
		int64_t at;
		enum reason want;
	} rows[] = {
		{ FROM - 1, REASON_EIF_SIGNATURE_VALIDITY },
		{ FROM, REASON_OK },
		{ TO, REASON_OK },
		{ TO + 1, REASON_EIF_SIGNATURE_VALIDITY },
	};
	struct eifsigner signer = eifsigner_new("P-384", FROM, TO);
	struct buf section = eifsigner_usual(&signer, EIFSIGN_ES384, pcr0);
	struct eifsign sign;

	EXPECT_REASON("read", read_exact(buf_span(&section), &sign), REASON_OK);
	ck_assert_int_eq(sign.not_before, FROM);
	ck_assert_int_eq(sign.not_after, TO);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		EXPECT_REASON("validity", eifsign_valid_at(&sign, rows[i].at), rows[i].want);
	eifsign_done(&sign);
	buf_done(&section);
	eifsigner_done(&signer);
}
END_TEST

/* The CBOR around both: everything but the one form is refused. */
START_TEST(test_cbor)
{
	static const struct {
		const char *row;
		const char *hex; /* ~ the word signing_certificate, ^ the word signature */
	} rows[] = {
		{ "nothing", "" },
		{ "an array of none", "80" },
		{ "an array of two", "82 a2 ~ 80 ^ 80 a2 ~ 80 ^ 80" },
		{ "a map", "a2 ~ 80 ^ 80" },
		{ "an empty map", "81 a0" },
		{ "a map of one", "81 a1 ~ 80" },
		{ "a map of three", "81 a3 ~ 80 ^ 80 61 61 80" },
		{ "the other order", "81 a2 ^ 80 ~ 80" },
		{ "one key twice", "81 a2 ~ 80 ~ 80" },
		{ "byte strings", "81 a2 ~ 41 2d ^ 41 84" },
		{ "text", "81 a2 ~ 61 2d ^ 61 2d" },
		{ "null", "81 a2 ~ f6 ^ 80" },
		{ "a number above 255", "81 a2 ~ 81 19 0100 ^ 80" },
		{ "a negative number", "81 a2 ~ 81 20 ^ 80" },
		{ "a number in a longer form", "81 a2 ~ 81 18 17 ^ 80" },
		{ "a length in a longer form", "81 a2 ~ 98 00 ^ 80" },
		{ "an array without a length", "81 a2 ~ 9f ff ^ 80" },
		{ "an outer array without a length", "9f a2 ~ 80 ^ 80 ff" },
		{ "a count beyond the end", "81 a2 ~ 9b 0000000100000000 ^ 80" },
		{ "a count of 2^64-1", "81 a2 ~ 9b ffffffffffffffff ^ 80" },
		{ "a byte left over", "81 a2 ~ 80 ^ 80 00" },
		{ "a tag", "d2 81 a2 ~ 80 ^ 80" },
		{ "cut in a key", "81 a2 73 73" },
		{ "cut behind a key", "81 a2 ~" },
		{ "cut in the middle", "81 a2 ~ 80" },
		{ "cut in an array", "81 a2 ~ 80 ^ 82 01" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf digits = { 0 };
		for (const char *c = rows[i].hex; *c != '\0'; c++) {
			if (*c == '~')
				buf_text(&digits, "737369676e696e675f6365727469666963617465");
			else if (*c == '^')
				buf_text(&digits, "697369676e6174757265");
			else
				buf_byte(&digits, (uint8_t)*c);
		}
		char *text = buf_take_text(&digits);
		struct buf section = support_hex(text);
		EXPECT_REASON(rows[i].row, judge(buf_span(&section)), REASON_EIF_SIGNATURE_CBOR);
		buf_done(&section);
		free(text);
	}
}
END_TEST

/* A section with this text as its certificate, all else right. */
static enum reason judge_pem(struct span pem, struct span cose)
{
	struct buf section = eifsigner_section(pem, cose);
	enum reason reason = judge(buf_span(&section));

	buf_done(&section);
	return reason;
}

START_TEST(test_certificate)
{
	static const struct {
		const char *row;
		const char *before;
		const char *behind;
		enum reason want;
	} rows[] = {
		{ "as it is", "", "", REASON_OK },
		{ "line ends behind", "", "\r\n\n", REASON_OK },
		{ "a space before", " ", "", REASON_EIF_SIGNATURE_CERTIFICATE },
		{ "a line before", "Subject: CN=you\n", "", REASON_EIF_SIGNATURE_CERTIFICATE },
		{ "a space behind", "", " ", REASON_EIF_SIGNATURE_CERTIFICATE },
		{ "a word behind", "", "x\n", REASON_EIF_SIGNATURE_CERTIFICATE },
		{ "an empty block behind", "",
		  "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
		  REASON_EIF_SIGNATURE_CERTIFICATE },
	};
	struct eifsigner signer = eifsigner_new("P-384", FROM, TO);
	struct buf section = eifsigner_usual(&signer, EIFSIGN_ES384, pcr0);
	struct eifsign sign;

	EXPECT_REASON("read", read_exact(buf_span(&section), &sign), REASON_OK);
	const struct span cose = buf_span(&sign.cose);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf pem = { 0 };
		buf_text(&pem, rows[i].before);
		buf_add(&pem, buf_span(&signer.pem));
		buf_text(&pem, rows[i].behind);
		EXPECT_REASON(rows[i].row, judge_pem(buf_span(&pem), cose), rows[i].want);
		buf_done(&pem);
	}
	EXPECT_REASON("DER", judge_pem(buf_span(&signer.der), cose),
		      REASON_EIF_SIGNATURE_CERTIFICATE);
	EXPECT_REASON("none", judge_pem((struct span){ NULL, 0 }, cose),
		      REASON_EIF_SIGNATURE_CERTIFICATE);
	EXPECT_REASON(
		"both marks in one",
		judge_pem(SPAN_LITERAL("-----BEGIN CERTIFICATE-----END CERTIFICATE-----"), cose),
		REASON_EIF_SIGNATURE_CERTIFICATE);
	EXPECT_REASON("an empty block",
		      judge_pem(SPAN_LITERAL("-----BEGIN CERTIFICATE-----\n"
					     "-----END CERTIFICATE-----\n"),
				cose),
		      REASON_EIF_SIGNATURE_CERTIFICATE);
	EXPECT_REASON("no DER",
		      judge_pem(SPAN_LITERAL("-----BEGIN CERTIFICATE-----\nMAA=\n"
					     "-----END CERTIFICATE-----\n"),
				cose),
		      REASON_EIF_SIGNATURE_CERTIFICATE);
	for (size_t n = 0; n + 2 < signer.pem.len; n += support_thin(97))
		EXPECT_REASON("cut", judge_pem((struct span){ signer.pem.at, n }, cose),
			      REASON_EIF_SIGNATURE_CERTIFICATE);
	eifsign_done(&sign);
	buf_done(&section);
	eifsigner_done(&signer);
}
END_TEST

/* A section around this COSE_Sign1, all else right. */
static enum reason judge_cose(const struct eifsigner *signer, struct buf *cose)
{
	enum reason reason = judge_pem(buf_span(&signer->pem), buf_span(cose));

	buf_done(cose);
	return reason;
}

/* The form of the COSE_Sign1. */
START_TEST(test_cose)
{
	static const struct {
		const char *row;
		const char *hex; /* ~ a signature of 96 zero bytes */
	} rows[] = {
		{ "nothing", "" },
		{ "a tag", "d2 84 44a1013822 a0 41 00 ~" },
		{ "three parts", "83 44a1013822 a0 41 00" },
		{ "five parts", "85 44a1013822 a0 41 00 ~ 00" },
		{ "no algorithm", "84 41a0 a0 41 00 ~" },
		{ "an empty header", "84 40 a0 41 00 ~" },
		{ "ES384 and more", "84 46a20138220301 a0 41 00 ~" },
		{ "EdDSA", "84 43a10127 a0 41 00 ~" },
		{ "PS384", "84 44a1013825 a0 41 00 ~" },
		{ "ES384 with a signature of ES256", "84 44a1013823 a0 41 00 ~" },
		{ "ES256 with a signature of ES384", "84 43a10126 a0 41 00 ~" },
		{ "an unprotected header", "84 44a1013822 a1 01 01 41 00 ~" },
		{ "unprotected as bytes", "84 44a1013822 41a0 41 00 ~" },
		{ "a payload elsewhere", "84 44a1013822 a0 f6 ~" },
		{ "a payload as text", "84 44a1013822 a0 61 61 ~" },
		{ "a longer length of the header", "84 5804a1013822 a0 41 00 ~" },
		{ "a byte left over", "84 44a1013822 a0 41 00 ~ 00" },
		{ "no signature", "84 44a1013822 a0 41 00" },
		{ "a short signature", "84 44a1013822 a0 41 00 42 0101" },
		{ "an empty signature", "84 44a1013822 a0 41 00 40" },
	};
	struct eifsigner signer = eifsigner_new("P-384", FROM, TO);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf digits = { 0 };
		for (const char *c = rows[i].hex; *c != '\0'; c++) {
			if (*c != '~') {
				buf_byte(&digits, (uint8_t)*c);
				continue;
			}
			buf_text(&digits, "5860");
			for (int n = 0; n < 96; n++)
				buf_text(&digits, "00");
		}
		char *text = buf_take_text(&digits);
		struct buf cose = support_hex(text);
		EXPECT_REASON(rows[i].row, judge_cose(&signer, &cose), REASON_EIF_SIGNATURE_COSE);
		free(text);
	}
	eifsigner_done(&signer);
}
END_TEST

/* Signed by this key with this algorithm over this payload. */
static enum reason judge_signed(const struct eifsigner *signer, enum eifsign_alg alg,
				const char *digest, struct span payload)
{
	struct buf r_s = eifsigner_sign(signer, digest, eifsigner_protected(alg), payload,
					eifsigner_width(alg));
	struct buf cose = eifsigner_cose(eifsigner_protected(alg), payload, buf_span(&r_s));
	enum reason reason = judge_cose(signer, &cose);

	buf_done(&r_s);
	return reason;
}

/* Genuinely signed, but not what is measured here. */
START_TEST(test_payload)
{
	struct eifsigner signer = eifsigner_new("P-384", FROM, TO);
	struct buf right = { 0 };
	struct buf other = { 0 };
	uint8_t changed[PCR_LEN];

	eifsign_payload(&right, pcr0);
	ck_assert_uint_eq(right.at[0], 0xa2);
	EXPECT_REASON("right", judge_signed(&signer, EIFSIGN_ES384, "SHA384", buf_span(&right)),
		      REASON_OK);
	for (size_t i = 0; i < PCR_LEN; i += support_thin(5)) {
		struct buf section = { 0 };
		memcpy(changed, pcr0, sizeof(changed));
		changed[i] ^= 1;
		section = eifsigner_usual(&signer, EIFSIGN_ES384, changed);
		EXPECT_REASON("another PCR0", judge(buf_span(&section)),
			      REASON_EIF_SIGNATURE_PAYLOAD);
		buf_done(&section);
	}
	buf_add(&other, buf_span(&right));
	buf_byte(&other, 0);
	EXPECT_REASON("more", judge_signed(&signer, EIFSIGN_ES384, "SHA384", buf_span(&other)),
		      REASON_EIF_SIGNATURE_PAYLOAD);
	other.len = 0;
	buf_add(&other, buf_span(&right));
	other.at[16] = 1; /* register_index */
	EXPECT_REASON("PCR1", judge_signed(&signer, EIFSIGN_ES384, "SHA384", buf_span(&other)),
		      REASON_EIF_SIGNATURE_PAYLOAD);
	/* the same meaning in other bytes */
	other.len = 0;
	buf_text(&other, "\xa2\x6eregister_value");
	eifsigner_numbers(&other, SPAN_OF(pcr0));
	buf_text(&other, "\x6eregister_index");
	buf_byte(&other, 0);
	EXPECT_REASON("order", judge_signed(&signer, EIFSIGN_ES384, "SHA384", buf_span(&other)),
		      REASON_EIF_SIGNATURE_PAYLOAD);
	EXPECT_REASON("empty",
		      judge_signed(&signer, EIFSIGN_ES384, "SHA384", (struct span){ NULL, 0 }),
		      REASON_EIF_SIGNATURE_PAYLOAD);
	buf_done(&right);
	buf_done(&other);
	eifsigner_done(&signer);
}
END_TEST

/* The key is of another curve than the algorithm's, or of no curve at all. */
START_TEST(test_key)
{
	static const struct {
		const char *curve;
		enum eifsign_alg alg;
	} rows[] = {
		{ "P-384", EIFSIGN_ES256 },     { "P-521", EIFSIGN_ES256 },
		{ "P-256", EIFSIGN_ES384 },     { "P-521", EIFSIGN_ES384 },
		{ "P-256", EIFSIGN_ES512 },     { "P-384", EIFSIGN_ES512 },
		{ "secp256k1", EIFSIGN_ES256 }, { "brainpoolP384r1", EIFSIGN_ES384 },
		{ NULL, EIFSIGN_ES384 },
	};
	static const uint8_t ones[132] = { 1 };
	struct buf payload = { 0 };

	eifsign_payload(&payload, pcr0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct eifsigner signer = eifsigner_new(rows[i].curve, FROM, TO);
		struct buf cose =
			eifsigner_cose(eifsigner_protected(rows[i].alg), buf_span(&payload),
				       (struct span){ ones, 2 * eifsigner_width(rows[i].alg) });
		EXPECT_REASON(rows[i].curve != NULL ? rows[i].curve : "RSA",
			      judge_cose(&signer, &cose), REASON_EIF_SIGNATURE_KEY);
		eifsigner_done(&signer);
	}
	buf_done(&payload);
}
END_TEST

/* The right payload, but a signature that is not over it, or not by this key. */
START_TEST(test_invalid)
{
	struct eifsigner signer = eifsigner_new("P-384", FROM, TO);
	struct eifsigner other = eifsigner_new("P-384", FROM, TO);
	struct buf payload = { 0 };

	eifsign_payload(&payload, pcr0);
	EXPECT_REASON("digest", judge_signed(&signer, EIFSIGN_ES384, "SHA256", buf_span(&payload)),
		      REASON_EIF_SIGNATURE_INVALID);
	struct buf r_s = eifsigner_sign(&signer, "SHA384", eifsigner_protected(EIFSIGN_ES384),
					buf_span(&payload), 48);
	for (size_t i = 0; i < r_s.len; i += support_thin(31)) {
		r_s.at[i] ^= 0x10;
		struct buf cose = eifsigner_cose(eifsigner_protected(EIFSIGN_ES384),
						 buf_span(&payload), buf_span(&r_s));
		r_s.at[i] ^= 0x10;
		EXPECT_REASON("a bit", judge_cose(&signer, &cose), REASON_EIF_SIGNATURE_INVALID);
	}
	struct buf cose = eifsigner_cose(eifsigner_protected(EIFSIGN_ES384), buf_span(&payload),
					 buf_span(&r_s));
	EXPECT_REASON("another key", judge_cose(&other, &cose), REASON_EIF_SIGNATURE_INVALID);
	/* signed under another header */
	struct buf r_s_512 = eifsigner_sign(&signer, "SHA384", eifsigner_protected(EIFSIGN_ES512),
					    buf_span(&payload), 48);
	cose = eifsigner_cose(eifsigner_protected(EIFSIGN_ES384), buf_span(&payload),
			      buf_span(&r_s_512));
	EXPECT_REASON("header", judge_cose(&signer, &cose), REASON_EIF_SIGNATURE_INVALID);
	memset(r_s.at, 0, r_s.len);
	cose = eifsigner_cose(eifsigner_protected(EIFSIGN_ES384), buf_span(&payload),
			      buf_span(&r_s));
	EXPECT_REASON("zero", judge_cose(&signer, &cose), REASON_EIF_SIGNATURE_INVALID);
	memset(r_s.at, 0xff, r_s.len);
	cose = eifsigner_cose(eifsigner_protected(EIFSIGN_ES384), buf_span(&payload),
			      buf_span(&r_s));
	EXPECT_REASON("beyond n", judge_cose(&signer, &cose), REASON_EIF_SIGNATURE_INVALID);
	buf_done(&r_s);
	buf_done(&r_s_512);
	buf_done(&payload);
	eifsigner_done(&signer);
	eifsigner_done(&other);
}
END_TEST

START_TEST(test_too_large)
{
	uint8_t *zero = calloc(1, EIF_SIGNATURE_MAX + 1);

	ck_assert_ptr_nonnull(zero);
	EXPECT_REASON("limit", judge((struct span){ zero, EIF_SIGNATURE_MAX }),
		      REASON_EIF_SIGNATURE_CBOR);
	EXPECT_REASON("beyond", judge((struct span){ zero, EIF_SIGNATURE_MAX + 1 }),
		      REASON_EIF_SIGNATURE_TOO_LARGE);
	free(zero);
}
END_TEST

/* No bit of a section may be another. The DER of the certificate is signed by nothing that is
 * judged here but by its length: PCR8 shows a change there. */
START_TEST(test_every_byte)
{
	struct eifsigner signer = eifsigner_new("P-384", FROM, TO);
	struct buf section = eifsigner_usual(&signer, EIFSIGN_ES384, pcr0);
	struct eifsign sign;

	for (size_t i = 0; i < section.len; i += support_thin(61)) {
		section.at[i] ^= 1;
		enum reason reason = read_exact(buf_span(&section), &sign);
		if (reason == REASON_OK)
			reason = eifsign_verify(&sign, pcr0);
		bool same_certificate = span_equal(buf_span(&sign.der), buf_span(&signer.der));
		ck_assert_msg(reason != REASON_OK || !same_certificate ||
				      sign.pem.len != signer.pem.len,
			      "byte %zu", i);
		eifsign_done(&sign);
		section.at[i] ^= 1;
	}
	buf_done(&section);
	eifsigner_done(&signer);
}
END_TEST

/* An image that AWS's builder signed: the section is its last one. */
START_TEST(test_peer)
{
	struct buf image = { 0 };
	struct buf pem = { 0 };
	struct eifsign sign;
	struct buf want = support_hex("48172d37e21f40119e24af3f93f46fb9805fc94e6b0ea514cf32c26b67b6"
				      "c5c4247832e3042f761bdb8882c94f3bb5a5");
	struct buf peer_pcr0 =
		support_hex("c1d2f11b942fdf73956fb27f2ebb392deae45144cc1008a2b2b0fef3"
			    "81556d3962cdcf891c57dee29d1cd11b1a19980d");

	if (support_shared("eifsign/peer", "eif/peer_signed.eif", &image) &&
	    support_shared("eifsign/peer", "eif/cert.pem", &pem)) {
		ck_assert_uint_eq(image.len, 1488 + 1997);
		EXPECT_REASON("read", read_exact((struct span){ image.at + 1488, 1997 }, &sign),
			      REASON_OK);
		EXPECT_BYTES("pem", buf_span(&sign.pem), buf_span(&pem));
		EXPECT_BYTES("pcr8", SPAN_OF(sign.pcr8), buf_span(&want));
		EXPECT_REASON("verify", eifsign_verify(&sign, peer_pcr0.at), REASON_OK);
		EXPECT_REASON("other", eifsign_verify(&sign, pcr0), REASON_EIF_SIGNATURE_PAYLOAD);
		EXPECT_BYTES("subject", buf_span(&sign.subject),
			     SPAN_LITERAL("CN=eif signing test,O=test,C=US"));
		eifsign_done(&sign);
	}
	buf_done(&image);
	buf_done(&pem);
	buf_done(&want);
	buf_done(&peer_pcr0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("eifsign");

	support_add(suite, "algorithms", test_algorithms);
	support_add(suite, "validity", test_validity);
	support_add(suite, "cbor", test_cbor);
	support_add(suite, "certificate", test_certificate);
	support_add(suite, "cose", test_cose);
	support_add(suite, "payload", test_payload);
	support_add(suite, "key", test_key);
	support_add(suite, "invalid", test_invalid);
	support_add(suite, "too large", test_too_large);
	support_add(suite, "every byte", test_every_byte);
	support_add(suite, "peer", test_peer);
	return support_main(suite);
}
