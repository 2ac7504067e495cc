#include "attest/answer.h"

#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/basenc.h"

/* A module that keeps what it was asked, and answers with a short document or fails. */
struct stub {
	struct buf asked;
	enum reason reason;
	enum reason certificate;
	unsigned count;
};

static enum reason stub_exchange(void *context, struct span request, struct buf *answer,
				 int *reterr_errno)
{
	const struct nsm_answer done = { .op = NSM_ATTESTATION, .bytes = SPAN_LITERAL("DOC") };
	struct stub *stub = context;

	stub->count++;
	buf_done(&stub->asked);
	stub->asked = (struct buf){ 0 };
	buf_add(&stub->asked, request);
	*reterr_errno = 5;
	if (stub->reason == REASON_OK)
		nsm_put_answer(answer, &done);
	return stub->reason;
}

static enum reason stub_certificate(void *context, uint8_t ret[static DIGEST_SHA256_LEN],
				    int *reterr_errno)
{
	const struct stub *stub = context;

	*reterr_errno = 6;
	memset(ret, 0xcc, DIGEST_SHA256_LEN);
	return stub->certificate;
}

static struct answerer *answerer_new(struct stub *stub, enum answer_shape shape)
{
	struct answerer *answerer = calloc(1, sizeof(*answerer));

	*stub = (struct stub){ .reason = REASON_OK };
	answerer->shape = shape;
	answerer->nsm = (struct nsm){ stub_exchange, stub };
	answerer->certificate = stub_certificate;
	answerer->context = stub;
	throttle_start(&answerer->throttle, 1000, 0);
	return answerer;
}

/* A P-256 key, and the content of its BIT STRING by openssl asn1parse */
#define KEY_PEM \
	"-----BEGIN PUBLIC KEY-----\\n" \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\\n" \
	"6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\\n" \
	"-----END PUBLIC KEY-----\\n"
#define KEY_POINT \
	"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" \
	"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"

START_TEST(test_odyn)
{
	static const struct {
		const char *body;
		const char *nonce; /* hex; NULL: null */
		const char *public_key;
		const char *user_data;
		unsigned status;
	} rows[] = {
		{ "{}", NULL, NULL, NULL, 200 },
		{ " {\"nonce\": null, \"public_key\": null, \"user_data\": null} ", NULL, NULL,
		  NULL, 200 },
		{ "{\"nonce\":\"AAEC\"}", "000102", NULL, NULL, 200 },
		{ "{\"nonce\":\"\",\"user_data\":\"/+8=\"}", "", NULL, "ffef", 200 },
		{ "{\"other\":[1,{}],\"user_data\":\"\"}", NULL, NULL, "", 200 },
		{ "{\"public_key\":\"" KEY_PEM "\"}", NULL, KEY_POINT, NULL, 200 },
		{ "", NULL, NULL, NULL, 400 },
		{ "[]", NULL, NULL, NULL, 400 },
		{ "{} x", NULL, NULL, NULL, 400 },
		{ "null", NULL, NULL, NULL, 400 },
		{ "{\"nonce\":1}", NULL, NULL, NULL, 400 },
		{ "{\"nonce\":\"AAE\"}", NULL, NULL, NULL, 400 },
		{ "{\"nonce\":\"AAEC \"}", NULL, NULL, NULL, 400 },
		{ "{\"nonce\":\"-_8=\"}", NULL, NULL, NULL, 400 },
		{ "{\"nonce\":\"AB==\"}", NULL, NULL, NULL, 400 },
		{ "{\"nonce\":\"AA==\",\"nonce\":\"AA==\"}", NULL, NULL, NULL, 400 },
		{ "{\"user_data\":{}}", NULL, NULL, NULL, 400 },
		{ "{\"user_data\":\"?\"}", NULL, NULL, NULL, 400 },
		{ "{\"public_key\":\"AAEC\"}", NULL, NULL, NULL, 400 },
		{ "{\"public_key\":false}", NULL, NULL, NULL, 400 },
		{ "{\"public_key\":\"-----BEGIN CERTIFICATE-----\\nMAA=\\n-----END CERTIFICATE-----\\n\"}",
		  NULL, NULL, NULL, 400 },
		{ "{\"public_key\":\"-----BEGIN PUBLIC KEY-----\\nMAA=\\n-----END PUBLIC KEY-----\\n\"}",
		  NULL, NULL, NULL, 400 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *row = rows[i].body;
		struct stub stub;
		struct answerer *answerer = answerer_new(&stub, ANSWER_ODYN);
		const struct answer_request request = { "POST", "/v1/attestation", NULL,
							span_of_text(row) };
		struct nsm_request asked;
		struct answer_reply answer;

		answer_make(answerer, &request, 0, &answer);
		ck_assert_msg(answer.status == rows[i].status, "%s: %u", row, answer.status);
		ck_assert_uint_eq(stub.count, rows[i].status == 200 ? 1 : 0);
		if (rows[i].status == 200) {
			const char *const want[] = { rows[i].nonce, rows[i].public_key,
						     rows[i].user_data };
			ck_assert_str_eq(answer.type, "application/cbor");
			EXPECT_BYTES(row, buf_span(&answer.body), SPAN_LITERAL("DOC"));
			EXPECT_REASON(row, nsm_read_request(buf_span(&stub.asked), &asked),
				      REASON_OK);
			const struct span got[] = { asked.nonce, asked.public_key,
						    asked.user_data };
			for (size_t n = 0; n < 3; n++) {
				struct buf bytes = support_hex(want[n] != NULL ? want[n] : "");
				ck_assert_msg((got[n].at == NULL) == (want[n] == NULL), "%s", row);
				EXPECT_BYTES(row, got[n], buf_span(&bytes));
				buf_done(&bytes);
			}
		}
		answer_done(&answer);
		buf_done(&stub.asked);
		free(answerer);
	}
}
END_TEST

/* Claims at their limit and one byte above it. */
START_TEST(test_lengths)
{
	static const struct {
		size_t len;
		unsigned status;
	} rows[] = { { 1024, 200 }, { 1025, 400 } };
	static uint8_t zeros[1025];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stub stub;
		struct answerer *answerer = answerer_new(&stub, ANSWER_ODYN);
		struct answer_request request = { "POST", "/v1/attestation", NULL, { NULL, 0 } };
		struct answer_reply answer;
		struct buf body = { 0 };

		buf_text(&body, "{\"nonce\":\"");
		base64_encode(&body, (struct span){ zeros, rows[i].len });
		buf_text(&body, "\"}");
		request.body = buf_span(&body);
		answer_make(answerer, &request, 0, &answer);
		ck_assert_uint_eq(answer.status, rows[i].status);
		answer_done(&answer);
		buf_done(&body);
		buf_done(&stub.asked);
		free(answerer);
	}
	static uint8_t long_body[ANSWER_BODY_MAX + 1];
	struct stub stub;
	struct answerer *answerer = answerer_new(&stub, ANSWER_ODYN);
	const struct answer_request request = { "POST", "/v1/attestation", NULL,
						SPAN_OF(long_body) };
	struct answer_reply answer;
	answer_make(answerer, &request, 0, &answer);
	ck_assert_uint_eq(answer.status, 413);
	answer_done(&answer);
	free(answerer);
}
END_TEST

#define NONCE "000102030405060708090a0b0c0d0e0f10111213"
#define USER_DATA \
	"1220 cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc" \
	"1220 0000000000000000000000000000000000000000000000000000000000000000"

START_TEST(test_nitriding)
{
	static const struct {
		const char *nonce;
		unsigned status;
	} rows[] = {
		{ NONCE, 200 },     { "000102030405060708090A0B0C0D0E0F10111213", 200 },
		{ NULL, 400 },      { "", 400 },
		{ "00", 400 },      { NONCE "00", 400 },
		{ NONCE " ", 400 }, { "0x0102030405060708090a0b0c0d0e0f10111213", 400 },
	};
	struct buf user_data = support_hex(USER_DATA);
	struct buf nonce = support_hex(NONCE);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stub stub;
		struct answerer *answerer = answerer_new(&stub, ANSWER_NITRIDING);
		const struct answer_request request = {
			"GET", "/enclave/attestation", rows[i].nonce, { NULL, 0 }
		};
		struct nsm_request asked;
		struct answer_reply answer;

		answer_make(answerer, &request, 0, &answer);
		ck_assert_msg(answer.status == rows[i].status, "row %zu: %u", i, answer.status);
		if (rows[i].status == 200) {
			EXPECT_BYTES("body", buf_span(&answer.body), SPAN_LITERAL("RE9D\n"));
			EXPECT_REASON("asked", nsm_read_request(buf_span(&stub.asked), &asked),
				      REASON_OK);
			EXPECT_BYTES("nonce", asked.nonce, buf_span(&nonce));
			EXPECT_BYTES("public_key", asked.public_key, SPAN_LITERAL("dummy"));
			EXPECT_BYTES("user_data", asked.user_data, buf_span(&user_data));
		}
		answer_done(&answer);
		buf_done(&stub.asked);
		free(answerer);
	}
	buf_done(&user_data);
	buf_done(&nonce);
}
END_TEST

START_TEST(test_routes)
{
	static const struct {
		const char *method;
		const char *path;
		const char *allow;
		enum answer_shape shape;
		unsigned status;
	} rows[] = {
		{ "GET", "/v1/attestation", "POST", ANSWER_ODYN, 405 },
		{ "HEAD", "/v1/attestation", "POST", ANSWER_ODYN, 405 },
		{ "post", "/v1/attestation", "POST", ANSWER_ODYN, 405 },
		{ "POST", "/v1/attestation/", NULL, ANSWER_ODYN, 404 },
		{ "POST", "/V1/attestation", NULL, ANSWER_ODYN, 404 },
		{ "POST", "/", NULL, ANSWER_ODYN, 404 },
		{ "GET", "/enclave/attestation", NULL, ANSWER_ODYN, 404 },
		{ "POST", "/enclave/attestation", "GET", ANSWER_NITRIDING, 405 },
		{ "POST", "/v1/attestation", NULL, ANSWER_NITRIDING, 404 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stub stub;
		struct answerer *answerer = answerer_new(&stub, rows[i].shape);
		const struct answer_request request = { rows[i].method, rows[i].path, NONCE,
							SPAN_LITERAL("{}") };
		struct answer_reply answer;

		answer_make(answerer, &request, 0, &answer);
		ck_assert_msg(answer.status == rows[i].status, "row %zu: %u", i, answer.status);
		ck_assert((answer.allow == NULL) == (rows[i].allow == NULL));
		if (rows[i].allow != NULL)
			ck_assert_str_eq(answer.allow, rows[i].allow);
		ck_assert_uint_eq(stub.count, 0);
		answer_done(&answer);
		free(answerer);
	}
}
END_TEST

/* One answer after the other from one answerer. */
START_TEST(test_order)
{
	static const struct {
		const char *body;
		int64_t now_ms;
		enum reason module;
		unsigned status;
	} rows[] = {
		{ "{\"nonce\":\"AA==\"}", 0, REASON_NSM_DEVICE, 500 },
		/* the nonce had no document */
		{ "{\"nonce\":\"AA==\"}", 1000, REASON_OK, 200 },
		{ "{\"nonce\":\"AA==\"}", 2000, REASON_OK, 409 },
		{ "{\"nonce\":\"AA==\",\"user_data\":\"AA==\"}", 2000, REASON_OK, 409 },
		/* what is refused costs nothing */
		{ "x", 2000, REASON_OK, 400 },
		{ "{\"nonce\":\"AQ==\"}", 2000, REASON_OK, 200 },
		{ "{\"nonce\":\"Ag==\"}", 2000, REASON_OK, 429 },
		{ "{\"nonce\":\"Ag==\"}", 3000, REASON_OK, 200 },
		/* no nonce, nothing to remember */
		{ "{}", 4000, REASON_OK, 200 },
		{ "{}", 5000, REASON_OK, 200 },
		{ "{\"nonce\":\"\"}", 6000, REASON_OK, 200 },
		{ "{\"nonce\":\"\"}", 7000, REASON_OK, 200 },
		{ "{}", 8000, REASON_NSM_INTERNAL_ERROR, 500 },
	};
	struct stub stub;
	struct answerer *answerer = answerer_new(&stub, ANSWER_ODYN);

	throttle_start(&answerer->throttle, 1, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct answer_request request = { "POST", "/v1/attestation", NULL,
							span_of_text(rows[i].body) };
		struct answer_reply answer;

		stub.reason = rows[i].module;
		answer_make(answerer, &request, rows[i].now_ms, &answer);
		ck_assert_msg(answer.status == rows[i].status, "row %zu: %u", i, answer.status);
		ck_assert_uint_eq(answer.retry_after_s, rows[i].status == 429 ? 1 : 0);
		if (rows[i].status == 500) {
			EXPECT_REASON("trouble", answer.trouble, rows[i].module);
			ck_assert_int_eq(answer.why, 5);
		}
		answer_done(&answer);
	}
	buf_done(&stub.asked);
	free(answerer);
}
END_TEST

/* From outside a nonce may be chosen and nothing else; nitriding's own claims are not chosen. */
START_TEST(test_outside)
{
	static const struct {
		const char *body;
		enum answer_shape shape;
		unsigned status;
	} rows[] = {
		{ "{}", ANSWER_ODYN, 200 },
		{ "{\"nonce\":\"AA==\",\"user_data\":null}", ANSWER_ODYN, 200 },
		{ "{\"user_data\":\"AA==\"}", ANSWER_ODYN, 403 },
		{ "{\"user_data\":\"\"}", ANSWER_ODYN, 403 },
		{ "{\"public_key\":\"" KEY_PEM "\"}", ANSWER_ODYN, 403 },
		{ "", ANSWER_NITRIDING, 200 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stub stub;
		struct answerer *answerer = answerer_new(&stub, rows[i].shape);
		bool odyn = rows[i].shape == ANSWER_ODYN;
		const struct answer_request request = { odyn ? "POST" : "GET",
							answer_path(rows[i].shape), NONCE,
							span_of_text(rows[i].body) };
		struct answer_reply answer;

		answerer->outside = true;
		answer_make(answerer, &request, 0, &answer);
		ck_assert_msg(answer.status == rows[i].status, "row %zu: %u", i, answer.status);
		ck_assert_uint_eq(stub.count, rows[i].status == 200 ? 1 : 0);
		answer_done(&answer);
		buf_done(&stub.asked);
		free(answerer);
	}
}
END_TEST

START_TEST(test_certificate)
{
	struct buf root = support_vector("root.pem");
	struct buf other = support_vector("otherroot.pem");
	struct buf der = support_vector("root.der");
	struct span whole = buf_span(&der);
	struct buf chain = { 0 };
	struct stub stub;
	uint8_t want[DIGEST_SHA256_LEN];
	uint8_t got[DIGEST_SHA256_LEN];

	EXPECT_REASON("want", digest_sha256(&whole, 1, want), REASON_OK);
	EXPECT_REASON("one", answer_certificate(buf_span(&root), got), REASON_OK);
	EXPECT_BYTES("one", SPAN_OF(got), SPAN_OF(want));
	/* a server's own stands first, a key perhaps before it */
	buf_text(&chain, "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n");
	buf_add(&chain, buf_span(&root));
	buf_add(&chain, buf_span(&other));
	EXPECT_REASON("chain", answer_certificate(buf_span(&chain), got), REASON_OK);
	EXPECT_BYTES("chain", SPAN_OF(got), SPAN_OF(want));
	EXPECT_REASON("DER", answer_certificate(whole, got), REASON_TEXT_ENCODING);
	EXPECT_REASON("nothing", answer_certificate(SPAN_LITERAL(""), got), REASON_TEXT_ENCODING);
	EXPECT_REASON("broken",
		      answer_certificate(SPAN_LITERAL("-----BEGIN CERTIFICATE-----\nMAA=\n"
						      "-----END CERTIFICATE-----\n"),
					 got),
		      REASON_TEXT_ENCODING);
	struct answerer *answerer = answerer_new(&stub, ANSWER_NITRIDING);
	const struct answer_request request = { "GET", "/enclave/attestation", NONCE, { NULL, 0 } };
	struct answer_reply answer;
	stub.certificate = REASON_TEXT_ENCODING;
	answer_make(answerer, &request, 0, &answer);
	ck_assert_uint_eq(answer.status, 500);
	EXPECT_REASON("told", answer.trouble, REASON_TEXT_ENCODING);
	ck_assert_int_eq(answer.why, 6);
	ck_assert_uint_eq(stub.count, 0);
	answer_done(&answer);
	free(answerer);
	buf_done(&root);
	buf_done(&other);
	buf_done(&der);
	buf_done(&chain);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answer");

	support_add(suite, "odyn", test_odyn);
	support_add(suite, "lengths", test_lengths);
	support_add(suite, "nitriding", test_nitriding);
	support_add(suite, "routes", test_routes);
	support_add(suite, "order of refusals", test_order);
	support_add(suite, "from outside", test_outside);
	support_add(suite, "certificate", test_certificate);
	return support_main(suite);
}
