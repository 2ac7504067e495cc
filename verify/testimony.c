#include "verify/testimony.h"

#include <stdlib.h>
#include <string.h>

#include "verify/basenc.h"

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
