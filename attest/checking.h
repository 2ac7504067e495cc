/* `check`, whatever it is told to check: rounds, what is said of them, and what is remembered between them. */
#ifndef ATTEST_CHECKING_H
#define ATTEST_CHECKING_H

#include "attest/round.h"
#include "attest/recall.h"
#include "attest/verb.h"

/* Start with checking_start, end with checking_done. */
struct checking {
	struct attest_run *run;
	struct targets targets;
	struct recall *state;
	struct sample *samples;    /* one a target */
	struct buf *kept;          /* with -o: the text of each target, until all are done */
	struct report_page *pages; /* one a target; with --format html: of the present round */
	bool first;                /* nothing was printed yet */
	bool output_failed;        /* what was found could not be written */
	enum cli_exit worst;       /* of the present round */
	int signals;               /* a signalfd, with --every; else -1 */
	int signal_number;         /* of the one that ends it; 0: none came */
	bool reload;               /* SIGHUP came */
};

/* Takes the targets over, and reads the state file if there is one. False: out of memory, said on stderr. */
bool checking_start(struct checking *checking, struct attest_run *run, struct targets *targets);
void checking_done(struct checking *checking);

/* Takes other targets over. False: out of memory, said; those before are kept. */
bool checking_replace(struct checking *checking, struct targets *targets);

/* One round and all that is written about it. The exit status. */
int checking_round(struct checking *checking);

/* With --every: rounds until a signal or a reader that went away ends them. The exit status; a signal that is to
 * end the program is in *ret_signal, else 0. */
int checking_watch(struct checking *checking, int *ret_signal);

/* Says why a bundle was not written. */
void checking_complain_save(const struct attest_run *run, const char *path, int why,
			    enum reason reason);

/* What happened while targets were asked: for struct round, with a struct checking. */
bool checking_interrupted(void *context);

#endif
