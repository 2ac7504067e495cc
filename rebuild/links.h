/* Under which name an archive's inode came first: hard links share inode and device, and the kernel forgets
 * them at every trailer. */
#ifndef REBUILD_LINKS_H
#define REBUILD_LINKS_H

#include "verify/reason.h"
#include "verify/span.h"

#define LINKS_NAMES_MAX ((size_t)64 * 1024 * 1024) /* bytes of all names */

/* What an entry says its file is. */
struct links_key {
	uint32_t ino;
	uint32_t dev_major;
	uint32_t dev_minor;
};

struct link {
	struct links_key key;
	size_t name_at;
	size_t name_len;
};

/* Starts as {0}; ends with links_done. */
struct links {
	struct link *all;
	size_t n_all;
	size_t cap;
	size_t *slots; /* hash table: index into `all` plus 1 */
	size_t n_slots;
	struct buf names;
};

/* The first name of the file with this key, borrowed until the next change. False: none. */
bool links_find(const struct links *links, struct links_key key, struct span *ret_name);

/* A key not found before. REASON_PATH_LINKS, REASON_OUT_OF_MEMORY. */
enum reason links_add(struct links *links, struct links_key key, struct span name) MUST_CHECK;

/* Forgets all. */
void links_clear(struct links *links);
void links_done(struct links *links);

#endif
