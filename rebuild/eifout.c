#include "rebuild/eifout.h"

#include <libdeflate.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "rebuild/draft.h"

/* Writes big-endian numbers one behind the other. */
static void put_be(uint8_t **at, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*(*at)++ = (uint8_t)(value >> 8 * (n - 1 - i));
}

static enum reason move_to(const struct eifout *image, uint64_t offset)
{
	return lseek(image->fd, (off_t)offset, SEEK_SET) == (off_t)offset ? REASON_OK :
									    REASON_FILE_UNWRITABLE;
}

enum reason eifout_start(struct eifout *image, int fd, uint16_t flags)
{
	*image = (struct eifout){
		.fd = fd,
		.eif = { .version = EIFOUT_VERSION,
			 .flags = flags,
			 .default_mem = EIFOUT_DEFAULT_MEM,
			 .default_cpus = EIFOUT_DEFAULT_CPUS,
			 .size = EIF_HEADER_LEN },
		.measure = measure_new(false),
	};
	if (image->measure == NULL)
		return REASON_OUT_OF_MEMORY;
	image->buffer = measure_buffer(image->measure);
	return REASON_OK;
}

void eifout_done(struct eifout *image)
{
	measure_free(image->measure);
	image->measure = NULL;
}

static struct eif_section *present(struct eifout *image)
{
	return &image->eif.sections[image->eif.n_sections - 1];
}

/* Hands what was gathered to file, checksum and measurement. */
static enum reason flush(struct eifout *image)
{
	struct span bytes = { image->buffer, image->have };

	if (draft_interrupted())
		return REASON_INTERRUPTED;
	/* a section header may have gone beyond the limit already */
	if (image->eif.size > EIF_SIZE_MAX || bytes.len > EIF_SIZE_MAX - image->eif.size)
		return REASON_EIF_TOO_LARGE;
	image->eif.size += bytes.len;
	present(image)->size += bytes.len;
	image->section_crc = libdeflate_crc32(image->section_crc, bytes.at, bytes.len);
	enum reason reason = REASON_OK;
	if (!image->measured && bytes.len > 0)
		reason = measure_data(image->measure, bytes);
	if (reason == REASON_OK)
		reason = draft_write(image->fd, bytes);
	if (!image->measured)
		image->buffer = measure_buffer(image->measure);
	image->have = 0;
	advance_by(image->advance, bytes.len);
	return reason;
}

enum reason eifout_begin(struct eifout *image, enum eif_type type)
{
	if (image->eif.n_sections == EIF_SECTIONS_MAX)
		return REASON_EIF_SECTION_COUNT;
	image->eif.n_sections++;
	image->eif.size += EIF_SECTION_HEADER_LEN;
	*present(image) = (struct eif_section){ .type = type, .offset = image->eif.size };
	image->section_crc = 0;
	enum reason reason = move_to(image, image->eif.size);
	if (reason == REASON_OK && !image->measured)
		reason = measure_begin(image->measure, present(image));
	return reason;
}

enum reason eifout_put(void *to, struct span bytes)
{
	struct eifout *image = to;
	struct span piece;

	while (bytes.len > 0) {
		size_t room = MEASURE_CHUNK - image->have;
		if (!span_take(&bytes, bytes.len < room ? bytes.len : room, &piece))
			break;
		memcpy(image->buffer + image->have, piece.at, piece.len);
		image->have += piece.len;
		if (image->have < MEASURE_CHUNK)
			break;
		enum reason reason = flush(image);
		if (reason != REASON_OK)
			return reason;
	}
	return REASON_OK;
}

enum reason eifout_end(struct eifout *image)
{
	uint8_t header[EIF_SECTION_HEADER_LEN];
	uint8_t *at = header;

	enum reason reason = flush(image);
	if (reason == REASON_OK && !image->measured)
		reason = measure_end(image->measure);
	if (reason != REASON_OK)
		return reason;
	const struct eif_section *section = present(image);
	put_be(&at, section->type, 2);
	put_be(&at, 0, 2);
	put_be(&at, section->size, 8);
	image->crc = libdeflate_crc32(image->crc, header, sizeof(header));
	image->crc = (uint32_t)crc32_combine(image->crc, image->section_crc, (off_t)section->size);
	reason = move_to(image, section->offset - EIF_SECTION_HEADER_LEN);
	return reason != REASON_OK ? reason : draft_write(image->fd, SPAN_OF(header));
}

enum reason eifout_pcrs(struct eifout *image, struct pcrs *ret)
{
	struct measurement measurement;

	enum reason reason = measure_finish(image->measure, &measurement);
	if (reason != REASON_OK)
		return reason;
	image->measured = true;
	*ret = measurement.pcrs;
	return REASON_OK;
}

enum reason eifout_finish(struct eifout *image)
{
	const struct eif *eif = &image->eif;
	uint8_t header[EIF_HEADER_LEN] = ".eif";
	uint8_t *at = header + 4;

	put_be(&at, eif->version, 2);
	put_be(&at, eif->flags, 2);
	put_be(&at, eif->default_mem, 8);
	put_be(&at, eif->default_cpus, 8);
	put_be(&at, 0, 2);
	put_be(&at, eif->n_sections, 2);
	for (size_t i = 0; i < EIF_SECTIONS_MAX; i++)
		put_be(&at,
		       i < eif->n_sections ? eif->sections[i].offset - EIF_SECTION_HEADER_LEN : 0,
		       8);
	for (size_t i = 0; i < EIF_SECTIONS_MAX; i++)
		put_be(&at, i < eif->n_sections ? eif->sections[i].size : 0, 8);
	put_be(&at, 0, 4);
	uint32_t crc = libdeflate_crc32(0, header, EIF_CRC_OFFSET);
	crc = (uint32_t)crc32_combine(crc, image->crc, (off_t)(eif->size - EIF_HEADER_LEN));
	put_be(&at, crc, 4);
	image->eif.crc = crc;
	image->eif.crc_computed = crc;
	enum reason reason = move_to(image, 0);
	return reason != REASON_OK ? reason : draft_write(image->fd, SPAN_OF(header));
}
