/* State files: what is read is written again as a file that is read as the same, and comparing a target with it
 * leaves what can be written and read. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "attest/recall.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static struct buf write(const struct recall *state)
{
	struct buf out = { 0 };

	demand(recall_write(state, &out) == REASON_OK, "what was read cannot be written");
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recall *state = recall_new();
	struct recall *again = recall_new();
	const struct sample sample = { .verdict = VERDICT_FAIL, .pcr0 = "00" };
	cJSON *changed = NULL;

	demand(state != NULL && again != NULL, "no memory");
	if (recall_read(state, (struct span){ data, size }) == REASON_OK) {
		struct buf first = write(state);
		demand(recall_read(again, buf_span(&first)) == REASON_OK, "our own file is none");
		struct buf second = write(again);
		demand(span_equal(buf_span(&first), buf_span(&second)), "our own file is another");
		demand(recall_observe(again, "batcher", &sample, &changed) == REASON_OK,
		       "a target cannot be compared");
		struct buf third = write(again);
		demand(recall_read(state, buf_span(&third)) == REASON_OK || third.len > first.len,
		       "what was observed is no file");
		cJSON_Delete(changed);
		buf_done(&first);
		buf_done(&second);
		buf_done(&third);
	}
	recall_free(state);
	recall_free(again);
	return 0;
}
