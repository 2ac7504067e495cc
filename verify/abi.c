#include "verify/abi.h"

#include <string.h>

#define WORD DOSSIER_WORD_LEN
#define STRINGS 3

static void add_number(struct buf *out, uint8_t number)
{
	const uint8_t zeros[WORD - 1] = { 0 };

	buf_add(out, SPAN_OF(zeros));
	buf_byte(out, number);
}

static void add_address(struct buf *out, const uint8_t address[static DOSSIER_ADDRESS_LEN])
{
	const uint8_t zeros[WORD - DOSSIER_ADDRESS_LEN] = { 0 };

	buf_add(out, SPAN_OF(zeros));
	buf_add(out, (struct span){ address, DOSSIER_ADDRESS_LEN });
}

void abi_call(struct buf *out, const struct registry_call *call, const struct abi_values *values)
{
	const bool is_key = call->args == ARGS_KEY || call->args == ARGS_KEY_TEE ||
			    call->args == ARGS_KEY_TEE_SERVICE;
	const bool has_service =
		call->args == ARGS_KEY_TEE_SERVICE || call->args == ARGS_ADDRESS_TEE_SERVICE;
	const bool has_tee =
		has_service || call->args == ARGS_KEY_TEE || call->args == ARGS_ADDRESS_TEE;

	for (int shift = 24; shift >= 0; shift -= 8)
		buf_byte(out, (uint8_t)(call->selector >> shift));
	if (call->args == ARGS_NONE)
		return;
	if (is_key)
		buf_add(out, SPAN_OF(values->key));
	else
		add_address(out, values->address);
	if (has_tee)
		add_number(out, values->tee);
	if (has_service)
		add_number(out, values->service);
}

enum reason abi_word(struct span answer, uint8_t ret[static DOSSIER_WORD_LEN])
{
	if (answer.len != WORD)
		return REASON_ANSWER_MALFORMED;
	memcpy(ret, answer.at, WORD);
	return REASON_OK;
}

enum reason abi_bool(struct span answer, bool *ret)
{
	struct span zeros;

	if (answer.len != WORD || !span_take(&answer, WORD - 1, &zeros) || !span_is_zero(zeros) ||
	    answer.at[0] > 1)
		return REASON_ANSWER_MALFORMED;
	*ret = answer.at[0] == 1;
	return REASON_OK;
}

enum reason abi_address(struct span answer, uint8_t ret[static DOSSIER_ADDRESS_LEN])
{
	struct span zeros;

	if (answer.len != WORD || !span_take(&answer, WORD - DOSSIER_ADDRESS_LEN, &zeros) ||
	    !span_is_zero(zeros))
		return REASON_ANSWER_MALFORMED;
	memcpy(ret, answer.at, DOSSIER_ADDRESS_LEN);
	return REASON_OK;
}

/* Cuts a word off that is a number below 2^32. */
static bool take_number(struct span *cursor, size_t *ret)
{
	struct span zeros;
	uint64_t number = 0;

	if (!span_take(cursor, WORD - 4, &zeros) || !span_is_zero(zeros) ||
	    !span_be(cursor, 4, &number))
		return false;
	*ret = (size_t)number;
	return true;
}

enum reason abi_three_strings(struct span answer, struct span ret[static 3])
{
	size_t offsets[STRINGS];
	struct span found[STRINGS];
	struct span padding;
	struct span cursor = answer;
	size_t number = 0;

	/* a struct of dynamic size stands behind its own offset; three values begin with one of 0x60 */
	if (!take_number(&cursor, &number))
		return REASON_ANSWER_MALFORMED;
	if (number != WORD)
		cursor = answer;
	const size_t whole = cursor.len;
	for (size_t i = 0; i < STRINGS; i++) {
		if (!take_number(&cursor, &offsets[i]))
			return REASON_ANSWER_MALFORMED;
	}
	/* one behind the other, as every encoder writes them */
	for (size_t i = 0; i < STRINGS; i++) {
		if (offsets[i] != whole - cursor.len || !take_number(&cursor, &number) ||
		    !span_take(&cursor, number, &found[i]) ||
		    !span_take(&cursor, (WORD - number % WORD) % WORD, &padding) ||
		    !span_is_zero(padding))
			return REASON_ANSWER_MALFORMED;
	}
	if (cursor.len != 0)
		return REASON_ANSWER_MALFORMED;
	memcpy(ret, found, sizeof(found));
	return REASON_OK;
}
