/* The stages `stage`, `build` and `collect` of a run: files into the working tree, Nix, the image out of its
 * store. */
#ifndef REBUILD_RUN_BUILD_H
#define REBUILD_RUN_BUILD_H

#include "rebuild/run.h"

/* Puts the files that the build takes into the working tree, 0755, and makes them known to git (`git add -f`);
 * nothing is committed. No link in the tree is followed. REASON_STAGED_DIGEST: a file is not the one that the
 * recipe names; _STAGED_PLACE: something in the tree is in its way; REASON_FILE_UNREADABLE, _FILE_UNWRITABLE,
 * _FILE_TOO_LARGE, _SOURCE_GIT, and the reasons of proc_run. */
enum reason run_stage(struct run *run, struct trouble *reterr) MUST_CHECK;

/* Makes ready to call Nix, which is not done before. REASON_NIX_VERSION: it is too old, or tells no version, and there
 * is no use in fetching anything; REASON_OUT_OF_MEMORY; the reasons of proc_run. */
enum reason run_build_prepare(struct run *run, struct trouble *reterr) MUST_CHECK;

/* Builds, reads the closure and, where it is to be independent, judges it, or goes by an earlier run that did
 * (run_kept.h); then what the recipe asks for beside it (run_also.h). The reasons of nix_evaluate, nix_build,
 * closure_read and closure_verify; REASON_FILE_CHANGED: a staged file changed while Nix worked. */
enum reason run_build(struct run *run, struct trouble *reterr) MUST_CHECK;

/* Copies the image, and reads the registers that the build wrote down. REASON_COLLECT: the output has no such
 * file, or a link in its place that leads out of the store; REASON_FILE_UNREADABLE, ... */
enum reason run_collect(struct run *run, struct trouble *reterr) MUST_CHECK;

/* Whether the staged files are in the image; see staged_find. */
enum reason run_find_staged(struct run *run, struct trouble *reterr) MUST_CHECK;

#endif
