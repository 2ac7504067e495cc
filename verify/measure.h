/* Measuring an image in one pass: PCR0, PCR1, PCR2 and the digest of every section.
 *
 *   PCR0 = extend(SHA-384(kernel || cmdline || ramdisk[0] || ramdisk[1] || ...))
 *   PCR1 = extend(SHA-384(kernel || cmdline || ramdisk[0]))
 *   PCR2 = extend(SHA-384(ramdisk[1] || ramdisk[2] || ...))
 *
 * PCR1's state is PCR0's at the end of the first ramdisk, and the digest of a section that begins
 * where one of these states does is that state at its end: neither is computed anew. What is left,
 * PCR2 and the digests of the other sections, is computed on a second thread beside PCR0, so that
 * an image takes hardly longer than one SHA-384 over it. Where no thread can be had, all is done in
 * the caller's, with the same result.
 *
 * Bytes are not copied: the caller reads the file into buffers that are handed out here, and
 * tells of the sections in them as eif.h's sink does. About one MiB, whatever the image's size.
 *
 * Source: aws-nitro-enclaves-image-format 0.5, src/utils. */
#ifndef VERIFY_MEASURE_H
#define VERIFY_MEASURE_H

#include "verify/eif.h"
#include "verify/pcr.h"

#define MEASURE_CHUNK ((size_t)256 * 1024)

struct measurement {
	struct pcrs pcrs; /* 0, 1 and 2 */
	uint8_t sections[EIF_SECTIONS_MAX][DIGEST_SHA384_LEN];
	size_t n_sections;
};

struct measure;

/* `alone`: in the caller's thread only. NULL: out of memory. measure_free(NULL) is fine; it also
 * ends a measurement that was given up. */
struct measure *measure_new(bool alone);
void measure_free(struct measure *measure);

/* MEASURE_CHUNK bytes to read into, owned by `measure`. The bytes of the buffer before must not be
 * told of any more. May wait for the other thread. */
uint8_t *measure_buffer(struct measure *measure);

/* One section after the other, as an eif_sink. The bytes lie in the buffer handed out last. `context` is
 * the struct measure. REASON_CRYPTO_FAILED, _OUT_OF_MEMORY, _EIF_SECTION_COUNT (more than 32). */
enum reason measure_begin(void *context, const struct eif_section *section) MUST_CHECK;
enum reason measure_data(void *context, struct span bytes) MUST_CHECK;
enum reason measure_end(void *context) MUST_CHECK;

/* Nothing more comes. The result means something only if the image turned out to be a proper one.
 * REASON_CRYPTO_FAILED, _OUT_OF_MEMORY. */
enum reason measure_finish(struct measure *measure, struct measurement *ret) MUST_CHECK;

#endif
