#include "attest/nsm.h"

#include <ctype.h>
#include <string.h>

#include "test/support.h"
#include "verify/basenc.h"

#define BYTES(text) ((struct span){ (const uint8_t *)(text), sizeof(text) - 1 })

/* The bytes of hex digits; 'text' in single quotes stands for itself, blanks for nothing. */
static struct buf bytes_of(const char *notation)
{
	struct buf bytes = { 0 };
	const char *c = notation;

	while (*c != '\0') {
		if (isspace((unsigned char)*c)) {
			c++;
		} else if (*c == '\'') {
			for (c++; *c != '\'' && *c != '\0'; c++)
				buf_byte(&bytes, (uint8_t)*c);
			if (*c++ == '\0')
				ck_abort_msg("the test's own notation has no end: %s", notation);
		} else {
			if (hex_decode((struct span){ (const uint8_t *)c, strnlen(c, 2) },
				       &bytes) != REASON_OK)
				ck_abort_msg("the test's own notation is none: %s", notation);
			c += 2;
		}
	}
	return bytes;
}

/* The bytes that AWS's own library writes for each request. */
static const struct {
	const char *name;
	const char *bytes;
	struct nsm_request request;
} requests[] = {
	{ "Attestation, a nonce alone",
	  "a1 6b'Attestation' a3 69'user_data' f6 65'nonce' 43 010203 6a'public_key' f6",
	  { .op = NSM_ATTESTATION, .nonce = { (const uint8_t *)"\1\2\3", 3 } } },
	{ "Attestation, all three, one of no bytes",
	  "a1 6b'Attestation' a3 69'user_data' 42'ud' 65'nonce' 40 6a'public_key' 42'pk'",
	  { .op = NSM_ATTESTATION,
	    .user_data = { (const uint8_t *)"ud", 2 },
	    .nonce = { (const uint8_t *)"", 0 },
	    .public_key = { (const uint8_t *)"pk", 2 } } },
	{ "DescribePCR",
	  "a16b4465736372696265504352 a1 65696e646578 00",
	  { .op = NSM_DESCRIBE_PCR } },
	{ "ExtendPCR",
	  "a169457874656e64504352 a2 65696e646578 10 6464617461 42 6162",
	  { .op = NSM_EXTEND_PCR, .number = 16, .data = { (const uint8_t *)"ab", 2 } } },
	{ "LockPCR", "a1674c6f636b504352 a165696e64657810", { .op = NSM_LOCK_PCR, .number = 16 } },
	{ "LockPCRs",
	  "a1684c6f636b50435273 a16572616e676511",
	  { .op = NSM_LOCK_PCRS, .number = 17 } },
	{ "DescribeNSM", "6b44657363726962654e534d", { .op = NSM_DESCRIBE_NSM } },
	{ "GetRandom", "6947657452616e646f6d", { .op = NSM_GET_RANDOM } },
};

static bool same(struct span a, struct span b)
{
	return span_equal(a, b) && (a.at == NULL) == (b.at == NULL);
}

START_TEST(test_requests)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		const char *name = requests[i].name;
		const struct nsm_request *want = &requests[i].request;
		struct buf bytes = bytes_of(requests[i].bytes);
		struct buf out = { 0 };
		struct nsm_request got;

		nsm_put_request(&out, want);
		EXPECT_BYTES(name, buf_span(&out), buf_span(&bytes));
		EXPECT_REASON(name, nsm_read_request(buf_span(&bytes), &got), REASON_OK);
		ck_assert_msg(got.op == want->op && got.number == want->number, "%s", name);
		ck_assert_msg(same(got.nonce, want->nonce) && same(got.data, want->data) &&
				      same(got.user_data, want->user_data) &&
				      same(got.public_key, want->public_key),
			      "%s", name);
		/* no shorter one is a request */
		for (size_t n = 0; n < bytes.len; n++)
			EXPECT_REASON(name, nsm_read_request((struct span){ bytes.at, n }, &got),
				      REASON_NSM_REQUEST);
		buf_done(&bytes);
		buf_done(&out);
	}
}
END_TEST

START_TEST(test_bad_requests)
{
	static const char *const rows[] = {
		"",
		"f6",
		"00",
		"60",
		"6b'describeNSM'",
		"6b'DescribeNSM' 00",
		"6b'Attestation'",
		"a0",
		"a1 6b'DescribeNSM' a0",
		"a1 69'GetRandom' f6",
		"a1 6b'DescribePCR' a0",
		"a1 6b'DescribePCR' 00",
		"a1 6b'DescribePCR' a1 65'index' 40",
		"a1 6b'DescribePCR' a1 65'index' 20",
		"a1 6b'DescribePCR' a1 65'index' 18 00",
		"a1 6b'DescribePCR' a2 65'index' 00 65'index' 00",
		"a1 6b'DescribePCR' a1 65'index' 00 00",
		"a2 6b'DescribePCR' a1 65'index' 00 6b'DescribePCR' a1 65'index' 00",
		"a1 68'LockPCRs' a1 65'index' 00",
		"a1 69'ExtendPCR' a1 65'index' 10",
		"a1 69'ExtendPCR' a2 65'index' 10 64'data' 62'ab'",
		"a1 69'ExtendPCR' a2 65'index' 10 64'data' f6",
		"a1 6b'Attestation' a1 65'nonce' 62'ab'",
		"a1 6b'Attestation' a1 65'nonce' f7",
		"a1 41'A' a0",
	};
	static const uint8_t long_one[NSM_REQUEST_MAX + 1];
	struct nsm_request got;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf bytes = bytes_of(rows[i]);
		EXPECT_REASON(rows[i], nsm_read_request(buf_span(&bytes), &got),
			      REASON_NSM_REQUEST);
		buf_done(&bytes);
	}
	EXPECT_REASON("too long", nsm_read_request(SPAN_OF(long_one), &got), REASON_NSM_REQUEST);
}
END_TEST

#define DESCRIPTION(module) \
	"a1 6b'DescribeNSM' a7 6d'version_major' 01 6d'version_minor' 00 6d'version_patch' 00 " \
	"69'module_id' " module " 68'max_pcrs' 18 20 6b'locked_pcrs' 83 00 01 0f " \
	"66'digest' 66'SHA384'"

START_TEST(test_answers)
{
	static const struct {
		const char *bytes;
		struct nsm_answer answer;
	} rows[] = {
		{ "a1 6b'Attestation' a1 68'document' 42 8444",
		  { .op = NSM_ATTESTATION, .bytes = { (const uint8_t *)"\x84\x44", 2 } } },
		{ "a1 6b'DescribePCR' a2 64'lock' f5 64'data' 41 00",
		  { .op = NSM_DESCRIBE_PCR, .bytes = { (const uint8_t *)"", 1 }, .locked = true } },
		{ "a1 69'ExtendPCR' a1 64'data' 41 07",
		  { .op = NSM_EXTEND_PCR, .bytes = { (const uint8_t *)"\7", 1 } } },
		{ "67'LockPCR'", { .op = NSM_LOCK_PCR } },
		{ "68'LockPCRs'", { .op = NSM_LOCK_PCRS } },
		{ "a1 69'GetRandom' a1 66'random' 41 07",
		  { .op = NSM_GET_RANDOM, .bytes = { (const uint8_t *)"\7", 1 } } },
		{ DESCRIPTION("63'i-1'"),
		  { .op = NSM_DESCRIBE_NSM,
		    .description = { 1,
				     0,
				     0,
				     { (const uint8_t *)"i-1", 3 },
				     { (const uint8_t *)"SHA384", 6 },
				     32,
				     0x8003 } } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *name = rows[i].bytes;
		const struct nsm_answer *want = &rows[i].answer;
		struct buf bytes = bytes_of(name);
		struct buf out = { 0 };
		struct nsm_answer got;

		nsm_put_answer(&out, want);
		EXPECT_BYTES(name, buf_span(&out), buf_span(&bytes));
		EXPECT_REASON(name, nsm_read_answer(buf_span(&bytes), want->op, &got), REASON_OK);
		ck_assert_msg(got.op == want->op && got.locked == want->locked, "%s", name);
		EXPECT_BYTES(name, got.bytes, want->bytes);
		ck_assert_msg(got.description.locked == want->description.locked &&
				      got.description.max_pcrs == want->description.max_pcrs &&
				      got.description.version_major ==
					      want->description.version_major,
			      "%s", name);
		EXPECT_BYTES(name, got.description.module_id, want->description.module_id);
		EXPECT_BYTES(name, got.description.digest, want->description.digest);
		for (size_t n = 0; n < bytes.len; n++)
			EXPECT_REASON(name,
				      nsm_read_answer((struct span){ bytes.at, n }, want->op, &got),
				      REASON_NSM_ANSWER);
		/* it answers no other question */
		for (int op = NSM_ATTESTATION; op <= NSM_GET_RANDOM; op++) {
			if (op != (int)want->op)
				EXPECT_REASON(
					name,
					nsm_read_answer(buf_span(&bytes), (enum nsm_op)op, &got),
					REASON_NSM_ANSWER);
		}
		buf_done(&bytes);
		buf_done(&out);
	}
}
END_TEST

/* Forms that a module may write although ours does not. */
START_TEST(test_other_forms)
{
	static const struct {
		enum nsm_op op;
		const char *bytes;
	} rows[] = {
		{ NSM_ATTESTATION, "bf 6b'Attestation' bf 68'document' 42 8444 ff ff" },
		{ NSM_ATTESTATION, "a1 6b'Attestation' a2 63'new' 81 a0 68'document' 42 8444" },
		{ NSM_DESCRIBE_PCR, "a1 6b'DescribePCR' a2 64'data' 42 8444 64'lock' f4" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf bytes = bytes_of(rows[i].bytes);
		struct nsm_answer got;

		EXPECT_REASON(rows[i].bytes, nsm_read_answer(buf_span(&bytes), rows[i].op, &got),
			      REASON_OK);
		EXPECT_BYTES(rows[i].bytes, got.bytes, BYTES("\x84\x44"));
		buf_done(&bytes);
	}
}
END_TEST

START_TEST(test_bad_answers)
{
	static const struct {
		const char *bytes;
		enum nsm_op op;
		enum reason reason;
	} rows[] = {
		{ "", NSM_ATTESTATION, REASON_NSM_ANSWER },
		{ "6b'Attestation'", NSM_ATTESTATION, REASON_NSM_ANSWER },
		{ "a1 67'LockPCR' a0", NSM_LOCK_PCR, REASON_NSM_ANSWER },
		{ "67'LockPCR' 00", NSM_LOCK_PCR, REASON_NSM_ANSWER },
		{ "a1 6b'Attestation' a1 68'document' f6", NSM_ATTESTATION, REASON_NSM_ANSWER },
		{ "a1 6b'Attestation' a1 68'document' 62'ab'", NSM_ATTESTATION, REASON_NSM_ANSWER },
		{ "a1 6b'Attestation' a1 68'document' 5f 41 00 ff", NSM_ATTESTATION,
		  REASON_NSM_ANSWER },
		{ "a1 6b'Attestation' a2 68'document' 41 00 68'document' 41 00", NSM_ATTESTATION,
		  REASON_NSM_ANSWER },
		{ "a1 6b'Attestation' a1 68'document' 41 00 00", NSM_ATTESTATION,
		  REASON_NSM_ANSWER },
		{ "a2 6b'Attestation' a1 68'document' 41 00 65'Error' 6c'InvalidIndex'",
		  NSM_ATTESTATION, REASON_NSM_ANSWER },
		{ "a1 6b'Attestation' a2 68'document' 41 00 61'x' 81818181818181818181 00",
		  NSM_ATTESTATION, REASON_NSM_ANSWER },
		{ "a1 6b'DescribePCR' a2 64'lock' 01 64'data' 40", NSM_DESCRIBE_PCR,
		  REASON_NSM_ANSWER },
		{ "a1 6b'DescribePCR' a2 64'lock' f6 64'data' 40", NSM_DESCRIBE_PCR,
		  REASON_NSM_ANSWER },
		{ DESCRIPTION("43'i-1'"), NSM_DESCRIBE_NSM, REASON_NSM_ANSWER },
		{ "a1 6b'DescribeNSM' a7 6d'version_major' 01 6d'version_minor' 00 6d'version_patch' 00 "
		  "69'module_id' 60 68'max_pcrs' 18 21 6b'locked_pcrs' 80 66'digest' 60",
		  NSM_DESCRIBE_NSM, REASON_NSM_ANSWER },
		{ "a1 6b'DescribeNSM' a7 6d'version_major' 01 6d'version_minor' 00 6d'version_patch' 00 "
		  "69'module_id' 60 68'max_pcrs' 18 20 6b'locked_pcrs' 81 18 20 66'digest' 60",
		  NSM_DESCRIBE_NSM, REASON_NSM_ANSWER },
		/* what the module says itself */
		{ "a1 65'Error' 6f'InvalidArgument'", NSM_ATTESTATION,
		  REASON_NSM_INVALID_ARGUMENT },
		{ "a1 65'Error' 6c'InvalidIndex'", NSM_LOCK_PCR, REASON_NSM_INVALID_INDEX },
		{ "a1 65'Error' 6f'InvalidResponse'", NSM_ATTESTATION,
		  REASON_NSM_INVALID_RESPONSE },
		{ "a1 65'Error' 6d'ReadOnlyIndex'", NSM_EXTEND_PCR, REASON_NSM_READ_ONLY_INDEX },
		{ "a1 65'Error' 70'InvalidOperation'", NSM_ATTESTATION,
		  REASON_NSM_INVALID_OPERATION },
		{ "a1 65'Error' 6e'BufferTooSmall'", NSM_ATTESTATION, REASON_NSM_BUFFER_TOO_SMALL },
		{ "a1 65'Error' 6d'InputTooLarge'", NSM_ATTESTATION, REASON_NSM_INPUT_TOO_LARGE },
		{ "bf 65'Error' 6d'InternalError' ff", NSM_GET_RANDOM, REASON_NSM_INTERNAL_ERROR },
		{ "a1 65'Error' 67'Success'", NSM_ATTESTATION, REASON_NSM_ANSWER },
		{ "a1 65'Error' 65'Other'", NSM_ATTESTATION, REASON_NSM_ANSWER },
		{ "a1 65'Error' a0", NSM_ATTESTATION, REASON_NSM_ANSWER },
		{ "a1 65'Error' 6c'InvalidIndex' 00", NSM_ATTESTATION, REASON_NSM_ANSWER },
		{ "65'Error'", NSM_ATTESTATION, REASON_NSM_ANSWER },
	};
	static const uint8_t long_one[NSM_ANSWER_MAX + 1];
	struct nsm_answer got;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf bytes = bytes_of(rows[i].bytes);
		struct buf out = { 0 };

		EXPECT_REASON(rows[i].bytes, nsm_read_answer(buf_span(&bytes), rows[i].op, &got),
			      rows[i].reason);
		/* and as the simulated module writes it */
		if (rows[i].reason != REASON_NSM_ANSWER) {
			nsm_put_error(&out, rows[i].reason);
			EXPECT_REASON(rows[i].bytes,
				      nsm_read_answer(buf_span(&out), rows[i].op, &got),
				      rows[i].reason);
		}
		buf_done(&bytes);
		buf_done(&out);
	}
	EXPECT_REASON("too long", nsm_read_answer(SPAN_OF(long_one), NSM_ATTESTATION, &got),
		      REASON_NSM_ANSWER);
	struct buf other = { 0 };
	nsm_put_error(&other, REASON_OUT_OF_MEMORY);
	EXPECT_REASON("any other", nsm_read_answer(buf_span(&other), NSM_ATTESTATION, &got),
		      REASON_NSM_INTERNAL_ERROR);
	buf_done(&other);
}
END_TEST

/* A module that answers always the same, and remembers what it was asked. */
struct stub {
	struct span answer;
	enum reason reason;
	struct buf asked;
};

static enum reason stub_exchange(void *context, struct span request, struct buf *answer,
				 int *reterr_errno)
{
	struct stub *stub = context;

	buf_add(&stub->asked, request);
	buf_add(answer, stub->answer);
	*reterr_errno = stub->reason == REASON_OK ? 0 : 7;
	return stub->reason;
}

START_TEST(test_ask)
{
	static const uint8_t large[2000];
	struct stub stub = { .answer = BYTES("\x67LockPCR") };
	const struct nsm nsm = { stub_exchange, &stub };
	struct nsm_request request = { .op = NSM_LOCK_PCR, .number = 3 };
	struct buf bytes = { 0 };
	struct nsm_answer got;
	int why = 0;

	EXPECT_REASON("asked", nsm_ask(&nsm, &request, &bytes, &got, &why), REASON_OK);
	EXPECT_BYTES("asked", buf_span(&stub.asked), BYTES("\xa1\x67LockPCR\xa1\x65index\3"));
	stub.reason = REASON_NSM_DEVICE;
	EXPECT_REASON("device", nsm_ask(&nsm, &request, &bytes, &got, &why), REASON_NSM_DEVICE);
	ck_assert_int_eq(why, 7);
	buf_done(&stub.asked);
	stub.asked = (struct buf){ 0 };
	request = (struct nsm_request){ .op = NSM_ATTESTATION,
					.nonce = SPAN_OF(large),
					.user_data = SPAN_OF(large),
					.public_key = SPAN_OF(large) };
	EXPECT_REASON("too large", nsm_ask(&nsm, &request, &bytes, &got, &why),
		      REASON_NSM_INPUT_TOO_LARGE);
	ck_assert_uint_eq(stub.asked.len, 0);
	buf_done(&bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nsm");

	support_add(suite, "requests", test_requests);
	support_add(suite, "requests that are none", test_bad_requests);
	support_add(suite, "answers", test_answers);
	support_add(suite, "other forms of answers", test_other_forms);
	support_add(suite, "answers that are none, and errors", test_bad_answers);
	support_add(suite, "asking", test_ask);
	return support_main(suite);
}
