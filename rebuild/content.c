#include "rebuild/content.h"

#include <errno.h>
#include <unistd.h>

enum reason content_read(const struct content *content, uint64_t from, uint8_t *to, size_t len)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = pread(content->fd, to + have, len - have,
				  (off_t)(content->at + from + have));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return REASON_FILE_UNREADABLE;
		have += (size_t)n;
	}
	return REASON_OK;
}
