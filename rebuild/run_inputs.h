/* Whether a build rests on what was found in a used store: inputs that are not what flake.lock says, or evaluation
 * out of what some derivation made. */
#ifndef REBUILD_RUN_INPUTS_H
#define REBUILD_RUN_INPUTS_H

#include "rebuild/run.h"

/* Fetches every input that flake.lock names into a store that has none of them: only there does Nix look whether the
 * locked revision has the locked hash. That is Nix's own store where it was empty, else one for the time being, below
 * the folder of stages. run->inputs_checked tells, run->inputs why not: REASON_NIX_INPUT_HASH, _NIX_INPUT_FETCH and the
 * others of nix_evaluate. REASON_INTERRUPTED, _OUT_OF_MEMORY, _FILE_UNWRITABLE. */
enum reason run_inputs_check(struct run *run, struct nix_said *said,
			     struct trouble *reterr) MUST_CHECK;

/* Evaluates once more, taking nothing that a derivation made: what is imported so stands in no closure, and Nix takes
 * it from a used store as it is. REASON_NIX_IMPORT: it does; REASON_NIX_TREE: another derivation came of it; otherwise
 * as nix_evaluate. */
enum reason run_inputs_imports(const struct run *run, struct nix_said *said) MUST_CHECK;

#endif
