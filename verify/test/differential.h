/* The second opinion: what our readers accept, OpenSSL accepts with the same fields.
 *
 * Each function gives NULL where both agree, else a sentence on the first difference: a test prints
 * it, a fuzz target aborts on it. Where they cannot agree by design is said in differential.c. */
#ifndef VERIFY_TEST_DIFFERENTIAL_H
#define VERIFY_TEST_DIFFERENTIAL_H

#include <stdbool.h>

#include "verify/cert.h"
#include "verify/chain.h"

/* A certificate that cert_read accepted, against d2i_X509. */
const char *differential_cert(const struct cert *cert);

/* A Name of an accepted certificate: cert_name_text against X509_NAME_print_ex in RFC 2253 form. */
const char *differential_name(struct span name);

/* A chain that chain_walk and, at this time, chain_valid_at accepted, against X509_verify_cert. */
const char *differential_chain(const struct chain *chain, int64_t at);

/* Whether a plain X509_verify_cert accepts the last certificate, with `root` as its only trust
 * anchor and all of them as what it may build a path from. */
bool differential_plain_accepts(const struct span certs[], size_t n, struct span root, int64_t at);

#endif
