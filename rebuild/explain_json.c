#include <inttypes.h>
#include <stdlib.h>

#include "rebuild/explain.h"
#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/json.h"

/* Each adder returns false when memory ran out. */

/* A string; NULL: null. */
static bool add_text(cJSON *object, const char *key, const char *text)
{
	return (text == NULL ? cJSON_AddNullToObject(object, key) :
			       cJSON_AddStringToObject(object, key, text)) != NULL;
}

static bool add_taken(cJSON *object, const char *key, struct buf *text)
{
	char *owned = buf_take_text(text);
	bool ok = owned != NULL && add_text(object, key, owned);

	free(owned);
	return ok;
}

/* Numbers of 64 bits are strings everywhere. */
static bool add_number(cJSON *object, const char *key, uint64_t number)
{
	struct buf text = { 0 };

	buf_printf(&text, "%" PRIu64, number);
	return add_taken(object, key, &text);
}

static bool add_hex(cJSON *object, const char *key, struct span bytes)
{
	struct buf text = { 0 };

	if (bytes.at == NULL)
		return add_text(object, key, NULL);
	hex_encode(&text, bytes);
	return add_taken(object, key, &text);
}

static cJSON *add_object_to(cJSON *list)
{
	cJSON *item = cJSON_CreateObject();

	if (item != NULL && cJSON_AddItemToArray(list, item))
		return item;
	cJSON_Delete(item);
	return NULL;
}

static bool add_side(cJSON *tree, const char *key, const char *path, const struct image *image)
{
	cJSON *side = cJSON_AddObjectToObject(tree, key);
	struct buf text = { 0 };

	if (side == NULL)
		return false;
	buf_text(&text, path);
	return add_taken(side, "path", &text) &&
	       cJSON_AddStringToObject(side, "kind", image == NULL ? "registers" : "eif") != NULL &&
	       (image == NULL || add_number(side, "size", image->eif.size));
}

static bool add_registers(cJSON *tree, const struct comparison *comparison)
{
	cJSON *list = cJSON_AddArrayToObject(tree, "registers");
	bool ok = list != NULL;

	for (unsigned i = 0; i < PCR_COUNT && ok; i++) {
		struct span a = pcrs_get(&comparison->pcrs_a, i);
		struct span b = pcrs_get(&comparison->pcrs_b, i);
		if (b.at == NULL && (a.at == NULL || comparison->file != NULL))
			continue;
		cJSON *item = add_object_to(list);
		ok = item != NULL && cJSON_AddNumberToObject(item, "index", i) != NULL &&
		     cJSON_AddBoolToObject(item, "equal", span_equal(a, b)) != NULL &&
		     add_hex(item, "a", a) && add_hex(item, "b", b);
	}
	return ok && add_text(tree, "implied", comparison->implied);
}

static bool add_rows(cJSON *tree, const struct comparison *comparison)
{
	cJSON *list = cJSON_AddArrayToObject(tree, "sections");
	bool ok = list != NULL;

	for (size_t i = 0; i < comparison->n_rows && ok; i++) {
		const struct compare_row *row = &comparison->rows[i];
		char name[COMPARE_NAME_LEN];
		cJSON *item = add_object_to(list);
		ok = item != NULL && add_text(item, "section", compare_row_name(row, name)) &&
		     cJSON_AddBoolToObject(item, "measured", eif_type_is_measured(row->type)) !=
			     NULL &&
		     cJSON_AddBoolToObject(item, "equal", row->equal) != NULL &&
		     (row->a == NULL ? add_text(item, "size_a", NULL) :
				       add_number(item, "size_a", row->a->size)) &&
		     (row->b == NULL ? add_text(item, "size_b", NULL) :
				       add_number(item, "size_b", row->b->size)) &&
		     add_hex(item, "sha384_a", (struct span){ row->sha384_a, DIGEST_SHA384_LEN }) &&
		     add_hex(item, "sha384_b", (struct span){ row->sha384_b, DIGEST_SHA384_LEN });
	}
	return ok;
}

static bool add_findings(cJSON *tree, const struct findings *findings)
{
	cJSON *counts = cJSON_AddObjectToObject(tree, "counts");
	cJSON *list = cJSON_AddArrayToObject(tree, "findings");
	bool ok = counts != NULL && list != NULL;

	for (size_t class = 0; class < FINDING_CLASSES && ok; class ++)
		ok = add_number(counts, finding_class_name((enum finding_class) class),
				findings->counts[class]);
	for (size_t class = 0; class < FINDING_CLASSES; class ++) {
		for (size_t i = 0; i < findings->n && ok; i++) {
			const struct finding *finding = &findings->list[i];
			if (finding->class != (enum finding_class) class)
				continue;
			cJSON *item = add_object_to(list);
			ok = item != NULL &&
			     add_text(item, "class", finding_class_name(finding->class)) &&
			     add_text(item, "part", finding->part) &&
			     add_text(item, "name", finding->name) &&
			     add_text(item, "what", finding->what) &&
			     add_text(item, "a", finding->a) && add_text(item, "b", finding->b) &&
			     add_text(item, "note", finding->note);
		}
	}
	return ok;
}

cJSON *explain_tree(const struct outcome_tool *tool, const struct comparison *comparison)
{
	cJSON *tree = cJSON_CreateObject();
	struct buf conclusion = { 0 };
	bool images = comparison->file == NULL;
	cJSON *head = NULL;

	if (tree != NULL && cJSON_AddNumberToObject(tree, "schema", 1) != NULL)
		head = cJSON_AddObjectToObject(tree, "tool");
	explain_conclusion(comparison, &conclusion);
	bool ok = head != NULL && add_text(head, "name", tool->name) &&
		  add_text(head, "version", tool->version) &&
		  add_side(tree, "a", comparison->a->path, &comparison->a->image) &&
		  add_side(tree, "b", images ? comparison->b->path : comparison->file,
			   images ? &comparison->b->image : NULL) &&
		  cJSON_AddBoolToObject(tree, "equal", comparison_is_equal(comparison)) != NULL &&
		  add_text(tree, "class", images ? compare_class_name(comparison->class) : NULL) &&
		  add_registers(tree, comparison) &&
		  (comparison->has_hash ? cJSON_AddBoolToObject(tree, "enclave_hash_equal",
								comparison->hash_equal) != NULL :
					  add_text(tree, "enclave_hash_equal", NULL)) &&
		  add_rows(tree, comparison) && add_findings(tree, &comparison->findings);
	ok = ok && add_taken(tree, "conclusion", &conclusion);
	buf_done(&conclusion);
	if (ok)
		return tree;
	cJSON_Delete(tree);
	return NULL;
}

bool explain_json(const struct outcome_tool *tool, const struct comparison *comparison,
		  struct buf *out)
{
	AUTO(cJSON) *tree = explain_tree(tool, comparison);
	char *text = NULL;

	if (tree == NULL || json_print(tree, &text) != REASON_OK)
		return false;
	buf_text(out, text);
	buf_text(out, "\n");
	free(text);
	return !out->failed;
}

static bool add_fault(cJSON *list, const struct explain_fault *fault)
{
	struct buf text = { 0 };

	if (fault->reason == REASON_OK)
		return true;
	cJSON *item = add_object_to(list);
	buf_add(&text, buf_span(&fault->text));
	bool ok = add_text(item, "path", fault->path) &&
		  add_text(item, "reason", reason_name(fault->reason));
	return add_taken(item, "message", &text) && ok;
}

static bool add_unread(cJSON *tree, const char *key, const char *path)
{
	cJSON *side = cJSON_AddObjectToObject(tree, key);

	return side != NULL && add_text(side, "path", path) && add_text(side, "kind", NULL);
}

bool explain_faults_json(const struct outcome_tool *tool, const struct explain_fault *faults,
			 bool malformed, struct buf *out)
{
	AUTO(cJSON) *tree = cJSON_CreateObject();
	char *text = NULL;
	cJSON *head = NULL;

	if (tree != NULL && cJSON_AddNumberToObject(tree, "schema", 1) != NULL)
		head = cJSON_AddObjectToObject(tree, "tool");
	if (head == NULL)
		return false;
	bool ok = add_text(head, "name", tool->name) && add_text(head, "version", tool->version) &&
		  add_unread(tree, "a", faults[0].path) && add_unread(tree, "b", faults[1].path) &&
		  (malformed ? cJSON_AddFalseToObject(tree, "equal") :
			       cJSON_AddNullToObject(tree, "equal")) != NULL &&
		  add_text(tree, "class", NULL);
	cJSON *list = cJSON_AddArrayToObject(tree, "faults");
	ok = ok && list != NULL && add_fault(list, &faults[0]) && add_fault(list, &faults[1]);
	if (!ok || json_print(tree, &text) != REASON_OK)
		return false;
	buf_text(out, text);
	buf_text(out, "\n");
	free(text);
	return !out->failed;
}
