#include "attest/live.h"

#include "test/support.h"
#include "verify/report_rows.h"

static int64_t ticks_ms(void *context)
{
	(void)context;
	return 0;
}

static void sleep_ms(void *context, int64_t ms)
{
	(void)context;
	(void)ms;
}

static int64_t clock_ms(void)
{
	return INT64_C(1767434400000);
}

static int64_t no_clock_ms(void)
{
	return -1;
}

static bool random_bytes(uint8_t *ret, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)i;
	return true;
}

// NOLINTNEXTLINE(readability-non-const-parameter): the type is given
static bool no_random_bytes(uint8_t *ret, size_t len)
{
	(void)ret;
	(void)len;
	return false;
}

/* What the machine lacks is said before anything is sent; everything else is then a skip. */
START_TEST(test_machine)
{
	static const struct {
		const char *row;
		const char *profile;
		int64_t (*clock_ms)(void);
		bool (*random)(uint8_t *ret, size_t len);
		enum reason want;
	} rows[] = {
		{ "no random bytes", "odyn", clock_ms, no_random_bytes, REASON_RANDOM_FAILED },
		{ "none needed", "oyster", clock_ms, no_random_bytes, REASON_HTTP_CONNECT },
		{ "no clock", "odyn", no_clock_ms, random_bytes, REASON_CLOCK_FAILED },
		{ "nobody there", "odyn", clock_ms, random_bytes, REASON_HTTP_CONNECT },
	};
	static const char *const url = "http://127.0.0.1:1";
	const struct check_set known = live_checks();
	const struct servers nobody = { .n = 0 };
	struct onchain_policy no_contract;
	const struct contract contract = { .policy = &no_contract, .servers = &nobody };

	onchain_policy_init(&no_contract);

	ck_assert(http_library_start());
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy policy;
		struct ask ask;
		struct live_evidence evidence = { .has_document = false };
		struct report *report = report_new();
		ck_assert_ptr_nonnull(report);
		policy_init(&policy);
		ask_init(&ask);
		ck_assert(ask_apply("test", &ask, ASK_PROFILE, rows[i].profile));
		ck_assert(ask_settle("test", &ask, &policy, false, &url, 1));
		const struct live live = {
			.ask = &ask,
			.policy = &policy,
			.contract = &contract,
			.clock = { ticks_ms, sleep_ms, NULL },
			.clock_ms = rows[i].clock_ms,
			.random = rows[i].random,
		};
		live_judge(&live, url, report, &evidence);
		ck_assert_int_eq(report_conclude(report, &policy.require), VERDICT_ERROR);
		EXPECT_REASON(rows[i].row, report->rows[0].reason, rows[i].want);
		ck_assert_int_eq(report->rows[0].check, CHECK_ENDPOINT_FETCH);
		ck_assert_int_eq(report->rows[report->n_rows - 1].check, CHECK_ONCHAIN_SIGNER);
		for (size_t k = 1; k < report->n_rows; k++) {
			ck_assert_int_eq(report->rows[k].status, STATUS_SKIP);
			ck_assert(known.has[report->rows[k].check]);
		}
		ck_assert(!evidence.has_document);
		live_evidence_done(&evidence);
		report_free(report);
		ask_done(&ask);
		policy_done(&policy);
	}
	http_library_stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("live");

	support_add(suite, "machine", test_machine);
	return support_main(suite);
}
