#include "attest/targetkey.h"

#include <limits.h>
#include <string.h>

#include "attest/jsonoption.h"
#include "attest/live.h"
#include "verify/expect.h"

static bool apply_ask(const char *program, struct target *target, int id, const char *value)
{
	return ask_apply(program, &target->own_ask, id, value);
}

static bool apply_expect(const char *program, struct target *target, int id, const char *value)
{
	const struct check_set known = live_checks();

	return expect_apply(program, &target->own_policy, &known, id, value);
}

static bool apply_contract(const char *program, struct target *target, int id, const char *value)
{
	return contract_apply(program, &target->own_contract, id, value);
}

static bool apply_servers(const char *program, struct target *target, int id, const char *value)
{
	return servers_apply(program, &target->own_servers, id, value);
}

const struct targetkey_group targetkey_groups[TARGETKEY_GROUPS] = {
	{ NULL, ask_options, ASK_OPTIONS, 0, INT_MAX, ASK_SAVE, false, apply_ask },
	{ NULL, expect_options, EXPECT_OPTIONS, EXPECT_ROOT, EXPECT_MAX_SKEW, 0, false,
	  apply_expect },
	{ "expect", expect_options, EXPECT_OPTIONS, EXPECT_PCR, EXPECT_SIGNING_CERT, 0, true,
	  apply_expect },
	{ "onchain", contract_options, CONTRACT_OPTIONS, 0, INT_MAX, 0, false, apply_contract },
	{ "onchain", servers_options, SERVERS_OPTIONS, 0, INT_MAX, 0, false, apply_servers },
};

bool targetkey_group_has(const struct targetkey_group *group, const struct cli_option *option)
{
	return option->id >= group->first && option->id <= group->last &&
	       option->id != group->except;
}

static bool same_object(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool targetkey_is_known(const char *object, const char *key)
{
	for (size_t g = 0; g < TARGETKEY_GROUPS; g++) {
		if (object == NULL && targetkey_groups[g].object != NULL &&
		    strcmp(targetkey_groups[g].object, key) == 0)
			return true;
		for (size_t i = 0;
		     same_object(targetkey_groups[g].object, object) && i < targetkey_groups[g].n;
		     i++) {
			if (targetkey_group_has(&targetkey_groups[g],
						&targetkey_groups[g].options[i]) &&
			    jsonoption_is(key, &targetkey_groups[g].options[i]))
				return true;
		}
	}
	return false;
}
