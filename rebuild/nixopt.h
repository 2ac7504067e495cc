/* How Nix is told to build, which of it makes a build less independent, and what of it a build's result
 * depends on. */
#ifndef REBUILD_NIXOPT_H
#define REBUILD_NIXOPT_H

#include "verify/digest.h"
#include "verify/reason.h"
#include "verify/span.h"

#define NIXOPT_MAX 64 /* options given by the user */

/* Borrowed strings. */
struct nixopt {
	const char *name;
	const char *value;
};

struct nixopt_settings {
	bool independent;     /* everything from source, in a sandbox, on this machine */
	bool no_group;        /* build as the caller: root, where the group nixbld does not exist */
	const char *builders; /* Nix's `builders`: other machines; NULL: none */
	const char *store;    /* --store: an absolute path, or what Nix calls so; NULL: its own */
	const char *nix_config; /* NIX_CONFIG as it is handed through; NULL: not set */
	uint64_t timeout_s;     /* for each derivation; 0: none */
	bool no_import;         /* evaluation takes nothing that a derivation made */
	size_t n_options;
	struct nixopt options[NIXOPT_MAX];
};

/* Whether the settings may stand beside --independent. Only what is known to be harmless may: limits of
 * time, space and number, credentials for fetching, how much is logged. *reterr_name is the option that
 * may not, owned by the settings or static; for a line of NIX_CONFIG it is where the line begins.
 * REASON_NIX_OPTION: it makes the build less independent. REASON_OK also without `independent`. */
enum reason nixopt_judge(const struct nixopt_settings *settings,
			 struct span *reterr_name) MUST_CHECK;

/* Appends, for a report, what would be refused beside --independent: names, ", " between them. Nothing
 * when there is none. */
void nixopt_list_weakening(const struct nixopt_settings *settings, struct buf *out);

/* Cuts the next setting of a NIX_CONFIG off *config: `name = value`, comments and empty lines passed
 * over; an `include` has the name include. False: nothing is left. A line without = gives its words as
 * the name. */
bool nixopt_next(struct span *config, struct span *ret_name, struct span *ret_value);

/* What a build depends on. Borrowed. */
struct nixopt_inputs {
	struct span tree; /* of the commit: raw id, 20 or 32 bytes */
	struct span lock; /* SHA-256 of flake.lock */
	size_t n_staged;
	const struct nixopt_staged {
		const char *path;
		uint8_t sha256[DIGEST_SHA256_LEN];
	} * staged; /* in the order of the recipe; mode 0755 each */
	const char *attribute;
	const char *version; /* of Nix, as it prints it */
};

/* The cache key of a build: SHA-256 over all inputs and all settings, each with its length before it.
 * REASON_CRYPTO_FAILED, _OUT_OF_MEMORY. */
enum reason nixopt_key(const struct nixopt_inputs *inputs, const struct nixopt_settings *settings,
		       uint8_t ret[static DIGEST_SHA256_LEN]) MUST_CHECK;

#endif
