/* A flake.lock, judged: whether what a flake takes from elsewhere is fixed.
 *
 * Only `locked` counts; `original` holds what was asked for once, mostly a branch. Every node but the
 * root must have a type that names a repository, a full rev and a narHash; a path or an indirect name is
 * what each machine makes of it. Format: nix flake(1) "Lock files", version 5 to 7. */
#ifndef REBUILD_LOCK_H
#define REBUILD_LOCK_H

#include <cjson/cJSON.h>

#include "verify/json.h"

#define LOCK_NODES_MAX 1024

/* One input; the strings belong to the lock. NULL where there is none. */
struct lock_input {
	const char *name; /* of its node */
	const char *type;
	const char *rev;
	const char *nar_hash;
	const char *url; /* or owner and repo: */
	const char *owner;
	const char *repo;
};

struct lock {
	cJSON *tree;
	size_t n;
	struct lock_input *inputs; /* in the order of the file */
	size_t n_follows;          /* inputs that take another's instead of their own */
	bool enclaver_overridden; /* nix-enclaver builds with another nixpkgs than it was released with */
};

/* Reads it. *ret is the caller's to end with lock_done, on success only.
 * The reasons of json_read with the place; REASON_LOCK_SHAPE; REASON_OUT_OF_MEMORY. */
enum reason lock_read(struct span text, struct lock *ret,
		      struct json_place *reterr_place) MUST_CHECK;
void lock_done(struct lock *lock);

/* Whether everything is fixed; *reterr is the input that is not.
 * REASON_LOCK_PATH, _LOCK_INDIRECT, _LOCK_UNPINNED (no full rev, or no narHash), _LOCK_TYPE (none that is
 * known), _LOCK_OVERRIDDEN (nix-enclaver's nixpkgs); REASON_OUT_OF_MEMORY: nothing is judged. */
enum reason lock_judge(const struct lock *lock, const struct lock_input **reterr) MUST_CHECK;

#endif
