#include "verify/test/onchain.h"

#include <stdio.h>
#include <stdlib.h>

#include "verify/basenc.h"
#include "verify/json.h"

struct buf onchain_hex(struct span digits)
{
	struct buf bytes = { 0 };

	if (!span_equal(digits, SPAN_LITERAL("-")))
		EXPECT_REASON("hex", hex_decode(digits, &bytes), REASON_OK);
	return bytes;
}

void onchain_fixed(struct span digits, uint8_t *ret, size_t len)
{
	ck_assert_msg(hex_decode_exact(digits, ret, len), "%.*s: not %zu bytes in hex",
		      (int)digits.len, (const char *)digits.at, len);
}

bool onchain_next(struct span *list, struct span *ret)
{
	size_t n = 0;

	if (list->len == 0 || span_equal(*list, SPAN_LITERAL("none")))
		return false;
	while (n < list->len && list->at[n] != ',')
		n++;
	ck_assert(span_take(list, n, ret));
	if (list->len > 0) {
		struct span comma;
		ck_assert(span_take(list, 1, &comma));
	}
	return true;
}

void onchain_table(const char *name, struct buf *file, struct span *text)
{
	char path[64];
	struct span header;

	(void)snprintf(path, sizeof(path), "onchain/%s.tsv", name);
	*file = support_vector(path);
	*text = buf_span(file);
	ck_assert(support_line(text, &header));
}

cJSON *onchain_json(struct span text)
{
	struct json_place place;
	cJSON *tree = NULL;

	EXPECT_REASON("json", json_read(text, &tree, &place), REASON_OK);
	return tree;
}

bool onchain_recorded(const char *test, const char *name, cJSON **ret, const cJSON **ret_result)
{
	char path[128];
	struct buf file;

	(void)snprintf(path, sizeof(path), "onchain/captures/%s", name);
	if (!support_shared(test, path, &file))
		return false;
	*ret = onchain_json(buf_span(&file));
	buf_done(&file);
	const cJSON *response = cJSON_GetObjectItemCaseSensitive(*ret, "response");
	*ret_result = cJSON_GetObjectItemCaseSensitive(response, "result");
	return true;
}
