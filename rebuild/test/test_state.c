#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rebuild/copy.h"
#include "rebuild/remove.h"
#include "rebuild/state.h"
#include "rebuild/test/support.h"
#include "rebuild/tools.h"

START_TEST(test_notes)
{
	struct trouble trouble = { 0 };
	struct state *state = NULL;
	struct state *second = NULL;
	const struct state_note note = {
		.inputs = { 1, 2 }, .outputs = { 3, 4 }, .started = 1700000000, .ended = 1700000001
	};
	struct state_note got;

	support_enter();
	EXPECT_REASON("open", state_open("w", "1.0", &state, &trouble), REASON_OK);
	ck_assert(!state_get(state, STAGE_BUILD, &got));
	EXPECT_REASON("put", state_put(state, STAGE_SOURCE, &note, &trouble), REASON_OK);
	EXPECT_REASON("put", state_put(state, STAGE_BUILD, &note, &trouble), REASON_OK);
	ck_assert(state_get(state, STAGE_BUILD, &got));
	ck_assert(memcmp(got.inputs, note.inputs, sizeof(note.inputs)) == 0);
	ck_assert(memcmp(got.outputs, note.outputs, sizeof(note.outputs)) == 0);
	ck_assert(got.started == note.started && got.ended == note.ended);
	EXPECT_REASON("busy", state_open("w", "1.0", &second, &trouble), REASON_STATE_BUSY);
	EXPECT_REASON("forget", state_forget(state, STAGE_IMAGE, &trouble), REASON_OK);
	ck_assert(!state_get(state, STAGE_BUILD, &got));
	ck_assert(state_get(state, STAGE_SOURCE, &got));
	state_free(state);
	/* another version of this program may mean another thing by it */
	EXPECT_REASON("open", state_open("w", "1.1", &state, &trouble), REASON_OK);
	ck_assert(!state_get(state, STAGE_SOURCE, &got));
	state_free(state);
	state_free(NULL);
	support_leave();
}
END_TEST

/* Whatever stands in the file: it is a state, or nothing. */
START_TEST(test_no_states)
{
	static const char *const rows[] = {
		"rm w/source.json; mkfifo w/source.json",
		"rm w/source.json; ln -s /dev/zero w/source.json",
		"rm w/source.json; mkdir w/source.json",
		": >w/source.json",
		"head -c 20000 /dev/zero >w/source.json",
		"sed -i s/done/half/ w/source.json",
		"sed -i 's/\"stage\":\"source\"/\"stage\":\"build\"/' w/source.json",
		"sed -i s/0102/01/ w/source.json",
		"sed -i 's/\"started\":[0-9]*/\"started\":-1/' w/source.json",
		"sed -i 's/}$//' w/source.json",
	};
	const struct state_note note = { .inputs = { 1, 2 }, .started = 1, .ended = 2 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trouble trouble = { 0 };
		struct state *state = NULL;
		struct state_note got;
		support_enter();
		EXPECT_REASON(rows[i], state_open("w", "1.0", &state, &trouble), REASON_OK);
		EXPECT_REASON(rows[i], state_put(state, STAGE_SOURCE, &note, &trouble), REASON_OK);
		ck_assert(state_get(state, STAGE_SOURCE, &got));
		support_sh(rows[i]);
		ck_assert_msg(!state_get(state, STAGE_SOURCE, &got), "%s", rows[i]);
		state_free(state);
		support_leave();
	}
}
END_TEST

START_TEST(test_names)
{
	enum stage stage;

	for (size_t i = 0; i < STAGE_COUNT; i++) {
		ck_assert(stage_of(stage_name((enum stage)i), &stage));
		ck_assert_uint_eq((size_t)stage, i);
	}
	ck_assert(!stage_of("", &stage) && !stage_of("Source", &stage));
	ck_assert_str_eq(stage_name(STAGE_COUNT), "unknown");
}
END_TEST

START_TEST(test_key)
{
	uint8_t one[DIGEST_SHA256_LEN];
	uint8_t other[DIGEST_SHA256_LEN];
	const struct span ab_c[] = { SPAN_LITERAL("ab"), SPAN_LITERAL("c") };
	const struct span a_bc[] = { SPAN_LITERAL("a"), SPAN_LITERAL("bc") };

	EXPECT_REASON("ab c", state_key(ab_c, 2, one), REASON_OK);
	EXPECT_REASON("a bc", state_key(a_bc, 2, other), REASON_OK);
	ck_assert(memcmp(one, other, sizeof(one)) != 0);
	EXPECT_REASON("ab c", state_key(ab_c, 2, other), REASON_OK);
	ck_assert(memcmp(one, other, sizeof(one)) == 0);
}
END_TEST

START_TEST(test_copy)
{
	static const struct {
		const char *from;
		const char *to;
		uint64_t max;
		sig_atomic_t interrupted;
		enum reason reason;
	} rows[] = {
		{ "f", "g", 3, 0, REASON_OK },
		{ "f", "g", 2, 0, REASON_FILE_TOO_LARGE },
		{ "f", "g", 3, 1, REASON_INTERRUPTED },
		{ "none", "g", 3, 0, REASON_FILE_UNREADABLE },
		{ "d", "g", 3, 0, REASON_FILE_UNREADABLE },
		{ "p", "g", 3, 0, REASON_FILE_UNREADABLE },
		{ "f", "none/g", 3, 0, REASON_FILE_UNWRITABLE },
		{ "f", "d", 3, 0, REASON_FILE_EXISTS },
	};

	support_enter();
	support_sh("printf abc >f; mkdir d; mkfifo p");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct copied copied = { .size = 0 };
		struct trouble trouble = { 0 };
		const volatile sig_atomic_t interrupted = rows[i].interrupted;
		EXPECT_REASON(rows[i].from,
			      copy_file(rows[i].from, rows[i].to, rows[i].max, &interrupted,
					&copied, &trouble),
			      rows[i].reason);
		ck_assert(support_exists("g") == (rows[i].reason == REASON_OK));
		if (rows[i].reason != REASON_OK)
			continue;
		/* FIPS 180-4's own example */
		struct buf digest = support_hex("ba7816bf 8f01cfea 414140de 5dae2223 b00361a3 "
						"96177a9c b410ff61 f20015ad");
		EXPECT_BYTES("abc", SPAN_OF(copied.sha256), buf_span(&digest));
		ck_assert_uint_eq(copied.size, 3);
		buf_done(&digest);
		support_sh("rm g");
	}
	support_leave();
}
END_TEST

START_TEST(test_remove)
{
	support_enter();
	support_sh("mkdir -p t/a/b; echo x >t/a/f; mkdir keep; echo y >keep/f; ln -s ../keep t/l\n"
		   "ln -s ../../keep/f t/a/m");
	EXPECT_REASON("tree", remove_tree("t"), REASON_OK);
	ck_assert(!support_exists("t") && support_exists("keep/f"));
	EXPECT_REASON("nothing", remove_tree("t"), REASON_OK);
	EXPECT_REASON("not there", remove_tree("keep/f/x"), REASON_FILE_UNWRITABLE);
	support_leave();
}
END_TEST

START_TEST(test_tools)
{
	static const struct {
		const char *path;
		const char *found;
	} rows[] = {
		{ "/nonexistent:/bin", "/bin/sh" },
		{ "/bin:/usr/bin", "/bin/sh" },
		{ "", NULL },
		{ NULL, NULL },
		{ ":", NULL },
		{ ".:bin", NULL }, /* there is one */
		{ "::/etc", NULL },
	};

	support_enter();
	support_sh("mkdir bin; cp /bin/sh sh; cp /bin/sh bin/sh");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *found = tools_find(rows[i].path, "sh");
		ck_assert_msg((found == NULL) == (rows[i].found == NULL), "%s", rows[i].path);
		if (found != NULL)
			ck_assert_str_eq(found, rows[i].found);
		free(found);
	}
	support_leave();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state");

	support_add(suite, "notes", test_notes);
	support_add(suite, "no states", test_no_states);
	support_add(suite, "names", test_names);
	support_add(suite, "key", test_key);
	support_add(suite, "copy", test_copy);
	support_add(suite, "remove", test_remove);
	support_add(suite, "tools", test_tools);
	return support_main(suite);
}
