/* JSON and pcr.json. What json_read accepts is printed as pure ASCII, which reads back as an equal tree and
 * is printed the same again; a refused text says where, within the text. What pcrfile_read finds reads back
 * from the plainest file that says the same. */
#include <stdlib.h>
#include <string.h>

#include "verify/basenc.h"
#include "verify/pcrfile.h"

#undef NDEBUG
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_place(struct span text, enum reason reason, struct json_place place)
{
	size_t lines = 1;

	if (place.line == 0) {
		assert(place.column == 0);
		assert(reason == REASON_JSON_TOO_LARGE || reason == REASON_PCR_JSON_SHAPE);
		return;
	}
	for (size_t i = 0; i < text.len; i++)
		lines += text.at[i] == '\n';
	assert(place.line <= lines && place.column >= 1 && place.column <= text.len + 1);
}

static void check_json(struct span text)
{
	struct json_place place = { 77, 77 };
	cJSON *tree = NULL;
	cJSON *again = NULL;
	char *printed = NULL;
	char *reprinted = NULL;

	enum reason reason = json_read(text, &tree, &place);
	/* also: nothing that passes our scan is refused by cJSON, which would come out as this */
	assert(reason != REASON_OUT_OF_MEMORY);
	if (reason != REASON_OK) {
		assert(tree == NULL);
		check_place(text, reason, place);
		return;
	}
	assert(json_print(tree, &printed) == REASON_OK);
	struct span ascii = span_of_text(printed);
	for (size_t i = 0; i < ascii.len; i++)
		assert(ascii.at[i] >= 0x20 && ascii.at[i] <= 0x7e);
	assert(ascii.len > JSON_MAX || json_read(ascii, &again, &place) == REASON_OK);
	if (again != NULL) {
		assert(cJSON_Compare(tree, again, 1));
		assert(json_print(again, &reprinted) == REASON_OK &&
		       strcmp(printed, reprinted) == 0);
	}
	free(printed);
	free(reprinted);
	cJSON_Delete(tree);
	cJSON_Delete(again);
}

static void check_pcrfile(struct span text)
{
	struct json_place place = { 77, 77 };
	struct pcrfile file = { 0 };
	struct pcrfile again = { 0 };
	struct buf plain = { 0 };

	enum reason reason = pcrfile_read(text, &file, &place);
	assert(reason != REASON_OUT_OF_MEMORY);
	if (reason != REASON_OK) {
		check_place(text, reason, place);
		return;
	}
	assert(file.pcrs.present != 0 || file.has_enclave_hash);
	buf_text(&plain, "{\"x\":0");
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (!pcrs_has(&file.pcrs, i))
			continue;
		buf_printf(&plain, ",\"PCR%u\":\"", i);
		hex_encode(&plain, pcrs_get(&file.pcrs, i));
		buf_text(&plain, "\"");
	}
	if (file.has_enclave_hash) {
		buf_text(&plain, ",\"enclave_hash\":\"0x");
		hex_encode(&plain, SPAN_OF(file.enclave_hash));
		buf_text(&plain, "\"");
	}
	buf_text(&plain, "}");
	assert(pcrfile_read(buf_span(&plain), &again, &place) == REASON_OK);
	assert(memcmp(&file.pcrs, &again.pcrs, sizeof(file.pcrs)) == 0);
	assert(file.has_enclave_hash == again.has_enclave_hash);
	assert(span_equal(SPAN_OF(file.enclave_hash), SPAN_OF(again.enclave_hash)));
	buf_done(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { data, size };

	check_json(text);
	check_pcrfile(text);
	return 0;
}
