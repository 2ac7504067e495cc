/* What a ramdisk's archives hold, as a tree of files below one directory, and a list of all of it.
 *
 * Nothing is made outside the directory, whatever the archive says: every name is walked component
 * by component without following links, `..` is refused, a leading / is dropped as the kernel,
 * which unpacks at its root, has it. Not made, only listed and counted: device nodes, pipes,
 * sockets, and symbolic links that lead out: absolute ones, those that climb above the top, and
 * those in which .. follows a name (where they lead depends on other links). Files and directories
 * get their permission bits without set-id and sticky bits, with the owner allowed to read and
 * write and nobody else to write. Owner and time stay those of whoever unpacks.
 *
 * As in the kernel a later entry overrides an earlier one of the same name. A directory that is
 * missing is made.
 *
 * A line of the list, fields apart by one blank, names escaped as buf_escaped does:
 *   MODE UID GID NLINK MTIME SIZE NAME [-> TARGET]   mode octal, the others decimal
 *   MODE UID GID NLINK MTIME MAJOR,MINOR NAME        device nodes */
#ifndef REBUILD_EXTRACT_H
#define REBUILD_EXTRACT_H

#include "rebuild/ramdisk.h"
#include "rebuild/trouble.h"

struct extract_counts {
	uint64_t files; /* made, names of hard links among them */
	uint64_t directories;
	uint64_t symlinks;
	uint64_t special;    /* device nodes, pipes, sockets: not made */
	uint64_t links_out;  /* not made */
	uint64_t set_id;     /* files and directories that lost set-user-id or set-group-id */
	uint64_t duplicates; /* entries that replaced an earlier one */
};

struct extract;

/* `dir` is the descriptor of the tree's top, an empty directory; the list is poured into `list`. Both
 * stay the caller's. REASON_OUT_OF_MEMORY. End with extract_free. */
enum reason extract_new(int dir, struct sink list, struct extract **ret) MUST_CHECK;

/* The next piece of the ramdisk section, and its end. The reasons of ramdisk_push and ramdisk_end;
 * REASON_PATH_NAME, _PATH_CONFLICT, _PATH_LINKS; REASON_NEWC_LINK; REASON_FILE_UNWRITABLE;
 * whatever `list` returns. *reterr says which name, or for a fault of the archive itself nothing. */
enum reason extract_push(struct extract *extract, struct span bytes,
			 struct trouble *reterr) MUST_CHECK;
enum reason extract_end(struct extract *extract, struct ramdisk_facts *ret_facts,
			struct extract_counts *ret_counts, struct trouble *reterr) MUST_CHECK;

/* How many bytes of the section were taken. */
uint64_t extract_offset(const struct extract *extract);

void extract_free(struct extract *extract);

#endif
