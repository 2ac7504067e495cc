#include "verify/binding.h"

#include "verify/der.h"
#include "verify/digest.h"

static const char *const names[] = {
	[BINDING_NONE] = "none",
	[BINDING_NITRIDING] = "nitriding",
	[BINDING_SPKI_USER_DATA] = "spki-user-data",
	[BINDING_SHA256_CERT_USER_DATA] = "sha256-cert-user-data",
};

const char *binding_name(enum binding binding)
{
	return (size_t)binding < sizeof(names) / sizeof(names[0]) ? names[binding] : "unknown";
}

bool binding_from_name(const char *name, enum binding *ret)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (span_equal(span_of_text(name), span_of_text(names[i]))) {
			*ret = (enum binding)i;
			return true;
		}
	}
	return false;
}

/* The SubjectPublicKeyInfo of a certificate of any kind (RFC 5280 section 4.1), as it stands there. */
static bool find_spki(struct span der, struct span *ret)
{
	struct span cert;
	struct span tbs;
	struct span part;

	if (!der_take(&der, DER_SEQUENCE, &cert) || der.len != 0 ||
	    !der_take(&cert, DER_SEQUENCE, &tbs))
		return false;
	if (der_is(&tbs, DER_CONTEXT_CONSTRUCTED(0)) &&
	    !der_take(&tbs, DER_CONTEXT_CONSTRUCTED(0), &part))
		return false;
	return der_take(&tbs, DER_INTEGER, &part) &&  /* serialNumber */
	       der_take(&tbs, DER_SEQUENCE, &part) && /* signature */
	       der_take(&tbs, DER_SEQUENCE, &part) && /* issuer */
	       der_take(&tbs, DER_SEQUENCE, &part) && /* validity */
	       der_take(&tbs, DER_SEQUENCE, &part) && /* subject */
	       der_take_whole(&tbs, DER_SEQUENCE, &part, ret);
}

static enum reason add_digest(struct span der, struct buf *ret)
{
	uint8_t sha256[DIGEST_SHA256_LEN];

	enum reason reason = digest_sha256(&der, 1, sha256);
	if (reason == REASON_OK)
		buf_add(ret, SPAN_OF(sha256));
	return reason;
}

/* Cuts one multihash of sha2-256 (code 12, length 20 hex) off. */
static bool take_multihash(struct span *cursor, struct span *ret)
{
	uint64_t code;

	return span_be(cursor, 2, &code) && code == 0x1220 &&
	       span_take(cursor, DIGEST_SHA256_LEN, ret);
}

/* The part of user_data that names the certificate. */
static bool named_part(enum binding binding, struct span user_data, struct span *ret)
{
	struct span app;

	switch (binding) {
	case BINDING_NITRIDING:
		return take_multihash(&user_data, ret) && take_multihash(&user_data, &app) &&
		       user_data.len == 0;
	case BINDING_SPKI_USER_DATA:
		*ret = user_data;
		return der_is(&user_data, DER_SEQUENCE);
	case BINDING_SHA256_CERT_USER_DATA:
		*ret = user_data;
		return user_data.len == DIGEST_SHA256_LEN;
	case BINDING_NONE:
		break;
	}
	return false;
}

enum reason binding_check(enum binding binding, struct span user_data, struct span peer_der,
			  struct buf *ret_expected, struct span *ret_actual)
{
	struct span spki;
	struct span actual;
	enum reason reason = REASON_OK;

	*ret_actual = (struct span){ NULL, 0 };
	if (peer_der.len == 0)
		return REASON_TLS_NO_CERTIFICATE;
	if (!find_spki(peer_der, &spki))
		return REASON_TLS_CERTIFICATE;
	if (user_data.at == NULL || !named_part(binding, user_data, &actual))
		return REASON_TLS_USER_DATA;
	if (binding == BINDING_SPKI_USER_DATA)
		buf_add(ret_expected, spki);
	else
		reason = add_digest(peer_der, ret_expected);
	if (reason != REASON_OK)
		return reason;
	if (ret_expected->failed)
		return REASON_OUT_OF_MEMORY;
	*ret_actual = actual;
	return span_equal(buf_span(ret_expected), actual) ? REASON_OK : REASON_TLS_MISMATCH;
}
