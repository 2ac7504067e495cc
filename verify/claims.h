/* The payload of an attestation document as claims.
 *
 * A CBOR map with text keys, in any order; its length is definite (documents up to 2025-04) or
 * indefinite (since 2025-06). Everything inside is definite and in its shortest form.
 *
 *   module_id    text, 1..256 bytes, no control characters
 *   digest       text, exactly "SHA384"
 *   timestamp    unsigned, milliseconds since 1970, within 2020..2099
 *   pcrs         map of 1..32: unsigned index 0..31 -> 48 bytes
 *   certificate  1..1024 bytes, DER
 *   cabundle     array of 1..16 byte strings of 1..1024 bytes, the root first
 *   public_key, user_data, nonce   null, absent, or 0..1024 bytes
 *
 * Sources: AWS, "attestation process", sections 2.2 and 3.2.2; where its table (user_data and
 * nonce up to 512, public_key at least 1) and its CDDL (1024) differ, real documents follow the
 * CDDL. */
#ifndef VERIFY_CLAIMS_H
#define VERIFY_CLAIMS_H

#include "verify/pcr.h"
#include "verify/reason.h"
#include "verify/span.h"

#define CLAIMS_MODULE_ID_MAX 256
#define CLAIMS_CERTIFICATE_MAX 1024
#define CLAIMS_CABUNDLE_MAX 16
#define CLAIMS_OPTIONAL_MAX 1024

/* Spans borrow from the payload. An optional claim that is null or absent has `at` NULL; one of
 * zero bytes has not. */
struct claims {
	struct span module_id;
	struct span digest;
	uint64_t timestamp_ms;
	struct pcrs pcrs;
	struct span certificate;
	struct span cabundle[CLAIMS_CABUNDLE_MAX];
	size_t cabundle_len;
	struct span public_key;
	struct span user_data;
	struct span nonce;
};

/* Bounds of the three optional claims, in bytes. */
struct claims_limits {
	size_t public_key_min;
	size_t public_key_max;
	size_t user_data_max;
	size_t nonce_max;
};

/* What real documents keep to, and the narrower table of AWS's text (--aws-table-limits). */
extern const struct claims_limits claims_real_limits;
extern const struct claims_limits claims_aws_table_limits;

/* Reads the payload. On failure *reterr_at is the offset in the payload of the item at fault.
 * REASON_DOC_SHAPE, _DOC_TRAILING, _DOC_KEY_TYPE, _DOC_UNKNOWN_FIELD, _DOC_MISSING_FIELD,
 * _DOC_NULL_FIELD, _MODULE_ID, _DIGEST, _TIMESTAMP, _TIMESTAMP_RANGE, _PCRS, _PCR_INDEX,
 * _PCR_VALUE, _PCR_LENGTH, _CERTIFICATE, _CABUNDLE, _PUBLIC_KEY, _USER_DATA, _NONCE,
 * _CBOR_DUP_KEY, _CBOR_TRUNCATED, _CBOR_MALFORMED, _CBOR_NONCANONICAL, _CBOR_UTF8. */
enum reason claims_read(struct span payload, const struct claims_limits *limits, struct claims *ret,
			size_t *reterr_at) MUST_CHECK;

/* The timestamp in whole seconds since 1970, rounded down: the unit of certificates. */
int64_t claims_time(const struct claims *claims);

#endif
