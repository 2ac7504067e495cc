#include "verify/counting.h"

#include <inttypes.h>

/* "99 s", "3 min", "1 h 5 min" */
static void add_duration(struct buf *out, uint64_t seconds)
{
	if (seconds < 100)
		buf_printf(out, "%" PRIu64 " s", seconds);
	else if (seconds < 3600)
		buf_printf(out, "%" PRIu64 " min", seconds / 60);
	else
		buf_printf(out, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600, seconds / 60 % 60);
}

void counting_line(const struct counting *counting, struct buf *out)
{
	const uint64_t left = counting->all - counting->done;
	struct span latest = counting->latest;

	buf_text(out, "[");
	for (uint64_t i = 0; i < COUNTING_BAR; i++)
		buf_text(out, i < counting->done * COUNTING_BAR / counting->all ? "#" : ".");
	buf_printf(out, "]  %" PRIu64 " of %" PRIu64 " %s  ", counting->done, counting->all,
		   counting->what);
	add_duration(out, counting->taken_s);
	/* parts differ so much that this is a guess, and before the first not even that */
	if (counting->done > 0 && left > 0 && counting->taken_s > 0 &&
	    counting->taken_s < UINT32_MAX) {
		buf_text(out, ", about ");
		add_duration(out, counting->taken_s * left / counting->done + 1);
		buf_text(out, " left");
	}
	if (latest.len > COUNTING_NAME)
		latest.len = COUNTING_NAME;
	if (latest.len > 0) {
		buf_text(out, "  ");
		buf_escaped(out, latest);
	}
}
