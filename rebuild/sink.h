/* Where a stream of bytes goes. */
#ifndef REBUILD_SINK_H
#define REBUILD_SINK_H

#include "verify/reason.h"
#include "verify/span.h"

/* Takes the next piece; any reason but REASON_OK stops whoever pours. */
struct sink {
	enum reason (*put)(void *to, struct span bytes);
	void *to;
};

static inline enum reason sink_put(const struct sink *sink, struct span bytes)
{
	return bytes.len == 0 ? REASON_OK : sink->put(sink->to, bytes);
}

#endif
