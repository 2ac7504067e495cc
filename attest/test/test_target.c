#include "attest/targetfile.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/support.h"

#define HASH "0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83"
#define PCR \
	"4a6badea3a596cda4062bf12d1357293f8a808ed95b8865130286fb323119c84b95d268a8950ffc4af7b7d80" \
	"d62b4b36"
#define OTHER \
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
	"000001"
#define EXPECT "\"expect\":{\"enclave_hash\":\"" HASH "\"}"
#define REGISTRY "\"registry\":\"espresso-v7:0x00000000000000000000000000000000000000aa\""
#define GOOD "\"name\":\"a\",\"url\":\"https://a.example\",\"profile\":\"odyn\""
#define ONE(target) "{\"schema\":1,\"targets\":[{" target "}]}"
#define TWO(defaults, target) \
	"{\"schema\":1,\"defaults\":{" defaults "},\"targets\":[{" target "}]}"

/* What was said goes to stderr, which is a file meanwhile. */
static char *said(const char *text, bool *ret_ok, struct targets *ret)
{
	int before = dup(STDERR_FILENO);
	struct buf file = { 0 };

	ck_assert_ptr_nonnull(freopen("said", "w", stderr));
	*ret_ok = targets_parse("test", "dir/targets.json", span_of_text(text), ret);
	(void)fflush(stderr);
	ck_assert_int_ge(dup2(before, STDERR_FILENO), 0);
	(void)close(before);
	file = support_read("said");
	char *words = support_text(buf_span(&file));
	buf_done(&file);
	return words;
}

/* Each thing that can be wrong, and the place and words with which it is told. */
START_TEST(test_refused)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "", "line 1, column 1: not well-formed JSON" },
		{ "[]", "line 1, column 1: not an object" },
		{ "{\"schema\":1,\"targets\":[{" GOOD ",\n\"name\":\"b\"}]}",
		  "line 2, column 1: an object names one key twice (json-duplicate-key)" },
		{ "{\"targets\":[]}", "'schema' must be 1" },
		{ "{\"schema\":2,\"targets\":[]}", "line 1, column 2: 'schema' must be 1" },
		{ "{\"schema\":1,\"extra\":1}", "line 1, column 13: unknown key 'extra'" },
		{ "{\"schema\":1}", "'targets' must be a list of 1 to 1024 targets" },
		{ "{\"schema\":1,\"targets\":[]}", "line 1, column 13: 'targets' must be" },
		{ "{\"schema\":1,\"targets\":[1]}",
		  "line 1, column 24: target 1 is not an object" },
		{ "{\"schema\":1,\"defaults\":[],\"targets\":[1]}", "'defaults' is not an object" },
		{ TWO("\"name\":\"x\"", GOOD), "'name' has no default" },
		{ TWO("\"nmae\":\"x\"", GOOD), "unknown key 'nmae'" },
		{ TWO("\"expect\":{\"pcr\":{\"0\":\"" PCR "\"},\"x\":1}", GOOD),
		  "unknown key 'x' in 'expect'" },
		/* the same where the target says otherwise */
		{ TWO("\"timeout\":\"x\"", GOOD "," EXPECT ",\"timeout\":5"),
		  "defaults: --timeout x" },
		{ TWO("\"timeout\":{}", GOOD "," EXPECT ",\"timeout\":5"),
		  "line 1, column 25: 'timeout' is not a number" },
		{ TWO("\"expect\":{\"pcr\":7}", GOOD "," EXPECT), "'pcr' is not an object" },
		{ TWO("\"onchain\":{\"quorum\":0}", GOOD "," EXPECT ",\"onchain\":null"),
		  "defaults: --quorum 0" },
		{ ONE(GOOD "," EXPECT ",\"save\":\"d\""), "unknown key 'save'" },
		{ ONE(GOOD "," EXPECT ",\"max-age\":5"), "unknown key 'max-age'" },
		{ ONE(GOOD "," EXPECT ",\"at\":\"now\""), "unknown key 'at'" },
		{ ONE(GOOD "," EXPECT ",\"nonce\":\"00\""), "unknown key 'nonce'" },
		{ ONE(GOOD "," EXPECT ",\"onchain\":{\"x\":1}"), "unknown key 'x' in 'onchain'" },
		{ ONE(GOOD "," EXPECT ",\"onchain\":{\"chain_id\":\"1\"}"), "a: --chain-id" },
		{ ONE(GOOD "," EXPECT ",\"onchain\":{\"rpc\":\"https://r.example\"}"),
		  "a: --rpc and --rpc-file have no meaning without --registry" },
		{ ONE(GOOD ",\"onchain\":{" REGISTRY ",\"chain_id\":1}"),
		  "a: --rpc or --rpc-file is needed" },
		{ ONE(GOOD ",\"onchain\":{" REGISTRY ",\"rpc\":\"https://r.example\"}"),
		  "chain-id" },
		{ ONE(GOOD ",\"onchain\":{" REGISTRY
			   ",\"chain_id\":1,\"rpc\":\"http://r.example\"}"),
		  "use https, or allow it with --insecure-http" },
		{ ONE(GOOD ",\"onchain\":{" REGISTRY
			   ",\"chain_id\":1,\"quorum\":2,\"rpc\":[\"https://r.example\"]}"),
		  "a: --quorum" },
		{ ONE(GOOD "," EXPECT ",\"registry\":\"x\""), "unknown key 'registry'" },
		{ ONE(GOOD "," EXPECT ",\"user_data\":\"00\""), "unknown key 'user_data'" },
		{ ONE("\"url\":\"https://a.example\""), "target 1: a name of 1 to 64" },
		{ ONE("\"name\":\"a b\",\"url\":\"https://a.example\""), "target 1: a name of" },
		{ ONE("\"name\":\"\",\"url\":\"https://a.example\""), "target 1: a name of" },
		{ ONE("\"name\":\"12345678901234567890123456789012345678901234567890123456789012345\""),
		  "target 1: a name of" },
		{ ONE("\"name\":\"a\",\"profile\":\"odyn\""), "a: a url is needed" },
		{ ONE("\"name\":\"a\",\"url\":7"), "a: a url is needed" },
		{ ONE("\"name\":\"a\",\"url\":\"https://a.example\"," EXPECT),
		  "a: --profile is needed" },
		{ ONE("\"name\":\"a\",\"url\":\"http://a.example\",\"profile\":\"odyn\"," EXPECT),
		  "use https, or allow it with --insecure-http" },
		{ ONE(GOOD), "a: nothing says which image to expect" },
		{ ONE(GOOD ",\"expect\":null"), "a: nothing says which image to expect" },
		{ ONE(GOOD ",\"expect\":{}"), "a: nothing says which image to expect" },
		{ ONE(GOOD ",\"expect\":{\"pcr\":{\"3\":\"" PCR "\"}}"),
		  "a: nothing says which image to expect" },
		{ ONE(GOOD ",\"expect\":{\"pcr\":{\"1\":\"" PCR "\"}}"),
		  "a: nothing says which image to expect" },
		{ TWO(EXPECT, GOOD ",\"expect\":{\"user_data\":\"00\"}"),
		  "a: nothing says which image to expect" },
		{ TWO(EXPECT, GOOD ",\"expect\":null"), "a: nothing says which image to expect" },
		{ ONE(GOOD ",\"expect\":[]"), "'expect' is not an object" },
		{ ONE(GOOD ",\"expect\":{\"pcr\":\"0=" PCR "\"}"), "'pcr' is not an object" },
		{ ONE(GOOD ",\"expect\":{\"pcr\":{\"0\":[]}}"), "an empty list" },
		{ ONE(GOOD ",\"expect\":{\"pcr\":{\"0\":7}}"), "a register is not a string" },
		{ ONE(GOOD ",\"expect\":{\"pcr\":{\"0\":\"00\"}}"), "a PCR is 96 hex digits" },
		{ ONE(GOOD ",\"expect\":{\"pcr\":{\"32\":\"" PCR "\"}}"), "N within 0..31" },
		{ ONE(GOOD ",\"expect\":{\"enclave_hash\":[\"" HASH "\"]}"),
		  "'enclave-hash' is not a string" },
		{ ONE(GOOD ",\"expect\":{\"pcrs\":\"none.json\"}"),
		  "a: --pcrs dir/none.json: No such file" },
		{ ONE(GOOD ",\"expect\":{\"pcrs\":[]}"), "an empty list" },
		{ ONE(GOOD "," EXPECT ",\"timeout\":0"), "a: --timeout 0: 1 to 3600" },
		{ ONE(GOOD "," EXPECT ",\"timeout\":1.5"), "'timeout' is not a whole number" },
		{ ONE(GOOD "," EXPECT ",\"timeout\":-1"), "'timeout' is not a whole number" },
		{ ONE(GOOD "," EXPECT ",\"timeout\":true"), "'timeout' is not a number" },
		{ ONE(GOOD "," EXPECT ",\"timeout\":[1]"), "'timeout' is not a number" },
		{ ONE(GOOD "," EXPECT ",\"max_age\":1e300"), "'max-age' is not a whole number" },
		{ ONE(GOOD "," EXPECT ",\"allow_debug\":1"), "neither true nor false" },
		{ ONE(GOOD "," EXPECT ",\"tls\":\"maybe\""), "verified or attested" },
		{ ONE(GOOD "," EXPECT ",\"require\":\"pcr\""), "no check named 'pcr'" },
		{ ONE(GOOD "," EXPECT ",\"cacert\":\"none.pem\""), "--cacert dir/none.pem" },
		{ ONE(GOOD "," EXPECT ",\"cacert\":7"), "'cacert' is not a string" },
		{ ONE(GOOD "," EXPECT "},{" GOOD "," EXPECT), "a second target is named 'a'" },
		{ ONE(GOOD "," EXPECT "},{\"name\":\"b\""), "b: a url is needed" },
	};

	support_enter();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct targets targets = { .n = 7 };
		bool ok = true;
		char *words = said(rows[i].text, &ok, &targets);
		ck_assert_msg(!ok, "accepted: %s", rows[i].text);
		ck_assert_msg(strstr(words, rows[i].want) != NULL, "%s\nsaid: %s\nnot: %s",
			      rows[i].text, words, rows[i].want);
		ck_assert_msg(strncmp(words, "test: dir/targets.json: ", 24) == 0, "%s", words);
		ck_assert_uint_eq(targets.n, 7);
		free(words);
	}
	support_leave();
}
END_TEST

static struct targets parse(const char *text)
{
	struct targets targets;
	bool ok = false;
	char *words = said(text, &ok, &targets);

	ck_assert_msg(ok, "%s\n%s", text, words);
	free(words);
	return targets;
}

/* What a target does not say, the defaults do; its own `expect` stands alone; null means not given. */
START_TEST(test_merged)
{
	support_enter();
	struct targets targets = parse(
		"{\"schema\":1,\"defaults\":{\"profile\":\"nautilus\",\"timeout\":3,\"max_age\":\"60\","
		"\"allow_debug\":true,\"resolve\":[\"a.example:443:127.0.0.1\"],\"require\":"
		"[\"claims.age\",\"pcr0.match\"]," EXPECT "},\n\"targets\":["
		"{\"name\":\"A-z_0.9\",\"url\":\"https://a.example\"},"
		"{\"name\":\"own\",\"url\":\"https://b.example\",\"profile\":\"odyn\",\"timeout\":4,"
		"\"max_age\":null,\"allow_debug\":false,\"resolve\":\"b.example:443:127.0.0.1\","
		"\"require\":null,"
		"\"expect\":{\"pcr\":{\"0\":[\"" PCR "\",\"" OTHER "\"],\"8\":\"" OTHER "\"}}}]}");
	ck_assert_uint_eq(targets.n, 2);

	const struct target *a = &targets.list[0];
	ck_assert_str_eq(a->name, "A-z_0.9");
	ck_assert_str_eq(a->url, "https://a.example");
	ck_assert_str_eq(a->ask->profile.name, "nautilus");
	ck_assert_int_eq(a->ask->timeout_ms, 3000);
	ck_assert_int_eq(a->policy->max_age_s, 60);
	ck_assert_int_eq(a->policy->freshness, POLICY_FRESH_BY_AGE);
	ck_assert(a->policy->allow_debug);
	ck_assert(a->policy->require.has[CHECK_PCR_MATCH]);
	ck_assert_str_eq(a->ask->route.resolve[0], "a.example:443:127.0.0.1");
	ck_assert_uint_eq(a->policy->n_sources, 1);
	ck_assert(a->policy->sources[0].has_enclave_hash);

	const struct target *b = &targets.list[1];
	ck_assert_str_eq(b->ask->profile.name, "odyn");
	ck_assert_int_eq(b->ask->timeout_ms, 4000);
	ck_assert_int_eq(b->policy->max_age_s, 300);
	ck_assert_int_eq(b->policy->freshness, POLICY_FRESH_AS_ASKED);
	ck_assert(!b->policy->allow_debug);
	ck_assert(!b->policy->require.has[CHECK_PCR_MATCH]);
	ck_assert_uint_eq(b->ask->route.n_resolve, 1);
	ck_assert_str_eq(b->ask->route.resolve[0], "b.example:443:127.0.0.1");
	ck_assert_uint_eq(b->policy->n_sources, 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert(!b->policy->sources[i].has_enclave_hash);
	ck_assert(pcrs_has(&b->policy->sources[1].pcrs, 0));
	ck_assert(pcrs_has(&b->policy->sources[2].pcrs, 8));
	targets_done(&targets);
	support_leave();
}
END_TEST

/* A contract says which image it is; its keys are taken one by one. */
START_TEST(test_onchain)
{
	support_enter();
	support_sh("mkdir dir && echo https://file.example/KEY >dir/rpc");
	struct targets targets = parse(
		"{\"schema\":1,\"defaults\":{\"onchain\":{\"chain_id\":\"1\",\"rpc\":[\"https://r.example\","
		"\"https://s.example\"],\"quorum\":1,\"min_strength\":\"claimed\"}},\n\"targets\":["
		"{" GOOD ",\"onchain\":{" REGISTRY ",\"min_strength\":\"agreed\"}},"
		"{\"name\":\"b\",\"url\":\"https://b.example\",\"profile\":\"odyn\"," EXPECT
		",\"onchain\":null},"
		"{\"name\":\"c\",\"url\":\"https://b.example\",\"profile\":\"odyn\",\"onchain\":{" REGISTRY
		",\"rpc\":null,\"rpc_file\":\"rpc\",\"quorum\":null}}]}");
	const struct target *a = &targets.list[0];
	ck_assert(a->contract->requested && a->contract->has_chain_id);
	ck_assert_int_eq(a->contract->min_strength, STRENGTH_AGREED);
	ck_assert_uint_eq(a->contract->quorum, 1);
	ck_assert_uint_eq(a->servers->n, 2);
	ck_assert(!targets.list[1].contract->requested);
	ck_assert_uint_eq(targets.list[1].servers->n, 0);
	const struct target *c = &targets.list[2];
	ck_assert_int_eq(c->contract->min_strength, STRENGTH_CLAIMED);
	ck_assert_uint_eq(c->contract->quorum, 0);
	ck_assert_uint_eq(c->servers->n, 1);
	ck_assert_str_eq(c->servers->at[0].host, "file.example");
	targets_done(&targets);
	support_leave();
}
END_TEST

/* Relative paths go from the folder of the file, absolute ones stay; - is a name like another. */
START_TEST(test_paths)
{
	struct buf pcrs = support_vector("pcr.json");
	struct buf root = support_vector("root.pem");
	support_enter();
	support_sh("mkdir dir && printf abc >dir/key");
	support_write("dir/p.json", buf_span(&pcrs));
	support_write("p.json", buf_span(&pcrs));
	support_write("dir/-", buf_span(&pcrs));
	support_write("dir/root.pem", buf_span(&root));
	buf_done(&pcrs);
	buf_done(&root);
	struct targets targets = parse(
		ONE(GOOD ",\"root\":\"root.pem\",\"cacert\":\"./root.pem\",\"expect\":{\"pcrs\":"
			 "[\"p.json\",\"../p.json\",\"-\"],\"public_key\":\"@key\"}"));
	const struct target *a = &targets.list[0];
	ck_assert_str_eq(a->ask->route.cacert, "dir/./root.pem");
	ck_assert(!a->policy->root.is_aws);
	ck_assert_uint_eq(a->policy->n_sources, 3);
	ck_assert_str_eq(a->policy->sources[0].name, "dir/p.json");
	ck_assert_str_eq(a->policy->sources[1].name, "dir/../p.json");
	ck_assert_str_eq(a->policy->sources[2].name, "dir/-");
	EXPECT_BYTES("key", buf_span(&a->policy->public_key.bytes), SPAN_LITERAL("abc"));
	targets_done(&targets);
	support_leave();
}
END_TEST

/* As many as there may be, and one more. */
START_TEST(test_many)
{
	support_enter();
	for (size_t n = TARGETS_MAX; n <= TARGETS_MAX + 1; n++) {
		struct targets targets;
		struct buf text = { 0 };
		bool ok = false;
		buf_text(&text, "{\"schema\":1,\"defaults\":{\"profile\":\"odyn\"," EXPECT
				"},\"targets\":[");
		for (size_t i = 0; i < n; i++)
			buf_printf(&text, "%s{\"name\":\"t%zu\",\"url\":\"https://a.example/%zu\"}",
				   i > 0 ? ",\n" : "", i, i);
		buf_text(&text, "]}");
		char *whole = buf_take_text(&text);
		char *words = said(whole, &ok, &targets);
		ck_assert_msg(ok == (n == TARGETS_MAX), "%zu: %s", n, words);
		if (ok) {
			ck_assert_uint_eq(targets.n, n);
			ck_assert_str_eq(targets.list[n - 1].name, "t1023");
			targets_done(&targets);
		}
		free(words);
		free(whole);
	}
	support_leave();
}
END_TEST

/* A set that names no image is enough to let any image pass. */
START_TEST(test_names_image)
{
	static const struct {
		const char *row;
		struct {
			enum policy_group group;
			int pcr; /* -1: ENCLAVE_HASH; -2: end */
		} sources[4];
		bool want;
	} rows[] = {
		{ "nothing", { { 0, -2 } }, false },
		{ "PCR0", { { POLICY_ALTERNATIVE, 0 }, { 0, -2 } }, true },
		{ "hash", { { POLICY_ALONE, -1 }, { 0, -2 } }, true },
		{ "PCR1", { { POLICY_ALTERNATIVE, 1 }, { 0, -2 } }, false },
		{ "PCR1 and 2", { { POLICY_ALONE, 1 }, { POLICY_ALONE, 2 }, { 0, -2 } }, true },
		{ "PCR3, 8", { { POLICY_ALONE, 3 }, { POLICY_ALONE, 8 }, { 0, -2 } }, false },
		{ "a set", { { POLICY_SET, 0 }, { 0, -2 } }, true },
		{ "one set of two", { { POLICY_SET, 0 }, { POLICY_SET, 8 }, { 0, -2 } }, false },
		{ "PCR1 here, 2 there",
		  { { POLICY_SET, 1 }, { POLICY_SET, 2 }, { 0, -2 } },
		  false },
		{ "PCR2 beside a set",
		  { { POLICY_SET, 1 }, { POLICY_ALONE, 2 }, { 0, -2 } },
		  true },
	};
	static const uint8_t value[PCR_LEN] = { 1 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy policy;
		policy_init(&policy);
		for (size_t k = 0; rows[i].sources[k].pcr != -2; k++) {
			struct policy_source *source = policy_add_source(
				&policy, rows[i].sources[k].group, SPAN_LITERAL("x"));
			ck_assert_ptr_nonnull(source);
			if (rows[i].sources[k].pcr < 0)
				source->has_enclave_hash = true;
			else
				pcrs_set(&source->pcrs, (unsigned)rows[i].sources[k].pcr, value);
		}
		ck_assert_msg(target_names_image(&policy) == rows[i].want, "%s", rows[i].row);
		policy_done(&policy);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("target");

	support_add(suite, "refused", test_refused);
	support_add(suite, "merged", test_merged);
	support_add(suite, "onchain", test_onchain);
	support_add(suite, "paths", test_paths);
	support_add(suite, "many", test_many);
	support_add(suite, "names image", test_names_image);
	return support_main(suite);
}
