/* Real Nix for tests: the reference flake with stand-ins for its inputs, as test/nix/make.sh makes them,
 * without a network. */
#ifndef REBUILD_TEST_NIXBENCH_H
#define REBUILD_TEST_NIXBENCH_H

#include "rebuild/closure.h"
#include "rebuild/test/support.h"

#define NIXBENCH_ATTRIBUTE "x86_64-eif"

/* One way to call Nix, and what came of it. The tests change what they like. */
struct nixbench {
	struct nix nix;
	struct nixopt_settings settings; /* independent, with a store of its own */
	struct nix_said said;
	char **environment;
	char *store;
	char *flake;
	char *programs[2]; /* nix, nix-store */
	struct buf log;
	struct sink sink;
	volatile sig_atomic_t interrupted;
	const char *interrupt_at; /* when the build of this name begins; NULL: never */
	uint64_t done;            /* the most that was told */
	uint64_t expected;
};

/* Nix in the flake of the folder `flake`, its store in `store`, both below the present one. The struct must
 * not move until nixbench_leave. */
void nixbench_enter(struct nixbench *bench, const char *flake, const char *store);
void nixbench_leave(struct nixbench *bench);

/* The absolute path of what is below the present folder: free() it. */
char *nixbench_path(const char *name);

bool nixbench_log_has(const struct nixbench *bench, const char *part);

/* Evaluates and builds. */
enum reason nixbench_build(struct nixbench *bench, const char *attribute,
			   char drv[static DRV_PATH_MAX + 1], struct nixjson_built *ret);

/* Enters, builds NIXBENCH_ATTRIBUTE, which must succeed, and gives the image: end with buf_done. */
struct buf nixbench_image(const char *flake, const char *store, struct nixbench *bench);

/* Builds are done in a sandbox, which needs namespaces of its own. True, after printing SKIP, when there are
 * none. */
bool nixbench_skip(const char *test);

/* main of such a test: a new folder with the repositories in it, where the suite is run. */
int nixbench_main(Suite *suite);

#endif
