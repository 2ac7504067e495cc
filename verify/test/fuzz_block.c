/* The answer of eth_getBlockByHash. A block that is accepted is refused with another hash, another number or
 * another state root, and stays accepted with a key beside the header; an announced key makes it unknown. */
#include <string.h>

#include "verify/block.h"
#include "verify/json.h"

#undef NDEBUG
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum reason reason_of(const cJSON *object)
{
	struct block block;
	const char *field;

	return block_read(object, &block, &field);
}

/* Another last digit. */
static void refuse_changed(cJSON *object, const char *name)
{
	char *text = cJSON_GetObjectItemCaseSensitive(object, name)->valuestring;
	char *last = text + strlen(text) - 1;
	char held = *last;

	*last = held == '1' ? '2' : '1';
	enum reason reason = reason_of(object);
	assert(reason == REASON_BLOCK_HASH || reason == REASON_BLOCK_FORM);
	*last = held;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct block block;
	struct json_place place;
	cJSON *object = NULL;
	const char *field = "untouched";

	if (json_read((struct span){ data, size }, &object, &place) != REASON_OK)
		return 0;
	enum reason reason = block_read(object, &block, &field);
	assert(field == NULL || cJSON_IsObject(object));
	if (reason == REASON_OK) {
		static const char *const names[] = { "hash", "number", "stateRoot", "timestamp" };
		assert(field == NULL);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			refuse_changed(object, names[i]);
		cJSON_DeleteItemFromObjectCaseSensitive(object, "slotNumber");
		assert(cJSON_AddStringToObject(object, "beside the header", "0x0") != NULL);
		assert(reason_of(object) == REASON_OK);
		assert(cJSON_AddStringToObject(object, "slotNumber", "0x0") != NULL);
		assert(reason_of(object) == REASON_BLOCK_FORM);
	} else {
		assert(reason == REASON_BLOCK_SHAPE || field != NULL);
	}
	cJSON_Delete(object);
	return 0;
}
