/* The layers of an image out of a registry, two at a time: a registry's store and the way to it rarely give one
 * connection all that they have, and more than two fill a disk in no order that could be gone on with. */
#ifndef REBUILD_PULL_H
#define REBUILD_PULL_H

#include "rebuild/distribution.h"

#define PULL_AT_ONCE 2

/* Sees to it that the store has these blobs. They are begun in their order; `first` has asked for what names them.
 * Without oci->second they come one after the other. What goes wrong is told as if they had always done so: the fault
 * of the first blob, in their order, that has one. What was begun before that blob is still fetched to its end, what
 * is behind it is broken off, to be gone on with another time. oci->advance is told by one thread at a time.
 * The reasons of distribution_blob. */
enum reason pull_blobs(const struct oci *oci, const struct distribution *first,
		       const struct descriptor *blobs, size_t n, struct trouble *reterr) MUST_CHECK;

#endif
