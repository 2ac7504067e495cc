/* enclave-attest onchain: whether a contract accepts an image, named by a hash, a PCR0 or a file. A document
 * is judged first, whole: what nobody signed is not looked up. */
#include <string.h>

#include "attest/contract.h"
#include "attest/operand.h"
#include "verify/chain.h"
#include "verify/document.h"
#include "verify/expect.h"

#define DEFAULT_MAX_AGE_S 300

/* The rows of expect_options that say what a document must be, without those that name registers. */
#define FIRST_OPTION 4

static struct check_set known_checks(void)
{
	const struct check_set image = image_checks();
	const struct check_set onchain = onchain_checks();
	struct check_set set = document_checks();

	for (size_t i = 0; i < CHECK_COUNT; i++)
		set.has[i] = set.has[i] || image.has[i] || onchain.has[i];
	return set;
}

/* What is wrong before the operand is looked at, or NULL. */
static const char *usage_error(const struct attest_run *run)
{
	if (run->n_operands != 1)
		return "onchain: one HASH, PCR0 or FILE is needed";
	if (!run->contract.given[0]) /* CONTRACT_REGISTRY */
		return "onchain: --registry PROFILE:ADDRESS is needed";
	return NULL;
}

/* What is wrong with the options for this operand, or NULL. */
static const char *operand_error(const struct attest_run *run, const struct operand *operand)
{
	if (run->document_only && operand->kind != OPERAND_DOCUMENT)
		return "onchain: --user-data, --public-key, --role-arn, --instance-id, "
		       "--signing-cert, --root, --allow-debug, --aws-table-limits, --max-age and "
		       "--max-skew are for a document";
	return NULL;
}

/* The rule of the family and the registers that are known: what is lacking in a file is a fault of the file.
 * False: said on stderr. */
static bool has_registers(const struct attest_run *run, struct operand *operand, int *ret_exit)
{
	struct onchain_subject subject = { .has_key = false };

	if (operand->kind != OPERAND_PCR0 && operand->kind != OPERAND_PCRFILE)
		return true;
	enum reason reason = contract_subject(&run->contract.policy, &operand->pcrs,
					      (struct span){ NULL, 0 }, &subject);
	if (reason == REASON_OK)
		return true;
	*ret_exit = reason != REASON_PCR_MISSING ? CLI_ERROR : CLI_USAGE;
	if (reason == REASON_PCR_MISSING)
		cli_complain(
			run->output.program,
			"%s: the key of %s is made of PCR0, PCR1 and PCR2: give a FILE with all "
			"of them, or the HASH itself (%s)",
			run->operands[0], run->contract.policy.row.name, reason_name(reason));
	else
		cli_complain(run->output.program, "%s (%s)", reason_sentence(reason),
			     reason_name(reason));
	if (reason != REASON_PCR_MISSING || operand->kind != OPERAND_PCRFILE)
		return false;
	operand_refuse(operand, reason);
	return true;
}

/* Adds the checks of what the operand is, and says what is to be looked up. */
static enum reason judge_operand(const struct attest_run *run, const struct operand *operand,
				 struct document *document, struct chain_cache *cache,
				 struct report *report, struct onchain_subject *ret)
{
	const struct onchain_policy *policy = &run->contract.policy;
	const struct span none = { NULL, 0 };

	switch (operand->kind) {
	case OPERAND_DOCUMENT:
		if (operand->document_reason != REASON_OK)
			document_refuse(&run->policy, run->world.now, operand->document_reason,
					operand->document_reason == REASON_OUT_OF_MEMORY ||
						operand->document_reason == REASON_FILE_UNREADABLE,
					report);
		else
			document_judge(operand->document, &run->policy, run->world.now, cache,
				       report, document);
		return document->genuine ? contract_subject(policy, &document->claims.pcrs,
							    document->claims.public_key, ret) :
					   REASON_OK;
	case OPERAND_IMAGE:
		image_judge(&operand->image, &run->policy, run->world.now, report);
		return image_is_sound(&operand->image) ?
			       contract_subject(policy, &operand->image.measurement.pcrs, none,
						ret) :
			       REASON_OK;
	case OPERAND_HASH:
		ret->has_key = true;
		memcpy(ret->key, operand->hash, sizeof(ret->key));
		ret->has_signer = policy->signer == SIGNER_ADDRESS;
		memcpy(ret->signer, policy->signer_address, sizeof(ret->signer));
		break;
	case OPERAND_PCR0:
	case OPERAND_PCRFILE:
		break;
	}
	report_set_time(report, run->world.now, TIME_CLOCK);
	return operand->kind == OPERAND_HASH ? REASON_OK :
					       contract_subject(policy, &operand->pcrs, none, ret);
}

static void judge(struct attest_run *run, const struct operand *operand, struct report *report)
{
	const struct contract contract = {
		.policy = &run->contract.policy,
		.servers = &run->servers,
		.route = run->ask.route,
		.timeout_ms = run->ask.timeout_ms,
		.clock = attest_clock(run),
		.clock_ms = run->clock_ms,
	};
	struct chain_cache cache = { .next = 0 };
	struct document document = { .has_cose = false };
	struct onchain_subject subject = { .has_key = false };

	report_set_target(report, span_of_text(run->operands[0]));
	enum reason reason = judge_operand(run, operand, &document, &cache, report, &subject);
	contract_judge(&contract, &subject, reason, report, NULL);
}

static int judge_and_render(struct attest_run *run, const struct operand *operand)
{
	struct buf out = { 0 };
	struct report *report = report_new();

	if (report == NULL) {
		cli_complain(run->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		return CLI_ERROR;
	}
	judge(run, operand, report);
	int exit_status = (int)cli_exit_of(report_conclude(report, &run->policy.require));
	if (!attest_render(run, report, &out)) {
		cli_complain(run->output.program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
		exit_status = CLI_ERROR;
	} else if (!attest_is_silent(run) && !cli_write(&run->output, buf_span(&out))) {
		exit_status = CLI_ERROR;
	}
	buf_done(&out);
	report_free(report);
	return exit_status;
}

static int run_onchain(struct attest_run *run)
{
	struct operand operand = { .kind = OPERAND_HASH };
	int exit_status = CLI_USAGE;

	const char *message = usage_error(run);
	if (message != NULL)
		return attest_usage(run, message);
	if (run->world.now < 0) {
		attest_complain(run, "onchain", 0, REASON_CLOCK_FAILED);
		return CLI_ERROR;
	}
	if (!run->max_age_given)
		run->policy.max_age_s = DEFAULT_MAX_AGE_S;
	if (operand_read(run, run->operands[0], &operand)) {
		message = operand_error(run, &operand);
		exit_status = CLI_USAGE;
		if (message != NULL)
			exit_status = attest_usage(run, message);
		else if (attest_contract_settle(run, operand.kind == OPERAND_HASH,
						operand.kind == OPERAND_DOCUMENT) &&
			 ask_settle_route(run->output.program, &run->ask) &&
			 has_registers(run, &operand, &exit_status))
			exit_status = judge_and_render(run, &operand);
	}
	operand_done(&operand);
	return exit_status;
}

static bool apply(struct attest_run *run, int id, const char *value)
{
	const struct check_set known = known_checks();

	if (id >= CONTRACT_REGISTRY)
		return attest_contract_apply(run, id, value);
	if (id >= ASK_CACERT)
		return ask_apply(run->output.program, &run->ask, id, value);
	if (id == EXPECT_MAX_AGE)
		run->max_age_given = true;
	if (id != EXPECT_REQUIRE)
		run->document_only = true;
	return expect_apply(run->output.program, &run->policy, &known, id, value);
}

const struct attest_verb attest_onchain = {
	.name = "onchain",
	.tables = { { ask_options, ASK_ROUTE_OPTIONS },
		    { expect_options + FIRST_OPTION, EXPECT_LIVE_OPTIONS - FIRST_OPTION },
		    { contract_options, CONTRACT_OPTIONS },
		    { servers_options, SERVERS_OPTIONS } },
	.apply = apply,
	.run = run_onchain,
};
