#include <inttypes.h>
#include <stdlib.h>

#include "verify/basenc.h"
#include "verify/image.h"
#include "verify/instant.h"

/* What nitro-cli prints there: how Rust shows its hasher. Never compared by anybody. */
#define HASH_ALGORITHM "Sha384 { ... }"

void image_pcr_json(const struct image *image, struct buf *out)
{
	const struct pcrs pcrs = image_pcrs(image);

	buf_text(out, "{\n  \"HashAlgorithm\": \"" HASH_ALGORITHM "\"");
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (!pcrs_has(&pcrs, i))
			continue;
		buf_printf(out, ",\n  \"PCR%u\": \"", i);
		hex_encode(out, pcrs_get(&pcrs, i));
		buf_text(out, "\"");
	}
	buf_text(out, "\n}\n");
}

/* Hex, shortened to both its ends unless all of it is wanted. */
static void add_hex(struct buf *out, struct span bytes, bool whole)
{
	if (whole || bytes.len <= 8) {
		hex_encode(out, bytes);
		return;
	}
	hex_encode(out, (struct span){ bytes.at, 4 });
	buf_text(out, "...");
	hex_encode(out, (struct span){ bytes.at + bytes.len - 2, 2 });
}

static void text_registers(const struct image *image, struct buf *out)
{
	const struct pcrs pcrs = image_pcrs(image);

	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (!pcrs_has(&pcrs, i))
			continue;
		buf_printf(out, "PCR%u %s", i, i < 10 ? " " : "");
		hex_encode(out, pcrs_get(&pcrs, i));
		buf_text(out, "\n");
	}
}

static void text_sections(const struct image *image, bool verbose, struct buf *out)
{
	buf_text(out, "Sections    offset         size  SHA-384\n");
	for (size_t i = 0; i < image->eif.n_sections; i++) {
		const struct eif_section *section = &image->eif.sections[i];
		buf_printf(out, "  %-9s %7" PRIu64 " %12" PRIu64 "  ", eif_type_name(section->type),
			   section->offset, section->size);
		add_hex(out, SPAN_OF(image->measurement.sections[i]), verbose);
		buf_text(out, "\n");
	}
}

static void text_metadata(const struct eifmeta *metadata, struct buf *out)
{
	if (metadata->tree == NULL)
		return;
	buf_text(out, "Metadata (not measured: the builder's word)\n");
	for (size_t i = 0; i < EIFMETA_STRINGS; i++) {
		buf_printf(out, "  %-16s  ", metadata->strings[i].name);
		buf_escaped(out, span_of_text(metadata->strings[i].value));
		buf_text(out, "\n");
	}
}

static void text_certificate(const struct eifsign *sign, struct buf *out)
{
	char from[INSTANT_TEXT_LEN];
	char to[INSTANT_TEXT_LEN];

	if (!sign->has_certificate)
		return;
	instant_people(sign->not_before, from);
	instant_people(sign->not_after, to);
	buf_text(out, "Signing certificate (PCR8; who issued it is not judged)\n  subject  ");
	buf_escaped(out, buf_span(&sign->subject));
	buf_text(out, "\n  issuer   ");
	buf_escaped(out, buf_span(&sign->issuer));
	buf_printf(out, "\n  valid    %s to %s UTC\n", from, to);
}

/* Each adder returns false when memory ran out. */

static bool json_text(cJSON *object, const char *key, struct buf *text)
{
	char *owned = buf_take_text(text);
	bool added = owned != NULL && cJSON_AddStringToObject(object, key, owned) != NULL;

	free(owned);
	return added;
}

/* Numbers of 64 bits are strings everywhere. */
static bool json_number(cJSON *object, const char *key, uint64_t number)
{
	struct buf text = { 0 };

	buf_printf(&text, "%" PRIu64, number);
	return json_text(object, key, &text);
}

static bool json_hex(cJSON *object, const char *key, struct span bytes)
{
	struct buf text = { 0 };

	hex_encode(&text, bytes);
	return json_text(object, key, &text);
}

/* A copy as text for JSON; OpenSSL has escaped what is not ASCII. */
static bool json_name(cJSON *object, const char *key, const struct buf *name)
{
	struct buf copy = { 0 };

	buf_add(&copy, buf_span(name));
	return json_text(object, key, &copy);
}

static bool json_sections(cJSON *eif, const struct image *image)
{
	cJSON *list = cJSON_AddArrayToObject(eif, "sections");

	for (size_t i = 0; list != NULL && i < image->eif.n_sections; i++) {
		const struct eif_section *section = &image->eif.sections[i];
		cJSON *object = cJSON_CreateObject();
		if (!cJSON_AddItemToArray(list, object)) {
			cJSON_Delete(object);
			return false;
		}
		if (cJSON_AddStringToObject(object, "type", eif_type_name(section->type)) == NULL ||
		    !json_number(object, "offset", section->offset) ||
		    !json_number(object, "size", section->size) ||
		    !json_hex(object, "sha384", SPAN_OF(image->measurement.sections[i])))
			return false;
	}
	return list != NULL;
}

static bool json_metadata(cJSON *eif, const struct image *image)
{
	cJSON *copy = image->metadata.tree != NULL ? cJSON_Duplicate(image->metadata.tree, true) :
						     cJSON_CreateNull();

	if (cJSON_AddItemToObject(eif, "metadata", copy))
		return true;
	cJSON_Delete(copy);
	return false;
}

static bool json_signature(cJSON *eif, const struct image *image)
{
	const struct eifsign *sign = &image->sign;
	char from[INSTANT_TEXT_LEN];
	char to[INSTANT_TEXT_LEN];
	uint8_t sha256[DIGEST_SHA256_LEN];
	struct span der = buf_span(&sign->der);

	if (!image->is_signed)
		return cJSON_AddNullToObject(eif, "signature") != NULL;
	cJSON *object = cJSON_AddObjectToObject(eif, "signature");
	if (!sign->has_certificate) /* eif.signature says what is wrong */
		return object != NULL;
	instant_rfc3339(sign->not_before, from);
	instant_rfc3339(sign->not_after, to);
	return (sign->has_cose ?
			cJSON_AddStringToObject(object, "algorithm", eifsign_alg_name(sign->alg)) :
			cJSON_AddNullToObject(object, "algorithm")) != NULL &&
	       json_name(object, "subject", &sign->subject) &&
	       json_name(object, "issuer", &sign->issuer) &&
	       cJSON_AddStringToObject(object, "not_before", from) != NULL &&
	       cJSON_AddStringToObject(object, "not_after", to) != NULL &&
	       digest_sha256(&der, 1, sha256) == REASON_OK &&
	       json_hex(object, "sha256", SPAN_OF(sha256));
}

static cJSON *json_eif(const struct image *image)
{
	const struct eif *eif = &image->eif;

	if (image->form != REASON_OK)
		return cJSON_CreateNull();
	cJSON *object = cJSON_CreateObject();
	bool arm64 = (eif->flags & EIF_FLAG_ARM64) != 0;
	if (cJSON_AddNumberToObject(object, "version", eif->version) != NULL &&
	    cJSON_AddStringToObject(object, "arch", arm64 ? "aarch64" : "x86_64") != NULL &&
	    cJSON_AddNumberToObject(object, "flags", eif->flags) != NULL &&
	    cJSON_AddBoolToObject(object, "crc_ok", eif_crc_ok(eif)) != NULL &&
	    json_number(object, "size", eif->size) &&
	    json_number(object, "default_mem", eif->default_mem) &&
	    json_number(object, "default_cpus", eif->default_cpus) &&
	    json_sections(object, image) && json_metadata(object, image) &&
	    json_signature(object, image))
		return object;
	cJSON_Delete(object);
	return NULL;
}

/* nitro-cli's keys. */
static cJSON *json_measurements(const struct image *image)
{
	const struct pcrs pcrs = image_pcrs(image);

	if (!image_is_sound(image))
		return cJSON_CreateNull();
	cJSON *object = cJSON_CreateObject();
	bool added = cJSON_AddStringToObject(object, "HashAlgorithm", HASH_ALGORITHM) != NULL;
	for (unsigned i = 0; added && i < PCR_COUNT; i++) {
		char key[12];
		if (!pcrs_has(&pcrs, i))
			continue;
		(void)snprintf(key, sizeof(key), "PCR%u", i);
		added = json_hex(object, key, pcrs_get(&pcrs, i));
	}
	if (added)
		return object;
	cJSON_Delete(object);
	return NULL;
}

void image_show_members(const struct image *image, struct report *report)
{
	report_take_member(report, "eif", json_eif(image));
	report_take_member(report, "measurements", json_measurements(image));
}

void image_show(const struct image *image, bool verbose, struct report *report)
{
	struct buf text = { 0 };

	image_show_members(image, report);
	if (image->form != REASON_OK)
		return;
	if (image_is_sound(image))
		text_registers(image, &text);
	text_sections(image, verbose, &text);
	text_metadata(&image->metadata, &text);
	text_certificate(&image->sign, &text);
	report_add_lines(report, &text);
}
