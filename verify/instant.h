/* Points in time: whole seconds since 1970-01-01T00:00:00Z without leap seconds, as certificates
 * have them. No clock is read here and no time zone but UTC is known. */
#ifndef VERIFY_INSTANT_H
#define VERIFY_INSTANT_H

#include "verify/span.h"

/* A civil UTC time within the years 1950..9999 to seconds. False: there is no such day or time (a
 * second of 60 is refused as well). */
bool instant_from_civil(int year, unsigned month, unsigned day, unsigned hour, unsigned minute,
			unsigned second, int64_t *ret);

/* Reads an option: RFC 3339 ("2026-01-03T10:00:00Z", an offset, a fraction that is dropped, a blank
 * for the T) or a decimal number of seconds since 1970. False: neither, or outside 1970..9999. */
bool instant_parse(const char *text, int64_t *ret);

#define INSTANT_TEXT_LEN 24

/* "2026-01-03T10:00:00Z" (RFC 3339) or, for people, "2026-01-03 10:00:00". Outside the years
 * 1970..9999 the text is "?". */
void instant_rfc3339(int64_t at, char ret[static INSTANT_TEXT_LEN]);
void instant_people(int64_t at, char ret[static INSTANT_TEXT_LEN]);

#endif
