#include "attest/verb.h"

#include <string.h>

int attest_usage(const struct attest_run *run, const char *message)
{
	cli_complain(run->output.program, "%s; see %s --help", message, run->output.program);
	return CLI_USAGE;
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
