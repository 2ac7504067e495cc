#include "attest/verb.h"

#include <string.h>

int attest_usage(const struct attest_run *run, const char *message)
{
	cli_complain(run->output.program, "%s; see %s --help", message, run->output.program);
	return CLI_USAGE;
}

int attest_refuse(const struct attest_run *run, int status)
{
	static const char line[] = "ENCLAVE UNKNOWN - nothing was judged: what is wrong stands on "
				   "standard error\n";

	if (run->output.format != CLI_NAGIOS)
		return status;
	(void)cli_write(&run->output, SPAN_LITERAL(line));
	return CLI_ERROR;
}

void attest_complain(const struct attest_run *run, const char *what, int why, enum reason reason)
{
	if (why != 0)
		cli_complain(run->output.program, "%s: %s: %s (%s)", what, strerror(why),
			     reason_sentence(reason), reason_name(reason));
	else
		cli_complain(run->output.program, "%s: %s (%s)", what, reason_sentence(reason),
			     reason_name(reason));
}

static int64_t ticks_ms(void *context)
{
	const struct attest_run *run = context;

	return run->world.ticks_ms();
}

static void sleep_ms(void *context, int64_t ms)
{
	const struct attest_run *run = context;

	run->sleep_ms(ms);
}

struct http_clock attest_clock(struct attest_run *run)
{
	return (struct http_clock){ ticks_ms, sleep_ms, run };
}

bool attest_contract_apply(struct attest_run *run, int id, const char *value)
{
	return id >= SERVERS_RPC ? servers_apply(run->output.program, &run->servers, id, value) :
				   contract_apply(run->output.program, &run->contract, id, value);
}

bool attest_contract_settle(struct attest_run *run, bool has_key, bool has_document)
{
	const char *program = run->output.program;
	const struct contract_use use = {
		.n_servers = run->servers.n,
		.has_key = has_key,
		.has_document = has_document,
	};

	if (!contract_finish(program, &run->contract, &use))
		return false;
	const char *message = servers_error(&run->servers, run->contract.policy.requested,
					    run->ask.route.allow_plain);
	if (message == NULL)
		return true;
	(void)attest_usage(run, message);
	return false;
}

bool attest_is_silent(const struct attest_run *run)
{
	return run->output.quiet && run->output.format == CLI_TEXT;
}

bool attest_render(const struct attest_run *run, const struct report *report, struct buf *out)
{
	if (run->output.format == CLI_JSON)
		return report_json(report, run->output.program, run->version, out) == REASON_OK;
	if (run->output.format == CLI_HTML)
		return report_html(report, run->output.program, run->version, out) == REASON_OK;
	if (!attest_is_silent(run))
		report_text(report, &run->output.style, out);
	return !out->failed;
}
