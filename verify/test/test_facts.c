#include "verify/facts.h"

#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/cose.h"
#include "verify/json.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* secp256k1 (SEC 2, section 2.4.1): the base point, which is the public key of the private key 1, and that
 * of 2. Their addresses are known to every Ethereum developer. */
#define G_X "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define G_Y "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
#define G2_X "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
#define G2_Y "1ae168fea63dc339a3c58419466ceaeef7f632653266d0e1236431a950cfe52a"
/* P-256: its base point (FIPS 186-4, D.1.2.3) */
#define P256_X "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define P256_Y "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define FF "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
/* x = 1 lies on the curve with this y; and x = p + 1 would too, were numbers reduced first */
#define ONE_X "0000000000000000000000000000000000000000000000000000000000000001"
#define ONE_Y "4218f20ae6c646b363db68605822fb14264ca8d2587fdd6fbc750d587e76a7ee"
#define P_AND_ONE "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30"

static const struct {
	const char *row;
	const char *public_key;
	const char *want; /* "" for a signer that is not looked at, NULL for none */
} signers[] = {
	{ "key 1", "04" G_X G_Y, "7e5f4552091a69125d5dfcb7b8c2659029395bdf" },
	{ "key 2", "04" G2_X G2_Y, "2b5ad5c4795c026514f8317c7a215e218dccd6cf" },
	{ "small x", "04" ONE_X ONE_Y, "" },
	{ "P-256", "04" P256_X P256_Y, NULL },
	{ "nothing", "", NULL },
	{ "one byte", "04", NULL },
	{ "64 bytes", "04" G_X "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4",
	  NULL },
	{ "64 bytes, no prefix", G_X G_Y, NULL },
	{ "66 bytes", "04" G_X G_Y "00", NULL },
	{ "compressed", "02" G_X, NULL },
	{ "compressed, long", "02" G_X G_Y, NULL },
	{ "hybrid", "06" G_X G_Y, NULL },
	{ "prefix 0", "00" G_X G_Y, NULL },
	{ "prefix 5", "05" G_X G_Y, NULL },
	{ "coordinates swapped", "04" G_Y G_X, NULL },
	{ "other y", "04" G_X G2_Y, NULL },
	{ "zero", "04" ZERO ZERO, NULL },
	{ "beyond the field", "04" FF FF, NULL },
	{ "x not reduced", "04" P_AND_ONE ONE_Y, NULL },
};

START_TEST(test_signer)
{
	for (size_t i = 0; i < LENGTH(signers); i++) {
		uint8_t got[FACTS_ADDRESS_LEN] = { 0x5a };
		struct buf key = support_hex(signers[i].public_key);
		uint8_t *exact = support_exact(buf_span(&key));
		bool found = facts_signer((struct span){ exact, key.len }, got);
		ck_assert_msg(found == (signers[i].want != NULL), "row \"%s\"", signers[i].row);
		if (found && signers[i].want[0] != '\0') {
			struct buf want = support_hex(signers[i].want);
			EXPECT_BYTES(signers[i].row, SPAN_OF(got), buf_span(&want));
			buf_done(&want);
		}
		if (!found)
			ck_assert_int_eq(got[0], 0x5a); /* untouched */
		free(exact);
		buf_done(&key);
	}
}
END_TEST

/* Any bit of the base point changed gives no point of the curve. */
START_TEST(test_signer_bits)
{
	struct buf key = support_hex("04" G_X G_Y);
	uint8_t got[FACTS_ADDRESS_LEN];

	for (size_t bit = 0; bit < 8 * key.len; bit += support_thin(29)) {
		key.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
		ck_assert_msg(!facts_signer(buf_span(&key), got), "bit %zu", bit);
		key.at[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	ck_assert(facts_signer(buf_span(&key), got));
	buf_done(&key);
}
END_TEST

static char *facts_text(const struct claims *claims)
{
	cJSON *facts = facts_of(claims);
	char *text = NULL;

	ck_assert_ptr_nonnull(facts);
	EXPECT_REASON("print", json_print(facts, &text), REASON_OK);
	cJSON_Delete(facts);
	return text;
}

START_TEST(test_nothing_claimed)
{
	const struct claims claims = { .timestamp_ms = 0 };
	char *got = facts_text(&claims);

	ck_assert_str_eq(got,
			 "{\"module_id\":null,\"timestamp_ms\":null,\"digest\":null,\"pcrs\":{},"
			 "\"public_key\":null,\"user_data\":null,\"nonce\":null,"
			 "\"enclave_hash\":null,\"signer\":null,\"certificates\":[]}");
	free(got);
}
END_TEST

/* Null is not the same as zero bytes; numbers of 64 bits are strings; what cannot be shown is escaped. */
START_TEST(test_forms)
{
	struct buf key = support_hex("04" G_X G_Y);
	struct claims claims = {
		.module_id = SPAN_LITERAL("i-\0\xc3\xa9\n\"\xff"),
		.digest = SPAN_LITERAL(""),
		.timestamp_ms = UINT64_MAX,
		.public_key = buf_span(&key),
		.user_data = SPAN_LITERAL(""),
		.certificate = SPAN_LITERAL("no certificate"),
	};
	const uint8_t ones[PCR_LEN] = { 1 };

	pcrs_set(&claims.pcrs, 31, ones);
	char *got = facts_text(&claims);
	ck_assert_str_eq(
		got,
		"{\"module_id\":\"i-\\ufffd\\u00e9\\n\\\"\\ufffd\","
		"\"timestamp_ms\":\"18446744073709551615\",\"digest\":\"\",\"pcrs\":{\"31\":\"01"
		"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
		"000000\"},"
		"\"public_key\":\"04" G_X G_Y "\",\"user_data\":\"\",\"nonce\":null,"
		"\"enclave_hash\":null,\"signer\":\"0x7e5f4552091a69125d5dfcb7b8c2659029395bdf\","
		"\"certificates\":[{\"subject\":null,\"not_before\":null,\"not_after\":null,"
		"\"sha256\":\"de826f9e5acba22f80b95e447f9a1a29db2441d3f8dee9d83dfbb0e52370dfc0\"}]}");
	free(got);
	buf_done(&key);
}
END_TEST

static const char *string_at(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

	ck_assert_msg(text != NULL, "no string \"%s\"", key);
	return text;
}

/* One certificate as OpenSSL reads it. */
static void expect_certificate(const cJSON *shown, struct span der)
{
	const unsigned char *at = der.at;
	uint8_t sha256[DIGEST_SHA256_LEN];
	X509 *cert = d2i_X509(NULL, &at, (long)der.len);
	BIO *text = BIO_new(BIO_s_mem());
	struct tm from;
	struct tm to;
	char want[32];
	char *subject;

	ck_assert(cert != NULL && text != NULL);
	ck_assert_int_gt(X509_NAME_print_ex(text, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253),
			 0);
	long len = BIO_get_mem_data(text, &subject);
	EXPECT_BYTES("subject", span_of_text(string_at(shown, "subject")),
		     ((struct span){ (const uint8_t *)subject, (size_t)len }));
	ck_assert_int_eq(ASN1_TIME_to_tm(X509_get0_notBefore(cert), &from), 1);
	ck_assert_int_eq(ASN1_TIME_to_tm(X509_get0_notAfter(cert), &to), 1);
	(void)strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &from);
	ck_assert_str_eq(string_at(shown, "not_before"), want);
	(void)strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%SZ", &to);
	ck_assert_str_eq(string_at(shown, "not_after"), want);
	EXPECT_REASON("digest", digest_sha256(&der, 1, sha256), REASON_OK);
	struct buf hex = support_hex(string_at(shown, "sha256"));
	EXPECT_BYTES("sha256", buf_span(&hex), SPAN_OF(sha256));
	buf_done(&hex);
	BIO_free(text);
	X509_free(cert);
}

START_TEST(test_document)
{
	struct buf file = support_vector("document.cbor");
	struct cose cose;
	struct claims claims;
	char key[8];
	size_t at;
	unsigned n = 0;

	EXPECT_REASON("cose", cose_read(buf_span(&file), &cose, &at), REASON_OK);
	EXPECT_REASON("claims", claims_read(cose.payload, &claims_real_limits, &claims, &at),
		      REASON_OK);
	cJSON *facts = facts_of(&claims);
	ck_assert_ptr_nonnull(facts);
	EXPECT_BYTES("module_id", span_of_text(string_at(facts, "module_id")), claims.module_id);
	ck_assert_str_eq(string_at(facts, "timestamp_ms"), "1767434400123");
	ck_assert_str_eq(string_at(facts, "digest"), "SHA384");
	const cJSON *pcrs = cJSON_GetObjectItemCaseSensitive(facts, "pcrs");
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (!pcrs_has(&claims.pcrs, i))
			continue;
		(void)snprintf(key, sizeof(key), "%u", i % 100);
		struct buf value = support_hex(string_at(pcrs, key));
		EXPECT_BYTES(key, buf_span(&value), pcrs_get(&claims.pcrs, i));
		buf_done(&value);
		n++;
	}
	ck_assert_uint_eq(n, 16);
	ck_assert_int_eq(cJSON_GetArraySize(pcrs), 16);
	uint8_t hash[KECCAK_LEN];
	enclave_hash(claims.pcrs.value[0], hash);
	ck_assert_int_eq(strncmp(string_at(facts, "enclave_hash"), "0x", 2), 0);
	struct buf value = support_hex(string_at(facts, "enclave_hash") + 2);
	EXPECT_BYTES("hash", buf_span(&value), SPAN_OF(hash));
	buf_done(&value);
	value = support_hex(string_at(facts, "user_data"));
	EXPECT_BYTES("user_data", buf_span(&value), claims.user_data);
	buf_done(&value);
	value = support_hex(string_at(facts, "nonce"));
	EXPECT_BYTES("nonce", buf_span(&value), claims.nonce);
	buf_done(&value);
	ck_assert(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(facts, "public_key")));
	const cJSON *certificates = cJSON_GetObjectItemCaseSensitive(facts, "certificates");
	ck_assert_int_eq(cJSON_GetArraySize(certificates), 5);
	ck_assert_uint_eq(claims.cabundle_len, 4);
	for (int i = 0; i < 5; i++)
		expect_certificate(cJSON_GetArrayItem(certificates, i),
				   i < 4 ? claims.cabundle[i] : claims.certificate);
	cJSON_Delete(facts);
	buf_done(&file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("facts");

	support_add(suite, "signer", test_signer);
	support_add(suite, "signer, each bit", test_signer_bits);
	support_add(suite, "nothing claimed", test_nothing_claimed);
	support_add(suite, "forms", test_forms);
	support_add(suite, "a whole document", test_document);
	return support_main(suite);
}
