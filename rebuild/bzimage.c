#include "rebuild/bzimage.h"

#include <string.h>

#include "rebuild/reread.h"
#include "verify/auto.h"

#define HEADER_LEN 0x250
#define SECTOR 512
#define PAYLOAD_SINCE 0x0208 /* version of the protocol */
#define INFLATED_MAX (UINT64_C(1) << 30)

enum region { BEFORE, PAYLOAD, BEHIND };

static uint64_t le(const uint8_t *bytes, size_t n)
{
	uint64_t value = 0;

	for (size_t i = n; i > 0; i--)
		value = value << 8 | bytes[i - 1];
	return value;
}

struct reading {
	struct bzimage *result;
	EVP_MD_CTX *regions[3];
	EVP_MD_CTX *inflated;
	struct gzip_reader *gzip;
	bool inflating;
	bool inflated_all;
	uint64_t at;
	uint64_t version_at;
};

static void read_header(struct reading *reading, const uint8_t *header, uint64_t size)
{
	struct bzimage *image = reading->result;
	uint64_t sectors = header[0x1f1] == 0 ? 4 : header[0x1f1];
	uint64_t setup = (sectors + 1) * SECTOR;
	uint64_t offset = le(header + 0x248, 4);
	uint64_t len = le(header + 0x24c, 4);

	image->is_one = memcmp(header + 0x202, "HdrS", 4) == 0;
	if (!image->is_one)
		return;
	uint64_t version = le(header + 0x20e, 2);
	reading->version_at = version == 0 ? size : version + 0x200;
	image->has_payload = le(header + 0x206, 2) >= PAYLOAD_SINCE && len > 0 &&
			     setup + offset <= size && len <= size - setup - offset;
	image->payload_at = image->has_payload ? setup + offset : size;
	image->payload_len = image->has_payload ? len : 0;
}

static enum reason count_inflated(void *to, struct span bytes)
{
	struct reading *reading = to;

	reading->result->inflated_len += bytes.len;
	if (reading->result->inflated_len > INFLATED_MAX)
		return REASON_RAMDISK_EXPANSION;
	return EVP_DigestUpdate(reading->inflated, bytes.at, bytes.len) == 1 ? REASON_OK :
									       REASON_CRYPTO_FAILED;
}

/* A payload that breaks is compared by its bytes alone. What stands behind the member, mostly its
 * length, counts as it is. */
static enum reason inflate_part(struct reading *reading, struct span bytes)
{
	const struct sink sink = { count_inflated, reading };
	enum reason reason = REASON_OK;

	if (!reading->inflating)
		return REASON_OK;
	if (!reading->inflated_all)
		reason = gzip_push(reading->gzip, &bytes, &sink, &reading->inflated_all);
	if (reason == REASON_OK && reading->inflated_all)
		reason = count_inflated(reading, bytes);
	if (reason == REASON_OUT_OF_MEMORY || reason == REASON_CRYPTO_FAILED)
		return reason;
	reading->inflating = reason == REASON_OK;
	return REASON_OK;
}

/* The part of a piece that lies in a region. */
static enum reason feed(struct reading *reading, struct span piece)
{
	const uint64_t ends[] = { reading->result->payload_at,
				  reading->result->payload_at + reading->result->payload_len,
				  UINT64_MAX };

	while (piece.len > 0) {
		size_t region = reading->at < ends[BEFORE]  ? BEFORE :
				reading->at < ends[PAYLOAD] ? PAYLOAD :
							      BEHIND;
		uint64_t left = ends[region] - reading->at;
		struct span part;
		if (!span_take(&piece, piece.len < left ? piece.len : (size_t)left, &part))
			return REASON_OK;
		if (region == PAYLOAD && reading->at == reading->result->payload_at)
			reading->inflating = part.len >= GZIP_MAGIC_LEN && part.at[0] == 0x1f &&
					     part.at[1] == 0x8b;
		reading->at += part.len;
		if (EVP_DigestUpdate(reading->regions[region], part.at, part.len) != 1)
			return REASON_CRYPTO_FAILED;
		enum reason reason = region == PAYLOAD ? inflate_part(reading, part) : REASON_OK;
		if (reason != REASON_OK)
			return reason;
	}
	return REASON_OK;
}

/* The string stands in the setup code, at the beginning. */
static void take_version(struct reading *reading, struct span first)
{
	struct bzimage *image = reading->result;
	struct span skipped;

	if (reading->version_at > first.len ||
	    !span_take(&first, (size_t)reading->version_at, &skipped))
		return;
	while (image->version_len < first.len && image->version_len < BZIMAGE_VERSION_MAX &&
	       first.at[image->version_len] != 0) {
		image->version[image->version_len] = first.at[image->version_len];
		image->version_len++;
	}
}

static bool finish(struct reading *reading)
{
	struct bzimage *image = reading->result;
	bool ok = true;

	for (size_t i = 0; i < 3 && ok; i++)
		ok = EVP_DigestFinal_ex(reading->regions[i], image->sha256[i], NULL) == 1;
	image->is_gzip = reading->inflating && reading->inflated_all;
	return ok && EVP_DigestFinal_ex(reading->inflated, image->inflated, NULL) == 1;
}

static enum reason read_all(const struct catalog_source *source, struct reading *reading)
{
	struct reread reread = { .fd = -1 };
	struct span piece = { NULL, 0 };

	enum reason reason = reread_start(&reread, source->fd, source->section, source->sha384);
	if (reason == REASON_OK)
		reason = reread_next(&reread, &piece);
	if (reason == REASON_OK && piece.len >= HEADER_LEN) {
		read_header(reading, piece.at, source->section->size);
		take_version(reading, piece);
	}
	while (reason == REASON_OK && piece.len > 0) {
		reason = feed(reading, piece);
		if (reason == REASON_OK)
			reason = reread_next(&reread, &piece);
	}
	reread_done(&reread);
	if (reason != REASON_OK)
		return reason;
	return finish(reading) ? REASON_OK : REASON_CRYPTO_FAILED;
}

enum reason bzimage_read(const struct catalog_source *source, struct bzimage *ret)
{
	struct reading reading = { .result = ret };

	*ret = (struct bzimage){ .is_one = false };
	AUTO(EVP_MD_CTX) *before = EVP_MD_CTX_new();
	AUTO(EVP_MD_CTX) *payload = EVP_MD_CTX_new();
	AUTO(EVP_MD_CTX) *behind = EVP_MD_CTX_new();
	AUTO(EVP_MD_CTX) *inflated = EVP_MD_CTX_new();
	EVP_MD_CTX *const all[] = { before, payload, behind, inflated };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i] == NULL)
			return REASON_OUT_OF_MEMORY;
		if (EVP_DigestInit_ex(all[i], EVP_sha256(), NULL) != 1)
			return REASON_CRYPTO_FAILED;
	}
	for (size_t i = 0; i < 3; i++)
		reading.regions[i] = all[i];
	reading.inflated = inflated;
	enum reason reason = gzip_reader_new(&reading.gzip);
	if (reason == REASON_OK)
		reason = read_all(source, &reading);
	gzip_reader_free(reading.gzip);
	return reason;
}

static bool region_equal(const struct bzimage *a, const struct bzimage *b, enum region region)
{
	return span_equal(SPAN_OF(a->sha256[region]), SPAN_OF(b->sha256[region]));
}

enum reason bzimage_compare(const struct catalog_source *a, const struct catalog_source *b,
			    struct findings *findings)
{
	static const struct span none = { NULL, 0 };
	struct bzimage x = { .is_one = false };
	struct bzimage y = { .is_one = false };

	enum reason reason = bzimage_read(a, &x);
	if (reason == REASON_OK)
		reason = bzimage_read(b, &y);
	if (reason != REASON_OK || !x.is_one || !y.is_one)
		return reason;
	const struct span version_x = { x.version, x.version_len };
	const struct span version_y = { y.version, y.version_len };
	if (!span_equal(version_x, version_y))
		findings_add(findings, FINDING_CONTENT, "kernel", none, "version", version_x,
			     version_y, NULL);
	if (!x.has_payload || !y.has_payload)
		return REASON_OK;
	if (!region_equal(&x, &y, BEFORE))
		findings_add(findings, FINDING_CONTENT, "kernel", none, "setup", none, none,
			     "the bytes before the payload differ");
	if (!region_equal(&x, &y, BEHIND))
		findings_add(findings, FINDING_CONTENT, "kernel", none, "end", none, none,
			     "the bytes behind the payload differ");
	if (region_equal(&x, &y, PAYLOAD))
		return REASON_OK;
	bool packed = x.is_gzip && y.is_gzip && x.inflated_len == y.inflated_len &&
		      span_equal(SPAN_OF(x.inflated), SPAN_OF(y.inflated));
	findings_add(findings, packed ? FINDING_COMPRESSION : FINDING_CONTENT, "kernel", none,
		     "payload", none, none,
		     packed                 ? "the same after decompression" :
		     x.is_gzip && y.is_gzip ? "differs after decompression" :
					      "compressed bytes differ; not decompressed");
	return REASON_OK;
}
