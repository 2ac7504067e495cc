/* Every allocation of the verbs that ask, and of the rooms around them, fails once, and then that one and all after
 * it. Nothing may crash or leak, no pass may be said, nor the same status, with something lost: least of all what
 * weakens it.
 * In place of attest/http.c, and so of libcurl, stand answers from memory. OpenSSL keeps its own malloc. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/checking.h"
#include "attest/export.h"
#include "attest/question.h"
#include "attest/targetfile.h"
#include "attest/verb.h"
#include "test/oom.h"
#include "test/support.h"
#include "verify/basenc.h"
#include "verify/json.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define NOW INT64_C(1767434401)
#define URL "https://enclave.example"
#define PCR0 \
	"4a6badea3a596cda4062bf12d1357293f8a808ed95b8865130286fb323119c84b95d268a8950ffc4af7b7d80d62b4b36"
#define HASH_REST "1510b76878df429921be6a0cd6e9bfaffb2177550f586d5bdcc67c611f83"
#define HASH "0x1788" HASH_REST

/* --- the world outside --- */

static struct {
	struct buf document; /* what an enclave of the profile odyn answers */
	struct buf hex;      /* and one of nautilus: JSON */
	struct dossier *record;
	struct onchain_block block;
} outside;

struct http {
	int unused;
};

struct http *http_new(const struct http_route *route, const struct http_clock *clock)
{
	(void)route;
	(void)clock;
	return calloc(1, sizeof(struct http));
}

void http_free(struct http *http)
{
	free(http);
}

void http_answer_done(struct http_answer *answer)
{
	buf_done(&answer->headers);
	buf_done(&answer->body);
	buf_done(&answer->peer_der);
	*answer = (struct http_answer){ 0 };
}

bool http_answer_header(const struct http_answer *answer, const char *name, struct span *ret)
{
	return header_find(buf_span(&answer->headers), span_of_text(name), ret, NULL);
}

enum reason http_route_check(const struct http_route *route)
{
	(void)route;
	return REASON_OK;
}

bool http_library_start(void)
{
	return true;
}

void http_library_stop(void)
{
}

void http_library_version(struct buf *ret)
{
	buf_text(ret, "none");
}

/* "0x..." or JSON, as a server gives it. */
static void put_value(const struct question *question, const struct answer *answer, struct buf *out)
{
	if (answer->kind == ANSWER_NONE) {
		buf_text(out, "\"error\":{\"code\":-32601,\"message\":\"no\"}}");
	} else if (answer->kind == ANSWER_REVERTED) {
		buf_text(out, "\"error\":{\"code\":3,\"message\":\"execution reverted\"}}");
	} else if (question->kind == QUESTION_PROOF || question->kind == QUESTION_LOGS) {
		buf_text(out, "\"result\":");
		buf_add(out, buf_span(&answer->value));
		buf_text(out, "}");
	} else {
		buf_text(out, "\"result\":\"0x");
		hex_encode(out, buf_span(&answer->value));
		buf_text(out, "\"}");
	}
}

/* What the recorded server of this host answers. */
static void tell(const struct http_request *request, struct buf *out)
{
	char *body = support_text(request->body);
	const size_t s = strstr(request->url, "b.example") != NULL ? 1 : 0;
	const struct dossier_server *server = &outside.record->servers[s];
	const struct question nothing = { .kind = QUESTION_CODE };
	const struct answer none = { .kind = ANSWER_NONE };
	size_t q = 0;

	const char *number = strstr(body, "\"id\":");
	ck_assert_ptr_nonnull(number);
	const uint32_t id = (uint32_t)strtoul(number + 5, NULL, 10);
	buf_printf(out, "{\"jsonrpc\":\"2.0\",\"id\":%u,", (unsigned)id);
	if (strstr(body, "\"eth_chainId\"") != NULL) {
		buf_text(out, "\"result\":\"0x7a69\"}");
	} else if (strstr(body, "\"eth_getBlockBy") != NULL) {
		buf_text(out, "\"result\":");
		buf_add(out, buf_span(&server->block));
		buf_text(out, "}");
	} else {
		for (; q < outside.record->n_questions; q++) {
			struct buf words = { 0 };
			struct buf whole = { 0 };
			const char *method = question_words(&outside.record->questions[q],
							    &outside.block, false, &words);
			char *params = buf_take_text(&words);
			rpc_request(id, method, params, &whole);
			const bool same = span_equal(buf_span(&whole), request->body);
			free(params);
			buf_done(&whole);
			if (same)
				break;
		}
		if (q < outside.record->n_questions)
			put_value(&outside.record->questions[q], &server->answers[q], out);
		else
			put_value(&nothing, &none, out);
	}
	free(body);
}

enum reason http_exchange(struct http *http, const struct http_request *request,
			  struct http_answer *ret)
{
	(void)http;
	oom_pause();
	*ret = (struct http_answer){ .status = 200 };
	if (strstr(request->url, "enclave.example/v1/") != NULL) {
		buf_text(&ret->headers,
			 "HTTP/1.1 200 OK\r\nContent-Type: application/cbor\r\n\r\n");
		buf_add(&ret->body, buf_span(&outside.document));
	} else if (strstr(request->url, "enclave.example/") != NULL) {
		buf_text(&ret->headers,
			 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n");
		buf_add(&ret->body, buf_span(&outside.hex));
	} else {
		tell(request, &ret->body);
	}
	buf_text(&ret->peer_der, "certificate");
	oom_resume();
	return REASON_OK;
}

static int64_t ticks_ms(void)
{
	return 0;
}

static void sleep_ms(int64_t ms)
{
	(void)ms;
}

static int64_t clock_ms(void)
{
	return NOW * 1000;
}

static bool random_bytes(uint8_t *ret, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)i;
	return true;
}

/* Enters a folder with what the scenarios read. */
static void prepare(void)
{
	static const char *const names[] = { "root.pem", "pcr.json" };
	struct buf files[LENGTH(names)];
	struct buf record = support_vector("onchain/record.json");
	struct buf plain = support_vector("document.cbor");

	for (size_t i = 0; i < LENGTH(names); i++)
		files[i] = support_vector(names[i]);
	outside.document = support_vector("documents/bound.cbor");
	support_enter();
	for (size_t i = 0; i < LENGTH(names); i++) {
		support_write(names[i], buf_span(&files[i]));
		buf_done(&files[i]);
	}
	buf_text(&outside.hex, "{\"attestation\":\"");
	hex_encode(&outside.hex, buf_span(&plain));
	buf_text(&outside.hex, "\"}");
	buf_done(&plain);
	EXPECT_REASON("record", dossier_read(buf_span(&record), &outside.record), REASON_OK);
	buf_done(&record);
	/* the block of the record, to which its questions belong */
	struct onchain_policy policy;
	onchain_policy_init(&policy);
	outside.record->recorded = false;
	onchain_agree(outside.record, &policy, NOW, &outside.block);
	EXPECT_REASON("block", outside.block.reason, REASON_OK);
}

static void leave(void)
{
	dossier_free(outside.record);
	buf_done(&outside.document);
	buf_done(&outside.hex);
	support_leave();
}

/* --- verbs --- */

#define REGISTRY \
	" --registry espresso-v7:0x45ca33f9742c0845204923a3b55c9b683c4a7de8 --chain-id 31337 " \
	"--rpc https://a.example --rpc https://b.example"
#define CHECK "--profile odyn --root root.pem --pcrs pcr.json"

struct scenario {
	const char *row;
	const struct attest_verb *verb;
	const char *words; /* its options */
	const char *operand;
	enum cli_format format;
	bool to_file;
	bool state; /* with a state file that another image was seen in */
	int want;
};

static const struct scenario scenarios[] = {
	{ "check", &attest_check, CHECK, URL, CLI_TEXT, false, false, 0 },
	{ "check, JSON, a change", &attest_check, CHECK, URL, CLI_JSON, true, true, 0 },
	{ "check, a change", &attest_check, CHECK, URL, CLI_TEXT, false, true, 0 },
	{ "check for Nagios", &attest_check, CHECK, URL, CLI_NAGIOS, false, false, 0 },
	{ "check for Prometheus", &attest_check, CHECK, URL, CLI_PROM, true, true, 0 },
	{ "check, a page", &attest_check, CHECK, URL, CLI_HTML, true, true, 0 },
	{ "check, another image", &attest_check,
	  "--profile odyn --root root.pem --enclave-hash 0x0788" HASH_REST, URL, CLI_NAGIOS, false,
	  true, 2 },
	{ "check, JSON from the enclave", &attest_check,
	  "--profile nautilus --root root.pem --pcrs pcr.json", URL, CLI_TEXT, false, false, 0 },
	{ "check with a contract for Nagios", &attest_check, CHECK REGISTRY " --quorum 2", URL,
	  CLI_NAGIOS, false, false, 0 },
	{ "onchain", &attest_onchain, REGISTRY, HASH, CLI_TEXT, false, false, 0 },
	{ "onchain of a file, JSON", &attest_onchain, REGISTRY, "pcr.json", CLI_JSON, true, false,
	  0 },
};

static char *kept_words; /* a run borrows its options */

static void apply(struct attest_run *run, const struct scenario *scenario)
{
	char *text = support_text(span_of_text(scenario->words));
	char *argv[32] = { NULL };
	int argc = 1;
	struct cli_words words;
	const struct cli_option *option = NULL;
	const char *value = NULL;
	const char *message = NULL;
	char *rest = NULL;

	for (char *word = strtok_r(text, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	cli_words_start(&words, argc, argv);
	for (size_t i = 0; i < ATTEST_TABLES_MAX; i++)
		cli_words_table(&words, scenario->verb->tables[i].options,
				scenario->verb->tables[i].n);
	while (cli_words_next(&words, &option, &value, &message) == CLI_WORD_OPTION)
		ck_assert_msg(scenario->verb->apply(run, option->id, value), "row \"%s\"",
			      scenario->row);
	ck_assert_msg(message == NULL, "row \"%s\": %s", scenario->row, message);
	kept_words = text;
}

/* What `check` does once its options are read. The chain's signatures held before: they are most of the time. */
static int check(struct attest_run *run, size_t fail_at, bool go_on)
{
	static struct chain_cache proven;
	struct targets targets = { .n = 0 };
	struct checking checking;
	int status = CLI_ERROR;

	ck_assert(ask_settle("prog", &run->ask, &run->policy, run->max_age_given, run->operands,
			     run->n_operands));
	ck_assert(attest_contract_settle(run, false, true));
	const struct target alike = {
		.ask = &run->ask,
		.policy = &run->policy,
		.contract = &run->contract.policy,
		.servers = &run->servers,
		.cache = proven,
	};
	ck_assert(targets_of_urls(run->operands, run->n_operands, &alike, &targets));
	run->watching.jobs = 1;
	oom_arm(fail_at, go_on);
	if (checking_start(&checking, run, &targets)) {
		status = checking_round(&checking);
		proven = checking.targets.list[0].cache;
	}
	checking_done(&checking);
	oom_disarm();
	return status;
}

/* Runs the verb with stdout and stderr going to the files out and err. */
static int run(const struct scenario *scenario, size_t fail_at, bool go_on)
{
	const char *operands[] = { scenario->operand, NULL };
	struct attest_run run = {
		.world = { .now = NOW, .ticks_ms = ticks_ms },
		.output = { .program = "prog",
			    .format = scenario->format,
			    .path = scenario->to_file ? "made" : NULL },
		.version = "1.2",
		.clock_ms = clock_ms,
		.sleep_ms = sleep_ms,
		.random = random_bytes,
		.operands = operands,
		.n_operands = 1,
		.watching = { .state = scenario->state ? "state.json" : NULL },
	};
	int streams[2];
	int status;

	policy_init(&run.policy);
	ask_init(&run.ask);
	contract_start(&run.contract);
	apply(&run, scenario);
	(void)fflush(NULL);
	for (int i = 0; i < 2; i++) {
		streams[i] = dup(STDOUT_FILENO + i);
		int fd = open(i == 0 ? "out" : "err", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			      0600);
		ck_assert(streams[i] >= 0 && fd >= 0 && dup2(fd, STDOUT_FILENO + i) >= 0);
		(void)close(fd);
	}
	if (scenario->verb == &attest_check) {
		status = check(&run, fail_at, go_on);
	} else {
		oom_arm(fail_at, go_on);
		status = scenario->verb->run(&run);
		oom_disarm();
	}
	(void)fflush(NULL);
	for (int i = 0; i < 2; i++)
		ck_assert(dup2(streams[i], STDOUT_FILENO + i) >= 0 && close(streams[i]) == 0);
	policy_done(&run.policy);
	ask_done(&run.ask);
	servers_done(&run.servers);
	free(kept_words);
	return status;
}

/* Runs before passed: the first saw another image, the second this one. */
static void set_state(const struct scenario *scenario)
{
	static const char before[] =
		"{\"schema\":1,\"targets\":[{\"name\":\"" URL "\",\"last_success\":\"1767434000\","
		"\"facts\":{\"verdict\":\"pass\",\"pcr0\":[\"00\",\"" PCR0 "\"]}}]}\n";

	(void)unlink("made");
	if (scenario->state)
		support_write("state.json", SPAN_LITERAL(before));
}

static bool holds(const char *path, const char *what)
{
	struct buf file = support_read(path);
	char *text = support_text(buf_span(&file));
	bool found = strstr(text, what) != NULL;

	free(text);
	buf_done(&file);
	return found;
}

/* Shows where they part: whole reports are too long for a message. */
static void expect_file(const char *row, const char *path, const char *want)
{
	struct buf a = support_read(path);
	struct buf b = support_read(want);
	char *got = support_text(buf_span(&a));
	char *wanted = support_text(buf_span(&b));
	size_t at = 0;

	while (got[at] != '\0' && got[at] == wanted[at])
		at++;
	size_t from = at < 60 ? 0 : at - 60;
	ck_assert_msg(got[at] == wanted[at],
		      "row \"%s\", %s from byte %zu:\n%.120s\nwanted\n%.120s", row, path, from,
		      got + from, wanted + from);
	free(got);
	free(wanted);
	buf_done(&a);
	buf_done(&b);
}

static void judge(const struct scenario *scenario, const char *row, int status)
{
	static const char *const passes[] = { "PASS (", "\"verdict\":\"pass\"", "ENCLAVE OK",
					      "verdict=\"pass\"} 1" };
	const char *made = scenario->to_file ? "made" : "out";

	bool told = holds("err", "memory");

	if (status == scenario->want) {
		/* what accuses may be shorter */
		if (status == 0)
			expect_file(row, made, "wanted");
		else
			return;
		/* to whom runs a plugin, what it found is worth more than what it can remember */
		if (scenario->state && !(told && scenario->format == CLI_NAGIOS))
			expect_file(row, "state.json", "wanted-state");
		return;
	}
	/* this program's own trouble, and never a verdict */
	ck_assert_msg(status == CLI_ERROR, "row \"%s\": exit %d", row, status);
	if (!support_exists(made))
		return;
	/* what could not be remembered is said, and nothing is wrong with what was found */
	for (size_t i = 0; i < LENGTH(passes) && !(scenario->state && told); i++)
		ck_assert_msg(!holds(made, passes[i]), "row \"%s\": it says %s", row, passes[i]);
}

static void run_scenario(const struct scenario *scenario, bool go_on)
{
	char row[128];

	/* what is remembered between runs is, from the first that counts */
	for (int i = 0; i < 2; i++) {
		set_state(scenario);
		int status = run(scenario, 0, false);
		ck_assert_msg(status == scenario->want, "row \"%s\": exit %d", scenario->row,
			      status);
	}
	size_t allocations = oom_count();
	support_sh(scenario->to_file ? "mv made wanted; [ ! -s err ]" :
				       "mv out wanted; [ ! -s err ]");
	if (scenario->state)
		support_sh("mv state.json wanted-state");
	int lowest = dup(STDIN_FILENO);
	(void)close(lowest);
	size_t step = allocations > 40 ? support_thin(61) * (go_on ? 7 : 1) : 1;
	for (size_t n = 1; n <= allocations; n += step) {
		(void)snprintf(row, sizeof(row), "%s, allocation %zu of %zu%s", scenario->row, n,
			       allocations, go_on ? " and on" : "");
		set_state(scenario);
		int status = run(scenario, n, go_on);
		ck_assert_msg(oom_failed(), "row \"%s\"", row);
		judge(scenario, row, status);
		int fd = dup(STDIN_FILENO);
		ck_assert_msg(fd == lowest, "row \"%s\": a descriptor is left open", row);
		(void)close(fd);
	}
	set_state(scenario);
	/* and it was not luck: the same again, without a failure */
	judge(scenario, scenario->row, run(scenario, allocations + 1, true));
	ck_assert_msg(!oom_failed(), "row \"%s\"", scenario->row);
}

START_TEST(test_once)
{
	prepare();
	run_scenario(&scenarios[_i], false);
	leave();
}
END_TEST

START_TEST(test_for_good)
{
	prepare();
	run_scenario(&scenarios[_i], true);
	leave();
}
END_TEST

/* --- what is read before --- */

/* Everything that a targets file came to, in words. */
static void describe(const struct targets *targets, struct buf *out)
{
	for (size_t i = 0; i < targets->n; i++) {
		const struct target *target = &targets->list[i];

		buf_printf(out, "%s %s %s %zu servers, %zu sources:", target->name, target->url,
			   target->ask->profile.name, target->servers->n,
			   target->policy->n_sources);
		for (size_t k = 0; k < target->policy->n_sources; k++) {
			const struct policy_source *source = &target->policy->sources[k];
			buf_printf(out, " %s %08x", source->name, (unsigned)source->pcrs.present);
			hex_encode(out, pcrs_get(&source->pcrs, 0));
			hex_encode(out, SPAN_OF(source->enclave_hash));
		}
		buf_text(out, target_names_image(target->policy) ? " an image\n" : "\n");
	}
}

static bool read_targets(struct buf *out)
{
	static const char text[] =
		"{\"schema\":1,\"defaults\":{\"profile\":\"odyn\",\"timeout\":5,\"root\":\"root.pem\","
		"\"expect\":{\"pcrs\":[\"pcr.json\"]}},\"targets\":[{\"name\":\"one\",\"url\":\"" URL
		"\"},"
		"{\"name\":\"two\",\"url\":\"https://two.example\",\"onchain\":{\"registry\":"
		"\"espresso-v7:0x45ca33f9742c0845204923a3b55c9b683c4a7de8\",\"chain_id\":31337,"
		"\"rpc\":[\"https://a.example\",\"https://b.example\"]},\"expect\":{\"pcr\":"
		"{\"0\":[\"" PCR0 "\"]},\"enclave_hash\":\"" HASH "\"}}]}";
	struct targets targets = { .n = 0 };

	bool ok = targets_parse("prog", "targets.json", SPAN_LITERAL(text), &targets);
	oom_pause();
	if (ok)
		describe(&targets, out);
	targets_done(&targets);
	return ok;
}

static bool read_headers(struct buf *out)
{
	static const char text[] = "Authorization: Bearer secret\n\n# more\nX-Other: 1\r\n";
	struct header_list list = { .n = 0 };
	size_t line = 0;

	enum reason reason = header_list_read(SPAN_LITERAL(text), &list, &line);
	oom_pause();
	for (size_t i = 0; i < list.n; i++)
		buf_printf(out, "%s\n", list.line[i]);
	header_list_done(&list);
	ck_assert(reason == REASON_OK || reason == REASON_OUT_OF_MEMORY);
	return reason == REASON_OK;
}

static bool read_state(struct buf *out)
{
	static const char text[] =
		"{\"schema\":1,\"targets\":[{\"name\":\"a\",\"last_success\":\"5\","
		"\"facts\":{\"verdict\":\"pass\",\"pcr0\":[\"00\",\"11\"]}}]}";
	const struct sample sample = { .verdict = VERDICT_FAIL, .pcr0 = "11" };
	struct recall *state = recall_new();
	cJSON *changed = NULL;
	char *told = NULL;

	bool ok = state != NULL && recall_read(state, SPAN_LITERAL(text)) == REASON_OK;
	if (ok && recall_observe(state, "a", &sample, &changed) != REASON_OK) {
		/* what could not be told is told the next time */
		oom_pause();
		EXPECT_REASON("again", recall_observe(state, "a", &sample, &changed), REASON_OK);
		oom_resume();
	}
	ok = ok && recall_write(state, out) == REASON_OK;
	oom_pause();
	if (ok) {
		EXPECT_REASON("print", json_print(changed, &told), REASON_OK);
		buf_text(out, told);
	}
	free(told);
	cJSON_Delete(changed);
	recall_free(state);
	return ok;
}

/* An answer of a server: what is kept of it. */
static bool read_answer(struct buf *out)
{
	static const struct {
		const char *body;
		enum question_kind kind;
	} rows[] = {
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x00ff\"}", QUESTION_CALL },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":[1]}}", QUESTION_PROOF },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":3,\"message\":"
		  "\"execution reverted\",\"data\":\"0x08c379a0\"}}",
		  QUESTION_CALL },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32601,\"message\":\"no\"}}",
		  QUESTION_CODE },
	};
	bool ok = true;

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct rpc_answer answer;
		struct answer kept = { .kind = ANSWER_NONE };

		rpc_read(span_of_text(rows[i].body), 1, &answer);
		question_keep(rows[i].kind, &answer, &kept);
		oom_pause();
		ok = ok && kept.reason != REASON_OUT_OF_MEMORY;
		ck_assert(kept.reason != REASON_OUT_OF_MEMORY || kept.kind == ANSWER_FAILED);
		buf_printf(out, "%d %s ", (int)kept.kind, answer.trouble);
		hex_encode(out, buf_span(&kept.value));
		rpc_answer_done(&answer);
		buf_done(&kept.value);
		oom_resume();
	}
	oom_pause();
	return ok;
}

static const struct {
	const char *row;
	bool (*read)(struct buf *out); /* pauses; false: memory ran out */
} readings[] = {
	{ "a targets file", read_targets },
	{ "a file of headers", read_headers },
	{ "a state file and a change", read_state },
	{ "answers of servers", read_answer },
};

START_TEST(test_readings)
{
	struct buf want = { 0 };

	prepare();
	int before = dup(STDERR_FILENO);
	ck_assert_ptr_nonnull(freopen("err", "w", stderr));
	oom_arm(0, false);
	ck_assert_msg(readings[_i].read(&want), "row \"%s\"", readings[_i].row);
	oom_disarm();
	const size_t allocations = oom_count();
	ck_assert_uint_gt(allocations, 1);
	for (size_t n = 1; n <= 2 * allocations; n++) {
		struct buf got = { 0 };

		oom_arm((n + 1) / 2, n % 2 == 0);
		bool ok = readings[_i].read(&got);
		oom_disarm();
		ck_assert_msg(oom_failed(), "row \"%s\"", readings[_i].row);
		if (ok)
			EXPECT_BYTES(readings[_i].row, buf_span(&got), buf_span(&want));
		buf_done(&got);
	}
	ck_assert_int_ge(dup2(before, STDERR_FILENO), 0);
	(void)close(before);
	buf_done(&want);
	leave();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oom");
	TCase *once = tcase_create("one allocation fails");
	TCase *for_good = tcase_create("memory runs out");

	oom_for_cjson();
	tcase_add_loop_test(once, test_once, 0, (int)LENGTH(scenarios));
	tcase_add_loop_test(for_good, test_for_good, 0, (int)LENGTH(scenarios));
	TCase *read = tcase_create("what is read before");
	tcase_add_loop_test(read, test_readings, 0, (int)LENGTH(readings));
	suite_add_tcase(suite, read);
	suite_add_tcase(suite, once);
	suite_add_tcase(suite, for_good);
	return support_main(suite);
}
