#include <stdio.h>
#include <unistd.h>

#include "rebuild/elfparts.h"
#include "rebuild/test/support.h"

#define NAMES "\0.n\0.data\0.note.gnu.build-id\0"
#define NAMES_LEN (sizeof(NAMES) - 1)

/* How the numbers of a file are written. */
struct form {
	bool wide;
	bool big_endian;
};

static void add_number(struct buf *out, const struct form *form, size_t n, uint64_t value)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = form->big_endian ? n - 1 - i : i;
		buf_byte(out, (uint8_t)(at < 8 ? value >> 8 * at : 0));
	}
}

static void add_section(struct buf *out, const struct form *form, uint64_t name, uint64_t type,
			uint64_t at, uint64_t size)
{
	size_t word = form->wide ? 8 : 4;

	add_number(out, form, 4, name);
	add_number(out, form, 4, type);
	add_number(out, form, word, 0);
	add_number(out, form, word, 0);
	add_number(out, form, word, at);
	add_number(out, form, word, size);
	add_number(out, form, 8, 0);
	add_number(out, form, 2 * word, 0);
}

/* Names, data, a build id "data", and the table of four sections. */
static struct buf make(const struct form *form, const char *data)
{
	struct buf out = { 0 };
	size_t word = form->wide ? 8 : 4;
	size_t head = form->wide ? 64 : 52;
	struct span content = span_of_text(data);
	uint64_t table = head + NAMES_LEN + content.len + 16 + content.len;

	buf_add(&out, SPAN_LITERAL("\x7f"
				   "ELF"));
	buf_byte(&out, form->wide ? 2 : 1);
	buf_byte(&out, form->big_endian ? 2 : 1);
	add_number(&out, form, 10, 0);
	add_number(&out, form, 8, 0);
	add_number(&out, form, word, 0);
	add_number(&out, form, word, 0);
	add_number(&out, form, word, table);
	add_number(&out, form, 6, 0);
	add_number(&out, form, 4, 0);
	add_number(&out, form, 2, form->wide ? 64 : 40);
	add_number(&out, form, 2, 4);
	add_number(&out, form, 2, 1);
	ck_assert_uint_eq(out.len, head);
	buf_add(&out, SPAN_LITERAL(NAMES));
	buf_add(&out, content);
	add_number(&out, form, 16, 0);
	buf_add(&out, content);
	ck_assert_uint_eq(out.len, table);
	add_section(&out, form, 0, 0, 0, 0);
	add_section(&out, form, 1, 3, head, NAMES_LEN);
	add_section(&out, form, 4, 1, head + NAMES_LEN, content.len);
	add_section(&out, form, 10, 7, head + NAMES_LEN + content.len, 16 + content.len);
	return out;
}

static struct content content_of(FILE *file, const struct buf *bytes)
{
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes->at, 1, bytes->len, file), bytes->len);
	ck_assert_int_eq(fflush(file), 0);
	return (struct content){ fileno(file), 0, bytes->len };
}

static void expect(const char *row, const struct buf *a, const struct buf *b, const char *want)
{
	FILE *files[2] = { tmpfile(), tmpfile() };
	const struct content x = content_of(files[0], a);
	const struct content y = content_of(files[1], b);
	struct buf out = { 0 };
	bool told = false;

	EXPECT_REASON(row, elfparts_differ(&x, &y, &out, &told), REASON_OK);
	EXPECT_BYTES(row, buf_span(&out), span_of_text(want));
	ck_assert_msg(told == (want[0] != '\0'), "%s", row);
	buf_done(&out);
	(void)fclose(files[0]);
	(void)fclose(files[1]);
}

static const struct form forms[] = {
	{ true, false }, { true, true }, { false, false }, { false, true }
};

START_TEST(every_form)
{
	for (size_t i = 0; i < 4; i++) {
		struct buf one = make(&forms[i], "one");
		struct buf two = make(&forms[i], "two");
		struct buf other = make(&forms[(i + 1) % 4], "one");
		expect("same", &one, &one, "");
		expect("data", &one, &two,
		       "ELF, sections .data, .note.gnu.build-id; build id 6f6e65 -> 74776f");
		expect("form", &one, &other, "");
		buf_done(&one);
		buf_done(&two);
		buf_done(&other);
	}
}
END_TEST

/* One number of the file is changed to all ones, or a byte to what it must not be: it is none. */
START_TEST(malformed)
{
	static const struct {
		const char *name;
		size_t wide; /* where, of 64 bits and of 32 */
		size_t narrow;
		size_t len;
		uint8_t value;
	} rows[] = {
		{ "magic", 0, 0, 1, 0xff },
		{ "class 0", 4, 4, 1, 0 },
		{ "class 3", 4, 4, 1, 3 },
		{ "order 0", 5, 5, 1, 0 },
		{ "order 3", 5, 5, 1, 3 },
		{ "table far away", 0x28, 0x20, 4, 0xff },
		{ "size of a header", 0x3a, 0x2e, 2, 0xff },
		{ "no sections", 0x3c, 0x30, 2, 0 },
		{ "too many sections", 0x3c, 0x30, 2, 0xff },
		{ "no table of names", 0x3e, 0x32, 2, 0xff },
	};

	for (size_t i = 0; i < 4; i++) {
		struct buf good = make(&forms[i], "one");
		for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
			struct buf bad = make(&forms[i], "two");
			size_t at = forms[i].wide ? rows[k].wide : rows[k].narrow;
			for (size_t n = 0; n < rows[k].len; n++)
				bad.at[at + n] = rows[k].value;
			expect(rows[k].name, &good, &bad, "");
			expect(rows[k].name, &bad, &good, "");
			buf_done(&bad);
		}
		/* the last byte is of the last section's header */
		for (size_t cut = 1; cut < good.len; cut++) {
			struct buf bad = make(&forms[i], "two");
			bad.len -= cut < bad.len ? cut : bad.len;
			expect("cut", &good, &bad, "");
			buf_done(&bad);
			cut += cut > 8 && support_is_slow() ? 16 : 0;
		}
		buf_done(&good);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("elfparts");

	support_add(suite, "forms", every_form);
	support_add(suite, "malformed", malformed);
	return support_main(suite);
}
