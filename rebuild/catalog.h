/* What the archives of a ramdisk hold: every entry with its fields and the digest of its data, in
 * the order of the archives, and how they are compressed. Data itself is not kept: memory is bounded
 * by the number of entries (NEWC_ENTRIES_MAX) and by the length of all names. */
#ifndef REBUILD_CATALOG_H
#define REBUILD_CATALOG_H

#include "rebuild/advance.h"
#include "rebuild/ramdisk.h"
#include "verify/digest.h"
#include "verify/eif.h"

#define CATALOG_NAMES_MAX ((size_t)128 << 20) /* bytes of names and targets */

struct catalog_entry {
	size_t name_at; /* in `names`; the target stands behind the name */
	uint32_t name_len;
	uint32_t target_len;
	uint64_t archive;         /* links join names of one archive only */
	struct newc_entry fields; /* spans in it are empty */
	uint8_t sha256[DIGEST_SHA256_LEN];
};

struct catalog {
	enum reason form; /* REASON_OK, or why reading ended; entries up to there are right */
	struct ramdisk_facts facts;
	struct catalog_entry *entries;
	size_t n;
	size_t cap;
	struct buf names;
	struct gzip_header first; /* of the first member, where facts.members is not 0 */
};

/* A section as an image has it; `sha384` is what was measured. Borrowed. Whoever reads it tells
 * `advance`, which may be NULL, of every byte each time. */
struct catalog_source {
	int fd;
	const struct eif_section *section;
	const uint8_t *sha384;
	struct advance *advance;
};

/* Reads the section again, to its end. A malformed one is no failure: see `form`. `names_max` is
 * mostly CATALOG_NAMES_MAX. End with catalog_done, also after a failure.
 * REASON_CHANGED_WHILE_READING, _FILE_UNREADABLE, _OUT_OF_MEMORY, _CRYPTO_FAILED,
 * _CATALOG_NAMES. */
enum reason catalog_read(const struct catalog_source *source, size_t names_max,
			 struct catalog *ret) MUST_CHECK;

/* Borrowed until the catalog ends. */
struct span catalog_name(const struct catalog *catalog, size_t index);
struct span catalog_target(const struct catalog *catalog, size_t index);

/* Reads once more and pours into `sink` the data of the entries whose numbers are listed in `wanted`,
 * ascending, one behind the other. What is poured has the digests of the catalog, whatever became of
 * the rest of the section. REASON_CHANGED_WHILE_READING, the reasons of reading, and
 * whatever the sink returns. */
enum reason catalog_pour(const struct catalog_source *source, const struct catalog *catalog,
			 const size_t *wanted, size_t n_wanted, const struct sink *sink) MUST_CHECK;

void catalog_done(struct catalog *catalog);

#endif
