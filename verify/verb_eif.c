#include <stdlib.h>
#include <string.h>

#include "verify/expect.h"
#include "verify/image.h"
#include "verify/verb.h"

static const char *usage_error(const struct verb_run *run)
{
	if (run->n_operands != 1)
		return "eif: one FILE is needed (- for standard input)";
	if (expect_is_value(run->operands[0]))
		return "eif: a value stands where a file is expected (./NAME if it is one)";
	if (run->pcr_json && run->policy.n_sources > 0)
		return "eif: --pcr-json prints and compares nothing: leave the expectations out";
	if (run->pcr_json && run->requires)
		return "eif: --pcr-json prints and judges no more than form and checksum: leave "
		       "--require out";
	if (run->pcr_json && run->output.format == CLI_HTML)
		return "eif: --pcr-json prints JSON only: leave --format html out";
	return NULL;
}

/* Reads and measures the file; one that cannot be opened is an image that cannot be read. */
static void read_file(const struct verb_run *run, const char *path, struct image *ret)
{
	struct image_source from = { .fd = -1 };
	struct cli_progress progress;
	int why = 0;

	if (!cli_open(path, &from.fd, &from.size, &why)) {
		*ret = (struct image){ .form = REASON_FILE_UNREADABLE, .read_errno = why };
		cli_complain(run->output.program, "%s: %s", path, strerror(why));
		return;
	}
	cli_progress_start(&progress, &run->output, &run->world);
	const struct image_progress told = { &progress, cli_progress_tell };
	enum reason reason = image_read(&from, &run->rules, &told, ret);
	cli_progress_end(&progress);
	cli_close(from.fd);
	if (reason == REASON_FILE_UNREADABLE)
		cli_complain(run->output.program, "%s: %s", path, strerror(ret->read_errno));
}

/* What the first check that is not ok says, on stderr. */
static void complain(const struct verb_run *run, const char *path, const struct image *image,
		     enum reason reason)
{
	struct buf text = { 0 };

	if (image->form != REASON_OK)
		image_form_text(image, &text);
	else
		buf_text(&text, reason_sentence(reason));
	char *message = buf_take_text(&text);
	cli_complain(run->output.program, "%s: %s (%s)", path,
		     message != NULL ? message : reason_sentence(REASON_OUT_OF_MEMORY),
		     reason_name(reason));
	free(message);
}

/* The flat pcr.json, for what form and checksum are enough. */
static int print_pcr_json(const struct verb_run *run, const char *path, const struct image *image)
{
	struct buf out = { 0 };

	if (image->form == REASON_FILE_UNREADABLE) /* said already */
		return CLI_ERROR;
	if (!image_is_sound(image)) {
		complain(run, path, image, image->form != REASON_OK ? image->form : REASON_EIF_CRC);
		return image_is_unreadable(image->form) ? CLI_ERROR : CLI_FAIL;
	}
	enum reason reason = image->signature_form;
	if (reason == REASON_OK && image->is_signed)
		reason = eifsign_verify(&image->sign, image->measurement.pcrs.value[0]);
	if (reason != REASON_OK)
		cli_complain(run->output.program, "warning: %s: %s (%s)", path,
			     reason_sentence(reason), reason_name(reason));
	image_pcr_json(image, &out);
	bool ok = !out.failed && cli_write(&run->output, buf_span(&out));
	buf_done(&out);
	return ok ? CLI_PASS : CLI_ERROR;
}

static int judge(const struct verb_run *run, const char *path, const struct image *image)
{
	struct buf out = { 0 };
	struct report *report = report_new();

	if (report == NULL) {
		cli_complain(run->output.program, "%s: %s", path,
			     reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	report_set_target(report, span_of_text(path));
	image_judge(image, &run->policy, run->world.now, report);
	image_show(image, run->output.style.verbose, report);
	enum cli_exit exit_status = cli_exit_of(report_conclude(report, &run->policy.require));
	bool ok = verb_render(run, report, &out);
	if (!ok)
		cli_complain(run->output.program, "%s: %s", path,
			     reason_sentence(REASON_OUT_OF_MEMORY));
	else if (out.len > 0)
		ok = cli_write(&run->output, buf_span(&out));
	buf_done(&out);
	report_free(report);
	return ok ? (int)exit_status : CLI_ERROR;
}

int verb_eif(struct verb_run *run)
{
	struct image image;

	const char *message = usage_error(run);
	if (message != NULL)
		return verb_usage(run, message);
	if (run->policy.time == POLICY_NOW && run->world.now < 0) {
		cli_complain(run->output.program, "the clock cannot be read");
		return CLI_ERROR;
	}
	const char *path = run->operands[0];
	read_file(run, path, &image);
	int exit_status =
		run->pcr_json ? print_pcr_json(run, path, &image) : judge(run, path, &image);
	image_done(&image);
	return exit_status;
}
