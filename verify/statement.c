#include "verify/statement.h"

#include <string.h>

#include "verify/basenc.h"

void statement_done(struct statement *statement)
{
	cJSON_Delete(statement->tree);
	*statement = (struct statement){ .tree = NULL };
}

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

/* The string of this name, not empty; NULL when it is something else or not there. */
static const char *text_of(const cJSON *object, const char *key)
{
	const cJSON *item = member(object, key);

	if (item == NULL || !cJSON_IsString(item) || item->valuestring == NULL)
		return NULL;
	return item->valuestring[0] != '\0' ? item->valuestring : NULL;
}

static bool is_text(const char *text, const char *wanted)
{
	return text != NULL && strcmp(text, wanted) == 0;
}

/* A digest is lower-case hex, of `len` bytes (in-toto, DigestSet). */
static bool digest_of(const cJSON *object, const char *algorithm, uint8_t *ret, size_t len)
{
	const char *text = text_of(member(object, "digest"), algorithm);

	return text != NULL && text[strspn(text, "0123456789abcdef")] == '\0' &&
	       hex_decode_exact(span_of_text(text), ret, len);
}

bool statement_commit_read(struct span text, struct statement_commit *ret)
{
	struct statement_commit commit = { .len = text.len / 2 };

	if ((text.len != 40 && text.len != 64) || !hex_decode_exact(text, commit.id, commit.len))
		return false;
	*ret = commit;
	return true;
}

static enum reason read_pcrs(const cJSON *subject, struct pcrs *ret)
{
	static const char *const names[] = { "nitro-pcr0", "nitro-pcr1", "nitro-pcr2" };
	uint8_t value[PCR_LEN];

	for (unsigned i = 0; i < 3; i++) {
		if (!digest_of(subject, names[i], value, sizeof(value)))
			return REASON_STATEMENT_PCRS;
		pcrs_set(ret, i, value);
	}
	/* no image measures to that: it is what every debug enclave reports */
	return pcrs_is_debug(ret) ? REASON_STATEMENT_PCRS : REASON_OK;
}

static enum reason read_subjects(const cJSON *array, struct statement *ret)
{
	const cJSON *subject = NULL;
	bool has_eif = false;
	bool has_pcrs = false;

	if (!cJSON_IsArray(array))
		return REASON_STATEMENT_SHAPE;
	cJSON_ArrayForEach(subject, array)
	{
		const char *name = text_of(subject, "name");
		if (is_text(name, "enclave.eif") && !has_eif) {
			has_eif = digest_of(subject, "sha256", ret->eif, sizeof(ret->eif));
			if (!has_eif)
				return REASON_STATEMENT_SUBJECT;
		} else if (is_text(name, "pcrs") && !has_pcrs) {
			enum reason reason = read_pcrs(subject, &ret->pcrs);
			if (reason != REASON_OK)
				return reason;
			has_pcrs = true;
		} else {
			return REASON_STATEMENT_SUBJECT;
		}
	}
	return has_eif && has_pcrs ? REASON_OK : REASON_STATEMENT_SUBJECT;
}

static enum reason read_source(const cJSON *dependency, struct statement *ret)
{
	size_t len = STATEMENT_COMMIT_MAX;

	if (ret->commit.len != 0)
		return REASON_STATEMENT_SOURCE;
	if (!digest_of(dependency, "gitCommit", ret->commit.id, len)) {
		len = STATEMENT_COMMIT_SHA1;
		if (!digest_of(dependency, "gitCommit", ret->commit.id, len))
			return REASON_STATEMENT_SOURCE;
	}
	ret->commit.len = len;
	return REASON_OK;
}

static enum reason read_dependencies(const cJSON *array, struct statement *ret)
{
	const cJSON *dependency = NULL;

	if (!cJSON_IsArray(array))
		return REASON_STATEMENT_SHAPE;
	cJSON_ArrayForEach(dependency, array)
	{
		const char *name = text_of(dependency, "name");
		const cJSON *digest = member(dependency, "digest");
		if (name == NULL || digest == NULL || !cJSON_IsObject(digest) ||
		    digest->child == NULL)
			return REASON_STATEMENT_DEPENDENCY;
		if (is_text(name, "source")) {
			enum reason reason = read_source(dependency, ret);
			if (reason != REASON_OK)
				return reason;
		}
		if (is_text(name, "image")) {
			if (ret->has_image ||
			    !digest_of(dependency, "sha256", ret->image, sizeof(ret->image)))
				return REASON_STATEMENT_DEPENDENCY;
			ret->has_image = true;
		}
	}
	return ret->commit.len != 0 ? REASON_OK : REASON_STATEMENT_SOURCE;
}

/* Exactly the three, and the commit is the source's. */
static enum reason read_parameters(const cJSON *parameters, struct statement *ret)
{
	struct statement_commit commit = { .len = 0 };

	if (!cJSON_IsObject(parameters))
		return REASON_STATEMENT_SHAPE;
	const char *text = text_of(parameters, "commit");
	ret->repository = text_of(parameters, "repository");
	ret->attribute = text_of(parameters, "attribute");
	if (cJSON_GetArraySize(parameters) != 3 || text == NULL || ret->repository == NULL ||
	    ret->attribute == NULL || !statement_commit_read(span_of_text(text), &commit) ||
	    !span_equal((struct span){ commit.id, commit.len },
			(struct span){ ret->commit.id, ret->commit.len }))
		return REASON_STATEMENT_PARAMETERS;
	return REASON_OK;
}

static enum reason read_definition(const cJSON *definition, struct statement *ret)
{
	const char *build_type = text_of(definition, "buildType");

	if (build_type == NULL)
		return REASON_STATEMENT_SHAPE;
	if (!is_text(build_type, STATEMENT_BUILD_TYPE))
		return REASON_STATEMENT_BUILD_TYPE;
	enum reason reason = read_dependencies(member(definition, "resolvedDependencies"), ret);
	return reason == REASON_OK ?
		       read_parameters(member(definition, "externalParameters"), ret) :
		       reason;
}

static enum reason read_details(const cJSON *details, struct statement *ret)
{
	const char *verdict = text_of(member(details, "metadata"), "enclavecheck_verdict");

	ret->builder = text_of(member(details, "builder"), "id");
	if (ret->builder == NULL)
		return REASON_STATEMENT_SHAPE;
	ret->compared = is_text(verdict, "pass");
	return ret->compared || is_text(verdict, "no-expectations") ? REASON_OK :
								      REASON_STATEMENT_VERDICT;
}

static enum reason read_tree(struct statement *ret)
{
	const char *type = text_of(ret->tree, "_type");
	const char *predicate_type = text_of(ret->tree, "predicateType");
	const cJSON *predicate = member(ret->tree, "predicate");

	if (type == NULL || predicate_type == NULL)
		return REASON_STATEMENT_SHAPE;
	if (!is_text(type, STATEMENT_TYPE))
		return REASON_STATEMENT_TYPE;
	if (!is_text(predicate_type, STATEMENT_PREDICATE))
		return REASON_STATEMENT_PREDICATE;
	enum reason reason = read_definition(member(predicate, "buildDefinition"), ret);
	if (reason == REASON_OK)
		reason = read_details(member(predicate, "runDetails"), ret);
	return reason == REASON_OK ? read_subjects(member(ret->tree, "subject"), ret) : reason;
}

enum reason statement_read(struct span payload, struct statement *ret,
			   struct json_place *reterr_place)
{
	struct statement statement = { .tree = NULL };

	*reterr_place = (struct json_place){ 0, 0 };
	enum reason reason = json_read(payload, &statement.tree, reterr_place);
	if (reason == REASON_OK)
		reason = read_tree(&statement);
	if (reason != REASON_OK) {
		statement_done(&statement);
		return reason;
	}
	*ret = statement;
	return REASON_OK;
}
