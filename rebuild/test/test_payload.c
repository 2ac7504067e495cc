#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "rebuild/payload.h"
#include "rebuild/rawstream.h"
#include "rebuild/test/support.h"

#define CONTENT_LEN 588895 /* of seq 100000, which is the content of every payload */

/* `len` makes the length that the kernel's build puts behind: $n, little-endian. */
static const char made[] =
	"seq 100000 >in; n=$(stat -c %s in)\n"
	"le() { printf \"\\\\$(printf %03o $(($1 & 255)))\\\\$(printf %03o $(($1 >> 8 & 255)))"
	"\\\\$(printf %03o $(($1 >> 16 & 255)))\\\\$(printf %03o $(($1 >> 24 & 255)))\"; }\n"
	"xz --check=crc32 --x86 --lzma2=dict=32MiB -c <in >xz\n"
	"xz --block-size=100000 -T1 -c <in >xz-blocks\n"
	"xz --format=lzma -1 -c <in >lzma; bzip2 -1 -c <in >bz2\n"
	"zstd -q -1 --ultra -c <in >zst; lz4 -q -l -c <in >lz4; gzip -n -1 -c <in >gz\n"
	"le $n >len; le $((n + 1)) >wrong\n"
	"for f in xz xz-blocks lzma bz2 zst lz4; do\n"
	"  cat $f len >$f+; cat $f wrong >$f-wrong; cat $f len len >$f-twice\n"
	"  head -c 9000 $f >$f-cut; { cat $f-cut; le $n; } >$f-cut+; head -c 3 $f >$f-head\n"
	"  cp $f $f-flip; printf '\\377\\377\\377\\377' | dd of=$f-flip bs=1 seek=5000 conv=notrunc status=none\n"
	"done\n"
	"cat in len >plain; cat gz len >gz-junk; head -c 9000 gz >gz-cut; head -c -1 gz >gz-end\n"
	"xz -0 -c <xz >xz-in-xz\n"
	"printf '\\135\\000\\000\\000\\100' >huge; tail -c +6 lzma >>huge\n"
	"printf '\\211LZO\\000\\r\\n\\032\\n123456' >lzo; echo no kernel >text\n";

static enum reason read_file(const char *path, uint64_t max, struct innards *ret,
			     enum payload_format *ret_format, enum reason *ret_form)
{
	struct buf content = support_read(path);
	const struct span all = buf_span(&content);
	const struct eif_section section = { .type = EIF_KERNEL, .size = content.len };
	struct span head = { content.at,
			     content.len < PAYLOAD_HEAD_LEN ? content.len : PAYLOAD_HEAD_LEN };
	uint8_t sha384[DIGEST_SHA384_LEN];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	EXPECT_REASON(path, digest_sha384(&all, 1, sha384), REASON_OK);
	const struct catalog_source source = { fd, &section, sha384, NULL };
	*ret_format = payload_format_of(head);
	enum reason reason = payload_read(&source, *ret_format, max, ret, ret_form);
	(void)close(fd);
	buf_done(&content);
	return reason;
}

static const struct {
	const char *file;
	const char *format;
	enum reason want;
} rows[] = {
	{ "xz+", "xz", REASON_OK },
	{ "xz", "xz", REASON_OK },
	{ "xz-blocks+", "xz", REASON_OK },
	{ "xz-wrong", "xz", REASON_PAYLOAD_BROKEN },
	{ "xz-twice", "xz", REASON_PAYLOAD_BROKEN },
	{ "xz-cut", "xz", REASON_PAYLOAD_BROKEN },
	{ "xz-cut+", "xz", REASON_PAYLOAD_BROKEN },
	{ "xz-flip", "xz", REASON_PAYLOAD_BROKEN },
	{ "lzma+", "lzma", REASON_OK },
	{ "lzma", "lzma", REASON_OK },
	{ "lzma-wrong", "lzma", REASON_PAYLOAD_BROKEN },
	{ "lzma-twice", "lzma", REASON_PAYLOAD_BROKEN },
	{ "lzma-cut", "lzma", REASON_PAYLOAD_BROKEN },
	{ "lzma-cut+", "lzma", REASON_PAYLOAD_BROKEN },
	{ "lzma-head", "lzma", REASON_PAYLOAD_BROKEN },
	{ "huge", "lzma", REASON_PAYLOAD_EXPANSION },
	{ "bz2+", "bzip2", REASON_OK },
	{ "bz2", "bzip2", REASON_OK },
	{ "bz2-wrong", "bzip2", REASON_PAYLOAD_BROKEN },
	{ "bz2-twice", "bzip2", REASON_PAYLOAD_BROKEN },
	{ "bz2-cut", "bzip2", REASON_PAYLOAD_BROKEN },
	{ "bz2-cut+", "bzip2", REASON_PAYLOAD_BROKEN },
	{ "bz2-flip", "bzip2", REASON_PAYLOAD_BROKEN },
	{ "bz2-head", "bzip2", REASON_PAYLOAD_BROKEN },
	{ "zst+", "zstd", REASON_OK },
	{ "zst", "zstd", REASON_OK },
	{ "zst-wrong", "zstd", REASON_PAYLOAD_BROKEN },
	{ "zst-twice", "zstd", REASON_PAYLOAD_BROKEN },
	{ "zst-cut", "zstd", REASON_PAYLOAD_BROKEN },
	{ "zst-cut+", "zstd", REASON_PAYLOAD_BROKEN },
	{ "zst-flip", "zstd", REASON_PAYLOAD_BROKEN },
	{ "lz4+", "lz4", REASON_OK },
	{ "lz4", "lz4", REASON_OK },
	{ "lz4-wrong", "lz4", REASON_PAYLOAD_BROKEN },
	{ "lz4-twice", "lz4", REASON_PAYLOAD_BROKEN },
	{ "lz4-cut", "lz4", REASON_PAYLOAD_BROKEN },
	{ "lz4-cut+", "lz4", REASON_PAYLOAD_BROKEN },
	{ "gz", "gzip", REASON_OK },
	{ "gz-cut", "gzip", REASON_GZIP_TRUNCATED },
	{ "gz-end", "gzip", REASON_GZIP_TRUNCATED },
	{ "lzo", "lzo", REASON_PAYLOAD_FORMAT },
	{ "text", "unknown", REASON_PAYLOAD_FORMAT },
};

/* What the compressors of this system make. */
START_TEST(formats)
{
	struct innards seen = { 0 };
	enum payload_format format;
	enum reason form;
	uint8_t sha256[DIGEST_SHA256_LEN];

	support_enter();
	support_sh(made);
	struct buf content = support_read("in");
	const struct span all = buf_span(&content);
	ck_assert_uint_eq(all.len, CONTENT_LEN);
	EXPECT_REASON("in", digest_sha256(&all, 1, sha256), REASON_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EXPECT_REASON(rows[i].file,
			      read_file(rows[i].file, CONTENT_LEN, &seen, &format, &form),
			      REASON_OK);
		EXPECT_REASON(rows[i].file, form, rows[i].want);
		ck_assert_str_eq(payload_format_name(format), rows[i].format);
		if (form != REASON_OK)
			continue;
		ck_assert_uint_eq(seen.len, CONTENT_LEN);
		EXPECT_BYTES(rows[i].file, SPAN_OF(seen.sha256), SPAN_OF(sha256));
		innards_done(&seen);
		/* one byte less is too much */
		EXPECT_REASON(rows[i].file,
			      read_file(rows[i].file, CONTENT_LEN - 1, &seen, &format, &form),
			      REASON_OK);
		EXPECT_REASON(rows[i].file, form, REASON_PAYLOAD_EXPANSION);
	}
	/* of a stream in a stream the outer one is decoded; what is behind a member counts */
	EXPECT_REASON("twice", read_file("xz-in-xz", CONTENT_LEN, &seen, &format, &form),
		      REASON_OK);
	EXPECT_REASON("twice", form, REASON_OK);
	ck_assert_uint_lt(seen.len, CONTENT_LEN);
	innards_done(&seen);
	EXPECT_REASON("junk", read_file("gz-junk", CONTENT_LEN, &seen, &format, &form), REASON_OK);
	EXPECT_REASON("junk", form, REASON_OK);
	ck_assert_uint_eq(seen.len, CONTENT_LEN);
	ck_assert(!span_equal(SPAN_OF(seen.sha256), SPAN_OF(sha256)));
	innards_done(&seen);
	buf_done(&content);
	support_leave();
}
END_TEST

struct pieces {
	struct span left;
	enum reason reason;
	size_t step;
};

static enum reason next(void *from, struct span *ret)
{
	struct pieces *pieces = from;

	*ret = (struct span){ NULL, 0 };
	if (pieces->left.len == 0)
		return pieces->reason;
	(void)span_take(&pieces->left,
			pieces->left.len < pieces->step ? pieces->left.len : pieces->step, ret);
	return REASON_OK;
}

/* Pieces of any size; reasons of source and sink come out as they are. */
START_TEST(pieces_of_any_size)
{
	static const struct {
		const char *file;
		enum rawstream_format format;
	} streams[] = {
		{ "xz", RAWSTREAM_XZ },    { "lzma", RAWSTREAM_LZMA }, { "bz2", RAWSTREAM_BZIP2 },
		{ "zst", RAWSTREAM_ZSTD }, { "lz4", RAWSTREAM_LZ4 },
	};
	static const size_t steps[] = { 1, 4099, SIZE_MAX };

	support_enter();
	support_sh(made);
	struct buf in = support_read("in");
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		struct buf packed = support_read(streams[i].file);
		struct buf out = { 0 };
		const struct sink sink = support_sink(&out);
		for (size_t k = support_is_slow() ? 1 : 0; k < 3; k++) {
			struct pieces pieces = { buf_span(&packed), REASON_OK, steps[k] };
			const struct rawsource source = { next, &pieces };
			out.len = 0;
			EXPECT_REASON(streams[i].file,
				      rawstream_pour(streams[i].format, &source, &sink), REASON_OK);
			EXPECT_BYTES(streams[i].file, buf_span(&out), buf_span(&in));
			/* the other decoders */
			struct pieces again = { buf_span(&packed), REASON_OK, steps[k] };
			const struct rawsource wrong = { next, &again };
			ck_assert_int_ne(rawstream_pour(streams[(i + 1) % 5].format, &wrong, &sink),
					 REASON_OK);
		}
		struct pieces failing = { { packed.at, 5000 }, REASON_FILE_UNREADABLE, 100 };
		const struct rawsource source = { next, &failing };
		EXPECT_REASON(streams[i].file, rawstream_pour(streams[i].format, &source, &sink),
			      REASON_FILE_UNREADABLE);
		buf_done(&packed);
		buf_done(&out);
	}
	buf_done(&in);
	support_leave();
}
END_TEST

/* The first block of an xz stream asks for this dictionary; nothing else is right about it. */
START_TEST(dictionaries)
{
	static const struct {
		const char *name;
		uint8_t flags;
		uint8_t rest[12];
		enum reason want;
	} blocks[] = {
		{ "256 MiB", 0x00, { 0x21, 1, 32 }, REASON_PAYLOAD_BROKEN },
		{ "384 MiB", 0x00, { 0x21, 1, 33 }, REASON_PAYLOAD_EXPANSION },
		{ "4 GiB", 0x00, { 0x21, 1, 40 }, REASON_PAYLOAD_EXPANSION },
		{ "more than there is", 0x00, { 0x21, 1, 41 }, REASON_PAYLOAD_BROKEN },
		{ "behind sizes",
		  0xc0,
		  { 0x80, 1, 0x81, 2, 0x21, 1, 40 },
		  REASON_PAYLOAD_EXPANSION },
		{ "behind a filter", 0x01, { 4, 0, 0x21, 1, 40 }, REASON_PAYLOAD_EXPANSION },
		{ "behind another",
		  0x01,
		  { 4, 4, 0, 0, 0, 0, 0x21, 1, 40 },
		  REASON_PAYLOAD_EXPANSION },
		{ "a filter too long", 0x01, { 4, 200, 0x21, 1, 40 }, REASON_PAYLOAD_BROKEN },
		{ "none", 0x00, { 4, 0 }, REASON_PAYLOAD_BROKEN },
	};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		struct buf stream = { 0 };
		struct buf out = { 0 };
		const struct sink sink = support_sink(&out);
		buf_add(&stream, SPAN_LITERAL("\xfd"
					      "7zXZ\0\0\1\x69\x22\xde\x36\3"));
		buf_byte(&stream, blocks[i].flags);
		buf_add(&stream, SPAN_OF(blocks[i].rest));
		struct pieces pieces = { buf_span(&stream), REASON_OK, SIZE_MAX };
		const struct rawsource source = { next, &pieces };
		EXPECT_REASON(blocks[i].name, rawstream_pour(RAWSTREAM_XZ, &source, &sink),
			      blocks[i].want);
		buf_done(&stream);
		buf_done(&out);
	}
}
END_TEST

/* A payload that is no longer what it was: also when a decoder stops before. */
START_TEST(changed)
{
	static const char *const files[] = { "xz+", "gz", "xz-cut", "zst", "text" };
	static const uint8_t zeros[DIGEST_SHA384_LEN];

	support_enter();
	support_sh(made);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct buf content = support_read(files[i]);
		const struct eif_section section = { .type = EIF_KERNEL, .size = content.len };
		struct innards seen = { 0 };
		enum reason form;
		int fd = open(files[i], O_RDONLY | O_CLOEXEC);
		const struct catalog_source source = { fd, &section, zeros, NULL };
		const struct span head = { content.at, 8 };
		EXPECT_REASON(
			files[i],
			payload_read(&source, payload_format_of(head), CONTENT_LEN, &seen, &form),
			REASON_CHANGED_WHILE_READING);
		(void)close(fd);
		buf_done(&content);
	}
	support_leave();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("payload");

	support_add(suite, "formats", formats);
	support_add(suite, "pieces", pieces_of_any_size);
	support_add(suite, "dictionaries", dictionaries);
	support_add(suite, "changed", changed);
	return support_main(suite);
}
