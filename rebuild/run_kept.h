/* What a run keeps of a build that was checked derivation by derivation, and when a later run goes by it. */
#ifndef REBUILD_RUN_KEPT_H
#define REBUILD_RUN_KEPT_H

#include "rebuild/run.h"

/* What the build depends on, as run->key: nixopt_key over the commit's tree, its lock, the staged files, the attribute,
 * Nix's version and every setting. REASON_CRYPTO_FAILED, _OUT_OF_MEMORY. */
enum reason run_kept_key(struct run *run) MUST_CHECK;

/* Takes over how each derivation of run->closure stood, where the state is of the same key, the record is the one that
 * the state notes and is of this closure, and Nix has hashed every path again. run->is_kept tells. REASON_NIX_STORE: a
 * path has another content than Nix noted; REASON_INTERRUPTED, _OUT_OF_MEMORY, _CRYPTO_FAILED, and the reasons of
 * closure_verify but for a path that is gone. */
enum reason run_kept_use(struct run *run, struct nix_said *said) MUST_CHECK;

/* Writes the record, and sets run->kept to its digest. REASON_FILE_UNWRITABLE, _OUT_OF_MEMORY, _CRYPTO_FAILED. */
enum reason run_kept_write(struct run *run, struct trouble *reterr) MUST_CHECK;

#endif
