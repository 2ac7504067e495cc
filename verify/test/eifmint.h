/* Images made for tests, proper ones and others. Written down independently of eif.c: offsets as in
 * AWS's specification, a checksum of its own. */
#ifndef VERIFY_TEST_EIFMINT_H
#define VERIFY_TEST_EIFMINT_H

#include "verify/span.h"

struct eifmint_section {
	unsigned type;
	struct span data;
};

/* Metadata that has everything that is required. */
extern const char eifmint_metadata[];

/* An image of these sections, one behind the other, with its checksum. End with buf_done. */
struct buf eifmint(unsigned version, unsigned flags, const struct eifmint_section sections[],
		   size_t n);

/* The usual one: version 4; kernel, cmdline, metadata, two ramdisks; and, unless `signature` is
 * empty, that signature section. */
struct buf eifmint_usual(struct span signature);

/* Its first ramdisk, and its last one. */
extern const char eifmint_bootstrap[];
extern const char eifmint_application[];

/* Writes `value` over `n` bytes at `at`, big-endian. */
void eifmint_put(struct buf *image, size_t at, size_t n, uint64_t value);

/* Puts the checksum that the bytes have into the header. */
void eifmint_seal(struct buf *image);

/* CRC-32 as in ISO 3309, bit by bit; start with 0. */
uint32_t eifmint_crc(uint32_t crc, struct span bytes);

#endif
