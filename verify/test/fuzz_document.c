/* The whole way of a file: text or raw bytes to a document, judged, rendered, shown.
 *
 * Signatures cannot be made by chance: whatever passes carries, byte for byte, the payload of a document that
 * the test PKI signed. Whatever is printed can be printed on any terminal, and what is JSON can be read. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/basenc.h"
#include "verify/document.h"
#include "verify/json.h"
#include "verify/show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
			abort(); \
	} while (0)

/* What the seeds are made of: document.cbor and the signed ones beside it. */
static const char *const signed_files[] = {
	"document.cbor",
	"seeds/document/good",
	"seeds/document/small",
	"seeds/document/small-hex",
	"seeds/document/small-optionals",
	"seeds/document/small-tag18",
	"seeds/document/debug",
};
#define SIGNED (sizeof(signed_files) / sizeof(signed_files[0]))

static struct {
	bool ready;
	struct buf payloads[SIGNED];
	struct policy policy;
} world;

/* Once; what is made here lives as long as the process. */
static void prepare(void)
{
	size_t at;

	for (size_t i = 0; i < SIGNED; i++) {
		struct buf file = support_vector(signed_files[i]);
		struct buf decoded = { 0 };
		struct span bytes;
		struct cose cose;
		struct claims claims;
		REQUIRE(basenc_document(buf_span(&file), &decoded, &bytes) == REASON_OK);
		REQUIRE(cose_read(bytes, &cose, &at) == REASON_OK);
		buf_add(&world.payloads[i], cose.payload);
		REQUIRE(claims_read(cose.payload, &claims_real_limits, &claims, &at) == REASON_OK);
		if (i == 0) {
			policy_init(&world.policy);
			world.policy.time = POLICY_DOCUMENT;
			struct policy_source *source = policy_add_source(
				&world.policy, POLICY_ALTERNATIVE, SPAN_LITERAL("pcr.json"));
			REQUIRE(source != NULL);
			pcrs_set(&source->pcrs, 0, claims.pcrs.value[0]);
		}
		buf_done(&file);
		buf_done(&decoded);
	}
	struct buf root = support_vector("root.der");
	REQUIRE(root_from_file(buf_span(&root), &world.policy.root) == REASON_OK);
	buf_done(&root);
	world.ready = true;
}

static bool was_signed(struct span payload)
{
	for (size_t i = 0; i < SIGNED; i++) {
		if (span_equal(payload, buf_span(&world.payloads[i])))
			return true;
	}
	return false;
}

static void require_printable(struct span text, bool one_line)
{
	REQUIRE(text.len > 0 && text.at[text.len - 1] == '\n');
	for (size_t i = 0; i + 1 < text.len; i++)
		REQUIRE((text.at[i] >= 0x20 && text.at[i] <= 0x7e) ||
			(!one_line && text.at[i] == '\n'));
}

static cJSON *require_json(struct span line)
{
	struct json_place place;
	cJSON *tree = NULL;

	require_printable(line, true);
	REQUIRE(json_read(line, &tree, &place) == REASON_OK);
	return tree;
}

static bool begins(struct span text, const char *word)
{
	size_t len = strlen(word);

	return text.len >= len && memcmp(text.at, word, len) == 0;
}

static void render(const struct report *report, bool genuine)
{
	static const char *const words[] = { "ERROR", "FAIL", "PASS" };
	static const char *const verdicts[] = { "error", "fail", "pass" };
	enum verdict verdict = report_verdict(report);

	for (int verbose = 0; verbose < 2; verbose++) {
		const struct report_style style = { false, verbose != 0 };
		struct buf text = { 0 };
		report_text(report, &style, &text);
		REQUIRE(!text.failed);
		require_printable(buf_span(&text), false);
		REQUIRE(begins(buf_span(&text), words[verdict]));
		buf_done(&text);
	}
	struct buf line = { 0 };
	REQUIRE(report_json(report, "fuzz", "0", &line) == REASON_OK);
	cJSON *tree = require_json(buf_span(&line));
	const char *said = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(tree, "verdict"));
	REQUIRE(said != NULL && strcmp(said, verdicts[verdict]) == 0);
	REQUIRE((cJSON_GetObjectItemCaseSensitive(tree, "facts") != NULL) == genuine);
	cJSON_Delete(tree);
	buf_done(&line);
}

static void judge(struct span bytes)
{
	struct document document;
	struct report *report = report_new();

	REQUIRE(report != NULL);
	report_set_target(report, bytes); /* any bytes may be a name */
	document_judge(bytes, &world.policy, 0, NULL, report, &document);
	REQUIRE(report_verdict(report) == VERDICT_ERROR);
	enum verdict verdict = report_conclude(report, &world.policy.require);
	REQUIRE(document.has_cose || !document.has_claims);
	REQUIRE(document.has_claims || !document.genuine);
	REQUIRE(!document.genuine || was_signed(document.cose.payload));
	/* a PCR0 is expected, so a document either matches or fails */
	REQUIRE(verdict == VERDICT_PASS ? document.genuine : verdict == VERDICT_FAIL);
	render(report, document.genuine);
	report_free(report);
}

static void show(struct span bytes)
{
	struct buf text = { 0 };
	struct buf line = { 0 };
	struct span rest;
	struct span one;

	enum reason reason = show_text(bytes, REASON_OK, "name", &text);
	REQUIRE(reason != REASON_OUT_OF_MEMORY);
	require_printable(buf_span(&text), false);
	rest = buf_span(&text);
	while (support_line(&rest, &one))
		REQUIRE(begins(one, "UNVERIFIED"));
	REQUIRE(show_json(bytes, REASON_OK, "name", "fuzz", "0", &line) == reason);
	cJSON *tree = require_json(buf_span(&line));
	REQUIRE(cJSON_GetObjectItemCaseSensitive(tree, "verdict") == NULL);
	REQUIRE(cJSON_GetObjectItemCaseSensitive(tree, "unverified") != NULL);
	cJSON_Delete(tree);
	buf_done(&text);
	buf_done(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf decoded = { 0 };
	struct span bytes;

	if (!world.ready)
		prepare();
	if (size > DOCUMENT_FILE_MAX)
		return 0;
	enum reason reason = basenc_document((struct span){ data, size }, &decoded, &bytes);
	if (reason == REASON_OK) {
		judge(bytes);
		show(bytes);
	} else {
		struct report *report = report_new();
		REQUIRE(report != NULL);
		document_refuse(&world.policy, 0, reason, false, report);
		REQUIRE(report_conclude(report, &world.policy.require) == VERDICT_FAIL);
		render(report, false);
		report_free(report);
	}
	buf_done(&decoded);
	return 0;
}
