#include "verify/calldata.h"

#include <string.h>

#include "verify/cose.h"

#define WORD 32
#define SELECTOR_LEN 4
#define JOURNAL_FIELDS 9
#define PCR_FIRST_LEN 32 /* of a register, then the rest, left-aligned in a word */

/* Sig_structure up to the payload: ["Signature1", {1: -35}, h'', ... */
static const uint8_t tbs_begin[] = { 0x84, 0x6a, 'S', 'i',  'g',  'n',  'a',  't',  'u',
				     'r',  'e',  '1', 0x44, 0xa1, 0x01, 0x38, 0x22, 0x40 };

/* COSE_Sign1 up to the payload: no tag, {1: -35}, nothing unprotected. */
static const uint8_t cose_begin[] = { 0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0 };
static const uint8_t signature_begin[] = { 0x58, COSE_SIGNATURE_LEN };

static const struct {
	uint32_t selector;
	size_t n_numbers;
	bool is_journal;
	const char *signature;
} calls[] = {
	{ 0x35ecb4c1, 1, false, "registerSigner(bytes,bytes,uint8)" },
	{ 0xba58e82a, 0, false, "registerSigner(bytes,bytes)" },
	{ 0xdac79fc8, 1, true, "registerService(bytes,bytes,uint8)" },
	{ 0x0b1c4cde, 0, true, "registerService(bytes,bytes)" },
	{ 0x7f82ea6c, 2, true, "registerService(bytes,bytes,uint8,uint8)" },
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

/* A word that is a number below 2^64. */
static bool take_number(struct span *cursor, uint64_t *ret)
{
	struct span at = *cursor;
	struct span zeros;

	if (!span_take(&at, WORD - sizeof(*ret), &zeros) || !span_is_zero(zeros) ||
	    !span_be(&at, sizeof(*ret), ret))
		return false;
	*cursor = at;
	return true;
}

/* Length, bytes, padding of zeros. */
static bool take_bytes(struct span *cursor, struct span *ret)
{
	struct span at = *cursor;
	struct span padding;
	uint64_t len = 0;

	if (!take_number(&at, &len) || len > at.len || !span_take(&at, (size_t)len, ret) ||
	    !span_take(&at, (WORD - (size_t)len % WORD) % WORD, &padding) || !span_is_zero(padding))
		return false;
	*cursor = at;
	return true;
}

/* The arguments: two offsets, numbers, then what the offsets lead to. */
static bool read_arguments(struct span *cursor, struct calldata *ret)
{
	const size_t whole = cursor->len;
	uint64_t first = 0;
	uint64_t second = 0;
	uint64_t number = 0;

	if (!take_number(cursor, &first) || !take_number(cursor, &second))
		return false;
	for (size_t i = 0; i < ret->n_numbers; i++) {
		if (!take_number(cursor, &number) || number > UINT8_MAX)
			return false;
		ret->numbers[i] = (uint8_t)number;
	}
	return first == whole - cursor->len && take_bytes(cursor, &ret->first) &&
	       second == whole - cursor->len && take_bytes(cursor, &ret->second) &&
	       cursor->len == 0;
}

enum reason calldata_read(struct span bytes, struct calldata *ret, size_t *reterr_at)
{
	struct calldata call = { .signature = NULL };
	struct span cursor = bytes;
	struct span begin;
	uint64_t selector = 0;

	*reterr_at = 0;
	if (!span_be(&cursor, SELECTOR_LEN, &selector))
		return REASON_CALLDATA_SELECTOR;
	for (size_t i = 0; i < CALLS; i++) {
		if (calls[i].selector != selector)
			continue;
		call.signature = calls[i].signature;
		call.is_journal = calls[i].is_journal;
		call.n_numbers = calls[i].n_numbers;
	}
	if (call.signature == NULL)
		return REASON_CALLDATA_SELECTOR;
	const bool ok = read_arguments(&cursor, &call);
	*reterr_at = bytes.len - cursor.len;
	if (!ok)
		return REASON_CALLDATA_ABI;
	if (!call.is_journal) {
		struct span rest = call.first;

		*reterr_at = (size_t)(call.first.at - bytes.at);
		if (!span_take(&rest, sizeof(tbs_begin), &begin) ||
		    !span_equal(begin, SPAN_OF(tbs_begin)))
			return REASON_CALLDATA_TBS;
		*reterr_at = (size_t)(call.second.at - bytes.at);
		if (call.second.len != COSE_SIGNATURE_LEN)
			return REASON_CALLDATA_SIGNATURE;
	}
	*ret = call;
	return REASON_OK;
}

enum reason calldata_document(const struct calldata *call, struct buf *ret)
{
	struct span payload = call->first;
	struct span begin;

	if (call->is_journal)
		return REASON_NOT_AN_ATTESTATION;
	if (!span_take(&payload, sizeof(tbs_begin), &begin))
		return REASON_CALLDATA_TBS;
	buf_add(ret, SPAN_OF(cose_begin));
	buf_add(ret, payload);
	buf_add(ret, SPAN_OF(signature_begin));
	buf_add(ret, call->second);
	return ret->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

/* A count, then words of 32 bytes. */
static bool take_certs(struct span *cursor, struct journal *ret)
{
	uint64_t n = 0;

	if (!take_number(cursor, &n) || n > CALLDATA_CERTS_MAX)
		return false;
	for (; ret->n_certs < n; ret->n_certs++) {
		if (!span_take(cursor, WORD, &ret->certs[ret->n_certs]))
			return false;
	}
	return true;
}

/* A count, then index and value of each register in three words. */
static bool take_pcrs(struct span *cursor, struct pcrs *ret)
{
	uint8_t value[PCR_LEN];
	struct span head;
	struct span tail;
	struct span padding;
	uint64_t n = 0;
	uint64_t index = 0;

	if (!take_number(cursor, &n) || n > PCR_COUNT)
		return false;
	for (; n > 0; n--) {
		if (!take_number(cursor, &index) || index >= PCR_COUNT ||
		    pcrs_has(ret, (unsigned)index) || !span_take(cursor, PCR_FIRST_LEN, &head) ||
		    !span_take(cursor, PCR_LEN - PCR_FIRST_LEN, &tail) ||
		    !span_take(cursor, WORD - tail.len, &padding) || !span_is_zero(padding))
			return false;
		memcpy(value, head.at, head.len);
		memcpy(value + head.len, tail.at, tail.len);
		pcrs_set(ret, (unsigned)index, value);
	}
	return true;
}

enum reason calldata_journal(struct span output, struct journal *ret)
{
	enum { RESULT, TRUSTED, TIME, CERTS, USER_DATA, NONCE, PUBLIC_KEY, PCRS, MODULE_ID };
	struct journal journal = { .n_certs = 0 };
	struct claims *claims = &journal.claims;
	struct span *const strings[] = {
		[USER_DATA] = &claims->user_data,
		[NONCE] = &claims->nonce,
		[PUBLIC_KEY] = &claims->public_key,
		[MODULE_ID] = &claims->module_id,
	};
	uint64_t head[JOURNAL_FIELDS];
	uint64_t offset = 0;

	if (!take_number(&output, &offset) || offset != WORD)
		return REASON_CALLDATA_JOURNAL;
	const size_t whole = output.len;
	for (size_t i = 0; i < JOURNAL_FIELDS; i++) {
		if (!take_number(&output, &head[i]))
			return REASON_CALLDATA_JOURNAL;
	}
	journal.result = head[RESULT];
	journal.trusted_certs = head[TRUSTED];
	claims->timestamp_ms = head[TIME];
	for (size_t i = CERTS; i < JOURNAL_FIELDS; i++) {
		if (head[i] != whole - output.len)
			return REASON_CALLDATA_JOURNAL;
		const bool ok = i == CERTS ? take_certs(&output, &journal) :
				i == PCRS  ? take_pcrs(&output, &claims->pcrs) :
					     take_bytes(&output, strings[i]);
		if (!ok)
			return REASON_CALLDATA_JOURNAL;
	}
	if (output.len != 0)
		return REASON_CALLDATA_JOURNAL;
	*ret = journal;
	return REASON_OK;
}
