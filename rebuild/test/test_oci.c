/* Whole images: from a real registry behind a front with token, redirect and faults; from layouts; from archives. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/container.h"
#include "rebuild/test/registry.h"
#include "rebuild/test/support.h"

#define FIELDS 7
#define PATH SPAN_LITERAL("/usr/local/bin/nitro")

/* Nothing but whole blobs, their folders and, where it is allowed, parts. */
static void expect_tidy(const char *row, const char *dir, bool parts)
{
	char script[512];

	(void)snprintf(
		script, sizeof(script),
		"cd '%s'\n"
		"if find . -type f | grep -vE '^\\./blobs/sha256/(..)/\\1[0-9a-f]{62}%s$'; then exit 1; fi\n"
		"find blobs -type f ! -name '*.part' | while read -r f; do\n"
		"[ \"$(sha256sum <$f)\" = \"${f##*/}  -\" ] || exit 1; done",
		dir, parts ? "(\\.part)?" : "");
	ck_assert_msg(support_exists(dir), "row \"%s\"", row);
	support_sh(script);
}

static enum reason take(struct registry_client *client, const struct oci_pins *pins,
			struct span path, enum reason *ret_take)
{
	struct container *container = NULL;
	struct container_file file;
	struct trouble trouble = { .why = 0 };
	enum reason reason = container_open(&client->oci, pins, &container, &trouble);

	ck_assert(reason == REASON_OK || trouble.path_len > 0);
	if (reason == REASON_OK)
		*ret_take = container_take(container, path, NULL, NULL, &file, &trouble);
	container_free(container);
	return reason;
}

static void check_row(struct span fields[])
{
	static unsigned n;
	struct registry_client client;
	struct oci_pins *pins = calloc(1, sizeof(*pins));
	char *row = support_text(fields[0]);
	char *reference = support_text(fields[1]);
	char *platform = support_text(fields[2]);
	char dir[32];
	enum reason taken = REASON_OK;
	enum reason wanted = support_reason(fields[3]);

	(void)snprintf(dir, sizeof(dir), "rows/%u", n++);
	ck_assert(pins != NULL);
	registry_client_start(&client, dir);
	enum reason reason = registry_fetch(&client, reference, platform, pins);
	EXPECT_REASON(row, reason, wanted);
	/* an answer that comes and is wrong leaves nothing, one that breaks off a part */
	expect_tidy(row, dir, wanted == REASON_HTTP_CUT_SHORT || wanted == REASON_OCI_SIZE);
	if (reason == REASON_OK) {
		enum reason read = support_reason(fields[4]);
		EXPECT_REASON(row, take(&client, pins, fields[5], &taken), read);
		if (read == REASON_OK)
			EXPECT_REASON(row, taken, support_reason(fields[6]));
	}
	registry_client_done(&client);
	free(pins);
	free(row);
	free(reference);
	free(platform);
}

START_TEST(test_rows)
{
	struct span fields[FIELDS];
	struct buf table = support_read("cases.tsv");
	struct span text = buf_span(&table);
	size_t step = support_thin(5);
	size_t n = 0;

	while (support_row(&text, fields, FIELDS)) {
		if (n++ % step == 0)
			check_row(fields);
	}
	ck_assert_msg(n > 90, "only %zu rows", n);
	buf_done(&table);
}
END_TEST

static const char *pinned(const char *name)
{
	char rest[80];

	(void)snprintf(rest, sizeof(rest), "@%s", registry_value("index"));
	return registry_reference(name, rest);
}

/* How many lines of the log begin like this. */
static unsigned logged(const char *begin)
{
	struct buf log = { 0 };
	struct span line;
	unsigned n = 0;

	if (!support_try_read("log", &log))
		return 0;
	struct span text = buf_span(&log);
	while (support_line(&text, &line))
		n += line.len >= strlen(begin) && memcmp(line.at, begin, strlen(begin)) == 0;
	buf_done(&log);
	return n;
}

START_TEST(test_pins)
{
	struct registry_client client;
	struct oci_pins *pins = calloc(1, sizeof(*pins));
	char text[SHA256_TEXT_LEN + 1];

	ck_assert(pins != NULL);
	registry_client_start(&client, "pins");
	EXPECT_REASON("fetch", registry_fetch(&client, pinned("nitro/node"), "linux/amd64", pins),
		      REASON_OK);
	ck_assert(pins->has_index && pins->has_manifest);
	sha256_text(pins->index, text);
	ck_assert_str_eq(text, registry_value("index"));
	sha256_text(pins->manifest, text);
	ck_assert_str_eq(text, registry_value("manifest"));
	sha256_text(pins->config, text);
	ck_assert_str_eq(text, registry_value("config"));
	ck_assert_uint_eq(pins->n_layers, 2);
	sha256_text(pins->layers[0].digest, text);
	ck_assert_str_eq(text, registry_value("layer"));
	ck_assert(pins->layers[0].compression == TARBALL_GZIP && pins->layers[0].size > 10000);
	/* what is there is not fetched again */
	unsigned before = logged("blob ");
	ck_assert_uint_gt(before, 0);
	EXPECT_REASON("again", registry_fetch(&client, pinned("nitro/node"), "linux/amd64", pins),
		      REASON_OK);
	ck_assert_uint_eq(logged("blob "), before);
	/* unless it is spoiled, and one of them only */
	support_sh(
		"cd pins/blobs/sha256; f=$(find . -type f -size +20k); chmod 600 $f; printf x >>$f");
	EXPECT_REASON("spoiled", registry_fetch(&client, pinned("nitro/node"), "linux/amd64", pins),
		      REASON_OK);
	ck_assert_uint_eq(logged("blob "), before + 1);
	expect_tidy("pins", "pins", false);
	/* and layers that are lost between fetching and reading */
	enum reason taken;
	support_sh("rm $(find pins/blobs -type f -size +20k)");
	EXPECT_REASON("lost", take(&client, pins, PATH, &taken), REASON_OCI_BLOB_ABSENT);
	registry_client_done(&client);
	free(pins);
}
END_TEST

/* Cut off again and again: each run goes on where the one before ended. */
START_TEST(test_resumed)
{
	struct registry_client client;
	struct oci_pins *pins = calloc(1, sizeof(*pins));
	enum reason reason = REASON_HTTP_CUT_SHORT;
	unsigned runs = 0;

	ck_assert(pins != NULL);
	(void)unlink("log");
	while (reason == REASON_HTTP_CUT_SHORT && runs < 20) {
		registry_client_start(&client, "resumed");
		reason = registry_fetch(&client, pinned("fault/trunc"), "linux/amd64", pins);
		registry_client_done(&client);
		expect_tidy("resumed", "resumed", reason != REASON_OK);
		runs++;
	}
	EXPECT_REASON("at last", reason, REASON_OK);
	ck_assert_uint_gt(runs, 2);
	support_sh("grep -q '^blob .* bytes=5000-$' log; grep -q '^blob .* bytes=20000-$' log\n"
		   "[ $(grep -c '^blob .* bytes=20000-$' log) -le 2 ]");
	free(pins);
}
END_TEST

static const char *reference_of(const char *name, const char *rest)
{
	static char text[512];

	if (strchr(name, ':') == NULL)
		return registry_reference(name, rest);
	(void)snprintf(text, sizeof(text), "%s%s", name, rest);
	return text;
}

START_TEST(test_resolve)
{
	static const struct {
		const char *row;
		const char *name; /* a repository of the registry, or a whole reference */
		const char *rest;
		const char *platform;
		enum reason want;
		const char *value;
	} rows[] = {
		{ "a tag", "nitro/node", ":v1", "linux/amd64", REASON_OK, "index" },
		{ "a tag of one image", "nitro/node", ":many", "linux/amd64", REASON_OK, "many" },
		{ "no such tag", "nitro/node", ":v2", "linux/amd64", REASON_OCI_NOT_FOUND, NULL },
		{ "no such platform", "nitro/node", ":v1", "linux/riscv64",
		  REASON_OCI_PLATFORM_ABSENT, NULL },
		{ "denied", "fault/403", ":v1", "linux/amd64", REASON_OCI_DENIED, NULL },
		{ "schema 1", "fault/schema1", ":v1", "linux/amd64", REASON_OCI_SCHEMA, NULL },
		{ "pinned", "nitro/node",
		  ":v1@sha256:0000000000000000000000000000000000000000000000000000000000000000",
		  "linux/amd64", REASON_OCI_REFERENCE, NULL },
		{ "a folder",
		  "oci:layout@sha256:"
		  "0000000000000000000000000000000000000000000000000000000000000000",
		  "", "linux/amd64", REASON_OCI_REFERENCE, NULL },
		{ "an archive", "docker-archive:ours.tar", "", "linux/amd64", REASON_OK, "id" },
		{ "an archive of another platform", "docker-archive:ours.tar", "", "linux/arm64",
		  REASON_OCI_PLATFORM_ABSENT, NULL },
		{ "no archive", "docker-archive:text.tar", "", "linux/amd64", REASON_DOCKER_ARCHIVE,
		  NULL },
	};
	struct registry_client client;

	registry_client_start(&client, "resolve");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ociref ref;
		struct ociref_platform platform;
		struct trouble trouble = { .why = 0 };
		uint8_t digest[DIGEST_SHA256_LEN];
		char text[SHA256_TEXT_LEN + 1];
		const char *reference = reference_of(rows[i].name, rows[i].rest);
		EXPECT_REASON(rows[i].row, ociref_read(span_of_text(reference), &ref), REASON_OK);
		EXPECT_REASON(rows[i].row,
			      ociref_platform(span_of_text(rows[i].platform), &platform),
			      REASON_OK);
		EXPECT_REASON(rows[i].row,
			      oci_resolve(&client.oci, &ref, &platform, digest, &trouble),
			      rows[i].want);
		if (rows[i].want != REASON_OK)
			continue;
		sha256_text(digest, text);
		ck_assert_str_eq(text, registry_value(rows[i].value));
	}
	registry_client_done(&client);
	/* nothing was stored */
	support_sh("[ -z \"$(find resolve -type f)\" ]");
}
END_TEST

/* How large an image is, without fetching it. */
START_TEST(test_look)
{
	static const struct {
		const char *row;
		const char *name;
		const char *rest;
		enum reason want;
		size_t layers;
	} rows[] = {
		{ "a tag", "nitro/node", ":v1", REASON_OK, 2 },
		{ "six", "nitro/node", ":many", REASON_OK, 6 },
		{ "an archive", "docker-archive:skopeo.tar", "", REASON_OK, 0 },
		{ "no such archive", "docker-archive:nowhere", "", REASON_FILE_UNREADABLE, 0 },
		{ "an archive that is a folder", "docker-archive:layout", "", REASON_DOCKER_ARCHIVE,
		  0 },
		{ "no such folder",
		  "oci:nowhere@sha256:"
		  "0000000000000000000000000000000000000000000000000000000000000000",
		  "", REASON_OCI_LAYOUT, 0 },
		{ "a schema", "fault/schema1", ":v1", REASON_OCI_SCHEMA, 0 },
		{ "denied", "fault/403", ":v1", REASON_OCI_DENIED, 0 },
	};
	struct registry_client client;
	struct ociref_platform platform;

	EXPECT_REASON("platform", ociref_platform(SPAN_LITERAL("linux/amd64"), &platform),
		      REASON_OK);
	registry_client_start(&client, "look");
	client.oci.store = NULL;
	(void)unlink("log");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ociref ref;
		struct oci_outline outline = { 0 };
		struct trouble trouble = { .why = 0 };
		const char *reference = reference_of(rows[i].name, rows[i].rest);
		EXPECT_REASON(rows[i].row, ociref_read(span_of_text(reference), &ref), REASON_OK);
		EXPECT_REASON(rows[i].row,
			      oci_look(&client.oci, &ref, &platform, &outline, &trouble),
			      rows[i].want);
		ck_assert_uint_eq(outline.n_layers, rows[i].layers);
		ck_assert((outline.bytes > 30000) == (rows[i].want == REASON_OK));
	}
	ck_assert_uint_eq(logged("blob"), 0);
	registry_client_done(&client);
}
END_TEST

static const char *many(const char *name)
{
	char rest[80];

	(void)snprintf(rest, sizeof(rest), "@%s", registry_value("many"));
	return registry_reference(name, rest);
}

static void expect_modest(void *context, uint64_t done, uint64_t expected)
{
	ck_assert_msg(done <= expected, "%llu of %llu", (unsigned long long)done,
		      (unsigned long long)expected);
	*(uint64_t *)context = done;
}

/* Two layers at a time, never more, and every byte is told of once. */
START_TEST(test_pair)
{
	struct registry_client client;
	struct oci_pins *pins = calloc(1, sizeof(*pins));
	uint64_t told = 0;
	uint64_t sum;

	ck_assert(pins != NULL);
	(void)unlink("log");
	registry_client_start(&client, "pair");
	client.oci.advance = &(struct advance){ .context = &told, .tell = expect_modest };
	EXPECT_REASON("fetch", registry_fetch(&client, many("fault/pair"), "linux/amd64", pins),
		      REASON_OK);
	ck_assert_uint_eq(pins->n_layers, 6);
	sum = pins->config_size;
	for (size_t i = 0; i < pins->n_layers; i++)
		sum += pins->layers[i].size;
	ck_assert_uint_eq(told, sum);
	support_sh("grep -q '^pair 2$' log; ! grep -q '^pair [3-9]' log");
	/* the layer that it has twice is fetched once, and with the configuration that makes six */
	ck_assert_uint_eq(logged("blob "), 6);
	expect_tidy("pair", "pair", false);
	/* what is there, too */
	told = 0;
	EXPECT_REASON("again", registry_fetch(&client, many("fault/pair"), "linux/amd64", pins),
		      REASON_OK);
	ck_assert_uint_eq(told, sum);
	registry_client_done(&client);
	/* with one handle one after the other */
	(void)unlink("log");
	registry_client_start(&client, "single");
	http_free(client.oci.second);
	client.oci.second = NULL;
	EXPECT_REASON("one", registry_fetch(&client, many("nitro/node"), "linux/amd64", pins),
		      REASON_OK);
	ck_assert_uint_eq(logged("token "), 1);
	ck_assert_uint_eq(logged("blob "), 6);
	registry_client_done(&client);
	free(pins);
}
END_TEST

/* The same for folders and archives, for layers read and files taken out; one that is spoiled counts no more. */
START_TEST(test_told)
{
	struct registry_client client;
	struct oci_pins *pins = calloc(1, sizeof(*pins));
	struct container *container = NULL;
	struct container_file file;
	struct trouble trouble = { .why = 0 };
	struct stat st;
	uint64_t told = 0;
	uint64_t sum = 0;
	char layout[128];

	ck_assert(pins != NULL);
	registry_client_start(&client, "told");
	client.oci.advance = &(struct advance){ .context = &told, .tell = expect_modest };
	(void)snprintf(layout, sizeof(layout), "oci:layout@%s", registry_value("index"));
	for (int i = 0; i < 3; i++) {
		told = 0;
		EXPECT_REASON("layout", registry_fetch(&client, layout, "linux/amd64", pins),
			      REASON_OK);
		sum = pins->layers[0].size + pins->layers[1].size;
		ck_assert_uint_eq(told, pins->config_size + sum);
		if (i == 0)
			support_sh("f=$(find told -type f -size +20k); chmod 600 $f\n"
				   "printf x | dd of=$f bs=1 seek=50000 conv=notrunc status=none");
	}
	EXPECT_REASON("open", container_open(&client.oci, pins, &container, &trouble), REASON_OK);
	ck_assert_uint_eq(told, 2 * sum);
	EXPECT_REASON("take", container_take(container, PATH, NULL, NULL, &file, &trouble),
		      REASON_OK);
	ck_assert_uint_eq(told, 2 * pins->layers[1].size);
	container_free(container);
	uint64_t n = 7;
	EXPECT_REASON("whiteouts", container_whiteouts(&client.oci, pins, &n, &trouble), REASON_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(told, 2 * sum);
	pins->layers[1].diff_id[0] ^= 1;
	EXPECT_REASON("another", container_whiteouts(&client.oci, pins, &n, &trouble),
		      REASON_LAYER_DIFF_ID);
	pins->layers[1].digest[0] ^= 1;
	EXPECT_REASON("none", container_whiteouts(&client.oci, pins, &n, &trouble),
		      REASON_OCI_BLOB_ABSENT);
	ck_assert_uint_eq(n, 1);
	EXPECT_REASON("archive",
		      registry_fetch(&client, "docker-archive:ours.tar.gz", "linux/amd64", pins),
		      REASON_OK);
	ck_assert(stat("ours.tar.gz", &st) == 0);
	ck_assert_uint_eq(told, 3 * (uint64_t)st.st_size);
	registry_client_done(&client);
	free(pins);
}
END_TEST

/* What is told does not hang on which of two comes first. */
START_TEST(test_order)
{
	static const struct {
		const char *name;
		enum reason want;
		const char *words;
		bool begun; /* a layer behind the second */
	} rows[] = {
		{ "fault/order1", REASON_OCI_NOT_FOUND,
		  ": status 404: BLOB_UNKNOWN: no \033[31mblob", false },
		{ "fault/order2", REASON_OCI_STATUS, ": status 500: out of\norder", false },
		{ "fault/order3", REASON_OCI_NOT_FOUND, ": status 404: BLOB_UNKNOWN", false },
	};
	struct registry_client client;
	struct oci_pins *pins = calloc(1, sizeof(*pins));

	ck_assert(pins != NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ociref ref;
		struct ociref_platform platform;
		struct trouble trouble = { .why = 0 };
		(void)unlink("log");
		registry_client_start(&client, rows[i].name + 6);
		int64_t start = client.oci.clock->ticks_ms(NULL);
		const char *reference = many(rows[i].name);
		EXPECT_REASON("read", ociref_read(span_of_text(reference), &ref), REASON_OK);
		EXPECT_REASON("platform", ociref_platform(SPAN_LITERAL("linux/amd64"), &platform),
			      REASON_OK);
		EXPECT_REASON(rows[i].name, oci_fetch(&client.oci, &ref, &platform, pins, &trouble),
			      rows[i].want);
		char *words = support_text((struct span){ trouble.path, trouble.path_len });
		ck_assert_msg(strstr(words, rows[i].words) != NULL, "%s", words);
		free(words);
		/* the configuration and two layers */
		ck_assert_uint_eq(logged("blob "), 3);
		ck_assert_int_lt(client.oci.clock->ticks_ms(NULL) - start, 10000);
		registry_client_done(&client);
	}
	free(pins);
}
END_TEST

/* A failed download says what, where from, and what the server said. */
START_TEST(test_words)
{
	struct registry_client client;
	struct oci_pins *pins = calloc(1, sizeof(*pins));
	struct ociref ref;
	struct ociref_platform platform;
	struct trouble trouble = { .why = 0 };

	ck_assert(pins != NULL);
	registry_client_start(&client, "words");
	const char *reference = pinned("fault/429");
	EXPECT_REASON("read", ociref_read(span_of_text(reference), &ref), REASON_OK);
	EXPECT_REASON("platform", ociref_platform(SPAN_LITERAL("linux/amd64"), &platform),
		      REASON_OK);
	EXPECT_REASON("fetch", oci_fetch(&client.oci, &ref, &platform, pins, &trouble),
		      REASON_OCI_RATE);
	char *words = support_text((struct span){ trouble.path, trouble.path_len });
	ck_assert_msg(strstr(words, "/fault/429 sha256:") != NULL, "%s", words);
	ck_assert_msg(strstr(words, ": status 429, Retry-After: 100000") != NULL, "%s", words);
	free(words);
	registry_client_done(&client);
	free(pins);
}
END_TEST

static void expect_staged(const char *row, int dir, const char *name)
{
	struct stat st;

	ck_assert_msg(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
			      (st.st_mode & 07777) == 0755,
		      "row \"%s\"", row);
}

START_TEST(test_staged)
{
	struct registry_client client;
	struct oci_pins *pins = calloc(1, sizeof(*pins));
	struct container *container = NULL;
	struct container_file file;
	struct trouble trouble = { .why = 0 };
	uint8_t want[DIGEST_SHA256_LEN];
	char text[SHA256_TEXT_LEN + 1];
	char layout[128];

	ck_assert(pins != NULL);
	registry_client_start(&client, "staged");
	(void)snprintf(layout, sizeof(layout), "oci:layout@%s", registry_value("index"));
	EXPECT_REASON("fetch", registry_fetch(&client, layout, "linux/amd64", pins), REASON_OK);
	EXPECT_REASON("open", container_open(&client.oci, pins, &container, &trouble), REASON_OK);
	ck_assert_uint_eq(container_doubled(container), 0);
	(void)snprintf(text, sizeof(text), "sha256:%s", registry_value("binary"));
	ck_assert(sha256_read_text(span_of_text(text), want));
	support_sh("mkdir out; echo >out/there; ln -s /nowhere out/link");
	(void)umask(077);
	int dir = open("out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	EXPECT_REASON("stage",
		      container_stage(container, PATH, want, dir, "nitro", &file, &trouble),
		      REASON_OK);
	expect_staged("stage", dir, "nitro");
	EXPECT_BYTES("stage", SPAN_OF(file.sha256), SPAN_OF(want));
	ck_assert_uint_eq(file.found.layer, 1);
	struct buf content = support_read("out/nitro");
	ck_assert_uint_eq(content.len, file.found.size);
	buf_done(&content);
	EXPECT_REASON("again",
		      container_stage(container, PATH, want, dir, "nitro", &file, &trouble),
		      REASON_FILE_EXISTS);
	EXPECT_REASON("a link",
		      container_stage(container, PATH, want, dir, "link", &file, &trouble),
		      REASON_FILE_EXISTS);
	EXPECT_REASON("no folder",
		      container_stage(container, PATH, want, dir, "no/x", &file, &trouble),
		      REASON_FILE_UNWRITABLE);
	EXPECT_REASON("absent",
		      container_stage(container, SPAN_LITERAL("/none"), NULL, dir, "none", &file,
				      &trouble),
		      REASON_LAYER_ABSENT);
	want[0] ^= 1;
	EXPECT_REASON("another",
		      container_stage(container, PATH, want, dir, "other", &file, &trouble),
		      REASON_IMAGE_FILE_DIGEST);
	support_sh("[ \"$(ls out | tr '\\n' ' ')\" = 'link nitro there ' ]");
	want[0] ^= 1;
	EXPECT_BYTES("another", SPAN_OF(file.sha256), SPAN_OF(want));
	(void)close(dir);
	container_free(container);
	registry_client_done(&client);
	free(pins);
}
END_TEST

static volatile sig_atomic_t alarmed;

static void note_alarm(int number)
{
	(void)number;
	alarmed = 1;
}

/* A signal ends a download that stands still, that waits for another process, or is to come back later. */
START_TEST(test_stalled)
{
	struct registry_client client;
	struct oci_pins *pins = calloc(1, sizeof(*pins));
	struct store_part *part = NULL;
	struct trouble trouble = { .why = 0 };
	uint8_t layer[DIGEST_SHA256_LEN];

	ck_assert(pins != NULL);
	static const char *const names[] = { "fault/stall", "nitro/node", "fault/later" };
	for (int i = 0; i < 3; i++) {
		registry_client_start(&client, "stalled");
		const struct store_wait wait = { .clock = client.oci.clock };
		alarmed = 0;
		client.oci.interrupted = &alarmed;
		int64_t start = client.oci.clock->ticks_ms(NULL);
		if (i == 1) {
			ck_assert(sha256_read_text(span_of_text(registry_value("layer")), layer));
			EXPECT_REASON(
				"hold",
				store_begin(client.store, layer, 60400, &wait, &part, &trouble),
				REASON_OK);
		}
		(void)signal(SIGALRM, note_alarm);
		(void)alarm(1);
		EXPECT_REASON(names[i],
			      registry_fetch(&client, pinned(names[i]), "linux/amd64", pins),
			      REASON_INTERRUPTED);
		ck_assert_int_lt(client.oci.clock->ticks_ms(NULL) - start, 8000);
		store_part_free(part);
		part = NULL;
		registry_client_done(&client);
	}
	/* what had come is still there */
	support_sh("[ $(find stalled -name '*.part' -size -11 | wc -l) = 1 ]");
	free(pins);
}
END_TEST

START_TEST(test_interrupted)
{
	static const volatile sig_atomic_t yes = 1;
	struct registry_client client;
	struct oci_pins *pins = calloc(1, sizeof(*pins));
	char layout[128];

	ck_assert(pins != NULL);
	registry_client_start(&client, "interrupted");
	client.oci.interrupted = &yes;
	EXPECT_REASON("registry",
		      registry_fetch(&client, pinned("nitro/node"), "linux/amd64", pins),
		      REASON_INTERRUPTED);
	(void)snprintf(layout, sizeof(layout), "oci:layout@%s", registry_value("index"));
	EXPECT_REASON("layout", registry_fetch(&client, layout, "linux/amd64", pins),
		      REASON_INTERRUPTED);
	EXPECT_REASON("archive",
		      registry_fetch(&client, "docker-archive:ours.tar", "linux/amd64", pins),
		      REASON_INTERRUPTED);
	registry_client_done(&client);
	free(pins);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oci");
	TCase *tcase = tcase_create("images");

	tcase_add_unchecked_fixture(tcase, registry_start, registry_stop);
	tcase_add_test(tcase, test_rows);
	tcase_add_test(tcase, test_pins);
	tcase_add_test(tcase, test_resumed);
	tcase_add_test(tcase, test_resolve);
	tcase_add_test(tcase, test_look);
	tcase_add_test(tcase, test_words);
	tcase_add_test(tcase, test_staged);
	tcase_add_test(tcase, test_pair);
	tcase_add_test(tcase, test_told);
	tcase_add_test(tcase, test_order);
	tcase_add_test(tcase, test_stalled);
	tcase_add_test(tcase, test_interrupted);
	suite_add_tcase(suite, tcase);
	return support_main(suite);
}
