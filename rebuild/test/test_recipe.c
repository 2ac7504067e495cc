#include <stdlib.h>
#include <string.h>

#include "rebuild/recipe.h"
#include "rebuild/test/support.h"

#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PCR DIGEST "0123456789abcdef0123456789abcdef"
#define PCR_ZERO \
	"00000000000000000000000000000000000000000000000000000000000000000000000000000000" \
	"0000000000000000"
#define SOURCE "\"source\":{\"repository\":\"https://git.example/a.git\",\"commit\":\"" COMMIT "\"}"
#define BUILD "\"build\":{\"attribute\":\"x86_64-eif\",\"eif\":\"batcher.eif\"}"
#define IMAGE \
	"\"reference\":\"registry.example/a/b@sha256:" DIGEST "\",\"platform\":\"linux/amd64\""
#define SMALL "{\"schema\":1,\"name\":\"batcher\"," SOURCE "," BUILD "}"
#define WITH(more) "{\"schema\":1,\"name\":\"batcher\"," SOURCE "," BUILD "," more "}"
#define WITH_SOURCE(source) "{\"schema\":1,\"name\":\"batcher\",\"source\":" source "," BUILD "}"
#define WITH_BUILD(build) "{\"schema\":1,\"name\":\"batcher\"," SOURCE ",\"build\":" build "}"
#define WITH_FILES(files) WITH("\"image\":{" IMAGE ",\"files\":[" files "]}")

static enum reason read_text(const char *text, struct recipe *ret, struct recipe_fault *reterr)
{
	uint8_t *exact = support_exact(span_of_text(text));
	enum reason reason = recipe_read((struct span){ exact, strlen(text) }, ret, reterr);

	free(exact);
	return reason;
}

START_TEST(test_small)
{
	struct recipe recipe;
	struct recipe_fault fault;

	EXPECT_REASON("small", read_text(SMALL, &recipe, &fault), REASON_OK);
	ck_assert_str_eq(recipe.name, "batcher");
	ck_assert_str_eq(recipe.repository, "https://git.example/a.git");
	ck_assert_int_eq((int)recipe.repository_kind, REPOSITORY_HTTPS);
	ck_assert_str_eq(recipe.commit, COMMIT);
	ck_assert_str_eq(recipe.attribute, "x86_64-eif");
	ck_assert_str_eq(recipe.eif, "batcher.eif");
	ck_assert_str_eq(recipe.pcrs, "pcr.json");
	ck_assert(!recipe.require_signed && !recipe.independent && recipe.image == NULL);
	ck_assert(recipe.n_also == 0 && !recipe_expects(&recipe) && recipe.onchain == NULL);
	EXPECT_REASON("small", recipe_pinned(&recipe, &fault), REASON_OK);
	recipe_done(&recipe);
}
END_TEST

START_TEST(test_whole)
{
	static const char text[] =
		"{\"schema\":1,\"name\":\"b\",\"source\":{\"repository\":\"ssh://git@git.example/a\","
		"\"commit\":\"" COMMIT "\",\"require_signed\":true},\"image\":{" IMAGE
		",\"files\":[{\"path\":\"/usr/local/bin/nitro\",\"stage\":\"build-outputs/nitro\","
		"\"sha256\":\"" DIGEST "\"},{\"path\":\"/b\",\"stage\":\"b\",\"sha256\":null}]},"
		"\"build\":{\"attribute\":\"a\",\"eif\":\"e\",\"pcrs\":\"p/q.json\",\"also\":[\"enclaver\"],"
		"\"independent\":true},\"expect\":{\"pcr0\":\"" PCR
		"\",\"pcr1\":null,\"pcr2\":\"0x" PCR "\",\"enclave_hash\":\"0x" DIGEST
		"\"},\"onchain\":{\"chain_id\":\"1\",\"rpc\":"
		"[\"https://a.example\"],\"quorum\":2},\"enclave\":{\"url\":\"https://e.example/\","
		"\"profile\":\"odyn\",\"insecure_http\":false}}";
	struct recipe recipe;
	struct recipe_fault fault;

	EXPECT_REASON("whole", read_text(text, &recipe, &fault), REASON_OK);
	ck_assert(recipe.require_signed && recipe.independent);
	ck_assert_uint_eq(recipe.n_files, 2);
	ck_assert_str_eq(recipe.files[0].path, "/usr/local/bin/nitro");
	ck_assert_str_eq(recipe.files[0].stage, "build-outputs/nitro");
	ck_assert(recipe.files[0].has_sha256 && !recipe.files[1].has_sha256);
	ck_assert_uint_eq(recipe.files[0].sha256[1], 0x23);
	ck_assert_str_eq(recipe.pcrs, "p/q.json");
	ck_assert_uint_eq(recipe.n_also, 1);
	ck_assert_str_eq(recipe.also[0], "enclaver");
	ck_assert_uint_eq(recipe.expected.present, 5);
	ck_assert(recipe.has_enclave_hash && recipe_expects(&recipe));
	ck_assert(recipe.onchain != NULL && recipe.enclave != NULL);
	recipe_done(&recipe);
}
END_TEST

START_TEST(test_refused)
{
	static const struct {
		const char *text;
		enum reason reason;
		const char *key;
		size_t line;
		size_t column;
	} rows[] = {
		{ "{\"schema\":1,}", REASON_JSON_MALFORMED, "", 1, 13 },
		{ "{\"schema\":1,\"schema\":1}", REASON_JSON_DUPLICATE_KEY, "", 1, 13 },
		{ "[]", REASON_RECIPE_SHAPE, "", 1, 1 },
		{ "{}", REASON_RECIPE_MISSING, "schema", 1, 1 },
		{ "{\"schema\":1,\"name\":null}", REASON_RECIPE_MISSING, "name", 1, 1 },
		{ "{\"schema\":2}", REASON_RECIPE_SCHEMA, "schema", 1, 2 },
		{ "{\"schema\":\"1\"}", REASON_RECIPE_SCHEMA, "schema", 1, 2 },
		{ "{\"schema\":1,\n \"nam\":\"x\"}", REASON_RECIPE_UNKNOWN, "nam", 2, 2 },
		{ "{\"schema\":1,\n\t\"name\":1}", REASON_RECIPE_SHAPE, "name", 2, 2 },
		{ "{\"name\":\"a b\"}", REASON_RECIPE_NAME, "name", 1, 2 },
		{ "{\"name\":\"\"}", REASON_RECIPE_TEXT, "name", 1, 2 },
		{ "{\"name\":\"\\u001b\"}", REASON_RECIPE_TEXT, "name", 1, 2 },
		{ "{\"name\":\"\xc3\xa4\"}", REASON_RECIPE_TEXT, "name", 1, 2 },
		{ "{\"name\":\"-x\"}", REASON_RECIPE_NAME, "name", 1, 2 },
		{ WITH_SOURCE("{\n}"), REASON_RECIPE_MISSING, "source.repository", 1, 30 },
		{ WITH_SOURCE("{\n\"repository\":\"ext::sh\"}"), REASON_REPOSITORY,
		  "source.repository", 2, 1 },
		{ WITH_SOURCE("{\n\"commit\":\"-x\"}"), REASON_RECIPE_COMMIT, "source.commit", 2,
		  1 },
		{ WITH_SOURCE("{\n\"require_signed\":1}"), REASON_RECIPE_SHAPE,
		  "source.require_signed", 2, 1 },
		{ WITH_SOURCE("{\n\"branch\":1}"), REASON_RECIPE_UNKNOWN, "source.branch", 2, 1 },
		{ WITH_BUILD("{\n\"attribute\":\"a#b\"}"), REASON_RECIPE_ATTRIBUTE,
		  "build.attribute", 2, 1 },
		{ WITH_BUILD("{\n\"eif\":\"../x\"}"), REASON_RECIPE_PATH, "build.eif", 2, 1 },
		{ WITH_BUILD("{\n\"also\":[\"a\",\n\"-b\"]}"), REASON_RECIPE_ATTRIBUTE,
		  "build.also", 3, 1 },
		{ WITH_BUILD("{\n\"also\":\"a\"}"), REASON_RECIPE_SHAPE, "build.also", 2, 1 },
		{ WITH_BUILD(
			  "{\"also\":[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
			  "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\n\"a\"]}"),
		  REASON_RECIPE_TOO_MANY, "build.also", 2, 1 },
		{ WITH("\n\"image\":{}"), REASON_RECIPE_MISSING, "image.reference", 2, 1 },
		{ WITH("\n\"image\":{\"reference\":\"a b\"}"), REASON_RECIPE_IMAGE,
		  "image.reference", 2, 10 },
		{ WITH("\n\"image\":{\"platform\":\"Linux/x\"}"), REASON_RECIPE_PLATFORM,
		  "image.platform", 2, 10 },
		{ WITH("\n\"image\":{\"platform\":\"windows/amd64\"}"), REASON_RECIPE_PLATFORM,
		  "image.platform", 2, 10 },
		{ WITH_FILES("\n{\"path\":\"a\"}"), REASON_RECIPE_PATH, "image.files[0].path", 2,
		  2 },
		/* what is judged of the commit, and would not be what is built */
		{ WITH_FILES("{\"path\":\"/a\",\n\"stage\":\"flake.nix\"}"), REASON_RECIPE_PATH,
		  "image.files[0].stage", 2, 1 },
		{ WITH_FILES("{\"path\":\"/a\",\n\"stage\":\"Flake.Lock\"}"), REASON_RECIPE_PATH,
		  "image.files[0].stage", 2, 1 },
		{ WITH_FILES("{\"path\":\"/a\",\n\"stage\":\"a/.gitattributes\"}"),
		  REASON_RECIPE_PATH, "image.files[0].stage", 2, 1 },
		{ WITH_FILES("{\"path\":\"/a\",\n\"stage\":\".gitmodules\"}"), REASON_RECIPE_PATH,
		  "image.files[0].stage", 2, 1 },
		{ WITH_FILES("\n1"), REASON_RECIPE_SHAPE, "image.files[0]", 2, 1 },
		{ WITH_FILES("{\"path\":\"/a\",\"stage\":\"a\"},\n{\"path\":\"/a\"}"),
		  REASON_RECIPE_MISSING, "image.files[1].stage", 2, 1 },
		{ WITH_FILES(
			  "{\"path\":\"/a\",\"stage\":\"a\"},\n{\"path\":\"/a\",\"stage\":\"a\"}"),
		  REASON_RECIPE_STAGE_TWICE, "image.files[1].stage", 2, 1 },
		{ WITH_FILES(
			  "{\"path\":\"/a\",\"stage\":\"a/b\"},\n{\"path\":\"/a\",\"stage\":\"a\"}"),
		  REASON_RECIPE_STAGE_TWICE, "image.files[1].stage", 2, 1 },
		{ WITH_FILES("\n{\"path\":\"/a\",\"stage\":\"a\",\"sha256\":\"00\"}"),
		  REASON_RECIPE_DIGEST, "image.files[0].sha256", 2, 26 },
		{ WITH("\n\"expect\":{\"pcr0\":\"00\"}"), REASON_RECIPE_PCR, "expect.pcr0", 2, 11 },
		{ WITH("\n\"expect\":{\"pcr0\":\"" PCR_ZERO "\"}"), REASON_RECIPE_ZERO,
		  "expect.pcr0", 2, 11 },
		{ WITH("\n\"expect\":{\"enclave_hash\":\"" DIGEST "\"}"), REASON_RECIPE_DIGEST,
		  "expect.enclave_hash", 2, 11 },
		{ WITH("\n\"expect\":{\"enclave_hash\":\"0x"
		       "0000000000000000000000000000000000000000000000000000000000000000\"}"),
		  REASON_RECIPE_ZERO, "expect.enclave_hash", 2, 11 },
		{ WITH("\n\"expect\":{\"pcr3\":\"00\"}"), REASON_RECIPE_UNKNOWN, "expect.pcr3", 2,
		  11 },
		{ WITH("\n\"onchain\":{\"chain\":\"1\"}"), REASON_RECIPE_UNKNOWN, "onchain.chain",
		  2, 12 },
		{ WITH("\n\"onchain\":{\"rpc\":[1]}"), REASON_RECIPE_SHAPE, "onchain.rpc", 2, 12 },
		{ WITH("\n\"enclave\":{\"url\":{}}"), REASON_RECIPE_SHAPE, "enclave.url", 2, 12 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct recipe recipe;
		struct recipe_fault fault;
		EXPECT_REASON(rows[i].text, read_text(rows[i].text, &recipe, &fault),
			      rows[i].reason);
		ck_assert_msg(strcmp(fault.key, rows[i].key) == 0, "%s: %s", rows[i].text,
			      fault.key);
		ck_assert_msg(fault.place.line == rows[i].line &&
				      fault.place.column == rows[i].column,
			      "%s: %zu:%zu", rows[i].text, fault.place.line, fault.place.column);
	}
}
END_TEST

/* What git, or what it starts, could take for something else than the name of a repository. */
START_TEST(test_repository)
{
	static const struct {
		const char *text;
		int kind; /* -1: refused */
	} rows[] = {
		{ "https://git.example/a/b.git", REPOSITORY_HTTPS },
		{ "https://git.example:8443/a", REPOSITORY_HTTPS },
		{ "http://127.0.0.1:8080/a", REPOSITORY_HTTP },
		{ "http://localhost/a", REPOSITORY_HTTP },
		{ "ssh://git.example/a", REPOSITORY_SSH },
		{ "ssh://git@git.example:2222/~u/a.git", REPOSITORY_SSH },
		{ "file:///srv/git/a.git", REPOSITORY_FILE },
		{ "http://git.example/a", -1 },
		{ "https://user:secret@git.example/a", -1 },
		{ "https://user@git.example/a", -1 },
		{ "https://git.example", -1 },
		{ "https://git.example/", -1 },
		{ "https://git.example/a?b=c", -1 },
		{ "https://git.example/a b", -1 },
		{ "https://git.example/a\nb", -1 },
		{ "https://git.example/a;b", -1 },
		{ "https://-git.example/a", -1 },
		{ "HTTPS://git.example/a", -1 },
		{ "ext::sh -c id", -1 },
		{ "ext::sh", -1 },
		{ "fd::17/x", -1 },
		{ "-uid", -1 },
		{ "--upload-pack=id", -1 },
		{ "git@git.example:a.git", -1 },
		{ "git://git.example/a", -1 },
		{ "ftp://git.example/a", -1 },
		{ "/srv/git/a", -1 },
		{ "./a", -1 },
		{ "a", -1 },
		{ "", -1 },
		{ "file://srv/git", -1 },
		{ "file:///", -1 },
		{ "file://", -1 },
		{ "file:///a$(id)", -1 },
		{ "ssh://-oProxyCommand=id/a", -1 },
		{ "ssh://-l@git.example/a", -1 },
		{ "ssh://git.example:0/a", -1 },
		{ "ssh://git.example:65536/a", -1 },
		{ "ssh://git.example:2x/a", -1 },
		{ "ssh://git.example:/a", -1 },
		{ "ssh://a@b@git.example/a", -1 },
		{ "ssh://git.example/", -1 },
		{ "ssh://git.example", -1 },
		{ "ssh:///a", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum repository_kind kind = REPOSITORY_HTTPS;
		EXPECT_REASON(rows[i].text, repository_read(span_of_text(rows[i].text), &kind),
			      rows[i].kind < 0 ? REASON_REPOSITORY : REASON_OK);
		ck_assert_msg(rows[i].kind < 0 || (int)kind == rows[i].kind, "%s", rows[i].text);
	}
}
END_TEST

START_TEST(test_override)
{
	static const struct {
		enum recipe_field field;
		const char *value;
		enum reason reason;
		enum reason pinned;
		const char *key;
	} rows[] = {
		{ RECIPE_COMMIT, COMMIT "0123456789abcdef01234567", REASON_OK, REASON_OK, "" },
		{ RECIPE_COMMIT, "v1.0/x", REASON_OK, REASON_RECIPE_NOT_PINNED, "source.commit" },
		{ RECIPE_COMMIT, "0123456", REASON_OK, REASON_RECIPE_NOT_PINNED, "source.commit" },
		{ RECIPE_COMMIT, "0123456789ABCDEF0123456789abcdef01234567", REASON_OK,
		  REASON_RECIPE_NOT_PINNED, "source.commit" },
		{ RECIPE_COMMIT, "a..b", REASON_RECIPE_COMMIT, 0, NULL },
		{ RECIPE_COMMIT, "a:b", REASON_RECIPE_COMMIT, 0, NULL },
		{ RECIPE_COMMIT, "@{u}", REASON_RECIPE_COMMIT, 0, NULL },
		{ RECIPE_COMMIT, "", REASON_RECIPE_TEXT, 0, NULL },
		{ RECIPE_IMAGE, "registry.example/a:tag", REASON_OK, REASON_RECIPE_NOT_PINNED,
		  "image.reference" },
		{ RECIPE_IMAGE, "registry.example/a:tag@sha256:" DIGEST, REASON_OK, REASON_OK, "" },
		{ RECIPE_IMAGE, "oci:/a/b@sha256:" DIGEST, REASON_OK, REASON_OK, "" },
		{ RECIPE_IMAGE, "oci:/a/b", REASON_OK, REASON_RECIPE_NOT_PINNED,
		  "image.reference" },
		{ RECIPE_IMAGE, "docker-archive:/a/b.tar", REASON_OK, REASON_OK, "" },
		{ RECIPE_IMAGE, "-x", REASON_RECIPE_IMAGE, 0, NULL },
		{ RECIPE_IMAGE, "docker-archive:", REASON_RECIPE_IMAGE, 0, NULL },
		{ RECIPE_IMAGE, "oci:@sha256:" DIGEST, REASON_RECIPE_IMAGE, 0, NULL },
		{ RECIPE_IMAGE, "a@sha256:" DIGEST, REASON_RECIPE_IMAGE, 0, NULL },
		{ RECIPE_IMAGE, "registry.example//a@sha256:" DIGEST, REASON_RECIPE_IMAGE, 0,
		  NULL },
		{ RECIPE_IMAGE, "registry.example/../a@sha256:" DIGEST, REASON_RECIPE_IMAGE, 0,
		  NULL },
		{ RECIPE_IMAGE, "registry.example/A@sha256:" DIGEST, REASON_RECIPE_IMAGE, 0, NULL },
		{ RECIPE_IMAGE, "registry.example:65536/a@sha256:" DIGEST, REASON_RECIPE_IMAGE, 0,
		  NULL },
		{ RECIPE_IMAGE, "http://registry.example/a@sha256:" DIGEST, REASON_RECIPE_IMAGE, 0,
		  NULL },
		{ RECIPE_ATTRIBUTE, "packages.x86_64-linux.eif", REASON_OK, REASON_OK, "" },
		{ RECIPE_ATTRIBUTE, "a b", REASON_RECIPE_ATTRIBUTE, 0, NULL },
		{ RECIPE_PCR0, PCR, REASON_OK, REASON_OK, "" },
		{ RECIPE_PCR0, PCR_ZERO, REASON_RECIPE_ZERO, 0, NULL },
		{ RECIPE_PCR0, DIGEST, REASON_RECIPE_PCR, 0, NULL },
		{ RECIPE_INDEPENDENT, NULL, REASON_OK, REASON_OK, "" },
		{ RECIPE_REQUIRE_SIGNED, NULL, REASON_OK, REASON_OK, "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct recipe recipe;
		struct recipe again;
		struct recipe_fault fault;
		struct buf text = { 0 };
		const char *row = rows[i].value == NULL ? "flag" : rows[i].value;
		EXPECT_REASON(row, read_text(WITH("\"image\":{" IMAGE "}"), &recipe, &fault),
			      REASON_OK);
		EXPECT_REASON(row, recipe_override(&recipe, rows[i].field, rows[i].value),
			      rows[i].reason);
		if (rows[i].reason == REASON_OK) {
			EXPECT_REASON(row, recipe_pinned(&recipe, &fault), rows[i].pinned);
			ck_assert_str_eq(fault.key, rows[i].key);
			/* what is printed reads as the same recipe */
			EXPECT_REASON(row, recipe_print(&recipe, &text), REASON_OK);
			EXPECT_REASON(row, recipe_read(buf_span(&text), &again, &fault), REASON_OK);
			ck_assert_str_eq(recipe.commit, again.commit);
			ck_assert_str_eq(recipe.image, again.image);
			ck_assert_str_eq(recipe.attribute, again.attribute);
			ck_assert(recipe.independent == again.independent);
			ck_assert(recipe.require_signed == again.require_signed);
			ck_assert_uint_eq(recipe.expected.present, again.expected.present);
			recipe_done(&again);
			buf_done(&text);
		}
		recipe_done(&recipe);
	}
	struct recipe small;
	struct recipe_fault fault;
	EXPECT_REASON("small", read_text(SMALL, &small, &fault), REASON_OK);
	EXPECT_REASON("no image", recipe_override(&small, RECIPE_IMAGE, "a"),
		      REASON_RECIPE_NO_IMAGE);
	recipe_done(&small);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recipe");

	support_add(suite, "small", test_small);
	support_add(suite, "whole", test_whole);
	support_add(suite, "refused", test_refused);
	support_add(suite, "repository", test_repository);
	support_add(suite, "override", test_override);
	return support_main(suite);
}
