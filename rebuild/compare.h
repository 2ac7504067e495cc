/* Why two images differ, or an image and the registers that somebody published.
 *
 * Both images were read and measured before (verify/image.h); what differs is read once more
 * through the same descriptors and must be what it was. Cheapest first: registers and what they
 * imply, header, sections, description, command line, kernel, then the entries of the ramdisks.
 * Sources: this project's notes on why two images differ; verify/eif.h, rebuild/newc.h and
 * rebuild/gzip.h for the layouts. */
#ifndef REBUILD_COMPARE_H
#define REBUILD_COMPARE_H

#include "rebuild/advance.h"
#include "rebuild/finding.h"
#include "rebuild/trouble.h"
#include "verify/image.h"
#include "verify/pcrfile.h"

#define COMPARE_ROWS (2 * EIF_SECTIONS_MAX)

/* The conclusion, each one including those before it. */
enum compare_class {
	COMPARE_IDENTICAL,
	COMPARE_UNMEASURED,
	COMPARE_COMPRESSION,
	COMPARE_ATTRIBUTE, /* times, owners, numbers of inodes */
	COMPARE_CASCADE,   /* hashes of store paths */
	COMPARE_CONTENT
};

/* An image in proper form with the right checksum, and where it was read from. */
struct compare_side {
	const char *path;
	int fd; /* can be read at any offset */
	struct image image;
};

/* Two sections that belong together: of the same type, of ramdisks the same in order. */
struct compare_row {
	enum eif_type type;
	size_t ordinal;              /* of ramdisks, from 0 */
	const struct eif_section *a; /* NULL: there is none */
	const struct eif_section *b;
	const uint8_t *sha384_a; /* NULL where there is no section */
	const uint8_t *sha384_b;
	bool equal;
};

/* Borrows from the sides. End with comparison_done. */
struct comparison {
	const struct compare_side *a;
	const struct compare_side *b; /* NULL: against registers */
	const char *file;             /* then: of that file */
	struct pcrs pcrs_a;
	struct pcrs pcrs_b;
	bool has_hash; /* the file names an ENCLAVE_HASH, */
	bool hash_equal;
	size_t n_rows;
	struct compare_row rows[COMPARE_ROWS];
	struct findings findings;
	enum compare_class class;
	const char *implied; /* a sentence of what the registers imply; static */
};

/* `advance`, which may be NULL, is told while ramdisks are read again: up to twice each. `tmpdir` is where content of files that differ is put aside for a moment, in a file without a
 * name. On failure *reterr tells more, and *ret holds nothing that needs comparison_done.
 * REASON_CHANGED_WHILE_READING, _FILE_UNREADABLE, _FILE_UNWRITABLE, _OUT_OF_MEMORY,
 * _CRYPTO_FAILED. */
enum reason compare_images(const struct compare_side *a, const struct compare_side *b,
			   const char *tmpdir, struct advance *advance, struct comparison *ret,
			   struct trouble *reterr) MUST_CHECK;

/* REASON_OUT_OF_MEMORY. */
enum reason compare_registers(const struct compare_side *a, const char *path,
			      const struct pcrfile *file, struct comparison *ret) MUST_CHECK;

/* Nothing differs: every byte, or every register that the file names. */
bool comparison_is_equal(const struct comparison *comparison);

/* "identical", "unmeasured-only", ... and what that means, in a sentence. Static. */
const char *compare_class_name(enum compare_class class);
const char *compare_class_sentence(enum compare_class class);

/* "ramdisk 1", "kernel": into `ret`, which is returned. */
#define COMPARE_NAME_LEN 24
const char *compare_row_name(const struct compare_row *row, char ret[static COMPARE_NAME_LEN]);

void comparison_done(struct comparison *comparison);

#endif
