#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "attest/registration.h"
#include "rebuild/auditing.h"
#include "rebuild/job_image.h"
#include "rebuild/job_recipe.h"
#include "rebuild/nix.h"
#include "verify/json.h"

#define GIB (UINT64_C(1) << 30)
#define WANTED_STORE (35 * GIB) /* what the seed's first build takes, and some */
#define WANTED_TMPDIR (2 * GIB)
#define WANTED_MEMORY (4 * GIB)
#define NIX_LIMIT_MS 10000

/* Lines of the plan, as they are shown; each is escaped where it is added. */
struct plan {
	struct buf steps;
	struct buf lacks;
	enum reason looked; /* at the image, */
	struct oci_outline image;
};

static void add_step(struct plan *plan, const char *stage, const char *what, const char *rest)
{
	buf_printf(&plan->steps, "  %-8s ", stage);
	buf_escaped(&plan->steps, span_of_text(what));
	buf_escaped(&plan->steps, span_of_text(rest));
	buf_byte(&plan->steps, '\n');
}

static void add_tool(struct plan *plan, const char *name, const char *path)
{
	if (path == NULL)
		buf_printf(&plan->lacks, "  %s is not on PATH\n", name);
	else
		add_step(plan, name, path, "");
}

static void add_space(struct plan *plan, const char *what, uint64_t has, uint64_t wanted)
{
	if (has < wanted)
		buf_printf(&plan->lacks, "  %s: %llu MiB, %llu MiB are wanted\n", what,
			   (unsigned long long)(has >> 20), (unsigned long long)(wanted >> 20));
}

/* Free for everybody; 0 where it cannot be told. */
static uint64_t free_bytes(const char *path)
{
	struct statvfs facts;

	if (statvfs(path, &facts) != 0)
		return 0;
	return (uint64_t)facts.f_bavail * (uint64_t)facts.f_frsize;
}

/* Of what Nix keeps in the folder of --store, or of where that will be made. */
static uint64_t free_below(const char *path)
{
	struct buf text = { 0 };
	uint64_t found = 0;

	buf_text(&text, path);
	char *folder = buf_take_text(&text);
	while (folder != NULL && access(folder, F_OK) != 0 && strrchr(folder, '/') > folder)
		*strrchr(folder, '/') = '\0';
	if (folder != NULL)
		found = free_bytes(access(folder, F_OK) == 0 ? folder : "/");
	free(folder);
	return found;
}

static void look_at_machine(const struct job *job, struct plan *plan)
{
	long pages = sysconf(_SC_PHYS_PAGES);
	long page = sysconf(_SC_PAGESIZE);
	const char *store = access("/nix", F_OK) == 0 ? "/nix" : "/";

	/* where another store is that is no folder, only Nix knows */
	if (job->nix.store == NULL)
		add_space(plan, "free on the file system of /nix", free_bytes(store), WANTED_STORE);
	else if (job->nix.store[0] == '/')
		add_space(plan, "free on the file system of --store", free_below(job->nix.store),
			  WANTED_STORE);
	add_space(plan, "free on the file system of TMPDIR", free_bytes(job->tmpdir),
		  WANTED_TMPDIR);
	if (pages > 0 && page > 0)
		add_space(plan, "memory", (uint64_t)pages * (uint64_t)page, WANTED_MEMORY);
}

/* How much there is to fetch; what cannot be told now is no fault of the plan. */
static void plan_size(struct job *job, const struct recipe *recipe, struct plan *plan)
{
	struct trouble trouble = { .why = 0 };
	struct buf line = { 0 };

	plan->looked = job_image_look(job, recipe, &plan->image, &trouble);
	if (plan->looked == REASON_OK) {
		bool large = plan->image.bytes >= 10000000;
		buf_printf(&line, "%llu %s",
			   (unsigned long long)plan->image.bytes / (large ? 1000000 : 1000),
			   large ? "MB" : "kB");
		if (plan->image.n_layers > 0)
			buf_printf(&line, " in %zu layer%s, less what the cache has",
				   plan->image.n_layers, plan->image.n_layers == 1 ? "" : "s");
	} else {
		buf_printf(&line, "size unknown: %s (%s)", reason_sentence(plan->looked),
			   reason_name(plan->looked));
		if (trouble.path_len > 0)
			buf_text(&line, ": ");
		buf_add(&line, (struct span){ trouble.path, trouble.path_len });
		if (trouble.why != 0)
			buf_printf(&line, ": %s", strerror(trouble.why));
	}
	char *text = buf_take_text(&line);
	if (text != NULL)
		add_step(plan, "", text, "");
	else
		plan->steps.failed = true;
	free(text);
}

static void plan_image(struct job *job, const struct recipe *recipe, struct plan *plan)
{
	struct ociref reference;

	if (recipe->image == NULL) {
		add_step(plan, "image", "none", "");
		return;
	}
	add_step(plan, "image", "fetch ", recipe->image);
	add_step(plan, "", "for ", recipe->platform);
	plan_size(job, recipe, plan);
	if (ociref_read(span_of_text(recipe->image), &reference) == REASON_OK &&
	    ociref_is_pinned(&reference) != REASON_OK)
		add_step(plan, "", "a tag, which a run refuses: --resolve puts a digest behind it",
			 "");
	for (size_t i = 0; i < recipe->n_files; i++) {
		add_step(plan, "stage", recipe->files[i].path, " out of the image");
		add_step(plan, "", "into the tree as ", recipe->files[i].stage);
	}
}

/* Asks Nix for its version, and nothing else. */
static void look_at_nix(const struct job *job, const struct job_tools *tools, struct plan *plan)
{
	struct nixjson_version version;

	if (tools->nix == NULL)
		return;
	char **environment = nix_environment(job->search_path, job->tmpdir, job->tmpdir, NULL);
	const struct nix nix = {
		.nix = tools->nix,
		.environment = (const char *const *)environment,
		.clock = { job->world.ticks_ms },
		.deadline_ms = job->world.ticks_ms() + NIX_LIMIT_MS,
		.interrupted = job->interrupted,
	};

	enum reason reason =
		environment == NULL ? REASON_OUT_OF_MEMORY : nix_version(&nix, &version);
	if (reason == REASON_OK)
		add_step(plan, "", "version ", version.text);
	else
		buf_printf(&plan->lacks, "  Nix 2.8 or later: %s (%s)\n", reason_sentence(reason),
			   reason_name(reason));
	nix_environment_free(environment);
}

static void make_plan(struct job *job, const struct recipe *recipe, struct plan *plan)
{
	struct job_tools tools;

	job_find_tools(job, &tools);
	add_tool(plan, "git", tools.git);
	if (recipe->repository_kind == REPOSITORY_SSH)
		add_tool(plan, "ssh", tools.ssh);
	add_tool(plan, "nix", tools.nix);
	look_at_nix(job, &tools, plan);
	add_tool(plan, "nix-store", tools.nix_store);
	add_step(plan, "source", "fetch ", recipe->repository);
	add_step(plan, "", "commit ", recipe->commit);
	plan_image(job, recipe, plan);
	add_step(plan, "build", "nix build .#", recipe->attribute);
	add_step(plan, "",
		 recipe->independent ?
			 "everything from source, in a sandbox, each derivation twice or in an "
			 "empty store" :
			 "what substituters have is taken ready-made, and listed in the report",
		 "");
	add_step(plan, "collect", recipe->eif, "");
	add_step(plan, "measure", "PCR0, PCR1, PCR2 and ENCLAVE_HASH", "");
	add_step(plan, "compare",
		 recipe_expects(recipe) ? "with what the recipe expects" :
					  "with nothing: there will be no verdict",
		 "");
	job_free_tools(&tools);
	look_at_machine(job, plan);
}

/* An array of the lines. */
static cJSON *lines_of(const struct buf *text)
{
	cJSON *list = cJSON_CreateArray();
	struct span rest = buf_span(text);
	struct span line;
	struct span mark;

	while (list != NULL && rest.len > 0) {
		struct buf copy = { 0 };
		size_t len = 0;
		while (len < rest.len && rest.at[len] != '\n')
			len++;
		if (!span_take(&rest, len, &line))
			break;
		(void)span_take(&rest, 1, &mark);
		while (line.len > 0 && line.at[0] == ' ' && span_take(&line, 1, &mark))
			continue;
		buf_add(&copy, line);
		char *owned = buf_take_text(&copy);
		cJSON *item = owned == NULL ? NULL : cJSON_CreateString(owned);
		free(owned);
		if (!cJSON_AddItemToArray(list, item)) {
			cJSON_Delete(item);
			cJSON_Delete(list);
			return NULL;
		}
	}
	return list;
}

/* The image, and what fetching it would bring as far as that is known. */
static bool image_json(const struct recipe *recipe, const struct plan *plan, cJSON *root)
{
	if (recipe->image == NULL)
		return cJSON_AddNullToObject(root, "image") != NULL;
	cJSON *image = cJSON_AddObjectToObject(root, "image");
	bool made = cJSON_AddStringToObject(image, "reference", recipe->image) != NULL &&
		    cJSON_AddStringToObject(image, "platform", recipe->platform) != NULL;
	if (plan->looked != REASON_OK)
		return made &&
		       cJSON_AddStringToObject(image, "unknown", reason_name(plan->looked)) != NULL;
	if (plan->image.n_layers > 0)
		made = made && cJSON_AddNumberToObject(image, "layers",
						       (double)plan->image.n_layers) != NULL;
	return made && cJSON_AddNumberToObject(image, "bytes", (double)plan->image.bytes) != NULL;
}

static bool plan_json(const struct job *job, const struct recipe *recipe, const struct plan *plan,
		      struct buf *out)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *tool = cJSON_AddObjectToObject(root, "tool");
	char *text = NULL;

	bool made = cJSON_AddNumberToObject(root, "schema", 1) != NULL &&
		    cJSON_AddStringToObject(tool, "name", job->output.program) != NULL &&
		    cJSON_AddStringToObject(tool, "version", job->version) != NULL &&
		    cJSON_AddStringToObject(root, "name", recipe->name) != NULL &&
		    cJSON_AddItemToObject(root, "steps", lines_of(&plan->steps)) &&
		    cJSON_AddItemToObject(root, "lacks", lines_of(&plan->lacks)) &&
		    image_json(recipe, plan, root) && json_print(root, &text) == REASON_OK;
	if (made)
		buf_printf(out, "%s\n", text);
	free(text);
	cJSON_Delete(root);
	return made;
}

static int put_plan(struct job *job, const struct recipe *recipe)
{
	struct plan plan = { .steps = { 0 } };
	struct buf out = { 0 };
	bool complete = true;

	make_plan(job, recipe, &plan);
	if (job->output.format == CLI_JSON) {
		complete = plan_json(job, recipe, &plan, &out);
	} else {
		buf_printf(&out, "%s\n", recipe->name);
		buf_add(&out, buf_span(&plan.steps));
		if (plan.lacks.len > 0)
			buf_text(&out, "This machine lacks:\n");
		buf_add(&out, buf_span(&plan.lacks));
		buf_text(&out, "The first build of all that an image is made of may take an hour "
			       "or more.\n");
	}
	complete = complete && !plan.steps.failed && !plan.lacks.failed;
	int status =
		plan.looked == REASON_INTERRUPTED ? CLI_ERROR : job_put_out(job, &out, complete);
	buf_done(&plan.steps);
	buf_done(&plan.lacks);
	buf_done(&out);
	return status;
}

static enum reason resolve_commit(const struct job *job, const struct recipe *recipe,
				  char ret[static GIT_ID_MAX + 1], struct trouble *reterr)
{
	struct job_tools tools;

	job_find_tools(job, &tools);
	struct git git = job_git(job, &tools);
	git.kind = recipe->repository_kind;
	git.folder = job->tmpdir;
	git.limit_ms = JOB_ASK_LIMIT_MS;
	enum reason reason =
		tools.git == NULL ?
			trouble_note(reterr, REASON_PROC_START, SPAN_LITERAL("git"), 0) :
			source_resolve(&git, recipe->repository, recipe->commit, ret, reterr);
	job_free_tools(&tools);
	return reason;
}

/* Puts pins in the place of names, and the recipe out. */
static int resolve(struct job *job, struct recipe *recipe)
{
	char commit[GIT_ID_MAX + 1] = "";
	struct trouble trouble = { 0 };
	struct buf image = { 0 };
	struct buf out = { 0 };
	const char *asked = recipe->commit;
	char *pinned = NULL;

	enum reason reason = REASON_OK;
	if (!recipe_is_full_commit(span_of_text(recipe->commit))) {
		reason = resolve_commit(job, recipe, commit, &trouble);
		if (reason == REASON_OK) {
			cli_complain(job->output.program, "%s is %s now", recipe->commit, commit);
			asked = ""; /* may be freed from here on */
			reason = recipe_override(recipe, RECIPE_COMMIT, commit);
		}
	}
	if (reason == REASON_OK && recipe->image != NULL) {
		asked = recipe->image;
		reason = job_image_resolve(job, recipe, &image, &trouble);
	}
	if (reason == REASON_OK && image.len > 0) {
		pinned = buf_take_text(&image);
		if (pinned != NULL)
			cli_complain(job->output.program, "%s is %s now", recipe->image, pinned);
		asked = "";
		reason = pinned == NULL ? REASON_OUT_OF_MEMORY :
					  recipe_override(recipe, RECIPE_IMAGE, pinned);
	}
	if (reason == REASON_OK)
		reason = recipe_print(recipe, &out);
	int status = CLI_ERROR;
	if (reason != REASON_OK)
		job_complain(job, asked, &trouble, reason);
	else
		status = job_put_out(job, &out, true);
	buf_done(&image);
	buf_done(&out);
	free(pinned);
	return status;
}

/* What the recipe says of a contract is what its keys take; what is lacking, options of run and audit may
 * give. False: said on stderr. */
static bool contract_is_sound(const struct job *job, const struct recipe *recipe)
{
	struct registration registration;

	registration_start(&registration);
	bool sound = registration_add(job->output.program, recipe->onchain, &registration);
	registration_done(&registration);
	return sound;
}

int job_plan(struct job *job)
{
	struct recipe recipe;
	int status = CLI_USAGE;

	if (job->n_operands != 1)
		return job_usage(job, "plan: one RECIPE is needed");
	if (!job_read_recipe(job, &recipe, &status))
		return status;
	if (!contract_is_sound(job, &recipe) ||
	    !auditing_enclave_is_sound(job->output.program, recipe.enclave))
		status = CLI_USAGE;
	else
		status = job->resolve ? resolve(job, &recipe) : put_plan(job, &recipe);
	recipe_done(&recipe);
	return status;
}
