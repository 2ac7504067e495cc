/* What is seen of a kernel while its decompressed bytes pass: their digest, the line that the kernel
 * prints first, and its configuration. Nothing else is kept.
 *
 *   "Linux version " and a digit ... to a newline, a NUL, or INNARDS_BANNER_MAX bytes: the last one,
 *   because a banner without number and time, which the final one replaces, stands before it
 *   "IKCFG_ST" gzip member "IKCFG_ED": the configuration; the first one
 *
 * Sources: Linux, init/version.c, init/version-timestamp.c and kernel/configs.c. */
#ifndef REBUILD_INNARDS_H
#define REBUILD_INNARDS_H

#include "rebuild/sink.h"
#include "verify/digest.h"

#define INNARDS_BANNER_MAX 512
#define INNARDS_CONFIG_MAX ((size_t)1 << 20) /* of text; the largest are of 300 KiB */

enum innards_config {
	INNARDS_CONFIG_NONE,
	INNARDS_CONFIG_READ,
	INNARDS_CONFIG_BROKEN /* begun, but malformed, cut short or too large */
};

/* Start with {0}, end with innards_done. */
struct innards {
	uint64_t len;
	uint8_t sha256[DIGEST_SHA256_LEN]; /* of the content and what is behind it */
	size_t banner_len;
	uint8_t banner[INNARDS_BANNER_MAX]; /* without the newline; as it stands, not escaped */
	enum innards_config has_config;
	struct buf config; /* text; empty unless it was read */
};

void innards_done(struct innards *innards);

/* Takes bytes in pieces of any size, which make no difference. */
struct innards_reader;

/* `max`: bytes after which it stops. REASON_OUT_OF_MEMORY, _CRYPTO_FAILED. End with
 * innards_reader_free. */
enum reason innards_reader_new(uint64_t max, struct innards_reader **ret) MUST_CHECK;

/* Begins again, with nothing taken. REASON_CRYPTO_FAILED. */
enum reason innards_again(struct innards_reader *reader) MUST_CHECK;

/* Where the bytes are put. REASON_PAYLOAD_EXPANSION, _OUT_OF_MEMORY, _CRYPTO_FAILED. */
struct sink innards_sink(struct innards_reader *reader);

/* Bytes that stand behind the compressed stream and are no part of the content: only the digest takes
 * them in, so that with `len` it tells two contents apart wherever each ends. REASON_CRYPTO_FAILED. */
enum reason innards_behind(struct innards_reader *reader, struct span bytes) MUST_CHECK;

/* What was seen; the reader has to begin again afterwards. REASON_CRYPTO_FAILED. */
enum reason innards_take(struct innards_reader *reader, struct innards *ret) MUST_CHECK;

void innards_reader_free(struct innards_reader *reader);

#endif
