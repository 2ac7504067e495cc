#include "rebuild/nix.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX (64 + 3 * NIXOPT_MAX + 128)
#define NUMBER_MAX 24

/* The words of one call. */
struct words {
	const char *at[WORDS_MAX];
	size_t n;
	char timeout[NUMBER_MAX];
};

static void add(struct words *words, const char *word)
{
	/* one place stays for the NULL; calls that would need more are refused in call_nix() */
	if (words->n < WORDS_MAX - 1)
		words->at[words->n] = word;
	words->n++;
}

static void add_option(struct words *words, const char *name, const char *value)
{
	add(words, "--option");
	add(words, name);
	add(words, value);
}

static void set_timeout(struct words *words, uint64_t seconds)
{
	size_t at = sizeof(words->timeout) - 1;

	words->timeout[at] = '\0';
	do
		words->timeout[--at] = (char)('0' + seconds % 10);
	while ((seconds /= 10) > 0);
	add_option(words, "timeout", words->timeout + at);
}

/* What the user gave comes before what must hold: of two, Nix takes the later one. */
static void add_settings(struct words *words, const struct nixopt_settings *settings)
{
	add_option(words, "experimental-features", "nix-command flakes");
	if (settings->timeout_s != 0)
		set_timeout(words, settings->timeout_s);
	if (settings->no_group)
		add_option(words, "build-users-group", "");
	/* Nix's default is a file beside its configuration, which is not read */
	add_option(words, "builders", settings->builders != NULL ? settings->builders : "");
	for (size_t i = 0; i < settings->n_options && i < NIXOPT_MAX; i++)
		add_option(words, settings->options[i].name, settings->options[i].value);
	add_option(words, "accept-flake-config", "false");
	add_option(words, "allow-dirty", "true");
	if (settings->independent) {
		add_option(words, "substituters", "");
		add_option(words, "builders", "");
		add_option(words, "sandbox", "true");
		add_option(words, "sandbox-fallback", "false");
	}
	if (settings->no_import) {
		/* what was evaluated before is not looked up, or nothing would be seen */
		add_option(words, "eval-cache", "false");
		add_option(words, "allow-import-from-derivation", "false");
	}
	if (settings->store != NULL) {
		add(words, "--store");
		add(words, settings->store);
	}
}

char **nix_environment(const char *path, const char *home, const char *tmpdir,
		       const char *nix_config)
{
	/* git, which Nix runs for its inputs, reads no configuration of a person or the machine */
	const struct {
		const char *name;
		const char *value;
	} all[] = {
		{ "PATH=", path },
		{ "HOME=", home },
		{ "XDG_CACHE_HOME=", home },
		{ "XDG_CONFIG_HOME=", home },
		{ "XDG_DATA_HOME=", home },
		{ "XDG_STATE_HOME=", home },
		{ "TMPDIR=", tmpdir },
		{ "NIX_CONFIG=", nix_config },
		{ "NIX_CONF_DIR=", "/dev/null" },
		{ "NIX_USER_CONF_FILES=", "/dev/null" },
		{ "GIT_CONFIG_NOSYSTEM=", "1" },
		{ "GIT_CONFIG_GLOBAL=", "/dev/null" },
		{ "GIT_TERMINAL_PROMPT=", "0" },
		{ "LC_ALL=", "C" },
	};
	const size_t n = sizeof(all) / sizeof(all[0]);
	char **environment = calloc(n + 1, sizeof(*environment));
	size_t made = 0;

	if (environment == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		struct buf one = { 0 };
		if (all[i].value == NULL)
			continue;
		buf_text(&one, all[i].name);
		buf_text(&one, all[i].value);
		environment[made] = buf_take_text(&one);
		if (environment[made++] == NULL) {
			nix_environment_free(environment);
			return NULL;
		}
	}
	return environment;
}

void nix_environment_free(char **environment)
{
	if (environment == NULL)
		return;
	for (size_t i = 0; environment[i] != NULL; i++)
		free(environment[i]);
	free(environment);
}

bool nix_lacks_group(void)
{
	return geteuid() == 0 && getgrnam("nixbld") == NULL;
}

static bool take_line(void *context, enum proc_stream stream, struct span line)
{
	(void)stream;
	return nixlog_line(context, line);
}

/* From 96 on Nix's exit status is a sum of bits, see worker.cc: 1 a timeout, 2 a wrong fixed output,
 * 4 a failure, 8 a difference. */
static enum reason reason_of(int status, enum reason said)
{
	if (status == 0)
		return REASON_OK;
	if (said == REASON_INTERRUPTED || said == REASON_NIX_DISK_FULL || status < 96 ||
	    status > 111)
		return said == REASON_OK ? REASON_NIX_FAILED : said;
	if (status & 2) /* 102 is also an input that is not what the lock says */
		return said == REASON_NIX_INPUT_HASH ? said : REASON_NIX_FIXED_OUTPUT;
	if (status & 8)
		return REASON_NIX_DIFFERS;
	return status & 1 ? REASON_NIX_TIMEOUT : REASON_NIX_BUILDER;
}

static void keep_errors(struct nix_said *said, struct nixlog *log)
{
	said->option_ignored = said->option_ignored || log->option_ignored;
	if (said->errors.len + log->errors.len <= NIXLOG_ERRORS_MAX)
		buf_add(&said->errors, buf_span(&log->errors));
}

/* `output` is the caller's, whatever the reason; NULL: stdout is read and dropped. */
static enum reason call_nix(const struct nix *nix, const char *program, struct words *words,
			    size_t output_max, struct buf *output, struct nix_said *said)
{
	struct nixlog log = { .readable = nix->log, .tell = nix->tell, .context = nix->context };
	struct proc_result result = { .exit_status = -1 };
	const struct proc_command command = {
		.path = program,
		.argv = words->at,
		.environment = nix->environment,
		.directory = nix->flake,
		.output_max = output_max,
		.line = take_line,
		.context = &log,
		.deadline_ms = nix->deadline_ms,
		.interrupted = nix->interrupted,
	};

	/* last, since some options set another format */
	add(words, "--log-format");
	add(words, "internal-json");
	if (words->n >= WORDS_MAX)
		return REASON_NIX_OPTION;
	words->at[words->n] = NULL;
	enum reason reason = proc_run(&command, nix->clock, &result);
	if (reason == REASON_PROC_STOPPED)
		reason = log.sunk != REASON_OK ? log.sunk : REASON_OUT_OF_MEMORY;
	else if (reason == REASON_OK)
		reason = reason_of(result.exit_status, log.failure);
	keep_errors(said, &log);
	if (output != NULL) {
		*output = result.output;
		result.output = (struct buf){ 0 };
	}
	proc_done(&result);
	nixlog_done(&log);
	return reason;
}

enum reason nix_ask(const struct nix *nix, bool nix_store, const char *const words[],
		    size_t output_max, struct buf *ret, struct nix_said *said)
{
	struct words all = { .n = 0 };
	struct buf output = { 0 };

	add(&all, nix_store ? "nix-store" : "nix");
	add_settings(&all, nix->settings);
	for (size_t i = 0; words[i] != NULL; i++)
		add(&all, words[i]);
	enum reason reason = call_nix(nix, nix_store ? nix->nix_store : nix->nix, &all, output_max,
				      &output, said);
	if (reason != REASON_OK)
		buf_done(&output);
	else
		*ret = output;
	return reason;
}

enum reason nix_version(const struct nix *nix, struct nixjson_version *ret)
{
	static const char *const words[] = { "nix", "--version", NULL };
	struct proc_result result = { .exit_status = -1 };
	const struct proc_command command = {
		.path = nix->nix,
		.argv = words,
		.environment = nix->environment,
		.output_max = (size_t)2 * NIXJSON_NAME_MAX,
		.deadline_ms = nix->deadline_ms,
		.interrupted = nix->interrupted,
	};

	enum reason reason = proc_run(&command, nix->clock, &result);
	if (reason == REASON_OK)
		reason = result.exit_status == 0 ? nixjson_version(buf_span(&result.output), ret) :
						   REASON_NIX_VERSION;
	else if (reason == REASON_PROC_OUTPUT) /* no version is as long as that */
		reason = REASON_NIX_VERSION;
	proc_done(&result);
	return reason;
}

enum reason nix_store_is_empty(const struct nix *nix, bool *ret, struct nix_said *said)
{
	static const char *const words[] = { "path-info", "--all", NULL };
	struct buf paths = { 0 };

	enum reason reason = nix_ask(nix, false, words, (size_t)1 << 30, &paths, said);
	if (reason == REASON_OK)
		*ret = paths.len == 0;
	buf_done(&paths);
	return reason;
}

bool nix_is_attribute(const char *attribute)
{
	const size_t len = strlen(attribute);

	if (len == 0 || len > 255 || attribute[0] == '.' || attribute[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		const char c = attribute[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      c == '.' || c == '_' || c == '-'))
			return false;
	}
	return true;
}

/* ".#ATTRIBUTE": the caller frees. */
static enum reason reference(const char *attribute, char **ret)
{
	struct buf text = { 0 };

	if (!nix_is_attribute(attribute))
		return REASON_NIX_ATTRIBUTE;
	buf_text(&text, ".#");
	buf_text(&text, attribute);
	*ret = buf_take_text(&text);
	return *ret == NULL ? REASON_OUT_OF_MEMORY : REASON_OK;
}

/* An evaluation's failure that is none of the known ones. */
static enum reason as_evaluation(enum reason reason)
{
	return reason == REASON_NIX_FAILED ? REASON_NIX_EVALUATION : reason;
}

enum reason nix_evaluate(const struct nix *nix, const char *attribute,
			 char ret_drv[static DRV_PATH_MAX + 1], struct nix_said *said)
{
	struct buf output = { 0 };
	char *name = NULL;

	enum reason reason = reference(attribute, &name);
	if (reason != REASON_OK)
		return reason;
	const char *const words[] = { "path-info", name, "--derivation", "--no-update-lock-file",
				      NULL };
	reason = as_evaluation(nix_ask(nix, false, words, NIXJSON_MAX, &output, said));
	free(name);
	struct span rest = buf_span(&output);
	struct span drv = { NULL, 0 };
	if (reason == REASON_OK)
		reason = nixjson_line(&rest, ".drv", &drv);
	if (reason == REASON_OK && (drv.len == 0 || rest.len != 0))
		reason = REASON_NIX_OUTPUT;
	if (reason == REASON_OK) {
		memcpy(ret_drv, drv.at, drv.len);
		ret_drv[drv.len] = '\0';
	}
	buf_done(&output);
	return reason;
}

enum reason nix_fetch_inputs(const struct nix *nix, struct nix_said *said)
{
	static const char *const words[] = { "flake", "archive", "--no-update-lock-file", NULL };
	struct buf output = { 0 };

	enum reason reason = as_evaluation(nix_ask(nix, false, words, NIXJSON_MAX, &output, said));
	buf_done(&output);
	return reason;
}

enum reason nix_realise(const struct nix *nix, const char *drv, bool check, const char *root,
			struct nix_said *said)
{
	const char *words[6] = { "--realise", drv };
	struct buf output = { 0 };
	size_t n = 2;

	if (!drv_is_path(span_of_text(drv), ".drv"))
		return REASON_NIX_OUTPUT;
	if (check)
		words[n++] = "--check";
	if (root != NULL) {
		words[n++] = "--add-root";
		words[n++] = root;
	}
	words[n] = NULL;
	enum reason reason = nix_ask(nix, true, words, NIXJSON_MAX, &output, said);
	buf_done(&output);
	return reason;
}

enum reason nix_build(const struct nix *nix, const char *attribute, const char *drv,
		      const char *root, struct nixjson_built *ret, struct nix_said *said)
{
	struct nixjson_built built = { .n_outputs = 0 };
	struct buf output = { 0 };
	char *name = NULL;

	enum reason reason = reference(attribute, &name);
	if (reason != REASON_OK)
		return reason;
	/* its exit status tells failures apart, that of `nix build` does not */
	reason = nix_realise(nix, drv, false, root, said);
	const char *const words[] = { "build", name, "--json", "--no-link", "--no-update-lock-file",
				      NULL };
	if (reason == REASON_OK)
		reason = as_evaluation(nix_ask(nix, false, words, NIXJSON_MAX, &output, said));
	free(name);
	if (reason == REASON_OK)
		reason = nixjson_built(buf_span(&output), &built);
	buf_done(&output);
	if (reason != REASON_OK)
		return reason;
	if (strcmp(built.drv, drv) != 0)
		return REASON_NIX_TREE;
	*ret = built;
	return REASON_OK;
}

char *nix_real_path(const struct nix *nix, const char *path)
{
	const char *store = nix->settings->store;
	struct buf real = { 0 };

	if (store != NULL && store[0] == '/')
		buf_text(&real, store);
	else if (store != NULL && strcmp(store, "auto") != 0 && strcmp(store, "daemon") != 0 &&
		 strcmp(store, "local") != 0)
		return NULL;
	buf_text(&real, path);
	return buf_take_text(&real);
}

void nix_said_done(struct nix_said *said)
{
	buf_done(&said->errors);
}
