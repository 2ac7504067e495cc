#include "attest/profile.h"

const char profile_names[] = "odyn nitriding oyster oyster-custom nautilus tinfoil evervault "
			     "sequence generic auto";

/* The nonce of 32 bytes is ours to choose; nitriding takes exactly 20, Sequence at most 32
 * characters. */
const struct profile profiles[PROFILES] = {
	{
		.name = "odyn",
		.method = "POST",
		.path = "/v1/attestation",
		.body = "{\"nonce\":\"{nonce_base64}\"}",
		.accept = "application/cbor",
		.nonce = PROFILE_NONCE_BYTES,
		.random_len = 32,
		.status = 200,
		.place = PROFILE_BODY,
		.encoding = PROFILE_RAW,
		.media = "application/cbor",
		.binding = BINDING_NONE,
	},
	{
		.name = "nitriding",
		.method = "GET",
		.path = "/enclave/attestation",
		.query = "nonce={nonce_hex}",
		.nonce = PROFILE_NONCE_BYTES,
		.random_len = 20,
		.status = 200,
		.place = PROFILE_BODY,
		.encoding = PROFILE_BASE64,
		.media = "text/plain",
		.binding = BINDING_NITRIDING,
	},
	{
		.name = "oyster",
		.method = "GET",
		.path = "/attestation/raw",
		.nonce = PROFILE_NONCE_NONE,
		.status = 200,
		.place = PROFILE_BODY,
		.encoding = PROFILE_RAW,
		.hex_path = "/attestation/hex",
		.media = "application/octet-stream",
		.binding = BINDING_NONE,
	},
	{
		.name = "oyster-custom",
		.method = "GET",
		.path = "/attestation/raw",
		.query = "nonce={nonce_hex}",
		.nonce = PROFILE_NONCE_BYTES,
		.random_len = 32,
		.status = 200,
		.place = PROFILE_BODY,
		.encoding = PROFILE_RAW,
		.hex_path = "/attestation/hex",
		.media = "application/octet-stream",
		.binding = BINDING_NONE,
	},
	{
		.name = "nautilus",
		.method = "GET",
		.path = "/get_attestation",
		.accept = "application/json",
		.nonce = PROFILE_NONCE_NONE,
		.status = 200,
		.place = PROFILE_POINTER,
		.at = "/attestation",
		.encoding = PROFILE_HEX,
		.media = "application/json",
		.binding = BINDING_NONE,
	},
	{
		.name = "tinfoil",
		.method = "GET",
		.path = "/.well-known/tinfoil-attestation",
		.accept = "application/json",
		.nonce = PROFILE_NONCE_NONE,
		.status = 201,
		.place = PROFILE_POINTER,
		.at = "/body",
		.encoding = PROFILE_BASE64,
		.format = "https://tinfoil.sh/predicate/aws-nitro-enclave/v1",
		.gzip = true,
		.media = "application/json",
		.binding = BINDING_SHA256_CERT_USER_DATA,
	},
	{
		.name = "evervault",
		.method = "GET",
		.path = "/.well-known/attestation",
		.accept = "application/json",
		.nonce = PROFILE_NONCE_NONE,
		.status = 200,
		.place = PROFILE_POINTER,
		.at = "/attestation_doc",
		.encoding = PROFILE_BASE64,
		.media = "application/json",
		.binding = BINDING_SPKI_USER_DATA,
	},
	{
		.name = "sequence",
		.method = "GET",
		.header = "X-Attestation-Nonce: {nonce_text}",
		.nonce = PROFILE_NONCE_TEXT,
		.random_len = 24,
		.status = 200,
		.place = PROFILE_HEADER,
		.at = "X-Attestation-Document",
		.encoding = PROFILE_BASE64,
		.binds_exchange = true,
		.binding = BINDING_NONE,
	},
	{
		/* the rest comes from the command line */
		.name = "generic",
		.method = "GET",
		.nonce = PROFILE_NONCE_NONE,
		.status = 200,
		.place = PROFILE_BODY,
		.encoding = PROFILE_RAW,
		.templates = true,
		.binding = BINDING_NONE,
	},
	{
		.name = "auto",
		.method = "GET",
		.query = "nonce={nonce_hex}",
		.nonce = PROFILE_NONCE_BYTES,
		.random_len = 32,
		.status = 200,
		.place = PROFILE_ANYWHERE,
		.encoding = PROFILE_ANY_ENCODING,
		.binding = BINDING_NONE,
	},
};

const struct profile *profile_find(const char *name)
{
	for (size_t i = 0; i < PROFILES; i++) {
		if (span_equal(span_of_text(profiles[i].name), span_of_text(name)))
			return &profiles[i];
	}
	return NULL;
}
