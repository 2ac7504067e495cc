#include "rebuild/nixjson.h"

#include <stdlib.h>
#include <string.h>

#include "verify/auto.h"
#include "verify/json.h"

#define OLDEST_MAJOR 2
#define OLDEST_MINOR 8

static enum reason read_json(struct span text, cJSON **ret)
{
	struct json_place place;
	const enum reason reason = json_read(text, ret, &place);

	return reason == REASON_OK || reason == REASON_OUT_OF_MEMORY ? reason : REASON_NIX_OUTPUT;
}

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* A string that is a store path. */
static bool path_of(const cJSON *value, const char *suffix, const char **ret)
{
	if (!cJSON_IsString(value) || !drv_is_path(span_of_text(value->valuestring), suffix))
		return false;
	*ret = value->valuestring;
	return true;
}

static bool copy_text(char *to, size_t size, const char *text)
{
	const size_t len = strlen(text);

	if (len >= size)
		return false;
	memcpy(to, text, len + 1);
	return true;
}

enum reason nixjson_built(struct span text, struct nixjson_built *ret)
{
	AUTO(cJSON) *tree = NULL;
	struct nixjson_built built = { .n_outputs = 0 };
	const char *path = NULL;

	const enum reason reason = read_json(text, &tree);
	if (reason != REASON_OK)
		return reason;
	const cJSON *one = cJSON_GetArrayItem(tree, 0);
	const cJSON *outputs = member(one, "outputs");
	if (!cJSON_IsArray(tree) || cJSON_GetArraySize(tree) != 1 || !cJSON_IsObject(one) ||
	    !cJSON_IsObject(outputs) || !path_of(member(one, "drvPath"), ".drv", &path) ||
	    !copy_text(built.drv, sizeof(built.drv), path))
		return REASON_NIX_OUTPUT;
	const cJSON *output = NULL;
	cJSON_ArrayForEach(output, outputs)
	{
		struct nixjson_output *to = &built.outputs[built.n_outputs];
		if (built.n_outputs == DRV_OUTPUTS_MAX || !path_of(output, NULL, &path) ||
		    !copy_text(to->name, sizeof(to->name), output->string) ||
		    !copy_text(to->path, sizeof(to->path), path))
			return REASON_NIX_OUTPUT;
		built.n_outputs++;
	}
	if (built.n_outputs == 0)
		return REASON_NIX_OUTPUT;
	*ret = built;
	return REASON_OK;
}

const char *nixjson_output(const struct nixjson_built *built, const char *name)
{
	for (size_t i = 0; i < built->n_outputs; i++) {
		if (strcmp(built->outputs[i].name, name) == 0)
			return built->outputs[i].path;
	}
	return NULL;
}

static char *own_text(const char *text, size_t len)
{
	struct buf copy = { 0 };

	buf_add(&copy, (struct span){ (const uint8_t *)text, len });
	return buf_take_text(&copy);
}

/* "name:base64" each. *ret is the caller's. */
static enum reason read_signers(const cJSON *signatures, char **ret)
{
	struct buf names = { 0 };
	const cJSON *one = NULL;
	bool right = signatures == NULL || cJSON_IsArray(signatures);

	if (right) {
		cJSON_ArrayForEach(one, signatures)
		{
			const char *colon =
				cJSON_IsString(one) ? strchr(one->valuestring, ':') : NULL;
			right = right && colon != NULL && colon != one->valuestring;
			if (!right)
				break;
			if (names.len > 0)
				buf_byte(&names, ' ');
			buf_add(&names, (struct span){ (const uint8_t *)one->valuestring,
						       (size_t)(colon - one->valuestring) });
		}
	}
	if (!right) {
		buf_done(&names);
		return REASON_NIX_OUTPUT;
	}
	*ret = buf_take_text(&names);
	return *ret == NULL ? REASON_OUT_OF_MEMORY : REASON_OK;
}

static void drop_path(struct nixjson_path *path)
{
	free(path->path);
	free(path->nar_hash);
	free(path->deriver);
	free(path->signers);
}

/* Absent and null count as false: Nix leaves out what does not hold. */
static bool flag_of(const cJSON *value, bool *ret)
{
	*ret = cJSON_IsTrue(value);
	return value == NULL || cJSON_IsBool(value) || cJSON_IsNull(value);
}

/* Fills a zeroed entry, which the caller drops after a failure. */
static enum reason read_path(const cJSON *object, const char *name, struct nixjson_path *ret)
{
	const cJSON *hash = member(object, "narHash");
	const cJSON *size = member(object, "narSize");
	const cJSON *deriver = member(object, "deriver");
	const cJSON *ca = member(object, "ca");
	const cJSON *valid = member(object, "valid");

	if (!cJSON_IsObject(object) || (valid != NULL && !cJSON_IsTrue(valid)) ||
	    !drv_is_path(span_of_text(name), NULL) || !cJSON_IsString(hash) ||
	    strncmp(hash->valuestring, "sha256", 6) != 0 || !cJSON_IsNumber(size) ||
	    size->valuedouble < 0 || size->valuedouble > 9e15 ||
	    !flag_of(member(object, "ultimate"), &ret->ultimate))
		return REASON_NIX_OUTPUT;
	/* text:sha256:..., fixed:sha256:..., fixed:r:sha256:... */
	if (ca != NULL && !cJSON_IsNull(ca)) {
		if (!cJSON_IsString(ca))
			return REASON_NIX_OUTPUT;
		ret->addressed = strncmp(ca->valuestring, "fixed:", 6) == 0 ||
				 strncmp(ca->valuestring, "text:", 5) == 0;
	}
	ret->nar_size = (uint64_t)size->valuedouble;
	ret->path = own_text(name, strlen(name));
	ret->nar_hash = own_text(hash->valuestring, strlen(hash->valuestring));
	if (ret->path == NULL || ret->nar_hash == NULL)
		return REASON_OUT_OF_MEMORY;
	if (cJSON_IsString(deriver)) {
		ret->deriver = own_text(deriver->valuestring, strlen(deriver->valuestring));
		if (ret->deriver == NULL)
			return REASON_OUT_OF_MEMORY;
	}
	return read_signers(member(object, "signatures"), &ret->signers);
}

enum reason nixjson_paths(struct span text, struct nixjson_paths *paths)
{
	AUTO(cJSON) *tree = NULL;
	const cJSON *one = NULL;

	enum reason reason = read_json(text, &tree);
	if (reason != REASON_OK)
		return reason;
	if (!cJSON_IsArray(tree) && !cJSON_IsObject(tree))
		return REASON_NIX_OUTPUT;
	const size_t more = (size_t)cJSON_GetArraySize(tree);
	if (more == 0)
		return REASON_OK;
	struct nixjson_path *at = realloc(paths->at, (paths->n + more) * sizeof(*at));
	if (at == NULL)
		return REASON_OUT_OF_MEMORY;
	paths->at = at;
	cJSON_ArrayForEach(one, tree)
	{
		const cJSON *name = member(one, "path");
		const char *path = cJSON_IsObject(tree) ? one->string :
				   cJSON_IsString(name) ? name->valuestring :
							  "";
		if (nixjson_path(paths, span_of_text(path)) != NULL)
			return REASON_NIX_OUTPUT;
		at[paths->n] = (struct nixjson_path){ .path = NULL };
		reason = read_path(one, path, &at[paths->n]);
		if (reason != REASON_OK) {
			drop_path(&at[paths->n]);
			return reason;
		}
		paths->n++;
	}
	return REASON_OK;
}

const struct nixjson_path *nixjson_path(const struct nixjson_paths *paths, struct span path)
{
	for (size_t i = 0; i < paths->n; i++) {
		if (span_equal(span_of_text(paths->at[i].path), path))
			return &paths->at[i];
	}
	return NULL;
}

void nixjson_paths_done(struct nixjson_paths *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		drop_path(&paths->at[i]);
	free(paths->at);
	*paths = (struct nixjson_paths){ .n = 0 };
}

static bool take_number(struct span *rest, uint64_t *ret)
{
	struct span digit;
	uint64_t value = 0;
	size_t n = 0;

	while (rest->len > 0 && rest->at[0] >= '0' && rest->at[0] <= '9' && n < 6) {
		value = value * 10 + (uint64_t)(rest->at[0] - '0');
		(void)span_take(rest, 1, &digit);
		n++;
	}
	*ret = value;
	return n > 0;
}

static bool is_version_byte(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
	       (byte >= 'A' && byte <= 'Z') || (byte != '\0' && strchr("._+-", byte) != NULL);
}

enum reason nixjson_version(struct span text, struct nixjson_version *ret)
{
	struct nixjson_version version = { .major = 0 };
	struct span dot;
	size_t start = 0;
	size_t n = 0;

	/* one line; the number is its last word */
	if (text.len > 0 && text.at[text.len - 1] == '\n')
		text.len--;
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '\n')
			return REASON_NIX_VERSION;
		if (text.at[i] == ' ')
			start = i + 1;
	}
	struct span rest = { text.at + start, text.len - start };
	for (; n < rest.len && n + 1 < sizeof(version.text) && is_version_byte(rest.at[n]); n++)
		version.text[n] = (char)rest.at[n];
	if (start < 4 || memcmp(text.at, "nix ", 4) != 0 || n != rest.len ||
	    !take_number(&rest, &version.major) || !span_take(&rest, 1, &dot) || dot.at[0] != '.' ||
	    !take_number(&rest, &version.minor) || version.major < OLDEST_MAJOR ||
	    (version.major == OLDEST_MAJOR && version.minor < OLDEST_MINOR))
		return REASON_NIX_VERSION;
	*ret = version;
	return REASON_OK;
}

enum reason nixjson_line(struct span *text, const char *suffix, struct span *ret)
{
	struct span line = { NULL, 0 };
	struct span end;
	size_t n = 0;

	if (text->len == 0) {
		*ret = line;
		return REASON_OK;
	}
	while (n < text->len && text->at[n] != '\n')
		n++;
	if (!span_take(text, n, &line) || !span_take(text, 1, &end) || !drv_is_path(line, suffix))
		return REASON_NIX_OUTPUT;
	*ret = line;
	return REASON_OK;
}
