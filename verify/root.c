#include "verify/root.h"

#include <string.h>

#include "verify/basenc.h"
#include "verify/cert.h"
#include "verify/der.h"

const struct root root_aws = {
	.sha256 = { 0x64, 0x1a, 0x03, 0x21, 0xa3, 0xe2, 0x44, 0xef, 0xe4, 0x56, 0x46,
		    0x31, 0x95, 0xd6, 0x06, 0x31, 0x7e, 0xd7, 0xcd, 0xcc, 0x3c, 0x17,
		    0x56, 0xe0, 0x98, 0x93, 0xf3, 0xc6, 0x8f, 0x79, 0xbb, 0x5b },
	.is_aws = true,
};

/* Cuts *text after the first occurrence of `mark`; *ret is what stands before it. */
static bool take_until(struct span *text, struct span mark, struct span *ret)
{
	struct span taken;

	for (size_t i = 0; i + mark.len <= text->len; i++) {
		if (memcmp(text->at + i, mark.at, mark.len) != 0)
			continue;
		return span_take(text, i, ret) && span_take(text, mark.len, &taken);
	}
	return false;
}

/* The body of the one PEM block in the file (RFC 7468 section 5), its line ends taken out. */
static enum reason pem_body(struct span file, struct buf *ret)
{
	const struct span begin = SPAN_LITERAL("-----BEGIN CERTIFICATE-----");
	const struct span end = SPAN_LITERAL("-----END CERTIFICATE-----");
	struct span before;
	struct span body;
	struct span other;

	if (!take_until(&file, begin, &before) || !take_until(&file, end, &body) ||
	    take_until(&file, begin, &other))
		return REASON_TEXT_ENCODING;
	for (size_t i = 0; i < body.len; i++) {
		if (body.at[i] != '\n' && body.at[i] != '\r')
			buf_byte(ret, body.at[i]);
	}
	return ret->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

enum reason root_certificate_der(struct span file, struct buf *ret)
{
	struct buf body = { 0 };
	struct span rest = file;
	struct span content;

	/* text before a PEM block may begin with a '0', which is a SEQUENCE's tag */
	if (der_take(&rest, DER_SEQUENCE, &content) && rest.len == 0) {
		buf_add(ret, file);
		return ret->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
	}
	enum reason reason = pem_body(file, &body);
	if (reason == REASON_OK)
		reason = base64_decode(buf_span(&body), ret);
	buf_done(&body);
	return reason;
}

static enum reason root_from_der(struct span der, struct root *ret)
{
	struct cert cert;
	struct root root = { .is_aws = false };

	enum reason reason = cert_read(der, &cert);
	if (reason != REASON_OK)
		return reason;
	reason = digest_sha256(&der, 1, root.sha256);
	if (reason != REASON_OK)
		return reason;
	root.is_aws = span_equal(SPAN_OF(root.sha256), SPAN_OF(root_aws.sha256));
	*ret = root;
	return REASON_OK;
}

enum reason root_from_file(struct span file, struct root *ret)
{
	struct buf der = { 0 };

	enum reason reason = root_certificate_der(file, &der);
	if (reason == REASON_OK)
		reason = root_from_der(buf_span(&der), ret);
	buf_done(&der);
	return reason;
}

enum reason root_matches(const struct root *root, struct span der, bool *ret)
{
	uint8_t sha256[DIGEST_SHA256_LEN];

	enum reason reason = digest_sha256(&der, 1, sha256);
	if (reason != REASON_OK)
		return reason;
	*ret = span_equal(SPAN_OF(sha256), SPAN_OF(root->sha256));
	return REASON_OK;
}
