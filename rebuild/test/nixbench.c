#include "rebuild/test/nixbench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t ticks_ms(void)
{
	struct timespec now;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* $PATH's first. */
static char *find_program(const char *name)
{
	const char *path = getenv("PATH");

	for (size_t n = 0; path != NULL; path = path[n] == ':' ? path + n + 1 : NULL) {
		struct buf full = { 0 };
		n = strcspn(path, ":");
		buf_printf(&full, "%.*s/%s", (int)n, path, name);
		char *text = buf_take_text(&full);
		ck_assert_ptr_nonnull(text);
		if (access(text, X_OK) == 0)
			return text;
		free(text);
	}
	ck_abort_msg("%s is not installed", name);
	return NULL;
}

char *nixbench_path(const char *name)
{
	char here[4096];
	struct buf full = { 0 };

	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	buf_printf(&full, "%s/%s", here, name);
	char *text = buf_take_text(&full);
	ck_assert_ptr_nonnull(text);
	return text;
}

static void on_progress(void *context, const struct nixlog_progress *progress)
{
	struct nixbench *bench = context;

	bench->done = progress->done > bench->done ? progress->done : bench->done;
	bench->expected =
		progress->expected > bench->expected ? progress->expected : bench->expected;
	if (bench->interrupt_at != NULL &&
	    span_equal(progress->latest, span_of_text(bench->interrupt_at)))
		bench->interrupted = 1;
}

/* Nix in the flake of this folder, with a store in that one. Ends with nixbench_leave(). */
void nixbench_enter(struct nixbench *bench, const char *flake, const char *store)
{
	char *home = nixbench_path("home");

	*bench = (struct nixbench){ .flake = nixbench_path(flake), .store = nixbench_path(store) };
	bench->programs[0] = find_program("nix");
	bench->programs[1] = find_program("nix-store");
	bench->environment = nix_environment(getenv("PATH"), home, NULL, NULL);
	ck_assert_ptr_nonnull(bench->environment);
	free(home);
	bench->sink = support_sink(&bench->log);
	bench->settings = (struct nixopt_settings){ .independent = true,
						    .no_group = geteuid() == 0,
						    .store = bench->store };
	bench->nix = (struct nix){ .nix = bench->programs[0],
				   .nix_store = bench->programs[1],
				   .environment = (const char *const *)bench->environment,
				   .flake = bench->flake,
				   .settings = &bench->settings,
				   .clock = { ticks_ms },
				   .interrupted = &bench->interrupted,
				   .log = &bench->sink,
				   .tell = on_progress,
				   .context = bench };
}

void nixbench_leave(struct nixbench *bench)
{
	nix_environment_free(bench->environment);
	nix_said_done(&bench->said);
	buf_done(&bench->log);
	free(bench->store);
	free(bench->flake);
	free(bench->programs[0]);
	free(bench->programs[1]);
}

bool nixbench_log_has(const struct nixbench *bench, const char *part)
{
	const size_t len = strlen(part);

	for (size_t i = 0; bench->log.len >= len && i <= bench->log.len - len; i++) {
		if (len == 0 || memcmp(bench->log.at + i, part, len) == 0)
			return true;
	}
	return false;
}

/* Evaluates and builds. */
enum reason nixbench_build(struct nixbench *bench, const char *attribute,
			   char drv[static DRV_PATH_MAX + 1], struct nixjson_built *ret)
{
	enum reason reason = nix_evaluate(&bench->nix, attribute, drv, &bench->said);

	if (reason != REASON_OK)
		return reason;
	return nix_build(&bench->nix, attribute, drv, NULL, ret, &bench->said);
}

/* The file FILE of the output. */
static struct buf output_file(const struct nixbench *bench, const struct nixjson_built *built,
			      const char *file)
{
	const char *out = nixjson_output(built, "out");
	struct buf path = { 0 };

	ck_assert_ptr_nonnull(out);
	char *real = nix_real_path(&bench->nix, out);
	ck_assert_ptr_nonnull(real);
	buf_printf(&path, "%s/%s", real, file);
	free(real);
	char *text = buf_take_text(&path);
	ck_assert_ptr_nonnull(text);
	struct buf content = support_read(text);
	free(text);
	return content;
}

struct buf nixbench_image(const char *flake, const char *store, struct nixbench *bench)
{
	char drv[DRV_PATH_MAX + 1];
	struct nixjson_built built;

	nixbench_enter(bench, flake, store);
	EXPECT_REASON(flake, nixbench_build(bench, NIXBENCH_ATTRIBUTE, drv, &built), REASON_OK);
	return output_file(bench, &built, "batcher.eif");
}

/* Builds are done in a sandbox, which needs namespaces of its own. */
bool nixbench_skip(const char *test)
{
	// NOLINTNEXTLINE(cert-env33-c): tests may run programs
	if (system("unshare -m true 2>/dev/null") == 0)
		return false;
	support_skip(test, "no mount namespaces in this system");
	return true;
}

/* "$TOP/rebuild/test/nix/make.sh made", seen from anywhere: free() it. */
static char *make_script(void)
{
	struct buf script = { 0 };
	const char *top = getenv("TOP");
	char here[4096] = "";

	if (top == NULL || *top == '\0')
		top = getcwd(here, sizeof(here));
	buf_printf(&script, "'%s/rebuild/test/nix/make.sh' made", top != NULL ? top : ".");
	return buf_take_text(&script);
}

/* Outside of tests Check's own functions do not work. */
static bool shell(const char *script)
{
	// NOLINTNEXTLINE(cert-env33-c): tests may run programs
	return system(script) == 0;
}

int nixbench_main(Suite *suite)
{
	char *make = make_script();
	support_enter();
	if (!shell(make) || chdir("made") != 0)
		return 1;
	free(make);
	const int failed = support_main(suite);
	if (chdir("..") != 0 || !shell("chmod -R u+rwX . && rm -rf \"$PWD\""))
		return 1;
	return failed;
}
