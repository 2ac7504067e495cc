/* References to images, and platforms: what is accepted, and what is refused before anything is sent. */
#include "rebuild/ociref.h"

#include <string.h>

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define AT "@sha256:" HEX
#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16

static const struct {
	const char *text;
	enum ociref_kind kind;
	const char *registry; /* or the path */
	const char *name;
	const char *tag;
	enum reason pinned;
	bool loopback;
} good[] = {
	{ "registry.example/org/node" AT, OCIREF_REGISTRY, "registry.example", "org/node", "",
	  REASON_OK, false },
	{ "registry.example:5000/node" AT, OCIREF_REGISTRY, "registry.example:5000", "node", "",
	  REASON_OK, false },
	{ "registry.example/org/node:v1.2" AT, OCIREF_REGISTRY, "registry.example", "org/node",
	  "v1.2", REASON_OK, false },
	{ "registry.example/a.b_c__d---e/0:_x-Y.z", OCIREF_REGISTRY, "registry.example",
	  "a.b_c__d---e/0", "_x-Y.z", REASON_OCI_TAG, false },
	{ "localhost/node" AT, OCIREF_REGISTRY, "localhost", "node", "", REASON_OK, true },
	{ "localhost:5000/node:latest", OCIREF_REGISTRY, "localhost:5000", "node", "latest",
	  REASON_OCI_TAG, true },
	{ "127.0.0.1:5000/node" AT, OCIREF_REGISTRY, "127.0.0.1:5000", "node", "", REASON_OK,
	  true },
	{ "[::1]:5000/node" AT, OCIREF_REGISTRY, "[::1]:5000", "node", "", REASON_OK, true },
	{ "host:5000/node" AT, OCIREF_REGISTRY, "host:5000", "node", "", REASON_OK, false },
	{ "oci:dir" AT, OCIREF_LAYOUT, "dir", "", "", REASON_OK, false },
	{ "oci:/a/b:c@d" AT, OCIREF_LAYOUT, "/a/b:c@d", "", "", REASON_OK, false },
	{ "docker-archive:f.tar", OCIREF_ARCHIVE, "f.tar", "", "", REASON_OK, false },
	{ "docker-archive:f.tar" AT, OCIREF_ARCHIVE, "f.tar", "", "", REASON_OK, false },
};

static const char *const bad[] = {
	"",
	AT,
	"/" AT,
	"node" AT,
	"node:tag",
	"org/node" AT,
	"org/node:tag",
	"registry.example/node",
	"registry.example/node:",
	"registry.example/node:-x",
	"registry.example/node:a/b",
	"registry.example/node:a b",
	"registry.example/node:" X64 X64 "x",
	"registry.example/" AT,
	"registry.example//node" AT,
	"registry.example/node/" AT,
	"registry.example/Node" AT,
	"registry.example/-node" AT,
	"registry.example/node-" AT,
	"registry.example/a..b" AT,
	"registry.example/a___b" AT,
	"registry.example/a._b" AT,
	"registry.example/../b" AT,
	"registry.example/a?b" AT,
	"registry.example/a%2fb" AT,
	"registry.example/a\nb" AT,
	"registry.example/" X64 X64 X64 X64 AT,
	"https://registry.example/node" AT,
	"user@registry.example/node" AT,
	"user:password@registry.example/node" AT,
	"registry.example:0/node" AT,
	"registry.example:65536/node" AT,
	"registry.example:/node" AT,
	"registry.example\\x/node" AT,
	"-u/node" AT,
	"registry.example/node@sha256:",
	"registry.example/node@sha256:" HEX "0",
	"registry.example/node@sha256:0123456789ABCDEF" HEX,
	"registry.example/node@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
	"registry.example/node@sha512:" HEX HEX,
	"registry.example/node" AT AT,
	"registry.example/node@md5:" HEX,
	"oci:dir",
	"oci:" AT,
	"docker-archive:",
	"docker-archive:" AT,
	"docker://registry.example/node" AT,
};

START_TEST(test_good)
{
	for (size_t i = 0; i < LENGTH(good); i++) {
		struct ociref ref;
		const char *row = good[i].text;
		EXPECT_REASON(row, ociref_read(span_of_text(row), &ref), REASON_OK);
		bool local = good[i].kind != OCIREF_REGISTRY;
		EXPECT_BYTES(row, local ? ref.path : ref.registry, span_of_text(good[i].registry));
		EXPECT_BYTES(row, ref.name, span_of_text(good[i].name));
		EXPECT_BYTES(row, ref.tag, span_of_text(good[i].tag));
		ck_assert_msg(ref.kind == good[i].kind && ref.loopback == good[i].loopback,
			      "row \"%s\"", row);
		ck_assert_msg(ref.has_digest == (strstr(row, AT) != NULL), "row \"%s\"", row);
		ck_assert_msg(!ref.has_digest || ref.digest[1] == 0x23, "row \"%s\"", row);
		EXPECT_REASON(row, ociref_is_pinned(&ref), good[i].pinned);
	}
}
END_TEST

START_TEST(test_bad)
{
	static const uint8_t nul[] = "registry.example/node\0x:tag";
	struct buf longest = { 0 };
	struct ociref ref;

	for (size_t i = 0; i < LENGTH(bad); i++)
		EXPECT_REASON(bad[i], ociref_read(span_of_text(bad[i]), &ref),
			      REASON_OCI_REFERENCE);
	EXPECT_REASON("NUL", ociref_read((struct span){ nul, sizeof(nul) - 1 }, &ref),
		      REASON_OCI_REFERENCE);
	buf_text(&longest, "docker-archive:");
	while (longest.len < OCIREF_MAX)
		buf_byte(&longest, 'x');
	EXPECT_REASON("the longest", ociref_read(buf_span(&longest), &ref), REASON_OK);
	buf_byte(&longest, 'x');
	EXPECT_REASON("too long", ociref_read(buf_span(&longest), &ref), REASON_OCI_REFERENCE);
	buf_done(&longest);
}
END_TEST

START_TEST(test_platform)
{
	static const struct {
		const char *text;
		enum reason want;
		const char *variant;
	} rows[] = {
		{ "linux/amd64", REASON_OK, "" },
		{ "linux/arm64/v8", REASON_OK, "v8" },
		{ "linux/arm/v7", REASON_OK, "v7" },
		{ "", REASON_OCI_PLATFORM, "" },
		{ "linux", REASON_OCI_PLATFORM, "" },
		{ "linux/", REASON_OCI_PLATFORM, "" },
		{ "linux/amd64/", REASON_OCI_PLATFORM, "" },
		{ "linux//v8", REASON_OCI_PLATFORM, "" },
		{ "linux/arm64/v8/x", REASON_OCI_PLATFORM, "" },
		{ "linux/AMD64", REASON_OCI_PLATFORM, "" },
		{ "linux/amd64 ", REASON_OCI_PLATFORM, "" },
		{ "windows/amd64", REASON_OCI_PLATFORM, "" },
		{ "linux/" X64, REASON_OCI_PLATFORM, "" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct ociref_platform platform;
		enum reason reason = ociref_platform(span_of_text(rows[i].text), &platform);
		EXPECT_REASON(rows[i].text, reason, rows[i].want);
		if (reason == REASON_OK)
			EXPECT_BYTES(rows[i].text, platform.variant, span_of_text(rows[i].variant));
	}
}
END_TEST

START_TEST(test_digest_text)
{
	uint8_t digest[DIGEST_SHA256_LEN];
	char text[SHA256_TEXT_LEN + 1];

	ck_assert(sha256_read_text(SPAN_LITERAL("sha256:" HEX), digest));
	sha256_text(digest, text);
	ck_assert_str_eq(text, "sha256:" HEX);
	ck_assert(!sha256_read_text(SPAN_LITERAL("SHA256:" HEX), digest));
	ck_assert(!sha256_read_text(SPAN_LITERAL(""), digest));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ociref");

	support_add(suite, "good", test_good);
	support_add(suite, "bad", test_bad);
	support_add(suite, "platform", test_platform);
	support_add(suite, "digest", test_digest_text);
	return support_main(suite);
}
