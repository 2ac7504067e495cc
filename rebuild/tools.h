/* Where other programs are. */
#ifndef REBUILD_TOOLS_H
#define REBUILD_TOOLS_H

/* The absolute path of a program on a PATH: the first executable file of that name; parts of PATH that are
 * not absolute are passed over, so that nothing is started out of the present folder. The caller frees.
 * NULL: there is none, or no memory. */
char *tools_find(const char *search_path, const char *name);

#endif
