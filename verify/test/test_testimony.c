/* What the command's tests (statement.bats and its table) cannot reach: no file at all, no key, a document whose
 * registers are not all there. */
#include "verify/testimony.h"

#include "test/support.h"

static void add_key(struct terms *terms, const char *name)
{
	struct buf pem = support_vector(name);

	EXPECT_REASON(name, pubkey_read(buf_span(&pem), &terms->keys[terms->n_keys++]), REASON_OK);
	buf_done(&pem);
}

static void hear(struct testimony *testimony, const char *name)
{
	struct buf file = support_vector(name);

	testimony_hear(testimony, span_of_text(name), buf_span(&file));
	buf_done(&file);
}

START_TEST(test_nothing)
{
	const struct check_set none = { .has = { false } };

	for (int with_key = 0; with_key < 2; with_key++) {
		for (int with_file = 0; with_file + with_key < 2; with_file++) {
			struct terms terms = { .n_keys = 0 };
			struct testimony testimony;
			struct report *report = report_new();
			if (with_key)
				add_key(&terms, "statements/alice.pem");
			testimony_start(&testimony, &terms);
			if (with_file)
				hear(&testimony, "statements/alice.json");
			ck_assert(!testimony_conclude(&testimony, NULL, report));
			ck_assert_int_eq((int)report_status(report, CHECK_STATEMENT_SIGNATURE),
					 (int)STATUS_FAIL);
			ck_assert_int_eq((int)report_status(report, CHECK_STATEMENT_THRESHOLD),
					 (int)STATUS_SKIP);
			ck_assert_int_eq((int)report_conclude(report, &none), (int)VERDICT_FAIL);
			report_free(report);
			testimony_done(&testimony);
			terms_done(&terms);
		}
	}
}
END_TEST

/* Registers that the document does not carry are not those of the statement. */
START_TEST(test_document)
{
	struct terms terms = { .n_keys = 0 };
	struct pcrs pcrs = { .present = 0 };

	add_key(&terms, "statements/alice.pem");
	for (int carried = 0; carried < 8; carried++) {
		const struct testimony_beside beside = { .pcrs = &pcrs,
							 .lacks = CHECK_COSE_SIGNATURE };
		struct testimony testimony;
		struct report *report = report_new();
		testimony_start(&testimony, &terms);
		hear(&testimony, "statements/alice.json");
		pcrs = testimony.pcrs;
		pcrs.present = (uint32_t)carried;
		ck_assert_int_eq(testimony_conclude(&testimony, &beside, report), carried == 7);
		ck_assert_int_eq((int)report_status(report, CHECK_STATEMENT_THRESHOLD),
				 carried == 7 ? (int)STATUS_PASS : (int)STATUS_FAIL);
		report_free(report);
		testimony_done(&testimony);
	}
	const struct testimony_beside beside = { .lacks = CHECK_COSE_SIGNATURE };
	struct testimony testimony;
	struct report *report = report_new();
	testimony_start(&testimony, &terms);
	hear(&testimony, "statements/alice.json");
	ck_assert(!testimony_conclude(&testimony, &beside, report));
	ck_assert_int_eq((int)report_status(report, CHECK_STATEMENT_THRESHOLD), (int)STATUS_SKIP);
	report_free(report);
	testimony_done(&testimony);
	terms_done(&terms);
}
END_TEST

START_TEST(test_sets)
{
	const struct check_set own = testimony_own_checks();
	const struct check_set all = testimony_checks();

	ck_assert(own.has[CHECK_STATEMENT_FORM] && own.has[CHECK_STATEMENT_IMAGE]);
	ck_assert(!own.has[CHECK_PCR_MATCH] && !own.has[CHECK_BUNDLE_FORM]);
	ck_assert(all.has[CHECK_PCR_MATCH] && all.has[CHECK_ENCLAVE_HASH_MATCH]);
	ck_assert(!all.has[CHECK_EIF_FORM] && !all.has[CHECK_CLAIMS_AGE]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("testimony");

	support_add(suite, "nothing", test_nothing);
	support_add(suite, "a document", test_document);
	support_add(suite, "sets of checks", test_sets);
	return support_main(suite);
}
