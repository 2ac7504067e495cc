#include "verify/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Registers are written as letters: "0a 1b" is PCR0 full of 'a' and PCR1 full of 'b'; "h" and a letter is
 * the keccak256 of a PCR0 full of that letter. */
static void fill(uint8_t value[static PCR_LEN], char letter)
{
	memset(value, letter, PCR_LEN);
}

static void set_registers(struct pcrs *pcrs, bool *ret_has_hash, uint8_t hash[static KECCAK_LEN],
			  const char *text)
{
	uint8_t value[PCR_LEN];
	char *end;

	for (const char *c = text; *c != '\0' && *c != '/'; c++) {
		if (*c == ' ')
			continue;
		if (*c == 'h') {
			fill(value, *++c);
			enclave_hash(value, hash);
			*ret_has_hash = true;
			continue;
		}
		unsigned long index = strtoul(c, &end, 10);
		c = end;
		fill(value, *c);
		pcrs_set(pcrs, (unsigned)index, value);
	}
}

/* Sources are separated by '/': "A0a" alternatives, "S0a 1b" a set, "L3c" one that stands alone. Their names
 * are "0", "1", ... */
static void add_sources(struct policy *policy, const char *text)
{
	char name[] = "0";

	for (const char *c = text; c != NULL && *c != '\0';) {
		enum policy_group group = *c == 'A' ? POLICY_ALTERNATIVE :
					  *c == 'S' ? POLICY_SET :
						      POLICY_ALONE;
		struct policy_source *source = policy_add_source(policy, group, SPAN_OF(name));
		ck_assert_ptr_nonnull(source);
		set_registers(&source->pcrs, &source->has_enclave_hash, source->enclave_hash,
			      c + 1);
		c = strchr(c, '/');
		c = c != NULL ? c + 1 : NULL;
		name[0]++;
	}
}

/* Judged: "0+1" PCR0 matches, shown from source 1; "0-1" it does not; "0?1" the document has none; "h" in
 * place of a number is the hash. */
static char *judge(const struct policy *policy, const struct pcrs *actual)
{
	struct buf text = { 0 };
	const struct policy_source *set = policy_choose_set(policy, actual);

	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (!policy_expects_pcr(policy, set, i))
			continue;
		struct policy_match match = policy_judge_pcr(policy, set, i, actual);
		buf_printf(&text, "%s%u%s%s", text.len > 0 ? " " : "", i,
			   match.reason == REASON_OK           ? "+" :
			   match.reason == REASON_PCR_MISMATCH ? "-" :
			   match.reason == REASON_PCR_MISSING  ? "?" :
								 "!",
			   match.source);
		ck_assert_uint_eq(match.expected.len, PCR_LEN);
		bool equal = span_equal(match.expected, pcrs_get(actual, i));
		ck_assert(equal == (match.reason == REASON_OK));
	}
	if (policy_expects_enclave_hash(policy, set)) {
		struct policy_match match = policy_judge_enclave_hash(policy, set, actual);
		buf_printf(&text, "%sh%s%s", text.len > 0 ? " " : "",
			   match.reason == REASON_OK                    ? "+" :
			   match.reason == REASON_ENCLAVE_HASH_MISMATCH ? "-" :
									  "!",
			   match.source);
		ck_assert_uint_eq(match.expected.len, KECCAK_LEN);
	}
	char *owned = buf_take_text(&text);
	ck_assert_ptr_nonnull(owned);
	return owned;
}

static const struct {
	const char *row;
	const char *sources;
	const char *actual;
	const char *want;
} rows[] = {
	{ "nothing expected", "", "0a 1b", "" },

	/* alternatives: one of them must match */
	{ "one, right", "A0a", "0a", "0+0" },
	{ "one, wrong", "A0a", "0b", "0-0" },
	{ "one, missing", "A0a", "1a", "0?0" },
	{ "two, the first", "A0a/A0b", "0a", "0+0" },
	{ "two, the second", "A0a/A0b", "0b", "0+1" },
	{ "two, neither", "A0a/A0b", "0c", "0-0" },
	{ "two, missing", "A0a/A0b", "1a", "0?0" },
	{ "three, the last", "A0a/A0b/A0c", "0c", "0+2" },
	{ "three, the middle", "A0a/A0b/A0c", "0b", "0+1" },
	{ "of two registers", "A0a/A1b", "0a 1b", "0+0 1+1" },
	{ "of two registers, one wrong", "A0a/A1b", "0a 1c", "0+0 1-1" },
	{ "the other register's value", "A0a/A1b", "0b 1a", "0-0 1-1" },
	{ "register 31", "A31z", "31z", "31+0" },

	/* sets: one must match entirely */
	{ "one set", "S0a 1b 2c", "0a 1b 2c", "0+0 1+0 2+0" },
	{ "more in the document", "S0a", "0a 1b 2c", "0+0" },
	{ "one set, one wrong", "S0a 1b 2c", "0a 1x 2c", "0+0 1-0 2+0" },
	{ "one set, one missing", "S0a 1b", "0a", "0+0 1?0" },
	{ "two, the first", "S0a 1b/S0c 1d", "0a 1b", "0+0 1+0" },
	{ "two, the second", "S0a 1b/S0c 1d", "0c 1d", "0+1 1+1" },
	{ "PCR0 of one, PCR1 of the other", "S0a 1b/S0c 1d", "0a 1d", "0+0 1-0" },
	{ "PCR1 of one, PCR0 of the other", "S0a 1b/S0c 1d", "0c 1b", "0-0 1+0" },
	{ "nearer to the second", "S0a 1b 2c/S0d 1e 2c", "0d 1x 2c", "0+1 1-1 2+1" },
	{ "nearer to the first", "S0a 1b 2c/S0d 1e 2f", "0x 1b 2c", "0-0 1+0 2+0" },
	{ "equally far: the first", "S0a/S0b", "0c", "0-0" },
	{ "both match: the first", "S0a/S0a 1b", "0a 1b", "0+0" },
	{ "the longer one first", "S0a 1b/S0a", "0a 1c", "0+1" },
	{ "only the chosen one's registers", "S0a 1b/S0c 2d", "0c 2d", "0+1 2+1" },
	{ "three, the last", "S0a/S0b/S0c 1d", "0c 1d", "0+2 1+2" },
	{ "missing counts as a mismatch", "S0a 1b 2c/S0a 3d", "0a", "0+1 3?1" },

	/* among equals one that names the image */
	{ "PCR8 alone and an image", "S8c/S0a", "0a 8c", "0+1" },
	{ "an image and PCR8 alone", "S0a/S8c", "0a 8c", "0+0" },
	{ "PCR3 alone and a hash", "S3c/Sha", "0a 3c", "h+1" },
	{ "PCR1 alone and both", "S1b/S1b 2c", "1b 2c", "1+1 2+1" },
	{ "PCR2 alone and both", "S2c/S1b 2c", "1b 2c", "1+1 2+1" },
	{ "PCR1, PCR8 and an image", "S1b/S8c/S0a", "0a 1b 8c", "0+2" },
	{ "PCR8 alone matches, the image does not", "S0a/S8c", "0b 8c", "8+1" },
	{ "two images", "S0a/S0a", "0a", "0+0" },
	{ "none matches, one names the image", "S8c/S0a", "0b 8d", "0-1" },
	{ "none matches, one names the image, less near", "S8c/S0a 1b", "0x 1y 8d", "8-0" },

	/* alone: every one must match */
	{ "two alone", "L3a/L4b", "3a 4b", "3+0 4+1" },
	{ "two alone, one wrong", "L3a/L4b", "3a 4x", "3+0 4-1" },
	{ "two alone on one register", "L3a/L3a", "3a", "3+1" },
	{ "two alone that contradict", "L3a/L3b", "3a", "3-1" },
	{ "two alone that contradict, the other", "L3a/L3b", "3b", "3-0" },
	{ "one alone is missing", "L8a", "0a", "8?0" },

	/* every source counts */
	{ "alternative and set", "A0a/S0a", "0a", "0+1" },
	{ "alternative right, set wrong", "A0a/S0b", "0a", "0-1" },
	{ "alternative wrong, set right", "A0b/S0a", "0a", "0-0" },
	{ "set first, alternative wrong", "S0a/A0b", "0a", "0-1" },
	{ "set wrong, alternative behind right", "S0b/A0a", "0a", "0-0" },
	{ "an alternative of two with a set", "A0b/A0a/S0a", "0a", "0+2" },
	{ "alone right, alternatives wrong", "L3a/A3b/A3c", "3a", "3-1" },
	{ "alone wrong, alternative right", "A3a/L3b", "3a", "3-1" },
	{ "alone and set", "L3a/S0a 3a", "0a 3a", "0+1 3+1" },
	{ "alone and set contradict", "L3a/S0a 3b", "0a 3a", "0+1 3-1" },
	{ "beside a set", "S0a 1b/A8c", "0a 1b 8c", "0+0 1+0 8+1" },
	{ "beside a set, wrong", "S0a 1b/A8c", "0a 1b 8d", "0+0 1+0 8-1" },
	{ "an alternative does not choose the set", "A0a/S0a 1x/S0b 1c", "0b 1c", "0-0 1+2" },

	/* the hash */
	{ "hash", "Lha", "0a", "h+0" },
	{ "hash, wrong", "Lha", "0b", "h-0" },
	{ "hash, no PCR0", "Lha", "1a", "h-0" },
	{ "hash of another register", "Lha", "0b 1a", "h-0" },
	{ "two hashes", "Lha/Lha", "0a", "h+1" },
	{ "two hashes that contradict", "Lha/Lhb", "0a", "h-1" },
	{ "two hashes that contradict, the other", "Lhb/Lha", "0a", "h-0" },
	{ "hash in a set", "S0a ha", "0a", "0+0 h+0" },
	{ "hash in a set, wrong", "S0a hb", "0a", "0+0 h-0" },
	{ "hash decides between sets", "S1b hx/S1b hy", "0y 1b", "1+1 h+1" },
	{ "hash of one set, registers of the other", "S1a hx/S1b hy", "0y 1a", "1+0 h-0" },
	{ "hash of a set that is not chosen", "S0a hx/S0b", "0b", "0+1" },
	{ "hash alone and in a set", "S0a ha/Lha", "0a", "0+0 h+1" },
	{ "hash alone is wrong, in a set right", "S0a ha/Lhb", "0a", "0+0 h-1" },
	{ "hash beside PCR0", "A0a/Lha", "0a", "0+0 h+1" },
	{ "hash beside another PCR0", "A0b/Lha", "0a", "0-0 h+1" },
	{ "set of a hash alone", "Sha/Shb", "0b", "h+1" },
};

START_TEST(test_sources)
{
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct policy policy;
		struct pcrs actual = { .present = 0 };
		bool has_hash = false;
		uint8_t hash[KECCAK_LEN];
		policy_init(&policy);
		add_sources(&policy, rows[i].sources);
		set_registers(&actual, &has_hash, hash, rows[i].actual);
		char *got = judge(&policy, &actual);
		ck_assert_msg(strcmp(got, rows[i].want) == 0,
			      "row \"%s\": \"%s\" for \"%s\": \"%s\", wanted \"%s\"", rows[i].row,
			      rows[i].sources, rows[i].actual, got, rows[i].want);
		free(got);
		policy_done(&policy);
	}
}
END_TEST

/* One bit off, in any byte. */
START_TEST(test_every_byte)
{
	struct policy policy;
	struct pcrs actual = { .present = 0 };
	uint8_t value[PCR_LEN];

	policy_init(&policy);
	add_sources(&policy, "A0a/S1b ha/L3c");
	for (size_t i = 0; i < PCR_LEN; i++) {
		static const unsigned indices[] = { 0, 1, 3 };
		for (size_t k = 0; k < LENGTH(indices); k++) {
			fill(value, (char)('a' + k));
			pcrs_set(&actual, indices[k], value);
		}
		char *got = judge(&policy, &actual);
		ck_assert_str_eq(got, "0+0 1+1 3+2 h+1");
		free(got);
		for (size_t k = 0; k < LENGTH(indices); k++) {
			fill(value, (char)('a' + k));
			value[i] ^= (uint8_t)(1U << i % 8);
			pcrs_set(&actual, indices[k], value);
		}
		got = judge(&policy, &actual);
		ck_assert_str_eq(got, "0-0 1-1 3-2 h-1");
		free(got);
	}
	policy_done(&policy);
}
END_TEST

/* A set is chosen whole, also when nothing of it can match. */
START_TEST(test_choose_set)
{
	struct policy policy;
	struct pcrs none = { .present = 0 };

	policy_init(&policy);
	ck_assert_ptr_null(policy_choose_set(&policy, &none));
	add_sources(&policy, "A0a/L3b");
	ck_assert_ptr_null(policy_choose_set(&policy, &none));
	add_sources(&policy, "S0a 1b/S0c");
	ck_assert_ptr_eq(policy_choose_set(&policy, &none), &policy.sources[3]);
	/* what belongs to sets is not expected while none is chosen */
	ck_assert(policy_expects_pcr(&policy, NULL, 0));
	ck_assert(!policy_expects_pcr(&policy, NULL, 1));
	ck_assert(policy_expects_pcr(&policy, &policy.sources[2], 1));
	ck_assert(!policy_expects_pcr(&policy, &policy.sources[3], 1));
	ck_assert(!policy_expects_pcr(&policy, &policy.sources[3], 32));
	ck_assert(!policy_expects_enclave_hash(&policy, NULL));
	policy_done(&policy);
}
END_TEST

/* What is asked about without being expected does not match. */
START_TEST(test_not_expected)
{
	struct policy policy;
	struct pcrs actual = { .present = 0 };
	uint8_t value[PCR_LEN];

	fill(value, 'a');
	pcrs_set(&actual, 0, value);
	policy_init(&policy);
	EXPECT_REASON("PCR0", policy_judge_pcr(&policy, NULL, 0, &actual).reason,
		      REASON_PCR_MISMATCH);
	EXPECT_REASON("hash", policy_judge_enclave_hash(&policy, NULL, &actual).reason,
		      REASON_ENCLAVE_HASH_MISMATCH);
	add_sources(&policy, "S0a ha");
	EXPECT_REASON("PCR0 of a set that is not chosen",
		      policy_judge_pcr(&policy, NULL, 0, &actual).reason, REASON_PCR_MISMATCH);
	EXPECT_REASON("hash of a set that is not chosen",
		      policy_judge_enclave_hash(&policy, NULL, &actual).reason,
		      REASON_ENCLAVE_HASH_MISMATCH);
	policy_done(&policy);
}
END_TEST

START_TEST(test_initial)
{
	struct policy policy;

	memset(&policy, 0x5a, sizeof(policy));
	policy_init(&policy);
	ck_assert(policy.root.is_aws);
	EXPECT_BYTES("root", SPAN_OF(policy.root.sha256), SPAN_OF(root_aws.sha256));
	ck_assert_int_eq(policy.time, POLICY_NOW);
	ck_assert_int_eq(policy.max_age_s, POLICY_NO_MAX_AGE);
	ck_assert_int_eq(policy.max_skew_s, 60);
	ck_assert(!policy.allow_debug);
	ck_assert_ptr_eq(policy.limits, &claims_real_limits);
	ck_assert(!policy.nonce.expected && !policy.user_data.expected &&
		  !policy.public_key.expected);
	ck_assert_uint_eq(policy.n_sources, 0);
	for (size_t i = 0; i < CHECK_COUNT; i++)
		ck_assert(!policy.require.has[i]);
	policy_done(&policy);
	policy_done(&policy); /* twice is fine */
}
END_TEST

/* A register that is absent is not a register of zeros. */
START_TEST(test_absent)
{
	static const uint8_t zero[PCR_LEN] = { 0 };
	const struct pcrs actual = { .present = 2 };
	struct policy policy;

	policy_init(&policy);
	struct policy_source *source = policy_add_source(&policy, POLICY_SET, SPAN_LITERAL("0"));
	ck_assert_ptr_nonnull(source);
	pcrs_set(&source->pcrs, 0, zero);
	enclave_hash(zero, source->enclave_hash);
	source->has_enclave_hash = true;
	char *got = judge(&policy, &actual);
	ck_assert_str_eq(got, "0?0 h-0");
	free(got);
	policy_done(&policy);
	/* what is done with expects nothing, and may be done with again */
	ck_assert(policy.n_sources == 0 && policy.sources == NULL);
	ck_assert(!policy_expects_pcr(&policy, NULL, 0));
	policy_done(&policy);
}
END_TEST

START_TEST(test_sources_max)
{
	struct policy policy;
	char name[24];

	policy_init(&policy);
	ck_assert_int_eq(POLICY_SOURCES_MAX, 128);
	for (int i = 0; i < POLICY_SOURCES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "source %d", i);
		struct policy_source *source =
			policy_add_source(&policy, POLICY_ALTERNATIVE, span_of_text(name));
		ck_assert_ptr_nonnull(source);
		/* it expects nothing yet */
		ck_assert_uint_eq(source->pcrs.present, 0);
		ck_assert(!source->has_enclave_hash);
		ck_assert_int_eq(source->group, POLICY_ALTERNATIVE);
	}
	ck_assert_ptr_null(policy_add_source(&policy, POLICY_SET, SPAN_LITERAL("one more")));
	ck_assert_uint_eq(policy.n_sources, POLICY_SOURCES_MAX);
	ck_assert_str_eq(policy.sources[0].name, "source 0");
	ck_assert_str_eq(policy.sources[127].name, "source 127");
	policy_done(&policy);
}
END_TEST

/* A copy is judged by as its original is, and what is added to it stays with it. */
START_TEST(test_copy)
{
	static const uint8_t bytes[] = { 1, 0, 2 };
	struct policy policy;
	struct policy copy;
	struct pcrs actual = { .present = 0 };
	bool has_hash = false;
	uint8_t hash[KECCAK_LEN];

	policy_init(&policy);
	add_sources(&policy, "A0a/A0b/S1b/L8x");
	policy.user_data.expected = true;
	buf_add(&policy.user_data.bytes, SPAN_OF(bytes));
	policy.require.has[CHECK_PCR_DEBUG] = true;
	policy.max_age_s = 7;
	ck_assert_int_eq(policy_copy(&policy, &copy), REASON_OK);
	set_registers(&actual, &has_hash, hash, "0b 1b 8x");
	char *one = judge(&policy, &actual);
	char *other = judge(&copy, &actual);
	ck_assert_str_eq(one, "0+1 1+2 8+3");
	ck_assert_str_eq(one, other);
	free(one);
	free(other);
	EXPECT_BYTES("user_data", buf_span(&copy.user_data.bytes), SPAN_OF(bytes));
	ck_assert_ptr_ne(copy.user_data.bytes.at, policy.user_data.bytes.at);
	ck_assert(copy.user_data.expected && !copy.nonce.expected);
	ck_assert(copy.require.has[CHECK_PCR_DEBUG] && copy.max_age_s == 7);
	struct policy_source *added = policy_add_source(&copy, POLICY_ALONE, SPAN_LITERAL("new"));
	ck_assert_ptr_nonnull(added);
	set_registers(&added->pcrs, &has_hash, hash, "0a");
	one = judge(&policy, &actual);
	other = judge(&copy, &actual);
	ck_assert_str_eq(one, "0+1 1+2 8+3");
	ck_assert_str_eq(other, "0-new 1+2 8+3");
	free(one);
	free(other);
	ck_assert_uint_eq(policy.n_sources, 4);
	policy_done(&copy);
	policy_done(&policy);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");

	support_add(suite, "sources", test_sources);
	support_add(suite, "every byte", test_every_byte);
	support_add(suite, "choice of a set", test_choose_set);
	support_add(suite, "not expected", test_not_expected);
	support_add(suite, "absent registers", test_absent);
	support_add(suite, "to begin with", test_initial);
	support_add(suite, "most sources", test_sources_max);
	support_add(suite, "a copy", test_copy);
	return support_main(suite);
}
