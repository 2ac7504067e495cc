#include "verify/calldata_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/facts.h"
#include "verify/instant.h"
#include "verify/json.h"

static void line(struct buf *out, const char *name)
{
	buf_printf(out, "UNVERIFIED    %-14s ", name);
}

static void text_bytes(struct buf *out, const char *name, struct span bytes)
{
	line(out, name);
	buf_printf(out, "%zu bytes%s", bytes.len, bytes.len > 0 ? " " : "");
	hex_encode(out, bytes);
	buf_text(out, "\n");
}

static void text_pcrs(struct buf *out, const struct pcrs *pcrs)
{
	uint8_t hash[KECCAK_LEN];
	char name[8];

	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (!pcrs_has(pcrs, i))
			continue;
		(void)snprintf(name, sizeof(name), "pcr%u", i);
		line(out, name);
		hex_encode(out, pcrs_get(pcrs, i));
		buf_text(out, "\n");
	}
	if (!pcrs_has(pcrs, 0))
		return;
	enclave_hash(pcrs->value[0], hash);
	line(out, "ENCLAVE_HASH");
	buf_text(out, "0x");
	hex_encode(out, SPAN_OF(hash));
	buf_text(out, "\n");
}

enum reason calldata_show_text(const struct calldata *call, const char *name, struct buf *out)
{
	uint8_t signer[FACTS_ADDRESS_LEN];
	struct journal journal;

	enum reason reason = calldata_journal(call->first, &journal);
	if (reason != REASON_OK)
		return reason;
	const struct claims *claims = &journal.claims;
	buf_text(out, "UNVERIFIED  ");
	buf_escaped(out, span_of_text(name));
	buf_text(out, "\n");
	line(out, "envelope");
	buf_printf(out, "%s: the journal of a proof, no attestation\n", call->signature);
	line(out, "result");
	buf_printf(out, "%" PRIu64 ", of %zu certificates %" PRIu64 " trusted\n", journal.result,
		   journal.n_certs, journal.trusted_certs);
	line(out, "module_id");
	buf_escaped(out, claims->module_id);
	buf_text(out, "\n");
	line(out, "timestamp");
	buf_printf(out, "%" PRIu64 " ms", claims->timestamp_ms);
	if (claims->timestamp_ms / 1000 < UINT64_C(4102444800)) {
		char time[INSTANT_TEXT_LEN];
		instant_people((int64_t)(claims->timestamp_ms / 1000), time);
		buf_printf(out, ", %s", time);
	}
	buf_text(out, "\n");
	for (size_t i = 0; i < journal.n_certs; i++)
		text_bytes(out, "certificate", journal.certs[i]);
	text_bytes(out, "public_key", claims->public_key);
	if (facts_signer(claims->public_key, signer)) {
		line(out, "signer");
		buf_text(out, "0x");
		hex_encode(out, SPAN_OF(signer));
		buf_text(out, "\n");
	}
	text_bytes(out, "user_data", claims->user_data);
	text_bytes(out, "nonce", claims->nonce);
	text_pcrs(out, &claims->pcrs);
	return out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

static bool json_certs(cJSON *envelope, const struct journal *journal)
{
	cJSON *list = cJSON_AddArrayToObject(envelope, "certs");

	for (size_t i = 0; list != NULL && i < journal->n_certs; i++) {
		struct buf hex = { 0 };
		hex_encode(&hex, journal->certs[i]);
		char *text = buf_take_text(&hex);
		cJSON *item = text != NULL ? cJSON_CreateString(text) : NULL;
		free(text);
		if (item == NULL || !cJSON_AddItemToArray(list, item)) {
			cJSON_Delete(item);
			return false;
		}
	}
	return list != NULL;
}

static bool build_json(cJSON *root, const struct calldata *call, const struct journal *journal,
		       const char *name, const char *tool, const char *version)
{
	char trusted[24];

	if (cJSON_AddNumberToObject(root, "schema", 1) == NULL)
		return false;
	cJSON *by = cJSON_AddObjectToObject(root, "tool");
	cJSON *target = cJSON_AddObjectToObject(root, "target");
	cJSON *envelope = cJSON_AddObjectToObject(root, "envelope");
	(void)snprintf(trusted, sizeof(trusted), "%" PRIu64, journal->trusted_certs);
	if (cJSON_AddStringToObject(by, "name", tool) == NULL ||
	    cJSON_AddStringToObject(by, "version", version) == NULL ||
	    cJSON_AddStringToObject(target, "name", name) == NULL ||
	    cJSON_AddStringToObject(envelope, "call", call->signature) == NULL ||
	    cJSON_AddTrueToObject(envelope, "journal") == NULL ||
	    cJSON_AddStringToObject(envelope, "trusted_certs", trusted) == NULL)
		return false;
	(void)snprintf(trusted, sizeof(trusted), "%" PRIu64, journal->result);
	if (cJSON_AddStringToObject(envelope, "result", trusted) == NULL ||
	    !json_certs(envelope, journal))
		return false;
	cJSON *facts = facts_of(&journal->claims);
	if (facts == NULL)
		return false;
	/* a journal has hashes of certificates only, and no digest's name */
	cJSON_DeleteItemFromObjectCaseSensitive(facts, "certificates");
	cJSON_DeleteItemFromObjectCaseSensitive(facts, "digest");
	if (!cJSON_AddItemToObject(root, "unverified", facts)) {
		cJSON_Delete(facts);
		return false;
	}
	return true;
}

enum reason calldata_show_json(const struct calldata *call, const char *name, const char *tool,
			       const char *version, struct buf *out)
{
	struct journal journal;
	char *text = NULL;

	enum reason reason = calldata_journal(call->first, &journal);
	if (reason != REASON_OK)
		return reason;
	AUTO(cJSON) *root = cJSON_CreateObject();
	if (root == NULL || !build_json(root, call, &journal, name, tool, version) ||
	    json_print(root, &text) != REASON_OK)
		return REASON_OUT_OF_MEMORY;
	buf_text(out, text);
	buf_text(out, "\n");
	free(text);
	return out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}
