/* What the verb plan asks about the image of a recipe: how large it is, and what its tag stands for. */
#ifndef REBUILD_JOB_IMAGE_H
#define REBUILD_JOB_IMAGE_H

#include "rebuild/job.h"
#include "rebuild/oci.h"
#include "rebuild/recipe.h"

#define JOB_ASK_LIMIT_MS 60000 /* for one question to a registry or a repository */

/* What a run would fetch, as oci_look tells. The recipe has an image. Its reasons, those of ociref.h,
 * REASON_OUT_OF_MEMORY. */
enum reason job_image_look(struct job *job, const struct recipe *recipe, struct oci_outline *ret,
			   struct trouble *reterr) MUST_CHECK;

/* Appends the reference with the digest that its tag stands for now behind it; nothing where it has a digest. As
 * above, and the reasons of oci_resolve. */
enum reason job_image_resolve(struct job *job, const struct recipe *recipe, struct buf *ret,
			      struct trouble *reterr) MUST_CHECK;

#endif
