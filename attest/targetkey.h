/* The keys of a targets file: rows of the tables of options. Inside of target. */
#ifndef ATTEST_TARGETKEY_H
#define ATTEST_TARGETKEY_H

#include "attest/target.h"

/* Which options may stand in which object: a table's rows from one id to another. */
struct targetkey_group {
	const char *object; /* NULL: the target itself */
	const struct cli_option *options;
	size_t n;
	int first; /* these two included, */
	int last;
	int except; /* but not this */
	bool whole; /* a target's own object replaces that of the defaults */
	/* False: what is wrong was said on stderr, in the name of `program`. */
	bool (*apply)(const char *program, struct target *target, int id, const char *value);
};

#define TARGETKEY_GROUPS 5
extern const struct targetkey_group targetkey_groups[TARGETKEY_GROUPS];

bool targetkey_group_has(const struct targetkey_group *group, const struct cli_option *option);

/* Whether something in the object of this name (NULL: the target) has this key. */
bool targetkey_is_known(const char *object, const char *key);

#endif
