/* What every test of this folder needs: reasons and bytes compared, archives made entry by entry,
 * a folder of its own for each test. Failures to set things up end the test (ck_abort_msg).
 *
 * Environment of tests: TOP, the project's folder (default "."); SHARED_VECTORS, gathered data that
 * the project does not carry (default $TOP/../shared/vectors); VALGRIND_RUN=1: do less of what is
 * slow. */
#ifndef REBUILD_TEST_SUPPORT_H
#define REBUILD_TEST_SUPPORT_H

#include <check.h>

#include "rebuild/newc.h"
#include "rebuild/sink.h"

/* Adds one test in a test case of its own. `test` comes from START_TEST. */
void support_add(Suite *suite, const char *name, const TTest *test);

/* Runs the suite and frees it; the value is main's: 0 only when every test passed. */
int support_main(Suite *suite);

/* Fails unless `got` is `want`; `row` names the row of a table in the message. */
#define EXPECT_REASON(row, got, want) \
	support_expect_reason(__FILE__, __LINE__, (row), (got), (want))
void support_expect_reason(const char *file, int line, const char *row, enum reason got,
			   enum reason want);

/* Fails unless both hold the same bytes; says where they part. */
#define EXPECT_BYTES(row, got, want) support_expect_bytes(__FILE__, __LINE__, (row), (got), (want))
void support_expect_bytes(const char *file, int line, const char *row, struct span got,
			  struct span want);

/* True under VALGRIND_RUN=1. */
bool support_is_slow(void);

/* Prints "SKIP: <test>: <reason>". */
void support_skip(const char *test, const char *reason);

/* The path of a file of $SHARED_VECTORS, to be freed. NULL, after support_skip, when that folder is
 * absent. `test` is "suite/test name". */
char *support_shared_path(const char *test, const char *name);

/* A whole file, owned by the caller (buf_done). */
struct buf support_read(const char *path);
void support_write(const char *path, struct span bytes);

/* Makes a new folder and enters it; support_leave removes it. Paths of tests are relative to it. */
void support_enter(void);
void support_leave(void);

/* Runs a shell script in the present folder; ends the test when it fails. */
void support_sh(const char *script);

/* Whether something, also a dangling link, has this name. */
bool support_exists(const char *path);

/* A sink that appends to a struct buf. */
struct sink support_sink(struct buf *buf);

/* One entry of an archive as a test wants it, right or wrong. Unset fields mean what is usual. */
struct support_entry {
	const char *name;
	uint32_t mode;    /* 0: a file, 0100644 */
	const char *data; /* or target; NULL: none */
	uint32_t ino;
	uint32_t nlink;    /* 0: 1 */
	const char *magic; /* NULL: 070701 */
	uint32_t check;
	uint32_t rdev_major;
	uint32_t rdev_minor;
	uint32_t size;      /* 0: that of `data` */
	uint32_t name_size; /* 0: that of `name` with its NUL */
};

/* Appends an entry, and the end of an archive without any padding to 512. */
void support_entry(struct buf *out, const struct support_entry *entry);
void support_trailer(struct buf *out);

/* Appends a gzip member of these bytes. */
void support_gzip(struct buf *out, struct span bytes);

#endif
