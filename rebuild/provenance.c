#include "rebuild/provenance.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "verify/auto.h"
#include "verify/basenc.h"
#include "verify/dsse.h"
#include "verify/statement.h"

#define COMMIT_SHA1_DIGITS (2 * (size_t)STATEMENT_COMMIT_SHA1)
#define COMMIT_SHA256_DIGITS (2 * (size_t)STATEMENT_COMMIT_MAX)
#define SIGNATURE_MAX 128 /* 64 bytes of Ed25519, at most 72 of ECDSA on P-256 in DER */

/* A tree that is built first and asked about once. */
struct draft {
	cJSON *root;
	bool failed;  /* no memory */
	bool unsound; /* a fact is missing or not of its form */
};

static cJSON *add_item(struct draft *draft, cJSON *object, const char *key, cJSON *item)
{
	bool added = key != NULL ? cJSON_AddItemToObject(object, key, item) :
				   cJSON_AddItemToArray(object, item);

	if (added)
		return item;
	cJSON_Delete(item);
	draft->failed = true;
	return NULL;
}

static cJSON *add_object(struct draft *draft, cJSON *object, const char *key)
{
	return add_item(draft, object, key, cJSON_CreateObject());
}

static cJSON *add_array(struct draft *draft, cJSON *object, const char *key)
{
	return add_item(draft, object, key, cJSON_CreateArray());
}

static void add_text(struct draft *draft, cJSON *object, const char *key, const char *text)
{
	if (text == NULL || text[0] == '\0' || !span_is_utf8(span_of_text(text))) {
		draft->unsound = true;
		return;
	}
	add_item(draft, object, key, cJSON_CreateString(text));
}

/* The text made in *text, which is emptied. */
static void add_buf(struct draft *draft, cJSON *object, const char *key, struct buf *text)
{
	char *owned = buf_take_text(text);

	if (owned == NULL)
		draft->failed = true;
	else
		add_text(draft, object, key, owned);
	free(owned);
}

static void add_hex(struct draft *draft, cJSON *object, const char *key, struct span bytes)
{
	struct buf hex = { 0 };

	hex_encode(&hex, bytes);
	add_buf(draft, object, key, &hex);
}

static bool is_lower_hex(const char *text, size_t digits)
{
	return strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

static void add_commit(struct draft *draft, cJSON *object, const char *commit)
{
	if (commit == NULL || (!is_lower_hex(commit, COMMIT_SHA1_DIGITS) &&
			       !is_lower_hex(commit, COMMIT_SHA256_DIGITS)))
		draft->unsound = true;
	else
		add_text(draft, object, "gitCommit", commit);
}

/* "sha256:" and hex: only the hex is a digest to in-toto. */
static void add_sha256(struct draft *draft, cJSON *object, const char *digest)
{
	static const char algorithm[] = "sha256:";
	size_t head = sizeof(algorithm) - 1;

	if (digest == NULL || strncmp(digest, algorithm, head) != 0 ||
	    !is_lower_hex(digest + head, 2 * (size_t)DIGEST_SHA256_LEN))
		draft->unsound = true;
	else
		add_text(draft, object, "sha256", digest + head);
}

/* Nix's notation of a hash becomes hex, as in-toto has every digest. */
static void add_nar_hash(struct draft *draft, cJSON *object, const char *nar_hash)
{
	static const char algorithm[] = "sha256-";
	size_t head = sizeof(algorithm) - 1;
	struct buf bytes = { 0 };
	enum reason reason = REASON_TEXT_ENCODING;

	if (nar_hash != NULL && strncmp(nar_hash, algorithm, head) == 0)
		reason = base64_decode(span_of_text(nar_hash + head), &bytes);
	if (reason == REASON_OUT_OF_MEMORY)
		draft->failed = true;
	else if (reason != REASON_OK || bytes.len != DIGEST_SHA256_LEN)
		draft->unsound = true;
	else
		add_hex(draft, object, "nix-nar-sha256", buf_span(&bytes));
	buf_done(&bytes);
}

/* One entry of resolvedDependencies; its digest is the caller's to fill. */
static cJSON *add_dependency(struct draft *draft, cJSON *array, const char *name,
			     cJSON **ret_digest)
{
	cJSON *entry = add_object(draft, array, NULL);

	add_text(draft, entry, "name", name);
	*ret_digest = add_object(draft, entry, "digest");
	return entry;
}

static void add_image(struct draft *draft, cJSON *array, const struct provenance_image *image)
{
	cJSON *digest = NULL;
	cJSON *entry = add_dependency(draft, array, "image", &digest);

	add_sha256(draft, digest, image->digest);
	add_text(draft, add_object(draft, entry, "annotations"), "reference", image->reference);
	if (image->manifest != NULL) {
		(void)add_dependency(draft, array, "image-manifest", &digest);
		add_sha256(draft, digest, image->manifest);
	}
	if (image->config != NULL) {
		(void)add_dependency(draft, array, "image-config", &digest);
		add_sha256(draft, digest, image->config);
	}
}

/* One whose name comes from elsewhere, behind a word of ours. False: it has none. */
static bool add_named(struct draft *draft, cJSON *array, const char *kind, const char *name,
		      cJSON **ret_digest)
{
	struct buf text = { 0 };

	if (name == NULL || name[0] == '\0') {
		draft->unsound = true;
		return false;
	}
	buf_printf(&text, "%s%s", kind, name);
	cJSON *entry = add_object(draft, array, NULL);
	add_buf(draft, entry, "name", &text);
	*ret_digest = add_object(draft, entry, "digest");
	return true;
}

static void add_dependencies(struct draft *draft, cJSON *array,
			     const struct provenance_facts *facts)
{
	cJSON *digest = NULL;
	struct buf text = { 0 };

	cJSON *source = add_dependency(draft, array, "source", &digest);
	buf_printf(&text, "git+%s@%s", facts->repository != NULL ? facts->repository : "",
		   facts->commit != NULL ? facts->commit : "");
	add_buf(draft, source, "uri", &text);
	add_commit(draft, digest, facts->commit);
	if (facts->image != NULL)
		add_image(draft, array, facts->image);
	for (size_t i = 0; i < facts->n_files; i++) {
		const struct provenance_file *file = &facts->files[i];
		if (!add_named(draft, array, "file:", file->name, &digest))
			return;
		add_hex(draft, digest, "sha256", SPAN_OF(file->sha256));
	}
	for (size_t i = 0; i < facts->n_locks; i++) {
		const struct provenance_lock *lock = &facts->locks[i];
		if (!add_named(draft, array, "lock:", lock->name, &digest))
			return;
		if (lock->revision != NULL)
			add_commit(draft, digest, lock->revision);
		add_nar_hash(draft, digest, lock->nar_hash);
	}
}

static void add_subjects(struct draft *draft, cJSON *array, const struct provenance_facts *facts)
{
	static const char *const names[] = { "nitro-pcr0", "nitro-pcr1", "nitro-pcr2" };
	cJSON *digest = NULL;

	(void)add_dependency(draft, array, "enclave.eif", &digest);
	add_hex(draft, digest, "sha256", SPAN_OF(facts->eif_sha256));
	(void)add_dependency(draft, array, "pcrs", &digest);
	for (unsigned i = 0; i < 3; i++) {
		if (pcrs_has(facts->pcrs, i))
			add_hex(draft, digest, names[i], pcrs_get(facts->pcrs, i));
		else
			draft->unsound = true;
	}
}

static void add_predicate(struct draft *draft, cJSON *predicate,
			  const struct provenance_facts *facts)
{
	cJSON *definition = add_object(draft, predicate, "buildDefinition");

	add_text(draft, definition, "buildType", STATEMENT_BUILD_TYPE);
	cJSON *parameters = add_object(draft, definition, "externalParameters");
	add_text(draft, parameters, "repository", facts->repository);
	add_text(draft, parameters, "commit", facts->commit);
	add_text(draft, parameters, "attribute", facts->attribute);
	add_dependencies(draft, add_array(draft, definition, "resolvedDependencies"), facts);
	cJSON *details = add_object(draft, predicate, "runDetails");
	cJSON *builder = add_object(draft, details, "builder");
	add_text(draft, builder, "id", facts->builder);
	add_text(draft, add_object(draft, builder, "version"), "enclave-rebuild", facts->version);
	add_text(draft, add_object(draft, details, "metadata"), "enclavecheck_verdict",
		 facts->compared ? "pass" : "no-expectations");
}

/* What a reader will say, said before anybody signs it. */
static enum reason read_back(struct span text)
{
	struct statement statement = { .tree = NULL };
	struct json_place place;

	enum reason reason = statement_read(text, &statement, &place);
	statement_done(&statement);
	return reason == REASON_OK || reason == REASON_OUT_OF_MEMORY ? reason :
								       REASON_PROVENANCE_FACT;
}

enum reason provenance_write(const struct provenance_facts *facts, struct buf *out)
{
	AUTO(cJSON) *root = cJSON_CreateObject();
	struct draft draft = { .root = root, .failed = root == NULL };
	char *text = NULL;

	if (facts->pcrs == NULL)
		return REASON_PROVENANCE_FACT;
	add_text(&draft, root, "_type", STATEMENT_TYPE);
	add_subjects(&draft, add_array(&draft, root, "subject"), facts);
	add_text(&draft, root, "predicateType", STATEMENT_PREDICATE);
	add_predicate(&draft, add_object(&draft, root, "predicate"), facts);
	if (draft.failed)
		return REASON_OUT_OF_MEMORY;
	if (draft.unsound)
		return REASON_PROVENANCE_FACT;
	enum reason reason = json_print(root, &text);
	if (reason == REASON_OK)
		reason = read_back(span_of_text(text));
	if (reason == REASON_OK) {
		buf_text(out, text);
		reason = out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
	}
	free(text);
	return reason;
}

/* A key that is locked is refused: nothing here asks anybody for anything. */
static int no_passphrase(char *text, int size, int writing, void *context)
{
	(void)size;
	(void)writing;
	(void)context;
	text[0] = '\0';
	return -1;
}

/* The private key, and its public half in the one form that a verifier takes. */
static enum reason read_key(struct span pem, EVP_PKEY **ret, struct pubkey *ret_public)
{
	unsigned char *der = NULL;

	if (pem.len == 0 || pem.len > PROVENANCE_PEM_MAX)
		return REASON_PROVENANCE_KEY;
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	AUTO(EVP_PKEY) *key =
		bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	BIO_free(bio);
	int len = key != NULL ? i2d_PUBKEY(key, &der) : 0;
	ERR_clear_error();
	enum reason reason = REASON_SIGNER_KEY;
	if (len > 0)
		reason = pubkey_from_spki((struct span){ der, (size_t)len }, ret_public);
	OPENSSL_free(der);
	if (reason != REASON_OK)
		return reason == REASON_SIGNER_KEY ? REASON_PROVENANCE_KEY : reason;
	*ret = key;
	key = NULL;
	return REASON_OK;
}

enum reason provenance_key_check(struct span key)
{
	EVP_PKEY *private_key = NULL;
	struct pubkey public_key = { .key = NULL };

	enum reason reason = read_key(key, &private_key, &public_key);
	EVP_PKEY_free(private_key);
	pubkey_done(&public_key);
	return reason;
}

static enum reason make_signature(EVP_PKEY *key, enum pubkey_kind kind, struct span message,
				  uint8_t ret[static SIGNATURE_MAX], size_t *ret_len)
{
	const EVP_MD *md = kind == PUBKEY_P256 ? EVP_sha256() : NULL;
	AUTO(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	size_t len = SIGNATURE_MAX;

	if (ctx == NULL)
		return REASON_OUT_OF_MEMORY;
	if (EVP_DigestSignInit(ctx, NULL, md, NULL, key) != 1 ||
	    EVP_DigestSign(ctx, ret, &len, message.at, message.len) != 1) {
		ERR_clear_error();
		return REASON_CRYPTO_FAILED;
	}
	*ret_len = len;
	return REASON_OK;
}

static enum reason print_envelope(const struct pubkey *key, struct span statement,
				  struct span signature, struct buf *out)
{
	AUTO(cJSON) *root = cJSON_CreateObject();
	struct draft draft = { .root = root, .failed = root == NULL };
	struct buf text = { 0 };
	char *printed = NULL;

	add_text(&draft, root, "payloadType", DSSE_IN_TOTO);
	base64_encode(&text, statement);
	add_buf(&draft, root, "payload", &text);
	cJSON *entry = add_object(&draft, add_array(&draft, root, "signatures"), NULL);
	add_hex(&draft, entry, "keyid", SPAN_OF(key->id));
	base64_encode(&text, signature);
	add_buf(&draft, entry, "sig", &text);
	if (draft.failed || draft.unsound)
		return REASON_OUT_OF_MEMORY;
	enum reason reason = json_print(root, &printed);
	if (reason != REASON_OK)
		return reason;
	buf_text(out, printed);
	buf_text(out, "\n");
	free(printed);
	return out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
}

/* Reads what was made, as anybody else will. */
static enum reason verify_back(const struct pubkey *key, struct span statement,
			       struct span envelope)
{
	struct dsse dsse = { .n_signatures = 0 };
	struct json_place place;
	bool ok = false;

	enum reason reason = dsse_read(envelope, &dsse, &place);
	if (reason == REASON_OK)
		reason = dsse_signed_by(&dsse, key, &ok);
	if (reason == REASON_OK && (!ok || !span_equal(buf_span(&dsse.payload), statement)))
		reason = REASON_CRYPTO_FAILED;
	dsse_done(&dsse);
	/* more than an envelope can hold */
	return reason == REASON_JSON_TOO_LARGE ? REASON_PROVENANCE_FACT : reason;
}

static enum reason sign_with(EVP_PKEY *key, const struct pubkey *public_key, struct span statement,
			     struct buf *envelope)
{
	struct buf message = { 0 };
	uint8_t signature[SIGNATURE_MAX];
	size_t len = 0;

	dsse_pae(SPAN_LITERAL(DSSE_IN_TOTO), statement, &message);
	enum reason reason = message.failed ? REASON_OUT_OF_MEMORY :
					      make_signature(key, public_key->kind,
							     buf_span(&message), signature, &len);
	buf_done(&message);
	if (reason == REASON_OK)
		reason = print_envelope(public_key, statement, (struct span){ signature, len },
					envelope);
	return reason == REASON_OK ? verify_back(public_key, statement, buf_span(envelope)) :
				     reason;
}

enum reason provenance_sign(struct span key, struct span statement, struct buf *out)
{
	AUTO(EVP_PKEY) *private_key = NULL;
	struct pubkey public_key = { .key = NULL };
	struct buf envelope = { 0 };

	enum reason reason = read_key(key, &private_key, &public_key);
	if (reason == REASON_OK)
		reason = read_back(statement);
	if (reason == REASON_OK)
		reason = sign_with(private_key, &public_key, statement, &envelope);
	if (reason == REASON_OK) {
		buf_add(out, buf_span(&envelope));
		reason = out->failed ? REASON_OUT_OF_MEMORY : REASON_OK;
	}
	pubkey_done(&public_key);
	buf_done(&envelope);
	return reason;
}
