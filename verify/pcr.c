#include "verify/pcr.h"

#include <openssl/crypto.h>
#include <string.h>

bool pcrs_has(const struct pcrs *pcrs, unsigned index)
{
	return index < PCR_COUNT && (pcrs->present >> index & 1U) != 0;
}

struct span pcrs_get(const struct pcrs *pcrs, unsigned index)
{
	if (!pcrs_has(pcrs, index))
		return (struct span){ NULL, 0 };
	return (struct span){ pcrs->value[index], PCR_LEN };
}

void pcrs_set(struct pcrs *pcrs, unsigned index, const uint8_t value[static PCR_LEN])
{
	if (index >= PCR_COUNT)
		return;
	memcpy(pcrs->value[index], value, PCR_LEN);
	pcrs->present |= UINT32_C(1) << index;
}

bool pcrs_is_debug(const struct pcrs *pcrs)
{
	return pcrs_has(pcrs, 0) && span_is_zero(pcrs_get(pcrs, 0));
}

enum reason pcr_extend(struct span data, uint8_t ret[static PCR_LEN])
{
	static const uint8_t zero[PCR_LEN] = { 0 };
	const struct span parts[2] = { SPAN_OF(zero), data };

	return digest_sha384(parts, 2, ret);
}

void enclave_hash(const uint8_t pcr0[static PCR_LEN], uint8_t ret[static KECCAK_LEN])
{
	keccak_256((struct span){ pcr0, PCR_LEN }, ret);
}

static bool is_hash(const uint8_t hash[static KECCAK_LEN], struct span preimage)
{
	uint8_t made[KECCAK_LEN];

	keccak_256(preimage, made);
	return CRYPTO_memcmp(made, hash, KECCAK_LEN) == 0;
}

/* keccak256 of the hex text: lower or upper case, with or without 0x */
static bool is_hash_of_text(const uint8_t hash[static KECCAK_LEN], struct span pcr0)
{
	static const char upper[] = "0123456789ABCDEF";
	static const char lower[] = "0123456789abcdef";
	const char *const cases[2] = { lower, upper };
	uint8_t text[2 + 2 * PCR_LEN] = { '0', 'x' };

	for (size_t c = 0; c < 2; c++) {
		for (size_t i = 0; i < pcr0.len; i++) {
			text[2 + 2 * i] = (uint8_t)cases[c][pcr0.at[i] >> 4];
			text[3 + 2 * i] = (uint8_t)cases[c][pcr0.at[i] & 15];
		}
		if (is_hash(hash, SPAN_OF(text)) ||
		    is_hash(hash, (struct span){ text + 2, sizeof(text) - 2 }))
			return true;
	}
	return false;
}

static bool is_no_value(const uint8_t hash[static KECCAK_LEN])
{
	uint8_t all_and = 0xff;

	for (size_t i = 0; i < KECCAK_LEN; i++)
		all_and &= hash[i];
	return all_and == 0xff || span_is_zero((struct span){ hash, KECCAK_LEN });
}

static bool is_hash_of_zero(const uint8_t hash[static KECCAK_LEN])
{
	static const uint8_t zero[PCR_LEN] = { 0 };

	return is_hash(hash, SPAN_OF(zero));
}

enum reason enclave_hash_recognise(const uint8_t hash[static KECCAK_LEN],
				   const uint8_t pcr0[static PCR_LEN], enum enclave_hash_form *ret)
{
	struct span bytes = { pcr0, PCR_LEN };
	uint8_t sha3[DIGEST_SHA256_LEN];
	uint8_t sha256[DIGEST_SHA256_LEN];

	enum reason reason = digest_sha3_256(&bytes, 1, sha3);
	if (reason != REASON_OK)
		return reason;
	reason = digest_sha256(&bytes, 1, sha256);
	if (reason != REASON_OK)
		return reason;
	if (is_hash(hash, bytes))
		*ret = ENCLAVE_HASH_RIGHT;
	else if (is_hash_of_zero(hash))
		*ret = ENCLAVE_HASH_ZERO_PCR0;
	else if (is_no_value(hash))
		*ret = ENCLAVE_HASH_NO_VALUE;
	else if (is_hash_of_text(hash, bytes))
		*ret = ENCLAVE_HASH_OF_TEXT;
	else if (CRYPTO_memcmp(hash, sha3, sizeof(sha3)) == 0)
		*ret = ENCLAVE_HASH_SHA3;
	else if (CRYPTO_memcmp(hash, sha256, sizeof(sha256)) == 0)
		*ret = ENCLAVE_HASH_SHA256;
	else
		*ret = ENCLAVE_HASH_UNKNOWN;
	return REASON_OK;
}

/* What the other rules of hashing make of registers that are all zero: the SHA-256 of PCR0, the Keccak-256
 * of PCR0, 1 and 2 in a row, and that of their hashes in a row. */
static bool is_other_hash_of_zero(const uint8_t hash[static KECCAK_LEN])
{
	static const uint8_t zeros[3 * PCR_LEN] = { 0 };
	static const uint8_t sha256[KECCAK_LEN] = {
		0x17, 0xb0, 0x76, 0x1f, 0x87, 0xb0, 0x81, 0xd5, 0xcf, 0x10, 0x75,
		0x7c, 0xcc, 0x89, 0xf1, 0x2b, 0xe3, 0x55, 0xc7, 0x0e, 0x2e, 0x29,
		0xdf, 0x28, 0x8b, 0x65, 0xb3, 0x07, 0x10, 0xdc, 0xbc, 0xd1
	};
	uint8_t hashes[3 * KECCAK_LEN];

	for (size_t i = 0; i < 3; i++)
		keccak_256((struct span){ zeros, PCR_LEN }, hashes + i * KECCAK_LEN);
	return CRYPTO_memcmp(hash, sha256, KECCAK_LEN) == 0 || is_hash(hash, SPAN_OF(zeros)) ||
	       is_hash(hash, SPAN_OF(hashes));
}

bool enclave_hash_is_refused(const uint8_t hash[static KECCAK_LEN])
{
	return is_no_value(hash) || is_hash_of_zero(hash) || is_other_hash_of_zero(hash);
}

void enclave_hash_of_text(const uint8_t pcr0[static PCR_LEN], uint8_t ret[static KECCAK_LEN])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t text[2 * PCR_LEN];

	for (size_t i = 0; i < PCR_LEN; i++) {
		text[2 * i] = (uint8_t)digits[pcr0[i] >> 4];
		text[2 * i + 1] = (uint8_t)digits[pcr0[i] & 15];
	}
	keccak_256(SPAN_OF(text), ret);
}
