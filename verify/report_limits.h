/* What a check that passed does not prove, in one sentence. */
#ifndef VERIFY_REPORT_LIMITS_H
#define VERIFY_REPORT_LIMITS_H

#include <stddef.h>

#include "verify/check.h"

/* Several checks may share one sentence: those whose ids begin with `checks`. */
struct report_limit {
	const char *checks; /* an id, or the beginning of some */
	const char *text;   /* "It does not prove ...": what follows these words */
};

/* The row for a check, the first one that fits; NULL: there is none, which a test refuses. */
const struct report_limit *report_limit_of(enum check check);

#endif
