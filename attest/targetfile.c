#include "attest/targetfile.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/targetkey.h"
#include "verify/expect.h"
#include "verify/json.h"
#include "verify/jsonplace.h"

#define SCHEMA 1
#define NUMBER_MAX 9007199254740992.0 /* up to here a double holds every whole number */

/* One file on its way to targets. */
struct reading {
	const char *program;
	const char *path;
	struct span folder; /* of the file, its slash included; empty: the present one */
	struct span text;
	struct targets *ret;
	const cJSON *defaults; /* or NULL */
};

/* --- what is wrong, and where --- */

static bool refuse(const struct reading *r, const cJSON *item, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool refuse(const struct reading *r, const cJSON *item, const char *format, ...)
{
	struct json_place place = json_place_of_member(r->text, r->ret->tree, item);
	char message[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (place.line > 0)
		cli_complain(r->program, "%s: line %zu, column %zu: %s", r->path, place.line,
			     place.column, message);
	else
		cli_complain(r->program, "%s: %s", r->path, message);
	return false;
}

static bool no_memory(const struct reading *r)
{
	cli_complain(r->program, "%s: %s", r->path, reason_sentence(REASON_OUT_OF_MEMORY));
	return false;
}

/* Keeps a text for as long as the targets live; NULL: no memory. */
static const char *keep(const struct reading *r, struct buf *text)
{
	struct targets *targets = r->ret;
	char *owned = buf_take_text(text);
	char **grown = realloc(targets->texts, (targets->n_texts + 1) * sizeof(targets->texts[0]));

	if (grown != NULL)
		targets->texts = grown;
	if (grown == NULL || owned == NULL) {
		free(owned);
		return NULL;
	}
	targets->texts[targets->n_texts++] = owned;
	return owned;
}

/* Whom others name in front of what is wrong with an option; free() it. NULL: no memory. */
static char *speaker(const struct reading *r, const struct target *target)
{
	struct buf who = { 0 };

	buf_printf(&who, "%s: ", r->program);
	buf_escaped(&who, span_of_text(r->path));
	buf_printf(&who, ": %s", target->name);
	return buf_take_text(&who);
}

/* --- keys --- */

static bool check_object(const struct reading *r, const char *name, const cJSON *object)
{
	if (cJSON_IsNull(object))
		return true;
	if (!cJSON_IsObject(object))
		return refuse(r, object, "'%s' is not an object", name);
	for (const cJSON *item = object->child; item != NULL; item = item->next) {
		if (!targetkey_is_known(name, item->string))
			return refuse(r, item, "unknown key '%s' in '%s'", item->string, name);
	}
	return true;
}

/* Every key of a target, or of the defaults, is one that there is. */
static bool check_keys(const struct reading *r, const cJSON *object, bool is_target)
{
	for (const cJSON *item = object->child; item != NULL; item = item->next) {
		bool own = strcmp(item->string, "name") == 0 || strcmp(item->string, "url") == 0;
		if (own && is_target)
			continue;
		if (own || !targetkey_is_known(NULL, item->string))
			return refuse(r, item, own ? "'%s' has no default" : "unknown key '%s'",
				      item->string);
		for (size_t g = 0; g < TARGETKEY_GROUPS; g++) {
			if (targetkey_groups[g].object != NULL &&
			    strcmp(targetkey_groups[g].object, item->string) == 0 &&
			    !check_object(r, targetkey_groups[g].object, item))
				return false;
		}
	}
	return true;
}

static const cJSON *member_of(const cJSON *object, const struct cli_option *option)
{
	for (const cJSON *item = object != NULL ? object->child : NULL; item != NULL;
	     item = item->next) {
		if (targetkey_is(item->string, option))
			return item;
	}
	return NULL;
}

/* What a target says of an option, or else the defaults do; NULL: neither, or null. */
static const cJSON *find(const struct reading *r, const cJSON *target,
			 const struct targetkey_group *group, const struct cli_option *option)
{
	const cJSON *own = target;
	const cJSON *defaults = r->defaults;

	if (group->object != NULL) {
		own = cJSON_GetObjectItemCaseSensitive(target, group->object);
		defaults = own != NULL && (group->whole || cJSON_IsNull(own)) ?
				   NULL :
				   cJSON_GetObjectItemCaseSensitive(defaults, group->object);
	}
	const cJSON *item = member_of(own, option);
	if (item == NULL)
		item = member_of(defaults, option);
	return cJSON_IsNull(item) ? NULL : item;
}

/* --- values --- */

static bool is_file(const struct cli_option *option)
{
	return strcmp(option->value, "FILE") == 0;
}

static bool is_number(const struct cli_option *option)
{
	return strcmp(option->value, "S") == 0 || strcmp(option->value, "N") == 0;
}

/* A path from the folder of the file; behind a leading @ where `at`. NULL: no memory. */
static const char *from_folder(const struct reading *r, const char *path, bool at)
{
	struct buf text = { 0 };

	if (at && path[0] != '@')
		return path;
	if (path[at ? 1 : 0] == '/')
		return path;
	buf_text(&text, at ? "@" : "");
	/* so that - is a file, too */
	buf_add(&text, r->folder.len > 0 ? r->folder : SPAN_LITERAL("./"));
	buf_text(&text, path + (at ? 1 : 0));
	return keep(r, &text);
}

/* The text of one value, as it would stand on the command line. False: said. */
static bool text_of(const struct reading *r, const struct cli_option *option, const cJSON *item,
		    const char **ret)
{
	struct buf text = { 0 };

	if (cJSON_IsString(item)) {
		bool at = strstr(option->value, "@FILE") != NULL;
		*ret = is_file(option) || at ? from_folder(r, item->valuestring, at) :
					       item->valuestring;
		return *ret != NULL || no_memory(r);
	}
	if (!is_number(option) || !cJSON_IsNumber(item))
		return refuse(r, item, "'%s' is not %s", option->name,
			      is_number(option) ? "a number" : "a string");
	if (!(item->valuedouble >= 0 && item->valuedouble <= NUMBER_MAX) ||
	    item->valuedouble != (double)(uint64_t)item->valuedouble)
		return refuse(r, item, "'%s' is not a whole number", option->name);
	buf_printf(&text, "%" PRIu64, (uint64_t)item->valuedouble);
	*ret = keep(r, &text);
	return *ret != NULL || no_memory(r);
}

static bool apply_text(const struct reading *r, struct target *target,
		       const struct targetkey_group *group, const struct cli_option *option,
		       const cJSON *item, const char *value)
{
	/* whoever applies it says what is wrong with it; here, where */
	char *program = speaker(r, target);
	if (program == NULL)
		return no_memory(r);
	bool applied = group->apply(program, target, option->id, value);
	free(program);
	return applied || refuse(r, item, "that is what this key says");
}

/* {"0": HEX or [HEX, ...]} */
static bool apply_pcr(const struct reading *r, struct target *target,
		      const struct targetkey_group *group, const struct cli_option *option,
		      const cJSON *object)
{
	if (!cJSON_IsObject(object))
		return refuse(r, object, "'pcr' is not an object like {\"0\": HEX}");
	for (const cJSON *item = object->child; item != NULL; item = item->next) {
		const cJSON *value = cJSON_IsArray(item) ? item->child : item;
		if (value == NULL)
			return refuse(r, item, "an empty list");
		for (; value != NULL; value = cJSON_IsArray(item) ? value->next : NULL) {
			struct buf text = { 0 };
			if (!cJSON_IsString(value))
				return refuse(r, item, "a register is not a string of hex digits");
			buf_printf(&text, "%s=%s", item->string, value->valuestring);
			const char *word = keep(r, &text);
			if (word == NULL)
				return no_memory(r);
			if (!apply_text(r, target, group, option, item, word))
				return false;
		}
	}
	return true;
}

static bool apply_list(const struct reading *r, struct target *target,
		       const struct targetkey_group *group, const struct cli_option *option,
		       const cJSON *list)
{
	const char *value = NULL;

	if (list->child == NULL)
		return refuse(r, list, "an empty list");
	for (const cJSON *item = list->child; item != NULL; item = item->next) {
		if (!text_of(r, option, item, &value) ||
		    !apply_text(r, target, group, option, item, value))
			return false;
	}
	return true;
}

static bool apply_item(const struct reading *r, struct target *target,
		       const struct targetkey_group *group, const struct cli_option *option,
		       const cJSON *item)
{
	const char *value = NULL;

	if (option->value == NULL) {
		if (!cJSON_IsBool(item))
			return refuse(r, item, "'%s' is neither true nor false", item->string);
		return cJSON_IsFalse(item) || apply_text(r, target, group, option, item, NULL);
	}
	if (strcmp(option->value, "N=HEX") == 0)
		return apply_pcr(r, target, group, option, item);
	if (option->repeatable && cJSON_IsArray(item))
		return apply_list(r, target, group, option, item);
	return text_of(r, option, item, &value) &&
	       apply_text(r, target, group, option, item, value);
}

/* --- a target --- */

static bool is_name(const char *text)
{
	size_t n =
		strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return n >= 1 && n <= TARGET_NAME_MAX && text[n] == '\0';
}

static bool read_name(const struct reading *r, const cJSON *object, struct target *ret)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(object, "name");
	const cJSON *url = cJSON_GetObjectItemCaseSensitive(object, "url");

	if (!cJSON_IsString(name) || !is_name(name->valuestring))
		return refuse(r, name != NULL ? name : object,
			      "target %zu: a name of 1 to %d of A-Za-z0-9._- is needed", r->ret->n,
			      TARGET_NAME_MAX);
	for (size_t i = 0; i + 1 < r->ret->n; i++) {
		if (strcmp(r->ret->list[i].name, name->valuestring) == 0)
			return refuse(r, name, "a second target is named '%s'", name->valuestring);
	}
	if (!cJSON_IsString(url))
		return refuse(r, url != NULL ? url : name, "%s: a url is needed",
			      name->valuestring);
	ret->name = name->valuestring;
	ret->url = url->valuestring;
	return true;
}

static bool settle_contract(const char *program, struct target *target)
{
	const struct contract_use use = { .n_servers = target->own_servers.n,
					  .has_document = true };

	if (!contract_finish(program, &target->own_contract, &use))
		return false;
	const char *message =
		servers_error(&target->own_servers, target->own_contract.policy.requested,
			      target->own_ask.route.allow_plain);
	if (message != NULL)
		cli_complain(program, "%s", message);
	return message == NULL;
}

/* What only all options together show. */
static bool settle(const struct reading *r, const cJSON *object, struct target *target,
		   bool max_age_given)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(object, "name");

	char *program = speaker(r, target);
	if (program == NULL)
		return no_memory(r);
	bool settled = ask_settle(program, &target->own_ask, &target->own_policy, max_age_given,
				  &target->url, 1) &&
		       settle_contract(program, target);
	free(program);
	if (!settled)
		return refuse(r, name, "that is this target");
	if (!target->own_contract.policy.requested && !target_names_image(&target->own_policy))
		return refuse(r, name,
			      "%s: nothing says which image to expect: 'expect' needs pcrs, eif, "
			      "enclave_hash, or pcr with 0; or 'onchain' a registry",
			      target->name);
	return true;
}

static void start(struct target *target)
{
	ask_init(&target->own_ask);
	policy_init(&target->own_policy);
	contract_start(&target->own_contract);
}

/* All that the target, or else the defaults, say of options. */
static bool apply_all(const struct reading *r, const cJSON *object, struct target *target,
		      bool *ret_max_age_given)
{
	*ret_max_age_given = false;
	for (size_t g = 0; g < TARGETKEY_GROUPS; g++) {
		for (size_t i = 0; i < targetkey_groups[g].n; i++) {
			const struct cli_option *option = &targetkey_groups[g].options[i];
			const cJSON *item = targetkey_group_has(&targetkey_groups[g], option) ?
						    find(r, object, &targetkey_groups[g], option) :
						    NULL;
			if (item == NULL)
				continue;
			if (!apply_item(r, target, &targetkey_groups[g], option, item))
				return false;
			if (option->id == EXPECT_MAX_AGE)
				*ret_max_age_given = true;
		}
	}
	return true;
}

/* The defaults are right in themselves, also where every target says otherwise. */
static bool check_defaults(const struct reading *r, const cJSON *defaults)
{
	struct target *scratch = calloc(1, sizeof(*scratch));
	bool max_age_given;

	if (scratch == NULL)
		return no_memory(r);
	scratch->name = "defaults";
	start(scratch);
	bool sound = apply_all(r, defaults, scratch, &max_age_given);
	ask_done(&scratch->own_ask);
	policy_done(&scratch->own_policy);
	servers_done(&scratch->own_servers);
	free(scratch);
	return sound;
}

static bool read_target(const struct reading *r, const cJSON *object)
{
	struct target *target = &r->ret->list[r->ret->n];
	bool max_age_given;

	start(target);
	target->ask = &target->own_ask;
	target->policy = &target->own_policy;
	target->contract = &target->own_contract.policy;
	target->servers = &target->own_servers;
	r->ret->n++;
	if (!cJSON_IsObject(object))
		return refuse(r, object, "target %zu is not an object", r->ret->n);
	if (!check_keys(r, object, true) || !read_name(r, object, target))
		return false;
	return apply_all(r, object, target, &max_age_given) &&
	       settle(r, object, target, max_age_given);
}

/* --- the file --- */

static bool read_root(struct reading *r)
{
	const cJSON *tree = r->ret->tree;
	const cJSON *schema = cJSON_GetObjectItemCaseSensitive(tree, "schema");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, "targets");
	const cJSON *defaults = cJSON_GetObjectItemCaseSensitive(tree, "defaults");

	if (!cJSON_IsObject(tree))
		return refuse(r, tree, "not an object");
	for (const cJSON *item = tree->child; item != NULL; item = item->next) {
		if (item != schema && item != list && item != defaults)
			return refuse(r, item, "unknown key '%s'", item->string);
	}
	if (!cJSON_IsNumber(schema) || schema->valuedouble != SCHEMA)
		return refuse(r, schema != NULL ? schema : tree, "'schema' must be %d", SCHEMA);
	if (defaults != NULL && !cJSON_IsNull(defaults)) {
		if (!cJSON_IsObject(defaults))
			return refuse(r, defaults, "'defaults' is not an object");
		if (!check_keys(r, defaults, false) || !check_defaults(r, defaults))
			return false;
		r->defaults = defaults;
	}
	int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
	if (n < 1 || n > TARGETS_MAX)
		return refuse(r, list != NULL ? list : tree,
			      "'targets' must be a list of 1 to %d targets", TARGETS_MAX);
	r->ret->list = calloc((size_t)n, sizeof(r->ret->list[0]));
	if (r->ret->list == NULL)
		return no_memory(r);
	for (const cJSON *item = list->child; item != NULL; item = item->next) {
		if (!read_target(r, item))
			return false;
	}
	return true;
}

bool targets_parse(const char *program, const char *path, struct span text, struct targets *ret)
{
	const char *slash = strrchr(path, '/');
	struct targets targets = { .n = 0 };
	struct reading r = { .program = program, .path = path, .text = text, .ret = &targets };
	struct json_place place;

	if (slash != NULL)
		r.folder = (struct span){ (const uint8_t *)path, (size_t)(slash - path) + 1 };
	enum reason reason = json_read_large(text, &targets.tree, &place);
	if (reason == REASON_JSON_TOO_LARGE || reason == REASON_JSON_TOO_MANY_VALUES) {
		cli_complain(program, "%s: longer than %zu bytes, or more than %d values", path,
			     JSON_LARGE_MAX, JSON_LARGE_VALUES_MAX);
		return false;
	}
	if (reason != REASON_OK) {
		cli_complain(program, "%s: line %zu, column %zu: %s (%s)", path, place.line,
			     place.column, reason_sentence(reason), reason_name(reason));
		return false;
	}
	if (!read_root(&r)) {
		targets_done(&targets);
		return false;
	}
	*ret = targets;
	return true;
}

bool targets_read(const char *program, const char *path, struct targets *ret)
{
	struct buf text = { 0 };
	int why = 0;

	if (strcmp(path, "-") == 0) {
		cli_complain(program, "--config -: a file is needed (./- if it is one)");
		return false;
	}
	enum reason reason = cli_read(path, JSON_LARGE_MAX, &text, &why);
	bool ok = reason == REASON_OK;
	if (!ok)
		cli_complain(program, "--config %s: %s", path,
			     reason == REASON_FILE_UNREADABLE ? strerror(why) :
								reason_sentence(reason));
	ok = ok && targets_parse(program, path, buf_span(&text), ret);
	buf_done(&text);
	return ok;
}
