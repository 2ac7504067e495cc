#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "rebuild/outcome.h"
#include "rebuild/sign.h"
#include "rebuild/job.h"
#include "verify/eifmeta.h"

enum option {
	OPT_KERNEL = 900,
	OPT_CMDLINE,
	OPT_RAMDISK,
	OPT_TREE,
	OPT_ARCH,
	OPT_METADATA,
	OPT_SIGN_KEY,
	OPT_SIGN_CERT
};

const struct cli_option assemble_options[ASSEMBLE_OPTIONS] = {
	{ OPT_KERNEL, 0, false, "kernel", "FILE" },
	{ OPT_CMDLINE, 0, false, "cmdline", "TEXT|@FILE" },
	{ OPT_RAMDISK, 0, true, "ramdisk", "FILE" },
	{ OPT_TREE, 0, true, "tree", "DIR" },
	{ OPT_ARCH, 0, false, "arch", "x86_64|aarch64" },
	{ OPT_METADATA, 0, false, "metadata", "FILE" },
	{ OPT_SIGN_KEY, 0, false, "sign-key", "PEM" },
	{ OPT_SIGN_CERT, 0, false, "sign-cert", "PEM" },
};

static bool apply_arch(struct job *job, const char *value)
{
	if (strcmp(value, "x86_64") == 0 || strcmp(value, "aarch64") == 0) {
		job->flags = strcmp(value, "aarch64") == 0 ? EIF_FLAG_ARM64 : 0;
		return true;
	}
	cli_complain(job->output.program, "--arch: x86_64 or aarch64, not '%s'", value);
	return false;
}

bool job_assemble_apply(struct job *job, int id, const char *value)
{
	switch ((enum option)id) {
	case OPT_KERNEL:
		job->kernel = value;
		return true;
	case OPT_CMDLINE:
		job->cmdline = value;
		return true;
	case OPT_RAMDISK:
	case OPT_TREE:
		job->ramdisks[job->n_ramdisks++] =
			(struct assemble_ramdisk){ value, id == OPT_TREE };
		return true;
	case OPT_ARCH:
		return apply_arch(job, value);
	case OPT_METADATA:
		job->metadata = value;
		return true;
	case OPT_SIGN_KEY:
		job->sign_key = value;
		return true;
	case OPT_SIGN_CERT:
		job->sign_cert = value;
		return true;
	}
	return false;
}

/* Reads a file that an option names; one longer than `cap` is refused by whoever judges it. */
static enum cli_exit read_named(const struct job *job, const char *path, size_t cap,
				struct buf *ret)
{
	int why = 0;

	enum reason reason = cli_read(path, cap, ret, &why);
	if (reason == REASON_OK)
		return CLI_PASS;
	cli_complain(job->output.program, "%s: %s", path,
		     reason == REASON_FILE_UNREADABLE ? strerror(why) : reason_sentence(reason));
	return reason == REASON_FILE_UNREADABLE ? CLI_USAGE : CLI_ERROR;
}

/* What assemble reads from files beside the sections that it streams. */
struct texts {
	struct buf cmdline;
	struct buf metadata;
	struct buf key;
	struct buf certificate;
};

/* SOURCE_DATE_EPOCH: decimal digits only (reproducible-builds.org/specs/source-date-epoch). */
static bool read_epoch(const char *text, int64_t *ret)
{
	char *end = NULL;

	if (text == NULL || *text == '\0') {
		*ret = 0;
		return true;
	}
	size_t n = strspn(text, "0123456789");
	if (n > 11 || text[n] != '\0')
		return false;
	long long value = strtoll(text, &end, 10);
	*ret = value;
	return value <= INT64_C(253402300799); /* the last second of the year 9999 */
}

static enum cli_exit make_metadata(const struct job *job, struct buf *ret)
{
	int64_t epoch;

	if (!read_epoch(job->epoch, &epoch)) {
		cli_complain(job->output.program, "SOURCE_DATE_EPOCH: seconds since 1970, not '%s'",
			     job->epoch);
		return CLI_USAGE;
	}
	enum reason reason =
		assemble_metadata(job->kernel, epoch, job->output.program, job->version, ret);
	if (reason == REASON_OK)
		return CLI_PASS;
	if (reason == REASON_OUT_OF_MEMORY) {
		cli_complain(job->output.program, "%s", reason_sentence(reason));
		return CLI_ERROR;
	}
	cli_complain(job->output.program, "%s: the name is not UTF-8: give --metadata",
		     job->kernel);
	return CLI_USAGE;
}

static enum cli_exit read_texts(const struct job *job, struct texts *texts)
{
	enum cli_exit status = CLI_PASS;

	if (job->cmdline[0] == '@')
		status = read_named(job, job->cmdline + 1, ASSEMBLE_CMDLINE_MAX, &texts->cmdline);
	if (status == CLI_PASS)
		status = job->metadata != NULL ?
				 read_named(job, job->metadata, EIFMETA_MAX, &texts->metadata) :
				 make_metadata(job, &texts->metadata);
	if (status == CLI_PASS && job->sign_key != NULL)
		status = read_named(job, job->sign_key, SIGN_PEM_MAX, &texts->key);
	if (status == CLI_PASS && job->sign_key != NULL)
		status = read_named(job, job->sign_cert, SIGN_PEM_MAX, &texts->certificate);
	return status;
}

static int assemble_with(const struct job *job, const struct texts *texts)
{
	const struct outcome_tool tool = { job->output.program, job->version };
	struct assembled made;
	struct trouble trouble = { 0 };
	struct buf out = { 0 };
	struct cli_progress bar;
	struct advance advance = job_advance(job, &bar);
	const struct assemble_inputs inputs = {
		.kernel = job->kernel,
		.cmdline = job->cmdline[0] == '@' ? assemble_trim(buf_span(&texts->cmdline)) :
						    span_of_text(job->cmdline),
		.flags = job->flags,
		.metadata = buf_span(&texts->metadata),
		.ramdisks = job->ramdisks,
		.n_ramdisks = job->n_ramdisks,
		.key = job->sign_key == NULL ? (struct span){ NULL, 0 } : buf_span(&texts->key),
		.certificate = buf_span(&texts->certificate),
		.advance = &advance,
	};

	enum reason reason = assemble(&inputs, job->output.path, &made, &trouble);
	cli_progress_end(&bar);
	if (reason != REASON_OK) {
		job_complain(job, "assemble", &trouble, reason);
		return job_is_own_trouble(reason) ? CLI_ERROR : CLI_USAGE;
	}
	bool complete = true;
	if (job->output.format == CLI_JSON)
		complete = outcome_assembled_json(&tool, &made, job->output.path, &out);
	else
		outcome_assembled_text(&made, job->output.path, &out);
	int status = job_put_out(job, &out, complete);
	buf_done(&out);
	return status;
}

int job_assemble(struct job *job)
{
	struct texts texts = { .key = { 0 } };

	if (job->n_operands > 0)
		return job_usage(job, "assemble: ramdisks are given by --ramdisk and --tree");
	if (job->kernel == NULL || job->cmdline == NULL || job->n_ramdisks == 0)
		return job_usage(
			job, "assemble: --kernel, --cmdline and a --ramdisk or --tree are needed");
	if (job->output.path == NULL || strcmp(job->output.path, "-") == 0)
		return job_usage(
			job, "assemble: -o FILE is needed (the image's header is written last)");
	if ((job->sign_key == NULL) != (job->sign_cert == NULL))
		return job_usage(job, "assemble: --sign-key and --sign-cert belong together");
	int status = (int)read_texts(job, &texts);
	if (status == CLI_PASS)
		status = assemble_with(job, &texts);
	buf_done(&texts.cmdline);
	buf_done(&texts.metadata);
	/* the key does not stay in memory that is given back */
	if (texts.key.at != NULL)
		OPENSSL_cleanse(texts.key.at, texts.key.len);
	buf_done(&texts.key);
	buf_done(&texts.certificate);
	return status;
}
