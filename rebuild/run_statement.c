#include "rebuild/run_statement.h"

#include <stdlib.h>

#include "rebuild/provenance.h"

bool run_is_stated(const struct run *run, const struct report *report)
{
	enum check bad;

	if (run->order->built_eif != NULL || !run->done[STAGE_MEASURE] ||
	    !image_is_sound(&run->image))
		return false;
	return report_verdict(report) == VERDICT_PASS ||
	       (run->order->policy->n_sources == 0 && !report_has_fault(report, &bad));
}

enum reason run_statement(const struct run *run, const struct report *report, struct span key,
			  struct buf *out)
{
	const struct pcrs pcrs = image_pcrs(&run->image);
	const struct oci_pins *pins = &run->pinned;
	const struct recipe *recipe = run->order->recipe;
	char index[SHA256_TEXT_LEN + 1];
	char manifest[SHA256_TEXT_LEN + 1];
	char config[SHA256_TEXT_LEN + 1];
	struct buf statement = { 0 };

	sha256_text(pins->index, index);
	sha256_text(pins->manifest, manifest);
	sha256_text(pins->config, config);
	const struct provenance_image image = {
		.reference = recipe->image,
		.digest = pins->has_index ? index : (pins->has_manifest ? manifest : config),
		.manifest = pins->has_index && pins->has_manifest ? manifest : NULL,
		.config = config,
	};
	bool shown =
		run->is_fetched && (report_status(report, CHECK_IMAGE_IN_EIF) == STATUS_PASS ||
				    (run_taking(run).pulled_recipes &&
				     report_status(report, CHECK_IMAGE_DIGEST) == STATUS_PASS));
	struct provenance_lock *locks = calloc(run->lock.n + 1, sizeof(locks[0]));
	if (locks == NULL)
		return REASON_OUT_OF_MEMORY;
	for (size_t i = 0; i < run->lock.n; i++)
		locks[i] =
			(struct provenance_lock){ run->lock.inputs[i].name, run->lock.inputs[i].rev,
						  run->lock.inputs[i].nar_hash };
	struct provenance_file files[RECIPE_FILES_MAX];
	for (size_t i = 0; i < run->n_staged; i++) {
		files[i].name = recipe->files[i].stage;
		memcpy(files[i].sha256, run->staged[i].sha256, DIGEST_SHA256_LEN);
	}
	struct provenance_facts facts = {
		.pcrs = &pcrs,
		.repository = recipe->repository,
		.commit = recipe->commit,
		.attribute = recipe->attribute,
		.image = shown ? &image : NULL,
		.locks = locks,
		.n_locks = run->lock.n,
		.files = files,
		.n_files = run->n_staged,
		.builder = RUN_STATEMENT_BUILDER,
		.version = run->order->version,
		.compared = report_verdict(report) == VERDICT_PASS,
	};
	memcpy(facts.eif_sha256, run->image_file.sha256, DIGEST_SHA256_LEN);
	enum reason reason = provenance_write(&facts, &statement);
	if (reason == REASON_OK)
		reason = provenance_sign(key, buf_span(&statement), out);
	buf_done(&statement);
	free(locks);
	return reason;
}
