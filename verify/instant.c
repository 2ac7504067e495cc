#include "verify/instant.h"

#include <stdio.h>

#define SECONDS_A_DAY 86400
#define YEAR_10000 INT64_C(253402300800)

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_in(int year, unsigned month)
{
	static const unsigned days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Leap days in the years 1..year */
static int64_t leap_days(int64_t year)
{
	return year / 4 - year / 100 + year / 400;
}

/* Days from 1970-01-01 to the first of January of a year from 1 on */
static int64_t days_to_year(int64_t year)
{
	return (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969);
}

bool instant_from_civil(int year, unsigned month, unsigned day, unsigned hour, unsigned minute,
			unsigned second, int64_t *ret)
{
	if (year < 1950 || year > 9999 || month < 1 || month > 12 || day < 1 ||
	    day > days_in(year, month) || hour > 23 || minute > 59 || second > 59)
		return false;
	int64_t days = days_to_year(year) + (int64_t)day - 1;
	for (unsigned m = 1; m < month; m++)
		days += days_in(year, m);
	*ret = days * SECONDS_A_DAY + (int64_t)hour * 3600 + (int64_t)minute * 60 + (int64_t)second;
	return true;
}

/* Exactly `n` decimal digits off *text. */
static bool take_digits(const char **text, size_t n, unsigned *ret)
{
	unsigned value = 0;

	for (size_t i = 0; i < n; i++) {
		char c = (*text)[i];
		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (unsigned)(c - '0');
	}
	*text += n;
	*ret = value;
	return true;
}

static bool take_char(const char **text, char wanted)
{
	if (**text != wanted)
		return false;
	++*text;
	return true;
}

/* A fraction of a second, dropped; then Z or an offset and the end. */
static bool take_zone(const char **text, int64_t *ret_offset_s)
{
	unsigned hours;
	unsigned minutes;
	unsigned digit;

	if (take_char(text, '.')) {
		if (!take_digits(text, 1, &digit))
			return false;
		while (take_digits(text, 1, &digit))
			continue;
	}
	*ret_offset_s = 0;
	if (take_char(text, 'Z') || take_char(text, 'z'))
		return **text == '\0';
	bool east = **text == '+';
	if (!take_char(text, '+') && !take_char(text, '-'))
		return false;
	if (!take_digits(text, 2, &hours) || !take_char(text, ':') ||
	    !take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	int64_t offset_s = (int64_t)hours * 3600 + (int64_t)minutes * 60;
	*ret_offset_s = east ? offset_s : -offset_s;
	return **text == '\0';
}

static bool parse_rfc3339(const char *text, int64_t *ret)
{
	unsigned year, month, day, hour, minute, second;
	int64_t offset_s;
	int64_t at;

	if (!take_digits(&text, 4, &year) || !take_char(&text, '-') ||
	    !take_digits(&text, 2, &month) || !take_char(&text, '-') ||
	    !take_digits(&text, 2, &day))
		return false;
	if (!take_char(&text, 'T') && !take_char(&text, 't') && !take_char(&text, ' '))
		return false;
	if (!take_digits(&text, 2, &hour) || !take_char(&text, ':') ||
	    !take_digits(&text, 2, &minute) || !take_char(&text, ':') ||
	    !take_digits(&text, 2, &second) || !take_zone(&text, &offset_s))
		return false;
	if (!instant_from_civil((int)year, month, day, hour, minute, second, &at))
		return false;
	at -= offset_s;
	if (at < 0 || at >= YEAR_10000)
		return false;
	*ret = at;
	return true;
}

static bool parse_seconds(const char *text, int64_t *ret)
{
	int64_t value = 0;
	unsigned digit;

	if (*text == '\0')
		return false;
	while (take_digits(&text, 1, &digit)) {
		value = value * 10 + (int64_t)digit;
		if (value >= YEAR_10000)
			return false;
	}
	if (*text != '\0')
		return false;
	*ret = value;
	return true;
}

bool instant_parse(const char *text, int64_t *ret)
{
	return parse_seconds(text, ret) || parse_rfc3339(text, ret);
}

static void text_of(int64_t at, char between, const char *zone, char ret[static INSTANT_TEXT_LEN])
{
	if (at < 0 || at >= YEAR_10000) {
		(void)snprintf(ret, INSTANT_TEXT_LEN, "?");
		return;
	}
	int64_t days = at / SECONDS_A_DAY;
	unsigned of_day = (unsigned)(at % SECONDS_A_DAY);
	int year =
		1970 + (int)(days / 366); /* never too late; a few steps at most for each century */
	unsigned month = 1;

	while (days >= days_to_year(year + 1))
		year++;
	unsigned day = (unsigned)(days - days_to_year(year));
	while (day >= days_in(year, month))
		day -= days_in(year, month++);
	(void)snprintf(ret, INSTANT_TEXT_LEN, "%04d-%02u-%02u%c%02u:%02u:%02u%s", year % 10000,
		       month % 100, (day + 1) % 100, between, of_day / 3600 % 100, of_day / 60 % 60,
		       of_day % 60, zone);
}

void instant_rfc3339(int64_t at, char ret[static INSTANT_TEXT_LEN])
{
	text_of(at, 'T', "Z", ret);
}

void instant_people(int64_t at, char ret[static INSTANT_TEXT_LEN])
{
	text_of(at, ' ', "", ret);
}
