/* What is kept of a closure that was judged, so that an hour of builds need not be done again: text, a line for
 * each derivation and each path, in the order of their paths.
 *
 *   enclavecheck closure 1
 *   STANDING DRV              fixed, built, again, or differs:HEX with the bits of the outputs that differ
 *   SHA256 ultimate|copied PATH
 *
 * It holds for a closure that was read anew only if printing that one gives the same text: the same derivations,
 * the same paths with the same hashes. All that it adds is how each derivation stands. */
#ifndef REBUILD_RECORD_H
#define REBUILD_RECORD_H

#include "rebuild/closure.h"

#define RECORD_MAX ((size_t)4 * CLOSURE_MAX * (DRV_PATH_MAX + 1)) /* bytes */

/* Appends the text. False: there is nothing to keep, because a derivation was not judged or could not be built. No
 * memory shows in `out`. */
bool record_print(const struct closure *closure, struct buf *out);

/* Gives each derivation of a closure the standing that the text says. False: the text is not of this closure, and
 * the closure is not judged. REASON_OUT_OF_MEMORY. */
enum reason record_take(struct span text, struct closure *closure, bool *ret) MUST_CHECK;

#endif
