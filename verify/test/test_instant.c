#include "verify/instant.h"

#include <string.h>

#include "test/support.h"

#define END INT64_C(253402300800) /* the year 10000 */

START_TEST(test_civil)
{
	static const struct {
		int year;
		unsigned month, day, hour, minute, second;
		int64_t want;
	} rows[] = {
		{ 1970, 1, 1, 0, 0, 0, 0 },
		{ 1970, 1, 1, 0, 0, 1, 1 },
		{ 1970, 1, 1, 23, 59, 59, 86399 },
		{ 1969, 12, 31, 23, 59, 59, -1 },
		{ 1950, 1, 1, 0, 0, 0, -631152000 },
		{ 1999, 12, 31, 23, 59, 59, 946684799 },
		{ 2000, 2, 29, 0, 0, 0, 951782400 },
		{ 2001, 9, 9, 1, 46, 40, 1000000000 },
		{ 2019, 10, 28, 13, 28, 5, 1572269285 }, /* AWS's root begins */
		{ 2024, 2, 29, 12, 0, 0, 1709208000 },
		{ 2024, 12, 31, 23, 59, 59, 1735689599 },
		{ 2038, 1, 19, 3, 14, 8, 2147483648 },
		{ 2049, 10, 28, 14, 28, 5, 2519044085 }, /* and ends */
		{ 2049, 12, 31, 23, 59, 59, 2524607999 },
		{ 2050, 1, 1, 0, 0, 0, 2524608000 },
		{ 2100, 3, 1, 0, 0, 0, 4107542400 },
		{ 9999, 12, 31, 23, 59, 59, END - 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t at = 77;
		ck_assert_msg(
			instant_from_civil(rows[i].year, rows[i].month, rows[i].day, rows[i].hour,
					   rows[i].minute, rows[i].second, &at) &&
				at == rows[i].want,
			"row %zu: %lld, wanted %lld", i, (long long)at, (long long)rows[i].want);
	}
}
END_TEST

START_TEST(test_no_such_time)
{
	static const struct {
		int year;
		unsigned month, day, hour, minute, second;
	} rows[] = {
		{ 1949, 12, 31, 0, 0, 0 },    { 10000, 1, 1, 0, 0, 0 },  { 0, 1, 1, 0, 0, 0 },
		{ -1, 1, 1, 0, 0, 0 },        { 2024, 0, 1, 0, 0, 0 },   { 2024, 13, 1, 0, 0, 0 },
		{ 2024, 1, 0, 0, 0, 0 },      { 2024, 1, 32, 0, 0, 0 },  { 2024, 2, 30, 0, 0, 0 },
		{ 2023, 2, 29, 0, 0, 0 },     { 2100, 2, 29, 0, 0, 0 },  { 2024, 3, 32, 0, 0, 0 },
		{ 2024, 4, 31, 0, 0, 0 },     { 2024, 5, 32, 0, 0, 0 },  { 2024, 6, 31, 0, 0, 0 },
		{ 2024, 7, 32, 0, 0, 0 },     { 2024, 8, 32, 0, 0, 0 },  { 2024, 9, 31, 0, 0, 0 },
		{ 2024, 10, 32, 0, 0, 0 },    { 2024, 11, 31, 0, 0, 0 }, { 2024, 12, 32, 0, 0, 0 },
		{ 2024, 1, 1, 24, 0, 0 },     { 2024, 1, 1, 0, 60, 0 },  { 2024, 1, 1, 0, 0, 60 },
		{ 2016, 12, 31, 23, 59, 60 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t at = 77;
		ck_assert_msg(!instant_from_civil(rows[i].year, rows[i].month, rows[i].day,
						  rows[i].hour, rows[i].minute, rows[i].second,
						  &at) &&
				      at == 77,
			      "row %zu", i);
	}
}
END_TEST

/* Every day from 1950 to 9999 follows the one before it; those of many years are printed as themselves. */
START_TEST(test_every_day)
{
	static const unsigned days[13] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t want = -631152000;

	for (int year = 1950; year <= 9999; year++) {
		bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
		bool print = year >= 1970 && year % (support_is_slow() ? 97 :
						     year < 2110       ? 1 :
									 19) ==
						     0;
		for (unsigned month = 1; month <= 12; month++) {
			unsigned last = days[month] + (month == 2 && leap ? 1 : 0);
			for (unsigned day = 1; day <= last; day++, want += 86400) {
				char text[INSTANT_TEXT_LEN];
				int64_t at;
				int64_t back;
				if (!instant_from_civil(year, month, day, 0, 0, 0, &at) ||
				    at != want)
					ck_abort_msg("%d-%u-%u", year, month, day);
				if (!print)
					continue;
				instant_rfc3339(at + 86399, text);
				if (!instant_parse(text, &back) || back != at + 86399)
					ck_abort_msg("%d-%u-%u: %s", year, month, day, text);
			}
		}
	}
	ck_assert_int_eq(want, END);
}
END_TEST

START_TEST(test_parse)
{
	static const struct {
		const char *text;
		int64_t want; /* -1: refused */
	} rows[] = {
		{ "2026-01-03T10:00:00Z", 1767434400 },
		{ "2026-01-03t10:00:00z", 1767434400 },
		{ "2026-01-03 10:00:00Z", 1767434400 },
		{ "2026-01-03T10:00:00+00:00", 1767434400 },
		{ "2026-01-03T10:00:00-00:00", 1767434400 },
		{ "2026-01-03T12:00:00+02:00", 1767434400 },
		{ "2026-01-03T04:30:00-05:30", 1767434400 },
		{ "2026-01-02T10:01:00-23:59", 1767434400 },
		{ "2026-01-03T10:00:00.9Z", 1767434400 },
		{ "2026-01-03T10:00:00.000000000999+00:00", 1767434400 },
		{ "1767434400", 1767434400 },
		{ "0", 0 },
		{ "00", 0 },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T01:00:00+01:00", 0 },
		{ "1969-12-31T23:30:00-00:30", 0 },
		{ "9999-12-31T23:59:59Z", END - 1 },
		{ "253402300799", END - 1 },
		{ "253402300800", -1 },
		{ "9223372036854775807", -1 },
		{ "9223372036854775808", -1 },
		{ "99999999999999999999999999999999", -1 },
		{ "1970-01-01T00:30:00+01:00", -1 },
		{ "9999-12-31T23:59:00-00:01", -1 },
		{ "9999-12-31T23:59:59-00:01", -1 },
		{ "1969-12-31T23:59:59Z", -1 },
		{ "1949-12-31T23:59:59Z", -1 },
		{ "", -1 },
		{ " ", -1 },
		{ "-1", -1 },
		{ "+1", -1 },
		{ " 1", -1 },
		{ "1 ", -1 },
		{ "1.0", -1 },
		{ "1e3", -1 },
		{ "0x10", -1 },
		{ "now", -1 },
		{ "2026-01-03", -1 },
		{ "2026-01-03T10:00Z", -1 },
		{ "2026-01-03T10:00:00", -1 }, /* no zone */
		{ "2026-01-03T10:00:00 Z", -1 },
		{ "2026-01-03T10:00:00Z ", -1 },
		{ "2026-01-03T10:00:00ZZ", -1 },
		{ "2026-01-03T10:00:00.Z", -1 },
		{ "2026-01-03T10:00:00,5Z", -1 },
		{ "2026-01-03T10:00:00+0200", -1 },
		{ "2026-01-03T10:00:00+02", -1 },
		{ "2026-01-03T10:00:00+02:0", -1 },
		{ "2026-01-03T10:00:00+02:000", -1 },
		{ "2026-01-03T10:00:00+24:00", -1 },
		{ "2026-01-03T10:00:00+02:60", -1 },
		{ "2026-01-03  10:00:00Z", -1 },
		{ "2026-01-03_10:00:00Z", -1 },
		{ "2026/01/03T10:00:00Z", -1 },
		{ "2026-1-03T10:00:00Z", -1 },
		{ "2026-01-3T10:00:00Z", -1 },
		{ "2026-01-03T1:00:00Z", -1 },
		{ "2026-01-03T10.00.00Z", -1 },
		{ "2026-02-29T10:00:00Z", -1 },
		{ "2026-01-03T24:00:00Z", -1 },
		{ "2026-01-03T10:00:60Z", -1 },
		{ "02026-01-03T10:00:00Z", -1 },
		{ "10000-01-01T00:00:00Z", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t at = 77;
		bool ok = instant_parse(rows[i].text, &at);
		ck_assert_msg(ok == (rows[i].want >= 0) && at == (ok ? rows[i].want : 77),
			      "row \"%s\": %d, %lld", rows[i].text, ok, (long long)at);
	}
}
END_TEST

START_TEST(test_text)
{
	static const struct {
		int64_t at;
		const char *rfc3339;
		const char *people;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00Z", "1970-01-01 00:00:00" },
		{ 1767434400, "2026-01-03T10:00:00Z", "2026-01-03 10:00:00" },
		{ 1709251199, "2024-02-29T23:59:59Z", "2024-02-29 23:59:59" },
		{ 1735689599, "2024-12-31T23:59:59Z", "2024-12-31 23:59:59" },
		{ 1735689600, "2025-01-01T00:00:00Z", "2025-01-01 00:00:00" },
		{ END - 1, "9999-12-31T23:59:59Z", "9999-12-31 23:59:59" },
		{ END, "?", "?" },
		{ -1, "?", "?" },
		{ -86400, "?", "?" },
		{ INT64_MAX, "?", "?" },
		{ INT64_MIN, "?", "?" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[INSTANT_TEXT_LEN];
		instant_rfc3339(rows[i].at, text);
		ck_assert_str_eq(text, rows[i].rfc3339);
		instant_people(rows[i].at, text);
		ck_assert_str_eq(text, rows[i].people);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("instant");

	support_add(suite, "civil times", test_civil);
	support_add(suite, "no such time", test_no_such_time);
	support_add(suite, "every day", test_every_day);
	support_add(suite, "parse", test_parse);
	support_add(suite, "text", test_text);
	return support_main(suite);
}
