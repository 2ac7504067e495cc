/* What a security module says of itself, and its registers, for people and machines. */
#ifndef ATTEST_DESCRIPTION_H
#define ATTEST_DESCRIPTION_H

#include "attest/nsm.h"
#include "verify/pcr.h"

/* Start with {0}, end with description_done. */
struct description {
	struct buf answer; /* what `about` borrows from */
	struct nsm_description about;
	struct pcrs pcrs; /* those below about.max_pcrs */
	uint32_t locked;  /* as each register says itself */
};

/* Asks for everything. The reasons of nsm_ask; REASON_NSM_ANSWER also for a register that is not 48
 * bytes long. */
enum reason description_ask(const struct nsm *nsm, struct description *ret,
			    int *reterr_errno) MUST_CHECK;
void description_done(struct description *description);

/* Appends lines. */
void description_text(const struct description *description, struct buf *out);

/* Appends one line of JSON. REASON_OUT_OF_MEMORY. */
enum reason description_json(const struct description *description, const char *tool,
			     const char *tool_version, struct buf *out) MUST_CHECK;

#endif
