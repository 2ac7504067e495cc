#include "verify/binding.h"

#include <openssl/x509.h>
#include <string.h>

#include "test/support.h"
#include "verify/digest.h"
#include "verify/test/mint.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Two connections' certificates, and what documents say of the first. */
struct material {
	struct buf cert;
	struct buf other;
	uint8_t sha256[DIGEST_SHA256_LEN];
	uint8_t nitriding[68];
	struct buf spki; /* by OpenSSL */
};

static struct material make_material(const char *kind)
{
	struct material m = { .cert = { 0 } };
	const struct mint parts = { .version = NULL };
	EVP_PKEY *key = mint_key(kind);
	EVP_PKEY *issuer = mint_key("P-384");
	uint8_t *der = NULL;

	m.cert = mint(&parts, key, issuer);
	m.other = mint(&parts, issuer, issuer);
	struct span whole = buf_span(&m.cert);
	ck_assert_int_eq(digest_sha256(&whole, 1, m.sha256), REASON_OK);
	memset(m.nitriding, 0, sizeof(m.nitriding));
	m.nitriding[0] = m.nitriding[34] = 0x12;
	m.nitriding[1] = m.nitriding[35] = 0x20;
	memcpy(m.nitriding + 2, m.sha256, sizeof(m.sha256));
	int len = i2d_PUBKEY(key, &der);
	ck_assert_int_gt(len, 0);
	buf_add(&m.spki, (struct span){ der, (size_t)len });
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	EVP_PKEY_free(issuer);
	return m;
}

static void end_material(struct material *m)
{
	buf_done(&m->cert);
	buf_done(&m->other);
	buf_done(&m->spki);
}

static enum reason check(enum binding binding, struct span user_data, struct span peer)
{
	struct buf expected = { 0 };
	struct span actual;

	enum reason reason = binding_check(binding, user_data, peer, &expected, &actual);
	ck_assert((actual.at != NULL) == (reason == REASON_OK || reason == REASON_TLS_MISMATCH));
	if (reason == REASON_OK)
		EXPECT_BYTES("compared", buf_span(&expected), actual);
	buf_done(&expected);
	return reason;
}

/* Every binding with every kind of key: the right document holds for its certificate and no other. */
START_TEST(test_holds)
{
	static const char *const kinds[] = { "P-256", "P-384", "P-521", "RSA" };

	for (size_t i = 0; i < LENGTH(kinds); i++) {
		struct material m = make_material(kinds[i]);
		const struct {
			enum binding binding;
			struct span user_data;
		} rows[] = {
			{ BINDING_NITRIDING, SPAN_OF(m.nitriding) },
			{ BINDING_SPKI_USER_DATA, buf_span(&m.spki) },
			{ BINDING_SHA256_CERT_USER_DATA, SPAN_OF(m.sha256) },
		};
		for (size_t k = 0; k < LENGTH(rows); k++) {
			const char *row = binding_name(rows[k].binding);
			EXPECT_REASON(row,
				      check(rows[k].binding, rows[k].user_data, buf_span(&m.cert)),
				      REASON_OK);
			EXPECT_REASON(row,
				      check(rows[k].binding, rows[k].user_data, buf_span(&m.other)),
				      REASON_TLS_MISMATCH);
			EXPECT_REASON(
				row,
				check(rows[k].binding, rows[k].user_data, (struct span){ NULL, 0 }),
				REASON_TLS_NO_CERTIFICATE);
			EXPECT_REASON(
				row,
				check(rows[k].binding, (struct span){ NULL, 0 }, buf_span(&m.cert)),
				REASON_TLS_USER_DATA);
			EXPECT_REASON(row,
				      check(rows[k].binding, SPAN_LITERAL(""), buf_span(&m.cert)),
				      REASON_TLS_USER_DATA);
			EXPECT_REASON(row,
				      check(BINDING_NONE, rows[k].user_data, buf_span(&m.cert)),
				      REASON_TLS_USER_DATA);
		}
		end_material(&m);
	}
}
END_TEST

/* Each byte of the layout counts, but not the application's own hash. */
START_TEST(test_nitriding)
{
	struct material m = make_material("P-256");
	uint8_t longer[69] = { 0 };

	memcpy(longer, m.nitriding, sizeof(m.nitriding));
	for (size_t i = 0; i < sizeof(m.nitriding); i++) {
		enum reason want = i < 2 || i == 34 || i == 35 ? REASON_TLS_USER_DATA :
				   i < 34                      ? REASON_TLS_MISMATCH :
								 REASON_OK;
		m.nitriding[i] ^= 1;
		EXPECT_REASON("a changed byte",
			      check(BINDING_NITRIDING, SPAN_OF(m.nitriding), buf_span(&m.cert)),
			      want);
		m.nitriding[i] ^= 1;
		EXPECT_REASON("cut short",
			      check(BINDING_NITRIDING, (struct span){ m.nitriding, i },
				    buf_span(&m.cert)),
			      REASON_TLS_USER_DATA);
	}
	EXPECT_REASON("a byte more", check(BINDING_NITRIDING, SPAN_OF(longer), buf_span(&m.cert)),
		      REASON_TLS_USER_DATA);
	end_material(&m);
}
END_TEST

/* What is no certificate is one for no binding; cut anywhere it is none. */
START_TEST(test_certificates)
{
	struct material m = make_material("P-256");
	struct buf longer = { 0 };

	for (size_t i = 1; i < m.cert.len; i++)
		EXPECT_REASON("cut short",
			      check(BINDING_SPKI_USER_DATA, buf_span(&m.spki),
				    (struct span){ m.cert.at, i }),
			      REASON_TLS_CERTIFICATE);
	buf_add(&longer, buf_span(&m.cert));
	buf_byte(&longer, 0);
	EXPECT_REASON("a byte more",
		      check(BINDING_SHA256_CERT_USER_DATA, SPAN_OF(m.sha256), buf_span(&longer)),
		      REASON_TLS_CERTIFICATE);
	EXPECT_REASON("text",
		      check(BINDING_NITRIDING, SPAN_OF(m.nitriding), SPAN_LITERAL("certificate")),
		      REASON_TLS_CERTIFICATE);
	/* the key alone is a part of user_data only where it is all of it */
	buf_done(&longer);
	buf_add(&longer, buf_span(&m.spki));
	buf_byte(&longer, 0);
	EXPECT_REASON("the key and more",
		      check(BINDING_SPKI_USER_DATA, buf_span(&longer), buf_span(&m.cert)),
		      REASON_TLS_MISMATCH);
	buf_done(&longer);
	end_material(&m);
}
END_TEST

START_TEST(test_names)
{
	static const char *const names[] = { "none", "nitriding", "spki-user-data",
					     "sha256-cert-user-data" };
	enum binding got = BINDING_NONE;

	for (size_t i = 0; i < LENGTH(names); i++) {
		ck_assert(binding_from_name(names[i], &got));
		ck_assert_str_eq(binding_name(got), names[i]);
		ck_assert_uint_eq((size_t)got, i);
	}
	ck_assert(!binding_from_name("None", &got));
	ck_assert(!binding_from_name("", &got));
	ck_assert_str_eq(binding_name((enum binding)99), "unknown");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("binding");

	support_add(suite, "holds", test_holds);
	support_add(suite, "nitriding", test_nitriding);
	support_add(suite, "certificates", test_certificates);
	support_add(suite, "names", test_names);
	return support_main(suite);
}
