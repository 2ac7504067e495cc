/* A strict pull reader for CBOR (RFC 8949) over libcbor's streaming decoder.
 *
 * It holds a cursor and nothing else: no allocation, no recursion, no tree. The caller asks for
 * the item that the format puts next and gives the reason to return when another kind of item
 * stands there, so a parser reads like the format. Strict means: every head in its shortest
 * form, no indefinite length (but where a function says otherwise), text strings valid UTF-8,
 * every count no larger than the bytes that are left could hold.
 *
 * libcbor 0.8 takes the one-byte tags 6 to 20 for malformed: whoever reads a COSE message takes
 * its tag 18 off first.
 *
 * Every function leaves the cursor unchanged unless it returns REASON_OK. Beside the given
 * reason:
 * REASON_CBOR_TRUNCATED, REASON_CBOR_MALFORMED, REASON_CBOR_NONCANONICAL, and where text is read
 * REASON_CBOR_UTF8. */
#ifndef VERIFY_CBOR_H
#define VERIFY_CBOR_H

#include "verify/reason.h"
#include "verify/span.h"

/* What an item is. Numbers 0..7 are the major types of RFC 8949 section 3.1. */
enum cbr_kind {
	CBR_UINT = 0,
	CBR_NEGINT = 1,
	CBR_BYTES = 2,
	CBR_TEXT = 3,
	CBR_ARRAY = 4,
	CBR_MAP = 5,
	CBR_TAG = 6,
	CBR_SIMPLE = 7, /* false, true, null, undefined: `value` 20 to 23 */
	CBR_FLOAT = 8,  /* `value` is not set */
	CBR_BREAK = 9,  /* the end of an indefinite-length item */
	CBR_END = 10    /* no byte is left */
};

#define CBR_INDEFINITE UINT64_MAX

struct cbr {
	struct span rest;  /* what is not read yet; borrowed */
	const uint8_t *at; /* where reading began */
	bool lax;          /* also accept what is well-formed but not strict: for display only */
};

/* One head, with the content of a definite string. `value` is the number itself (for CBR_NEGINT it
 * stands for -1 - value), the tag, or the length or count, CBR_INDEFINITE where there is none. */
struct cbr_item {
	enum cbr_kind kind;
	uint64_t value;
	struct span bytes; /* content of a definite byte or text string, borrowed */
};

struct cbr cbr_over(struct span bytes);
struct cbr cbr_lax_over(struct span bytes);

/* How many bytes have been read: where a failed read stands in the input. */
size_t cbr_offset(const struct cbr *r);

/* The kind of the next item, by its first byte alone. */
enum cbr_kind cbr_peek(const struct cbr *r);

/* The next head, whatever it is. A lax reader gives an indefinite string as CBR_BYTES or
 * CBR_TEXT with value CBR_INDEFINITE; its chunks and CBR_BREAK follow. A tag is given with its
 * number. */
enum reason cbr_next(struct cbr *r, struct cbr_item *ret) MUST_CHECK;

enum reason cbr_uint(struct cbr *r, enum reason otherwise, uint64_t *ret) MUST_CHECK;
enum reason cbr_bytes(struct cbr *r, enum reason otherwise, struct span *ret) MUST_CHECK;
enum reason cbr_text(struct cbr *r, enum reason otherwise, struct span *ret) MUST_CHECK;
enum reason cbr_null(struct cbr *r, enum reason otherwise) MUST_CHECK;
enum reason cbr_array(struct cbr *r, enum reason otherwise, uint64_t *ret_count) MUST_CHECK;
enum reason cbr_map(struct cbr *r, enum reason otherwise, uint64_t *ret_pairs) MUST_CHECK;

/* Like cbr_map, but an indefinite-length map is accepted too: *ret_pairs is then CBR_INDEFINITE. */
enum reason cbr_map_any(struct cbr *r, enum reason otherwise, uint64_t *ret_pairs) MUST_CHECK;

/* True when the map or array that was opened with this count has no further entry: `done`
 * entries were read, or the break stands next (it is then taken). */
bool cbr_closed(struct cbr *r, uint64_t count, uint64_t done);

/* Skips one whole item, nested at most `max_depth` levels, else REASON_CBOR_DEPTH. */
enum reason cbr_skip(struct cbr *r, unsigned max_depth) MUST_CHECK;

/* REASON_OK when nothing is left, else the given reason. */
enum reason cbr_end(const struct cbr *r, enum reason otherwise) MUST_CHECK;

#endif
