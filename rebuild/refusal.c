#include "rebuild/refusal.h"

#include "verify/auto.h"
#include "verify/json.h"

static void add(struct buf *ret, size_t *left, struct span text)
{
	text.len = text.len < *left ? text.len : *left;
	*left -= text.len;
	buf_text(ret, ": ");
	buf_add(ret, text);
}

/* False: the body has another form. */
static bool tell_error(struct span body, struct buf *ret)
{
	struct json_place place;
	AUTO(cJSON) *tree = NULL;
	size_t left = REFUSAL_MAX;
	static const char *const members[] = { "code", "message" };

	if (json_read(body, &tree, &place) != REASON_OK)
		return false;
	const cJSON *errors = cJSON_GetObjectItemCaseSensitive(tree, "errors");
	const cJSON *first = cJSON_IsArray(errors) ? cJSON_GetArrayItem(errors, 0) : NULL;
	if (!cJSON_IsObject(first))
		return false;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const cJSON *member = cJSON_GetObjectItemCaseSensitive(first, members[i]);
		if (cJSON_IsString(member) && member->valuestring[0] != '\0')
			add(ret, &left, span_of_text(member->valuestring));
	}
	return true;
}

void refusal_tell(struct span body, struct buf *ret)
{
	size_t left = REFUSAL_MAX;

	while (body.len > 0 && (body.at[body.len - 1] == '\n' || body.at[body.len - 1] == '\r'))
		body.len--;
	if (body.len > 0 && !tell_error(body, ret) && !span_equal(body, SPAN_LITERAL("{}")))
		add(ret, &left, body);
}
