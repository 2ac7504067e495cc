/* One line about work of which the parts are counted and take long, such as builds: a bar, how many of how many, the
 * time taken, and a guess of what is left. */
#ifndef VERIFY_COUNTING_H
#define VERIFY_COUNTING_H

#include "verify/span.h"

#define COUNTING_BAR 20  /* characters */
#define COUNTING_NAME 32 /* bytes of `latest` that are shown */

struct counting {
	const char *what; /* this program's own word for what is done with them: "built" */
	uint64_t done;    /* at most: */
	uint64_t all;     /* 1 to UINT32_MAX */
	uint64_t taken_s;
	struct span latest; /* the name of one, from outside; may be empty */
};

/* Appends it, printable ASCII. */
void counting_line(const struct counting *counting, struct buf *out);

#endif
