#include "verify/eifsign.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "verify/auto.h"
#include "verify/cbor.h"
#include "verify/instant.h"
#include "verify/root.h"

#define PEM_BEGIN SPAN_LITERAL("-----BEGIN CERTIFICATE-----")
#define PEM_END SPAN_LITERAL("-----END CERTIFICATE-----")

/* RFC 9053 section 2.1; the curve of each is what AWS's signing library takes it for. */
static const struct {
	const char *name;
	uint8_t protected_bstr[4];
	size_t protected_len;
	size_t signature_len;
	const char *digest;
	const char *curve;
} algs[] = {
	[EIFSIGN_ES256] = { "ES256", { 0xa1, 0x01, 0x26 }, 3, 64, "SHA256", "prime256v1" },
	[EIFSIGN_ES384] = { "ES384", { 0xa1, 0x01, 0x38, 0x22 }, 4, 96, "SHA384", "secp384r1" },
	[EIFSIGN_ES512] = { "ES512", { 0xa1, 0x01, 0x38, 0x23 }, 4, 132, "SHA512", "secp521r1" },
};
#define N_ALGS (sizeof(algs) / sizeof(algs[0]))

const char *eifsign_alg_name(enum eifsign_alg alg)
{
	return (size_t)alg < N_ALGS ? algs[alg].name : "unknown";
}

/* Text that is exactly this. */
static enum reason expect_text(struct cbr *r, struct span wanted)
{
	struct span text;

	enum reason reason = cbr_text(r, REASON_EIF_SIGNATURE_CBOR, &text);
	if (reason != REASON_OK)
		return reason;
	return span_equal(text, wanted) ? REASON_OK : REASON_EIF_SIGNATURE_CBOR;
}

/* Bytes written as an array of numbers. */
static enum reason read_numbers(struct cbr *r, struct buf *ret)
{
	uint64_t count;
	uint64_t number;

	enum reason reason = cbr_array(r, REASON_EIF_SIGNATURE_CBOR, &count);
	if (reason != REASON_OK)
		return reason;
	for (uint64_t i = 0; i < count; i++) {
		reason = cbr_uint(r, REASON_EIF_SIGNATURE_CBOR, &number);
		if (reason != REASON_OK)
			return reason;
		if (number > UINT8_MAX)
			return REASON_EIF_SIGNATURE_CBOR;
		buf_byte(ret, (uint8_t)number);
	}
	return ret->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

static enum reason read_section(struct cbr *r, struct eifsign *ret)
{
	uint64_t count;

	enum reason reason = cbr_array(r, REASON_EIF_SIGNATURE_CBOR, &count);
	if (reason != REASON_OK)
		return reason;
	if (count != 1) /* only the first would be looked at, by tools and loader alike */
		return REASON_EIF_SIGNATURE_CBOR;
	reason = cbr_map(r, REASON_EIF_SIGNATURE_CBOR, &count);
	if (reason != REASON_OK)
		return reason;
	if (count != 2)
		return REASON_EIF_SIGNATURE_CBOR;
	reason = expect_text(r, SPAN_LITERAL("signing_certificate"));
	if (reason == REASON_OK)
		reason = read_numbers(r, &ret->pem);
	if (reason == REASON_OK)
		reason = expect_text(r, SPAN_LITERAL("signature"));
	if (reason == REASON_OK)
		reason = read_numbers(r, &ret->cose);
	if (reason == REASON_OK)
		reason = cbr_end(r, REASON_EIF_SIGNATURE_CBOR);
	return reason;
}

static bool begins_with(struct span text, struct span prefix)
{
	struct span begin;

	return span_take(&text, prefix.len, &begin) && span_equal(begin, prefix);
}

/* One block and nothing around it but line ends behind: what else stands in a PEM file is
 * measured by nobody and shown by some tools. */
static enum reason read_pem(struct span text, struct buf *ret)
{
	struct span inside = text;
	struct span rest;

	while (inside.len > 0 &&
	       (inside.at[inside.len - 1] == '\n' || inside.at[inside.len - 1] == '\r'))
		inside.len--;
	if (!begins_with(inside, PEM_BEGIN) || inside.len < PEM_END.len)
		return REASON_EIF_SIGNATURE_CERTIFICATE;
	rest = inside;
	if (!span_take(&rest, inside.len - PEM_END.len, &inside) || !span_equal(rest, PEM_END))
		return REASON_EIF_SIGNATURE_CERTIFICATE;
	enum reason reason = root_certificate_der(text, ret);
	return reason == REASON_TEXT_ENCODING ? REASON_EIF_SIGNATURE_CERTIFICATE : reason;
}

/* The whole DER as OpenSSL's object; NULL when it is none, with bytes left over, or another
 * encoding of what it holds: PCR8 is taken of OpenSSL's encoding elsewhere. */
static X509 *parse_der(struct span der)
{
	const unsigned char *at = der.at;
	unsigned char *again = NULL;

	X509 *x509 = d2i_X509(NULL, &at, (long)der.len);
	if (x509 == NULL)
		return NULL;
	int len = i2d_X509(x509, &again);
	bool same = len > 0 && at == der.at + der.len &&
		    span_equal((struct span){ again, (size_t)len }, der);
	OPENSSL_free(again);
	if (same)
		return x509;
	X509_free(x509);
	return NULL;
}

static bool read_time(const ASN1_TIME *time, int64_t *ret)
{
	struct tm tm;

	return time != NULL && ASN1_TIME_to_tm(time, &tm) == 1 &&
	       instant_from_civil(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday,
				  (unsigned)tm.tm_hour, (unsigned)tm.tm_min, (unsigned)tm.tm_sec,
				  ret);
}

static enum reason read_name(const X509_NAME *name, struct buf *ret)
{
	char *text = NULL;
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio == NULL)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = REASON_EIF_SIGNATURE_CERTIFICATE;
	if (name != NULL && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
		long len = BIO_get_mem_data(bio, &text);
		if (len > 0)
			buf_add(ret, (struct span){ (const uint8_t *)text, (size_t)len });
		reason = ret->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
	}
	BIO_free(bio);
	return reason;
}

static enum reason read_fields(const X509 *x509, struct eifsign *ret)
{
	struct span der = buf_span(&ret->der);
	uint8_t digest[DIGEST_SHA384_LEN];

	if (!read_time(X509_get0_notBefore(x509), &ret->not_before) ||
	    !read_time(X509_get0_notAfter(x509), &ret->not_after))
		return REASON_EIF_SIGNATURE_CERTIFICATE;
	enum reason reason = read_name(X509_get_subject_name(x509), &ret->subject);
	if (reason == REASON_OK)
		reason = read_name(X509_get_issuer_name(x509), &ret->issuer);
	if (reason == REASON_OK)
		reason = digest_sha384(&der, 1, digest);
	if (reason == REASON_OK)
		reason = pcr_extend(SPAN_OF(digest), ret->pcr8);
	return reason;
}

static enum reason read_certificate(struct eifsign *ret)
{
	enum reason reason = read_pem(buf_span(&ret->pem), &ret->der);
	if (reason != REASON_OK)
		return reason;
	X509 *x509 = parse_der(buf_span(&ret->der));
	if (x509 == NULL)
		return REASON_EIF_SIGNATURE_CERTIFICATE;
	reason = read_fields(x509, ret);
	X509_free(x509);
	ret->has_certificate = reason == REASON_OK;
	return reason;
}

static bool read_cose(struct span message, struct eifsign *ret)
{
	struct cbr r = cbr_over(message);
	uint64_t count = 0;

	if (cbr_array(&r, REASON_EIF_SIGNATURE_COSE, &count) != REASON_OK || count != 4 ||
	    cbr_bytes(&r, REASON_EIF_SIGNATURE_COSE, &ret->protected_bstr) != REASON_OK ||
	    cbr_map(&r, REASON_EIF_SIGNATURE_COSE, &count) != REASON_OK || count != 0 ||
	    cbr_bytes(&r, REASON_EIF_SIGNATURE_COSE, &ret->payload) != REASON_OK ||
	    cbr_bytes(&r, REASON_EIF_SIGNATURE_COSE, &ret->signature) != REASON_OK ||
	    cbr_end(&r, REASON_EIF_SIGNATURE_COSE) != REASON_OK)
		return false;
	for (size_t i = 0; i < N_ALGS; i++) {
		const struct span header = { algs[i].protected_bstr, algs[i].protected_len };
		if (!span_equal(ret->protected_bstr, header))
			continue;
		ret->alg = (enum eifsign_alg)i;
		return ret->signature.len == algs[i].signature_len;
	}
	return false;
}

enum reason eifsign_read(struct span section, struct eifsign *ret)
{
	struct cbr r = cbr_over(section);

	if (section.len > EIF_SIGNATURE_MAX)
		return REASON_EIF_SIGNATURE_TOO_LARGE;
	enum reason reason = read_section(&r, ret);
	if (reason == REASON_OUT_OF_MEMORY)
		return reason;
	if (reason != REASON_OK) /* which rule of CBOR it breaks helps nobody here */
		return REASON_EIF_SIGNATURE_CBOR;
	(void)ERR_set_mark();
	reason = read_certificate(ret);
	(void)ERR_pop_to_mark();
	if (reason != REASON_OK)
		return reason;
	ret->has_cose = read_cose(buf_span(&ret->cose), ret);
	return ret->has_cose ? REASON_OK : REASON_EIF_SIGNATURE_COSE;
}

void eifsign_done(struct eifsign *sign)
{
	buf_done(&sign->pem);
	buf_done(&sign->der);
	buf_done(&sign->subject);
	buf_done(&sign->issuer);
	buf_done(&sign->cose);
	*sign = (struct eifsign){ 0 };
}

void eifsign_payload(struct buf *out, const uint8_t pcr0[static PCR_LEN])
{
	buf_text(out, "\xa2\x6eregister_index");
	buf_byte(out, 0x00);
	buf_text(out, "\x6eregister_value\x98\x30");
	for (size_t i = 0; i < PCR_LEN; i++) {
		if (pcr0[i] >= 24)
			buf_byte(out, 0x18);
		buf_byte(out, pcr0[i]);
	}
}

/* The head of a byte string of this length, in its shortest form (RFC 8949 section 3). */
static void add_bstr(struct buf *out, struct span bytes)
{
	if (bytes.len >= 24)
		buf_byte(out, bytes.len > UINT8_MAX ? 0x59 : 0x58);
	if (bytes.len > UINT8_MAX)
		buf_byte(out, (uint8_t)(bytes.len >> 8)); /* a section is 32768 bytes at most */
	buf_byte(out, bytes.len < 24 ? (uint8_t)(0x40 | bytes.len) : (uint8_t)bytes.len);
	buf_add(out, bytes);
}

/* ECDSA-Sig-Value (RFC 3279 section 2.2.3), which OpenSSL wants, from r || s. */
static enum reason der_signature(struct span r_s, struct buf *ret)
{
	unsigned char *der = NULL;
	size_t half = r_s.len / 2;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(r_s.at, (int)half, NULL);
	BIGNUM *s = BN_bin2bn(r_s.at + half, (int)half, NULL);

	if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		ECDSA_SIG_free(sig);
		return REASON_OUT_OF_MEMORY;
	}
	int len = i2d_ECDSA_SIG(sig, &der);
	if (len > 0)
		buf_add(ret, (struct span){ der, (size_t)len });
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	return len > 0 && !ret->failed ? REASON_OK : REASON_OUT_OF_MEMORY;
}

static bool is_on_curve(EVP_PKEY *key, const char *curve)
{
	char group[64];
	size_t len = 0;

	return key != NULL && EVP_PKEY_is_a(key, "EC") == 1 &&
	       EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
	       strcmp(group, curve) == 0;
}

/* Over the Sig_structure of RFC 9052 section 4.4, made from the bytes as they stand there. */
static enum reason verify_cose(const struct eifsign *sign, EVP_PKEY *key)
{
	struct buf signed_bytes = { 0 };
	struct buf signature = { 0 };
	AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();

	buf_add(&signed_bytes, SPAN_LITERAL("\x84\x6aSignature1"));
	add_bstr(&signed_bytes, sign->protected_bstr);
	add_bstr(&signed_bytes, (struct span){ NULL, 0 });
	add_bstr(&signed_bytes, sign->payload);
	enum reason reason = der_signature(sign->signature, &signature);
	if (reason == REASON_OK && (ctx == NULL || signed_bytes.failed))
		reason = REASON_OUT_OF_MEMORY;
	if (reason == REASON_OK &&
	    EVP_DigestVerifyInit_ex(ctx, NULL, algs[sign->alg].digest, NULL, NULL, key, NULL) != 1)
		reason = REASON_CRYPTO_FAILED;
	/* r or s out of range is "does not verify" as well */
	if (reason == REASON_OK && EVP_DigestVerify(ctx, signature.at, signature.len,
						    signed_bytes.at, signed_bytes.len) != 1)
		reason = REASON_EIF_SIGNATURE_INVALID;
	buf_done(&signed_bytes);
	buf_done(&signature);
	return reason;
}

enum reason eifsign_verify(const struct eifsign *sign, const uint8_t pcr0[static PCR_LEN])
{
	struct buf payload = { 0 };

	eifsign_payload(&payload, pcr0);
	bool same = span_equal(buf_span(&payload), sign->payload);
	bool failed = payload.failed;
	buf_done(&payload);
	if (failed)
		return REASON_OUT_OF_MEMORY;
	if (!same)
		return REASON_EIF_SIGNATURE_PAYLOAD;
	(void)ERR_set_mark();
	X509 *x509 = parse_der(buf_span(&sign->der));
	EVP_PKEY *key = x509 != NULL ? X509_get0_pubkey(x509) : NULL;
	enum reason reason = REASON_EIF_SIGNATURE_KEY;
	if (is_on_curve(key, algs[sign->alg].curve))
		reason = verify_cose(sign, key);
	X509_free(x509);
	(void)ERR_pop_to_mark();
	return reason;
}

enum reason eifsign_valid_at(const struct eifsign *sign, int64_t at)
{
	return at >= sign->not_before && at <= sign->not_after ? REASON_OK :
								 REASON_EIF_SIGNATURE_VALIDITY;
}
