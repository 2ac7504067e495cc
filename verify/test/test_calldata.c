#include "verify/calldata.h"

#include <stdlib.h>
#include <string.h>

#include "verify/basenc.h"
#include "verify/cose.h"
#include "verify/test/onchain.h"

enum { NAME, REASON, BYTES, COLUMNS };

/* What the verbs come to. */
static enum reason reason_of(struct span bytes, struct calldata *call, struct buf *document)
{
	struct journal journal;
	size_t at = 0;

	enum reason reason = calldata_read(bytes, call, &at);
	ck_assert_uint_le(at, bytes.len);
	if (reason != REASON_OK)
		return reason;
	reason = calldata_document(call, document);
	if (reason != REASON_NOT_AN_ATTESTATION)
		return reason;
	ck_assert_uint_eq(document->len, 0);
	enum reason other = calldata_journal(call->first, &journal);
	return other != REASON_OK ? other : reason;
}

START_TEST(test_rows)
{
	struct buf file = support_vector("calldata/index.tsv");
	struct span text = buf_span(&file);
	struct span header;
	struct span fields[COLUMNS];
	size_t n = 0;

	ck_assert(support_line(&text, &header));
	for (; support_row(&text, fields, COLUMNS); n++) {
		struct buf bytes = onchain_hex(fields[BYTES]);
		struct buf document = { 0 };
		struct calldata call;
		char *name = support_text(fields[NAME]);
		uint8_t *exact = support_exact(buf_span(&bytes));

		EXPECT_REASON(name, reason_of((struct span){ exact, bytes.len }, &call, &document),
			      support_reason(fields[REASON]));
		free(exact);
		free(name);
		buf_done(&bytes);
		buf_done(&document);
	}
	ck_assert_uint_gt(n, 60);
	buf_done(&file);
}
END_TEST

START_TEST(test_document)
{
	struct buf text = support_vector("calldata/document.hex");
	struct buf whole = support_vector("document.cbor");
	struct buf bytes = { 0 };
	struct buf document = { 0 };
	struct calldata call;
	struct span digits = buf_span(&text);
	struct span prefix;
	size_t at = 0;

	ck_assert(span_take(&digits, 2, &prefix));
	digits.len--; /* the line's end */
	EXPECT_REASON("hex", hex_decode(digits, &bytes), REASON_OK);
	EXPECT_REASON("call", calldata_read(buf_span(&bytes), &call, &at), REASON_OK);
	ck_assert_str_eq(call.signature, "registerSigner(bytes,bytes,uint8)");
	ck_assert_uint_eq(call.n_numbers, 1);
	EXPECT_REASON("call", calldata_document(&call, &document), REASON_OK);
	EXPECT_BYTES("the document as it was", buf_span(&document), buf_span(&whole));
	buf_done(&text);
	buf_done(&whole);
	buf_done(&bytes);
	buf_done(&document);
}
END_TEST

/* No byte of the call is without meaning: none can be changed and the same document come out. */
START_TEST(test_flips)
{
	struct buf file = support_vector("seeds/calldata/small");
	struct calldata call;
	struct buf wanted = { 0 };
	size_t at = 0;

	EXPECT_REASON("small", calldata_read(buf_span(&file), &call, &at), REASON_OK);
	EXPECT_REASON("small", calldata_document(&call, &wanted), REASON_OK);
	for (size_t i = 0; i < file.len * 8; i++) {
		struct buf document = { 0 };
		struct calldata other;

		file.at[i / 8] ^= (uint8_t)(1U << i % 8);
		const enum reason reason = reason_of(buf_span(&file), &other, &document);
		/* the tee type is for the contract */
		if (reason == REASON_OK && i / 8 != 4 + 3 * 32 - 1)
			ck_assert_msg(!span_equal(buf_span(&document), buf_span(&wanted)),
				      "bit %zu", i);
		file.at[i / 8] ^= (uint8_t)(1U << i % 8);
		buf_done(&document);
	}
	buf_done(&wanted);
	buf_done(&file);
}
END_TEST

START_TEST(test_journal)
{
	struct buf file = support_vector("seeds/calldata/service-4");
	struct calldata call;
	struct journal journal;
	size_t at = 0;

	EXPECT_REASON("service", calldata_read(buf_span(&file), &call, &at), REASON_OK);
	ck_assert(call.is_journal);
	ck_assert_uint_eq(call.n_numbers, 2);
	ck_assert_uint_eq(call.numbers[1], 1);
	EXPECT_BYTES("proof", call.second, SPAN_LITERAL("proof"));
	EXPECT_REASON("journal", calldata_journal(call.first, &journal), REASON_OK);
	ck_assert_uint_eq(journal.n_certs, 2);
	ck_assert_uint_eq(journal.trusted_certs, 1);
	ck_assert_uint_eq(journal.claims.timestamp_ms, 1767434400123);
	ck_assert_uint_eq(journal.claims.pcrs.present, 7);
	ck_assert_uint_eq(journal.claims.public_key.len, 65);
	ck_assert_uint_eq(journal.claims.user_data.len, 0);
	EXPECT_BYTES("nonce", journal.claims.nonce, SPAN_LITERAL("12345"));
	EXPECT_BYTES("module", journal.claims.module_id,
		     SPAN_LITERAL("i-0123456789abcdef0-enc0123456789abcdef"));
	buf_done(&file);
}
END_TEST

/* A transaction of a real batcher, and one with a journal as a real contract took it. */
START_TEST(test_real)
{
	struct buf text;
	struct buf bytes = { 0 };
	struct buf document = { 0 };
	struct calldata call;
	struct journal journal;
	struct cose cose;
	struct span prefix;
	cJSON *tree = NULL;
	const cJSON *result = NULL;
	size_t at = 0;

	if (!support_shared("calldata/real", "onchain/registerSigner3.calldata.hex", &text) ||
	    !onchain_recorded("calldata/real", "54-tx-registerService.json", &tree, &result))
		return;
	struct span decoded;
	EXPECT_REASON("hex", basenc_document(buf_span(&text), &bytes, &decoded), REASON_OK);
	ck_assert_uint_eq(decoded.len, 4740);
	EXPECT_REASON("call", calldata_read(decoded, &call, &at), REASON_OK);
	ck_assert_uint_eq(call.first.len, 4455);
	EXPECT_REASON("call", calldata_document(&call, &document), REASON_OK);
	EXPECT_REASON("cose", cose_read(buf_span(&document), &cose, &at), REASON_OK);
	buf_done(&bytes);
	bytes = (struct buf){ 0 };
	struct span digits =
		span_of_text(cJSON_GetObjectItemCaseSensitive(result, "input")->valuestring);
	ck_assert(span_take(&digits, 2, &prefix));
	EXPECT_REASON("hex", hex_decode(digits, &bytes), REASON_OK);
	EXPECT_REASON("service", calldata_read(buf_span(&bytes), &call, &at), REASON_OK);
	EXPECT_REASON("journal", calldata_journal(call.first, &journal), REASON_OK);
	ck_assert_uint_eq(journal.claims.timestamp_ms, 1700000000000);
	cJSON_Delete(tree);
	buf_done(&text);
	buf_done(&bytes);
	buf_done(&document);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("calldata");

	support_add(suite, "rows", test_rows);
	support_add(suite, "document", test_document);
	support_add(suite, "flips", test_flips);
	support_add(suite, "journal", test_journal);
	support_add(suite, "real", test_real);
	return support_main(suite);
}
