#include "verify/pcrfile.h"

#include <stdlib.h>
#include <string.h>

#include "test/support.h"

/* In a row's text ~ stands for the 96 digits of a register, # for the 64 of a hash. */
#define DIGITS "111111111111111111111111111111111111111111111111"
#define HASH_DIGITS "2222222222222222222222222222222222222222222222222222222222222222"

static struct buf text_of(const char *pattern)
{
	struct buf text = { 0 };

	for (const char *c = pattern; *c != '\0'; c++) {
		if (*c == '~')
			buf_text(&text, DIGITS DIGITS);
		else if (*c == '#')
			buf_text(&text, HASH_DIGITS);
		else
			buf_add(&text, (struct span){ (const uint8_t *)c, 1 });
	}
	return text;
}

static enum reason read_exact(struct span text, struct pcrfile *ret,
			      struct json_place *reterr_place)
{
	uint8_t *exact = support_exact(text);
	enum reason reason = pcrfile_read((struct span){ exact, text.len }, ret, reterr_place);

	free(exact);
	return reason;
}

#define BIT(index) (UINT32_C(1) << (index))

START_TEST(test_shapes)
{
	static const struct {
		const char *text;
		uint32_t present; /* each of them 11..11 */
		bool hash;
	} rows[] = {
		{ "{\"PCR0\":\"~\"}", BIT(0), false },
		{ "{\"PCR8\":\"~\"}", BIT(8), false },
		{ "{\"PCR31\":\"~\",\"PCR10\":\"~\"}", BIT(31) | BIT(10), false },
		{ "{\"HashAlgorithm\":\"Sha384 { ... }\",\"PCR0\":\"~\",\"PCR1\":\"~\",\"PCR2\":\"~\"}",
		  7, false },
		{ "{\"HashAlgorithm\":null,\"PCR0\":\"~\"}", 1, false },
		{ "{\"PC\\u00520\":\"~\"}", 1, false },
		{ "{\"Measurements\":{\"HashAlgorithm\":\"x\",\"PCR0\":\"~\",\"PCR8\":\"~\"}}",
		  BIT(0) | BIT(8), false },
		{ "{\"EifVersion\":4,\"Measurements\":{\"PCR2\":\"~\"},\"CheckCRC\":true,\"Metadata\":{\"PCR0\":1,"
		  "\"Measurements\":{}},\"SigningCertificate\":null,\"SignatureCheck\":true,\"ImgDigest\":[]}",
		  BIT(2), false },
		{ "{\"pcr0\":\"0x~\",\"enclave_hash\":\"0x#\",\"git_sha\":\"abc\",\"nitro_image\":\"\"}",
		  1, true },
		{ "{\"pcr0\":\"~\",\"pcr1\":\"0x~\",\"pcr2\":\"~\",\"pcr8\":\"0x~\"}", 7 | BIT(8),
		  false },
		{ "{\"pcr0\":\"~\",\"pcr1\":\"\",\"enclave_hash\":\"\"}", 1, false },
		{ "{\"pcr0\":\"\",\"pcr2\":\"~\"}", BIT(2), false },
		{ "{\"pcr0\":\"\",\"enclave_hash\":\"0x#\"}", 0, true },
		{ "{\"enclave_hash\":\"0x#\"}", 0, true },
		{ "{\"PCR0\":\"~\",\"enclave_hash\":\"0x#\"}", 1, true },
		{ "{\"enclave_hash\":\"0x#\",\"Measurements\":{\"PCR0\":\"~\"}}", 1, true },
		/* only of the outermost object is a key like this one read */
		{ "{\"Measurements\":{\"PCR0\":\"~\",\"enclave_hash\":7}}", 1, false },
		{ "{\"PCR0\":\"~\",\"x\":{\"pcr\":1,\"PCR99\":2}}", 1, false },
		{ "{\"PCR0\":\"~\",\"measurements\":{\"PCR1\":\"~\"},\"Enclave_Hash\":1,\"p c r\":1,\"\":2}",
		  1, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = text_of(rows[i].text);
		struct buf digits = support_hex(DIGITS DIGITS);
		struct buf hash = support_hex(HASH_DIGITS);
		struct pcrfile file = { 0 };
		struct json_place place;
		EXPECT_REASON(rows[i].text, read_exact(buf_span(&text), &file, &place), REASON_OK);
		ck_assert_msg(file.pcrs.present == rows[i].present, "row \"%s\": %x", rows[i].text,
			      file.pcrs.present);
		for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
			if (pcrs_has(&file.pcrs, pcr))
				EXPECT_BYTES(rows[i].text, pcrs_get(&file.pcrs, pcr),
					     buf_span(&digits));
		}
		ck_assert_msg(file.has_enclave_hash == rows[i].hash, "row \"%s\"", rows[i].text);
		if (rows[i].hash)
			EXPECT_BYTES(rows[i].text, SPAN_OF(file.enclave_hash), buf_span(&hash));
		buf_done(&text);
		buf_done(&digits);
		buf_done(&hash);
	}
}
END_TEST

/* Each register under its own index, in both cases of digits. */
START_TEST(test_every_register)
{
	struct buf text = { 0 };
	struct pcrfile file;
	struct json_place place;

	for (unsigned i = 0; i < PCR_COUNT; i++) {
		buf_printf(&text, "%s\"PCR%u\":\"", i == 0 ? "{" : ",", i);
		for (size_t n = 0; n < PCR_LEN; n++)
			buf_printf(&text, n % 2 == 0 ? "%02x" : "%02X", 0xa0 + i);
		buf_text(&text, "\"");
	}
	buf_text(&text, "}");
	EXPECT_REASON("all", read_exact(buf_span(&text), &file, &place), REASON_OK);
	ck_assert_uint_eq(file.pcrs.present, UINT32_MAX);
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		uint8_t want[PCR_LEN];
		memset(want, 0xa0 + (int)i, sizeof(want));
		EXPECT_BYTES("all", pcrs_get(&file.pcrs, i), SPAN_OF(want));
	}
	buf_done(&text);
}
END_TEST

START_TEST(test_refused)
{
	static const struct {
		const char *text;
		enum reason want;
		size_t line, column;
	} rows[] = {
		/* as json_read says */
		{ "", REASON_JSON_MALFORMED, 1, 1 },
		{ "{\n\"PCR0\":\"~\",\n}", REASON_JSON_MALFORMED, 3, 1 },
		{ "{\"PCR0\":\"~\"} {", REASON_JSON_TRAILING, 1, 109 },
		{ "{\"PCR0\":\"~\",\n\"PCR\\u0030\":\"~\"}", REASON_JSON_DUPLICATE_KEY, 2, 1 },
		/* no register is named */
		{ "[]", REASON_PCR_JSON_SHAPE, 0, 0 },
		{ "\"PCR0\"", REASON_PCR_JSON_SHAPE, 0, 0 },
		{ "null", REASON_PCR_JSON_SHAPE, 0, 0 },
		{ "1", REASON_PCR_JSON_SHAPE, 0, 0 },
		{ "[{\"PCR0\":\"~\"}]", REASON_PCR_JSON_SHAPE, 0, 0 },
		{ "{}", REASON_PCR_JSON_SHAPE, 0, 0 },
		{ "{\"HashAlgorithm\":\"Sha384\"}", REASON_PCR_JSON_SHAPE, 0, 0 },
		{ "{\"measurements\":{\"PCR0\":\"~\"}}", REASON_PCR_JSON_SHAPE, 0, 0 },
		{ "{\"x\":{\"Measurements\":{\"PCR0\":\"~\"}}}", REASON_PCR_JSON_SHAPE, 0, 0 },
		{ "{\"Measurements\":{}}", REASON_PCR_JSON_SHAPE, 0, 0 },
		{ "{\"Measurements\":{\"x\":1}}", REASON_PCR_JSON_SHAPE, 0, 0 },
		{ "{\"Measurements\":{\"enclave_hash\":\"0x#\"}}", REASON_PCR_JSON_SHAPE, 0, 0 },
		{ "{\"Measurements\":{\"Measurements\":{\"PCR0\":\"~\"}}}", REASON_PCR_JSON_SHAPE,
		  0, 0 },
		{ "{\"pcr0\":\"\",\"enclave_hash\":\"\"}", REASON_PCR_JSON_SHAPE, 0, 0 },
		{ "{ \"Measurements\":null}", REASON_PCR_JSON_SHAPE, 1, 3 },
		{ "{\"Measurements\":[\"~\"]}", REASON_PCR_JSON_SHAPE, 1, 2 },
		{ "{\"Measurements\":\"PCR0\"}", REASON_PCR_JSON_SHAPE, 1, 2 },
		{ "{\"PCR0\":\"~\",\n\t\"Measurements\":{\"PCR0\":\"~\"}}", REASON_PCR_JSON_SHAPE,
		  2, 2 },
		{ "{\"Measurements\":{\"PCR1\":\"~\"},\"PCR0\":\"~\"}", REASON_PCR_JSON_SHAPE, 1,
		  2 },
		{ "{\"pcr0\":\"\",\n\"Measurements\":{\"PCR0\":\"~\"}}", REASON_PCR_JSON_SHAPE, 2,
		  1 },
		/* keys that look like registers */
		{ "{\"PCR\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"PCR32\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"PCR99\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"PCR100\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"PCR4294967296\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"PCR00\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"PCR01\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"PCR012\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"PCR-1\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"PCR0 \":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\" PCR0\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"PCR1a\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"PCR:\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"PCR/\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"Pcr0\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"pCR0\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"pcr3\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"pcr00\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"pcr\":\"~\"}", REASON_PCR_JSON_KEY, 1, 2 },
		{ "{\"PCR0\":\"~\",\"PCRs\":{}}", REASON_PCR_JSON_KEY, 1, 108 },
		{ "{\"PCR0\":\"~\",\n  \"the_pCr_json\":1}", REASON_PCR_JSON_KEY, 2, 3 },
		{ "{\"PCR0\":\"~\",\n\n  \"pcr1\":\"~\"}", REASON_PCR_JSON_KEY, 3, 3 },
		{ "{\"pcr0\":\"~\",\n\"PCR1\":\"~\"}", REASON_PCR_JSON_KEY, 2, 1 },
		{ "{\"pcr0\":\"\",\"PCR0\":\"~\"}", REASON_PCR_JSON_KEY, 1, 12 },
		{ "{\"Measurements\":{\"PCR0\":\"~\"},\n\"pcrs\":0}", REASON_PCR_JSON_KEY, 2, 1 },
		{ "{\"Measurements\":{\"PCR0\":\"~\",\n\"PCR\":\"~\"}}", REASON_PCR_JSON_KEY, 2,
		  1 },
		{ "{\"Measurements\":{\"pcr0\":\"~\"}}", REASON_PCR_JSON_KEY, 1, 18 },
		{ "{\"a\":{\"b\":[1,2,{\"}\":3}],\"c\\\"d\":\"[,\"},\"e\":[],\n\"x\":{},\"PCR\":0}",
		  REASON_PCR_JSON_KEY, 2, 8 },
		{ "{\"a,\":[1,2],\n \"Measurements\" : \n {\"b\":{\"c\":1,\"d\":2},\n  \"PCR32\":0}}",
		  REASON_PCR_JSON_KEY, 4, 3 },
		/* values */
		{ "{\"PCR0\":\"\"}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"PCR0\":\"0x~\"}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"PCR0\":\"~0\"}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"PCR0\":\"~00\"}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"PCR0\":\"#\"}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"PCR0\":\"\\u0031~\"}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"PCR0\":\" ~\"}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"PCR0\":\"~\\n\"}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"PCR0\":null}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"PCR0\":0}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"PCR0\":[\"~\"]}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"PCR0\":{\"x\":\"~\"}}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"PCR0\":true}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"PCR0\":\"~\",\r\n\"PCR1\":\"\"}", REASON_PCR_JSON_VALUE, 2, 1 },
		{ "{\"Measurements\":{\"PCR0\":\"~\",\n \"PCR1\":7}}", REASON_PCR_JSON_VALUE, 2,
		  2 },
		{ "{\"Measurements\":{\"PCR0\":\"\"}}", REASON_PCR_JSON_VALUE, 1, 18 },
		{ "{\"pcr0\":null}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"pcr0\":\"0x\"}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"pcr0\":\"0X~\"}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"pcr0\":\"0x0x~\"}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"pcr0\":\"0x#\"}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"pcr1\":\" \"}", REASON_PCR_JSON_VALUE, 1, 2 },
		{ "{\"pcr8\":[]}", REASON_PCR_JSON_VALUE, 1, 2 },
		/* enclave_hash */
		{ "{\"enclave_hash\":\"#\"}", REASON_PCR_JSON_HASH, 1, 2 },
		{ "{\"enclave_hash\":\"0X#\"}", REASON_PCR_JSON_HASH, 1, 2 },
		{ "{\"enclave_hash\":\"0x\"}", REASON_PCR_JSON_HASH, 1, 2 },
		{ "{\"enclave_hash\":\"0x#0\"}", REASON_PCR_JSON_HASH, 1, 2 },
		{ "{\"enclave_hash\":\"0x~\"}", REASON_PCR_JSON_HASH, 1, 2 },
		{ "{\"enclave_hash\":\" 0x#\"}", REASON_PCR_JSON_HASH, 1, 2 },
		{ "{\"enclave_hash\":null}", REASON_PCR_JSON_HASH, 1, 2 },
		{ "{\"enclave_hash\":1}", REASON_PCR_JSON_HASH, 1, 2 },
		{ "{\"pcr0\":\"~\",\n \"enclave_hash\":\"0xg\"}", REASON_PCR_JSON_HASH, 2, 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = text_of(rows[i].text);
		struct pcrfile file = { .has_enclave_hash = false, .pcrs = { .present = 0x4711 } };
		struct json_place place = { 77, 77 };
		EXPECT_REASON(rows[i].text, read_exact(buf_span(&text), &file, &place),
			      rows[i].want);
		ck_assert_msg(place.line == rows[i].line && place.column == rows[i].column,
			      "row \"%s\": at %zu:%zu, wanted %zu:%zu", rows[i].text, place.line,
			      place.column, rows[i].line, rows[i].column);
		ck_assert_msg(file.pcrs.present == 0x4711, "row \"%s\": written on failure",
			      rows[i].text);
		buf_done(&text);
	}
}
END_TEST

/* testvectors/pcr/index.tsv: name, reason, what. */
START_TEST(test_vectors)
{
	struct span fields[3];
	size_t n = 0;

	struct buf index = support_vector("pcr/index.tsv");
	struct span text = buf_span(&index);
	ck_assert(support_row(&text, fields, 3));
	EXPECT_BYTES("head", fields[0], SPAN_LITERAL("name"));
	while (support_row(&text, fields, 3)) {
		struct pcrfile file;
		struct json_place place;
		char *name = support_text(fields[0]);
		struct buf path = { 0 };
		buf_printf(&path, "pcr/%s", name);
		char *path_text = buf_take_text(&path);
		struct buf content = support_vector(path_text);
		EXPECT_REASON(name, read_exact(buf_span(&content), &file, &place),
			      support_reason(fields[1]));
		buf_done(&content);
		free(path_text);
		free(name);
		n++;
	}
	ck_assert_uint_ge(n, 50);
	buf_done(&index);
}
END_TEST

/* What AWS's tools printed: after the JSON text stands nothing, before it a line for people. */
START_TEST(test_gathered)
{
	static const struct {
		const char *name;
		bool line_first;
		uint32_t present;
	} rows[] = {
		{ "eif/peer_describe_signed.json", false, 7 | BIT(8) },
		{ "eif/peer_signed.stdout.txt", true, 7 | BIT(8) },
		{ "eif/peer_unsigned.stdout.txt", true, 7 },
	};
	struct pcrfile first = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf content;
		struct pcrfile file;
		struct json_place place;
		struct span line;
		if (!support_shared("pcrfile/gathered", rows[i].name, &content))
			return;
		struct span text = buf_span(&content);
		if (rows[i].line_first) {
			EXPECT_REASON(rows[i].name, read_exact(text, &file, &place),
				      REASON_JSON_MALFORMED);
			ck_assert(support_line(&text, &line));
		}
		EXPECT_REASON(rows[i].name, read_exact(text, &file, &place), REASON_OK);
		ck_assert_uint_eq(file.pcrs.present, rows[i].present);
		ck_assert(!file.has_enclave_hash);
		if (i == 0)
			first = file;
		for (unsigned pcr = 0; pcr < 3; pcr++)
			EXPECT_BYTES(rows[i].name, pcrs_get(&file.pcrs, pcr),
				     pcrs_get(&first.pcrs, pcr));
		buf_done(&content);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pcrfile");

	support_add(suite, "shapes", test_shapes);
	support_add(suite, "every register", test_every_register);
	support_add(suite, "refused", test_refused);
	support_add(suite, "test vectors", test_vectors);
	support_add(suite, "gathered", test_gathered);
	return support_main(suite);
}
