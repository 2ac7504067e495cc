#include "attest/throttle.h"

#include <string.h>

#include "test/support.h"

START_TEST(test_rate)
{
	static const struct {
		int64_t now_ms;
		bool given;
	} rows[] = {
		{ 0, true },          { 0, true },    { 0, false },        { 499, false },
		{ 500, true },        { 500, false }, { 1000, true },      { 999, false },
		{ 1500, true },       { 9000, true }, { 9000, true },      { 9000, false },
		{ 9250, false },      { 9500, true }, { INT64_MAX, true }, { INT64_MAX, true },
		{ INT64_MAX, false },
	};
	static struct throttle throttle;

	throttle_start(&throttle, 2, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(throttle_take(&throttle, rows[i].now_ms) == rows[i].given, "row %zu",
			      i);
}
END_TEST

START_TEST(test_nonces)
{
	static struct throttle throttle;
	uint8_t digest[DIGEST_SHA256_LEN] = { 0 };
	uint8_t other[DIGEST_SHA256_LEN];

	throttle_start(&throttle, 1, 0);
	/* an empty place is no digest of zeros */
	ck_assert(!throttle_knows(&throttle, digest));
	for (unsigned i = 0; i < THROTTLE_NONCES; i++) {
		memset(digest, 0, sizeof(digest));
		memcpy(digest, &i, sizeof(i));
		ck_assert(!throttle_knows(&throttle, digest));
		throttle_remember(&throttle, digest);
		ck_assert(throttle_knows(&throttle, digest));
	}
	memset(other, 0, sizeof(other));
	ck_assert(throttle_knows(&throttle, other));
	other[31] = 1;
	throttle_remember(&throttle, other);
	ck_assert(throttle_knows(&throttle, other));
	other[31] = 0;
	ck_assert(!throttle_knows(&throttle, other));
	EXPECT_REASON("digest", throttle_digest(SPAN_LITERAL("a"), digest), REASON_OK);
	EXPECT_REASON("digest", throttle_digest(SPAN_LITERAL("b"), other), REASON_OK);
	ck_assert_mem_ne(digest, other, sizeof(other));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("throttle");

	support_add(suite, "rate", test_rate);
	support_add(suite, "nonces", test_nonces);
	return support_main(suite);
}
