/* What a document says, as JSON: the `facts` of a report, or `unverified` where nothing proves it.
 * The same names and forms wherever claims are shown. */
#ifndef VERIFY_FACTS_H
#define VERIFY_FACTS_H

#include <cjson/cJSON.h>

#include "verify/claims.h"

/* module_id, timestamp_ms (a string), digest, pcrs, public_key, user_data, nonce, enclave_hash,
 * signer, certificates (root first, leaf last: subject, not_before, not_after, sha256; null
 * where a certificate cannot be read). Claims that are not there are null. The caller frees it
 * with cJSON_Delete. NULL: out of memory. */
cJSON *facts_of(const struct claims *claims);

/* What registers alone say: pcrs and enclave_hash. PCR0 must be present. Likewise. */
cJSON *facts_of_pcrs(const struct pcrs *pcrs);

#define FACTS_ADDRESS_LEN 20

/* The address of a public_key that is an uncompressed secp256k1 point (65 bytes, 04 || X || Y):
 * the last 20 bytes of the keccak256 of X || Y (Ethereum yellow paper, appendix F). False: it is
 * no such point. */
bool facts_signer(struct span public_key, uint8_t ret[static FACTS_ADDRESS_LEN]);

#endif
