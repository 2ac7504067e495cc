/* Who lies about what, and which of the onchain.* checks must tell: the rows of test_onchain. */
#ifndef VERIFY_TEST_SCENES_H
#define VERIFY_TEST_SCENES_H

#include "verify/test/world.h"

struct scene_table {
	const char *name;
	const struct scene *scenes;
	size_t n;
};

#define SCENE_TABLES 8
extern const struct scene_table scene_tables[SCENE_TABLES];

#endif
