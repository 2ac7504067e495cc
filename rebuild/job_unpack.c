#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rebuild/outcome.h"
#include "rebuild/job.h"

static void warn_of(const struct job *job, const struct unpacked_section *section)
{
	struct buf line = { 0 };

	outcome_warning(section, &line);
	bool any = line.len > 0;
	char *text = buf_take_text(&line);
	if (any && text != NULL)
		cli_complain(job->output.program, "warning: %s: %s", section->name, text);
	free(text);
}

static void complain_of(const struct job *job, const struct unpacked_section *section)
{
	char what[64];

	(void)snprintf(what, sizeof(what), "%s near byte %" PRIu64 ", its tree is incomplete",
		       section->name, section->offset);
	job_complain(job, what, &section->trouble, section->reason);
}

/* Tells of every ramdisk. The worst of them is the exit status. */
static enum cli_exit tell_ramdisks(const struct job *job, const struct unpacked *unpacked)
{
	enum cli_exit worst = CLI_PASS;

	for (size_t i = 0; i < unpacked->eif.n_sections; i++) {
		const struct unpacked_section *section = &unpacked->sections[i];
		if (unpacked->eif.sections[i].type != EIF_RAMDISK)
			continue;
		if (section->reason == REASON_OK) {
			warn_of(job, section);
			continue;
		}
		complain_of(job, section);
		worst = cli_worse(worst, job_is_own_trouble(section->reason) ||
							 section->reason == REASON_FILE_UNREADABLE ?
						 CLI_ERROR :
						 CLI_FAIL);
	}
	return worst;
}

static int unpack_failed(const struct job *job, const char *path, const struct trouble *trouble,
			 enum reason reason, uint64_t at)
{
	char what[32];

	if (reason == REASON_FILE_EXISTS) {
		job_complain(job, "", trouble, reason);
		return CLI_USAGE;
	}
	if (trouble->path_len > 0 || trouble->why != 0) {
		job_complain(job, trouble->path_len > 0 ? "" : path, trouble, reason);
		return CLI_ERROR;
	}
	(void)snprintf(what, sizeof(what), "byte %" PRIu64, at);
	cli_complain(job->output.program, "%s: %s: %s (%s)", path, what, reason_sentence(reason),
		     reason_name(reason));
	return job_is_own_trouble(reason) ? CLI_ERROR : CLI_FAIL;
}

int job_unpack(struct job *job)
{
	const struct outcome_tool tool = { job->output.program, job->version };
	struct trouble trouble = { 0 };
	struct buf out = { 0 };
	uint64_t at = 0;

	if (job->n_operands != 2)
		return job_usage(job, "unpack: an EIF and a DIR are needed");
	if (job->output.path != NULL)
		return job_usage(job, "unpack: it writes to DIR; -o has no meaning");
	const char *path = job->operands[0];
	bool is_stdin = strcmp(path, "-") == 0;
	int image = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (image < 0) {
		cli_complain(job->output.program, "%s: %s", path, strerror(errno));
		return CLI_ERROR;
	}
	struct cli_progress bar;
	struct advance advance = job_advance(job, &bar);
	struct unpacked *unpacked = calloc(1, sizeof(*unpacked));
	enum reason reason = unpacked == NULL ?
				     REASON_OUT_OF_MEMORY :
				     unpack(image, job->operands[1], job->rules.reserved_flags,
					    &advance, unpacked, &trouble, &at);
	cli_progress_end(&bar);
	if (!is_stdin)
		(void)close(image);
	if (unpacked == NULL || reason != REASON_OK) {
		free(unpacked);
		return unpack_failed(job, path, &trouble, reason, at);
	}
	enum cli_exit worst = tell_ramdisks(job, unpacked);
	bool complete = true;
	if (job->output.format == CLI_JSON)
		complete = outcome_unpacked_json(&tool, unpacked, &out);
	else
		outcome_unpacked_text(unpacked, &out);
	int status = job_put_out(job, &out, complete);
	buf_done(&out);
	free(unpacked);
	return status == CLI_PASS ? (int)worst : status;
}
