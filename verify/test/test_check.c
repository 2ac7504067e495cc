#include "verify/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The ids are an interface, and so is their order. */
START_TEST(test_names)
{
	static const char *const want[] = {
		"document.form",    "claims.form", "chain.root",  "chain.time",
		"cose.signature",   "claims.age",  "nonce.match", "user_data.match",
		"public_key.match", "pcr.debug",
	};
	static const char *const behind[] = {
		"eif.form",
		"eif.crc",
		"eif.signature",
		"endpoint.fetch",
		"endpoint.tls",
		"bundle.form",
		"onchain.chain_id",
		"onchain.block",
		"onchain.code",
		"onchain.pointers",
		"onchain.proof",
		"onchain.registered",
		"onchain.signer",
		"source.commit",
		"source.signature",
		"source.pins",
		"image.digest",
		"image.files",
		"build.completed",
		"build.independent",
		"build.pcrs",
		"image.in_eif",
		"statement.form",
		"statement.signature",
		"statement.threshold",
		"statement.commit",
		"statement.image",
	};
	char name[16];

	for (size_t i = 0; i < LENGTH(want); i++)
		ck_assert_str_eq(check_name((enum check)i), want[i]);
	ck_assert_uint_eq(LENGTH(want), CHECK_PCR_MATCH);
	for (unsigned i = 0; i < 32; i++) {
		(void)snprintf(name, sizeof(name), "pcr%u.match", i);
		ck_assert_str_eq(check_name((enum check)(CHECK_PCR_MATCH + i)), name);
	}
	ck_assert_uint_eq(CHECK_PCR1_MATCH, CHECK_PCR_MATCH + 1);
	ck_assert_uint_eq(CHECK_PCR2_MATCH, CHECK_PCR_MATCH + 2);
	ck_assert_uint_eq(CHECK_PCR31_MATCH, CHECK_PCR_MATCH + 31);
	ck_assert_uint_eq(CHECK_ENCLAVE_HASH_MATCH, CHECK_PCR_MATCH + 32);
	ck_assert_str_eq(check_name(CHECK_ENCLAVE_HASH_MATCH), "enclave_hash.match");
	for (size_t i = 0; i < LENGTH(behind); i++)
		ck_assert_str_eq(check_name((enum check)(CHECK_ENCLAVE_HASH_MATCH + 1 + i)),
				 behind[i]);
	ck_assert_uint_eq(CHECK_COUNT, CHECK_ENCLAVE_HASH_MATCH + 1 + LENGTH(behind));
	ck_assert_str_eq(check_name(CHECK_COUNT), "unknown.check");
	ck_assert_str_eq(check_name((enum check)999), "unknown.check");
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(check_name((enum check)i), check_name((enum check)k));
	}
}
END_TEST

static struct check_set all_checks(void)
{
	struct check_set set;

	for (size_t i = 0; i < CHECK_COUNT; i++)
		set.has[i] = true;
	return set;
}

/* The ids in a set, with a blank before each. */
static char *set_text(const struct check_set *set)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < CHECK_COUNT; i++) {
		if (set->has[i])
			buf_printf(&text, " %s", check_name((enum check)i));
	}
	char *owned = buf_take_text(&text);
	ck_assert_ptr_nonnull(owned);
	return owned;
}

START_TEST(test_require)
{
	static const struct {
		const char *words;
		const char *want; /* what the set then holds; NULL: refused */
		const char *bad;  /* the word at fault */
	} rows[] = {
		{ "chain.root", " chain.root", NULL },
		{ "chain.*", " chain.root chain.time", NULL },
		{ "claims.*", " claims.form claims.age", NULL },
		{ "pcr.*", " pcr.debug", NULL },
		{ "pcr0.match", " pcr0.match", NULL },
		{ "pcr31.match", " pcr31.match", NULL },
		{ "pcr1.match,pcr2.match", " pcr1.match pcr2.match", NULL },
		{ "enclave_hash.*,chain.time", " chain.time enclave_hash.match", NULL },
		{ "nonce.match,nonce.match", " nonce.match", NULL },
		{ "", NULL, "" },
		{ ",", NULL, "" },
		{ "chain.root,", NULL, "" },
		{ ",chain.root", NULL, "" },
		{ "chain.root,,chain.time", NULL, "" },
		{ "*", NULL, "*" },
		{ ".*", NULL, ".*" },
		{ "chain", NULL, "chain" },
		{ "chain.", NULL, "chain." },
		{ "chain*", NULL, "chain*" },
		{ "chain.r*", NULL, "chain.r*" },
		{ "chain.root.*", NULL, "chain.root.*" },
		{ "chain.root.and.much.more.than.any.check.is.called.*", NULL,
		  "chain.root.and.much.more.than.any.check.is.called.*" },
		{ "hain.*", NULL, "hain.*" },
		{ "pcr*.match", NULL, "pcr*.match" },
		{ "pcr32.match", NULL, "pcr32.match" },
		{ "pcr00.match", NULL, "pcr00.match" },
		{ "PCR0.match", NULL, "PCR0.match" },
		{ "chain.roots", NULL, "chain.roots" },
		{ " chain.root", NULL, " chain.root" },
		{ "chain.root chain.time", NULL, "chain.root chain.time" },
		{ "chain.root,none,chain.time", NULL, "none" },
		{ "onchain.registered", " onchain.registered", NULL },
		{ "unknown.check", NULL, "unknown.check" },
	};
	const struct check_set known = all_checks();

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct check_set set = { .has = { false } };
		struct span word = SPAN_LITERAL("untouched");
		bool added = check_set_add(&set, &known, span_of_text(rows[i].words), &word);
		char *got = set_text(&set);
		ck_assert_msg(added == (rows[i].want != NULL), "row \"%s\"", rows[i].words);
		ck_assert_str_eq(got, added ? rows[i].want : "");
		if (!added)
			EXPECT_BYTES(rows[i].words, word, span_of_text(rows[i].bad));
		free(got);
	}
}
END_TEST

START_TEST(test_require_adds)
{
	const struct check_set known = all_checks();
	struct check_set set = { .has = { false } };
	struct span word;

	ck_assert(check_set_add(&set, &known, SPAN_LITERAL("chain.*"), &word));
	ck_assert(check_set_add(&set, &known, SPAN_LITERAL("pcr0.match"), &word));
	ck_assert(!check_set_add(&set, &known, SPAN_LITERAL("nonce.match,none"), &word));
	char *got = set_text(&set);
	ck_assert_str_eq(got, " chain.root chain.time pcr0.match");
	free(got);
}
END_TEST

/* Another verb's checks do not count. */
START_TEST(test_require_known)
{
	struct check_set known = { .has = { false } };
	struct check_set set = { .has = { false } };
	struct span word;

	known.has[CHECK_CHAIN_TIME] = true;
	ck_assert(!check_set_add(&set, &known, SPAN_LITERAL("chain.root"), &word));
	EXPECT_BYTES("unknown to this verb", word, SPAN_LITERAL("chain.root"));
	ck_assert(!check_set_add(&set, &known, SPAN_LITERAL("claims.*"), &word));
	ck_assert(check_set_add(&set, &known, SPAN_LITERAL("chain.*"), &word));
	char *got = set_text(&set);
	ck_assert_str_eq(got, " chain.time");
	free(got);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("check");

	support_add(suite, "names and order", test_names);
	support_add(suite, "what --require may name", test_require);
	support_add(suite, "--require adds up", test_require_adds);
	support_add(suite, "--require of other verbs", test_require_known);
	return support_main(suite);
}
