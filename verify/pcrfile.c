#include "verify/pcrfile.h"

#include <string.h>

#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/jsonplace.h"

/* What has been found so far. */
struct reading {
	struct pcrfile file;
	bool upper; /* a key like PCR0 was seen, with whatever value */
	bool lower; /* a key like pcr0 was seen */
};

/* The number in "PCR0" to "PCR31". */
static bool register_of(struct span key, unsigned *ret)
{
	struct span prefix;

	if (!span_take(&key, 3, &prefix) || !span_equal(prefix, SPAN_LITERAL("PCR")))
		return false;
	if (key.len < 1 || key.len > 2 || (key.len == 2 && key.at[0] == '0'))
		return false;
	unsigned index = 0;
	for (size_t i = 0; i < key.len; i++) {
		if (key.at[i] < '0' || key.at[i] > '9')
			return false;
		index = index * 10 + (unsigned)(key.at[i] - '0');
	}
	if (index >= PCR_COUNT)
		return false;
	*ret = index;
	return true;
}

/* The number in a key of build-info.json. */
static bool build_info_register_of(struct span key, unsigned *ret)
{
	static const struct {
		const char *key;
		unsigned index;
	} known[] = { { "pcr0", 0 }, { "pcr1", 1 }, { "pcr2", 2 }, { "pcr8", 8 } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (span_equal(key, span_of_text(known[i].key))) {
			*ret = known[i].index;
			return true;
		}
	}
	return false;
}

static bool holds_pcr(struct span key)
{
	for (size_t i = 0; i + 3 <= key.len; i++) {
		if ((key.at[i] | 0x20) == 'p' && (key.at[i + 1] | 0x20) == 'c' &&
		    (key.at[i + 2] | 0x20) == 'r')
			return true;
	}
	return false;
}

/* The characters of a string; false for another kind of value. json_read lets no U+0000 in. */
static bool string_of(const cJSON *item, struct span *ret)
{
	if (!cJSON_IsString(item) || item->valuestring == NULL)
		return false;
	*ret = span_of_text(item->valuestring);
	return true;
}

static bool take_0x(struct span *text)
{
	struct span after = *text;
	struct span prefix;

	if (!span_take(&after, 2, &prefix) || !span_equal(prefix, SPAN_LITERAL("0x")))
		return false;
	*text = after;
	return true;
}

static enum reason read_register(struct span text, unsigned index, struct reading *reading)
{
	uint8_t value[PCR_LEN];

	if (!hex_decode_exact(text, value, sizeof(value)))
		return REASON_PCR_JSON_VALUE;
	pcrs_set(&reading->file.pcrs, index, value);
	return REASON_OK;
}

static enum reason read_upper(const cJSON *item, unsigned index, struct reading *reading)
{
	struct span text;

	if (reading->lower)
		return REASON_PCR_JSON_KEY; /* no tool mixes both: which one would count? */
	reading->upper = true;
	if (!string_of(item, &text))
		return REASON_PCR_JSON_VALUE;
	return read_register(text, index, reading);
}

static enum reason read_lower(const cJSON *item, unsigned index, struct reading *reading)
{
	struct span text;

	if (reading->upper)
		return REASON_PCR_JSON_KEY;
	reading->lower = true;
	if (!string_of(item, &text))
		return REASON_PCR_JSON_VALUE;
	if (text.len == 0)
		return REASON_OK; /* absent */
	(void)take_0x(&text);
	return read_register(text, index, reading);
}

static enum reason read_hash(const cJSON *item, struct reading *reading)
{
	struct span text;

	if (!string_of(item, &text))
		return REASON_PCR_JSON_HASH;
	if (text.len == 0)
		return REASON_OK; /* absent */
	if (!take_0x(&text) ||
	    !hex_decode_exact(text, reading->file.enclave_hash, sizeof(reading->file.enclave_hash)))
		return REASON_PCR_JSON_HASH;
	reading->file.has_enclave_hash = true;
	return REASON_OK;
}

/* One member of the outermost object or, not `outer`, of Measurements, where only AWS's own keys
 * occur. */
static enum reason read_member(const cJSON *item, bool outer, struct reading *reading)
{
	struct span key = span_of_text(item->string);
	unsigned index;

	if (register_of(key, &index))
		return read_upper(item, index, reading);
	if (outer && build_info_register_of(key, &index))
		return read_lower(item, index, reading);
	if (outer && span_equal(key, SPAN_LITERAL("enclave_hash")))
		return read_hash(item, reading);
	return holds_pcr(key) ? REASON_PCR_JSON_KEY : REASON_OK;
}

/* Leaves the finder at the member that is wrong. */
static enum reason read_object(const cJSON *object, bool outer, struct reading *reading,
			       struct json_finder *finder)
{
	const cJSON *item;
	size_t index = 0;

	cJSON_ArrayForEach(item, object)
	{
		enum reason reason = read_member(item, outer, reading);
		if (reason != REASON_OK) {
			json_finder_enter(finder, index);
			return reason;
		}
		index++;
	}
	return REASON_OK;
}

/* The set inside "Measurements", if there is one. */
static enum reason read_measurements(const cJSON *tree, struct reading *reading,
				     struct json_finder *finder)
{
	const cJSON *item;
	size_t index = 0;

	cJSON_ArrayForEach(item, tree)
	{
		if (span_equal(span_of_text(item->string), SPAN_LITERAL("Measurements")))
			break;
		index++;
	}
	if (item == NULL)
		return REASON_OK;
	json_finder_enter(finder, index);
	if (!cJSON_IsObject(item) || reading->upper || reading->lower)
		return REASON_PCR_JSON_SHAPE;
	return read_object(item, false, reading, finder);
}

enum reason pcrfile_read(struct span text, struct pcrfile *ret, struct json_place *reterr_place)
{
	struct reading reading = { 0 };
	struct json_finder finder = { text, { 1, 1 } };
	AUTO(cJSON) *tree = NULL;

	enum reason reason = json_read(text, &tree, reterr_place);
	if (reason != REASON_OK)
		return reason;
	*reterr_place = (struct json_place){ 0, 0 };
	if (!cJSON_IsObject(tree))
		return REASON_PCR_JSON_SHAPE;
	reason = read_object(tree, true, &reading, &finder);
	if (reason == REASON_OK)
		reason = read_measurements(tree, &reading, &finder);
	if (reason != REASON_OK) {
		*reterr_place = finder.place;
		return reason;
	}
	if (reading.file.pcrs.present == 0 && !reading.file.has_enclave_hash)
		return REASON_PCR_JSON_SHAPE;
	*ret = reading.file;
	return REASON_OK;
}

bool pcrfile_agrees(const struct pcrfile *file)
{
	uint8_t hash[KECCAK_LEN];

	if (!file->has_enclave_hash || !pcrs_has(&file->pcrs, 0))
		return true;
	enclave_hash(file->pcrs.value[0], hash);
	return memcmp(hash, file->enclave_hash, sizeof(hash)) == 0;
}
