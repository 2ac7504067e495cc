/* Allocations that fail on request. A program that uses this is called test_oom, or as the makefile lists: the
 * makefile links it with --wrap=malloc,calloc,realloc,strdup, so that the calls of our own code come here. Libraries do
 * not see that: give them our malloc where they let themselves be told (oom_for_cjson).
 *
 * Threads count together: which of them has the n-th allocation may differ between runs.
 *
 *   for (size_t n = 1; ; n++) {
 *           oom_arm(n, false);
 *           ...what may fail...
 *           oom_disarm();
 *           if (!oom_failed())
 *                   break;
 *   } */
#ifndef TEST_OOM_H
#define TEST_OOM_H

#include <stdbool.h>
#include <stddef.h>

/* From here on the `fail_at`-th allocation fails, counted from 1, and with `go_on` all after it. 0: none. */
void oom_arm(size_t fail_at, bool go_on);

/* Allocations succeed again and are not counted. What oom_count and oom_failed say stays. */
void oom_disarm(void);

/* Between these, what stands in for the world outside may allocate: it succeeds and is not counted. */
void oom_pause(void);
void oom_resume(void);

/* Allocations since it was armed, and whether one was made to fail. */
size_t oom_count(void);
bool oom_failed(void);

/* Lets cJSON allocate by our malloc. */
void oom_for_cjson(void);

#endif
