#include "attest/targetfile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/jsonoption.h"
#include "attest/targetkey.h"
#include "verify/expect.h"
#include "verify/json.h"
#include "verify/jsonplace.h"

#define SCHEMA 1

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
		if (jsonoption_is(item->string, option))
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

/* One option of a target on its way. */
struct applying {
	const struct reading *r;
	struct target *target;
	const struct targetkey_group *group;
};

static bool apply_text(void *context, const struct cli_option *option, const cJSON *item,
		       const char *value)
{
	const struct applying *a = context;

	/* whoever applies it says what is wrong with it; here, where */
	char *program = speaker(a->r, a->target);
	if (program == NULL)
		return no_memory(a->r);
	bool applied = a->group->apply(program, a->target, option->id, value);
	free(program);
	return applied || refuse(a->r, item, "that is what this key says");
}

static bool refuse_value(void *context, const cJSON *item, const char *message)
{
	const struct applying *a = context;

	return item != NULL ? refuse(a->r, item, "%s", message) : no_memory(a->r);
}

static bool apply_item(const struct reading *r, struct target *target,
		       const struct targetkey_group *group, const struct cli_option *option,
		       const cJSON *item)
{
	struct applying applying = { r, target, group };
	const struct jsonoption reading = {
		.folder = r->folder,
		.texts = &r->ret->texts,
		.apply = apply_text,
		.refuse = refuse_value,
		.context = &applying,
	};

	return jsonoption_apply(&reading, option, item);
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
