#include "verify/pcr.h"

#include <string.h>

#include "test/support.h"
#include "verify/basenc.h"
#include "verify/json.h"
#include "verify/registry.h"

START_TEST(test_registers)
{
	struct pcrs pcrs = { 0 };
	uint8_t value[PCR_LEN];

	for (unsigned i = 0; i < PCR_COUNT; i++) {
		ck_assert(!pcrs_has(&pcrs, i));
		ck_assert(pcrs_get(&pcrs, i).at == NULL && pcrs_get(&pcrs, i).len == 0);
		memset(value, (int)i + 1, sizeof(value));
		pcrs_set(&pcrs, i, value);
		ck_assert(pcrs_has(&pcrs, i));
		ck_assert_uint_eq(pcrs.present, UINT32_MAX >> (31 - i));
		EXPECT_BYTES("set", pcrs_get(&pcrs, i), SPAN_OF(value));
	}
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		memset(value, (int)i + 1, sizeof(value));
		EXPECT_BYTES("still there", pcrs_get(&pcrs, i), SPAN_OF(value));
	}
	struct pcrs before = pcrs;
	pcrs_set(&pcrs, PCR_COUNT, value);
	pcrs_set(&pcrs, UINT32_MAX, value);
	ck_assert(memcmp(&before, &pcrs, sizeof(pcrs)) == 0);
	ck_assert(!pcrs_has(&pcrs, PCR_COUNT) && !pcrs_has(&pcrs, UINT32_MAX));
	ck_assert(pcrs_get(&pcrs, PCR_COUNT).at == NULL);
}
END_TEST

START_TEST(test_debug)
{
	static const uint8_t zero[PCR_LEN] = { 0 };
	uint8_t value[PCR_LEN] = { 0 };
	struct pcrs pcrs = { 0 };

	ck_assert(!pcrs_is_debug(&pcrs)); /* absent is not zero */
	pcrs_set(&pcrs, 1, zero);
	ck_assert(!pcrs_is_debug(&pcrs));
	pcrs_set(&pcrs, 0, zero);
	ck_assert(pcrs_is_debug(&pcrs));
	value[0] = 1;
	pcrs_set(&pcrs, 4, value); /* stays set in debug mode */
	ck_assert(pcrs_is_debug(&pcrs));
	for (size_t i = 0; i < PCR_LEN; i++) {
		memset(value, 0, sizeof(value));
		value[i] = 1;
		pcrs_set(&pcrs, 0, value);
		ck_assert_msg(!pcrs_is_debug(&pcrs), "byte %zu", i);
	}
}
END_TEST

/* Wanted: sha384sum of 48 zero bytes and the data. PCR2 of an image without an application ramdisk is
 * published by everybody who builds one. */
START_TEST(test_extend)
{
	static const struct {
		const char *data;
		const char *want;
	} rows[] = {
		{ "i-0123456789abcdef0",
		  "d6432900ac1c343cb40286898792c55e962aef0cc35c4910c0c286145b51af19"
		  "e782cb21cc31a042671d7dfbd398251c" },
		{ "arn:aws:iam::123456789012:role/enclave",
		  "b1fd651ff7878eaff12dd954c8af010570acf204ad3c60b3832e3e8f109f2ce9"
		  "fa7e9ee8b3e848a415da9e8d720d7158" },
		{ "", "8f0d145c0368ad6b70be22e41c400eea91b971d96ba220fec9fae25a58dffdaa"
		      "f72dbe8f6783d55128c9df4efaf6f8a7" },
	};
	uint8_t got[PCR_LEN];
	uint8_t empty[DIGEST_SHA384_LEN];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf want = support_hex(rows[i].want);
		EXPECT_REASON(rows[i].data, pcr_extend(span_of_text(rows[i].data), got), REASON_OK);
		EXPECT_BYTES(rows[i].data, SPAN_OF(got), buf_span(&want));
		buf_done(&want);
	}
	struct buf want =
		support_hex("21b9efbc184807662e966d34f390821309eeac6802309798826296bf3e8bec7c"
			    "10edb30948c90ba67310f7b964fc500a");
	EXPECT_REASON("empty", digest_sha384(NULL, 0, empty), REASON_OK);
	EXPECT_REASON("no application", pcr_extend(SPAN_OF(empty), got), REASON_OK);
	EXPECT_BYTES("no application", SPAN_OF(got), buf_span(&want));
	buf_done(&want);
}
END_TEST

static const char *text_at(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

	ck_assert_msg(text != NULL, "no string \"%s\"", key);
	return text;
}

/* Instance ids and the PCR4 of documents that AWS signed. */
START_TEST(test_gathered_pcr4)
{
	struct buf file;
	struct json_place place;
	cJSON *tree = NULL;
	const cJSON *item;
	uint8_t got[PCR_LEN];
	size_t n = 0;

	if (!support_shared("pcr/gathered PCR4", "eif/pcr_vectors.json", &file))
		return;
	EXPECT_REASON("pcr_vectors.json", json_read(buf_span(&file), &tree, &place), REASON_OK);
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(tree, "pcr4"))
	{
		const char *id = text_at(item, "instance_id");
		struct buf want = support_hex(text_at(item, "pcr4_in_document"));
		EXPECT_REASON(id, pcr_extend(span_of_text(id), got), REASON_OK);
		EXPECT_BYTES(id, SPAN_OF(got), buf_span(&want));
		buf_done(&want);
		n++;
	}
	ck_assert_uint_ge(n, 2);
	cJSON_Delete(tree);
	buf_done(&file);
}
END_TEST

/* PCR8 extends the SHA-384 of the certificate's DER. */
START_TEST(test_gathered_pcr8)
{
	struct buf file;
	struct buf pem;
	struct buf base64 = { 0 };
	struct buf der = { 0 };
	struct json_place place;
	struct span line;
	cJSON *tree = NULL;
	uint8_t digest[DIGEST_SHA384_LEN];
	uint8_t got[PCR_LEN];

	if (!support_shared("pcr/gathered PCR8", "eif/pcr_vectors.json", &file) ||
	    !support_shared("pcr/gathered PCR8", "eif/cert.pem", &pem))
		return;
	struct span text = buf_span(&pem);
	while (support_line(&text, &line)) {
		if (line.len > 0 && line.at[0] != '-')
			buf_add(&base64, line);
	}
	EXPECT_REASON("cert.pem", base64_decode(buf_span(&base64), &der), REASON_OK);
	EXPECT_REASON("pcr_vectors.json", json_read(buf_span(&file), &tree, &place), REASON_OK);
	const cJSON *example = cJSON_GetObjectItemCaseSensitive(tree, "pcr8_example");
	struct buf want = support_hex(text_at(example, "value"));
	const struct span part = buf_span(&der);
	EXPECT_REASON("digest", digest_sha384(&part, 1, digest), REASON_OK);
	EXPECT_REASON("extend", pcr_extend(SPAN_OF(digest), got), REASON_OK);
	EXPECT_BYTES("PCR8", SPAN_OF(got), buf_span(&want));
	cJSON_Delete(tree);
	buf_done(&want);
	buf_done(&der);
	buf_done(&base64);
	buf_done(&pem);
	buf_done(&file);
}
END_TEST

static enum enclave_hash_form form_of(const uint8_t hash[static KECCAK_LEN],
				      const uint8_t pcr0[static PCR_LEN])
{
	enum enclave_hash_form form = ENCLAVE_HASH_UNKNOWN;

	EXPECT_REASON("recognise", enclave_hash_recognise(hash, pcr0, &form), REASON_OK);
	return form;
}

/* The hash of the hex text in each of its four spellings */
static void expect_text_forms(const uint8_t pcr0[static PCR_LEN])
{
	for (unsigned spelling = 0; spelling < 4; spelling++) {
		uint8_t hash[KECCAK_LEN];
		struct buf text = { 0 };
		if ((spelling & 1) != 0)
			buf_text(&text, "0x");
		for (size_t i = 0; i < PCR_LEN; i++)
			buf_printf(&text, (spelling & 2) != 0 ? "%02X" : "%02x", pcr0[i]);
		keccak_256(buf_span(&text), hash);
		ck_assert_msg(form_of(hash, pcr0) == ENCLAVE_HASH_OF_TEXT, "spelling %u", spelling);
		ck_assert(!enclave_hash_is_refused(hash));
		buf_text(&text, "\n");
		keccak_256(buf_span(&text), hash);
		ck_assert_msg(form_of(hash, pcr0) == ENCLAVE_HASH_UNKNOWN, "spelling %u, newline",
			      spelling);
		buf_done(&text);
	}
}

START_TEST(test_hash_forms)
{
	static const uint8_t zero[PCR_LEN] = { 0 };
	uint8_t pcr0[PCR_LEN];
	uint8_t other[PCR_LEN];
	uint8_t hash[KECCAK_LEN];
	uint8_t none[KECCAK_LEN] = { 0 };
	const struct span part = SPAN_OF(pcr0);

	for (size_t i = 0; i < PCR_LEN; i++) {
		pcr0[i] = (uint8_t)(0xf5 * i + 0xa9);
		other[i] = (uint8_t)(i + 1);
	}
	enclave_hash(pcr0, hash);
	ck_assert(form_of(hash, pcr0) == ENCLAVE_HASH_RIGHT && !enclave_hash_is_refused(hash));
	ck_assert(form_of(hash, other) == ENCLAVE_HASH_UNKNOWN);
	for (size_t i = 0; i < KECCAK_LEN; i++) {
		hash[i] ^= 1;
		ck_assert(form_of(hash, pcr0) == ENCLAVE_HASH_UNKNOWN);
		hash[i] ^= 1;
	}
	expect_text_forms(pcr0);
	EXPECT_REASON("sha3", digest_sha3_256(&part, 1, hash), REASON_OK);
	ck_assert(form_of(hash, pcr0) == ENCLAVE_HASH_SHA3 && !enclave_hash_is_refused(hash));
	EXPECT_REASON("sha256", digest_sha256(&part, 1, hash), REASON_OK);
	ck_assert(form_of(hash, pcr0) == ENCLAVE_HASH_SHA256 && !enclave_hash_is_refused(hash));

	enclave_hash(zero, hash);
	ck_assert(form_of(hash, pcr0) == ENCLAVE_HASH_ZERO_PCR0 && enclave_hash_is_refused(hash));
	ck_assert(form_of(hash, zero) == ENCLAVE_HASH_RIGHT);
	ck_assert(form_of(none, pcr0) == ENCLAVE_HASH_NO_VALUE && enclave_hash_is_refused(none));
	none[31] = 1;
	ck_assert(form_of(none, pcr0) == ENCLAVE_HASH_UNKNOWN && !enclave_hash_is_refused(none));
	memset(none, 0xff, sizeof(none));
	ck_assert(form_of(none, pcr0) == ENCLAVE_HASH_NO_VALUE && enclave_hash_is_refused(none));
	for (size_t i = 0; i < KECCAK_LEN; i++) {
		none[i] = 0xfe;
		ck_assert(form_of(none, pcr0) == ENCLAVE_HASH_UNKNOWN &&
			  !enclave_hash_is_refused(none));
		none[i] = 0xff;
	}
}
END_TEST

START_TEST(test_no_rule_hides_zero_registers)
{
	static const enum hash_rule rules[] = { HASH_KECCAK_PCR0, HASH_KECCAK_PCR012,
						HASH_KECCAK_KECCAKS, HASH_SHA256_PCR0 };
	static const uint8_t zero[PCR_LEN] = { 0 };
	static const uint8_t one[PCR_LEN] = { 1 };
	struct pcrs pcrs = { .present = 0 };
	uint8_t hash[KECCAK_LEN];

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		for (unsigned n = 0; n < 3; n++)
			pcrs_set(&pcrs, n, zero);
		EXPECT_REASON("zero", registry_key(rules[i], &pcrs, hash), REASON_OK);
		ck_assert_msg(enclave_hash_is_refused(hash), "rule %zu", i);
		pcrs_set(&pcrs, 0, one);
		EXPECT_REASON("one", registry_key(rules[i], &pcrs, hash), REASON_OK);
		ck_assert_msg(!enclave_hash_is_refused(hash), "rule %zu", i);
	}
}
END_TEST

/* The last word with 0x and 64 digits in the line that begins with `label`. */
static void hash_after(struct span text, const char *label, uint8_t ret[static KECCAK_LEN])
{
	struct span line;
	struct span begin;

	while (support_line(&text, &line)) {
		struct span rest = line;
		if (!span_take(&rest, strlen(label), &begin) ||
		    !span_equal(begin, span_of_text(label)))
			continue;
		while (rest.len >= 66) {
			struct span digits = { rest.at + 2, 64 };
			if (rest.at[0] == '0' && rest.at[1] == 'x' &&
			    hex_decode_exact(digits, ret, KECCAK_LEN))
				return;
			ck_assert(span_take(&rest, 1, &begin));
		}
	}
	ck_abort_msg("no line \"%s\"", label);
}

/* The same file lists hashes that people made in the wrong way from one real PCR0. */
START_TEST(test_gathered_hashes)
{
	static const struct {
		const char *label;
		enum enclave_hash_form form;
	} rows[] = {
		{ "# keccak256(PCR0) ", ENCLAVE_HASH_RIGHT },
		{ "# keccak256(PCR1) ", ENCLAVE_HASH_UNKNOWN },
		{ "# cast keccak <hex without 0x>", ENCLAVE_HASH_OF_TEXT },
		{ "# keccak of the 98 ASCII chars", ENCLAVE_HASH_OF_TEXT },
		{ "# keccak of the upper-case ASCII hex", ENCLAVE_HASH_OF_TEXT },
		{ "# SHA3-256", ENCLAVE_HASH_SHA3 },
		{ "# SHA-256", ENCLAVE_HASH_SHA256 },
		{ "# keccak256(abi.encode(bytes))", ENCLAVE_HASH_UNKNOWN },
		{ "# debug-mode enclave", ENCLAVE_HASH_ZERO_PCR0 },
	};
	struct buf file;
	struct span line;
	struct span name;
	struct span pcr0_hex;
	uint8_t pcr0[PCR_LEN];
	uint8_t hash[KECCAK_LEN];
	bool found = false;

	if (!support_shared("pcr/gathered hashes", "keccak-vectors.txt", &file))
		return;
	struct span text = buf_span(&file);
	while (!found && support_line(&text, &line)) {
		found = span_take(&line, 11, &name) &&
			span_equal(name, SPAN_LITERAL("pcr0_raw48 ")) && line.len > 96 &&
			span_take(&line, line.len - 96, &name);
		pcr0_hex = line;
	}
	ck_assert(found && hex_decode_exact(pcr0_hex, pcr0, sizeof(pcr0)));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		hash_after(buf_span(&file), rows[i].label, hash);
		ck_assert_msg(form_of(hash, pcr0) == rows[i].form, "row \"%s\"", rows[i].label);
	}
	buf_done(&file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pcr");

	support_add(suite, "registers", test_registers);
	support_add(suite, "debug mode", test_debug);
	support_add(suite, "extend", test_extend);
	support_add(suite, "gathered PCR4", test_gathered_pcr4);
	support_add(suite, "gathered PCR8", test_gathered_pcr8);
	support_add(suite, "forms of ENCLAVE_HASH", test_hash_forms);
	support_add(suite, "zero registers by every rule", test_no_rule_hides_zero_registers);
	support_add(suite, "gathered hashes", test_gathered_hashes);
	return support_main(suite);
}
