#include "attest/target.h"

#include <stdlib.h>
#include <string.h>

#include "verify/json.h"

static bool set_names_image(const struct policy *policy, const struct policy_source *set)
{
	return policy_expects_pcr(policy, set, 0) || policy_expects_enclave_hash(policy, set) ||
	       (policy_expects_pcr(policy, set, 1) && policy_expects_pcr(policy, set, 2));
}

bool target_names_image(const struct policy *policy)
{
	bool any_set = false;

	for (size_t i = 0; i < policy->n_sources; i++) {
		const struct policy_source *source = &policy->sources[i];
		if (source->group != POLICY_SET)
			continue;
		any_set = true;
		if (!set_names_image(policy, source))
			return false;
	}
	return any_set || set_names_image(policy, NULL);
}

bool targets_of_urls(const char *const *urls, size_t n, const struct target *alike,
		     struct targets *ret)
{
	struct target *list = calloc(n, sizeof(list[0]));

	if (list == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		list[i] = *alike;
		list[i].name = urls[i];
		list[i].url = urls[i];
	}
	*ret = (struct targets){ .list = list, .n = n };
	return true;
}

void targets_done(struct targets *targets)
{
	for (size_t i = 0; i < targets->n; i++) {
		/* those that borrow have empty ones */
		ask_done(&targets->list[i].own_ask);
		policy_done(&targets->list[i].own_policy);
		servers_done(&targets->list[i].own_servers);
	}
	textlist_done(&targets->texts);
	free(targets->list);
	cJSON_Delete(targets->tree);
	*targets = (struct targets){ .n = 0 };
}
