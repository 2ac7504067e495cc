#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/registration.h"
#include "rebuild/explain.h"
#include "rebuild/job_recipe.h"
#include "rebuild/provenance.h"
#include "rebuild/remove.h"
#include "rebuild/run_stages.h"
#include "rebuild/run_statement.h"
#include "verify/json.h"

/* What a run needs beside its recipe. */
struct preparation {
	struct job_tools tools;
	struct cli_progress bar;
	struct image_progress told;
	struct run_order order;
	struct http_clock clock;
	struct registration registration;
	char *cache; /* owned */
};

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
		(void)job_usage(job,
				"run: neither HOME nor --cache DIR says where images are kept");
		return false;
	}
	*ret = buf_take_text(&path);
	return *ret != NULL;
}

static void tell_step(void *context, const char *what)
{
	const struct job *job = context;

	cli_complain(job->output.program, "%s", what);
}

/* The recipe's expectations, as one whole set. */
static bool expect_recipe(const struct recipe *recipe, struct policy *policy)
{
	if (!recipe_expects(recipe))
		return true;
	struct policy_source *source =
		policy_add_source(policy, POLICY_SET, SPAN_LITERAL("recipe"));
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
		return "run: --built-eif and --built-binary: one of them";
	if (job->built_binary != NULL && recipe->n_files != 1)
		return "run: --built-binary: the recipe must name one file of an image (image.files)";
	if (recipe->require_signed && job->signers == NULL && job->built_eif == NULL)
		return "run: a signature is required: --signers FILE says whose counts";
	if (job->from > job->until)
		return "run: --from a stage behind that of --until";
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

/* Reads the key that signs. False: what is wrong was said. */
static bool read_key(const struct job *job, struct buf *ret)
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

	bool good = job->sign == NULL || read_key(job, &key);
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

/* On a mismatch: where the image differs from the one that was expected. */
static void explain(const struct job *job, const struct run *run, struct report *report)
{
	struct compare_side ours = { .path = run->eif, .fd = -1, .image = run->image };
	struct compare_side other = { .path = job->reference, .fd = -1 };
	static const struct eif_rules rules = { 0 };
	struct comparison *comparison = calloc(1, sizeof(*comparison));
	const struct outcome_tool tool = { job->output.program, job->version };
	struct trouble trouble = { 0 };
	struct json_place place;
	struct buf lines = { 0 };
	struct buf text = { 0 };
	cJSON *tree = NULL;

	enum reason reason = comparison == NULL ? REASON_OUT_OF_MEMORY :
						  copy_open(ours.path, &ours.fd, &trouble);
	if (reason == REASON_OK)
		reason = copy_open(other.path, &other.fd, &trouble);
	if (reason == REASON_OK) {
		const struct image_source from = { .fd = other.fd };
		reason = image_read(&from, &rules, NULL, &other.image);
		if (reason == REASON_OK)
			reason = compare_images(&ours, &other, job->tmpdir, NULL, comparison,
						&trouble);
		if (reason == REASON_OK) {
			explain_text(comparison, job->output.style.verbose, &lines);
			if (explain_json(&tool, comparison, &text) &&
			    json_read(buf_span(&text), &tree, &place) == REASON_OK)
				report_take_member(report, "comparison", tree);
			report_add_lines(report, &lines);
			comparison_done(comparison);
		}
		image_done(&other.image);
	}
	if (reason != REASON_OK)
		job_complain(job, "explaining the mismatch", &trouble, reason);
	buf_done(&text);
	buf_done(&lines);
	if (ours.fd >= 0)
		(void)close(ours.fd);
	if (other.fd >= 0)
		(void)close(other.fd);
	free(comparison);
}

static int put_out(const struct job *job, const struct report *report)
{
	struct buf out = { 0 };
	enum reason reason = REASON_OK;

	if (job->output.format == CLI_JSON)
		reason = report_json(report, job->output.program, job->version, &out);
	else if (job->output.format == CLI_HTML)
		reason = report_html(report, job->output.program, job->version, &out);
	else if (!job->output.quiet)
		report_text(report, &job->output.style, &out);
	bool ok = reason == REASON_OK && !out.failed;
	if (!ok)
		cli_complain(job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
	else if (out.len > 0)
		ok = cli_write(&job->output, buf_span(&out));
	buf_done(&out);
	return ok ? CLI_PASS : CLI_ERROR;
}

/* statement.json, for a run that may be stated; an older one must not stay beside another result. */
static enum reason state_run(const struct job *job, const struct run *run,
			     const struct report *report, struct trouble *reterr)
{
	struct buf key = { 0 };
	struct buf out = { 0 };
	char *path = run_path(run->out, "statement.json");

	enum reason reason = path == NULL ? REASON_OUT_OF_MEMORY : remove_tree(path);
	free(path);
	if (reason != REASON_OK || job->sign == NULL || !run_is_stated(run, report))
		return reason;
	reason = read_key(job, &key) ? run_statement(run, report, buf_span(&key), &out) :
				       REASON_PROVENANCE_KEY;
	if (reason == REASON_OK)
		reason = run_write_file(run, "statement.json", &out, reterr);
	if (key.at != NULL)
		OPENSSL_cleanse(key.at, key.len);
	buf_done(&key);
	buf_done(&out);
	return reason;
}

/* The whole run: every check, the verdict, the files of results. */
static int conclude(const struct job *job, const struct preparation *prepared,
		    const struct run *run)
{
	struct report *report = report_new();
	struct trouble trouble = { 0 };

	if (report == NULL) {
		cli_complain(job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	run_judge(run, report);
	bool sound = run->done[STAGE_MEASURE] && image_is_sound(&run->image);
	registration_judge(&prepared->registration, &prepared->clock, job->clock_ms,
			   sound ? &run->image.measurement.pcrs : NULL, CHECK_EIF_FORM, report);
	if (run->done[STAGE_MEASURE])
		image_show(&run->image, job->output.style.verbose, report);
	enum verdict verdict = report_conclude(report, &job->policy.require);
	if (verdict == VERDICT_FAIL && job->reference != NULL && sound)
		explain(job, run, report);
	report_take_member(report, "build_info", run_info(run, verdict));
	enum reason reason = run_write(run, report, &trouble);
	if (reason == REASON_OK)
		reason = state_run(job, run, report, &trouble);
	if (reason != REASON_OK)
		job_complain(job, "", &trouble, reason);
	int status = put_out(job, report);
	report_free(report);
	return status != CLI_PASS || reason != REASON_OK ? CLI_ERROR : (int)cli_exit_of(verdict);
}

/* A run that was to end before anything is compared: whether the stages went well. */
static int finish_early(const struct job *job, const struct run *run)
{
	struct report *report = report_new();
	struct buf out = { 0 };
	enum check bad;
	int status;

	if (report == NULL) {
		cli_complain(job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	run_judge_stages(run, job->until, report);
	enum verdict verdict = report_conclude(report, &job->policy.require);
	if (report_has_fault(report, &bad)) {
		status = put_out(job, report);
		status = status != CLI_PASS ? CLI_ERROR : (int)cli_exit_of(verdict);
	} else {
		if (job->output.format == CLI_JSON)
			buf_printf(&out,
				   "{\"schema\":1,\"tool\":{\"name\":\"%s\",\"version\":\"%s\"},"
				   "\"done\":\"%s\"}\n",
				   job->output.program, job->version, stage_name(job->until));
		else
			buf_printf(&out, "done up to %s: nothing compared, no verdict\n",
				   stage_name(job->until));
		status = job_put_out(job, &out, true);
	}
	buf_done(&out);
	report_free(report);
	return status;
}

static int run_recipe(struct job *job, struct preparation *prepared)
{
	struct run *run = calloc(1, sizeof(*run));
	struct trouble trouble = { 0 };
	int status = CLI_ERROR;

	if (run == NULL) {
		cli_complain(job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	enum reason reason = run_stages(&prepared->order, run, &trouble);
	cli_progress_end(&prepared->bar);
	if (reason != REASON_OK)
		job_complain(job, "", &trouble, reason);
	else if (job->until < STAGE_COMPARE)
		status = finish_early(job, run);
	else
		status = conclude(job, prepared, run);
	run_done(run);
	free(run);
	return status;
}

int job_run(struct job *job)
{
	struct preparation prepared = { .told = { .tell = cli_progress_tell } };
	struct recipe_fault fault;
	struct recipe recipe;
	int status = CLI_USAGE;

	if (job->n_operands != 1)
		return job_usage(job, "run: one RECIPE is needed");
	if (job->out == NULL)
		return job_usage(job, "run: --out DIR is needed, for the results");
	if (!job_read_recipe(job, &recipe, &status))
		return status;
	const char *message = usage_error(job, &recipe);
	enum reason reason = recipe_pinned(&recipe, &fault);
	job_find_tools(job, &prepared.tools);
	if (message != NULL) {
		status = job_usage(job, message);
	} else if (reason != REASON_OK) {
		job_complain_recipe(job, reason, &fault);
		status = CLI_USAGE;
	} else if (!registration_read(job->output.program, recipe.onchain,
				      &prepared.registration) ||
		   !has_file(job, "built-eif", job->built_eif) ||
		   !has_file(job, "built-binary", job->built_binary) ||
		   !has_file(job, "signers", job->signers) || !has_key(job)) {
		status = CLI_USAGE;
	} else if (!may_settings(job, &recipe) || !find_cache(job, &recipe, &prepared.cache)) {
		status = CLI_USAGE;
	} else if (!has_tools(job, &prepared.tools) || !expect_recipe(&recipe, &job->policy)) {
		status = CLI_ERROR;
	} else {
		prepared.told.context = &prepared.bar;
		prepared.clock = (struct http_clock){ http_ticks, job->sleep_ms, job };
		cli_progress_start(&prepared.bar, &job->output, &job->world);
		prepared.order = (struct run_order){
			.recipe = &recipe,
			.policy = &job->policy,
			.out = job->out,
			.built_binary = job->built_binary,
			.built_eif = job->built_eif,
			.reference = job->reference,
			.signers = job->signers,
			.tmpdir = job->tmpdir,
			.cache = prepared.cache,
			.http_clock = &prepared.clock,
			.from = job->from,
			.until = job->until,
			.git = job_git(job, &prepared.tools),
			.nix = { .nix = prepared.tools.nix,
				 .nix_store = prepared.tools.nix_store,
				 .settings = &job->nix },
			.tool = job->output.program,
			.version = job->version,
			.now = job->now,
			.tell = tell_step,
			.context = job,
			.progress = &prepared.told,
		};
		status = run_recipe(job, &prepared);
	}
	registration_done(&prepared.registration);
	job_free_tools(&prepared.tools);
	free(prepared.cache);
	recipe_done(&recipe);
	return status;
}
