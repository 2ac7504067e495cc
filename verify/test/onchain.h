/* What tests of on-chain proofs share: the rows of testvectors/onchain/ and recorded answers of a node. */
#ifndef VERIFY_TEST_ONCHAIN_H
#define VERIFY_TEST_ONCHAIN_H

#include <cjson/cJSON.h>

#include "test/support.h"

#define ONCHAIN_NODES_MAX 72

/* Hex digits, "-" for no byte. End with buf_done. */
struct buf onchain_hex(struct span digits);

/* 32 bytes in hex, or fewer; ends the test when there are not exactly `len`. */
void onchain_fixed(struct span digits, uint8_t *ret, size_t len);

/* Cuts what stands before the next comma off *list. "none" and "" are no element. */
bool onchain_next(struct span *list, struct span *ret);

/* A table of testvectors/onchain/ without its header line. *text borrows from *file. */
void onchain_table(const char *name, struct buf *file, struct span *text);

/* Parses; the caller frees with cJSON_Delete. Ends the test when it is not JSON. */
cJSON *onchain_json(struct span text);

/* The "result" of a recorded exchange of $SHARED_VECTORS/onchain/captures, in a tree that the caller frees.
 * False, after SKIP, where there is none. */
bool onchain_recorded(const char *test, const char *name, cJSON **ret, const cJSON **ret_result);

#endif
