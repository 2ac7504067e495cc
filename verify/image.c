#include "verify/image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verify/appraise.h"
#include "verify/facts.h"
#include "verify/instant.h"

/* What the sink hands on to itself. */
struct passing {
	struct measure *measure;
	struct image *image;
	struct buf *keep; /* where data of the present section are kept, or NULL */
};

/* The two small sections are kept whole, as far as they are not too long to be read anyway. */
static enum reason on_begin(void *context, const struct eif_section *section)
{
	struct passing *p = context;

	p->keep = NULL;
	if (section->type == EIF_SIGNATURE && section->size <= EIF_SIGNATURE_MAX)
		p->keep = &p->image->signature;
	if (section->type == EIF_METADATA && section->size <= EIFMETA_MAX)
		p->keep = &p->image->metadata_text;
	if (p->keep != NULL)
		p->keep->len = 0; /* of a second one, which ends in a refusal, nothing is left */
	return measure_begin(p->measure, section);
}

static enum reason on_data(void *context, struct span bytes)
{
	struct passing *p = context;

	if (p->keep != NULL) {
		buf_add(p->keep, bytes);
		if (p->keep->failed)
			return REASON_OUT_OF_MEMORY;
	}
	return measure_data(p->measure, bytes);
}

static enum reason on_end(void *context)
{
	struct passing *p = context;

	return measure_end(p->measure);
}

/* The next bytes of the file into the measurement's buffer; none at its end. */
static enum reason read_some(struct measure *measure, int fd, struct span *ret, int *reterr_errno)
{
	uint8_t *buffer = measure_buffer(measure);
	ssize_t n;

	do {
		n = read(fd, buffer, MEASURE_CHUNK);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		*reterr_errno = errno;
		return REASON_FILE_UNREADABLE;
	}
	*ret = (struct span){ buffer, (size_t)n };
	return REASON_OK;
}

static enum reason read_all(const struct image_source *source, struct eif_reader *reader,
			    struct measure *measure, const struct image_progress *progress,
			    struct image *ret)
{
	struct span part = { NULL, 0 };

	if (source->head.len > MEASURE_CHUNK)
		return REASON_OUT_OF_MEMORY;
	if (source->head.len > 0) {
		uint8_t *buffer = measure_buffer(measure);
		memcpy(buffer, source->head.at, source->head.len);
		part = (struct span){ buffer, source->head.len };
	}
	for (;;) {
		enum reason reason = eif_feed(reader, part);
		if (reason != REASON_OK)
			return REASON_OK; /* eif_finish gives it again, with its place */
		if (progress != NULL && progress->tell != NULL && part.len > 0)
			progress->tell(progress->context, reader->at, source->size);
		reason = read_some(measure, source->fd, &part, &ret->read_errno);
		if (reason != REASON_OK || part.len == 0)
			return reason;
	}
}

static const struct eif_section *find_section(const struct eif *eif, enum eif_type type)
{
	for (size_t i = 0; i < eif->n_sections; i++) {
		if (eif->sections[i].type == type)
			return &eif->sections[i];
	}
	return NULL;
}

static enum reason read_metadata(struct image *image)
{
	const struct eif_section *section = find_section(&image->eif, EIF_METADATA);

	if (section == NULL)
		return REASON_OK;
	image->fault = section->offset;
	if (section->size > EIFMETA_MAX)
		return REASON_EIF_METADATA_TOO_LARGE;
	return eifmeta_read(buf_span(&image->metadata_text), &image->metadata, &image->json,
			    &image->json_place);
}

static enum reason read_signature(struct image *image)
{
	const struct eif_section *section = find_section(&image->eif, EIF_SIGNATURE);

	image->is_signed = section != NULL;
	if (section == NULL)
		return REASON_OK;
	image->signature_form = section->size > EIF_SIGNATURE_MAX ?
					REASON_EIF_SIGNATURE_TOO_LARGE :
					eifsign_read(buf_span(&image->signature), &image->sign);
	return image_is_unreadable(image->signature_form) ? image->signature_form : REASON_OK;
}

static enum reason read_with(struct measure *measure, const struct image_source *source,
			     const struct eif_rules *rules, const struct image_progress *progress,
			     struct image *ret)
{
	struct passing passing = { .measure = measure, .image = ret };
	const struct eif_sink sink = { &passing, on_begin, on_data, on_end };
	struct eif_reader reader;

	eif_start(&reader, rules, &sink);
	enum reason reason = read_all(source, &reader, measure, progress, ret);
	if (reason == REASON_OK)
		reason = eif_finish(&reader, &ret->eif, &ret->fault);
	if (reason == REASON_OK)
		reason = measure_finish(measure, &ret->measurement);
	if (reason == REASON_OK)
		reason = read_metadata(ret);
	if (reason == REASON_OK)
		reason = read_signature(ret);
	return reason;
}

enum reason image_read(const struct image_source *source, const struct eif_rules *rules,
		       const struct image_progress *progress, struct image *ret)
{
	*ret = (struct image){ .form = REASON_OUT_OF_MEMORY };
	struct measure *measure = measure_new(false);
	if (measure != NULL)
		ret->form = read_with(measure, source, rules, progress, ret);
	measure_free(measure);
	return ret->form;
}

void image_done(struct image *image)
{
	eifmeta_done(&image->metadata);
	eifsign_done(&image->sign);
	buf_done(&image->signature);
	buf_done(&image->metadata_text);
}

bool image_is_unreadable(enum reason form)
{
	return form == REASON_OUT_OF_MEMORY || form == REASON_CRYPTO_FAILED ||
	       form == REASON_FILE_UNREADABLE;
}

bool image_is_sound(const struct image *image)
{
	return image->form == REASON_OK && eif_crc_ok(&image->eif);
}

struct pcrs image_pcrs(const struct image *image)
{
	struct pcrs pcrs = image->measurement.pcrs;

	if (image->sign.has_certificate)
		pcrs_set(&pcrs, 8, image->sign.pcr8);
	return pcrs;
}

void image_form_text(const struct image *image, struct buf *out)
{
	if (image->form == REASON_FILE_UNREADABLE)
		buf_text(out, strerror(image->read_errno));
	else if (image->form == REASON_EIF_METADATA_JSON && image->json != REASON_OK)
		buf_printf(out, "%s: line %zu, column %zu: %s", reason_sentence(image->form),
			   image->json_place.line, image->json_place.column,
			   reason_sentence(image->json));
	else if (image_is_unreadable(image->form))
		buf_text(out, reason_sentence(image->form));
	else
		buf_printf(out, "%s: at byte %" PRIu64, reason_sentence(image->form), image->fault);
}

struct check_set image_checks(void)
{
	struct check_set set = { .has = { false } };

	for (size_t i = CHECK_PCR_MATCH; i <= CHECK_ENCLAVE_HASH_MATCH; i++)
		set.has[i] = true;
	set.has[CHECK_EIF_FORM] = true;
	set.has[CHECK_EIF_CRC] = true;
	set.has[CHECK_EIF_SIGNATURE] = true;
	return set;
}

static void judge_form(const struct image *image, struct report *report)
{
	struct buf message = { 0 };

	if (image->form == REASON_OK) {
		report_pass(report, CHECK_EIF_FORM,
			    "%" PRIu64 " bytes, version %u, %s, %zu sections, no byte left over",
			    image->eif.size, (unsigned)image->eif.version,
			    (image->eif.flags & EIF_FLAG_ARM64) != 0 ? "aarch64" : "x86_64",
			    image->eif.n_sections);
		return;
	}
	image_form_text(image, &message);
	char *text = buf_take_text(&message);
	if (image_is_unreadable(image->form))
		report_error(report, CHECK_EIF_FORM, image->form, "%s", text != NULL ? text : "");
	else
		report_fail(report, CHECK_EIF_FORM, image->form, "%s", text != NULL ? text : "");
	free(text);
}

static void judge_crc(const struct image *image, struct report *report)
{
	struct buf stored = { 0 };
	struct buf computed = { 0 };

	if (image->form != REASON_OK) {
		report_needs(report, CHECK_EIF_CRC, CHECK_EIF_FORM);
		return;
	}
	if (eif_crc_ok(&image->eif)) {
		report_pass(report, CHECK_EIF_CRC, "%08" PRIx32, image->eif.crc);
		return;
	}
	report_fail(report, CHECK_EIF_CRC, REASON_EIF_CRC, NULL);
	buf_printf(&stored, "%08" PRIx32, image->eif.crc);
	buf_printf(&computed, "%08" PRIx32, image->eif.crc_computed);
	report_compared(report, buf_span(&stored), SPAN_LITERAL("header"), buf_span(&computed));
	buf_done(&stored);
	buf_done(&computed);
}

static void judge_validity(const struct eifsign *sign, int64_t at, struct report *report)
{
	char from[INSTANT_TEXT_LEN];
	char to[INSTANT_TEXT_LEN];
	char judged[INSTANT_TEXT_LEN];

	instant_people(sign->not_before, from);
	instant_people(sign->not_after, to);
	instant_people(at, judged);
	if (eifsign_valid_at(sign, at) != REASON_OK) {
		report_fail(report, CHECK_EIF_SIGNATURE, REASON_EIF_SIGNATURE_VALIDITY,
			    "the signing certificate is valid from %s to %s UTC, judged at %s",
			    from, to, judged);
		return;
	}
	report_pass(report, CHECK_EIF_SIGNATURE,
		    "%s over this PCR0 by the certificate of PCR8, valid %s to %s UTC",
		    eifsign_alg_name(sign->alg), from, to);
	instant_rfc3339(sign->not_before, from);
	instant_rfc3339(sign->not_after, to);
	report_member(report, "not_before", from);
	report_member(report, "not_after", to);
}

static void judge_signature(const struct image *image, const struct policy *policy, int64_t now,
			    struct report *report)
{
	if (image->form != REASON_OK || !eif_crc_ok(&image->eif)) {
		report_needs(report, CHECK_EIF_SIGNATURE,
			     image->form != REASON_OK ? CHECK_EIF_FORM : CHECK_EIF_CRC);
		return;
	}
	if (!image->is_signed) {
		report_skip(report, CHECK_EIF_SIGNATURE, REASON_NOT_CARRIED,
			    "the image is not signed");
		return;
	}
	int64_t at = policy->time == POLICY_AT ? policy->at : now;
	report_set_time(report, at, policy->time == POLICY_AT ? TIME_OPTION : TIME_CLOCK);
	enum reason reason = image->signature_form;
	if (reason == REASON_OK)
		reason = eifsign_verify(&image->sign, image->measurement.pcrs.value[0]);
	if (image_is_unreadable(reason))
		report_error(report, CHECK_EIF_SIGNATURE, reason, NULL);
	else if (reason != REASON_OK)
		report_fail(report, CHECK_EIF_SIGNATURE, reason, NULL);
	else
		judge_validity(&image->sign, at, report);
}

void image_judge_form(const struct image *image, const struct policy *policy, int64_t now,
		      struct report *report)
{
	report_set_evidence(report, EVIDENCE_IMAGE);
	judge_form(image, report);
	judge_crc(image, report);
	judge_signature(image, policy, now, report);
}

void image_judge_registers(const struct image *image, const struct policy *policy,
			   struct report *report)
{
	struct pcrs pcrs = { .present = 0 };
	static const uint8_t unsigned_pcr8[PCR_LEN] = { 0 };

	bool sound = image_is_sound(image);
	if (sound) {
		pcrs = image_pcrs(image);
		report_take_facts(report, facts_of_pcrs(&pcrs), true);
		if (!image->is_signed) /* what a document of its enclave holds then */
			pcrs_set(&pcrs, 8, unsigned_pcr8);
	}
	const struct appraisal appraisal = {
		.policy = policy,
		.report = report,
		.carrier = "image",
		.pcrs = &pcrs,
		.grounded = sound,
		.lacks = image->form != REASON_OK ? CHECK_EIF_FORM : CHECK_EIF_CRC,
		.measured = true,
	};
	appraise_registers(&appraisal);
}

void image_judge(const struct image *image, const struct policy *policy, int64_t now,
		 struct report *report)
{
	image_judge_form(image, policy, now, report);
	image_judge_registers(image, policy, report);
}
