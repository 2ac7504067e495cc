#include "rebuild/job.h"

#include <stdlib.h>
#include <string.h>

int job_usage(const struct job *job, const char *message)
{
	cli_complain(job->output.program, "%s; see %s --help", message, job->output.program);
	return CLI_USAGE;
}

void job_complain(const struct job *job, const char *what, const struct trouble *trouble,
		  enum reason reason)
{
	struct buf line = { 0 };

	buf_text(&line, what);
	if (trouble->path_len > 0) {
		buf_text(&line, line.len > 0 ? ": " : "");
		buf_add(&line, (struct span){ trouble->path, trouble->path_len });
	}
	buf_text(&line, line.len > 0 ? ": " : "");
	if (trouble->why != 0)
		buf_printf(&line, "%s: ", strerror(trouble->why));
	buf_printf(&line, "%s (%s)", reason_sentence(reason), reason_name(reason));
	char *text = buf_take_text(&line);
	cli_complain(job->output.program, "%s", text == NULL ? reason_name(reason) : text);
	free(text);
}

bool job_is_own_trouble(enum reason reason)
{
	return reason == REASON_OUT_OF_MEMORY || reason == REASON_CRYPTO_FAILED ||
	       reason == REASON_FILE_UNWRITABLE || reason == REASON_FILE_CHANGED ||
	       reason == REASON_INTERRUPTED;
}

struct advance job_advance(const struct job *job, struct cli_progress *bar)
{
	cli_progress_start(bar, &job->output, &job->world);
	return (struct advance){ .context = bar, .tell = cli_progress_tell };
}

int job_put_out(const struct job *job, const struct buf *out, bool complete)
{
	struct cli_output output = { .program = job->output.program };
	bool silent = job->output.quiet && job->output.format == CLI_TEXT;

	if (!complete || out->failed) {
		cli_complain(job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	return silent || cli_write(&output, buf_span(out)) ? CLI_PASS : CLI_ERROR;
}
