/* What to ask enclaves, and how: the options of `check` turned into a profile, a route and additions
 * to the policy. Checked as a whole before anything is sent. */
#ifndef ATTEST_ASK_H
#define ATTEST_ASK_H

#include "attest/header.h"
#include "attest/http.h"
#include "attest/profile.h"
#include "verify/cli.h"
#include "verify/policy.h"

#define ASK_RESOLVE_MAX 32 /* repeats of --resolve */

enum ask_option {
	/* how any server is reached */
	ASK_CACERT = 100,
	ASK_INSECURE_HTTP,
	ASK_RESOLVE,
	ASK_PROXY,
	ASK_TIMEOUT,
	/* what is asked of enclaves */
	ASK_PROFILE,
	ASK_BIND,
	ASK_TLS,
	ASK_HEADERS,
	ASK_SAVE,
	ASK_METHOD,
	ASK_BODY,
	ASK_POINTER,
	ASK_HEADER,
	ASK_ENCODING
};
#define ASK_OPTIONS 15
#define ASK_ROUTE_OPTIONS 5 /* the first rows: for verbs that ask no enclave */
extern const struct cli_option ask_options[ASK_OPTIONS];

/* Texts are borrowed from the command line. Start with ask_init, end with ask_done. */
struct ask {
	const struct profile *family; /* NULL: no --profile yet */
	struct profile profile; /* what is asked: the family's, with generic's options in it */
	bool bind_given;
	enum binding binding;
	struct http_route route;
	const char *resolve[ASK_RESOLVE_MAX];
	struct header_list headers;
	int64_t timeout_ms; /* of one exchange as a whole */
	const char *save;   /* a folder; NULL: nothing is saved */
	const char *method; /* the options of generic, NULL where not given */
	const char *body;
	const char *pointer;
	const char *header;
	const char *encoding;
};

void ask_init(struct ask *ask);
void ask_done(struct ask *ask);

/* Applies one option. False: what is wrong was said on stderr. */
bool ask_apply(const char *program, struct ask *ask, int id, const char *value);

/* After all options, for verbs that ask no enclave: fills ask->route. `ask` must stay where it is from
 * then on. False: said on stderr. */
bool ask_settle_route(const char *program, struct ask *ask);

/* After all options: fills ask->profile, ->binding and ->route, and says in the policy by what freshness
 * is shown and which checks are required: claims.age where no nonce is carried, endpoint.tls with
 * --tls attested. `ask` must stay where it is from then on. False: something is missing or does
 * not go together, said on stderr. */
bool ask_settle(const char *program, struct ask *ask, struct policy *policy, bool max_age_given,
		const char *const *urls, size_t n_urls);

#endif
