#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/explain.h"
#include "rebuild/job.h"
#include "verify/pcrfile.h"

/* What both operands come to. */
struct comparing {
	struct compare_side a;
	struct compare_side b;
	struct pcrfile file;
	struct comparison comparison;
	struct explain_fault faults[2]; /* of a and b */
};

/* Says what is wrong with a file, and keeps it. `text` is taken over. */
static void tell_fault(const struct job *job, struct explain_fault *fault, enum reason reason,
		       struct buf *text)
{
	struct buf copy = { 0 };

	buf_add(&copy, buf_span(text));
	char *said = buf_take_text(&copy);
	cli_complain(job->output.program, "%s: %s", fault->path,
		     said == NULL ? reason_sentence(REASON_OUT_OF_MEMORY) : said);
	free(said);
	fault->reason = reason;
	fault->text = *text;
}

/* Only a file can be read twice. */
static bool open_file(const struct job *job, struct explain_fault *fault, int *ret)
{
	struct buf text = { 0 };
	struct stat facts;
	/* without O_NONBLOCK a pipe would be waited for before it is refused */
	int fd = open(fault->path, O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &facts) != 0)
		buf_text(&text, strerror(errno));
	else if (!S_ISREG(facts.st_mode))
		buf_text(&text, "not a regular file, and it is read twice");
	if (text.len == 0) {
		*ret = fd;
		return true;
	}
	tell_fault(job, fault, REASON_FILE_UNREADABLE, &text);
	if (fd >= 0)
		(void)close(fd);
	return false;
}

static bool is_json(int fd)
{
	char head[64];
	ssize_t n = pread(fd, head, sizeof(head), 0);
	ssize_t i = 0;

	while (i < n && (head[i] == ' ' || head[i] == '\t' || head[i] == '\n' || head[i] == '\r'))
		i++;
	return i < n && head[i] == '{';
}

static enum cli_exit read_image(const struct job *job, struct compare_side *side,
				struct explain_fault *fault)
{
	struct image_source from = { .fd = side->fd };
	struct buf what = { 0 };
	struct cli_progress bar;
	struct stat facts;

	if (fstat(side->fd, &facts) == 0)
		from.size = (uint64_t)facts.st_size;
	cli_progress_start(&bar, &job->output, &job->world);
	const struct image_progress told = { &bar, cli_progress_tell };
	enum reason reason = image_read(&from, &job->rules, &told, &side->image);
	cli_progress_end(&bar);
	if (reason == REASON_OK && image_is_sound(&side->image))
		return CLI_PASS;
	if (reason == REASON_OK) {
		reason = REASON_EIF_CRC;
		buf_text(&what, reason_sentence(reason));
	} else {
		image_form_text(&side->image, &what);
	}
	buf_printf(&what, " (%s)", reason_name(reason));
	tell_fault(job, fault, reason, &what);
	return image_is_unreadable(reason) ? CLI_ERROR : CLI_FAIL;
}

static enum cli_exit read_registers(const struct job *job, int fd, struct pcrfile *ret,
				    struct explain_fault *fault)
{
	struct buf text = { 0 };
	struct buf what = { 0 };
	struct json_place place = { 0 };
	int why = 0;

	enum reason reason = cli_read_open(fd, JSON_MAX, &text, &why);
	if (reason == REASON_OK)
		reason = pcrfile_read(buf_span(&text), ret, &place);
	buf_done(&text);
	if (reason == REASON_OK)
		return CLI_PASS;
	if (place.line > 0)
		buf_printf(&what, "line %zu, column %zu: ", place.line, place.column);
	buf_printf(&what, "%s (%s)", why != 0 ? strerror(why) : reason_sentence(reason),
		   reason_name(reason));
	tell_fault(job, fault, reason, &what);
	return why != 0 || reason == REASON_OUT_OF_MEMORY ? CLI_ERROR : CLI_FAIL;
}

/* Nothing was compared, which who reads JSON must not guess. */
static int put_faults(const struct job *job, const struct comparing *comparing, int status)
{
	const struct outcome_tool tool = { job->output.program, job->version };
	struct buf out = { 0 };

	if (job->output.format != CLI_JSON ||
	    (comparing->faults[0].reason == REASON_OK && comparing->faults[1].reason == REASON_OK))
		return status;
	if (!explain_faults_json(&tool, comparing->faults, status == CLI_FAIL, &out)) {
		cli_complain(job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		status = (int)cli_worse((enum cli_exit)status, CLI_ERROR);
	} else if (!cli_write(&job->output, buf_span(&out))) {
		status = CLI_ERROR;
	}
	buf_done(&out);
	return status;
}

static int put_out(const struct job *job, const struct comparison *comparison)
{
	const struct outcome_tool tool = { job->output.program, job->version };
	struct buf out = { 0 };
	bool complete = true;

	if (job->output.format == CLI_HTML)
		explain_html(&tool, comparison, &out);
	else if (job->output.format == CLI_JSON)
		complete = explain_json(&tool, comparison, &out);
	else if (!job->output.quiet)
		explain_text(comparison, job->output.style.verbose, &out);
	int status = comparison_is_equal(comparison) ? CLI_PASS : CLI_FAIL;
	if (!complete || out.failed) {
		cli_complain(job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		status = CLI_ERROR;
	} else if (out.len > 0 && !cli_write(&job->output, buf_span(&out))) {
		status = CLI_ERROR;
	}
	buf_done(&out);
	return status;
}

/* Both are open. Against registers `b.fd` is the file that names them. */
static int compare_open(const struct job *job, struct comparing *comparing)
{
	struct trouble trouble = { 0 };
	struct cli_progress bar;
	bool registers = is_json(comparing->b.fd);
	enum reason reason;

	/* what is malformed is told of both */
	enum cli_exit status = read_image(job, &comparing->a, &comparing->faults[0]);
	enum cli_exit other = registers ? read_registers(job, comparing->b.fd, &comparing->file,
							 &comparing->faults[1]) :
					  read_image(job, &comparing->b, &comparing->faults[1]);
	status = cli_worse(status, other);
	if (status != CLI_PASS)
		return (int)status;
	struct advance advance = job_advance(job, &bar);
	if (registers)
		reason = compare_registers(&comparing->a, comparing->b.path, &comparing->file,
					   &comparing->comparison);
	else
		reason = compare_images(&comparing->a, &comparing->b, job->tmpdir, &advance,
					&comparing->comparison, &trouble);
	cli_progress_end(&bar);
	if (reason != REASON_OK) {
		job_complain(job, "", &trouble, reason);
		return CLI_ERROR;
	}
	int put = put_out(job, &comparing->comparison);
	comparison_done(&comparing->comparison);
	return put;
}

int job_compare(struct job *job)
{
	struct comparing *comparing = NULL;
	int status = CLI_ERROR;

	if (job->n_operands != 2)
		return job_usage(job, "compare: an EIF, and another one or a pcr.json, are needed");
	comparing = calloc(1, sizeof(*comparing));
	if (comparing == NULL) {
		cli_complain(job->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	comparing->a.path = job->operands[0];
	comparing->b.path = job->operands[1];
	comparing->faults[0].path = job->operands[0];
	comparing->faults[1].path = job->operands[1];
	if (open_file(job, &comparing->faults[0], &comparing->a.fd)) {
		if (open_file(job, &comparing->faults[1], &comparing->b.fd)) {
			status = compare_open(job, comparing);
			(void)close(comparing->b.fd);
		}
		(void)close(comparing->a.fd);
	}
	status = put_faults(job, comparing, status);
	buf_done(&comparing->faults[0].text);
	buf_done(&comparing->faults[1].text);
	image_done(&comparing->a.image);
	image_done(&comparing->b.image);
	free(comparing);
	return status;
}
