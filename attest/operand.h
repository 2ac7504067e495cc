/* What `onchain` is asked about: a HASH, a PCR0, or a FILE of three kinds told apart by content. */
#ifndef ATTEST_OPERAND_H
#define ATTEST_OPERAND_H

#include "attest/verb.h"
#include "verify/image.h"

enum operand_kind {
	OPERAND_HASH,    /* 0x and 64 digits: the key itself */
	OPERAND_PCR0,    /* 96 digits */
	OPERAND_IMAGE,   /* a file that begins as an EIF does; measured */
	OPERAND_PCRFILE, /* one that begins with { */
	OPERAND_DOCUMENT /* any other */
};

/* Start with {0}, end with operand_done. */
struct operand {
	enum operand_kind kind;
	uint8_t hash[DOSSIER_WORD_LEN]; /* of OPERAND_HASH */
	struct pcrs pcrs;               /* of OPERAND_PCR0 and _PCRFILE */
	struct image image;             /* of OPERAND_IMAGE, whatever its form */
	struct buf file;
	struct buf decoded;
	struct span document; /* of OPERAND_DOCUMENT, borrowed from `file` or `decoded`, */
	enum reason
		document_reason; /* unless this is not REASON_OK: then it is malformed, as a pcr.json may
				      * be, too, or cannot be read */
};

/* Reads it. What is malformed or cannot be read is an OPERAND_DOCUMENT with its reason, said on stderr where
 * there is more to say of it. False: it is a value that must not be looked up, said on stderr. */
bool operand_read(const struct attest_run *run, const char *word, struct operand *ret);

/* Makes it one that fails for this reason. */
void operand_refuse(struct operand *operand, enum reason reason);
void operand_done(struct operand *operand);

#endif
