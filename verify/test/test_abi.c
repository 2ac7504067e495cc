#include "verify/abi.h"

#include <string.h>

#include "verify/test/onchain.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define W(two) "00000000000000000000000000000000000000000000000000000000000000" two
#define KEY "1111111111111111111111111111111111111111111111111111111111111111"
#define ADDRESS "2222222222222222222222222222222222222222"
#define ADDRESS_WORD "000000000000000000000000" ADDRESS

START_TEST(test_calls)
{
	static const struct {
		enum registry_args args;
		const char *want;
	} rows[] = {
		{ ARGS_NONE, "3cbe6803" },
		{ ARGS_KEY, "3cbe6803" KEY },
		{ ARGS_KEY_TEE, "3cbe6803" KEY W("01") },
		{ ARGS_KEY_TEE_SERVICE, "3cbe6803" KEY W("01") W("02") },
		{ ARGS_ADDRESS, "3cbe6803" ADDRESS_WORD },
		{ ARGS_ADDRESS_TEE, "3cbe6803" ADDRESS_WORD W("01") },
		{ ARGS_ADDRESS_TEE_SERVICE, "3cbe6803" ADDRESS_WORD W("01") W("02") },
	};
	struct abi_values values = { .tee = 1, .service = 2 };

	memset(values.key, 0x11, sizeof(values.key));
	memset(values.address, 0x22, sizeof(values.address));
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct registry_call call = { 0x3cbe6803, rows[i].args };
		struct buf want = support_hex(rows[i].want);
		struct buf got = { 0 };

		abi_call(&got, &call, &values);
		EXPECT_BYTES(rows[i].want, buf_span(&got), buf_span(&want));
		buf_done(&got);
		buf_done(&want);
	}
}
END_TEST

/* Which of the four forms an answer has. */
START_TEST(test_answers)
{
#define PCR_A \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PAD "00000000000000000000000000000000"
#define EMPTY W("60") W("80") W("a0") ZERO ZERO ZERO
#define FULL \
	W("60") \
	W("c0") \
	"0000000000000000000000000000000000000000000000000000000000000120" W("30") \
		PCR_A PAD W("30") PCR_A PAD W("30") PCR_A PAD
	static const struct {
		const char *name;
		const char *answer;
		bool word, boolean, address, strings;
	} rows[] = {
		{ "nothing", "", false, false, false, false },
		{ "zero", ZERO, true, true, true, false },
		{ "one", W("01"), true, true, true, false },
		{ "two", W("02"), true, false, true, false },
		{ "a high bit",
		  "80"
		  "00000000000000000000000000000000000000000000000000000000000001",
		  true, false, false, false },
		{ "an address", ADDRESS_WORD, true, false, true, false },
		{ "above an address", "000000000000000000000001" ADDRESS, true, false, false,
		  false },
		{ "key", KEY, true, false, false, false },
		{ "31 bytes", "00000000000000000000000000000000000000000000000000000000000000",
		  false, false, false, false },
		{ "33 bytes", ZERO "00", false, false, false, false },
		{ "64 bytes", W("01") ZERO, false, false, false, false },
		{ "three empty strings", EMPTY, false, false, false, true },
		{ "a struct of them", W("20") EMPTY, false, false, false, true },
		{ "three registers", FULL, false, false, false, true },
		{ "a struct of registers", W("20") FULL, false, false, false, true },
		{ "another offset of a struct", W("40") EMPTY, false, false, false, false },
		{ "an offset into the head", W("40") W("80") W("a0") ZERO ZERO ZERO, false, false,
		  false, false },
		{ "in another order", W("80") W("60") W("a0") ZERO ZERO ZERO, false, false, false,
		  false },
		{ "a word behind them", EMPTY ZERO, false, false, false, false },
		{ "a string missing", W("60") W("80") W("a0") ZERO ZERO, false, false, false,
		  false },
		{ "longer than all", W("60") W("80") W("a0") ZERO ZERO W("01"), false, false, false,
		  false },
		{ "an offset of 2^32",
		  "0000000000000000000000000000000000000000000000000000000100000060" W("80") W("a0")
			  ZERO ZERO ZERO,
		  false, false, false, false },
		{ "padding",
		  W("60") W("80") W("c0") ZERO W(
			  "01") "ff00000000000000000000000000000000000000000000000000000000000001" ZERO,
		  false, false, false, false },
		{ "a string of a byte",
		  W("60") W("80") W("c0") ZERO W(
			  "01") "ff00000000000000000000000000000000000000000000000000000000000000" ZERO,
		  false, false, false, true },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf answer = support_hex(rows[i].answer);
		uint8_t word[DOSSIER_WORD_LEN];
		uint8_t address[DOSSIER_ADDRESS_LEN];
		struct span strings[3];
		bool yes = false;

		EXPECT_REASON(rows[i].name, abi_word(buf_span(&answer), word),
			      rows[i].word ? REASON_OK : REASON_ANSWER_MALFORMED);
		EXPECT_REASON(rows[i].name, abi_bool(buf_span(&answer), &yes),
			      rows[i].boolean ? REASON_OK : REASON_ANSWER_MALFORMED);
		EXPECT_REASON(rows[i].name, abi_address(buf_span(&answer), address),
			      rows[i].address ? REASON_OK : REASON_ANSWER_MALFORMED);
		EXPECT_REASON(rows[i].name, abi_three_strings(buf_span(&answer), strings),
			      rows[i].strings ? REASON_OK : REASON_ANSWER_MALFORMED);
		if (rows[i].boolean)
			ck_assert(yes == (strcmp(rows[i].name, "one") == 0));
		if (rows[i].strings && strstr(rows[i].name, "registers") != NULL)
			ck_assert(strings[2].len == 48 && strings[2].at[47] == 0xaa);
		buf_done(&answer);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("abi");

	support_add(suite, "calls", test_calls);
	support_add(suite, "answers", test_answers);
	return support_main(suite);
}
