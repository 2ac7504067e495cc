#include "attest/recall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/json.h"

/* A sample by one letter: its verdict p, f or e; then PCR0, or nothing proven. */
static struct sample sample_of(const char *seen)
{
	struct sample sample = { .has_time = true, .at = 1000 };

	sample.verdict = seen[0] == 'p' ? VERDICT_PASS :
			 seen[0] == 'f' ? VERDICT_FAIL :
					  VERDICT_ERROR;
	(void)snprintf(sample.pcr0, sizeof(sample.pcr0), "%s", seen + 1);
	return sample;
}

/* What is told of one sample: "fact from>to" and so on. */
static char *told(struct recall *state, const char *name, const char *seen)
{
	const struct sample sample = sample_of(seen);
	cJSON *changed = NULL;
	struct buf text = { 0 };

	EXPECT_REASON(seen, recall_observe(state, name, &sample, &changed), REASON_OK);
	for (const cJSON *item = changed != NULL ? changed->child : NULL; item != NULL;
	     item = item->next)
		buf_printf(&text, "%s%s %s>%s", text.len > 0 ? ", " : "",
			   cJSON_GetObjectItemCaseSensitive(item, "fact")->valuestring,
			   cJSON_GetObjectItemCaseSensitive(item, "from")->valuestring,
			   cJSON_GetObjectItemCaseSensitive(item, "to")->valuestring);
	cJSON_Delete(changed);
	char *words = buf_take_text(&text);
	ck_assert_ptr_nonnull(words);
	return words;
}

/* Through a file and back: what is written is what is known. */
static void pass_through_file(struct recall *state)
{
	struct buf text = { 0 };
	struct buf again = { 0 };

	EXPECT_REASON("write", recall_write(state, &text), REASON_OK);
	EXPECT_REASON("read", recall_read(state, buf_span(&text)), REASON_OK);
	EXPECT_REASON("write", recall_write(state, &again), REASON_OK);
	EXPECT_BYTES("the same", buf_span(&again), buf_span(&text));
	buf_done(&text);
	buf_done(&again);
}

/* What is seen, and what is told of it, one after the other. */
START_TEST(test_transitions)
{
	static const struct {
		const char *row;
		struct {
			const char *seen;
			const char *told;
		} steps[8];
	} rows[] = {
		{ "the first time is no change", { { "pA", "" }, { "pA", "" } } },
		{ "the first time, failing", { { "f", "" }, { "f", "" } } },
		{ "pass to fail at once, once",
		  { { "pA", "" }, { "f", "verdict pass>fail" }, { "f", "" }, { "f", "" } } },
		{ "fail to pass when seen twice",
		  { { "f", "" }, { "pA", "" }, { "pA", "verdict fail>pass" }, { "pA", "" } } },
		{ "pass to error when seen twice",
		  { { "pA", "" }, { "e", "" }, { "e", "verdict pass>error" }, { "e", "" } } },
		{ "an answer missed once",
		  { { "pA", "" }, { "e", "" }, { "pA", "" }, { "e", "" } } },
		{ "pass, error, fail: at once",
		  { { "pA", "" }, { "e", "" }, { "f", "verdict pass>fail" }, { "e", "" } } },
		{ "error to fail when seen twice",
		  { { "e", "" }, { "f", "" }, { "f", "verdict error>fail" }, { "f", "" } } },
		{ "flapping tells once",
		  { { "pA", "" },
		    { "f", "verdict pass>fail" },
		    { "pA", "" },
		    { "f", "" },
		    { "pA", "" },
		    { "f", "" },
		    { "pA", "" },
		    { "pA", "verdict fail>pass" } } },
		{ "another image when seen twice",
		  { { "pA", "" }, { "pB", "" }, { "pB", "pcr0 A>B" }, { "pB", "" } } },
		{ "two images in turn",
		  { { "pA", "" }, { "pB", "" }, { "pA", "" }, { "pB", "" } } },
		{ "a third image",
		  { { "pA", "" }, { "pB", "" }, { "pC", "" }, { "pC", "pcr0 A>C" } } },
		{ "what is not proven changes nothing",
		  { { "pA", "" }, { "pB", "" }, { "p", "" }, { "pB", "pcr0 A>B" }, { "p", "" } } },
		{ "both at a time",
		  { { "pA", "" }, { "fB", "verdict pass>fail" }, { "fB", "pcr0 A>B" } } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* with and without a file between any two runs */
		for (int through = 0; through < 2; through++) {
			struct recall *state = recall_new();
			ck_assert_ptr_nonnull(state);
			for (size_t k = 0; k < 8 && rows[i].steps[k].seen != NULL; k++) {
				char *words = told(state, "t", rows[i].steps[k].seen);
				ck_assert_msg(strcmp(words, rows[i].steps[k].told) == 0,
					      "%s, step %zu: told '%s'", rows[i].row, k, words);
				free(words);
				free(told(state, "other", "pZ"));
				if (through == 1)
					pass_through_file(state);
			}
			recall_free(state);
		}
	}
}
END_TEST

/* Every fact is compared. */
START_TEST(test_facts)
{
	struct recall *state = recall_new();
	struct sample before = { .verdict = VERDICT_PASS, .registered = SAMPLE_REGISTERED };
	struct sample after = { .verdict = VERDICT_PASS, .registered = SAMPLE_NOT_REGISTERED };
	static const char *const want[] = {
		"pcr0",
		"enclave_hash",
		"module_id",
		"certificate_root",
		"certificate_region",
		"certificate_zone",
		"certificate_instance",
		"registered",
		"strength",
	};
	cJSON *changed = NULL;

	for (unsigned i = 0; i < 2; i++) {
		struct sample *s = i == 0 ? &before : &after;
		(void)snprintf(s->pcr0, sizeof(s->pcr0), "p%u", i);
		(void)snprintf(s->enclave_hash, sizeof(s->enclave_hash), "h%u", i);
		(void)snprintf(s->module_id, sizeof(s->module_id), "m%u\"\\\n", i);
		(void)snprintf(s->strength, sizeof(s->strength), "s%u", i);
		for (unsigned k = 0; k < SAMPLE_CERTIFICATES; k++)
			(void)snprintf(s->certificates[k], sizeof(s->certificates[k]), "c%u%u", k,
				       i);
	}
	EXPECT_REASON("1", recall_observe(state, "t", &before, &changed), REASON_OK);
	ck_assert_ptr_null(changed);
	EXPECT_REASON("2", recall_observe(state, "t", &after, &changed), REASON_OK);
	ck_assert_ptr_null(changed);
	pass_through_file(state);
	EXPECT_REASON("3", recall_observe(state, "t", &after, &changed), REASON_OK);
	ck_assert_int_eq(cJSON_GetArraySize(changed), sizeof(want) / sizeof(want[0]));
	for (int i = 0; i < cJSON_GetArraySize(changed); i++)
		ck_assert_str_eq(
			cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(changed, i), "fact")
				->valuestring,
			want[i]);
	cJSON_Delete(changed);
	recall_free(state);
}
END_TEST

/* When it passed last; and a target that is not watched any more is forgotten. */
START_TEST(test_last_success)
{
	struct recall *state = recall_new();

	ck_assert_int_eq(recall_last_success(state, "t"), 0);
	free(told(state, "t", "f"));
	ck_assert_int_eq(recall_last_success(state, "t"), 0);
	free(told(state, "t", "pA"));
	free(told(state, "gone", "pA"));
	ck_assert_int_eq(recall_last_success(state, "t"), 1000);
	pass_through_file(state);
	free(told(state, "t", "e"));
	recall_sweep(state);
	ck_assert_int_eq(recall_last_success(state, "t"), 1000);
	ck_assert_int_eq(recall_last_success(state, "gone"), 0);
	recall_sweep(state);
	ck_assert_int_eq(recall_last_success(state, "t"), 0);
	recall_free(state);
	recall_free(NULL);
}
END_TEST

/* What is no state file changes nothing. */
START_TEST(test_broken)
{
#define TARGETS(list) "{\"schema\":1,\"targets\":[" list "]}"
	static const struct {
		const char *text;
		enum reason want;
	} rows[] = {
		{ TARGETS(""), REASON_OK },
		{ TARGETS("{\"name\":\"a\",\"last_success\":\"0\",\"facts\":{}}"), REASON_OK },
		{ "", REASON_JSON_MALFORMED },
		{ "{\"schema\":1,\"targets\":[]", REASON_JSON_MALFORMED },
		{ TARGETS("") "x", REASON_JSON_TRAILING },
		{ "{\"schema\":1,\"schema\":1,\"targets\":[]}", REASON_JSON_DUPLICATE_KEY },
		{ "[]", REASON_STATE_CONTENT },
		{ "{\"targets\":[]}", REASON_STATE_CONTENT },
		{ "{\"schema\":2,\"targets\":[]}", REASON_STATE_CONTENT },
		{ "{\"schema\":1,\"targets\":{}}", REASON_STATE_CONTENT },
		{ "{\"schema\":1,\"targets\":[],\"x\":1}", REASON_STATE_CONTENT },
		{ TARGETS("1"), REASON_STATE_CONTENT },
		{ TARGETS("{\"name\":\"a\",\"last_success\":\"0\"}"), REASON_STATE_CONTENT },
		{ TARGETS("{\"name\":\"a\",\"last_success\":0,\"facts\":{}}"),
		  REASON_STATE_CONTENT },
		{ TARGETS("{\"name\":\"a\",\"last_success\":\"-1\",\"facts\":{}}"),
		  REASON_STATE_CONTENT },
		{ TARGETS("{\"name\":\"a\",\"last_success\":\"1234567890123\",\"facts\":{}}"),
		  REASON_STATE_CONTENT },
		{ TARGETS("{\"name\":7,\"last_success\":\"0\",\"facts\":{}}"),
		  REASON_STATE_CONTENT },
		{ TARGETS("{\"name\":\"a\",\"last_success\":\"0\",\"facts\":{\"x\":\"1\"}}"),
		  REASON_STATE_CONTENT },
		{ TARGETS("{\"name\":\"a\",\"last_success\":\"0\",\"facts\":{\"pcr0\":\"\"}}"),
		  REASON_STATE_CONTENT },
		{ TARGETS("{\"name\":\"a\",\"last_success\":\"0\",\"facts\":{\"pcr0\":[\"1\"]}}"),
		  REASON_STATE_CONTENT },
		{ TARGETS("{\"name\":\"a\",\"last_success\":\"0\",\"facts\":{\"pcr0\":[\"1\",\"2\","
			  "\"3\"]}}"),
		  REASON_STATE_CONTENT },
		{ TARGETS("{\"name\":\"a\",\"last_success\":\"0\",\"facts\":{}},"
			  "{\"name\":\"a\",\"last_success\":\"0\",\"facts\":{}}"),
		  REASON_STATE_CONTENT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct recall *state = recall_new();
		free(told(state, "kept", "pA"));
		EXPECT_REASON(rows[i].text, recall_read(state, span_of_text(rows[i].text)),
			      rows[i].want);
		ck_assert_int_eq(recall_last_success(state, "kept"),
				 rows[i].want == REASON_OK ? 0 : 1000);
		recall_free(state);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recall");

	support_add(suite, "transitions", test_transitions);
	support_add(suite, "facts", test_facts);
	support_add(suite, "last success", test_last_success);
	support_add(suite, "broken", test_broken);
	return support_main(suite);
}
