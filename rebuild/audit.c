#include "rebuild/audit.h"

#include <stdlib.h>

#include "verify/basenc.h"

struct check_set audit_checks(void)
{
	const struct check_set sets[] = { run_checks(), testimony_own_checks(), live_checks() };
	struct check_set all = { .has = { false } };

	for (size_t s = 0; s < sizeof(sets) / sizeof(sets[0]); s++) {
		for (size_t i = 0; i < CHECK_COUNT; i++)
			all.has[i] = all.has[i] || sets[s].has[i];
	}
	return all;
}

/* What is known of the image before the enclave is asked. */
struct origin {
	bool is_measured;
	struct pcrs
		measured; /* PCR0, 1 and 2: another signature of the same image is no other image */
	bool is_stated;
	struct pcrs stated;
};

static void judge_origin(const struct audit *audit, struct report *report, struct origin *ret)
{
	const struct run *run = audit->run;

	if (run == NULL)
		run_judge_absent(report);
	else
		run_judge_origin(run, report);
	ret->is_measured = run != NULL && run->done[STAGE_MEASURE] && image_is_sound(&run->image);
	for (unsigned i = 0; ret->is_measured && i < 3; i++)
		pcrs_set(&ret->measured, i, run->image.measurement.pcrs.value[i]);
	if (audit->testimony == NULL) {
		testimony_skip(CHECK_COUNT, report);
		return;
	}
	const struct testimony_beside beside = { .pcrs = &ret->measured, .measured = true };
	ret->is_stated =
		testimony_conclude(audit->testimony, ret->is_measured ? &beside : NULL, report);
	if (ret->is_stated)
		ret->stated = audit->testimony->pcrs;
}

static const char *measured_name(const struct audit *audit)
{
	return audit->run->order->built_eif != NULL ? "the image given" : "rebuilt here";
}

/* A reference value that must match whatever else is expected. */
static bool add_reference(struct policy *policy, const char *name, const struct pcrs *pcrs)
{
	struct policy_source *source = policy_add_source(policy, POLICY_ALONE, span_of_text(name));

	if (source != NULL)
		source->pcrs = *pcrs;
	return source != NULL;
}

/* The expectations, and what the image is known to be. */
static bool extend_policy(const struct audit *audit, const struct origin *origin,
			  struct policy *ret)
{
	return policy_copy(audit->live->policy, ret) == REASON_OK &&
	       (!origin->is_stated || add_reference(ret, "statement", &origin->stated)) &&
	       (!origin->is_measured ||
		add_reference(ret, measured_name(audit), &origin->measured));
}

/* The contract of an image of which nothing runs, as far as is known. */
static void ask_contract(const struct audit *audit, const struct document_stand_in *stand_in,
			 struct report *report)
{
	const struct contract *contract = audit->live->contract;
	struct onchain_subject subject = { .has_key = false, .lacks = CHECK_ENDPOINT_FETCH };

	if (!contract->policy->requested || stand_in == NULL) {
		onchain_judge(NULL, contract->policy, &subject, 0, report);
		return;
	}
	enum reason reason = contract_subject(contract->policy, stand_in->pcrs,
					      (struct span){ NULL, 0 }, &subject);
	contract_judge(contract, &subject, reason, report, NULL);
}

static void judge_enclave(const struct audit *audit, const struct policy *policy,
			  const struct document_stand_in *stand_in, struct report *report,
			  struct live_evidence *ret)
{
	struct live live = *audit->live;

	if (audit->url != NULL) {
		live.policy = policy;
		live.stand_in = stand_in;
		live.unanswered = "No document came: nothing is known of what runs there.";
		live_judge(&live, audit->url, report, ret);
		return;
	}
	report_skip(report, CHECK_ENDPOINT_FETCH, REASON_NOT_REQUESTED,
		    "the recipe names no enclave");
	document_lack_for(stand_in, policy, live.clock_ms() / 1000, CHECK_ENDPOINT_FETCH, report);
	report_needs(report, CHECK_ENDPOINT_TLS, CHECK_ENDPOINT_FETCH);
	ask_contract(audit, stand_in, report);
}

/* --- who says what --- */

struct table {
	cJSON *list;
	struct buf lines;
	bool failed;
};

static void add_hex(struct table *table, cJSON *object, const char *key, struct span bytes)
{
	struct buf hex = { 0 };

	hex_encode(&hex, bytes);
	char *text = buf_take_text(&hex);
	if (text == NULL || cJSON_AddStringToObject(object, key, text) == NULL)
		table->failed = true;
	free(text);
}

/* A register whose check failed also gets a line. */
static void add_row(struct table *table, const struct report *report, const char *from,
		    const struct pcrs *pcrs)
{
	static const char *const keys[] = { "0", "1", "2" };
	cJSON *row = cJSON_CreateObject();

	if (!cJSON_AddItemToArray(table->list, row)) {
		cJSON_Delete(row);
		table->failed = true;
		return;
	}
	if (cJSON_AddStringToObject(row, "from", from) == NULL)
		table->failed = true;
	cJSON *object = cJSON_AddObjectToObject(row, "pcrs");
	for (unsigned i = 0; i < 3; i++) {
		if (!pcrs_has(pcrs, i))
			continue;
		add_hex(table, object, keys[i], pcrs_get(pcrs, i));
		if (report_status(report, (enum check)(CHECK_PCR_MATCH + i)) != STATUS_FAIL)
			continue;
		buf_printf(&table->lines, "PCR%u ", i);
		hex_encode(&table->lines, pcrs_get(pcrs, i));
		buf_text(&table->lines, "  ");
		buf_escaped(&table->lines, span_of_text(from));
		buf_text(&table->lines, "\n");
	}
}

/* A check tells of the first source that differs; this tells of all. */
static void tell_registers(const struct policy *policy, const struct live_evidence *evidence,
			   struct report *report)
{
	struct table table = { .list = cJSON_CreateArray() };

	table.failed = table.list == NULL;
	for (size_t i = 0; i < policy->n_sources; i++)
		add_row(&table, report, policy->sources[i].name, &policy->sources[i].pcrs);
	if (evidence->genuine)
		add_row(&table, report, "document", &evidence->pcrs);
	report_add_lines(report, &table.lines);
	if (table.failed)
		report_out_of_memory(report);
	report_take_member(report, "registers", table.list);
}

/* What a pass does not rest on, and what no pass can do without. */
static void tell_missing(const struct audit *audit, const struct origin *origin, bool has_document,
			 struct report *report)
{
	if (audit->run == NULL && origin->is_stated)
		report_weaken(report, "not rebuilt here: the word of those who signed");
	if (!audit->live->contract->policy->requested)
		report_weaken(report, "no contract asked");
	if (!origin->is_measured && !origin->is_stated)
		report_withhold(report, REASON_AUDIT_NO_IMAGE);
	if (audit->url == NULL)
		report_withhold(report, REASON_AUDIT_NO_ENCLAVE);
	if (has_document)
		report_note(report,
			    "an audit is about the moment at which the enclave answered: its "
			    "host may start another one at any time");
}

void audit_judge(const struct audit *audit, struct report *report, struct live_evidence *ret)
{
	struct origin origin = { .is_measured = false };
	struct policy policy;

	judge_origin(audit, report, &origin);
	const struct document_stand_in stand_in = {
		.pcrs = origin.is_measured ? &origin.measured : &origin.stated,
		.carrier = origin.is_measured ? "image" : "statement",
		.policy = audit->live->policy,
		.measured = origin.is_measured,
	};
	bool stands_in = origin.is_measured || origin.is_stated;
	if (!extend_policy(audit, &origin, &policy))
		report_out_of_memory(report);
	judge_enclave(audit, &policy, stands_in ? &stand_in : NULL, report, ret);
	report_set_target(report, span_of_text(audit->name));
	report_set_evidence(report, ret->has_document  ? EVIDENCE_AUDIT :
				    origin.is_measured ? EVIDENCE_IMAGE :
							 EVIDENCE_STATEMENT);
	tell_registers(&policy, ret, report);
	tell_missing(audit, &origin, ret->has_document, report);
	policy_done(&policy);
}
