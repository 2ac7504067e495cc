/* What audit takes from the command line and from a recipe beside what a rebuild takes: which enclave to ask and how,
 * which contract, whose statements count. What the command line says stands in the place of the recipe's same key. */
#ifndef REBUILD_AUDITING_H
#define REBUILD_AUDITING_H

#include "attest/ask.h"
#include "attest/jsonoption.h"
#include "attest/registration.h"
#include "rebuild/recipe.h"
#include "verify/terms.h"

#define AUDITING_STATEMENTS_MAX 64

enum { AUDIT_STATEMENT = 600 };
#define AUDIT_OPTIONS 1
extern const struct cli_option audit_options[AUDIT_OPTIONS];
#define AUDIT_TERMS_OPTIONS 2 /* of terms_options: commit and image are the recipe's */

/* Start with auditing_start, end with auditing_done. It must stay where it is in between. */
struct auditing {
	struct ask ask;
	struct registration registration;
	struct terms terms;
	const char *statements[AUDITING_STATEMENTS_MAX]; /* names of files */
	size_t n_statements;
	bool ask_given[ASK_OPTIONS]; /* by the command line */
	bool max_age_given;
	const char *url; /* of the enclave, borrowed from the recipe; NULL: none */
	struct textlist texts;
};

void auditing_start(struct auditing *ret);
void auditing_done(struct auditing *auditing);

/* Applies one option of --statement, --key, --threshold, or of those that say how an enclave or a contract is asked.
 * False: what is wrong was said on stderr. */
bool auditing_apply(const char *program, struct auditing *auditing, int id, const char *value);

/* After all options: adds what the recipe says of enclave and contract, and what statements must say. Says in `policy`
 * what ask_settle says there. False: said. */
bool auditing_settle(const char *program, struct auditing *auditing, const struct recipe *recipe,
		     struct policy *policy);

/* For verbs that never ask the enclave: whether what a recipe says of it, which may be NULL, is what its keys take. No
 * file is opened; what is lacking, options of audit may give. False: said. */
bool auditing_enclave_is_sound(const char *program, const cJSON *enclave);

#endif
