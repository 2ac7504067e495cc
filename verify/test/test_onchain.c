#include "verify/onchain.h"

#include <stdlib.h>
#include <string.h>

#include "verify/report_rows.h"
#include "verify/test/scenes.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *strength_of(const struct row *row)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(row->members, "strength");

	return cJSON_IsString(member) ? member->valuestring : "none";
}

/* One check of the report against what the scene says. `seen`: it stands behind the one that tells. */
static bool is_as_said(const struct scene *scene, const struct row *row, const char *id, bool seen)
{
	const bool is_skip = row->status == STATUS_SKIP;

	if (seen)
		return is_skip;
	if (strcmp(id, scene->check) != 0)
		return row->status == STATUS_PASS || (is_skip && row->reason != REASON_NEEDS);
	return row->status == scene->status && row->reason == scene->reason &&
	       (scene->got == NULL || strcmp(strength_of(row), scene->got) == 0) &&
	       (scene->sentence == NULL || strstr(row_message(row), scene->sentence) != NULL);
}

/* The report says what the scene says, and nothing better. What differs is added to *faults. */
static void expect(const char *name, const struct scene *scene, struct report *report,
		   struct buf *faults)
{
	const struct check_set none = { .has = { false } };
	const enum verdict verdict = report_conclude(report, &none);
	const enum verdict wanted = scene->status == STATUS_PASS ? VERDICT_PASS :
				    scene->status == STATUS_FAIL ? VERDICT_FAIL :
								   VERDICT_ERROR;
	bool seen = false;

	ck_assert_uint_eq(report->n_rows, CHECK_ONCHAIN_SIGNER - CHECK_ONCHAIN_CHAIN_ID + 1);
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		const char *id = check_name(row->check);

		if (!is_as_said(scene, row, id, seen))
			buf_printf(faults, "%s/%s: %s has status %d, %s, strength %s: %s\n", name,
				   scene->name, id, (int)row->status, reason_name(row->reason),
				   strength_of(row), row_message(row));
		seen |= strcmp(id, scene->check) == 0;
	}
	if (verdict == VERDICT_PASS) {
		const char *got = strength_of(
			&report->rows[CHECK_ONCHAIN_REGISTERED - CHECK_ONCHAIN_CHAIN_ID]);
		const char *first_line =
			strcmp(got, "claimed") == 0 ? "one server's word" :
			strcmp(got, "agreed") == 0  ? "servers agree on the contract, not proved" :
						      "";
		struct buf weak = { 0 };

		report_weakened(report, &weak);
		if (!span_equal(buf_span(&weak), span_of_text(first_line)))
			buf_printf(faults, "%s/%s: first line: %.*s\n", name, scene->name,
				   (int)weak.len, (const char *)weak.at);
		buf_done(&weak);
	}
	if (!seen || verdict != wanted)
		buf_printf(faults, "%s/%s: verdict %d\n", name, scene->name, (int)verdict);
}

START_TEST(test_scenes)
{
	struct world *world = world_read();
	struct buf faults = { 0 };

	for (size_t t = 0; t < SCENE_TABLES; t++) {
		for (size_t i = 0; i < scene_tables[t].n; i++) {
			const struct scene *scene = &scene_tables[t].scenes[i];
			struct onchain_policy policy;
			struct onchain_subject subject;
			struct pcrs pcrs;
			struct report *report = report_new();

			world_expect(world, scene, &policy, &subject, &pcrs);
			struct dossier *dossier = world_collect(world, scene, &policy, &subject);
			onchain_judge(dossier, &policy, &subject, WORLD_TIME + scene->age, report);
			expect(scene_tables[t].name, scene, report, &faults);
			report_free(report);
			dossier_free(dossier);
		}
	}
	world_free(world);
	ck_assert_msg(faults.len == 0, "%.*s", (int)faults.len, (const char *)faults.at);
	buf_done(&faults);
}
END_TEST

/* The strength with which the scene's contract is said to accept the image; -1: it is not said. */
static int strength_now(struct dossier *dossier, const struct onchain_policy *policy,
			const struct onchain_subject *subject)
{
	const struct check_set none = { .has = { false } };
	struct report *report = report_new();
	int strength = -1;

	onchain_judge(dossier, policy, subject, WORLD_TIME, report);
	if (report_conclude(report, &none) == VERDICT_PASS) {
		for (size_t i = 0; i < report->n_rows; i++) {
			const struct row *row = &report->rows[i];
			const char *name = strength_of(row);

			if (row->check != CHECK_ONCHAIN_REGISTERED)
				continue;
			for (int s = STRENGTH_CLAIMED; s <= STRENGTH_PROVED; s++) {
				if (strcmp(name, strength_name((enum strength)s)) == 0)
					strength = s;
			}
		}
	}
	report_free(report);
	return strength;
}

/* Bytes that say the same in either case: addresses are compared as numbers. */
static bool is_other_case(uint8_t before, uint8_t after)
{
	return (before ^ after) == 0x20 && before >= 'A' && after >= 'A';
}

/* Whichever byte is turned of one answer or of the block, a proof is no proof any more. */
static void turn_bytes(const char *name, struct dossier *dossier, struct buf *bytes,
		       const struct onchain_policy *policy, const struct onchain_subject *subject)
{
	for (size_t i = 0; i < bytes->len; i += support_thin(97)) {
		for (unsigned bit = 0; bit < 8; bit += 5) {
			const uint8_t before = bytes->at[i];

			bytes->at[i] = (uint8_t)(before ^ (1U << bit));
			if (!is_other_case(before, bytes->at[i]))
				ck_assert_msg(strength_now(dossier, policy, subject) <
						      STRENGTH_PROVED,
					      "%s: byte %zu of %.*s", name, i,
					      bytes->len < 200 ? (int)bytes->len : 200,
					      (const char *)bytes->at);
			bytes->at[i] = before;
		}
	}
}

START_TEST(test_turned)
{
	static const struct scene scenes[] = {
		{ "alone", "plain", .family = "espresso-v7", .n_servers = 1, .block = BLOCK_HASH,
		  .strength = "claimed", .status = STATUS_PASS },
		{ "recorded", "plain", .family = "espresso-v7", .n_servers = 1, .block = BLOCK_HASH,
		  .recorded = true, .strength = "claimed", .status = STATUS_PASS },
		{ "strings", "marlin-auther", .n_servers = 1, .block = BLOCK_HASH,
		  .strength = "claimed", .status = STATUS_PASS },
	};
	struct world *world = world_read();

	for (size_t i = 0; i < LENGTH(scenes); i++) {
		const struct scene *scene = &scenes[i];
		struct onchain_policy policy;
		struct onchain_subject subject;
		struct pcrs pcrs;

		world_expect(world, scene, &policy, &subject, &pcrs);
		struct dossier *dossier = world_collect(world, scene, &policy, &subject);
		struct dossier_server *server = &dossier->servers[0];
		ck_assert_int_eq(strength_now(dossier, &policy, &subject), STRENGTH_PROVED);
		for (size_t q = 0; q < dossier->n_questions; q++) {
			const enum question_kind kind = dossier->questions[q].kind;

			/* a record's calls are not looked at */
			if (kind == QUESTION_PROOF || !scene->recorded)
				turn_bytes(scene->name, dossier, &server->answers[q].value, &policy,
					   &subject);
		}
		turn_bytes(scene->name, dossier, &server->block, &policy, &subject);
		dossier_free(dossier);
	}
	world_free(world);
}
END_TEST

START_TEST(test_unasked)
{
	static const struct onchain_subject nothing = { .lacks = CHECK_PCR_MATCH };
	struct onchain_policy policy;
	struct report *report = report_new();

	onchain_policy_init(&policy);
	onchain_judge(NULL, &policy, &nothing, 0, report);
	ck_assert_uint_eq(report->n_rows, 7);
	for (size_t i = 0; i < report->n_rows; i++)
		EXPECT_REASON("not requested", report->rows[i].reason, REASON_NOT_REQUESTED);
	report_free(report);
	report = report_new();
	policy.requested = true;
	onchain_judge(NULL, &policy, &nothing, 0, report);
	for (size_t i = 0; i < report->n_rows; i++) {
		EXPECT_REASON("no key", report->rows[i].reason, REASON_NEEDS);
		ck_assert_int_eq(report->rows[i].needed, CHECK_PCR_MATCH);
	}
	report_free(report);
	/* a policy that names no chain, and a server that tells none, are no pass */
	struct world *world = world_read();
	struct onchain_subject subject;
	struct pcrs pcrs;
	world_expect(world, &scene_tables[0].scenes[0], &policy, &subject, &pcrs);
	struct dossier *dossier =
		world_collect(world, &scene_tables[0].scenes[0], &policy, &subject);
	ck_assert_int_eq(strength_now(dossier, &policy, &subject), STRENGTH_PROVED);
	/* a signer that the document does not have */
	policy.signer = SIGNER_FROM_DOCUMENT;
	report = report_new();
	onchain_judge(dossier, &policy, &subject, WORLD_TIME, report);
	EXPECT_REASON("signer", report->rows[6].reason, REASON_SIGNER_MISSING);
	ck_assert_int_eq(report->rows[6].status, STATUS_FAIL);
	report_free(report);
	policy.signer = SIGNER_NONE;
	policy.has_chain_id = false;
	ck_assert_int_eq(strength_now(dossier, &policy, &subject), -1);
	policy.has_chain_id = true;
	dossier->servers[1].has_chain_id = false;
	ck_assert_int_eq(strength_now(dossier, &policy, &subject), -1);
	dossier_free(dossier);
	world_free(world);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("onchain");

	support_add(suite, "scenes", test_scenes);
	support_add(suite, "turned", test_turned);
	support_add(suite, "unasked", test_unasked);
	return support_main(suite);
}
