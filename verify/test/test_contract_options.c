#include "verify/contract_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define SMALL "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
#define CHECKED "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed" /* of EIP-55 */
#define HASH "0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83"
#define ZEROS "0x0000000000000000000000000000000000000000000000000000000000000000"
#define ONES "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define ZERO_PCR0 "0xc980e59163ce244bb4bb6211f48c7b46f88a4f40943e84eb99bdc41e129bd293"
#define NO_CODE "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"

/* What is said on stderr meanwhile; free() it. */
struct hearing {
	FILE *file;
	int before;
};

static struct hearing listen(void)
{
	struct hearing hearing = { .file = tmpfile(), .before = dup(STDERR_FILENO) };

	ck_assert(hearing.file != NULL && hearing.before >= 0);
	ck_assert(dup2(fileno(hearing.file), STDERR_FILENO) >= 0);
	return hearing;
}

static char *heard(struct hearing *hearing)
{
	struct buf text = { 0 };
	char part[2048];

	ck_assert(dup2(hearing->before, STDERR_FILENO) >= 0 && close(hearing->before) == 0);
	ck_assert(fseek(hearing->file, 0, SEEK_SET) == 0);
	const size_t n = fread(part, 1, sizeof(part), hearing->file);
	buf_add(&text, (struct span){ (const uint8_t *)part, n });
	(void)fclose(hearing->file);
	return buf_take_text(&text);
}

START_TEST(test_forms)
{
	static const struct {
		enum contract_option id;
		const char *value;
		const char *said; /* NULL: taken in silence */
	} rows[] = {
		{ CONTRACT_REGISTRY, "espresso-v7:" SMALL, NULL },
		{ CONTRACT_REGISTRY, "espresso-v7:" CHECKED, NULL },
		{ CONTRACT_REGISTRY, "generic:0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED", NULL },
		{ CONTRACT_REGISTRY, "espresso-v7:0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
		  "EIP-55" },
		{ CONTRACT_REGISTRY, "espresso-v7", "PROFILE:ADDRESS" },
		{ CONTRACT_REGISTRY, "espresso-v2:" SMALL, "no such profile" },
		{ CONTRACT_REGISTRY, "ESPRESSO-V7:" SMALL, "no such profile" },
		{ CONTRACT_REGISTRY, "espresso-v7:5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
		  "40 hex digits" },
		{ CONTRACT_REGISTRY, "espresso-v7:" SMALL "0", "40 hex digits" },
		{ CONTRACT_REGISTRY, "espresso-v7:0X5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
		  "40 hex digits" },
		{ CONTRACT_REGISTRY, "espresso-v7:0x0000000000000000000000000000000000000000",
		  "zero address" },
		{ CONTRACT_CHAIN_ID, "1", NULL },
		{ CONTRACT_CHAIN_ID, "18446744073709551615", NULL },
		{ CONTRACT_CHAIN_ID, "18446744073709551616", "whole number" },
		{ CONTRACT_CHAIN_ID, "0", "whole number" },
		{ CONTRACT_CHAIN_ID, "01", "whole number" },
		{ CONTRACT_CHAIN_ID, "0x1", "whole number" },
		{ CONTRACT_CHAIN_ID, "", "whole number" },
		{ CONTRACT_CHAIN_ID, "-1", "whole number" },
		{ CONTRACT_CHAIN_ID, "1 ", "whole number" },
		{ CONTRACT_SERVICE, "batch-poster", NULL },
		{ CONTRACT_SERVICE, "caff-node", NULL },
		{ CONTRACT_SERVICE, "0", "batch-poster, caff-node" },
		{ CONTRACT_BLOCK, "finalized", NULL },
		{ CONTRACT_BLOCK, "safe", NULL },
		{ CONTRACT_BLOCK, "latest", NULL },
		{ CONTRACT_BLOCK, "0", NULL },
		{ CONTRACT_BLOCK, "21000000", NULL },
		{ CONTRACT_BLOCK, HASH, NULL },
		{ CONTRACT_BLOCK, ZEROS, "no block" },
		{ CONTRACT_BLOCK, "pending", "finalized" },
		{ CONTRACT_BLOCK, "0x10", "finalized" },
		{ CONTRACT_BLOCK, "", "finalized" },
		{ CONTRACT_MIN_STRENGTH, "proved", NULL },
		{ CONTRACT_MIN_STRENGTH, "agreed", NULL },
		{ CONTRACT_MIN_STRENGTH, "claimed", NULL },
		{ CONTRACT_MIN_STRENGTH, "none", "proved, agreed, claimed" },
		{ CONTRACT_CODE_HASH, "proxy=" HASH, NULL },
		{ CONTRACT_CODE_HASH, "impl=" HASH, NULL },
		{ CONTRACT_CODE_HASH, "inner=" HASH, NULL },
		{ CONTRACT_CODE_HASH, HASH, "proxy=, impl= or inner=" },
		{ CONTRACT_CODE_HASH, "outer=" HASH, "proxy=, impl= or inner=" },
		{ CONTRACT_CODE_HASH, "proxy=" SMALL, "64 hex digits" },
		{ CONTRACT_CODE_HASH, "proxy=" ZEROS, "no contract" },
		{ CONTRACT_CODE_HASH, "proxy=" NO_CODE, "no contract" },
		{ CONTRACT_INNER, CHECKED, NULL },
		{ CONTRACT_INNER, "from-document", "40 hex digits" },
		{ CONTRACT_SIGNER, CHECKED, NULL },
		{ CONTRACT_SIGNER, "from-document", NULL },
		{ CONTRACT_SIGNER, "document", "40 hex digits" },
		{ CONTRACT_SELECTOR, "0x1914f447", NULL },
		{ CONTRACT_SELECTOR, "0x00000000", "selector" },
		{ CONTRACT_SELECTOR, "1914f447", "selector" },
		{ CONTRACT_SELECTOR, "0x1914f4", "selector" },
		{ CONTRACT_VALUE, "bool", NULL },
		{ CONTRACT_VALUE, "bytes32", NULL },
		{ CONTRACT_VALUE, "bytes", "bool, bytes32" },
		{ CONTRACT_SLOT, "0", NULL },
		{ CONTRACT_SLOT, "102", NULL },
		{ CONTRACT_SLOT, "0x0", NULL },
		{ CONTRACT_SLOT, HASH, NULL },
		{ CONTRACT_SLOT, HASH "0", "64 hex digits" },
		{ CONTRACT_SLOT, "0x", "64 hex digits" },
		{ CONTRACT_SLOT, "0xg", "64 hex digits" },
		{ CONTRACT_SLOT, "01", "64 hex digits" },
		{ CONTRACT_SLOT, "18446744073709551616", "64 hex digits" },
		{ CONTRACT_HASH_RULE, "keccak256-pcr0", NULL },
		{ CONTRACT_HASH_RULE, "keccak256-pcr012", NULL },
		{ CONTRACT_HASH_RULE, "keccak256-keccaks", NULL },
		{ CONTRACT_HASH_RULE, "sha256-pcr0", NULL },
		{ CONTRACT_HASH_RULE, "raw", NULL },
		{ CONTRACT_HASH_RULE, "sha3", "keccak256-pcr0, " },
		{ CONTRACT_QUORUM, "1", NULL },
		{ CONTRACT_QUORUM, "16", NULL },
		{ CONTRACT_QUORUM, "0", "whole number" },
		{ CONTRACT_QUORUM, "17", "whole number" },
		{ CONTRACT_MAX_BLOCK_AGE, "0", NULL },
		{ CONTRACT_MAX_BLOCK_AGE, "3600", NULL },
		{ CONTRACT_MAX_BLOCK_AGE, "4000000001", "whole number" },
		{ CONTRACT_END, "", "no meaning" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct contract_options options;
		struct hearing hearing = listen();

		contract_start(&options);
		const bool applied =
			contract_apply("prog", &options, (int)rows[i].id, rows[i].value);
		char *said = heard(&hearing);
		ck_assert_msg(applied == (rows[i].said == NULL), "%s: %s", rows[i].value, said);
		ck_assert_msg(rows[i].said == NULL ? said[0] == '\0' :
						     strstr(said, rows[i].said) != NULL,
			      "%s: %s", rows[i].value, said);
		free(said);
	}
}
END_TEST

/* Options that are of good form, applied together; "-" between option and value. */
#define GENERIC ("registry=generic:" SMALL)
START_TEST(test_together)
{
	static const struct contract_use live = { .n_servers = 2 };
	static const struct contract_use live_key = { .n_servers = 2, .has_key = true };
	static const struct contract_use record = { .is_record = true, .has_document = true };
	static const struct {
		const struct contract_use *use;
		const char *options[7]; /* "name=value" */
		const char *said;       /* NULL: they fit */
	} rows[] = {
		{ &live, { NULL }, NULL },
		{ &record, { NULL }, NULL },
		{ &live, { "chain-id=1" }, "--chain-id has no meaning without --registry" },
		{ &record, { "block=" HASH }, "--block has no meaning without --registry" },
		{ &live, { "registry=espresso-v7:" SMALL, "chain-id=1" }, NULL },
		{ &live, { "chain-id=1", "registry=espresso-v7:" SMALL }, NULL },
		{ &live, { "registry=espresso-v7:" SMALL }, "--chain-id is needed" },
		{ &record, { "registry=espresso-v7:" SMALL }, NULL },
		{ &record, { "registry=espresso-v7:" SMALL, "block=" HASH }, NULL },
		{ &record, { "registry=espresso-v7:" SMALL, "block=latest" }, "--block HASH" },
		{ &record, { "registry=espresso-v7:" SMALL, "block=1" }, "--block HASH" },
		{ &live, { "registry=espresso-v7:" SMALL, "chain-id=1", "quorum=2" }, NULL },
		{ &live, { "registry=espresso-v7:" SMALL, "chain-id=1", "quorum=3" }, "--quorum" },
		{ &live, { "registry=espresso-v6:" SMALL, "chain-id=1" }, "needs --service" },
		{ &live,
		  { "registry=espresso-v6:" SMALL, "chain-id=1", "service=caff-node" },
		  NULL },
		{ &live,
		  { "registry=espresso-v7:" SMALL, "chain-id=1", "service=caff-node" },
		  "--service has no meaning" },
		{ &live,
		  { "registry=worldchain:" SMALL, "chain-id=1", "inner=" SMALL },
		  "no inner contract" },
		{ &live,
		  { "registry=worldchain:" SMALL, "chain-id=1", "code-hash=inner=" HASH },
		  "no inner contract" },
		{ &live,
		  { "registry=worldchain:" SMALL, "chain-id=1", ("code-hash=impl=" HASH) },
		  NULL },
		{ &live,
		  { "registry=espresso-v7:" SMALL, "chain-id=1", "signer=from-document" },
		  "there is no document" },
		{ &record, { "registry=espresso-v7:" SMALL, "signer=from-document" }, NULL },
		{ &live,
		  { "registry=espresso-v7:" SMALL, "chain-id=1", "slot=1" },
		  "for the generic registry" },
		{ &live, { GENERIC, "chain-id=1" }, "needs --selector" },
		{ &live,
		  { GENERIC, "chain-id=1", "selector=0x1914f447", "value=bool" },
		  "needs --selector" },
		{ &live,
		  { GENERIC, "chain-id=1", "selector=0x1914f447", "value=bool",
		    "hash-rule=sha256-pcr0" },
		  NULL },
		{ &live,
		  { GENERIC, "chain-id=1", "selector=0x1914f447", "value=bool", "hash-rule=raw" },
		  "--hash-rule raw" },
		{ &live_key,
		  { GENERIC, "chain-id=1", "selector=0x1914f447", "value=bool", "hash-rule=raw" },
		  NULL },
		{ &live,
		  { GENERIC, "chain-id=1", "selector=0x1914f447", "value=bytes32",
		    "hash-rule=keccak256-pcr0", "slot=5", ("code-hash=impl=" HASH) },
		  "no impl" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct contract_options options;
		struct hearing hearing = listen();
		bool ok = true;

		contract_start(&options);
		for (size_t n = 0; n < LENGTH(rows[i].options) && rows[i].options[n] != NULL; n++) {
			const char *word = rows[i].options[n];
			const size_t len = strcspn(word, "=");

			for (size_t o = 0; o < CONTRACT_OPTIONS; o++) {
				if (strlen(contract_options[o].name) == len &&
				    strncmp(contract_options[o].name, word, len) == 0)
					ok = ok &&
					     contract_apply("prog", &options,
							    contract_options[o].id, word + len + 1);
			}
		}
		const bool fits = ok && contract_finish("prog", &options, rows[i].use);
		char *said = heard(&hearing);
		ck_assert_msg(ok && fits == (rows[i].said == NULL), "row %zu: %s", i, said);
		ck_assert_msg(rows[i].said == NULL ? said[0] == '\0' :
						     strstr(said, rows[i].said) != NULL,
			      "row %zu: %s", i, said);
		ck_assert(options.policy.requested == (fits && rows[i].options[0] != NULL));
		free(said);
	}
}
END_TEST

START_TEST(test_filled)
{
	struct contract_options options;
	const struct contract_use use = { .n_servers = 1 };
	const struct registry_row *row = &options.policy.row;

	contract_start(&options);
	ck_assert(contract_apply("prog", &options, CONTRACT_REGISTRY, "generic:" CHECKED));
	ck_assert(contract_apply("prog", &options, CONTRACT_SELECTOR, "0x1914f447"));
	ck_assert(contract_apply("prog", &options, CONTRACT_VALUE, "bytes32"));
	ck_assert(contract_apply("prog", &options, CONTRACT_HASH_RULE, "keccak256-keccaks"));
	ck_assert(contract_apply("prog", &options, CONTRACT_SLOT, "258"));
	ck_assert(contract_apply("prog", &options, CONTRACT_CHAIN_ID, "42161"));
	ck_assert(contract_apply("prog", &options, CONTRACT_MIN_STRENGTH, "proved"));
	ck_assert(contract_apply("prog", &options, CONTRACT_CODE_HASH, "proxy=" HASH));
	ck_assert(!contract_apply("prog", &options, CONTRACT_CODE_HASH, "proxy=" HASH));
	ck_assert(contract_finish("prog", &options, &use));
	ck_assert_uint_eq(row->query.selector, 0x1914f447);
	ck_assert(row->query.args == ARGS_NONE && row->value == VALUE_BYTES32);
	ck_assert(row->rule == HASH_KECCAK_KECCAKS && row->mapping.known);
	ck_assert(row->mapping.base[30] == 1 && row->mapping.base[31] == 2);
	ck_assert(options.policy.chain_id == 42161 &&
		  options.policy.min_strength == STRENGTH_PROVED);
	ck_assert(options.policy.address[0] == 0x5a && options.policy.address[19] == 0xed);
	ck_assert(options.policy.has_code_pin[CODE_PROXY] &&
		  options.policy.code_pin[CODE_PROXY][0] == 0x17);
}
END_TEST

START_TEST(test_hash)
{
	static const struct {
		const char *text;
		const char *said;
	} rows[] = {
		{ HASH, NULL },
		{ ZEROS, "names no image" },
		{ ONES, "names no image" },
		{ ZERO_PCR0, "names no image" },
		{ HASH "0", "64 hex digits" },
		{ SMALL, "64 hex digits" },
		{ "", "64 hex digits" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint8_t hash[DOSSIER_WORD_LEN];
		struct hearing hearing = listen();
		const bool ok = contract_hash("prog", rows[i].text, hash);
		char *said = heard(&hearing);

		ck_assert(ok == (rows[i].said == NULL));
		ck_assert(rows[i].said == NULL || strstr(said, rows[i].said) != NULL);
		free(said);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("contract_options");

	support_add(suite, "forms", test_forms);
	support_add(suite, "together", test_together);
	support_add(suite, "filled", test_filled);
	support_add(suite, "hash", test_hash);
	return support_main(suite);
}
