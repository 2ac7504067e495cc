/* What was heard, as checks of a report: the inside of testimony. */
#include <stdlib.h>

#include "verify/appraise.h"
#include "verify/facts.h"
#include "verify/testimony.h"

static struct span commit_span(const struct statement_commit *commit)
{
	return (struct span){ commit->id, commit->len };
}

/* A text as printf's %.*s takes it: a NUL in a file's name would end it, which harms nothing. */
static int text_len(const struct buf *text)
{
	return text->failed ? 0 : (int)text->len;
}

static const char *text_at(const struct buf *text)
{
	return text->failed || text->len == 0 ? "" : (const char *)text->at;
}

static bool conclude_form(const struct testimony *t, struct report *report)
{
	if (t->broken != REASON_OK) {
		report_fail(report, CHECK_STATEMENT_FORM, t->broken, "%.*s",
			    text_len(&t->broken_text), text_at(&t->broken_text));
		return false;
	}
	if (t->unread != REASON_OK) {
		report_error(report, CHECK_STATEMENT_FORM, t->unread, "%.*s",
			     text_len(&t->unread_text), text_at(&t->unread_text));
		return false;
	}
	report_pass(report, CHECK_STATEMENT_FORM, "%zu signed statement%s of a rebuild", t->n_files,
		    t->n_files == 1 ? "" : "s");
	return true;
}

static bool conclude_signature(const struct testimony *t, struct report *report)
{
	if (t->n_counted == 0) {
		report_fail(report, CHECK_STATEMENT_SIGNATURE, REASON_STATEMENT_SIGNATURE,
			    "no key of --key signed %.*s", text_len(&t->not_counted),
			    text_at(&t->not_counted));
		return false;
	}
	if (t->n_counted == t->n_files)
		report_pass(report, CHECK_STATEMENT_SIGNATURE, "signed by given keys");
	else
		report_pass(report, CHECK_STATEMENT_SIGNATURE,
			    "%zu of %zu signed by given keys; not counted: %.*s", t->n_counted,
			    t->n_files, text_len(&t->not_counted), text_at(&t->not_counted));
	return true;
}

/* The statements name the registers of what they stand beside. */
static bool fits_document(const struct testimony *t, const struct testimony_beside *beside,
			  struct report *report)
{
	for (unsigned i = 0; i < 3; i++) {
		if (pcrs_has(beside->pcrs, i) &&
		    span_equal(pcrs_get(beside->pcrs, i), pcrs_get(&t->pcrs, i)))
			continue;
		report_fail(report, CHECK_STATEMENT_THRESHOLD, REASON_STATEMENT_OTHER_IMAGE,
			    "the statements name another PCR%u than the %s", i,
			    beside->measured ? "image measured here" : "document");
		report_advise(report, beside->measured ?
					      "The signed statements are about another image than "
					      "the one that was measured here: somebody's build is "
					      "not that of the commit." :
					      "The signed statements are about another image than "
					      "the one that was attested.");
		appraise_compared(report, "", pcrs_get(&t->pcrs, i), "statement",
				  pcrs_get(beside->pcrs, i));
		return false;
	}
	return true;
}

static bool conclude_threshold(const struct testimony *t, const struct testimony_beside *beside,
			       struct report *report)
{
	size_t wanted = t->terms->threshold > 0 ? t->terms->threshold : t->terms->n_keys;
	size_t signers = 0;

	for (size_t i = 0; i < t->terms->n_keys; i++)
		signers += t->signed_by[i] ? 1 : 0;
	if (t->differs != NULL) {
		report_fail(report, CHECK_STATEMENT_THRESHOLD, REASON_STATEMENT_DISAGREE,
			    "%.*s and %.*s do not agree on %s", text_len(&t->first_name),
			    text_at(&t->first_name), text_len(&t->differs_name),
			    text_at(&t->differs_name), t->differs);
		return false;
	}
	if (signers < wanted || wanted == 0) {
		report_fail(report, CHECK_STATEMENT_THRESHOLD, REASON_STATEMENT_THRESHOLD,
			    "%zu of %zu keys signed, %zu must", signers, t->terms->n_keys, wanted);
		return false;
	}
	if (beside != NULL && beside->pcrs == NULL) {
		report_needs(report, CHECK_STATEMENT_THRESHOLD, beside->lacks);
		return false;
	}
	if (beside != NULL && !fits_document(t, beside, report))
		return false;
	report_pass(report, CHECK_STATEMENT_THRESHOLD,
		    "%zu of %zu keys signed, %zu must; they agree%s", signers, t->terms->n_keys,
		    wanted,
		    beside == NULL   ? "" :
		    beside->measured ? ", and with the image measured here" :
				       ", and with the document");
	return true;
}

/* Who expects it. */
static const char *from(const struct terms *terms, const char *option)
{
	return terms->from != NULL ? terms->from : option;
}

static void conclude_commit(const struct testimony *t, struct report *report)
{
	if (t->terms->commit.len == 0) {
		report_skip(report, CHECK_STATEMENT_COMMIT, REASON_NOT_REQUESTED, NULL);
		return;
	}
	bool equal = span_equal(commit_span(&t->terms->commit), commit_span(&t->commit));
	if (equal && t->other_attribute.len > 0) {
		struct buf message = { 0 };
		buf_printf(&message, "%s: ", reason_sentence(REASON_STATEMENT_ATTRIBUTE));
		buf_add(&message, buf_span(&t->other_attribute));
		buf_printf(&message, ", not %s", t->terms->attribute);
		char *text = buf_take_text(&message);
		report_fail(report, CHECK_STATEMENT_COMMIT, REASON_STATEMENT_ATTRIBUTE, "%s",
			    text != NULL ? text : "");
		free(text);
		return;
	}
	if (equal)
		report_pass(report, CHECK_STATEMENT_COMMIT, "rebuilt from the expected commit");
	else
		report_fail(report, CHECK_STATEMENT_COMMIT, REASON_STATEMENT_COMMIT_MISMATCH, NULL);
	appraise_compared(report, "", commit_span(&t->terms->commit), from(t->terms, "--commit"),
			  commit_span(&t->commit));
}

static void conclude_image(const struct testimony *t, struct report *report)
{
	if (!t->terms->has_image) {
		report_skip(report, CHECK_STATEMENT_IMAGE, REASON_NOT_REQUESTED, NULL);
		return;
	}
	if (!t->image.named) {
		report_fail(report, CHECK_STATEMENT_IMAGE, REASON_STATEMENT_IMAGE_MISSING, NULL);
		return;
	}
	if (span_equal(SPAN_OF(t->terms->image), SPAN_OF(t->image.sha256)))
		report_pass(report, CHECK_STATEMENT_IMAGE, "rebuilt with the expected image");
	else
		report_fail(report, CHECK_STATEMENT_IMAGE, REASON_STATEMENT_IMAGE_MISMATCH, NULL);
	appraise_compared(report, "sha256:", SPAN_OF(t->terms->image), from(t->terms, "--image"),
			  SPAN_OF(t->image.sha256));
}

/* The checks from this one on are skipped for want of `needed`. */
static void lack(enum check from, enum check needed, struct report *report)
{
	for (int i = (int)from; i <= (int)CHECK_STATEMENT_IMAGE; i++)
		report_needs(report, (enum check)i, needed);
}

static bool conclude_checks(const struct testimony *t, const struct testimony_beside *beside,
			    struct report *report)
{
	if (!conclude_form(t, report)) {
		lack(CHECK_STATEMENT_SIGNATURE, CHECK_STATEMENT_FORM, report);
		return false;
	}
	if (!conclude_signature(t, report)) {
		lack(CHECK_STATEMENT_THRESHOLD, CHECK_STATEMENT_SIGNATURE, report);
		return false;
	}
	if (!conclude_threshold(t, beside, report)) {
		lack(CHECK_STATEMENT_COMMIT, CHECK_STATEMENT_THRESHOLD, report);
		return false;
	}
	conclude_commit(t, report);
	conclude_image(t, report);
	return true;
}

bool testimony_conclude(struct testimony *testimony, const struct testimony_beside *beside,
			struct report *report)
{
	bool holds = conclude_checks(testimony, beside, report);

	if (testimony->broken_text.failed || testimony->unread_text.failed ||
	    testimony->not_counted.failed || testimony->first_name.failed ||
	    testimony->differs_name.failed || testimony->other_attribute.failed ||
	    testimony->out_of_memory)
		report_out_of_memory(report);
	if (holds && testimony->any_uncompared)
		report_note(report, "a builder rebuilt this image and compared it with nothing");
	if (holds && testimony->eif_differs)
		report_note(report, "the builders' image files are not the same bytes: something "
				    "that is not measured differs");
	report_add_lines(report, &testimony->lines);
	report_take_member(report, "statements", testimony->list);
	testimony->list = NULL;
	return holds;
}

void testimony_appraise(const struct testimony *testimony, bool holds, const struct policy *policy,
			struct report *report)
{
	static const struct pcrs none = { .present = 0 };
	const struct appraisal appraisal = {
		.policy = policy,
		.report = report,
		.carrier = "statement",
		.pcrs = holds ? &testimony->pcrs : &none,
		.grounded = holds,
		.lacks = CHECK_STATEMENT_THRESHOLD,
		.measured = false,
	};

	report_set_evidence(report, EVIDENCE_STATEMENT);
	if (holds)
		report_take_facts(report, facts_of_pcrs(&testimony->pcrs), true);
	appraise_registers(&appraisal);
}

void testimony_skip(enum check needed, struct report *report)
{
	if (needed != CHECK_COUNT) {
		lack(CHECK_STATEMENT_FORM, needed, report);
		return;
	}
	for (int i = (int)CHECK_STATEMENT_FORM; i <= (int)CHECK_STATEMENT_IMAGE; i++)
		report_skip(report, (enum check)i, REASON_NOT_REQUESTED, NULL);
}

struct check_set testimony_own_checks(void)
{
	struct check_set set = { .has = { false } };

	for (size_t i = CHECK_STATEMENT_FORM; i <= CHECK_STATEMENT_IMAGE; i++)
		set.has[i] = true;
	return set;
}

struct check_set testimony_checks(void)
{
	struct check_set set = testimony_own_checks();

	for (size_t i = CHECK_PCR_MATCH; i <= CHECK_ENCLAVE_HASH_MATCH; i++)
		set.has[i] = true;
	return set;
}
