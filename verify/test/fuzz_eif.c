/* An image: fed at once or in pieces, the same comes out; what is accepted is sections without a gap,
 * with the checksum that a second implementation computes, and is measured as the definitions say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/measure.h"
#include "verify/test/eifmint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

static enum reason read_in(struct span image, size_t piece, const struct eif_sink *sink,
			   struct eif *ret, uint64_t *reterr_at)
{
	static const struct eif_rules published = { 0 };
	struct eif_reader reader;
	struct span part;

	eif_start(&reader, &published, sink);
	while (image.len > 0 && span_take(&image, image.len < piece ? image.len : piece, &part)) {
		if (eif_feed(&reader, part) != REASON_OK)
			break;
	}
	return eif_finish(&reader, ret, reterr_at);
}

/* extend(SHA-384(the measured sections from..to, counted in ramdisks ended before)). */
static void check_pcr(struct span image, const struct eif *eif, const struct measurement *got,
		      unsigned index)
{
	struct span parts[EIF_SECTIONS_MAX];
	size_t n = 0;
	size_t ramdisks = 0;
	uint8_t inner[DIGEST_SHA384_LEN];
	uint8_t want[PCR_LEN];

	for (size_t i = 0; i < eif->n_sections; i++) {
		const struct eif_section *section = &eif->sections[i];
		bool application = section->type == EIF_RAMDISK && ramdisks++ > 0;
		if (!eif_type_is_measured(section->type) || (index == 1 && application) ||
		    (index == 2 && !application))
			continue;
		parts[n++] = (struct span){ image.at + section->offset, (size_t)section->size };
	}
	demand(digest_sha384(parts, n, inner) == REASON_OK &&
		       pcr_extend(SPAN_OF(inner), want) == REASON_OK,
	       "no digest");
	demand(span_equal(pcrs_get(&got->pcrs, index), SPAN_OF(want)), "another register");
}

static void check_measurement(struct span image, const struct eif *eif)
{
	struct measurement got;
	struct eif again;
	uint64_t at;
	struct measure *measure = measure_new(image.len % 16 != 0);

	if (measure == NULL || image.len > MEASURE_CHUNK) {
		measure_free(measure);
		return;
	}
	const struct eif_sink sink = { measure, measure_begin, measure_data, measure_end };
	uint8_t *buffer = measure_buffer(measure);
	memcpy(buffer, image.at, image.len);
	demand(read_in((struct span){ buffer, image.len }, image.len, &sink, &again, &at) ==
		       REASON_OK,
	       "refused the second time");
	demand(measure_finish(measure, &got) == REASON_OK, "not measured");
	for (unsigned i = 0; i < 3; i++)
		check_pcr(image, eif, &got, i);
	measure_free(measure);
}

static void check_sections(struct span image, const struct eif *eif)
{
	uint64_t at = EIF_HEADER_LEN;

	for (size_t i = 0; i < eif->n_sections; i++) {
		demand(eif->sections[i].offset == at + EIF_SECTION_HEADER_LEN, "a gap");
		at = eif->sections[i].offset + eif->sections[i].size;
	}
	demand(at == image.len && eif->size == image.len, "bytes left over");
	uint32_t crc = eifmint_crc(0, (struct span){ image.at, EIF_CRC_OFFSET });
	crc = eifmint_crc(crc,
			  (struct span){ image.at + EIF_HEADER_LEN, image.len - EIF_HEADER_LEN });
	demand(crc == eif->crc_computed, "another checksum");
}

static bool same(const struct eif *a, const struct eif *b)
{
	bool is = a->version == b->version && a->flags == b->flags && a->size == b->size &&
		  a->crc_computed == b->crc_computed && a->n_sections == b->n_sections;

	for (size_t i = 0; is && i < a->n_sections; i++)
		is = a->sections[i].type == b->sections[i].type;
	return is;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct eif_sink nobody = { .context = NULL };
	const struct span image = { data, size };
	struct eif whole = { .version = 0 };
	struct eif pieces = { .version = 0 };
	uint64_t at = 0;
	uint64_t at_pieces = 0;

	enum reason reason = read_in(image, size + 1, &nobody, &whole, &at);
	enum reason in_pieces = read_in(image, size % 17 + 1, &nobody, &pieces, &at_pieces);
	demand(reason == in_pieces, "another reason in pieces");
	if (reason != REASON_OK) {
		demand(at == at_pieces && at <= size, "another place in pieces");
		return 0;
	}
	demand(same(&whole, &pieces), "another image in pieces");
	check_sections(image, &whole);
	check_measurement(image, &whole);
	return 0;
}
