#include "verify/testimony.h"

#include <stdlib.h>
#include <string.h>

#include "verify/appraise.h"
#include "verify/basenc.h"
#include "verify/facts.h"

void testimony_start(struct testimony *testimony, const struct terms *terms)
{
	*testimony = (struct testimony){ .terms = terms, .list = cJSON_CreateArray() };
	testimony->out_of_memory = testimony->list == NULL;
}

void testimony_done(struct testimony *testimony)
{
	buf_done(&testimony->broken_text);
	buf_done(&testimony->unread_text);
	buf_done(&testimony->not_counted);
	buf_done(&testimony->differs_name);
	buf_done(&testimony->first_name);
	buf_done(&testimony->other_attribute);
	buf_done(&testimony->lines);
	cJSON_Delete(testimony->list);
	testimony->list = NULL;
}

void testimony_miss(struct testimony *testimony, struct span name, enum reason reason, int system)
{
	testimony->n_files++;
	if (testimony->unread != REASON_OK)
		return;
	testimony->unread = reason;
	buf_add(&testimony->unread_text, name);
	buf_printf(&testimony->unread_text, ": %s",
		   system != 0 ? strerror(system) : reason_sentence(reason));
}

void testimony_lack(struct testimony *testimony, enum reason reason, const char *text)
{
	if (testimony->broken != REASON_OK)
		return;
	testimony->broken = reason;
	buf_text(&testimony->broken_text, text);
}

static bool is_trouble(enum reason reason)
{
	return reason == REASON_OUT_OF_MEMORY || reason == REASON_CRYPTO_FAILED;
}

/* What is wrong with an envelope, or with what is in it. */
static void refuse(struct testimony *testimony, struct span name, const char *where,
		   enum reason reason, struct json_place place)
{
	struct buf *text = &testimony->broken_text;

	if (is_trouble(reason)) {
		testimony->n_files--; /* testimony_miss counts it again */
		testimony_miss(testimony, name, reason, 0);
		return;
	}
	if (testimony->broken != REASON_OK)
		return;
	testimony->broken = reason;
	buf_add(text, name);
	buf_printf(text, ": %s", where);
	if (place.line > 0)
		buf_printf(text, "line %zu, column %zu: ", place.line, place.column);
	buf_text(text, reason_sentence(reason));
}

static void add_text(struct testimony *testimony, cJSON *object, const char *key, struct span text)
{
	struct buf copy = { 0 };

	buf_add(&copy, text);
	char *owned = buf_take_text(&copy);
	if (owned == NULL || cJSON_AddStringToObject(object, key, owned) == NULL)
		testimony->out_of_memory = true;
	free(owned);
}

static void add_hex(struct testimony *testimony, cJSON *object, const char *key, struct span bytes)
{
	struct buf hex = { 0 };

	hex_encode(&hex, bytes);
	if (hex.failed)
		testimony->out_of_memory = true;
	else
		add_text(testimony, object, key, buf_span(&hex));
	buf_done(&hex);
}

static struct span commit_span(const struct statement_commit *commit)
{
	return (struct span){ commit->id, commit->len };
}

/* What a statement that counts says, as a member of the report. */
static void add_content(struct testimony *testimony, cJSON *object,
			const struct statement *statement)
{
	static const char *const registers[] = { "0", "1", "2" };
	cJSON *pcrs = cJSON_AddObjectToObject(object, "pcrs");

	for (unsigned i = 0; i < 3; i++)
		add_hex(testimony, pcrs, registers[i], pcrs_get(&statement->pcrs, i));
	add_hex(testimony, object, "eif_sha256", SPAN_OF(statement->eif));
	add_hex(testimony, object, "commit", commit_span(&statement->commit));
	if (statement->has_image)
		add_hex(testimony, object, "image_sha256", SPAN_OF(statement->image));
	else if (cJSON_AddNullToObject(object, "image_sha256") == NULL)
		testimony->out_of_memory = true;
	add_text(testimony, object, "repository", span_of_text(statement->repository));
	add_text(testimony, object, "attribute", span_of_text(statement->attribute));
	add_text(testimony, object, "builder", span_of_text(statement->builder));
	add_text(testimony, object, "rebuild",
		 statement->compared ? SPAN_LITERAL("pass") : SPAN_LITERAL("no-expectations"));
}

static void add_line(struct testimony *testimony, struct span name,
		     const struct statement *statement)
{
	struct buf *lines = &testimony->lines;

	buf_text(lines, "  ");
	buf_escaped(lines, name);
	buf_text(lines, ": commit ");
	hex_encode(lines, commit_span(&statement->commit));
	buf_text(lines, " of ");
	buf_escaped(lines, span_of_text(statement->repository));
	if (statement->has_image) {
		buf_text(lines, ", image sha256:");
		hex_encode(lines, SPAN_OF(statement->image));
	} else {
		buf_text(lines, ", no container image shown to be in it");
	}
	buf_text(lines, statement->compared ? ", met the builder's expectations\n" :
					      ", compared with nothing\n");
}

/* What the statement says otherwise than the first that counts; NULL: nothing. */
static const char *difference(const struct testimony *testimony, const struct statement *statement)
{
	static const char *const registers[] = { "PCR0", "PCR1", "PCR2" };

	for (unsigned i = 0; i < 3; i++) {
		if (!span_equal(pcrs_get(&testimony->pcrs, i), pcrs_get(&statement->pcrs, i)))
			return registers[i];
	}
	if (!span_equal(commit_span(&testimony->commit), commit_span(&statement->commit)))
		return "the commit";
	if (testimony->image.named != statement->has_image)
		return "whether a container image is in it";
	if (statement->has_image &&
	    !span_equal(SPAN_OF(testimony->image.sha256), SPAN_OF(statement->image)))
		return "the container image";
	return NULL;
}

static void count(struct testimony *testimony, struct span name, const struct statement *statement)
{
	if (testimony->n_counted++ == 0) {
		testimony->pcrs = statement->pcrs;
		testimony->commit = statement->commit;
		testimony->image.named = statement->has_image;
		memcpy(testimony->image.sha256, statement->image, DIGEST_SHA256_LEN);
		memcpy(testimony->eif, statement->eif, DIGEST_SHA256_LEN);
		buf_add(&testimony->first_name, name);
	} else if (testimony->differs == NULL) {
		testimony->differs = difference(testimony, statement);
		if (testimony->differs != NULL)
			buf_add(&testimony->differs_name, name);
	}
	if (!span_equal(SPAN_OF(testimony->eif), SPAN_OF(statement->eif)))
		testimony->eif_differs = true;
	const char *attribute = testimony->terms->attribute;
	if (attribute != NULL && strcmp(attribute, statement->attribute) != 0 &&
	    testimony->other_attribute.len == 0)
		buf_text(&testimony->other_attribute, statement->attribute);
	if (!statement->compared)
		testimony->any_uncompared = true;
	add_line(testimony, name, statement);
}

/* Which of the keys signed. REASON_OUT_OF_MEMORY, REASON_CRYPTO_FAILED. */
static enum reason find_signers(struct testimony *testimony, const struct dsse *dsse,
				cJSON *signers, bool *ret_any)
{
	bool found[TERMS_KEYS_MAX] = { false };
	struct buf id = { 0 };

	for (size_t i = 0; i < testimony->terms->n_keys; i++) {
		enum reason reason = dsse_signed_by(dsse, &testimony->terms->keys[i], &found[i]);
		if (reason != REASON_OK)
			return reason;
	}
	*ret_any = false;
	for (size_t i = 0; i < testimony->terms->n_keys; i++) {
		if (!found[i])
			continue;
		*ret_any = true;
		testimony->signed_by[i] = true;
		hex_encode(&id, SPAN_OF(testimony->terms->keys[i].id));
		char *text = buf_take_text(&id);
		cJSON *item = cJSON_CreateString(text != NULL ? text : "");
		free(text);
		if (text == NULL || !cJSON_AddItemToArray(signers, item)) {
			cJSON_Delete(item);
			return REASON_OUT_OF_MEMORY;
		}
	}
	return REASON_OK;
}

static enum reason hear_statement(struct testimony *testimony, struct span name,
				  const struct dsse *dsse, const struct statement *statement)
{
	cJSON *object = cJSON_CreateObject();
	bool counts = false;

	if (!cJSON_AddItemToArray(testimony->list, object)) {
		cJSON_Delete(object);
		return REASON_OUT_OF_MEMORY;
	}
	add_text(testimony, object, "file", name);
	enum reason reason =
		find_signers(testimony, dsse, cJSON_AddArrayToObject(object, "signers"), &counts);
	if (reason != REASON_OK)
		return reason;
	if (counts) {
		add_content(testimony, object, statement);
		count(testimony, name, statement);
		return REASON_OK;
	}
	if (testimony->not_counted.len > 0)
		buf_text(&testimony->not_counted, ", ");
	buf_add(&testimony->not_counted, name);
	return REASON_OK;
}

void testimony_hear(struct testimony *testimony, struct span name, struct span envelope)
{
	struct dsse dsse = { .n_signatures = 0 };
	struct statement statement = { .tree = NULL };
	struct json_place place;

	testimony->n_files++;
	enum reason reason = dsse_read(envelope, &dsse, &place);
	if (reason != REASON_OK) {
		refuse(testimony, name, "", reason, place);
		return;
	}
	reason = statement_read(buf_span(&dsse.payload), &statement, &place);
	if (reason == REASON_OK) {
		place = (struct json_place){ 0, 0 };
		reason = hear_statement(testimony, name, &dsse, &statement);
	}
	if (reason != REASON_OK)
		refuse(testimony, name, "in the payload: ", reason, place);
	statement_done(&statement);
	dsse_done(&dsse);
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
