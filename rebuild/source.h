/* Exactly one commit of a repository in a folder, and proof that it is that one.
 *
 * Git fetches the commit by its id, alone where the server lets it, else with all branches and tags.
 * The id is the hash of everything below it: git computes the hash of every object that it takes, and
 * `git fsck --strict` does so again. Then every file of the working tree is hashed once more and held against
 * the commit's tree, with all attributes overruled that would change bytes on the way (line ends, filters,
 * LFS, encodings), so that the files are the commit's, byte for byte. Submodules are not fetched. */
#ifndef REBUILD_SOURCE_H
#define REBUILD_SOURCE_H

#include "rebuild/git.h"

struct source_order {
	const char *repository; /* judged by repository_read */
	const char *commit;     /* full id, lower case */
	const char *signers; /* a file of whose signatures count (ssh-keygen(1) ALLOWED SIGNERS, or
				   OpenPGP keys), absolute; NULL: none is checked */
	const char *const *allowed; /* files beside the commit's that may be there, relative */
	size_t n_allowed;
};

#define SOURCE_SIGNER_MAX 128

/* How the commit is signed. */
enum source_signature {
	SOURCE_UNSIGNED,
	SOURCE_UNCHECKED, /* there is a signature, and nobody said whose counts */
	SOURCE_BAD,       /* it is not good, or not by one of the signers */
	SOURCE_GOOD
};

struct source_facts {
	char tree[GIT_ID_MAX + 1]; /* its id */
	enum source_signature signature;
	char signer[SOURCE_SIGNER_MAX]; /* of a good one: the key, as git tells; "" otherwise */
	bool fetched;                   /* now, and not in an earlier run */
	bool shallow;                   /* the commit alone */
	bool has_submodules;
};

/* Makes git->folder hold that commit, or finds that it does already. *reterr tells what git said.
 * REASON_SOURCE_FETCH: git could not fetch; _SOURCE_ABSENT: the repository has no such commit;
 * _SOURCE_OBJECTS: an object is malformed or not the one that its id names; _SOURCE_TREE: a file in the
 * folder is not the commit's; _SOURCE_GIT: git failed otherwise; REASON_FILE_UNWRITABLE; the reasons of
 * proc_run. */
enum reason source_prepare(const struct git *git, const struct source_order *order,
			   struct source_facts *ret, struct trouble *reterr) MUST_CHECK;

/* Whether the folder holds it still: the same checks, nothing is fetched. */
enum reason source_verify(const struct git *git, const struct source_order *order,
			  struct source_facts *ret, struct trouble *reterr) MUST_CHECK;

/* The content of a file of the commit, at most `max` bytes. REASON_SOURCE_ABSENT: it is not there or no
 * file. The reasons of source_prepare. */
enum reason source_read(const struct git *git, const char *commit, const char *path, size_t max,
			struct buf *ret, struct trouble *reterr) MUST_CHECK;

/* What a name of the repository (branch, tag, HEAD, the begin of an id that one of them has) stands for at this moment: a
 * full id; of an annotated tag the commit behind it. git->folder is only where git runs.
 * REASON_SOURCE_FETCH, _SOURCE_ABSENT, _SOURCE_GIT, the reasons of proc_run. */
enum reason source_resolve(const struct git *git, const char *repository, const char *name,
			   char ret[static GIT_ID_MAX + 1], struct trouble *reterr) MUST_CHECK;

#endif
