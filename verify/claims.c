#include "verify/claims.h"

#include "verify/cbor.h"

const struct claims_limits claims_real_limits = { 0, CLAIMS_OPTIONAL_MAX, CLAIMS_OPTIONAL_MAX,
						  CLAIMS_OPTIONAL_MAX };
const struct claims_limits claims_aws_table_limits = { 1, CLAIMS_OPTIONAL_MAX, 512, 512 };

/* 2020-01-01T00:00:00Z and 2100-01-01T00:00:00Z in milliseconds: no enclave is older, and a
 * value in seconds or microseconds falls outside */
#define TIMESTAMP_FIRST_MS UINT64_C(1577836800000)
#define TIMESTAMP_END_MS UINT64_C(4102444800000)

/* The readers move on only when they succeed: where the cursor stands is the item at fault. */

static enum reason read_module_id(struct cbr *r, struct span *ret)
{
	struct cbr after = *r;
	struct span text;

	enum reason reason = cbr_text(&after, REASON_MODULE_ID, &text);
	if (reason != REASON_OK)
		return reason;
	if (text.len < 1 || text.len > CLAIMS_MODULE_ID_MAX)
		return REASON_MODULE_ID;
	for (size_t i = 0; i < text.len; i++) {
		/* C0 and DEL, and C1 (U+0080 to U+009F), which UTF-8 begins with c2 */
		bool c1 = text.at[i] == 0xc2 && i + 1 < text.len && text.at[i + 1] < 0xa0;
		if (text.at[i] < 0x20 || text.at[i] == 0x7f || c1)
			return REASON_MODULE_ID;
	}
	*r = after;
	*ret = text;
	return REASON_OK;
}

static enum reason read_digest(struct cbr *r, struct span *ret)
{
	struct cbr after = *r;
	struct span text;

	enum reason reason = cbr_text(&after, REASON_DIGEST, &text);
	if (reason != REASON_OK)
		return reason;
	if (!span_equal(text, SPAN_LITERAL("SHA384")))
		return REASON_DIGEST;
	*r = after;
	*ret = text;
	return REASON_OK;
}

static enum reason read_timestamp(struct cbr *r, uint64_t *ret)
{
	struct cbr after = *r;
	uint64_t timestamp_ms;

	enum reason reason = cbr_uint(&after, REASON_TIMESTAMP, &timestamp_ms);
	if (reason != REASON_OK)
		return reason;
	if (timestamp_ms == 0)
		return REASON_TIMESTAMP;
	if (timestamp_ms < TIMESTAMP_FIRST_MS || timestamp_ms >= TIMESTAMP_END_MS)
		return REASON_TIMESTAMP_RANGE;
	*r = after;
	*ret = timestamp_ms;
	return REASON_OK;
}

static enum reason read_pcrs(struct cbr *r, struct pcrs *ret)
{
	struct cbr after = *r;
	uint64_t count;
	uint64_t index;
	struct span value;

	enum reason reason = cbr_map(&after, REASON_PCRS, &count);
	if (reason != REASON_OK)
		return reason;
	if (count < 1 || count > PCR_COUNT)
		return REASON_PCRS;
	*r = after;
	for (uint64_t i = 0; i < count; i++) {
		reason = cbr_uint(&after, REASON_PCR_INDEX, &index);
		if (reason != REASON_OK)
			return reason;
		if (index >= PCR_COUNT)
			return REASON_PCR_INDEX;
		if (pcrs_has(ret, (unsigned)index))
			return REASON_CBOR_DUP_KEY;
		*r = after;
		reason = cbr_bytes(&after, REASON_PCR_VALUE, &value);
		if (reason != REASON_OK)
			return reason;
		if (value.len != PCR_LEN)
			return REASON_PCR_LENGTH;
		*r = after;
		pcrs_set(ret, (unsigned)index, value.at);
	}
	return REASON_OK;
}

/* A byte string of `min`..`max` bytes, else `otherwise`. */
static enum reason read_bounded(struct cbr *r, size_t min, size_t max, enum reason otherwise,
				struct span *ret)
{
	struct cbr after = *r;
	struct span bytes;

	enum reason reason = cbr_bytes(&after, otherwise, &bytes);
	if (reason != REASON_OK)
		return reason;
	if (bytes.len < min || bytes.len > max)
		return otherwise;
	*r = after;
	*ret = bytes;
	return REASON_OK;
}

static enum reason read_cabundle(struct cbr *r, struct claims *ret)
{
	struct cbr after = *r;
	uint64_t count;

	enum reason reason = cbr_array(&after, REASON_CABUNDLE, &count);
	if (reason != REASON_OK)
		return reason;
	if (count < 1 || count > CLAIMS_CABUNDLE_MAX)
		return REASON_CABUNDLE;
	*r = after;
	for (size_t i = 0; i < count; i++) {
		reason = read_bounded(r, 1, CLAIMS_CERTIFICATE_MAX, REASON_CABUNDLE,
				      &ret->cabundle[i]);
		if (reason != REASON_OK)
			return reason;
	}
	ret->cabundle_len = (size_t)count;
	return REASON_OK;
}

static bool next_is_null(const struct cbr *r)
{
	struct cbr probe = *r;

	return cbr_null(&probe, REASON_DOC_NULL_FIELD) == REASON_OK;
}

/* null, or a byte string within the bounds. */
static enum reason read_optional(struct cbr *r, size_t min, size_t max, enum reason otherwise,
				 struct span *ret)
{
	if (next_is_null(r))
		return cbr_null(r, otherwise);
	return read_bounded(r, min, max, otherwise, ret);
}

enum field {
	FIELD_MODULE_ID,
	FIELD_DIGEST,
	FIELD_TIMESTAMP,
	FIELD_PCRS,
	FIELD_CERTIFICATE,
	FIELD_CABUNDLE,
	FIELD_PUBLIC_KEY, /* from here on optional */
	FIELD_USER_DATA,
	FIELD_NONCE,
	FIELD_COUNT
};

#define KEY(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static const struct span keys[FIELD_COUNT] = {
	[FIELD_MODULE_ID] = KEY("module_id"),
	[FIELD_DIGEST] = KEY("digest"),
	[FIELD_TIMESTAMP] = KEY("timestamp"),
	[FIELD_PCRS] = KEY("pcrs"),
	[FIELD_CERTIFICATE] = KEY("certificate"),
	[FIELD_CABUNDLE] = KEY("cabundle"),
	[FIELD_PUBLIC_KEY] = KEY("public_key"),
	[FIELD_USER_DATA] = KEY("user_data"),
	[FIELD_NONCE] = KEY("nonce"),
};

static enum field field_of(struct span key)
{
	enum field field = FIELD_MODULE_ID;

	while (field < FIELD_COUNT && !span_equal(key, keys[field]))
		field++;
	return field;
}

static enum reason read_value(struct cbr *r, enum field field, const struct claims_limits *limits,
			      struct claims *ret)
{
	if (field < FIELD_PUBLIC_KEY && next_is_null(r))
		return REASON_DOC_NULL_FIELD;
	switch (field) {
	case FIELD_MODULE_ID:
		return read_module_id(r, &ret->module_id);
	case FIELD_DIGEST:
		return read_digest(r, &ret->digest);
	case FIELD_TIMESTAMP:
		return read_timestamp(r, &ret->timestamp_ms);
	case FIELD_PCRS:
		return read_pcrs(r, &ret->pcrs);
	case FIELD_CERTIFICATE:
		return read_bounded(r, 1, CLAIMS_CERTIFICATE_MAX, REASON_CERTIFICATE,
				    &ret->certificate);
	case FIELD_CABUNDLE:
		return read_cabundle(r, ret);
	case FIELD_PUBLIC_KEY:
		return read_optional(r, limits->public_key_min, limits->public_key_max,
				     REASON_PUBLIC_KEY, &ret->public_key);
	case FIELD_USER_DATA:
		return read_optional(r, 0, limits->user_data_max, REASON_USER_DATA,
				     &ret->user_data);
	case FIELD_NONCE:
		return read_optional(r, 0, limits->nonce_max, REASON_NONCE, &ret->nonce);
	case FIELD_COUNT:
		break;
	}
	return REASON_DOC_UNKNOWN_FIELD;
}

/* The entries of the map; *seen gets a bit for each field. */
static enum reason read_entries(struct cbr *r, uint64_t count, const struct claims_limits *limits,
				struct claims *ret, unsigned *seen)
{
	struct span key;

	for (uint64_t done = 0; !cbr_closed(r, count, done); done++) {
		struct cbr entry = *r;
		enum reason reason = cbr_text(r, REASON_DOC_KEY_TYPE, &key);
		if (reason != REASON_OK)
			return reason;
		enum field field = field_of(key);
		if (field == FIELD_COUNT || (*seen >> field & 1U) != 0) {
			*r = entry; /* the key itself is at fault */
			return field == FIELD_COUNT ? REASON_DOC_UNKNOWN_FIELD :
						      REASON_CBOR_DUP_KEY;
		}
		*seen |= 1U << field;
		reason = read_value(r, field, limits, ret);
		if (reason != REASON_OK)
			return reason;
	}
	return REASON_OK;
}

static enum reason read_map(struct cbr *r, const struct claims_limits *limits, struct claims *ret)
{
	static const unsigned mandatory = (1U << FIELD_PUBLIC_KEY) - 1;
	uint64_t count;
	unsigned seen = 0;

	enum reason reason = cbr_map_any(r, REASON_DOC_SHAPE, &count);
	if (reason != REASON_OK)
		return reason;
	reason = read_entries(r, count, limits, ret, &seen);
	if (reason != REASON_OK)
		return reason;
	if ((seen & mandatory) != mandatory)
		return REASON_DOC_MISSING_FIELD;
	return cbr_end(r, REASON_DOC_TRAILING);
}

enum reason claims_read(struct span payload, const struct claims_limits *limits, struct claims *ret,
			size_t *reterr_at)
{
	struct claims claims = { 0 };
	struct cbr r = cbr_over(payload);

	enum reason reason = read_map(&r, limits, &claims);
	if (reason != REASON_OK) {
		*reterr_at = cbr_offset(&r);
		return reason;
	}
	*ret = claims;
	return REASON_OK;
}

int64_t claims_time(const struct claims *claims)
{
	return (int64_t)(claims->timestamp_ms / 1000);
}
