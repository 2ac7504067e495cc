/* nftw(3) is of the X/Open extension */
#define _XOPEN_SOURCE 700 /* NOLINT(bugprone-reserved-identifier): that is its name */
#include "rebuild/remove.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#define DESCRIPTORS 16

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *at)
{
	(void)facts;
	(void)at;
	/* git makes directories of its own unwritable never, but a copied tree may have some */
	if (type == FTW_DNR)
		(void)chmod(path, 0700);
	return remove(path);
}

enum reason remove_tree(const char *path)
{
	struct stat facts;

	if (lstat(path, &facts) != 0)
		return errno == ENOENT ? REASON_OK : REASON_FILE_UNWRITABLE;
	if (nftw(path, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
		return REASON_FILE_UNWRITABLE;
	return REASON_OK;
}
