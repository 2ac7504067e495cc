#include "attest/operand.h"

#include <string.h>

#include "verify/basenc.h"
#include "verify/document.h"
#include "verify/expect.h"

#define MAGIC SPAN_LITERAL(".eif")
#define HASH_TEXT_LEN (2 + (size_t)2 * DOSSIER_WORD_LEN)

void operand_done(struct operand *operand)
{
	if (operand->kind == OPERAND_IMAGE)
		image_done(&operand->image);
	buf_done(&operand->file);
	buf_done(&operand->decoded);
}

/* 0x and 64 digits is always a value. */
static bool is_hash(const char *word)
{
	uint8_t bytes[DOSSIER_WORD_LEN];

	return strlen(word) == HASH_TEXT_LEN && word[0] == '0' &&
	       (word[1] == 'x' || word[1] == 'X') &&
	       hex_decode_exact((struct span){ (const uint8_t *)word + 2, HASH_TEXT_LEN - 2 },
				bytes, sizeof(bytes));
}

/* Every debug enclave has it. */
static bool is_zero_pcr0(const struct attest_run *run, const char *word, const struct pcrs *pcrs)
{
	if (!pcrs_is_debug(pcrs))
		return false;
	cli_complain(run->output.program,
		     "%s: this PCR0 is all zero, as that of every debug enclave; it names no image",
		     word);
	return true;
}

/* The first byte that is no white space, or 0. */
static uint8_t first_byte(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] != ' ' && (text.at[i] < '\t' || text.at[i] > '\r'))
			return text.at[i];
	}
	return 0;
}

static void read_image(const struct attest_run *run, const char *path, int fd, uint64_t size,
		       struct operand *ret)
{
	static const struct eif_rules published = { 0 };
	const struct image_source from = { fd, buf_span(&ret->file), size };
	struct cli_progress progress;

	ret->kind = OPERAND_IMAGE;
	cli_progress_start(&progress, &run->output, &run->world);
	const struct image_progress told = { &progress, cli_progress_tell };
	enum reason reason = image_read(&from, &published, &told, &ret->image);
	cli_progress_end(&progress);
	if (reason == REASON_FILE_UNREADABLE)
		cli_complain(run->output.program, "%s: %s", path, strerror(ret->image.read_errno));
}

void operand_refuse(struct operand *operand, enum reason reason)
{
	operand->kind = OPERAND_DOCUMENT;
	operand->document_reason = reason;
}

/* What is malformed is a finding, and gets its report. False: it must not be looked up. */
static bool read_pcrfile(const struct attest_run *run, const char *path, struct operand *ret)
{
	struct json_place place;
	struct pcrfile file;

	if (!expect_pcrfile(run->output.program, "", path, buf_span(&ret->file), &file)) {
		enum reason reason = pcrfile_read(buf_span(&ret->file), &file, &place);
		/* read now, and not before: only memory comes and goes */
		operand_refuse(ret, reason != REASON_OK ? reason : REASON_OUT_OF_MEMORY);
		return true;
	}
	if (!pcrs_has(&file.pcrs, 0)) {
		cli_complain(run->output.program, "%s: no PCR0 in it (%s)", path,
			     reason_name(REASON_PCR_MISSING));
		operand_refuse(ret, REASON_PCR_MISSING);
		return true;
	}
	if (!pcrfile_agrees(&file))
		cli_complain(run->output.program,
			     "warning: %s: its enclave_hash is not that of its PCR0, which is "
			     "what is asked about",
			     path);
	ret->kind = OPERAND_PCRFILE;
	ret->pcrs = file.pcrs;
	return !is_zero_pcr0(run, path, &ret->pcrs);
}

/* What is small enough to be held. */
static bool read_text(const struct attest_run *run, const char *path, struct operand *ret)
{
	if (first_byte(buf_span(&ret->file)) == '{')
		return read_pcrfile(run, path, ret);
	ret->kind = OPERAND_DOCUMENT;
	ret->document_reason =
		ret->file.len > DOCUMENT_FILE_MAX ?
			REASON_COSE_TOO_LARGE :
			basenc_document(buf_span(&ret->file), &ret->decoded, &ret->document);
	return true;
}

static bool read_open(const struct attest_run *run, const char *path, int fd, uint64_t size,
		      struct operand *ret)
{
	int why = 0;

	/* one byte more than the cap is read: the four of the magic, for a start */
	enum reason reason = cli_read_open(fd, MAGIC.len - 1, &ret->file, &why);
	if (reason == REASON_OK && span_equal(buf_span(&ret->file), MAGIC)) {
		read_image(run, path, fd, size, ret);
		return true;
	}
	if (reason == REASON_OK)
		reason = cli_read_open(fd, JSON_MAX, &ret->file, &why);
	if (reason == REASON_OK)
		return read_text(run, path, ret);
	cli_complain(run->output.program, "%s: %s", path,
		     reason == REASON_FILE_UNREADABLE ? strerror(why) : reason_sentence(reason));
	operand_refuse(ret, reason);
	return true;
}

bool operand_read(const struct attest_run *run, const char *word, struct operand *ret)
{
	uint8_t pcr0[PCR_LEN];
	uint64_t size = 0;
	int fd = -1;
	int why = 0;

	if (is_hash(word)) {
		ret->kind = OPERAND_HASH;
		return contract_hash(run->output.program, word, ret->hash);
	}
	if (expect_pcr_value(word, pcr0)) {
		ret->kind = OPERAND_PCR0;
		pcrs_set(&ret->pcrs, 0, pcr0);
		return !is_zero_pcr0(run, word, &ret->pcrs);
	}
	if (!cli_open(word, &fd, &size, &why)) {
		cli_complain(run->output.program, "%s: %s", word, strerror(why));
		operand_refuse(ret, REASON_FILE_UNREADABLE);
		return true;
	}
	ret->kind = OPERAND_DOCUMENT;
	bool ok = read_open(run, word, fd, size, ret);
	cli_close(fd);
	return ok;
}
