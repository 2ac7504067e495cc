/* The verbs of enclave-rebuild, one function each. main.c reads the command line into a struct
 * job and exits with what the verb returns. */
#ifndef REBUILD_JOB_H
#define REBUILD_JOB_H

#include <signal.h>

#include "rebuild/assemble.h"
#include "rebuild/auditing.h"
#include "rebuild/nixopt.h"
#include "rebuild/state.h"
#include "rebuild/summary.h"
#include "verify/cli.h"
#include "verify/policy.h"

/* Everything a verb needs. */
struct job {
	struct cli_world world;
	const char *version;
	const char *verb;         /* its name */
	const char *epoch;        /* SOURCE_DATE_EPOCH, NULL: not set */
	const char *tmpdir;       /* for files that nobody else sees */
	struct cli_output output; /* with the program's name */
	const char *operands[2];
	size_t n_operands;
	struct assemble_ramdisk *ramdisks; /* owned array of borrowed words */
	size_t n_ramdisks;
	const char *kernel;
	const char *cmdline;
	const char *metadata;
	const char *sign_key;
	const char *sign_cert;
	uint16_t flags;         /* of the image to make */
	struct eif_rules rules; /* of the image to take apart or to compare */
	/* of plan and run */
	struct policy policy;
	struct check_set checks;   /* that --require may name */
	const char *search_path;   /* PATH, NULL: not set */
	const char *ssh_auth_sock; /* SSH_AUTH_SOCK, likewise */
	const volatile sig_atomic_t *interrupted;
	int64_t (*now)(void);
	int64_t (*clock_ms)(void); /* milliseconds since 1970; below 0: none */
	const char *out;
	const char *commit;
	const char *image;
	const char *attribute;
	const char *expect_pcr0;
	const char *built_binary;
	const char *built_eif;
	const char *reference; /* --eif */
	const char *signers;
	const char *sign;             /* --sign: a private key */
	struct nixopt_settings nix;   /* --builders, --store, --nix-option; NIX_CONFIG */
	const char *cache;            /* --cache; NULL: */
	const char *cache_home;       /* XDG_CACHE_HOME, NULL: not set */
	const char *home;             /* HOME, likewise */
	struct summary_files summary; /* GITHUB_STEP_SUMMARY, GITHUB_OUTPUT */
	void (*sleep_ms)(void *context, int64_t ms);
	bool (*random)(uint8_t *ret, size_t len); /* for nonces; false: there is none */
	char *nix_names[NIXOPT_MAX];              /* owned: names of its options */
	bool independent;
	bool require_signed;
	bool resolve;
	struct auditing auditing; /* of audit alone */
	enum stage from;          /* STAGE_COUNT: not given */
	enum stage until;
};

/* Each returns the exit status. */
int job_assemble(struct job *job);
int job_unpack(struct job *job);
int job_compare(struct job *job);
int job_plan(struct job *job);
int job_run(struct job *job);
int job_audit(struct job *job);

/* Options that only one verb has. False: what is wrong was said on stderr. */
#define ASSEMBLE_OPTIONS 8
extern const struct cli_option assemble_options[ASSEMBLE_OPTIONS];
bool job_assemble_apply(struct job *job, int id, const char *value);
bool job_audit_apply(struct job *job, int id, const char *value);

/* --nix-option NAME=VALUE. False: said. */
bool job_nix_option(struct job *job, const char *word);

/* Says on stderr what is wrong with the command line; the exit status for that. */
int job_usage(const struct job *job, const char *message);

/* One line on stderr: what, the name concerned, what the system said, why, and the reason's name. */
void job_complain(const struct job *job, const char *what, const struct trouble *trouble,
		  enum reason reason);

/* This program's or the machine's own fault, not the inputs'. */
bool job_is_own_trouble(enum reason reason);

/* A bar on stderr while something large is worked on (verify/cli.h), told by `advance`. `bar` must
 * outlive it; end with cli_progress_end. */
struct advance job_advance(const struct job *job, struct cli_progress *bar);

/* Puts a result out on stdout. `complete` false: there was no memory for it. */
int job_put_out(const struct job *job, const struct buf *out, bool complete);

#endif
