#include "rebuild/run_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/draft.h"
#include "rebuild/output.h"
#include "rebuild/run_also.h"
#include "rebuild/run_inputs.h"
#include "rebuild/run_kept.h"
#include "rebuild/run_settings.h"

#define PCRS_MAX ((size_t)64 * 1024)

static enum reason to_log(void *to, struct span bytes)
{
	const int *log = to;

	return draft_write(*log, bytes);
}

/* Hashes what is staged again: Nix takes the bytes of the working tree, not those that git knows of. */
static enum reason check_staged(const struct run *run, struct trouble *reterr)
{
	const struct recipe *recipe = run->order->recipe;

	for (size_t i = 0; i < run->n_staged; i++) {
		struct copied now = { .size = 0 };
		char *path = run_path(run->source, recipe->files[i].stage);
		enum reason reason = path == NULL ? REASON_OUT_OF_MEMORY :
						    copy_hash(path, RUN_BINARY_MAX,
							      run->git.interrupted, &now, reterr);
		if (reason == REASON_OK &&
		    memcmp(now.sha256, run->staged[i].sha256, DIGEST_SHA256_LEN) != 0)
			reason = trouble_note(reterr, REASON_FILE_CHANGED, span_of_text(path), 0);
		free(path);
		if (reason != REASON_OK)
			return reason;
	}
	return REASON_OK;
}

/* What Nix says of numbers comes from outside, in a way. */
static void tell_builds(const struct run *run, const struct counting *counting)
{
	if (counting->all > 0 && counting->all <= UINT32_MAX && counting->done <= counting->all)
		run->order->builds->tell(run->order->builds->context, counting);
}

static void tell_built(void *context, const struct nixlog_progress *progress)
{
	const struct counting counting = { .what = "built",
					   .done = progress->done,
					   .all = progress->expected,
					   .latest = progress->latest };

	tell_builds(context, &counting);
}

static void tell_again(void *context, size_t done, size_t all, const char *drv)
{
	const struct counting counting = { .what = "built again",
					   .done = done,
					   .all = all,
					   .latest = nixlog_name(span_of_text(drv)) };

	tell_builds(context, &counting);
}

/* Trouble of judging that leaves nothing to say about the build. */
static bool ends_all(enum reason reason)
{
	return reason == REASON_INTERRUPTED || reason == REASON_OUT_OF_MEMORY ||
	       reason == REASON_CRYPTO_FAILED;
}

/* Builds everything again, derivation by derivation, and has all of it hashed. */
static enum reason judge(struct run *run, struct nix_said *said, struct trouble *reterr)
{
	bool changed = false;

	enum reason reason = run->was_empty ? REASON_OK : run_inputs_check(run, said, reterr);
	if (reason != REASON_OK)
		return reason;
	if (!run->was_empty)
		run->independence = run_inputs_imports(run, said);
	/* an hour of building would not change it */
	if (run->independence != REASON_OK)
		return ends_all(run->independence) ? run->independence : REASON_OK;
	struct nix nix = run->nix;
	const struct closure_progress progress = { run, tell_again };
	nix.tell = NULL; /* each is a work of its own to it */
	run->independence =
		closure_judge(&nix, run->was_empty, run->order->builds != NULL ? &progress : NULL,
			      &run->closure, said);
	for (size_t i = 0; i < run->closure.n_drvs; i++)
		changed = changed || run->closure.drvs[i].was_missing;
	if (ends_all(run->independence))
		return run->independence;
	if (changed)
		reason = closure_read_again(&run->nix, run->drv, &run->closure, said);
	if (reason == REASON_OK)
		reason = closure_verify(&run->nix, &run->closure, said);
	if (reason == REASON_NIX_STORE) {
		run->independence = reason;
		return REASON_OK;
	}
	if (reason != REASON_OK)
		return reason;
	/* in a store that was empty Nix looked at all inputs that it needed */
	if (run->independence == REASON_OK && !run->inputs_checked && !run->was_empty)
		run->independence = run->inputs;
	if (run->inputs_checked &&
	    (run->independence == REASON_OK || run->independence == REASON_NIX_DIFFERS))
		return run_kept_write(run, reterr);
	return REASON_OK;
}

static enum reason judge_independence(struct run *run, struct nix_said *said,
				      struct trouble *reterr)
{
	enum reason reason = run_kept_use(run, said);

	if (reason == REASON_NIX_STORE) {
		run->independence = reason;
		return REASON_OK;
	}
	return reason != REASON_OK || run->is_kept ? reason : judge(run, said, reterr);
}

/* The content of the output is still what Nix noted when it was made. */
static enum reason verify_output(const struct run *run, struct nix_said *said)
{
	const char *words[] = { "--verify-path", nixjson_output(&run->built, "out"), NULL };
	struct buf output = { 0 };

	if (words[1] == NULL)
		return REASON_OK; /* collecting says so */
	enum reason reason = nix_ask(&run->nix, true, words, NIXJSON_MAX, &output, said);
	buf_done(&output);
	return reason;
}

static enum reason build(struct run *run, struct nix *nix, struct nix_said *said,
			 struct trouble *reterr)
{
	const struct recipe *recipe = run->order->recipe;
	char *root = run_path(run->work, "result");

	enum reason reason = root == NULL ? REASON_OUT_OF_MEMORY : run_kept_key(run);
	if (reason == REASON_OK && recipe->independent)
		reason = nix_store_is_empty(nix, &run->was_empty, said);
	if (reason == REASON_OK && run->was_empty)
		reason = run_inputs_check(run, said, reterr);
	if (reason == REASON_OK)
		reason = nix_evaluate(nix, recipe->attribute, run->drv, said);
	if (reason == REASON_OK)
		reason = nix_build(nix, recipe->attribute, run->drv, root, &run->built, said);
	free(root);
	if (reason == REASON_OK)
		reason = check_staged(run, reterr);
	if (reason == REASON_OK)
		reason = closure_read(nix, run->drv, &run->closure, said);
	if (reason == REASON_OK)
		reason = recipe->independent ? judge_independence(run, said, reterr) :
					       verify_output(run, said);
	run->option_ignored = said->option_ignored;
	if (run->option_ignored && recipe->independent && run->independence == REASON_OK)
		run->independence = REASON_NIX_OPTION_IGNORED;
	if (reason == REASON_OK && recipe->n_also > 0) {
		reason = run_also_build(run, reterr);
		if (reason == REASON_OK)
			reason = check_staged(run, reterr);
	}
	return reason;
}

/* Names, for the report, the settings that --independent would refuse. */
static enum reason note_weakening(struct run *run)
{
	struct buf names = { 0 };
	struct buf text = { 0 };

	if (run->order->recipe->independent)
		return REASON_OK;
	nixopt_list_weakening(run->nix.settings, &names);
	if (names.len > 0) {
		buf_text(&text, "Nix was given settings that --independent refuses: ");
		buf_add(&text, buf_span(&names));
		run->weakening = buf_take_text(&text);
	}
	bool good = !names.failed && (names.len == 0 || run->weakening != NULL);
	buf_done(&names);
	return good ? REASON_OK : REASON_OUT_OF_MEMORY;
}

enum reason run_build_prepare(struct run *run, struct trouble *reterr)
{
	char *home = run_path(run->work, "nix-home");

	run->log_sink = (struct sink){ to_log, &run->log };
	run->nix = run->order->nix;
	run->nix.flake = run->source;
	run->nix.clock = run->git.clock;
	run->nix.interrupted = run->git.interrupted;
	run->nix.log = &run->log_sink;
	run->nix.tell = run->order->builds != NULL ? tell_built : NULL;
	run->nix.context = run;
	if (home != NULL && (mkdir(home, 0777) == 0 || errno == EEXIST))
		run->environment = nix_environment(run->git.search_path, home, run->order->tmpdir,
						   run->nix.settings->nix_config);
	free(home);
	if (run->environment == NULL)
		return REASON_OUT_OF_MEMORY;
	run->nix.environment = (const char *const *)run->environment;
	enum reason reason = nix_version(&run->nix, &run->version);
	if (reason == REASON_OK)
		reason = note_weakening(run);
	if (reason != REASON_OK)
		(void)trouble_note(reterr, reason, span_of_text(run->nix.nix), 0);
	return reason;
}

enum reason run_build(struct run *run, struct trouble *reterr)
{
	struct nix_said said = { .option_ignored = false };

	enum reason reason = build(run, &run->nix, &said, reterr);
	if (reason == REASON_OK)
		reason = run_settings(run);
	if (reason != REASON_OK)
		run_note_said(reterr, &said, reason);
	nix_said_done(&said);
	return reason;
}

/* Whether the image among the results is, byte for byte, the one that is open; that is read again from its begin. */
static enum reason is_there(struct run *run, int fd, bool *ret)
{
	struct copied there = { .size = 0 };
	struct copied built = { .size = 0 };
	struct trouble ignored = { 0 };

	*ret = false;
	if (access(run->eif, R_OK) != 0 ||
	    copy_hash(run->eif, RUN_EIF_MAX, run->git.interrupted, &there, &ignored) != REASON_OK)
		return REASON_OK;
	enum reason reason = copy_bytes(fd, -1, RUN_EIF_MAX, run->git.interrupted, &built);
	if (reason == REASON_OK && lseek(fd, 0, SEEK_SET) != 0)
		reason = REASON_FILE_UNREADABLE;
	if (reason == REASON_OK && there.size == built.size &&
	    memcmp(there.sha256, built.sha256, DIGEST_SHA256_LEN) == 0) {
		run->image_file = built;
		*ret = true;
	}
	return reason;
}

static enum reason copy_image(struct run *run, int fd, struct trouble *reterr)
{
	struct draft draft;
	bool there = false;

	enum reason reason = is_there(run, fd, &there);
	if (reason == REASON_OK && there)
		return REASON_OK;
	if (reason == REASON_OK)
		reason = draft_open(run->eif, &draft);
	if (reason == REASON_OK) {
		reason = copy_bytes(fd, draft.fd, RUN_EIF_MAX, run->git.interrupted,
				    &run->image_file);
		if (reason == REASON_OK)
			reason = draft_commit(&draft);
		else
			draft_drop(&draft);
	}
	if (reason != REASON_OK)
		(void)trouble_note(reterr, reason, span_of_text(run->eif), errno);
	return reason;
}

/* What the build says of itself: a claim. */
static void read_claim(struct run *run, const char *output)
{
	struct trouble ignored = { 0 };
	struct json_place place;
	uint8_t text[PCRS_MAX];
	size_t len = 0;
	int fd = -1;

	run->claim_form = output_open(&run->nix, output, run->order->recipe->pcrs, &fd, &ignored);
	if (run->claim_form != REASON_OK)
		return;
	ssize_t n;
	while (len < sizeof(text) &&
	       ((n = read(fd, text + len, sizeof(text) - len)) > 0 || (n < 0 && errno == EINTR)))
		len += n > 0 ? (size_t)n : 0;
	(void)close(fd);
	run->claim_form = len == sizeof(text) ?
				  REASON_FILE_TOO_LARGE :
				  pcrfile_read((struct span){ text, len }, &run->claim, &place);
}

enum reason run_collect(struct run *run, struct trouble *reterr)
{
	const char *output = nixjson_output(&run->built, "out");
	int fd = -1;

	if (output == NULL)
		return trouble_note(reterr, REASON_COLLECT, SPAN_LITERAL("out"), 0);
	enum reason reason = output_open(&run->nix, output, run->order->recipe->eif, &fd, reterr);
	if (reason != REASON_OK)
		return reason;
	reason = copy_image(run, fd, reterr);
	(void)close(fd);
	if (reason == REASON_OK)
		read_claim(run, output);
	return reason == REASON_OK ? run_also_collect(run, reterr) : reason;
}

enum reason run_find_staged(struct run *run, struct trouble *reterr)
{
	int fd = -1;

	if (run->n_staged == 0 || !image_is_sound(&run->image))
		return REASON_OK;
	for (size_t i = 0; i < run->n_staged; i++)
		memcpy(run->found[i].sha256, run->staged[i].sha256, DIGEST_SHA256_LEN);
	enum reason reason = copy_open(run->eif, &fd, reterr);
	if (reason != REASON_OK)
		return reason;
	run->in_eif = staged_find(fd, &run->image.eif, &run->image.measurement, run->found,
				  run->n_staged, NULL, &run->in_eif_form);
	run->looked = true;
	(void)close(fd);
	return run->in_eif == REASON_OUT_OF_MEMORY ? REASON_OUT_OF_MEMORY : REASON_OK;
}
