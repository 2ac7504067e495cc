#include "rebuild/provenance.h"

#include <stdio.h>
#include <string.h>

#include "test/support.h"
#include "verify/dsse.h"
#include "verify/statement.h"
#include "verify/testimony.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define HEX "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
#define NAR "sha256-LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564="
#define X47(c) \
	c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c \
		c c
#define X48(c) X47(c) c

static const struct provenance_lock locks[] = {
	{ "nixpkgs", COMMIT, NAR },
	{ "odd \"name\"\n", NULL, NAR },
};
static const struct provenance_file files[] = { { "build-outputs/nitro", { 0xf1, 0xe0 } } };
static const struct provenance_image image = { "registry.example/a/b@sha256:" HEX, "sha256:" HEX,
					       "sha256:" HEX, "sha256:" HEX };

/* Registers of 01.., 02.., 03... */
static struct pcrs registers(void)
{
	struct pcrs pcrs = { .present = 0 };
	uint8_t value[PCR_LEN];

	for (unsigned i = 0; i < 3; i++) {
		memset(value, (int)i + 1, sizeof(value));
		pcrs_set(&pcrs, i, value);
	}
	return pcrs;
}

static struct provenance_facts good(const struct pcrs *pcrs)
{
	return (struct provenance_facts){
		.eif_sha256 = { 0xee },
		.pcrs = pcrs,
		.repository = "https://git.example/a.git",
		.commit = COMMIT,
		.attribute = "x86_64-eif",
		.image = &image,
		.locks = locks,
		.n_locks = LENGTH(locks),
		.files = files,
		.n_files = LENGTH(files),
		.builder = "https://builder.example/enclave-rebuild",
		.version = "0.1.0",
		.compared = true,
	};
}

static const char golden[] =
	"{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":\"enclave.eif\","
	"\"digest\":{\"sha256\":"
	"\"ee00000000000000000000000000000000000000000000000000000000000000\"}},"
	"{\"name\":\"pcrs\",\"digest\":{\"nitro-pcr0\":\"" X48("01") "\",\"nitro-pcr1\":\"" X48(
		"02") "\","
		      "\"nitro-pcr2\":\"" X48(
			      "03") "\"}}],"
				    "\"predicateType\":\"https://slsa.dev/provenance/v1\",\"predicate\":{\"buildDefinition\":{"
				    "\"buildType\":\"https://enclavecheck.example/build-types/rebuild/v1\","
				    "\"externalParameters\":{\"repository\":\"https://git.example/a.git\","
				    "\"commit\":\"" COMMIT
				    "\",\"attribute\":\"x86_64-eif\"},\"resolvedDependencies\":["
				    "{\"name\":\"source\",\"digest\":{\"gitCommit\":\"" COMMIT
				    "\"},"
				    "\"uri\":\"git+https://git.example/a.git@" COMMIT "\"},"
				    "{\"name\":\"image\",\"digest\":{\"sha256\":\"" HEX "\"},"
				    "\"annotations\":{\"reference\":\"registry.example/a/b@sha256:" HEX
				    "\"}},"
				    "{\"name\":\"image-manifest\",\"digest\":{\"sha256\":\"" HEX
				    "\"}},"
				    "{\"name\":\"image-config\",\"digest\":{\"sha256\":\"" HEX
				    "\"}},"
				    "{\"name\":\"file:build-outputs/nitro\",\"digest\":{\"sha256\":"
				    "\"f1e0000000000000000000000000000000000000000000000000000000000000\"}},"
				    "{\"name\":\"lock:nixpkgs\",\"digest\":{\"gitCommit\":\"" COMMIT
				    "\","
				    "\"nix-nar-sha256\":\"" HEX "\"}},"
				    "{\"name\":\"lock:odd \\\"name\\\"\\n\",\"digest\":{\"nix-nar-sha256\":\"" HEX
				    "\"}}]},"
				    "\"runDetails\":{\"builder\":{\"id\":\"https://builder.example/enclave-rebuild\","
				    "\"version\":{\"enclave-rebuild\":\"0.1.0\"}},"
				    "\"metadata\":{\"enclavecheck_verdict\":\"pass\"}}}}";

START_TEST(test_bytes)
{
	const struct pcrs pcrs = registers();
	struct provenance_facts facts = good(&pcrs);
	struct statement statement;
	struct json_place place;

	for (int i = 0; i < 2; i++) {
		struct buf out = { 0 };
		EXPECT_REASON("written", provenance_write(&facts, &out), REASON_OK);
		EXPECT_BYTES("always the same", buf_span(&out), span_of_text(golden));
		buf_done(&out);
	}
	struct buf out = { 0 };
	facts.image = NULL;
	facts.compared = false;
	facts.n_locks = 0;
	facts.n_files = 0;
	facts.commit = COMMIT "0123456789abcdef01234567";
	EXPECT_REASON("least", provenance_write(&facts, &out), REASON_OK);
	EXPECT_REASON("read", statement_read(buf_span(&out), &statement, &place), REASON_OK);
	ck_assert(!statement.has_image && !statement.compared);
	ck_assert_uint_eq(statement.commit.len, STATEMENT_COMMIT_MAX);
	ck_assert_int_eq(memcmp(&statement.pcrs, &pcrs, sizeof(pcrs)), 0);
	statement_done(&statement);
	buf_done(&out);
}
END_TEST

enum spoiled {
	NO_PCRS,
	TWO_PCRS,
	ZERO_PCR0,
	NO_REPOSITORY,
	EMPTY_REPOSITORY,
	NO_COMMIT,
	SHORT_COMMIT,
	UPPER_COMMIT,
	NO_ATTRIBUTE,
	BAD_ATTRIBUTE,
	NO_BUILDER,
	NO_VERSION,
	BARE_IMAGE,
	SHORT_MANIFEST,
	UPPER_CONFIG,
	NO_REFERENCE,
	NO_LOCK_NAME,
	NO_FILE_NAME,
	SHORT_REVISION,
	NO_NAR,
	HEX_NAR,
	LONG_NAR,
	BROKEN_NAR,
	SPOILED
};

static void spoil(enum spoiled how, struct provenance_facts *facts, struct pcrs *pcrs,
		  struct provenance_image *other, struct provenance_lock *lock,
		  struct provenance_file *file)
{
	static const uint8_t zero[PCR_LEN] = { 0 };
	const struct {
		enum spoiled how;
		const char **member;
		const char *value;
	} texts[] = {
		{ NO_REPOSITORY, &facts->repository, NULL },
		{ EMPTY_REPOSITORY, &facts->repository, "" },
		{ NO_COMMIT, &facts->commit, NULL },
		{ SHORT_COMMIT, &facts->commit, "0123456" },
		{ UPPER_COMMIT, &facts->commit, "0123456789ABCDEF0123456789abcdef01234567" },
		{ NO_ATTRIBUTE, &facts->attribute, NULL },
		{ BAD_ATTRIBUTE, &facts->attribute, "\xff" },
		{ NO_BUILDER, &facts->builder, NULL },
		{ NO_VERSION, &facts->version, NULL },
		{ BARE_IMAGE, &other->digest, HEX },
		{ SHORT_MANIFEST, &other->manifest, "sha256:00" },
		{ UPPER_CONFIG, &other->config,
		  "sha256:2C26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" },
		{ NO_REFERENCE, &other->reference, NULL },
		{ NO_LOCK_NAME, &lock->name, NULL },
		{ NO_FILE_NAME, &file->name, "" },
		{ SHORT_REVISION, &lock->revision, "0123456" },
		{ NO_NAR, &lock->nar_hash, NULL },
		{ HEX_NAR, &lock->nar_hash, HEX },
		{ LONG_NAR, &lock->nar_hash, "sha256-AAAA" },
		{ BROKEN_NAR, &lock->nar_hash, "sha256-*" },
	};

	for (size_t i = 0; i < LENGTH(texts); i++) {
		if (texts[i].how == how)
			*texts[i].member = texts[i].value;
	}
	if (how == NO_PCRS)
		facts->pcrs = NULL;
	if (how == TWO_PCRS)
		pcrs->present = 5;
	if (how == ZERO_PCR0)
		pcrs_set(pcrs, 0, zero);
}

START_TEST(test_bad_facts)
{
	for (int how = 0; how <= SPOILED; how++) {
		struct pcrs pcrs = registers();
		struct provenance_facts facts = good(&pcrs);
		struct provenance_image other = image;
		struct provenance_lock lock = locks[0];
		struct buf out = { 0 };
		char row[32];
		(void)snprintf(row, sizeof(row), "spoiled %d", how);
		facts.image = &other;
		facts.locks = &lock;
		facts.n_locks = 1;
		struct provenance_file file = files[0];
		facts.files = &file;
		spoil((enum spoiled)how, &facts, &pcrs, &other, &lock, &file);
		EXPECT_REASON(row, provenance_write(&facts, &out),
			      how == SPOILED ? REASON_OK : REASON_PROVENANCE_FACT);
		ck_assert_msg((out.len == 0) == (how != SPOILED), "%s", row);
		buf_done(&out);
	}
}
END_TEST

/* A statement that these keys signed, in one envelope each, judged as anybody would. */
static void judge(const char *const envelopes[], const char *const keys[], size_t n,
		  enum verdict want)
{
	struct terms terms = { .n_keys = 0 };
	struct policy policy;
	struct testimony testimony;
	struct report *report = report_new();

	policy_init(&policy);
	struct policy_source *source =
		policy_add_source(&policy, POLICY_SET, SPAN_LITERAL("expected"));
	source->pcrs = registers();
	for (size_t i = 0; i < n; i++)
		ck_assert(terms_apply("test", &terms, TERMS_KEY, keys[i]));
	testimony_start(&testimony, &terms);
	for (size_t i = 0; i < n; i++) {
		struct buf file = support_read(envelopes[i]);
		testimony_hear(&testimony, span_of_text(envelopes[i]), buf_span(&file));
		buf_done(&file);
	}
	bool holds = testimony_conclude(&testimony, NULL, report);
	testimony_appraise(&testimony, holds, &policy, report);
	ck_assert_int_eq((int)report_conclude(report, &policy.require), (int)want);
	testimony_done(&testimony);
	report_free(report);
	terms_done(&terms);
	policy_done(&policy);
}

/* Signs with the key in `name`.key; leaves `name`.json, and what was signed and the signature for
 * the command openssl. */
static void sign_file(const char *name, struct span statement)
{
	char path[64];
	struct buf envelope = { 0 };
	struct dsse dsse = { .n_signatures = 0 };
	struct json_place place;

	(void)snprintf(path, sizeof(path), "%s.key", name);
	struct buf key = support_read(path);
	EXPECT_REASON(name, provenance_key_check(buf_span(&key)), REASON_OK);
	EXPECT_REASON(name, provenance_sign(buf_span(&key), statement, &envelope), REASON_OK);
	EXPECT_REASON(name, dsse_read(buf_span(&envelope), &dsse, &place), REASON_OK);
	EXPECT_BYTES(name, buf_span(&dsse.payload), statement);
	ck_assert_uint_eq(dsse.n_signatures, 1);
	(void)snprintf(path, sizeof(path), "%s.json", name);
	support_write(path, buf_span(&envelope));
	(void)snprintf(path, sizeof(path), "%s.message", name);
	support_write(path, buf_span(&dsse.message));
	(void)snprintf(path, sizeof(path), "%s.sig", name);
	support_write(path, buf_span(&dsse.signatures[0]));
	dsse_done(&dsse);
	buf_done(&envelope);
	buf_done(&key);
}

/* Keys made by the command openssl; our signatures are verified by it and by our own verifier, and the
 * message that was signed is put together once more by the shell. */
START_TEST(test_signatures)
{
	static const char *const envelopes[] = { "ed.json", "ec.json" };
	static const char *const keys[] = { "ed.pub", "ec.pub" };
	static const char *const again[] = { "ed.json", "ed.json" };
	struct span statement = span_of_text(golden);

	support_enter();
	support_sh(
		"{ openssl genpkey -algorithm ed25519 -out ed.key && "
		"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key && "
		"for k in ed ec; do openssl pkey -in $k.key -pubout -out $k.pub || exit 1; done; "
		"} 2>err || { cat err; exit 1; }");
	sign_file("ed", statement);
	sign_file("ec", statement);
	support_write("statement", statement);
	support_sh("printf 'DSSEv1 28 application/vnd.in-toto+json %d ' $(wc -c <statement) >m && "
		   "cat statement >>m && cmp m ed.message && cmp m ec.message");
	support_sh(
		"openssl pkeyutl -verify -pubin -inkey ed.pub -rawin -in m -sigfile ed.sig >out && "
		"openssl dgst -sha256 -verify ec.pub -signature ec.sig m >>out || "
		"{ cat out; exit 1; }");
	/* keyid is the SHA-256 of the SubjectPublicKeyInfo */
	support_sh("for k in ed ec; do id=$(openssl pkey -pubin -in $k.pub -outform DER | "
		   "sha256sum | cut -c 1-64) && grep -q \"\\\"keyid\\\":\\\"$id\\\"\" $k.json || "
		   "exit 1; done");
	judge(envelopes, keys, 2, VERDICT_PASS);
	judge(again, keys, 2, VERDICT_FAIL);
	support_sh("cp ed.json first");
	sign_file("ed", statement);
	support_sh("cmp ed.json first");
	support_leave();
}
END_TEST

START_TEST(test_bad_keys)
{
	static const struct {
		const char *row;
		const char *make;
	} rows[] = {
		{ "P-384", "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384" },
		{ "RSA", "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048" },
		{ "X25519", "openssl genpkey -algorithm X25519" },
		{ "locked", "openssl genpkey -algorithm ed25519 -aes256 -pass pass:x" },
		{ "a public key", "openssl genpkey -algorithm ed25519 | openssl pkey -pubout" },
		{ "text", "echo key" },
		{ "nothing", "true" },
	};

	support_enter();
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char script[256];
		struct buf out = { 0 };
		(void)snprintf(script, sizeof(script), "%s >key 2>err || { cat err; exit 1; }",
			       rows[i].make);
		support_sh(script);
		struct buf key = support_read("key");
		EXPECT_REASON(rows[i].row, provenance_key_check(buf_span(&key)),
			      REASON_PROVENANCE_KEY);
		EXPECT_REASON(rows[i].row,
			      provenance_sign(buf_span(&key), span_of_text(golden), &out),
			      REASON_PROVENANCE_KEY);
		ck_assert_uint_eq(out.len, 0);
		buf_done(&key);
	}
	support_sh("openssl genpkey -algorithm ed25519 -out key");
	struct buf key = support_read("key");
	struct buf out = { 0 };
	EXPECT_REASON("no statement", provenance_sign(buf_span(&key), SPAN_LITERAL("{}"), &out),
		      REASON_PROVENANCE_FACT);
	while (key.len <= PROVENANCE_PEM_MAX)
		buf_byte(&key, '\n');
	EXPECT_REASON("too long", provenance_key_check(buf_span(&key)), REASON_PROVENANCE_KEY);
	ck_assert_uint_eq(out.len, 0);
	buf_done(&key);
	support_leave();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("provenance");

	support_add(suite, "bytes", test_bytes);
	support_add(suite, "bad facts", test_bad_facts);
	support_add(suite, "signatures", test_signatures);
	support_add(suite, "bad keys", test_bad_keys);
	return support_main(suite);
}
