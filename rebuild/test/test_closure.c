/* Real Nix: where everything that an output was made of came from, and whether it is the same again. */
#include <stdlib.h>
#include <string.h>

#include "rebuild/test/nixbench.h"

/* In a store that was empty everything was built here; in the same store a second time it is built
 * again, every derivation of it. */
START_TEST(independent)
{
	struct nixbench bench;
	struct nixjson_built built;
	struct closure closure;
	char drv[DRV_PATH_MAX + 1];
	bool empty = false;
	size_t sources = 0;

	if (nixbench_skip("closure/independent"))
		return;
	nixbench_enter(&bench, "app", "clean");
	EXPECT_REASON("empty?", nix_store_is_empty(&bench.nix, &empty, &bench.said), REASON_OK);
	ck_assert(empty);
	EXPECT_REASON("build", nixbench_build(&bench, NIXBENCH_ATTRIBUTE, drv, &built), REASON_OK);
	ck_assert_str_eq(built.drv, drv);
	ck_assert_uint_ge(bench.expected, 9);
	ck_assert_uint_eq(bench.done, bench.expected);
	ck_assert(nixbench_log_has(&bench, "batcher-x86_64>   \"PCR0\": \""));
	ck_assert(!nixbench_log_has(&bench, "@nix"));
	EXPECT_REASON("full?", nix_store_is_empty(&bench.nix, &empty, &bench.said), REASON_OK);
	ck_assert(!empty);

	EXPECT_REASON("read", closure_read(&bench.nix, drv, &closure, &bench.said), REASON_OK);
	ck_assert_uint_ge(closure.n_drvs, 9);
	ck_assert_str_eq(closure.drvs[closure.n_drvs - 1].path, drv);
	for (size_t i = 0; i < closure.paths.n; i++)
		ck_assert(!closure_is_substituted(&closure.paths.at[i]));
	EXPECT_REASON("was empty", closure_judge(&bench.nix, true, NULL, &closure, &bench.said),
		      REASON_OK);
	ck_assert_uint_eq(closure_count(&closure, CLOSURE_BUILT), closure.n_drvs);
	EXPECT_REASON("was not", closure_judge(&bench.nix, false, NULL, &closure, &bench.said),
		      REASON_OK);
	ck_assert_uint_eq(closure_count(&closure, CLOSURE_AGAIN), closure.n_drvs);
	/* a source that is not named by its content could be anything */
	for (size_t i = 0; i < closure.paths.n; i++) {
		if (!closure.paths.at[i].addressed)
			continue;
		closure.paths.at[i].addressed = false;
		EXPECT_REASON(closure.paths.at[i].path,
			      closure_judge(&bench.nix, true, NULL, &closure, &bench.said),
			      REASON_NIX_SUBSTITUTED);
		closure.paths.at[i].addressed = true;
		sources++;
	}
	ck_assert_uint_ge(sources, 4);
	bench.settings.independent = false;
	EXPECT_REASON("not asked for", closure_judge(&bench.nix, true, NULL, &closure, &bench.said),
		      REASON_NIX_OPTION);
	closure_done(&closure);
	nixbench_leave(&bench);
}
END_TEST

/* A path copied from another store is not of this one, whoever says that it was built. */
START_TEST(substituted)
{
	struct nixbench bench;
	struct nixjson_built built;
	struct closure closure;
	char drv[DRV_PATH_MAX + 1];
	size_t n = 0;

	if (nixbench_skip("closure/substituted"))
		return;
	nixbench_enter(&bench, "app", "theirs");
	EXPECT_REASON("theirs", nixbench_build(&bench, NIXBENCH_ATTRIBUTE, drv, &built), REASON_OK);
	nixbench_leave(&bench);
	/* signed by a key of theirs, trusted by an option that --independent refuses */
	support_sh("export HOME=$PWD/home NIX_CONFIG='experimental-features = nix-command flakes'\n"
		   "nix key generate-secret --key-name theirs.example-1 >key\n"
		   "nix store sign --store $PWD/theirs --key-file key --all\n");
	nixbench_enter(&bench, "app", "ours");
	bench.settings.independent = false;
	char *theirs = nixbench_path("theirs");
	struct buf public = { 0 };
	buf_printf(&public, "%s?trusted=1", theirs);
	char *url = buf_take_text(&public);
	bench.settings.options[0] = (struct nixopt){ "substituters", url };
	bench.settings.n_options = 1;
	EXPECT_REASON("ours", nixbench_build(&bench, NIXBENCH_ATTRIBUTE, drv, &built), REASON_OK);
	EXPECT_REASON("read", closure_read(&bench.nix, drv, &closure, &bench.said), REASON_OK);
	for (size_t i = 0; i < closure.paths.n; i++) {
		const struct nixjson_path *path = &closure.paths.at[i];
		if (!closure_is_substituted(path))
			continue;
		ck_assert_str_eq(path->signers, "theirs.example-1");
		n++;
	}
	ck_assert_uint_ge(n, 1);
	/* told to be independent after all: what was never built is, and everything again */
	bench.settings.independent = true;
	bench.settings.n_options = 0;
	EXPECT_REASON("judge", closure_judge(&bench.nix, true, NULL, &closure, &bench.said),
		      REASON_OK);
	ck_assert_uint_ge(closure_count(&closure, CLOSURE_AGAIN), n);
	closure_done(&closure);
	free(theirs);
	free(url);
	nixbench_leave(&bench);
}
END_TEST

/* What another build of the same gives is listed, whatever depends on it. */
START_TEST(flaky)
{
	struct nixbench bench;
	struct nixjson_built built;
	struct closure closure;
	char drv[DRV_PATH_MAX + 1];
	size_t n = 0;

	if (nixbench_skip("closure/flaky"))
		return;
	nixbench_enter(&bench, "cases", "flaky-store");
	EXPECT_REASON("build", nixbench_build(&bench, "flaky", drv, &built), REASON_OK);
	EXPECT_REASON("read", closure_read(&bench.nix, drv, &closure, &bench.said), REASON_OK);
	EXPECT_REASON("judge", closure_judge(&bench.nix, false, NULL, &closure, &bench.said),
		      REASON_NIX_DIFFERS);
	for (size_t i = 0; i < closure.n_drvs; i++) {
		const struct closure_drv *one = &closure.drvs[i];
		const bool differs = strstr(one->path, "-flaky.drv") != NULL;
		ck_assert_int_eq(one->standing, differs ? CLOSURE_DIFFERS : CLOSURE_AGAIN);
		EXPECT_REASON(one->path, one->reason, differs ? REASON_NIX_DIFFERS : REASON_OK);
		n += differs;
	}
	ck_assert_uint_eq(n, 1);
	closure_done(&closure);
	nixbench_leave(&bench);
}
END_TEST

/* The digest that the flake itself pins an image by, as it was evaluated. */
START_TEST(pinned)
{
	struct nixbench bench;
	struct nixjson_built built;
	struct closure closure;
	char drv[DRV_PATH_MAX + 1];
	size_t n = 0;

	if (nixbench_skip("closure/pinned"))
		return;
	nixbench_enter(&bench, "cases", "pinned-store");
	EXPECT_REASON("build", nixbench_build(&bench, "pinned", drv, &built), REASON_OK);
	EXPECT_REASON("read", closure_read(&bench.nix, drv, &closure, &bench.said), REASON_OK);
	for (size_t i = 0; i < closure.n_drvs; i++) {
		if (closure.drvs[i].image_digest == NULL)
			continue;
		ck_assert(closure.drvs[i].is_fixed);
		ck_assert_str_eq(closure.drvs[i].image_name, "registry.example/org/nitro-node");
		ck_assert_int_eq(strncmp(closure.drvs[i].image_digest, "sha256:2222", 11), 0);
		n++;
	}
	ck_assert_uint_eq(n, 1);
	EXPECT_REASON("judge", closure_judge(&bench.nix, false, NULL, &closure, &bench.said),
		      REASON_OK);
	ck_assert_uint_eq(closure_count(&closure, CLOSURE_FIXED), 1);
	ck_assert_uint_eq(closure_count(&closure, CLOSURE_AGAIN), closure.n_drvs - 1);
	closure_done(&closure);
	nixbench_leave(&bench);
}
END_TEST

/* What Nix does not do here: say nothing, say nonsense, keep a setting of its own. */
START_TEST(stand_ins)
{
	static const char script[] =
		"for name in silent nonsense ignoring; do\n"
		"    case $name in\n"
		"    silent) what='exit 1' ;;\n"
		"    nonsense) what='echo nonsense' ;;\n"
		"    ignoring) what='echo \"warning: ignoring the user-specified setting\" >&2; exec nix-store \"$@\"' ;;\n"
		"    esac\n"
		"    printf '#!/bin/sh\\n%s\\n' \"$what\" >$name\n"
		"    chmod +x $name\n"
		"done\n";
	char drv[DRV_PATH_MAX + 1];
	struct nixjson_built built;
	struct nixbench bench;
	struct closure closure;
	bool empty = false;

	support_sh(script);
	nixbench_enter(&bench, "cases", "stand-ins");
	char *silent = nixbench_path("silent");
	char *nonsense = nixbench_path("nonsense");
	char *ignoring = nixbench_path("ignoring");
	bench.nix.nix = silent;
	EXPECT_REASON("empty?", nix_store_is_empty(&bench.nix, &empty, &bench.said),
		      REASON_NIX_FAILED);
	EXPECT_REASON("evaluate", nix_evaluate(&bench.nix, "fails", drv, &bench.said),
		      REASON_NIX_EVALUATION);
	bench.nix.nix = nonsense;
	EXPECT_REASON("evaluate", nix_evaluate(&bench.nix, "fails", drv, &bench.said),
		      REASON_NIX_OUTPUT);
	bench.nix.nix = bench.programs[0];
	EXPECT_REASON("evaluate", nix_evaluate(&bench.nix, "fails", drv, &bench.said), REASON_OK);
	bench.nix.nix_store = nonsense;
	EXPECT_REASON("read", closure_read(&bench.nix, drv, &closure, &bench.said),
		      REASON_NIX_OUTPUT);
	closure_done(&closure);
	EXPECT_REASON("no path", closure_read(&bench.nix, "x", &closure, &bench.said),
		      REASON_NIX_OUTPUT);
	closure_done(&closure);
	bench.nix.nix_store = bench.programs[1];
	bench.settings.n_options = NIXOPT_MAX;
	for (size_t i = 0; i < NIXOPT_MAX; i++)
		bench.settings.options[i] = (struct nixopt){ "cores", "1" };
	EXPECT_REASON("as many options as may be",
		      nix_evaluate(&bench.nix, "fails", drv, &bench.said), REASON_OK);
	bench.settings.n_options = 0;
	if (!nixbench_skip("closure/stand_ins")) {
		/* one that cannot be built says nothing for itself, in a clean store neither */
		EXPECT_REASON("read", closure_read(&bench.nix, drv, &closure, &bench.said),
			      REASON_OK);
		closure_done(&closure);
		EXPECT_REASON("evaluate", nix_evaluate(&bench.nix, "fails", drv, &bench.said),
			      REASON_OK);
		EXPECT_REASON("read", closure_read(&bench.nix, drv, &closure, &bench.said),
			      REASON_OK);
		EXPECT_REASON("judge", closure_judge(&bench.nix, true, NULL, &closure, &bench.said),
			      REASON_NIX_SUBSTITUTED);
		ck_assert_uint_eq(closure_count(&closure, CLOSURE_FAILED), closure.n_drvs);
		closure_done(&closure);
		EXPECT_REASON("pinned", nixbench_build(&bench, "pinned", drv, &built), REASON_OK);
		bench.nix.nix_store = ignoring;
		EXPECT_REASON("read", closure_read(&bench.nix, drv, &closure, &bench.said),
			      REASON_OK);
		EXPECT_REASON("ignoring",
			      closure_judge(&bench.nix, false, NULL, &closure, &bench.said),
			      REASON_NIX_OPTION_IGNORED);
		closure_done(&closure);
	}
	free(silent);
	free(nonsense);
	free(ignoring);
	nixbench_leave(&bench);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("closure");

	support_add(suite, "independent", independent);
	support_add(suite, "substituted", substituted);
	support_add(suite, "flaky", flaky);
	support_add(suite, "pinned", pinned);
	support_add(suite, "stand_ins", stand_ins);
	return nixbench_main(suite);
}
