/* The conductor for images: an EIF and a policy to a report, check by check in the order of the
 * format; and what the image says, for people and machines.
 *
 * An image is read once, from a file or a pipe, and never held in memory: less than 10 MB whatever
 * its size. */
#ifndef VERIFY_IMAGE_H
#define VERIFY_IMAGE_H

#include "verify/eif.h"
#include "verify/eifmeta.h"
#include "verify/eifsign.h"
#include "verify/measure.h"
#include "verify/policy.h"
#include "verify/report.h"

/* Where the bytes come from. */
struct image_source {
	int fd;
	struct span head; /* bytes that were read from it before, MEASURE_CHUNK at most */
	uint64_t size;    /* of the file, for the progress only; 0: not known */
};

/* Who wants to know how far the reading is; `tell` may be NULL. */
struct image_progress {
	void *context;
	void (*tell)(void *context, uint64_t done, uint64_t size);
};

/* What came of reading. End with image_done. */
struct image {
	enum reason form;             /* REASON_OK: the fields from `eif` on are known */
	uint64_t fault;               /* otherwise: the offset in the file of what is at fault, */
	int read_errno;               /* with REASON_FILE_UNREADABLE, */
	enum reason json;             /* with REASON_EIF_METADATA_JSON: the rule that is broken, */
	struct json_place json_place; /* and where in the metadata */
	struct eif eif;
	struct measurement measurement;
	struct eifmeta metadata; /* `tree` is NULL before version 4 */
	bool is_signed;
	enum reason signature_form; /* how reading `sign` went */
	struct eifsign sign;
	struct buf signature; /* the sections as they stand there */
	struct buf metadata_text;
};

/* Reads an image to its end and measures it. Returns ret->form, which is one of eif.h's,
 * measure.h's and eifmeta.h's reasons or REASON_FILE_UNREADABLE. A wrong checksum or signature is
 * no fault of the form. *ret is always written. `progress` may be NULL. */
enum reason image_read(const struct image_source *source, const struct eif_rules *rules,
		       const struct image_progress *progress, struct image *ret) MUST_CHECK;
void image_done(struct image *image);

/* Whether a form is this machine's trouble and says nothing about the image. */
bool image_is_unreadable(enum reason form);

/* Form and checksum are right: the registers are the image's. */
bool image_is_sound(const struct image *image);

/* The registers of an image in proper form: PCR0, 1, 2, and 8 where a certificate could be read. */
struct pcrs image_pcrs(const struct image *image);

/* Appends what is wrong with the form, where, and the stable name in brackets. */
void image_form_text(const struct image *image, struct buf *out);

/* The checks that image_judge can add to a report. */
struct check_set image_checks(void);

/* Adds eif.form, eif.crc, eif.signature, pcrN.match of those that are expected or required,
 * enclave_hash.match, and the facts. Does not conclude. `now` is in seconds since 1970. */
void image_judge(const struct image *image, const struct policy *policy, int64_t now,
		 struct report *report);

/* The same in two steps, for whoever has a check to add between them: form, checksum and signature;
 * registers and facts. */
void image_judge_form(const struct image *image, const struct policy *policy, int64_t now,
		      struct report *report);
void image_judge_registers(const struct image *image, const struct policy *policy,
			   struct report *report);

/* What the image says, in image_show.c. */

/* Appends pcr.json as nitro-cli and eif_build print it. */
void image_pcr_json(const struct image *image, struct buf *out);

/* Adds registers, sections, metadata and certificate to the lines of a report, and the members
 * `eif` and `measurements` to its JSON; null where they are not known. */
void image_show(const struct image *image, bool verbose, struct report *report);

/* The members alone, where the lines would not say of what they are. */
void image_show_members(const struct image *image, struct report *report);

#endif
