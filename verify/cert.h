/* One X.509 certificate (RFC 5280) in the profile that AWS issues for enclaves: version 3, a
 * P-384 key, ecdsa-with-SHA384, names of single-valued RDNs, the five extensions of the table
 * below.
 *
 *   basicConstraints, keyUsage        read; must be understood whatever their criticality
 *   subjectKeyIdentifier,
 *   authorityKeyIdentifier            read; must not be critical (RFC 5280 sections 4.2.1.1, 4.2.1.2)
 *   cRLDistributionPoints             form checked, otherwise ignored: AWS says not to use its CRLs
 *   nameConstraints, policyConstraints,
 *   inhibitAnyPolicy                  refused: they narrow a path and are not understood here
 *   any other                         refused when critical, else counted and ignored
 *
 * Whatever cert_read accepts, OpenSSL's d2i_X509 accepts with the same fields: tests say so. */
#ifndef VERIFY_CERT_H
#define VERIFY_CERT_H

#include "verify/reason.h"
#include "verify/span.h"

/* keyUsage bits (RFC 5280 section 4.2.1.3) */
#define CERT_DIGITAL_SIGNATURE (1U << 0)
#define CERT_KEY_CERT_SIGN (1U << 5)

/* All spans borrow from the DER. */
struct cert {
	struct span der;     /* all of it */
	struct span tbs;     /* TBSCertificate with tag and length: what is signed */
	struct span serial;  /* magnitude, big-endian, 1..20 bytes */
	struct span issuer;  /* Name with tag and length, for comparison byte by byte */
	struct span subject; /* likewise */
	int64_t not_before;  /* seconds since 1970; both ends belong to the validity */
	int64_t not_after;
	struct span
		point; /* 97 bytes: 04 || X || Y; whether it is on the curve is not tested here */
	uint8_t signature[96]; /* r || s, each 1..2^384-1, widened to 48 bytes */
	bool has_basic_constraints;
	bool basic_constraints_critical;
	bool is_ca;
	bool has_path_len;
	uint32_t path_len;
	bool has_key_usage;
	uint16_t key_usage;           /* bit n is 1 << n */
	struct span subject_key_id;   /* `at` NULL when there is none */
	struct span authority_key_id; /* likewise */
	unsigned ignored_extensions;
};

/* Reads one certificate; `der` must hold it and nothing else.
 * REASON_X509_DER, _VERSION, _SIGALG, _KEY, _CRITICAL_EXT. */
enum reason cert_read(struct span der, struct cert *ret) MUST_CHECK;

/* Appends a Name as RFC 4514 writes it, the last RDN first, escaped so that it can be printed.
 * `name` is `issuer` or `subject` of a certificate that was read. */
void cert_name_text(struct buf *out, struct span name);

#endif
