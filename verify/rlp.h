/* Recursive Length Prefix, strictly (Ethereum yellow paper, appendix B).
 *
 *   00..7f              one byte that stands for itself
 *   80..b7  <content>   a string of 0..55 bytes
 *   b8..bf  <length>    a string of 56 bytes or more; its length in 1..8 bytes, big-endian
 *   c0..f7  <content>   a list whose items take 0..55 bytes
 *   f8..ff  <length>    a list whose items take 56 bytes or more
 *
 * Every item has exactly one encoding: a byte below 0x80 never stands behind 0x81, the short form is
 * taken where it fits, lengths and numbers have no leading zero. Whatever is hashed is read and
 * written here only. The reader is a cursor over borrowed bytes: no allocation, no recursion; a list
 * is given as the span of its items, to be read in turn.
 *
 * Functions that read leave the cursor unchanged unless they return REASON_OK. Beside the given
 * reason: REASON_RLP_TRUNCATED, REASON_RLP_NONCANONICAL. */
#ifndef VERIFY_RLP_H
#define VERIFY_RLP_H

#include "verify/reason.h"
#include "verify/span.h"

#define RLP_HEAD_MAX 9 /* bytes before the content of an item */

/* One item; both spans are borrowed. */
struct rlp_item {
	bool is_list;
	struct span content; /* of a string its bytes, of a list its items */
	struct span whole;   /* the head as well */
};

/* The next item, whatever it is. */
enum reason rlp_next(struct span *cursor, struct rlp_item *ret) MUST_CHECK;

/* A list, else `otherwise`: its items. */
enum reason rlp_list(struct span *cursor, enum reason otherwise, struct span *ret) MUST_CHECK;

/* A string of exactly `len` bytes, else `otherwise`. */
enum reason rlp_fixed(struct span *cursor, size_t len, enum reason otherwise,
		      uint8_t *ret) MUST_CHECK;

/* A number: a string of at most `len` bytes, else `otherwise`, without a leading zero, else
 * REASON_RLP_NONCANONICAL. `ret` is filled with its `len` bytes, big-endian. */
enum reason rlp_number(struct span *cursor, size_t len, enum reason otherwise,
		       uint8_t *ret) MUST_CHECK;

/* REASON_OK when nothing is left, else REASON_RLP_TRAILING. */
enum reason rlp_end(struct span cursor) MUST_CHECK;

/* One list on its way out, into memory of the caller. What does not fit sets `full`, which stays. */
struct rlp_out {
	uint8_t *at;
	size_t cap;
	size_t len; /* from RLP_HEAD_MAX on: the list's own head is put before its items at the end */
	bool full;
};

struct rlp_out rlp_open(uint8_t *at, size_t cap);
void rlp_put(struct rlp_out *out, struct span string);

/* A big-endian number; leading zeros are left out. */
void rlp_put_number(struct rlp_out *out, struct span number);

/* Ends the list. False: `at` was too small. *ret, the whole list, borrows from `at`. */
bool rlp_close(struct rlp_out *out, struct span *ret);

#endif
