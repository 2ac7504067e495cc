/* What a rebuild came to, as its builder states it: an in-toto Statement v1 whose predicate is SLSA
 * Provenance v1 of our build type (in-toto attestation spec/v1; slsa.dev/spec/v1.0/provenance).
 *
 *   {"_type": STATEMENT_TYPE,
 *    "subject": [{"name": "enclave.eif", "digest": {"sha256": 64 hex}},
 *                {"name": "pcrs", "digest": {"nitro-pcr0": 96 hex, "nitro-pcr1": .., "nitro-pcr2": ..}}],
 *    "predicateType": STATEMENT_PREDICATE,
 *    "predicate": {
 *      "buildDefinition": {"buildType": STATEMENT_BUILD_TYPE,
 *        "externalParameters": {"repository": text, "commit": hex, "attribute": text},
 *        "resolvedDependencies": [
 *          {"name": "source", "digest": {"gitCommit": 40 or 64 hex}, ...},   exactly one
 *          {"name": "image", "digest": {"sha256": 64 hex}, ...},             at most one
 *          ...]},                                      others: each with a name and a digest
 *      "runDetails": {"builder": {"id": text, ...},
 *        "metadata": {"enclavecheck_verdict": "pass" or "no-expectations"}}}}
 *
 * Digests are lower-case hex (in-toto, DigestSet). Unknown members are ignored, as in-toto's parsing
 * rules demand of every consumer; but not in externalParameters, of which SLSA says that a verifier
 * refuses what it does not expect, and the subjects are exactly these two, once each: the build type
 * says so. Whoever signed may have lied in all of it. */
#ifndef VERIFY_STATEMENT_H
#define VERIFY_STATEMENT_H

#include "verify/json.h"
#include "verify/pcr.h"

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define STATEMENT_PREDICATE "https://slsa.dev/provenance/v1"
#define STATEMENT_BUILD_TYPE "https://enclavecheck.example/build-types/rebuild/v1"
#define STATEMENT_COMMIT_MAX 32  /* bytes of a commit id by SHA-256, */
#define STATEMENT_COMMIT_SHA1 20 /* and by SHA-1 */

/* A git commit. */
struct statement_commit {
	uint8_t id[STATEMENT_COMMIT_MAX];
	size_t len; /* 20 or 32; 0: none */
};

/* Reads 40 or 64 hex digits in either case. False: *ret is untouched. */
bool statement_commit_read(struct span text, struct statement_commit *ret);

/* Start with {0}, end with statement_done. Texts are borrowed from `tree`: bytes of UTF-8 without
 * U+0000, to be escaped before they are printed. */
struct statement {
	cJSON *tree; /* owned */
	uint8_t eif[DIGEST_SHA256_LEN];
	struct pcrs pcrs; /* 0, 1 and 2 */
	struct statement_commit commit;
	bool has_image; /* a container image was shown to be in the EIF */
	uint8_t image[DIGEST_SHA256_LEN];
	const char *repository;
	const char *attribute;
	const char *builder;
	bool compared; /* the run had expectations and met them */
};

/* Reads a payload. *ret is written only on success; *reterr_place is where, for reasons of JSON.
 * REASON_JSON_*; REASON_STATEMENT_SHAPE: no object, or a part is missing or of another kind;
 * _STATEMENT_TYPE, _PREDICATE, _BUILD_TYPE: not these; _SUBJECT: not the two subjects, once each,
 * or no SHA-256 of the image; _PCRS: not three registers, or PCR0 is zero; _PARAMETERS: not the
 * three, or another commit than the source's; _SOURCE: not one, with a gitCommit; _DEPENDENCY: no
 * name or no digest, or two images, or no SHA-256; _VERDICT; REASON_OUT_OF_MEMORY. */
enum reason statement_read(struct span payload, struct statement *ret,
			   struct json_place *reterr_place) MUST_CHECK;
void statement_done(struct statement *statement);

#endif
