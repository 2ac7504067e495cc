#include "verify/counting.h"

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

START_TEST(lines)
{
	const struct {
		struct counting of;
		const char *want;
	} rows[] = {
		{ { .what = "built", .all = 230 }, "[....................]  0 of 230 built  0 s" },
		{ { .what = "built", .all = 230, .taken_s = 99 },
		  "[....................]  0 of 230 built  99 s" },
		{ { .what = "built", .done = 1, .all = 3, .taken_s = 100 },
		  "[######..............]  1 of 3 built  1 min, about 3 min left" },
		{ { .what = "built again", .done = 115, .all = 230, .taken_s = 4000 },
		  "[##########..........]  115 of 230 built again  1 h 6 min, about 1 h 6 min left" },
		{ { .what = "built", .done = 230, .all = 230, .taken_s = 7200 },
		  "[####################]  230 of 230 built  2 h 0 min" },
		{ { .what = "built",
		    .done = UINT32_MAX,
		    .all = UINT32_MAX,
		    .taken_s = 1,
		    .latest = SPAN_LITERAL("0123456789012345678901234567890123456789") },
		  "[####################]  4294967295 of 4294967295 built  1 s  "
		  "01234567890123456789012345678901" },
		{ { .what = "built", .all = 1, .latest = SPAN_LITERAL("\033[2J\r") },
		  "[....................]  0 of 1 built  0 s  \\x1b[2J\\x0d" },
		{ { .what = "built", .done = 1, .all = UINT32_MAX, .taken_s = UINT64_MAX },
		  "[....................]  1 of 4294967295 built  5124095576030431 h 0 min" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf line = { 0 };
		counting_line(&rows[i].of, &line);
		EXPECT_BYTES(rows[i].want, buf_span(&line), span_of_text(rows[i].want));
		buf_done(&line);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("counting");

	support_add(suite, "lines", lines);
	return support_main(suite);
}
