/* The kernels of two images, one against the other. */
#ifndef REBUILD_KERNELS_H
#define REBUILD_KERNELS_H

#include "rebuild/finding.h"
#include "rebuild/kernel.h"

/* Reads two kernels that are not the same bytes and adds what differs: form, version, configuration,
 * what stands before, in and behind the payload. Nothing is added when neither is of a known form.
 * A payload that cannot be decompressed, to at most `max` bytes, is compared as bytes, and that is
 * said: it is never the same as another one.
 * REASON_CHANGED_WHILE_READING, _FILE_UNREADABLE, _OUT_OF_MEMORY, _CRYPTO_FAILED. */
enum reason kernels_compare(const struct catalog_source *a, const struct catalog_source *b,
			    uint64_t max, struct findings *findings) MUST_CHECK;

#endif
