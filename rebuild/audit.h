/* An audit, from what a rebuild, signed statements, a running enclave and a contract came to, to one report.
 *
 * The question: does the enclave that runs now run exactly the code of this commit, and does the contract accept just
 * that? The registers of the image that was rebuilt, and those that enough signers state, are reference values beside
 * those that recipe and command line expect; the document of the enclave is held against all of them, and the contract
 * is asked about the document's own. So pcrN.match and enclave_hash.match stand once, among the document's checks:
 *
 *   run's without its registers, statement's without theirs, endpoint.fetch, document's, endpoint.tls, onchain's
 *
 * Where no document came, these checks tell how what stands in for it, the rebuilt image or else what is stated,
 * compares with the expectations: a mismatch fails then, too. There is no verdict without an image (of a rebuild or
 * of statements that hold) and a document. */
#ifndef REBUILD_AUDIT_H
#define REBUILD_AUDIT_H

#include "attest/live.h"
#include "rebuild/run.h"
#include "verify/testimony.h"

/* All borrowed. */
struct audit {
	const char *name;            /* of the recipe */
	const struct run *run;       /* NULL: nothing was to be rebuilt */
	struct testimony *testimony; /* that heard all statements; NULL: there are none */
	const struct live *live; /* with the policy of recipe and command line, without stand_in */
	const char *url;         /* NULL: the recipe names no enclave */
};

struct check_set audit_checks(void);

/* Asks the enclave and the contract, and adds every check, the member `registers` (who says what of PCR0 to PCR2) and
 * what the verdict line must say. Does not conclude. `ret` is what came from the enclave; end it with
 * live_evidence_done. */
void audit_judge(const struct audit *audit, struct report *report, struct live_evidence *ret);

#endif
