/* The content of a ramdisk section, as the kernel takes it: archives one after the other, each raw
 * or in a gzip member of its own (a member may hold several), zeros between them. A raw archive
 * begins at a multiple of 4.
 *
 * A section that begins with neither magic is opaque: bytes about which nothing is said. One that
 * begins as an archive must be whole to its last byte. Source: Linux, init/initramfs.c. */
#ifndef REBUILD_RAMDISK_H
#define REBUILD_RAMDISK_H

#include "rebuild/gzip.h"
#include "rebuild/newc.h"

#define RAMDISK_EXPANSION_MAX (UINT64_C(4) << 30) /* bytes of archives after decompression */

struct ramdisk_facts {
	bool opaque;
	uint64_t archives;
	uint64_t members; /* gzip */
	uint64_t entries;
	uint64_t expanded; /* bytes after decompression, zeros between archives among them */
	uint64_t zeros;    /* bytes after the last archive, which only pad */
};

/* `member` is told the header of every gzip member before anything in it; it may be NULL. */
struct ramdisk_events {
	struct newc_events newc;
	enum reason (*member)(void *of, const struct gzip_header *header);
};

struct ramdisk;

/* `events` must outlive the reader; `expansion_max` bounds what all archives take, mostly
 * RAMDISK_EXPANSION_MAX. REASON_OUT_OF_MEMORY. End with ramdisk_free. */
enum reason ramdisk_new(const struct ramdisk_events *events, uint64_t expansion_max,
			struct ramdisk **ret) MUST_CHECK;

/* The next piece of the section. The reasons of newc_push and gzip_push; REASON_RAMDISK_JUNK,
 * _EXPANSION, _SPLIT. After a failure nothing more may be pushed. */
enum reason ramdisk_push(struct ramdisk *ramdisk, struct span bytes) MUST_CHECK;

/* The section is over. REASON_NEWC_TRUNCATED, REASON_GZIP_TRUNCATED. */
enum reason ramdisk_end(struct ramdisk *ramdisk, struct ramdisk_facts *ret) MUST_CHECK;

/* How many bytes of the section were taken: after a failure, about where it is. */
uint64_t ramdisk_offset(const struct ramdisk *ramdisk);

void ramdisk_free(struct ramdisk *ramdisk);

#endif
