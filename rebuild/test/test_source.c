#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rebuild/source.h"
#include "rebuild/test/support.h"

#define GIT \
	"GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git -C r -c user.name=T -c user.email=t@t.example "

static int64_t ticks_ms(void)
{
	struct timespec now;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A repository r with one commit, its id in the file `id`, and where to put it. */
struct bench {
	char folder[256];
	char here[256];
	char repository[300];
	char *commit;
	struct git git;
	struct source_order order;
};

static void start(struct bench *bench)
{
	(void)signal(SIGPIPE, SIG_IGN);
	support_enter();
	support_sh("mkdir r && " GIT
		   "init -q && printf 'a\\n' >r/f && mkdir r/d && echo b >r/d/g && " GIT
		   "add -A && " GIT "commit -q -m one && " GIT "tag v1 && " GIT
		   "tag -a -m t v2 && " GIT "branch other && " GIT "rev-parse HEAD >id");
	struct buf id = support_read("id");
	bench->commit = support_text((struct span){ id.at, id.len - 1 });
	buf_done(&id);
	ck_assert_ptr_nonnull(getcwd(bench->here, sizeof(bench->here)));
	(void)snprintf(bench->folder, sizeof(bench->folder), "%.200s/w", bench->here);
	(void)snprintf(bench->repository, sizeof(bench->repository), "file://%.200s/r",
		       bench->here);
	bench->git = (struct git){ .program = "/usr/bin/git",
				   .search_path = "/usr/bin:/bin",
				   .folder = bench->folder,
				   .kind = REPOSITORY_FILE,
				   .clock = { ticks_ms },
				   .limit_ms = 60000 };
	bench->order =
		(struct source_order){ .repository = bench->repository, .commit = bench->commit };
}

static void leave(struct bench *bench)
{
	free(bench->commit);
	support_leave();
}

/* What may have happened to a folder between two runs. */
START_TEST(test_verify)
{
	static const struct {
		const char *script;
		enum reason reason;
	} rows[] = {
		{ ":", REASON_OK },
		{ "touch -d 2001-01-01 w/f", REASON_OK },
		{ "echo b >w/f; touch -r w/d w/f", REASON_SOURCE_TREE },
		{ "chmod 755 w/f", REASON_SOURCE_TREE },
		{ "rm w/f", REASON_SOURCE_TREE },
		{ "rm w/f; ln -s d/g w/f", REASON_SOURCE_TREE },
		{ "echo x >w/new", REASON_SOURCE_TREE },
		{ "echo new >w/.git/info/exclude; echo x >w/new", REASON_SOURCE_TREE },
		{ "mkdir w/build; echo x >w/build/staged", REASON_OK },
		{ "git -C w -c user.name=T -c user.email=t@t.example commit -q --allow-empty -m two",
		  REASON_SOURCE_TREE },
		{ "rm -rf w/.git/objects", REASON_SOURCE_ABSENT },
		{ "cd w; p=$(ls .git/objects/pack/*.pack); mv $p ../p; git unpack-objects -q <../p\n"
		  "rm -f .git/objects/pack/*; o=$(git rev-parse HEAD:f)\n"
		  "n=$(git rev-parse HEAD:d/g); f=.git/objects/${o%${o#??}}/${o#??}; chmod 644 $f\n"
		  "cp .git/objects/${n%${n#??}}/${n#??} $f",
		  REASON_SOURCE_OBJECTS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const char *const allowed[] = { "build/staged" };
		struct source_facts facts;
		struct trouble trouble = { 0 };
		struct bench bench;
		start(&bench);
		bench.order.allowed = allowed;
		bench.order.n_allowed = 1;
		EXPECT_REASON(rows[i].script,
			      source_prepare(&bench.git, &bench.order, &facts, &trouble),
			      REASON_OK);
		ck_assert(facts.fetched && strlen(facts.tree) == 40);
		ck_assert_int_eq((int)facts.signature, SOURCE_UNSIGNED);
		support_sh(rows[i].script);
		EXPECT_REASON(rows[i].script,
			      source_verify(&bench.git, &bench.order, &facts, &trouble),
			      rows[i].reason);
		/* whatever it was, it is made good */
		EXPECT_REASON(rows[i].script,
			      source_prepare(&bench.git, &bench.order, &facts, &trouble),
			      REASON_OK);
		ck_assert(facts.fetched == (rows[i].reason != REASON_OK));
		leave(&bench);
	}
}
END_TEST

/* A git that fails, or answers with something else than git does. */
START_TEST(test_odd_git)
{
	static const struct {
		const char *script;
		enum reason reason;
	} rows[] = {
		{ "exit 1", REASON_SOURCE_GIT },
		{ "case $* in *rev-parse*) echo nonsense;; esac", REASON_SOURCE_GIT },
		{ "case $* in *rev-parse*) echo;; esac", REASON_SOURCE_GIT },
		{ "case $* in *rev-parse*) exec /usr/bin/git \"$@\";; esac; exit 0",
		  REASON_SOURCE_ABSENT },
		{ "case $* in *status*) printf '?? a'; exit;; esac; exec /usr/bin/git \"$@\"",
		  REASON_SOURCE_GIT },
		{ "case $* in *status*) head -c 2000000 /dev/zero; exit;; esac\n"
		  "exec /usr/bin/git \"$@\"",
		  REASON_PROC_OUTPUT },
		{ "case \" $* \" in *\" fetch \"*) exit 1;; esac; exec /usr/bin/git \"$@\"",
		  REASON_SOURCE_FETCH },
		{ "case \" $* \" in *\" fetch \"*) echo 'fatal: fsck error in packed object' >&2; exit 1;; esac\n"
		  "exec /usr/bin/git \"$@\"",
		  REASON_SOURCE_OBJECTS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct source_facts facts;
		struct trouble trouble = { 0 };
		struct buf script = { 0 };
		char program[300];
		struct bench bench;
		start(&bench);
		(void)snprintf(program, sizeof(program), "%s/git", bench.here);
		buf_printf(&script, "#!/bin/sh\nmkdir -p .git\n%s\n", rows[i].script);
		support_write("git", buf_span(&script));
		buf_done(&script);
		support_sh("chmod 755 git");
		bench.git.program = program;
		EXPECT_REASON(rows[i].script,
			      source_prepare(&bench.git, &bench.order, &facts, &trouble),
			      rows[i].reason);
		leave(&bench);
	}
}
END_TEST

START_TEST(test_resolve)
{
	static const struct {
		const char *name;
		enum reason reason;
	} rows[] = {
		{ "v1", REASON_OK },           { "v2", REASON_OK }, /* the commit behind the tag */
		{ "other", REASON_OK },        { "refs/heads/other", REASON_OK },
		{ "HEAD", REASON_OK },         { "oth", REASON_SOURCE_ABSENT },
		{ "v", REASON_SOURCE_ABSENT }, { "0123456", REASON_SOURCE_ABSENT },
	};
	struct trouble trouble = { 0 };
	char id[GIT_ID_MAX + 1];
	char begin[11] = "";
	struct bench bench;

	start(&bench);
	support_sh("mkdir w");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(id, 0, sizeof(id));
		EXPECT_REASON(
			rows[i].name,
			source_resolve(&bench.git, bench.repository, rows[i].name, id, &trouble),
			rows[i].reason);
		if (rows[i].reason == REASON_OK)
			ck_assert_str_eq(id, bench.commit);
	}
	memcpy(begin, bench.commit, 10);
	EXPECT_REASON("short", source_resolve(&bench.git, bench.repository, begin, id, &trouble),
		      REASON_OK);
	ck_assert_str_eq(id, bench.commit);
	EXPECT_REASON("nowhere",
		      source_resolve(&bench.git, "file:///nonexistent", "v1", id, &trouble),
		      REASON_SOURCE_FETCH);
	leave(&bench);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source");

	support_add(suite, "verify", test_verify);
	support_add(suite, "odd git", test_odd_git);
	support_add(suite, "resolve", test_resolve);
	return support_main(suite);
}
