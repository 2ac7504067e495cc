#include "verify/cert.h"

#include <inttypes.h>
#include <string.h>

#include "verify/der.h"
#include "verify/ecdsa.h"

#define SERIAL_MAX 20       /* octets, RFC 5280 section 4.1.2.2 */
#define RDN_MAX 16          /* RDNs in a name; AWS has at most six */
#define EXTENSIONS_MAX 16   /* extensions in a certificate; AWS has at most five */
#define PATH_LEN_MAX 0xffff /* more than any path that is walked here */

/* ecdsa-with-SHA384, 1.2.840.10045.4.3.3, without parameters (RFC 5758 section 3.2) */
static const uint8_t ecdsa_sha384[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03 };
/* id-ecPublicKey, 1.2.840.10045.2.1, with namedCurve secp384r1, 1.3.132.0.34 (RFC 5480 section
 * 2.1.1) */
static const uint8_t ec_public_key[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const uint8_t secp384r1[] = { 0x2b, 0x81, 0x04, 0x00, 0x22 };

/* SEQUENCE { OID } */
static enum reason read_signature_algorithm(struct span *cursor)
{
	struct span algorithm;
	struct span oid;

	if (!der_take(cursor, DER_SEQUENCE, &algorithm) || !der_oid(&algorithm, &oid))
		return REASON_X509_DER;
	if (!span_equal(oid, SPAN_OF(ecdsa_sha384)))
		return REASON_X509_SIGALG;
	return algorithm.len == 0 ? REASON_OK : REASON_X509_SIGALG;
}

static bool is_printable_string(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.at[i];
		bool alnum =
			(c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!alnum && (c == 0 || strchr(" '()+,-./:=?", c) == NULL))
			return false;
	}
	return true;
}

/* AttributeTypeAndValue; the value is a non-empty PrintableString or UTF8String. */
static bool take_attribute(struct span *cursor, struct span *ret_type, struct span *ret_value)
{
	struct span pair;

	if (!der_take(cursor, DER_SEQUENCE, &pair) || !der_oid(&pair, ret_type))
		return false;
	if (der_is(&pair, DER_PRINTABLE_STRING)) {
		if (!der_take(&pair, DER_PRINTABLE_STRING, ret_value) ||
		    !is_printable_string(*ret_value))
			return false;
	} else if (!der_take(&pair, DER_UTF8_STRING, ret_value) || !span_is_utf8(*ret_value)) {
		return false;
	}
	return ret_value->len > 0 && pair.len == 0;
}

/* One RDN: a SET of a single attribute. */
static bool take_rdn(struct span *rdns, struct span *ret_type, struct span *ret_value)
{
	struct span set;

	return der_take(rdns, DER_SET, &set) && take_attribute(&set, ret_type, ret_value) &&
	       set.len == 0;
}

static enum reason read_name(struct span *cursor, struct span *ret_whole)
{
	struct span rdns;
	struct span type;
	struct span value;
	size_t n = 0;

	if (!der_take_whole(cursor, DER_SEQUENCE, &rdns, ret_whole))
		return REASON_X509_DER;
	for (; rdns.len > 0; n++) {
		if (n == RDN_MAX || !take_rdn(&rdns, &type, &value))
			return REASON_X509_DER;
	}
	return n > 0 ? REASON_OK : REASON_X509_DER;
}

static enum reason read_validity(struct span *cursor, struct cert *ret)
{
	struct span validity;

	if (!der_take(cursor, DER_SEQUENCE, &validity) || !der_time(&validity, &ret->not_before) ||
	    !der_time(&validity, &ret->not_after) || validity.len != 0)
		return REASON_X509_DER;
	return REASON_OK;
}

static enum reason read_key(struct span *cursor, struct span *ret_point)
{
	struct span info;
	struct span algorithm;
	struct span oid;
	struct span curve;

	if (!der_take(cursor, DER_SEQUENCE, &info) || !der_take(&info, DER_SEQUENCE, &algorithm) ||
	    !der_oid(&algorithm, &oid))
		return REASON_X509_DER;
	if (!span_equal(oid, SPAN_OF(ec_public_key)))
		return REASON_X509_KEY;
	if (!der_oid(&algorithm, &curve))
		return REASON_X509_KEY; /* explicit curve parameters or none */
	if (!span_equal(curve, SPAN_OF(secp384r1)))
		return REASON_X509_KEY;
	if (algorithm.len != 0 || !der_octet_bits(&info, ret_point) || info.len != 0)
		return REASON_X509_DER;
	if (ret_point->len != ECDSA_P384_POINT_LEN || ret_point->at[0] != 0x04)
		return REASON_X509_KEY;
	return REASON_OK;
}

/* The readers of extension values: true when all of `value` is what it should be. */

static bool read_basic_constraints(struct span value, struct cert *ret)
{
	struct span sequence;
	struct span path_len;
	uint64_t number;

	if (!der_take(&value, DER_SEQUENCE, &sequence) || value.len != 0)
		return false;
	ret->has_basic_constraints = true;
	/* cA is DEFAULT FALSE, and DER leaves a default out */
	if (der_is(&sequence, DER_BOOLEAN) && (!der_bool(&sequence, &ret->is_ca) || !ret->is_ca))
		return false;
	if (sequence.len == 0)
		return true;
	/* an integer truncated on the way would turn 2^32 into 0 or 2^32-1 into "none" */
	if (!der_uint(&sequence, &path_len) || sequence.len != 0 || path_len.len > 4 ||
	    !span_be(&path_len, path_len.len, &number) || number > PATH_LEN_MAX)
		return false;
	ret->has_path_len = true;
	ret->path_len = (uint32_t)number;
	return true;
}

static bool read_key_usage(struct span value, struct cert *ret)
{
	ret->has_key_usage = true;
	return der_named_bits(&value, &ret->key_usage) && value.len == 0 && ret->key_usage != 0;
}

static bool read_subject_key_id(struct span value, struct cert *ret)
{
	return der_take(&value, DER_OCTET_STRING, &ret->subject_key_id) && value.len == 0 &&
	       ret->subject_key_id.len > 0;
}

/* AuthorityKeyIdentifier with keyIdentifier [0] alone, as AWS writes it */
static bool read_authority_key_id(struct span value, struct cert *ret)
{
	struct span sequence;

	return der_take(&value, DER_SEQUENCE, &sequence) && value.len == 0 &&
	       der_take(&sequence, DER_CONTEXT(0), &ret->authority_key_id) && sequence.len == 0 &&
	       ret->authority_key_id.len > 0;
}

/* DistributionPoints with a fullName [0] [0] of URIs [6] alone, as AWS writes them */
static bool read_crl_points(struct span value, struct cert *ret)
{
	struct span points;
	struct span point;
	struct span name;
	struct span uris;
	struct span uri;

	(void)ret;
	if (!der_take(&value, DER_SEQUENCE, &points) || value.len != 0 || points.len == 0)
		return false;
	while (points.len > 0) {
		if (!der_take(&points, DER_SEQUENCE, &point) ||
		    !der_take(&point, DER_CONTEXT_CONSTRUCTED(0), &name) || point.len != 0 ||
		    !der_take(&name, DER_CONTEXT_CONSTRUCTED(0), &uris) || name.len != 0 ||
		    uris.len == 0)
			return false;
		while (uris.len > 0) {
			if (!der_take(&uris, DER_CONTEXT(6), &uri))
				return false;
		}
	}
	return true;
}

static const struct {
	uint8_t id; /* 2.5.29.id (RFC 5280 section 4.2.1) */
	bool may_be_critical;
	bool (*read)(struct span value, struct cert *ret); /* NULL: refused */
} known_extensions[] = {
	{ 14, false, read_subject_key_id },
	{ 15, true, read_key_usage },
	{ 19, true, read_basic_constraints },
	{ 30, true, NULL }, /* nameConstraints */
	{ 31, false, read_crl_points },
	{ 35, false, read_authority_key_id },
	{ 36, true, NULL }, /* policyConstraints */
	{ 54, true, NULL }, /* inhibitAnyPolicy */
};

#define KNOWN_EXTENSIONS (sizeof(known_extensions) / sizeof(known_extensions[0]))

static size_t known_extension(struct span oid)
{
	size_t i = KNOWN_EXTENSIONS;

	if (oid.len == 3 && oid.at[0] == 0x55 && oid.at[1] == 0x1d) {
		for (i = 0; i < KNOWN_EXTENSIONS && known_extensions[i].id != oid.at[2]; i++)
			continue;
	}
	return i;
}

static enum reason use_extension(struct span oid, bool critical, struct span value,
				 struct cert *ret)
{
	size_t i = known_extension(oid);

	if (i == KNOWN_EXTENSIONS) {
		ret->ignored_extensions++;
		return critical ? REASON_X509_CRITICAL_EXT : REASON_OK;
	}
	if (known_extensions[i].read == NULL || (critical && !known_extensions[i].may_be_critical))
		return REASON_X509_CRITICAL_EXT;
	if (critical && known_extensions[i].read == read_basic_constraints)
		ret->basic_constraints_critical = true;
	return known_extensions[i].read(value, ret) ? REASON_OK : REASON_X509_DER;
}

/* Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static bool take_extension(struct span *cursor, struct span *ret_oid, bool *ret_critical,
			   struct span *ret_value)
{
	struct span extension;

	if (!der_take(cursor, DER_SEQUENCE, &extension) || !der_oid(&extension, ret_oid))
		return false;
	*ret_critical = false;
	if (der_is(&extension, DER_BOOLEAN) &&
	    (!der_bool(&extension, ret_critical) || !*ret_critical))
		return false;
	return der_take(&extension, DER_OCTET_STRING, ret_value) && extension.len == 0;
}

static enum reason read_extensions(struct span list, struct cert *ret)
{
	struct span seen[EXTENSIONS_MAX];
	struct span oid;
	struct span value;
	bool critical;

	for (size_t n = 0; list.len > 0; n++) {
		if (n == EXTENSIONS_MAX || !take_extension(&list, &oid, &critical, &value))
			return REASON_X509_DER;
		for (size_t i = 0; i < n; i++) {
			if (span_equal(seen[i], oid))
				return REASON_X509_DER; /* RFC 5280 section 4.2: one instance each */
		}
		seen[n] = oid;
		enum reason reason = use_extension(oid, critical, value, ret);
		if (reason != REASON_OK)
			return reason;
	}
	return REASON_OK;
}

/* [0] EXPLICIT INTEGER, 2 for version 3 */
static enum reason read_version(struct span *tbs)
{
	struct span explicit_version;
	struct span version;

	if (!der_is(tbs, DER_CONTEXT_CONSTRUCTED(0)))
		return REASON_X509_VERSION; /* version 1 leaves it out */
	if (!der_take(tbs, DER_CONTEXT_CONSTRUCTED(0), &explicit_version) ||
	    !der_uint(&explicit_version, &version) || explicit_version.len != 0)
		return REASON_X509_DER;
	return version.len == 1 && version.at[0] == 2 ? REASON_OK : REASON_X509_VERSION;
}

static enum reason read_tbs(struct span tbs, struct cert *ret)
{
	struct span explicit_extensions;
	struct span extensions;

	enum reason reason = read_version(&tbs);
	if (reason != REASON_OK)
		return reason;
	if (!der_uint(&tbs, &ret->serial) || ret->serial.len > SERIAL_MAX ||
	    span_is_zero(ret->serial))
		return REASON_X509_DER;
	reason = read_signature_algorithm(&tbs);
	if (reason != REASON_OK)
		return reason;
	reason = read_name(&tbs, &ret->issuer);
	if (reason != REASON_OK)
		return reason;
	reason = read_validity(&tbs, ret);
	if (reason != REASON_OK)
		return reason;
	reason = read_name(&tbs, &ret->subject);
	if (reason != REASON_OK)
		return reason;
	reason = read_key(&tbs, &ret->point);
	if (reason != REASON_OK)
		return reason;
	if (tbs.len == 0)
		return REASON_OK; /* no extensions; what is missing is told by the walk of the chain */
	/* issuerUniqueID [1] and subjectUniqueID [2] are not in the profile */
	if (!der_take(&tbs, DER_CONTEXT_CONSTRUCTED(3), &explicit_extensions) || tbs.len != 0 ||
	    !der_take(&explicit_extensions, DER_SEQUENCE, &extensions) ||
	    explicit_extensions.len != 0 || extensions.len == 0)
		return REASON_X509_DER;
	return read_extensions(extensions, ret);
}

/* r or s, widened to its fixed width. */
static bool take_scalar(struct span *cursor, uint8_t ret[static ECDSA_P384_LEN])
{
	struct span magnitude;

	if (!der_uint(cursor, &magnitude) || magnitude.len > ECDSA_P384_LEN ||
	    span_is_zero(magnitude))
		return false;
	memset(ret, 0, ECDSA_P384_LEN);
	memcpy(ret + ECDSA_P384_LEN - magnitude.len, magnitude.at, magnitude.len);
	return true;
}

/* BIT STRING of ECDSA-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER } (RFC 3279 section 2.2.3) */
static enum reason read_signature(struct span *cursor, struct cert *ret)
{
	struct span bits;
	struct span r_s;

	if (!der_octet_bits(cursor, &bits) || !der_take(&bits, DER_SEQUENCE, &r_s) ||
	    bits.len != 0 || !take_scalar(&r_s, ret->signature) ||
	    !take_scalar(&r_s, ret->signature + ECDSA_P384_LEN) || r_s.len != 0)
		return REASON_X509_DER;
	return REASON_OK;
}

enum reason cert_read(struct span der, struct cert *ret)
{
	struct cert cert = { .der = der };
	struct span body;
	struct span tbs;

	if (!der_take(&der, DER_SEQUENCE, &body) || der.len != 0 ||
	    !der_take_whole(&body, DER_SEQUENCE, &tbs, &cert.tbs))
		return REASON_X509_DER;
	enum reason reason = read_tbs(tbs, &cert);
	if (reason != REASON_OK)
		return reason;
	/* both places name the one algorithm that is accepted, so they agree (RFC 5280 section
	 * 4.1.1.2) */
	reason = read_signature_algorithm(&body);
	if (reason != REASON_OK)
		return reason;
	reason = read_signature(&body, &cert);
	if (reason != REASON_OK)
		return reason;
	if (body.len != 0)
		return REASON_X509_DER;
	*ret = cert;
	return REASON_OK;
}

/* The short names of RFC 4514 section 3 that AWS uses; others are shown by their OID. */
static const char *attribute_name(struct span type)
{
	static const struct {
		uint8_t id; /* 2.5.4.id */
		const char *name;
	} names[] = { { 3, "CN" }, { 6, "C" }, { 7, "L" }, { 8, "ST" }, { 10, "O" }, { 11, "OU" } };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (type.len == 3 && type.at[0] == 0x55 && type.at[1] == 0x04 &&
		    type.at[2] == names[i].id)
			return names[i].name;
	}
	return NULL;
}

/* Dotted decimal. An arc of more than 63 bits, which nobody has, is shown by its low 63. */
static void oid_text(struct buf *out, struct span oid)
{
	uint64_t arc = 0;
	bool first = true;

	for (size_t i = 0; i < oid.len; i++) {
		arc = (arc << 7 | (oid.at[i] & 0x7fU)) & INT64_MAX;
		if (oid.at[i] >= 0x80)
			continue;
		/* the first number holds two arcs (X.690 section 8.19.4) */
		uint64_t root = arc < 80 ? arc / 40 : 2;
		if (first)
			buf_printf(out, "%" PRIu64 ".%" PRIu64, root, arc - 40 * root);
		else
			buf_printf(out, ".%" PRIu64, arc);
		first = false;
		arc = 0;
	}
}

/* RFC 4514 section 2.4: a backslash before what would end or begin something else. */
static void value_text(struct buf *out, struct span value)
{
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.at[i];
		bool edge = (i == 0 && (c == '#' || c == ' ')) || (i == value.len - 1 && c == ' ');
		if (c < 0x20 || c > 0x7e) {
			buf_printf(out, "\\%02x", c);
			continue;
		}
		if (edge || strchr("\"+,;<>\\=", c) != NULL)
			buf_byte(out, '\\');
		buf_byte(out, c);
	}
}

void cert_name_text(struct buf *out, struct span name)
{
	struct span rdns;
	struct span type[RDN_MAX];
	struct span value[RDN_MAX];
	size_t n = 0;

	if (!der_take(&name, DER_SEQUENCE, &rdns))
		return;
	while (n < RDN_MAX && rdns.len > 0 && take_rdn(&rdns, &type[n], &value[n]))
		n++;
	for (size_t i = n; i-- > 0;) {
		const char *short_name = attribute_name(type[i]);
		if (short_name != NULL)
			buf_text(out, short_name);
		else
			oid_text(out, type[i]);
		buf_text(out, "=");
		value_text(out, value[i]);
		buf_text(out, i > 0 ? "," : "");
	}
}
