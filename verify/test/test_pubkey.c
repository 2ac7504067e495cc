#include "verify/pubkey.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* RFC 8032 section 7.1, tests 1 to 3. */
static const struct {
	const char *key;
	const char *message;
	const char *signature;
} rfc8032[] = {
	{ "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
	  "f9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
	  "f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
	  "dc6594a7c15e9716ed28dc027beceea1ec40a" },
};

START_TEST(test_ed25519)
{
	for (size_t i = 0; i < LENGTH(rfc8032); i++) {
		struct buf spki = support_hex("302a300506032b6570032100");
		struct buf point = support_hex(rfc8032[i].key);
		struct buf message = support_hex(rfc8032[i].message);
		struct buf signature = support_hex(rfc8032[i].signature);
		struct pubkey key = { .key = NULL };
		bool ok = false;
		buf_add(&spki, buf_span(&point));
		EXPECT_REASON("key", pubkey_from_spki(buf_span(&spki), &key), REASON_OK);
		ck_assert_int_eq((int)key.kind, (int)PUBKEY_ED25519);
		for (size_t bit = 0; bit <= signature.len * 8; bit += support_thin(7)) {
			bool whole = bit == signature.len * 8;
			if (!whole)
				signature.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
			EXPECT_REASON(
				"verify",
				pubkey_verify(&key, buf_span(&message), buf_span(&signature), &ok),
				REASON_OK);
			ck_assert_msg(!ok || whole, "%zu: bit %zu counts for nothing", i, bit);
			if (!whole)
				signature.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		EXPECT_REASON("whole",
			      pubkey_verify(&key, buf_span(&message), buf_span(&signature), &ok),
			      REASON_OK);
		ck_assert(ok);
		pubkey_done(&key);
		buf_done(&spki);
		buf_done(&point);
		buf_done(&message);
		buf_done(&signature);
	}
}
END_TEST

static EVP_PKEY *made_key(const char *type)
{
	EVP_PKEY *key = strcmp(type, "EC") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256") :
						  EVP_PKEY_Q_keygen(NULL, NULL, type);

	ck_assert_ptr_nonnull(key);
	return key;
}

/* What OpenSSL makes and signs is read and verified, and by that key alone. */
START_TEST(test_made)
{
	static const char *const types[] = { "ED25519", "EC" };

	for (size_t i = 0; i < LENGTH(types); i++) {
		EVP_PKEY *made = made_key(types[i]);
		EVP_PKEY *other = made_key(types[i]);
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		unsigned char *der = NULL;
		unsigned char *other_der = NULL;
		uint8_t signature[128];
		size_t len = sizeof(signature);
		struct pubkey key;
		struct pubkey stranger;
		bool ok = false;
		int der_len = i2d_PUBKEY(made, &der);
		int other_len = i2d_PUBKEY(other, &other_der);
		ck_assert(der_len > 0 && other_len > 0);
		EXPECT_REASON("made", pubkey_from_spki((struct span){ der, (size_t)der_len }, &key),
			      REASON_OK);
		EXPECT_REASON(
			"other",
			pubkey_from_spki((struct span){ other_der, (size_t)other_len }, &stranger),
			REASON_OK);
		ck_assert_str_eq(pubkey_kind_name(key.kind), i == 0 ? "Ed25519" : "P-256");
		ck_assert_int_eq(
			EVP_DigestSignInit(ctx, NULL, i == 0 ? NULL : EVP_sha256(), NULL, made), 1);
		ck_assert_int_eq(EVP_DigestSign(ctx, signature, &len, (const uint8_t *)"text", 4),
				 1);
		struct span whole = { signature, len };
		EXPECT_REASON("this", pubkey_verify(&key, SPAN_LITERAL("text"), whole, &ok),
			      REASON_OK);
		ck_assert(ok);
		EXPECT_REASON("text", pubkey_verify(&key, SPAN_LITERAL("Text"), whole, &ok),
			      REASON_OK);
		ck_assert(!ok);
		ok = true;
		EXPECT_REASON("other", pubkey_verify(&stranger, SPAN_LITERAL("text"), whole, &ok),
			      REASON_OK);
		ck_assert(!ok);
		ok = true;
		EXPECT_REASON("none",
			      pubkey_verify(&key, SPAN_LITERAL("text"),
					    (struct span){ signature, 0 }, &ok),
			      REASON_OK);
		ck_assert(!ok);
		pubkey_done(&key);
		pubkey_done(&stranger);
		OPENSSL_free(der);
		OPENSSL_free(other_der);
		EVP_MD_CTX_free(ctx);
		EVP_PKEY_free(made);
		EVP_PKEY_free(other);
	}
	ck_assert_str_eq(pubkey_kind_name((enum pubkey_kind)7), "unknown");
}
END_TEST

#define BODY "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define BEGIN "-----BEGIN PUBLIC KEY-----\n"
#define END "-----END PUBLIC KEY-----\n"

static const struct {
	const char *row;
	const char *pem;
	enum reason want;
} pems[] = {
	{ "as written", BEGIN BODY "\n" END, REASON_OK },
	{ "CRLF, blanks around", "\r\n " BEGIN BODY "\r\n" END "\n\n", REASON_OK },
	{ "no last newline", BEGIN BODY "\n-----END PUBLIC KEY-----", REASON_OK },
	{ "nothing", "", REASON_SIGNER_KEY },
	{ "text before", "key\n" BEGIN BODY "\n" END, REASON_SIGNER_KEY },
	{ "text behind", BEGIN BODY "\n" END "x", REASON_SIGNER_KEY },
	{ "another key", BEGIN BODY "\n" END BEGIN BODY "\n" END, REASON_SIGNER_KEY },
	{ "no end", BEGIN BODY "\n", REASON_SIGNER_KEY },
	{ "empty", BEGIN END, REASON_SIGNER_KEY },
	{ "cut", BEGIN "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHUR\n" END,
	  REASON_SIGNER_KEY },
	{ "no base64", BEGIN "MCowBQYDK2VwAyEA11qYAYKx*\n" END, REASON_SIGNER_KEY },
	{ "X25519", BEGIN "MCowBQYDK2VuAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n" END,
	  REASON_SIGNER_KEY },
	{ "another label", "-----BEGIN PRIVATE KEY-----\n" BODY "\n-----END PRIVATE KEY-----\n",
	  REASON_SIGNER_KEY },
	{ "a header", BEGIN "Proc-Type: 4,ENCRYPTED\n\n" BODY "\n" END, REASON_SIGNER_KEY },
};

START_TEST(test_pem)
{
	for (size_t i = 0; i < LENGTH(pems); i++) {
		struct pubkey key = { .key = NULL };
		struct span text = span_of_text(pems[i].pem);
		uint8_t *exact = support_exact(text);
		EXPECT_REASON(pems[i].row, pubkey_read((struct span){ exact, text.len }, &key),
			      pems[i].want);
		ck_assert_msg((key.key != NULL) == (pems[i].want == REASON_OK), "%s", pems[i].row);
		pubkey_done(&key);
		free(exact);
	}
	struct buf large = { 0 };
	struct pubkey key = { .key = NULL };
	buf_text(&large, BEGIN BODY "\n" END);
	while (large.len <= PUBKEY_PEM_MAX)
		buf_byte(&large, '\n');
	EXPECT_REASON("16 KiB", pubkey_read(buf_span(&large), &key), REASON_SIGNER_KEY);
	buf_done(&large);
}
END_TEST

/* The one form of a key: any other encoding of it, or any other key, is refused. */
START_TEST(test_spki)
{
	static const char *const names[] = { "statements/alice.pem", "statements/bob.pem" };

	for (size_t i = 0; i < LENGTH(names); i++) {
		struct buf pem = support_vector(names[i]);
		struct pubkey key = { .key = NULL };
		unsigned char *der = NULL;
		EXPECT_REASON(names[i], pubkey_read(buf_span(&pem), &key), REASON_OK);
		int len = i2d_PUBKEY(key.key, &der);
		uint8_t id[DIGEST_SHA256_LEN];
		struct span whole = { der, (size_t)len };
		EXPECT_REASON("id", digest_sha256(&whole, 1, id), REASON_OK);
		EXPECT_BYTES(names[i], SPAN_OF(key.id), SPAN_OF(id));
		for (size_t cut = 0; cut < whole.len; cut++) {
			struct pubkey none = { .key = NULL };
			EXPECT_REASON("cut", pubkey_from_spki((struct span){ der, cut }, &none),
				      REASON_SIGNER_KEY);
		}
		size_t head = i == 0 ? 12 : 27;
		for (size_t at = 0; at < head; at++) {
			struct pubkey none = { .key = NULL };
			der[at] ^= 1;
			EXPECT_REASON("head", pubkey_from_spki(whole, &none), REASON_SIGNER_KEY);
			der[at] ^= 1;
		}
		pubkey_done(&key);
		OPENSSL_free(der);
		buf_done(&pem);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pubkey");

	support_add(suite, "RFC 8032", test_ed25519);
	support_add(suite, "made by OpenSSL", test_made);
	support_add(suite, "PEM", test_pem);
	support_add(suite, "SubjectPublicKeyInfo", test_spki);
	return support_main(suite);
}
