#include <stdlib.h>
#include <string.h>

#include "verify/basenc.h"
#include "verify/document.h"
#include "verify/expect.h"
#include "verify/image.h"
#include "verify/verb.h"

static int print_hash(const struct verb_run *run, const uint8_t pcr0[static PCR_LEN])
{
	uint8_t hash[KECCAK_LEN];
	struct buf out = { 0 };

	if (span_is_zero((struct span){ pcr0, PCR_LEN }))
		cli_complain(
			run->output.program,
			"warning: a zero PCR0 is that of every debug enclave; never register its hash");
	enclave_hash(pcr0, hash);
	buf_text(&out, "0x");
	hex_encode(&out, SPAN_OF(hash));
	buf_text(&out, "\n");
	bool ok = !out.failed && (verb_is_silent(run) || cli_write(&run->output, buf_span(&out)));
	buf_done(&out);
	return ok ? CLI_PASS : CLI_ERROR;
}

/* The PCR0 of a pcr.json. False: said on stderr. */
static bool pcr0_of_pcrfile(const struct verb_run *run, const char *path, struct span text,
			    uint8_t ret[static PCR_LEN])
{
	struct pcrfile file;

	if (!expect_pcrfile(run->output.program, "", path, text, &file))
		return false;
	if (!pcrs_has(&file.pcrs, 0)) {
		cli_complain(run->output.program, "%s: no PCR0 in it (%s)", path,
			     reason_name(REASON_PCR_MISSING));
		return false;
	}
	memcpy(ret, file.pcrs.value[0], PCR_LEN);
	if (!pcrfile_agrees(&file))
		cli_complain(run->output.program,
			     "warning: %s: its enclave_hash is not that of its PCR0", path);
	return true;
}

/* The PCR0 that a document claims. False: said on stderr. */
static bool pcr0_of_document(const struct verb_run *run, const char *path, struct span bytes,
			     uint8_t ret[static PCR_LEN])
{
	struct cose cose;
	struct claims claims;
	size_t at = 0;

	enum reason reason = cose_read(bytes, &cose, &at);
	if (reason == REASON_OK)
		reason = claims_read(cose.payload, &claims_real_limits, &claims, &at);
	if (reason == REASON_OK && !pcrs_has(&claims.pcrs, 0))
		reason = REASON_PCR_MISSING;
	if (reason != REASON_OK) {
		cli_complain(run->output.program,
			     "%s: neither a PCR0, a pcr.json nor a document: %s (%s)", path,
			     reason_sentence(reason), reason_name(reason));
		return false;
	}
	cli_complain(run->output.program, "UNVERIFIED: %s was decoded, not judged", path);
	memcpy(ret, claims.pcrs.value[0], PCR_LEN);
	return true;
}

/* The first byte that is no white space, or 0. */
static uint8_t first_byte(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (strchr(" \t\r\n", text.at[i]) == NULL || text.at[i] == 0)
			return text.at[i];
	}
	return 0;
}

#define MAGIC SPAN_LITERAL(".eif")

/* The PCR0 of an image whose first bytes are in *head. False: said on stderr, *ret_exit is the exit
 * status. */
static bool pcr0_of_image(const struct verb_run *run, const char *path, int fd, uint64_t size,
			  const struct buf *head, uint8_t ret[static PCR_LEN], int *ret_exit)
{
	static const struct eif_rules published = { 0 };
	const struct image_source from = { fd, buf_span(head), size };
	struct cli_progress progress;
	struct image image;
	struct buf text = { 0 };

	cli_progress_start(&progress, &run->output, &run->world);
	const struct image_progress told = { &progress, cli_progress_tell };
	enum reason reason = image_read(&from, &published, &told, &image);
	cli_progress_end(&progress);
	bool sound = reason == REASON_OK && image_is_sound(&image);
	*ret_exit = image_is_unreadable(reason) ? CLI_ERROR : CLI_FAIL;
	if (sound) {
		memcpy(ret, image.measurement.pcrs.value[0], PCR_LEN);
	} else if (reason == REASON_OK) {
		cli_complain(run->output.program, "%s: %s (%s)", path,
			     reason_sentence(REASON_EIF_CRC), reason_name(REASON_EIF_CRC));
	} else {
		image_form_text(&image, &text);
		buf_printf(&text, " (%s)", reason_name(reason));
		char *message = buf_take_text(&text);
		cli_complain(run->output.program, "%s: %s", path,
			     message != NULL ? message : reason_sentence(REASON_OUT_OF_MEMORY));
		free(message);
	}
	image_done(&image);
	return sound;
}

/* The PCR0 of what is small enough to be held: a pcr.json or a document. */
static bool pcr0_of_text(const struct verb_run *run, const char *path, struct span file,
			 uint8_t ret[static PCR_LEN])
{
	struct buf decoded = { 0 };
	struct span bytes;
	bool found = false;

	if (first_byte(file) == '{')
		return pcr0_of_pcrfile(run, path, file, ret);
	enum reason reason = file.len > DOCUMENT_FILE_MAX ? REASON_COSE_TOO_LARGE :
							    basenc_document(file, &decoded, &bytes);
	if (reason == REASON_OK)
		found = pcr0_of_document(run, path, bytes, ret);
	else
		cli_complain(run->output.program, "%s: %s (%s)", path, reason_sentence(reason),
			     reason_name(reason));
	buf_done(&decoded);
	return found;
}

static int hash_of_open(const struct verb_run *run, const char *path, int fd, uint64_t size)
{
	struct buf file = { 0 };
	uint8_t pcr0[PCR_LEN];
	int exit_status = CLI_FAIL;
	int why = 0;
	bool found = false;

	/* one byte more than the cap is read: the four of the magic, for a start */
	enum reason reason = cli_read_open(fd, MAGIC.len - 1, &file, &why);
	bool is_image = reason == REASON_OK && span_equal(buf_span(&file), MAGIC);
	if (reason == REASON_OK && !is_image)
		reason = cli_read_open(fd, JSON_MAX, &file, &why);
	if (reason != REASON_OK) {
		cli_complain(run->output.program, "%s: %s", path,
			     reason == REASON_FILE_UNREADABLE ? strerror(why) :
								reason_sentence(reason));
		exit_status = CLI_ERROR;
	} else if (is_image) {
		found = pcr0_of_image(run, path, fd, size, &file, pcr0, &exit_status);
	} else {
		found = pcr0_of_text(run, path, buf_span(&file), pcr0);
	}
	buf_done(&file);
	return found ? print_hash(run, pcr0) : exit_status;
}

static int hash_of_file(const struct verb_run *run, const char *path)
{
	uint64_t size;
	int fd;
	int why = 0;

	if (!cli_open(path, &fd, &size, &why)) {
		cli_complain(run->output.program, "%s: %s", path, strerror(why));
		return CLI_ERROR;
	}
	int exit_status = hash_of_open(run, path, fd, size);
	cli_close(fd);
	return exit_status;
}

int verb_hash(struct verb_run *run)
{
	uint8_t pcr0[PCR_LEN];

	if (run->output.format != CLI_TEXT)
		return verb_usage(run, "hash: prints one line of text, no other format");
	if (run->n_operands != 1)
		return verb_usage(run, "hash: one PCR0 or FILE is needed");
	if (expect_pcr_value(run->operands[0], pcr0))
		return print_hash(run, pcr0);
	if (expect_is_value(run->operands[0]))
		return verb_usage(run, "hash: that is a hash already (./NAME if it is a file)");
	return hash_of_file(run, run->operands[0]);
}
