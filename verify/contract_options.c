#include "verify/contract_options.h"

#include <string.h>

#include "verify/basenc.h"
#include "verify/pcr.h"

#define AGE_MAX_S UINT64_C(4000000000) /* more than a century is a mistake */
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

const struct cli_option contract_options[CONTRACT_OPTIONS] = {
	{ CONTRACT_REGISTRY, 0, false, "registry", "PROFILE:ADDRESS" },
	{ CONTRACT_CHAIN_ID, 0, false, "chain-id", "N" },
	{ CONTRACT_SERVICE, 0, false, "service", "batch-poster|caff-node" },
	{ CONTRACT_BLOCK, 0, false, "block", "finalized|safe|latest|NUMBER|HASH" },
	{ CONTRACT_MIN_STRENGTH, 0, false, "min-strength", "proved|agreed|claimed" },
	{ CONTRACT_CODE_HASH, 0, true, "code-hash", "proxy|impl|inner=0xHEX" },
	{ CONTRACT_INNER, 0, false, "inner", "0xADDR" },
	{ CONTRACT_SIGNER, 0, false, "signer", "0xADDR|from-document" },
	{ CONTRACT_SELECTOR, 0, false, "selector", "0xHEX" },
	{ CONTRACT_VALUE, 0, false, "value", "bool|bytes32" },
	{ CONTRACT_SLOT, 0, false, "slot", "N" },
	{ CONTRACT_HASH_RULE, 0, false, "hash-rule", "RULE" },
	{ CONTRACT_QUORUM, 0, false, "quorum", "N" },
	{ CONTRACT_MAX_BLOCK_AGE, 0, false, "max-block-age", "S" },
};

/* A word and what it stands for. */
struct word {
	const char *text;
	int value;
};

static const struct word services[] = { { "batch-poster", 0 }, { "caff-node", 1 } };
static const struct word strengths[] = {
	{ "proved", STRENGTH_PROVED },
	{ "agreed", STRENGTH_AGREED },
	{ "claimed", STRENGTH_CLAIMED },
};
static const struct word blocks[] = {
	{ "finalized", BLOCK_FINALIZED },
	{ "safe", BLOCK_SAFE },
	{ "latest", BLOCK_LATEST },
};
static const struct word pins[] = {
	{ "proxy", CODE_PROXY },
	{ "impl", CODE_IMPL },
	{ "inner", CODE_INNER },
};
static const struct word values[] = { { "bool", VALUE_BOOL }, { "bytes32", VALUE_BYTES32 } };
static const struct word rules[] = {
	{ "keccak256-pcr0", HASH_KECCAK_PCR0 },
	{ "keccak256-pcr012", HASH_KECCAK_PCR012 },
	{ "keccak256-keccaks", HASH_KECCAK_KECCAKS },
	{ "sha256-pcr0", HASH_SHA256_PCR0 },
	{ "raw", HASH_RAW },
};

static bool find_word(const struct word *words, size_t n, struct span text, int *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (span_equal(span_of_text(words[i].text), text)) {
			*ret = words[i].value;
			return true;
		}
	}
	return false;
}

/* Decimal digits without a leading zero. */
static bool read_decimal(const char *text, uint64_t *ret)
{
	uint64_t number = 0;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
		return false;
	for (const char *c = text; *c != '\0'; c++) {
		const uint64_t digit = (uint64_t)((unsigned char)*c - '0');

		if (*c < '0' || *c > '9' || number > (UINT64_MAX - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*ret = number;
	return true;
}

/* "0x" and exactly the digits of `len` bytes. */
static bool read_fixed(const char *text, uint8_t *ret, size_t len)
{
	struct span digits = span_of_text(text);
	struct span prefix;

	return span_take(&digits, 2, &prefix) && span_equal(prefix, SPAN_LITERAL("0x")) &&
	       hex_decode_exact(digits, ret, len);
}

/* EIP-55: a letter is a capital where the Keccak-256 of the small digits has a nibble of 8 or more. */
static bool has_good_capitals(const char *digits)
{
	char small[2 * DOSSIER_ADDRESS_LEN];
	uint8_t hash[KECCAK_LEN];
	bool has_small = false;
	bool has_capital = false;

	for (size_t i = 0; i < sizeof(small); i++) {
		const bool is_capital = digits[i] >= 'A' && digits[i] <= 'F';

		has_capital |= is_capital;
		has_small |= digits[i] >= 'a' && digits[i] <= 'f';
		small[i] = (char)(is_capital ? digits[i] - 'A' + 'a' : digits[i]);
	}
	if (!has_small || !has_capital)
		return true;
	keccak_256(SPAN_OF(small), hash);
	for (size_t i = 0; i < sizeof(small); i++) {
		const unsigned nibble = i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 0x0fU;

		if (small[i] >= 'a' && (nibble >= 8) != (digits[i] != small[i]))
			return false;
	}
	return true;
}

bool contract_address(const char *text, uint8_t ret[static DOSSIER_ADDRESS_LEN],
		      const char **reterr)
{
	uint8_t address[DOSSIER_ADDRESS_LEN];

	*reterr = NULL;
	if (!read_fixed(text, address, sizeof(address)))
		*reterr = "an address is 0x and 40 hex digits";
	else if (span_is_zero(SPAN_OF(address)))
		*reterr = "the zero address is no contract and no signer";
	else if (!has_good_capitals(text + 2))
		*reterr = "its capitals do not fit its digits (EIP-55): one of them is mistyped";
	if (*reterr != NULL)
		return false;
	memcpy(ret, address, sizeof(address));
	return true;
}

bool contract_hash(const char *program, const char *text, uint8_t ret[static DOSSIER_WORD_LEN])
{
	uint8_t hash[DOSSIER_WORD_LEN];

	if (!read_fixed(text, hash, sizeof(hash))) {
		cli_complain(program, "%s: a HASH is 0x and 64 hex digits", text);
		return false;
	}
	if (enclave_hash_is_refused(hash)) {
		cli_complain(program,
			     "%s: this is the hash of an all-zero PCR0 (every debug enclave has "
			     "it) or an empty slot; it names no image",
			     text);
		return false;
	}
	memcpy(ret, hash, sizeof(hash));
	return true;
}

static const char *name_of(int id)
{
	for (size_t i = 0; i < LENGTH(contract_options); i++) {
		if (contract_options[i].id == id)
			return contract_options[i].name;
	}
	return "";
}

static bool refuse(const char *program, int id, const char *value, const char *why)
{
	cli_complain(program, "--%s %s: %s", name_of(id), value, why);
	return false;
}

/* --registry PROFILE:ADDRESS */
static bool apply_registry(const char *program, struct contract_options *options, const char *value)
{
	const char *colon = strchr(value, ':');
	const char *why = NULL;

	if (colon == NULL)
		return refuse(program, CONTRACT_REGISTRY, value, "PROFILE:ADDRESS expected");
	const struct registry_row *row =
		registry_find((struct span){ (const uint8_t *)value, (size_t)(colon - value) });
	if (row == NULL)
		return refuse(program, CONTRACT_REGISTRY, value,
			      "no such profile; the manual lists them");
	if (!contract_address(colon + 1, options->policy.address, &why))
		return refuse(program, CONTRACT_REGISTRY, value, why);
	options->policy.row = *row;
	return true;
}

/* --block: a tag, a number or a hash. */
static bool apply_block(const char *program, struct onchain_policy *policy, const char *value)
{
	int choice = 0;

	if (find_word(blocks, LENGTH(blocks), span_of_text(value), &choice)) {
		policy->block = (enum block_choice)choice;
		return true;
	}
	if (read_decimal(value, &policy->block_number)) {
		policy->block = BLOCK_NUMBER;
		return true;
	}
	if (!read_fixed(value, policy->block_hash, sizeof(policy->block_hash)))
		return refuse(
			program, CONTRACT_BLOCK, value,
			"finalized, safe, latest, a decimal number or 0x and 64 digits expected");
	if (span_is_zero(SPAN_OF(policy->block_hash)))
		return refuse(program, CONTRACT_BLOCK, value, "no block has this hash");
	policy->block = BLOCK_HASH;
	return true;
}

/* --code-hash NAME=0xHEX */
static bool apply_code_hash(const char *program, struct onchain_policy *policy, const char *value)
{
	const char *equals = strchr(value, '=');
	uint8_t hash[KECCAK_LEN];
	uint8_t empty[KECCAK_LEN];
	int pin = 0;

	if (equals == NULL ||
	    !find_word(pins, LENGTH(pins),
		       (struct span){ (const uint8_t *)value, (size_t)(equals - value) }, &pin))
		return refuse(program, CONTRACT_CODE_HASH, value,
			      "proxy=, impl= or inner= and a hash expected");
	if (!read_fixed(equals + 1, hash, sizeof(hash)))
		return refuse(program, CONTRACT_CODE_HASH, value, "a hash is 0x and 64 hex digits");
	keccak_256((struct span){ NULL, 0 }, empty);
	if (span_is_zero(SPAN_OF(hash)) || memcmp(hash, empty, sizeof(hash)) == 0)
		return refuse(program, CONTRACT_CODE_HASH, value, "no contract has this code hash");
	if (policy->has_code_pin[pin])
		return refuse(program, CONTRACT_CODE_HASH, value, "this one was given already");
	policy->has_code_pin[pin] = true;
	memcpy(policy->code_pin[pin], hash, sizeof(hash));
	return true;
}

static bool apply_signer(const char *program, struct onchain_policy *policy, const char *value)
{
	const char *why = NULL;

	if (strcmp(value, "from-document") == 0) {
		policy->signer = SIGNER_FROM_DOCUMENT;
		return true;
	}
	if (!contract_address(value, policy->signer_address, &why))
		return refuse(program, CONTRACT_SIGNER, value, why);
	policy->signer = SIGNER_ADDRESS;
	return true;
}

static bool apply_inner(const char *program, struct onchain_policy *policy, const char *value)
{
	const char *why = NULL;

	if (!contract_address(value, policy->inner, &why))
		return refuse(program, CONTRACT_INNER, value, why);
	policy->has_inner = true;
	return true;
}

static bool apply_selector(const char *program, struct contract_options *options, const char *value)
{
	uint8_t bytes[4];
	struct span cursor = SPAN_OF(bytes);
	uint64_t selector = 0;

	if (!read_fixed(value, bytes, sizeof(bytes)) || !span_be(&cursor, 4, &selector) ||
	    selector == 0)
		return refuse(program, CONTRACT_SELECTOR, value,
			      "a selector is 0x and 8 hex digits, not all zero");
	options->selector = (uint32_t)selector;
	return true;
}

/* --slot: a decimal number, or 0x and up to 64 digits. */
static bool apply_slot(const char *program, struct contract_options *options, const char *value)
{
	char padded[2 * DOSSIER_WORD_LEN];
	const size_t digits = strlen(value) > 2 ? strlen(value) - 2 : 0;
	uint64_t number = 0;

	options->slot = (struct registry_slot){ .known = true };
	if (read_decimal(value, &number)) {
		for (size_t i = DOSSIER_WORD_LEN; i > 0; i--, number >>= 8)
			options->slot.base[i - 1] = (uint8_t)number;
		return true;
	}
	if (strncmp(value, "0x", 2) == 0 && digits >= 1 && digits <= sizeof(padded)) {
		memset(padded, '0', sizeof(padded));
		// NOLINTNEXTLINE(bugprone-not-null-terminated-result): digits of a known number, no text
		memcpy(padded + sizeof(padded) - digits, value + 2, digits);
		if (hex_decode_exact(SPAN_OF(padded), options->slot.base,
				     sizeof(options->slot.base)))
			return true;
	}
	return refuse(program, CONTRACT_SLOT, value,
		      "a decimal number below 2^64, or 0x and up to 64 hex digits expected");
}

/* One of a few words. */
static bool apply_word(const char *program, int id, const char *value, const struct word *words,
		       size_t n, int *ret)
{
	struct buf text = { 0 };

	if (find_word(words, n, span_of_text(value), ret))
		return true;
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s%s", i > 0 ? ", " : "", words[i].text);
	buf_byte(&text, '\0');
	(void)refuse(program, id, value, text.failed ? "unknown" : (const char *)text.at);
	buf_done(&text);
	return false;
}

static bool apply_number(const char *program, int id, const char *value, uint64_t least,
			 uint64_t most, uint64_t *ret)
{
	uint64_t number = 0;

	if (!read_decimal(value, &number) || number < least || number > most)
		return refuse(program, id, value, "a whole number that makes sense here expected");
	*ret = number;
	return true;
}

const char *contract_service_name(uint8_t service)
{
	return services[service == 1 ? 1 : 0].text;
}

void contract_start(struct contract_options *options)
{
	*options = (struct contract_options){ .selector = 0 };
	onchain_policy_init(&options->policy);
}

/* Options whose argument is a word or a number. */
static bool apply_simple(const char *program, struct contract_options *options, int id,
			 const char *value)
{
	struct onchain_policy *policy = &options->policy;
	uint64_t number = 0;
	int word = 0;
	bool ok = false;

	switch (id) {
	case CONTRACT_CHAIN_ID:
		policy->has_chain_id = true;
		return apply_number(program, id, value, 1, UINT64_MAX, &policy->chain_id);
	case CONTRACT_QUORUM:
		ok = apply_number(program, id, value, 1, DOSSIER_SERVERS_MAX, &number);
		policy->quorum = (size_t)number;
		return ok;
	case CONTRACT_MAX_BLOCK_AGE:
		ok = apply_number(program, id, value, 0, AGE_MAX_S, &number);
		policy->max_block_age_s = (int64_t)number;
		return ok;
	case CONTRACT_SERVICE:
		ok = apply_word(program, id, value, services, LENGTH(services), &word);
		policy->has_service = true;
		policy->service = (uint8_t)word;
		return ok;
	case CONTRACT_MIN_STRENGTH:
		ok = apply_word(program, id, value, strengths, LENGTH(strengths), &word);
		policy->min_strength = (enum strength)word;
		return ok;
	case CONTRACT_VALUE:
		ok = apply_word(program, id, value, values, LENGTH(values), &word);
		options->value = (enum registry_value)word;
		return ok;
	case CONTRACT_HASH_RULE:
		ok = apply_word(program, id, value, rules, LENGTH(rules), &word);
		options->rule = (enum hash_rule)word;
		return ok;
	default:
		cli_complain(program, "an option of the table has no meaning here");
		return false;
	}
}

bool contract_apply(const char *program, struct contract_options *options, int id,
		    const char *value)
{
	struct onchain_policy *policy = &options->policy;

	if (id < CONTRACT_REGISTRY || id >= CONTRACT_END)
		return apply_simple(program, options, id, value);
	options->given[id - CONTRACT_REGISTRY] = true;
	switch (id) {
	case CONTRACT_REGISTRY:
		return apply_registry(program, options, value);
	case CONTRACT_BLOCK:
		return apply_block(program, policy, value);
	case CONTRACT_CODE_HASH:
		return apply_code_hash(program, policy, value);
	case CONTRACT_INNER:
		return apply_inner(program, policy, value);
	case CONTRACT_SIGNER:
		return apply_signer(program, policy, value);
	case CONTRACT_SELECTOR:
		return apply_selector(program, options, value);
	case CONTRACT_SLOT:
		return apply_slot(program, options, value);
	default:
		return apply_simple(program, options, id, value);
	}
}

static bool is_given(const struct contract_options *options, enum contract_option id)
{
	return options->given[id - CONTRACT_REGISTRY];
}

/* Fills the row of the generic registry. NULL, or what does not fit. */
static const char *finish_generic(struct contract_options *options)
{
	struct registry_row *row = &options->policy.row;
	const bool any = is_given(options, CONTRACT_SELECTOR) ||
			 is_given(options, CONTRACT_VALUE) || is_given(options, CONTRACT_SLOT) ||
			 is_given(options, CONTRACT_HASH_RULE);

	if (strcmp(row->name, "generic") != 0)
		return any ? "--selector, --value, --slot and --hash-rule are for the generic "
			     "registry; others have their own" :
			     NULL;
	if (!is_given(options, CONTRACT_SELECTOR) || !is_given(options, CONTRACT_VALUE) ||
	    !is_given(options, CONTRACT_HASH_RULE))
		return "the generic registry needs --selector, --value and --hash-rule";
	row->rule = options->rule;
	row->value = options->value;
	row->query.selector = options->selector;
	row->query.args = options->value == VALUE_BOOL ? ARGS_KEY : ARGS_NONE;
	if (is_given(options, CONTRACT_SLOT))
		row->mapping = options->slot;
	return NULL;
}

/* What of the family does not fit the options. */
static const char *family_fault(const struct onchain_policy *policy)
{
	const struct registry_row *row = &policy->row;

	if (row->needs_service && !policy->has_service)
		return "this registry needs --service: it has a list for each";
	if (!row->needs_service && policy->has_service)
		return "--service has no meaning for this registry";
	if (!row->has_inner && (policy->has_inner || policy->has_code_pin[CODE_INNER]))
		return "this registry has no inner contract to pin";
	if (row->is_no_proxy && policy->has_code_pin[CODE_IMPL])
		return "the generic registry follows no proxy: there is no impl to pin";
	return NULL;
}

static const char *use_fault(const struct contract_options *options, const struct contract_use *use)
{
	const struct onchain_policy *policy = &options->policy;

	if (!use->is_record && !policy->has_chain_id)
		return "--chain-id is needed: an address means nothing without its chain";
	if (!use->is_record && policy->quorum > use->n_servers)
		return "--quorum is more than there are servers (two URLs with one host are one)";
	if (use->is_record && is_given(options, CONTRACT_BLOCK) && policy->block != BLOCK_HASH)
		return "a record can be judged only under --block HASH";
	if (policy->row.rule == HASH_RAW && !use->has_key)
		return "--hash-rule raw takes the key from a HASH, and there is none";
	if (policy->signer == SIGNER_FROM_DOCUMENT && !use->has_document)
		return "--signer from-document: there is no document";
	return NULL;
}

bool contract_finish(const char *program, struct contract_options *options,
		     const struct contract_use *use)
{
	const char *why = NULL;

	if (!is_given(options, CONTRACT_REGISTRY)) {
		for (size_t i = 0; i < LENGTH(contract_options); i++) {
			if (!is_given(options, (enum contract_option)contract_options[i].id))
				continue;
			cli_complain(program, "--%s has no meaning without --registry",
				     contract_options[i].name);
			return false;
		}
		return true;
	}
	why = finish_generic(options);
	if (why == NULL)
		why = family_fault(&options->policy);
	if (why == NULL)
		why = use_fault(options, use);
	if (why != NULL) {
		cli_complain(program, "%s", why);
		return false;
	}
	options->policy.requested = true;
	return true;
}
