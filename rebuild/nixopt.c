#include "rebuild/nixopt.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Options that change neither what is built, nor where, nor who vouches for it. Every other one is taken
 * to weaken a build, those of later versions too. */
static const char *const harmless[] = {
	"access-tokens",
	"auto-optimise-store",
	"build-users-group",
	"compress-build-log",
	"connect-timeout",
	"cores",
	"download-attempts",
	"download-buffer-size",
	"fsync-metadata",
	"http-connections",
	"http2",
	"keep-build-log",
	"keep-derivations",
	"keep-env-derivations",
	"keep-failed",
	"keep-going",
	"keep-outputs",
	"log-lines",
	"max-build-log-size",
	"max-free",
	"max-jobs",
	"max-silent-time",
	"min-free",
	"min-free-check-interval",
	"netrc-file",
	"sandbox-build-dir",
	"sandbox-dev-shm-size",
	"show-trace",
	"ssl-cert-file",
	"stalled-download-timeout",
	"tarball-ttl",
	"timeout",
	"use-sqlite-wal",
	"user-agent-suffix",
	"warn-dirty",
};

/* What --independent sets itself, or stricter. */
static const struct nixopt same[] = {
	{ "substituters", "" },
	{ "extra-substituters", "" },
	{ "builders", "" },
	{ "substitute", "false" },
	{ "sandbox", "true" },
	{ "sandbox-fallback", "false" },
	{ "accept-flake-config", "false" },
	{ "pure-eval", "true" },
	{ "require-sigs", "true" },
	{ "allow-import-from-derivation", "false" },
	{ "fallback", "false" },
};

/* Stores that are folders of this machine, or its daemon's. */
static const char *const stores_here[] = { "auto", "daemon", "local" };

static bool is_text(struct span span, const char *text)
{
	return span_equal(span, span_of_text(text));
}

/* The features that are on anyway may be named again. */
static bool are_our_features(struct span value)
{
	while (value.len > 0) {
		struct span word = { value.at, 0 };
		while (word.len < value.len && value.at[word.len] != ' ')
			word.len++;
		if (word.len > 0 && !is_text(word, "nix-command") && !is_text(word, "flakes"))
			return false;
		(void)span_take(&value, word.len < value.len ? word.len + 1 : word.len, &word);
	}
	return true;
}

static bool is_weakening(struct span name, struct span value)
{
	for (size_t i = 0; i < COUNT(harmless); i++) {
		if (is_text(name, harmless[i]))
			return false;
	}
	for (size_t i = 0; i < COUNT(same); i++) {
		if (is_text(name, same[i].name))
			return !is_text(value, same[i].value);
	}
	if (is_text(name, "experimental-features") || is_text(name, "extra-experimental-features"))
		return !are_our_features(value);
	return true;
}

/* A folder by its absolute path has Nix's own store in it; everything with :// is somewhere else. */
static bool is_store_elsewhere(const char *store)
{
	if (store == NULL || store[0] == '/')
		return false;
	for (size_t i = 0; i < COUNT(stores_here); i++) {
		if (strcmp(store, stores_here[i]) == 0)
			return false;
	}
	return true;
}

static struct span trim(struct span text)
{
	while (text.len > 0 && strchr(" \t\r", text.at[text.len - 1]) != NULL)
		text.len--;
	while (text.len > 0 && (text.at[0] == ' ' || text.at[0] == '\t')) {
		text.at++;
		text.len--;
	}
	return text;
}

bool nixopt_next(struct span *config, struct span *ret_name, struct span *ret_value)
{
	struct span end;

	while (config->len > 0) {
		struct span line = { config->at, 0 };
		while (line.len < config->len && config->at[line.len] != '\n')
			line.len++;
		(void)span_take(config, line.len, &line);
		(void)span_take(config, 1, &end);
		for (size_t i = 0; i < line.len; i++) {
			if (line.at[i] == '#')
				line.len = i;
		}
		line = trim(line);
		if (line.len == 0)
			continue;
		size_t equals = 0;
		while (equals < line.len && line.at[equals] != '=')
			equals++;
		*ret_name = trim((struct span){ line.at, equals });
		*ret_value = (struct span){ line.at + line.len, 0 };
		if (equals < line.len)
			*ret_value =
				trim((struct span){ line.at + equals + 1, line.len - equals - 1 });
		return true;
	}
	return false;
}

/* Whoever is told of each setting that weakens. False: no more. */
struct listener {
	bool (*tell)(void *to, struct span name);
	void *to;
};

static void find_weakening(const struct nixopt_settings *settings, struct listener listener)
{
	struct span config = { NULL, 0 };
	struct span name;
	struct span value;

	if (settings->builders != NULL && settings->builders[0] != '\0' &&
	    !listener.tell(listener.to, SPAN_LITERAL("--builders")))
		return;
	if (is_store_elsewhere(settings->store) &&
	    !listener.tell(listener.to, SPAN_LITERAL("--store")))
		return;
	for (size_t i = 0; i < settings->n_options; i++) {
		name = span_of_text(settings->options[i].name);
		value = span_of_text(settings->options[i].value);
		if (is_weakening(name, value) && !listener.tell(listener.to, name))
			return;
	}
	if (settings->nix_config != NULL)
		config = span_of_text(settings->nix_config);
	while (nixopt_next(&config, &name, &value)) {
		if (is_weakening(name, value) && !listener.tell(listener.to, name))
			return;
	}
}

struct first {
	struct span name;
	bool found;
};

static bool keep_first(void *to, struct span name)
{
	*(struct first *)to = (struct first){ name, true };
	return false;
}

static bool append_name(void *to, struct span name)
{
	struct buf *out = to;

	if (out->len > 0)
		buf_text(out, ", ");
	buf_escaped(out, name);
	return true;
}

enum reason nixopt_judge(const struct nixopt_settings *settings, struct span *reterr_name)
{
	struct first first = { .found = false };

	if (!settings->independent)
		return REASON_OK;
	find_weakening(settings, (struct listener){ keep_first, &first });
	if (!first.found)
		return REASON_OK;
	*reterr_name = first.name;
	return REASON_NIX_OPTION;
}

void nixopt_list_weakening(const struct nixopt_settings *settings, struct buf *out)
{
	struct buf names = { 0 };

	find_weakening(settings, (struct listener){ append_name, &names });
	buf_add(out, buf_span(&names));
	out->failed = out->failed || names.failed;
	buf_done(&names);
}

/* A part of the key, its length before it so that no two lists of parts are the same bytes. */
static void add_part(struct buf *out, struct span part)
{
	for (unsigned shift = 64; shift > 0; shift -= 8)
		buf_byte(out, (uint8_t)((uint64_t)part.len >> (shift - 8)));
	buf_add(out, part);
}

/* What is not set is another thing than what is empty. */
static void add_text(struct buf *out, const char *text)
{
	buf_byte(out, text != NULL);
	add_part(out, text == NULL ? (struct span){ NULL, 0 } : span_of_text(text));
}

static void add_number(struct buf *out, uint64_t number)
{
	for (unsigned shift = 64; shift > 0; shift -= 8)
		buf_byte(out, (uint8_t)(number >> (shift - 8)));
}

enum reason nixopt_key(const struct nixopt_inputs *inputs, const struct nixopt_settings *settings,
		       uint8_t ret[static DIGEST_SHA256_LEN])
{
	struct buf all = { 0 };
	enum reason reason = REASON_OUT_OF_MEMORY;

	add_text(&all, "enclavecheck build 1");
	add_part(&all, inputs->tree);
	add_part(&all, inputs->lock);
	add_number(&all, inputs->n_staged);
	for (size_t i = 0; i < inputs->n_staged; i++) {
		add_text(&all, inputs->staged[i].path);
		add_part(&all, SPAN_OF(inputs->staged[i].sha256));
	}
	add_text(&all, inputs->attribute);
	add_text(&all, inputs->version);
	buf_byte(&all, settings->independent);
	buf_byte(&all, settings->no_group);
	add_text(&all, settings->builders);
	add_text(&all, settings->store);
	add_text(&all, settings->nix_config);
	add_number(&all, settings->timeout_s);
	add_number(&all, settings->n_options);
	for (size_t i = 0; i < settings->n_options; i++) {
		add_text(&all, settings->options[i].name);
		add_text(&all, settings->options[i].value);
	}
	if (!all.failed) {
		const struct span whole = buf_span(&all);
		reason = digest_sha256(&whole, 1, ret);
	}
	buf_done(&all);
	return reason;
}
