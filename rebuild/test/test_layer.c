/* Layers good and hostile, made by layers.py: each rule of overlay.h, tarball.h and layer.h one row. */
#include "rebuild/layer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebuild/test/support.h"
#include "verify/basenc.h"

#define EXPANSION (UINT64_C(1) << 20)
#define FIELDS 7

static const struct overlay_limits limits = { .entries = 1000, .nodes = 4000, .text = 65536 };

static struct tarball_source source_of(struct span number, struct span compression)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "%.*s", (int)number.len, (const char *)number.at);
	struct tarball_source source = { .fd = open(path, O_RDONLY | O_CLOEXEC),
					 .compression = TARBALL_PLAIN,
					 .max = 4 * EXPANSION };
	ck_assert_msg(source.fd >= 0, "no layer %s", path);
	if (span_equal(compression, SPAN_LITERAL("gzip")))
		source.compression = TARBALL_GZIP;
	else if (span_equal(compression, SPAN_LITERAL("zstd")))
		source.compression = TARBALL_ZSTD;
	return source;
}

/* The next part of a text, up to this byte or to its end. */
static struct span cut(struct span *text, char end)
{
	const uint8_t *at = text->len > 0 ? memchr(text->at, end, text->len) : NULL;
	size_t len = at != NULL ? (size_t)(at - text->at) : text->len;
	struct span part = { NULL, 0 };
	struct span skipped;

	(void)span_take(text, len, &part);
	(void)span_take(text, 1, &skipped);
	return part;
}

/* The nth layer of a row's list. */
static struct tarball_source nth(struct span layers, size_t n, uint8_t *ret_diff_id)
{
	struct span one = cut(&layers, ' ');

	while (n-- > 0)
		one = cut(&layers, ' ');
	struct span number = cut(&one, ':');
	struct span compression = cut(&one, ':');
	ck_assert(hex_decode_exact(one, ret_diff_id, DIGEST_SHA256_LEN));
	return source_of(number, compression);
}

static size_t count(struct span layers)
{
	size_t n = 1;

	for (size_t i = 0; i < layers.len; i++)
		n += layers.at[i] == ' ' ? 1 : 0;
	return n;
}

static void find(const char *row, const struct overlay *overlay, struct span fields[])
{
	struct overlay_file file;
	uint8_t diff_id[DIGEST_SHA256_LEN];
	uint8_t sha256[DIGEST_SHA256_LEN];
	uint8_t want[DIGEST_SHA256_LEN];
	char mode[16];
	struct buf content = { 0 };
	const struct sink sink = support_sink(&content);
	enum reason wanted = support_reason(fields[4]);
	enum reason reason = overlay_find(overlay, fields[3], &file);

	if (reason == REASON_OK) {
		struct tarball_source source = nth(fields[1], file.layer, diff_id);
		reason = layer_extract(&source, diff_id, &file, &sink, sha256);
		(void)close(source.fd);
	}
	EXPECT_REASON(row, reason, wanted);
	if (reason != REASON_OK)
		return;
	ck_assert(hex_decode_exact(fields[5], want, sizeof(want)));
	EXPECT_BYTES(row, SPAN_OF(sha256), SPAN_OF(want));
	const struct span bytes = buf_span(&content);
	ck_assert(digest_sha256(&bytes, 1, sha256) == REASON_OK);
	EXPECT_BYTES(row, SPAN_OF(sha256), SPAN_OF(want));
	ck_assert_msg(content.len == file.size, "row \"%s\": another size", row);
	(void)snprintf(mode, sizeof(mode), "%o", file.mode);
	ck_assert_msg(span_equal(fields[6], SPAN_LITERAL("-")) ||
			      span_equal(fields[6], span_of_text(mode)),
		      "row \"%s\": mode %s", row, mode);
	buf_done(&content);
}

static void check_row(struct span fields[])
{
	struct overlay *overlay = overlay_new(&limits);
	uint64_t expansion = EXPANSION;
	struct trouble trouble = { .why = 0 };
	enum reason reason = REASON_OK;
	char *row = support_text(fields[0]);

	ck_assert(overlay != NULL);
	for (size_t i = 0; i < count(fields[1]) && reason == REASON_OK; i++) {
		uint8_t diff_id[DIGEST_SHA256_LEN];
		struct tarball_source source = nth(fields[1], i, diff_id);
		reason = layer_read(&source, diff_id, &expansion, overlay, &trouble);
		(void)close(source.fd);
	}
	EXPECT_REASON(row, reason, support_reason(fields[2]));
	if (reason == REASON_OK)
		find(row, overlay, fields);
	overlay_free(overlay);
	free(row);
}

static void make(void)
{
	const char *top = getenv("TOP");
	char script[4352];

	(void)snprintf(script, sizeof(script), "python3 '%s/rebuild/test/layers.py' .",
		       top != NULL ? top : ".");
	support_enter();
	support_sh(script);
}

START_TEST(test_rows)
{
	struct span fields[FIELDS];
	size_t n = 0;

	make();
	struct buf table = support_read("cases.tsv");
	struct span text = buf_span(&table);
	size_t step = support_thin(3);
	while (support_row(&text, fields, FIELDS)) {
		if (n++ % step == 0)
			check_row(fields);
	}
	ck_assert_msg(n > 140, "only %zu rows", n);
	buf_done(&table);
	support_leave();
}
END_TEST

/* A layer that is another one by the time that a file is taken from it. */
START_TEST(test_changed)
{
	struct span fields[FIELDS];
	uint8_t diff_id[DIGEST_SHA256_LEN];
	uint8_t sha256[DIGEST_SHA256_LEN];
	struct overlay_file file = { .ordinal = 0, .size = 6 };
	struct overlay_file beyond = { .ordinal = 7, .size = 6 };
	struct overlay_file other = { .ordinal = 0, .size = 7 };

	make();
	struct buf table = support_read("cases.tsv");
	struct span text = buf_span(&table);
	ck_assert(support_row(&text, fields, FIELDS));
	struct tarball_source source = nth(fields[1], 0, diff_id);
	EXPECT_REASON("as it was", layer_extract(&source, diff_id, &file, NULL, sha256), REASON_OK);
	(void)lseek(source.fd, 0, SEEK_SET);
	diff_id[0] ^= 1;
	EXPECT_REASON("changed", layer_extract(&source, diff_id, &file, NULL, sha256),
		      REASON_LAYER_DIFF_ID);
	diff_id[0] ^= 1;
	(void)lseek(source.fd, 0, SEEK_SET);
	EXPECT_REASON("fewer entries", layer_extract(&source, diff_id, &beyond, NULL, sha256),
		      REASON_LAYER_DIFF_ID);
	(void)lseek(source.fd, 0, SEEK_SET);
	EXPECT_REASON("another entry", layer_extract(&source, diff_id, &other, NULL, sha256),
		      REASON_LAYER_DIFF_ID);
	(void)close(source.fd);
	buf_done(&table);
	support_leave();
}
END_TEST

START_TEST(test_interrupted)
{
	static const volatile sig_atomic_t yes = 1;
	const struct tarball_source source = { .fd = open("/dev/zero", O_RDONLY | O_CLOEXEC),
					       .max = EXPANSION,
					       .interrupted = &yes };
	const struct tarball_source folder = { .fd = open(".", O_RDONLY | O_CLOEXEC),
					       .max = EXPANSION };
	struct overlay *overlay = overlay_new(&overlay_usual_limits);
	uint64_t expansion = EXPANSION;
	const uint8_t diff_id[DIGEST_SHA256_LEN] = { 0 };
	struct trouble trouble = { .why = 0 };

	EXPECT_REASON("a signal", layer_read(&source, diff_id, &expansion, overlay, &trouble),
		      REASON_INTERRUPTED);
	EXPECT_REASON("a folder", layer_read(&folder, diff_id, &expansion, overlay, &trouble),
		      REASON_FILE_UNREADABLE);
	(void)close(source.fd);
	(void)close(folder.fd);
	overlay_free(overlay);
}
END_TEST

/* Entries of a name that the layer has already are counted; a directory over itself, too. */
START_TEST(test_doubled)
{
	static const char *const names[] = { "f", "f", "d/", "d/x", "./d" };
	struct overlay *overlay = overlay_new(&overlay_usual_limits);
	struct trouble trouble = { .why = 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct tarball_entry entry = {
			.type = names[i][0] == 'f' || names[i][2] == 'x' ? TARBALL_FILE :
									   TARBALL_DIRECTORY,
			.name = span_of_text(names[i]),
		};
		EXPECT_REASON(names[i], overlay_add(overlay, &entry), REASON_OK);
	}
	EXPECT_REASON("apply", overlay_apply(overlay, &trouble), REASON_OK);
	ck_assert_uint_eq(overlay_doubled(overlay), 2);
	overlay_free(overlay);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("layer");

	support_add(suite, "rows", test_rows);
	support_add(suite, "changed", test_changed);
	support_add(suite, "interrupted", test_interrupted);
	support_add(suite, "doubled", test_doubled);
	return support_main(suite);
}
