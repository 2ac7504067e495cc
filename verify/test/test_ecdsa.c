#include "test/support.h"
#include "verify/auto.h"
#include "verify/ecdsa.h"
#include "verify/test/mint.h"
#include "verify/test/notation.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The order of P-384 but for its last byte, 73; and its field prime. */
#define ORDER " ff*24 c7634d81f4372ddf581a0db248b0a77aecec196accc529"
#define PRIME " ff*31 fe ffffffff 00*8 ffffffff"
#define ONE " 00*47 01 "

/* RFC 6979 A.2.6: the key, and the signature with SHA-384 of the message "sample" */
#define UX \
	"ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e" \
	"06aae5286b300c64def8f0ea9055866064a254515480bc13"
#define UY \
	"8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9" \
	"f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720"
#define SAMPLE_R \
	"94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa7" \
	"3d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
#define SAMPLE_S \
	"99ef4aeb15f178cea1fe40db2603138f130e740a19624526" \
	"203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"
/* The same key and message with the nonces 13, 197 and 234: a zero byte at the front of r or s,
 * before a byte below 80 and before one from 80 on */
#define SHORT_S_R \
	"a567ba97b67aea5bafdaf5002ffcc6ab9632bff9f01f873f" \
	"6267bcd1f0f11c139ee5f441abd99f1baaf1ca1e3b5cbce7"
#define SHORT_S_S \
	"00fb31f505a65ba28cbafe2edf203dce41cba25e00ca9867" \
	"e71a9693b6e7f280c5b427f880becec3570144556fbaf77d"
#define SHORT_R_R \
	"004d104b26ee5671f72c10c986841d3e65d285e2516161b7" \
	"baa341b12631b9e32b6f0d5896d8431c51d5d93a37cbc90e"
#define SHORT_R_S \
	"ad4d644a03f3339f2ca36f613dd8b8c783eeb498dcca8b8a" \
	"66e6638ab3ddd1a10e6709384b359973e1a6a7fce7589335"
#define SIGN_R_R \
	"008e9c2eb636feb189f4ca42bf059e16b7d307e452517903" \
	"3bf69752a4dcc5c1ce93e8b625cbeebf804719b61c15e751"
#define SIGN_R_S \
	"c8aea6cbc7559ad1f2a1c78fb5985b7bdac560dbb4b0c297" \
	"d6dbd996827b5a63e20ab3c2ae45058e0325cbb451214a8f"

START_TEST(test_in_range)
{
	static const struct {
		const char *r_s;
		bool want;
	} rows[] = {
		{ ONE ONE, true },
		{ "00*48" ONE, false },
		{ ONE "00*48", false },
		{ "00*96", false },
		{ ORDER "72" ONE, true },
		{ ONE ORDER "72", true },
		{ ORDER "72" ORDER "72", true },
		{ ORDER "73" ONE, false },
		{ ONE ORDER "73", false },
		{ ORDER "74" ONE, false },
		{ ONE ORDER "74", false },
		{ "ff*48" ONE, false },
		{ ONE "ff*48", false },
		{ "80 00*47" ONE, true },
		{ ONE "00*46 01", false },
		{ ONE "00*48 01", false },
		{ ONE, false },
		{ "", false },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf r_s = notation(rows[i].r_s);
		ck_assert_msg(ecdsa_p384_in_range(buf_span(&r_s)) == rows[i].want, "%s",
			      rows[i].r_s);
		buf_done(&r_s);
	}
}
END_TEST

START_TEST(test_key)
{
	static const struct {
		const char *point;
		enum reason want;
	} rows[] = {
		{ "04" UX UY, REASON_OK },
		{ "04" UY UX, REASON_X509_KEY }, /* not on the curve */
		{ "04" UX "00*48", REASON_X509_KEY },
		{ "04 00*96", REASON_X509_KEY },
		{ "04 ff*96", REASON_X509_KEY },
		{ "04" PRIME UY, REASON_X509_KEY }, /* not reduced */
		{ "04" UX PRIME, REASON_X509_KEY },
		{ "02" UX, REASON_X509_KEY },
		{ "03" UX, REASON_X509_KEY },
		{ "06" UX UY, REASON_X509_KEY },
		{ "07" UX UY, REASON_X509_KEY },
		{ "00", REASON_X509_KEY },
		{ "00" UX UY, REASON_X509_KEY },
		{ "04" UX UY "00", REASON_X509_KEY },
		{ UX UY, REASON_X509_KEY },
		{ "", REASON_X509_KEY },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf point = notation(rows[i].point);
		AUTO(EVP_PKEY) *key = NULL;
		EXPECT_REASON(rows[i].point, ecdsa_p384_key(buf_span(&point), &key), rows[i].want);
		ck_assert((key != NULL) == (rows[i].want == REASON_OK));
		buf_done(&point);
	}
}
END_TEST

START_TEST(test_sample)
{
	static const struct {
		const char *row;
		const char *r_s;
		const char *message;
		enum reason want;
	} rows[] = {
		{ "sample", SAMPLE_R SAMPLE_S, "sample", REASON_OK },
		{ "short s", SHORT_S_R SHORT_S_S, "sample", REASON_OK },
		{ "short r", SHORT_R_R SHORT_R_S, "sample", REASON_OK },
		{ "short r with its top bit set", SIGN_R_R SIGN_R_S, "sample", REASON_OK },
		{ "other message", SAMPLE_R SAMPLE_S, "samplf", REASON_X509_SIGNATURE },
		{ "r and s exchanged", SAMPLE_S SAMPLE_R, "sample", REASON_X509_SIGNATURE },
		{ "r is 0", "00*48 " SAMPLE_S, "sample", REASON_X509_SIGNATURE },
		{ "s is 0", SAMPLE_R "00*48", "sample", REASON_X509_SIGNATURE },
		{ "s is n", SAMPLE_R ORDER "73", "sample", REASON_X509_SIGNATURE },
		{ "r and s are 1", ONE ONE, "sample", REASON_X509_SIGNATURE },
		{ "a byte too few", SAMPLE_R "00*47", "sample", REASON_X509_SIGNATURE },
		{ "a byte too many", SAMPLE_R SAMPLE_S "00", "sample", REASON_X509_SIGNATURE },
		{ "nothing", "", "sample", REASON_X509_SIGNATURE },
	};
	struct buf point = notation("04" UX UY);
	AUTO(EVP_PKEY) *key = NULL;

	EXPECT_REASON("key", ecdsa_p384_key(buf_span(&point), &key), REASON_OK);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint8_t digest[DIGEST_SHA384_LEN];
		struct span message = span_of_text(rows[i].message);
		struct buf r_s = notation(rows[i].r_s);
		EXPECT_REASON("digest", digest_sha384(&message, 1, digest), REASON_OK);
		EXPECT_REASON(rows[i].row,
			      ecdsa_p384_verify(key, digest, buf_span(&r_s), REASON_X509_SIGNATURE),
			      rows[i].want);
		buf_done(&r_s);
	}
	buf_done(&point);
}
END_TEST

/* n - s for s, which signs the same. */
static void mirror(uint8_t s[static 48])
{
	struct buf order = notation(ORDER "73");
	int borrow = 0;

	for (size_t i = 48; i-- > 0;) {
		int digit = order.at[i] - s[i] - borrow;
		borrow = digit < 0 ? 1 : 0;
		s[i] = (uint8_t)digit;
	}
	buf_done(&order);
}

/* Signatures of both halves, and each bit of one of them. */
START_TEST(test_signed)
{
	const struct span message = SPAN_LITERAL("message");
	uint8_t digest[DIGEST_SHA384_LEN];
	AUTO(EVP_PKEY) *key = mint_key("P-384");
	AUTO(EVP_PKEY) *other = mint_key("P-384");
	uint8_t r_s[96];

	EXPECT_REASON("digest", digest_sha384(&message, 1, digest), REASON_OK);
	mint_sign(key, message, r_s);
	for (unsigned i = 0; i < 2; i++) {
		EXPECT_REASON("high or low s",
			      ecdsa_p384_verify(key, digest, SPAN_OF(r_s), REASON_COSE_SIGNATURE),
			      REASON_OK);
		EXPECT_REASON("other key",
			      ecdsa_p384_verify(other, digest, SPAN_OF(r_s), REASON_COSE_SIGNATURE),
			      REASON_COSE_SIGNATURE);
		mirror(r_s + 48);
	}
	for (size_t bit = 0; bit < 8 * sizeof(r_s); bit += support_thin(61)) {
		r_s[bit / 8] ^= (uint8_t)(1U << bit % 8);
		EXPECT_REASON("a bit flipped",
			      ecdsa_p384_verify(key, digest, SPAN_OF(r_s), REASON_COSE_SIGNATURE),
			      REASON_COSE_SIGNATURE);
		r_s[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
}
END_TEST

/* A digest of 0 is a digest. With r = s = x(G) under the key G, u1 = 0 and u2 = 1, so R = G. */
START_TEST(test_zero_digest)
{
	static const char x[] = "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b98"
				"59f741e082542a385502f25dbf55296c3a545e3872760ab7";
	static const char y[] = "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147c"
				"e9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f";
	static const uint8_t digest[DIGEST_SHA384_LEN] = { 0 };
	struct buf point = notation("04");
	struct buf r_s = { 0 };
	AUTO(EVP_PKEY) *key = NULL;

	notation_add(&point, x);
	notation_add(&point, y);
	notation_add(&r_s, x);
	notation_add(&r_s, x);
	EXPECT_REASON("G", ecdsa_p384_key(buf_span(&point), &key), REASON_OK);
	EXPECT_REASON("(x(G), x(G))",
		      ecdsa_p384_verify(key, digest, buf_span(&r_s), REASON_X509_SIGNATURE),
		      REASON_OK);
	buf_done(&point);
	buf_done(&r_s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ecdsa");

	support_add(suite, "in range", test_in_range);
	support_add(suite, "key", test_key);
	support_add(suite, "sample", test_sample);
	support_add(suite, "signed", test_signed);
	support_add(suite, "zero digest", test_zero_digest);
	return support_main(suite);
}
