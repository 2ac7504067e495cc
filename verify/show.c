#include "verify/show.h"

#include <inttypes.h>
#include <stdlib.h>

#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/cbor.h"
#include "verify/diag.h"
#include "verify/document.h"
#include "verify/facts.h"
#include "verify/instant.h"
#include "verify/json.h"
#include "verify/report_rows.h"

#define ENTRIES_MAX 64 /* of the payload map; genuine ones have nine */
#define LAX_DEPTH 16

struct entry {
	struct span key; /* both raw CBOR */
	struct span value;
};

/* What lies in the bytes, borrowed. */
struct shown {
	struct span bytes; /* all of it */
	enum reason why;   /* REASON_OK, or why there are no bytes */
	bool tagged;
	uint64_t tag;
	struct span protected_bstr;
	struct span unprotected; /* raw CBOR */
	struct span payload;
	struct span signature;
	bool payload_is_map;
	struct entry entries[ENTRIES_MAX];
	size_t n_entries;
	struct claims claims; /* what of the entries has the name and type of a claim */
	bool is_claim[ENTRIES_MAX];
};

/* One whole item as raw bytes. */
static enum reason take_raw(struct cbr *r, struct span *ret)
{
	struct span before = r->rest;

	enum reason reason = cbr_skip(r, LAX_DEPTH);
	if (reason != REASON_OK)
		return reason;
	return span_take(&before, before.len - r->rest.len, ret) ? REASON_OK :
								   REASON_CBOR_MALFORMED;
}

static enum reason take_tag(struct cbr *r, struct shown *ret)
{
	struct span one;
	struct cbr_item item;

	/* libcbor 0.8 refuses this tag in its one-byte form */
	if (r->rest.len > 0 && r->rest.at[0] == 0xd2) {
		ret->tagged = span_take(&r->rest, 1, &one);
		ret->tag = 18;
		return REASON_OK;
	}
	if (cbr_peek(r) != CBR_TAG)
		return REASON_OK;
	enum reason reason = cbr_next(r, &item);
	ret->tagged = reason == REASON_OK;
	ret->tag = item.value;
	return reason;
}

static enum reason read_envelope(struct span bytes, struct shown *ret)
{
	struct cbr r = cbr_lax_over(bytes);
	struct cbr_item array = { CBR_END, 0, { NULL, 0 } };

	if (bytes.len == 0)
		return REASON_COSE_EMPTY;
	if (bytes.len > COSE_MAX)
		return REASON_COSE_TOO_LARGE;
	enum reason reason = take_tag(&r, ret);
	if (reason == REASON_OK)
		reason = cbr_next(&r, &array);
	if (reason != REASON_OK)
		return reason;
	if (array.kind != CBR_ARRAY || (array.value != 4 && array.value != CBR_INDEFINITE))
		return REASON_COSE_SHAPE;
	reason = cbr_bytes(&r, REASON_COSE_SHAPE, &ret->protected_bstr);
	if (reason == REASON_OK)
		reason = take_raw(&r, &ret->unprotected);
	if (reason == REASON_OK)
		reason = cbr_bytes(&r, REASON_COSE_SHAPE, &ret->payload);
	if (reason == REASON_OK)
		reason = cbr_bytes(&r, REASON_COSE_SHAPE, &ret->signature);
	if (reason != REASON_OK)
		return reason;
	if (!cbr_closed(&r, array.value, 4))
		return REASON_COSE_SHAPE;
	return cbr_end(&r, REASON_COSE_TRAILING);
}

static enum reason read_entries(struct shown *ret)
{
	struct cbr r = cbr_lax_over(ret->payload);
	struct cbr_item map;

	ret->payload_is_map = cbr_peek(&r) == CBR_MAP;
	if (!ret->payload_is_map) {
		struct span whole;
		enum reason reason = take_raw(&r, &whole);
		return reason != REASON_OK ? reason : cbr_end(&r, REASON_DOC_TRAILING);
	}
	enum reason reason = cbr_next(&r, &map);
	for (uint64_t done = 0; reason == REASON_OK && !cbr_closed(&r, map.value, done); done++) {
		struct entry entry;
		if (ret->n_entries == ENTRIES_MAX)
			return REASON_CBOR_DEPTH;
		reason = take_raw(&r, &entry.key);
		if (reason == REASON_OK)
			reason = take_raw(&r, &entry.value);
		if (reason == REASON_OK)
			ret->entries[ret->n_entries++] = entry;
	}
	return reason != REASON_OK ? reason : cbr_end(&r, REASON_DOC_TRAILING);
}

static bool glance_bytes(struct span raw, struct span *ret)
{
	struct cbr r = cbr_lax_over(raw);

	return cbr_bytes(&r, REASON_DOC_SHAPE, ret) == REASON_OK;
}

static bool glance_optional(struct span raw, struct span *ret)
{
	struct cbr r = cbr_lax_over(raw);

	return cbr_null(&r, REASON_DOC_SHAPE) == REASON_OK || glance_bytes(raw, ret);
}

static bool glance_text(struct span raw, struct span *ret)
{
	struct cbr r = cbr_lax_over(raw);

	return cbr_text(&r, REASON_DOC_SHAPE, ret) == REASON_OK;
}

/* All of the map, or it is shown as it is. */
static bool glance_pcrs(struct span raw, struct pcrs *ret)
{
	struct cbr r = cbr_lax_over(raw);
	struct pcrs pcrs = { .present = 0 };
	uint64_t count;
	uint64_t index;
	struct span value;

	if (cbr_map_any(&r, REASON_PCRS, &count) != REASON_OK)
		return false;
	for (uint64_t done = 0; !cbr_closed(&r, count, done); done++) {
		if (cbr_uint(&r, REASON_PCR_INDEX, &index) != REASON_OK || index >= PCR_COUNT ||
		    pcrs_has(&pcrs, (unsigned)index) ||
		    cbr_bytes(&r, REASON_PCR_VALUE, &value) != REASON_OK || value.len != PCR_LEN)
			return false;
		pcrs_set(&pcrs, (unsigned)index, value.at);
	}
	*ret = pcrs;
	return true;
}

static bool glance_cabundle(struct span raw, struct claims *ret)
{
	struct cbr r = cbr_lax_over(raw);
	struct span certs[CLAIMS_CABUNDLE_MAX];
	uint64_t count;
	size_t n = 0;

	if (cbr_array(&r, REASON_CABUNDLE, &count) != REASON_OK || count > CLAIMS_CABUNDLE_MAX)
		return false;
	while (n < count) {
		if (cbr_bytes(&r, REASON_CABUNDLE, &certs[n]) != REASON_OK)
			return false;
		n++;
	}
	for (size_t i = 0; i < n; i++)
		ret->cabundle[i] = certs[i];
	ret->cabundle_len = n;
	return true;
}

static bool glance_timestamp(struct span raw, uint64_t *ret)
{
	struct cbr r = cbr_lax_over(raw);

	return cbr_uint(&r, REASON_TIMESTAMP, ret) == REASON_OK;
}

/* Takes an entry for a claim when its name and type are right; the last of two counts, both are
 * listed. */
static bool glance(const struct entry *entry, struct claims *ret)
{
	struct span key;

	if (!glance_text(entry->key, &key))
		return false;
	if (span_equal(key, SPAN_LITERAL("module_id")))
		return glance_text(entry->value, &ret->module_id);
	if (span_equal(key, SPAN_LITERAL("digest")))
		return glance_text(entry->value, &ret->digest);
	if (span_equal(key, SPAN_LITERAL("timestamp")))
		return glance_timestamp(entry->value, &ret->timestamp_ms);
	if (span_equal(key, SPAN_LITERAL("pcrs")))
		return glance_pcrs(entry->value, &ret->pcrs);
	if (span_equal(key, SPAN_LITERAL("certificate")))
		return glance_bytes(entry->value, &ret->certificate);
	if (span_equal(key, SPAN_LITERAL("cabundle")))
		return glance_cabundle(entry->value, ret);
	if (span_equal(key, SPAN_LITERAL("public_key")))
		return glance_optional(entry->value, &ret->public_key);
	if (span_equal(key, SPAN_LITERAL("user_data")))
		return glance_optional(entry->value, &ret->user_data);
	if (span_equal(key, SPAN_LITERAL("nonce")))
		return glance_optional(entry->value, &ret->nonce);
	return false;
}

/* `why` is REASON_OK, or the reason for which there are no bytes. */
static enum reason decode(struct span bytes, enum reason why, struct shown *ret)
{
	*ret = (struct shown){ .bytes = bytes, .why = why };
	enum reason reason = why;
	if (reason == REASON_OK)
		reason = read_envelope(bytes, ret);
	if (reason == REASON_OK)
		reason = read_entries(ret);
	for (size_t i = 0; i < ret->n_entries; i++)
		ret->is_claim[i] = glance(&ret->entries[i], &ret->claims);
	return reason;
}

/* The report that `document` would give, at the document's own time and expecting nothing. NULL:
 * no memory. */
static struct report *would_say(const struct shown *shown)
{
	struct policy policy;
	struct document document;
	struct report *report = report_new();

	policy_init(&policy);
	policy.time = POLICY_DOCUMENT;
	if (report != NULL && shown->why == REASON_OK)
		document_judge(shown->bytes, &policy, 0, NULL, report, &document);
	else if (report != NULL)
		document_refuse(&policy, 0, shown->why, false, report);
	policy_done(&policy);
	if (report == NULL)
		return NULL;
	const struct row *bad = report_first_bad(report);
	if (report->out_of_memory || (bad != NULL && bad->reason == REASON_OUT_OF_MEMORY)) {
		report_free(report);
		return NULL;
	}
	return report;
}

static void diag(struct span raw, struct buf *out)
{
	struct cbr r = cbr_lax_over(raw);

	if (raw.len == 0)
		buf_text(out, "(0 bytes)");
	else if (diag_item(&r, out) != REASON_OK || r.rest.len > 0)
		buf_text(out, " (not well-formed)");
}

/* "UNVERIFIED  name  " of a fixed width */
static void line(struct buf *out, const char *name)
{
	buf_printf(out, "UNVERIFIED    %-14s ", name);
}

static void text_envelope(const struct shown *shown, struct buf *out)
{
	line(out, "envelope");
	if (shown->tagged)
		buf_printf(out, "COSE_Sign1 with tag %" PRIu64 ", %zu bytes\n", shown->tag,
			   shown->bytes.len);
	else
		buf_printf(out, "COSE_Sign1, untagged, %zu bytes\n", shown->bytes.len);
	line(out, "protected");
	diag(shown->protected_bstr, out);
	buf_text(out, "\n");
	line(out, "unprotected");
	diag(shown->unprotected, out);
	buf_text(out, "\n");
	line(out, "payload");
	buf_printf(out, "%zu bytes\n", shown->payload.len);
	line(out, "signature");
	buf_printf(out, "%zu bytes\n", shown->signature.len);
}

static void text_bytes(const char *name, struct span bytes, struct buf *out)
{
	line(out, name);
	if (bytes.at == NULL) {
		buf_text(out, "null\n");
		return;
	}
	buf_printf(out, "%zu bytes ", bytes.len);
	hex_encode(out, bytes);
	buf_text(out, "\n");
}

static void text_certificate(const char *name, struct span der, struct buf *out)
{
	struct cert cert;
	struct buf subject = { 0 };
	char from[INSTANT_TEXT_LEN];
	char to[INSTANT_TEXT_LEN];

	line(out, name);
	buf_printf(out, "%zu bytes, ", der.len);
	if (cert_read(der, &cert) != REASON_OK) {
		buf_text(out, "not a certificate as AWS issues them\n");
		return;
	}
	instant_people(cert.not_before, from);
	instant_people(cert.not_after, to);
	cert_name_text(&subject, cert.subject);
	buf_escaped(out, buf_span(&subject));
	buf_printf(out, ", %s to %s UTC\n", from, to);
	if (subject.failed)
		out->failed = true;
	buf_done(&subject);
}

static void text_pcrs(const struct pcrs *pcrs, struct buf *out)
{
	char name[8];

	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (!pcrs_has(pcrs, i))
			continue;
		(void)snprintf(name, sizeof(name), "pcr%u", i % 100);
		line(out, name);
		hex_encode(out, pcrs_get(pcrs, i));
		buf_text(out, i == 0 && pcrs_is_debug(pcrs) ? " (debug mode)\n" : "\n");
	}
}

static void text_claims(const struct claims *claims, struct buf *out)
{
	char text[INSTANT_TEXT_LEN];
	char name[20];
	uint8_t hash[KECCAK_LEN];

	line(out, "module_id");
	buf_escaped(out, claims->module_id);
	buf_text(out, "\n");
	line(out, "digest");
	buf_escaped(out, claims->digest);
	buf_text(out, "\n");
	line(out, "timestamp");
	instant_people(
		claims->timestamp_ms / 1000 > INT32_MAX * UINT64_C(100) ? -1 : claims_time(claims),
		text);
	buf_printf(out, "%" PRIu64 " ms, %s UTC\n", claims->timestamp_ms, text);
	text_pcrs(&claims->pcrs, out);
	for (size_t i = 0; i < claims->cabundle_len; i++) {
		(void)snprintf(name, sizeof(name), "cabundle[%zu]", i % 100);
		text_certificate(name, claims->cabundle[i], out);
	}
	if (claims->certificate.at != NULL)
		text_certificate("certificate", claims->certificate, out);
	text_bytes("public_key", claims->public_key, out);
	text_bytes("user_data", claims->user_data, out);
	text_bytes("nonce", claims->nonce, out);
	if (pcrs_has(&claims->pcrs, 0)) {
		enclave_hash(claims->pcrs.value[0], hash);
		line(out, "ENCLAVE_HASH");
		buf_text(out, "0x");
		hex_encode(out, SPAN_OF(hash));
		buf_text(out, "\n");
	}
}

static enum reason text_refusal(const struct shown *shown, struct buf *out)
{
	struct report *report = would_say(shown);

	if (report == NULL)
		return REASON_OUT_OF_MEMORY;
	const struct row *bad = report_first_bad(report);
	line(out, "refused");
	if (bad == NULL) {
		buf_text(
			out,
			"not by its form, chain and signature at its own time: judge it with `document`\n");
	} else {
		buf_printf(out, "by `document`, first at %s: ", check_name(bad->check));
		buf_escaped(out, span_of_text(row_message(bad)));
		buf_printf(out, " (%s)\n", reason_name(bad->reason));
	}
	report_free(report);
	return REASON_OK;
}

enum reason show_text(struct span bytes, enum reason why, const char *name, struct buf *out)
{
	struct shown shown;

	enum reason reason = decode(bytes, why, &shown);
	buf_text(out, "UNVERIFIED  ");
	buf_escaped(out, span_of_text(name));
	buf_text(out, "\n");
	if (shown.signature.at != NULL)
		text_envelope(&shown, out);
	if (shown.n_entries > 0)
		text_claims(&shown.claims, out);
	for (size_t i = 0; i < shown.n_entries; i++) {
		if (shown.is_claim[i])
			continue;
		line(out, "other");
		diag(shown.entries[i].key, out);
		buf_text(out, ": ");
		diag(shown.entries[i].value, out);
		buf_text(out, "\n");
	}
	if (shown.payload.at != NULL && !shown.payload_is_map && reason == REASON_OK) {
		line(out, "payload is");
		diag(shown.payload, out);
		buf_text(out, "\n");
	}
	if (reason == REASON_OK) {
		reason = text_refusal(&shown, out);
	} else {
		line(out, "malformed");
		buf_printf(out, "%s (%s)\n", reason_sentence(reason), reason_name(reason));
	}
	return out->failed ? REASON_OUT_OF_MEMORY : reason;
}

static bool add_buf(cJSON *object, const char *key, struct buf *text)
{
	char *owned = buf_take_text(text);
	bool added = owned != NULL && cJSON_AddStringToObject(object, key, owned) != NULL;

	free(owned);
	return added;
}

static bool json_envelope(cJSON *root, const struct shown *shown)
{
	struct buf protected_text = { 0 };
	struct buf unprotected_text = { 0 };
	struct buf tag = { 0 };
	cJSON *envelope = cJSON_AddObjectToObject(root, "envelope");

	diag(shown->protected_bstr, &protected_text);
	diag(shown->unprotected, &unprotected_text);
	buf_printf(&tag, "%" PRIu64, shown->tag);
	bool tag_added = shown->tagged ? add_buf(envelope, "tag", &tag) :
					 cJSON_AddNullToObject(envelope, "tag") != NULL;
	buf_done(&tag);
	bool ok = add_buf(envelope, "protected", &protected_text);
	ok = add_buf(envelope, "unprotected", &unprotected_text) && ok;
	return ok && tag_added &&
	       cJSON_AddNumberToObject(envelope, "size", (double)shown->bytes.len) != NULL &&
	       cJSON_AddNumberToObject(envelope, "payload_size", (double)shown->payload.len) !=
		       NULL &&
	       cJSON_AddNumberToObject(envelope, "signature_size", (double)shown->signature.len) !=
		       NULL;
}

/* Entries that are no claims, by their diagnostic notation. */
static bool json_others(cJSON *unverified, const struct shown *shown)
{
	cJSON *list = NULL;

	for (size_t i = 0; i < shown->n_entries; i++) {
		struct buf text = { 0 };
		if (shown->is_claim[i])
			continue;
		if (list == NULL)
			list = cJSON_AddArrayToObject(unverified, "other");
		cJSON *pair = cJSON_CreateObject();
		if (list == NULL || !cJSON_AddItemToArray(list, pair)) {
			cJSON_Delete(pair);
			return false;
		}
		diag(shown->entries[i].key, &text);
		bool ok = add_buf(pair, "key", &text);
		diag(shown->entries[i].value, &text);
		ok = add_buf(pair, "value", &text) && ok;
		if (!ok)
			return false;
	}
	return true;
}

static bool json_refusal(cJSON *root, const struct shown *shown)
{
	struct report *report = would_say(shown);

	if (report == NULL)
		return false;
	const struct row *bad = report_first_bad(report);
	bool ok;
	if (bad == NULL) {
		ok = cJSON_AddNullToObject(root, "would_refuse") != NULL;
	} else {
		cJSON *refusal = cJSON_AddObjectToObject(root, "would_refuse");
		ok = cJSON_AddStringToObject(refusal, "id", check_name(bad->check)) != NULL &&
		     cJSON_AddStringToObject(refusal, "reason", reason_name(bad->reason)) != NULL &&
		     cJSON_AddStringToObject(refusal, "message", row_message(bad)) != NULL;
	}
	report_free(report);
	return ok;
}

/* What could not be decoded: the rest of the object is what was read until then. */
static bool json_malformed(cJSON *root, enum reason reason)
{
	cJSON *malformed = cJSON_AddObjectToObject(root, "malformed");

	return cJSON_AddStringToObject(malformed, "reason", reason_name(reason)) != NULL &&
	       cJSON_AddStringToObject(malformed, "message", reason_sentence(reason)) != NULL;
}

static bool build_json(cJSON *root, const struct shown *shown, const char *name,
		       enum reason decoded, const char *tool, const char *version)
{
	if (cJSON_AddNumberToObject(root, "schema", 1) == NULL)
		return false;
	cJSON *by = cJSON_AddObjectToObject(root, "tool");
	cJSON *target = cJSON_AddObjectToObject(root, "target");
	if (cJSON_AddStringToObject(by, "name", tool) == NULL ||
	    cJSON_AddStringToObject(by, "version", version) == NULL ||
	    cJSON_AddStringToObject(target, "name", name) == NULL)
		return false;
	if (decoded != REASON_OK && !json_malformed(root, decoded))
		return false;
	bool enveloped = shown->signature.at != NULL ?
				 json_envelope(root, shown) :
				 cJSON_AddNullToObject(root, "envelope") != NULL;
	if (!enveloped)
		return false;
	cJSON *unverified = facts_of(&shown->claims);
	if (!cJSON_AddItemToObject(root, "unverified", unverified)) {
		cJSON_Delete(unverified);
		return false;
	}
	return json_others(unverified, shown) && json_refusal(root, shown);
}

enum reason show_json(struct span bytes, enum reason why, const char *name, const char *tool,
		      const char *version, struct buf *out)
{
	struct shown shown;
	AUTO(cJSON) *root = cJSON_CreateObject();
	char *text = NULL;

	enum reason decoded = decode(bytes, why, &shown);
	if (root == NULL || !build_json(root, &shown, name, decoded, tool, version))
		return REASON_OUT_OF_MEMORY;
	enum reason reason = json_print(root, &text);
	if (reason != REASON_OK)
		return reason;
	buf_text(out, text);
	buf_text(out, "\n");
	free(text);
	return out->failed ? REASON_OUT_OF_MEMORY : decoded;
}
