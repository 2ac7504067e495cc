#include "verify/expect.h"

#include <stdlib.h>
#include <string.h>

#include "verify/basenc.h"
#include "verify/image.h"
#include "verify/instant.h"
#include "verify/pcrfile.h"
#include "verify/root.h"

const struct cli_option expect_options[EXPECT_OPTIONS] = {
	{ EXPECT_PCR, 0, true, "pcr", "N=HEX" },
	{ EXPECT_PCRS, 0, true, "pcrs", "FILE" },
	{ EXPECT_EIF, 0, true, "eif", "FILE" },
	{ EXPECT_ENCLAVE_HASH, 0, false, "enclave-hash", "0xHEX" },
	{ EXPECT_USER_DATA, 0, false, "user-data", "HEX" },
	{ EXPECT_PUBLIC_KEY, 0, false, "public-key", "HEX|@FILE" },
	{ EXPECT_ROLE_ARN, 0, false, "role-arn", "ARN" },
	{ EXPECT_INSTANCE_ID, 0, false, "instance-id", "ID" },
	{ EXPECT_SIGNING_CERT, 0, false, "signing-cert", "FILE" },
	{ EXPECT_ROOT, 0, false, "root", "FILE" },
	{ EXPECT_ALLOW_DEBUG, 0, true, "allow-debug", NULL },
	{ EXPECT_AWS_TABLE_LIMITS, 0, true, "aws-table-limits", NULL },
	{ EXPECT_REQUIRE, 0, true, "require", "IDS" },
	{ EXPECT_MAX_AGE, 0, false, "max-age", "S" },
	{ EXPECT_MAX_SKEW, 0, false, "max-skew", "S" },
	{ EXPECT_NONCE, 0, false, "nonce", "HEX" },
	{ EXPECT_AT, 0, false, "at", "now|document|TIME" },
};

const struct cli_option expect_image_options[EXPECT_IMAGE_OPTIONS] = {
	{ EXPECT_PCR, 0, true, "pcr", "N=HEX" },
	{ EXPECT_PCRS, 0, true, "pcrs", "FILE" },
	{ EXPECT_EIF, 0, true, "eif", "FILE" },
	{ EXPECT_ENCLAVE_HASH, 0, false, "enclave-hash", "0xHEX" },
	{ EXPECT_REQUIRE, 0, true, "require", "IDS" },
	{ EXPECT_SIGNING_CERT, 0, false, "signing-cert", "FILE" },
	{ EXPECT_AT, 0, false, "at", "now|TIME" },
};

#define SECONDS_MAX INT64_C(4000000000) /* a limit of more than a century is a mistake */

static struct span without_0x(const char *text)
{
	struct span all = span_of_text(text);
	struct span prefix;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		(void)span_take(&all, 2, &prefix);
	return all;
}

bool expect_pcr_value(const char *text, uint8_t ret[static PCR_LEN])
{
	return hex_decode_exact(without_0x(text), ret, PCR_LEN);
}

bool expect_is_pcr(const char *text)
{
	uint8_t value[PCR_LEN];

	return expect_pcr_value(text, value);
}

bool expect_is_value(const char *text)
{
	uint8_t hash[KECCAK_LEN];

	if (expect_is_pcr(text))
		return true;
	return text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
	       hex_decode_exact(without_0x(text), hash, sizeof(hash));
}

static bool out_of_memory(const char *program)
{
	cli_complain(program, "%s", reason_sentence(REASON_OUT_OF_MEMORY));
	return false;
}

/* Standard input may hold what is judged; it would be gone. A register or hash where a file belongs is
 * a slip, and what lies there by that name is not what was meant. */
static bool is_no_file(const char *program, const char *option, const char *path)
{
	if (strcmp(path, "-") == 0)
		cli_complain(program,
			     "--%s -: standard input is for what is judged (./- if it is a file)",
			     option);
	else if (expect_is_value(path))
		cli_complain(
			program,
			"--%s %s: a value stands where a file is expected (./NAME if it is one)",
			option, path);
	else
		return false;
	return true;
}

bool expect_file(const char *program, const char *option, const char *path, size_t cap,
		 struct buf *ret)
{
	int why = 0;

	if (is_no_file(program, option, path))
		return false;
	enum reason reason = cli_read(path, cap, ret, &why);
	if (reason == REASON_FILE_UNREADABLE) {
		cli_complain(program, "--%s %s: %s", option, path, strerror(why));
		return false;
	}
	if (reason != REASON_OK)
		return out_of_memory(program);
	if (ret->len > cap) {
		cli_complain(program, "--%s %s: longer than %zu bytes", option, path, cap);
		return false;
	}
	return true;
}

static bool too_many(const char *program)
{
	cli_complain(program, "more than %d expectations, or no memory left", POLICY_SOURCES_MAX);
	return false;
}

static bool add_pcr(const char *program, struct policy *policy, enum policy_group group,
		    const char *name, unsigned index, const uint8_t value[static PCR_LEN])
{
	struct policy_source *source = policy_add_source(policy, group, span_of_text(name));

	if (source == NULL)
		return too_many(program);
	pcrs_set(&source->pcrs, index, value);
	return true;
}

/* --pcr N=HEX */
static bool apply_pcr(const char *program, struct policy *policy, const char *value)
{
	uint8_t pcr[PCR_LEN];
	unsigned index = 0;
	size_t digits = strspn(value, "0123456789");

	for (size_t i = 0; i < digits && i < 3; i++)
		index = index * 10 + (unsigned)(value[i] - '0');
	bool leading_zero = digits > 1 && value[0] == '0';
	if (digits < 1 || digits > 2 || leading_zero || index >= PCR_COUNT ||
	    value[digits] != '=') {
		cli_complain(program, "--pcr %s: N=HEX with N within 0..31 expected", value);
		return false;
	}
	if (!expect_pcr_value(value + digits + 1, pcr)) {
		cli_complain(program, "--pcr %s: a PCR is 96 hex digits (SHA-384)", value);
		return false;
	}
	return add_pcr(program, policy, POLICY_ALTERNATIVE, "--pcr", index, pcr);
}

static struct policy_source *add_set(const char *program, struct policy *policy, const char *path)
{
	struct policy_source *source = policy_add_source(policy, POLICY_SET, span_of_text(path));

	if (source == NULL)
		(void)too_many(program);
	return source;
}

static bool refuse_hash(const char *program, const char *option, const char *what)
{
	cli_complain(
		program,
		"--%s %s: this is the hash of an all-zero PCR0 (every debug enclave has it) or an empty "
		"slot; it names no image",
		option, what);
	return false;
}

bool expect_pcrfile(const char *program, const char *option, const char *path, struct span text,
		    struct pcrfile *ret)
{
	struct json_place place = { 0, 0 };

	enum reason reason = pcrfile_read(text, ret, &place);
	if (reason == REASON_OK)
		return true;
	if (place.line > 0)
		cli_complain(program, "%s%s: line %zu, column %zu: %s (%s)", option, path,
			     place.line, place.column, reason_sentence(reason),
			     reason_name(reason));
	else
		cli_complain(program, "%s%s: %s (%s)", option, path, reason_sentence(reason),
			     reason_name(reason));
	return false;
}

/* --pcrs FILE */
static bool apply_pcrs(const char *program, struct policy *policy, const char *path)
{
	struct buf text = { 0 };
	struct pcrfile file;

	bool read = expect_file(program, "pcrs", path, JSON_MAX, &text) &&
		    expect_pcrfile(program, "--pcrs ", path, buf_span(&text), &file);
	buf_done(&text);
	if (!read)
		return false;
	if (file.has_enclave_hash && enclave_hash_is_refused(file.enclave_hash))
		return refuse_hash(program, "pcrs", path);
	struct policy_source *source = add_set(program, policy, path);
	if (source == NULL)
		return false;
	source->pcrs = file.pcrs;
	source->has_enclave_hash = file.has_enclave_hash;
	memcpy(source->enclave_hash, file.enclave_hash, KECCAK_LEN);
	return true;
}

/* What is wrong with an image that an option names. */
static void complain_image(const char *program, const char *path, const struct image *image)
{
	struct buf text = { 0 };

	enum reason reason = image->form;
	if (reason == REASON_OK) {
		reason = REASON_EIF_CRC;
		buf_text(&text, reason_sentence(reason));
	} else {
		image_form_text(image, &text);
	}
	buf_printf(&text, " (%s)", reason_name(reason));
	char *message = buf_take_text(&text);
	cli_complain(program, "--eif %s: %s", path,
		     message != NULL ? message : reason_sentence(REASON_OUT_OF_MEMORY));
	free(message);
}

bool expect_image(const char *program, const char *path, struct image *ret)
{
	static const struct eif_rules published = { 0 };
	struct image_source from = { .fd = -1 };
	int why = 0;

	if (is_no_file(program, "eif", path))
		return false;
	if (!cli_open(path, &from.fd, &from.size, &why)) {
		cli_complain(program, "--eif %s: %s", path, strerror(why));
		return false;
	}
	enum reason reason = image_read(&from, &published, NULL, ret);
	cli_close(from.fd);
	if (reason == REASON_OK && image_is_sound(ret))
		return true;
	complain_image(program, path, ret);
	image_done(ret);
	return false;
}

/* --eif FILE: the registers that are measured from it */
static bool apply_eif(const char *program, struct policy *policy, const char *path)
{
	struct image image;

	if (!expect_image(program, path, &image))
		return false;
	struct policy_source *source = add_set(program, policy, path);
	if (source != NULL)
		source->pcrs = image.measurement.pcrs;
	image_done(&image);
	return source != NULL;
}

/* --enclave-hash 0xHEX */
static bool apply_enclave_hash(const char *program, struct policy *policy, const char *value)
{
	uint8_t hash[KECCAK_LEN];

	if (value[0] != '0' || value[1] != 'x' ||
	    !hex_decode_exact(without_0x(value), hash, sizeof(hash))) {
		cli_complain(program, "--enclave-hash %s: 0x and 64 hex digits expected", value);
		return false;
	}
	if (enclave_hash_is_refused(hash))
		return refuse_hash(program, "enclave-hash", value);
	struct policy_source *source =
		policy_add_source(policy, POLICY_ALONE, SPAN_LITERAL("--enclave-hash"));
	if (source == NULL)
		return too_many(program);
	source->has_enclave_hash = true;
	memcpy(source->enclave_hash, hash, sizeof(hash));
	return true;
}

/* HEX, or @FILE with the bytes themselves. */
static bool apply_bytes(const char *program, const char *option, struct policy_bytes *ret,
			const char *value, bool file_allowed, bool empty_allowed)
{
	if (file_allowed && value[0] == '@') {
		if (!expect_file(program, option, value + 1, CLAIMS_OPTIONAL_MAX, &ret->bytes))
			return false;
	} else {
		enum reason reason = hex_decode(without_0x(value), &ret->bytes);
		if (reason == REASON_OUT_OF_MEMORY)
			return out_of_memory(program);
		if (reason != REASON_OK) {
			cli_complain(program, "--%s %s: an even number of hex digits expected",
				     option, value);
			return false;
		}
	}
	if (ret->bytes.len > CLAIMS_OPTIONAL_MAX || (ret->bytes.len == 0 && !empty_allowed)) {
		cli_complain(program, "--%s: %d to %d bytes expected", option,
			     empty_allowed ? 0 : 1, CLAIMS_OPTIONAL_MAX);
		return false;
	}
	ret->expected = true;
	return true;
}

/* A text that is extended into a register (PCR3: role ARN, PCR4: instance id). */
static bool apply_extended(const char *program, struct policy *policy, const char *option,
			   const char *prefix, unsigned index, const char *value)
{
	uint8_t pcr[PCR_LEN];

	if (strncmp(value, prefix, strlen(prefix)) != 0 || strlen(value) == strlen(prefix)) {
		cli_complain(program, "--%s %s: expected to begin with %s", option, value, prefix);
		return false;
	}
	if (pcr_extend(span_of_text(value), pcr) != REASON_OK)
		return out_of_memory(program);
	return add_pcr(program, policy, POLICY_ALONE, option, index, pcr);
}

/* --signing-cert FILE: PCR8 = extend(SHA-384(DER of the certificate)) */
static bool apply_signing_cert(const char *program, struct policy *policy, const char *path)
{
	struct buf file = { 0 };
	struct buf der = { 0 };
	uint8_t digest[DIGEST_SHA384_LEN];
	uint8_t pcr[PCR_LEN];
	bool ok = false;

	if (!expect_file(program, "signing-cert", path, 65536, &file)) {
		buf_done(&file);
		return false;
	}
	enum reason reason = root_certificate_der(buf_span(&file), &der);
	struct span der_span = buf_span(&der);
	if (reason == REASON_OK)
		reason = digest_sha384(&der_span, 1, digest);
	if (reason == REASON_OK)
		reason = pcr_extend(SPAN_OF(digest), pcr);
	if (reason != REASON_OK)
		cli_complain(program, "--signing-cert %s: one certificate expected, in PEM or DER",
			     path);
	else
		ok = add_pcr(program, policy, POLICY_ALONE, "--signing-cert", 8, pcr);
	buf_done(&file);
	buf_done(&der);
	return ok;
}

static bool apply_root(const char *program, struct policy *policy, const char *path)
{
	struct buf file = { 0 };

	if (!expect_file(program, "root", path, 65536, &file)) {
		buf_done(&file);
		return false;
	}
	enum reason reason = root_from_file(buf_span(&file), &policy->root);
	buf_done(&file);
	if (reason == REASON_OK)
		return true;
	if (reason == REASON_TEXT_ENCODING)
		cli_complain(program, "--root %s: one certificate expected, in PEM or DER", path);
	else
		cli_complain(program, "--root %s: %s (%s)", path, reason_sentence(reason),
			     reason_name(reason));
	return false;
}

static bool apply_seconds(const char *program, const char *option, const char *value, int64_t *ret)
{
	int64_t seconds = 0;
	size_t digits = strspn(value, "0123456789");

	if (digits < 1 || digits > 10 || value[digits] != '\0') {
		cli_complain(program, "--%s %s: a whole number of seconds expected", option, value);
		return false;
	}
	for (size_t i = 0; i < digits; i++)
		seconds = seconds * 10 + (value[i] - '0');
	if (seconds > SECONDS_MAX) {
		cli_complain(program, "--%s %s: longer than a century", option, value);
		return false;
	}
	*ret = seconds;
	return true;
}

static bool apply_at(const char *program, struct policy *policy, const struct check_set *known,
		     const char *value)
{
	if (strcmp(value, "now") == 0) {
		policy->time = POLICY_NOW;
		return true;
	}
	if (strcmp(value, "document") == 0) {
		if (!known->has[CHECK_DOCUMENT_FORM]) {
			cli_complain(
				program,
				"--at document: an image tells no time of its own: now, or a time");
			return false;
		}
		policy->time = POLICY_DOCUMENT;
		return true;
	}
	if (!instant_parse(value, &policy->at)) {
		cli_complain(
			program,
			"--at %s: now, document, a time like 2026-01-03T10:00:00Z or seconds since 1970",
			value);
		return false;
	}
	policy->time = POLICY_AT;
	return true;
}

static bool apply_require(const char *program, struct policy *policy, const struct check_set *known,
			  const char *value)
{
	struct span word;

	if (check_set_add(&policy->require, known, span_of_text(value), &word))
		return true;
	cli_complain(program, "--require %s: this verb has no check named '%.*s'", value,
		     (int)word.len, (const char *)word.at);
	return false;
}

bool expect_flags(const char *program, const char *value, struct eif_rules *ret)
{
	uint8_t bytes[2];
	uint8_t padded[4] = { '0', '0', '0', '0' };
	struct span digits = without_0x(value);

	if (digits.len >= 1 && digits.len <= sizeof(padded)) {
		memcpy(padded + sizeof(padded) - digits.len, digits.at, digits.len);
		if (hex_decode_exact(SPAN_OF(padded), bytes, sizeof(bytes))) {
			unsigned flags = (unsigned)bytes[0] << 8 | bytes[1];
			ret->reserved_flags = (uint16_t)(flags & ~(unsigned)EIF_FLAG_ARM64);
			return true;
		}
	}
	cli_complain(program, "--flags %s: up to four hex digits expected", value);
	return false;
}

bool expect_apply(const char *program, struct policy *policy, const struct check_set *known, int id,
		  const char *value)
{
	switch ((enum expect_option)id) {
	case EXPECT_PCR:
		return apply_pcr(program, policy, value);
	case EXPECT_EIF:
		return apply_eif(program, policy, value);
	case EXPECT_PCRS:
		return apply_pcrs(program, policy, value);
	case EXPECT_ENCLAVE_HASH:
		return apply_enclave_hash(program, policy, value);
	case EXPECT_USER_DATA:
		return apply_bytes(program, "user-data", &policy->user_data, value, false, true);
	case EXPECT_PUBLIC_KEY:
		return apply_bytes(program, "public-key", &policy->public_key, value, true, true);
	case EXPECT_ROLE_ARN:
		return apply_extended(program, policy, "role-arn", "arn:", 3, value);
	case EXPECT_INSTANCE_ID:
		return apply_extended(program, policy, "instance-id", "i-", 4, value);
	case EXPECT_SIGNING_CERT:
		return apply_signing_cert(program, policy, value);
	case EXPECT_ROOT:
		return apply_root(program, policy, value);
	case EXPECT_ALLOW_DEBUG:
		policy->allow_debug = true;
		return true;
	case EXPECT_AWS_TABLE_LIMITS:
		policy->limits = &claims_aws_table_limits;
		return true;
	case EXPECT_REQUIRE:
		return apply_require(program, policy, known, value);
	case EXPECT_MAX_AGE:
		return apply_seconds(program, "max-age", value, &policy->max_age_s);
	case EXPECT_MAX_SKEW:
		return apply_seconds(program, "max-skew", value, &policy->max_skew_s);
	case EXPECT_NONCE:
		/* an empty nonce is an unset variable of some script, and would be "fresh" for
		 * ever */
		return apply_bytes(program, "nonce", &policy->nonce, value, false, false);
	case EXPECT_AT:
		return apply_at(program, policy, known, value);
	}
	cli_complain(program, "an option of the table has no meaning here");
	return false;
}
