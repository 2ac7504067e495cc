#include "verify/eifmeta.h"

#include "verify/auto.h"

static const struct {
	const char *name;
	bool of_build; /* stands in BuildMetadata */
} required[EIFMETA_STRINGS] = {
	{ "ImageName", false },    { "ImageVersion", false },    { "BuildTime", true },
	{ "BuildTool", true },     { "BuildToolVersion", true }, { "OperatingSystem", true },
	{ "KernelVersion", true },
};

static enum reason find_strings(struct eifmeta *meta)
{
	const cJSON *build = cJSON_GetObjectItemCaseSensitive(meta->tree, "BuildMetadata");

	if (!cJSON_IsObject(build))
		return REASON_EIF_METADATA_FIELD;
	for (size_t i = 0; i < EIFMETA_STRINGS; i++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(
			required[i].of_build ? build : meta->tree, required[i].name);
		if (!cJSON_IsString(item) || item->valuestring == NULL)
			return REASON_EIF_METADATA_FIELD;
		meta->strings[i].name = required[i].name;
		meta->strings[i].value = item->valuestring;
	}
	return REASON_OK;
}

enum reason eifmeta_read(struct span section, struct eifmeta *ret, enum reason *reterr_json,
			 struct json_place *reterr_place)
{
	struct eifmeta meta = { 0 };

	*reterr_json = REASON_OK;
	*reterr_place = (struct json_place){ 0, 0 };
	if (section.len > EIFMETA_MAX)
		return REASON_EIF_METADATA_TOO_LARGE;
	enum reason reason = json_read(section, &meta.tree, reterr_place);
	if (reason == REASON_OUT_OF_MEMORY)
		return reason;
	if (reason != REASON_OK) {
		*reterr_json = reason;
		return REASON_EIF_METADATA_JSON;
	}
	reason = cJSON_IsObject(meta.tree) ? find_strings(&meta) : REASON_EIF_METADATA_JSON;
	if (reason != REASON_OK) {
		eifmeta_done(&meta);
		return reason;
	}
	*ret = meta;
	return REASON_OK;
}

void eifmeta_done(struct eifmeta *meta)
{
	cJSON_Delete(meta->tree);
	*meta = (struct eifmeta){ 0 };
}
