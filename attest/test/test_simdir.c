#include "attest/simdir.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/support.h"

#define BEGIN_S INT64_C(1800000000)

static uint64_t test_random_state = 7;

static int64_t test_clock_ms(void)
{
	return BEGIN_S * 1000;
}

static bool test_random(uint8_t *ret, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ret[i] = (uint8_t)support_random(&test_random_state);
	return true;
}

static enum reason make(const char *path, struct simdir_fault *fault)
{
	struct simulate simulate = { .clock_ms = test_clock_ms, .random = test_random };
	struct pcrs pcrs = { .present = 1 };

	enum reason reason = simdir_make(path, &pcrs, BEGIN_S, &simulate, fault);
	simulate_done(&simulate);
	return reason;
}

static enum reason load(const char *path, struct simdir_fault *fault)
{
	struct simulate simulate = { .clock_ms = test_clock_ms, .random = test_random };
	const struct nsm_request request = { .op = NSM_ATTESTATION };
	struct nsm_answer answer;
	struct buf bytes = { 0 };
	int why = 0;

	enum reason reason = simdir_load(path, &simulate, fault);
	if (reason == REASON_OK) {
		const struct nsm nsm = simulate_nsm(&simulate);
		EXPECT_REASON(path, nsm_ask(&nsm, &request, &bytes, &answer, &why), REASON_OK);
		buf_done(&bytes);
	}
	simulate_done(&simulate);
	return reason;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

START_TEST(test_make)
{
	static const char *const keys[] = { "d/root.key", "d/regional.key", "d/zonal.key",
					    "d/instance.key", "d/leaf.key" };
	struct simdir_fault fault;

	support_enter();
	(void)umask(0);
	EXPECT_REASON("new", make("d", &fault), REASON_OK);
	ck_assert_uint_eq(mode_of("d"), 0700);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		ck_assert_uint_eq(mode_of(keys[i]), 0600);
	EXPECT_REASON("new", load("d", &fault), REASON_OK);
	support_sh("mkdir -m 777 empty");
	EXPECT_REASON("empty", make("empty", &fault), REASON_OK);
	ck_assert_uint_eq(mode_of("empty"), 0700);
	support_sh("! cmp -s d/root.key empty/root.key; ! cmp -s d/module-id empty/module-id");
	support_leave();
}
END_TEST

START_TEST(test_make_fails)
{
	static const struct {
		const char *name;
		const char *prepare;
		const char *path;
		enum reason reason;
		const char *after;
	} rows[] = {
		{ "a file in it", "mkdir d && touch d/x", "d", REASON_FILE_EXISTS,
		  "test \"$(ls -A d)\" = x" },
		{ "hidden", "mkdir d && touch d/.x", "d", REASON_FILE_EXISTS,
		  "test \"$(ls -A d)\" = .x" },
		{ "one of ours", "mkdir d && echo 1 >d/root.key", "d", REASON_FILE_EXISTS,
		  "test \"$(cat d/root.key)\" = 1" },
		{ "a file", "touch d", "d", REASON_FILE_EXISTS, "test -f d" },
		{ "nowhere", "true", "x/d", REASON_FILE_UNWRITABLE, "test ! -e x" },
		{ "a link to nothing", "ln -s nothing d", "d", REASON_FILE_UNWRITABLE,
		  "test -L d && test ! -e nothing" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct simdir_fault fault;

		support_enter();
		support_sh(rows[i].prepare);
		EXPECT_REASON(rows[i].name, make(rows[i].path, &fault), rows[i].reason);
		ck_assert_str_eq(fault.name, "");
		support_sh(rows[i].after);
		support_leave();
	}
}
END_TEST

START_TEST(test_load)
{
	static const struct {
		const char *change; /* in a folder like d */
		const char *name;
		enum reason reason;
	} rows[] = {
		{ "true", "", REASON_OK },
		{ "touch x", "", REASON_OK },
		{ "rm root.key", "root.key", REASON_FILE_UNREADABLE },
		{ "rm leaf.key", "leaf.key", REASON_FILE_UNREADABLE },
		{ "rm root.pem", "root.pem", REASON_FILE_UNREADABLE },
		{ "rm pcr.json", "pcr.json", REASON_FILE_UNREADABLE },
		{ "rm module-id", "module-id", REASON_FILE_UNREADABLE },
		{ "rm zonal.key && mkdir zonal.key", "zonal.key", REASON_FILE_UNREADABLE },
		{ ": >zonal.key", "zonal.key", REASON_SIMULATE_FILE },
		{ "echo x >zonal.key", "zonal.key", REASON_SIMULATE_FILE },
		{ "cp root.pem zonal.key", "zonal.key", REASON_SIMULATE_FILE },
		{ "openssl ecparam -name prime256v1 -genkey -noout -out zonal.key", "zonal.key",
		  REASON_SIMULATE_FILE },
		{ "openssl genrsa -out zonal.key 1024 2>/dev/null", "zonal.key",
		  REASON_SIMULATE_FILE },
		{ "openssl ec -in zonal.key -aes128 -passout pass:x -out z 2>/dev/null; mv z zonal.key",
		  "zonal.key", REASON_SIMULATE_FILE },
		{ "head -c 70000 /dev/zero >zonal.key", "zonal.key", REASON_SIMULATE_FILE },
		{ "cp leaf.key root.key", "root.pem", REASON_SIMULATE_FILE },
		{ ": >root.pem", "root.pem", REASON_SIMULATE_FILE },
		{ "cat root.pem root.pem >r; mv r root.pem", "root.pem", REASON_SIMULATE_FILE },
		{ "openssl req -new -x509 -key root.key -subj /CN=x -sha256 -out root.pem",
		  "root.pem", REASON_SIMULATE_FILE },
		{ ": >pcr.json", "pcr.json", REASON_SIMULATE_FILE },
		{ "echo '{}' >pcr.json", "pcr.json", REASON_SIMULATE_FILE },
		{ ": >module-id", "module-id", REASON_SIMULATE_FILE },
		{ "tr a-f A-F <module-id >m; mv m module-id", "module-id", REASON_SIMULATE_FILE },
		{ "echo >>module-id", "module-id", REASON_SIMULATE_FILE },
		{ "echo i-0123456789abcdef0-enc0123456789abcdeg >module-id", "module-id",
		  REASON_SIMULATE_FILE },
	};
	struct simdir_fault fault;

	support_enter();
	EXPECT_REASON("made", make("d", &fault), REASON_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf script = { 0 };

		buf_printf(&script, "rm -rf e && cp -r d e && cd e && %s", rows[i].change);
		char *text = buf_take_text(&script);
		support_sh(text);
		free(text);
		EXPECT_REASON(rows[i].change, load("e", &fault), rows[i].reason);
		ck_assert_str_eq(fault.name, rows[i].name);
	}
	EXPECT_REASON("no folder", load("none", &fault), REASON_FILE_UNREADABLE);
	ck_assert_int_ne(fault.why, 0);
	support_leave();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("simdir");

	support_add(suite, "making", test_make);
	support_add(suite, "making where it cannot be", test_make_fails);
	support_add(suite, "loading", test_load);
	return support_main(suite);
}
