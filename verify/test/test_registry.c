#include "verify/registry.h"

#include <stdlib.h>
#include <string.h>

#include "verify/basenc.h"
#include "verify/test/onchain.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The measurement of a published image, and its hashes by every rule (cast keccak). */
#define PCR0 \
	"2b6478a242d1b2a0f409defec513bc11663e522d16c6e880537b57398de55f59e24e76a44893ecf83fd51d0b46c4103e"
#define HASH "749899f8a93a9b2572f8ce59df5bf12b1b04acc7b4d35e45024560773e30d465"

/* The signature that each row's selector must have, by family and purpose. */
static const struct {
	const char *family;
	const char *query, *pointer, *back, *probe, *valid, *hash;
} signatures[] = {
#define POINTER "espressoNitroTEEVerifier()"
#define PROBE "espressoSGXTEEVerifier()"
	{ "espresso-v7", "registeredEnclaveHashes(bytes32,uint8)", POINTER, "teeVerifier()", PROBE,
	  "isSignerValid(address,uint8)", NULL },
	{ "espresso-v6", "registeredEnclaveHashes(bytes32,uint8,uint8)", POINTER, "teeVerifier()",
	  PROBE, "isSignerValid(address,uint8,uint8)", NULL },
	{ "espresso-v5", "registeredEnclaveHashes(bytes32,uint8,uint8)", POINTER, "teeVerifier()",
	  PROBE, "isSignerValid(address,uint8,uint8)", NULL },
	{ "espresso-v4", "registeredEnclaveHashes(bytes32,uint8,uint8)", POINTER, NULL, PROBE, NULL,
	  NULL },
	{ "espresso-v1", "registeredEnclaveHashes(bytes32,uint8)", POINTER, NULL, PROBE, NULL,
	  NULL },
	{ "base-systemconfig", "validPCR0s(bytes32)", NULL, NULL, NULL, NULL, NULL },
	{ "base-multiproof", "getExpectedImageHash()", NULL, NULL, NULL, "isValidSigner(address)",
	  "signerImageHash(address)" },
	{ "worldchain", "approvedPCRSets(bytes32)", NULL, NULL, NULL, NULL, NULL },
	{ "marlin-verifier", "whitelistedImages(bytes32)", NULL, NULL, NULL, NULL,
	  "verifiedKeys(address)" },
	{ "marlin-auther", "getWhitelistedImage(bytes32)", NULL, NULL, NULL, NULL,
	  "getVerifiedKey(address)" },
	{ "generic", NULL, NULL, NULL, NULL, NULL, NULL },
};

static void expect_selector(const char *family, const struct registry_call *call,
			    const char *signature)
{
	uint8_t hash[KECCAK_LEN];
	struct span cursor = SPAN_OF(hash);
	uint64_t selector = 0;

	if (signature != NULL) {
		keccak_256(span_of_text(signature), hash);
		ck_assert(span_be(&cursor, 4, &selector));
	}
	ck_assert_msg(call->selector == selector, "%s: %s", family,
		      signature != NULL ? signature : "none");
}

START_TEST(test_selectors)
{
	for (size_t i = 0; i < LENGTH(signatures); i++) {
		const char *family = signatures[i].family;
		const struct registry_row *row = registry_at(i);

		ck_assert(row != NULL && row == registry_find(span_of_text(family)));
		ck_assert(row->source != NULL);
		expect_selector(family, &row->query, signatures[i].query);
		expect_selector(family, &row->inner_pointer, signatures[i].pointer);
		expect_selector(family, &row->back_pointer, signatures[i].back);
		expect_selector(family, &row->probe, signatures[i].probe);
		expect_selector(family, &row->signer_valid, signatures[i].valid);
		expect_selector(family, &row->signer_hash, signatures[i].hash);
		ck_assert(row->has_inner == (signatures[i].pointer != NULL));
	}
	ck_assert_ptr_null(registry_at(LENGTH(signatures)));
	ck_assert_ptr_null(registry_find(SPAN_LITERAL("espresso-v2")));
	ck_assert_ptr_null(registry_find(SPAN_LITERAL("espresso-v")));
	ck_assert_ptr_null(registry_find(SPAN_LITERAL("")));
}
END_TEST

/* The same against a table that another program made. */
START_TEST(test_gathered_selectors)
{
	struct buf file;
	struct span line;
	size_t n = 0;

	if (!support_shared("registry/selectors", "onchain/selectors.tsv", &file))
		return;
	struct span text = buf_span(&file);
	while (support_line(&text, &line)) {
		char *row = support_text(line);
		char *signature = strchr(row, '\t');
		uint8_t hash[KECCAK_LEN];
		struct buf hex = { 0 };

		if (signature != NULL) {
			*signature++ = '\0';
			keccak_256(span_of_text(signature), hash);
			buf_text(&hex, "0x");
			hex_encode(&hex, (struct span){ hash, strlen(row) / 2 - 1 });
			EXPECT_BYTES(signature, buf_span(&hex), span_of_text(row));
			for (size_t i = 0; i < LENGTH(signatures); i++)
				n += signatures[i].query != NULL &&
						     strcmp(signatures[i].query, signature) == 0 ?
					     1 :
					     0;
		}
		buf_done(&hex);
		free(row);
	}
	/* every family's query is in it */
	ck_assert_uint_eq(n, LENGTH(signatures) - 1);
	buf_done(&file);
}
END_TEST

/* Slots of this hash as solc's layouts have them, read back from contracts on a test chain. */
START_TEST(test_slots)
{
	static const struct {
		const char *family;
		uint8_t service;
		const char *slot;
	} rows[] = {
		{ "espresso-v7", 0,
		  "1736bd7935d041957a6cc4eb28b8d3124e19f9cefaf12b409cbdb252fceea314" },
		{ "espresso-v1", 0,
		  "3908c4ea3a6b16f6c283d415ff58ffd2b608f807afc4afd6e0d447e383fb5b8e" },
		{ "espresso-v6", 0,
		  "dcc9055e193d68643aa7af273bd0dd0a7a6079573b9e9c870469a9adf6900dce" },
		{ "espresso-v6", 1,
		  "5faa69eada12e8d2c125a685d3d2bca96c8e7c9203755140443bdb7c4a196ffd" },
		{ "espresso-v4", 0,
		  "067269ffc75a5c40dba440a00cb066438e15ee28d506ce9a7737aaa1db15c5d2" },
		{ "espresso-v4", 1,
		  "f396b668130902c02c4d900a106cac7c10bc585eba5f14680c419d5a10b22b42" },
		{ "espresso-v5", 0,
		  "a8dc190450175db259221350934138ba0c233ca76d7859905697fe8e28674231" },
		{ "espresso-v5", 1,
		  "3cefb2fed34230e37f39e9149108bdf2a8260e84b941f14fdac090328ff327c7" },
		{ "base-systemconfig", 0,
		  "1d0d87436f3b8ab5b167619b00a8ef06a437b5affb25ca9d2eaf90efeb285049" },
	};
	uint8_t key[KECCAK_LEN];

	onchain_fixed(SPAN_LITERAL(HASH), key, sizeof(key));
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct registry_row *row = registry_find(span_of_text(rows[i].family));
		uint8_t slot[KECCAK_LEN];
		uint8_t want[KECCAK_LEN];

		ck_assert(row->mapping.known);
		onchain_fixed(span_of_text(rows[i].slot), want, sizeof(want));
		registry_slot_of(&row->mapping, rows[i].service, key, slot);
		EXPECT_BYTES(rows[i].slot, SPAN_OF(slot), SPAN_OF(want));
	}
}
END_TEST

/* ERC-7201: keccak256(keccak256(name) - 1) without its last byte. */
START_TEST(test_named_slots)
{
	static const struct {
		const char *name;
		const char *family;
	} rows[] = {
		{ "espresso.storage.TEEHelper", "espresso-v5" },
		{ "marlin.oyster.storage.AttestationAuther", "marlin-auther" },
		{ "espresso.storage.EspressoTEEVerifier", "espresso-v7" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct registry_row *row = registry_find(span_of_text(rows[i].family));
		const struct registry_slot *slot =
			i == 2 ? &row->inner_pointer_slot : &row->mapping;
		uint8_t hash[KECCAK_LEN];

		keccak_256(span_of_text(rows[i].name), hash);
		for (size_t at = sizeof(hash); at > 0 && hash[at - 1]-- == 0; at--)
			;
		keccak_256(SPAN_OF(hash), hash);
		hash[sizeof(hash) - 1] = 0;
		EXPECT_BYTES(rows[i].name, SPAN_OF(slot->base), SPAN_OF(hash));
	}
}
END_TEST

START_TEST(test_keys)
{
	static const struct {
		enum hash_rule rule;
		unsigned n; /* registers that are there */
		enum reason reason;
		const char *want; /* NULL: compared with what the test computes */
	} rows[] = {
		{ HASH_KECCAK_PCR0, 1, REASON_OK, HASH },
		{ HASH_SHA256_PCR0, 1, REASON_OK,
		  "7e976f05fe1719231ae033ec46b15b5a025cd38652d633fcdf5925dfa298f1d8" },
		{ HASH_KECCAK_PCR012, 3, REASON_OK, NULL },
		{ HASH_KECCAK_KECCAKS, 3, REASON_OK, NULL },
		{ HASH_KECCAK_PCR0, 0, REASON_PCR_MISSING, NULL },
		{ HASH_SHA256_PCR0, 0, REASON_PCR_MISSING, NULL },
		{ HASH_KECCAK_PCR012, 2, REASON_PCR_MISSING, NULL },
		{ HASH_KECCAK_KECCAKS, 2, REASON_PCR_MISSING, NULL },
		{ HASH_RAW, 3, REASON_PCR_MISSING, NULL },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct pcrs pcrs = { 0 };
		struct buf together = { 0 };
		struct buf hashes = { 0 };
		uint8_t pcr[PCR_LEN];
		uint8_t key[KECCAK_LEN];
		uint8_t want[KECCAK_LEN];

		onchain_fixed(SPAN_LITERAL(PCR0), pcr, sizeof(pcr));
		for (unsigned n = 0; n < rows[i].n; n++, pcr[0] ^= 1) {
			pcrs_set(&pcrs, n, pcr);
			buf_add(&together, SPAN_OF(pcr));
			keccak_256(SPAN_OF(pcr), want);
			buf_add(&hashes, SPAN_OF(want));
		}
		enum reason reason = registry_key(rows[i].rule, &pcrs, key);
		EXPECT_REASON("key", reason, rows[i].reason);
		if (rows[i].want != NULL)
			onchain_fixed(span_of_text(rows[i].want), want, sizeof(want));
		else
			keccak_256(
				buf_span(rows[i].rule == HASH_KECCAK_PCR012 ? &together : &hashes),
				want);
		if (reason == REASON_OK)
			EXPECT_BYTES("key", SPAN_OF(key), SPAN_OF(want));
		buf_done(&together);
		buf_done(&hashes);
	}
}
END_TEST

START_TEST(test_events)
{
	struct buf topic = { 0 };
	uint8_t want[KECCAK_LEN];

	registry_event(registry_find(SPAN_LITERAL("espresso-v7")), &topic);
	onchain_fixed(
		SPAN_LITERAL("2282c24f65eac8254df1107716a961b677b872ed0e1d2a9f6bafc154441eb7fd"),
		want, sizeof(want));
	EXPECT_BYTES("event", buf_span(&topic), SPAN_OF(want));
	buf_done(&topic);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("registry");

	support_add(suite, "selectors", test_selectors);
	support_add(suite, "gathered selectors", test_gathered_selectors);
	support_add(suite, "slots", test_slots);
	support_add(suite, "named slots", test_named_slots);
	support_add(suite, "keys", test_keys);
	support_add(suite, "events", test_events);
	return support_main(suite);
}
