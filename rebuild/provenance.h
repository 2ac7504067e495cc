/* The statement of what was rebuilt, and its signature; verify/statement.h and verify/dsse.h have
 * their forms and read them. The same facts give the same bytes: members stand in a fixed order, on
 * one line, in ASCII, and no time is in them. */
#ifndef REBUILD_PROVENANCE_H
#define REBUILD_PROVENANCE_H

#include "verify/pcr.h"

#define PROVENANCE_PEM_MAX ((size_t)16 * 1024) /* bytes of a private key's file */

/* An input that flake.lock pins. */
struct provenance_lock {
	const char *name;     /* of the node */
	const char *revision; /* 40 or 64 lower-case hex digits; NULL: none */
	const char *nar_hash; /* "sha256-" and base64, as Nix writes it */
};

/* A container image that was shown to be in the EIF. Digests are "sha256:" and 64 lower-case hex
 * digits. */
struct provenance_image {
	const char *reference; /* as the recipe has it */
	const char *digest;    /* that the recipe pins: of the index, or of the manifest */
	const char *manifest;  /* NULL: the same, or not known */
	const char *config;    /* NULL: not known */
};

/* A file that was put into the commit's tree before it was built. */
struct provenance_file {
	const char *name; /* in the tree */
	uint8_t sha256[DIGEST_SHA256_LEN];
};

/* What a rebuild came to. Texts are UTF-8 and borrowed. */
struct provenance_facts {
	uint8_t eif_sha256[DIGEST_SHA256_LEN];
	const struct pcrs *pcrs; /* PCR0, 1 and 2, measured by ourselves; PCR0 is not zero */
	const char *repository;  /* without a password: it is published */
	const char *commit;      /* 40 or 64 lower-case hex digits */
	const char *attribute;   /* of the flake that was built */
	const struct provenance_image *image; /* NULL: none was shown to be in it */
	const struct provenance_lock *locks;
	size_t n_locks;
	const struct provenance_file *files;
	size_t n_files;
	const char *builder; /* a URI that says who builds, and how */
	const char *version; /* of enclave-rebuild */
	bool compared;       /* there were expectations, and the run passed; false: there were none.
				A run that failed gets no statement */
};

/* Appends the statement, without a newline. It is read again before it is handed out.
 * REASON_PROVENANCE_FACT: one is missing or not of its form; REASON_OUT_OF_MEMORY. */
enum reason provenance_write(const struct provenance_facts *facts, struct buf *out) MUST_CHECK;

/* Appends the envelope and a newline: the statement, signed with an unencrypted private key in PEM,
 * Ed25519 or P-256. Its keyid is the SHA-256 of the SubjectPublicKeyInfo, in hex. What was made is
 * read and verified again before it is handed out. Ed25519 always gives the same bytes, ECDSA never.
 * REASON_PROVENANCE_KEY; REASON_PROVENANCE_FACT: this is no statement; REASON_OUT_OF_MEMORY,
 * REASON_CRYPTO_FAILED. */
enum reason provenance_sign(struct span key, struct span statement, struct buf *out) MUST_CHECK;

/* Whether a key will do, before the work is begun. The same reasons. */
enum reason provenance_key_check(struct span key) MUST_CHECK;

#endif
