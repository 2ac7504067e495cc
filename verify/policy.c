#include "verify/policy.h"

#include <stdlib.h>

#define DEFAULT_MAX_SKEW_S 60

void policy_init(struct policy *policy)
{
	*policy = (struct policy){
		.root = root_aws,
		.time = POLICY_NOW,
		.max_age_s = POLICY_NO_MAX_AGE,
		.max_skew_s = DEFAULT_MAX_SKEW_S,
		.limits = &claims_real_limits,
	};
}

void policy_done(struct policy *policy)
{
	buf_done(&policy->nonce.bytes);
	buf_done(&policy->user_data.bytes);
	buf_done(&policy->public_key.bytes);
	for (size_t i = 0; i < policy->n_sources; i++)
		free(policy->sources[i].name);
	free(policy->sources);
	policy->sources = NULL;
	policy->n_sources = 0;
}

struct policy_source *policy_add_source(struct policy *policy, enum policy_group group,
					struct span name)
{
	struct buf copy = { 0 };

	if (policy->n_sources == POLICY_SOURCES_MAX)
		return NULL;
	struct policy_source *grown =
		realloc(policy->sources, (policy->n_sources + 1) * sizeof(policy->sources[0]));
	if (grown == NULL)
		return NULL;
	policy->sources = grown;
	buf_add(&copy, name);
	char *owned = buf_take_text(&copy);
	if (owned == NULL)
		return NULL;
	struct policy_source *source = &policy->sources[policy->n_sources++];
	*source = (struct policy_source){ .group = group, .name = owned };
	return source;
}

static bool copy_bytes(const struct policy_bytes *from, struct policy_bytes *ret)
{
	*ret = (struct policy_bytes){ .expected = from->expected, .from = from->from };
	buf_add(&ret->bytes, buf_span(&from->bytes));
	return !ret->bytes.failed;
}

enum reason policy_copy(const struct policy *from, struct policy *ret)
{
	*ret = *from;
	ret->sources = NULL;
	ret->n_sources = 0;
	bool ok = copy_bytes(&from->nonce, &ret->nonce);
	ok = copy_bytes(&from->user_data, &ret->user_data) && ok;
	ok = copy_bytes(&from->public_key, &ret->public_key) && ok;
	for (size_t i = 0; ok && i < from->n_sources; i++) {
		const struct policy_source *one = &from->sources[i];
		struct policy_source *copy =
			policy_add_source(ret, one->group, span_of_text(one->name));
		ok = copy != NULL;
		if (!ok)
			break;
		char *name = copy->name;
		*copy = *one;
		copy->name = name;
	}
	return ok ? REASON_OK : REASON_OUT_OF_MEMORY;
}

static bool pcr_equal(const struct pcrs *expected, const struct pcrs *actual, unsigned index)
{
	return pcrs_has(actual, index) &&
	       span_equal(pcrs_get(expected, index), pcrs_get(actual, index));
}

static bool hash_equal(const struct policy_source *source, const struct pcrs *actual)
{
	uint8_t hash[KECCAK_LEN];

	if (!pcrs_has(actual, 0))
		return false;
	enclave_hash(actual->value[0], hash);
	return span_equal(SPAN_OF(hash), SPAN_OF(source->enclave_hash));
}

static unsigned mismatches(const struct policy_source *set, const struct pcrs *actual)
{
	unsigned n = set->has_enclave_hash && !hash_equal(set, actual) ? 1 : 0;

	for (unsigned i = 0; i < PCR_COUNT; i++) {
		if (pcrs_has(&set->pcrs, i) && !pcr_equal(&set->pcrs, actual, i))
			n++;
	}
	return n;
}

/* True when a match of this set says which image runs. */
static bool names_image(const struct policy_source *set)
{
	return set->has_enclave_hash || pcrs_has(&set->pcrs, 0) ||
	       (pcrs_has(&set->pcrs, 1) && pcrs_has(&set->pcrs, 2));
}

const struct policy_source *policy_choose_set(const struct policy *policy,
					      const struct pcrs *actual)
{
	const struct policy_source *best = NULL;
	unsigned fewest = 0;

	for (size_t i = 0; i < policy->n_sources; i++) {
		const struct policy_source *set = &policy->sources[i];
		if (set->group != POLICY_SET)
			continue;
		unsigned n = mismatches(set, actual);
		if (best == NULL || n < fewest ||
		    (n == fewest && names_image(set) && !names_image(best))) {
			best = set;
			fewest = n;
		}
	}
	return best;
}

/* A source counts when it is the chosen set or no set at all. */
static bool counts(const struct policy_source *source, const struct policy_source *set)
{
	return source->group != POLICY_SET || source == set;
}

bool policy_expects_pcr(const struct policy *policy, const struct policy_source *set,
			unsigned index)
{
	for (size_t i = 0; i < policy->n_sources; i++) {
		if (counts(&policy->sources[i], set) && pcrs_has(&policy->sources[i].pcrs, index))
			return true;
	}
	return false;
}

static struct policy_match pcr_outcome(const struct policy_source *source, unsigned index,
				       const struct pcrs *actual)
{
	struct policy_match match = { REASON_OK, pcrs_get(&source->pcrs, index), source->name,
				      source->group == POLICY_SET };

	if (!pcrs_has(actual, index))
		match.reason = REASON_PCR_MISSING;
	else if (!pcr_equal(&source->pcrs, actual, index))
		match.reason = REASON_PCR_MISMATCH;
	return match;
}

struct policy_match policy_judge_pcr(const struct policy *policy, const struct policy_source *set,
				     unsigned index, const struct pcrs *actual)
{
	struct policy_match found = { REASON_PCR_MISMATCH, { NULL, 0 }, "", false };
	struct policy_match alternative = found;
	bool any = false;
	bool any_alternative = false;

	for (size_t i = 0; i < policy->n_sources; i++) {
		const struct policy_source *source = &policy->sources[i];
		if (!counts(source, set) || !pcrs_has(&source->pcrs, index))
			continue;
		struct policy_match match = pcr_outcome(source, index, actual);
		if (source->group == POLICY_ALTERNATIVE) {
			if (!any_alternative || match.reason == REASON_OK)
				alternative = match;
			any_alternative = true;
			continue;
		}
		if (match.reason != REASON_OK)
			return match;
		found = match;
		any = true;
	}
	if (any_alternative && (!any || alternative.reason != REASON_OK))
		return alternative;
	return found;
}

bool policy_expects_enclave_hash(const struct policy *policy, const struct policy_source *set)
{
	for (size_t i = 0; i < policy->n_sources; i++) {
		if (counts(&policy->sources[i], set) && policy->sources[i].has_enclave_hash)
			return true;
	}
	return false;
}

struct policy_match policy_judge_enclave_hash(const struct policy *policy,
					      const struct policy_source *set,
					      const struct pcrs *actual)
{
	struct policy_match found = { REASON_ENCLAVE_HASH_MISMATCH, { NULL, 0 }, "", false };

	for (size_t i = 0; i < policy->n_sources; i++) {
		const struct policy_source *source = &policy->sources[i];
		if (!counts(source, set) || !source->has_enclave_hash)
			continue;
		found = (struct policy_match){ REASON_OK, SPAN_OF(source->enclave_hash),
					       source->name, source->group == POLICY_SET };
		if (!hash_equal(source, actual)) {
			found.reason = REASON_ENCLAVE_HASH_MISMATCH;
			return found;
		}
	}
	return found;
}
