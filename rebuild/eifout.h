/* Writing an image (verify/eif.h has the layout) in one pass, measured meanwhile: header and section
 * headers are filled in when the sizes are known, so that sections may come out of pipes and
 * compressors.
 *
 * As aws-nitro-enclaves-image-format 0.5 writes it: version 4, 1 GiB and 2 CPUs by default,
 * whatever is reserved 0. */
#ifndef REBUILD_EIFOUT_H
#define REBUILD_EIFOUT_H

#include "rebuild/advance.h"
#include "rebuild/sink.h"
#include "verify/eif.h"
#include "verify/measure.h"

#define EIFOUT_VERSION 4
#define EIFOUT_DEFAULT_MEM (UINT64_C(1) << 30)
#define EIFOUT_DEFAULT_CPUS 2

struct eifout {
	int fd;
	struct eif eif; /* read it after eifout_finish */
	struct measure *measure;
	uint8_t *buffer;         /* MEASURE_CHUNK bytes of the measurement's own */
	size_t have;             /* of them used */
	uint32_t crc;            /* of all that follows the header */
	uint32_t section_crc;    /* of the data of the present section */
	bool measured;           /* eifout_pcrs was called */
	struct advance *advance; /* set by the caller, who wants to know */
};

/* `fd` is an empty file, open for writing at any position; it stays the caller's.
 * REASON_OUT_OF_MEMORY, REASON_FILE_UNWRITABLE with errno. End with eifout_done. */
enum reason eifout_start(struct eifout *image, int fd, uint16_t flags) MUST_CHECK;

/* A section: begin, its data in any pieces, end.
 * REASON_EIF_TOO_LARGE, _SECTION_COUNT; REASON_INTERRUPTED; REASON_FILE_UNWRITABLE with errno;
 * REASON_OUT_OF_MEMORY, REASON_CRYPTO_FAILED. */
enum reason eifout_begin(struct eifout *image, enum eif_type type) MUST_CHECK;
enum reason eifout_put(void *image, struct span bytes) MUST_CHECK;
enum reason eifout_end(struct eifout *image) MUST_CHECK;

/* PCR0, 1 and 2. Only sections that are not measured may follow. */
enum reason eifout_pcrs(struct eifout *image, struct pcrs *ret) MUST_CHECK;

/* Writes the header. */
enum reason eifout_finish(struct eifout *image) MUST_CHECK;

void eifout_done(struct eifout *image);

#endif
