#include "attest/recall.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/target.h"
#include "verify/auto.h"
#include "verify/json.h"

#define SCHEMA 1
#define VALUE_MAX 1024 /* bytes of a fact's value, more than any has */

enum fact {
	FACT_VERDICT,
	FACT_PCR0,
	FACT_ENCLAVE_HASH,
	FACT_MODULE_ID,
	FACT_CERTIFICATE_ROOT,
	FACT_CERTIFICATE_REGION,
	FACT_CERTIFICATE_ZONE,
	FACT_CERTIFICATE_INSTANCE,
	FACT_REGISTERED,
	FACT_STRENGTH,
	FACTS
};

static const char *const fact_names[FACTS] = {
	"verdict",          "pcr0",
	"enclave_hash",     "module_id",
	"certificate_root", "certificate_region",
	"certificate_zone", "certificate_instance",
	"registered",       "strength",
};

struct known {
	char *name;
	int64_t last_success;
	bool observed;
	char *value[FACTS];   /* NULL: never known */
	char *pending[FACTS]; /* NULL: none */
};

struct recall {
	struct known *list;
	size_t n;
};

struct recall *recall_new(void)
{
	return calloc(1, sizeof(struct recall));
}

static void known_done(struct known *known)
{
	free(known->name);
	for (size_t i = 0; i < FACTS; i++) {
		free(known->value[i]);
		free(known->pending[i]);
	}
}

static void empty(struct recall *state)
{
	for (size_t i = 0; i < state->n; i++)
		known_done(&state->list[i]);
	free(state->list);
	*state = (struct recall){ .n = 0 };
}

void recall_free(struct recall *state)
{
	if (state != NULL)
		empty(state);
	free(state);
}

static struct known *find(const struct recall *state, const char *name)
{
	for (size_t i = 0; i < state->n; i++) {
		if (strcmp(state->list[i].name, name) == 0)
			return &state->list[i];
	}
	return NULL;
}

/* NULL: no memory. */
static struct known *add(struct recall *state, const char *name)
{
	struct known *grown = realloc(state->list, (state->n + 1) * sizeof(state->list[0]));

	if (grown == NULL)
		return NULL;
	state->list = grown;
	char *owned = strdup(name);
	if (owned == NULL)
		return NULL;
	state->list[state->n] = (struct known){ .name = owned };
	return &state->list[state->n++];
}

/* --- the file --- */

static bool is_value(const cJSON *item)
{
	const char *text = cJSON_GetStringValue(item);

	return text != NULL && text[0] != '\0' && strlen(text) <= VALUE_MAX;
}

static enum reason read_fact(const cJSON *item, struct known *known)
{
	const cJSON *value = cJSON_IsArray(item) ? item->child : item;
	const cJSON *pending = cJSON_IsArray(item) && value != NULL ? value->next : NULL;
	size_t fact = 0;

	while (fact < FACTS && strcmp(fact_names[fact], item->string) != 0)
		fact++;
	if (fact == FACTS || value == NULL || !is_value(value) ||
	    (cJSON_IsArray(item) &&
	     (pending == NULL || !is_value(pending) || pending->next != NULL)))
		return REASON_STATE_CONTENT;
	known->value[fact] = strdup(value->valuestring);
	if (pending != NULL)
		known->pending[fact] = strdup(pending->valuestring);
	return known->value[fact] == NULL || (pending != NULL && known->pending[fact] == NULL) ?
		       REASON_OUT_OF_MEMORY :
		       REASON_OK;
}

static bool read_seconds(const cJSON *item, int64_t *ret)
{
	int64_t seconds = 0;

	if (!cJSON_IsString(item))
		return false;
	size_t n = strspn(item->valuestring, "0123456789");
	if (n < 1 || n > 12 || item->valuestring[n] != '\0')
		return false;
	for (size_t i = 0; i < n; i++)
		seconds = seconds * 10 + (item->valuestring[i] - '0');
	*ret = seconds;
	return true;
}

static enum reason read_target(const cJSON *object, struct recall *state)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(object, "name");
	const cJSON *facts = cJSON_GetObjectItemCaseSensitive(object, "facts");
	const cJSON *last = cJSON_GetObjectItemCaseSensitive(object, "last_success");
	int64_t last_success = 0;

	if (!cJSON_IsObject(object) || !cJSON_IsString(name) || !cJSON_IsObject(facts) ||
	    !read_seconds(last, &last_success) || cJSON_GetArraySize(object) != 3 ||
	    find(state, name->valuestring) != NULL)
		return REASON_STATE_CONTENT;
	struct known *known = add(state, name->valuestring);
	if (known == NULL)
		return REASON_OUT_OF_MEMORY;
	known->last_success = last_success;
	for (const cJSON *item = facts->child; item != NULL; item = item->next) {
		enum reason reason = read_fact(item, known);
		if (reason != REASON_OK)
			return reason;
	}
	return REASON_OK;
}

enum reason recall_read(struct recall *state, struct span text)
{
	AUTO(cJSON) *tree = NULL;
	struct recall fresh = { .n = 0 };
	struct json_place place;

	enum reason reason = json_read_large(text, &tree, &place);
	if (reason != REASON_OK)
		return reason;
	const cJSON *schema = cJSON_GetObjectItemCaseSensitive(tree, "schema");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, "targets");
	if (!cJSON_IsObject(tree) || !cJSON_IsNumber(schema) || schema->valuedouble != SCHEMA ||
	    !cJSON_IsArray(list) || cJSON_GetArraySize(list) > TARGETS_MAX ||
	    cJSON_GetArraySize(tree) != 2)
		return REASON_STATE_CONTENT;
	for (const cJSON *item = list->child; item != NULL && reason == REASON_OK;
	     item = item->next)
		reason = read_target(item, &fresh);
	if (reason != REASON_OK) {
		empty(&fresh);
		return reason;
	}
	empty(state);
	*state = fresh;
	return REASON_OK;
}

/* False: no memory, and the item is gone. */
static bool put(cJSON *object, const char *key, cJSON *item)
{
	if (cJSON_AddItemToObject(object, key, item))
		return true;
	cJSON_Delete(item);
	return false;
}

static cJSON *fact_item(const struct known *known, size_t fact)
{
	const char *both[] = { known->value[fact], known->pending[fact] };

	return both[1] == NULL ? cJSON_CreateString(both[0]) : cJSON_CreateStringArray(both, 2);
}

static bool put_target(cJSON *list, const struct known *known)
{
	cJSON *object = cJSON_CreateObject();
	char seconds[24];

	if (!cJSON_AddItemToArray(list, object)) {
		cJSON_Delete(object);
		return false;
	}
	(void)snprintf(seconds, sizeof(seconds), "%" PRId64, known->last_success);
	if (!put(object, "name", cJSON_CreateString(known->name)) ||
	    !put(object, "last_success", cJSON_CreateString(seconds)))
		return false;
	cJSON *facts = cJSON_AddObjectToObject(object, "facts");
	for (size_t i = 0; facts != NULL && i < FACTS; i++) {
		if (known->value[i] != NULL && !put(facts, fact_names[i], fact_item(known, i)))
			return false;
	}
	return facts != NULL;
}

enum reason recall_write(const struct recall *state, struct buf *out)
{
	AUTO(cJSON) *tree = cJSON_CreateObject();
	char *line = NULL;

	if (tree == NULL || !put(tree, "schema", cJSON_CreateNumber(SCHEMA)))
		return REASON_OUT_OF_MEMORY;
	cJSON *list = cJSON_AddArrayToObject(tree, "targets");
	if (list == NULL)
		return REASON_OUT_OF_MEMORY;
	for (size_t i = 0; i < state->n; i++) {
		if (!put_target(list, &state->list[i]))
			return REASON_OUT_OF_MEMORY;
	}
	enum reason reason = json_print(tree, &line);
	if (reason != REASON_OK)
		return reason;
	buf_text(out, line);
	buf_text(out, "\n");
	free(line);
	return out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

void recall_sweep(struct recall *state)
{
	size_t kept = 0;

	for (size_t i = 0; i < state->n; i++) {
		struct known *known = &state->list[i];
		if (!known->observed) {
			known_done(known);
			continue;
		}
		known->observed = false;
		state->list[kept++] = *known;
	}
	state->n = kept;
}

/* --- what changed --- */

/* What a sample says of a fact; NULL: nothing. */
static const char *said(const struct sample *s, enum fact fact)
{
	static const char *const verdicts[] = { "error", "fail", "pass" };
	static const char *const registered[] = { "", "true", "false" };
	const char *text = "";

	switch (fact) {
	case FACT_VERDICT:
		text = verdicts[s->verdict];
		break;
	case FACT_PCR0:
		text = s->pcr0;
		break;
	case FACT_ENCLAVE_HASH:
		text = s->enclave_hash;
		break;
	case FACT_MODULE_ID:
		text = s->module_id;
		break;
	case FACT_CERTIFICATE_ROOT:
	case FACT_CERTIFICATE_REGION:
	case FACT_CERTIFICATE_ZONE:
	case FACT_CERTIFICATE_INSTANCE:
		text = s->certificates[fact - FACT_CERTIFICATE_ROOT];
		break;
	case FACT_REGISTERED:
		text = registered[s->registered];
		break;
	case FACT_STRENGTH:
		text = s->strength;
		break;
	case FACTS:
		break;
	}
	return text[0] != '\0' ? text : NULL;
}

/* Appends to the list, which is made when there is none. False: no memory. */
static bool tell(cJSON **changed, enum fact fact, const char *from, const char *to)
{
	cJSON *object = cJSON_CreateObject();

	if (*changed == NULL)
		*changed = cJSON_CreateArray();
	if (!cJSON_AddItemToArray(*changed, object)) {
		cJSON_Delete(object);
		return false;
	}
	return put(object, "fact", cJSON_CreateString(fact_names[fact])) &&
	       put(object, "from", cJSON_CreateString(from)) &&
	       put(object, "to", cJSON_CreateString(to));
}

static bool is_alarm(enum fact fact, const char *from, const char *to)
{
	return fact == FACT_VERDICT && strcmp(from, "pass") == 0 && strcmp(to, "fail") == 0;
}

/* What becomes of a fact. */
struct turn {
	bool seen;  /* something was said of it */
	bool told;  /* as a change, or it is the first */
	char *copy; /* owned; NULL: it is the value that is known */
};

/* Makes the turn of one fact, and changes nothing that is known. False: no memory. */
static bool observe(const struct known *known, enum fact fact, const char *now, cJSON **changed,
		    struct turn *ret)
{
	const char *value = known->value[fact];
	const char *pending = known->pending[fact];

	*ret = (struct turn){ .seen = true };
	if (value != NULL && strcmp(value, now) == 0)
		return true;
	bool again = pending != NULL && strcmp(pending, now) == 0;
	bool due = value != NULL && (again || is_alarm(fact, value, now));
	if (due && !tell(changed, fact, value, now))
		return false;
	ret->told = due || value == NULL;
	ret->copy = strdup(now);
	return ret->copy != NULL;
}

static void take_turn(struct known *known, enum fact fact, struct turn *turn)
{
	char **to = turn->told ? &known->value[fact] : &known->pending[fact];

	if (!turn->seen)
		return;
	free(known->pending[fact]);
	known->pending[fact] = NULL;
	if (turn->copy == NULL)
		return;
	if (turn->told)
		free(known->value[fact]);
	*to = turn->copy;
	turn->copy = NULL;
}

enum reason recall_observe(struct recall *state, const char *name, const struct sample *sample,
			   cJSON **ret_changed)
{
	struct known *known = find(state, name);
	AUTO(cJSON) *changed = NULL;
	struct turn turns[FACTS] = { { .seen = false } };
	bool ok = true;

	if (known == NULL)
		known = add(state, name);
	if (known == NULL)
		return REASON_OUT_OF_MEMORY;
	known->observed = true;
	if (sample->verdict == VERDICT_PASS && sample->has_time)
		known->last_success = sample->at;
	for (size_t i = 0; i < FACTS && ok; i++) {
		const char *now = said(sample, (enum fact)i);
		if (now != NULL)
			ok = observe(known, (enum fact)i, now, &changed, &turns[i]);
	}
	/* all or nothing: a change that could not be told is still one the next time */
	for (size_t i = 0; i < FACTS; i++) {
		if (ok)
			take_turn(known, (enum fact)i, &turns[i]);
		free(turns[i].copy);
	}
	if (!ok)
		return REASON_OUT_OF_MEMORY;
	*ret_changed = changed;
	changed = NULL;
	return REASON_OK;
}

int64_t recall_last_success(const struct recall *state, const char *name)
{
	const struct known *known = find(state, name);

	return known != NULL ? known->last_success : 0;
}
