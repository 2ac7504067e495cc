#include <string.h>

#include "verify/report_rows.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define BOLD "\033[1m"
#define PLAIN "\033[0m"

static void coloured(struct buf *out, const struct report_style *style, const char *colour,
		     const char *text)
{
	if (style->colour)
		buf_printf(out, "%s%s%s", colour, text, PLAIN);
	else
		buf_text(out, text);
}

static bool is_hex_text(const char *text)
{
	if (text[0] == '0' && text[1] == 'x')
		text += 2;
	return text[strspn(text, "0123456789abcdef")] == '\0';
}

/* A value: long hex shortened to its first 8 and last 4 digits unless all of it is wanted. */
static void value(struct buf *out, const struct report_style *style, const char *text)
{
	struct span all = span_of_text(text);
	size_t head = text[0] == '0' && text[1] == 'x' ? 10 : 8;

	if (style->verbose || all.len <= 32 || !is_hex_text(text)) {
		buf_escaped(out, all);
		return;
	}
	buf_add(out, (struct span){ all.at, head });
	buf_text(out, "...");
	buf_add(out, (struct span){ all.at + all.len - 4, 4 });
}

static void verdict_line(const struct report *report, const struct report_style *style,
			 struct buf *out)
{
	static const char *const words[] = { "ERROR", "FAIL", "PASS" };
	static const char *const colours[] = { BOLD YELLOW, BOLD RED, BOLD GREEN };
	const struct row *bad = report_first_bad(report);
	struct buf weakened = { 0 };

	coloured(out, style, colours[report->verdict], words[report->verdict]);
	report_weakened(report, &weakened);
	if (weakened.len > 0) {
		buf_text(out, " (");
		buf_add(out, buf_span(&weakened));
		buf_text(out, ")");
	}
	if (weakened.failed) /* a verdict is never said without what weakens it */
		out->failed = true;
	buf_done(&weakened);
	buf_text(out, "  ");
	if (report->target != NULL)
		buf_escaped(out, span_of_text(report->target));
	if (bad != NULL)
		buf_printf(out, ": %s", check_name(bad->check));
	else if (report->verdict != VERDICT_PASS)
		buf_printf(out, ": %s", reason_name(report->verdict_reason));
	buf_text(out, "\n");
}

static void status_word(enum status status, const struct report_style *style, struct buf *out)
{
	switch (status) {
	case STATUS_PASS:
		coloured(out, style, GREEN, "ok");
		buf_text(out, "    ");
		break;
	case STATUS_FAIL:
		coloured(out, style, RED, "FAIL");
		buf_text(out, "  ");
		break;
	case STATUS_SKIP:
		coloured(out, style, YELLOW, "skip");
		buf_text(out, "  ");
		break;
	case STATUS_ERROR:
		coloured(out, style, RED, "error");
		buf_text(out, " ");
		break;
	}
}

/* The two values of a failed comparison, one below the other so that the eye compares them. */
static void comparison(const struct row *row, const char *carrier, const struct report_style *style,
		       struct buf *out)
{
	buf_text(out, "      expected  ");
	value(out, style, row->expected);
	buf_text(out, "   ");
	buf_escaped(out, span_of_text(row->source));
	buf_text(out, "\n      actual    ");
	value(out, style, row->actual);
	buf_printf(out, "   %s\n", carrier);
}

/* What the actual value of a check was taken from: the evidence as a whole, where the check does not say it. */
static const char *carrier_of(const struct row *row, enum evidence evidence)
{
	static const char *const carriers[] = { "document", "image", "statement", "document" };

	if (row->check >= CHECK_ONCHAIN_CHAIN_ID && row->check <= CHECK_ONCHAIN_SIGNER)
		return row->check == CHECK_ONCHAIN_CHAIN_ID ? "server" : "contract";
	if (row->check == CHECK_STATEMENT_COMMIT || row->check == CHECK_STATEMENT_IMAGE)
		return "statement";
	const char *id = check_name(row->check);
	bool of_image = row->check == CHECK_STATEMENT_THRESHOLD || strncmp(id, "eif.", 4) == 0 ||
			strncmp(id, "build.", 6) == 0;
	return evidence == EVIDENCE_AUDIT && of_image ? "image" : carriers[evidence];
}

static void row_lines(const struct row *row, enum evidence evidence,
		      const struct report_style *style, struct buf *out)
{
	bool compared = row->expected != NULL && row->actual != NULL && row->source != NULL;

	buf_printf(out, "  %-20s ", check_name(row->check));
	status_word(row->status, style, out);
	if (row->status == STATUS_PASS && compared) {
		value(out, style, row->expected);
		buf_text(out, " (");
		buf_escaped(out, span_of_text(row->source));
		buf_text(out, ")\n");
		return;
	}
	buf_escaped(out, span_of_text(row_message(row)));
	if (row->status == STATUS_FAIL || row->status == STATUS_ERROR)
		buf_printf(out, " (%s)", reason_name(row->reason));
	buf_text(out, "\n");
	if (compared)
		comparison(row, carrier_of(row, evidence), style, out);
}

/* What to do, by the reason of the first check that failed or else by the check itself. */
static const struct {
	enum reason reason;
	const char *text;
} advice_by_reason[] = {
	{ REASON_X509_VALIDITY,
	  "A document can be judged at the present time for about three hours. "
	  "An archived one is judged with --at document." },
	{ REASON_X509_ROOT,
	  "No genuine AWS document begins with another root. A simulated enclave's, or that of "
	  "another AWS partition, is judged with --root." },
	{ REASON_TIMESTAMP_STALE,
	  "Ask the enclave for a fresh document. If it hands out old ones, somebody may be "
	  "replaying them." },
	{ REASON_TIMESTAMP_FUTURE,
	  "Compare this machine's clock with a trusted one before anything else." },
	{ REASON_NONCE_MISMATCH, "This document answers another request: it may be a replay." },
	{ REASON_DEBUG_PCRS,
	  "Start the enclave without debug mode: now its console is open to the host and its "
	  "documents name no image." },
	{ REASON_REQUIRED_SKIPPED, "Give what the check needs, or leave it out of --require." },
	{ REASON_FILE_UNREADABLE, "Nothing was judged." },
	{ REASON_NOT_REGISTERED,
	  "The contract lets no enclave of this image sign. Register it, or find out who removed it." },
	{ REASON_OTHER_HASH,
	  "The contract lets enclaves of another image sign, not of this one: register this one, or "
	  "find out which image the other one is." },
	{ REASON_SERVERS_DISAGREE,
	  "One of the servers errs or lies: ask others, until it is clear which." },
	{ REASON_QUORUM_NOT_REACHED,
	  "Nothing is known of the contract: ask other servers with --rpc." },
	{ REASON_GENERATION_MISMATCH,
	  "Name the family and generation that is deployed at this address: --registry." },
	{ REASON_CODE_HASH_MISMATCH,
	  "The contract was upgraded or replaced since it was pinned: look at what runs there now "
	  "before trusting its answers." },
};

static const struct {
	enum check check;
	const char *text;
} advice_by_check[] = {
	{ CHECK_DOCUMENT_FORM,
	  "This is not an attestation document as AWS makes them. `enclave-verify show` prints "
	  "whatever can be decoded." },
	{ CHECK_CLAIMS_FORM,
	  "This is not an attestation document as AWS makes them. `enclave-verify show` prints "
	  "whatever can be decoded." },
	{ CHECK_CHAIN_ROOT, "Nothing in this document can be trusted." },
	{ CHECK_COSE_SIGNATURE, "Nothing in this document can be trusted." },
	{ CHECK_EIF_FORM,
	  "No enclave should be started from this file: tools and loaders may take it for different "
	  "images." },
	{ CHECK_EIF_CRC,
	  "The file was damaged or changed after it was built; no enclave starts from it. Fetch or "
	  "build it again." },
	{ CHECK_BUNDLE_FORM,
	  "This folder is not what was saved: files are damaged, missing, or were added." },
	{ CHECK_STATEMENT_FORM, "This is no statement that `enclave-rebuild run --sign` writes." },
	{ CHECK_STATEMENT_SIGNATURE,
	  "Nothing in these statements can be trusted: they were altered, or somebody else signed "
	  "them." },
	{ CHECK_STATEMENT_THRESHOLD,
	  "Ask more builders for a statement of their own, or find out why they do not agree." },
	{ CHECK_STATEMENT_COMMIT,
	  "The statements are genuine: whoever signed them rebuilt another commit." },
	{ CHECK_STATEMENT_IMAGE,
	  "The statements are genuine, but do not show that this container image was used." },
	{ CHECK_EIF_SIGNATURE,
	  "Whoever the certificate names did not sign this image, or not now." },
};

static const char *advice_on(const struct row *bad, const struct report *report)
{
	bool is_aws = report->has_root && report->root.is_aws;

	if (bad->advice != NULL)
		return bad->advice;
	if (bad->reason == REASON_PCR_MISMATCH || bad->reason == REASON_ENCLAVE_HASH_MISMATCH) {
		if (report->evidence == EVIDENCE_IMAGE)
			return "The image is sound, but not the one that is expected: "
			       "`enclave-rebuild compare` shows where two images differ.";
		if (report->evidence == EVIDENCE_AUDIT)
			return "Commit, expected values and enclave do not go together: the report "
			       "says who says what. Until it is known why, treat the host as "
			       "compromised.";
		if (report->evidence == EVIDENCE_STATEMENT)
			return "The statements are genuine: whoever signed them rebuilt another image "
			       "than the expected one.";
		return is_aws ?
			       "The document is genuine: AWS signed it for another image. Rebuild that image's "
			       "commit, or treat the host as compromised." :
			       "The document is genuine under the custom root: it was signed for another image.";
	}
	for (size_t i = 0; i < sizeof(advice_by_reason) / sizeof(advice_by_reason[0]); i++) {
		if (advice_by_reason[i].reason == bad->reason)
			return advice_by_reason[i].text;
	}
	for (size_t i = 0; i < sizeof(advice_by_check) / sizeof(advice_by_check[0]); i++) {
		if (advice_by_check[i].check == bad->check)
			return advice_by_check[i].text;
	}
	return NULL;
}

const char *report_advice(const struct report *report)
{
	const struct row *bad = report_first_bad(report);

	return bad != NULL ? advice_on(bad, report) : NULL;
}

static void enclave_hash_line(const struct report *report, struct buf *out)
{
	const cJSON *hash = cJSON_GetObjectItemCaseSensitive(report->facts, "enclave_hash");

	if (!report->facts_proven || !cJSON_IsString(hash))
		return;
	buf_text(out, "ENCLAVE_HASH ");
	buf_escaped(out, span_of_text(hash->valuestring));
	buf_text(out, report->debug ? " (of any debug enclave: never register it)\n" : "\n");
}

const char *report_no_verdict(const struct report *report)
{
	for (size_t i = 0; report->verdict_reason == REASON_NOTHING_EXPECTED && i < report->n_rows;
	     i++) {
		if (strncmp(check_name(report->rows[i].check), "source.", 7) == 0)
			return "nothing was given that says which image to expect: add expect to the "
			       "recipe, --expect-pcr0 or --eif";
	}
	return reason_sentence(report->verdict_reason);
}

void report_text(const struct report *report, const struct report_style *style, struct buf *out)
{
	const struct row *bad = report_first_bad(report);
	const char *advice = report_advice(report);

	verdict_line(report, style, out);
	for (size_t i = 0; i < report->n_rows; i++)
		row_lines(&report->rows[i], report->evidence, style, out);
	buf_add(out, buf_span(&report->lines));
	enclave_hash_line(report, out);
	for (size_t i = 0; i < report->n_notes; i++)
		buf_printf(out, "Note: %s.\n", report->notes[i]);
	if (advice != NULL)
		buf_printf(out, "%s\n", advice);
	if (report->verdict == VERDICT_ERROR && bad == NULL)
		buf_printf(out, "No verdict: %s.\n", report_no_verdict(report));
}
