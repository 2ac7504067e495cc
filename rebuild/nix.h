/* Nix, driven: from an attribute of a flake in a folder to the paths in the store that hold it.
 *
 * Every call is one of Nix's own programs, with words that nobody else completes: the lock file stays
 * as it is, settings that a flake brings along are not taken, nothing impure is allowed. With
 * `independent` nothing is substituted, no other machine builds, and every build is in a sandbox or
 * does not happen. Nix's configuration files are not read (NIX_CONF_DIR, NIX_USER_CONF_FILES): what
 * counts is on the command line and in NIX_CONFIG. A daemon reads its own.
 *
 * Nix exits with 1 for nearly everything; a reason comes from its exit status where that tells, else
 * from its messages (rebuild/nixlog.h). Success is never taken from a message. */
#ifndef REBUILD_NIX_H
#define REBUILD_NIX_H

#include "rebuild/nixjson.h"
#include "rebuild/nixlog.h"
#include "rebuild/nixopt.h"
#include "rebuild/proc.h"

/* How Nix is called. All borrowed; set what has no default, else 0. */
struct nix {
	const char *nix; /* absolute paths of both programs */
	const char *nix_store;
	const char *const *environment;         /* from nix_environment */
	const char *flake;                      /* the folder with flake.nix: where Nix runs */
	const struct nixopt_settings *settings; /* judged by nixopt_judge */
	struct proc_clock clock;
	int64_t deadline_ms; /* for each call, on the clock; 0: none */
	const volatile sig_atomic_t *interrupted;
	const struct sink *log; /* gets all that Nix says, as text; NULL: nobody */
	void (*tell)(void *context, const struct nixlog_progress *progress); /* NULL: nobody */
	void *context;
};

/* What a call left beside its reason. Start with {0}, end with nix_said_done. */
struct nix_said {
	struct buf errors;   /* Nix's messages, lines; escape them before they are printed */
	bool option_ignored; /* a daemon kept a setting of its own instead of ours */
};

/* The environment that Nix gets, and nothing else: PATH (Nix finds git there), HOME and the caches
 * below it in `home`, which is the caller's and may be emptied at any time, TMPDIR, NIX_CONFIG.
 * `tmpdir` and `nix_config` may be NULL. End with nix_environment_free. NULL: out of memory. */
char **nix_environment(const char *path, const char *home, const char *tmpdir,
		       const char *nix_config);
void nix_environment_free(char **environment);

/* Whether this process is root and the group nixbld does not exist: Nix then refuses to build unless it is
 * told to build as the caller (nixopt_settings.no_group). */
bool nix_lacks_group(void);

/* The version. REASON_NIX_VERSION: too old (before 2.8), or none is told; the reasons of proc_run. */
enum reason nix_version(const struct nix *nix, struct nixjson_version *ret) MUST_CHECK;

/* Whether the store has no path at all. To be asked before nix_evaluate, which puts sources there.
 * REASON_NIX_FAILED and the reasons of proc_run. */
enum reason nix_store_is_empty(const struct nix *nix, bool *ret, struct nix_said *said) MUST_CHECK;

/* The attribute is usable: letters, digits, . _ and -, none of . and - at its start. */
bool nix_is_attribute(const char *attribute);

/* Evaluates an attribute (packages.SYSTEM.ATTRIBUTE before others) and stores its derivation, which is
 * *ret. REASON_NIX_LOCK: flake.lock is missing or does not fit; _ATTRIBUTE; _NOT_STAGED: a file that the
 * flake names is not in the tree, or not known to git; _INPUT_HASH, _INPUT_FETCH; _DISK_FULL,
 * _FEATURES, _GROUP; _EVALUATION: another message; _OUTPUT; and the reasons of proc_run. */
enum reason nix_evaluate(const struct nix *nix, const char *attribute,
			 char ret_drv[static DRV_PATH_MAX + 1], struct nix_said *said) MUST_CHECK;

/* Fetches every input that flake.lock names into the store of the settings, as far as it does not have it. Nix looks
 * whether a revision has the hash of the lock file only when it fetches. The reasons of nix_evaluate. */
enum reason nix_fetch_inputs(const struct nix *nix, struct nix_said *said) MUST_CHECK;

/* Builds a derivation, then asks for the attribute once more and gives its outputs. `root`: a link to
 * make, which keeps the output from Nix's garbage collector; NULL: none.
 * REASON_NIX_BUILDER, _TIMEOUT, _FIXED_OUTPUT, _DISK_FULL, _GROUP; _TREE: the attribute is not that
 * derivation any more; _FAILED: another message; the reasons of nix_evaluate. */
enum reason nix_build(const struct nix *nix, const char *attribute, const char *drv,
		      const char *root, struct nixjson_built *ret,
		      struct nix_said *said) MUST_CHECK;

/* Builds a derivation that was built before a second time and compares. REASON_NIX_DIFFERS: another
 * result; otherwise as nix_build. `check` false: builds it for the first time. */
enum reason nix_realise(const struct nix *nix, const char *drv, bool check, const char *root,
			struct nix_said *said) MUST_CHECK;

/* A call for what it prints: `words` come after the options that every call has (a further NULL ends
 * them). `*ret` is the caller's. REASON_NIX_FAILED or what its messages speak of; the reasons of proc_run. */
enum reason nix_ask(const struct nix *nix, bool nix_store, const char *const words[],
		    size_t output_max, struct buf *ret, struct nix_said *said) MUST_CHECK;

/* Where the file behind a path of the store can be opened: --store DIR keeps it in DIR/nix/store.
 * The caller frees. NULL: out of memory, or the store is not on this machine. */
char *nix_real_path(const struct nix *nix, const char *path);

void nix_said_done(struct nix_said *said);

#endif
