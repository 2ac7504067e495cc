/* All that an output was made of: every derivation from the first compiler on, every path that these
 * made and where it came from, and whether all of it was made here.
 *
 * A path that is neither `ultimate` (made in this store) nor addressed by its content was substituted:
 * whoever signed it is trusted with it. `nix build --rebuild` checks the topmost derivation only; here
 * every one is built again, the deepest first, unless it was made in a store that was empty before. */
#ifndef REBUILD_CLOSURE_H
#define REBUILD_CLOSURE_H

#include "rebuild/nix.h"

#define CLOSURE_MAX 20000 /* derivations, and paths */

/* How one derivation stands. */
enum closure_standing {
	CLOSURE_UNKNOWN,
	CLOSURE_FIXED,   /* its content is fixed by a digest, which Nix compares */
	CLOSURE_BUILT,   /* made here, in a store that was empty before */
	CLOSURE_AGAIN,   /* built again here: the same */
	CLOSURE_DIFFERS, /* built again here: something else */
	CLOSURE_FAILED   /* could not be built again */
};

struct closure_drv {
	char *path;
	bool is_fixed;
	char *image_digest; /* imageDigest of its environment, as dockerTools.pullImage has; or NULL */
	char *image_name; /* imageName beside it; or NULL */
	char **outputs;   /* their paths */
	size_t n_outputs;
	enum closure_standing standing;
	enum reason reason; /* why not, with _DIFFERS and _FAILED */
	uint32_t
		differing; /* with _DIFFERS: bit N for outputs[N], as Nix named them; 0: it did not */
	bool was_missing; /* an output was not in the store when it was judged */
};

/* Start with {0}, end with closure_done, also after a failure. */
struct closure {
	struct closure_drv *drvs; /* what is needed stands before what needs it */
	size_t n_drvs;
	struct nixjson_paths paths; /* every valid path but derivations, sources among them */
};

/* Reads the closure of a derivation that was built. REASON_NIX_OUTPUT, also for more than CLOSURE_MAX;
 * REASON_OUT_OF_MEMORY; the reasons of nix_ask. */
enum reason closure_read(const struct nix *nix, const char *drv, struct closure *ret,
			 struct nix_said *said) MUST_CHECK;

/* Reads it again after closure_judge, which may have built what was not there, and keeps how each derivation
 * stands. The reasons of closure_read; the closure is as before then. */
enum reason closure_read_again(const struct nix *nix, const char *drv, struct closure *closure,
			       struct nix_said *said) MUST_CHECK;

/* Has Nix hash the content of every path again. REASON_NIX_STORE: one is not what Nix's database says;
 * REASON_NIX_FAILED: one is gone; the reasons of nix_ask. */
enum reason closure_verify(const struct nix *nix, const struct closure *closure,
			   struct nix_said *said) MUST_CHECK;

/* Whether a path was taken from elsewhere on somebody's word. */
bool closure_is_substituted(const struct nixjson_path *path);

/* Whoever wants to know how far closure_judge is, in derivations; NULL: nobody. */
struct closure_progress {
	void *context;
	void (*tell)(void *context, size_t done, size_t all, const char *drv);
};

/* Judges each derivation, and builds again those that are neither fixed nor made here: that may take as
 * long as all builds did. `was_empty`: nix_store_is_empty said so before the evaluation. All are judged,
 * whatever becomes of one.
 * REASON_OK: every one is CLOSURE_FIXED, _BUILT or _AGAIN, and no option was ignored. REASON_NIX_DIFFERS:
 * one differs; _NIX_SUBSTITUTED: one could not be built again, its own reason beside it, or a path is
 * neither the output of one nor addressed by its content;
 * _NIX_OPTION_IGNORED; REASON_NIX_OPTION: `independent` is not set. REASON_INTERRUPTED, _OUT_OF_MEMORY,
 * _PROC_START, _PROC_TIMEOUT and those of the log's sink end it at once. */
enum reason closure_judge(const struct nix *nix, bool was_empty,
			  const struct closure_progress *progress, struct closure *closure,
			  struct nix_said *said) MUST_CHECK;

/* What the standings come to, which closure_judge returns at its end: REASON_OK, REASON_NIX_DIFFERS or
 * REASON_NIX_SUBSTITUTED. */
enum reason closure_conclude(const struct closure *closure) MUST_CHECK;

/* How many stand so. */
size_t closure_count(const struct closure *closure, enum closure_standing standing);

void closure_done(struct closure *closure);

#endif
