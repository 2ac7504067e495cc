#include "verify/expect.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/support.h"
#include "verify/document.h"
#include "verify/json.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define PCR_A \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PCR_MIXED \
	"AaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA"
#define PCR_SHORT \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PCR_ZERO \
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
#define HASH "0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83"
#define HASH_ZERO_PCR0 "0xc980e59163ce244bb4bb6211f48c7b46f88a4f40943e84eb99bdc41e129bd293"
#define HASH_ZERO "0x0000000000000000000000000000000000000000000000000000000000000000"
#define HASH_ONES "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

/* Applies one option; what it said on stderr goes to *ret_said, which the caller frees. File names are below
 * testvectors/ where they begin with "^^", and in `folder` where they begin with "%%". */
static bool apply(struct policy *policy, int id, const char *value, const char *folder,
		  char **ret_said)
{
	const struct check_set known = document_checks();
	struct buf text = { 0 };
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);

	ck_assert(file != NULL && before >= 0);
	for (const char *c = value; c != NULL && *c != '\0'; c++) {
		if (c[0] == '^' && c[1] == '^') {
			char *path = support_vector_path("");
			buf_text(&text, path);
			free(path);
			c++;
		} else if (c[0] == '%' && c[1] == '%') {
			buf_printf(&text, "%s/", folder);
			c++;
		} else {
			buf_add(&text, (struct span){ (const uint8_t *)c, 1 });
		}
	}
	char *argument = buf_take_text(&text);
	ck_assert(dup2(fileno(file), STDERR_FILENO) >= 0);
	bool applied = expect_apply("prog", policy, &known, id, value != NULL ? argument : NULL);
	ck_assert(dup2(before, STDERR_FILENO) >= 0);
	ck_assert(close(before) == 0 && fseek(file, 0, SEEK_SET) == 0);
	char part[4096];
	size_t n = fread(part, 1, sizeof(part), file);
	buf_add(&text, (struct span){ (const uint8_t *)part, n });
	(void)fclose(file);
	free(argument);
	*ret_said = buf_take_text(&text);
	ck_assert_ptr_nonnull(*ret_said);
	return applied;
}

static const struct {
	const char *row;
	enum expect_option id;
	const char *value;
	const char *said; /* must be in what it said; NULL: applied in silence */
} rows[] = {
	/* --pcr */
	{ "pcr", EXPECT_PCR, "0=" PCR_A, NULL },
	{ "pcr 31", EXPECT_PCR, "31=" PCR_A, NULL },
	{ "pcr in capitals", EXPECT_PCR, "9=" PCR_MIXED, NULL },
	{ "pcr with 0x", EXPECT_PCR, "10=0x" PCR_A, NULL },
	{ "pcr with 0X", EXPECT_PCR, "1=0X" PCR_A, NULL },
	{ "pcr zero", EXPECT_PCR, "0=" PCR_ZERO, NULL },
	{ "pcr 32", EXPECT_PCR, "32=" PCR_A, "N within 0..31" },
	{ "pcr 99", EXPECT_PCR, "99=" PCR_A, "N within 0..31" },
	{ "pcr 100", EXPECT_PCR, "100=" PCR_A, "N within 0..31" },
	{ "pcr 4294967296", EXPECT_PCR, "4294967296=" PCR_A, "N within 0..31" },
	{ "pcr 00", EXPECT_PCR, "00=" PCR_A, "N within 0..31" },
	{ "pcr 01", EXPECT_PCR, "01=" PCR_A, "N within 0..31" },
	{ "pcr -1", EXPECT_PCR, "-1=" PCR_A, "N within 0..31" },
	{ "pcr +1", EXPECT_PCR, "+1=" PCR_A, "N within 0..31" },
	{ "pcr of a blank", EXPECT_PCR, " 1=" PCR_A, "N within 0..31" },
	{ "pcr without a number", EXPECT_PCR, "=" PCR_A, "N within 0..31" },
	{ "pcr by name", EXPECT_PCR, "PCR0=" PCR_A, "N within 0..31" },
	{ "pcr without =", EXPECT_PCR, "0", "N within 0..31" },
	{ "pcr with :", EXPECT_PCR, "0:" PCR_A, "N within 0..31" },
	{ "pcr without a value", EXPECT_PCR, "0=", "96 hex digits" },
	{ "pcr of 95 digits", EXPECT_PCR, "0=" PCR_SHORT, "96 hex digits" },
	{ "pcr of 97 digits", EXPECT_PCR, "0=" PCR_A "a", "96 hex digits" },
	{ "pcr of 98 digits", EXPECT_PCR, "0=" PCR_A "aa", "96 hex digits" },
	{ "pcr of a letter", EXPECT_PCR, "0=" PCR_SHORT "g", "96 hex digits" },
	{ "pcr with a blank behind", EXPECT_PCR, "0=" PCR_A " ", "96 hex digits" },
	{ "pcr with 0x twice", EXPECT_PCR, "0=0x0x" PCR_A, "96 hex digits" },
	{ "pcr of a hash", EXPECT_PCR, "0=" HASH, "96 hex digits" },
	{ "nothing", EXPECT_PCR, "", "N within 0..31" },

	/* --pcrs */
	{ "pcrs", EXPECT_PCRS, "^^pcr.json", NULL },
	{ "pcrs with a hash", EXPECT_PCRS, "^^pcr/build-info-hash.json", NULL },
	{ "pcrs, no such file", EXPECT_PCRS, "^^none.json", "none.json: No such file" },
	{ "pcrs, a folder", EXPECT_PCRS, "^^pcr", "Is a directory" },
	{ "pcrs, nothing", EXPECT_PCRS, "", "No such file" },
	{ "pcrs, a document", EXPECT_PCRS, "^^document.cbor",
	  "line 1, column 1: not well-formed JSON (json-malformed)" },
	{ "pcrs, no register", EXPECT_PCRS, "^^pcr/shape-pcr.json", "(pcr-json-key)" },
	{ "pcrs, empty", EXPECT_PCRS, "%%empty", "line 1, column 1: not well-formed JSON" },
	{ "pcrs of 1 MiB", EXPECT_PCRS, "%%1mib", NULL },
	{ "pcrs of more", EXPECT_PCRS, "%%1mib+1", "longer than 1048576 bytes" },
	{ "pcrs with the hash of zero", EXPECT_PCRS, "%%zero-hash",
	  "hash of an all-zero PCR0 (every debug enclave has it) or an empty slot" },
	{ "pcrs with an empty slot", EXPECT_PCRS, "%%empty-slot", "or an empty slot" },
	{ "pcrs with a zero register", EXPECT_PCRS, "%%zero-pcr", NULL },

	/* --enclave-hash */
	{ "hash", EXPECT_ENCLAVE_HASH, HASH, NULL },
	{ "hash in capitals", EXPECT_ENCLAVE_HASH,
	  "0x17881510B76878DF429921BE6A0CD6E9BFAFFB2177550F586D5BDCC67C611F83", NULL },
	{ "hash without 0x", EXPECT_ENCLAVE_HASH, &HASH[2], "0x and 64 hex digits" },
	{ "hash with 0X", EXPECT_ENCLAVE_HASH,
	  "0X17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83",
	  "0x and 64 hex digits" },
	{ "hash of 63", EXPECT_ENCLAVE_HASH,
	  "0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f8",
	  "0x and 64 hex digits" },
	{ "hash of 65", EXPECT_ENCLAVE_HASH, HASH "0", "0x and 64 hex digits" },
	{ "hash of 66", EXPECT_ENCLAVE_HASH, HASH "00", "0x and 64 hex digits" },
	{ "hash of a letter", EXPECT_ENCLAVE_HASH,
	  "0x17881510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f8z",
	  "0x and 64 hex digits" },
	{ "hash of a PCR", EXPECT_ENCLAVE_HASH, "0x" PCR_A, "0x and 64 hex digits" },
	{ "hash of nothing", EXPECT_ENCLAVE_HASH, "", "0x and 64 hex digits" },
	{ "hash of 0x", EXPECT_ENCLAVE_HASH, "0x", "0x and 64 hex digits" },
	{ "hash of a zero PCR0", EXPECT_ENCLAVE_HASH, HASH_ZERO_PCR0, "it names no image" },
	{ "hash of zero", EXPECT_ENCLAVE_HASH, HASH_ZERO, "it names no image" },
	{ "hash of ones", EXPECT_ENCLAVE_HASH, HASH_ONES, "it names no image" },
	{ "SHA-256 of a zero PCR0", EXPECT_ENCLAVE_HASH,
	  "0x17b0761f87b081d5cf10757ccc89f12be355c70e2e29df288b65b30710dcbcd1",
	  "it names no image" },
	{ "a value for a file of registers", EXPECT_PCRS, PCR_A, "a value stands where a file" },
	{ "a hash for a file of registers", EXPECT_PCRS, HASH, "a value stands where a file" },
	{ "a value for an image", EXPECT_EIF, "0x" PCR_A, "a value stands where a file" },
	{ "a value for a root", EXPECT_ROOT, HASH, "a value stands where a file" },

	/* --nonce, --user-data, --public-key */
	{ "nonce", EXPECT_NONCE, "00ff", NULL },
	{ "nonce with 0x", EXPECT_NONCE, "0x00fF", NULL },
	{ "nonce of 1024", EXPECT_NONCE, "%1024", NULL },
	{ "nonce of 1025", EXPECT_NONCE, "%1025", "--nonce: 1 to 1024 bytes" },
	{ "nonce of nothing", EXPECT_NONCE, "", "--nonce: 1 to 1024 bytes" },
	{ "nonce of 0x", EXPECT_NONCE, "0x", "--nonce: 1 to 1024 bytes" },
	{ "nonce of odd digits", EXPECT_NONCE, "000", "an even number of hex digits" },
	{ "nonce of a letter", EXPECT_NONCE, "0g", "an even number of hex digits" },
	{ "nonce of blanks", EXPECT_NONCE, "00 ", "an even number of hex digits" },
	{ "nonce of a file", EXPECT_NONCE, "@^^public-key.bin", "an even number of hex digits" },
	{ "user data", EXPECT_USER_DATA, "00ff", NULL },
	{ "user data of nothing", EXPECT_USER_DATA, "", NULL },
	{ "user data of 0x", EXPECT_USER_DATA, "0x", NULL },
	{ "user data of 1024", EXPECT_USER_DATA, "%1024", NULL },
	{ "user data of 1025", EXPECT_USER_DATA, "%1025", "--user-data: 0 to 1024 bytes" },
	{ "user data of odd digits", EXPECT_USER_DATA, "0", "an even number of hex digits" },
	{ "user data of a file", EXPECT_USER_DATA, "@^^public-key.bin",
	  "an even number of hex digits" },
	{ "public key", EXPECT_PUBLIC_KEY, "04ff", NULL },
	{ "public key of a file", EXPECT_PUBLIC_KEY, "@%%key", NULL },
	{ "public key of an empty file", EXPECT_PUBLIC_KEY, "@%%empty", NULL },
	{ "public key of nothing", EXPECT_PUBLIC_KEY, "", NULL },
	{ "public key of 1024 bytes", EXPECT_PUBLIC_KEY, "@%%1024", NULL },
	{ "public key of 1025 bytes", EXPECT_PUBLIC_KEY, "@%%1025", "longer than 1024 bytes" },
	{ "public key of no file", EXPECT_PUBLIC_KEY, "@%%none", "none: No such file" },
	{ "public key of @", EXPECT_PUBLIC_KEY, "@", "No such file" },
	{ "public key of odd digits", EXPECT_PUBLIC_KEY, "041", "an even number of hex digits" },
	{ "public key of 1025", EXPECT_PUBLIC_KEY, "%1025", "--public-key: 0 to 1024 bytes" },

	/* PCR3, 4, 8 */
	{ "role", EXPECT_ROLE_ARN, "arn:aws:iam::123456789012:role/enclave", NULL },
	{ "role of another partition", EXPECT_ROLE_ARN, "arn:aws-cn:iam::1:role/r", NULL },
	{ "role by name", EXPECT_ROLE_ARN, "enclave", "begin with arn:" },
	{ "role in capitals", EXPECT_ROLE_ARN, "ARN:aws:iam::1:role/r", "begin with arn:" },
	{ "role of nothing", EXPECT_ROLE_ARN, "", "begin with arn:" },
	{ "role of arn:", EXPECT_ROLE_ARN, "arn:", "begin with arn:" },
	{ "instance", EXPECT_INSTANCE_ID, "i-0123456789abcdef0", NULL },
	{ "instance without i-", EXPECT_INSTANCE_ID, "0123456789abcdef0", "begin with i-" },
	{ "instance of i-", EXPECT_INSTANCE_ID, "i-", "begin with i-" },
	{ "instance of nothing", EXPECT_INSTANCE_ID, "", "begin with i-" },
	{ "certificate in PEM", EXPECT_SIGNING_CERT, "^^signing-cert.pem", NULL },
	{ "certificate in DER", EXPECT_SIGNING_CERT, "^^root.der", NULL },
	{ "no certificate", EXPECT_SIGNING_CERT, "^^pcr.json", "one certificate expected" },
	{ "empty certificate", EXPECT_SIGNING_CERT, "%%empty", "one certificate expected" },
	{ "certificate of no file", EXPECT_SIGNING_CERT, "%%none", "No such file" },
	{ "certificate too long", EXPECT_SIGNING_CERT, "%%64kib+1", "longer than 65536 bytes" },
	{ "certificate long", EXPECT_SIGNING_CERT, "%%64kib", "one certificate expected" },

	/* --root */
	{ "root in PEM", EXPECT_ROOT, "^^root.pem", NULL },
	{ "root in DER", EXPECT_ROOT, "^^root.der", NULL },
	{ "root of JSON", EXPECT_ROOT, "^^pcr.json", "one certificate expected" },
	{ "root of nothing", EXPECT_ROOT, "%%empty", "one certificate expected" },
	{ "root of two", EXPECT_ROOT, "%%two-roots", "one certificate expected" },
	{ "root of no file", EXPECT_ROOT, "%%none", "No such file" },
	{ "root too long", EXPECT_ROOT, "%%64kib+1", "longer than 65536 bytes" },
	{ "root, not in AWS's profile", EXPECT_ROOT, "%%bad-root", "(x509-" },

	/* flags, --require */
	{ "debug", EXPECT_ALLOW_DEBUG, NULL, NULL },
	{ "table limits", EXPECT_AWS_TABLE_LIMITS, NULL, NULL },
	{ "require", EXPECT_REQUIRE, "chain.*,pcr31.match", NULL },
	{ "require, unknown", EXPECT_REQUIRE, "chain.root,pcr32.match",
	  "this verb has no check named 'pcr32.match'" },
	{ "require, another verb's", EXPECT_REQUIRE, "onchain.registered",
	  "this verb has no check named 'onchain.registered'" },
	{ "require nothing", EXPECT_REQUIRE, "", "this verb has no check named ''" },

	/* seconds */
	{ "age", EXPECT_MAX_AGE, "300", NULL },
	{ "age 0", EXPECT_MAX_AGE, "0", NULL },
	{ "age with zeros", EXPECT_MAX_AGE, "0000000300", NULL },
	{ "age of a century", EXPECT_MAX_AGE, "4000000000", NULL },
	{ "age of more", EXPECT_MAX_AGE, "4000000001", "longer than a century" },
	{ "age of ten digits", EXPECT_MAX_AGE, "9999999999", "longer than a century" },
	{ "age of eleven digits", EXPECT_MAX_AGE, "00000000300", "a whole number of seconds" },
	{ "age beyond 64 bits", EXPECT_MAX_AGE, "18446744073709551916",
	  "a whole number of seconds" },
	{ "negative age", EXPECT_MAX_AGE, "-1", "a whole number of seconds" },
	{ "age with a sign", EXPECT_MAX_AGE, "+1", "a whole number of seconds" },
	{ "age with a unit", EXPECT_MAX_AGE, "300s", "a whole number of seconds" },
	{ "age with a fraction", EXPECT_MAX_AGE, "1.5", "a whole number of seconds" },
	{ "age of nothing", EXPECT_MAX_AGE, "", "a whole number of seconds" },
	{ "age with a blank", EXPECT_MAX_AGE, " 1", "a whole number of seconds" },
	{ "skew", EXPECT_MAX_SKEW, "5", NULL },
	{ "skew 0", EXPECT_MAX_SKEW, "0", NULL },
	{ "negative skew", EXPECT_MAX_SKEW, "-5", "--max-skew -5: a whole number of seconds" },

	/* --at */
	{ "at now", EXPECT_AT, "now", NULL },
	{ "at document", EXPECT_AT, "document", NULL },
	{ "at a time", EXPECT_AT, "2026-01-03T10:00:00Z", NULL },
	{ "at seconds", EXPECT_AT, "1767434400", NULL },
	{ "at no time", EXPECT_AT, "2026-02-30T10:00:00Z",
	  "--at 2026-02-30T10:00:00Z: now, document" },
	{ "at a date", EXPECT_AT, "2026-01-03", "now, document" },
	{ "at NOW", EXPECT_AT, "NOW", "now, document" },
	{ "at nothing", EXPECT_AT, "", "now, document" },
	{ "at doc", EXPECT_AT, "doc", "now, document" },

	/* not in the table */
	{ "option 0", (enum expect_option)0, "x", "no meaning here" },
	{ "option 18", (enum expect_option)18, "x", "no meaning here" },

	/* what is said is escaped */
	{ "escapes", EXPECT_AT, "\033[2J\n\xff", "--at \\x1b[2J\\x0a\\xff: now" },
};

static void put_file(const char *folder, const char *name, struct span bytes)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s/%s", folder, name);
	char *text = buf_take_text(&path);
	FILE *file = fopen(text, "wb");
	ck_assert(file != NULL && fwrite(bytes.at, 1, bytes.len, file) == bytes.len);
	ck_assert_int_eq(fclose(file), 0);
	free(text);
}

static const char *const made_files[] = {
	"empty", "1mib", "1mib+1",  "zero-hash", "empty-slot", "zero-pcr", "key",
	"1024",  "1025", "64kib+1", "64kib",     "two-roots",  "bad-root",
};

/* A new folder with the files that the rows name. The caller ends it with drop_folder. */
static char *make_folder(void)
{
	struct buf text = { 0 };
	struct buf big = { 0 };
	const char *tmp = getenv("TMPDIR");
	static const uint8_t blanks[1024] = { 0 };

	buf_printf(&text, "%s/enclavecheck.XXXXXX", tmp != NULL ? tmp : "/tmp");
	char *folder = buf_take_text(&text);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	put_file(folder, "empty", SPAN_LITERAL(""));
	put_file(folder, "zero-hash",
		 SPAN_LITERAL("{\"pcr0\": \"" PCR_A "\", \"enclave_hash\": \"" HASH_ZERO_PCR0
			      "\"}"));
	put_file(folder, "empty-slot", SPAN_LITERAL("{\"enclave_hash\": \"" HASH_ZERO "\"}"));
	put_file(folder, "zero-pcr", SPAN_LITERAL("{\"PCR0\": \"" PCR_ZERO "\"}"));
	put_file(folder, "key", SPAN_LITERAL("@not hex\n"));
	put_file(folder, "1024", SPAN_OF(blanks));
	buf_text(&big, "{\"PCR7\": \"" PCR_A "\"}");
	while (big.len < JSON_MAX)
		buf_text(&big, "\n");
	put_file(folder, "1mib", buf_span(&big));
	buf_text(&big, "\n");
	put_file(folder, "1mib+1", buf_span(&big));
	put_file(folder, "1025", (struct span){ big.at, 1025 });
	put_file(folder, "64kib", (struct span){ big.at, 65536 });
	put_file(folder, "64kib+1", (struct span){ big.at, 65537 });
	buf_done(&big);
	struct buf root = support_vector("root.pem");
	struct span once = buf_span(&root);
	buf_add(&big, once);
	buf_add(&big, once);
	put_file(folder, "two-roots", buf_span(&big));
	buf_done(&root);
	buf_done(&big);
	root = support_vector("root.der");
	root.at[root.len - 120]++;
	buf_add(&big, buf_span(&root));
	/* the version, 2, becomes 1 */
	for (size_t i = 0; i + 5 < big.len; i++) {
		if (memcmp(big.at + i, "\xa0\x03\x02\x01\x02", 5) == 0)
			big.at[i + 4] = 1;
	}
	put_file(folder, "bad-root", buf_span(&big));
	buf_done(&root);
	buf_done(&big);
	return folder;
}

static void drop_folder(char *folder)
{
	for (size_t i = 0; i < LENGTH(made_files); i++) {
		struct buf path = { 0 };
		buf_printf(&path, "%s/%s", folder, made_files[i]);
		char *text = buf_take_text(&path);
		(void)unlink(text);
		free(text);
	}
	ck_assert_int_eq(rmdir(folder), 0);
	free(folder);
}

/* "%1024" stands for hex digits of so many bytes. */
static char *long_value(const char *value)
{
	struct buf text = { 0 };

	if (value == NULL)
		return NULL;
	if (value[0] != '%' || value[1] == '%')
		return support_text(span_of_text(value));
	for (long n = strtol(value + 1, NULL, 10); n > 0; n--)
		buf_text(&text, "5a");
	return buf_take_text(&text);
}

START_TEST(test_values)
{
	char *folder = make_folder();

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct policy policy;
		char *said = NULL;
		char *value = long_value(rows[i].value);
		policy_init(&policy);
		bool applied = apply(&policy, (int)rows[i].id, value, folder, &said);
		ck_assert_msg(applied == (rows[i].said == NULL), "row \"%s\": %s", rows[i].row,
			      said);
		if (applied) {
			ck_assert_msg(said[0] == '\0', "row \"%s\": %s", rows[i].row, said);
		} else {
			ck_assert_msg(strncmp(said, "prog: ", 6) == 0 &&
					      strstr(said, rows[i].said) != NULL,
				      "row \"%s\": %s", rows[i].row, said);
			/* one line */
			ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1);
			ck_assert_uint_eq(policy.n_sources, 0);
		}
		free(said);
		free(value);
		policy_done(&policy);
	}
	drop_folder(folder);
}
END_TEST

/* One option onto a fresh policy. */
static void apply_good(struct policy *policy, enum expect_option id, const char *value)
{
	char *said = NULL;

	policy_init(policy);
	ck_assert_msg(apply(policy, (int)id, value, "", &said), "%s", said);
	free(said);
}

static void expect_source(const struct policy *policy, size_t index, enum policy_group group,
			  const char *name, uint32_t registers, bool has_hash)
{
	ck_assert_uint_gt(policy->n_sources, index);
	const struct policy_source *source = &policy->sources[index];
	ck_assert_int_eq(source->group, group);
	size_t len = strlen(source->name);
	ck_assert_msg(len >= strlen(name) && strcmp(source->name + len - strlen(name), name) == 0,
		      "%s", source->name);
	ck_assert_uint_eq(source->pcrs.present, registers);
	ck_assert_int_eq(source->has_enclave_hash, has_hash);
}

/* What each option makes of the policy. */
START_TEST(test_policy)
{
	struct policy policy;
	uint8_t value[PCR_LEN];
	char *said = NULL;

	memset(value, 0xaa, sizeof(value));
	apply_good(&policy, EXPECT_PCR, "31=0x" PCR_MIXED);
	expect_source(&policy, 0, POLICY_ALTERNATIVE, "--pcr", UINT32_C(1) << 31, false);
	EXPECT_BYTES("pcr", pcrs_get(&policy.sources[0].pcrs, 31), SPAN_OF(value));
	ck_assert(apply(&policy, EXPECT_PCR, "10=" PCR_A, "", &said));
	free(said);
	expect_source(&policy, 1, POLICY_ALTERNATIVE, "--pcr", UINT32_C(1) << 10, false);
	ck_assert(apply(&policy, EXPECT_PCRS, "^^pcr.json", "", &said));
	free(said);
	expect_source(&policy, 2, POLICY_SET, "pcr.json", 7, false);
	ck_assert(apply(&policy, EXPECT_PCRS, "^^pcr/build-info.json", "", &said));
	free(said);
	expect_source(&policy, 3, POLICY_SET, "pcr/build-info.json", 1, true);
	ck_assert(apply(&policy, EXPECT_ENCLAVE_HASH, HASH, "", &said));
	free(said);
	expect_source(&policy, 4, POLICY_ALONE, "--enclave-hash", 0, true);
	EXPECT_BYTES("hash", SPAN_OF(policy.sources[3].enclave_hash),
		     SPAN_OF(policy.sources[4].enclave_hash));
	ck_assert_uint_eq(policy.n_sources, 5);
	policy_done(&policy);

	static const struct {
		enum expect_option id;
		const char *value;
		unsigned index;
		const char *name;
		const char *want;
	} derived[] = {
		{ EXPECT_ROLE_ARN, "arn:aws:iam::123456789012:role/enclave", 3, "role-arn",
		  "b1fd651ff7878eaff12dd954c8af010570acf204ad3c60b3832e3e8f109f2ce9"
		  "fa7e9ee8b3e848a415da9e8d720d7158" },
		{ EXPECT_INSTANCE_ID, "i-0123456789abcdef0", 4, "instance-id",
		  "d6432900ac1c343cb40286898792c55e962aef0cc35c4910c0c286145b51af19"
		  "e782cb21cc31a042671d7dfbd398251c" },
		{ EXPECT_SIGNING_CERT, "^^signing-cert.pem", 8, "--signing-cert",
		  "8024b83435e2c4b9b775fd548eaa2d2fc62ad0498c2a74d2a11a28668eac0afd"
		  "a15a523387e0a3e4b8e320a52da9b6fe" },
	};
	for (size_t i = 0; i < LENGTH(derived); i++) {
		struct buf want = support_hex(derived[i].want);
		apply_good(&policy, derived[i].id, derived[i].value);
		expect_source(&policy, 0, POLICY_ALONE, derived[i].name,
			      UINT32_C(1) << derived[i].index, false);
		EXPECT_BYTES(derived[i].name, pcrs_get(&policy.sources[0].pcrs, derived[i].index),
			     buf_span(&want));
		policy_done(&policy);
		buf_done(&want);
	}
}
END_TEST

START_TEST(test_policy_rest)
{
	static const uint8_t bytes[] = { 0x00, 0xff };
	struct policy policy;
	struct buf key = support_vector("public-key.bin");

	apply_good(&policy, EXPECT_NONCE, "0x00fF");
	ck_assert(policy.nonce.expected && !policy.user_data.expected &&
		  !policy.public_key.expected);
	EXPECT_BYTES("nonce", buf_span(&policy.nonce.bytes), SPAN_OF(bytes));
	policy_done(&policy);
	apply_good(&policy, EXPECT_USER_DATA, "00ff");
	ck_assert(policy.user_data.expected && !policy.nonce.expected &&
		  !policy.public_key.expected);
	EXPECT_BYTES("user data", buf_span(&policy.user_data.bytes), SPAN_OF(bytes));
	policy_done(&policy);
	apply_good(&policy, EXPECT_USER_DATA, "");
	ck_assert(policy.user_data.expected && policy.user_data.bytes.len == 0);
	policy_done(&policy);
	apply_good(&policy, EXPECT_PUBLIC_KEY, "@^^public-key.bin");
	ck_assert(policy.public_key.expected && !policy.nonce.expected &&
		  !policy.user_data.expected);
	EXPECT_BYTES("public key", buf_span(&policy.public_key.bytes), buf_span(&key));
	policy_done(&policy);
	buf_done(&key);

	apply_good(&policy, EXPECT_ROOT, "^^root.pem");
	ck_assert(!policy.root.is_aws);
	struct buf der = support_vector("root.der");
	struct span span = buf_span(&der);
	uint8_t sha256[DIGEST_SHA256_LEN];
	EXPECT_REASON("digest", digest_sha256(&span, 1, sha256), REASON_OK);
	EXPECT_BYTES("root", SPAN_OF(policy.root.sha256), SPAN_OF(sha256));
	buf_done(&der);
	policy_done(&policy);

	apply_good(&policy, EXPECT_ALLOW_DEBUG, NULL);
	ck_assert(policy.allow_debug);
	policy_done(&policy);
	apply_good(&policy, EXPECT_AWS_TABLE_LIMITS, NULL);
	ck_assert_ptr_eq(policy.limits, &claims_aws_table_limits);
	ck_assert(!policy.allow_debug);
	policy_done(&policy);
	apply_good(&policy, EXPECT_REQUIRE, "chain.*");
	ck_assert(policy.require.has[CHECK_CHAIN_ROOT] && policy.require.has[CHECK_CHAIN_TIME] &&
		  !policy.require.has[CHECK_PCR_MATCH]);
	policy_done(&policy);
	apply_good(&policy, EXPECT_MAX_AGE, "4000000000");
	ck_assert_int_eq(policy.max_age_s, INT64_C(4000000000));
	ck_assert_int_eq(policy.max_skew_s, 60);
	policy_done(&policy);
	apply_good(&policy, EXPECT_MAX_AGE, "0");
	ck_assert_int_eq(policy.max_age_s, 0);
	policy_done(&policy);
	apply_good(&policy, EXPECT_MAX_SKEW, "0000000015");
	ck_assert_int_eq(policy.max_skew_s, 15);
	ck_assert_int_eq(policy.max_age_s, POLICY_NO_MAX_AGE);
	policy_done(&policy);
	apply_good(&policy, EXPECT_AT, "2026-01-03T10:00:00Z");
	ck_assert_int_eq(policy.time, POLICY_AT);
	ck_assert_int_eq(policy.at, 1767434400);
	policy_done(&policy);
	apply_good(&policy, EXPECT_AT, "document");
	ck_assert_int_eq(policy.time, POLICY_DOCUMENT);
	policy_done(&policy);
	apply_good(&policy, EXPECT_AT, "now");
	ck_assert_int_eq(policy.time, POLICY_NOW);
	policy_done(&policy);
}
END_TEST

/* A root byte-equal to AWS's is AWS's. */
START_TEST(test_aws_root)
{
	static const char *const names[] = { "documents/root/aws-nitro-root-g1.pem",
					     "documents/root/aws-nitro-root-g1.der" };
	char *path = support_shared_path("expect/AWS's root", "documents/root");

	if (path == NULL)
		return;
	free(path);
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct policy policy;
		char *said = NULL;
		path = support_shared_path("expect/AWS's root", names[i]);
		policy_init(&policy);
		if (access(path, R_OK) == 0) {
			ck_assert_msg(apply(&policy, EXPECT_ROOT, path, "", &said), "%s", said);
			ck_assert(policy.root.is_aws);
			free(said);
		}
		policy_done(&policy);
		free(path);
	}
}
END_TEST

START_TEST(test_too_many)
{
	struct policy policy;
	char *said = NULL;

	apply_good(&policy, EXPECT_PCR, "0=" PCR_A);
	while (policy.n_sources < POLICY_SOURCES_MAX)
		ck_assert_ptr_nonnull(
			policy_add_source(&policy, POLICY_ALTERNATIVE, SPAN_LITERAL("more")));
	static const struct {
		enum expect_option id;
		const char *value;
	} options[] = {
		{ EXPECT_PCR, "0=" PCR_A },
		{ EXPECT_PCRS, "^^pcr.json" },
		{ EXPECT_ENCLAVE_HASH, HASH },
		{ EXPECT_INSTANCE_ID, "i-0" },
		{ EXPECT_SIGNING_CERT, "^^signing-cert.pem" },
	};
	for (size_t i = 0; i < LENGTH(options); i++) {
		ck_assert(!apply(&policy, (int)options[i].id, options[i].value, "", &said));
		ck_assert_msg(strstr(said, "prog: more than 128 expectations") != NULL, "%s", said);
		free(said);
		ck_assert_uint_eq(policy.n_sources, POLICY_SOURCES_MAX);
	}
	policy_done(&policy);
}
END_TEST

START_TEST(test_pcr_value)
{
	static const struct {
		const char *text;
		bool want;
	} values[] = {
		{ PCR_A, true },         { PCR_MIXED, true },      { "0x" PCR_A, true },
		{ "0X" PCR_A, true },    { PCR_ZERO, true },       { "", false },
		{ "0x", false },         { PCR_SHORT, false },     { PCR_A "a", false },
		{ PCR_A "aa", false },   { PCR_SHORT "g", false }, { "x" PCR_A, false },
		{ HASH, false },         { " " PCR_A, false },     { PCR_SHORT " ", false },
		{ "0x0x" PCR_A, false }, { "./" PCR_A, false },
	};
	uint8_t got[PCR_LEN];
	uint8_t want[PCR_LEN];

	for (size_t i = 0; i < LENGTH(values); i++) {
		ck_assert_msg(expect_is_pcr(values[i].text) == values[i].want, "%s",
			      values[i].text);
		ck_assert_msg(expect_pcr_value(values[i].text, got) == values[i].want, "%s",
			      values[i].text);
	}
	memset(want, 0xaa, sizeof(want));
	ck_assert(expect_pcr_value("0x" PCR_MIXED, got));
	EXPECT_BYTES("value", SPAN_OF(got), SPAN_OF(want));
}
END_TEST

/* The tables of options agree with each other. */
START_TEST(test_table)
{
	ck_assert_uint_eq(EXPECT_OPTIONS, LENGTH(expect_options));
	for (size_t i = 0; i < EXPECT_OPTIONS; i++) {
		ck_assert_int_eq(expect_options[i].id, (int)i + 1);
		ck_assert_int_eq(expect_options[i].letter, 0);
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(expect_options[i].name, expect_options[k].name);
		for (size_t k = 0; k < CLI_COMMON_OPTIONS; k++)
			ck_assert_str_ne(expect_options[i].name, cli_common_options[k].name);
	}
	ck_assert_str_eq(expect_options[EXPECT_LIVE_OPTIONS].name, "nonce");
	ck_assert_str_eq(expect_options[EXPECT_LIVE_OPTIONS + 1].name, "at");
	/* what has one meaning may not be given twice; what adds up may */
	static const char repeatable[] = "pcr pcrs eif allow-debug aws-table-limits require ";
	for (size_t i = 0; i < EXPECT_OPTIONS; i++) {
		char word[32];
		(void)snprintf(word, sizeof(word), "%s ", expect_options[i].name);
		const char *found = strstr(repeatable, word);
		bool listed = found != NULL && (found == repeatable || found[-1] == ' ');
		ck_assert_msg(expect_options[i].repeatable == listed, "%s", word);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("expect");

	support_add(suite, "values", test_values);
	support_add(suite, "sources", test_policy);
	support_add(suite, "the rest of the policy", test_policy_rest);
	support_add(suite, "AWS's root", test_aws_root);
	support_add(suite, "too many", test_too_many);
	support_add(suite, "a PCR by value", test_pcr_value);
	support_add(suite, "table", test_table);
	return support_main(suite);
}
