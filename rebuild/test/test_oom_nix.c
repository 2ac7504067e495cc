/* Check allocates as well: nothing is asserted while allocations fail.
 *
 * Every allocation of what reads Nix fails once, and then that one and all after it: out of memory is said, or the
 * result is the same as with memory. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rebuild/record.h"
#include "rebuild/state.h"
#include "rebuild/test/support.h"
#include "test/oom.h"
#include "verify/counting.h"

#define HASH "0123456789abcdfghijklmnpqrsvwxyz"
#define STORE "/nix/store/"
#define A STORE HASH "-a"
#define B STORE HASH "-b"

static struct nixjson_built built; /* too large for a stack frame that is checked */

static enum reason do_built(struct buf *out)
{
	enum reason reason =
		nixjson_built(SPAN_LITERAL("[{\"drvPath\":\"" A ".drv\",\"outputs\":{\"out\":\"" A
					   "\",\"dev\":\"" B "\"}}]"),
			      &built);

	for (size_t i = 0; i < built.n_outputs && reason == REASON_OK; i++)
		buf_printf(out, "%s %s %s\n", built.drv, built.outputs[i].name,
			   built.outputs[i].path);
	return reason;
}

static void print_paths(const struct nixjson_paths *paths, struct buf *out)
{
	for (size_t i = 0; i < paths->n; i++) {
		const struct nixjson_path *path = &paths->at[i];
		buf_printf(out, "%s %s %s %s %d %d\n", path->path, path->nar_hash,
			   path->deriver != NULL ? path->deriver : "-", path->signers,
			   path->ultimate, path->addressed);
	}
}

static enum reason do_paths(struct buf *out)
{
	struct nixjson_paths paths = { .n = 0 };

	enum reason reason = nixjson_paths(
		SPAN_LITERAL("[{\"path\":\"" A "\",\"narHash\":\"sha256-A\",\"narSize\":1,"
			     "\"deriver\":\"" A ".drv\",\"ultimate\":true}]"),
		&paths);
	if (reason == REASON_OK)
		reason = nixjson_paths(
			SPAN_LITERAL("{\"" B "\":{\"ca\":\"fixed:r:sha256:0\",\"deriver\":null,"
				     "\"narHash\":\"sha256-B\",\"narSize\":2,"
				     "\"signatures\":[\"a-1:AA\",\"b-1:BB\"]}}"),
			&paths);
	if (reason == REASON_OK)
		print_paths(&paths, out);
	nixjson_paths_done(&paths);
	return reason;
}

static enum reason do_log(struct buf *out)
{
	static const char *const lines[] = {
		"plain text",
		"@nix {\"action\":\"start\",\"id\":1,\"level\":3,\"type\":104,\"text\":\"\"}",
		"@nix {\"action\":\"start\",\"id\":2,\"level\":3,\"type\":105,\"text\":\"building\","
		"\"fields\":[\"" A ".drv\",\"\",1,1]}",
		"@nix {\"action\":\"result\",\"id\":2,\"type\":101,\"fields\":[\"a line\"]}",
		"@nix {\"action\":\"result\",\"id\":1,\"type\":105,\"fields\":[3,7,1,0]}",
		"@nix {\"action\":\"stop\",\"id\":2}",
		"@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"\\u001b[31merror: builder for '" A
		".drv' failed\"}",
		"@nix {\"action\":\"msg\",\"level\":1,\"msg\":\"ignoring the user-specified setting\"}",
		"error: interrupted by the user",
	};
	const struct sink sink = support_sink(out);
	struct nixlog log = { .readable = &sink };
	bool good = true;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]) && good; i++)
		good = nixlog_line(&log, span_of_text(lines[i]));
	buf_add(out, buf_span(&log.errors));
	buf_printf(out, "%s %d %d %d\n", reason_name(log.failure), log.option_ignored,
		   (int)log.progress.done, (int)log.progress.expected);
	nixlog_done(&log);
	return good ? REASON_OK : REASON_OUT_OF_MEMORY;
}

static char *copy(const char *text)
{
	struct buf out = { 0 };

	buf_text(&out, text);
	char *owned = buf_take_text(&out);
	ck_assert_ptr_nonnull(owned);
	return owned;
}

static struct closure make(void)
{
	struct closure closure = { .drvs = calloc(2, sizeof(*closure.drvs)), .n_drvs = 2 };

	closure.paths.at = calloc(1, sizeof(*closure.paths.at));
	ck_assert(closure.drvs != NULL && closure.paths.at != NULL);
	closure.drvs[0] = (struct closure_drv){ .path = copy(B ".drv"), .standing = CLOSURE_AGAIN };
	closure.drvs[1] = (struct closure_drv){ .path = copy(A ".drv"),
						.standing = CLOSURE_DIFFERS,
						.reason = REASON_NIX_DIFFERS,
						.differing = 1 };
	closure.paths.at[0] = (struct nixjson_path){ .path = copy(A),
						     .nar_hash = copy("sha256-A"),
						     .signers = copy("") };
	closure.paths.n = 1;
	return closure;
}

static enum reason do_record(struct buf *out)
{
	oom_pause();
	struct closure closure = make();
	oom_resume();
	bool taken = false;

	bool kept = record_print(&closure, out);
	enum reason reason =
		out->failed ? REASON_OUT_OF_MEMORY : record_take(buf_span(out), &closure, &taken);
	if (reason == REASON_OK && !(kept && taken && closure.drvs[1].differing == 1))
		reason = REASON_NIX_OUTPUT;
	closure_done(&closure);
	return reason;
}

static enum reason do_state(struct buf *out)
{
	const struct state_note note = {
		.inputs = { 1 }, .outputs = { 2 }, .started = 1, .ended = 2
	};
	struct trouble trouble = { 0 };
	struct state *state = NULL;
	struct state_note got;

	enum reason reason = state_open("w", "1", &state, &trouble);
	if (reason == REASON_OK)
		reason = state_put(state, STAGE_BUILD, &note, &trouble);
	if (reason == REASON_OK) {
		/* not being able to read it is as if it were not there */
		if (state_get(state, STAGE_BUILD, &got))
			buf_printf(out, "%d %d\n", got.inputs[0], (int)got.ended);
		else
			reason = REASON_OUT_OF_MEMORY;
	}
	if (reason == REASON_OK)
		reason = state_forget(state, STAGE_PLAN, &trouble);
	state_free(state);
	return reason;
}

static enum reason do_options(struct buf *out)
{
	const struct nixopt_settings settings = {
		.builders = "ssh://x",
		.nix_config = "sandbox = false\nsubstituters = x",
		.n_options = 1,
		.options = { { "fallback", "true" } },
	};
	const struct nixopt_inputs inputs = { .tree = SPAN_LITERAL("01234567890123456789"),
					      .lock = SPAN_LITERAL("x"),
					      .attribute = "a",
					      .version = "2.8" };
	uint8_t key[DIGEST_SHA256_LEN] = { 0 };

	nixopt_list_weakening(&settings, out);
	enum reason reason = nixopt_key(&inputs, &settings, key);
	buf_add(out, SPAN_OF(key));
	return reason;
}

static enum reason do_counting(struct buf *out)
{
	const struct counting counting = {
		.what = "built", .done = 1, .all = 3, .taken_s = 200, .latest = SPAN_LITERAL("\n")
	};

	counting_line(&counting, out);
	return REASON_OK;
}

static int64_t ticks_ms(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_MONOTONIC, &now) != 0 ?
		       0 :
		       (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Stand-ins that answer as Nix does. */
static void make_nix(void)
{
	support_sh("cat >nix <<'END'\n#!/bin/sh\n"
		   "case $* in\n"
		   "*'store cat'*) printf 'Derive([(\"out\",\"" A
		   "\",\"\",\"\")],[],[],\"s\",\"b\",[],"
		   "[(\"imageDigest\",\"sha256:x\"),(\"imageName\",\"n\")])' ;;\n"
		   "*) echo '[{\"path\":\"" A "\",\"narHash\":\"sha256-A\",\"narSize\":1}]' ;;\n"
		   "esac\nEND\n"
		   "cat >nix-store <<'END'\n#!/bin/sh\n"
		   "case $* in\n"
		   "*--query*) printf '%s\\n' '" A ".drv' '" A "' ;;\n"
		   "*--check*) echo \"error: derivation '" A
		   ".drv' may not be deterministic: output '" A "' differs\" >&2; exit 104 ;;\n"
		   "esac\nEND\n"
		   "chmod 755 nix nix-store");
}

static enum reason do_closure(struct buf *out)
{
	static const struct nixopt_settings settings = { .independent = true };
	static const char *const environment[] = { "PATH=/usr/bin:/bin", NULL };
	const struct nix nix = { .nix = "./nix",
				 .nix_store = "./nix-store",
				 .environment = environment,
				 .settings = &settings,
				 .clock = { ticks_ms } };
	struct nix_said said = { .option_ignored = false };
	struct closure closure = { .n_drvs = 0 };

	enum reason reason = closure_read(&nix, A ".drv", &closure, &said);
	if (reason == REASON_OK)
		reason = closure_judge(&nix, false, NULL, &closure, &said);
	if (reason == REASON_NIX_DIFFERS)
		reason = closure_read_again(&nix, A ".drv", &closure, &said);
	if (reason == REASON_OK)
		reason = closure_verify(&nix, &closure, &said);
	if (reason == REASON_OK) {
		buf_printf(out, "%s %s %s %d\n", closure.drvs[0].path, closure.drvs[0].image_digest,
			   closure.drvs[0].image_name, closure.drvs[0].standing);
		print_paths(&closure.paths, out);
	}
	closure_done(&closure);
	nix_said_done(&said);
	return reason;
}

static const struct {
	const char *row;
	enum reason (*work)(struct buf *out); /* appends all that came of it */
} rows[] = {
	{ "built", do_built },       { "paths", do_paths },     { "log", do_log },
	{ "record", do_record },     { "state", do_state },     { "options", do_options },
	{ "counting", do_counting }, { "closure", do_closure },
};

static void run_row(const char *row, enum reason (*work)(struct buf *out), bool go_on)
{
	struct buf wanted = { 0 };

	oom_arm(0, false);
	EXPECT_REASON(row, work(&wanted), REASON_OK);
	oom_disarm();
	const size_t allocations = oom_count();
	ck_assert(!wanted.failed && allocations > 0);
	for (size_t n = 1; n <= allocations; n++) {
		struct buf out = { 0 };
		oom_arm(n, go_on);
		enum reason reason = work(&out);
		oom_disarm();
		ck_assert_msg(reason == REASON_OK || reason == REASON_OUT_OF_MEMORY,
			      "%s, allocation %zu of %zu: %s", row, n, allocations,
			      reason_name(reason));
		if (reason == REASON_OK && !out.failed)
			EXPECT_BYTES(row, buf_span(&out), buf_span(&wanted));
		buf_done(&out);
	}
	buf_done(&wanted);
}

START_TEST(once)
{
	support_enter();
	make_nix();
	run_row(rows[_i].row, rows[_i].work, false);
	support_leave();
}
END_TEST

START_TEST(for_good)
{
	support_enter();
	make_nix();
	run_row(rows[_i].row, rows[_i].work, true);
	support_leave();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oom_nix");
	TCase *first = tcase_create("one allocation fails");
	TCase *second = tcase_create("memory runs out");
	const int n = (int)(sizeof(rows) / sizeof(rows[0]));

	oom_for_cjson();
	tcase_add_loop_test(first, once, 0, n);
	tcase_add_loop_test(second, for_good, 0, n);
	suite_add_tcase(suite, first);
	suite_add_tcase(suite, second);
	return support_main(suite);
}
