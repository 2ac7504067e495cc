/* The verbs of enclave-verify, one function each. main.c reads the command line into a struct
 * verb_run and exits with what the verb returns. */
#ifndef VERIFY_VERB_H
#define VERIFY_VERB_H

#include "verify/cli.h"
#include "verify/contract_options.h"
#include "verify/eif.h"
#include "verify/policy.h"
#include "verify/terms.h"

/* Everything a verb needs. */
struct verb_run {
	struct cli_world world;
	struct cli_output output; /* with the program's name */
	const char *version;
	struct policy policy;
	const char **operands; /* owned array of borrowed words */
	size_t n_operands;
	bool max_age_given;
	bool at_given;
	bool requires;         /* --require was given */
	bool single_file_only; /* an option was given that fits one document */
	struct eif_rules rules;
	bool pcr_json;
	bool calldata; /* FILE is the call data of registerSigner */
	struct contract_options contract;
	struct terms terms; /* whose statements count */
};

/* Each returns the exit status. */
int verb_document(struct verb_run *run);
int verb_show(struct verb_run *run);
int verb_eif(struct verb_run *run);
int verb_hash(struct verb_run *run);
int verb_bundle(struct verb_run *run);
int verb_statement(struct verb_run *run);

/* Says on stderr what is wrong with the command line; the exit status for that. */
int verb_usage(const struct verb_run *run, const char *message);

/* The bytes of a document file, whatever its form; *ret borrows from *file or *decoded.
 * Under --calldata the document is taken out of call data.
 * REASON_FILE_UNREADABLE (said on stderr), REASON_COSE_TOO_LARGE, REASON_TEXT_ENCODING, those of calldata.h,
 * REASON_OUT_OF_MEMORY. */
enum reason verb_load(const struct verb_run *run, const char *path, struct buf *file,
		      struct buf *decoded, struct span *ret) MUST_CHECK;

/* Takes the document out of call data: *ret is the call data, then the document, which borrows from
 * *decoded. The reasons of calldata_read and calldata_document; nothing is changed then. */
enum reason verb_open_calldata(struct buf *decoded, struct span *ret) MUST_CHECK;

/* True when the file is not to blame: there is no verdict on it. */
bool verb_is_trouble(enum reason reason);

/* -q: no text, neither on stdout nor into a file. */
bool verb_is_silent(const struct verb_run *run);

/* Appends the concluded report in the chosen format. False: out of memory. */
bool verb_render(const struct verb_run *run, const struct report *report, struct buf *out);

#endif
