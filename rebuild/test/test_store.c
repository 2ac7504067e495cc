/* The cache: what it gives is what was asked for, whatever stands in its files. */
#include "rebuild/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rebuild/test/support.h"

#define BLOB SPAN_LITERAL("hello, blob")

static struct store *store;
static uint8_t digest[DIGEST_SHA256_LEN];
static char whole[128];
static char part_name[136];
static int64_t now;

static int64_t ticks(void *context)
{
	(void)context;
	return now;
}

/* What happens while a lock is waited for. */
static void (*meanwhile)(void);

static void nap(void *context, int64_t ms)
{
	(void)context;
	now += ms;
	if (meanwhile != NULL)
		meanwhile();
}

static const struct http_clock tame = { ticks, nap, NULL };
static bool asked_to_stop;

static bool stop(void *context)
{
	(void)context;
	return asked_to_stop;
}

static const struct store_wait patience = { .clock = &tame, .deadline_ms = 1000, .stop = stop };

static void begin(void)
{
	const struct span blob = BLOB;
	struct trouble trouble = { .why = 0 };
	char text[SHA256_TEXT_LEN + 1];

	support_enter();
	EXPECT_REASON("open", store_open("s", &store, &trouble), REASON_OK);
	ck_assert(digest_sha256(&blob, 1, digest) == REASON_OK);
	sha256_text(digest, text);
	(void)snprintf(whole, sizeof(whole), "s/blobs/sha256/%.2s/%s", text + 7, text + 7);
	(void)snprintf(part_name, sizeof(part_name), "%s.part", whole);
	now = 0;
	meanwhile = NULL;
}

static void end(void)
{
	store_free(store);
	support_leave();
}

/* Whether the store has the blob. */
static bool has(void)
{
	struct trouble trouble = { .why = 0 };
	char content[64];
	int fd = -1;

	EXPECT_REASON("get", store_get(store, digest, BLOB.len, NULL, &fd, &trouble), REASON_OK);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, content, sizeof(content));
	EXPECT_BYTES("content", ((struct span){ (uint8_t *)content, n > 0 ? (size_t)n : 0 }), BLOB);
	(void)close(fd);
	return true;
}

static enum reason start(struct store_part **ret)
{
	struct trouble trouble = { .why = 0 };

	return store_begin(store, digest, BLOB.len, &patience, ret, &trouble);
}

static enum reason add(struct store_part *part, struct span bytes)
{
	struct trouble trouble = { .why = 0 };
	enum reason reason = store_part_add(part, bytes, &trouble);

	return reason != REASON_OK ? reason : store_part_finish(part, &trouble);
}

static void put(void)
{
	struct store_part *part = NULL;

	EXPECT_REASON("begin", start(&part), REASON_OK);
	ck_assert_ptr_nonnull(part);
	EXPECT_REASON("add", add(part, BLOB), REASON_OK);
	store_part_free(part);
}

START_TEST(test_there_and_back)
{
	begin();
	ck_assert(!has());
	put();
	ck_assert(has());
	ck_assert(!support_exists(part_name));
	struct store_part *part = (struct store_part *)&now;
	EXPECT_REASON("again", start(&part), REASON_OK);
	ck_assert_ptr_null(part);
	ck_assert(!support_exists(part_name));
	end();
}
END_TEST

/* What stands under its name and is another thing is not given, and makes way. */
START_TEST(test_spoiled)
{
	static const char *const spoils[] = {
		"printf 'hello, blub' >$x",
		"printf 'hello' >$x",
		": >$x",
		"printf 'hello, blob more' >$x",
		"mv $x s/kept; ln -s ../../../kept $x",
	};

	begin();
	for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++) {
		char script[512];
		put();
		(void)chmod(whole, 0600);
		(void)snprintf(script, sizeof(script), "x=%s; %s", whole, spoils[i]);
		support_sh(script);
		ck_assert_msg(!has(), "row \"%s\"", spoils[i]);
		ck_assert_msg(!support_exists(whole), "row \"%s\": left", spoils[i]);
		put();
		ck_assert_msg(has(), "row \"%s\"", spoils[i]);
		(void)unlink(whole);
	}
	end();
}
END_TEST

START_TEST(test_continued)
{
	struct store_part *part = NULL;
	struct trouble trouble = { .why = 0 };

	begin();
	EXPECT_REASON("begin", start(&part), REASON_OK);
	EXPECT_REASON("half", add(part, SPAN_LITERAL("hello")), REASON_OCI_SIZE);
	store_part_free(part);
	ck_assert(support_exists(part_name) && !has());
	EXPECT_REASON("go on", start(&part), REASON_OK);
	ck_assert_uint_eq(store_part_len(part), 5);
	EXPECT_REASON("too much", store_part_add(part, SPAN_LITERAL(", blob!"), &trouble),
		      REASON_OCI_SIZE);
	EXPECT_REASON("the rest", add(part, SPAN_LITERAL(", blob")), REASON_OK);
	store_part_free(part);
	ck_assert(has() && !support_exists(part_name));
	end();
}
END_TEST

START_TEST(test_another)
{
	struct store_part *part = NULL;

	begin();
	EXPECT_REASON("begin", start(&part), REASON_OK);
	EXPECT_REASON("another", add(part, SPAN_LITERAL("hello, blub")), REASON_OCI_DIGEST);
	store_part_free(part);
	ck_assert(!has() && !support_exists(part_name));
	/* an empty one is not kept either */
	EXPECT_REASON("begin", start(&part), REASON_OK);
	ck_assert(support_exists(part_name));
	store_part_free(part);
	ck_assert(!support_exists(part_name));
	/* longer than the blob: nothing of it can be right */
	support_write(part_name, SPAN_LITERAL("hello, blob and more"));
	EXPECT_REASON("begin", start(&part), REASON_OK);
	ck_assert_uint_eq(store_part_len(part), 0);
	EXPECT_REASON("half", add(part, SPAN_LITERAL("hello")), REASON_OCI_SIZE);
	EXPECT_REASON("restart", store_part_restart(part), REASON_OK);
	EXPECT_REASON("whole", add(part, BLOB), REASON_OK);
	store_part_free(part);
	ck_assert(has());
	end();
}
END_TEST

static struct store_part *held;

static void let_go(void)
{
	store_part_free(held);
	held = NULL;
}

static void complete(void)
{
	if (now < 300 || held == NULL)
		return;
	EXPECT_REASON("complete", add(held, SPAN_LITERAL(", blob")), REASON_OK);
	let_go();
}

/* flock is by open file, so that one process can wait for itself as for another. */
START_TEST(test_two)
{
	struct store_part *part = NULL;
	struct trouble trouble = { .why = 0 };

	begin();
	EXPECT_REASON("first", start(&held), REASON_OK);
	EXPECT_REASON("busy", start(&part), REASON_STORE_BUSY);
	ck_assert_int_ge(now, 1000);
	ck_assert(support_exists(part_name));
	now = 0;
	asked_to_stop = true;
	EXPECT_REASON("a signal", start(&part), REASON_INTERRUPTED);
	ck_assert_int_eq(now, 0);
	asked_to_stop = false;
	EXPECT_REASON("half", store_part_add(held, SPAN_LITERAL("hello"), &trouble), REASON_OK);
	meanwhile = complete;
	EXPECT_REASON("waits", start(&part), REASON_OK);
	ck_assert_ptr_null(part);
	ck_assert_int_eq(now, 300);
	ck_assert(has());
	/* and where the other gives up */
	(void)unlink(whole);
	EXPECT_REASON("first", start(&held), REASON_OK);
	meanwhile = let_go;
	EXPECT_REASON("takes over", start(&part), REASON_OK);
	ck_assert_ptr_nonnull(part);
	EXPECT_REASON("whole", add(part, BLOB), REASON_OK);
	store_part_free(part);
	ck_assert(has());
	end();
}
END_TEST

/* Killed at any moment: what it leaves is gone on with. */
START_TEST(test_killed)
{
	struct store_part *part = NULL;
	int status;

	begin();
	pid_t child = fork();
	if (child == 0) {
		struct trouble trouble = { .why = 0 };
		if (start(&part) != REASON_OK ||
		    store_part_add(part, SPAN_LITERAL("hel"), &trouble) != REASON_OK)
			_exit(1);
		(void)kill(getpid(), SIGKILL);
	}
	ck_assert(child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status));
	EXPECT_REASON("go on", start(&part), REASON_OK);
	ck_assert_uint_eq(store_part_len(part), 3);
	EXPECT_REASON("the rest", add(part, SPAN_LITERAL("lo, blob")), REASON_OK);
	store_part_free(part);
	ck_assert(has());
	end();
}
END_TEST

static enum reason open_at(const char *script, const char *dir)
{
	struct trouble trouble = { .why = 0 };
	struct store *opened = NULL;

	support_sh(script);
	enum reason reason = store_open(dir, &opened, &trouble);
	store_free(opened);
	return reason;
}

START_TEST(test_folders)
{
	struct store_part *part = NULL;
	char script[512];

	begin();
	EXPECT_REASON("deep", open_at(":", "a/b//c/d/"), REASON_OK);
	EXPECT_REASON("a file", open_at("echo >f", "f"), REASON_STORE_FOLDER);
	EXPECT_REASON("below a file", open_at(":", "f/g"), REASON_STORE_FOLDER);
	EXPECT_REASON("none", open_at(":", ""), REASON_STORE_FOLDER);
	EXPECT_REASON("a link that the user made", open_at("ln -s a l", "l"), REASON_OK);
	EXPECT_REASON("a link within", open_at("mkdir x; ln -s ../a x/blobs", "x"),
		      REASON_STORE_FOLDER);
	/* a link, a fifo, or a second name of another file in place of the part */
	static const char *const parts[] = { "ln -s ../../../../f $x", "mkfifo $x", "ln f $x" };
	put();
	(void)unlink(whole);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		(void)snprintf(script, sizeof(script), "x=%s; %s", part_name, parts[i]);
		support_sh(script);
		EXPECT_REASON(parts[i], start(&part), REASON_STORE_UNWRITABLE);
		ck_assert_int_eq(unlink(part_name), 0);
	}
	struct buf f = support_read("f");
	EXPECT_BYTES("f", buf_span(&f), SPAN_LITERAL("\n"));
	buf_done(&f);
	(void)snprintf(script, sizeof(script), "mkdir %s", whole);
	support_sh(script);
	EXPECT_REASON("a folder in its place", start(&part), REASON_STORE_FOLDER);
	end();
}
END_TEST

/* A disk without room: what can be known beforehand, and what cannot. */
START_TEST(test_full)
{
	struct store_part *part = NULL;
	struct trouble trouble = { .why = 0 };
	const struct rlimit small = { 4, 4 };

	begin();
	EXPECT_REASON("an exabyte",
		      store_begin(store, digest, UINT64_C(1) << 60, &patience, &part, &trouble),
		      REASON_STORE_SPACE);
	ck_assert(!support_exists(part_name));
	pid_t child = fork();
	if (child == 0) {
		(void)signal(SIGXFSZ, SIG_IGN);
		trouble = (struct trouble){ .why = 0 };
		if (start(&part) != REASON_OK || setrlimit(RLIMIT_FSIZE, &small) != 0)
			_exit(1);
		enum reason reason = store_part_add(part, BLOB, &trouble);
		store_part_free(part);
		_exit(reason == REASON_STORE_UNWRITABLE && trouble.why == EFBIG ? 0 : 2);
	}
	int status = -1;
	ck_assert(child > 0 && waitpid(child, &status, 0) == child);
	ck_assert_int_eq(status, 0);
	/* what was written is a beginning */
	EXPECT_REASON("go on", start(&part), REASON_OK);
	ck_assert_uint_eq(store_part_len(part), 4);
	store_part_free(part);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");

	support_add(suite, "there and back", test_there_and_back);
	support_add(suite, "spoiled", test_spoiled);
	support_add(suite, "continued", test_continued);
	support_add(suite, "another", test_another);
	support_add(suite, "two at once", test_two);
	support_add(suite, "killed", test_killed);
	support_add(suite, "folders", test_folders);
	support_add(suite, "full", test_full);
	return support_main(suite);
}
