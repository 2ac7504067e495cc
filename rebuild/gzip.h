/* gzip members (RFC 1952) over zlib's raw deflate: header and trailer are read here, so that every
 * field is seen and checked.
 *
 *   0  1f 8b   2  method, 8   3  flags   4  time, u32 little-endian   8  extra flags   9  system
 *   then, by flags: extra field (u16 length), name, comment (each to a NUL), CRC-16 of the header
 *   then deflate, CRC-32 and length modulo 2^32 of the content, both u32 little-endian
 *
 * zlib does not promise the same bytes from all its versions, nor from its replacements: what the
 * writer makes is a function of the input and of the zlib in use. */
#ifndef REBUILD_GZIP_H
#define REBUILD_GZIP_H

#include "rebuild/sink.h"

#define GZIP_MAGIC_LEN 2
#define GZIP_FLAG_HEADER_CRC 0x02U
#define GZIP_FLAG_EXTRA 0x04U
#define GZIP_FLAG_NAME 0x08U
#define GZIP_FLAG_COMMENT 0x10U
#define GZIP_TEXT_MAX 4096 /* bytes of a name or comment; longer ones are refused */
#define GZIP_NAME_KEPT 255

struct gzip_header {
	uint8_t flags;
	uint32_t mtime;      /* seconds since 1970; 0: none */
	uint8_t extra_flags; /* 2: slowest, 4: fastest */
	uint8_t system;      /* 3: Unix, 255: unknown */
	size_t name_len;     /* of what is kept of the name */
	uint8_t name[GZIP_NAME_KEPT];
};

/* True when two bytes are the magic of a member. */
bool gzip_is_magic(struct span bytes);

/* A reader that is fed pieces of any size. */
struct gzip_reader;

/* REASON_OUT_OF_MEMORY. End with gzip_reader_free. */
enum reason gzip_reader_new(struct gzip_reader **ret) MUST_CHECK;

/* Starts on the next member, also after a failure. */
void gzip_reader_again(struct gzip_reader *reader);

/* Cuts off *input what belongs to the member and pours its content into `sink`, in pieces of at
 * most 64 KiB; whoever wants a bound stops there. *ret_ended: the member is complete and right, and
 * *input is what follows; otherwise *input is used up. A member that never gets there is cut
 * short: the caller says REASON_GZIP_TRUNCATED.
 * REASON_GZIP_HEADER, _HEADER_CRC, _DEFLATE, _CRC, _LENGTH; REASON_OUT_OF_MEMORY, and whatever the
 * sink returns. */
enum reason gzip_push(struct gzip_reader *reader, struct span *input, const struct sink *sink,
		      bool *ret_ended) MUST_CHECK;

/* The header of the member being read, NULL as long as it is incomplete. */
const struct gzip_header *gzip_header_of(const struct gzip_reader *reader);

void gzip_reader_free(struct gzip_reader *reader);

/* Writes one member as `gzip -n` does: level 6, no name, no time, system Unix. Pieces of any size
 * give the same bytes. */
struct gzip_writer;

/* REASON_OUT_OF_MEMORY. End with gzip_writer_free. */
enum reason gzip_writer_new(struct sink sink, struct gzip_writer **ret) MUST_CHECK;

/* Whatever the sink returns. */
enum reason gzip_write(struct gzip_writer *writer, struct span bytes) MUST_CHECK;
enum reason gzip_write_end(struct gzip_writer *writer) MUST_CHECK;

void gzip_writer_free(struct gzip_writer *writer);

#endif
