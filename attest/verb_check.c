/* enclave-attest check: asks enclaves, once or again and again. */
#include <signal.h>
#include <string.h>

#include "attest/checking.h"
#include "attest/pool.h"
#include "attest/save.h"
#include "attest/targetfile.h"
#include "attest/verb.h"
#include "attest/watch.h"
#include "verify/expect.h"

#define JOBS_OF_CONFIG 32 /* threads that mostly wait; of URLs, one after the other */

enum { OPT_CONFIG = 400, OPT_JOBS, OPT_EVERY, OPT_STATE, OPT_END };

static const struct cli_option options[] = {
	{ OPT_CONFIG, 0, false, "config", "FILE" },
	{ OPT_JOBS, 0, false, "jobs", "N" },
	{ OPT_EVERY, 0, false, "every", "S" },
	{ OPT_STATE, 0, false, "state", "FILE" },
};

static bool apply_count(const struct attest_run *run, const char *option, const char *value,
			int64_t max, int64_t *ret)
{
	size_t digits = strspn(value, "0123456789");

	*ret = 0;
	for (size_t i = 0; i < digits && i < 6; i++)
		*ret = *ret * 10 + (value[i] - '0');
	if (digits >= 1 && digits <= 5 && value[digits] == '\0' && *ret >= 1 && *ret <= max)
		return true;
	cli_complain(run->output.program, "--%s %s: 1 to %d expected", option, value, (int)max);
	return false;
}

static bool apply_own(struct attest_run *run, int id, const char *value)
{
	int64_t count = 0;

	switch (id) {
	case OPT_CONFIG:
		run->watching.config = value;
		return true;
	case OPT_JOBS:
		if (!apply_count(run, "jobs", value, POOL_JOBS_MAX, &count))
			return false;
		run->watching.jobs = (size_t)count;
		return true;
	case OPT_EVERY:
		return apply_count(run, "every", value, WATCH_EVERY_MAX_S, &run->watching.every_s);
	default:
		run->watching.state = value;
		return true;
	}
}

static bool apply(struct attest_run *run, int id, const char *value)
{
	const struct check_set known = live_checks();

	if (id >= OPT_CONFIG && id < OPT_END)
		return apply_own(run, id, value);
	run->asking_given = true;
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

static bool has_repeated_url(const struct attest_run *run)
{
	for (size_t i = 0; i < run->n_operands; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(run->operands[i], run->operands[j]) == 0)
				return true;
		}
	}
	return false;
}

static const char *usage_error(const struct attest_run *run)
{
	const struct attest_watching *watching = &run->watching;

	if (watching->config != NULL && run->n_operands > 0)
		return "check: a URL, or --config with URLs in it, not both";
	if (watching->config != NULL && run->asking_given)
		return "check: with --config, what to ask and to expect stands in the file";
	if (watching->config == NULL && run->n_operands == 0)
		return "check: a URL is needed, or --config FILE";
	if (run->n_operands > TARGETS_MAX)
		return "check: more than 1024 URLs";
	if (run->n_operands > 1 && run->single_target_only)
		return "check: --save, --user-data, --public-key and --instance-id fit one URL only";
	if (run->ask.save != NULL && watching->every_s > 0)
		return "check: --save writes a folder once, so not with --every";
	if (run->output.format == CLI_PROM && watching->every_s > 0 && run->output.path == NULL)
		return "check: --format prom with --every needs -o FILE: it is one file, written anew";
	if (has_repeated_url(run) && (watching->state != NULL || run->output.format == CLI_NAGIOS ||
				      run->output.format == CLI_PROM))
		return "check: a URL is given twice, and is a target's name here";
	return NULL;
}

static bool may_save(const struct attest_run *run, int *ret_exit)
{
	int why = 0;

	enum reason reason = run->ask.save != NULL ? save_may(run->ask.save, &why) : REASON_OK;
	if (reason == REASON_OK)
		return true;
	checking_complain_save(run, run->ask.save, why, reason);
	*ret_exit = reason == REASON_OUT_OF_MEMORY ? CLI_ERROR : CLI_USAGE;
	return false;
}

/* The targets, of the file or of the command line. False: *ret_exit, and what is wrong was said. */
static bool gather(struct attest_run *run, struct targets *ret, int *ret_exit)
{
	const char *message = usage_error(run);

	*ret_exit = CLI_USAGE;
	if (message != NULL) {
		(void)attest_usage(run, message);
		return false;
	}
	if (run->watching.config != NULL)
		return targets_read(run->output.program, run->watching.config, ret);
	if (!ask_settle(run->output.program, &run->ask, &run->policy, run->max_age_given,
			run->operands, run->n_operands) ||
	    !attest_contract_settle(run, false, true) || !may_save(run, ret_exit))
		return false;
	const struct target alike = {
		.ask = &run->ask,
		.policy = &run->policy,
		.contract = &run->contract.policy,
		.servers = &run->servers,
	};
	if (targets_of_urls(run->operands, run->n_operands, &alike, ret))
		return true;
	cli_complain(run->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
	*ret_exit = CLI_ERROR;
	return false;
}

static int run_check(struct attest_run *run)
{
	struct targets targets = { .n = 0 };
	struct checking checking;
	int signal_number = 0;
	int status = CLI_ERROR;

	if (!gather(run, &targets, &status))
		return attest_refuse(run, status);
	if (run->watching.jobs == 0)
		run->watching.jobs = run->watching.config != NULL ? JOBS_OF_CONFIG : 1;
	if (checking_start(&checking, run, &targets))
		status = run->watching.every_s > 0 ? checking_watch(&checking, &signal_number) :
						     checking_round(&checking);
	else
		status = CLI_ERROR;
	checking_done(&checking);
	/* die by it, as whoever sent it expects; the first process of a system cannot, and ends */
	if (signal_number != 0)
		(void)raise(signal_number);
	return status;
}

const struct attest_verb attest_check = {
	.name = "check",
	.tables = { { ask_options, ASK_OPTIONS },
		    { expect_options, EXPECT_LIVE_OPTIONS },
		    { contract_options, CONTRACT_OPTIONS },
		    { servers_options, SERVERS_OPTIONS },
		    { options, sizeof(options) / sizeof(options[0]) } },
	.exports = true,
	.apply = apply,
	.run = run_check,
};
