#include "verify/cose.h"

#include "verify/cbor.h"
#include "verify/ecdsa.h"

/* {1: -35}: label 1 is alg (RFC 9052 section 3.1), -35 is ES384 (RFC 9053 section 2.1) */
static const uint8_t es384[4] = { 0xa1, 0x01, 0x38, 0x22 };

#define TAG_SIGN1 0xd2 /* tag 18 in its one-byte form */

/* Which rule a protected header other than `es384` breaks: the person wants to know whether another
 * algorithm was used or something stands beside it. Never REASON_OK. */
static enum reason judge_protected(struct span header)
{
	struct cbr r = cbr_over(header);
	uint64_t pairs;
	struct cbr_item label;
	struct cbr_item alg;

	if (header.len == 0)
		return REASON_COSE_ALG;
	enum reason reason = cbr_map(&r, REASON_COSE_PROTECTED, &pairs);
	if (reason != REASON_OK)
		return reason;
	if (pairs == 0)
		return REASON_COSE_ALG;
	bool is_es384 = false;
	for (uint64_t i = 0; i < pairs; i++) {
		reason = cbr_next(&r, &label);
		if (reason != REASON_OK)
			return reason;
		bool is_alg = label.kind == CBR_UINT && label.value == 1;
		if (!is_alg && label.kind != CBR_UINT && label.kind != CBR_NEGINT &&
		    label.kind != CBR_TEXT)
			return REASON_COSE_PROTECTED;
		struct cbr value = r;
		reason = cbr_skip(&r, 4);
		if (reason != REASON_OK)
			return reason;
		if (!is_alg)
			continue;
		reason = cbr_next(&value, &alg);
		if (reason != REASON_OK)
			return reason;
		is_es384 = alg.kind == CBR_NEGINT && alg.value == 34;
		if (!is_es384)
			return REASON_COSE_ALG;
	}
	return is_es384 ? REASON_COSE_PROTECTED : REASON_COSE_ALG;
}

static enum reason read_protected(struct cbr *r, struct span *ret)
{
	struct cbr after = *r;
	struct span header;

	enum reason reason = cbr_bytes(&after, REASON_COSE_SHAPE, &header);
	if (reason != REASON_OK)
		return reason;
	if (!span_equal(header, SPAN_OF(es384)))
		return judge_protected(header);
	*r = after;
	*ret = header;
	return REASON_OK;
}

static enum reason read_unprotected(struct cbr *r)
{
	struct cbr after = *r;
	uint64_t pairs;

	enum reason reason = cbr_map(&after, REASON_COSE_SHAPE, &pairs);
	if (reason != REASON_OK)
		return reason;
	if (pairs != 0)
		return REASON_COSE_UNPROTECTED;
	*r = after;
	return REASON_OK;
}

static enum reason read_payload(struct cbr *r, struct span *ret)
{
	struct cbr after = *r;
	struct span payload;

	enum reason reason = cbr_bytes(&after, REASON_COSE_SHAPE, &payload);
	if (reason != REASON_OK)
		return reason;
	if (payload.len < 1 || payload.len > COSE_PAYLOAD_MAX)
		return REASON_COSE_PAYLOAD_SIZE;
	*r = after;
	*ret = payload;
	return REASON_OK;
}

static enum reason read_signature(struct cbr *r, struct span *ret)
{
	struct cbr after = *r;
	struct span signature;

	enum reason reason = cbr_bytes(&after, REASON_COSE_SHAPE, &signature);
	if (reason != REASON_OK)
		return reason;
	if (signature.len != COSE_SIGNATURE_LEN)
		return REASON_COSE_SIG_SIZE;
	if (!ecdsa_p384_in_range(signature))
		return REASON_COSE_SIG_RANGE;
	*r = after;
	*ret = signature;
	return REASON_OK;
}

/* The array of four and the end. These readers move on only when they succeed: where the cursor
 * stands is the item at fault. */
static enum reason read_parts(struct cbr *r, struct cose *ret)
{
	uint64_t count;

	if (cbr_peek(r) == CBR_TAG)
		return REASON_COSE_TAG;
	struct cbr after = *r;
	enum reason reason = cbr_array(&after, REASON_COSE_SHAPE, &count);
	if (reason != REASON_OK)
		return reason;
	if (count != 4)
		return REASON_COSE_SHAPE;
	*r = after;
	reason = read_protected(r, &ret->protected_bstr);
	if (reason != REASON_OK)
		return reason;
	reason = read_unprotected(r);
	if (reason != REASON_OK)
		return reason;
	reason = read_payload(r, &ret->payload);
	if (reason != REASON_OK)
		return reason;
	reason = read_signature(r, &ret->signature);
	if (reason != REASON_OK)
		return reason;
	return cbr_end(r, REASON_COSE_TRAILING);
}

enum reason cose_read(struct span document, struct cose *ret, size_t *reterr_at)
{
	struct cose cose = { 0 };
	struct span rest = document;
	struct span tag;

	*reterr_at = 0;
	if (document.len == 0)
		return REASON_COSE_EMPTY;
	if (document.len > COSE_MAX)
		return REASON_COSE_TOO_LARGE;
	/* taken off by hand: libcbor 0.8 refuses the one-byte form of this tag */
	if (document.at[0] == TAG_SIGN1)
		cose.tagged = span_take(&rest, 1, &tag);
	struct cbr r = cbr_over(rest);
	enum reason reason = read_parts(&r, &cose);
	if (reason != REASON_OK) {
		*reterr_at = document.len - r.rest.len;
		return reason;
	}
	*ret = cose;
	return REASON_OK;
}

/* The head of a byte string of this length, in its shortest form. */
static size_t bstr_head(size_t len, uint8_t ret[static 3])
{
	if (len < 24) {
		ret[0] = (uint8_t)(0x40 | len);
		return 1;
	}
	if (len <= UINT8_MAX) {
		ret[0] = 0x58;
		ret[1] = (uint8_t)len;
		return 2;
	}
	ret[0] = 0x59; /* a payload is at most 16384 bytes long */
	ret[1] = (uint8_t)(len >> 8);
	ret[2] = (uint8_t)len;
	return 3;
}

enum reason cose_verify(const struct cose *cose, EVP_PKEY *key)
{
	/* Sig_structure = [ "Signature1", body_protected : bstr, external_aad : bstr, payload :
	 * bstr ] */
	static const uint8_t context[] = { 0x84, 0x6a, 'S', 'i', 'g', 'n',
					   'a',  't',  'u', 'r', 'e', '1' };
	static const uint8_t no_aad[] = { 0x40 };
	uint8_t protected_head[3];
	uint8_t payload_head[3];
	uint8_t digest[DIGEST_SHA384_LEN];

	if (cose->payload.len > COSE_PAYLOAD_MAX || cose->protected_bstr.len > COSE_PAYLOAD_MAX)
		return REASON_COSE_SIGNATURE;
	const struct span sig_structure[] = {
		SPAN_OF(context),
		{ protected_head, bstr_head(cose->protected_bstr.len, protected_head) },
		cose->protected_bstr,
		SPAN_OF(no_aad),
		{ payload_head, bstr_head(cose->payload.len, payload_head) },
		cose->payload,
	};
	enum reason reason = digest_sha384(
		sig_structure, sizeof(sig_structure) / sizeof(sig_structure[0]), digest);
	if (reason != REASON_OK)
		return reason;
	return ecdsa_p384_verify(key, digest, cose->signature, REASON_COSE_SIGNATURE);
}
