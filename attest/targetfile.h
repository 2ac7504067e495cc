/* Reading a targets file: JSON whose keys are the long options of `check`, with _ for -. */
#ifndef ATTEST_TARGETFILE_H
#define ATTEST_TARGETFILE_H

#include "attest/target.h"

/* Reads a targets file whole and checks all of it: every key, every file that it names, that every target can
 * be asked, and that every target is expected to be a certain image. False: what is wrong was said on
 * stderr, with line and column, and *ret is as it was. */
bool targets_read(const char *program, const char *path, struct targets *ret);

/* Likewise from a text; `path` is where it came from. */
bool targets_parse(const char *program, const char *path, struct span text, struct targets *ret);

#endif
