#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/html.h"
#include "verify/report_chain.h"
#include "verify/report_limits.h"
#include "verify/report_rows.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct check_set nothing = { .has = { false } };

static enum check check_of(struct span id)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		if (span_equal(id, span_of_text(check_name((enum check)i))))
			return (enum check)i;
	}
	ck_abort_msg("no check is called %.*s", (int)id.len, (const char *)id.at);
}

/* "+chain.root" passes, "-" fails, "?" is in error, "~" is skipped. */
static struct report *report_of(const char *words)
{
	struct report *report = report_new();
	struct span rest = span_of_text(words);
	struct span word;
	struct span blank;

	ck_assert_ptr_nonnull(report);
	report_set_target(report, SPAN_LITERAL("target"));
	while (rest.len > 0) {
		size_t len = 0;
		while (len < rest.len && rest.at[len] != ' ')
			len++;
		ck_assert(span_take(&rest, len, &word));
		(void)span_take(&rest, rest.len > 0 ? 1 : 0, &blank);
		enum check check = check_of((struct span){ word.at + 1, word.len - 1 });
		if (word.at[0] == '+')
			report_pass(report, check, "fine");
		else if (word.at[0] == '-')
			report_fail(report, check, REASON_COSE_SIGNATURE, NULL);
		else if (word.at[0] == '?')
			report_error(report, check, REASON_CRYPTO_FAILED, NULL);
		else
			report_skip(report, check, REASON_NOT_REQUESTED, NULL);
	}
	(void)report_conclude(report, &nothing);
	return report;
}

static char *page_of(const struct report *report)
{
	struct buf out = { 0 };

	EXPECT_REASON("page", report_html(report, "tool", "1.0", &out), REASON_OK);
	char *text = buf_take_text(&out);
	ck_assert_ptr_nonnull(text);
	return text;
}

#define GENUINE "+document.form +claims.form +chain.root +chain.time +cose.signature "

/* A link is checked by nothing less than all checks that it needs. */
static const struct {
	const char *row;
	const char *checks;
	enum chain_link link;
	enum status status;
	const char *named; /* the check that is named beside it, NULL: none */
} chain_rows[] = {
	{ "no check", "", CHAIN_ROOT, STATUS_SKIP, NULL },
	{ "root", GENUINE, CHAIN_ROOT, STATUS_PASS, NULL },
	{ "root, not the time", "+chain.root ~chain.time", CHAIN_ROOT, STATUS_SKIP, "chain.time" },
	{ "root alone", "+chain.root", CHAIN_ROOT, STATUS_SKIP, NULL },
	{ "root, time wrong", "+chain.root -chain.time", CHAIN_ROOT, STATUS_FAIL, "chain.time" },
	{ "fail before error", "?chain.root -chain.time", CHAIN_ROOT, STATUS_FAIL, "chain.time" },
	{ "error", "?chain.root ~chain.time", CHAIN_ROOT, STATUS_ERROR, "chain.root" },
	{ "signature", GENUINE, CHAIN_SIGNATURE, STATUS_PASS, NULL },
	{ "signature wrong", "-cose.signature", CHAIN_SIGNATURE, STATUS_FAIL, "cose.signature" },
	{ "document", GENUINE "+pcr.debug +pcr0.match", CHAIN_DOCUMENT, STATUS_PASS, NULL },
	{ "document, by its hash", GENUINE "+pcr.debug +enclave_hash.match", CHAIN_DOCUMENT,
	  STATUS_PASS, NULL },
	{ "document, nothing expected", GENUINE "+pcr.debug ~enclave_hash.match", CHAIN_DOCUMENT,
	  STATUS_SKIP, NULL },
	{ "document, PCR1 alone", GENUINE "+pcr.debug +pcr1.match ~pcr2.match", CHAIN_DOCUMENT,
	  STATUS_SKIP, "pcr2.match" },
	{ "document, debug", GENUINE "~user_data.match ~pcr.debug +pcr0.match", CHAIN_DOCUMENT,
	  STATUS_SKIP, "pcr.debug" },
	{ "document, another image", GENUINE "+pcr.debug -pcr0.match", CHAIN_DOCUMENT, STATUS_FAIL,
	  "pcr0.match" },
	{ "document, another role", GENUINE "+pcr.debug +pcr0.match -pcr3.match", CHAIN_DOCUMENT,
	  STATUS_FAIL, "pcr3.match" },
	{ "document, bundle", "-bundle.form " GENUINE "+pcr.debug +pcr0.match", CHAIN_DOCUMENT,
	  STATUS_FAIL, "bundle.form" },
	{ "document, of an image", "+eif.form +eif.crc +pcr0.match", CHAIN_DOCUMENT, STATUS_SKIP,
	  NULL },
	{ "image", "+eif.form +eif.crc ~eif.signature +pcr0.match", CHAIN_EIF, STATUS_PASS, NULL },
	{ "image, signature wrong", "+eif.form +eif.crc -eif.signature +pcr0.match", CHAIN_EIF,
	  STATUS_FAIL, "eif.signature" },
	{ "image, another", "+eif.form +eif.crc -pcr0.match", CHAIN_EIF, STATUS_FAIL,
	  "pcr0.match" },
	{ "image, nothing expected", "+eif.form +eif.crc ~enclave_hash.match", CHAIN_EIF,
	  STATUS_SKIP, NULL },
	{ "image, of a document", GENUINE "+pcr.debug -pcr0.match", CHAIN_EIF, STATUS_SKIP, NULL },
	{ "hash", "+enclave_hash.match", CHAIN_HASH, STATUS_PASS, NULL },
	{ "hash, not asked for", "~enclave_hash.match", CHAIN_HASH, STATUS_SKIP,
	  "enclave_hash.match" },
	{ "hash, another", "-enclave_hash.match", CHAIN_HASH, STATUS_FAIL, "enclave_hash.match" },
	{ "no contract", GENUINE "+pcr.debug +enclave_hash.match", CHAIN_CONTRACT, STATUS_SKIP,
	  NULL },
	{ "contract", "+onchain.chain_id +onchain.registered", CHAIN_CONTRACT, STATUS_PASS, NULL },
	{ "contract, another chain", "-onchain.chain_id +onchain.registered", CHAIN_CONTRACT,
	  STATUS_FAIL, "onchain.chain_id" },
	{ "contract, too weak", "+onchain.chain_id ?onchain.registered", CHAIN_CONTRACT,
	  STATUS_ERROR, "onchain.registered" },
	{ "contract, not asked", "+onchain.chain_id ~onchain.registered", CHAIN_CONTRACT,
	  STATUS_SKIP, "onchain.registered" },
	{ "contract, a hash of no known image", "+onchain.registered", CHAIN_HASH, STATUS_SKIP,
	  NULL },
	{ "contract names the image", GENUINE "+pcr.debug +onchain.registered", CHAIN_DOCUMENT,
	  STATUS_PASS, NULL },
	{ "moment by nonce", "~claims.age +nonce.match", CHAIN_MOMENT, STATUS_PASS, NULL },
	{ "moment by age", "+claims.age ~nonce.match", CHAIN_MOMENT, STATUS_PASS, NULL },
	{ "moment, neither", "~claims.age ~nonce.match", CHAIN_MOMENT, STATUS_SKIP, "nonce.match" },
	{ "moment, stale", "-claims.age +nonce.match", CHAIN_MOMENT, STATUS_FAIL, "claims.age" },
	{ "connection", "+endpoint.fetch +endpoint.tls", CHAIN_PEER, STATUS_PASS, NULL },
	{ "connection, unbound", "+endpoint.fetch ~endpoint.tls", CHAIN_PEER, STATUS_SKIP,
	  "endpoint.tls" },
	{ "connection, unreachable", "?endpoint.fetch ~endpoint.tls", CHAIN_PEER, STATUS_ERROR,
	  "endpoint.fetch" },
	{ "rebuilt source", "+source.commit ~source.signature ~source.pins", CHAIN_SOURCE,
	  STATUS_PASS, NULL },
	{ "rebuilt source, unpinned", "+source.commit -source.pins", CHAIN_SOURCE, STATUS_FAIL,
	  "source.pins" },
	{ "rebuilt, no container image", "~image.digest ~image.files", CHAIN_IMAGE, STATUS_SKIP,
	  "image.digest" },
	{ "rebuilt", "+build.completed ~build.independent +build.pcrs +image.in_eif", CHAIN_BUILD,
	  STATUS_PASS, NULL },
	{ "rebuilt without its files", "+build.completed -image.in_eif", CHAIN_BUILD, STATUS_FAIL,
	  "image.in_eif" },
	{ "statement", "+statement.signature +statement.threshold +statement.commit", CHAIN_SOURCE,
	  STATUS_PASS, NULL },
	{ "statement, too few", "+statement.signature -statement.threshold +statement.commit",
	  CHAIN_SOURCE, STATUS_FAIL, "statement.threshold" },
	{ "statement, no commit", "+statement.signature +statement.threshold ~statement.commit",
	  CHAIN_SOURCE, STATUS_SKIP, "statement.commit" },
	{ "statement, image", "+statement.signature +statement.threshold +pcr0.match", CHAIN_EIF,
	  STATUS_PASS, NULL },
	{ "source", GENUINE "+pcr.debug +pcr0.match", CHAIN_SOURCE, STATUS_SKIP, NULL },
	{ "container image", GENUINE "+pcr.debug +pcr0.match", CHAIN_IMAGE, STATUS_SKIP, NULL },
	{ "build", GENUINE "+pcr.debug +pcr0.match", CHAIN_BUILD, STATUS_SKIP, NULL },
};

START_TEST(test_chain)
{
	for (size_t i = 0; i < LENGTH(chain_rows); i++) {
		const struct row *row = NULL;
		const char *rests = NULL;
		struct report *report = report_of(chain_rows[i].checks);
		enum status status = report_chain_status(report, chain_rows[i].link, &row, &rests);
		ck_assert_msg(status == chain_rows[i].status, "%s: status %d", chain_rows[i].row,
			      (int)status);
		ck_assert_msg((rests != NULL) == (status == STATUS_PASS), "%s: rests on %s",
			      chain_rows[i].row, rests != NULL ? rests : "nothing");
		const char *named = row != NULL ? check_name(row->check) : "none";
		const char *wanted = chain_rows[i].named != NULL ? chain_rows[i].named : "none";
		ck_assert_msg(strcmp(named, wanted) == 0, "%s: %s is named", chain_rows[i].row,
			      named);
		report_free(report);
	}
}
END_TEST

/* The hash that a contract was asked for is that of PCR0 only where it is the same. */
START_TEST(test_asked)
{
	static const struct {
		const char *key;
		bool proven;
		enum status status;
	} rows[] = {
		{ "0x01", true, STATUS_PASS },
		{ "0x02", true, STATUS_SKIP },
		{ "0x01", false, STATUS_SKIP },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct row *row = NULL;
		const char *rests = NULL;
		struct report *report = report_of("+onchain.registered");
		cJSON *facts = cJSON_CreateObject();
		report_member(report, "key", rows[i].key);
		ck_assert_ptr_nonnull(cJSON_AddStringToObject(facts, "enclave_hash", "0x01"));
		report_take_facts(report, facts, rows[i].proven);
		ck_assert_int_eq(report_chain_status(report, CHAIN_HASH, &row, &rests),
				 rows[i].status);
		char *page = page_of(report);
		ck_assert_ptr_nonnull(strstr(page, "<b>Contract</b> <code>fine</code>"));
		free(page);
		report_free(report);
	}
}
END_TEST

START_TEST(test_limits)
{
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		const char *id = check_name((enum check)i);
		const struct report_limit *limit = report_limit_of((enum check)i);
		ck_assert_msg(limit != NULL, "%s: nothing says what it does not prove", id);
		ck_assert_msg(strncmp(limit->checks, id, strlen(limit->checks)) == 0, "%s", id);
		ck_assert_msg(limit->text[strlen(limit->text) - 1] == '.', "%s: no sentence", id);
	}
	ck_assert_str_eq(report_limit_of(CHECK_PCR_MATCH)->checks, "pcr0.match");
	ck_assert_str_eq(report_limit_of(CHECK_PCR_DEBUG)->checks, "pcr.debug");
	ck_assert_str_eq(report_limit_of((enum check)(CHECK_PCR_MATCH + 15))->checks, "pcr");
	ck_assert_ptr_null(report_limit_of(CHECK_COUNT));
}
END_TEST

#define HOSTILE "</code><script>alert(1)</script>&\"'\x1b[2J\xe2\x80\xae\\"
#define HARMLESS \
	"&lt;/code&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;\\x1b[2J\\xe2\\x80\\xae\\x5c"

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
		n++;
	return n;
}

/* Wherever text from outside can stand. */
START_TEST(test_hostile)
{
	struct report *report = report_new();
	cJSON *facts = cJSON_CreateObject();
	cJSON *member = cJSON_CreateObject();

	ck_assert_ptr_nonnull(report);
	report_set_target(report, SPAN_LITERAL(HOSTILE));
	report_set_url(report, SPAN_LITERAL(HOSTILE));
	report_fail(report, CHECK_PCR_MATCH, REASON_PCR_MISMATCH, "%s", HOSTILE);
	report_compared(report, SPAN_LITERAL(HOSTILE), SPAN_LITERAL(HOSTILE),
			SPAN_LITERAL(HOSTILE));
	report_member(report, HOSTILE, HOSTILE);
	ck_assert_ptr_nonnull(cJSON_AddStringToObject(facts, "module_id", HOSTILE));
	ck_assert_ptr_nonnull(cJSON_AddStringToObject(facts, "enclave_hash", HOSTILE));
	cJSON *pcrs = cJSON_AddObjectToObject(facts, "pcrs");
	ck_assert_ptr_nonnull(cJSON_AddStringToObject(pcrs, "0", HOSTILE));
	cJSON *list = cJSON_AddArrayToObject(facts, "certificates");
	for (size_t i = 0; i < 2; i++) {
		cJSON *certificate = cJSON_CreateObject();
		ck_assert_ptr_nonnull(cJSON_AddStringToObject(certificate, "subject", HOSTILE));
		ck_assert(cJSON_AddItemToArray(list, certificate));
	}
	report_take_facts(report, facts, false);
	ck_assert_ptr_nonnull(cJSON_AddStringToObject(member, HOSTILE, HOSTILE));
	report_take_member(report, HOSTILE, member);
	(void)report_conclude(report, &nothing);
	char *page = page_of(report);
	ck_assert_ptr_null(strstr(page, "<script"));
	/* title, heading, first bad check: 3; drawn: PCR0, hash, document, connection, two
	 * certificates: 6; the check's row: message, source, values, its member: 6; facts: 3;
	 * certificates: 2; the report's member: heading, name, value: 3 */
	ck_assert_uint_eq(count(page, HARMLESS), 23);
	for (const char *at = page; *at != '\0'; at++)
		ck_assert_msg(*at == '\n' || (*at >= ' ' && *at <= '~'), "byte %d", *at);
	ck_assert_ptr_nonnull(strstr(page, "UNVERIFIED"));
	ck_assert_ptr_null(strstr(page, "<h2>Facts</h2>"));
	free(page);
	report_free(report);
}
END_TEST

/* What is in the page, by the verdict. */
static const struct {
	const char *row;
	const char *checks;
	const char *title;
	const char *there;
	const char *absent;
} page_rows[] = {
	{ "pass", GENUINE "+pcr.debug +pcr0.match", "<title>PASS: target</title>",
	  "<div class=\"verdict pass\">\n<h1>PASS</h1>", "FAIL" },
	{ "pass, limits", GENUINE "+pcr.debug +pcr0.match", "<title>PASS: target</title>",
	  "<b>cose.signature</b> does not prove when", "<b>endpoint.fetch</b>" },
	{ "fail", GENUINE "+pcr.debug -pcr0.match", "<title>FAIL: target</title>",
	  "<div class=\"verdict fail\">\n<h1>FAIL</h1>", "<b>pcr0.match</b> does not prove" },
	{ "skips are no passes", GENUINE "+pcr.debug ~nonce.match +pcr0.match",
	  "<title>PASS: target</title>",
	  "<tr><td>nonce.match</td><td title=\"Result\" class=\"word skip\">skip</td>",
	  "<b>nonce.match</b> does not prove" },
	{ "error", "?document.form", "<title>ERROR: target</title>",
	  "<div class=\"verdict error\">\n<h1>ERROR</h1>", "PASS" },
	{ "nothing expected", GENUINE "+pcr.debug", "<title>ERROR: target</title>",
	  "No verdict: ", "PASS" },
	{ "compared with nothing", "+eif.form +eif.crc ~enclave_hash.match",
	  "<title>ERROR: target</title>",
	  "not checked</span> nothing was given that says which image to expect</li>",
	  "checked</span> the image was measured" },
};

START_TEST(test_page)
{
	for (size_t i = 0; i < LENGTH(page_rows); i++) {
		struct report *report = report_of(page_rows[i].checks);
		char *page = page_of(report);
		ck_assert_msg(strstr(page, page_rows[i].title) != NULL, "%s", page_rows[i].row);
		ck_assert_msg(strstr(page, page_rows[i].there) != NULL, "%s", page_rows[i].row);
		ck_assert_msg(strstr(page, page_rows[i].absent) == NULL, "%s", page_rows[i].row);
		ck_assert_ptr_nonnull(strstr(page, "content=\"default-src 'none'; "));
		ck_assert_ptr_nonnull(strstr(page, "<footer><p>tool 1.0</p></footer>\n</body>\n"));
		free(page);
		report_free(report);
	}
}
END_TEST

/* What weakens a verdict stands beside it wherever it is said: title, heading, summary. */
START_TEST(test_weakened)
{
	struct report *report = report_of(GENUINE "+pcr.debug +pcr0.match");
	struct report_page page = { .n = { 0 } };
	struct buf out = { 0 };

	report_set_debug(report, true);
	char *one = page_of(report);
	ck_assert_uint_eq(count(one, "PASS (debug enclave)"), 2);
	ck_assert_uint_eq(count(one, "PASS"), 2);
	free(one);
	report_page_add(&page, report);
	report_page_add(&page, report);
	EXPECT_REASON("two", report_page_end(&page, "tool", "1.0", &out), REASON_OK);
	char *two = buf_take_text(&out);
	ck_assert_uint_eq(count(two, "PASS (debug enclave)"), 4);
	ck_assert_ptr_nonnull(strstr(two, "<a href=\"#t2\">"));
	ck_assert_ptr_nonnull(strstr(two, "<section id=\"t2\">"));
	free(two);
	report_page_done(&page);
	report_free(report);
}
END_TEST

/* The worst of several: reports by letters, p, f, e; the title's verdict. */
START_TEST(test_several)
{
	static const struct {
		const char *reports;
		const char *title;
	} rows[] = {
		{ "", "<title>ERROR: 0 targets</title>" },
		{ "pp", "<title>PASS: 2 targets</title>" },
		{ "pe", "<title>ERROR: 2 targets</title>" },
		{ "epf", "<title>FAIL: 3 targets</title>" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct report_page page = { .n = { 0 } };
		struct buf out = { 0 };
		for (const char *at = rows[i].reports; *at != '\0'; at++) {
			struct report *report = report_of(*at == 'p' ? "+pcr0.match" :
							  *at == 'f' ? "-pcr0.match" :
								       "?pcr0.match");
			report_page_add(&page, report);
			report_free(report);
		}
		EXPECT_REASON(rows[i].title, report_page_end(&page, "tool", "1.0", &out),
			      REASON_OK);
		char *text = buf_take_text(&out);
		ck_assert_msg(strstr(text, rows[i].title) != NULL, "%s", rows[i].title);
		free(text);
		report_page_done(&page);
	}
}
END_TEST

/* Pages that were made in any order and joined are the page that was made in order. */
START_TEST(test_joined)
{
	static const char *const letters[] = { "-pcr0.match", "+pcr0.match", "?pcr0.match" };
	static const size_t order[] = { 2, 0, 1 };
	struct report_page whole = { .n = { 0 } };
	struct report_page joined = { .n = { 0 } };
	struct report_page parts[LENGTH(letters)];
	struct buf wanted = { 0 };
	struct buf out = { 0 };

	for (size_t i = 0; i < LENGTH(letters); i++) {
		struct report *report = report_of(letters[i]);
		report_page_add(&whole, report);
		report_free(report);
	}
	for (size_t k = 0; k < LENGTH(order); k++) {
		struct report *report = report_of(letters[order[k]]);
		parts[order[k]] = (struct report_page){ .before = order[k] };
		report_page_add(&parts[order[k]], report);
		report_free(report);
	}
	for (size_t i = 0; i < LENGTH(parts); i++)
		report_page_join(&joined, &parts[i]);
	EXPECT_REASON("whole", report_page_end(&whole, "tool", "1.0", &wanted), REASON_OK);
	EXPECT_REASON("joined", report_page_end(&joined, "tool", "1.0", &out), REASON_OK);
	ck_assert(span_equal(buf_span(&out), buf_span(&wanted)));
	buf_done(&out);
	/* one that there was no memory for makes the whole fail */
	report_page_add(&parts[1], NULL);
	report_page_join(&joined, &parts[1]);
	EXPECT_REASON("failed", report_page_end(&joined, "tool", "1.0", &out),
		      REASON_OUT_OF_MEMORY);
	for (size_t i = 0; i < LENGTH(parts); i++)
		report_page_done(&parts[i]);
	report_page_done(&whole);
	report_page_done(&joined);
	buf_done(&wanted);
	buf_done(&out);
}
END_TEST

/* No page may leave a target out. */
START_TEST(test_lost)
{
	struct report_page page = { .n = { 0 } };
	struct buf out = { 0 };
	struct report *report = report_of("+pcr0.match");

	report_page_add(&page, report);
	report_page_add(&page, NULL);
	EXPECT_REASON("lost", report_page_end(&page, "tool", "1.0", &out), REASON_OUT_OF_MEMORY);
	buf_done(&out);
	report_page_done(&page);
	report_free(report);
}
END_TEST

/* Members of any shape, a row for each value; what lies deeper than eight levels as JSON. */
START_TEST(test_tree)
{
	static const char text[] =
		"{\"a\":[1,{\"b\":true},[]],\"c\":null,\"d\":\"x\",\"e\":"
		"{\"1\":{\"2\":{\"3\":{\"4\":{\"5\":{\"6\":{\"7\":{\"8\":9}}}}}}}}}";
	static const char *const wanted[] = {
		"<tr><td>a[0]</td><td title=\"Value\"><code>1</code>",
		"<tr><td>a[1].b</td><td title=\"Value\"><code>true</code>",
		"<tr><td>a[2]</td><td title=\"Value\"><code>[]</code>",
		"<tr><td>c</td><td title=\"Value\"><code>null</code>",
		"<tr><td>d</td><td title=\"Value\"><code>x</code>",
		"<tr><td>e.1.2.3.4.5.6.7</td><td title=\"Value\"><code>{&quot;8&quot;:9}</code>",
	};
	struct report *report = report_of("+pcr0.match");

	report_take_member(report, "saver", cJSON_ParseWithLengthOpts(text, sizeof(text), NULL, 1));
	char *page = page_of(report);
	for (size_t i = 0; i < LENGTH(wanted); i++)
		ck_assert_msg(strstr(page, wanted[i]) != NULL, "%s", wanted[i]);
	ck_assert_uint_eq(count(page, "title=\"Value\""), LENGTH(wanted));
	free(page);
	report_free(report);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report_html");

	support_add(suite, "chain", test_chain);
	support_add(suite, "asked", test_asked);
	support_add(suite, "limits", test_limits);
	support_add(suite, "hostile", test_hostile);
	support_add(suite, "page", test_page);
	support_add(suite, "weakened", test_weakened);
	support_add(suite, "several", test_several);
	support_add(suite, "joined", test_joined);
	support_add(suite, "lost", test_lost);
	support_add(suite, "tree", test_tree);
	return support_main(suite);
}
