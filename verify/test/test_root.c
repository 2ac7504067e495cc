#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/cert.h"
#include "verify/root.h"
#include "verify/test/mint.h"
#include "verify/test/notation.h"

/* The PEM of a certificate in lines of `width` characters, ended by `eol`. */
static void add_pem(struct buf *out, struct span der, size_t width, const char *eol)
{
	char *text = malloc(4 * (der.len / 3 + 1) + 1);

	ck_assert_ptr_nonnull(text);
	size_t len = (size_t)EVP_EncodeBlock((unsigned char *)text, der.at, (int)der.len);
	buf_printf(out, "-----BEGIN CERTIFICATE-----%s", eol);
	for (size_t i = 0; i < len; i += width)
		buf_printf(out, "%.*s%s", (int)width, text + i, eol);
	buf_printf(out, "-----END CERTIFICATE-----%s", eol);
	free(text);
}

static void expect(const char *row, struct span file, enum reason want, struct root *ret)
{
	uint8_t *copy = support_exact(file);

	EXPECT_REASON(row, root_from_file((struct span){ copy, file.len }, ret), want);
	free(copy);
}

static void expect_sha256(const char *row, const struct root *root, struct span der)
{
	uint8_t sha256[DIGEST_SHA256_LEN];
	bool matches = false;

	EXPECT_REASON(row, digest_sha256(&der, 1, sha256), REASON_OK);
	EXPECT_BYTES(row, SPAN_OF(root->sha256), SPAN_OF(sha256));
	EXPECT_REASON(row, root_matches(root, der, &matches), REASON_OK);
	ck_assert(matches);
}

START_TEST(test_forms)
{
	struct buf der = support_vector("root.der");
	struct buf pem = support_vector("root.pem");
	struct buf other = support_vector("otherroot.pem");
	struct root root;

	expect("DER", buf_span(&der), REASON_OK, &root);
	expect_sha256("DER", &root, buf_span(&der));
	ck_assert(!root.is_aws);
	memset(&root, 0x5a, sizeof(root));
	expect("PEM", buf_span(&pem), REASON_OK, &root);
	expect_sha256("PEM", &root, buf_span(&der));
	ck_assert(!root.is_aws);

	static const struct {
		const char *row;
		const char *before;
		size_t width;
		const char *eol;
	} forms[] = {
		{ "one line", "", 4096, "\n" },
		{ "64 columns, CR LF", "subject=CN = some root\r\n", 64, "\r\n" },
		{ "7 columns", "subject=CN = some root\n", 7, "\n" },
		{ "text that begins like DER", "0 s:CN = some root\n", 64, "\n" },
	};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct buf file = { 0 };
		buf_text(&file, forms[i].before);
		add_pem(&file, buf_span(&der), forms[i].width, forms[i].eol);
		buf_text(&file, "that was it\n");
		expect(forms[i].row, buf_span(&file), REASON_OK, &root);
		expect_sha256(forms[i].row, &root, buf_span(&der));
		buf_done(&file);
	}

	/* two of them: which would be meant? */
	struct buf two = { 0 };
	buf_add(&two, buf_span(&pem));
	buf_add(&two, buf_span(&other));
	expect("two", buf_span(&two), REASON_TEXT_ENCODING, &root);
	buf_done(&two);
	buf_add(&der, SPAN_LITERAL("\0"));
	expect("a byte behind the DER", buf_span(&der), REASON_TEXT_ENCODING, &root);
	struct buf behind = { 0 };
	add_pem(&behind, buf_span(&der), 64, "\n");
	expect("a byte behind the DER in PEM", buf_span(&behind), REASON_X509_DER, &root);
	buf_done(&behind);
	buf_done(&der);
	buf_done(&pem);
	buf_done(&other);
}
END_TEST

START_TEST(test_text)
{
	static const struct {
		const char *text;
		enum reason want;
	} rows[] = {
		{ "", REASON_TEXT_ENCODING },
		{ "no certificate", REASON_TEXT_ENCODING },
		{ "-----BEGIN CERTIFICATE-----", REASON_TEXT_ENCODING },
		{ "-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n",
		  REASON_TEXT_ENCODING },
		{ "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE----",
		  REASON_TEXT_ENCODING },
		{ "-----BEGIN CERTIFICATE-----\nAA!A\n-----END CERTIFICATE-----",
		  REASON_TEXT_ENCODING },
		{ "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----",
		  REASON_TEXT_ENCODING },
		{ "-----BEGIN CERTIFICATE-----\nAA AA\n-----END CERTIFICATE-----",
		  REASON_TEXT_ENCODING },
		{ "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----", REASON_X509_DER },
		{ "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", REASON_X509_DER },
		{ "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----",
		  REASON_TEXT_ENCODING },
		{ "-----BEGIN TRUSTED CERTIFICATE-----\nMAA=\n-----END TRUSTED CERTIFICATE-----",
		  REASON_TEXT_ENCODING },
		{ "0", REASON_TEXT_ENCODING }, /* 30 begins DER */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct root root;
		struct root before;
		memset(&root, 0x5a, sizeof(root));
		before = root;
		expect(rows[i].text, span_of_text(rows[i].text), rows[i].want, &root);
		ck_assert_mem_eq(root.sha256, before.sha256, sizeof(root.sha256));
	}
}
END_TEST

/* What cert_read refuses is no root. */
START_TEST(test_profile)
{
	static const struct {
		const char *row;
		const char *kind;
		struct mint parts;
		enum reason want;
	} rows[] = {
		{ "usual",
		  "P-384",
		  { .extensions = MINT_EXTENSIONS(MINT_CA MINT_KU_CA) },
		  REASON_OK },
		{ "version", "P-384", { .version = "" }, REASON_X509_VERSION },
		{ "key", "P-256", { .signature = "03{00 30{020101 020101}}" }, REASON_X509_KEY },
		{ "algorithm", "P-384", { .algorithm = MINT_ECDSA_SHA256 }, REASON_X509_SIGALG },
		{ "critical",
		  "P-384",
		  { .extensions = MINT_EXTENSIONS(MINT_EXTENSION("2a03", MINT_CRITICAL, "0500")) },
		  REASON_X509_CRITICAL_EXT },
		{ "serial", "P-384", { .serial = "020100" }, REASON_X509_DER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct root root;
		struct buf pem = { 0 };
		EVP_PKEY *key = mint_key(rows[i].kind);
		struct buf der = mint(&rows[i].parts, key, key);
		add_pem(&pem, buf_span(&der), 64, "\n");
		expect(rows[i].row, buf_span(&der), rows[i].want, &root);
		expect(rows[i].row, buf_span(&pem), rows[i].want, &root);
		buf_done(&der);
		buf_done(&pem);
		EVP_PKEY_free(key);
	}
}
END_TEST

/* The DER itself, of a certificate in any profile. */
START_TEST(test_certificate_der)
{
	EVP_PKEY *key = mint_key("RSA");
	struct mint parts = { .version = "", .algorithm = MINT_ECDSA_SHA256 };
	struct buf der = mint(&parts, key, key);
	struct buf pem = { 0 };
	struct buf got = { 0 };

	add_pem(&pem, buf_span(&der), 64, "\n");
	EXPECT_REASON("PEM", root_certificate_der(buf_span(&pem), &got), REASON_OK);
	EXPECT_BYTES("PEM", buf_span(&got), buf_span(&der));
	buf_done(&got);
	EXPECT_REASON("DER", root_certificate_der(buf_span(&der), &got), REASON_OK);
	EXPECT_BYTES("DER", buf_span(&got), buf_span(&der));
	buf_done(&got);
	der.len--;
	EXPECT_REASON("cut", root_certificate_der(buf_span(&der), &got), REASON_TEXT_ENCODING);
	der.len++;
	notation_add(&der, "00");
	EXPECT_REASON("behind", root_certificate_der(buf_span(&der), &got), REASON_TEXT_ENCODING);
	add_pem(&pem, buf_span(&der), 64, "\n");
	EXPECT_REASON("two", root_certificate_der(buf_span(&pem), &got), REASON_TEXT_ENCODING);
	ck_assert_uint_eq(got.len, 0);
	buf_done(&got);
	buf_done(&der);
	buf_done(&pem);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(test_matches)
{
	struct buf der = support_vector("root.der");
	struct root root;
	bool matches = true;

	expect("DER", buf_span(&der), REASON_OK, &root);
	EXPECT_REASON("AWS", root_matches(&root_aws, buf_span(&der), &matches), REASON_OK);
	ck_assert(!matches);
	/* the fingerprint is compared whole: no other byte of the certificate will do */
	for (size_t i = 0; i < der.len; i += support_thin(31)) {
		der.at[i] ^= 0x01;
		matches = true;
		EXPECT_REASON("flipped", root_matches(&root, buf_span(&der), &matches), REASON_OK);
		ck_assert_msg(!matches, "byte %zu flipped", i);
		der.at[i] ^= 0x01;
	}
	for (size_t i = 0; i < sizeof(root.sha256); i++) {
		root.sha256[i] ^= 0x80;
		matches = true;
		EXPECT_REASON("pin", root_matches(&root, buf_span(&der), &matches), REASON_OK);
		ck_assert_msg(!matches, "byte %zu of the pin flipped", i);
		root.sha256[i] ^= 0x80;
	}
	matches = true;
	EXPECT_REASON("nothing", root_matches(&root, (struct span){ NULL, 0 }, &matches),
		      REASON_OK);
	ck_assert(!matches);
	buf_done(&der);
}
END_TEST

/* The pin against what AWS publishes: the fingerprint in its user guide, and its file. */
START_TEST(test_aws)
{
	static const char published[] =
		"641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b";
	struct buf pin = notation(published);
	struct buf file;
	struct root root;

	EXPECT_BYTES("pin", SPAN_OF(root_aws.sha256), buf_span(&pin));
	ck_assert(root_aws.is_aws);
	buf_done(&pin);
	if (!support_shared("root/aws", "documents/root/aws-nitro-root-g1.pem", &file))
		return;
	expect("file", buf_span(&file), REASON_OK, &root);
	ck_assert(root.is_aws);
	EXPECT_BYTES("file", SPAN_OF(root.sha256), SPAN_OF(root_aws.sha256));
	buf_done(&file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("root");

	support_add(suite, "forms", test_forms);
	support_add(suite, "text", test_text);
	support_add(suite, "profile", test_profile);
	support_add(suite, "certificate der", test_certificate_der);
	support_add(suite, "matches", test_matches);
	support_add(suite, "aws", test_aws);
	return support_main(suite);
}
