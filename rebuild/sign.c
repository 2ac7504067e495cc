#include "rebuild/sign.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "attest/ecsign.h"
#include "verify/auto.h"
#include "verify/cborw.h"
#include "verify/eifsign.h"

/* RFC 9053 section 2.1: which curve signs with which digest, and how the header says it. */
static const struct scheme {
	const char *group;
	const char *digest;
	size_t half_len;
	struct span protected_map; /* {1: algorithm} */
} schemes[] = {
	{ "prime256v1", "SHA256", 32, { (const uint8_t *)"\xa1\x01\x26", 3 } },
	{ "secp384r1", "SHA384", 48, { (const uint8_t *)"\xa1\x01\x38\x22", 4 } },
	{ "secp521r1", "SHA512", 66, { (const uint8_t *)"\xa1\x01\x38\x23", 4 } },
};

/* A key that is locked is refused: nothing here asks anybody for anything. */
static int no_passphrase(char *text, int size, int writing, void *context)
{
	(void)size;
	(void)writing;
	(void)context;
	text[0] = '\0';
	return -1;
}

static BIO *borrow(struct span text)
{
	return text.len > SIGN_PEM_MAX ? NULL : BIO_new_mem_buf(text.at, (int)text.len);
}

static EVP_PKEY *read_key(struct span pem, const struct scheme **ret_scheme)
{
	char group[32] = "";
	BIO *bio = borrow(pem);
	EVP_PKEY *key =
		bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);

	BIO_free(bio);
	ERR_clear_error();
	if (key == NULL)
		return NULL;
	if (EVP_PKEY_is_a(key, "EC") == 1 &&
	    EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
					   NULL) == 1) {
		for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
			if (strcmp(group, schemes[i].group) == 0) {
				*ret_scheme = &schemes[i];
				return key;
			}
		}
	}
	EVP_PKEY_free(key);
	return NULL;
}

/* The certificate is this key's. */
static enum reason check_pair(struct span pem, EVP_PKEY *key)
{
	BIO *bio = borrow(pem);
	X509 *x509 = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
	enum reason reason = REASON_SIGN_CERT;

	if (x509 != NULL)
		reason = EVP_PKEY_eq(X509_get0_pubkey(x509), key) == 1 ? REASON_OK :
									 REASON_SIGN_PAIR;
	X509_free(x509);
	BIO_free(bio);
	ERR_clear_error();
	return reason;
}

enum reason sign_check(struct span key, struct span certificate)
{
	const struct scheme *scheme = NULL;
	AUTO(EVP_PKEY) *pkey = read_key(key, &scheme);

	return pkey == NULL ? REASON_SIGN_KEY : check_pair(certificate, pkey);
}

/* Bytes as an array of numbers: serde_cbor's form of a Vec<u8>. */
static void put_numbers(struct buf *out, struct span bytes)
{
	cbw_array(out, bytes.len);
	for (size_t i = 0; i < bytes.len; i++)
		cbw_uint(out, bytes.at[i]);
}

/* Appends the COSE_Sign1 (RFC 9052 sections 4.2 and 4.4). */
static enum reason add_cose(EVP_PKEY *key, const struct scheme *scheme, struct span payload,
			    struct buf *out)
{
	struct buf message = { 0 };
	uint8_t signature[2 * ECSIGN_HALF_MAX];

	cbw_array(&message, 4);
	cbw_key(&message, "Signature1");
	cbw_bytes(&message, scheme->protected_map);
	cbw_bytes(&message, (struct span){ NULL, 0 });
	cbw_bytes(&message, payload);
	enum reason reason = message.failed ? REASON_OUT_OF_MEMORY :
					      ecsign(key, scheme->digest, scheme->half_len,
						     buf_span(&message), signature);
	buf_done(&message);
	if (reason != REASON_OK)
		return reason;
	cbw_array(out, 4);
	cbw_bytes(out, scheme->protected_map);
	cbw_map(out, 0);
	cbw_bytes(out, payload);
	cbw_bytes(out, (struct span){ signature, 2 * scheme->half_len });
	return REASON_OK;
}

/* Reads and verifies what was made. A fault there is one of the certificate's text. */
static enum reason read_back(struct span section, const uint8_t pcr0[static PCR_LEN],
			     uint8_t ret_pcr8[static PCR_LEN])
{
	struct eifsign back = { 0 };

	enum reason reason = eifsign_read(section, &back);
	if (reason == REASON_OK)
		reason = eifsign_verify(&back, pcr0);
	if (reason == REASON_OK)
		memcpy(ret_pcr8, back.pcr8, PCR_LEN);
	eifsign_done(&back);
	return reason == REASON_EIF_SIGNATURE_CERTIFICATE ? REASON_SIGN_CERT : reason;
}

static enum reason make_section(struct span key, struct span certificate,
				const uint8_t pcr0[static PCR_LEN], struct buf *section)
{
	const struct scheme *scheme = NULL;
	struct buf payload = { 0 };
	struct buf cose = { 0 };
	AUTO(EVP_PKEY) *pkey = read_key(key, &scheme);

	if (pkey == NULL)
		return REASON_SIGN_KEY;
	enum reason reason = check_pair(certificate, pkey);
	if (reason != REASON_OK)
		return reason;
	eifsign_payload(&payload, pcr0);
	reason = payload.failed ? REASON_OUT_OF_MEMORY :
				  add_cose(pkey, scheme, buf_span(&payload), &cose);
	if (reason == REASON_OK) {
		cbw_array(section, 1);
		cbw_map(section, 2);
		cbw_key(section, "signing_certificate");
		put_numbers(section, certificate);
		cbw_key(section, "signature");
		put_numbers(section, buf_span(&cose));
		reason = cose.failed || section->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
	}
	buf_done(&payload);
	buf_done(&cose);
	return reason;
}

enum reason sign_section(struct span key, struct span certificate,
			 const uint8_t pcr0[static PCR_LEN], struct buf *out,
			 uint8_t ret_pcr8[static PCR_LEN])
{
	struct buf section = { 0 };
	uint8_t pcr8[PCR_LEN];

	enum reason reason = make_section(key, certificate, pcr0, &section);
	if (reason == REASON_OK)
		reason = read_back(buf_span(&section), pcr0, pcr8);
	if (reason == REASON_OK) {
		buf_add(out, buf_span(&section));
		reason = out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
	}
	if (reason == REASON_OK)
		memcpy(ret_pcr8, pcr8, PCR_LEN);
	buf_done(&section);
	return reason;
}
