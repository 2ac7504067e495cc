#include "rebuild/kernel.h"

#include <string.h>

#include "rebuild/reread.h"

#define BZIMAGE_HEADER_LEN 0x250
#define ZBOOT_HEADER_LEN 16
#define SECTOR 512
#define PAYLOAD_SINCE 0x0208 /* version of the protocol */

struct reading {
	struct kernel *result;
	struct digest regions[KERNEL_REGIONS];
	uint8_t head[PAYLOAD_HEAD_LEN]; /* of the payload */
	size_t head_len;
	uint64_t at;
};

static uint64_t le(const uint8_t *bytes, size_t n)
{
	uint64_t value = 0;

	for (size_t i = n; i > 0; i--)
		value = value << 8 | bytes[i - 1];
	return value;
}

static void set_payload(struct kernel *kernel, uint64_t at, uint64_t len, uint64_t size)
{
	kernel->has_payload = len > 0 && at <= size && len <= size - at;
	kernel->payload_at = kernel->has_payload ? at : size;
	kernel->payload_len = kernel->has_payload ? len : 0;
}

/* The string stands in the setup code, at the beginning. */
static void read_version(struct kernel *kernel, struct span first)
{
	uint64_t at = le(first.at + 0x20e, 2);
	struct span skipped;

	if (at == 0 || !span_take(&first, (size_t)at + 0x200, &skipped))
		return;
	while (kernel->version_len < first.len && kernel->version_len < KERNEL_VERSION_MAX &&
	       first.at[kernel->version_len] != 0) {
		kernel->version[kernel->version_len] = first.at[kernel->version_len];
		kernel->version_len++;
	}
}

/* What the first piece of a section of `size` bytes says. */
static void read_layout(struct kernel *kernel, struct span first, uint64_t size)
{
	const uint8_t *header = first.at;
	struct span head = { first.at,
			     first.len < PAYLOAD_HEAD_LEN ? first.len : PAYLOAD_HEAD_LEN };

	kernel->payload_at = size;
	if (first.len >= BZIMAGE_HEADER_LEN && memcmp(header + 0x202, "HdrS", 4) == 0) {
		uint64_t sectors = header[0x1f1] == 0 ? 4 : header[0x1f1];
		uint64_t len = le(header + 0x206, 2) >= PAYLOAD_SINCE ? le(header + 0x24c, 4) : 0;
		kernel->kind = KERNEL_BZIMAGE;
		read_version(kernel, first);
		set_payload(kernel, (sectors + 1) * SECTOR + le(header + 0x248, 4), len, size);
	} else if (first.len >= ZBOOT_HEADER_LEN && memcmp(header, "MZ", 2) == 0 &&
		   memcmp(header + 4, "zimg", 4) == 0) {
		kernel->kind = KERNEL_ZBOOT;
		set_payload(kernel, le(header + 8, 4), le(header + 12, 4), size);
	} else if (payload_format_of(head) != PAYLOAD_UNKNOWN) {
		kernel->kind = KERNEL_WHOLE;
		set_payload(kernel, 0, size, size);
	}
}

static void keep_head(struct reading *reading, struct span part)
{
	for (size_t i = 0; i < part.len && reading->head_len < PAYLOAD_HEAD_LEN; i++)
		reading->head[reading->head_len++] = part.at[i];
}

/* The parts of a piece that lie in the regions. */
static enum reason feed(struct reading *reading, struct span piece)
{
	const struct kernel *kernel = reading->result;
	const uint64_t ends[] = { kernel->payload_at, kernel->payload_at + kernel->payload_len,
				  UINT64_MAX };
	enum reason reason = REASON_OK;

	for (size_t region = 0; region < KERNEL_REGIONS && reason == REASON_OK; region++) {
		uint64_t left = ends[region] > reading->at ? ends[region] - reading->at : 0;
		struct span part;
		(void)span_take(&piece, piece.len < left ? piece.len : (size_t)left, &part);
		reading->at += part.len;
		if (region == KERNEL_PAYLOAD)
			keep_head(reading, part);
		if (part.len > 0)
			reason = digest_add(&reading->regions[region], part);
	}
	return reason;
}

static enum reason read_regions(const struct catalog_source *source, struct reading *reading)
{
	struct reread reread = { .fd = -1 };
	struct span piece = { NULL, 0 };

	enum reason reason = reread_start(&reread, source->fd, source->section, source->sha384);
	if (reason == REASON_OK)
		reason = reread_next(&reread, &piece);
	if (reason == REASON_OK)
		read_layout(reading->result, piece, source->section->size);
	while (reason == REASON_OK && piece.len > 0) {
		reason = feed(reading, piece);
		if (reason == REASON_OK)
			reason = reread_next(&reread, &piece);
	}
	reread_done(&reread);
	for (size_t i = 0; i < KERNEL_REGIONS && reason == REASON_OK; i++)
		reason = digest_peek(&reading->regions[i], reading->result->sha384[i]);
	const struct span head = { reading->head, reading->head_len };
	reading->result->format = payload_format_of(head);
	return reason;
}

enum reason kernel_read(const struct catalog_source *source, struct kernel *ret)
{
	struct reading reading = { .result = ret };
	enum reason reason = REASON_OK;

	*ret = (struct kernel){ .form = REASON_PAYLOAD_FORMAT };
	for (size_t i = 0; i < KERNEL_REGIONS && reason == REASON_OK; i++)
		reason = digest_start(&reading.regions[i]);
	if (reason == REASON_OK)
		reason = read_regions(source, &reading);
	for (size_t i = 0; i < KERNEL_REGIONS; i++)
		digest_done(&reading.regions[i]);
	return reason;
}

enum reason kernel_expand(const struct catalog_source *source, uint64_t max, struct kernel *kernel)
{
	const struct eif_section section = {
		.type = EIF_KERNEL,
		.offset = source->section->offset + kernel->payload_at,
		.size = kernel->payload_len,
	};
	const struct catalog_source payload = {
		.fd = source->fd,
		.section = &section,
		.sha384 = kernel->sha384[KERNEL_PAYLOAD],
	};

	return kernel->has_payload ? payload_read(&payload, kernel->format, max, &kernel->innards,
						  &kernel->form) :
				     REASON_OK;
}

const char *kernel_kind_name(enum kernel_kind kind)
{
	static const char *const names[] = {
		[KERNEL_UNKNOWN] = "unknown",
		[KERNEL_BZIMAGE] = "bzImage",
		[KERNEL_ZBOOT] = "zboot",
		[KERNEL_WHOLE] = "whole",
	};

	return names[kind <= KERNEL_WHOLE ? kind : KERNEL_UNKNOWN];
}

void kernel_done(struct kernel *kernel)
{
	innards_done(&kernel->innards);
}
