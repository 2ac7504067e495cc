/* Platform configuration registers of an enclave, and what is derived from them. Sources: AWS
 * Nitro Enclaves user guide, "Where to get an enclave's measurements"; the extension rules of
 * AWS's image format: extend(x) = SHA-384(48 zero bytes || x). */
#ifndef VERIFY_PCR_H
#define VERIFY_PCR_H

#include "verify/digest.h"
#include "verify/keccak.h"
#include "verify/reason.h"
#include "verify/span.h"

#define PCR_LEN 48   /* SHA-384 */
#define PCR_COUNT 32 /* indices 0..31 */

/* Some of the 32 registers; value[i] counts only where bit i of `present` is set. */
struct pcrs {
	uint32_t present;
	uint8_t value[PCR_COUNT][PCR_LEN];
};

bool pcrs_has(const struct pcrs *pcrs, unsigned index);

/* The register, borrowed; length 0 with NULL when it is not present. */
struct span pcrs_get(const struct pcrs *pcrs, unsigned index);

/* Sets a register; `value` is PCR_LEN bytes long. */
void pcrs_set(struct pcrs *pcrs, unsigned index, const uint8_t value[static PCR_LEN]);

/* True when PCR0 is present and all zero: AWS reports that for enclaves in debug mode. PCR3 and
 * PCR4 stay set there, so "every register is zero" would be the wrong test. */
bool pcrs_is_debug(const struct pcrs *pcrs);

/* PCR3 of a role ARN and PCR4 of an instance id: the characters themselves are extended. PCR8 of
 * a signing certificate: the SHA-384 of its DER is extended. REASON_CRYPTO_FAILED,
 * _OUT_OF_MEMORY. */
enum reason pcr_extend(struct span data, uint8_t ret[static PCR_LEN]) MUST_CHECK;

/* ENCLAVE_HASH = keccak256 of the 48 bytes of PCR0. */
void enclave_hash(const uint8_t pcr0[static PCR_LEN], uint8_t ret[static KECCAK_LEN]);

/* By which rule a 32-byte value comes from a PCR0. */
enum enclave_hash_form {
	ENCLAVE_HASH_RIGHT,     /* keccak256 of the 48 bytes */
	ENCLAVE_HASH_OF_TEXT,   /* keccak256 of the hex digits as text: `cast keccak` without 0x */
	ENCLAVE_HASH_SHA3,      /* SHA3-256 of the bytes: the wrong padding */
	ENCLAVE_HASH_SHA256,    /* SHA-256 of the bytes */
	ENCLAVE_HASH_ZERO_PCR0, /* keccak256 of 48 zero bytes: any debug enclave */
	ENCLAVE_HASH_NO_VALUE,  /* all zero or all ones: an empty slot, not a hash */
	ENCLAVE_HASH_UNKNOWN    /* of another image, or no hash at all */
};

/* Recognises how `hash` was made from this PCR0, right or wrong. REASON_CRYPTO_FAILED,
 * _OUT_OF_MEMORY. */
enum reason enclave_hash_recognise(const uint8_t hash[static KECCAK_LEN],
				   const uint8_t pcr0[static PCR_LEN],
				   enum enclave_hash_form *ret) MUST_CHECK;

/* ENCLAVE_HASH_OF_TEXT: keccak256 of the 96 lower-case hex digits of PCR0. */
void enclave_hash_of_text(const uint8_t pcr0[static PCR_LEN], uint8_t ret[static KECCAK_LEN]);

/* True for the forms that must never be expected: the hash of a zero PCR0, by whatever rule a contract may
 * have, bytes32(0), 0xff..ff. */
bool enclave_hash_is_refused(const uint8_t hash[static KECCAK_LEN]);

#endif
