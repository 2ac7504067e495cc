#include "attest/answer.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/claims.h"
#include "verify/der.h"
#include "verify/json.h"

#define NITRIDING_NONCE_LEN 20

static const struct {
	const char *method;
	const char *path;
} shapes[] = {
	[ANSWER_ODYN] = { "POST", "/v1/attestation" },
	[ANSWER_NITRIDING] = { "GET", "/enclave/attestation" },
};

const char *answer_path(enum answer_shape shape)
{
	return shapes[shape].path;
}

void answer_say(struct answer_reply *ret, unsigned status, const char *text)
{
	answer_done(ret);
	*ret = (struct answer_reply){ .status = status, .type = "text/plain; charset=utf-8" };
	buf_text(&ret->body, text);
	buf_text(&ret->body, "\n");
}

void answer_done(struct answer_reply *answer)
{
	buf_done(&answer->body);
	*answer = (struct answer_reply){ .status = 0 };
}

static void trouble(struct answer_reply *ret, enum reason reason, int why)
{
	answer_say(ret, 500, "no document could be made");
	ret->trouble = reason;
	ret->why = why;
}

bool answer_route(const struct answerer *answerer, const char *method, const char *path,
		  struct answer_reply *ret)
{
	if (strcmp(path, shapes[answerer->shape].path) != 0) {
		answer_say(ret, 404, "there is nothing here");
		return false;
	}
	if (strcmp(method, shapes[answerer->shape].method) != 0) {
		answer_say(ret, 405, "another method is needed");
		ret->allow = shapes[answerer->shape].method;
		return false;
	}
	return true;
}

/* What a request asks to be put into the document; `at` NULL: null. */
struct wanted {
	struct buf nonce;
	struct buf public_key;
	struct buf user_data;
	bool has_nonce;
	bool has_public_key;
	bool has_user_data;
};

static void wanted_done(struct wanted *wanted)
{
	buf_done(&wanted->nonce);
	buf_done(&wanted->public_key);
	buf_done(&wanted->user_data);
}

static struct span span_if(bool there, const struct buf *buf)
{
	if (!there)
		return (struct span){ NULL, 0 };
	return buf->len > 0 ? buf_span(buf) : SPAN_LITERAL("");
}

/* The standard alphabet with its padding: what is written anew is the same text. */
static bool decode_base64(const char *text, struct buf *ret)
{
	struct buf again = { 0 };

	bool ok = base64_decode(span_of_text(text), ret) == REASON_OK;
	base64_encode(&again, buf_span(ret));
	ok = ok && !again.failed && span_equal(buf_span(&again), span_of_text(text));
	buf_done(&again);
	return ok;
}

/* The content of the BIT STRING of one SubjectPublicKeyInfo in PEM (RFC 5280 section 4.1; RFC 7468
 * section 13), whatever the algorithm. */
static bool decode_key(const char *text, struct buf *ret)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	unsigned char *der = NULL;
	char *header = NULL;
	char *name = NULL;
	long len = 0;
	struct span info;
	struct span algorithm;
	struct span bits;
	struct span oid;

	bool ok = bio != NULL && PEM_read_bio(bio, &name, &header, &der, &len) == 1 &&
		  strcmp(name, "PUBLIC KEY") == 0 && *header == '\0' && len > 0;
	if (ok) {
		struct span all = { der, (size_t)len };
		ok = der_take(&all, DER_SEQUENCE, &info) && all.len == 0 &&
		     der_take(&info, DER_SEQUENCE, &algorithm) && der_oid(&algorithm, &oid) &&
		     der_octet_bits(&info, &bits) && info.len == 0;
	}
	if (ok)
		buf_add(ret, bits);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	ERR_clear_error();
	return ok && !ret->failed;
}

/* A member that is a string, or null or not there. False: something else, or not decodable, or too
 * long. */
static bool take_member(const cJSON *object, const char *key,
			bool (*decode)(const char *text, struct buf *ret), struct buf *ret,
			bool *ret_there)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, key);

	*ret_there = member != NULL && !cJSON_IsNull(member);
	if (!*ret_there)
		return true;
	return cJSON_IsString(member) && decode(member->valuestring, ret) &&
	       ret->len <= CLAIMS_OPTIONAL_MAX;
}

/* Unknown members are passed over, as odyn does; doubled ones are not. */
static const char *read_odyn(struct span body, struct wanted *ret)
{
	struct json_place place;
	AUTO(cJSON) *tree = NULL;

	if (json_read(body, &tree, &place) != REASON_OK || !cJSON_IsObject(tree))
		return "the body is not a JSON object";
	if (!take_member(tree, "nonce", decode_base64, &ret->nonce, &ret->has_nonce))
		return "nonce: base64 of at most 1024 bytes expected";
	if (!take_member(tree, "user_data", decode_base64, &ret->user_data, &ret->has_user_data))
		return "user_data: base64 of at most 1024 bytes expected";
	if (!take_member(tree, "public_key", decode_key, &ret->public_key, &ret->has_public_key))
		return "public_key: a PEM public key of at most 1024 bytes expected";
	return NULL;
}

static const char *read_nitriding(const char *nonce, struct wanted *ret)
{
	uint8_t bytes[NITRIDING_NONCE_LEN];

	if (nonce == NULL || !hex_decode_exact(span_of_text(nonce), bytes, sizeof(bytes)))
		return "nonce: 40 hex digits expected";
	buf_add(&ret->nonce, SPAN_OF(bytes));
	ret->has_nonce = true;
	return NULL;
}

/* What nitriding puts beside the nonce: what its TLS certificate and its application are. */
static enum reason add_nitriding(const struct answerer *answerer, struct wanted *ret,
				 int *reterr_errno)
{
	static const uint8_t sha2_256[] = { 0x12, 0x20 }; /* multihash: SHA2-256, 32 bytes */
	static const uint8_t no_application[DIGEST_SHA256_LEN];
	uint8_t digest[DIGEST_SHA256_LEN];

	enum reason reason = answerer->certificate(answerer->context, digest, reterr_errno);
	if (reason != REASON_OK)
		return reason;
	buf_add(&ret->user_data, SPAN_OF(sha2_256));
	buf_add(&ret->user_data, SPAN_OF(digest));
	buf_add(&ret->user_data, SPAN_OF(sha2_256));
	buf_add(&ret->user_data, SPAN_OF(no_application));
	buf_text(&ret->public_key, "dummy");
	ret->has_user_data = true;
	ret->has_public_key = true;
	return ret->user_data.failed || ret->public_key.failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

static void put_document(const struct answerer *answerer, struct span document,
			 struct answer_reply *ret)
{
	answer_done(ret);
	ret->status = 200;
	if (answerer->shape == ANSWER_ODYN) {
		ret->type = "application/cbor";
		buf_add(&ret->body, document);
	} else {
		ret->type = "text/plain; charset=utf-8";
		base64_encode(&ret->body, document);
		buf_text(&ret->body, "\n");
	}
	if (ret->body.failed)
		trouble(ret, REASON_OUT_OF_MEMORY, 0);
}

/* Asks the module. REASON_OK: *ret is a document. */
static enum reason ask(const struct answerer *answerer, const struct wanted *wanted,
		       struct answer_reply *ret, int *reterr_errno)
{
	const struct nsm_request request = {
		.op = NSM_ATTESTATION,
		.nonce = span_if(wanted->has_nonce, &wanted->nonce),
		.public_key = span_if(wanted->has_public_key, &wanted->public_key),
		.user_data = span_if(wanted->has_user_data, &wanted->user_data),
	};
	struct buf bytes = { 0 };
	struct nsm_answer answer;

	enum reason reason = nsm_ask(&answerer->nsm, &request, &bytes, &answer, reterr_errno);
	if (reason == REASON_OK)
		put_document(answerer, answer.bytes, ret);
	buf_done(&bytes);
	return reason;
}

static void answer_wanted(struct answerer *answerer, struct wanted *wanted, int64_t now_ms,
			  struct answer_reply *ret)
{
	uint8_t known[DIGEST_SHA256_LEN];
	bool has_nonce = wanted->nonce.len > 0;
	int why = 0;

	if (answerer->outside && (wanted->has_public_key || wanted->has_user_data)) {
		answer_say(
			ret, 403,
			"from outside the enclave only a nonce may be chosen, not what it attests");
		return;
	}
	enum reason reason = throttle_digest(buf_span(&wanted->nonce), known);
	if (reason == REASON_OK && has_nonce && throttle_knows(&answerer->throttle, known)) {
		answer_say(ret, 409, "this nonce has had its document: use a fresh one");
		return;
	}
	if (!throttle_take(&answerer->throttle, now_ms)) {
		answer_say(ret, 429, "too many documents: try again in a second");
		ret->retry_after_s = 1;
		return;
	}
	if (reason == REASON_OK && answerer->shape == ANSWER_NITRIDING)
		reason = add_nitriding(answerer, wanted, &why);
	if (reason == REASON_OK)
		reason = ask(answerer, wanted, ret, &why);
	if (reason != REASON_OK)
		trouble(ret, reason, why);
	else if (has_nonce && ret->status == 200)
		throttle_remember(&answerer->throttle, known);
}

void answer_make(struct answerer *answerer, const struct answer_request *request, int64_t now_ms,
		 struct answer_reply *ret)
{
	struct wanted wanted = { .has_nonce = false };
	const char *message = NULL;

	*ret = (struct answer_reply){ .status = 0 };
	if (!answer_route(answerer, request->method, request->path, ret))
		return;
	if (request->body.len > ANSWER_BODY_MAX) {
		answer_say(ret, 413, "the body is longer than 16384 bytes");
		return;
	}
	message = answerer->shape == ANSWER_ODYN ? read_odyn(request->body, &wanted) :
						   read_nitriding(request->nonce, &wanted);
	if (message != NULL)
		answer_say(ret, 400, message);
	else
		answer_wanted(answerer, &wanted, now_ms, ret);
	wanted_done(&wanted);
}

enum reason answer_certificate(struct span pem, uint8_t ret[static DIGEST_SHA256_LEN])
{
	BIO *bio = pem.len > INT32_MAX ? NULL : BIO_new_mem_buf(pem.at, (int)pem.len);
	enum reason reason = REASON_TEXT_ENCODING;
	unsigned char *der = NULL;
	char *header = NULL;
	char *name = NULL;
	long len = 0;

	/* a key may stand before it */
	while (bio != NULL && PEM_read_bio(bio, &name, &header, &der, &len) == 1) {
		bool found = strcmp(name, "CERTIFICATE") == 0 && len > 0;
		if (found) {
			const unsigned char *at = der;
			const struct span whole = { der, (size_t)len };
			X509 *x509 = d2i_X509(NULL, &at, len);
			if (x509 != NULL && at == der + len)
				reason = digest_sha256(&whole, 1, ret);
			X509_free(x509);
		}
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)len);
		if (found)
			break;
	}
	BIO_free(bio);
	ERR_clear_error();
	return reason;
}
