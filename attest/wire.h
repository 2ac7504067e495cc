/* Attempts at an exchange, made with libcurl: the only code that uses it.
 *
 * Only wire_perform waits for the network, so that a driver of many (libcurl's multi interface) can take
 * its place:
 *
 *   do {
 *           reason = wire_prepare(x);
 *           reason = wire_conclude(x, reason, reason == REASON_OK ? wire_perform(x) : 0);
 *   } while (!exchange_settle(x, &reason, &wait_ms) && (wait_ms is over)); */
#ifndef ATTEST_WIRE_H
#define ATTEST_WIRE_H

#include "attest/exchange.h"

/* A handle of libcurl and the connections that it keeps. NULL: no memory. */
struct wire;
struct wire *wire_new(void);
void wire_free(struct wire *wire);

/* Sets one attempt up. Whatever it returns, wire_conclude comes next. */
enum reason wire_prepare(struct exchange *x) MUST_CHECK;

/* Makes the attempt; the value, libcurl's, is for wire_conclude only. */
int wire_perform(struct exchange *x);

/* Judges it. `prepared` is what wire_prepare returned. */
enum reason wire_conclude(struct exchange *x, enum reason prepared, int code) MUST_CHECK;

/* See http_library_start and the two after it. */
bool wire_library_start(void);
void wire_library_stop(void);
void wire_library_version(struct buf *ret);

#endif
