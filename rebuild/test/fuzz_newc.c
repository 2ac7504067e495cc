/* A ramdisk section: pieces of any size tell the same, and what is told, written again by our own
 * writer, is read back as the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebuild/ramdisk.h"

#define EXPANSION ((uint64_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

/* What was told, and, when `again` is wanted, the same entries written anew. */
struct record {
	struct buf log;
	struct buf again;
	struct newc_writer writer;
	bool writing;
};

static enum reason append(void *to, struct span bytes)
{
	buf_add(to, bytes);
	return REASON_OK;
}

static enum reason on_entry(void *of, const struct newc_entry *entry)
{
	struct record *record = of;

	buf_printf(&record->log, "%o %u %u %u %u %u %u,%u ", entry->mode, entry->uid, entry->gid,
		   entry->nlink, entry->mtime, entry->size, entry->rdev_major, entry->rdev_minor);
	buf_add(&record->log, entry->name);
	buf_add(&record->log, entry->target);
	demand(entry->name.len < NEWC_NAME_MAX && entry->target.len < NEWC_NAME_MAX, "too long");
	/* an empty name is read, for extract.c to refuse, and never written */
	if (entry->name.len == 0)
		record->writing = false;
	if (record->writing)
		demand(newc_write_entry(&record->writer, entry) == REASON_OK, "entry not written");
	return REASON_OK;
}

static enum reason on_data(void *of, struct span bytes)
{
	struct record *record = of;

	buf_add(&record->log, bytes);
	if (record->writing)
		demand(newc_write_data(&record->writer, bytes) == REASON_OK, "data not written");
	return REASON_OK;
}

static enum reason on_end(void *of)
{
	struct record *record = of;

	buf_text(&record->log, ";");
	if (record->writing)
		demand(newc_write_end(&record->writer) == REASON_OK, "end not written");
	return REASON_OK;
}

static enum reason on_trailer(void *of)
{
	struct record *record = of;

	buf_text(&record->log, "END");
	if (record->writing) {
		demand(newc_write_trailer(&record->writer) == REASON_OK, "trailer not written");
		newc_writer_start(&record->writer, (struct sink){ append, &record->again });
	}
	return REASON_OK;
}

static enum reason read_all(struct span section, size_t step, struct record *record,
			    struct ramdisk_facts *ret)
{
	const struct ramdisk_events events = { { record, on_entry, on_data, on_end, on_trailer },
					       NULL };
	struct ramdisk *ramdisk = NULL;
	struct span piece;

	newc_writer_start(&record->writer, (struct sink){ append, &record->again });
	enum reason reason = ramdisk_new(&events, EXPANSION, &ramdisk);
	while (reason == REASON_OK && section.len > 0 &&
	       span_take(&section, section.len < step ? section.len : step, &piece))
		reason = ramdisk_push(ramdisk, piece);
	if (reason == REASON_OK)
		reason = ramdisk_end(ramdisk, ret);
	ramdisk_free(ramdisk);
	return reason;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record whole = { .writing = true };
	struct record pieces = { .writing = false };
	struct record back = { .writing = false };
	struct ramdisk_facts facts = { .opaque = true };
	struct ramdisk_facts other = facts;

	enum reason reason = read_all((struct span){ data, size }, SIZE_MAX, &whole, &facts);
	enum reason same = read_all((struct span){ data, size }, 1 + size % 37, &pieces, &other);
	demand(reason == same, "pieces are judged otherwise");
	demand(reason != REASON_OK ||
		       (facts.entries == other.entries && facts.expanded == other.expanded &&
			facts.zeros == other.zeros && facts.opaque == other.opaque),
	       "pieces have other facts");
	demand(reason != REASON_OK || span_equal(buf_span(&whole.log), buf_span(&pieces.log)),
	       "pieces tell otherwise");
	if (reason == REASON_OK && whole.writing && facts.entries > 0) {
		demand(read_all(buf_span(&whole.again), SIZE_MAX, &back, &other) == REASON_OK,
		       "our own archive is refused");
		demand(span_equal(buf_span(&whole.log), buf_span(&back.log)),
		       "our own archive tells otherwise");
	}
	buf_done(&whole.log);
	buf_done(&whole.again);
	buf_done(&pieces.log);
	buf_done(&back.log);
	return 0;
}
