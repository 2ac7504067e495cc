/* Real Nix: what is built, and every way in which it is not. Each store is a new folder. */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier): unshare(2) */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>

#include "rebuild/test/nixbench.h"

static int64_t ticks_ms(void)
{
	struct timespec now;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

START_TEST(versions)
{
	struct nixbench bench;
	struct nixjson_version version;

	nixbench_enter(&bench, "app", "v");
	EXPECT_REASON("here", nix_version(&bench.nix, &version), REASON_OK);
	ck_assert_uint_ge(version.major, 2);
	bench.nix.nix = "/bin/cat";
	EXPECT_REASON("none", nix_version(&bench.nix, &version), REASON_NIX_VERSION);
	bench.nix.nix = "/nowhere/nix";
	EXPECT_REASON("absent", nix_version(&bench.nix, &version), REASON_PROC_START);
	nixbench_leave(&bench);
}
END_TEST

/* The same bytes: another clean store, another folder, a shallow clone, staged by hand. */
START_TEST(same_bytes)
{
	static const char script[] =
		"for how in full shallow; do\n"
		"    case $how in full) set -- ;; shallow) set -- --depth=1 ;; esac\n"
		"    git clone -q \"$@\" file://$PWD/app $how\n"
		"    mkdir $how/build-outputs\n"
		"    cp app/build-outputs/nitro $how/build-outputs/nitro\n"
		"    chmod 0755 $how/build-outputs/nitro\n"
		"    git -C $how add -f build-outputs/nitro\n"
		"done\n";
	static const char *const others[] = { "app", "full", "shallow" };
	struct nixbench bench;

	if (nixbench_skip("nix/same_bytes"))
		return;
	support_sh(script);
	struct buf first = nixbench_image("app", "one", &bench);
	ck_assert_uint_gt(first.len, 548);
	nixbench_leave(&bench);
	for (size_t i = 0; i < 3; i++) {
		struct buf store = { 0 };
		buf_printf(&store, "store-%zu", i);
		char *name = buf_take_text(&store);
		struct buf next = nixbench_image(others[i], name, &bench);
		EXPECT_BYTES(others[i], buf_span(&next), buf_span(&first));
		buf_done(&next);
		free(name);
		nixbench_leave(&bench);
	}
	buf_done(&first);
}
END_TEST

START_TEST(failures)
{
	static const struct {
		const char *attribute;
		enum reason reason;
		const char *says;
	} rows[] = {
		{ "fails", REASON_NIX_BUILDER, "fails> No space left on device, says a liar" },
		{ "silent", REASON_NIX_TIMEOUT, "timed out after 1 seconds" },
		{ "wrong", REASON_NIX_FIXED_OUTPUT, "specified: sha256-" },
		{ "broken", REASON_NIX_EVALUATION, "cannot be evaluated" },
		{ "absent", REASON_NIX_ATTRIBUTE, "absent" },
		{ "--help", REASON_NIX_ATTRIBUTE, "" },
		{ "a b", REASON_NIX_ATTRIBUTE, "" },
	};
	struct nixjson_built built;
	char drv[DRV_PATH_MAX + 1];

	if (nixbench_skip("nix/failures"))
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nixbench bench;
		nixbench_enter(&bench, "cases", "failing");
		if (rows[i].reason == REASON_NIX_TIMEOUT)
			bench.settings.timeout_s = 1;
		EXPECT_REASON(rows[i].attribute,
			      nixbench_build(&bench, rows[i].attribute, drv, &built),
			      rows[i].reason);
		ck_assert_msg(nixbench_log_has(&bench, rows[i].says), "%s: no '%s' in the log",
			      rows[i].attribute, rows[i].says);
		nixbench_leave(&bench);
	}
}
END_TEST

/* Changes to a clone of the app, and what its evaluation then gives. */
START_TEST(trees)
{
	static const struct {
		const char *name;
		const char *change;
		enum reason reason;
	} rows[] = {
		{ "as it is", ":", REASON_OK },
		{ "not staged", "git rm -q --cached build-outputs/nitro", REASON_NIX_NOT_STAGED },
		{ "absent", "git rm -q -f build-outputs/nitro", REASON_NIX_NOT_STAGED },
		{ "no lock", "git rm -q flake.lock", REASON_NIX_LOCK },
		{ "stale lock", "sed -i 's|/nixpkgs\"|/cases\"|' flake.nix", REASON_NIX_LOCK },
		{ "wrong narHash",
		  "sed -i 's|narHash\": \"sha256-....|narHash\": \"sha256-AAAA|' flake.lock",
		  REASON_NIX_INPUT_HASH },
		{ "no such rev", "sed -i 's|rev\": \"....|rev\": \"0000|' flake.lock",
		  REASON_NIX_INPUT_FETCH },
		{ "not nix", "echo '{' >flake.nix", REASON_NIX_EVALUATION },
	};
	char drv[DRV_PATH_MAX + 1];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nixbench bench;
		struct buf script = { 0 };
		/* caches are by revision, so that each row needs its own */
		buf_printf(&script,
			   "rm -rf changed changed-store home; cp -r app changed; cd changed; %s",
			   rows[i].change);
		char *text = buf_take_text(&script);
		support_sh(text);
		free(text);
		nixbench_enter(&bench, "changed", "changed-store");
		EXPECT_REASON(rows[i].name,
			      nix_evaluate(&bench.nix, NIXBENCH_ATTRIBUTE, drv, &bench.said),
			      rows[i].reason);
		ck_assert_msg(rows[i].reason == REASON_OK || bench.said.errors.len > 0,
			      "%s: no message", rows[i].name);
		/* nothing was locked anew or added to the index */
		support_sh("cd changed; git diff --quiet --cached -- flake.lock ||\n"
			   "git diff --cached --name-status -- flake.lock | grep -q '^D'");
		nixbench_leave(&bench);
	}
}
END_TEST

/* What was evaluated is not what stands there when it is built. */
START_TEST(changed_meanwhile)
{
	struct nixbench bench;
	struct nixjson_built built;
	char drv[DRV_PATH_MAX + 1];

	if (nixbench_skip("nix/changed_meanwhile"))
		return;
	support_sh("cp -r app moving");
	nixbench_enter(&bench, "moving", "moving-store");
	EXPECT_REASON("evaluate", nix_evaluate(&bench.nix, NIXBENCH_ATTRIBUTE, drv, &bench.said),
		      REASON_OK);
	support_sh("echo more >>moving/build-outputs/nitro");
	EXPECT_REASON("build",
		      nix_build(&bench.nix, NIXBENCH_ATTRIBUTE, drv, NULL, &built, &bench.said),
		      REASON_NIX_TREE);
	nixbench_leave(&bench);
}
END_TEST

/* Stopped in the middle of a build, and begun anew. */
START_TEST(interrupted)
{
	struct nixbench bench;
	char drv[DRV_PATH_MAX + 1];
	struct nixjson_built built;

	if (nixbench_skip("nix/interrupted"))
		return;
	struct buf whole = nixbench_image("app", "whole", &bench);
	nixbench_leave(&bench);
	nixbench_enter(&bench, "app", "halved");
	bench.interrupt_at = "rootfs.cpio.gz";
	EXPECT_REASON("stopped", nixbench_build(&bench, NIXBENCH_ATTRIBUTE, drv, &built),
		      REASON_INTERRUPTED);
	nixbench_leave(&bench);
	struct buf again = nixbench_image("app", "halved", &bench);
	EXPECT_BYTES("again", buf_span(&again), buf_span(&whole));
	nixbench_leave(&bench);
	/* a builder that would go on for long is ended with Nix */
	nixbench_enter(&bench, "cases", "slow-store");
	bench.interrupt_at = "slow";
	const int64_t began = ticks_ms();
	EXPECT_REASON("slow", nixbench_build(&bench, "slow", drv, &built), REASON_INTERRUPTED);
	ck_assert_int_lt(ticks_ms() - began, 15000);
	nixbench_leave(&bench);
	buf_done(&whole);
	buf_done(&again);
}
END_TEST

START_TEST(disk_full)
{
	static const struct {
		const char *size;
		enum reason reason;
	} rows[] = { { "size=3m", REASON_NIX_DISK_FULL }, { "size=24m", REASON_NIX_DISK_FULL } };
	char drv[DRV_PATH_MAX + 1];
	struct nixjson_built built;

	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0) {
		support_skip("nix/disk_full", "no mount namespaces in this system");
		return;
	}
	ck_assert(mkdir("small", 0755) == 0 || errno == EEXIST);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nixbench bench;
		ck_assert_int_eq(mount("none", "small", "tmpfs", 0, rows[i].size), 0);
		nixbench_enter(&bench, "cases", "small/store");
		EXPECT_REASON(rows[i].size, nixbench_build(&bench, "big", drv, &built),
			      rows[i].reason);
		nixbench_leave(&bench);
		ck_assert_int_eq(umount2("small", MNT_DETACH), 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nix");

	support_add(suite, "versions", versions);
	support_add(suite, "same_bytes", same_bytes);
	support_add(suite, "failures", failures);
	support_add(suite, "trees", trees);
	support_add(suite, "changed_meanwhile", changed_meanwhile);
	support_add(suite, "interrupted", interrupted);
	support_add(suite, "disk_full", disk_full);
	return nixbench_main(suite);
}
