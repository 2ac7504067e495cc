/* JSON from outside (RFC 8259), read by cJSON behind a scan of our own.
 *
 * cJSON recurses, is quadratic on duplicate keys, forgets positions, ends strings at \u0000 and
 * turns large numbers into neighbours. So one flat pass looks first: syntax, depth, number of
 * values, strings that C can hold (valid UTF-8, no U+0000, no lone surrogate), keys doubled in
 * one object; then cJSON builds the tree. Numbers that must be exact are carried as strings by
 * every format read here. Look things up with cJSON_GetObjectItemCaseSensitive only. */
#ifndef VERIFY_JSON_H
#define VERIFY_JSON_H

#include <cjson/cJSON.h>

#include "verify/reason.h"
#include "verify/span.h"

#define JSON_MAX ((size_t)1024 * 1024) /* bytes */
#define JSON_DEPTH_MAX 16              /* nested arrays and objects */
#define JSON_VALUES_MAX 20000          /* values of all kinds, the outermost included */

#define JSON_LARGE_MAX ((size_t)4 * 1024 * 1024) /* bytes of what json_read_large reads */
#define JSON_LARGE_VALUES_MAX 100000

/* Where reading failed: both counted from 1, columns in bytes; {0, 0} where it is the text as a whole
 * (too large, out of memory). */
struct json_place {
	size_t line;
	size_t column;
};

/* Reads one JSON text, white space around it allowed and nothing else. *ret is the caller's, to
 * be freed with cJSON_Delete. On failure *reterr_place is where.
 * A number that a double or cJSON cannot hold (longer than 63 characters, 1e308 and beyond by its
 * digits) is malformed: cJSON would cut it or print null.
 * REASON_JSON_TOO_LARGE, _MALFORMED, _TRAILING, _TOO_DEEP, _TOO_MANY_VALUES, _BAD_STRING,
 * _DUPLICATE_KEY; REASON_OUT_OF_MEMORY. */
enum reason json_read(struct span text, cJSON **ret, struct json_place *reterr_place) MUST_CHECK;

/* The same up to JSON_LARGE_MAX and JSON_LARGE_VALUES_MAX: for what the user wrote, what this program kept, and the
 * manifests of container images, whose format allows so much. Never for what an enclave or its operator sends. */
enum reason json_read_large(struct span text, cJSON **ret,
			    struct json_place *reterr_place) MUST_CHECK;

/* Prints a tree on one line, pure ASCII: whatever is beyond U+007E, and every control character,
 * is escaped, so nothing in it acts on a terminal. The caller frees *ret. Strings in the tree
 * that are not UTF-8 come out with U+FFFD. REASON_OUT_OF_MEMORY. */
enum reason json_print(const cJSON *tree, char **ret) MUST_CHECK;

#endif
