/* Two ramdisks that are not the same bytes: why. */
#ifndef REBUILD_ARCHIVES_H
#define REBUILD_ARCHIVES_H

#include "rebuild/catalog.h"
#include "rebuild/finding.h"
#include "rebuild/trouble.h"

/* Adds what differs. Nothing is added for two sections that begin as neither cpio nor gzip: they are
 * bytes to the caller. Content that has to be looked at is put aside in files without names in
 * `tmpdir`. REASON_CHANGED_WHILE_READING, _FILE_UNREADABLE, _FILE_UNWRITABLE, _OUT_OF_MEMORY,
 * _CRYPTO_FAILED, _CATALOG_NAMES. */
enum reason archives_compare(const char *part, const struct catalog_source *a,
			     const struct catalog_source *b, const char *tmpdir,
			     struct findings *findings, struct trouble *reterr) MUST_CHECK;

#endif
