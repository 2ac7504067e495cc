/* The configurations of two kernels, option by option.
 *
 *   CONFIG_NAME=value             the value as it stands
 *   # CONFIG_NAME is not set      a value like another
 *   anything else                 not looked at
 *
 * Source: Linux, Documentation/kbuild/kconfig.rst. */
#ifndef REBUILD_KCONFIG_H
#define REBUILD_KCONFIG_H

#include "rebuild/finding.h"

#define KCONFIG_TOLD_MAX 20 /* options that are told; the others are counted */

/* Adds how many options differ, then the first of them by name; nothing when both texts are the same
 * bytes. Of an option that stands twice the last value counts. REASON_OUT_OF_MEMORY. */
enum reason kconfig_compare(struct span a, struct span b, struct findings *findings) MUST_CHECK;

#endif
