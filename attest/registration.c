#include "attest/registration.h"

#include <inttypes.h>
#include <string.h>

#include "attest/jsonoption.h"

#define TIMEOUT_MS 30000 /* of all that one server is asked */
#define NUMBER_MAX 9007199254740992.0
#define NUMBER_LEN 24 /* of a number's text, with its NUL */
#define NUMBERS_MAX 16

/* The option of which a key is the name. */
static const struct cli_option *option_of(const char *key, bool *ret_server)
{
	*ret_server = false;
	for (size_t i = 0; i < CONTRACT_OPTIONS; i++) {
		if (jsonoption_is(key, &contract_options[i]))
			return &contract_options[i];
	}
	*ret_server = true;
	for (size_t i = 0; i < SERVERS_OPTIONS; i++) {
		if (jsonoption_is(key, &servers_options[i]))
			return &servers_options[i];
	}
	return NULL;
}

/* A value as it would stand on the command line; NULL: it cannot. */
static const char *text_of(struct registration *registration, const cJSON *item)
{
	struct buf *numbers = &registration->numbers;
	const size_t at = numbers->len;

	if (cJSON_IsString(item))
		return item->valuestring;
	if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble < NUMBER_MAX) ||
	    item->valuedouble != (double)(uint64_t)item->valuedouble ||
	    at + NUMBER_LEN > NUMBERS_MAX * (size_t)NUMBER_LEN)
		return NULL;
	buf_printf(numbers, "%" PRIu64, (uint64_t)item->valuedouble);
	buf_byte(numbers, '\0');
	return numbers->failed ? NULL : (const char *)numbers->at + at;
}

static bool apply(const char *program, struct registration *registration, const char *key,
		  const cJSON *item)
{
	bool is_server = false;
	const struct cli_option *option = option_of(key, &is_server);
	const char *text = text_of(registration, item);

	if (option == NULL || text == NULL) {
		cli_complain(program, "onchain.%s: not a string, nor a whole number", key);
		return false;
	}
	return is_server ? servers_apply(program, &registration->servers, option->id, text) :
			   contract_apply(program, &registration->options, option->id, text);
}

/* One key, whose value may be a list where the option may be repeated. */
static bool apply_member(const char *program, struct registration *registration,
			 const cJSON *member)
{
	bool is_server = false;
	const struct cli_option *option = option_of(member->string, &is_server);
	const cJSON *item = NULL;

	if (cJSON_IsNull(member))
		return true;
	if (!cJSON_IsArray(member))
		return apply(program, registration, member->string, member);
	if (cJSON_GetArraySize(member) == 0 || (option != NULL && !option->repeatable)) {
		cli_complain(program, "onchain.%s: %s", member->string,
			     cJSON_GetArraySize(member) == 0 ? "an empty list" :
							       "one value only, not a list");
		return false;
	}
	cJSON_ArrayForEach(item, member)
	{
		if (!apply(program, registration, member->string, item))
			return false;
	}
	return true;
}

void registration_start(struct registration *ret)
{
	*ret = (struct registration){ .servers = { .n = 0 } };
	contract_start(&ret->options);
	/* texts of numbers are pointed to, so they must stay where they are */
	for (size_t i = 0; i < NUMBERS_MAX * (size_t)NUMBER_LEN; i++)
		buf_byte(&ret->numbers, 0);
	ret->numbers.len = 0;
}

bool registration_apply(const char *program, struct registration *registration, int id,
			const char *value)
{
	if (id >= SERVERS_RPC) {
		registration->servers_given = true;
		return servers_apply(program, &registration->servers, id, value);
	}
	if (id >= CONTRACT_REGISTRY && id < CONTRACT_END)
		registration->given[id - CONTRACT_REGISTRY] = true;
	return contract_apply(program, &registration->options, id, value);
}

/* Whether an option of the command line stands in the place of this key. */
static bool is_given(const struct registration *registration, const char *key)
{
	bool is_server = false;
	const struct cli_option *option = option_of(key, &is_server);

	if (is_server)
		return registration->servers_given;
	return option != NULL && registration->given[option->id - CONTRACT_REGISTRY];
}

bool registration_add(const char *program, const cJSON *object, struct registration *registration)
{
	const cJSON *member = NULL;

	cJSON_ArrayForEach(member, object)
	{
		registration->needed = true;
		if (!is_given(registration, member->string) &&
		    !apply_member(program, registration, member))
			return false;
	}
	return true;
}

bool registration_settle(const char *program, struct registration *registration, bool has_document,
			 bool allow_plain)
{
	const struct contract_use use = { .n_servers = registration->servers.n,
					  .has_document = has_document };

	if (!contract_finish(program, &registration->options, &use))
		return false;
	bool requested = registration->options.policy.requested;
	const char *wrong = registration->needed && !requested ?
				    "a registry is needed" :
				    servers_error(&registration->servers, requested, allow_plain);
	if (wrong != NULL)
		cli_complain(program, "onchain: %s", wrong);
	return wrong == NULL;
}

bool registration_read(const char *program, const cJSON *object, struct registration *ret)
{
	registration_start(ret);
	if (object == NULL)
		return true;
	ret->needed = true;
	return registration_add(program, object, ret) &&
	       registration_settle(program, ret, false, false);
}

void registration_done(struct registration *registration)
{
	servers_done(&registration->servers);
	buf_done(&registration->numbers);
}

void registration_judge(const struct registration *registration, const struct http_clock *clock,
			int64_t (*clock_ms)(void), const struct pcrs *pcrs, enum check lacks,
			struct report *report)
{
	const struct contract contract = {
		.policy = &registration->options.policy,
		.servers = &registration->servers,
		.timeout_ms = TIMEOUT_MS,
		.clock = *clock,
		.clock_ms = clock_ms,
	};
	struct onchain_subject subject = { .has_key = false, .lacks = lacks };
	enum reason reason;

	if (!registration->options.policy.requested)
		return;
	if (pcrs == NULL) {
		onchain_judge(NULL, contract.policy, &subject, 0, report);
		return;
	}
	reason = contract_subject(contract.policy, pcrs, (struct span){ NULL, 0 }, &subject);
	contract_judge(&contract, &subject, reason, report, NULL);
}
