/* The bytes of one file within an image or an archive, read at any offset. */
#ifndef REBUILD_CONTENT_H
#define REBUILD_CONTENT_H

#include "verify/reason.h"
#include "verify/span.h"

struct content {
	int fd;
	uint64_t at;
	uint64_t size;
};

/* Bytes from `from` on; there must be as many. REASON_FILE_UNREADABLE. */
enum reason content_read(const struct content *content, uint64_t from, uint8_t *to,
			 size_t len) MUST_CHECK;

#endif
