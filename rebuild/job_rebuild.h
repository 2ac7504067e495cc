/* What a rebuild takes from the command line and from the surroundings, for the verbs that rebuild: the recipe,
 * other programs, the cache, the policy, keys; all of it looked at before anything is done. */
#ifndef REBUILD_JOB_REBUILD_H
#define REBUILD_JOB_REBUILD_H

#include "attest/http.h"
#include "rebuild/job_recipe.h"
#include "rebuild/run.h"

/* Start with rebuilding_read, end with rebuilding_done in any case. It must stay where it is from
 * rebuilding_prepare on. */
struct rebuilding {
	bool is_read;
	bool rebuilds;        /* false: nothing is to be rebuilt, and `order` is not filled */
	struct recipe recipe; /* with the options in it */
	struct job_tools tools;
	struct cli_progress bar;
	struct image_progress told;
	struct run_builds builds;
	const struct job *job; /* as rebuilding_prepare was given it */
	const char *
		counted; /* what was counted last, NULL: nothing, and how many tenths of it were told */
	uint64_t tenths;
	struct http_clock clock; /* of this machine, for all that is asked over the network */
	char *cache;             /* owned */
	struct run_order order;  /* what run_stages is given */
};

/* Reads the recipe of the command line and looks at the options of the rebuild, where there is to be one. False: what
 * is wrong was said on stderr; *ret_exit is the exit status. */
bool rebuilding_read(struct job *job, bool rebuilds, struct rebuilding *ret, int *ret_exit);

/* Looks at files and keys that options name, finds cache and programs, and puts the recipe's expectations into
 * job->policy. False: said; *ret_exit is the exit status. */
bool rebuilding_prepare(struct job *job, struct rebuilding *rebuilding, int *ret_exit);

void rebuilding_done(struct rebuilding *rebuilding);

/* Runs the stages with a bar on stderr. End `ret` with run_done in any case, {0} before. False: this machine's or the
 * caller's trouble, said; there is nothing to judge. */
bool rebuilding_stages(const struct job *job, struct rebuilding *rebuilding, struct run *ret);

/* Reads the key of --sign, to be cleansed by the caller. False: what is wrong was said. */
bool job_read_key(const struct job *job, struct buf *ret);

#endif
