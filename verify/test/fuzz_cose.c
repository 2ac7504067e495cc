/* A document: an envelope that is accepted is the one encoding of its parts, and claims that are
 * accepted are what libcbor's tree of the payload holds. */
#include <cbor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/claims.h"
#include "verify/cose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

/* The byte string in its shortest form. */
static void add_bytes(struct buf *out, struct span bytes)
{
	uint8_t head[16];
	size_t len = cbor_encode_bytestring_start(bytes.len, head, sizeof(head));

	buf_add(out, (struct span){ head, len });
	buf_add(out, bytes);
}

static void check_envelope(struct span document, const struct cose *cose)
{
	struct buf again = { 0 };

	buf_add(&again, cose->tagged ? SPAN_LITERAL("\xd2\x84") : SPAN_LITERAL("\x84"));
	add_bytes(&again, cose->protected_bstr);
	buf_add(&again, SPAN_LITERAL("\xa0"));
	add_bytes(&again, cose->payload);
	add_bytes(&again, cose->signature);
	demand(again.failed || span_equal(buf_span(&again), document), "another encoding");
	buf_done(&again);
}

static bool is_bytes(const cbor_item_t *item, struct span want)
{
	return cbor_isa_bytestring(item) && cbor_bytestring_is_definite(item) &&
	       span_equal(
		       (struct span){ cbor_bytestring_handle(item), cbor_bytestring_length(item) },
		       want);
}

static bool is_text(const cbor_item_t *item, struct span want)
{
	return cbor_isa_string(item) && cbor_string_is_definite(item) &&
	       span_equal((struct span){ cbor_string_handle(item), cbor_string_length(item) },
			  want);
}

/* null, or bytes that are there */
static bool is_optional(const cbor_item_t *item, struct span want)
{
	return want.at == NULL ? cbor_is_null(item) : is_bytes(item, want);
}

static bool is_pcrs(const cbor_item_t *item, const struct pcrs *pcrs)
{
	if (!cbor_isa_map(item))
		return false;
	const struct cbor_pair *pairs = cbor_map_handle(item);
	size_t n = cbor_map_size(item);
	size_t present = 0;
	for (unsigned i = 0; i < PCR_COUNT; i++)
		present += pcrs_has(pcrs, i) ? 1 : 0;
	for (size_t i = 0; i < n; i++) {
		if (!cbor_isa_uint(pairs[i].key) || cbor_get_int(pairs[i].key) >= PCR_COUNT)
			return false;
		unsigned index = (unsigned)cbor_get_int(pairs[i].key);
		if (!pcrs_has(pcrs, index) || !is_bytes(pairs[i].value, pcrs_get(pcrs, index)))
			return false;
	}
	return n == present;
}

static bool is_cabundle(const cbor_item_t *item, const struct claims *claims)
{
	if (!cbor_isa_array(item) || cbor_array_size(item) != claims->cabundle_len)
		return false;
	for (size_t i = 0; i < claims->cabundle_len; i++) {
		if (!is_bytes(cbor_array_handle(item)[i], claims->cabundle[i]))
			return false;
	}
	return true;
}

static bool is_field(const struct cbor_pair *pair, const struct claims *claims)
{
	const cbor_item_t *value = pair->value;

	if (is_text(pair->key, SPAN_LITERAL("module_id")))
		return is_text(value, claims->module_id);
	if (is_text(pair->key, SPAN_LITERAL("digest")))
		return is_text(value, claims->digest);
	if (is_text(pair->key, SPAN_LITERAL("timestamp")))
		return cbor_isa_uint(value) && cbor_get_int(value) == claims->timestamp_ms;
	if (is_text(pair->key, SPAN_LITERAL("pcrs")))
		return is_pcrs(value, &claims->pcrs);
	if (is_text(pair->key, SPAN_LITERAL("certificate")))
		return is_bytes(value, claims->certificate);
	if (is_text(pair->key, SPAN_LITERAL("cabundle")))
		return is_cabundle(value, claims);
	if (is_text(pair->key, SPAN_LITERAL("public_key")))
		return is_optional(value, claims->public_key);
	if (is_text(pair->key, SPAN_LITERAL("user_data")))
		return is_optional(value, claims->user_data);
	return is_text(pair->key, SPAN_LITERAL("nonce")) && is_optional(value, claims->nonce);
}

static void check_claims(struct span payload, const struct claims *claims)
{
	struct cbor_load_result result;
	size_t values = 0;

	/* what is refused never gets here: a count of a few bytes makes libcbor take gigabytes */
	cbor_item_t *root = cbor_load(payload.at, payload.len, &result);
	demand(root != NULL && result.read == payload.len, "libcbor does not read all of it");
	demand(root != NULL && cbor_isa_map(root), "no map");
	size_t n = cbor_map_size(root);
	for (size_t i = 0; i < n; i++) {
		const struct cbor_pair *pairs = cbor_map_handle(root);
		demand(is_field(&pairs[i], claims), "a field that libcbor reads otherwise");
		for (size_t j = 0; j < i; j++) {
			struct span key = { cbor_string_handle(pairs[j].key),
					    cbor_string_length(pairs[j].key) };
			demand(!is_text(pairs[i].key, key), "a key twice");
		}
		values += cbor_is_null(pairs[i].value) ? 0 : 1;
	}
	/* all that was found is there, and no more: six are mandatory */
	values -= (claims->public_key.at != NULL ? 1U : 0U) +
		  (claims->user_data.at != NULL ? 1U : 0U) + (claims->nonce.at != NULL ? 1U : 0U);
	demand(values == 6, "a field that is not in the payload");
	cbor_decref(&root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span document = { data, size };
	struct cose cose;
	struct claims claims;
	size_t at = SIZE_MAX;

	enum reason reason = cose_read(document, &cose, &at);
	demand(reason == REASON_OK || at <= size, "an offset behind the document");
	if (reason == REASON_OK)
		check_envelope(document, &cose);
	/* also as a payload by itself, which an envelope with its lengths would rarely reach */
	const struct span payload = reason == REASON_OK ? cose.payload : document;
	at = SIZE_MAX;
	reason = claims_read(payload, &claims_real_limits, &claims, &at);
	demand(reason == REASON_OK || at <= payload.len, "an offset behind the payload");
	if (reason != REASON_OK) {
		demand(claims_read(payload, &claims_aws_table_limits, &claims, &at) != REASON_OK,
		       "narrower limits accept more");
		return 0;
	}
	check_claims(payload, &claims);
	return 0;
}
