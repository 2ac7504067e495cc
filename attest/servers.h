/* The JSON-RPC servers that are asked about a contract, from --rpc and --rpc-file.
 *
 * Servers are counted by host: two URLs with one host are one server, and the second is used where
 * the first gives no chain id. */
#ifndef ATTEST_SERVERS_H
#define ATTEST_SERVERS_H

#include "verify/cli.h"
#include "verify/dossier.h"

#define SERVERS_URLS_MAX 4 /* of one host */

enum servers_option { SERVERS_RPC = 300, SERVERS_RPC_FILE };
#define SERVERS_OPTIONS 2
extern const struct cli_option servers_options[SERVERS_OPTIONS];

/* Start with {0}, end with servers_done. */
struct servers {
	size_t n;
	struct {
		char host[DOSSIER_HOST_MAX + 1];    /* lower case */
		const char *urls[SERVERS_URLS_MAX]; /* borrowed; may hold keys, never to be shown */
		size_t n_urls;
	} at[DOSSIER_SERVERS_MAX];
	bool any_plain;  /* http to a host that is not loopback */
	size_t n_given;  /* by --rpc */
	struct buf text; /* of --rpc-file: the URLs are in it */
};
void servers_done(struct servers *servers);

/* Applies one option. False: what is wrong was said on stderr, without any URL. */
bool servers_apply(const char *program, struct servers *servers, int id, const char *value);

/* After all options: what is wrong with these servers, static text, or NULL. `requested`: a contract is to be
 * judged; `allow_plain`: by http elsewhere, too. */
const char *servers_error(const struct servers *servers, bool requested, bool allow_plain);

#endif
