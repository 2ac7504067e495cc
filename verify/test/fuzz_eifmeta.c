/* A metadata section: printed again, one that is accepted is accepted with the same strings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/eifmeta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct eifmeta meta = { 0 };
	struct eifmeta again = { 0 };
	enum reason json = REASON_OK;
	struct json_place place;
	char *text = NULL;

	enum reason reason = eifmeta_read((struct span){ data, size }, &meta, &json, &place);
	demand(json == REASON_OK || reason == REASON_EIF_METADATA_JSON, "a rule of JSON without");
	if (reason != REASON_OK)
		return 0;
	if (json_print(meta.tree, &text) == REASON_OK && strlen(text) <= EIFMETA_MAX) {
		reason = eifmeta_read((struct span){ (const uint8_t *)text, strlen(text) }, &again,
				      &json, &place);
		demand(reason == REASON_OK || reason == REASON_OUT_OF_MEMORY, "refused again");
		for (size_t i = 0; reason == REASON_OK && i < EIFMETA_STRINGS; i++)
			demand(strcmp(meta.strings[i].value, again.strings[i].value) == 0,
			       "another string");
		eifmeta_done(&again);
	}
	free(text);
	eifmeta_done(&meta);
	return 0;
}
