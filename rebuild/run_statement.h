/* The signed statement of a run. */
#ifndef REBUILD_RUN_STATEMENT_H
#define REBUILD_RUN_STATEMENT_H

#include "rebuild/run.h"

/* Who a statement says that it was built by: this program, wherever it runs; the signature says who ran it. */
#define RUN_STATEMENT_BUILDER "https://enclavecheck.example/enclave-rebuild"

/* Whether a run may be stated: it built, and passed, or had nothing to compare with and no check failed. */
bool run_is_stated(const struct run *run, const struct report *report);

/* Appends the statement, signed with a private key in PEM. The container image is in it only where image.in_eif
 * passed, or where it was seen that the flake itself takes that image and no other (image.digest). The reasons of provenance_write and provenance_sign. */
enum reason run_statement(const struct run *run, const struct report *report, struct span key,
			  struct buf *out) MUST_CHECK;

#endif
