#include "verify/statement.h"

#include <stdlib.h>
#include <string.h>

#include "test/support.h"
#include "verify/dsse.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define COMMIT "0123456789abcdef0123456789abcdef01234567"

/* What the first place of one text becomes in a good payload. More rows: statements/index.tsv. */
static const struct {
	const char *row;
	const char *from;
	const char *to;
	enum reason want;
} rows[] = {
	{ "as it is", "", "", REASON_OK },
	{ "an empty text", "\"https://in-toto.io/Statement/v1\"", "\"\"", REASON_STATEMENT_SHAPE },
	{ "a number", "\"https://in-toto.io/Statement/v1\"", "1", REASON_STATEMENT_SHAPE },
	{ "another type", "Statement/v1", "Statement/v2", REASON_STATEMENT_TYPE },
	{ "a name in another case", "\"_type\"", "\"_Type\"", REASON_STATEMENT_SHAPE },
	{ "another predicate", "provenance/v1", "provenance/v0.2", REASON_STATEMENT_PREDICATE },
	{ "another build", "rebuild/v1", "rebuild/v2", REASON_STATEMENT_BUILD_TYPE },
	{ "no image file", "\"enclave.eif\"", "\"Enclave.eif\"", REASON_STATEMENT_SUBJECT },
	{ "a register is missing", "nitro-pcr1", "nitro-pcr3", REASON_STATEMENT_PCRS },
	{ "a parameter more", "\"attribute\"", "\"x\":\"y\",\"attribute\"",
	  REASON_STATEMENT_PARAMETERS },
	{ "another parameter", "\"attribute\"", "\"Attribute\"", REASON_STATEMENT_PARAMETERS },
	{ "no source", "\"source\"", "\"sources\"", REASON_STATEMENT_SOURCE },
	{ "another algorithm", "gitCommit", "sha1", REASON_STATEMENT_SOURCE },
	{ "an odd image", "\"name\":\"image\"", "\"name\":\"source\"", REASON_STATEMENT_SOURCE },
	{ "the lock as image", "lock:nixpkgs", "image", REASON_STATEMENT_DEPENDENCY },
	{ "no builder", "\"id\"", "\"ID\"", REASON_STATEMENT_SHAPE },
	{ "no verdict", "enclavecheck_verdict", "verdict", REASON_STATEMENT_VERDICT },
	{ "an unknown verdict", "\"pass\"", "\"passed\"", REASON_STATEMENT_VERDICT },
	{ "text behind it", "}}}}", "}}}}x", REASON_JSON_TRAILING },
	{ "not UTF-8", "alice",
	  "al\xff"
	  "ce",
	  REASON_JSON_BAD_STRING },
};

static struct buf good_payload(void)
{
	struct buf file = support_vector("statements/alice.json");
	struct dsse dsse = { .n_signatures = 0 };
	struct json_place place;

	EXPECT_REASON("alice.json", dsse_read(buf_span(&file), &dsse, &place), REASON_OK);
	struct buf payload = dsse.payload;
	dsse.payload = (struct buf){ 0 };
	dsse_done(&dsse);
	buf_done(&file);
	return payload;
}

static struct buf replaced(struct span text, const char *from, const char *to)
{
	struct span wanted = span_of_text(from);
	struct buf out = { 0 };
	struct span head;
	size_t at = 0;

	while (at + wanted.len <= text.len && memcmp(text.at + at, from, wanted.len) != 0)
		at++;
	ck_assert_msg(at + wanted.len <= text.len, "no %s", from);
	ck_assert(span_take(&text, at, &head));
	buf_add(&out, head);
	buf_text(&out, to);
	ck_assert(span_take(&text, wanted.len, &head));
	buf_add(&out, text);
	return out;
}

START_TEST(test_rows)
{
	struct buf payload = good_payload();

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct buf text = replaced(buf_span(&payload), rows[i].from, rows[i].to);
		struct statement statement = { .tree = NULL };
		struct json_place place;
		uint8_t *exact = support_exact(buf_span(&text));
		EXPECT_REASON(rows[i].row,
			      statement_read((struct span){ exact, text.len }, &statement, &place),
			      rows[i].want);
		ck_assert_msg((statement.tree != NULL) == (rows[i].want == REASON_OK), "%s",
			      rows[i].row);
		statement_done(&statement);
		free(exact);
		buf_done(&text);
	}
	buf_done(&payload);
}
END_TEST

START_TEST(test_fields)
{
	struct buf payload = good_payload();
	struct statement statement = { .tree = NULL };
	struct statement_commit commit = { .len = 0 };
	struct json_place place;

	EXPECT_REASON("read", statement_read(buf_span(&payload), &statement, &place), REASON_OK);
	ck_assert_uint_eq(statement.pcrs.present, 7);
	ck_assert(statement_commit_read(SPAN_LITERAL(COMMIT), &commit));
	ck_assert_uint_eq(commit.len, STATEMENT_COMMIT_SHA1);
	const struct span got = { statement.commit.id, statement.commit.len };
	const struct span want = { commit.id, commit.len };
	EXPECT_BYTES("commit", got, want);
	ck_assert(statement.has_image && statement.compared);
	ck_assert_str_eq(statement.repository, "https://git.example/aws-nitro.git");
	ck_assert_str_eq(statement.attribute, "x86_64-eif");
	ck_assert_str_eq(statement.builder, "https://builder.example/alice");
	statement_done(&statement);
	statement_done(&statement);
	buf_done(&payload);
	ck_assert(!statement_commit_read(SPAN_LITERAL(""), &commit));
	ck_assert(!statement_commit_read(SPAN_LITERAL("0123456"), &commit));
	ck_assert(!statement_commit_read(SPAN_LITERAL(COMMIT "0"), &commit));
	ck_assert(!statement_commit_read(SPAN_LITERAL("x123456789abcdef0123456789abcdef01234567"),
					 &commit));
	ck_assert_uint_eq(commit.len, STATEMENT_COMMIT_SHA1);
	ck_assert(statement_commit_read(SPAN_LITERAL(COMMIT "0123456789ABCDEFabcdef01"), &commit));
	ck_assert_uint_eq(commit.len, STATEMENT_COMMIT_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("statement");

	support_add(suite, "rows", test_rows);
	support_add(suite, "fields", test_fields);
	return support_main(suite);
}
