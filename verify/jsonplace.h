/* Where in a JSON text something stands: cJSON forgets it, so it is found again for the one member
 * that is wrong. The text was read by json_read before. */
#ifndef VERIFY_JSONPLACE_H
#define VERIFY_JSONPLACE_H

#include "verify/json.h"

/* Begin with { text, { 1, 1 } }, before the outermost brace. */
struct json_finder {
	struct span rest;
	struct json_place place; /* of rest.at[0] */
};

/* Goes on from before an object or array, or from before its key, to its member of this index,
 * counted from 0: to the key in an object, to the value in an array. */
void json_finder_enter(struct json_finder *finder, size_t index);

/* The place of a member that a path of such indices leads to; of the outermost value when `n` is
 * 0. */
struct json_place json_place_of(struct span text, const size_t path[], size_t n);

/* The place of a member of a tree that json_read or json_read_large made of the text; {0, 0}: it is none
 * of that tree's. */
struct json_place json_place_of_member(struct span text, const cJSON *tree, const cJSON *member);

#endif
