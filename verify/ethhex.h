/* Hexadecimal in the JSON of Ethereum's nodes, strictly.
 *
 * Source: the types of Ethereum's execution-apis (schemas/base-types.yaml): 0x, then lower-case digits;
 * a quantity has no leading zero and zero is 0x0; data has an even number of digits; only addresses may
 * have upper-case digits (EIP-55).
 *
 * Each function takes a member as cJSON gives it, NULL where there is none. False: it is not a string
 * of this form, and nothing was written. */
#ifndef VERIFY_ETHHEX_H
#define VERIFY_ETHHEX_H

#include <cjson/cJSON.h>

#include "verify/span.h"

#define ETHHEX_WORD_LEN 32
#define ETHHEX_ADDRESS_LEN 20

/* A quantity of at most `len` bytes, 1..32: `ret` is filled with its `len` bytes, big-endian. */
bool ethhex_quantity(const cJSON *value, uint8_t *ret, size_t len);

/* Data of exactly `len` bytes. */
bool ethhex_fixed(const cJSON *value, uint8_t *ret, size_t len);

/* Data of at most `cap` bytes. */
bool ethhex_data(const cJSON *value, uint8_t *ret, size_t cap, size_t *ret_len);

bool ethhex_address(const cJSON *value, uint8_t ret[static ETHHEX_ADDRESS_LEN]);

/* 1 to 64 digits, leading zeros or not: the key of a storage slot as nodes give it back, in full width
 * (anvil, ganache; geth where it was asked so), as a quantity, or as it was sent. */
bool ethhex_slot(const cJSON *value, uint8_t ret[static ETHHEX_WORD_LEN]);

#endif
