#include "attest/description.h"

#include <inttypes.h>
#include <stdlib.h>

#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/json.h"

static enum reason ask_pcr(const struct nsm *nsm, unsigned index, struct description *ret,
			   int *reterr_errno)
{
	const struct nsm_request request = { .op = NSM_DESCRIBE_PCR, .number = index };
	struct nsm_answer answer;
	struct buf bytes = { 0 };

	enum reason reason = nsm_ask(nsm, &request, &bytes, &answer, reterr_errno);
	if (reason == REASON_OK && answer.bytes.len != PCR_LEN)
		reason = REASON_NSM_ANSWER;
	if (reason == REASON_OK) {
		pcrs_set(&ret->pcrs, index, answer.bytes.at);
		ret->locked |= (answer.locked ? UINT32_C(1) : 0) << index;
	}
	buf_done(&bytes);
	return reason;
}

enum reason description_ask(const struct nsm *nsm, struct description *ret, int *reterr_errno)
{
	const struct nsm_request request = { .op = NSM_DESCRIBE_NSM };
	struct nsm_answer answer;

	enum reason reason = nsm_ask(nsm, &request, &ret->answer, &answer, reterr_errno);
	if (reason != REASON_OK)
		return reason;
	ret->about = answer.description;
	for (unsigned i = 0; reason == REASON_OK && i < ret->about.max_pcrs; i++)
		reason = ask_pcr(nsm, i, ret, reterr_errno);
	return reason;
}

void description_done(struct description *description)
{
	buf_done(&description->answer);
	*description = (struct description){ .locked = 0 };
}

static void put_version(const struct description *description, struct buf *out)
{
	buf_printf(out, "%" PRIu64 ".%" PRIu64 ".%" PRIu64, description->about.version_major,
		   description->about.version_minor, description->about.version_patch);
}

void description_text(const struct description *description, struct buf *out)
{
	buf_text(out, "module   ");
	buf_escaped(out, description->about.module_id);
	buf_text(out, "\nversion  ");
	put_version(description, out);
	buf_text(out, "\ndigest   ");
	buf_escaped(out, description->about.digest);
	buf_text(out, "\n");
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (!pcrs_has(&description->pcrs, i))
			continue;
		buf_printf(out, "PCR%-2u %s  ", i,
			   (description->locked >> i & 1U) != 0 ? "locked" : "open  ");
		hex_encode(out, pcrs_get(&description->pcrs, i));
		buf_text(out, "\n");
	}
}

static bool put_string(cJSON *object, const char *key, struct buf *text)
{
	char *value = buf_take_text(text);
	bool ok = value != NULL && cJSON_AddStringToObject(object, key, value) != NULL;

	free(value);
	return ok;
}

static bool put_register(cJSON *array, const struct description *description, unsigned index)
{
	struct buf hex = { 0 };
	cJSON *one = cJSON_CreateObject();

	if (one == NULL || cJSON_AddItemToArray(array, one) == 0) {
		cJSON_Delete(one);
		return false;
	}
	hex_encode(&hex, pcrs_get(&description->pcrs, index));
	return cJSON_AddNumberToObject(one, "index", index) != NULL &&
	       put_string(one, "value", &hex) &&
	       cJSON_AddBoolToObject(one, "locked", (description->locked >> index & 1U) != 0) !=
		       NULL;
}

static bool put_module(cJSON *tree, const struct description *description)
{
	struct buf module_id = { 0 };
	struct buf digest = { 0 };
	struct buf version = { 0 };
	cJSON *module = cJSON_AddObjectToObject(tree, "module");

	buf_add(&module_id, description->about.module_id);
	buf_add(&digest, description->about.digest);
	put_version(description, &version);
	bool id_ok = module != NULL && put_string(module, "module_id", &module_id);
	bool version_ok = id_ok && put_string(module, "version", &version);
	bool digest_ok = version_ok && put_string(module, "digest", &digest);
	buf_done(&module_id);
	buf_done(&version);
	buf_done(&digest);
	cJSON *registers = digest_ok ? cJSON_AddArrayToObject(module, "pcrs") : NULL;
	for (unsigned i = 0; registers != NULL && i < PCR_COUNT; i++) {
		if (pcrs_has(&description->pcrs, i) && !put_register(registers, description, i))
			return false;
	}
	return registers != NULL;
}

enum reason description_json(const struct description *description, const char *tool,
			     const char *tool_version, struct buf *out)
{
	char *text = NULL;
	AUTO(cJSON) *tree = cJSON_CreateObject();

	if (tree == NULL || cJSON_AddNumberToObject(tree, "schema", 1) == NULL)
		return REASON_OUT_OF_MEMORY;
	cJSON *about = cJSON_AddObjectToObject(tree, "tool");
	if (about == NULL || cJSON_AddStringToObject(about, "name", tool) == NULL ||
	    cJSON_AddStringToObject(about, "version", tool_version) == NULL ||
	    !put_module(tree, description) || json_print(tree, &text) != REASON_OK)
		return REASON_OUT_OF_MEMORY;
	buf_text(out, text);
	buf_text(out, "\n");
	free(text);
	return out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}
