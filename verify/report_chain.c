#include "verify/report_chain.h"

#include <string.h>

#include "verify/html.h"
#include "verify/instant.h"

#define WAYS_MAX 2

/* One link. `checks` are those that concern it; where one of them failed, so did the link. It was
 * checked when all of `needs` passed, in one of the ways. Words are as in --require, with commas
 * between. */
struct link {
	bool names_image; /* and a check passed that says which image it is */
	const char *checks;
	struct {
		const char *needs;
		const char *rests; /* what the link then rests on */
	} ways[WAYS_MAX];
};

static const struct link links[CHAIN_LINKS] = {
	[CHAIN_SOURCE] = { false,
			   "source.*,statement.form,statement.signature,statement.threshold,"
			   "statement.commit",
			   { { "source.commit", "the commit was fetched whole, its hash computed" },
			     { "statement.signature,statement.threshold,statement.commit",
			       "the word of those who signed the statement" } } },
	[CHAIN_IMAGE] = { false,
			  "image.*,statement.form,statement.signature,statement.threshold,"
			  "statement.image",
			  { { "image.digest,image.files",
			      "the files were taken from the image of this digest" },
			    { "statement.signature,statement.threshold,statement.image",
			      "the word of those who signed the statement" } } },
	[CHAIN_BUILD] = { false,
			  "build.*,image.in_eif,statement.form,statement.signature,"
			  "statement.threshold",
			  { { "build.completed", "built here" },
			    { "statement.signature,statement.threshold",
			      "the word of those who signed the statement" } } },
	[CHAIN_EIF] = { true,
			"eif.*,statement.form,statement.signature,statement.threshold",
			{ { "eif.form,eif.crc", "the image was measured here, and compared" },
			  { "statement.signature,statement.threshold",
			    "the word of those who signed the statement" } } },
	[CHAIN_HASH] = { false,
			 "enclave_hash.match",
			 { { "enclave_hash.match", "keccak256 of the 48 bytes of PCR0, compared" },
			   { "onchain.registered",
			     "the contract was asked for keccak256 of this PCR0" } } },
	[CHAIN_CONTRACT] = { false,
			     "onchain.*",
			     { { "onchain.registered",
				 "what the contract's chain says, in the strength that "
				 "onchain.registered names" } } },
	[CHAIN_DOCUMENT] = { true,
			     "bundle.form,document.form,claims.form,pcr.debug,user_data.match,"
			     "public_key.match",
			     { { "document.form,claims.form,pcr.debug",
				 "the document has the registers that are expected, here or by the "
				 "contract" } } },
	[CHAIN_MOMENT] = { false,
			   "nonce.match,claims.age",
			   { { "nonce.match", "the document holds the nonce" },
			     { "claims.age", "the document's age is within the limit; it can be "
					     "replayed until then" } } },
	[CHAIN_PEER] = { false,
			 "endpoint.*",
			 { { "endpoint.tls",
			     "the document names the certificate of this connection" } } },
	[CHAIN_SIGNATURE] = { false,
			      "cose.signature",
			      { { "cose.signature",
				  "ES384 by the key of the leaf certificate" } } },
	[CHAIN_ROOT] = { false,
			 "chain.*",
			 { { "chain.root,chain.time",
			     "each certificate is signed by the next one below, and valid at the "
			     "judged time" } } },
};

/* True when `words` name the check. */
static bool concerns(const char *words, enum check check)
{
	struct span id = span_of_text(check_name(check));
	struct span rest = span_of_text(words);
	struct span word;
	struct span comma;

	while (rest.len > 0) {
		size_t len = 0;
		while (len < rest.len && rest.at[len] != ',')
			len++;
		if (!span_take(&rest, len, &word))
			return false;
		struct span begin = id;
		if (word.len > 0 && word.at[word.len - 1] == '*') {
			word.len--;
			begin.len = word.len < id.len ? word.len : id.len;
		}
		if (span_equal(word, begin))
			return true;
		(void)span_take(&rest, rest.len > 0 ? 1 : 0, &comma);
	}
	return false;
}

static bool is_register(enum check check)
{
	return check >= CHECK_PCR_MATCH && check <= CHECK_ENCLAVE_HASH_MATCH;
}

static size_t count_words(const char *words)
{
	size_t n = 1;

	for (; *words != '\0'; words++)
		n += *words == ',' ? 1 : 0;
	return n;
}

/* True when each of the needed checks is there and passed. */
static bool all_passed(const struct report *report, const char *needs)
{
	size_t n = 0;

	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		if (row->status == STATUS_PASS && concerns(needs, row->check))
			n++;
	}
	return n == count_words(needs);
}

/* True when a row is about the link. Registers are about one that a check of its own concerns. */
static bool is_about(const struct link *link, bool own, const struct row *row)
{
	return concerns(link->checks, row->check) ||
	       (own && link->names_image && is_register(row->check));
}

/* The first row in this state that is about the link. */
static const struct row *find_row(const struct report *report, const struct link *link,
				  enum status status)
{
	/* without a document, registers are those of an image or a statement */
	bool of_others = link == &links[CHAIN_DOCUMENT] && (report->evidence == EVIDENCE_IMAGE ||
							    report->evidence == EVIDENCE_STATEMENT);
	bool own = false;

	for (size_t i = 0; i < report->n_rows && !of_others; i++)
		own = own || concerns(link->checks, report->rows[i].check);
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		if (row->status == status && is_about(link, own, row))
			return row;
	}
	return NULL;
}

/* Why a link of which nothing failed was not checked: a skip in its way. */
static const struct row *find_skip(const struct report *report, const struct link *link)
{
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		if (row->status == STATUS_SKIP && concerns(link->ways[0].needs, row->check))
			return row;
	}
	return find_row(report, link, STATUS_SKIP);
}

/* All is well with it, but there was nothing to compare with. */
static bool lacks_name(const struct report *report, const struct link *link)
{
	return link->names_image && !report_names_image(report) &&
	       all_passed(report, link->ways[0].needs);
}

static const char *fact(const struct report *report, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(report->facts, key);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

static const char *pcr0(const struct report *report)
{
	const cJSON *pcrs = cJSON_GetObjectItemCaseSensitive(report->facts, "pcrs");
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(pcrs, "0");

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

static const struct row *row_of(const struct report *report, enum check check)
{
	for (size_t i = 0; i < report->n_rows; i++) {
		if (report->rows[i].check == check)
			return &report->rows[i];
	}
	return NULL;
}

/* What was rebuilt has a recipe for its target, not an image. */
static bool is_rebuild(const struct report *report)
{
	for (size_t i = 0; i < report->n_rows; i++) {
		if (concerns(links[CHAIN_BUILD].ways[0].needs, report->rows[i].check))
			return true;
	}
	return false;
}

/* The key that the contract was asked for, NULL where none was. */
static const char *asked(const struct report *report)
{
	const struct row *row = row_of(report, CHECK_ONCHAIN_REGISTERED);

	if (row == NULL)
		return NULL;
	const cJSON *key = cJSON_GetObjectItemCaseSensitive(row->members, "key");
	return cJSON_GetStringValue(key);
}

/* A contract may go by another rule than keccak256 of PCR0, or be asked for a hash without one. */
static bool asked_for_pcr0(const struct report *report)
{
	const char *key = asked(report);
	const char *hash = fact(report, "enclave_hash");

	return report->facts_proven && key != NULL && hash != NULL && strcmp(key, hash) == 0;
}

enum status report_chain_status(const struct report *report, enum chain_link which,
				const struct row **ret_row, const char **ret_rests)
{
	const struct link *link = &links[which];

	*ret_rests = NULL;
	*ret_row = find_row(report, link, STATUS_FAIL);
	if (*ret_row != NULL)
		return STATUS_FAIL;
	*ret_row = find_row(report, link, STATUS_ERROR);
	if (*ret_row != NULL)
		return STATUS_ERROR;
	bool is_named = !link->names_image || report_names_image(report);
	for (size_t i = 0; i < WAYS_MAX && link->ways[i].needs != NULL; i++) {
		if (which == CHAIN_HASH && i == 1 && !asked_for_pcr0(report))
			continue;
		if (is_named && all_passed(report, link->ways[i].needs)) {
			*ret_rests = link->ways[i].rests;
			return STATUS_PASS;
		}
	}
	*ret_row = find_skip(report, link);
	/* that some other thing was not asked for is not why; a register that is missing is */
	if (*ret_row != NULL && lacks_name(report, link) &&
	    (!is_register((*ret_row)->check) || (*ret_row)->check == CHECK_ENCLAVE_HASH_MATCH))
		*ret_row = NULL;
	return STATUS_SKIP;
}

/* Shape and word say what the colour says. */
static const struct {
	const char *class;
	const char *word;
	const char *shape; /* drawn in 16 by 16 */
} looks[] = {
	[STATUS_ERROR] = { "error", "not judged",
			   "<path d=\"M8 2 15 14H1Z\"/><path d=\"M8 6v4m0 2v1\"/>" },
	[STATUS_SKIP] = { "skip", "not checked",
			  "<circle cx=\"8\" cy=\"8\" r=\"6\" stroke-dasharray=\"2 2\"/>" },
	[STATUS_FAIL] = { "fail", "FAILED",
			  "<rect x=\"2\" y=\"2\" width=\"12\" height=\"12\"/>"
			  "<path d=\"m5 5 6 6m0-6-6 6\"/>" },
	[STATUS_PASS] = { "pass", "checked",
			  "<circle cx=\"8\" cy=\"8\" r=\"6\"/><path d=\"m5 8 2 3 4-6\"/>" },
};

static void draw_link(const struct report *report, enum chain_link which, struct buf *out)
{
	const struct row *row = NULL;
	const char *rests = NULL;

	enum status status = report_chain_status(report, which, &row, &rests);
	buf_printf(out,
		   "<li class=\"link %s\"><span class=\"mark\"><svg viewBox=\"0 0 16 16\" "
		   "aria-hidden=\"true\">%s</svg> %s</span> ",
		   looks[status].class, looks[status].shape, looks[status].word);
	if (rests != NULL)
		buf_text(out, rests);
	else if (row == NULL)
		buf_text(out, lacks_name(report, &links[which]) ?
				      "nothing was given that says which image to expect" :
				      "not part of this report");
	else {
		buf_printf(out, "<b>%s</b> ", check_name(row->check));
		html_text(out, span_of_text(row_message(row)));
	}
	buf_text(out, "</li>\n");
}

/* A box: what it is, its value (from outside, NULL where it is not known), a remark of ours. */
static void draw_node(struct buf *out, const char *what, const char *value, const char *remark)
{
	buf_printf(out, "<li class=\"node%s\"><b>%s</b>", value == NULL ? " unknown" : "", what);
	if (value != NULL) {
		buf_text(out, " <code>");
		html_text(out, span_of_text(value));
		buf_text(out, "</code>");
	}
	if (remark != NULL)
		buf_printf(out, " <small>%s</small>", remark);
}

static void draw_leaf(struct buf *out, const char *what, const char *value, const char *remark)
{
	draw_node(out, what, value, remark);
	buf_text(out, "</li>\n");
}

/* The value that a check of this id compared, whichever of the two ids is there. */
static const char *compared(const struct report *report, const char *ids)
{
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		if (concerns(ids, row->check) && row->actual != NULL)
			return row->actual;
	}
	return NULL;
}

/* What a check that passed names as a member, or else compared. */
static const char *named(const struct report *report, const char *id, const char *key,
			 const char *ids)
{
	for (size_t i = 0; i < report->n_rows; i++) {
		const struct row *row = &report->rows[i];
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(row->members, key);
		if (concerns(id, row->check) && row->status == STATUS_PASS && cJSON_IsString(item))
			return item->valuestring;
	}
	return compared(report, ids);
}

/* The image by its name, or that of a rebuild by its digest. */
static const char *eif_of(const struct report *report)
{
	const cJSON *info = cJSON_GetObjectItemCaseSensitive(report->members, "build_info");
	const cJSON *eif = cJSON_GetObjectItemCaseSensitive(info, "eif");
	const cJSON *sha256 = cJSON_GetObjectItemCaseSensitive(eif, "sha256");

	if (is_rebuild(report))
		return cJSON_IsString(sha256) ? sha256->valuestring : NULL;
	return report->evidence == EVIDENCE_IMAGE ? report->target : NULL;
}

/* What claims say is marked until they are proven. */
static const char *unproven(const struct report *report)
{
	return report->facts != NULL && !report->facts_proven ? "UNVERIFIED" : NULL;
}

static const char *pcr0_remark(const struct report *report)
{
	const struct row *row = row_of(report, CHECK_PCR_MATCH);

	return row != NULL && row->status == STATUS_FAIL ? "not the expected one" :
							   unproven(report);
}

static void draw_moment(const struct report *report, struct buf *out)
{
	static const char *const sources[] = { NULL, "as given by --at, not now",
					       "the document&#39;s own time, not now" };
	char text[INSTANT_TEXT_LEN];

	draw_link(report, CHAIN_MOMENT, out);
	if (report->has_time)
		instant_rfc3339(report->at, text);
	draw_leaf(out, "Judged time", report->has_time ? text : NULL,
		  report->has_time ? sources[report->time_source] : NULL);
}

/* From the leaf up; the first of the list is the root. */
static void draw_certificates(const struct report *report, struct buf *out)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(report->facts, "certificates");
	const cJSON *root = list != NULL ? list->child : NULL;
	const cJSON *leaf = root != NULL ? root->prev : NULL; /* cJSON: of the first, the last */
	const char *name = "Root certificate";
	const char *remark = unproven(report);

	if (report->has_root)
		name = report->root.is_aws ? "AWS Nitro Enclaves root" : "Custom root (--root)";
	for (const cJSON *one = leaf; one != NULL && one != root; one = one->prev) {
		const cJSON *subject = cJSON_GetObjectItemCaseSensitive(one, "subject");
		draw_leaf(out, one == leaf ? "Leaf certificate" : "Certificate",
			  cJSON_IsString(subject) ? subject->valuestring : "?", remark);
	}
	if (leaf == NULL || leaf == root)
		draw_leaf(out, "Leaf certificate", NULL, NULL);
	draw_link(report, CHAIN_ROOT, out);
	const cJSON *subject = cJSON_GetObjectItemCaseSensitive(root, "subject");
	if (remark == NULL && report->has_root && !report->root.is_aws)
		remark = "not AWS&#39;s";
	draw_leaf(out, name, cJSON_IsString(subject) ? subject->valuestring : NULL, remark);
}

/* What the contract said, where it is what was to be shown. */
static const char *answered(const struct report *report)
{
	const struct row *row = row_of(report, CHECK_ONCHAIN_REGISTERED);

	return row != NULL && row->status == STATUS_PASS ? row_message(row) : NULL;
}

void report_chain_draw(const struct report *report, struct buf *out)
{
	const char *remark = unproven(report);
	const char *eif = eif_of(report);

	buf_text(out, "<ol class=\"chain\">\n");
	draw_leaf(out, "Source commit",
		  named(report, "source.commit", "commit", "statement.commit"), NULL);
	draw_link(report, CHAIN_SOURCE, out);
	draw_leaf(out, "Container image",
		  named(report, "image.digest", "reference", "statement.image"), NULL);
	draw_link(report, CHAIN_IMAGE, out);
	draw_leaf(out, "Build", NULL, NULL);
	draw_link(report, CHAIN_BUILD, out);
	draw_leaf(out, "Enclave image (EIF)", eif,
		  eif != NULL && is_rebuild(report) ? "SHA-256" : NULL);
	draw_link(report, CHAIN_EIF, out);
	draw_node(out, "PCR0", pcr0(report), pcr0_remark(report));
	buf_text(out, "\n<ol>\n");
	draw_link(report, CHAIN_HASH, out);
	const char *hash = fact(report, "enclave_hash");
	const char *key = asked(report);
	draw_leaf(out, "ENCLAVE_HASH", key != NULL ? key : hash, key != NULL ? NULL : remark);
	draw_link(report, CHAIN_CONTRACT, out);
	draw_leaf(out, "Contract", answered(report), NULL);
	buf_text(out, "</ol>\n</li>\n");
	draw_link(report, CHAIN_DOCUMENT, out);
	draw_node(out, "Attestation document", fact(report, "module_id"), remark);
	buf_text(out, "\n<ol>\n");
	draw_moment(report, out);
	draw_link(report, CHAIN_PEER, out);
	draw_leaf(out, "Connection", report->url, NULL);
	buf_text(out, "</ol>\n</li>\n");
	draw_link(report, CHAIN_SIGNATURE, out);
	draw_certificates(report, out);
	buf_text(out, "</ol>\n");
}
