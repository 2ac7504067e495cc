#include "verify/test/eifmint.h"

#include <check.h>

#define HEADER 548
#define CRC_AT 544

const char eifmint_metadata[] =
	"{\"ImageName\":\"test\",\"ImageVersion\":\"1.0\",\"BuildMetadata\":{\"BuildTime\":"
	"\"1970-01-01T00:00:00+00:00\",\"BuildTool\":\"eif_build\",\"BuildToolVersion\":\"0.5.0\","
	"\"OperatingSystem\":\"Linux\",\"KernelVersion\":\"6.1\"},\"DockerInfo\":null,"
	"\"CustomMetadata\":null}";

const char eifmint_bootstrap[] = "070701 bootstrap ramdisk";
const char eifmint_application[] = "070701 the application's ramdisk, a little longer";

uint32_t eifmint_crc(uint32_t crc, struct span bytes)
{
	crc = ~crc;
	for (size_t i = 0; i < bytes.len; i++) {
		crc ^= bytes.at[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc;
}

static void add_be(struct buf *out, size_t n, uint64_t value)
{
	for (size_t i = n; i-- > 0;)
		buf_byte(out, (uint8_t)(value >> (8 * i)));
}

void eifmint_put(struct buf *image, size_t at, size_t n, uint64_t value)
{
	ck_assert_uint_le(at + n, image->len);
	for (size_t i = 0; i < n; i++)
		image->at[at + i] = (uint8_t)(value >> (8 * (n - 1 - i)));
}

void eifmint_seal(struct buf *image)
{
	const struct span all = buf_span(image);

	if (image->len < HEADER)
		return;
	uint32_t crc = eifmint_crc(0, (struct span){ all.at, CRC_AT });
	crc = eifmint_crc(crc, (struct span){ all.at + HEADER, all.len - HEADER });
	eifmint_put(image, CRC_AT, 4, crc);
}

struct buf eifmint(unsigned version, unsigned flags, const struct eifmint_section sections[],
		   size_t n)
{
	struct buf image = { 0 };
	uint64_t at = HEADER;

	buf_text(&image, ".eif");
	add_be(&image, 2, version);
	add_be(&image, 2, flags);
	add_be(&image, 8, UINT64_C(1) << 30);
	add_be(&image, 8, 2);
	add_be(&image, 2, 0);
	add_be(&image, 2, n);
	for (size_t i = 0; i < 32; i++) {
		add_be(&image, 8, i < n ? at : 0);
		at += i < n ? 12 + sections[i].data.len : 0;
	}
	for (size_t i = 0; i < 32; i++)
		add_be(&image, 8, i < n ? sections[i].data.len : 0);
	add_be(&image, 8, 0);
	for (size_t i = 0; i < n; i++) {
		add_be(&image, 2, sections[i].type);
		add_be(&image, 2, 0);
		add_be(&image, 8, sections[i].data.len);
		buf_add(&image, sections[i].data);
	}
	ck_assert(!image.failed);
	eifmint_seal(&image);
	return image;
}

struct buf eifmint_usual(struct span signature)
{
	const struct eifmint_section sections[] = {
		{ 1, SPAN_LITERAL("MZ kernel") },         { 2, SPAN_LITERAL("reboot=k panic=30") },
		{ 5, span_of_text(eifmint_metadata) },    { 3, span_of_text(eifmint_bootstrap) },
		{ 3, span_of_text(eifmint_application) }, { 4, signature },
	};

	return eifmint(4, 0, sections, signature.len > 0 ? 6 : 5);
}
