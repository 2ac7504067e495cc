/* The stage `image` of a run: the container image by its digest, and the files out of it. */
#ifndef REBUILD_RUN_IMAGE_H
#define REBUILD_RUN_IMAGE_H

#include "rebuild/run.h"

/* Fetches the recipe's image into the cache, every byte of it proven, and takes the recipe's files out of it into
 * the folder of the run (`taken`). Nothing to do without an image. The reasons of ociref.h, store_open,
 * oci_fetch, container_open and container_stage; REASON_FILE_UNWRITABLE, REASON_OUT_OF_MEMORY. */
enum reason run_image(struct run *run, struct trouble *reterr) MUST_CHECK;

/* After the build: where the flake takes the recipe's image itself, counts its whiteouts (`whiteouts`), for what takes
 * layers apart there applies none. What goes wrong with that is kept (`whiteouts_form`), but for REASON_INTERRUPTED and
 * REASON_OUT_OF_MEMORY. */
enum reason run_image_look(struct run *run, struct trouble *reterr) MUST_CHECK;

#endif
