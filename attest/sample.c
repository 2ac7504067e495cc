#include "attest/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/instant.h"
#include "verify/report_rows.h"

/* A text that fits whole, or none. */
static void copy(char *ret, size_t size, const char *text)
{
	size_t len = text != NULL ? strlen(text) : size;

	ret[0] = '\0';
	if (len < size)
		memcpy(ret, text, len + 1);
}

static const char *fact(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

static const char *row_member(const struct row *row, const char *key)
{
	return row->members != NULL ? fact(row->members, key) : NULL;
}

static enum sample_check outcome(enum status status)
{
	static const enum sample_check of[] = {
		[STATUS_ERROR] = SAMPLE_ERROR,
		[STATUS_SKIP] = SAMPLE_SKIP,
		[STATUS_FAIL] = SAMPLE_FAIL,
		[STATUS_PASS] = SAMPLE_PASS,
	};

	return of[status];
}

static void take_row(const struct row *row, struct sample *ret)
{
	const char *not_after = row_member(row, "not_after");

	ret->checks[row->check] = outcome(row->status);
	if (row->check == CHECK_CHAIN_TIME && row->status == STATUS_PASS && not_after != NULL)
		ret->has_not_after = instant_parse(not_after, &ret->not_after);
	if (row->check == CHECK_ONCHAIN_REGISTERED) {
		if (row->status == STATUS_PASS || row->status == STATUS_FAIL)
			ret->registered = row->status == STATUS_PASS ? SAMPLE_REGISTERED :
								       SAMPLE_NOT_REGISTERED;
		copy(ret->strength, sizeof(ret->strength), row_member(row, "strength"));
	}
}

/* Milliseconds as a text of digits; below 0: none. */
static int64_t read_ms(const char *text)
{
	int64_t ms = 0;

	if (text == NULL || strlen(text) > 15)
		return -1;
	for (; *text >= '0' && *text <= '9'; text++)
		ms = ms * 10 + (*text - '0');
	return *text == '\0' ? ms : -1;
}

static void take_facts(const struct report *report, struct sample *ret)
{
	const cJSON *pcrs = cJSON_GetObjectItemCaseSensitive(report->facts, "pcrs");
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(report->facts, "certificates");
	int64_t made_ms = read_ms(fact(report->facts, "timestamp_ms"));
	int last = cJSON_GetArraySize(list) - 1;

	copy(ret->pcr0, sizeof(ret->pcr0), fact(pcrs, "0"));
	copy(ret->enclave_hash, sizeof(ret->enclave_hash), fact(report->facts, "enclave_hash"));
	copy(ret->module_id, sizeof(ret->module_id), fact(report->facts, "module_id"));
	for (int i = 0; i < last && i < SAMPLE_CERTIFICATES; i++)
		copy(ret->certificates[i], sizeof(ret->certificates[i]),
		     fact(cJSON_GetArrayItem(list, i), "sha256"));
	if (made_ms >= 0 && report->has_time) {
		ret->has_age = true;
		ret->age_s = report->at - made_ms / 1000;
	}
}

static void take_root(const struct report *report, struct sample *ret)
{
	const uint8_t *hash = report->root.sha256;

	if (report->has_root && report->root.is_aws)
		copy(ret->root, sizeof(ret->root), "aws");
	else if (report->has_root)
		(void)snprintf(ret->root, sizeof(ret->root), "%02x%02x%02x%02x", hash[0], hash[1],
			       hash[2], hash[3]);
}

/* False: no memory. */
static bool take_weakened(const struct report *report, struct sample *ret)
{
	struct buf words = { 0 };

	report_weakened(report, &words);
	char *text = buf_take_text(&words);
	if (text == NULL)
		return false;
	(void)snprintf(ret->weakened, sizeof(ret->weakened), "%s", text);
	free(text);
	return true;
}

/* The member that contract_judge adds: one object a server. */
static void take_servers(const struct report *report, size_t quorum, struct sample *ret)
{
	const cJSON *list = report->members != NULL ?
				    cJSON_GetObjectItemCaseSensitive(report->members, "servers") :
				    NULL;
	size_t asked = 0;
	size_t usable = 0;

	for (const cJSON *item = list != NULL ? list->child : NULL; item != NULL;
	     item = item->next) {
		asked++;
		usable += cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "usable")) ? 1 : 0;
	}
	ret->at_quorum = quorum > 0 && asked > quorum && usable <= quorum;
}

bool sample_take(const struct report *report, const struct sample_policy *policy,
		 struct sample *ret)
{
	const struct row *bad = report_first_bad(report);

	*ret = (struct sample){
		.verdict = report->verdict,
		.has_bad = bad != NULL,
		.bad = bad != NULL ? bad->check : CHECK_COUNT,
		.reason = bad != NULL ? bad->reason : report->verdict_reason,
		.has_time = report->has_time,
		.at = report->at,
		.debug = report->debug,
		.max_age_s = policy->max_age_s,
	};
	memcpy(ret->required, policy->require->has, sizeof(ret->required));
	for (size_t i = 0; i < report->n_rows; i++)
		take_row(&report->rows[i], ret);
	if (report->facts != NULL && report->facts_proven)
		take_facts(report, ret);
	take_servers(report, policy->quorum, ret);
	take_root(report, ret);
	return take_weakened(report, ret);
}
