#include "verify/dsse.h"

#include <stdlib.h>
#include <string.h>

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define TYPE "\"payloadType\":\"application/vnd.in-toto+json\""

static const struct {
	const char *row;
	const char *text;
	enum reason want;
} rows[] = {
	{ "least", "{" TYPE ",\"payload\":\"\",\"signatures\":[{\"sig\":\"AA==\"}]}", REASON_OK },
	{ "no padding", "{" TYPE ",\"payload\":\"e30\",\"signatures\":[{\"sig\":\"AA\"}]}",
	  REASON_OK },
	{ "other members",
	  "{" TYPE ",\"payload\":\"\",\"x\":[],\"signatures\":[{\"sig\":\"AA==\",\"x\":1}]}",
	  REASON_OK },
	{ "no JSON", "{", REASON_JSON_MALFORMED },
	{ "a null", "null", REASON_DSSE_SHAPE },
	{ "names in another case",
	  "{" TYPE ",\"Payload\":\"\",\"signatures\":[{\"sig\":\"AA==\"}]}", REASON_DSSE_SHAPE },
	{ "a null payload", "{" TYPE ",\"payload\":null,\"signatures\":[{\"sig\":\"AA==\"}]}",
	  REASON_DSSE_SHAPE },
	{ "another type",
	  "{\"payloadType\":\"application/vnd.in-toto+JSON\",\"payload\":\"\",\"signatures\":[]}",
	  REASON_DSSE_TYPE },
	{ "no base64", "{" TYPE ",\"payload\":\"*\",\"signatures\":[{\"sig\":\"AA==\"}]}",
	  REASON_DSSE_PAYLOAD },
	{ "unused bits", "{" TYPE ",\"payload\":\"AB==\",\"signatures\":[{\"sig\":\"AA==\"}]}",
	  REASON_DSSE_PAYLOAD },
	{ "no signature", "{" TYPE ",\"payload\":\"\",\"signatures\":[]}", REASON_DSSE_SIGNATURES },
	{ "a number", "{" TYPE ",\"payload\":\"\",\"signatures\":[1]}", REASON_DSSE_SIGNATURES },
	{ "the second is broken",
	  "{" TYPE ",\"payload\":\"\",\"signatures\":[{\"sig\":\"AA==\"},{\"sig\":\"A\"}]}",
	  REASON_DSSE_SIGNATURES },
	{ "a null keyid",
	  "{" TYPE ",\"payload\":\"\",\"signatures\":[{\"sig\":\"AA==\",\"keyid\":null}]}",
	  REASON_DSSE_SIGNATURES },
};

START_TEST(test_rows)
{
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct dsse dsse = { .n_signatures = 0 };
		struct json_place place = { 7, 7 };
		struct span text = span_of_text(rows[i].text);
		uint8_t *exact = support_exact(text);
		EXPECT_REASON(rows[i].row,
			      dsse_read((struct span){ exact, text.len }, &dsse, &place),
			      rows[i].want);
		ck_assert_msg((dsse.n_signatures > 0) == (rows[i].want == REASON_OK), "%s",
			      rows[i].row);
		dsse_done(&dsse);
		free(exact);
	}
}
END_TEST

/* The vector of DSSE's protocol.md. */
START_TEST(test_pae)
{
	struct buf out = { 0 };

	dsse_pae(SPAN_LITERAL("http://example.com/HelloWorld"), SPAN_LITERAL("hello world"), &out);
	EXPECT_BYTES("protocol.md", buf_span(&out),
		     SPAN_LITERAL("DSSEv1 29 http://example.com/HelloWorld 11 hello world"));
	buf_done(&out);
	dsse_pae(SPAN_LITERAL(""), SPAN_LITERAL(""), &out);
	EXPECT_BYTES("empty", buf_span(&out), SPAN_LITERAL("DSSEv1 0  0 "));
	buf_done(&out);
}
END_TEST

static bool counts(struct span text, const struct pubkey *key, struct dsse *ret)
{
	struct json_place place;
	bool ok = false;

	if (dsse_read(text, ret, &place) != REASON_OK)
		return false;
	EXPECT_REASON("signed", dsse_signed_by(ret, key, &ok), REASON_OK);
	return ok;
}

/* Whatever byte is changed: what still counts is the same payload. */
START_TEST(test_tampering)
{
	static const char *const names[][2] = {
		{ "statements/alice.json", "statements/alice.pem" },
		{ "statements/bob.json", "statements/bob.pem" },
	};

	for (size_t i = 0; i < LENGTH(names); i++) {
		struct buf text = support_vector(names[i][0]);
		struct buf pem = support_vector(names[i][1]);
		struct pubkey key;
		struct dsse whole = { .n_signatures = 0 };
		size_t refused = 0;
		EXPECT_REASON("key", pubkey_read(buf_span(&pem), &key), REASON_OK);
		ck_assert(counts(buf_span(&text), &key, &whole));
		for (size_t at = 0; at < text.len; at += support_thin(23)) {
			struct dsse changed = { .n_signatures = 0 };
			text.at[at] ^= 1;
			if (counts(buf_span(&text), &key, &changed))
				EXPECT_BYTES("changed", buf_span(&changed.payload),
					     buf_span(&whole.payload));
			else
				refused++;
			text.at[at] ^= 1;
			dsse_done(&changed);
		}
		/* all of payload and signature */
		ck_assert_uint_ge(refused * support_thin(23), whole.payload.len * 4 / 3);
		dsse_done(&whole);
		pubkey_done(&key);
		buf_done(&pem);
		buf_done(&text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dsse");

	support_add(suite, "rows", test_rows);
	support_add(suite, "PAE", test_pae);
	support_add(suite, "tampering", test_tampering);
	return support_main(suite);
}
