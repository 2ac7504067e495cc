/* Which sections of two ELF files differ, and their build ids. Of 32 or 64 bits, in either byte
 * order, which the file names:
 *
 *   both:            4 1 class (1: 32 bits, 2: 64), 5 1 byte order (1: little-endian, 2: big)
 *   header of 64:    0x28 8 offset of the section headers, 0x3a 2 size of one (64), 0x3c 2 how
 *                    many, 0x3e 2 which of them is the table of names
 *   header of 32:    the same at 0x20 4, 0x2e 2 (40), 0x30 2, 0x32 2
 *   section header:  0 4 name (offset in that table), 4 4 type; of 64 bits 0x18 8 offset, 0x20 8
 *                    size; of 32 bits 0x10 4 and 0x14 4
 *
 * Source: System V ABI, object files, and ELF-64 object file format. */
#ifndef REBUILD_ELFPARTS_H
#define REBUILD_ELFPARTS_H

#include "rebuild/content.h"

/* *ret_told: both are such files and something could be said of them, appended to `out`, escaped.
 * A file that is malformed is none. REASON_FILE_UNREADABLE, _OUT_OF_MEMORY. */
enum reason elfparts_differ(const struct content *a, const struct content *b, struct buf *out,
			    bool *ret_told) MUST_CHECK;

#endif
