#include "attest/simulate.h"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/chain.h"
#include "verify/claims.h"
#include "verify/cose.h"

#define BEGIN_S INT64_C(1800000000)
#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)

/* The clock that the simulated module sees, and numbers that are the same on every run. */
static int64_t test_now_ms = BEGIN_S * 1000;
static uint64_t test_random_state = 7;
static bool test_random_works = true;

static int64_t test_clock_ms(void)
{
	return test_now_ms;
}

static bool test_random(uint8_t *ret, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)support_random(&test_random_state);
	return test_random_works;
}

static void set_up(struct simulate *simulate)
{
	struct pcrs pcrs = { .present = 0 };
	uint8_t value[PCR_LEN];

	*simulate = (struct simulate){ .clock_ms = test_clock_ms, .random = test_random };
	simulate->chain.random = test_random;
	for (unsigned i = 0; i < 3; i++) {
		memset(value, (int)i + 1, sizeof(value));
		pcrs_set(&pcrs, i, value);
	}
	EXPECT_REASON("keys", simchain_new_keys(&simulate->chain), REASON_OK);
	EXPECT_REASON("root", simchain_issue_root(&simulate->chain, BEGIN_S), REASON_OK);
	EXPECT_REASON("pcrs", simulate_set_pcrs(simulate, &pcrs), REASON_OK);
}

static enum reason ask(struct simulate *simulate, const struct nsm_request *request,
		       struct buf *bytes, struct nsm_answer *ret)
{
	const struct nsm nsm = simulate_nsm(simulate);
	int why = 0;

	return nsm_ask(&nsm, request, bytes, ret, &why);
}

/* OpenSSL's own judgement of the chain of a document at a second. */
static int openssl_verifies(const struct claims *claims, int64_t at)
{
	STACK_OF(X509) *between = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *certs[CHAIN_MAX] = { NULL };
	size_t n = claims->cabundle_len;

	for (size_t i = 0; i <= n; i++) {
		struct span der = i < n ? claims->cabundle[i] : claims->certificate;
		const uint8_t *p = der.at;
		certs[i] = d2i_X509(NULL, &p, (long)der.len);
		ck_assert_ptr_nonnull(certs[i]);
		if (i > 0 && i < n)
			ck_assert_int_gt(sk_X509_push(between, certs[i]), 0);
	}
	ck_assert_int_eq(X509_STORE_add_cert(store, certs[0]), 1);
	ck_assert_int_eq(X509_STORE_CTX_init(ctx, store, certs[n], between), 1);
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(ctx), (time_t)at);
	X509_VERIFY_PARAM_set_depth(X509_STORE_CTX_get0_param(ctx), 3);
	(void)X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx),
					  X509_V_FLAG_SUITEB_192_LOS);
	int ok = X509_verify_cert(ctx);
	ck_assert_msg(ok == 1, "%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(between);
	for (size_t i = 0; i <= n; i++)
		X509_free(certs[i]);
	return ok;
}

/* Asks for a document now and verifies it: by our own walk, over all the time for which it must be good,
 * and by OpenSSL. *ret_leaf is the digest of its last certificate. */
static void expect_document(const char *row, struct simulate *simulate,
			    uint8_t ret_leaf[static DIGEST_SHA256_LEN])
{
	const struct nsm_request request = { .op = NSM_ATTESTATION,
					     .nonce = SPAN_LITERAL("\1\2\3"),
					     .user_data = SPAN_LITERAL("") };
	struct span root_der = buf_span(&simulate->chain.ders[SIMCHAIN_ROOT]);
	struct root root = { .is_aws = false };
	struct buf bytes = { 0 };
	struct nsm_answer answer;
	struct cose cose;
	struct claims claims;
	struct chain chain;
	EVP_PKEY *key = NULL;
	size_t at = 0;

	EXPECT_REASON(row, ask(simulate, &request, &bytes, &answer), REASON_OK);
	EXPECT_REASON(row, cose_read(answer.bytes, &cose, &at), REASON_OK);
	EXPECT_REASON(row, claims_read(cose.payload, &claims_aws_table_limits, &claims, &at),
		      REASON_OK);
	ck_assert_uint_eq(claims.timestamp_ms, (uint64_t)test_now_ms);
	EXPECT_BYTES(row, claims.nonce, request.nonce);
	ck_assert(claims.user_data.at != NULL && claims.user_data.len == 0);
	ck_assert_ptr_null(claims.public_key.at);
	EXPECT_BYTES(row, claims.module_id, span_of_text(simulate->chain.module_id));
	EXPECT_REASON(row, digest_sha256(&root_der, 1, root.sha256), REASON_OK);
	EXPECT_REASON(row,
		      chain_walk(claims.cabundle, claims.cabundle_len, claims.certificate, &root,
				 NULL, &chain, &key, &at),
		      REASON_OK);
	EXPECT_REASON(row, cose_verify(&cose, key), REASON_OK);
	EVP_PKEY_free(key);
	/* a document can be judged for 36 minutes at least, as long as its last certificate lives */
	int64_t now_s = test_now_ms / 1000;
	EXPECT_REASON(row, chain_valid_at(&chain, now_s, &at), REASON_OK);
	EXPECT_REASON(row, chain_valid_at(&chain, now_s + 36 * INT64_C(60), &at), REASON_OK);
	EXPECT_REASON(row, chain_valid_at(&chain, chain.certs[4].not_after, &at), REASON_OK);
	EXPECT_REASON(row, chain_valid_at(&chain, chain.certs[4].not_after + 1, &at),
		      REASON_X509_VALIDITY);
	ck_assert_uint_eq(at, 4);
	ck_assert_int_eq(openssl_verifies(&claims, now_s), 1);
	/* nobody else's root */
	EXPECT_REASON(row,
		      chain_walk(claims.cabundle, claims.cabundle_len, claims.certificate,
				 &root_aws, NULL, &chain, &key, &at),
		      REASON_X509_ROOT);
	EXPECT_REASON(row, digest_sha256(&claims.certificate, 1, ret_leaf), REASON_OK);
	buf_done(&bytes);
}

START_TEST(test_shape)
{
	static const struct {
		size_t index;
		int64_t life_s;
		bool is_ca;
		bool has_path_len;
		uint32_t path_len;
		bool key_ids;
		uint16_t key_usage;
	} rows[] = {
		{ 0, 30 * INT64_C(365) * 86400, true, false, 0, false, 0x61 },
		{ 1, 1731600, true, true, 2, true, 0x61 },
		{ 2, 518400, true, true, 1, true, 0x61 },
		{ 3, 86400, true, true, 0, true, 0x20 },
		{ 4, 10803, false, false, 0, false, 0x03 },
	};
	struct simulate simulate;

	test_now_ms = BEGIN_S * 1000;
	set_up(&simulate);
	EXPECT_REASON("refresh", simchain_refresh(&simulate.chain, BEGIN_S), REASON_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cert cert;
		struct buf name = { 0 };

		EXPECT_REASON("cert", cert_read(buf_span(&simulate.chain.ders[i]), &cert),
			      REASON_OK);
		ck_assert_int_eq(cert.not_after - cert.not_before, rows[i].life_s);
		ck_assert(cert.is_ca == rows[i].is_ca && cert.has_basic_constraints &&
			  cert.basic_constraints_critical);
		ck_assert(cert.has_path_len == rows[i].has_path_len &&
			  cert.path_len == rows[i].path_len);
		ck_assert_uint_eq(cert.key_usage, rows[i].key_usage);
		ck_assert((cert.authority_key_id.at != NULL) == rows[i].key_ids);
		ck_assert((cert.subject_key_id.at != NULL) == (rows[i].key_ids || i == 0));
		ck_assert_uint_eq(cert.ignored_extensions, 0);
		ck_assert_uint_le(cert.der.len, CLAIMS_CERTIFICATE_MAX);
		/* a name says what it is */
		cert_name_text(&name, cert.subject);
		char *text = buf_take_text(&name);
		ck_assert_msg(strstr(text, "OU=simulated") != NULL, "%s", text);
		free(text);
	}
	simulate_done(&simulate);
}
END_TEST

START_TEST(test_days)
{
	struct simulate simulate;
	uint8_t first[DIGEST_SHA256_LEN];
	uint8_t leaf[DIGEST_SHA256_LEN];
	uint8_t before[DIGEST_SHA256_LEN];
	unsigned issued = 0;
	int64_t step_ms = (support_is_slow() ? 1429 : 131) * INT64_C(60000);

	test_now_ms = BEGIN_S * 1000;
	set_up(&simulate);
	expect_document("first", &simulate, first);
	test_now_ms += 143 * INT64_C(60000);
	expect_document("the same certificate", &simulate, leaf);
	ck_assert_mem_eq(first, leaf, sizeof(leaf));
	test_now_ms += 2 * INT64_C(60000);
	expect_document("another certificate", &simulate, leaf);
	ck_assert_mem_ne(first, leaf, sizeof(leaf));
	memcpy(before, leaf, sizeof(leaf));
	for (int64_t end = test_now_ms + 25 * DAY_MS; test_now_ms < end; test_now_ms += step_ms) {
		expect_document("days", &simulate, leaf);
		issued += memcmp(leaf, before, sizeof(leaf)) != 0 ? 1 : 0;
		memcpy(before, leaf, sizeof(leaf));
	}
	ck_assert_uint_gt(issued, 20);
	/* a clock that is set back */
	test_now_ms -= 9 * DAY_MS;
	expect_document("set back", &simulate, leaf);
	ck_assert_mem_ne(before, leaf, sizeof(leaf));
	simulate_done(&simulate);
}
END_TEST

START_TEST(test_out_of_time)
{
	static const struct {
		const char *name;
		int64_t now_ms;
		enum reason reason;
	} rows[] = {
		{ "no clock", -1, REASON_SIMULATE_TIME },
		{ "before the root", (BEGIN_S - 3601) * 1000, REASON_SIMULATE_TIME },
		{ "the first second", (BEGIN_S - 3600) * 1000, REASON_OK },
		{ "the last one", (BEGIN_S - 3600 + 30 * INT64_C(365) * 86400 - 10800) * 1000,
		  REASON_OK },
		{ "behind the root", (BEGIN_S - 3600 + 30 * INT64_C(365) * 86400 - 10799) * 1000,
		  REASON_SIMULATE_TIME },
	};
	const struct nsm_request request = { .op = NSM_ATTESTATION };
	struct simulate simulate;

	set_up(&simulate);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf bytes = { 0 };
		struct nsm_answer answer;

		test_now_ms = rows[i].now_ms;
		EXPECT_REASON(rows[i].name, ask(&simulate, &request, &bytes, &answer),
			      rows[i].reason);
		buf_done(&bytes);
	}
	simulate_done(&simulate);
	test_now_ms = BEGIN_S * 1000;
}
END_TEST

START_TEST(test_registers)
{
	static const uint8_t too_long[CLAIMS_OPTIONAL_MAX + 1];
	static const struct {
		const char *name;
		struct nsm_request request;
		enum reason reason;
	} rows[] = {
		{ "describe the last", { .op = NSM_DESCRIBE_PCR, .number = 31 }, REASON_OK },
		{ "describe none",
		  { .op = NSM_DESCRIBE_PCR, .number = 32 },
		  REASON_NSM_INVALID_INDEX },
		{ "describe far",
		  { .op = NSM_DESCRIBE_PCR, .number = UINT64_MAX },
		  REASON_NSM_INVALID_INDEX },
		{ "extend a locked one",
		  { .op = NSM_EXTEND_PCR, .number = 15, .data = { too_long, 1 } },
		  REASON_NSM_READ_ONLY_INDEX },
		{ "extend none",
		  { .op = NSM_EXTEND_PCR, .number = 32, .data = { too_long, 1 } },
		  REASON_NSM_INVALID_INDEX },
		{ "extend",
		  { .op = NSM_EXTEND_PCR, .number = 16, .data = { too_long, 1 } },
		  REASON_OK },
		{ "lock a locked one",
		  { .op = NSM_LOCK_PCR, .number = 3 },
		  REASON_NSM_READ_ONLY_INDEX },
		{ "lock none", { .op = NSM_LOCK_PCR, .number = 32 }, REASON_NSM_INVALID_INDEX },
		{ "lock", { .op = NSM_LOCK_PCR, .number = 16 }, REASON_OK },
		{ "extend it then",
		  { .op = NSM_EXTEND_PCR, .number = 16, .data = { too_long, 1 } },
		  REASON_NSM_READ_ONLY_INDEX },
		{ "lock too many",
		  { .op = NSM_LOCK_PCRS, .number = 33 },
		  REASON_NSM_INVALID_INDEX },
		{ "lock all", { .op = NSM_LOCK_PCRS, .number = 32 }, REASON_OK },
		{ "random", { .op = NSM_GET_RANDOM }, REASON_OK },
		{ "a long nonce",
		  { .op = NSM_ATTESTATION, .nonce = { too_long, sizeof(too_long) } },
		  REASON_NSM_INVALID_ARGUMENT },
		{ "long user data",
		  { .op = NSM_ATTESTATION, .user_data = { too_long, sizeof(too_long) } },
		  REASON_NSM_INVALID_ARGUMENT },
		{ "a long key",
		  { .op = NSM_ATTESTATION, .public_key = { too_long, sizeof(too_long) } },
		  REASON_NSM_INVALID_ARGUMENT },
		{ "all as long as can be",
		  { .op = NSM_ATTESTATION,
		    .nonce = { too_long, sizeof(too_long) - 1 },
		    .user_data = { too_long, sizeof(too_long) - 1 },
		    .public_key = { too_long, sizeof(too_long) - 1 } },
		  REASON_OK },
	};
	struct simulate simulate;
	struct buf bytes = { 0 };
	struct nsm_answer answer;
	uint8_t want[PCR_LEN];

	test_now_ms = BEGIN_S * 1000;
	set_up(&simulate);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf one = { 0 };
		EXPECT_REASON(rows[i].name, ask(&simulate, &rows[i].request, &one, &answer),
			      rows[i].reason);
		buf_done(&one);
	}
	/* extended once, from zero */
	EXPECT_REASON("extend", pcr_extend((struct span){ too_long, 1 }, want), REASON_OK);
	EXPECT_REASON("describe",
		      ask(&simulate, &(struct nsm_request){ .op = NSM_DESCRIBE_PCR, .number = 16 },
			  &bytes, &answer),
		      REASON_OK);
	EXPECT_BYTES("describe", answer.bytes, SPAN_OF(want));
	ck_assert(answer.locked);
	buf_done(&bytes);
	EXPECT_REASON(
		"describe",
		ask(&simulate, &(struct nsm_request){ .op = NSM_DESCRIBE_NSM }, &bytes, &answer),
		REASON_OK);
	ck_assert_uint_eq(answer.description.locked, UINT32_MAX);
	ck_assert_uint_eq(answer.description.max_pcrs, 32);
	buf_done(&bytes);
	test_random_works = false;
	EXPECT_REASON(
		"no randomness",
		ask(&simulate, &(struct nsm_request){ .op = NSM_GET_RANDOM }, &bytes, &answer),
		REASON_CRYPTO_FAILED);
	EXPECT_REASON(
		"no randomness",
		ask(&simulate, &(struct nsm_request){ .op = NSM_ATTESTATION }, &bytes, &answer),
		REASON_OK);
	test_now_ms += DAY_MS;
	buf_done(&bytes);
	EXPECT_REASON(
		"no serial number",
		ask(&simulate, &(struct nsm_request){ .op = NSM_ATTESTATION }, &bytes, &answer),
		REASON_CRYPTO_FAILED);
	test_random_works = true;
	buf_done(&bytes);
	simulate_done(&simulate);
}
END_TEST

/* Which registers stand in a document, and what is made of the module's id. */
START_TEST(test_locked_registers)
{
	struct simulate simulate;
	struct buf bytes = { 0 };
	struct nsm_answer answer;
	struct claims claims;
	struct cose cose;
	uint8_t want[PCR_LEN];
	size_t at = 0;

	test_now_ms = BEGIN_S * 1000;
	set_up(&simulate);
	struct pcrs pcrs = simulate.pcrs;
	memset(want, 0x77, sizeof(want));
	pcrs.present &= ~(UINT32_C(1) << 4);
	pcrs_set(&pcrs, 3, want);
	pcrs_set(&pcrs, 20, want);
	EXPECT_REASON("set", simulate_set_pcrs(&simulate, &pcrs), REASON_OK);
	EXPECT_REASON(
		"ask",
		ask(&simulate, &(struct nsm_request){ .op = NSM_ATTESTATION }, &bytes, &answer),
		REASON_OK);
	EXPECT_REASON("ask", cose_read(answer.bytes, &cose, &at), REASON_OK);
	EXPECT_REASON("ask", claims_read(cose.payload, &claims_real_limits, &claims, &at),
		      REASON_OK);
	ck_assert_uint_eq(claims.pcrs.present, 0x10ffffU);
	EXPECT_BYTES("PCR20", pcrs_get(&claims.pcrs, 20), SPAN_OF(want));
	EXPECT_BYTES("PCR3", pcrs_get(&claims.pcrs, 3), SPAN_OF(want));
	EXPECT_REASON(
		"PCR4",
		pcr_extend((struct span){ (const uint8_t *)simulate.chain.module_id, 19 }, want),
		REASON_OK);
	EXPECT_BYTES("PCR4", pcrs_get(&claims.pcrs, 4), SPAN_OF(want));
	ck_assert(span_is_zero(pcrs_get(&claims.pcrs, 8)));
	buf_done(&bytes);
	simulate_done(&simulate);
}
END_TEST

/* What is no request is answered as a module answers it. */
START_TEST(test_no_request)
{
	struct simulate simulate;
	struct buf bytes = { 0 };
	struct nsm_answer answer;
	int why = 0;

	set_up(&simulate);
	const struct nsm nsm = simulate_nsm(&simulate);
	EXPECT_REASON("exchange", nsm.exchange(nsm.context, SPAN_LITERAL("?"), &bytes, &why),
		      REASON_OK);
	EXPECT_REASON("answer", nsm_read_answer(buf_span(&bytes), NSM_GET_RANDOM, &answer),
		      REASON_NSM_INVALID_OPERATION);
	buf_done(&bytes);
	simulate_done(&simulate);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("simulate");

	support_add(suite, "shape of the certificates", test_shape);
	support_add(suite, "documents over days", test_days);
	support_add(suite, "out of time", test_out_of_time);
	support_add(suite, "registers", test_registers);
	support_add(suite, "registers of a document", test_locked_registers);
	support_add(suite, "what is no request", test_no_request);
	return support_main(suite);
}
