#include "rebuild/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "verify/basenc.h"
#include "verify/json.h"

static void say_hash(struct buf *out, const struct pcrs *pcrs)
{
	uint8_t hash[KECCAK_LEN];

	enclave_hash(pcrs->value[0], hash);
	buf_text(out, "0x");
	hex_encode(out, SPAN_OF(hash));
}

void outcome_assembled_text(const struct assembled *made, const char *path, struct buf *out)
{
	buf_escaped(out, span_of_text(path));
	buf_printf(out, "  %" PRIu64 " bytes, %zu sections, crc %08" PRIx32 "\n", made->eif.size,
		   made->eif.n_sections, made->eif.crc);
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (!pcrs_has(&made->pcrs, i))
			continue;
		buf_printf(out, "PCR%u  ", i);
		hex_encode(out, pcrs_get(&made->pcrs, i));
		buf_text(out, "\n");
	}
	buf_text(out, "ENCLAVE_HASH  ");
	say_hash(out, &made->pcrs);
	buf_text(out, "\n");
}

/* Adds text to an object as a string; what is not UTF-8 comes out with U+FFFD. */
static bool add_string(cJSON *object, const char *key, struct span value)
{
	struct buf copy = { 0 };

	buf_add(&copy, value);
	char *text = buf_take_text(&copy);
	bool ok = text != NULL && cJSON_AddStringToObject(object, key, text) != NULL;
	free(text);
	return ok;
}

static bool add_number(cJSON *object, const char *key, uint64_t value)
{
	struct buf text = { 0 };

	buf_printf(&text, "%" PRIu64, value);
	bool ok = !text.failed && add_string(object, key, buf_span(&text));
	buf_done(&text);
	return ok;
}

/* The head that every JSON object of the programs has. */
static cJSON *json_head(const struct outcome_tool *tool)
{
	cJSON *tree = cJSON_CreateObject();
	cJSON *name = NULL;

	if (tree != NULL && cJSON_AddNumberToObject(tree, "schema", 1) != NULL)
		name = cJSON_AddObjectToObject(tree, "tool");
	if (name != NULL && cJSON_AddStringToObject(name, "name", tool->name) != NULL &&
	    cJSON_AddStringToObject(name, "version", tool->version) != NULL)
		return tree;
	cJSON_Delete(tree);
	return NULL;
}

static bool json_out(const cJSON *tree, bool complete, struct buf *out)
{
	char *text = NULL;

	if (!complete || json_print(tree, &text) != REASON_OK)
		return false;
	buf_text(out, text);
	buf_text(out, "\n");
	free(text);
	return !out->failed;
}

bool outcome_assembled_json(const struct outcome_tool *tool, const struct assembled *made,
			    const char *path, struct buf *out)
{
	cJSON *tree = json_head(tool);
	cJSON *eif = tree == NULL ? NULL : cJSON_AddObjectToObject(tree, "eif");
	cJSON *measured = tree == NULL ? NULL : cJSON_AddObjectToObject(tree, "measurements");
	struct buf text = { 0 };

	bool ok = eif != NULL && measured != NULL && add_string(eif, "path", span_of_text(path)) &&
		  add_number(eif, "size", made->eif.size) &&
		  cJSON_AddStringToObject(measured, "HashAlgorithm", "Sha384 { ... }") != NULL;
	for (unsigned i = 0; i < PCR_COUNT && ok; i++) {
		char key[8];
		if (!pcrs_has(&made->pcrs, i))
			continue;
		(void)snprintf(key, sizeof(key), "PCR%u", i);
		text.len = 0;
		hex_encode(&text, pcrs_get(&made->pcrs, i));
		ok = !text.failed && add_string(measured, key, buf_span(&text));
	}
	text.len = 0;
	say_hash(&text, &made->pcrs);
	ok = ok && !text.failed && add_string(tree, "enclave_hash", buf_span(&text)) &&
	     json_out(tree, ok, out);
	buf_done(&text);
	cJSON_Delete(tree);
	return ok;
}

/* Appends "N what" to a list. */
static void add_count(struct buf *out, uint64_t n, const char *what)
{
	if (n > 0)
		buf_printf(out, "%s%" PRIu64 " %s", out->len > 0 ? ", " : "", n, what);
}

void outcome_warning(const struct unpacked_section *section, struct buf *out)
{
	const struct extract_counts *counts = &section->counts;

	if (section->facts.opaque)
		buf_text(out, "begins as neither cpio nor gzip: left as it is");
	add_count(out, counts->special, "device nodes, pipes or sockets not made");
	add_count(out, counts->links_out, "symbolic links that lead out not made");
	add_count(out, counts->set_id, "set-id bits dropped");
	add_count(out, counts->duplicates, "names replaced by later entries");
}

void outcome_unpacked_text(const struct unpacked *unpacked, struct buf *out)
{
	for (size_t i = 0; i < unpacked->eif.n_sections; i++) {
		const struct unpacked_section *section = &unpacked->sections[i];
		buf_printf(out, "%-14s  %12" PRIu64, section->name, unpacked->eif.sections[i].size);
		if (section->reason != REASON_OK)
			buf_printf(out, "  FAIL (%s)", reason_name(section->reason));
		else if (section->facts.opaque)
			buf_text(out, "  opaque");
		else if (unpacked->eif.sections[i].type == EIF_RAMDISK)
			buf_printf(out,
				   "  %" PRIu64 " entries in %" PRIu64 " archives, %" PRIu64
				   " gzip members, %" PRIu64 " bytes after the last",
				   section->facts.entries, section->facts.archives,
				   section->facts.members, section->facts.zeros);
		buf_text(out, "\n");
	}
}

static bool section_json(cJSON *list, const struct unpacked_section *section,
			 const struct eif_section *where)
{
	cJSON *item = cJSON_CreateObject();

	if (item == NULL || !cJSON_AddItemToArray(list, item)) {
		cJSON_Delete(item);
		return false;
	}
	bool ok = cJSON_AddStringToObject(item, "type", eif_type_name(where->type)) != NULL &&
		  cJSON_AddStringToObject(item, "file", section->name) != NULL &&
		  add_number(item, "size", where->size);
	if (!ok || where->type != EIF_RAMDISK)
		return ok;
	if (section->reason != REASON_OK)
		return cJSON_AddStringToObject(item, "reason", reason_name(section->reason)) !=
		       NULL;
	return cJSON_AddBoolToObject(item, "opaque", section->facts.opaque) != NULL &&
	       add_number(item, "archives", section->facts.archives) &&
	       add_number(item, "gzip_members", section->facts.members) &&
	       add_number(item, "entries", section->facts.entries) &&
	       add_number(item, "expanded", section->facts.expanded) &&
	       add_number(item, "padding", section->facts.zeros) &&
	       add_number(item, "special", section->counts.special) &&
	       add_number(item, "links_out", section->counts.links_out) &&
	       add_number(item, "set_id", section->counts.set_id) &&
	       add_number(item, "duplicates", section->counts.duplicates);
}

bool outcome_unpacked_json(const struct outcome_tool *tool, const struct unpacked *unpacked,
			   struct buf *out)
{
	cJSON *tree = json_head(tool);
	cJSON *list = tree == NULL ? NULL : cJSON_AddArrayToObject(tree, "sections");
	bool ok = list != NULL;

	for (size_t i = 0; i < unpacked->eif.n_sections && ok; i++)
		ok = section_json(list, &unpacked->sections[i], &unpacked->eif.sections[i]);
	ok = json_out(tree, ok, out);
	cJSON_Delete(tree);
	return ok;
}
