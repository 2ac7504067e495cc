/* Options whose values stand in a JSON object, as targets files and recipes have them: a key is a long option
 * with _ for -. A flag is true or false, seconds and counts are numbers or digits, what may be repeated is a string
 * or a list of them, and registers are an object, {"0": HEX or [HEX, ...]}. */
#ifndef ATTEST_JSONOPTION_H
#define ATTEST_JSONOPTION_H

#include <cjson/cJSON.h>

#include "verify/cli.h"

/* Texts that live as long as what borrows them. Start with {0}, end with textlist_done. */
struct textlist {
	char **at; /* owned, as each of the n texts */
	size_t n;
};

/* Takes the buffer's text over. NULL: no memory. */
const char *textlist_keep(struct textlist *texts, struct buf *text);
void textlist_done(struct textlist *texts);

/* How values of one object are read. */
struct jsonoption {
	struct span
		folder; /* from where relative paths go, its slash included; empty: the present one */
	struct textlist *texts; /* for values that do not stand in the JSON as they are applied */
	/* Applies an option with what would stand on the command line; NULL for a flag. False: said. */
	bool (*apply)(void *context, const struct cli_option *option, const cJSON *item,
		      const char *value);
	/* Says what is wrong with a value; `item` of NULL: it was memory that ran out. Gives false. */
	bool (*refuse)(void *context, const cJSON *item, const char *message);
	void *context;
};

/* Whether the key is the option's name with _ for -. */
bool jsonoption_is(const char *key, const struct cli_option *option);

/* Applies one member of the object, which is not null, once for each of its values. False: said. */
bool jsonoption_apply(const struct jsonoption *reading, const struct cli_option *option,
		      const cJSON *item);

#endif
