#include "verify/test/differential.h"

#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "verify/auto.h"

/* a type cannot stand in parentheses there */
#define AUTO_DEFINE(type, free_function) \
	static inline void auto_free_##type(type **held) /* NOLINT(bugprone-macro-parentheses) */ \
	{ \
		free_function(*held); \
	}

AUTO_DEFINE(ASN1_BIT_STRING, ASN1_BIT_STRING_free)
AUTO_DEFINE(ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
AUTO_DEFINE(ASN1_TIME, ASN1_TIME_free)
AUTO_DEFINE(AUTHORITY_KEYID, AUTHORITY_KEYID_free)
AUTO_DEFINE(BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free)
AUTO_DEFINE(BIO, BIO_free_all)
AUTO_DEFINE(ECDSA_SIG, ECDSA_SIG_free)
AUTO_DEFINE(X509, X509_free)
AUTO_DEFINE(X509_NAME, X509_NAME_free)
AUTO_DEFINE(X509_STORE, X509_STORE_free)
AUTO_DEFINE(X509_STORE_CTX, X509_STORE_CTX_free)

/* All of `der` as a certificate, or NULL. */
static X509 *load(struct span der)
{
	const uint8_t *at = der.at;

	if (der.len > LONG_MAX)
		return NULL;
	X509 *x509 = d2i_X509(NULL, &at, (long)der.len);
	if (x509 != NULL && at != der.at + der.len) {
		X509_free(x509);
		x509 = NULL;
	}
	return x509;
}

static struct span string_span(const ASN1_STRING *string)
{
	if (string == NULL)
		return (struct span){ NULL, 0 };
	return (struct span){ ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string) };
}

/* What an i2d function made is `want`; frees it. */
static bool is_encoded(uint8_t *made, int len, struct span want)
{
	bool equal = len >= 0 && span_equal((struct span){ made, (size_t)len }, want);

	OPENSSL_free(made);
	return equal;
}

static bool is_certificate(const X509 *x509, struct span want)
{
	uint8_t *made = NULL;
	int len = i2d_X509(x509, &made);

	return is_encoded(made, len, want);
}

/* Encoded anew, not from what OpenSSL keeps of the input. */
static bool is_tbs_anew(X509 *x509, struct span want)
{
	uint8_t *made = NULL;
	int len = i2d_re_X509_tbs(x509, &made);

	return is_encoded(made, len, want);
}

static bool is_name(const X509_NAME *name, struct span want)
{
	uint8_t *made = NULL;
	int len = i2d_X509_NAME(name, &made);

	return is_encoded(made, len, want);
}

static bool is_time(const ASN1_TIME *found, int64_t want)
{
	AUTO(ASN1_TIME) *made = ASN1_TIME_set(NULL, (time_t)want);

	return made != NULL && ASN1_TIME_check(found) == 1 && ASN1_TIME_compare(found, made) == 0;
}

static const char *compare_basic_constraints(X509 *x509, const struct cert *cert)
{
	int critical = -1;
	AUTO(BASIC_CONSTRAINTS) *found =
		X509_get_ext_d2i(x509, NID_basic_constraints, &critical, NULL);

	if (!cert->has_basic_constraints)
		return found == NULL && critical == -1 ? NULL : "basicConstraints are there";
	if (found == NULL)
		return "basicConstraints are not there";
	if ((critical == 1) != cert->basic_constraints_critical)
		return "basicConstraints: critical";
	if ((found->ca != 0) != cert->is_ca)
		return "basicConstraints: cA";
	if ((found->pathlen != NULL) != cert->has_path_len)
		return "basicConstraints: a pathLen";
	if (cert->has_path_len && ASN1_INTEGER_get(found->pathlen) != (long)cert->path_len)
		return "basicConstraints: pathLen";
	return NULL;
}

/* Each extension is decoded by itself: X509_get_key_usage and its like say nothing at all when
 * another extension, which is ignored here, is broken in OpenSSL's eyes. */

static const char *compare_key_usage(const X509 *x509, const struct cert *cert)
{
	int critical = -1;
	AUTO(ASN1_BIT_STRING) *found = X509_get_ext_d2i(x509, NID_key_usage, &critical, NULL);

	if ((found != NULL) != cert->has_key_usage || (critical != -1) != cert->has_key_usage)
		return "keyUsage is there";
	for (int n = 0; found != NULL && n < 17; n++) {
		unsigned bit = n < 16 ? cert->key_usage >> n & 1U : 0;
		if (ASN1_BIT_STRING_get_bit(found, n) != (int)bit)
			return "keyUsage";
	}
	return found == NULL || ASN1_STRING_length(found) <= 2 ? NULL : "keyUsage is longer";
}

static const char *compare_key_ids(const X509 *x509, const struct cert *cert)
{
	int critical = -1;
	AUTO(ASN1_OCTET_STRING) *skid =
		X509_get_ext_d2i(x509, NID_subject_key_identifier, &critical, NULL);
	if (critical > 0 || (critical == 0) != (cert->subject_key_id.at != NULL) ||
	    !span_equal(string_span(skid), cert->subject_key_id))
		return "subjectKeyIdentifier";
	critical = -1;
	AUTO(AUTHORITY_KEYID) *akid =
		X509_get_ext_d2i(x509, NID_authority_key_identifier, &critical, NULL);
	if (critical > 0 || (critical == 0) != (cert->authority_key_id.at != NULL) ||
	    (akid == NULL) != (critical == -1))
		return "authorityKeyIdentifier is there";
	if (akid == NULL)
		return NULL;
	if (akid->issuer != NULL || akid->serial != NULL ||
	    !span_equal(string_span(akid->keyid), cert->authority_key_id))
		return "authorityKeyIdentifier";
	return NULL;
}

static const char *compare_extensions(X509 *x509, const struct cert *cert)
{
	const char *difference = compare_key_usage(x509, cert);

	if (difference == NULL)
		difference = compare_key_ids(x509, cert);
	if (difference == NULL)
		difference = compare_basic_constraints(x509, cert);
	if (difference != NULL)
		return difference;
	uint32_t flags = X509_get_extension_flags(x509);
	if ((flags & EXFLAG_CRITICAL) != 0)
		return "a critical extension that OpenSSL does not know";
	if (cert->ignored_extensions == 0 && (flags & EXFLAG_INVALID) != 0)
		return "OpenSSL holds an extension to be invalid";
	return NULL;
}

static const char *compare_signature(const X509 *x509, const struct cert *cert)
{
	const ASN1_BIT_STRING *bits = NULL;
	uint8_t r_s[96];

	X509_get0_signature(&bits, NULL, x509);
	if (X509_get_signature_nid(x509) != NID_ecdsa_with_SHA384)
		return "signature algorithm";
	struct span der = string_span(bits);
	const uint8_t *at = der.at;
	AUTO(ECDSA_SIG) *signature = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
	if (signature == NULL || at != der.at + der.len)
		return "the signature is no ECDSA-Sig-Value";
	if (BN_bn2binpad(ECDSA_SIG_get0_r(signature), r_s, 48) != 48 ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(signature), r_s + 48, 48) != 48)
		return "r or s";
	return span_equal(SPAN_OF(r_s), SPAN_OF(cert->signature)) ? NULL : "signature";
}

static const char *compare_cert(const struct cert *cert)
{
	AUTO(X509) *x509 = load(cert->der);

	if (x509 == NULL)
		return "d2i_X509 refuses it";
	if (!is_certificate(x509, cert->der))
		return "i2d_X509 gives other bytes";
	if (X509_get_version(x509) != 2)
		return "version";
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
	if (ASN1_STRING_type(serial) != V_ASN1_INTEGER ||
	    !span_equal(string_span(serial), cert->serial))
		return "serial";
	if (!is_name(X509_get_issuer_name(x509), cert->issuer))
		return "issuer";
	if (!is_name(X509_get_subject_name(x509), cert->subject))
		return "subject";
	if (!is_time(X509_get0_notBefore(x509), cert->not_before))
		return "notBefore";
	if (!is_time(X509_get0_notAfter(x509), cert->not_after))
		return "notAfter";
	if (!span_equal(string_span(X509_get0_pubkey_bitstr(x509)), cert->point))
		return "public key";
	const char *difference = compare_extensions(x509, cert);
	if (difference == NULL)
		difference = compare_signature(x509, cert);
	if (difference == NULL && !is_tbs_anew(x509, cert->tbs))
		difference = "TBSCertificate encoded anew has other bytes";
	return difference;
}

const char *differential_cert(const struct cert *cert)
{
	const char *difference = compare_cert(cert);

	ERR_clear_error();
	return difference;
}

/* Names that both write alike: the attributes of RFC 4514 that AWS uses, printable ASCII, and no
 * '=', which OpenSSL leaves as it is (RFC 4514 allows both). */
static bool is_common_name(const X509_NAME *name)
{
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
		struct span value = string_span(X509_NAME_ENTRY_get_data(entry));

		if (nid != NID_commonName && nid != NID_countryName && nid != NID_localityName &&
		    nid != NID_stateOrProvinceName && nid != NID_organizationName &&
		    nid != NID_organizationalUnitName)
			return false;
		for (size_t j = 0; j < value.len; j++) {
			if (value.at[j] < 0x20 || value.at[j] > 0x7e || value.at[j] == '=')
				return false;
		}
	}
	return true;
}

const char *differential_name(struct span name)
{
	const uint8_t *at = name.at;
	struct buf ours = { 0 };
	char *text = NULL;

	AUTO(X509_NAME) *found = d2i_X509_NAME(NULL, &at, (long)name.len);
	AUTO(BIO) *bio = BIO_new(BIO_s_mem());
	if (found == NULL || bio == NULL || at != name.at + name.len)
		return "d2i_X509_NAME refuses it";
	if (!is_common_name(found))
		return NULL;
	if (X509_NAME_print_ex(bio, found, 0, XN_FLAG_RFC2253) < 0)
		return "X509_NAME_print_ex fails";
	long len = BIO_get_mem_data(bio, &text);
	cert_name_text(&ours, name);
	bool equal =
		len >= 0 && !ours.failed &&
		span_equal(buf_span(&ours), (struct span){ (const uint8_t *)text, (size_t)len });
	buf_done(&ours);
	return equal ? NULL : "the name in text";
}

static bool push(STACK_OF(X509) * stack, struct span der)
{
	X509 *x509 = load(der);

	if (x509 == NULL)
		return false;
	if (sk_X509_push(stack, x509) > 0)
		return true;
	X509_free(x509);
	return false;
}

/* X509_verify_cert's error for the last of them, X509_V_OK when it accepts. */
static int verify(const struct span certs[], size_t n, struct span root, int64_t at,
		  unsigned long flags)
{
	AUTO(X509) *anchor = load(root);
	AUTO(X509) *leaf = n == 0 ? NULL : load(certs[n - 1]);
	AUTO(X509_STORE) *store = X509_STORE_new();
	AUTO(X509_STORE_CTX) *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *untrusted = sk_X509_new_null();
	int error = X509_V_ERR_UNSPECIFIED;

	bool ready = anchor != NULL && leaf != NULL && store != NULL && ctx != NULL &&
		     untrusted != NULL && X509_STORE_add_cert(store, anchor) == 1;
	for (size_t i = 0; ready && i + 1 < n; i++)
		ready = push(untrusted, certs[i]);
	if (ready && X509_STORE_CTX_init(ctx, store, leaf, untrusted) == 1) {
		X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
		X509_VERIFY_PARAM_set_time(param, (time_t)at);
		(void)X509_VERIFY_PARAM_set_flags(param, flags);
		(void)X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
		if (X509_verify_cert(ctx) == 1)
			error = X509_V_OK;
		else if (X509_STORE_CTX_get_error(ctx) != X509_V_OK)
			error = X509_STORE_CTX_get_error(ctx);
	}
	X509_STORE_CTX_cleanup(ctx);
	sk_X509_pop_free(untrusted, X509_free);
	ERR_clear_error();
	return error;
}

bool differential_plain_accepts(const struct span certs[], size_t n, struct span root, int64_t at)
{
	return verify(certs, n, root, at, 0) == X509_V_OK;
}

/* OpenSSL searches an issuer by its name among all certificates and does not come back to try the
 * next of that name; we go by the order. chain_walk sees to it that no name stands twice byte by
 * byte, but OpenSSL also takes names for one that differ in case, in blanks or in the type of a
 * string. */
static bool has_distinct_names(const struct chain *chain)
{
	X509_NAME *names[CHAIN_MAX] = { NULL };
	bool distinct = true;

	for (size_t i = 0; i < chain->len; i++) {
		struct span der = chain->certs[i].subject;
		const uint8_t *at = der.at;
		names[i] = d2i_X509_NAME(NULL, &at, (long)der.len);
		for (size_t j = 0; j < i; j++) {
			if (names[i] == NULL || names[j] == NULL ||
			    X509_NAME_cmp(names[i], names[j]) == 0)
				distinct = false;
		}
	}
	for (size_t i = 0; i < chain->len; i++)
		X509_NAME_free(names[i]);
	return distinct;
}

const char *differential_chain(const struct chain *chain, int64_t at)
{
	struct span certs[CHAIN_MAX];

	if (chain->len == 0)
		return "there is no certificate";
	for (size_t i = 0; i < chain->len; i++) {
		const struct cert *cert = &chain->certs[i];
		const char *difference = differential_cert(cert);

		if (difference != NULL)
			return difference;
		/* What is ignored here may mean something to OpenSSL. And it takes a certificate to
		 * have expired at notAfter, which RFC 5280 section 4.1.2.5 still counts in. */
		if (cert->ignored_extensions != 0 || at == cert->not_after)
			return NULL;
		certs[i] = cert->der;
	}
	if (!has_distinct_names(chain))
		return NULL;
	/* The pinned root is an anchor whether or not it issued itself. */
	int error = verify(certs, chain->len, certs[0], at, X509_V_FLAG_PARTIAL_CHAIN);
	return error == X509_V_OK ? NULL : X509_verify_cert_error_string(error);
}
