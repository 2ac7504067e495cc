/* The further outputs that a recipe asks for (build.also): no part of the image, so that no register speaks of them.
 *
 * They are built like the image, out of the same tree and lock by the same settings, and copied among the results
 * under the last name of their attribute. Beside an independent build they are built here, but not a second time. */
#ifndef REBUILD_RUN_ALSO_H
#define REBUILD_RUN_ALSO_H

#include "rebuild/run.h"

/* "enclaver" of "packages.x86_64-linux.enclaver": the file's name among the results. */
const char *run_also_name(const char *attribute);

/* Builds all of them. What becomes of one is in its fault, and says nothing about the others. REASON_INTERRUPTED,
 * _OUT_OF_MEMORY. */
enum reason run_also_build(struct run *run, struct trouble *reterr) MUST_CHECK;

/* Copies from each that was built: the output where it is a file, else bin/NAME in it. What is there from an earlier
 * run and was not built by this one is removed. REASON_INTERRUPTED, _OUT_OF_MEMORY, _FILE_UNWRITABLE. */
enum reason run_also_collect(struct run *run, struct trouble *reterr) MUST_CHECK;

#endif
