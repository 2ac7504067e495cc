#include <stdio.h>
#include <stdlib.h>

#include "rebuild/run_also.h"
#include "rebuild/run_judge.h"
#include "verify/basenc.h"
#include "verify/instant.h"

#define SCHEMA 1

/* A tree in the making: a failed allocation is asked about once, at the end. */
struct tree {
	bool failed;
};

static cJSON *add(struct tree *tree, cJSON *object, const char *key, cJSON *item)
{
	if (item == NULL || !cJSON_AddItemToObject(object, key, item)) {
		cJSON_Delete(item);
		tree->failed = true;
		return NULL;
	}
	return item;
}

/* NULL is null. */
static void add_text(struct tree *tree, cJSON *object, const char *key, const char *text)
{
	(void)add(tree, object, key, text == NULL ? cJSON_CreateNull() : cJSON_CreateString(text));
}

static void add_hex(struct tree *tree, cJSON *object, const char *key, const char *prefix,
		    struct span bytes)
{
	struct buf text = { 0 };

	buf_text(&text, prefix);
	hex_encode(&text, bytes);
	char *owned = buf_take_text(&text);
	if (owned == NULL)
		tree->failed = true;
	else
		add_text(tree, object, key, owned);
	free(owned);
}

/* 64-bit numbers are strings. */
static void add_number(struct tree *tree, cJSON *object, const char *key, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	add_text(tree, object, key, text);
}

/* The seed workflow's keys: an empty string there means unknown. */
static void add_seed_keys(struct tree *tree, const struct run *run, cJSON *root)
{
	const struct recipe *recipe = run->order->recipe;
	bool sourced = run->done[STAGE_SOURCE];
	uint8_t hash[KECCAK_LEN];

	/* only what was seen to be used is named: one that was fetched need not be */
	const struct run_taking taking = run_taking(run);
	bool used = run->is_fetched && (taking.staged || taking.pulled_recipes);
	add_text(tree, root, "nitro_image", used ? recipe->image : "");
	add_text(tree, root, "image_digest",
		 used && strstr(recipe->image, "@sha256:") != NULL ? recipe->image : "");
	if (run->n_staged > 0)
		add_hex(tree, root, "nitro_binary_hash", "", SPAN_OF(run->staged[0].sha256));
	else
		add_text(tree, root, "nitro_binary_hash", "");
	if (run->is_read && image_is_sound(&run->image)) {
		const uint8_t *pcr0 = run->image.measurement.pcrs.value[0];
		add_hex(tree, root, "pcr0", "0x", (struct span){ pcr0, PCR_LEN });
		enclave_hash(pcr0, hash);
		add_hex(tree, root, "enclave_hash", "0x", SPAN_OF(hash));
	} else {
		add_text(tree, root, "pcr0", "");
		add_text(tree, root, "enclave_hash", "");
	}
	add_text(tree, root, "git_sha", sourced ? recipe->commit : "");
}

static void add_inputs(struct tree *tree, const struct run *run, cJSON *root)
{
	cJSON *inputs = add(tree, root, "inputs", cJSON_CreateArray());

	for (size_t i = 0; i < run->lock.n && inputs != NULL; i++) {
		const struct lock_input *from = &run->lock.inputs[i];
		cJSON *input = cJSON_CreateObject();
		if (!cJSON_AddItemToArray(inputs, input)) {
			cJSON_Delete(input);
			tree->failed = true;
			return;
		}
		add_text(tree, input, "name", from->name);
		add_text(tree, input, "type", from->type);
		add_text(tree, input, "url", from->url);
		add_text(tree, input, "owner", from->owner);
		add_text(tree, input, "repo", from->repo);
		add_text(tree, input, "rev", from->rev);
		add_text(tree, input, "narHash", from->nar_hash);
		(void)add(tree, input, "checked", cJSON_CreateBool(run->inputs_checked));
	}
}

static void add_source(struct tree *tree, const struct run *run, cJSON *root)
{
	static const char *const states[] = {
		[SOURCE_UNSIGNED] = "unsigned",
		[SOURCE_UNCHECKED] = "unchecked",
		[SOURCE_BAD] = "bad",
		[SOURCE_GOOD] = "good",
	};

	if (!run->done[STAGE_SOURCE])
		return;
	add_text(tree, root, "repository", run->order->recipe->repository);
	add_text(tree, root, "git_tree", run->facts.tree);
	add_text(tree, root, "variant", pipeline_variant_name(run->pipeline.variant));
	cJSON *signature = add(tree, root, "git_signature", cJSON_CreateObject());
	add_text(tree, signature, "status", states[run->facts.signature]);
	add_text(tree, signature, "key", run->facts.signer[0] != '\0' ? run->facts.signer : NULL);
	if (run->lock.tree != NULL) {
		add_hex(tree, root, "flake_lock_sha256", "", SPAN_OF(run->lock_sha256));
		add_inputs(tree, run, root);
	}
}

/* A digest as sha256:HEX, or null. */
static void add_digest(struct tree *tree, cJSON *object, const char *key, bool has,
		       const uint8_t digest[static DIGEST_SHA256_LEN])
{
	if (has)
		add_hex(tree, object, key, "sha256:", (struct span){ digest, DIGEST_SHA256_LEN });
	else
		add_text(tree, object, key, NULL);
}

/* How a container image went in, and those that the flake names itself. */
static void add_taking(struct tree *tree, const struct run *run, cJSON *root)
{
	const struct run_taking taking = run_taking(run);

	if (!run->done[STAGE_BUILD])
		return;
	add_text(tree, root, "image_taken",
		 taking.staged && taking.pulled ? "staged-file-and-pull-image" :
		 taking.staged                  ? "staged-file" :
		 taking.pulled                  ? "pull-image" :
						  "none");
	cJSON *list = add(tree, root, "pulled", cJSON_CreateArray());
	for (size_t i = 0; i < run->closure.n_drvs && list != NULL; i++) {
		const struct closure_drv *drv = &run->closure.drvs[i];
		if (drv->image_digest == NULL)
			continue;
		cJSON *image = cJSON_CreateObject();
		if (!cJSON_AddItemToArray(list, image)) {
			cJSON_Delete(image);
			tree->failed = true;
			return;
		}
		add_text(tree, image, "name", drv->image_name);
		add_text(tree, image, "digest", drv->image_digest);
	}
}

static void add_container(struct tree *tree, const struct run *run, cJSON *root)
{
	const struct oci_pins *pins = &run->pinned;

	if (!run->is_fetched)
		return;
	cJSON *image = add(tree, root, "image", cJSON_CreateObject());
	add_text(tree, image, "reference", run->order->recipe->image);
	add_digest(tree, image, "index_digest", pins->has_index, pins->index);
	add_digest(tree, image, "manifest_digest", pins->has_manifest, pins->manifest);
	add_digest(tree, image, "config_digest", true, pins->config);
	add_text(tree, image, "platform", run->order->recipe->platform);
	cJSON *layers = add(tree, image, "layers", cJSON_CreateArray());
	for (size_t i = 0; i < pins->n_layers && layers != NULL; i++) {
		cJSON *layer = cJSON_CreateObject();
		if (!cJSON_AddItemToArray(layers, layer)) {
			cJSON_Delete(layer);
			tree->failed = true;
			return;
		}
		add_digest(tree, layer, "digest", true, pins->layers[i].digest);
		add_digest(tree, layer, "diff_id", true, pins->layers[i].diff_id);
		add_number(tree, layer, "size", pins->layers[i].size);
	}
}

/* An object at the end of a list; NULL, and `failed`: no memory. */
static cJSON *append(struct tree *tree, cJSON *list)
{
	cJSON *object = cJSON_CreateObject();

	if (!cJSON_AddItemToArray(list, object)) {
		cJSON_Delete(object);
		tree->failed = true;
		return NULL;
	}
	return object;
}

/* One derivation that is not shown to be the same again. */
static void add_difference(struct tree *tree, const struct run *run, const struct closure_drv *drv,
			   cJSON *list)
{
	cJSON *object = append(tree, list);

	if (object == NULL)
		return;
	add_text(tree, object, "drv", drv->path);
	add_text(tree, object, "reason", reason_name(drv->reason));
	cJSON *outputs = add(tree, object, "outputs", cJSON_CreateArray());
	for (size_t i = 0; i < drv->n_outputs && outputs != NULL; i++) {
		if (drv->differing != 0 && !(drv->differing >> i & 1))
			continue;
		cJSON *output = append(tree, outputs);
		if (output == NULL)
			return;
		char *second = drv->standing == CLOSURE_DIFFERS ?
				       run_second_result(run, drv->outputs[i]) :
				       NULL;
		add_text(tree, output, "path", drv->outputs[i]);
		add_text(tree, output, "other", second);
		free(second);
	}
}

static void add_independence(struct tree *tree, const struct run *run, cJSON *nix)
{
	static const char *const names[] = {
		[CLOSURE_FIXED] = "fixed",   [CLOSURE_BUILT] = "built_in_empty_store",
		[CLOSURE_AGAIN] = "again",   [CLOSURE_DIFFERS] = "differs",
		[CLOSURE_FAILED] = "failed",
	};
	char at[INSTANT_TEXT_LEN];

	if (!run->order->recipe->independent) {
		add_text(tree, nix, "independence", NULL);
		return;
	}
	cJSON *object = add(tree, nix, "independence", cJSON_CreateObject());
	add_text(tree, object, "result",
		 run->independence == REASON_OK ? "ok" : reason_name(run->independence));
	add_number(tree, object, "derivations", run->closure.n_drvs);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i] != NULL)
			add_number(tree, object, names[i],
				   closure_count(&run->closure, (enum closure_standing)i));
	}
	instant_rfc3339(run->kept_at, at);
	add_text(tree, object, "checked_before", run->is_kept ? at : NULL);
	cJSON *list = add(tree, nix, "differs", cJSON_CreateArray());
	for (size_t i = 0; i < run->closure.n_drvs && list != NULL; i++) {
		const enum closure_standing standing = run->closure.drvs[i].standing;
		if (standing == CLOSURE_DIFFERS || standing == CLOSURE_FAILED)
			add_difference(tree, run, &run->closure.drvs[i], list);
	}
}

/* A setting that was handed to Nix; what opens doors elsewhere is not told. */
static void add_setting(struct tree *tree, cJSON *list, const char *from, struct span name,
			struct span value)
{
	const bool is_secret = span_equal(name, SPAN_LITERAL("access-tokens")) ||
			       span_equal(name, SPAN_LITERAL("extra-access-tokens"));
	cJSON *object = append(tree, list);
	struct buf texts[2] = { { 0 }, { 0 } };

	buf_add(&texts[0], name);
	buf_add(&texts[1], value);
	char *owned[2] = { buf_take_text(&texts[0]), buf_take_text(&texts[1]) };
	if (object == NULL || owned[0] == NULL || owned[1] == NULL) {
		tree->failed = true;
	} else {
		add_text(tree, object, "from", from);
		add_text(tree, object, "name", owned[0]);
		add_text(tree, object, "value", is_secret ? NULL : owned[1]);
	}
	free(owned[0]);
	free(owned[1]);
}

static void add_settings(struct tree *tree, const struct nixopt_settings *settings, cJSON *nix)
{
	cJSON *list = add(tree, nix, "settings", cJSON_CreateArray());
	struct span config = { NULL, 0 };
	struct span name;
	struct span value;

	if (settings->builders != NULL)
		add_setting(tree, list, "--builders", SPAN_LITERAL("builders"),
			    span_of_text(settings->builders));
	if (settings->store != NULL)
		add_setting(tree, list, "--store", SPAN_LITERAL("store"),
			    span_of_text(settings->store));
	for (size_t i = 0; i < settings->n_options; i++)
		add_setting(tree, list, "--nix-option", span_of_text(settings->options[i].name),
			    span_of_text(settings->options[i].value));
	if (settings->nix_config != NULL)
		config = span_of_text(settings->nix_config);
	while (nixopt_next(&config, &name, &value))
		add_setting(tree, list, "NIX_CONFIG", name, value);
}

static void add_also(struct tree *tree, const struct run *run, cJSON *root)
{
	const struct recipe *recipe = run->order->recipe;

	if (recipe->n_also == 0 || !run->done[STAGE_BUILD])
		return;
	cJSON *list = add(tree, root, "also", cJSON_CreateArray());
	for (size_t i = 0; i < recipe->n_also && list != NULL; i++) {
		const struct run_also *also = &run->also[i];
		cJSON *object = append(tree, list);
		if (object == NULL)
			return;
		add_text(tree, object, "attribute", recipe->also[i]);
		add_text(tree, object, "drv", also->drv[0] != '\0' ? also->drv : NULL);
		add_text(tree, object, "out", also->out[0] != '\0' ? also->out : NULL);
		add_text(tree, object, "nar_hash", also->nar_hash);
		add_text(tree, object, "reason",
			 also->fault.reason != REASON_OK ? reason_name(also->fault.reason) : NULL);
		add_text(tree, object, "file",
			 also->is_copied ? run_also_name(recipe->also[i]) : NULL);
		if (!also->is_copied)
			continue;
		add_hex(tree, object, "sha256", "", SPAN_OF(also->file.sha256));
		add_number(tree, object, "size", also->file.size);
		(void)add(tree, object, "executable", cJSON_CreateBool(also->is_program));
	}
}

/* What Nix said that it goes by; null: it did not. */
static void add_taken_settings(struct tree *tree, const struct run *run, cJSON *nix)
{
	static const char *const keys[] = { "substituters", "sandbox", "sandbox_fallback" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const cJSON *value = cJSON_GetObjectItemCaseSensitive(run->settings, keys[i]);
		(void)add(tree, nix, keys[i],
			  value == NULL ? cJSON_CreateNull() : cJSON_Duplicate(value, true));
	}
}

static void add_build(struct tree *tree, const struct run *run, cJSON *root)
{
	if (run->n_staged > 0) {
		cJSON *binary = add(tree, root, "binary", cJSON_CreateObject());
		/* one that was given comes out of no image */
		add_text(tree, binary, "path",
			 run->is_fetched ? run->order->recipe->files[0].path : NULL);
		if (run->is_fetched)
			add_digest(tree, binary, "layer_digest", true,
				   run->pinned.layers[run->taken_from[0]].digest);
		else
			add_text(tree, binary, "layer_digest", NULL);
		add_text(tree, binary, "stage", run->order->recipe->files[0].stage);
		add_hex(tree, binary, "sha256", "", SPAN_OF(run->staged[0].sha256));
		add_number(tree, binary, "size", run->staged[0].size);
		add_text(tree, binary, "mode", "0755");
	}
	if (!run->done[STAGE_BUILD])
		return;
	const char *out = nixjson_output(&run->built, "out");
	const struct nixjson_path *path =
		out == NULL ? NULL : nixjson_path(&run->closure.paths, span_of_text(out));
	cJSON *nix = add(tree, root, "nix", cJSON_CreateObject());
	add_text(tree, nix, "version", run->version.text);
	add_text(tree, nix, "drv", run->drv);
	add_text(tree, nix, "out", out);
	add_text(tree, nix, "nar_hash", path != NULL ? path->nar_hash : NULL);
	add_taken_settings(tree, run, nix);
	cJSON *list = add(tree, nix, "substituted", cJSON_CreateArray());
	for (size_t i = 0; i < run->closure.paths.n && list != NULL; i++) {
		const struct nixjson_path *of = &run->closure.paths.at[i];
		if (!closure_is_substituted(of))
			continue;
		cJSON *object = append(tree, list);
		if (object == NULL)
			return;
		add_text(tree, object, "path", of->path);
		add_text(tree, object, "nar_hash", of->nar_hash);
		add_text(tree, object, "signers", of->signers);
	}
	add_independence(tree, run, nix);
	add_settings(tree, run->nix.settings, nix);
}

static void add_image(struct tree *tree, const struct run *run, cJSON *root)
{
	static const char *const keys[] = { [1] = "pcr1", [2] = "pcr2", [8] = "pcr8" };

	if (!run->done[STAGE_COLLECT])
		return;
	cJSON *eif = add(tree, root, "eif", cJSON_CreateObject());
	add_hex(tree, eif, "sha256", "", SPAN_OF(run->image_file.sha256));
	add_number(tree, eif, "size", run->image_file.size);
	if (!run->is_read || !image_is_sound(&run->image))
		return;
	char crc[12];
	(void)snprintf(crc, sizeof(crc), "%08lx", (unsigned long)run->image.eif.crc);
	add_text(tree, eif, "crc", crc);
	const struct pcrs pcrs = image_pcrs(&run->image);
	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i] != NULL && pcrs_has(&pcrs, i))
			add_hex(tree, root, keys[i], "0x", pcrs_get(&pcrs, i));
	}
}

cJSON *run_info(const struct run *run, enum verdict verdict)
{
	static const char *const verdicts[] = { "error", "fail", "pass" };
	cJSON *root = cJSON_CreateObject();
	struct tree tree = { .failed = root == NULL };

	add_seed_keys(&tree, run, root);
	(void)add(&tree, root, "schema", cJSON_CreateNumber(SCHEMA));
	add_text(&tree, root, "name", run->order->recipe->name);
	add_text(&tree, root, "entered_with",
		 run->order->built_eif != NULL    ? "eif" :
		 run->order->built_binary != NULL ? "binary" :
						    NULL);
	add_source(&tree, run, root);
	add_container(&tree, run, root);
	add_taking(&tree, run, root);
	add_build(&tree, run, root);
	add_also(&tree, run, root);
	add_image(&tree, run, root);
	add_text(&tree, root, "verdict", verdicts[verdict]);
	if (!tree.failed)
		return root;
	cJSON_Delete(root);
	return NULL;
}
