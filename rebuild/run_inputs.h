/* Whether what flake.lock says of its inputs is true. */
#ifndef REBUILD_RUN_INPUTS_H
#define REBUILD_RUN_INPUTS_H

#include "rebuild/run.h"

/* Fetches every input that flake.lock names into a store that has none of them: only there does Nix look whether the
 * locked revision has the locked hash. That is Nix's own store where it was empty, else one for the time being, below
 * the folder of stages. run->inputs_checked tells, run->inputs why not: REASON_NIX_INPUT_HASH, _NIX_INPUT_FETCH and the
 * others of nix_evaluate. REASON_INTERRUPTED, _OUT_OF_MEMORY, _FILE_UNWRITABLE. */
enum reason run_inputs_check(struct run *run, struct nix_said *said,
			     struct trouble *reterr) MUST_CHECK;

#endif
