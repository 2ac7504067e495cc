/* What the tests of this floor need beyond test/support.h: archives made entry by entry. Failures to set
 * things up end the test (ck_abort_msg). */
#ifndef REBUILD_TEST_SUPPORT_H
#define REBUILD_TEST_SUPPORT_H

#include "rebuild/newc.h"
#include "rebuild/sink.h"
#include "test/support.h"

/* A sink that appends to a struct buf. */
struct sink support_sink(struct buf *buf);

/* One entry of an archive as a test wants it, right or wrong. Unset fields mean what is usual. */
struct support_entry {
	const char *name;
	uint32_t mode;    /* 0: a file, 0100644 */
	const char *data; /* or target; NULL: none */
	uint32_t ino;
	uint32_t nlink;    /* 0: 1 */
	const char *magic; /* NULL: 070701 */
	uint32_t check;
	uint32_t rdev_major;
	uint32_t rdev_minor;
	uint32_t size;      /* 0: that of `data` */
	uint32_t name_size; /* 0: that of `name` with its NUL */
};

/* Appends an entry, and the end of an archive without any padding to 512. */
void support_entry(struct buf *out, const struct support_entry *entry);
void support_trailer(struct buf *out);

/* Appends a gzip member of these bytes. */
void support_gzip(struct buf *out, struct span bytes);

#endif
