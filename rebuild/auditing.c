#include "rebuild/auditing.h"

#include <stdio.h>
#include <string.h>

const struct cli_option audit_options[AUDIT_OPTIONS] = {
	{ AUDIT_STATEMENT, 0, true, "statement", "FILE" },
};

void auditing_start(struct auditing *ret)
{
	*ret = (struct auditing){ .n_statements = 0 };
	ask_init(&ret->ask);
	registration_start(&ret->registration);
}

void auditing_done(struct auditing *auditing)
{
	ask_done(&auditing->ask);
	registration_done(&auditing->registration);
	terms_done(&auditing->terms);
	textlist_done(&auditing->texts);
}

static bool apply_statement(const char *program, struct auditing *auditing, const char *path)
{
	if (strcmp(path, "-") == 0) {
		cli_complain(program, "--statement -: a file is needed (./- if it is one)");
		return false;
	}
	if (auditing->n_statements == AUDITING_STATEMENTS_MAX) {
		cli_complain(program, "--statement: more than %d", AUDITING_STATEMENTS_MAX);
		return false;
	}
	auditing->statements[auditing->n_statements++] = path;
	return true;
}

bool auditing_apply(const char *program, struct auditing *auditing, int id, const char *value)
{
	if (id == AUDIT_STATEMENT)
		return apply_statement(program, auditing, value);
	if (id == TERMS_KEY || id == TERMS_THRESHOLD)
		return terms_apply(program, &auditing->terms, id, value);
	if (id >= CONTRACT_REGISTRY)
		return registration_apply(program, &auditing->registration, id, value);
	if (id >= ASK_CACERT && id < ASK_CACERT + ASK_OPTIONS)
		auditing->ask_given[id - ASK_CACERT] = true;
	return ask_apply(program, &auditing->ask, id, value);
}

/* --- the recipe's section `enclave` --- */

struct adding {
	const char *program;
	struct auditing *auditing;
	bool looks_only; /* opens no file */
};

static bool add_value(void *context, const struct cli_option *option, const cJSON *item,
		      const char *value)
{
	const struct adding *adding = context;

	(void)item;
	if (adding->looks_only && option->id == ASK_HEADERS)
		return true;
	return ask_apply(adding->program, &adding->auditing->ask, option->id, value);
}

static bool refuse_value(void *context, const cJSON *item, const char *message)
{
	const struct adding *adding = context;
	const char *key = item != NULL && item->string != NULL ? item->string : "";

	cli_complain(adding->program, "enclave%s%s: %s", *key != '\0' ? "." : "", key, message);
	return false;
}

static const struct cli_option *option_of(const char *key)
{
	for (size_t i = 0; i < ASK_OPTIONS; i++) {
		if (ask_options[i].id != ASK_SAVE && jsonoption_is(key, &ask_options[i]))
			return &ask_options[i];
	}
	return NULL;
}

static bool add_enclave(const char *program, struct auditing *auditing, const cJSON *enclave,
			bool looks_only)
{
	struct adding adding = { program, auditing, looks_only };
	const struct jsonoption reading = {
		.texts = &auditing->texts,
		.apply = add_value,
		.refuse = refuse_value,
		.context = &adding,
	};
	const cJSON *item = NULL;

	cJSON_ArrayForEach(item, enclave)
	{
		const struct cli_option *option = option_of(item->string);
		if (cJSON_IsNull(item))
			continue;
		if (strcmp(item->string, "url") == 0) {
			if (!cJSON_IsString(item))
				return refuse_value(&adding, item, "'url' is not a string");
			auditing->url = item->valuestring;
		} else if (option == NULL) {
			return refuse_value(&adding, item, "not known here");
		} else if (!auditing->ask_given[option->id - ASK_CACERT] &&
			   !jsonoption_apply(&reading, option, item)) {
			return false;
		}
	}
	if (enclave != NULL && auditing->url == NULL) {
		cli_complain(program, "enclave: a url is needed");
		return false;
	}
	return true;
}

bool auditing_enclave_is_sound(const char *program, const cJSON *enclave)
{
	struct auditing auditing;

	auditing_start(&auditing);
	bool sound = add_enclave(program, &auditing, enclave, true);
	auditing_done(&auditing);
	return sound;
}

/* What statements must say: the commit, the image's digest where the recipe names one, the attribute. */
static bool fill_terms(struct terms *terms, const struct recipe *recipe)
{
	const char *digest = recipe->image != NULL ? strrchr(recipe->image, '@') : NULL;
	struct terms image = { .n_keys = 0 };

	if (!statement_commit_read(span_of_text(recipe->commit), &terms->commit))
		return false;
	if (digest != NULL) {
		if (!terms_apply("", &image, TERMS_IMAGE, digest + 1))
			return false;
		terms->has_image = true;
		memcpy(terms->image, image.image, sizeof(terms->image));
	}
	terms->attribute = recipe->attribute;
	terms->from = "recipe";
	return true;
}

static const char *statement_fault(const struct auditing *auditing)
{
	if (auditing->n_statements > 0 && auditing->terms.n_keys == 0)
		return "--statement needs a --key: whose statements count?";
	if (auditing->n_statements == 0 &&
	    (auditing->terms.n_keys > 0 || auditing->terms.threshold > 0))
		return "--key and --threshold need a --statement";
	return terms_fault(&auditing->terms);
}

bool auditing_settle(const char *program, struct auditing *auditing, const struct recipe *recipe,
		     struct policy *policy)
{
	struct ask *ask = &auditing->ask;
	const char *fault = statement_fault(auditing);

	if (fault != NULL) {
		cli_complain(program, "audit: %s", fault);
		return false;
	}
	if (auditing->n_statements > 0 && !fill_terms(&auditing->terms, recipe)) {
		cli_complain(program, "audit: commit or image of the recipe are not in a form that "
				      "statements name");
		return false;
	}
	if (!add_enclave(program, auditing, recipe->enclave, false) ||
	    !registration_add(program, recipe->onchain, &auditing->registration))
		return false;
	bool asked = auditing->url != NULL;
	bool settled = asked ? ask_settle(program, ask, policy, auditing->max_age_given,
					  &auditing->url, 1) :
			       ask_settle_route(program, ask);
	return settled &&
	       registration_settle(program, &auditing->registration, asked, ask->route.allow_plain);
}
