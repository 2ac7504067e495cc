/* A rebuild, from a recipe to a report: the conductor of all stages.
 *
 *   plan -> source -> image -> stage -> build -> collect -> measure -> compare -> report
 *
 * In the folder of results, beside the results, `work` is what a later run goes on with: the lock and the
 * states (state.h), the commit's working tree. Stages first, then judgement: what each stage found is kept
 * here, and run_judge puts it in the order of the report. */
#ifndef REBUILD_RUN_H
#define REBUILD_RUN_H

#include "rebuild/closure.h"
#include "rebuild/copy.h"
#include "rebuild/lock.h"
#include "rebuild/oci.h"
#include "rebuild/pipeline.h"
#include "rebuild/recipe.h"
#include "rebuild/source.h"
#include "rebuild/staged.h"
#include "rebuild/state.h"
#include "verify/counting.h"
#include "verify/image.h"
#include "verify/pcrfile.h"
#include "verify/policy.h"

#define RUN_EIF_MAX (UINT64_C(16) << 30) /* bytes of an image, as verify/eif.h has it */
#define RUN_BINARY_MAX (UINT64_C(8) << 30)

/* Whoever wants to know how far Nix is, in derivations. */
struct run_builds {
	void *context;
	void (*tell)(void *context, const struct counting *counting);
};

/* What is wanted. All borrowed. */
struct run_order {
	const struct recipe *recipe;
	const struct policy *policy; /* what to expect, the recipe's expectations among it */
	const char *out;             /* the folder of results; made, but not its parents */
	const char *built_binary;    /* NULL: taken from the image */
	const char *built_eif;       /* NULL: built */
	const char *reference;       /* an image to explain a mismatch by; NULL: none */
	const char *signers;         /* NULL: no signature is checked */
	const char *tmpdir;
	const char *cache; /* the folder of blobs; not NULL where the recipe has an image */
	const struct http_clock *http_clock;
	enum stage
		from; /* states of this stage and later ones are not used; STAGE_COUNT: all are */
	enum stage until; /* nothing behind this stage is done */
	struct git git;   /* but for its folders, kind and log */
	struct nix nix;   /* its programs and settings, and the limit of time */
	const char *tool; /* this program's name and version, */
	const char *version;
	int64_t (*now)(void);                          /* seconds since 1970; below 0: not known */
	void (*tell)(void *context, const char *what); /* one line for each step; NULL: nobody */
	void *context;
	const struct run_builds *builds;       /* NULL: nobody */
	const struct image_progress *progress; /* of measuring; NULL: nobody */
};

/* Why a stage did not succeed. */
struct run_fault {
	enum reason reason; /* REASON_OK: it did, or was not tried */
	struct trouble trouble;
};

/* One further output of the build. */
struct run_also {
	struct run_fault fault;
	char drv[DRV_PATH_MAX + 1]; /* empty: it could not be evaluated */
	char out[DRV_PATH_MAX + 1]; /* empty: it was not built */
	char *nar_hash;             /* as Nix writes it, or NULL */
	bool is_copied;             /* among the results: */
	bool is_program;            /* executable there */
	struct copied file;
};

struct run {
	const struct run_order *order;
	char *out;     /* absolute */
	char *work;    /* folder of the states */
	char *source;  /* the working tree */
	char *home;    /* for gpg */
	char *signers; /* absolute; NULL: none */
	char *eif;     /* enclave.eif among the results */
	struct git git;
	struct state *state;
	int log; /* build.log; 0: none */
	bool done[STAGE_COUNT];
	struct run_fault faults[STAGE_COUNT];
	struct source_facts facts;
	enum reason pins; /* how reading and judging flake.lock went */
	struct json_place pins_place;
	const struct lock_input *unpinned;
	struct lock lock;
	uint8_t lock_sha256[DIGEST_SHA256_LEN];
	struct pipeline pipeline; /* what the commit says of itself */
	bool is_fetched;          /* the image, which is `pinned`: */
	struct oci_pins pinned;
	bool is_doubled;            /* a layer of it has a name twice */
	bool is_pulled;             /* the flake takes it itself; then */
	enum reason whiteouts_form; /* how counting its whiteouts went */
	uint64_t whiteouts;
	char *taken[RECIPE_FILES_MAX];          /* files of the image, taken out of it, */
	size_t taken_from[RECIPE_FILES_MAX];    /* and from which layer, the lowest is 0 */
	struct copied staged[RECIPE_FILES_MAX]; /* as they are in the working tree */
	size_t n_staged;
	struct sink log_sink;
	char **environment; /* Nix's */
	struct nix nix;
	struct nixjson_version version;
	cJSON *settings; /* Nix's, as run_settings.h has them; NULL: it did not tell */
	bool was_empty;  /* Nix's store, before anything */
	bool option_ignored;
	char *weakening; /* a sentence on the settings that --independent refuses; NULL: there are none */
	char drv[DRV_PATH_MAX + 1];
	struct nixjson_built built;
	struct closure closure;
	uint8_t key[DIGEST_SHA256_LEN]; /* what the build depends on */
	enum reason independence;       /* with recipe->independent */
	bool inputs_checked; /* each revision of flake.lock was seen to have its hash; or why not: */
	enum reason inputs;
	bool is_recorded; /* how the derivations stand, in a file with this digest */
	bool is_kept;     /* or as a run before found, which ended then: */
	int64_t kept_at;
	uint8_t kept[DIGEST_SHA256_LEN];
	struct run_also also[RECIPE_ALSO_MAX];
	enum reason claim_form; /* how reading the build's pcr.json went */
	struct pcrfile claim;
	bool looked; /* for staged files in the image: */
	enum reason in_eif;
	enum reason in_eif_form;
	struct staged_file found[RECIPE_FILES_MAX];
	struct copied image_file;
	bool is_read;
	struct image image;
};

/* Ends what run_stages began. */
void run_done(struct run *run);

/* DIR/NAME; the caller frees. NULL: out of memory. */
char *run_path(const char *dir, const char *name);

/* Notes a reason with the first line of Nix's own words. */
void run_note_said(struct trouble *trouble, const struct nix_said *said, enum reason reason);

/* How a container image went into what was built, as far as that was seen. */
struct run_taking {
	bool staged; /* the staged files are in the image */
	bool pulled; /* derivations take container images themselves (dockerTools.pullImage), */
	bool pulled_recipes; /* each of them the recipe's */
};
struct run_taking run_taking(const struct run *run);

/* The checks that run_judge can add. */
struct check_set run_checks(void);

/* Adds all checks of a run, facts, and what the report must say. Does not conclude. */
void run_judge(const struct run *run, struct report *report);

/* Where a running enclave is judged beside it: the same without registers, whose checks are about both, and without
 * the report's target. */
void run_judge_origin(const struct run *run, struct report *report);

/* The same checks where nothing was to be rebuilt: all are skipped. */
void run_judge_absent(struct report *report);

/* The same for a run that was to end after `until`, before anything is compared: the checks of these stages. */
void run_judge_stages(const struct run *run, enum stage until, struct report *report);

/* What was built out of what, as build-info.json has it: the keys of the seed's workflow, then ours. NULL:
 * out of memory. */
cJSON *run_info(const struct run *run, enum verdict verdict);

/* Writes one file of results, atomically. REASON_FILE_UNWRITABLE, REASON_OUT_OF_MEMORY. */
enum reason run_write_file(const struct run *run, const char *name, const struct buf *content,
			   struct trouble *reterr) MUST_CHECK;

/* Writes pcr.json, build-info.json, report.json and report.html beside the image. The report is concluded.
 * REASON_FILE_UNWRITABLE, REASON_OUT_OF_MEMORY. */
enum reason run_write(const struct run *run, const struct report *report,
		      struct trouble *reterr) MUST_CHECK;

#endif
