/* Hashes of Nix store paths in names and content. A store path is nix/store/HASH-NAME, HASH of 32
 * characters of 0-9 and a-z; when anything that a package was made of changes, its hash does, and
 * so does every file that names it: an effect of another difference, not a cause. */
#ifndef REBUILD_STOREPATH_H
#define REBUILD_STOREPATH_H

#include "verify/span.h"

/* What stands around a byte decides about it: no more than this many bytes to each side. */
#define STOREPATH_REACH 43

/* Overwrites every hash in place, so that lengths stay. */
void storepath_blank(uint8_t *bytes, size_t len);

#endif
