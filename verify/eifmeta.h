/* The metadata section of an image, version 4: what the building tool says about itself, in JSON.
 *
 *   {"ImageName": "..", "ImageVersion": "..",
 *    "BuildMetadata": {"BuildTime": "..", "BuildTool": "..", "BuildToolVersion": "..",
 *                      "OperatingSystem": "..", "KernelVersion": ".."},
 *    "DockerInfo": null | .., "CustomMetadata": null | ..}
 *
 * Nothing of it is measured: two images with the same PCRs may tell different stories, so no check
 * rests on it. Its strings come from outside and are escaped wherever they are shown.
 * Source: aws-nitro-enclaves-image-format 0.5, src/defs/eif_identity.rs. */
#ifndef VERIFY_EIFMETA_H
#define VERIFY_EIFMETA_H

#include "verify/json.h"

#define EIFMETA_MAX ((size_t)256 * 1024) /* bytes */

/* The strings that every such section has, in the order in which they are written. */
#define EIFMETA_STRINGS 7

struct eifmeta {
	cJSON *tree; /* all of it; owned */
	struct {
		const char *name;  /* static, e.g. "ImageName" */
		const char *value; /* borrowed from `tree` */
	} strings[EIFMETA_STRINGS];
};

/* Reads the section. On failure *reterr_place is where in it, or {0, 0} for the whole, and
 * *reterr_json the rule of json.h that it breaks with REASON_EIF_METADATA_JSON, else REASON_OK.
 * REASON_EIF_METADATA_TOO_LARGE, _JSON, _FIELD; REASON_OUT_OF_MEMORY. */
enum reason eifmeta_read(struct span section, struct eifmeta *ret, enum reason *reterr_json,
			 struct json_place *reterr_place) MUST_CHECK;

/* Frees; {0} is fine. */
void eifmeta_done(struct eifmeta *meta);

#endif
