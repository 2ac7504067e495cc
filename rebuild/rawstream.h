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

/* A stream that is decoded as somebody asks for it. */
struct rawstream;

/* Begins; `source` is copied. End with rawstream_free; NULL is fine there.
 * REASON_PAYLOAD_FORMAT: this libarchive cannot decode it by itself. REASON_OUT_OF_MEMORY. */
enum reason rawstream_open(enum rawstream_format format, const struct rawsource *source,
			   struct rawstream **ret) MUST_CHECK;

/* The next decoded bytes, borrowed until the next call; none at the end, which is then proven to be
 * that of the source, too. Not to be called again after that, or after a failure.
 * REASON_PAYLOAD_BROKEN: malformed, cut short, empty, or something stands behind it.
 * REASON_PAYLOAD_EXPANSION: the dictionary is above the bound. REASON_OUT_OF_MEMORY; whatever the
 * source returns. */
enum reason rawstream_next(struct rawstream *stream, struct span *ret) MUST_CHECK;
void rawstream_free(struct rawstream *stream);

/* Decodes one stream to its end and pours it into `sink`; whoever wants a bound stops there. The
 * reasons of both, and whatever the sink returns. */
enum reason rawstream_pour(enum rawstream_format format, const struct rawsource *source,
			   const struct sink *sink) MUST_CHECK;

/* "libarchive 3.6.2": the library in use. Static. */
const char *rawstream_library(void);

#endif
