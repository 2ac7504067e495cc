#include <string.h>

#include "verify/auto.h"
#include "verify/block.h"
#include "verify/ethhex.h"
#include "verify/json.h"
#include "verify/onchain.h"

#define AHEAD_MAX_S 60
#define AGE_MAX_S 3600
#define AGE_MAX_LATEST_S 120

/* One server's block at the common height. */
struct sighting {
	enum reason reason; /* REASON_OK or REASON_BLOCK_FORM: hash, number and time are set */
	struct block block;
};

/* What a block of unknown form says of itself: no more than the server's word. */
static enum reason take_its_word(const cJSON *tree, struct block *ret)
{
	uint8_t number[sizeof(uint64_t)];
	uint8_t time[sizeof(uint64_t)];
	struct span cursor;

	if (!ethhex_fixed(cJSON_GetObjectItemCaseSensitive(tree, "hash"), ret->hash,
			  sizeof(ret->hash)) ||
	    !ethhex_quantity(cJSON_GetObjectItemCaseSensitive(tree, "number"), number,
			     sizeof(number)) ||
	    !ethhex_quantity(cJSON_GetObjectItemCaseSensitive(tree, "timestamp"), time,
			     sizeof(time)))
		return REASON_BLOCK_FIELD;
	cursor = SPAN_OF(number);
	if (!span_be(&cursor, sizeof(number), &ret->number))
		return REASON_BLOCK_FIELD;
	cursor = SPAN_OF(time);
	return span_be(&cursor, sizeof(time), &ret->timestamp) ? REASON_BLOCK_FORM :
								 REASON_BLOCK_FIELD;
}

static struct sighting look(const struct dossier_server *server)
{
	struct sighting sighting = { .reason = REASON_OK };
	AUTO(cJSON) *tree = NULL;
	struct json_place place;
	const char *field = NULL;

	sighting.reason = json_read(buf_span(&server->block), &tree, &place);
	if (sighting.reason != REASON_OK)
		return sighting;
	sighting.reason = block_read(tree, &sighting.block, &field);
	if (sighting.reason == REASON_BLOCK_FORM)
		sighting.reason = take_its_word(tree, &sighting.block);
	return sighting;
}

/* The block is the one that was asked for, as far as its number or hash was named. */
static bool is_asked_for(const struct onchain_policy *policy, const struct block *block)
{
	if (policy->block == BLOCK_NUMBER)
		return block->number == policy->block_number;
	return policy->block != BLOCK_HASH ||
	       memcmp(block->hash, policy->block_hash, KECCAK_LEN) == 0;
}

/* Adds one server's block. False: *ret has a reason. */
static bool count(const struct sighting *sighting, const struct onchain_policy *policy,
		  struct onchain_block *ret)
{
	const bool is_known_form = sighting->reason == REASON_OK;

	if (!is_known_form && sighting->reason != REASON_BLOCK_FORM) {
		ret->reason = sighting->reason;
		return false;
	}
	if (!is_asked_for(policy, &sighting->block)) {
		ret->reason = REASON_BLOCK_OTHER;
		return false;
	}
	if (ret->n_agree > 0 && memcmp(ret->hash, sighting->block.hash, KECCAK_LEN) != 0) {
		ret->reason = REASON_SERVERS_DISAGREE;
		return false;
	}
	ret->n_agree++;
	memcpy(ret->hash, sighting->block.hash, KECCAK_LEN);
	ret->number = sighting->block.number;
	ret->time_s = sighting->block.timestamp > INT64_MAX ? INT64_MAX :
							      (int64_t)sighting->block.timestamp;
	if (is_known_form && !ret->has_state_root) {
		ret->has_state_root = true;
		memcpy(ret->state_root, sighting->block.state_root, KECCAK_LEN);
	}
	return true;
}

int64_t onchain_block_age(const struct onchain_policy *policy)
{
	if (policy->max_block_age_s >= 0)
		return policy->max_block_age_s;
	return policy->block == BLOCK_LATEST ? AGE_MAX_LATEST_S : AGE_MAX_S;
}

void onchain_agree(const struct dossier *dossier, const struct onchain_policy *policy, int64_t now,
		   struct onchain_block *ret)
{
	const size_t quorum = policy->quorum != 0 ? policy->quorum : dossier->n_servers;

	*ret = (struct onchain_block){ .reason = REASON_OK };
	if (dossier->recorded && policy->block != BLOCK_HASH) {
		ret->reason = REASON_BLOCK_HASH_NOT_GIVEN;
		return;
	}
	for (size_t i = 0; i < dossier->n_servers; i++) {
		if (!dossier->servers[i].usable)
			continue;
		const struct sighting sighting = look(&dossier->servers[i]);
		if (!count(&sighting, policy, ret)) {
			ret->culprit = dossier->servers[i].host;
			return;
		}
	}
	if (ret->n_agree == 0 || (!dossier->recorded && ret->n_agree < quorum))
		ret->reason = REASON_QUORUM_NOT_REACHED;
	else if (dossier->recorded)
		/* of a form that is not known a record shows nothing */
		ret->reason = ret->has_state_root ? REASON_OK : REASON_BLOCK_FORM;
	else if (ret->time_s - AHEAD_MAX_S > now)
		ret->reason = REASON_BLOCK_AHEAD;
	else if (now - ret->time_s > onchain_block_age(policy))
		ret->reason = REASON_BLOCK_STALE;
}
