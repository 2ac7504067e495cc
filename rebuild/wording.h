/* Differences of an image's texts: the description key by key, the command line word by word. */
#ifndef REBUILD_WORDING_H
#define REBUILD_WORDING_H

#include "rebuild/finding.h"
#include "verify/eif.h"
#include "verify/eifmeta.h"

/* Adds a finding for each key, at any depth, whose value differs or that only one has. Both trees
 * were read by eifmeta_read. Nothing added: the texts differ in white space or order only.
 * REASON_OUT_OF_MEMORY. */
enum reason wording_metadata(const struct eifmeta *a, const struct eifmeta *b,
			     struct findings *findings) MUST_CHECK;

/* Reads both command lines again and adds a finding for each word that only one has; nothing when
 * the words are the same ones. The reasons of rebuild/reread.h. */
enum reason wording_cmdline(int fd_a, const struct eif_section *a, const uint8_t *sha384_a,
			    int fd_b, const struct eif_section *b, const uint8_t *sha384_b,
			    struct findings *findings) MUST_CHECK;

#endif
