/* The options that say whose statements count and what they must say, turned into terms. The same
 * wherever statements are judged. */
#ifndef VERIFY_TERMS_H
#define VERIFY_TERMS_H

#include "verify/cli.h"
#include "verify/pubkey.h"
#include "verify/statement.h"

enum terms_option { TERMS_KEY = 700, TERMS_THRESHOLD, TERMS_COMMIT, TERMS_IMAGE, TERMS_END };

#define TERMS_OPTIONS 4
extern const struct cli_option terms_options[TERMS_OPTIONS];

#define TERMS_KEYS_MAX 64

/* Start with {0}, end with terms_done. */
struct terms {
	struct pubkey keys[TERMS_KEYS_MAX]; /* no two of them are the same */
	size_t n_keys;
	size_t threshold; /* how many of them must have signed; 0: not given, all of them */
	struct statement_commit commit; /* len 0: any */
	bool has_image;
	uint8_t image[DIGEST_SHA256_LEN];
	/* of a recipe; borrowed */
	const char *attribute; /* NULL: any */
	const char *from;      /* who expects commit and image, for the report; NULL: the options */
};

/* Applies one option. A key that was given before counts once. False: what is wrong was said on
 * stderr and the command line is not to be obeyed. */
bool terms_apply(const char *program, struct terms *terms, int id, const char *value);

/* What is wrong with all of them together, for a person; NULL: nothing. Static. */
const char *terms_fault(const struct terms *terms);
void terms_done(struct terms *terms);

#endif
