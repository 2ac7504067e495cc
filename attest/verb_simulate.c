/* enclave-attest simulate: makes the folder of an enclave that is none. */
#include <stdlib.h>
#include <string.h>

#include "attest/module.h"
#include "attest/simdir.h"
#include "attest/verb.h"
#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/expect.h"
#include "verify/json.h"

static const struct cli_option options[] = {
	{ EXPECT_PCRS, 0, false, "pcrs", "FILE" },
	{ EXPECT_EIF, 0, false, "eif", "FILE" },
};

static bool apply(struct attest_run *run, int id, const char *value)
{
	if (id == EXPECT_EIF) {
		run->inside.eif = value;
		return true;
	}
	return expect_apply(run->output.program, &run->policy, NULL, id, value);
}

/* The registers: of the image, PCR8 too when it is signed, or those that the file names. */
static bool find_pcrs(const struct attest_run *run, struct pcrs *ret)
{
	struct image image;

	if (run->inside.eif == NULL) {
		*ret = run->policy.sources[0].pcrs;
		return true;
	}
	if (!expect_image(run->output.program, run->inside.eif, &image))
		return false;
	*ret = image_pcrs(&image);
	image_done(&image);
	return true;
}

static void put_text(const struct simulate *simulate, const char *path, struct buf *out)
{
	buf_printf(out, "module  %s\n", simulate->chain.module_id);
	buf_text(out, "root    ");
	buf_escaped(out, span_of_text(path));
	buf_text(out, "/" SIMDIR_ROOT "\npcrs    ");
	buf_escaped(out, span_of_text(path));
	buf_text(out, "/" SIMDIR_PCRS "\n");
	buf_text(out,
		 "This enclave is simulated: its documents are accepted only where --root names "
		 "its root.\n");
}

static bool put_string(cJSON *object, const char *key, struct buf *text)
{
	char *value = buf_take_text(text);
	bool ok =
		key != NULL && value != NULL && cJSON_AddStringToObject(object, key, value) != NULL;

	free(value);
	return ok;
}

static bool put_pcrs(cJSON *object, const struct pcrs *pcrs)
{
	cJSON *registers = cJSON_AddObjectToObject(object, "pcrs");

	for (unsigned i = 0; registers != NULL && i < PCR_COUNT; i++) {
		struct buf hex = { 0 };
		struct buf key = { 0 };
		if (!pcrs_has(pcrs, i))
			continue;
		hex_encode(&hex, pcrs_get(pcrs, i));
		buf_printf(&key, "%u", i);
		char *name = buf_take_text(&key);
		bool ok = put_string(registers, name, &hex);
		free(name);
		if (!ok)
			return false;
	}
	return registers != NULL;
}

static bool put_json(const struct attest_run *run, const struct simulate *simulate,
		     const char *path, struct buf *out)
{
	const struct span der = buf_span(&simulate->chain.ders[SIMCHAIN_ROOT]);
	uint8_t digest[DIGEST_SHA256_LEN];
	struct buf hex = { 0 };
	char *text = NULL;
	AUTO(cJSON) *tree = cJSON_CreateObject();
	cJSON *tool = tree == NULL ? NULL : cJSON_AddNumberToObject(tree, "schema", 1);

	tool = tool == NULL ? NULL : cJSON_AddObjectToObject(tree, "tool");
	if (tool == NULL || cJSON_AddStringToObject(tool, "name", run->output.program) == NULL ||
	    cJSON_AddStringToObject(tool, "version", run->version) == NULL)
		return false;
	cJSON *made = cJSON_AddObjectToObject(tree, "simulated");
	if (made == NULL || cJSON_AddStringToObject(made, "folder", path) == NULL ||
	    cJSON_AddStringToObject(made, "module_id", simulate->chain.module_id) == NULL ||
	    digest_sha256(&der, 1, digest) != REASON_OK)
		return false;
	hex_encode(&hex, SPAN_OF(digest));
	if (!put_string(made, "root_sha256", &hex) || !put_pcrs(made, &simulate->pcrs) ||
	    json_print(tree, &text) != REASON_OK)
		return false;
	buf_text(out, text);
	buf_text(out, "\n");
	free(text);
	return !out->failed;
}

static int put_out(const struct attest_run *run, const struct simulate *simulate, const char *path)
{
	struct buf out = { 0 };
	int status = CLI_PASS;

	bool complete = true;
	if (run->output.format == CLI_JSON)
		complete = put_json(run, simulate, path, &out);
	else if (!run->output.quiet)
		put_text(simulate, path, &out);
	if (!complete || out.failed) {
		attest_complain(run, path, 0, REASON_OUT_OF_MEMORY);
		status = CLI_ERROR;
	} else if (out.len > 0 && !cli_write(&run->output, buf_span(&out))) {
		status = CLI_ERROR;
	}
	buf_done(&out);
	return status;
}

static int make(const struct attest_run *run, const char *path, const struct pcrs *pcrs)
{
	struct simulate simulate = { .clock_ms = run->clock_ms, .random = run->random };
	struct simdir_fault fault;
	int status = CLI_ERROR;

	enum reason reason = simdir_make(path, pcrs, run->world.now, &simulate, &fault);
	if (reason == REASON_OK) {
		status = put_out(run, &simulate, path);
	} else {
		module_complain(run, path, fault.name, fault.why, reason);
		status = reason == REASON_FILE_EXISTS ? CLI_USAGE : CLI_ERROR;
	}
	simulate_done(&simulate);
	return status;
}

static int run_simulate(struct attest_run *run)
{
	struct pcrs pcrs;

	if (run->n_operands != 1)
		return attest_usage(run, "simulate: one DIR is needed");
	if (expect_is_value(run->operands[0]))
		return attest_usage(
			run,
			"simulate: a value stands where a folder is expected (./NAME if it is one)");
	if ((run->inside.eif != NULL) == (run->policy.n_sources > 0))
		return attest_usage(run, "simulate: --pcrs FILE or --eif FILE says which image");
	if (run->world.now < 0) {
		cli_complain(run->output.program, "the clock cannot be read");
		return CLI_ERROR;
	}
	if (!find_pcrs(run, &pcrs))
		return CLI_USAGE;
	if (!pcrs_has(&pcrs, 0))
		return attest_usage(run, "simulate: --pcrs names no PCR0");
	return make(run, run->operands[0], &pcrs);
}

const struct attest_verb attest_simulate = {
	.name = "simulate",
	.tables = { { options, sizeof(options) / sizeof(options[0]) } },
	.apply = apply,
	.run = run_simulate,
};
