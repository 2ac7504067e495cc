#include "verify/dsse.h"

#include "verify/auto.h"
#include "verify/basenc.h"

void dsse_done(struct dsse *dsse)
{
	buf_done(&dsse->payload);
	buf_done(&dsse->message);
	for (size_t i = 0; i < DSSE_SIGNATURES_MAX; i++)
		buf_done(&dsse->signatures[i]);
	dsse->n_signatures = 0;
}

void dsse_pae(struct span type, struct span body, struct buf *out)
{
	buf_printf(out, "DSSEv1 %zu ", type.len);
	buf_add(out, type);
	buf_printf(out, " %zu ", body.len);
	buf_add(out, body);
}

/* The string member of this name; false when it is something else or not there. */
static bool text_of(const cJSON *object, const char *key, struct span *ret)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	if (!cJSON_IsString(item) || item->valuestring == NULL)
		return false;
	*ret = span_of_text(item->valuestring);
	return true;
}

static enum reason read_signature(const cJSON *item, struct buf *ret)
{
	const cJSON *keyid = cJSON_GetObjectItemCaseSensitive(item, "keyid");
	struct span sig;

	if (!cJSON_IsObject(item) || !text_of(item, "sig", &sig) || sig.len == 0 ||
	    (keyid != NULL && !cJSON_IsString(keyid)))
		return REASON_DSSE_SIGNATURES;
	enum reason reason = base64_decode(sig, ret);
	return reason == REASON_TEXT_ENCODING ? REASON_DSSE_SIGNATURES : reason;
}

static enum reason read_signatures(const cJSON *array, struct dsse *ret)
{
	const cJSON *item = NULL;

	cJSON_ArrayForEach(item, array)
	{
		if (ret->n_signatures == DSSE_SIGNATURES_MAX)
			return REASON_DSSE_SIGNATURES;
		enum reason reason = read_signature(item, &ret->signatures[ret->n_signatures++]);
		if (reason != REASON_OK)
			return reason;
	}
	return ret->n_signatures > 0 ? REASON_OK : REASON_DSSE_SIGNATURES;
}

static enum reason read_members(const cJSON *tree, struct dsse *ret)
{
	const cJSON *signatures = cJSON_GetObjectItemCaseSensitive(tree, "signatures");
	struct span type;
	struct span payload;

	if (!cJSON_IsObject(tree) || !text_of(tree, "payloadType", &type) ||
	    !text_of(tree, "payload", &payload) || !cJSON_IsArray(signatures))
		return REASON_DSSE_SHAPE;
	if (!span_equal(type, SPAN_LITERAL(DSSE_IN_TOTO)))
		return REASON_DSSE_TYPE;
	enum reason reason = base64_decode(payload, &ret->payload);
	if (reason != REASON_OK)
		return reason == REASON_TEXT_ENCODING ? REASON_DSSE_PAYLOAD : reason;
	dsse_pae(type, buf_span(&ret->payload), &ret->message);
	if (ret->message.failed)
		return REASON_OUT_OF_MEMORY;
	return read_signatures(signatures, ret);
}

enum reason dsse_read(struct span text, struct dsse *ret, struct json_place *reterr_place)
{
	AUTO(cJSON) *tree = NULL;
	struct dsse dsse = { .n_signatures = 0 };

	*reterr_place = (struct json_place){ 0, 0 };
	enum reason reason = json_read(text, &tree, reterr_place);
	if (reason != REASON_OK)
		return reason;
	reason = read_members(tree, &dsse);
	if (reason != REASON_OK) {
		dsse_done(&dsse);
		return reason;
	}
	*ret = dsse;
	return REASON_OK;
}

enum reason dsse_signed_by(const struct dsse *dsse, const struct pubkey *key, bool *ret)
{
	bool found = false;

	for (size_t i = 0; i < dsse->n_signatures && !found; i++) {
		enum reason reason = pubkey_verify(key, buf_span(&dsse->message),
						   buf_span(&dsse->signatures[i]), &found);
		if (reason != REASON_OK)
			return reason;
	}
	*ret = found;
	return REASON_OK;
}
