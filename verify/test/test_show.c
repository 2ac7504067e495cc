#include "verify/show.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/basenc.h"
#include "verify/json.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define U "UNVERIFIED    "
#define PROTECTED "44a1013822"

/* A document around a payload given in hex; the signature is one byte. */
static struct buf document_of(const char *payload_hex)
{
	struct buf payload = support_hex(payload_hex);
	struct buf whole = support_hex("84" PROTECTED "a0");
	const uint8_t head[3] = { 0x59, (uint8_t)(payload.len >> 8), (uint8_t)payload.len };
	const uint8_t short_head = (uint8_t)(0x40 + payload.len);
	static const uint8_t signature[2] = { 0x41, 0x07 };

	buf_add(&whole, payload.len < 24 ? (struct span){ &short_head, 1 } : SPAN_OF(head));
	buf_add(&whole, buf_span(&payload));
	buf_add(&whole, SPAN_OF(signature));
	buf_done(&payload);
	return whole;
}

/* Both forms of one document; what a caller frees. */
struct both {
	enum reason text_reason;
	char *text;
	enum reason json_reason;
	char *json;
};

static struct both show(struct span document, const char *name)
{
	struct buf text = { 0 };
	struct buf json = { 0 };
	struct both both;
	uint8_t *exact = support_exact(document);
	const struct span bytes = { exact, document.len };

	both.text_reason = show_text(bytes, REASON_OK, name, &text);
	both.json_reason = show_json(bytes, REASON_OK, name, "tool", "1.0", &json);
	free(exact);
	ck_assert(!text.failed && !json.failed);
	both.text = buf_take_text(&text);
	both.json = buf_take_text(&json);
	ck_assert(both.text != NULL && both.json != NULL);
	return both;
}

static void both_done(struct both *both)
{
	free(both->text);
	free(both->json);
}

/* One assertion a text: each costs a write to the parent process. */
static bool is_printable(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] < 0x20 || text.at[i] > 0x7e)
			return false;
	}
	return true;
}

static bool is_unverified(struct span line)
{
	return line.len > 12 && memcmp(line.at, "UNVERIFIED  ", 12) == 0;
}

/* Every line says that nothing is proven; everything can be printed; the JSON is one object on one line
 * that gives no verdict. */
static void expect_form(const char *row, const struct both *both)
{
	struct span text = span_of_text(both->text);
	struct span line;
	struct json_place place;
	cJSON *tree = NULL;

	while (support_line(&text, &line)) {
		if (!is_unverified(line) || !is_printable(line))
			ck_abort_msg("row \"%s\": line \"%.*s\"", row, (int)line.len,
				     (const char *)line.at);
	}
	ck_assert_msg((both->text_reason == REASON_OK) == (both->json_reason == REASON_OK),
		      "row \"%s\": text %s, json %s", row, reason_name(both->text_reason),
		      reason_name(both->json_reason));
	EXPECT_REASON(row, json_read(span_of_text(both->json), &tree, &place), REASON_OK);
	text = span_of_text(both->json);
	text.len--;
	ck_assert_msg(is_printable(text) && text.at[text.len] == '\n', "row \"%s\"", row);
	ck_assert_ptr_null(cJSON_GetObjectItemCaseSensitive(tree, "verdict"));
	ck_assert_ptr_null(cJSON_GetObjectItemCaseSensitive(tree, "checks"));
	ck_assert_ptr_null(cJSON_GetObjectItemCaseSensitive(tree, "facts"));
	ck_assert_ptr_nonnull(cJSON_GetObjectItemCaseSensitive(tree, "unverified"));
	ck_assert_ptr_nonnull(cJSON_GetObjectItemCaseSensitive(tree, "envelope"));
	const cJSON *malformed = cJSON_GetObjectItemCaseSensitive(tree, "malformed");
	ck_assert_msg((malformed != NULL) == (both->json_reason != REASON_OK), "row \"%s\"", row);
	if (malformed != NULL) {
		const cJSON *code = cJSON_GetObjectItemCaseSensitive(malformed, "reason");
		ck_assert_str_eq(cJSON_GetStringValue(code), reason_name(both->json_reason));
		/* what cannot be decoded is refused for that */
		ck_assert(cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(tree, "would_refuse")));
	}
	cJSON_Delete(tree);
}

static void expect_part(const char *row, const char *text, const char *part, bool there)
{
	ck_assert_msg((strstr(text, part) != NULL) == there, "row \"%s\": \"%s\" %s in:\n%s", row,
		      part, there ? "is not" : "is", text);
}

/* The last line says what could not be decoded. */
static void expect_malformed(const char *row, const char *text, enum reason reason)
{
	struct buf line = { 0 };

	buf_printf(&line, "\n" U "malformed      %s (%s)\n", reason_sentence(reason),
		   reason_name(reason));
	char *want = buf_take_text(&line);
	const char *found = strstr(text, want);
	if (reason == REASON_OK)
		expect_part(row, text, "malformed", false);
	else
		ck_assert_msg(found != NULL && strlen(found) == strlen(want),
			      "row \"%s\": \"%s\" is not last in:\n%s", row, want, text);
	free(want);
}

/* Envelopes, also such as are refused. */
static const struct {
	const char *row;
	const char *document;
	enum reason want;
	const char *text; /* must be in it; NULL: no text beyond the first line */
} envelopes[] = {
	{ "nothing", "", REASON_COSE_EMPTY, NULL },
	{ "good", "84" PROTECTED "a041a04107", REASON_OK,
	  U "envelope       COSE_Sign1, untagged, 11 bytes\n" U "protected      {1: -35}\n" U
	    "unprotected    {}\n" U "payload        1 bytes\n" U "signature      1 bytes\n" },
	{ "tag 18", "d284" PROTECTED "a041a04107", REASON_OK,
	  U "envelope       COSE_Sign1 with tag 18, 12 bytes\n" },
	{ "tag 18 in two bytes", "d81284" PROTECTED "a041a04107", REASON_OK,
	  U "envelope       COSE_Sign1 with tag 18, 13 bytes\n" },
	{ "tag 61", "d83d84" PROTECTED "a041a04107", REASON_OK, "with tag 61, 13 bytes\n" },
	{ "two tags", "d83dd81284" PROTECTED "a041a04107", REASON_COSE_SHAPE, NULL },
	{ "other protected", "8443a10126a041a04107", REASON_OK, U "protected      {1: -7}\n" },
	{ "empty protected", "8440a041a04107", REASON_OK, U "protected      (0 bytes)\n" },
	{ "bad protected", "8441ffa041a04107", REASON_OK, U "protected       (not well-formed)\n" },
	{ "protected and more", "84420000a041a04107", REASON_OK,
	  U "protected      0 (not well-formed)\n" },
	{ "unprotected of something", "84" PROTECTED "a104420a0b41a04107", REASON_OK,
	  U "unprotected    {4: h'0a0b'}\n" },
	{ "unprotected is no map", "84" PROTECTED "f641a04107", REASON_OK,
	  U "unprotected    null\n" },
	{ "lengths that are not shortest", "98045804a1013822a05801a0580107", REASON_OK,
	  U "envelope       COSE_Sign1, untagged, 15 bytes\n" },
	{ "array of indefinite length", "9f" PROTECTED "a041a04107ff", REASON_OK,
	  U "envelope       COSE_Sign1, untagged, 12 bytes\n" },
	{ "no signature", "84" PROTECTED "a041a040", REASON_OK, U "signature      0 bytes\n" },
	{ "array of indefinite length, five", "9f" PROTECTED "a041a0410700ff", REASON_COSE_SHAPE,
	  U "signature      1 bytes\n" },
	{ "array of 3", "83" PROTECTED "a041a0", REASON_COSE_SHAPE, NULL },
	{ "array of 5", "85" PROTECTED "a041a0410700", REASON_COSE_SHAPE, NULL },
	{ "a map", "a2" PROTECTED "a041a04107", REASON_COSE_SHAPE, NULL },
	{ "a number", "00", REASON_COSE_SHAPE, NULL },
	{ "protected is a map", "84a1013822a041a04107", REASON_COSE_SHAPE, NULL },
	{ "payload is null", "84" PROTECTED "a0f64107", REASON_COSE_SHAPE, NULL },
	{ "payload of chunks", "84" PROTECTED "a05f41a0ff4107", REASON_CBOR_NONCANONICAL, NULL },
	{ "signature is text", "84" PROTECTED "a041a06161", REASON_COSE_SHAPE, NULL },
	{ "a byte more", "84" PROTECTED "a041a0410700", REASON_COSE_TRAILING,
	  U "signature      1 bytes\n" },
	{ "cut short", "84" PROTECTED "a041a041", REASON_CBOR_TRUNCATED, NULL },
	{ "tag alone", "d2", REASON_CBOR_TRUNCATED, NULL },
	{ "long tag alone", "d83d", REASON_CBOR_TRUNCATED, NULL },
	{ "head alone", "84", REASON_CBOR_TRUNCATED, NULL },
	{ "reserved", "84" PROTECTED "1c", REASON_CBOR_MALFORMED, NULL },
	{ "deep unprotected", "84" PROTECTED "8181818181818181818181818181818181f641a04107",
	  REASON_CBOR_DEPTH, NULL },
};

START_TEST(test_envelopes)
{
	for (size_t i = 0; i < LENGTH(envelopes); i++) {
		const char *row = envelopes[i].row;
		struct buf document = support_hex(envelopes[i].document);
		struct both got = show(buf_span(&document), "a\nname");
		EXPECT_REASON(row, got.text_reason, envelopes[i].want);
		EXPECT_REASON(row, got.json_reason, envelopes[i].want);
		expect_form(row, &got);
		expect_part(row, got.text, "UNVERIFIED  a\\x0aname\n", true);
		if (envelopes[i].text != NULL)
			expect_part(row, got.text, envelopes[i].text, true);
		else
			expect_part(row, got.text, "UNVERIFIED  a\\x0aname\n" U "malformed ", true);
		expect_part(row, got.text, "refused", envelopes[i].want == REASON_OK);
		expect_malformed(row, got.text, envelopes[i].want);
		if (strstr(got.text, "envelope") == NULL)
			expect_part(row, got.json,
				    ",\"envelope\":null,\"unverified\":{\"module_id\":null", true);
		both_done(&got);
		buf_done(&document);
	}
}
END_TEST

START_TEST(test_too_large)
{
	struct buf document = { 0 };
	static const uint8_t zeros[4096] = { 0 };

	for (size_t i = 0; i < 8; i++)
		buf_add(&document, SPAN_OF(zeros));
	struct both got = show(buf_span(&document), "x");
	EXPECT_REASON("32768", got.text_reason, REASON_COSE_SHAPE);
	both_done(&got);
	buf_add(&document, SPAN_LITERAL("\0"));
	got = show(buf_span(&document), "x");
	EXPECT_REASON("32769", got.text_reason, REASON_COSE_TOO_LARGE);
	EXPECT_REASON("32769", got.json_reason, REASON_COSE_TOO_LARGE);
	ck_assert_str_eq(got.text, "UNVERIFIED  x\n" U
				   "malformed      longer than any attestation document (32 KiB) "
				   "(cose-too-large)\n");
	both_done(&got);
	buf_done(&document);
}
END_TEST

#define KEY_MODULE "696d6f64756c655f6964"
#define KEY_DIGEST "66646967657374"
#define KEY_TIME "6974696d657374616d70"
#define KEY_PCRS "6470637273"
#define KEY_CERT "6b6365727469666963617465"
#define KEY_BUNDLE "68636162756e646c65"
#define KEY_KEY "6a7075626c69635f6b6579"
#define KEY_DATA "69757365725f64617461"
#define KEY_NONCE "656e6f6e6365"
#define X48 "585858585858585858585858585858585858585858585858"
#define PCR "5830" X48 X48

/* Payloads: claims of the right type are shown as claims, everything else as it is. */
static const struct {
	const char *row;
	const char *payload;
	enum reason want;
	const char *text;  /* must be in the text */
	const char *json;  /* must be in the JSON */
	const char *never; /* must not be in the text */
} payloads[] = {
	{ "empty map", "a0", REASON_OK, U "refused        by `document`, first at document.form",
	  "\"unverified\":{\"module_id\":null,\"timestamp_ms\":null,\"digest\":null,\"pcrs\":{},"
	  "\"public_key\":null,\"user_data\":null,\"nonce\":null,\"enclave_hash\":null,"
	  "\"signer\":null,\"certificates\":[]},\"would_refuse\":{\"id\":\"document.form\","
	  "\"reason\":\"cose-sig-size\"",
	  "module_id" },
	{ "unknown field", "a163666f6f01", REASON_OK, U "other          \"foo\": 1\n",
	  "\"other\":[{\"key\":\"\\\"foo\\\"\",\"value\":\"1\"}]", NULL },
	{ "two unknown fields", "a2006161f680", REASON_OK,
	  U "other          0: \"a\"\n" U "other          null: []\n",
	  "\"other\":[{\"key\":\"0\",\"value\":\"\\\"a\\\"\"},{\"key\":\"null\",\"value\":\"[]\"}]",
	  NULL },
	{ "module_id", "a1" KEY_MODULE "62410a", REASON_OK, U "module_id      A\\x0a\n",
	  "\"module_id\":\"A\\n\"", "other" },
	{ "module_id of no text", "a1" KEY_MODULE "01", REASON_OK,
	  U "other          \"module_id\": 1\n", "\"module_id\":null", NULL },
	{ "module_id twice: the last counts, no claim is lost",
	  "a2" KEY_MODULE "6141" KEY_MODULE "6142", REASON_OK, U "module_id      B\n",
	  "\"module_id\":\"B\"", NULL },
	{ "module_id twice, once no text", "a2" KEY_MODULE "6141" KEY_MODULE "00", REASON_OK,
	  U "other          \"module_id\": 0\n", "\"module_id\":\"A\"", NULL },
	{ "digest", "a1" KEY_DIGEST "66534841323536", REASON_OK, U "digest         SHA256\n",
	  "\"digest\":\"SHA256\"", "other" },
	{ "digest of no text", "a1" KEY_DIGEST "4100", REASON_OK,
	  U "other          \"digest\": h'00'\n", "\"digest\":null", NULL },
	{ "timestamp", "a1" KEY_TIME "1b0000019b834c9f78", REASON_OK,
	  U "timestamp      1767434395512 ms, 2026-01-03 09:59:55 UTC\n",
	  "\"timestamp_ms\":\"1767434395512\"", "other" },
	{ "greatest timestamp", "a1" KEY_TIME "1bffffffffffffffff", REASON_OK,
	  U "timestamp      18446744073709551615 ms, ? UTC\n",
	  "\"timestamp_ms\":\"18446744073709551615\"", NULL },
	{ "timestamp of the year 10000", "a1" KEY_TIME "1b0000e677d21fdc00", REASON_OK,
	  U "timestamp      253402300800000 ms, ? UTC\n", "\"timestamp_ms\":\"253402300800000\"",
	  NULL },
	{ "negative timestamp", "a1" KEY_TIME "20", REASON_OK,
	  U "other          \"timestamp\": -1\n", "\"timestamp_ms\":null", NULL },
	{ "pcrs", "a1" KEY_PCRS "a2181f" PCR "00" PCR, REASON_OK,
	  U "pcr0           " X48 X48 "\n" U "pcr31          " X48 X48 "\n",
	  "\"pcrs\":{\"0\":\"" X48 X48 "\",\"31\":\"" X48 X48 "\"}", "other" },
	{ "pcrs of indefinite length", "a1" KEY_PCRS "bf00" PCR "ff", REASON_OK,
	  U "pcr0           " X48 X48 "\n", "\"pcrs\":{\"0\":\"" X48, "other" },
	{ "debug mode",
	  "a1" KEY_PCRS "a1005830"
	  "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
	  REASON_OK, "000000 (debug mode)\n",
	  "0xc980e59163ce244bb4bb6211f48c7b46f88a4f40943e84eb99bdc41e129bd293", NULL },
	{ "PCR1 is zero",
	  "a1" KEY_PCRS "a1015830"
	  "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
	  REASON_OK, U "pcr1           0000", "\"enclave_hash\":null", "debug mode" },
	{ "pcrs of 32 bytes", "a1" KEY_PCRS "a100415a", REASON_OK,
	  U "other          \"pcrs\": {0: h'5a'}\n", "\"pcrs\":{}", "pcr0" },
	{ "one register of two is short", "a1" KEY_PCRS "a200" PCR "01415a", REASON_OK,
	  U "other          \"pcrs\": {0: h'5858", "\"pcrs\":{}", "pcr0" },
	{ "register 32", "a1" KEY_PCRS "a11820" PCR, REASON_OK,
	  U "other          \"pcrs\": {32: h'5858", "\"pcrs\":{}", NULL },
	{ "a register twice", "a1" KEY_PCRS "a200" PCR "00" PCR, REASON_OK,
	  U "other          \"pcrs\": {0: h'5858", "\"pcrs\":{}", NULL },
	{ "pcrs is an array", "a1" KEY_PCRS "80", REASON_OK, U "other          \"pcrs\": []\n",
	  "\"pcrs\":{}", NULL },
	{ "certificate", "a1" KEY_CERT "430a0b0c", REASON_OK,
	  U "certificate    3 bytes, not a certificate as AWS issues them\n",
	  "\"certificates\":[{\"subject\":null,\"not_before\":null,\"not_after\":null,\"sha256\":",
	  "other" },
	{ "certificate is text", "a1" KEY_CERT "6130", REASON_OK,
	  U "other          \"certificate\": \"0\"\n", "\"certificates\":[]", NULL },
	{ "cabundle", "a1" KEY_BUNDLE "82410a420b0c", REASON_OK,
	  U "cabundle[0]    1 bytes, not a certificate as AWS issues them\n" U
	    "cabundle[1]    2 bytes, not a certificate as AWS issues them\n",
	  "\"certificates\":[{\"subject\":null", "other" },
	{ "cabundle of none", "a1" KEY_BUNDLE "80", REASON_OK, U "public_key     null\n",
	  "\"certificates\":[]", "other" },
	{ "cabundle of 16", "a1" KEY_BUNDLE "9040404040404040404040404040404040", REASON_OK,
	  U "cabundle[15]   0 bytes, not", "\"certificates\":[{", "other" },
	{ "cabundle of 17", "a1" KEY_BUNDLE "914040404040404040404040404040404040", REASON_OK,
	  U "other          \"cabundle\": [h'', ", "\"certificates\":[]", "cabundle[" },
	{ "cabundle of text", "a1" KEY_BUNDLE "8240614a", REASON_OK,
	  U "other          \"cabundle\": [h'', \"J\"]\n", "\"certificates\":[]", NULL },
	{ "optionals", "a3" KEY_KEY "40" KEY_DATA "f6" KEY_NONCE "4107", REASON_OK,
	  U "public_key     0 bytes \n" U "user_data      null\n" U "nonce          1 bytes 07\n",
	  "\"public_key\":\"\",\"user_data\":null,\"nonce\":\"07\"", "other" },
	{ "optionals of other types", "a3" KEY_KEY "f7" KEY_DATA "6161" KEY_NONCE "00", REASON_OK,
	  U "other          \"public_key\": undefined\n" U "other          \"user_data\": \"a\"\n" U
	    "other          \"nonce\": 0\n",
	  "\"public_key\":null,\"user_data\":null,\"nonce\":null", NULL },
	{ "map of indefinite length", "bf" KEY_NONCE "4107ff", REASON_OK,
	  U "nonce          1 bytes 07\n", "\"nonce\":\"07\"", "other" },
	{ "name in other case",
	  "a1"
	  "654e6f6e6365"
	  "4107",
	  REASON_OK, U "other          \"Nonce\": h'07'\n", "\"nonce\":null", NULL },
	{ "name as bytes", "a1456e6f6e63654107", REASON_OK,
	  U "other          h'6e6f6e6365': h'07'\n", "\"nonce\":null", NULL },

	/* no map */
	{ "array", "820102", REASON_OK, U "payload is     [1, 2]\n",
	  "\"unverified\":{\"module_id\":null", "module_id" },
	{ "text", "6161", REASON_OK, U "payload is     \"a\"\n", "\"payload_size\":2",
	  "module_id" },
	{ "tagged map", "d818a0", REASON_OK, U "payload is     24({})\n", "\"payload_size\":3",
	  NULL },
	{ "no bytes", "", REASON_CBOR_TRUNCATED, U "payload        0 bytes\n", NULL, "refused" },
	{ "two items", "0000", REASON_DOC_TRAILING, U "payload        2 bytes\n", NULL,
	  "payload is" },
	{ "map and more", "a000", REASON_DOC_TRAILING, U "payload        2 bytes\n", NULL,
	  "refused" },
	{ "cut short", "a2" KEY_NONCE "4107" KEY_DATA, REASON_CBOR_TRUNCATED,
	  U "nonce          1 bytes 07\n",
	  "\"malformed\":{\"reason\":\"cbor-truncated\",\"message\":\"the CBOR ends before its last item "
	  "is complete\"},\"envelope\":{\"tag\":null,",
	  "refused" },
	{ "key alone", "a1" KEY_NONCE, REASON_CBOR_TRUNCATED, U "payload        7 bytes\n", NULL,
	  "refused" },
	{ "reserved", "a1" KEY_NONCE "1c", REASON_CBOR_MALFORMED, U "payload        8 bytes\n",
	  NULL, "refused" },
	{ "break for a value", "bf" KEY_NONCE "ff", REASON_CBOR_MALFORMED,
	  U "payload        8 bytes\n", NULL, "refused" },
	{ "deep value", "a1" KEY_NONCE "8181818181818181818181818181818181f6", REASON_CBOR_DEPTH,
	  U "payload        25 bytes\n", NULL, "refused" },
	{ "deepest value", "a1" KEY_NONCE "81818181818181818181818181818181f6", REASON_OK,
	  U "other          \"nonce\": [[[[[[[[[[[[[[[[null]]]]]]]]]]]]]]]]\n", "[[[[null]]]]",
	  NULL },
};

START_TEST(test_payloads)
{
	for (size_t i = 0; i < LENGTH(payloads); i++) {
		const char *row = payloads[i].row;
		struct buf document = document_of(payloads[i].payload);
		struct both got = show(buf_span(&document), "x");
		EXPECT_REASON(row, got.text_reason, payloads[i].want);
		expect_form(row, &got);
		expect_part(row, got.text, payloads[i].text, true);
		expect_malformed(row, got.text, payloads[i].want);
		if (payloads[i].never != NULL)
			expect_part(row, got.text, payloads[i].never, false);
		if (payloads[i].json != NULL)
			expect_part(row, got.json, payloads[i].json, true);
		both_done(&got);
		buf_done(&document);
	}
}
END_TEST

/* A file that holds no bytes to decode is shown as that. */
START_TEST(test_no_bytes)
{
	static const enum reason reasons[] = { REASON_TEXT_ENCODING, REASON_COSE_TOO_LARGE };

	for (size_t i = 0; i < LENGTH(reasons); i++) {
		struct buf text = { 0 };
		struct buf json = { 0 };
		const struct span nothing = { NULL, 0 };
		const char *row = reason_name(reasons[i]);
		EXPECT_REASON(row, show_text(nothing, reasons[i], "x", &text), reasons[i]);
		EXPECT_REASON(row, show_json(nothing, reasons[i], "x", "tool", "1.0", &json),
			      reasons[i]);
		struct both got = { reasons[i], buf_take_text(&text), reasons[i],
				    buf_take_text(&json) };
		expect_form(row, &got);
		expect_part(row, got.text, "UNVERIFIED  x\n" U "malformed ", true);
		expect_malformed(row, got.text, reasons[i]);
		expect_part(row, got.json, ",\"envelope\":null,\"unverified\":{\"module_id\":null",
			    true);
		both_done(&got);
	}
}
END_TEST

/* 64 entries are shown, 65 are not. */
START_TEST(test_entries_max)
{
	for (unsigned n = 64; n <= 65; n++) {
		struct buf hex = { 0 };
		buf_printf(&hex, "b8%02x", n);
		for (unsigned i = 0; i < n; i++)
			buf_printf(&hex, "18%02x00", 100 + i);
		char *payload = buf_take_text(&hex);
		struct buf document = document_of(payload);
		struct both got = show(buf_span(&document), "x");
		expect_form("entries", &got);
		EXPECT_REASON("entries", got.text_reason, n == 64 ? REASON_OK : REASON_CBOR_DEPTH);
		expect_part("entries", got.text, U "other          163: 0\n", true);
		both_done(&got);
		buf_done(&document);
		free(payload);
	}
}
END_TEST

/* The bundled document in full, line by line. */
START_TEST(test_document)
{
	static const char *const lines[] = {
		"UNVERIFIED  document.cbor\n" U "envelope       COSE_Sign1, untagged, 4648 bytes\n",
		U "module_id      i-0e5c1a7ed0c5e7e57-enc019b834c9f78c0de\n" U
		  "digest         SHA384\n" U
		  "timestamp      1767434400123 ms, 2026-01-03 10:00:00 UTC\n" U "pcr0           ",
		"\n" U "pcr15          ",
		"\n" U "cabundle[0]    ",
		" bytes, CN=test.nitro-enclaves,OU=test,O=enclavecheck tests,C=ZZ, "
		"2019-11-05 09:00:00 to 2049-11-05 10:00:00 UTC\n",
		"\n" U "cabundle[3]    ",
		"\n" U "certificate    ",
		"\n" U "public_key     null\n" U
		"user_data      26 bytes 656e636c617665636865636b207465737420646f63756d656e74\n" U
		"nonce          16 bytes 00112233445566778899aabbccddeeff\n" U
		"ENCLAVE_HASH   0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83\n" U
		"refused        by `document`, first at chain.root: cabundle does not begin with the "
		"pinned root certificate (x509-root)\n",
	};
	struct buf file = support_vector("document.cbor");
	struct both got = show(buf_span(&file), "document.cbor");
	const char *at = got.text;

	EXPECT_REASON("document", got.text_reason, REASON_OK);
	expect_form("document", &got);
	for (size_t i = 0; i < LENGTH(lines); i++) {
		const char *found = strstr(at, lines[i]);
		ck_assert_msg(found != NULL, "\"%s\" does not follow in:\n%s", lines[i], got.text);
		at = found + strlen(lines[i]);
	}
	ck_assert_str_eq(at, "");
	expect_part("json", got.json,
		    "{\"schema\":1,\"tool\":{\"name\":\"tool\",\"version\":\"1.0\"},"
		    "\"target\":{\"name\":\"document.cbor\"},\"envelope\":{\"tag\":null,"
		    "\"protected\":\"{1: -35}\",\"unprotected\":\"{}\",\"size\":4648,"
		    "\"payload_size\":4540,\"signature_size\":96},\"unverified\":{\"module_id\":",
		    true);
	expect_part("json", got.json,
		    ",\"would_refuse\":{\"id\":\"chain.root\",\"reason\":\"x509-root\",\"message\":"
		    "\"cabundle does not begin with the pinned root certificate\"}}\n",
		    true);
	both_done(&got);
	buf_done(&file);
}
END_TEST

/* A document that AWS signed is refused for nothing but its time. */
START_TEST(test_genuine)
{
	struct buf file;

	if (!support_shared("show/genuine", "documents/blocky-nitrite-01.bin", &file))
		return;
	struct both got = show(buf_span(&file), "x");
	EXPECT_REASON("genuine", got.text_reason, REASON_OK);
	expect_form("genuine", &got);
	expect_part("genuine", got.text,
		    U "refused        not by its form, chain and signature at its own time", true);
	expect_part("genuine", got.json, ",\"would_refuse\":null}\n", true);
	both_done(&got);
	buf_done(&file);
}
END_TEST

static void show_folder(const char *folder, size_t step)
{
	struct dirent **names;
	int n = scandir(folder, &names, NULL, alphasort);

	ck_assert_msg(n > 0, "%s", folder);
	for (int i = 0; i < n; i++) {
		struct buf path = { 0 };
		struct buf file;
		struct buf decoded = { 0 };
		struct span bytes;
		if (names[i]->d_name[0] != '.' && (size_t)i % step == 0) {
			buf_printf(&path, "%s/%s", folder, names[i]->d_name);
			char *text = buf_take_text(&path);
			if (support_try_read(text, &file)) {
				if (basenc_document(buf_span(&file), &decoded, &bytes) ==
				    REASON_OK) {
					struct both got = show(bytes, names[i]->d_name);
					expect_form(names[i]->d_name, &got);
					both_done(&got);
				}
				buf_done(&file);
				buf_done(&decoded);
			}
			free(text);
		}
		free(names[i]);
	}
	free(names);
}

/* Whatever the vectors hold keeps the form. */
START_TEST(test_vectors)
{
	char *folder = support_vector_path("documents");

	show_folder(folder, support_thin(13));
	free(folder);
	folder = support_shared_path("show/vectors", "documents/emulated");
	if (folder != NULL)
		show_folder(folder, 1);
	free(folder);
}
END_TEST

/* Every prefix of a document, and each of its bytes changed. */
START_TEST(test_changed)
{
	struct buf file = support_vector("documents/bound.cbor");
	uint64_t state = 18;

	for (size_t len = 0; len < file.len; len += support_thin(97)) {
		struct both got = show((struct span){ file.at, len }, "x");
		ck_assert(got.text_reason != REASON_OK);
		expect_form("prefix", &got);
		both_done(&got);
	}
	for (size_t i = 0; i < file.len; i += support_thin(97)) {
		uint8_t change = (uint8_t)(1U << support_random(&state) % 8);
		file.at[i] ^= change;
		struct both got = show(buf_span(&file), "x");
		expect_form("change", &got);
		both_done(&got);
		file.at[i] ^= change;
	}
	buf_done(&file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("show");

	support_add(suite, "envelopes", test_envelopes);
	support_add(suite, "too large", test_too_large);
	support_add(suite, "payloads", test_payloads);
	support_add(suite, "no bytes", test_no_bytes);
	support_add(suite, "most entries", test_entries_max);
	support_add(suite, "a whole document", test_document);
	support_add(suite, "a genuine document", test_genuine);
	support_add(suite, "all vectors", test_vectors);
	support_add(suite, "changed bytes", test_changed);
	return support_main(suite);
}
