#include "verify/saver.h"

#include <stdlib.h>

#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/digest.h"
#include "verify/json.h"
#include "verify/root.h"

#define SHOWN_MAX 600 /* characters of one claim in the text; JSON has it whole */

/* One line of text, shortened, and the member of the JSON object, taken over. */
static void tell(struct report *report, struct buf *lines, cJSON *saver, const char *key,
		 cJSON *value)
{
	char *text = NULL;

	if (value == NULL || json_print(value, &text) != REASON_OK) {
		cJSON_Delete(value);
		report_out_of_memory(report);
		return;
	}
	struct span shown = span_of_text(text);
	buf_printf(lines, "The saver says: %s ", key);
	if (shown.len > SHOWN_MAX)
		shown.len = SHOWN_MAX;
	buf_escaped(lines, shown);
	buf_text(lines, text[shown.len] != '\0' ? "...\n" : "\n");
	free(text);
	if (!cJSON_AddItemToObject(saver, key, value)) {
		cJSON_Delete(value);
		report_out_of_memory(report);
	}
}

static cJSON *tree_of(const struct bundle *bundle, enum bundle_file file)
{
	struct json_place place;
	cJSON *tree = NULL;

	if (!bundle->has[file] ||
	    json_read(buf_span(&bundle->content[file]), &tree, &place) != REASON_OK)
		return NULL;
	return tree;
}

/* A string of the saver's report, or NULL where there is none. */
static const char *text_at(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

static void tell_report(const struct bundle *bundle, struct report *report, struct buf *lines,
			cJSON *saver)
{
	AUTO(cJSON) *theirs = tree_of(bundle, BUNDLE_REPORT);
	const cJSON *target = cJSON_GetObjectItemCaseSensitive(theirs, "target");
	const char *name = text_at(target, "name");
	const char *verdict = text_at(theirs, "verdict");
	const char *weakened = text_at(theirs, "weakened");

	if (name != NULL)
		tell(report, lines, saver, "target", cJSON_CreateString(name));
	if (verdict != NULL)
		tell(report, lines, saver, "verdict", cJSON_CreateString(verdict));
	if (weakened != NULL)
		tell(report, lines, saver, "weakened", cJSON_CreateString(weakened));
}

static void tell_time(const struct bundle *bundle, struct report *report, struct buf *lines,
		      cJSON *saver)
{
	struct buf line = { 0 };

	if (!bundle->has[BUNDLE_TIME])
		return;
	/* one line, by bundle_read */
	buf_add(&line, (struct span){ bundle->content[BUNDLE_TIME].at,
				      bundle->content[BUNDLE_TIME].len - 1 });
	char *text = buf_take_text(&line);
	tell(report, lines, saver, "time", text != NULL ? cJSON_CreateString(text) : NULL);
	free(text);
}

/* The certificate proves nothing of a connection that is gone: its fingerprint is enough. */
static void tell_peer(const struct bundle *bundle, struct report *report, struct buf *lines,
		      cJSON *saver)
{
	uint8_t sha256[DIGEST_SHA256_LEN];
	struct buf der = { 0 };
	struct buf hex = { 0 };
	char *text = NULL;

	if (!bundle->has[BUNDLE_PEER])
		return;
	enum reason reason = root_certificate_der(buf_span(&bundle->content[BUNDLE_PEER]), &der);
	struct span whole = buf_span(&der);
	if (reason == REASON_OK)
		reason = digest_sha256(&whole, 1, sha256);
	if (reason == REASON_OK) {
		hex_encode(&hex, SPAN_OF(sha256));
		text = buf_take_text(&hex);
	}
	tell(report, lines, saver, "peer_sha256", text != NULL ? cJSON_CreateString(text) : NULL);
	free(text);
	buf_done(&der);
}

void saver_tell(const struct bundle *bundle, struct report *report)
{
	struct buf lines = { 0 };
	cJSON *saver = cJSON_CreateObject();

	if (saver == NULL) {
		report_out_of_memory(report);
		return;
	}
	tell_time(bundle, report, &lines, saver);
	tell_report(bundle, report, &lines, saver);
	tell_peer(bundle, report, &lines, saver);
	if (bundle->has[BUNDLE_POLICY])
		tell(report, &lines, saver, "policy", tree_of(bundle, BUNDLE_POLICY));
	report_add_lines(report, &lines);
	report_take_member(report, "saver", saver);
	report_note(report, "what the saver says proves nothing and decided nothing");
	if (bundle->has[BUNDLE_EIF])
		report_note(report, "eif.json was not looked into");
	if (bundle->has[BUNDLE_STATEMENT] &&
	    report_status(report, CHECK_STATEMENT_FORM) == STATUS_SKIP)
		report_note(report, "statement.json was not looked into");
}
