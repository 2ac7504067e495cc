#include "rebuild/run_settings.h"

#include "verify/auto.h"
#include "verify/json.h"

/* Copies one value under a name of ours. False: no memory. One that is not told is null. */
static bool take(const cJSON *all, const char *name, const char *ours, cJSON *into)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(all, name), "value");
	cJSON *copy = value == NULL ? cJSON_CreateNull() : cJSON_Duplicate(value, true);

	if (cJSON_AddItemToObject(into, ours, copy))
		return true;
	cJSON_Delete(copy);
	return false;
}

static enum reason read_settings(struct span text, cJSON **ret)
{
	AUTO(cJSON) *all = NULL;
	struct json_place place;

	enum reason reason = json_read(text, &all, &place);
	if (reason != REASON_OK)
		return reason == REASON_OUT_OF_MEMORY ? reason : REASON_OK;
	cJSON *tree = cJSON_CreateObject();
	if (tree != NULL && take(all, "substituters", "substituters", tree) &&
	    take(all, "sandbox", "sandbox", tree) &&
	    take(all, "sandbox-fallback", "sandbox_fallback", tree)) {
		*ret = tree;
		return REASON_OK;
	}
	cJSON_Delete(tree);
	return REASON_OUT_OF_MEMORY;
}

enum reason run_settings(struct run *run)
{
	/* `nix config show` in versions that came later, which know this name, too */
	const char *const words[] = { "show-config", "--json", NULL };
	struct nix_said said = { .option_ignored = false };
	struct buf text = { 0 };

	enum reason reason = nix_ask(&run->nix, false, words, JSON_MAX, &text, &said);
	if (reason == REASON_OK)
		reason = read_settings(buf_span(&text), &run->settings);
	else if (reason != REASON_INTERRUPTED && reason != REASON_OUT_OF_MEMORY)
		reason = REASON_OK;
	nix_said_done(&said);
	buf_done(&text);
	return reason;
}
