#include "rebuild/job_rebuild.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebuild/provenance.h"
#include "rebuild/run_stages.h"
#include "rebuild/signature.h"

/* Says what is wrong with the command line, and of which verb. */
static bool refuse(const struct job *job, const char *message)
{
	cli_complain(job->output.program, "%s: %s; see %s --help", job->verb, message,
		     job->output.program);
	return false;
}

static int64_t http_ticks(void *context)
{
	const struct job *job = context;

	return job->world.ticks_ms();
}

/* --cache, else XDG_CACHE_HOME/enclavecheck, else HOME/.cache/enclavecheck. False: none of them is there, or no
 * memory; said. Its parents are made where they are missing. */
static bool find_cache(const struct job *job, const struct recipe *recipe, char **ret)
{
	struct buf path = { 0 };

	if (recipe->image == NULL || job->built_eif != NULL || job->built_binary != NULL)
		return true;
	if (job->cache != NULL)
		buf_text(&path, job->cache);
	else if (job->cache_home != NULL && job->cache_home[0] == '/')
		buf_printf(&path, "%s/enclavecheck", job->cache_home);
	else if (job->home != NULL && job->home[0] == '/')
		buf_printf(&path, "%s/.cache/enclavecheck", job->home);
	if (path.len == 0) {
		(void)refuse(job, "neither HOME nor --cache DIR says where images are kept");
		return false;
	}
	*ret = buf_take_text(&path);
	return *ret != NULL;
}

static void tell_step(void *context, const char *what)
{
	struct rebuilding *rebuilding = context;
	const struct job *job = rebuilding->job;

	/* what is drawn then is about this step alone */
	cli_progress_end(&rebuilding->bar);
	cli_progress_start(&rebuilding->bar, &job->output, &job->world);
	cli_complain(job->output.program, "%s", what);
}

/* The recipe's expectations, which must be met whatever an option expects beside them. */
static bool expect_recipe(const struct recipe *recipe, struct policy *policy)
{
	if (!recipe_expects(recipe))
		return true;
	struct policy_source *source =
		policy_add_source(policy, POLICY_ALONE, SPAN_LITERAL("recipe"));
	if (source == NULL)
		return false;
	source->pcrs = recipe->expected;
	source->has_enclave_hash = recipe->has_enclave_hash;
	memcpy(source->enclave_hash, recipe->enclave_hash, KECCAK_LEN);
	return true;
}

/* What of the command line does not go together; NULL: it does. */
static const char *usage_error(const struct job *job, const struct recipe *recipe)
{
	if (job->built_eif != NULL && job->built_binary != NULL)
		return "--built-eif and --built-binary: one of them";
	if (job->built_binary != NULL && recipe->n_files != 1)
		return "--built-binary: the recipe must name one file of an image (image.files)";
	if (recipe->require_signed && job->signers == NULL && job->built_eif == NULL)
		return "a signature is required: --signers FILE says whose counts";
	if (job->from != STAGE_COUNT && job->from > job->until)
		return "--from a stage behind that of --until";
	return NULL;
}

/* Files that options name must be there before anything is done. */
static bool has_file(const struct job *job, const char *option, const char *path)
{
	if (path == NULL || access(path, R_OK) == 0)
		return true;
	cli_complain(job->output.program, "--%s %s: %s", option, path, strerror(errno));
	return false;
}

static bool knows_signers(const struct job *job)
{
	if (job->signers == NULL || signature_knows(job->signers))
		return true;
	cli_complain(job->output.program, "--signers %s: %s (%s)", job->signers,
		     reason_sentence(REASON_SOURCE_SIGNERS), reason_name(REASON_SOURCE_SIGNERS));
	return false;
}

/* What must not stand beside --independent is refused with it. */
static bool may_settings(struct job *job, const struct recipe *recipe)
{
	struct span name = { NULL, 0 };
	struct buf text = { 0 };

	job->nix.independent = recipe->independent;
	job->nix.no_group = nix_lacks_group();
	if (nixopt_judge(&job->nix, &name) == REASON_OK)
		return true;
	buf_add(&text, name);
	char *owned = buf_take_text(&text);
	cli_complain(job->output.program, "%s: %s (%s)", owned != NULL ? owned : "",
		     reason_sentence(REASON_NIX_OPTION), reason_name(REASON_NIX_OPTION));
	free(owned);
	return false;
}

bool job_read_key(const struct job *job, struct buf *ret)
{
	int why = 0;

	enum reason reason = cli_read(job->sign, PROVENANCE_PEM_MAX, ret, &why);
	if (reason == REASON_OK)
		reason = ret->len > PROVENANCE_PEM_MAX ? REASON_PROVENANCE_KEY :
							 provenance_key_check(buf_span(ret));
	if (reason != REASON_OK)
		cli_complain(job->output.program, "--sign %s: %s (%s)", job->sign,
			     why != 0 ? strerror(why) : reason_sentence(reason),
			     reason_name(reason));
	return reason == REASON_OK;
}

/* Before the work is begun. */
static bool has_key(const struct job *job)
{
	struct buf key = { 0 };

	bool good = job->sign == NULL || job_read_key(job, &key);
	if (key.at != NULL)
		OPENSSL_cleanse(key.at, key.len);
	buf_done(&key);
	return good;
}

/* Which programs are missing that the stages ahead need. */
static bool has_tools(const struct job *job, const struct job_tools *tools)
{
	if (job->built_eif != NULL || job->until < STAGE_SOURCE)
		return true;
	if (tools->git == NULL) {
		cli_complain(job->output.program, "git is not on PATH (%s)",
			     job->search_path != NULL ? job->search_path : "");
		return false;
	}
	if (job->until >= STAGE_BUILD && (tools->nix == NULL || tools->nix_store == NULL)) {
		cli_complain(job->output.program, "nix and nix-store are not on PATH (%s)",
			     job->search_path != NULL ? job->search_path : "");
		return false;
	}
	return true;
}

bool job_nix_option(struct job *job, const char *word)
{
	const char *equals = strchr(word, '=');
	char *name = NULL; /* copied, to end where the = stands */

	if (equals != NULL && equals != word && job->nix.n_options < NIXOPT_MAX)
		name = strndup(word, (size_t)(equals - word));
	if (name == NULL) {
		cli_complain(job->output.program,
			     "--nix-option %s: NAME=VALUE expected, at most %d times", word,
			     NIXOPT_MAX);
		return false;
	}
	job->nix_names[job->nix.n_options] = name;
	job->nix.options[job->nix.n_options++] = (struct nixopt){ name, equals + 1 };
	return true;
}

bool rebuilding_read(struct job *job, bool rebuilds, struct rebuilding *ret, int *ret_exit)
{
	struct recipe_fault fault;

	*ret = (struct rebuilding){ .rebuilds = rebuilds, .told = { .tell = cli_progress_tell } };
	ret->clock = (struct http_clock){ http_ticks, job->sleep_ms, job };
	*ret_exit = CLI_USAGE;
	if (job->n_operands != 1)
		return refuse(job, "one RECIPE is needed");
	if (rebuilds && job->out == NULL)
		return refuse(job, "--out DIR is needed, for the results");
	if (!job_read_recipe(job, &ret->recipe, ret_exit))
		return false;
	ret->is_read = true;
	*ret_exit = CLI_USAGE;
	const char *message = rebuilds ? usage_error(job, &ret->recipe) : NULL;
	if (message != NULL)
		return refuse(job, message);
	enum reason reason = recipe_pinned(&ret->recipe, &fault);
	if (reason != REASON_OK)
		job_complain_recipe(job, reason, &fault);
	return reason == REASON_OK;
}

/* A bar on a terminal, else a line for each tenth. */
static void tell_builds(void *context, const struct counting *counting)
{
	struct rebuilding *rebuilding = context;
	const struct job *job = rebuilding->job;
	const uint64_t tenths = counting->done * 10 / counting->all;

	if (rebuilding->counted == NULL || strcmp(rebuilding->counted, counting->what) != 0) {
		cli_progress_end(&rebuilding->bar);
		cli_progress_start(&rebuilding->bar, &job->output, &job->world);
		rebuilding->counted = counting->what;
		rebuilding->tenths = 0;
	}
	if (job->world.stderr_is_terminal) {
		cli_progress_count(&rebuilding->bar, *counting);
	} else if (tenths > rebuilding->tenths && !job->output.quiet) {
		rebuilding->tenths = tenths;
		cli_complain(job->output.program, "build: %llu of %llu derivations %s",
			     (unsigned long long)counting->done, (unsigned long long)counting->all,
			     counting->what);
	}
}

bool rebuilding_prepare(struct job *job, struct rebuilding *rebuilding, int *ret_exit)
{
	const struct recipe *recipe = &rebuilding->recipe;

	*ret_exit = CLI_ERROR;
	if (!rebuilding->rebuilds)
		return expect_recipe(recipe, &job->policy);
	*ret_exit = CLI_USAGE;
	if (!has_file(job, "built-eif", job->built_eif) ||
	    !has_file(job, "built-binary", job->built_binary) ||
	    !has_file(job, "signers", job->signers) || !knows_signers(job) || !has_key(job) ||
	    !may_settings(job, recipe) || !find_cache(job, recipe, &rebuilding->cache))
		return false;
	*ret_exit = CLI_ERROR;
	job_find_tools(job, &rebuilding->tools);
	if (!has_tools(job, &rebuilding->tools) || !expect_recipe(recipe, &job->policy))
		return false;
	rebuilding->told.context = &rebuilding->bar;
	rebuilding->builds = (struct run_builds){ rebuilding, tell_builds };
	rebuilding->job = job;
	rebuilding->order = (struct run_order){
		.recipe = recipe,
		.policy = &job->policy,
		.out = job->out,
		.built_binary = job->built_binary,
		.built_eif = job->built_eif,
		.reference = job->reference,
		.signers = job->signers,
		.tmpdir = job->tmpdir,
		.cache = rebuilding->cache,
		.http_clock = &rebuilding->clock,
		.from = job->from,
		.until = job->until,
		.git = job_git(job, &rebuilding->tools),
		.nix = { .nix = rebuilding->tools.nix,
			 .nix_store = rebuilding->tools.nix_store,
			 .settings = &job->nix },
		.tool = job->output.program,
		.version = job->version,
		.now = job->now,
		.tell = tell_step,
		.context = rebuilding,
		.progress = &rebuilding->told,
		.builds = &rebuilding->builds,
	};
	return true;
}

void rebuilding_done(struct rebuilding *rebuilding)
{
	job_free_tools(&rebuilding->tools);
	free(rebuilding->cache);
	if (rebuilding->is_read)
		recipe_done(&rebuilding->recipe);
}

bool rebuilding_stages(const struct job *job, struct rebuilding *rebuilding, struct run *ret)
{
	struct trouble trouble = { 0 };

	cli_progress_start(&rebuilding->bar, &job->output, &job->world);
	enum reason reason = run_stages(&rebuilding->order, ret, &trouble);
	cli_progress_end(&rebuilding->bar);
	if (reason != REASON_OK)
		job_complain(job, "", &trouble, reason);
	return reason == REASON_OK;
}
