#include <stdlib.h>
#include <string.h>

#include "attest/live.h"
#include "attest/save.h"
#include "attest/verb.h"
#include "verify/expect.h"

static int no_memory(const struct attest_run *run)
{
	cli_complain(run->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
	return CLI_ERROR;
}

static void complain_save(const struct attest_run *run, const char *path, int why,
			  enum reason reason)
{
	cli_complain(run->output.program, "--save %s: %s (%s)", path,
		     why != 0 ? strerror(why) : reason_sentence(reason), reason_name(reason));
}

static const char *usage_error(const struct attest_run *run)
{
	if (run->n_operands == 0)
		return "check: a URL is needed";
	if (run->n_operands > 1 && run->single_target_only)
		return "check: --save, --user-data, --public-key and --instance-id fit one URL only";
	return NULL;
}

/* Keeps what came, if anything did. False: it could not be kept, said on stderr. */
static bool save(const struct attest_run *run, const struct live *live, const char *url,
		 const struct live_evidence *evidence, const struct report *report)
{
	struct bundle bundle = { .has = { false } };
	struct buf json = { 0 };
	int why = 0;

	if (!evidence->has_document) {
		cli_complain(run->output.program, "--save %s: no document came, nothing is saved",
			     live->ask->save);
		return false;
	}
	enum reason reason = report_json(report, run->output.program, run->version, &json);
	if (reason == REASON_OK)
		reason = save_gather(live, url, evidence, buf_span(&json), &bundle);
	if (reason == REASON_OK)
		reason = save_write(live->ask->save, &bundle, &why);
	if (reason != REASON_OK)
		complain_save(run, live->ask->save, why, reason);
	buf_done(&json);
	bundle_done(&bundle);
	return reason == REASON_OK;
}

/* One target: asked, judged, told at once unless all goes to one file, and kept. */
static int check_url(const struct attest_run *run, const struct live *live, const char *url,
		     struct buf *kept)
{
	struct live_evidence evidence = { .has_document = false };
	struct buf text = { 0 };
	struct report *report = report_new();

	if (report == NULL)
		return no_memory(run);
	live_judge(live, url, report, &evidence);
	enum cli_exit exit_status = cli_exit_of(report_conclude(report, &live->policy->require));
	struct buf *out = run->output.path != NULL ? kept : &text;
	if (url != run->operands[0] && !attest_is_silent(run) && run->output.format == CLI_TEXT)
		buf_text(out, "\n");
	if (!attest_render(run, report, out))
		exit_status = cli_worse(exit_status, (enum cli_exit)no_memory(run));
	else if (text.len > 0 && !cli_write(&run->output, buf_span(&text)))
		exit_status = cli_worse(exit_status, CLI_ERROR);
	if (live->ask->save != NULL && !save(run, live, url, &evidence, report))
		exit_status = cli_worse(exit_status, CLI_ERROR);
	buf_done(&text);
	live_evidence_done(&evidence);
	report_free(report);
	return (int)exit_status;
}

static int check_all(struct attest_run *run)
{
	struct chain_cache cache = { .next = 0 };
	struct buf kept = { 0 };
	enum cli_exit worst = CLI_PASS;
	const struct contract contract = {
		.policy = &run->contract.policy,
		.servers = &run->servers,
		.route = { .allow_plain = run->ask.route.allow_plain,
			   .proxy = run->ask.route.proxy,
			   .resolve = run->ask.route.resolve,
			   .n_resolve = run->ask.route.n_resolve },
		.timeout_ms = run->ask.timeout_ms,
		.clock = attest_clock(run),
		.clock_ms = run->clock_ms,
	};
	const struct live live = {
		.ask = &run->ask,
		.policy = &run->policy,
		.contract = &contract,
		.clock = attest_clock(run),
		.clock_ms = run->clock_ms,
		.random = run->random,
		.cache = &cache,
	};

	for (size_t i = 0; i < run->n_operands; i++) {
		int one = check_url(run, &live, run->operands[i], &kept);
		worst = cli_worse(worst, (enum cli_exit)one);
	}
	if (run->output.path != NULL && !attest_is_silent(run) &&
	    !cli_write(&run->output, buf_span(&kept)))
		worst = cli_worse(worst, CLI_ERROR);
	buf_done(&kept);
	return (int)worst;
}

static int run_check(struct attest_run *run)
{
	int why = 0;

	const char *message = usage_error(run);
	if (message != NULL)
		return attest_usage(run, message);
	if (!ask_settle(run->output.program, &run->ask, &run->policy, run->max_age_given,
			run->operands, run->n_operands) ||
	    !attest_contract_settle(run, false, true))
		return CLI_USAGE;
	if (run->ask.save != NULL) {
		enum reason reason = save_may(run->ask.save, &why);
		if (reason != REASON_OK) {
			complain_save(run, run->ask.save, why, reason);
			return reason == REASON_OUT_OF_MEMORY ? CLI_ERROR : CLI_USAGE;
		}
	}
	return check_all(run);
}

static bool apply(struct attest_run *run, int id, const char *value)
{
	const struct check_set known = live_checks();

	if (id == ASK_SAVE || id == EXPECT_USER_DATA || id == EXPECT_PUBLIC_KEY ||
	    id == EXPECT_INSTANCE_ID)
		run->single_target_only = true;
	if (id == EXPECT_MAX_AGE)
		run->max_age_given = true;
	if (id >= CONTRACT_REGISTRY)
		return attest_contract_apply(run, id, value);
	return id >= ASK_CACERT ?
		       ask_apply(run->output.program, &run->ask, id, value) :
		       expect_apply(run->output.program, &run->policy, &known, id, value);
}

const struct attest_verb attest_check = {
	.name = "check",
	.tables = { { ask_options, ASK_OPTIONS },
		    { expect_options, EXPECT_LIVE_OPTIONS },
		    { contract_options, CONTRACT_OPTIONS },
		    { servers_options, SERVERS_OPTIONS } },
	.apply = apply,
	.run = run_check,
};
