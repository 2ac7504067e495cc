/* Call data and answers of contracts, strictly: the few forms that verify/registry.h needs.
 *
 * Everything is in words of 32 bytes, numbers big-endian and right-aligned. solc's own decoder
 * refuses a bool that is not 0 or 1 and an address with something above its 20 bytes; so does this.
 * Source: Solidity, Contract ABI Specification ("Formal Specification of the Encoding", "Strict
 * Encoding Mode"). */
#ifndef VERIFY_ABI_H
#define VERIFY_ABI_H

#include "verify/registry.h"

/* What calls are made of; which of these are used depends on the call. */
struct abi_values {
	uint8_t key[DOSSIER_WORD_LEN];
	uint8_t address[DOSSIER_ADDRESS_LEN];
	uint8_t tee;
	uint8_t service;
};

/* Appends selector and arguments. */
void abi_call(struct buf *out, const struct registry_call *call, const struct abi_values *values);

/* Each reads a whole answer. REASON_ANSWER_MALFORMED: it is not exactly of this form. */
enum reason abi_word(struct span answer, uint8_t ret[static DOSSIER_WORD_LEN]) MUST_CHECK;
enum reason abi_bool(struct span answer, bool *ret) MUST_CHECK;
enum reason abi_address(struct span answer, uint8_t ret[static DOSSIER_ADDRESS_LEN]) MUST_CHECK;

/* (bytes, bytes, bytes), as three values or as one struct of them; *ret borrows from the answer. */
enum reason abi_three_strings(struct span answer, struct span ret[static 3]) MUST_CHECK;

#endif
