#include "verify/image.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/support.h"
#include "verify/auto.h"
#include "verify/report_rows.h"
#include "verify/test/eifmint.h"
#include "verify/test/eifsigner.h"

#define FROM INT64_C(1700000000)
#define NOW INT64_C(1750000000)
#define TO INT64_C(1800000000)

static const struct eif_rules published = { 0 };

/* Reads what stands in a pipe, `head` bytes of it handed in beforehand. */
static enum reason read_pipe(struct span bytes, size_t head, struct image *ret)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_uint_le(bytes.len - head, 65536);
	ck_assert_int_eq(write(ends[1], bytes.at + head, bytes.len - head),
			 (ssize_t)(bytes.len - head));
	ck_assert_int_eq(close(ends[1]), 0);
	const struct image_source source = { ends[0], { bytes.at, head }, 0 };
	enum reason reason = image_read(&source, &published, NULL, ret);
	ck_assert_int_eq(close(ends[0]), 0);
	return reason;
}

/* The report on an image. */
static struct report *judge(struct span bytes, const struct policy *policy)
{
	struct image image;
	struct report *report = report_new();

	ck_assert_ptr_nonnull(report);
	enum reason reason = read_pipe(bytes, 0, &image);
	ck_assert_int_eq(reason, image.form);
	image_judge(&image, policy, NOW, report);
	image_show(&image, false, report);
	image_done(&image);
	(void)report_conclude(report, &policy->require);
	return report;
}

static const struct row *row_of(const struct report *report, enum check check)
{
	for (size_t i = 0; i < report->n_rows; i++) {
		if (report->rows[i].check == check)
			return &report->rows[i];
	}
	ck_abort_msg("no row of %s", check_name(check));
}

static void expect_row(const char *what, const struct report *report, enum check check,
		       enum status status, enum reason reason)
{
	const struct row *row = row_of(report, check);

	EXPECT_REASON(what, row->reason, reason);
	ck_assert_msg(row->status == status, "row \"%s\": status %d", what, (int)row->status);
}

/* The registers of the usual image, by definition. */
static void usual_pcr0(uint8_t ret[static PCR_LEN])
{
	const struct span parts[] = { SPAN_LITERAL("MZ kernel"), SPAN_LITERAL("reboot=k panic=30"),
				      span_of_text(eifmint_bootstrap),
				      span_of_text(eifmint_application) };
	uint8_t inner[DIGEST_SHA384_LEN];

	EXPECT_REASON("digest", digest_sha384(parts, 4, inner), REASON_OK);
	EXPECT_REASON("extend", pcr_extend(SPAN_OF(inner), ret), REASON_OK);
}

static struct policy_source *expect(struct policy *policy, enum policy_group group,
				    const char *name)
{
	struct policy_source *source = policy_add_source(policy, group, span_of_text(name));

	ck_assert_ptr_nonnull(source);
	return source;
}

START_TEST(test_good)
{
	struct buf image = eifmint_usual((struct span){ NULL, 0 });
	struct policy policy;
	uint8_t pcr0[PCR_LEN];

	policy_init(&policy);
	usual_pcr0(pcr0);
	pcrs_set(&expect(&policy, POLICY_ALTERNATIVE, "--pcr")->pcrs, 0, pcr0);
	struct report *report = judge(buf_span(&image), &policy);
	ck_assert_int_eq(report_verdict(report), VERDICT_PASS);
	expect_row("form", report, CHECK_EIF_FORM, STATUS_PASS, REASON_OK);
	expect_row("crc", report, CHECK_EIF_CRC, STATUS_PASS, REASON_OK);
	expect_row("unsigned", report, CHECK_EIF_SIGNATURE, STATUS_SKIP, REASON_NOT_CARRIED);
	expect_row("pcr0", report, CHECK_PCR_MATCH, STATUS_PASS, REASON_OK);
	expect_row("hash", report, CHECK_ENCLAVE_HASH_MATCH, STATUS_SKIP, REASON_NOT_REQUESTED);
	ck_assert_uint_eq(report->n_rows, 5);
	ck_assert_uint_eq(report->n_notes, 1); /* boundaries are not known */
	ck_assert(!report->has_time);
	report_free(report);
	policy_done(&policy);
	buf_done(&image);
}
END_TEST

START_TEST(test_nothing_expected)
{
	struct buf image = eifmint_usual((struct span){ NULL, 0 });
	struct policy policy;

	policy_init(&policy);
	struct report *report = judge(buf_span(&image), &policy);
	ck_assert_int_eq(report_verdict(report), VERDICT_ERROR);
	ck_assert_int_eq(report->verdict_reason, REASON_NOTHING_EXPECTED);
	ck_assert(report->facts_proven);
	report_free(report);
	policy_done(&policy);
	buf_done(&image);
}
END_TEST

/* What each register is compared with. */
START_TEST(test_registers)
{
	static const struct {
		const char *row;
		enum policy_group group;
		unsigned index;
		bool is_signed;
		bool right;
		enum reason want;
		const char *message;
	} rows[] = {
		{ "PCR0", POLICY_ALTERNATIVE, 0, false, true, REASON_OK, "expected one" },
		{ "PCR0 otherwise", POLICY_ALTERNATIVE, 0, false, false, REASON_PCR_MISMATCH,
		  "PCR0 is not the expected one" },
		{ "a file says otherwise", POLICY_SET, 0, false, false, REASON_PCR_MISMATCH,
		  "given contradicts our own measurement of PCR0" },
		{ "PCR8 of no certificate", POLICY_ALTERNATIVE, 8, false, false,
		  REASON_PCR_MISMATCH, "PCR8 is not the expected one" },
		{ "PCR8 is zero", POLICY_ALTERNATIVE, 8, false, true, REASON_OK, "expected one" },
		{ "PCR8", POLICY_ALTERNATIVE, 8, true, true, REASON_OK, "expected one" },
		{ "PCR8 otherwise", POLICY_SET, 8, true, false, REASON_PCR_MISMATCH,
		  "given contradicts our own measurement of PCR8" },
		{ "PCR3", POLICY_ALTERNATIVE, 3, false, false, REASON_PCR_MISSING,
		  "the image carries no PCR3" },
	};
	struct eifsigner signer = eifsigner_new("P-384", FROM, TO);
	uint8_t pcr0[PCR_LEN];

	usual_pcr0(pcr0);
	struct buf signature = eifsigner_usual(&signer, EIFSIGN_ES384, pcr0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf bytes = eifmint_usual(rows[i].is_signed ? buf_span(&signature) :
								     (struct span){ NULL, 0 });
		struct policy policy;
		struct image image;
		uint8_t value[PCR_LEN] = { 0 };
		EXPECT_REASON("read", read_pipe(buf_span(&bytes), 0, &image), REASON_OK);
		struct pcrs pcrs = image_pcrs(&image);
		ck_assert_uint_eq(pcrs.present, rows[i].is_signed ? 0x107 : 7);
		if (pcrs_has(&pcrs, rows[i].index))
			memcpy(value, pcrs.value[rows[i].index], PCR_LEN);
		value[5] ^= rows[i].right ? 0 : 1;
		image_done(&image);
		policy_init(&policy);
		pcrs_set(&expect(&policy, rows[i].group, "given")->pcrs, rows[i].index, value);
		struct report *report = judge(buf_span(&bytes), &policy);
		enum check check = (enum check)(CHECK_PCR_MATCH + rows[i].index);
		expect_row(rows[i].row, report, check,
			   rows[i].want == REASON_OK ? STATUS_PASS : STATUS_FAIL, rows[i].want);
		ck_assert_msg(strstr(row_message(row_of(report, check)), rows[i].message) != NULL,
			      "row \"%s\": %s", rows[i].row, row_message(row_of(report, check)));
		report_free(report);
		policy_done(&policy);
		buf_done(&bytes);
	}
	buf_done(&signature);
	eifsigner_done(&signer);
}
END_TEST

START_TEST(test_signature)
{
	static const struct {
		const char *row;
		int64_t from, to, at;
		bool other_pcr0;
		bool cut;
		enum reason want;
	} rows[] = {
		{ "good", FROM, TO, 0, false, false, REASON_OK },
		{ "at a time", FROM, TO, TO, false, false, REASON_OK },
		{ "expired", FROM, NOW - 1, 0, false, false, REASON_EIF_SIGNATURE_VALIDITY },
		{ "not yet", NOW + 1, TO, 0, false, false, REASON_EIF_SIGNATURE_VALIDITY },
		{ "at another time", FROM, TO, TO + 1, false, false,
		  REASON_EIF_SIGNATURE_VALIDITY },
		{ "another image", FROM, TO, 0, true, false, REASON_EIF_SIGNATURE_PAYLOAD },
		{ "cut", FROM, TO, 0, false, true, REASON_EIF_SIGNATURE_CBOR },
	};
	uint8_t pcr0[PCR_LEN];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct eifsigner signer = eifsigner_new("P-384", rows[i].from, rows[i].to);
		struct policy policy;
		usual_pcr0(pcr0);
		struct policy_source *source = NULL;
		policy_init(&policy);
		source = expect(&policy, POLICY_SET, "pcr.json");
		pcrs_set(&source->pcrs, 0, pcr0);
		pcr0[47] ^= rows[i].other_pcr0 ? 1 : 0;
		if (rows[i].at != 0) {
			policy.time = POLICY_AT;
			policy.at = rows[i].at;
		}
		struct buf signature = eifsigner_usual(&signer, EIFSIGN_ES384, pcr0);
		signature.len -= rows[i].cut ? 1 : 0;
		struct buf image = eifmint_usual(buf_span(&signature));
		struct report *report = judge(buf_span(&image), &policy);
		expect_row(rows[i].row, report, CHECK_EIF_SIGNATURE,
			   rows[i].want == REASON_OK ? STATUS_PASS : STATUS_FAIL, rows[i].want);
		expect_row(rows[i].row, report, CHECK_PCR_MATCH, STATUS_PASS, REASON_OK);
		ck_assert_int_eq(report_verdict(report),
				 rows[i].want == REASON_OK ? VERDICT_PASS : VERDICT_FAIL);
		ck_assert(report->has_time);
		ck_assert_int_eq(report->time_source, rows[i].at != 0 ? TIME_OPTION : TIME_CLOCK);
		report_free(report);
		policy_done(&policy);
		buf_done(&signature);
		buf_done(&image);
		eifsigner_done(&signer);
	}
}
END_TEST

START_TEST(test_large_sections)
{
	static const uint8_t zero[EIF_SIGNATURE_MAX + 1] = { 0 };
	struct buf image = eifmint_usual(SPAN_OF(zero));
	struct policy policy;
	struct buf metadata = { 0 };
	struct image read;

	policy_init(&policy);
	struct report *report = judge(buf_span(&image), &policy);
	expect_row("signature", report, CHECK_EIF_SIGNATURE, STATUS_FAIL,
		   REASON_EIF_SIGNATURE_TOO_LARGE);
	report_free(report);
	policy_done(&policy);
	buf_done(&image);

	while (metadata.len <= EIFMETA_MAX)
		buf_text(&metadata, "                                ");
	const struct eifmint_section sections[] = {
		{ 1, SPAN_LITERAL("k") },
		{ 2, SPAN_LITERAL("c") },
		{ 5, buf_span(&metadata) },
		{ 3, SPAN_LITERAL("r") },
	};
	image = eifmint(4, 0, sections, 4);
	/* more than a pipe holds: from a file */
	FILE *file = tmpfile();
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(image.at, 1, image.len, file), image.len);
	ck_assert_int_eq(fflush(file), 0);
	ck_assert_int_eq(fseek(file, 0, SEEK_SET), 0);
	const struct image_source source = { fileno(file), { NULL, 0 }, image.len };
	EXPECT_REASON("metadata", image_read(&source, &published, NULL, &read),
		      REASON_EIF_METADATA_TOO_LARGE);
	image_done(&read);
	(void)fclose(file);
	buf_done(&metadata);
	buf_done(&image);
}
END_TEST

/* What is wrong is said once, and everything that rests on it is skipped. */
START_TEST(test_faults)
{
	static const struct {
		const char *row;
		size_t at, n;
		uint64_t value;
		bool sealed;
		enum check check;
		enum reason want;
	} rows[] = {
		{ "magic", 0, 1, 0, true, CHECK_EIF_FORM, REASON_EIF_MAGIC },
		{ "version", 4, 2, 9, true, CHECK_EIF_FORM, REASON_EIF_VERSION },
		{ "type", 548, 2, 9, true, CHECK_EIF_FORM, REASON_EIF_SECTION_TYPE },
		{ "order", 548, 2, 2, true, CHECK_EIF_FORM, REASON_EIF_DUPLICATE_SECTION },
		{ "metadata", 610, 1, '[', true, CHECK_EIF_FORM, REASON_EIF_METADATA_JSON },
		{ "key", 612, 1, 'i', true, CHECK_EIF_FORM, REASON_EIF_METADATA_FIELD },
		{ "kernel", 560, 1, 'm', false, CHECK_EIF_CRC, REASON_EIF_CRC },
		{ "checksum", 544, 4, 0, false, CHECK_EIF_CRC, REASON_EIF_CRC },
	};
	struct policy policy;

	policy_init(&policy);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf image = eifmint_usual((struct span){ NULL, 0 });
		struct buf json = { 0 };
		cJSON *tree = NULL;
		struct json_place place;
		eifmint_put(&image, rows[i].at, rows[i].n, rows[i].value);
		if (rows[i].sealed)
			eifmint_seal(&image);
		struct report *report = judge(buf_span(&image), &policy);
		ck_assert_int_eq(report_verdict(report), VERDICT_FAIL);
		expect_row(rows[i].row, report, rows[i].check, STATUS_FAIL, rows[i].want);
		ck_assert_ptr_eq(report_first_bad(report), row_of(report, rows[i].check));
		expect_row(rows[i].row, report, CHECK_EIF_SIGNATURE, STATUS_SKIP, REASON_NEEDS);
		ck_assert_int_eq(row_of(report, CHECK_EIF_SIGNATURE)->needed, rows[i].check);
		ck_assert_ptr_null(report->facts);
		EXPECT_REASON("json", report_json(report, "t", "0", &json), REASON_OK);
		EXPECT_REASON("json", json_read(buf_span(&json), &tree, &place), REASON_OK);
		ck_assert(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(tree, "measurements")));
		const cJSON *eif = cJSON_GetObjectItemCaseSensitive(tree, "eif");
		if (rows[i].check == CHECK_EIF_FORM)
			ck_assert(cJSON_IsNull(eif));
		else
			ck_assert(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(eif, "crc_ok")));
		cJSON_Delete(tree);
		buf_done(&json);
		report_free(report);
		buf_done(&image);
	}
	policy_done(&policy);
}
END_TEST

/* An expected register waits for form and checksum. */
START_TEST(test_needs)
{
	struct buf image = eifmint_usual((struct span){ NULL, 0 });
	struct policy policy;
	uint8_t pcr0[PCR_LEN];
	uint8_t hash[KECCAK_LEN];

	policy_init(&policy);
	usual_pcr0(pcr0);
	enclave_hash(pcr0, hash);
	struct policy_source *source = expect(&policy, POLICY_SET, "pcr.json");
	pcrs_set(&source->pcrs, 0, pcr0);
	source->has_enclave_hash = true;
	memcpy(source->enclave_hash, hash, sizeof(hash));
	eifmint_put(&image, EIF_CRC_OFFSET, 4, 1);
	struct report *report = judge(buf_span(&image), &policy);
	expect_row("pcr0", report, CHECK_PCR_MATCH, STATUS_SKIP, REASON_NEEDS);
	ck_assert_int_eq(row_of(report, CHECK_PCR_MATCH)->needed, CHECK_EIF_CRC);
	expect_row("hash", report, CHECK_ENCLAVE_HASH_MATCH, STATUS_SKIP, REASON_NEEDS);
	report_free(report);
	eifmint_seal(&image);
	report = judge(buf_span(&image), &policy);
	expect_row("hash", report, CHECK_ENCLAVE_HASH_MATCH, STATUS_PASS, REASON_OK);
	ck_assert_int_eq(report_verdict(report), VERDICT_PASS);
	report_free(report);
	policy_done(&policy);
	buf_done(&image);
}
END_TEST

/* A file that cannot be read gives no verdict, whatever is expected. */
START_TEST(test_unreadable)
{
	struct policy policy;
	struct image image;
	struct buf text = { 0 };
	int folder = open("/", O_RDONLY);

	ck_assert_int_ge(folder, 0);
	const struct image_source source = { folder, { NULL, 0 }, 0 };
	EXPECT_REASON("folder", image_read(&source, &published, NULL, &image),
		      REASON_FILE_UNREADABLE);
	ck_assert(!image_is_sound(&image));
	image_form_text(&image, &text);
	ck_assert_uint_gt(text.len, 0);
	struct report *report = report_new();
	policy_init(&policy);
	image_judge(&image, &policy, NOW, report);
	expect_row("form", report, CHECK_EIF_FORM, STATUS_ERROR, REASON_FILE_UNREADABLE);
	ck_assert_int_eq(report_conclude(report, &policy.require), VERDICT_ERROR);
	report_free(report);
	policy_done(&policy);
	image_done(&image);
	buf_done(&text);
	(void)close(folder);
}
END_TEST

/* Bytes that were read before count as the file's first. */
START_TEST(test_head)
{
	struct buf bytes = eifmint_usual((struct span){ NULL, 0 });

	for (size_t head = 0; head <= bytes.len; head += support_thin(41)) {
		struct image image;
		EXPECT_REASON("head", read_pipe(buf_span(&bytes), head, &image), REASON_OK);
		ck_assert(image_is_sound(&image));
		image_done(&image);
	}
	buf_done(&bytes);
}
END_TEST

struct told {
	unsigned calls;
	uint64_t done;
};

static void on_progress(void *context, uint64_t done, uint64_t size)
{
	struct told *told = context;

	told->calls++;
	ck_assert_uint_gt(done, told->done);
	ck_assert_uint_le(done, size);
	told->done = done;
}

START_TEST(test_progress)
{
	struct buf bytes = eifmint_usual((struct span){ NULL, 0 });
	struct told told = { 0, 0 };
	const struct image_progress progress = { &told, on_progress };
	struct image image;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], bytes.at + 100, bytes.len - 100),
			 (ssize_t)(bytes.len - 100));
	(void)close(ends[1]);
	const struct image_source source = { ends[0], { bytes.at, 100 }, bytes.len };
	EXPECT_REASON("progress", image_read(&source, &published, &progress, &image), REASON_OK);
	ck_assert_uint_eq(told.calls, 2);
	ck_assert_uint_eq(told.done, bytes.len);
	(void)close(ends[0]);
	image_done(&image);
	buf_done(&bytes);
}
END_TEST

START_TEST(test_checks)
{
	struct check_set set = image_checks();

	ck_assert(set.has[CHECK_EIF_FORM] && set.has[CHECK_EIF_CRC] &&
		  set.has[CHECK_EIF_SIGNATURE] && set.has[CHECK_PCR_MATCH] &&
		  set.has[CHECK_PCR31_MATCH] && set.has[CHECK_ENCLAVE_HASH_MATCH]);
	ck_assert(!set.has[CHECK_DOCUMENT_FORM] && !set.has[CHECK_PCR_DEBUG]);
}
END_TEST

/* pcr.json and text of an image by AWS's builder, against what that printed. */
START_TEST(test_peer)
{
	struct buf bytes = { 0 };
	struct buf said = { 0 };
	struct buf json = { 0 };
	struct span rest;
	struct span line;
	struct image image;

	if (!support_shared("image/peer", "eif/peer_signed.eif", &bytes) ||
	    !support_shared("image/peer", "eif/peer_signed.stdout.txt", &said))
		return;
	EXPECT_REASON("read", read_pipe(buf_span(&bytes), 4, &image), REASON_OK);
	image_pcr_json(&image, &json);
	struct span ours = buf_span(&json);
	rest = buf_span(&said);
	ck_assert(support_line(&rest, &line)); /* Output file: */
	for (size_t n = 0; support_line(&rest, &line); n++) {
		struct span our_line;
		ck_assert(support_line(&ours, &our_line));
		if (n != 1) /* HashAlgorithm is how Rust shows its hasher */
			EXPECT_BYTES("pcr.json", our_line, line);
	}
	ck_assert_uint_eq(ours.len, 0);
	image_done(&image);
	buf_done(&bytes);
	buf_done(&said);
	buf_done(&json);
}
END_TEST

/* Strings from outside act on no terminal. */
START_TEST(test_escaped)
{
	static const char metadata[] =
		"{\"ImageName\":\"\\u001b[2J\\n\xc3\xa4\",\"ImageVersion\":\"1\",\"BuildMetadata\":{"
		"\"BuildTime\":\"t\",\"BuildTool\":\"b\",\"BuildToolVersion\":\"v\","
		"\"OperatingSystem\":\"o\",\"KernelVersion\":\"k\"}}";
	struct eifsigner signer = eifsigner_new("P-384", FROM, TO);
	uint8_t pcr0[PCR_LEN] = { 0 };
	struct buf signature = eifsigner_usual(&signer, EIFSIGN_ES384, pcr0);
	const struct eifmint_section sections[] = {
		{ 1, SPAN_LITERAL("k") },      { 2, SPAN_LITERAL("\x1b[31m") },
		{ 5, SPAN_LITERAL(metadata) }, { 3, SPAN_LITERAL("r") },
		{ 4, buf_span(&signature) },
	};
	struct buf image = eifmint(4, 0, sections, 5);
	const struct report_style plain = { false, true };
	struct policy policy;
	struct buf text = { 0 };

	policy_init(&policy);
	struct report *report = judge(buf_span(&image), &policy);
	report_text(report, &plain, &text);
	for (size_t i = 0; i < text.len; i++)
		ck_assert(text.at[i] == '\n' || (text.at[i] >= 0x20 && text.at[i] < 0x7f));
	buf_byte(&text, 0);
	ck_assert_ptr_nonnull(strstr((const char *)text.at, "\\x1b[2J\\x0a\\xc3\\xa4"));
	report_free(report);
	policy_done(&policy);
	buf_done(&text);
	buf_done(&image);
	buf_done(&signature);
	eifsigner_done(&signer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image");

	support_add(suite, "good", test_good);
	support_add(suite, "nothing expected", test_nothing_expected);
	support_add(suite, "registers", test_registers);
	support_add(suite, "signature", test_signature);
	support_add(suite, "large sections", test_large_sections);
	support_add(suite, "faults", test_faults);
	support_add(suite, "needs", test_needs);
	support_add(suite, "unreadable", test_unreadable);
	support_add(suite, "head", test_head);
	support_add(suite, "progress", test_progress);
	support_add(suite, "checks", test_checks);
	support_add(suite, "peer", test_peer);
	support_add(suite, "escaped", test_escaped);
	return support_main(suite);
}
