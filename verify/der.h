/* A strict reader for DER (ITU-T X.690 section 10): definite lengths in their shortest form,
 * numbers without needless bytes, booleans 00 or ff, one encoding for each value.
 *
 * All functions return false when what stands at the cursor is anything else; the cursor is then
 * unchanged. There is nothing finer to say about broken DER than that it is broken. */
#ifndef VERIFY_DER_H
#define VERIFY_DER_H

#include "verify/span.h"

#define DER_BOOLEAN 0x01
#define DER_INTEGER 0x02
#define DER_BIT_STRING 0x03
#define DER_OCTET_STRING 0x04
#define DER_OID 0x06
#define DER_UTF8_STRING 0x0c
#define DER_PRINTABLE_STRING 0x13
#define DER_IA5_STRING 0x16
#define DER_UTC_TIME 0x17
#define DER_GENERALIZED_TIME 0x18
#define DER_SEQUENCE 0x30
#define DER_SET 0x31
#define DER_CONTEXT(n) (0x80 | (n)) /* [n] IMPLICIT, primitive */
#define DER_CONTEXT_CONSTRUCTED(n) \
	(0xa0 | (n)) /* [n] EXPLICIT, or IMPLICIT of a constructed type */

/* True when the next element has this tag (one byte, low-tag-number form). */
bool der_is(const struct span *cursor, uint8_t tag);

/* Takes one element with this tag; *ret is its content. */
bool der_take(struct span *cursor, uint8_t tag, struct span *ret);

/* Like der_take; *ret_whole also has the tag and the length. */
bool der_take_whole(struct span *cursor, uint8_t tag, struct span *ret_content,
		    struct span *ret_whole);

/* A BOOLEAN. */
bool der_bool(struct span *cursor, bool *ret);

/* An INTEGER of at least 0: its magnitude, big-endian, without leading zero bytes (one byte 00
 * for 0). */
bool der_uint(struct span *cursor, struct span *ret);

/* The content of an OBJECT IDENTIFIER, its arcs well-formed. */
bool der_oid(struct span *cursor, struct span *ret);

/* A BIT STRING of whole octets. */
bool der_octet_bits(struct span *cursor, struct span *ret);

/* A BIT STRING as a named bit list (X.690 section 11.2.2: no trailing zero bits) of at most 16
 * bits; bit n of the ASN.1 type is 1 << n in *ret. */
bool der_named_bits(struct span *cursor, uint16_t *ret);

/* A time as RFC 5280 section 4.1.2.5 writes it: UTCTime "YYMMDDHHMMSSZ" for 1950..2049, from
 * 2050 on GeneralizedTime "YYYYMMDDHHMMSSZ". Seconds since 1970. */
bool der_time(struct span *cursor, int64_t *ret);

#endif
