#include "verify/eif.h"

#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/test/eifmint.h"

#define SECTION(i) (0x01c + 8 * (i))
#define SIZE(i) (0x11c + 8 * (i))

/* What a sink saw, written down as text with the data between. */
struct seen {
	struct buf log;
	unsigned calls;
	unsigned stop_at; /* the call that gives a reason of its own; 0: none */
};

static enum reason called(struct seen *seen)
{
	return ++seen->calls == seen->stop_at ? REASON_CRYPTO_FAILED : REASON_OK;
}

static enum reason on_begin(void *context, const struct eif_section *section)
{
	struct seen *seen = context;

	buf_printf(&seen->log, "<%s %llu %llu:", eif_type_name(section->type),
		   (unsigned long long)section->offset, (unsigned long long)section->size);
	return called(seen);
}

static enum reason on_data(void *context, struct span bytes)
{
	struct seen *seen = context;

	ck_assert_uint_gt(bytes.len, 0);
	buf_add(&seen->log, bytes);
	return called(seen);
}

static enum reason on_end(void *context)
{
	struct seen *seen = context;

	buf_text(&seen->log, ">");
	return called(seen);
}

/* Feeds in pieces of this size, each on the heap and exactly as long. */
static enum reason read_in(struct span image, size_t piece, uint16_t flags, struct seen *seen,
			   struct eif *ret, uint64_t *reterr_at)
{
	const struct eif_rules rules = { flags };
	const struct eif_sink sink = { seen, on_begin, on_data, on_end };
	struct eif_reader reader;
	struct span part;

	eif_start(&reader, &rules, &sink);
	while (image.len > 0) {
		ck_assert(span_take(&image, image.len < piece ? image.len : piece, &part));
		uint8_t *exact = support_exact(part);
		enum reason reason = eif_feed(&reader, (struct span){ exact, part.len });
		free(exact);
		if (reason != REASON_OK)
			break;
	}
	return eif_finish(&reader, ret, reterr_at);
}

static enum reason read_whole(struct span image, struct eif *ret, uint64_t *reterr_at)
{
	struct seen seen = { 0 };

	enum reason reason =
		read_in(image, image.len > 0 ? image.len : 1, 0, &seen, ret, reterr_at);
	buf_done(&seen.log);
	return reason;
}

START_TEST(test_usual)
{
	struct buf image = eifmint_usual((struct span){ NULL, 0 });
	struct eif eif = { 0 };
	uint64_t at = 0;

	EXPECT_REASON("usual", read_whole(buf_span(&image), &eif, &at), REASON_OK);
	ck_assert(eif_crc_ok(&eif));
	ck_assert_uint_eq(eif.version, 4);
	ck_assert_uint_eq(eif.flags, 0);
	ck_assert_uint_eq(eif.default_mem, 1 << 30);
	ck_assert_uint_eq(eif.default_cpus, 2);
	ck_assert_uint_eq(eif.n_sections, 5);
	ck_assert_uint_eq(eif.size, image.len);
	ck_assert_int_eq(eif.sections[0].type, EIF_KERNEL);
	ck_assert_uint_eq(eif.sections[0].offset, 560);
	ck_assert_uint_eq(eif.sections[0].size, 9);
	ck_assert_int_eq(eif.sections[4].type, EIF_RAMDISK);
	buf_done(&image);
}
END_TEST

/* One field of the usual image is another, the checksum right. */
START_TEST(test_fields)
{
	static const struct {
		const char *row;
		size_t at, n;
		uint64_t value;
		enum reason want;
		uint64_t fault;
	} rows[] = {
		{ "magic", 0, 4, 0x2e656967, REASON_EIF_MAGIC, 0 },
		{ "version 0", 4, 2, 0, REASON_EIF_VERSION, 4 },
		{ "version 1", 4, 2, 1, REASON_EIF_VERSION, 4 },
		{ "version 5", 4, 2, 5, REASON_EIF_VERSION, 4 },
		{ "version 1024", 4, 2, 0x400, REASON_EIF_VERSION, 4 },
		{ "arm64", 6, 2, 1, REASON_OK, 0 },
		{ "flag 1", 6, 2, 2, REASON_EIF_FLAGS, 6 },
		{ "Bottlerocket", 6, 2, 0x240, REASON_EIF_FLAGS, 6 },
		{ "highest flag", 6, 2, 0x8000, REASON_EIF_FLAGS, 6 },
		{ "memory", 8, 8, UINT64_MAX, REASON_OK, 0 },
		{ "cpus", 16, 8, 0, REASON_OK, 0 },
		{ "reserved", 0x18, 2, 1, REASON_EIF_RESERVED, 0x18 },
		{ "unused", 0x21c, 4, 0x80000000, REASON_EIF_RESERVED, 0x21c },
		{ "no section", 0x1a, 2, 0, REASON_EIF_SECTION_COUNT, 0x1a },
		{ "one section", 0x1a, 2, 1, REASON_EIF_SECTION_COUNT, 0x1a },
		{ "33 sections", 0x1a, 2, 33, REASON_EIF_SECTION_COUNT, 0x1a },
		{ "65535 sections", 0x1a, 2, 65535, REASON_EIF_SECTION_COUNT, 0x1a },
		{ "count lowered", 0x1a, 2, 4, REASON_EIF_TABLE, SECTION(4) },
		{ "count raised", 0x1a, 2, 6, REASON_EIF_TABLE, SECTION(5) },
		{ "first offset", SECTION(0), 8, 549, REASON_EIF_TABLE, SECTION(0) },
		{ "offset 0", SECTION(1), 8, 0, REASON_EIF_TABLE, SECTION(1) },
		{ "offset of the section before", SECTION(1), 8, 548, REASON_EIF_TABLE,
		  SECTION(1) },
		{ "offset in data", SECTION(4), 8, 900, REASON_EIF_TABLE, SECTION(4) },
		{ "offset 2^64-1", SECTION(4), 8, UINT64_MAX, REASON_EIF_TABLE, SECTION(4) },
		{ "unused offset", SECTION(5), 8, 1, REASON_EIF_TABLE, SECTION(5) },
		{ "last unused offset", SECTION(31), 8, 1, REASON_EIF_TABLE, SECTION(31) },
		{ "unused size", SIZE(5), 8, 1, REASON_EIF_TABLE, SIZE(5) },
		{ "last unused size", SIZE(31), 8, 1, REASON_EIF_TABLE, SIZE(31) },
		{ "size of the kernel", SIZE(0), 8, 10, REASON_EIF_TABLE, SECTION(1) },
		{ "size 2^64-1 of the kernel", SIZE(0), 8, UINT64_MAX, REASON_EIF_TABLE,
		  SECTION(1) },
		{ "a sum of exactly 2^64", SIZE(0), 8, UINT64_MAX - 559, REASON_EIF_TABLE,
		  SECTION(1) },
		{ "size 2^64-1 of the last", SIZE(4), 8, UINT64_MAX, REASON_EIF_TOO_LARGE,
		  SIZE(4) },
		{ "16 GiB in the last", SIZE(4), 8, EIF_SIZE_MAX, REASON_EIF_TOO_LARGE, SIZE(4) },
		{ "size of the last", SIZE(4), 8, 1, REASON_EIF_SECTION_SIZE, 0 },
		{ "type 0", 548, 2, 0, REASON_EIF_SECTION_TYPE, 548 },
		{ "type 6", 548, 2, 6, REASON_EIF_SECTION_TYPE, 548 },
		{ "type 259", 548, 2, 0x103, REASON_EIF_SECTION_TYPE, 548 },
		{ "section flags", 550, 2, 1, REASON_EIF_SECTION_FLAGS, 550 },
		{ "section size", 552, 8, 8, REASON_EIF_SECTION_SIZE, 552 },
		{ "section size 2^64-1", 552, 8, UINT64_MAX, REASON_EIF_SECTION_SIZE, 552 },
		{ "kernel as ramdisk", 548, 2, 3, REASON_EIF_MISSING_SECTION, 0 },
		{ "metadata in version 3", 4, 2, 3, REASON_EIF_SECTION_TYPE, 598 },
		{ "NUL in the command line", 581 + 4, 1, 0, REASON_EIF_CMDLINE_NUL, 585 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf image = eifmint_usual((struct span){ NULL, 0 });
		struct eif eif = { .size = 77 };
		uint64_t at = 0;
		eifmint_put(&image, rows[i].at, rows[i].n, rows[i].value);
		eifmint_seal(&image);
		EXPECT_REASON(rows[i].row, read_whole(buf_span(&image), &eif, &at), rows[i].want);
		if (rows[i].want != REASON_OK)
			ck_assert_msg(eif.size == 77, "row \"%s\": written", rows[i].row);
		ck_assert_msg(rows[i].fault == 0 || at == rows[i].fault, "row \"%s\": at %llu",
			      rows[i].row, (unsigned long long)at);
		buf_done(&image);
	}
}
END_TEST

/* Other sets of sections: each letter one. Data are the letter, but for e (an empty kernel) and
 * r (an empty ramdisk). */
START_TEST(test_sections)
{
	static const struct {
		const char *sections;
		unsigned version;
		enum reason want;
	} rows[] = {
		{ "KCMR", 4, REASON_OK },
		{ "KCRM", 4, REASON_OK },
		{ "MKCR", 4, REASON_OK },
		{ "SMKCRR", 4, REASON_OK },
		{ "KMCRSRR", 4, REASON_OK },
		{ "KCMr", 4, REASON_OK },
		{ "KCMRrR", 4, REASON_OK },
		{ "KCMRRRRRRRRRRRRRRRRRRRRRRRRRRRRR", 4, REASON_OK },
		{ "KCR", 3, REASON_OK },
		{ "KCRS", 3, REASON_OK },
		{ "KCR", 2, REASON_OK },
		{ "KCRS", 2, REASON_EIF_SECTION_TYPE },
		{ "KCMR", 2, REASON_EIF_SECTION_TYPE },
		{ "KCMR", 3, REASON_EIF_SECTION_TYPE },
		{ "KCR", 4, REASON_EIF_MISSING_SECTION },
		{ "KCM", 4, REASON_EIF_MISSING_SECTION },
		{ "CMR", 4, REASON_EIF_MISSING_SECTION },
		{ "KMR", 4, REASON_EIF_MISSING_SECTION },
		{ "KKCMR", 4, REASON_EIF_DUPLICATE_SECTION },
		{ "KCCMR", 4, REASON_EIF_DUPLICATE_SECTION },
		{ "KCMMR", 4, REASON_EIF_DUPLICATE_SECTION },
		{ "KCMRSS", 4, REASON_EIF_DUPLICATE_SECTION },
		{ "CKMR", 4, REASON_EIF_ORDER },
		{ "KMRC", 4, REASON_EIF_ORDER },
		{ "RKCM", 4, REASON_EIF_ORDER },
		{ "KRCMR", 4, REASON_EIF_ORDER },
		{ "eCMR", 4, REASON_EIF_EMPTY_KERNEL },
	};
	static const char letters[] = "KCRSMer";
	static const unsigned types[] = { 1, 2, 3, 4, 5, 1, 3 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct eifmint_section sections[32];
		size_t n = strlen(rows[i].sections);
		struct eif eif;
		uint64_t at = 0;
		for (size_t s = 0; s < n; s++) {
			const char *letter = strchr(letters, rows[i].sections[s]);
			ck_assert_msg(letter != NULL, "%s", rows[i].sections);
			bool empty = *letter >= 'a';
			sections[s] = (struct eifmint_section){
				types[letter - letters], { (const uint8_t *)letter, empty ? 0 : 1 }
			};
		}
		struct buf image = eifmint(rows[i].version, 0, sections, n);
		EXPECT_REASON(rows[i].sections, read_whole(buf_span(&image), &eif, &at),
			      rows[i].want);
		buf_done(&image);
	}
}
END_TEST

START_TEST(test_pieces)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 11, 12, 13, 547, 548, 549, 560, 561, 4096 };
	struct buf image = eifmint_usual(SPAN_LITERAL("\x80"));
	struct seen whole = { 0 };
	struct eif eif;
	uint64_t at = 0;

	EXPECT_REASON("whole", read_in(buf_span(&image), image.len, 0, &whole, &eif, &at),
		      REASON_OK);
	ck_assert(strstr((const char *)whole.log.at,
			 "<kernel 560 9:MZ kernel><cmdline 581 17:"
			 "reboot=k panic=30><metadata 610 ") == (const char *)whole.log.at);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct seen seen = { 0 };
		EXPECT_REASON("pieces", read_in(buf_span(&image), pieces[i], 0, &seen, &eif, &at),
			      REASON_OK);
		ck_assert(eif_crc_ok(&eif));
		EXPECT_BYTES("pieces", buf_span(&seen.log), buf_span(&whole.log));
		buf_done(&seen.log);
	}
	buf_done(&whole.log);
	buf_done(&image);
}
END_TEST

START_TEST(test_truncated)
{
	struct buf image = eifmint_usual((struct span){ NULL, 0 });
	struct eif eif;
	uint64_t at = 0;

	for (size_t n = 0; n < image.len; n += support_thin(13)) {
		at = UINT64_MAX;
		EXPECT_REASON("truncated", read_whole((struct span){ image.at, n }, &eif, &at),
			      n < 4 ? REASON_EIF_MAGIC : REASON_EIF_TRUNCATED);
		ck_assert_uint_eq(at, n < 4 ? 0 : n);
	}
	EXPECT_REASON("text", read_whole(SPAN_LITERAL("hello\n"), &eif, &at), REASON_EIF_MAGIC);
	buf_done(&image);
}
END_TEST

START_TEST(test_trailing)
{
	struct buf image = eifmint_usual((struct span){ NULL, 0 });
	size_t len = image.len;
	struct eif eif;
	uint64_t at = 0;

	for (size_t n = 1; n <= 24; n++) {
		buf_byte(&image, 0);
		eifmint_seal(&image);
		EXPECT_REASON("trailing", read_whole(buf_span(&image), &eif, &at),
			      REASON_EIF_TRAILING);
		ck_assert_uint_eq(at, len);
	}
	buf_done(&image);
}
END_TEST

/* No byte may change unnoticed: a checksum finds each. */
START_TEST(test_every_byte)
{
	struct buf image = eifmint_usual(SPAN_LITERAL("\x80"));
	struct eif eif;
	uint64_t at = 0;

	for (size_t i = 0; i < image.len; i += support_thin(7)) {
		image.at[i] ^= (uint8_t)(1U << (i % 8));
		bool accepted =
			read_whole(buf_span(&image), &eif, &at) == REASON_OK && eif_crc_ok(&eif);
		ck_assert_msg(!accepted, "byte %zu", i);
		image.at[i] ^= (uint8_t)(1U << (i % 8));
	}
	buf_done(&image);
}
END_TEST

START_TEST(test_flags)
{
	static const struct {
		uint16_t flags, pinned;
		enum reason want;
	} rows[] = {
		{ 0x240, 0x240, REASON_OK },        { 0x241, 0x240, REASON_OK },
		{ 0, 0x240, REASON_EIF_FLAGS },     { 1, 0x240, REASON_EIF_FLAGS },
		{ 0x40, 0x240, REASON_EIF_FLAGS },  { 0x200, 0x240, REASON_EIF_FLAGS },
		{ 0x242, 0x240, REASON_EIF_FLAGS }, { 0xffff, 0xfffe, REASON_OK },
	};
	struct buf image = eifmint_usual((struct span){ NULL, 0 });

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen seen = { 0 };
		struct eif eif;
		uint64_t at = 0;
		eifmint_put(&image, 6, 2, rows[i].flags);
		eifmint_seal(&image);
		EXPECT_REASON(
			"flags",
			read_in(buf_span(&image), image.len, rows[i].pinned, &seen, &eif, &at),
			rows[i].want);
		buf_done(&seen.log);
	}
	buf_done(&image);
}
END_TEST

/* A sink that gives up ends the reading with its own reason. */
START_TEST(test_sink)
{
	struct buf image = eifmint_usual((struct span){ NULL, 0 });

	for (unsigned call = 1; call <= 15; call++) {
		struct seen seen = { .stop_at = call };
		struct eif eif;
		uint64_t at = 0;
		EXPECT_REASON("sink", read_in(buf_span(&image), image.len, 0, &seen, &eif, &at),
			      REASON_CRYPTO_FAILED);
		ck_assert_uint_eq(seen.calls, call);
		buf_done(&seen.log);
	}
	buf_done(&image);
}
END_TEST

/* Nobody has to listen. */
START_TEST(test_no_sink)
{
	static const struct eif_rules rules = { 0 };
	static const struct eif_sink nobody = { .context = NULL };
	struct buf image = eifmint_usual((struct span){ NULL, 0 });
	struct eif_reader reader;
	struct eif eif;
	uint64_t at = 0;

	eif_start(&reader, &rules, &nobody);
	EXPECT_REASON("feed", eif_feed(&reader, buf_span(&image)), REASON_OK);
	EXPECT_REASON("finish", eif_finish(&reader, &eif, &at), REASON_OK);
	EXPECT_REASON("more", eif_feed(&reader, SPAN_LITERAL("x")), REASON_EIF_TRAILING);
	EXPECT_REASON("sticks", eif_finish(&reader, &eif, &at), REASON_EIF_TRAILING);
	buf_done(&image);
}
END_TEST

START_TEST(test_checksum)
{
	struct buf image = eifmint_usual((struct span){ NULL, 0 });
	struct eif eif;
	uint64_t at = 0;

	eifmint_put(&image, EIF_CRC_OFFSET, 4, 0xdeadbeef);
	EXPECT_REASON("checksum", read_whole(buf_span(&image), &eif, &at), REASON_OK);
	ck_assert(!eif_crc_ok(&eif));
	ck_assert_uint_eq(eif.crc, 0xdeadbeef);
	eifmint_seal(&image);
	ck_assert_mem_eq(
		image.at + EIF_CRC_OFFSET,
		((uint8_t[]){ (uint8_t)(eif.crc_computed >> 24), (uint8_t)(eif.crc_computed >> 16),
			      (uint8_t)(eif.crc_computed >> 8), (uint8_t)eif.crc_computed }),
		4);
	buf_done(&image);
}
END_TEST

/* Images that AWS's tools made. */
START_TEST(test_peers)
{
	static const struct {
		const char *name;
		enum reason want;
	} rows[] = {
		{ "eif/peer_signed.eif", REASON_OK },
		{ "eif/peer_unsigned.eif", REASON_OK },
		{ "eif/upstream_resigned_size_mismatch.eif", REASON_EIF_SECTION_SIZE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf image = { 0 };
		struct eif eif = { .crc = 1 };
		uint64_t at = 0;
		if (!support_shared("eif/peers", rows[i].name, &image))
			return;
		EXPECT_REASON(rows[i].name, read_whole(buf_span(&image), &eif, &at), rows[i].want);
		ck_assert(rows[i].want != REASON_OK || eif_crc_ok(&eif));
		buf_done(&image);
	}
}
END_TEST

START_TEST(test_names)
{
	static const char *const names[] = { "unknown",   "kernel",   "cmdline", "ramdisk",
					     "signature", "metadata", "unknown" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_str_eq(eif_type_name((enum eif_type)i), names[i]);
		ck_assert_int_eq(eif_type_is_measured((enum eif_type)i), i >= 1 && i <= 3);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("eif");

	support_add(suite, "usual", test_usual);
	support_add(suite, "fields", test_fields);
	support_add(suite, "sections", test_sections);
	support_add(suite, "pieces", test_pieces);
	support_add(suite, "truncated", test_truncated);
	support_add(suite, "trailing", test_trailing);
	support_add(suite, "every byte", test_every_byte);
	support_add(suite, "flags", test_flags);
	support_add(suite, "sink", test_sink);
	support_add(suite, "no sink", test_no_sink);
	support_add(suite, "checksum", test_checksum);
	support_add(suite, "peers", test_peers);
	support_add(suite, "names", test_names);
	return support_main(suite);
}
