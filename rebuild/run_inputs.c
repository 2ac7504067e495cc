/* nftw(3) is of the X/Open extension */
#define _XOPEN_SOURCE 700 /* NOLINT(bugprone-reserved-identifier): that is its name */
#include "rebuild/run_inputs.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rebuild/remove.h"

#define DESCRIPTORS 16

static int open_up(const char *path, const struct stat *facts, int type, struct FTW *at)
{
	(void)facts;
	(void)at;
	if (type == FTW_D)
		(void)chmod(path, 0700);
	return 0;
}

/* Nix takes the right to write from what it stores, so that only root could remove it. */
static enum reason remove_store(const char *path, struct trouble *reterr)
{
	(void)nftw(path, open_up, DESCRIPTORS, FTW_PHYS | FTW_MOUNT);
	if (remove_tree(path) != REASON_OK)
		return trouble_note(reterr, REASON_FILE_UNWRITABLE, span_of_text(path), errno);
	return REASON_OK;
}

enum reason run_inputs_check(struct run *run, struct nix_said *said, struct trouble *reterr)
{
	struct nixopt_settings settings = *run->nix.settings;
	struct nix nix = run->nix;
	enum reason reason = REASON_OK;
	char *store = NULL;

	if (!run->was_empty) {
		store = run_path(run->work, "inputs");
		reason = store == NULL ? REASON_OUT_OF_MEMORY : remove_store(store, reterr);
		settings.store = store;
		nix.settings = &settings;
	}
	if (reason == REASON_OK) {
		run->inputs = nix_fetch_inputs(&nix, said);
		run->inputs_checked = run->inputs == REASON_OK;
		if (run->inputs == REASON_INTERRUPTED || run->inputs == REASON_OUT_OF_MEMORY)
			reason = run->inputs;
	}
	if (store != NULL) {
		enum reason removed = remove_store(store, reterr);
		reason = reason == REASON_OK ? removed : reason;
	}
	free(store);
	return reason;
}

enum reason run_inputs_imports(const struct run *run, struct nix_said *said)
{
	struct nixopt_settings settings = *run->nix.settings;
	struct nix nix = run->nix;
	char drv[DRV_PATH_MAX + 1];

	settings.no_import = true;
	nix.settings = &settings;
	enum reason reason = nix_evaluate(&nix, run->order->recipe->attribute, drv, said);
	return reason == REASON_OK && strcmp(drv, run->drv) != 0 ? REASON_NIX_TREE : reason;
}
