/* What is kept of a closure: it is taken back for the same one, and for no other. */
#include <stdlib.h>
#include <string.h>

#include "rebuild/record.h"
#include "rebuild/test/support.h"

#define HASH "0123456789abcdfghijklmnpqrsvwxyz"
#define STORE "/nix/store/"

static char *copy(const char *text)
{
	struct buf out = { 0 };

	buf_text(&out, text);
	char *owned = buf_take_text(&out);
	ck_assert_ptr_nonnull(owned);
	return owned;
}

/* Three derivations, not in the order of their paths, and two paths. */
static struct closure make(void)
{
	static const struct {
		const char *name;
		bool is_fixed;
		enum closure_standing standing;
	} rows[] = {
		{ "c-source.drv", true, CLOSURE_FIXED },
		{ "a-tool.drv", false, CLOSURE_AGAIN },
		{ "b-flaky.drv", false, CLOSURE_DIFFERS },
	};
	static const char *const paths[] = { STORE HASH "-y", STORE HASH "-x" };
	struct closure closure = { .drvs = calloc(3, sizeof(*closure.drvs)), .n_drvs = 3 };

	ck_assert_ptr_nonnull(closure.drvs);
	for (size_t i = 0; i < 3; i++) {
		struct buf path = { 0 };
		buf_printf(&path, STORE HASH "-%s", rows[i].name);
		closure.drvs[i] = (struct closure_drv){ .path = buf_take_text(&path),
							.is_fixed = rows[i].is_fixed,
							.standing = rows[i].standing };
		ck_assert_ptr_nonnull(closure.drvs[i].path);
	}
	closure.drvs[2].differing = 0x80000005;
	closure.drvs[2].reason = REASON_NIX_DIFFERS;
	closure.paths.at = calloc(2, sizeof(*closure.paths.at));
	ck_assert_ptr_nonnull(closure.paths.at);
	for (; closure.paths.n < 2; closure.paths.n++)
		closure.paths.at[closure.paths.n] =
			(struct nixjson_path){ .path = copy(paths[closure.paths.n]),
					       .nar_hash = copy("sha256-AAAA"),
					       .signers = copy(""),
					       .ultimate = closure.paths.n == 0 };
	return closure;
}

/* As it is read anew: nobody knows how its derivations stand. */
static struct closure make_unknown(void)
{
	struct closure closure = make();

	for (size_t i = 0; i < closure.n_drvs; i++) {
		closure.drvs[i].standing = CLOSURE_UNKNOWN;
		closure.drvs[i].differing = 0;
		closure.drvs[i].reason = REASON_OK;
	}
	return closure;
}

static bool takes(struct span text, struct closure *closure)
{
	bool taken = false;

	EXPECT_REASON("take", record_take(text, closure, &taken), REASON_OK);
	for (size_t i = 0; i < closure->n_drvs && !taken; i++)
		ck_assert_int_eq(closure->drvs[i].standing, CLOSURE_UNKNOWN);
	return taken;
}

START_TEST(the_same)
{
	static const char want[] = "enclavecheck closure 1\n"
				   "again " STORE HASH "-a-tool.drv\n"
				   "differs:80000005 " STORE HASH "-b-flaky.drv\n"
				   "fixed " STORE HASH "-c-source.drv\n"
				   "sha256-AAAA copied " STORE HASH "-x\n"
				   "sha256-AAAA ultimate " STORE HASH "-y\n";
	struct closure judged = make();
	struct closure closure = make_unknown();
	struct buf text = { 0 };

	ck_assert(record_print(&judged, &text));
	EXPECT_BYTES("text", buf_span(&text), SPAN_LITERAL(want));
	ck_assert(takes(buf_span(&text), &closure));
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(closure.drvs[i].standing, judged.drvs[i].standing);
		ck_assert_uint_eq(closure.drvs[i].differing, judged.drvs[i].differing);
		EXPECT_REASON("why", closure.drvs[i].reason, judged.drvs[i].reason);
	}
	buf_done(&text);
	closure_done(&judged);
	closure_done(&closure);
}
END_TEST

/* Every byte counts but those that say how one stands. */
START_TEST(changed)
{
	struct closure judged = make();
	struct closure closure = make_unknown();
	struct buf text = { 0 };
	size_t taken = 0;

	ck_assert(record_print(&judged, &text));
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t was = text.at[i];
		text.at[i] = was ^ 1;
		if (takes(buf_span(&text), &closure)) {
			/* digits of the mask alone give another text that holds */
			ck_assert(i > 0 && (was == '8' || was == '0' || was == '5'));
			closure_done(&closure);
			closure = make_unknown();
			taken++;
		}
		text.at[i] = was;
		ck_assert(!takes((struct span){ text.at, i }, &closure));
	}
	ck_assert_uint_eq(taken, 8);
	buf_byte(&text, '\n');
	ck_assert(!takes(buf_span(&text), &closure));
	buf_done(&text);
	closure_done(&judged);
	closure_done(&closure);
}
END_TEST

/* Another closure. */
START_TEST(others)
{
	struct closure judged = make();
	struct buf text = { 0 };

	ck_assert(record_print(&judged, &text));
	for (unsigned i = 0; i < 7; i++) {
		struct closure closure = make_unknown();
		switch (i) {
		case 0:
			closure.paths.at[1].nar_hash[7] = 'B';
			break;
		case 1:
			closure.paths.at[1].ultimate = true;
			break;
		case 2:
			closure.drvs[0].is_fixed = false;
			break;
		case 3:
			closure.drvs[1].is_fixed = true;
			break;
		case 4:
			closure.drvs[1].path[strlen(closure.drvs[1].path) - 5] = 'x';
			break;
		case 5: /* one less: the last one is still to be freed */
			closure.n_drvs = 2;
			ck_assert(!takes(buf_span(&text), &closure));
			closure.n_drvs = 3;
			break;
		default:
			closure.paths.n = 1;
			ck_assert(!takes(buf_span(&text), &closure));
			closure.paths.n = 2;
			break;
		}
		ck_assert_msg(i >= 5 || !takes(buf_span(&text), &closure), "case %u", i);
		closure_done(&closure);
	}
	buf_done(&text);
	closure_done(&judged);
}
END_TEST

/* What was not judged, or could not be, is not kept. */
START_TEST(unjudged)
{
	static const enum closure_standing rows[] = { CLOSURE_UNKNOWN, CLOSURE_FAILED };

	for (size_t i = 0; i < 2; i++) {
		struct closure closure = make();
		struct buf text = { 0 };
		closure.drvs[1].standing = rows[i];
		ck_assert(!record_print(&closure, &text));
		ck_assert_uint_eq(text.len, 0);
		closure_done(&closure);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("record");

	support_add(suite, "the_same", the_same);
	support_add(suite, "changed", changed);
	support_add(suite, "others", others);
	support_add(suite, "unjudged", unjudged);
	return support_main(suite);
}
