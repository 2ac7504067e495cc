/* The conductor for statements: several signed envelopes and terms to a report.
 *
 * A statement counts when one of the given keys signed it. One that no given key signed is told and
 * does not count, whoever it says it is from; nothing in it is shown. A broken envelope fails
 * whatever the others are: it was named to be judged. Statements that count must agree on PCR0 to
 * PCR2, on the commit and on the container image (one that names none agrees only with such ones),
 * and together they must be signed by `threshold` different keys.
 *
 *   testimony_start; for each file testimony_hear, or testimony_miss; testimony_conclude;
 *   testimony_done */
#ifndef VERIFY_TESTIMONY_H
#define VERIFY_TESTIMONY_H

#include "verify/dsse.h"
#include "verify/policy.h"
#include "verify/report.h"
#include "verify/terms.h"

/* What was heard so far. The fields are for testimony.c, but for the last three. */
struct testimony {
	const struct terms *terms; /* borrowed */
	size_t n_files;
	size_t n_counted;
	bool signed_by[TERMS_KEYS_MAX]; /* by index of the terms' keys */
	enum reason broken;             /* REASON_OK, or why the first broken one is */
	enum reason unread;             /* likewise the first that could not be read or judged */
	struct buf broken_text;
	struct buf unread_text;
	struct buf not_counted; /* names, for a person */
	const char *differs;    /* static: what two do not agree on; NULL: they do */
	struct buf differs_name;
	struct buf first_name; /* of the first that counts */
	struct buf
		other_attribute; /* what one built that is not the terms' attribute; empty: none */
	bool eif_differs;        /* two of the same registers are not the same file */
	bool any_uncompared;     /* one is of a run that had no expectations */
	uint8_t eif[DIGEST_SHA256_LEN];
	struct buf lines; /* a line of text for each that counts */
	cJSON *list;      /* a member for each file */
	bool out_of_memory;
	/* of the first that counts: what all of them say, when they agree */
	struct pcrs pcrs;
	struct statement_commit commit;
	struct {
		bool named;
		uint8_t sha256[DIGEST_SHA256_LEN];
	} image;
};

void testimony_start(struct testimony *testimony, const struct terms *terms);
void testimony_done(struct testimony *testimony);

/* One more file: its bytes, or why there are none (REASON_FILE_UNREADABLE with errno,
 * REASON_OUT_OF_MEMORY). */
void testimony_hear(struct testimony *testimony, struct span name, struct span envelope);
void testimony_miss(struct testimony *testimony, struct span name, enum reason reason, int system);

/* Evidence that should have a statement and has none: statement.form fails. `text` says so. */
void testimony_lack(struct testimony *testimony, enum reason reason, const char *text);

/* A document beside which the statements stand. */
struct testimony_beside {
	const struct pcrs *pcrs; /* of the document; NULL: they are not proven, */
	enum check lacks;        /* for this check did not pass */
	bool measured;           /* it is no document, but an image that was measured here */
};

/* Adds statement.form, .signature, .threshold, .commit and .image, the lines and the member
 * `statements`. `beside` of NULL: they stand alone. Does not conclude the report. True: the fields
 * pcrs, commit and image are what enough signers say. */
bool testimony_conclude(struct testimony *testimony, const struct testimony_beside *beside,
			struct report *report);

/* Adds pcrN.match of those that are expected or required, enclave_hash.match and the facts, for
 * statements that stand alone. */
void testimony_appraise(const struct testimony *testimony, bool holds, const struct policy *policy,
			struct report *report);

/* The same five checks where nothing is judged: not asked for (`needed` is CHECK_COUNT), or for want
 * of a check that stands in the report. */
void testimony_skip(enum check needed, struct report *report);

/* The five checks; the checks of `enclave-verify statement`. */
struct check_set testimony_own_checks(void);
struct check_set testimony_checks(void);

#endif
