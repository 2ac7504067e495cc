/* A directory tree as one newc archive in a gzip member: the same tree gives the same bytes on
 * every machine that has the same zlib.
 *
 * Entries stand in the order of their paths, byte by byte, as `find | LC_ALL=C sort` has them, and
 * without the top directory itself. Of each are kept: path, type, mode, content or target. Owner and
 * group are 0, the time is fixed, inodes count from 0, a file with several names is written as
 * several files. Symbolic links are stored, never followed. */
#ifndef REBUILD_TREE_H
#define REBUILD_TREE_H

#include "rebuild/sink.h"
#include "rebuild/trouble.h"

#define TREE_DEPTH_MAX 200 /* each level holds a descriptor */
#define TREE_NAMES_MAX 1000000
#define TREE_MTIME 1 /* what Nix gives to every file of its store */
#define TREE_DIR_NLINK 2

struct tree_options {
	uint32_t mtime;
	uint32_t dir_nlink; /* of every directory; 0: as the file system counts */
	size_t names_max;   /* in one directory, subdirectories counted twice; TREE_NAMES_MAX */
};

/* Pours the archive, not compressed, into `sink`. `dir` is a directory's descriptor, which stays the
 * caller's.
 * REASON_TREE_TYPE, _DEPTH, _PATH, _FILE_SIZE, _ENTRIES; REASON_NEWC_ENTRIES; REASON_FILE_CHANGED,
 * _FILE_UNREADABLE; REASON_OUT_OF_MEMORY; whatever the sink returns. *reterr says where. */
enum reason tree_archive(int dir, const struct tree_options *options, struct sink sink,
			 struct trouble *reterr) MUST_CHECK;

/* The same in a gzip member, as a ramdisk section is. */
enum reason tree_ramdisk(int dir, const struct tree_options *options, struct sink sink,
			 struct trouble *reterr) MUST_CHECK;

#endif
