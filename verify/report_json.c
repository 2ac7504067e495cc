#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/instant.h"
#include "verify/json.h"
#include "verify/report_rows.h"

#include <stdlib.h>
#include <string.h>

#define SCHEMA 1

/* Collects failed allocations of cJSON, so that a tree is built first and asked about once. */
struct tree {
	cJSON *root;
	bool failed;
};

static void add_text(struct tree *tree, cJSON *object, const char *key, const char *text)
{
	cJSON *item = text != NULL ? cJSON_CreateString(text) : cJSON_CreateNull();

	if (!cJSON_AddItemToObject(object, key, item)) {
		cJSON_Delete(item);
		tree->failed = true;
	}
}

static cJSON *add_item(struct tree *tree, cJSON *object, const char *key, cJSON *item)
{
	if (!cJSON_AddItemToObject(object, key, item)) {
		cJSON_Delete(item);
		tree->failed = true;
		return NULL;
	}
	return item;
}

/* The text made in *text, which is emptied. */
static void add_buf(struct tree *tree, cJSON *object, const char *key, struct buf *text)
{
	char *owned = buf_take_text(text);

	if (owned == NULL)
		tree->failed = true;
	else
		add_text(tree, object, key, owned);
	free(owned);
}

/* What was compared: what people read as "null" and "(0 bytes)" are a null and an empty string. No digits
 * read so. */
static void add_compared(struct tree *tree, cJSON *object, const char *key, const char *text)
{
	if (text != NULL && strcmp(text, REPORT_NULL) == 0)
		text = NULL;
	else if (text != NULL && strcmp(text, REPORT_EMPTY) == 0)
		text = "";
	add_text(tree, object, key, text);
}

static void add_row(struct tree *tree, cJSON *checks, const struct row *row)
{
	static const char *const words[] = { "error", "skip", "fail", "pass" };
	cJSON *object = cJSON_CreateObject();
	struct buf code = { 0 };

	if (!cJSON_AddItemToArray(checks, object)) {
		cJSON_Delete(object);
		tree->failed = true;
		return;
	}
	add_text(tree, object, "id", check_name(row->check));
	add_text(tree, object, "status", words[row->status]);
	if (row->status != STATUS_PASS) {
		report_reason_code(row, &code);
		add_buf(tree, object, "reason", &code);
	}
	add_text(tree, object, "message", row_message(row));
	if (row->expected != NULL) {
		add_compared(tree, object, "expected", row->expected);
		add_text(tree, object, "expected_from", row->source);
		add_compared(tree, object, "actual", row->actual);
	}
	for (const cJSON *member = row->members != NULL ? row->members->child : NULL;
	     member != NULL; member = member->next)
		add_text(tree, object, member->string, member->valuestring);
}

static void add_time(struct tree *tree, const struct report *report)
{
	static const char *const sources[] = { "clock", "option", "document" };
	char text[INSTANT_TEXT_LEN];

	if (report->has_time)
		instant_rfc3339(report->at, text);
	add_text(tree, tree->root, "judged_at", report->has_time ? text : NULL);
	add_text(tree, tree->root, "time_source",
		 report->has_time ? sources[report->time_source] : NULL);
}

static void add_root(struct tree *tree, const struct report *report)
{
	struct buf fingerprint = { 0 };

	if (!report->has_root) {
		add_text(tree, tree->root, "root", NULL);
		return;
	}
	add_text(tree, tree->root, "root", report->root.is_aws ? "aws" : "custom");
	hex_encode(&fingerprint, SPAN_OF(report->root.sha256));
	add_buf(tree, tree->root, "root_sha256", &fingerprint);
}

static void add_verdict(struct tree *tree, const struct report *report)
{
	static const char *const verdicts[] = { "error", "fail", "pass" };
	struct buf weakened = { 0 };

	add_item(tree, tree->root, "debug", cJSON_CreateBool(report->debug));
	report_weakened(report, &weakened);
	if (weakened.failed)
		tree->failed = true;
	else if (weakened.len > 0)
		add_buf(tree, tree->root, "weakened", &weakened);
	buf_done(&weakened);
	add_text(tree, tree->root, "verdict", verdicts[report->verdict]);
	if (report->verdict_reason != REASON_OK)
		add_text(tree, tree->root, "reason", reason_name(report->verdict_reason));
}

static void build(struct tree *tree, const struct report *report, const char *tool,
		  const char *version)
{
	add_item(tree, tree->root, "schema", cJSON_CreateNumber(SCHEMA));
	cJSON *name = add_item(tree, tree->root, "tool", cJSON_CreateObject());
	add_text(tree, name, "name", tool);
	add_text(tree, name, "version", version);
	cJSON *target = add_item(tree, tree->root, "target", cJSON_CreateObject());
	add_text(tree, target, "name", report->target);
	if (report->url != NULL)
		add_text(tree, target, "url", report->url);
	add_time(tree, report);
	add_root(tree, report);
	add_verdict(tree, report);
	cJSON *checks = add_item(tree, tree->root, "checks", cJSON_CreateArray());
	for (size_t i = 0; i < report->n_rows; i++)
		add_row(tree, checks, &report->rows[i]);
	cJSON *notes = report->n_notes > 0 ?
			       add_item(tree, tree->root, "notes", cJSON_CreateArray()) :
			       NULL;
	for (size_t i = 0; i < report->n_notes; i++) {
		cJSON *note = cJSON_CreateString(report->notes[i]);
		if (!cJSON_AddItemToArray(notes, note)) {
			cJSON_Delete(note);
			tree->failed = true;
		}
	}
	if (report->facts != NULL)
		add_item(tree, tree->root, report->facts_proven ? "facts" : "unverified",
			 cJSON_Duplicate(report->facts, true));
	for (const cJSON *member = report->members != NULL ? report->members->child : NULL;
	     member != NULL; member = member->next)
		add_item(tree, tree->root, member->string, cJSON_Duplicate(member, true));
}

enum reason report_json(const struct report *report, const char *tool, const char *version,
			struct buf *out)
{
	AUTO(cJSON) *root = cJSON_CreateObject();
	struct tree tree = { root, root == NULL };
	char *line = NULL;

	build(&tree, report, tool, version);
	if (tree.failed)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = json_print(root, &line);
	if (reason != REASON_OK)
		return reason;
	buf_text(out, line);
	buf_text(out, "\n");
	free(line);
	return out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}
