/* Keccak-256 as Ethereum uses it: rate 136 bytes, capacity 64, padding byte 0x01.
 *
 * Not SHA3-256 of FIPS 202, whose padding byte is 0x06, and not what OpenSSL 3.0 calls
 * KECCAK-KMAC-256 (0x04). Source: The Keccak reference, version 3.0; the Ethereum yellow paper,
 * section 4 (KEC). */
#ifndef VERIFY_KECCAK_H
#define VERIFY_KECCAK_H

#include "verify/span.h"

#define KECCAK_LEN 32

/* Writes the 32-byte hash of `in`. Cannot fail. */
void keccak_256(struct span in, uint8_t ret[static KECCAK_LEN]);

#endif
