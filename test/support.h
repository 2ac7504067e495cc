/* What the tests of every floor need. Failures to read what must be there end the test (ck_abort_msg).
 *
 * Environment of tests: TOP, the project's folder (default "."); SHARED_VECTORS, gathered data that the
 * project does not carry (default $TOP/../shared/vectors); VALGRIND_RUN=1: do less of what is slow.
 * Check itself honours CK_FORK, CK_TAP_LOG_FILE_NAME and CK_DEFAULT_TIMEOUT.
 *
 *   int main(void)
 *   {
 *           Suite *suite = suite_create("cose");
 *           support_add(suite, "shape", test_shape);
 *           return support_main(suite);
 *   } */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verify/reason.h"
#include "verify/span.h"

/* Adds one test in a test case of its own. `test` comes from START_TEST. */
void support_add(Suite *suite, const char *name, const TTest *test);

/* Runs the suite and frees it; the value is main's: 0 only when every test passed. */
int support_main(Suite *suite);

/* Fails unless `got` is `want`; `row` names the row of a table in the message. */
#define EXPECT_REASON(row, got, want) \
	support_expect_reason(__FILE__, __LINE__, (row), (got), (want))
void support_expect_reason(const char *file, int line, const char *row, enum reason got,
			   enum reason want);

/* Fails unless both hold the same bytes; shows both in hex, or where they part when they are long. */
#define EXPECT_BYTES(row, got, want) support_expect_bytes(__FILE__, __LINE__, (row), (got), (want))
void support_expect_bytes(const char *file, int line, const char *row, struct span got,
			  struct span want);

/* True under VALGRIND_RUN=1. support_thin gives 1 otherwise, else `step`: for (i = 0; i < n; i += ...). */
bool support_is_slow(void);
size_t support_thin(size_t step);

/* The bytes that hex digits stand for; blanks between them are skipped. End with buf_done. */
struct buf support_hex(const char *digits);

/* A copy on the heap of exactly these bytes, so that a sanitizer sees a read beyond the last one.
 * Never NULL (also when there are none); free() it. */
uint8_t *support_exact(struct span bytes);

/* A whole file, owned by the caller (buf_done). support_read ends the test when it cannot be read,
 * support_try_read then returns false. `path` is used as it is. */
struct buf support_read(const char *path);
bool support_try_read(const char *path, struct buf *ret);

/* Makes or replaces a file. */
void support_write(const char *path, struct span bytes);

/* Whether something, also a dangling link, has this name. */
bool support_exists(const char *path);

/* Makes a new folder below $TMPDIR and enters it; support_leave removes it. */
void support_enter(void);
void support_leave(void);

/* Runs a shell script in the present folder; ends the test when it fails. */
void support_sh(const char *script);

/* "$TOP/testvectors/NAME": free() it. And the file there. */
char *support_vector_path(const char *name);
struct buf support_vector(const char *name);

/* Whether NAME exists in testvectors/. */
bool support_has_vector(const char *name);

/* A file of $SHARED_VECTORS. False, after printing "SKIP: <test>: no ../shared", when that folder is
 * absent: the test returns then. With the folder there, a missing file ends the test.
 * `test` is "suite/test name". support_shared_path gives NULL where support_shared gives false. */
bool support_shared(const char *test, const char *name, struct buf *ret);
char *support_shared_path(const char *test, const char *name);

/* Prints "SKIP: <test>: <reason>". */
void support_skip(const char *test, const char *reason);

/* Cuts the next line off *text, without its \n or \r\n. False: nothing is left. */
bool support_line(struct span *text, struct span *ret);

/* The fields of the next line of tab-separated text that is neither empty nor begins with '#'; missing
 * ones are empty. At most `n` are set. False: no such line is left. */
bool support_row(struct span *text, struct span fields[], size_t n);

/* A NUL-terminated copy: free() it. */
char *support_text(struct span bytes);

/* The reason with this stable name; ends the test when there is none. */
enum reason support_reason(struct span name);

/* Numbers that look random and are the same on every run. Begin with any *state. */
uint64_t support_random(uint64_t *state);

#endif
