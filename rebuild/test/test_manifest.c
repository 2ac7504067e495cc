/* Index, manifest and configuration: each thing that can be wrong with one, a row. */
#include "rebuild/manifest.h"

#include <stdlib.h>

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define D(n) \
	"\"digest\":\"sha256:000000000000000000000000000000000000000000000000000000000000000" n "\""
#define OCI "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."
#define M(type) "\"mediaType\":\"" type "\""
#define CONFIG "\"config\":{" M(OCI "config.v1+json") "," D("1") ",\"size\":7}"
#define LAYER "{" M(OCI "layer.v1.tar+gzip") "," D("2") ",\"size\":9}"
#define V2 "\"schemaVersion\":2"
#define MANIFEST(rest) "{" V2 "," CONFIG "," rest "}"

struct reading {
	const char *row;
	enum media stated;
	const char *text;
	enum reason want; /* of manifest_read */
	enum reason then; /* of manifest_parts or manifest_choose */
};

static const struct reading manifests[] = {
	{ "OCI", MEDIA_OCI_MANIFEST, MANIFEST("\"layers\":[" LAYER "," LAYER "]"), REASON_OK,
	  REASON_OK },
	{ "OCI that says so", MEDIA_OCI_MANIFEST,
	  MANIFEST(M(OCI "manifest.v1+json") ",\"layers\":[" LAYER "]"), REASON_OK, REASON_OK },
	{ "nobody says so", MEDIA_UNSTATED, MANIFEST("\"layers\":[" LAYER "]"), REASON_OK,
	  REASON_OK },
	{ "more members", MEDIA_OCI_MANIFEST,
	  MANIFEST("\"annotations\":{\"a\":\"b\"},\"layers\":[" LAYER "]"), REASON_OK, REASON_OK },
	{ "Docker", MEDIA_DOCKER_MANIFEST,
	  "{" V2
	  "," M(DOCKER "distribution.manifest.v2+json") ",\"config\":{" M(DOCKER "container.image.v1+json") "," D(
		  "1") ",\"size\":7},\"layers\":[{" M(DOCKER
						      "image.rootfs.diff.tar.gzip") "," D("2") ",\"size\":9}]}",
	  REASON_OK, REASON_OK },
	{ "another type than it was sent as", MEDIA_DOCKER_MANIFEST,
	  MANIFEST(M(OCI "manifest.v1+json") ",\"layers\":[" LAYER "]"), REASON_OCI_MEDIA_TYPE, 0 },
	{ "sent as an index", MEDIA_OCI_INDEX, MANIFEST("\"layers\":[" LAYER "]"),
	  REASON_OCI_MEDIA_TYPE, 0 },
	{ "index and manifest in one", MEDIA_OCI_MANIFEST,
	  MANIFEST("\"layers\":[" LAYER "],\"manifests\":[]"), REASON_OCI_FORM, 0 },
	{ "neither", MEDIA_OCI_MANIFEST, "{" V2 "}", REASON_OCI_FORM, 0 },
	{ "schema 1", MEDIA_OCI_MANIFEST, "{\"schemaVersion\":1,\"fsLayers\":[]}",
	  REASON_OCI_SCHEMA, 0 },
	{ "schema 1 by type", MEDIA_UNSTATED,
	  "{" V2 "," M(DOCKER "distribution.manifest.v1+prettyjws") ",\"layers\":[]}",
	  REASON_OCI_SCHEMA, 0 },
	{ "no schema", MEDIA_OCI_MANIFEST, "{\"layers\":[]}", REASON_OCI_SCHEMA, 0 },
	{ "schema as text", MEDIA_OCI_MANIFEST, "{\"schemaVersion\":\"2\",\"layers\":[]}",
	  REASON_OCI_SCHEMA, 0 },
	{ "an unknown type", MEDIA_OCI_MANIFEST, "{" V2 "," M("a/b") ",\"layers\":[]}",
	  REASON_OCI_MEDIA_TYPE, 0 },
	{ "a type that is no text", MEDIA_OCI_MANIFEST, "{" V2 ",\"mediaType\":1,\"layers\":[]}",
	  REASON_OCI_FORM, 0 },
	{ "an array", MEDIA_OCI_MANIFEST, "[]", REASON_OCI_FORM, 0 },
	{ "no JSON", MEDIA_OCI_MANIFEST, "{", REASON_JSON_MALFORMED, 0 },
	{ "twice", MEDIA_OCI_MANIFEST, "{" V2 "," V2 ",\"layers\":[]}", REASON_JSON_DUPLICATE_KEY,
	  0 },
	{ "more behind it", MEDIA_OCI_MANIFEST, MANIFEST("\"layers\":[" LAYER "]") "x",
	  REASON_JSON_TRAILING, 0 },
	{ "no layer", MEDIA_OCI_MANIFEST, MANIFEST("\"layers\":[]"), REASON_OK, REASON_OCI_LAYERS },
	{ "layers that are none", MEDIA_OCI_MANIFEST, MANIFEST("\"layers\":{}"), REASON_OK,
	  REASON_OCI_FORM },
	{ "no configuration", MEDIA_OCI_MANIFEST, "{" V2 ",\"layers\":[" LAYER "]}", REASON_OK,
	  REASON_OCI_FORM },
	{ "a configuration of another type", MEDIA_OCI_MANIFEST,
	  "{" V2 ",\"config\":" LAYER ",\"layers\":[" LAYER "]}", REASON_OK,
	  REASON_OCI_MEDIA_TYPE },
	{ "a layer of another type", MEDIA_OCI_MANIFEST,
	  MANIFEST("\"layers\":[{" M(OCI "config.v1+json") "," D("1") ",\"size\":7}]"), REASON_OK,
	  REASON_OCI_MEDIA_TYPE },
	{ "a layer that is not to be fetched", MEDIA_OCI_MANIFEST,
	  MANIFEST("\"layers\":[{" M(OCI "layer.nondistributable.v1.tar+gzip") "," D(
		  "1") ",\"size\":7}]"),
	  REASON_OK, REASON_OCI_MEDIA_TYPE },
	{ "a digest of another kind", MEDIA_OCI_MANIFEST,
	  MANIFEST("\"layers\":[{" M(OCI "layer.v1.tar") ",\"digest\":\"sha512:00\",\"size\":7}]"),
	  REASON_OK, REASON_OCI_FORM },
	{ "no digest", MEDIA_OCI_MANIFEST,
	  MANIFEST("\"layers\":[{" M(OCI "layer.v1.tar") ",\"size\":7}]"), REASON_OK,
	  REASON_OCI_FORM },
	{ "no size", MEDIA_OCI_MANIFEST,
	  MANIFEST("\"layers\":[{" M(OCI "layer.v1.tar") "," D("1") "}]"), REASON_OK,
	  REASON_OCI_FORM },
	{ "a negative size", MEDIA_OCI_MANIFEST,
	  MANIFEST("\"layers\":[{" M(OCI "layer.v1.tar") "," D("1") ",\"size\":-1}]"), REASON_OK,
	  REASON_OCI_FORM },
	{ "half a byte", MEDIA_OCI_MANIFEST,
	  MANIFEST("\"layers\":[{" M(OCI "layer.v1.tar") "," D("1") ",\"size\":1.5}]"), REASON_OK,
	  REASON_OCI_FORM },
	{ "an inexact size", MEDIA_OCI_MANIFEST,
	  MANIFEST("\"layers\":[{" M(OCI "layer.v1.tar") "," D("1") ",\"size\":9007199254740993}]"),
	  REASON_OK, REASON_OCI_FORM },
	{ "a size as text", MEDIA_OCI_MANIFEST,
	  MANIFEST("\"layers\":[{" M(OCI "layer.v1.tar") "," D("1") ",\"size\":\"7\"}]"), REASON_OK,
	  REASON_OCI_FORM },
	{ "8 GiB", MEDIA_OCI_MANIFEST,
	  MANIFEST("\"layers\":[{" M(OCI "layer.v1.tar") "," D("1") ",\"size\":8589934592}]"),
	  REASON_OK, REASON_OK },
	{ "more than 8 GiB", MEDIA_OCI_MANIFEST,
	  MANIFEST("\"layers\":[{" M(OCI "layer.v1.tar") "," D("1") ",\"size\":8589934593}]"),
	  REASON_OK, REASON_OCI_TOO_LARGE },
	{ "a large configuration", MEDIA_OCI_MANIFEST,
	  "{" V2 ",\"config\":{" M(OCI "config.v1+json") "," D(
		  "1") ",\"size\":4194305},\"layers\":[" LAYER "]}",
	  REASON_OK, REASON_OCI_TOO_LARGE },
};

#define FOR(os, arch, more) "\"platform\":{\"os\":\"" os "\",\"architecture\":\"" arch "\"" more "}"
#define ENTRY(n, platform) "{" M(OCI "manifest.v1+json") "," D(n) ",\"size\":5," platform "}"
#define INDEX(entries) "{" V2 "," M(OCI "index.v1+json") ",\"manifests\":[" entries "]}"

static const struct reading indexes[] = {
	{ "one of two", MEDIA_OCI_INDEX,
	  INDEX(ENTRY("1", FOR("linux", "arm64", "")) "," ENTRY("5", FOR("linux", "amd64", ""))),
	  REASON_OK, REASON_OK },
	{ "with what is no image", MEDIA_OCI_INDEX,
	  INDEX(ENTRY("5", FOR("linux", "amd64", "")) "," ENTRY("2",
								FOR("unknown", "unknown", ""))),
	  REASON_OK, REASON_OK },
	{ "the baseline", MEDIA_OCI_INDEX,
	  INDEX(ENTRY("5", FOR("linux", "amd64", ",\"variant\":\"v1\""))), REASON_OK, REASON_OK },
	{ "another variant", MEDIA_OCI_INDEX,
	  INDEX(ENTRY("5", FOR("linux", "amd64", ",\"variant\":\"v3\""))), REASON_OK,
	  REASON_OCI_PLATFORM_ABSENT },
	{ "another system", MEDIA_OCI_INDEX, INDEX(ENTRY("5", FOR("windows", "amd64", ""))),
	  REASON_OK, REASON_OCI_PLATFORM_ABSENT },
	{ "none", MEDIA_OCI_INDEX, INDEX(""), REASON_OK, REASON_OCI_PLATFORM_ABSENT },
	{ "without platforms", MEDIA_OCI_INDEX,
	  INDEX("{" M(OCI "manifest.v1+json") "," D("5") ",\"size\":5}"), REASON_OK,
	  REASON_OCI_PLATFORM_ABSENT },
	{ "two", MEDIA_OCI_INDEX,
	  INDEX(ENTRY("5", FOR("linux", "amd64", "")) "," ENTRY("6", FOR("linux", "amd64", ""))),
	  REASON_OK, REASON_OCI_PLATFORM_SEVERAL },
	{ "entries that are none", MEDIA_OCI_INDEX, INDEX("1"), REASON_OK, REASON_OCI_FORM },
	{ "no list", MEDIA_OCI_INDEX, "{" V2 ",\"manifests\":{}}", REASON_OK, REASON_OCI_FORM },
	{ "an index in an index", MEDIA_OCI_INDEX,
	  INDEX("{" M(OCI "index.v1+json") "," D("5") ",\"size\":5," FOR("linux", "amd64", "") "}"),
	  REASON_OK, REASON_OCI_MEDIA_TYPE },
	{ "schema 1 in an index", MEDIA_OCI_INDEX,
	  INDEX("{" M(DOCKER "distribution.manifest.v1+json") "," D("5") ",\"size\":5," FOR(
		  "linux", "amd64", "") "}"),
	  REASON_OK, REASON_OCI_SCHEMA },
	{ "a large manifest", MEDIA_OCI_INDEX,
	  INDEX("{" M(OCI "manifest.v1+json") "," D("5") ",\"size\":4194305," FOR("linux", "amd64",
										  "") "}"),
	  REASON_OK, REASON_OCI_TOO_LARGE },
	{ "Docker's list", MEDIA_DOCKER_LIST,
	  "{" V2 "," M(DOCKER "distribution.manifest.list.v2+json") ",\"manifests\":[{" M(
		  DOCKER "distribution.manifest.v2+json") "," D("5") ",\"size\":5," FOR("linux",
											"amd64",
											"") "}]}",
	  REASON_OK, REASON_OK },
};

static const struct ociref_platform amd64 = { { (const uint8_t *)"amd64", 5 }, { NULL, 0 } };

static enum reason use(const struct reading *row, const struct manifest *manifest, bool index)
{
	struct descriptor config;
	struct descriptor layers[MANIFEST_LAYERS_MAX];
	size_t n = 0;

	ck_assert_msg(manifest_is_index(manifest) == index, "row \"%s\"", row->row);
	if (index) {
		enum reason reason = manifest_choose(manifest, &amd64, &config);
		ck_assert_msg(reason != REASON_OK || (config.digest[31] == 5 && config.size == 5),
			      "row \"%s\": another one", row->row);
		return reason;
	}
	enum reason reason = manifest_parts(manifest, &config, layers, &n);
	ck_assert_msg(reason != REASON_OK || (n > 0 && config.digest[31] == 1 && config.size == 7),
		      "row \"%s\": other parts", row->row);
	return reason;
}

static void check(const struct reading *rows, size_t n, bool index)
{
	for (size_t i = 0; i < n; i++) {
		struct manifest manifest = { MEDIA_UNSTATED, NULL };
		EXPECT_REASON(rows[i].row,
			      manifest_read(span_of_text(rows[i].text), rows[i].stated, &manifest),
			      rows[i].want);
		if (rows[i].want == REASON_OK)
			EXPECT_REASON(rows[i].row, use(&rows[i], &manifest, index), rows[i].then);
		manifest_done(&manifest);
	}
}

START_TEST(test_manifests)
{
	check(manifests, LENGTH(manifests), false);
}
END_TEST

START_TEST(test_indexes)
{
	check(indexes, LENGTH(indexes), true);
}
END_TEST

/* 127 layers, 128, and 32 GiB in all. */
START_TEST(test_many)
{
	static const struct {
		size_t n;
		uint64_t size;
		enum reason want;
	} rows[] = {
		{ 127, 1, REASON_OK },
		{ 128, 1, REASON_OCI_LAYERS },
		{ 4, UINT64_C(8) << 30, REASON_OK },
		{ 5, UINT64_C(8) << 30, REASON_OCI_TOO_LARGE },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf text = { 0 };
		buf_text(&text, "{" V2 "," CONFIG ",\"layers\":[");
		for (size_t j = 0; j < rows[i].n; j++)
			buf_printf(&text, "%s{" M(OCI "layer.v1.tar") "," D("2") ",\"size\":%llu}",
				   j > 0 ? "," : "", (unsigned long long)rows[i].size);
		buf_text(&text, "]}");
		char *row = support_text(buf_span(&text));
		const struct reading reading = { "many", MEDIA_OCI_MANIFEST, row, REASON_OK,
						 rows[i].want };
		check(&reading, 1, false);
		free(row);
		buf_done(&text);
	}
}
END_TEST

#define ID "\"sha256:0000000000000000000000000000000000000000000000000000000000000003\""
#define ROOTFS(ids) "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[" ids "]}"
#define LINUX "\"os\":\"linux\",\"architecture\":\"amd64\""

START_TEST(test_configs)
{
	static const struct {
		const char *row;
		const char *text;
		enum reason want;
	} rows[] = {
		{ "one", "{" LINUX "," ROOTFS(ID) ",\"config\":{}}", REASON_OK },
		{ "no layer", "{" LINUX "," ROOTFS("") "}", REASON_OCI_LAYERS },
		{ "two", "{" LINUX "," ROOTFS(ID "," ID) "}", REASON_OCI_LAYERS },
		{ "no digest", "{" LINUX "," ROOTFS("\"x\"") "}", REASON_OCI_FORM },
		{ "no text", "{" LINUX "," ROOTFS("1") "}", REASON_OCI_FORM },
		{ "no rootfs", "{" LINUX "}", REASON_OCI_FORM },
		{ "another rootfs", "{" LINUX ",\"rootfs\":{\"type\":\"x\",\"diff_ids\":[" ID "]}}",
		  REASON_OCI_FORM },
		{ "no list", "{" LINUX ",\"rootfs\":{\"type\":\"layers\"}}", REASON_OCI_FORM },
		{ "another architecture",
		  "{\"os\":\"linux\",\"architecture\":\"arm64\"," ROOTFS(ID) "}",
		  REASON_OCI_PLATFORM_ABSENT },
		{ "another system",
		  "{\"os\":\"windows\",\"architecture\":\"amd64\"," ROOTFS(ID) "}",
		  REASON_OCI_PLATFORM_ABSENT },
		{ "no system", "{" ROOTFS(ID) "}", REASON_OCI_PLATFORM_ABSENT },
		{ "a variant that is no text", "{" LINUX ",\"variant\":1," ROOTFS(ID) "}",
		  REASON_OCI_PLATFORM_ABSENT },
		{ "an array", "[]", REASON_OCI_FORM },
		{ "no JSON", "", REASON_JSON_MALFORMED },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint8_t ids[1][DIGEST_SHA256_LEN] = { { 0 } };
		EXPECT_REASON(rows[i].row,
			      manifest_config(span_of_text(rows[i].text), &amd64, 1, ids),
			      rows[i].want);
		ck_assert_msg(rows[i].want != REASON_OK || ids[0][31] == 3, "row \"%s\"",
			      rows[i].row);
	}
}
END_TEST

START_TEST(test_variants)
{
	static const struct {
		const char *asked;
		const char *there;
		bool fits;
	} rows[] = {
		{ "linux/arm64", "", true },       { "linux/arm64", "v8", true },
		{ "linux/arm64/v8", "", true },    { "linux/arm64/v8", "v8", true },
		{ "linux/arm64/v9", "v8", false }, { "linux/arm64", "v9", false },
		{ "linux/arm64/v9", "v9", true },  { "linux/arm/v7", "v6", false },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct ociref_platform platform;
		struct buf text = { 0 };
		uint8_t ids[1][DIGEST_SHA256_LEN];
		ck_assert(ociref_platform(span_of_text(rows[i].asked), &platform) == REASON_OK);
		buf_printf(&text,
			   "{\"os\":\"linux\",\"architecture\":\"%.*s\",\"variant\":\"%s\"," ROOTFS(
				   ID) "}",
			   (int)platform.architecture.len, (const char *)platform.architecture.at,
			   rows[i].there);
		EXPECT_REASON(rows[i].asked, manifest_config(buf_span(&text), &platform, 1, ids),
			      rows[i].fits ? REASON_OK : REASON_OCI_PLATFORM_ABSENT);
		buf_done(&text);
	}
}
END_TEST

START_TEST(test_media)
{
	enum media media = MEDIA_UNSTATED;

	EXPECT_REASON("with parameters",
		      media_read(SPAN_LITERAL(OCI "manifest.v1+json ; charset=utf-8"), &media),
		      REASON_OK);
	ck_assert(media == MEDIA_OCI_MANIFEST);
	EXPECT_REASON("zstd", media_read(SPAN_LITERAL(OCI "layer.v1.tar+zstd"), &media), REASON_OK);
	ck_assert(media == MEDIA_TAR_ZSTD);
	EXPECT_REASON("none", media_read(SPAN_LITERAL(""), &media), REASON_OCI_MEDIA_TYPE);
	EXPECT_REASON("JSON", media_read(SPAN_LITERAL("application/json"), &media),
		      REASON_OCI_MEDIA_TYPE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("manifest");

	support_add(suite, "manifests", test_manifests);
	support_add(suite, "indexes", test_indexes);
	support_add(suite, "many", test_many);
	support_add(suite, "configs", test_configs);
	support_add(suite, "variants", test_variants);
	support_add(suite, "media", test_media);
	return support_main(suite);
}
