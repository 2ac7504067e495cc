/* Bytes: borrowed (struct span), and owned and growing (struct buf).
 *
 * Untrusted bytes are read through span_take and span_be only. Both return false and leave the
 * cursor as it was when too little is left, so no other code does arithmetic on input pointers. */
#ifndef VERIFY_SPAN_H
#define VERIFY_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `len` bytes at `at`, owned by somebody else. `at` may be NULL when `len` is 0; where "nothing
 * there" and "there, of length 0" differ (optional claims), NULL means nothing there. */
struct span {
	const uint8_t *at;
	size_t len;
};

/* A span over an array, or over the characters of a string literal without its NUL. */
#define SPAN_OF(array) ((struct span){ (const uint8_t *)(array), sizeof(array) })
#define SPAN_LITERAL(text) ((struct span){ (const uint8_t *)(text), sizeof(text) - 1 })

/* The characters of a NUL-terminated string of this program's own (an argument, never input). */
struct span span_of_text(const char *text);

/* Cuts the first `n` bytes off *cursor into *ret. False: fewer are left, nothing changed. */
bool span_take(struct span *cursor, size_t n, struct span *ret);

/* Cuts a big-endian unsigned number of `n` bytes, 1..8, off *cursor. False: fewer are left. */
bool span_be(struct span *cursor, size_t n, uint64_t *ret);

/* Same length and same bytes; the time taken depends on the lengths only. */
bool span_equal(struct span a, struct span b);

/* True when every byte is zero (also when there is none). */
bool span_is_zero(struct span bytes);

/* True when the bytes are well-formed UTF-8 (RFC 3629: shortest form, no surrogates). */
bool span_is_utf8(struct span bytes);

/* Owned bytes that grow. Start with {0}, end with buf_done. A failed allocation sets `failed`,
 * which stays: append everything, ask once. While it is set the content is incomplete and must
 * not be used. */
struct buf {
	uint8_t *at;
	size_t len;
	size_t cap;
	bool failed;
};

void buf_add(struct buf *buf, struct span bytes);
void buf_byte(struct buf *buf, uint8_t byte);
void buf_text(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends text from outside so that it can be shown: printable ASCII as it is, every other byte,
 * and the backslash, as \xNN. A terminal sees no control character, no line break, no
 * bidirectional override. */
void buf_escaped(struct buf *buf, struct span text);

/* What is in it, borrowed until the next append. */
struct span buf_span(const struct buf *buf);

/* The content as a NUL-terminated string that the caller frees; *buf is empty afterwards. NULL:
 * no memory. */
char *buf_take_text(struct buf *buf);

/* Frees; {0} and a second call are fine. */
void buf_done(struct buf *buf);

#endif
