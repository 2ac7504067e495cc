#include "attest/checking.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/export.h"
#include "attest/save.h"
#include "verify/json.h"
#include "verify/report_rows.h"

static bool is_export(const struct attest_run *run)
{
	return run->output.format == CLI_NAGIOS || run->output.format == CLI_PROM;
}

static bool no_memory(const struct attest_run *run)
{
	cli_complain(run->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
	return false;
}

/* --- what is remembered --- */

/* A state file that is none is set aside: the next run must not stumble over it, and somebody may want it. */
static void set_aside(const struct attest_run *run, enum reason reason)
{
	const char *path = run->watching.state;
	struct buf name = { 0 };

	buf_printf(&name, "%s.broken", path);
	char *aside = buf_take_text(&name);
	if (aside != NULL && rename(path, aside) == 0)
		cli_complain(run->output.program,
			     "--state %s: %s (%s); set aside as %s, begun anew", path,
			     reason_sentence(reason), reason_name(reason), aside);
	else
		cli_complain(run->output.program, "--state %s: %s (%s); begun anew", path,
			     reason_sentence(reason), reason_name(reason));
	free(aside);
}

/* False: out of memory. What was known is not given up for that: the next run may have some. */
static bool read_state(struct checking *checking)
{
	const struct attest_run *run = checking->run;
	struct buf text = { 0 };
	int why = 0;

	enum reason reason = cli_read(run->watching.state, JSON_LARGE_MAX, &text, &why);
	if (reason == REASON_OK)
		reason = recall_read(checking->state, buf_span(&text));
	else if (reason == REASON_FILE_UNREADABLE && why == ENOENT)
		reason = REASON_OK; /* the first time */
	buf_done(&text);
	if (reason == REASON_OUT_OF_MEMORY)
		return no_memory(run);
	if (reason == REASON_FILE_UNREADABLE)
		cli_complain(run->output.program, "--state %s: %s; begun anew", run->watching.state,
			     why != 0 ? strerror(why) : reason_sentence(reason));
	else if (reason != REASON_OK)
		set_aside(run, reason);
	return true;
}

static bool write_state(const struct checking *checking)
{
	const struct attest_run *run = checking->run;
	const struct cli_output output = { .program = run->output.program,
					   .path = run->watching.state };
	struct buf text = { 0 };

	bool ok = recall_write(checking->state, &text) == REASON_OK || no_memory(run);
	ok = ok && cli_write(&output, buf_span(&text));
	buf_done(&text);
	return ok;
}

/* What changed since it was seen before goes into the report. */
static void remember(struct checking *checking, struct round_result *result)
{
	struct buf lines = { 0 };
	cJSON *changed = NULL;

	if (recall_observe(checking->state, result->target->name, result->sample, &changed) !=
	    REASON_OK) {
		round_lacks_memory(result);
		return;
	}
	if (changed == NULL || checking->run->watching.state == NULL) {
		cJSON_Delete(changed);
		return;
	}
	for (const cJSON *item = changed->child; item != NULL; item = item->next) {
		static const char *const keys[] = { "fact", "from", "to" };
		static const char *const before[] = { "CHANGED ", " from ", " to " };
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			const cJSON *text = cJSON_GetObjectItemCaseSensitive(item, keys[i]);
			buf_text(&lines, before[i]);
			buf_escaped(&lines, span_of_text(text->valuestring));
		}
		buf_text(&lines, "\n");
	}
	report_add_lines(result->report, &lines);
	report_take_member(result->report, "changed", changed);
	if (result->report->out_of_memory)
		round_lacks_memory(result);
}

/* --- what is said of one target --- */

void checking_complain_save(const struct attest_run *run, const char *path, int why,
			    enum reason reason)
{
	cli_complain(run->output.program, "--save %s: %s (%s)", path,
		     why != 0 ? strerror(why) : reason_sentence(reason), reason_name(reason));
}

/* Keeps what came, if anything did. False: it could not be kept, said on stderr. */
static bool save(const struct attest_run *run, const struct round_result *result)
{
	const char *path = result->target->ask->save;
	const struct contract contract = { .policy = result->target->contract };
	const struct live live = { .ask = result->target->ask,
				   .policy = result->target->policy,
				   .contract = &contract };
	struct bundle bundle = { .has = { false } };
	struct buf json = { 0 };
	int why = 0;

	if (!result->evidence.has_document) {
		cli_complain(run->output.program, "--save %s: no document came, nothing is saved",
			     path);
		return false;
	}
	enum reason reason = report_json(result->report, run->output.program, run->version, &json);
	if (reason == REASON_OK)
		reason = save_gather(&live, result->target->url, &result->evidence, buf_span(&json),
				     &bundle);
	if (reason == REASON_OK)
		reason = save_write(path, &bundle, &why);
	if (reason != REASON_OK)
		checking_complain_save(run, path, why, reason);
	buf_done(&json);
	bundle_done(&bundle);
	return reason == REASON_OK;
}

static void worsen(struct checking *checking, enum cli_exit exit_status)
{
	checking->worst = cli_worse(checking->worst, exit_status);
}

/* The report, at once or, for a file, when all are there. */
static void print(struct checking *checking, size_t i, const struct report *report)
{
	const struct attest_run *run = checking->run;
	struct buf text = { 0 };

	if (run->output.path == NULL && !checking->first && run->output.format == CLI_TEXT &&
	    !attest_is_silent(run))
		buf_text(&text, "\n");
	if (!attest_render(run, report, &text)) {
		(void)no_memory(run);
		worsen(checking, CLI_ERROR);
	} else if (run->output.path != NULL) {
		buf_done(&checking->kept[i]);
		checking->kept[i] = text;
		return;
	} else if (text.len > 0 && !cli_write(&run->output, buf_span(&text))) {
		checking->output_failed = true;
	}
	checking->first = false;
	buf_done(&text);
}

static bool tell(void *context, size_t i, struct round_result *result)
{
	struct checking *checking = context;

	if (result->report == NULL) {
		report_page_add(&checking->pages[i], NULL);
		(void)no_memory(checking->run);
		worsen(checking, CLI_ERROR);
		return true;
	}
	remember(checking, result);
	worsen(checking, cli_exit_of(result->sample->verdict));
	if (checking->run->output.format == CLI_HTML)
		report_page_add(&checking->pages[i], result->report);
	else if (!is_export(checking->run))
		print(checking, i, result->report);
	if (result->target->ask->save != NULL && !save(checking->run, result))
		worsen(checking, CLI_ERROR);
	/* nobody reads: there is nothing to be done for */
	return !checking->output_failed;
}

/* --- a round --- */

/* The exports, of all targets in the order of the file. */
static bool export(const struct checking *checking, struct buf *out, int *ret_exit)
{
	const struct targets *targets = &checking->targets;
	struct sampled *list = calloc(targets->n, sizeof(list[0]));

	if (list == NULL)
		return false;
	for (size_t i = 0; i < targets->n; i++) {
		list[i].name = targets->list[i].name;
		list[i].sample = &checking->samples[i];
		list[i].last_success = recall_last_success(checking->state, list[i].name);
	}
	if (checking->run->output.format == CLI_NAGIOS)
		*ret_exit = (int)nagios_render(list, targets->n, out);
	else
		prom_render(list, targets->n, checking->run->version, out);
	free(list);
	return !out->failed;
}

/* The page of all targets, in the order of the file. */
static bool render_page(const struct checking *checking, struct buf *out)
{
	const struct attest_run *run = checking->run;
	struct report_page all = { .n = { 0 } };

	for (size_t i = 0; i < checking->targets.n; i++)
		report_page_join(&all, &checking->pages[i]);
	enum reason reason = report_page_end(&all, run->output.program, run->version, out);
	report_page_done(&all);
	return reason == REASON_OK;
}

/* What is written when all targets are done. */
static int finish(struct checking *checking)
{
	const struct attest_run *run = checking->run;
	struct buf text = { 0 };
	int status = (int)checking->worst;

	if (is_export(run)) {
		if (!export(checking, &text, &status)) {
			(void)no_memory(run);
			checking->output_failed = true;
		}
	} else if (run->output.format == CLI_HTML) {
		if (!render_page(checking, &text)) {
			(void)no_memory(run);
			checking->output_failed = true;
		}
	} else if (run->output.path != NULL) {
		for (size_t i = 0; i < checking->targets.n; i++) {
			if (text.len > 0 && run->output.format == CLI_TEXT)
				buf_text(&text, "\n");
			buf_add(&text, buf_span(&checking->kept[i]));
			buf_done(&checking->kept[i]);
		}
	}
	bool due = is_export(run) || run->output.format == CLI_HTML ||
		   (run->output.path != NULL && !attest_is_silent(run));
	if (text.failed ||
	    (due && !checking->output_failed && !cli_write(&run->output, buf_span(&text))))
		checking->output_failed = true;
	buf_done(&text);
	/* a status of plugins has its own order: whatever else failed, 3 says that it is not the enclave */
	if (checking->output_failed)
		status = run->output.format == CLI_NAGIOS ?
				 (int)CLI_ERROR :
				 (int)cli_worse((enum cli_exit)status, CLI_ERROR);
	return status;
}

static void clear_pages(struct checking *checking)
{
	for (size_t i = 0; checking->pages != NULL && i < checking->targets.n; i++) {
		report_page_done(&checking->pages[i]);
		checking->pages[i] = (struct report_page){ .before = i };
	}
}

int checking_round(struct checking *checking)
{
	struct attest_run *run = checking->run;
	const struct round round = {
		.targets = &checking->targets,
		.jobs = run->watching.jobs,
		.clock = attest_clock(run),
		.clock_ms = run->clock_ms,
		.random = run->random,
		.tell = tell,
		.interrupted = checking_interrupted,
		.interrupt_fd = checking->signals,
		.context = checking,
	};

	checking->worst = CLI_PASS;
	clear_pages(checking);
	bool all = round_run(&round, checking->samples);
	if (checking->signal_number != 0)
		return (int)checking->worst;
	if (!all) {
		if (!checking->output_failed)
			(void)no_memory(run);
		return (int)cli_worse(checking->worst, CLI_ERROR);
	}
	int status = finish(checking);
	recall_sweep(checking->state);
	if (run->watching.state != NULL && !write_state(checking))
		status = run->output.format == CLI_NAGIOS ?
				 status :
				 (int)cli_worse((enum cli_exit)status, CLI_ERROR);
	return status;
}

/* --- beginning and end --- */

static void drop(struct checking *checking)
{
	for (size_t i = 0; checking->kept != NULL && i < checking->targets.n; i++)
		buf_done(&checking->kept[i]);
	free(checking->kept);
	free(checking->samples);
	clear_pages(checking);
	free(checking->pages);
	targets_done(&checking->targets);
}

bool checking_replace(struct checking *checking, struct targets *targets)
{
	struct sample *samples = calloc(targets->n, sizeof(samples[0]));
	struct buf *kept = calloc(targets->n, sizeof(kept[0]));
	struct report_page *pages = calloc(targets->n, sizeof(pages[0]));

	if (samples == NULL || kept == NULL || pages == NULL) {
		free(samples);
		free(kept);
		free(pages);
		targets_done(targets);
		return no_memory(checking->run);
	}
	drop(checking);
	checking->targets = *targets;
	checking->samples = samples;
	checking->kept = kept;
	checking->pages = pages;
	*targets = (struct targets){ .n = 0 };
	return true;
}

bool checking_start(struct checking *checking, struct attest_run *run, struct targets *targets)
{
	*checking = (struct checking){ .run = run, .first = true, .signals = -1 };
	if (!checking_replace(checking, targets))
		return false;
	checking->state = recall_new();
	if (checking->state == NULL)
		return no_memory(run);
	return run->watching.state == NULL || read_state(checking);
}

void checking_done(struct checking *checking)
{
	drop(checking);
	recall_free(checking->state);
}
