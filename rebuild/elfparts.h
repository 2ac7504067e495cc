/* Which sections of two ELF files differ, and their build ids. Only 64-bit little-endian files are
 * looked at, which is what runs in an enclave on either machine.
 *
 *   header:          0x28 8 offset of the section headers, 0x3a 2 size of one (64), 0x3c 2 how
 *                    many, 0x3e 2 which of them is the table of names
 *   section header:  0 4 name (offset in that table), 4 4 type, 0x18 8 offset, 0x20 8 size
 *
 * Source: System V ABI, ELF-64 object file format. */
#ifndef REBUILD_ELFPARTS_H
#define REBUILD_ELFPARTS_H

#include "rebuild/content.h"

/* *ret_told: both are such files and something could be said of them, appended to `out`, escaped.
 * A file that is malformed is none. REASON_FILE_UNREADABLE, _OUT_OF_MEMORY. */
enum reason elfparts_differ(const struct content *a, const struct content *b, struct buf *out,
			    bool *ret_told) MUST_CHECK;

#endif
