/* Compressed streams decoded by libarchive, each by the one decoder that the caller names: no
 * guessing, no decoder within a decoder, and never one that libarchive would start a program for.
 *
 * A stream is right only when all of its bytes were used: libarchive itself passes over what stands
 * behind the end of some formats.
 *
 * Sources: libarchive, archive_read_filter(3); LZ4 frame format, "Legacy frame"; the .xz file
 * format 1.1, sections 2 to 3 and 5.3; the .lzma format. */
#ifndef REBUILD_RAWSTREAM_H
#define REBUILD_RAWSTREAM_H

#include "rebuild/sink.h"

/* What a stream may ask for to look back in: kernels have at most 128 MiB. Read from the header of
 * an lzma stream and of the first block of an xz stream; of later blocks, and of zstd, no more is
 * ever touched than was poured. */
#define RAWSTREAM_DICTIONARY_MAX (UINT64_C(256) << 20)

enum rawstream_format {
	RAWSTREAM_XZ,
	RAWSTREAM_LZMA,
	RAWSTREAM_BZIP2,
	RAWSTREAM_ZSTD,
	RAWSTREAM_LZ4 /* the legacy frame, which kernels have */
};

/* Where a stream comes from: the next bytes, borrowed until the next call; none at its end. */
struct rawsource {
	enum reason (*next)(void *from, struct span *ret);
	void *from;
};

/* Decodes one stream to its end and pours it into `sink`; whoever wants a bound stops there.
 * REASON_PAYLOAD_BROKEN: malformed, cut short, empty, or something stands behind it.
 * REASON_PAYLOAD_FORMAT: this libarchive cannot decode it by itself. REASON_PAYLOAD_EXPANSION: the
 * dictionary is above the bound. REASON_OUT_OF_MEMORY; whatever source and sink return. */
enum reason rawstream_pour(enum rawstream_format format, const struct rawsource *source,
			   const struct sink *sink) MUST_CHECK;

/* "libarchive 3.6.2": the library in use. Static. */
const char *rawstream_library(void);

#endif
