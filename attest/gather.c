#include "attest/save.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "attest/template.h"
#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/contract_options.h"
#include "verify/instant.h"
#include "verify/json.h"

/* Collects failed allocations, so that a tree is built first and asked about once. */
struct tree {
	cJSON *root;
	bool failed;
};

static cJSON *add(struct tree *tree, cJSON *object, const char *key, cJSON *item)
{
	if (!cJSON_AddItemToObject(object, key, item)) {
		cJSON_Delete(item);
		tree->failed = true;
		return NULL;
	}
	return item;
}

static void add_text(struct tree *tree, cJSON *object, const char *key, const char *text)
{
	add(tree, object, key, cJSON_CreateString(text));
}

static void add_hex(struct tree *tree, cJSON *object, const char *key, const char *prefix,
		    struct span bytes)
{
	struct buf hex = { 0 };

	buf_text(&hex, prefix);
	hex_encode(&hex, bytes);
	char *text = buf_take_text(&hex);
	add(tree, object, key, text != NULL ? cJSON_CreateString(text) : NULL);
	free(text);
}

static void add_source(struct tree *tree, cJSON *list, const struct policy_source *source)
{
	cJSON *object = cJSON_CreateObject();

	if (!cJSON_AddItemToArray(list, object)) {
		cJSON_Delete(object);
		tree->failed = true;
		return;
	}
	add_text(tree, object, "from", source->name);
	cJSON *pcrs = add(tree, object, "pcrs", cJSON_CreateObject());
	for (unsigned i = 0; i < PCR_COUNT; i++) {
		char key[12];
		(void)snprintf(key, sizeof(key), "%u", i);
		if (pcrs_has(&source->pcrs, i))
			add_hex(tree, pcrs, key, "", pcrs_get(&source->pcrs, i));
	}
	if (source->has_enclave_hash)
		add_hex(tree, object, "enclave_hash", "0x", SPAN_OF(source->enclave_hash));
}

static void add_expected(struct tree *tree, const struct policy *policy,
			 const struct live_evidence *evidence)
{
	cJSON *list = add(tree, tree->root, "expect", cJSON_CreateArray());

	for (size_t i = 0; i < policy->n_sources; i++)
		add_source(tree, list, &policy->sources[i]);
	if (policy->user_data.expected)
		add_hex(tree, tree->root, "user_data", "", buf_span(&policy->user_data.bytes));
	else if (evidence->user_data.len > 0)
		add_hex(tree, tree->root, "user_data", "", buf_span(&evidence->user_data));
	if (policy->public_key.expected)
		add_hex(tree, tree->root, "public_key", "", buf_span(&policy->public_key.bytes));
	cJSON *require = add(tree, tree->root, "require", cJSON_CreateArray());
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		cJSON *id = policy->require.has[i] ? cJSON_CreateString(check_name((enum check)i)) :
						     NULL;
		if (policy->require.has[i] && !cJSON_AddItemToArray(require, id)) {
			cJSON_Delete(id);
			tree->failed = true;
		}
	}
}

/* The contract that was asked: who judges the bundle again can only name it on the command line, and sees here which
 * one the saver named. */
static void add_contract(struct tree *tree, const struct onchain_policy *policy)
{
	struct buf registry = { 0 };
	char chain_id[24];

	if (!policy->requested)
		return;
	cJSON *object = add(tree, tree->root, "onchain", cJSON_CreateObject());
	buf_printf(&registry, "%s:0x", policy->row.name);
	char *prefix = buf_take_text(&registry);
	if (prefix == NULL)
		tree->failed = true;
	else
		add_hex(tree, object, "registry", prefix, SPAN_OF(policy->address));
	free(prefix);
	/* 64-bit numbers are strings */
	(void)snprintf(chain_id, sizeof(chain_id), "%" PRIu64, policy->chain_id);
	add_text(tree, object, "chain_id", chain_id);
	if (policy->has_service)
		add_text(tree, object, "service", contract_service_name(policy->service));
	add_text(tree, object, "min_strength", strength_name(policy->min_strength));
	if (policy->has_inner)
		add_hex(tree, object, "inner", "0x", SPAN_OF(policy->inner));
}

/* What was asked for and expected, for people: nobody judges by it. */
static enum reason gather_policy(const struct live *live, const char *url,
				 const struct live_evidence *evidence, struct buf *out)
{
	const struct ask *ask = live->ask;
	const struct policy *policy = live->policy;
	AUTO(cJSON) *root = cJSON_CreateObject();
	struct tree tree = { root, root == NULL };
	char *line = NULL;

	add(&tree, root, "schema", cJSON_CreateNumber(1));
	add_text(&tree, root, "url", url);
	add_text(&tree, root, "profile", ask->profile.name);
	add_text(&tree, root, "bind", binding_name(ask->binding));
	add_text(&tree, root, "tls", ask->route.tls == HTTP_TLS_ATTESTED ? "attested" : "verified");
	add_hex(&tree, root, "root_sha256", "", SPAN_OF(policy->root.sha256));
	add(&tree, root, "max_age", cJSON_CreateNumber((double)policy->max_age_s));
	add(&tree, root, "max_skew", cJSON_CreateNumber((double)policy->max_skew_s));
	add(&tree, root, "allow_debug", cJSON_CreateBool(policy->allow_debug));
	add_expected(&tree, policy, evidence);
	add_contract(&tree, live->contract->policy);
	if (tree.failed || json_print(root, &line) != REASON_OK)
		return REASON_OUT_OF_MEMORY;
	buf_text(out, line);
	buf_text(out, "\n");
	free(line);
	return REASON_OK;
}

/* PEM (RFC 7468): lines of 64 characters. */
static void add_pem(struct buf *out, struct span der)
{
	struct buf text = { 0 };
	struct span line;

	template_base64(der, false, &text);
	if (text.failed)
		out->failed = true;
	buf_text(out, "-----BEGIN CERTIFICATE-----\n");
	for (struct span rest = buf_span(&text); rest.len > 0;) {
		if (!span_take(&rest, rest.len < 64 ? rest.len : 64, &line))
			break;
		buf_add(out, line);
		buf_byte(out, '\n');
	}
	buf_text(out, "-----END CERTIFICATE-----\n");
	buf_done(&text);
}

enum reason save_gather(const struct live *live, const char *url,
			const struct live_evidence *evidence, struct span report,
			struct bundle *ret)
{
	char time[INSTANT_TEXT_LEN];

	buf_add(&ret->content[BUNDLE_DOCUMENT], buf_span(&evidence->document));
	buf_add(&ret->content[BUNDLE_NONCE], buf_span(&evidence->nonce));
	if (evidence->peer_der.len > 0)
		add_pem(&ret->content[BUNDLE_PEER], buf_span(&evidence->peer_der));
	instant_rfc3339(evidence->at, time);
	buf_printf(&ret->content[BUNDLE_TIME], "%s\n", time);
	buf_add(&ret->content[BUNDLE_REPORT], report);
	buf_add(&ret->content[BUNDLE_ONCHAIN], buf_span(&evidence->onchain));
	enum reason reason = gather_policy(live, url, evidence, &ret->content[BUNDLE_POLICY]);
	if (reason != REASON_OK)
		return reason;
	for (size_t i = 0; i < BUNDLE_SUMS; i++) {
		ret->has[i] = ret->content[i].len > 0;
		if (ret->content[i].failed)
			return REASON_OUT_OF_MEMORY;
	}
	ret->has[BUNDLE_SUMS] = true;
	return bundle_sums(ret, &ret->content[BUNDLE_SUMS]);
}
