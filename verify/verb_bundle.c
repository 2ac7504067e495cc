#include <string.h>

#include "verify/bundle.h"
#include "verify/document.h"
#include "verify/expect.h"
#include "verify/saver.h"
#include "verify/testimony.h"
#include "verify/verb.h"

static const char *bundle_usage_error(const struct verb_run *run)
{
	if (run->n_operands != 1)
		return "bundle: one DIR is needed";
	if (strcmp(run->operands[0], "-") == 0)
		return "bundle: a folder is needed, not standard input";
	if (expect_is_value(run->operands[0]))
		return "bundle: a value stands where a folder is expected (./NAME if it is one)";
	if (run->policy.time == POLICY_DOCUMENT && run->max_age_given)
		return "bundle: --max-age has no meaning without --at now or --at TIME";
	return terms_fault(&run->terms);
}

static void tell_fault(const char *path, enum reason reason, const struct bundle_fault *fault,
		       struct report *report)
{
	struct buf message = { 0 };

	buf_add(&message, fault->name.len > 0 ? buf_span(&fault->name) : span_of_text(path));
	buf_printf(&message, ": %s", reason_sentence(reason));
	if (fault->system != 0)
		buf_printf(&message, ": %s", strerror(fault->system));
	/* precision: a name from outside has no NUL, the buffer has no end but its length */
	int len = message.failed ? 0 : (int)message.len;
	if (verb_is_trouble(reason) || reason == REASON_CRYPTO_FAILED)
		report_error(report, CHECK_BUNDLE_FORM, reason, "%.*s", len,
			     (const char *)message.at);
	else
		report_fail(report, CHECK_BUNDLE_FORM, reason, "%.*s", len,
			    (const char *)message.at);
	if (message.failed)
		report_out_of_memory(report);
	buf_done(&message);
}

/* What servers said of a contract, as the record has it. */
static void judge_contract(const struct verb_run *run, const struct bundle *bundle,
			   const struct document *document, struct report *report)
{
	const struct onchain_policy *policy = &run->contract.policy;
	struct onchain_subject subject = { .has_key = false };
	struct dossier *dossier = NULL;

	if (!policy->requested) {
		onchain_judge(NULL, policy, &subject, run->world.now, report);
		if (bundle->has[BUNDLE_ONCHAIN])
			report_note(report, "onchain.json was not looked into: name the contract "
					    "with --registry");
		return;
	}
	enum reason reason = onchain_subject_of(policy, document, report, &subject);
	if (reason != REASON_OK) {
		onchain_refuse(policy, reason, true, NULL, report);
		return;
	}
	if (!subject.has_key) {
		onchain_judge(NULL, policy, &subject, run->world.now, report);
		return;
	}
	if (!bundle->has[BUNDLE_ONCHAIN]) {
		onchain_refuse(policy, REASON_BUNDLE_MISSING, true,
			       "the bundle has no onchain.json: no contract was asked", report);
		return;
	}
	reason = dossier_read(buf_span(&bundle->content[BUNDLE_ONCHAIN]), &dossier);
	if (reason == REASON_OK)
		onchain_judge(dossier, policy, &subject, run->world.now, report);
	else
		onchain_refuse(policy, reason, verb_is_trouble(reason), NULL, report);
	dossier_free(dossier);
}

/* The contract where there is no document. */
static void lack_contract(const struct verb_run *run, struct report *report)
{
	const struct onchain_subject subject = { .has_key = false, .lacks = CHECK_BUNDLE_FORM };

	onchain_judge(NULL, &run->contract.policy, &subject, run->world.now, report);
}

/* What builders signed, held against the document; nothing is said of it without their keys. */
static void judge_statement(const struct verb_run *run, const struct bundle *bundle,
			    const struct document *document, struct report *report)
{
	const struct testimony_beside beside = {
		document->genuine ? &document->claims.pcrs : NULL,
		document->lacks,
		false,
	};
	struct testimony testimony;

	if (run->terms.n_keys == 0) {
		testimony_skip(CHECK_COUNT, report);
		return;
	}
	testimony_start(&testimony, &run->terms);
	if (bundle->has[BUNDLE_STATEMENT])
		testimony_hear(&testimony, SPAN_LITERAL("statement.json"),
			       buf_span(&bundle->content[BUNDLE_STATEMENT]));
	else
		testimony_lack(&testimony, REASON_BUNDLE_MISSING,
			       "the bundle has no statement.json, and a --key is given");
	(void)testimony_conclude(&testimony, &beside, report);
	testimony_done(&testimony);
}

static void judge_bundle(const struct verb_run *run, const char *path, struct report *report)
{
	struct bundle bundle = { .has = { false } };
	struct bundle_fault fault = { .system = 0 };
	struct document document;
	size_t n = 0;

	report_set_target(report, span_of_text(path));
	enum reason reason = bundle_read(path, &bundle, &fault);
	if (reason == REASON_OK) {
		for (size_t i = 0; i < BUNDLE_FILES; i++)
			n += bundle.has[i] ? 1 : 0;
		report_pass(report, CHECK_BUNDLE_FORM, "%zu files, as SHA256SUMS names them", n);
		document_judge(buf_span(&bundle.content[BUNDLE_DOCUMENT]), &run->policy,
			       run->world.now, NULL, report, &document);
		judge_contract(run, &bundle, &document, report);
		judge_statement(run, &bundle, &document, report);
		saver_tell(&bundle, report);
	} else {
		tell_fault(path, reason, &fault, report);
		document_lack(&run->policy, run->world.now, CHECK_BUNDLE_FORM, report);
		lack_contract(run, report);
		testimony_skip(run->terms.n_keys > 0 ? CHECK_BUNDLE_FORM : CHECK_COUNT, report);
	}
	buf_done(&fault.name);
	bundle_done(&bundle);
}

int verb_bundle(struct verb_run *run)
{
	const struct contract_use use = { .is_record = true, .has_document = true };
	struct buf out = { 0 };

	/* the evidence's own time, unless another one is asked for */
	if (!run->at_given)
		run->policy.time = POLICY_DOCUMENT;
	run->policy.freshness = POLICY_FRESH_NEVER;
	const char *message = bundle_usage_error(run);
	if (message != NULL)
		return verb_usage(run, message);
	if (!contract_finish(run->output.program, &run->contract, &use))
		return CLI_USAGE;
	if (run->policy.time == POLICY_NOW && run->world.now < 0) {
		cli_complain(run->output.program, "the clock cannot be read");
		return CLI_ERROR;
	}
	struct report *report = report_new();
	if (report == NULL) {
		cli_complain(run->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	judge_bundle(run, run->operands[0], report);
	int exit_status = (int)cli_exit_of(report_conclude(report, &run->policy.require));
	if (!verb_render(run, report, &out)) {
		cli_complain(run->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		exit_status = CLI_ERROR;
	} else if (!verb_is_silent(run) && !cli_write(&run->output, buf_span(&out))) {
		exit_status = CLI_ERROR;
	}
	buf_done(&out);
	report_free(report);
	return exit_status;
}
