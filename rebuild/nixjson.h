/* What Nix prints on stdout: its version, the paths that it built, what it knows of paths. The text
 * comes from a program that was named by whoever runs this one, but through it from a flake: bounded and
 * strict, except that members that are not known are passed over, since later versions have more. */
#ifndef REBUILD_NIXJSON_H
#define REBUILD_NIXJSON_H

#include "rebuild/drv.h"

#define NIXJSON_MAX ((size_t)1024 * 1024) /* bytes, JSON_MAX */
#define NIXJSON_NAME_MAX 64

/* One output of a derivation. */
struct nixjson_output {
	char name[NIXJSON_NAME_MAX];
	char path[DRV_PATH_MAX + 1];
};

/* What `nix build --json` says of one derivation. */
struct nixjson_built {
	char drv[DRV_PATH_MAX + 1];
	size_t n_outputs;
	struct nixjson_output outputs[DRV_OUTPUTS_MAX];
};

/* Reads `[{"drvPath":...,"outputs":{NAME:PATH,...}}]`, one derivation and no more.
 * REASON_NIX_OUTPUT; REASON_OUT_OF_MEMORY. */
enum reason nixjson_built(struct span text, struct nixjson_built *ret) MUST_CHECK;

/* The path of an output; NULL: it has none of this name. Borrowed. */
const char *nixjson_output(const struct nixjson_built *built, const char *name);

/* What `nix path-info --json` says of one path. Strings are owned by the list. */
struct nixjson_path {
	char *path;
	char *nar_hash;    /* as Nix writes it, sha256-... */
	char *deriver;     /* NULL: not known */
	char *signers;     /* names of keys, one blank between them; empty: nobody signed */
	uint64_t nar_size; /* bytes */
	bool ultimate;     /* made in this store, not copied or substituted from another */
	bool addressed; /* its name follows from its content: it does not matter where it came from */
};

/* Start with {0}, end with nixjson_paths_done. */
struct nixjson_paths {
	struct nixjson_path *at;
	size_t n;
};

/* Appends, whatever the order, what an array of objects says, or an object of path to object (Nix from
 * 2.19 on). `valid` is required of the latter: null is a path that the store does not have.
 * REASON_NIX_OUTPUT, also for a path that is there already; REASON_OUT_OF_MEMORY. */
enum reason nixjson_paths(struct span text, struct nixjson_paths *paths) MUST_CHECK;

/* The entry of a path; NULL: there is none. */
const struct nixjson_path *nixjson_path(const struct nixjson_paths *paths, struct span path);

void nixjson_paths_done(struct nixjson_paths *paths);

/* "nix (Nix) 2.8.0" and what others print before the number; a suffix such as pre2022 is passed over. */
struct nixjson_version {
	uint64_t major;
	uint64_t minor;
	char text[NIXJSON_NAME_MAX]; /* from the number on: letters, digits, . _ + - */
};

/* REASON_NIX_VERSION: older than 2.8, or none is told. */
enum reason nixjson_version(struct span text, struct nixjson_version *ret) MUST_CHECK;

/* Cuts the next line off a list of store paths that end in `suffix` (NULL: any). *ret is empty and
 * the reason REASON_OK when nothing is left. REASON_NIX_OUTPUT: what stands there is none. */
enum reason nixjson_line(struct span *text, const char *suffix, struct span *ret) MUST_CHECK;

#endif
