/* A program in Python that helps the tests of one program: servers, mostly. It is started as
 *
 *   python3 -W ignore SCRIPT .
 *
 * prints lines `NAME VALUE` (the port of a server, a digest), then `ready`, and ends when its standard input is
 * closed. */
#ifndef TEST_HELPER_H
#define TEST_HELPER_H

#include <sys/types.h>

#define HELPER_VALUES 32

struct helper {
	pid_t pid;
	int stop; /* closing it ends the program */
	size_t n;
	char name[HELPER_VALUES][16];
	char value[HELPER_VALUES][80];
};

/* Starts $TOP/SCRIPT in a new folder, which is then the present one. Ends the test when it does not get ready. */
void helper_start(struct helper *helper, const char *script);

/* Ends it, and leaves the folder. */
void helper_stop(struct helper *helper);

/* What it printed by this name; NULL: nothing. */
const char *helper_value(const struct helper *helper, const char *name);

#endif
