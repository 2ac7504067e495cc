#include <string.h>

#include "verify/expect.h"
#include "verify/testimony.h"
#include "verify/verb.h"

static const char *statement_usage_error(const struct verb_run *run)
{
	size_t stdins = 0;

	if (run->n_operands == 0)
		return "statement: a FILE is needed (- for standard input)";
	for (size_t i = 0; i < run->n_operands; i++) {
		stdins += strcmp(run->operands[i], "-") == 0 ? 1 : 0;
		if (expect_is_value(run->operands[i]))
			return "statement: a value stands where a file is expected (./NAME if it is one)";
	}
	if (stdins > 1)
		return "statement: standard input can be read once";
	const char *fault = terms_fault(&run->terms);
	if (fault == NULL && run->terms.n_keys == 0)
		return "statement: a --key is needed: whose statements count?";
	return fault;
}

static void hear_file(const struct verb_run *run, const char *path, struct testimony *testimony)
{
	struct buf file = { 0 };
	int why = 0;

	enum reason reason = cli_read(path, JSON_MAX, &file, &why);
	if (reason == REASON_FILE_UNREADABLE)
		cli_complain(run->output.program, "%s: %s", path, strerror(why));
	if (reason == REASON_OK)
		testimony_hear(testimony, span_of_text(path), buf_span(&file));
	else
		testimony_miss(testimony, span_of_text(path), reason, why);
	buf_done(&file);
}

/* All the files are one target: they are judged together. */
static void name_target(const struct verb_run *run, struct report *report)
{
	struct buf names = { 0 };

	for (size_t i = 0; i < run->n_operands; i++) {
		buf_text(&names, i > 0 ? ", " : "");
		buf_text(&names, run->operands[i]);
	}
	if (names.failed)
		report_out_of_memory(report);
	else
		report_set_target(report, buf_span(&names));
	buf_done(&names);
}

static void judge(const struct verb_run *run, struct report *report)
{
	struct testimony testimony;

	name_target(run, report);
	testimony_start(&testimony, &run->terms);
	for (size_t i = 0; i < run->n_operands; i++)
		hear_file(run, run->operands[i], &testimony);
	bool holds = testimony_conclude(&testimony, NULL, report);
	testimony_appraise(&testimony, holds, &run->policy, report);
	testimony_done(&testimony);
}

int verb_statement(struct verb_run *run)
{
	struct buf out = { 0 };

	const char *message = statement_usage_error(run);
	if (message != NULL)
		return verb_usage(run, message);
	struct report *report = report_new();
	if (report == NULL) {
		cli_complain(run->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	judge(run, report);
	int exit_status = (int)cli_exit_of(report_conclude(report, &run->policy.require));
	if (!verb_render(run, report, &out)) {
		cli_complain(run->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		exit_status = CLI_ERROR;
	} else if (!verb_is_silent(run) && !cli_write(&run->output, buf_span(&out))) {
		exit_status = CLI_ERROR;
	}
	buf_done(&out);
	report_free(report);
	return exit_status;
}
