#include "verify/report_limits.h"

#include <string.h>

/* A longer beginning stands before a shorter one that it begins with. */
static const struct report_limit limits[] = {
	{ "document.form", "that anybody signed the document." },
	{ "claims.form", "that one of the document's fields is true." },
	{ "chain.root",
	  "that no certificate was revoked, which nothing asks; with --root, anything about AWS." },
	{ "chain.time",
	  "that the judged time is now, and that the document is fresh: a leaf is valid for about "
	  "three hours." },
	{ "cose.signature", "when the document was made, and for whom." },
	{ "claims.age",
	  "that the document was made for this request: within the limit anybody can replay it." },
	{ "nonce.match",
	  "that the enclave is at the other end of the connection: a host can pass a nonce on." },
	{ "user_data.match",
	  "what these bytes mean: only the image's code says that, so only together with PCR0." },
	{ "public_key.match",
	  "that the private key never left the enclave: only the image's code says that." },
	{ "pcr.debug", "that the image has no console, shell or log of its own." },
	{ "pcr0.match",
	  "what the image does, from which source it was built, on which instance it runs, or that the "
	  "expected value is the right one; nor, without PCR1 and PCR2, where its sections end." },
	{ "pcr1.match", "anything about the application: PCR1 is kernel and boot ramdisk." },
	{ "pcr2.match", "anything about the kernel: PCR2 is the application's ramdisks." },
	{ "pcr3.match", "which image runs: PCR3 is the role of the parent instance." },
	{ "pcr4.match", "which image runs: PCR4 is the id of the parent instance." },
	{ "pcr8.match",
	  "which of all images signed with that certificate runs, or that its key is in good hands." },
	{ "pcr",
	  "more than the word of the software in the enclave, where that extends the register." },
	{ "enclave_hash.match",
	  "that a contract holds this value; otherwise the same as pcr0.match." },
	{ "eif.form", "that the image boots, or anything about its content." },
	{ "eif.crc",
	  "anything against malice: whoever changes an image computes its checksum anew." },
	{ "eif.signature", "who holds the signing key: its certificate leads to no root." },
	{ "endpoint.fetch", "anything about the document that came." },
	{ "endpoint.tls",
	  "that the connection's key never left the enclave, or that other connections end there too." },
	{ "bundle.form",
	  "who saved the evidence, and anything that the saver wrote beside the document." },
	{ "onchain.",
	  "that the contract does what it should, that those who can change it are honest, or, below the "
	  "strength \"proved\", more than the word of the servers that were asked." },
	{ "statement.",
	  "that anything was built as the statement says: it is the word of those who signed it." },
	{ "source.", "that the source is free of faults, or that its author is to be trusted." },
	{ "image.", "who made the container image, or from which source its files were built." },
	{ "build.",
	  "that the tools that built it are free of faults; with substitutes, that these are what their "
	  "keys' holders should have built." },
};

const struct report_limit *report_limit_of(enum check check)
{
	const char *id = check_name(check);

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (strncmp(id, limits[i].checks, strlen(limits[i].checks)) == 0)
			return &limits[i];
	}
	return NULL;
}
