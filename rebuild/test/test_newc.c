#include <stdlib.h>
#include <string.h>

#include "rebuild/newc.h"
#include "rebuild/test/support.h"

/* Everything that a reader tells, as text. */
static enum reason on_entry(void *of, const struct newc_entry *entry)
{
	struct buf *log = of;

	buf_printf(log, "%o %u %u ", entry->mode, entry->nlink, entry->size);
	buf_escaped(log, entry->name);
	buf_text(log, ">");
	buf_escaped(log, entry->target);
	buf_text(log, ":");
	return REASON_OK;
}

static enum reason on_data(void *of, struct span bytes)
{
	buf_escaped(of, bytes);
	return REASON_OK;
}

static enum reason on_end(void *of)
{
	buf_text(of, ";");
	return REASON_OK;
}

static enum reason on_trailer(void *of)
{
	buf_text(of, "END");
	return REASON_OK;
}

/* Reads one archive in pieces of `step` bytes. */
static enum reason read_all(struct span archive, size_t step, struct buf *log, bool *ret_ended,
			    size_t *ret_left)
{
	const struct newc_events events = { log, on_entry, on_data, on_end, on_trailer };
	struct newc_reader *reader = calloc(1, sizeof(*reader));
	struct span piece;
	bool ended = false;
	enum reason reason = REASON_OK;

	ck_assert_ptr_nonnull(reader);
	newc_start(reader, &events);
	while (reason == REASON_OK && !ended && archive.len > 0) {
		ck_assert(span_take(&archive, archive.len < step ? archive.len : step, &piece));
		reason = newc_push(reader, &piece, &ended);
		if (reason == REASON_OK && ended)
			archive.len += piece.len;
	}
	*ret_ended = ended;
	*ret_left = archive.len;
	free(reader);
	return reason;
}

static void expect(const char *row, struct span archive, enum reason want, const char *wanted_log)
{
	static const size_t steps[] = { 1, 3, 110, 1000000 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct buf log = { 0 };
		bool ended;
		size_t left;
		enum reason got = read_all(archive, steps[i], &log, &ended, &left);
		EXPECT_REASON(row, got, want);
		if (wanted_log != NULL)
			EXPECT_BYTES(row, buf_span(&log), span_of_text(wanted_log));
		buf_done(&log);
	}
}

START_TEST(test_entries)
{
	struct buf archive = { 0 };

	support_entry(&archive, &(struct support_entry){ .name = "d", .mode = 040755, .nlink = 2 });
	support_entry(&archive, &(struct support_entry){ .name = "d/f", .data = "hello" });
	support_entry(&archive, &(struct support_entry){ .name = "d/\x1b[0m", .data = "four" });
	support_entry(&archive,
		      &(struct support_entry){ .name = "l", .mode = 0120777, .data = "d/f" });
	support_entry(&archive,
		      &(struct support_entry){ .name = "null", .mode = 020666, .rdev_major = 1 });
	support_entry(&archive, &(struct support_entry){ .name = "empty" });
	support_trailer(&archive);
	expect("all kinds", buf_span(&archive), REASON_OK,
	       "40755 2 0 d>:;100644 1 5 d/f>:hello;100644 1 4 d/\\x1b[0m>:four;"
	       "120777 1 3 l>d/f:;20666 1 0 null>:;100644 1 0 empty>:;END");
	buf_done(&archive);
}
END_TEST

START_TEST(test_what_follows_is_left)
{
	struct buf archive = { 0 };
	struct buf log = { 0 };
	bool ended;
	size_t left;

	support_trailer(&archive);
	buf_text(&archive, "more");
	for (size_t step = 1; step < 200; step++) {
		EXPECT_REASON("trailer", read_all(buf_span(&archive), step, &log, &ended, &left),
			      REASON_OK);
		ck_assert(ended);
		ck_assert_uint_eq(left, 4);
	}
	buf_done(&archive);
	buf_done(&log);
}
END_TEST

/* One row per reason and boundary. */
START_TEST(test_rows)
{
	static const struct {
		const char *row;
		struct support_entry entry;
		enum reason want;
	} rows[] = {
		{ "magic of the old format",
		  { .name = "f", .magic = "070707" },
		  REASON_NEWC_MAGIC },
		{ "no archive", { .name = "f", .magic = "NOTCPI" }, REASON_NEWC_MAGIC },
		{ "a name of size 4097",
		  { .name = "f", .name_size = 4097 },
		  REASON_NEWC_NAME_SIZE },
		{ "a name of size 4 GiB",
		  { .name = "f", .name_size = 0xffffffff },
		  REASON_NEWC_NAME_SIZE },
		{ "a name without its NUL", { .name = "four", .name_size = 4 }, REASON_NEWC_NAME },
		{ "a NUL in the name", { .name = "ab", .name_size = 5 }, REASON_NEWC_NAME },
		{ "no type", { .name = "f", .mode = 0777777 & ~0170000 }, REASON_NEWC_TYPE },
		{ "an unknown type", { .name = "f", .mode = 0170644 }, REASON_NEWC_TYPE },
		{ "a directory with data",
		  { .name = "d", .mode = 040755, .data = "x" },
		  REASON_NEWC_DATA },
		{ "a device with data",
		  { .name = "d", .mode = 020666, .data = "x" },
		  REASON_NEWC_DATA },
		{ "a pipe with data",
		  { .name = "d", .mode = 010666, .data = "x" },
		  REASON_NEWC_DATA },
		{ "a trailer with data", { .name = "TRAILER!!!", .data = "x" }, REASON_NEWC_DATA },
		{ "an empty target", { .name = "l", .mode = 0120777 }, REASON_NEWC_TARGET },
		{ "a target of 4096 bytes",
		  { "l", 0120777, "x", .size = 4096 },
		  REASON_NEWC_TARGET },
		{ "a sum too high",
		  { "f", .data = "abc", .magic = "070702", .check = 0x127 },
		  REASON_NEWC_CHECKSUM },
		{ "a sum of nothing",
		  { "f", .magic = "070702", .check = 1 },
		  REASON_NEWC_CHECKSUM },
		{ "a link's sum, which is none",
		  { .name = "l", .mode = 0120777, .data = "abc", .magic = "070702", .check = 1 },
		  REASON_OK },
		{ "the right sum",
		  { "f", .data = "abc", .magic = "070702", .check = 0x126 },
		  REASON_OK },
		{ "a check that does not count",
		  { .name = "f", .data = "abc", .check = 1 },
		  REASON_OK },
		{ "the longest file", { .name = "f", .size = 0xffffffff }, REASON_OK },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf archive = { 0 };
		support_entry(&archive, &rows[i].entry);
		expect(rows[i].row, buf_span(&archive), rows[i].want, NULL);
		buf_done(&archive);
	}
}
END_TEST

START_TEST(test_changed_bytes)
{
	struct buf archive = { 0 };

	support_entry(&archive, &(struct support_entry){ .name = "f", .data = "abcde" });
	archive.at[94 + 7] = 'g';
	expect("a digit that is none", buf_span(&archive), REASON_NEWC_FIELD, "");
	archive.at[94 + 7] = ' ';
	expect("a blank for a digit", buf_span(&archive), REASON_NEWC_FIELD, "");
	archive.at[94 + 7] = '0';
	expect("a name of size 0", buf_span(&archive), REASON_NEWC_NAME_SIZE, "");
	archive.at[94 + 7] = '2';
	archive.at[archive.len - 1] = 'x';
	expect("padding of data", buf_span(&archive), REASON_NEWC_PADDING, NULL);
	archive.len = 0;
	support_entry(&archive, &(struct support_entry){ .name = "fff" });
	archive.at[archive.len - 1] = 'x';
	expect("padding of a name", buf_span(&archive), REASON_NEWC_PADDING, "");
	archive.len = 0;
	support_entry(&archive,
		      &(struct support_entry){ .name = "l", .mode = 0120777, .data = "x" });
	archive.at[archive.len - 4] = 0;
	expect("a NUL as target", buf_span(&archive), REASON_NEWC_TARGET, "");
	archive.len = 0;
	support_entry(&archive, &(struct support_entry){ .name = "f", .data = "abcdefghijkl" });
	archive.at[54 + 7] = 'C';
	expect("upper case", buf_span(&archive), REASON_OK, "100644 1 12 f>:abcdefghijkl;");
	archive.at[54 + 7] = 'c';
	expect("lower case", buf_span(&archive), REASON_OK, "100644 1 12 f>:abcdefghijkl;");
	buf_done(&archive);
}
END_TEST

START_TEST(test_too_many_entries)
{
	struct buf archive = { 0 };
	struct buf log = { 0 };
	const struct newc_events events = { &log, on_entry, on_data, on_end, on_trailer };
	struct newc_reader reader;
	bool ended;

	newc_start(&reader, &events);
	reader.entries = NEWC_ENTRIES_MAX - 1;
	support_entry(&archive, &(struct support_entry){ .name = "f" });
	struct span input = buf_span(&archive);
	EXPECT_REASON("the last one", newc_push(&reader, &input, &ended), REASON_OK);
	input = buf_span(&archive);
	EXPECT_REASON("one more", newc_push(&reader, &input, &ended), REASON_NEWC_ENTRIES);
	newc_again(&reader);
	input = buf_span(&archive);
	EXPECT_REASON("in the next archive", newc_push(&reader, &input, &ended),
		      REASON_NEWC_ENTRIES);
	buf_done(&archive);
	buf_done(&log);
}
END_TEST

/* Whatever is written can be read, and is told as it was written. */
START_TEST(test_round_trip)
{
	struct buf archive = { 0 };
	struct newc_writer writer;

	newc_writer_start(&writer, support_sink(&archive));
	struct newc_entry entry = { .mode = 040755, .nlink = 2, .name = SPAN_LITERAL("d") };
	EXPECT_REASON("directory", newc_write_entry(&writer, &entry), REASON_OK);
	EXPECT_REASON("directory", newc_write_end(&writer), REASON_OK);
	entry = (struct newc_entry){
		.mode = 0100644, .nlink = 1, .size = 5, .name = SPAN_LITERAL("d/f")
	};
	EXPECT_REASON("file", newc_write_entry(&writer, &entry), REASON_OK);
	EXPECT_REASON("too early", newc_write_end(&writer), REASON_FILE_CHANGED);
	EXPECT_REASON("data", newc_write_data(&writer, SPAN_LITERAL("ab")), REASON_OK);
	EXPECT_REASON("too much", newc_write_data(&writer, SPAN_LITERAL("cdef")),
		      REASON_FILE_CHANGED);
	EXPECT_REASON("data", newc_write_data(&writer, SPAN_LITERAL("cde")), REASON_OK);
	EXPECT_REASON("file", newc_write_end(&writer), REASON_OK);
	entry = (struct newc_entry){
		.mode = 0120777, .nlink = 1, .name = SPAN_LITERAL("l"), .target = SPAN_LITERAL("d")
	};
	EXPECT_REASON("link", newc_write_entry(&writer, &entry), REASON_OK);
	entry.name.len = 0;
	EXPECT_REASON("no name", newc_write_entry(&writer, &entry), REASON_NEWC_NAME_SIZE);
	entry.name.len = NEWC_NAME_MAX;
	EXPECT_REASON("a long name", newc_write_entry(&writer, &entry), REASON_NEWC_NAME_SIZE);
	EXPECT_REASON("trailer", newc_write_trailer(&writer), REASON_OK);
	ck_assert_uint_eq(archive.len % 512, 0);
	expect("round trip", buf_span(&archive), REASON_OK,
	       "40755 2 0 d>:;100644 1 5 d/f>:abcde;120777 1 1 l>d:;END");
	buf_done(&archive);
}
END_TEST

/* GNU cpio's archives in both formats: of two hard links the last entry carries the data. Which of
 * the names that is, is cpio's own business. */
START_TEST(test_gnu_cpio)
{
	static const char *const names[] = { "newc", "crc" };

	support_enter();
	support_sh(
		"mkdir d; printf hello >d/f; ln d/f d/g; ln -s f d/l; chmod 755 d; chmod 644 d/f\n"
		"for n in newc crc; do printf '%s\\n' d d/f d/g d/l |\n"
		"cpio --quiet -o -H $n --reproducible >$n; done");
	for (size_t i = 0; i < 2; i++) {
		struct buf archive = support_read(names[i]);
		struct buf log = { 0 };
		bool ended;
		size_t left;
		EXPECT_REASON(names[i], read_all(buf_span(&archive), 7, &log, &ended, &left),
			      REASON_OK);
		ck_assert(ended);
		char *text = buf_take_text(&log);
		const char *empty = strstr(text, "100644 2 0 d/");
		const char *full = strstr(text, "100644 2 5 d/");
		ck_assert_msg(empty != NULL && full != NULL && empty < full, "%s", text);
		ck_assert_msg(strstr(text, ":hello;") != NULL, "%s", text);
		ck_assert_msg(strstr(text, "120777 1 1 d/l>f:;") != NULL, "%s", text);
		free(text);
		buf_done(&archive);
	}
	support_leave();
}
END_TEST

/* What one event refuses ends the reading. */
static enum reason refuse(void *of, const struct newc_entry *entry)
{
	(void)of;
	(void)entry;
	return REASON_PATH_NAME;
}

START_TEST(test_events_refuse)
{
	struct buf archive = { 0 };
	struct buf log = { 0 };
	const struct newc_events events = { &log, refuse, on_data, on_end, on_trailer };
	struct newc_reader reader;
	bool ended;

	newc_start(&reader, &events);
	support_entry(&archive, &(struct support_entry){ .name = "f" });
	struct span input = buf_span(&archive);
	EXPECT_REASON("refused", newc_push(&reader, &input, &ended), REASON_PATH_NAME);
	buf_done(&archive);
	buf_done(&log);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("newc");

	support_add(suite, "entries", test_entries);
	support_add(suite, "what follows is left", test_what_follows_is_left);
	support_add(suite, "rows", test_rows);
	support_add(suite, "changed bytes", test_changed_bytes);
	support_add(suite, "too many entries", test_too_many_entries);
	support_add(suite, "round trip", test_round_trip);
	support_add(suite, "GNU cpio", test_gnu_cpio);
	support_add(suite, "events refuse", test_events_refuse);
	return support_main(suite);
}
