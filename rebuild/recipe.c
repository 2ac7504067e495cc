#include "rebuild/recipe.h"

#include <stdlib.h>
#include <string.h>

#include "rebuild/recipe_form.h"
#include "verify/basenc.h"
#include "verify/jsonplace.h"

#define DEPTH_MAX 4 /* indices down to image.files[0].path */

/* Where reading stands. */
struct reading {
	struct recipe *recipe;
	struct recipe_fault *fault;
	size_t path[DEPTH_MAX];
	size_t depth;
};

struct key;

/* Takes one member that is there and not null. */
typedef enum reason take_function(struct reading *reading, const cJSON *item, const struct key *key,
				  void *into);

struct key {
	const char *name;
	bool required;
	take_function *take;
	size_t at;                             /* of the field in what is filled */
	enum reason (*form)(struct span text); /* of a string; NULL: any text */
};

/* The first fault stays. Keys are made longer from the inside out. */
static enum reason fault(struct reading *reading, enum reason reason, const char *key)
{
	if (reading->fault->key[0] == '\0') {
		(void)strncpy(reading->fault->key, key, RECIPE_KEY_MAX - 1);
		reading->fault->key[RECIPE_KEY_MAX - 1] = '\0';
	}
	return reason;
}

static void prefix_fault(struct reading *reading, const char *outer, const char *between)
{
	struct buf whole = { 0 };

	buf_text(&whole, outer);
	buf_text(&whole, between);
	buf_text(&whole, reading->fault->key);
	if (!whole.failed && whole.len < RECIPE_KEY_MAX) {
		memcpy(reading->fault->key, whole.at, whole.len);
		reading->fault->key[whole.len] = '\0';
	}
	buf_done(&whole);
}

/* cJSON_ArrayForEach is for objects, too. */
static enum reason read_object(struct reading *reading, const cJSON *object, const struct key *keys,
			       size_t n_keys, void *into)
{
	const cJSON *item;
	size_t depth = reading->depth;

	if (!cJSON_IsObject(object))
		return REASON_RECIPE_SHAPE;
	if (depth == DEPTH_MAX)
		return fault(reading, REASON_RECIPE_SHAPE, "");
	reading->path[depth] = 0;
	reading->depth = depth + 1;
	cJSON_ArrayForEach(item, object)
	{
		size_t i = 0;
		while (i < n_keys && strcmp(keys[i].name, item->string) != 0)
			i++;
		if (i == n_keys)
			return fault(reading, REASON_RECIPE_UNKNOWN, item->string);
		if (!cJSON_IsNull(item)) {
			enum reason reason =
				keys[i].take(reading, item, &keys[i],
					     into == NULL ? NULL : (uint8_t *)into + keys[i].at);
			if (reason != REASON_OK)
				return fault(reading, reason, keys[i].name);
		}
		reading->path[depth]++;
	}
	reading->depth = depth;
	for (size_t i = 0; i < n_keys; i++) {
		if (keys[i].required &&
		    (cJSON_GetObjectItemCaseSensitive(object, keys[i].name) == NULL ||
		     cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(object, keys[i].name))))
			return fault(reading, REASON_RECIPE_MISSING, keys[i].name);
	}
	return REASON_OK;
}

static enum reason judge_text(const char *text, enum reason (*form)(struct span))
{
	enum reason reason = recipe_form_text(span_of_text(text));

	if (reason == REASON_OK && form != NULL)
		reason = form(span_of_text(text));
	return reason;
}

static enum reason take_text(struct reading *reading, const cJSON *item, const struct key *key,
			     void *into)
{
	(void)reading;
	if (!cJSON_IsString(item))
		return REASON_RECIPE_SHAPE;
	enum reason reason = judge_text(item->valuestring, key->form);
	if (reason == REASON_OK)
		*(const char **)into = item->valuestring;
	return reason;
}

static enum reason take_flag(struct reading *reading, const cJSON *item, const struct key *key,
			     void *into)
{
	(void)reading;
	(void)key;
	if (!cJSON_IsBool(item))
		return REASON_RECIPE_SHAPE;
	*(bool *)into = cJSON_IsTrue(item);
	return REASON_OK;
}

static enum reason take_schema(struct reading *reading, const cJSON *item, const struct key *key,
			       void *into)
{
	(void)reading;
	(void)key;
	(void)into;
	return cJSON_IsNumber(item) && item->valuedouble == 1.0 ? REASON_OK : REASON_RECIPE_SCHEMA;
}

static enum reason take_sha256(struct reading *reading, const cJSON *item, const struct key *key,
			       void *into)
{
	struct recipe_file *file = into;

	(void)reading;
	(void)key;
	if (!cJSON_IsString(item))
		return REASON_RECIPE_SHAPE;
	if (!hex_decode_exact(span_of_text(item->valuestring), file->sha256, DIGEST_SHA256_LEN))
		return REASON_RECIPE_DIGEST;
	file->has_sha256 = true;
	return REASON_OK;
}

/* `text` may begin with 0x. */
static enum reason set_pcr(struct recipe *recipe, unsigned index, const char *text)
{
	uint8_t value[PCR_LEN];
	struct span digits = span_of_text(text);
	struct span prefix;

	if (strncmp(text, "0x", 2) == 0)
		(void)span_take(&digits, 2, &prefix);
	if (!hex_decode_exact(digits, value, sizeof(value)))
		return REASON_RECIPE_PCR;
	if (index == 0 && span_is_zero(SPAN_OF(value)))
		return REASON_RECIPE_ZERO;
	pcrs_set(&recipe->expected, index, value);
	return REASON_OK;
}

static enum reason take_pcr(struct reading *reading, const cJSON *item, const struct key *key,
			    void *into)
{
	(void)into;
	if (!cJSON_IsString(item))
		return REASON_RECIPE_SHAPE;
	return set_pcr(reading->recipe, (unsigned)(key->name[3] - '0'), item->valuestring);
}

static enum reason take_hash(struct reading *reading, const cJSON *item, const struct key *key,
			     void *into)
{
	struct recipe *recipe = into;
	struct span prefix;

	(void)reading;
	(void)key;
	if (!cJSON_IsString(item))
		return REASON_RECIPE_SHAPE;
	struct span text = span_of_text(item->valuestring);
	if (!span_take(&text, 2, &prefix) || !span_equal(prefix, SPAN_LITERAL("0x")) ||
	    !hex_decode_exact(text, recipe->enclave_hash, KECCAK_LEN))
		return REASON_RECIPE_DIGEST;
	if (enclave_hash_is_refused(recipe->enclave_hash))
		return REASON_RECIPE_ZERO;
	recipe->has_enclave_hash = true;
	return REASON_OK;
}

static enum reason read_file(struct reading *reading, const cJSON *item, struct recipe_file *file)
{
	static const struct key keys[] = {
		{ "path", true, take_text, offsetof(struct recipe_file, path),
		  recipe_form_image_path },
		{ "stage", true, take_text, offsetof(struct recipe_file, stage),
		  recipe_form_stage },
		{ "sha256", false, take_sha256, 0, NULL },
	};

	return read_object(reading, item, keys, sizeof(keys) / sizeof(keys[0]), file);
}

/* One name is the other's folder, or the same. */
static bool overlaps(const char *a, const char *b)
{
	size_t len_a = strlen(a);
	size_t len_b = strlen(b);
	size_t len = len_a < len_b ? len_a : len_b;

	return strncmp(a, b, len) == 0 && (len_a == len_b || (len_a < len_b ? b : a)[len] == '/');
}

static enum reason take_files(struct reading *reading, const cJSON *item, const struct key *key,
			      void *into)
{
	struct recipe *recipe = reading->recipe;
	size_t depth = reading->depth;
	const cJSON *element;

	(void)key;
	(void)into;
	if (!cJSON_IsArray(item))
		return REASON_RECIPE_SHAPE;
	reading->path[depth] = 0;
	reading->depth = depth + 1;
	cJSON_ArrayForEach(element, item)
	{
		char index[24] = "";
		struct recipe_file *file = &recipe->files[recipe->n_files];
		enum reason reason = recipe->n_files == RECIPE_FILES_MAX ?
					     REASON_RECIPE_TOO_MANY :
					     read_file(reading, element, file);
		for (size_t i = 0; reason == REASON_OK && i < recipe->n_files; i++) {
			if (overlaps(recipe->files[i].stage, file->stage))
				reason = fault(reading, REASON_RECIPE_STAGE_TWICE, "stage");
		}
		if (reason != REASON_OK) {
			index[0] = '[';
			index[1] = (char)('0' + recipe->n_files / 10);
			index[2] = (char)('0' + recipe->n_files % 10);
			index[3] = ']';
			if (index[1] == '0')
				memmove(index + 1, index + 2, 3);
			bool inside = reading->fault->key[0] != '\0';
			prefix_fault(reading, index, inside ? "." : "");
			prefix_fault(reading, "files", "");
			return reason;
		}
		recipe->n_files++;
		reading->path[depth]++;
	}
	reading->depth = depth;
	return REASON_OK;
}

static enum reason take_also(struct reading *reading, const cJSON *item, const struct key *key,
			     void *into)
{
	struct recipe *recipe = into;
	const cJSON *element;

	if (!cJSON_IsArray(item))
		return REASON_RECIPE_SHAPE;
	reading->path[reading->depth++] = 0;
	cJSON_ArrayForEach(element, item)
	{
		if (recipe->n_also == RECIPE_ALSO_MAX)
			return REASON_RECIPE_TOO_MANY;
		enum reason reason =
			take_text(reading, element, key, &recipe->also[recipe->n_also]);
		if (reason != REASON_OK)
			return reason;
		recipe->n_also++;
		reading->path[reading->depth - 1]++;
	}
	reading->depth--;
	return REASON_OK;
}

/* A scalar or a list of strings, for the rooms that know what it means. */
static enum reason take_value(struct reading *reading, const cJSON *item, const struct key *key,
			      void *into)
{
	const cJSON *element;

	(void)reading;
	(void)key;
	(void)into;
	if (cJSON_IsString(item))
		return recipe_form_text(span_of_text(item->valuestring));
	if (cJSON_IsObject(item))
		return REASON_RECIPE_SHAPE;
	cJSON_ArrayForEach(element, item)
	{
		if (!cJSON_IsString(element))
			return REASON_RECIPE_SHAPE;
		enum reason reason = recipe_form_text(span_of_text(element->valuestring));
		if (reason != REASON_OK)
			return reason;
	}
	return REASON_OK;
}

/* Reads one of the sections of the recipe. */
static enum reason take_section(struct reading *reading, const cJSON *item, const struct key *keys,
				size_t n_keys, const char *name)
{
	enum reason reason = read_object(reading, item, keys, n_keys, reading->recipe);

	if (reason != REASON_OK)
		prefix_fault(reading, name, reading->fault->key[0] != '\0' ? "." : "");
	return reason;
}

#define SECTION(keys) (keys), sizeof(keys) / sizeof((keys)[0])

static enum reason take_source(struct reading *reading, const cJSON *item, const struct key *key,
			       void *into)
{
	static const struct key keys[] = {
		{ "repository", true, take_text, offsetof(struct recipe, repository),
		  recipe_form_repository },
		{ "commit", true, take_text, offsetof(struct recipe, commit), recipe_form_commit },
		{ "require_signed", false, take_flag, offsetof(struct recipe, require_signed),
		  NULL },
	};

	(void)into;
	return take_section(reading, item, SECTION(keys), key->name);
}

static enum reason take_image(struct reading *reading, const cJSON *item, const struct key *key,
			      void *into)
{
	static const struct key keys[] = {
		{ "reference", true, take_text, offsetof(struct recipe, image), recipe_form_image },
		{ "platform", true, take_text, offsetof(struct recipe, platform),
		  recipe_form_platform },
		{ "files", false, take_files, 0, NULL },
	};

	(void)into;
	return take_section(reading, item, SECTION(keys), key->name);
}

static enum reason take_build(struct reading *reading, const cJSON *item, const struct key *key,
			      void *into)
{
	static const struct key keys[] = {
		{ "attribute", true, take_text, offsetof(struct recipe, attribute),
		  recipe_form_attribute },
		{ "eif", true, take_text, offsetof(struct recipe, eif), recipe_form_path },
		{ "pcrs", false, take_text, offsetof(struct recipe, pcrs), recipe_form_path },
		{ "also", false, take_also, 0, recipe_form_attribute },
		{ "independent", false, take_flag, offsetof(struct recipe, independent), NULL },
	};

	(void)into;
	return take_section(reading, item, SECTION(keys), key->name);
}

static enum reason take_expect(struct reading *reading, const cJSON *item, const struct key *key,
			       void *into)
{
	static const struct key keys[] = {
		{ "pcr0", false, take_pcr, 0, NULL },
		{ "pcr1", false, take_pcr, 0, NULL },
		{ "pcr2", false, take_pcr, 0, NULL },
		{ "enclave_hash", false, take_hash, 0, NULL },
	};

	(void)into;
	return take_section(reading, item, SECTION(keys), key->name);
}

#define VALUE(name) \
	{ \
		name, false, take_value, 0, NULL \
	}

static enum reason take_onchain(struct reading *reading, const cJSON *item, const struct key *key,
				void *into)
{
	static const struct key keys[] = {
		VALUE("registry"),  VALUE("chain_id"),      VALUE("service"),
		VALUE("block"),     VALUE("max_block_age"), VALUE("min_strength"),
		VALUE("code_hash"), VALUE("inner"),         VALUE("signer"),
		VALUE("selector"),  VALUE("value"),         VALUE("slot"),
		VALUE("hash_rule"), VALUE("quorum"),        VALUE("rpc"),
		VALUE("rpc_file"),
	};

	*(const cJSON **)into = item;
	return take_section(reading, item, SECTION(keys), key->name);
}

static enum reason take_enclave(struct reading *reading, const cJSON *item, const struct key *key,
				void *into)
{
	static const struct key keys[] = {
		VALUE("url"),     VALUE("profile"),       VALUE("bind"),     VALUE("tls"),
		VALUE("cacert"),  VALUE("insecure_http"), VALUE("method"),   VALUE("body"),
		VALUE("pointer"), VALUE("header"),        VALUE("encoding"), VALUE("headers"),
		VALUE("resolve"), VALUE("proxy"),         VALUE("timeout"),
	};

	*(const cJSON **)into = item;
	return take_section(reading, item, SECTION(keys), key->name);
}

enum reason recipe_read(struct span text, struct recipe *ret, struct recipe_fault *reterr)
{
	static const struct key keys[] = {
		{ "schema", true, take_schema, 0, NULL },
		{ "name", true, take_text, offsetof(struct recipe, name), recipe_form_name },
		{ "source", true, take_source, 0, NULL },
		{ "image", false, take_image, 0, NULL },
		{ "build", true, take_build, 0, NULL },
		{ "expect", false, take_expect, 0, NULL },
		{ "onchain", false, take_onchain, offsetof(struct recipe, onchain), NULL },
		{ "enclave", false, take_enclave, offsetof(struct recipe, enclave), NULL },
	};
	struct reading reading = { .recipe = ret, .fault = reterr };
	cJSON *tree = NULL;

	*reterr = (struct recipe_fault){ 0 };
	enum reason reason = json_read(text, &tree, &reterr->place);
	if (reason != REASON_OK)
		return reason;
	*ret = (struct recipe){ .tree = tree, .pcrs = "pcr.json" };
	reason = read_object(&reading, tree, SECTION(keys), ret);
	if (reason == REASON_OK)
		reason = repository_read(span_of_text(ret->repository), &ret->repository_kind);
	if (reason != REASON_OK) {
		reterr->place = json_place_of(text, reading.path, reading.depth);
		recipe_done(ret);
	}
	return reason;
}

void recipe_done(struct recipe *recipe)
{
	cJSON_Delete(recipe->tree);
	*recipe = (struct recipe){ 0 };
}
