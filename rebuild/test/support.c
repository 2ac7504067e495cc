#include "rebuild/test/support.h"

#include <string.h>

#include "rebuild/gzip.h"

static enum reason append(void *to, struct span bytes)
{
	struct buf *buf = to;

	buf_add(buf, bytes);
	return buf->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

struct sink support_sink(struct buf *buf)
{
	return (struct sink){ append, buf };
}

static void pad(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_byte(out, 0);
}

void support_entry(struct buf *out, const struct support_entry *entry)
{
	struct span data = { NULL, 0 };
	size_t name_len = strlen(entry->name) + 1;
	uint32_t mode = entry->mode;

	/* the trailer has none, as GNU cpio writes it */
	if (mode == 0 && strcmp(entry->name, "TRAILER!!!") != 0)
		mode = 0100644;

	if (entry->data != NULL)
		data = span_of_text(entry->data);
	buf_text(out, entry->magic != NULL ? entry->magic : "070701");
	buf_printf(out, "%08X%08X%08X%08X%08X%08X", entry->ino, mode, 0U, 0U,
		   entry->nlink != 0 ? entry->nlink : 1U, 0U);
	buf_printf(out, "%08X%08X%08X%08X%08X%08X%08X",
		   entry->size != 0 ? entry->size : (unsigned)data.len, 0U, 0U, entry->rdev_major,
		   entry->rdev_minor, entry->name_size != 0 ? entry->name_size : (unsigned)name_len,
		   entry->check);
	buf_add(out, (struct span){ (const uint8_t *)entry->name, name_len });
	pad(out, (4 - (NEWC_HEADER_LEN + name_len) % 4) % 4);
	buf_add(out, data);
	pad(out, (4 - data.len % 4) % 4);
}

void support_trailer(struct buf *out)
{
	support_entry(out, &(struct support_entry){ .name = "TRAILER!!!" });
}

void support_gzip(struct buf *out, struct span bytes)
{
	struct gzip_writer *writer = NULL;

	EXPECT_REASON("gzip", gzip_writer_new(support_sink(out), &writer), REASON_OK);
	EXPECT_REASON("gzip", gzip_write(writer, bytes), REASON_OK);
	EXPECT_REASON("gzip", gzip_write_end(writer), REASON_OK);
	gzip_writer_free(writer);
}
