#include "verify/dossier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/support.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const uint8_t address[DOSSIER_ADDRESS_LEN] = { 1, 2, 3 };

START_TEST(test_ask)
{
	struct dossier *dossier = dossier_new();
	uint8_t data[2] = { 0, 0 };
	uint8_t other[DOSSIER_ADDRESS_LEN] = { 1, 2, 4 };
	size_t q = 99;

	ck_assert_ptr_nonnull(dossier);
	ck_assert(dossier_ask(dossier, QUESTION_CALL, address, SPAN_OF(data), &q) && q == 0);
	ck_assert(dossier_ask(dossier, QUESTION_STORAGE, address, SPAN_OF(data), &q) && q == 1);
	ck_assert(dossier_ask(dossier, QUESTION_CALL, other, SPAN_OF(data), &q) && q == 2);
	ck_assert(dossier_ask(dossier, QUESTION_CODE, address, (struct span){ 0 }, &q) && q == 3);
	ck_assert(dossier_ask(dossier, QUESTION_CALL, address, SPAN_OF(data), &q) && q == 0);
	ck_assert(dossier_ask(dossier, QUESTION_CODE, address, (struct span){ 0 }, &q) && q == 3);
	for (size_t i = 4; i < DOSSIER_QUESTIONS_MAX; i++) {
		data[0]++;
		ck_assert(dossier_ask(dossier, QUESTION_CALL, address, SPAN_OF(data), &q) &&
			  q == i);
	}
	data[1] = 1;
	ck_assert(!dossier_ask(dossier, QUESTION_CALL, address, SPAN_OF(data), &q));
	data[1] = 0;
	ck_assert(dossier_ask(dossier, QUESTION_CALL, address, SPAN_OF(data), &q));
	dossier_free(dossier);
	dossier_free(NULL);
}
END_TEST

START_TEST(test_servers)
{
	struct dossier *dossier = dossier_new();
	uint8_t host[DOSSIER_HOST_MAX + 1];
	char name[32];

	memset(host, 'h', sizeof(host));
	ck_assert_ptr_null(dossier_server(dossier, SPAN_OF(host)));
	ck_assert_ptr_null(dossier_server(dossier, SPAN_LITERAL("")));
	ck_assert_ptr_null(dossier_server(dossier, SPAN_LITERAL("a b")));
	ck_assert_ptr_null(dossier_server(dossier, SPAN_LITERAL("a\x7f")));
	ck_assert_ptr_null(dossier_server(dossier, SPAN_LITERAL("\xc3\xa4")));
	struct dossier_server *longest =
		dossier_server(dossier, (struct span){ host, DOSSIER_HOST_MAX });
	ck_assert_ptr_nonnull(longest);
	ck_assert_ptr_eq(dossier_server(dossier, (struct span){ host, DOSSIER_HOST_MAX }), longest);
	for (int i = 1; i < DOSSIER_SERVERS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "%d.example", i);
		ck_assert_ptr_nonnull(dossier_server(dossier, span_of_text(name)));
	}
	ck_assert_ptr_null(dossier_server(dossier, SPAN_LITERAL("more.example")));
	ck_assert_ptr_nonnull(dossier_server(dossier, SPAN_LITERAL("3.example")));
	dossier_free(dossier);
}
END_TEST

static void say(struct dossier_server *server, size_t q, enum answer_kind kind, const char *value)
{
	server->answers[q].kind = kind;
	buf_text(&server->answers[q].value, value);
}

START_TEST(test_round_trip)
{
	struct dossier *dossier = dossier_new();
	struct dossier *again = NULL;
	struct buf text = { 0 };
	struct buf second = { 0 };
	size_t q = 0;

	struct dossier_server *down = dossier_server(dossier, SPAN_LITERAL("down.example"));
	struct dossier_server *one = dossier_server(dossier, SPAN_LITERAL("one.example"));
	struct dossier_server *two = dossier_server(dossier, SPAN_LITERAL("two.example:8545"));
	down->has_chain_id = true;
	one->usable = two->usable = one->has_chain_id = two->has_chain_id = true;
	one->chain_id = UINT64_MAX;
	buf_text(&one->block, "{\"hash\":\"0x01\"}");
	buf_text(&two->block, "{}");
	for (int kind = QUESTION_CALL; kind <= QUESTION_LOGS; kind++)
		ck_assert(dossier_ask(dossier, (enum question_kind)kind, address,
				      SPAN_LITERAL("data"), &q));
	say(one, QUESTION_CALL, ANSWER_VALUE, "abc");
	say(two, QUESTION_CALL, ANSWER_REVERTED, "");
	say(one, QUESTION_CODE, ANSWER_VALUE, "code");
	say(two, QUESTION_PROOF, ANSWER_VALUE, "{\"nonce\":\"0x1\"}");
	say(one, QUESTION_PROOF, ANSWER_REFUSED, "");
	say(one, QUESTION_STORAGE, ANSWER_FAILED, "");
	say(two, QUESTION_LOGS, ANSWER_VALUE, "[]");
	say(down, QUESTION_LOGS, ANSWER_VALUE, "[]");
	EXPECT_REASON("write", dossier_json(dossier, &text), REASON_OK);
	EXPECT_REASON("read", dossier_read(buf_span(&text), &again), REASON_OK);
	ck_assert(again->recorded && !dossier->recorded);
	ck_assert_uint_eq(again->n_servers, 2);
	ck_assert_uint_eq(again->n_questions, 5);
	ck_assert_str_eq(again->servers[0].host, "one.example");
	ck_assert(again->servers[0].usable && again->servers[0].chain_id == UINT64_MAX);
	EXPECT_BYTES("block", buf_span(&again->servers[0].block), buf_span(&one->block));
	EXPECT_BYTES("call", buf_span(&again->servers[0].answers[QUESTION_CALL].value),
		     SPAN_LITERAL("abc"));
	ck_assert_int_eq(again->servers[1].answers[QUESTION_CALL].kind, ANSWER_REVERTED);
	/* left out: code, and what is no answer */
	ck_assert_int_eq(again->servers[0].answers[QUESTION_CODE].kind, ANSWER_NONE);
	ck_assert_int_eq(again->servers[0].answers[QUESTION_PROOF].kind, ANSWER_NONE);
	ck_assert_int_eq(again->servers[0].answers[QUESTION_STORAGE].kind, ANSWER_NONE);
	EXPECT_BYTES("proof", buf_span(&again->servers[1].answers[QUESTION_PROOF].value),
		     SPAN_LITERAL("{\"nonce\":\"0x1\"}"));
	EXPECT_REASON("write again", dossier_json(again, &second), REASON_OK);
	EXPECT_BYTES("the same text", buf_span(&second), buf_span(&text));
	dossier_free(dossier);
	dossier_free(again);
	buf_done(&text);
	buf_done(&second);
}
END_TEST

#define A20 "0x0102030000000000000000000000000000000000"
#define SERVER "{\"host\":\"a.example\",\"chain_id\":\"1\",\"block\":{}}"
#define RECORD(servers, questions) \
	"{\"schema\":1,\"servers\":[" servers "],\"questions\":[" questions "]}"
#define ASKED(kind, data, answers) \
	"{\"kind\":\"" kind "\",\"address\":\"" A20 "\",\"data\":\"" data \
	"\",\"answers\":[" answers "]}"
#define ANSWERED(kind, answers) RECORD(SERVER, ASKED(kind, "0x", answers))
#define SERVED(members) RECORD("{" members "}", "")

START_TEST(test_malformed)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ RECORD("", ""), true },
		{ RECORD(SERVER, ""), true },
		{ ANSWERED("call", "{\"server\":0,\"value\":\"0x00\"}"), true },
		{ ANSWERED("call", "{\"server\":0,\"reverted\":\"0x\"}"), true },
		{ ANSWERED("logs", "{\"server\":0,\"value\":[]}"), true },
		{ ANSWERED("proof", "{\"server\":0,\"value\":{}}"), true },
		{ RECORD(SERVER, ASKED("call", "0x00", "") "," ASKED("call", "0x01", "")), true },
		{ "", false },
		{ "[]", false },
		{ "{}", false },
		{ "null", false },
		{ RECORD("", "") "x", false },
		{ "{\"schema\":2,\"servers\":[],\"questions\":[]}", false },
		{ "{\"schema\":\"1\",\"servers\":[],\"questions\":[]}", false },
		{ "{\"schema\":1,\"servers\":[]}", false },
		{ "{\"schema\":1,\"servers\":{},\"questions\":[]}", false },
		{ "{\"schema\":1,\"servers\":[],\"questions\":[],\"more\":1}", false },
		{ "{\"schema\":1,\"schema\":1,\"servers\":[],\"questions\":[]}", false },
		{ RECORD("1", ""), false },
		{ RECORD(SERVER "," SERVER, ""), false },
		{ SERVED("\"host\":\"\",\"chain_id\":\"1\",\"block\":{}"), false },
		{ SERVED("\"host\":\"a b\",\"chain_id\":\"1\",\"block\":{}"), false },
		{ SERVED("\"host\":1,\"chain_id\":\"1\",\"block\":{}"), false },
		{ SERVED("\"host\":\"a\",\"chain_id\":1,\"block\":{}"), false },
		{ SERVED("\"host\":\"a\",\"chain_id\":\"01\",\"block\":{}"), false },
		{ SERVED("\"host\":\"a\",\"chain_id\":\"\",\"block\":{}"), false },
		{ SERVED("\"host\":\"a\",\"chain_id\":\"-1\",\"block\":{}"), false },
		{ SERVED("\"host\":\"a\",\"chain_id\":\"18446744073709551615\",\"block\":{}"),
		  true },
		{ SERVED("\"host\":\"a\",\"chain_id\":\"18446744073709551616\",\"block\":{}"),
		  false },
		{ SERVED("\"host\":\"a\",\"chain_id\":\"1\",\"block\":null"), false },
		{ SERVED("\"host\":\"a\",\"chain_id\":\"1\""), false },
		{ SERVED("\"host\":\"a\",\"chain_id\":\"1\",\"block\":{},\"more\":1"), false },
		{ RECORD(SERVER, "1"), false },
		{ RECORD(SERVER, "{\"kind\":\"call\"}"), false },
		{ ANSWERED("guess", ""), false },
		{ RECORD(SERVER, ASKED("call", "00", "")), false },
		{ RECORD(SERVER, ASKED("call", "0x0", "")), false },
		{ RECORD(SERVER, ASKED("call", "0x", "") "," ASKED("call", "0x", "")), false },
		{ ANSWERED("call", "1"), false },
		{ ANSWERED("call", "{\"server\":1,\"value\":\"0x\"}"), false },
		{ ANSWERED("call", "{\"server\":-1,\"value\":\"0x\"}"), false },
		{ ANSWERED("call", "{\"server\":0.5,\"value\":\"0x\"}"), false },
		{ ANSWERED("call", "{\"server\":\"0\",\"value\":\"0x\"}"), false },
		{ ANSWERED("call", "{\"server\":0}"), false },
		{ ANSWERED("call", "{\"server\":0,\"value\":\"0x\",\"reverted\":\"0x\"}"), false },
		{ ANSWERED("call", "{\"server\":0,\"value\":{}}"), false },
		{ ANSWERED("call", "{\"server\":0,\"value\":\"0xg0\"}"), false },
		{ ANSWERED("call", "{\"server\":0,\"value\":\"\"}"), false },
		{ ANSWERED("proof", "{\"server\":0,\"value\":\"0x\"}"), false },
		{ ANSWERED("proof", "{\"server\":0,\"value\":null}"), false },
		{ ANSWERED("call",
			   "{\"server\":0,\"value\":\"0x\"},{\"server\":0,\"value\":\"0x\"}"),
		  false },
		{ RECORD(SERVER, "{\"kind\":\"call\",\"address\":\"0x01\",\"data\":\"0x\","
				 "\"answers\":[]}"),
		  false },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct dossier *dossier = NULL;

		EXPECT_REASON(rows[i].text, dossier_read(span_of_text(rows[i].text), &dossier),
			      rows[i].good ? REASON_OK : REASON_ONCHAIN_RECORD);
		ck_assert((dossier != NULL) == rows[i].good);
		dossier_free(dossier);
	}
}
END_TEST

/* A record leaves room for the questions of a walk, and holds no more data than a question has. */
START_TEST(test_limits)
{
	for (size_t n = DOSSIER_RECORD_QUESTIONS; n <= DOSSIER_RECORD_QUESTIONS + 1; n++) {
		struct dossier *dossier = NULL;
		struct buf text = { 0 };

		buf_text(&text, "{\"schema\":1,\"servers\":[],\"questions\":[");
		for (size_t i = 0; i < n; i++) {
			buf_printf(&text,
				   "%s{\"kind\":\"call\",\"address\":\"" A20
				   "\",\"data\":\"0x%02zx\",\"answers\":[]}",
				   i > 0 ? "," : "", i);
		}
		buf_text(&text, "]}");
		EXPECT_REASON("questions", dossier_read(buf_span(&text), &dossier),
			      n <= DOSSIER_RECORD_QUESTIONS ? REASON_OK : REASON_ONCHAIN_RECORD);
		dossier_free(dossier);
		buf_done(&text);
	}
	for (size_t len = 256; len <= 257; len++) {
		struct dossier *dossier = NULL;
		struct buf text = { 0 };

		buf_text(&text, "{\"schema\":1,\"servers\":[],\"questions\":[{\"kind\":\"proof\","
				"\"address\":\"" A20 "\",\"data\":\"0x");
		for (size_t i = 0; i < len; i++)
			buf_text(&text, "00");
		buf_text(&text, "\",\"answers\":[]}]}");
		EXPECT_REASON("data", dossier_read(buf_span(&text), &dossier),
			      len <= 256 ? REASON_OK : REASON_ONCHAIN_RECORD);
		dossier_free(dossier);
		buf_done(&text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dossier");

	support_add(suite, "ask", test_ask);
	support_add(suite, "servers", test_servers);
	support_add(suite, "round trip", test_round_trip);
	support_add(suite, "malformed", test_malformed);
	support_add(suite, "limits", test_limits);
	return support_main(suite);
}
