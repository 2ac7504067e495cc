/* The name of a git repository, judged before git sees it: so narrow that git can read it in one way
 * only, and never as an option (-u...), a helper (ext::...) or a path of an scp.
 *
 *   https://HOST[:PORT]/PATH            a host as rebuild's URLs have it (attest/url.h), no user
 *   http://HOST[:PORT]/PATH             of this very machine only
 *   ssh://[USER@]HOST[:PORT]/PATH
 *   file:///PATH                        absolute
 *
 * PATH is of letters, digits and / . _ - ~ + % @ , and not empty. Source: gitremote-helpers(7),
 * git-clone(1) "GIT URLS". */
#ifndef REBUILD_REPOSITORY_H
#define REBUILD_REPOSITORY_H

#include "verify/reason.h"
#include "verify/span.h"

#define REPOSITORY_MAX 1024 /* bytes */

enum repository_kind { REPOSITORY_HTTPS, REPOSITORY_HTTP, REPOSITORY_SSH, REPOSITORY_FILE };

/* REASON_REPOSITORY: it is none of these. */
enum reason repository_read(struct span text, enum repository_kind *ret) MUST_CHECK;

#endif
