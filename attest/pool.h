/* Work side by side: items of a list, each done by one of a few threads, told of by the caller's own.
 *
 * Why threads and not libcurl's multi interface. A target is more than one transfer: its answer is judged,
 * and where a contract is to be asked, dozens of requests follow, each made of the answer before it. Over
 * multi, all of that would have to be cut into states, and judging (an ECDSA P-384 chain, some
 * milliseconds) would still hold up every other transfer of the one thread; the second processor would idle.
 * With a thread a target the code that judges one target stays as it can be read from the top to the
 * bottom, and it is the same for one target and for a thousand. What threads are feared for is kept out: they
 * share nothing that is written to (each has a libcurl handle, a cache, a report of its own), take
 * the number of the next item and hand back the number of a finished one under one mutex, and end before
 * pool_run returns. libcurl and OpenSSL allow it: global state is made before (http_library_start), and no
 * signals are used for timeouts (CURLOPT_NOSIGNAL).
 *
 * So a slow target holds up nothing but its own thread, until its own deadline. Only where more targets are
 * slow at once than there are threads do others begin later. */
#ifndef ATTEST_POOL_H
#define ATTEST_POOL_H

#include <stdbool.h>
#include <stddef.h>

#define POOL_JOBS_MAX 256

struct pool_work {
	/* Does item `i`, in any thread. */
	void (*work)(void *context, size_t i);
	/* Tells of it, in the caller's thread, in the order in which items end. False: no further item is
	 * begun; those that are under way are still told of. NULL: nobody is told. */
	bool (*done)(void *context, size_t i);
	/* Called when `interrupt_fd` can be read, in the caller's thread. False as above. */
	bool (*interrupted)(void *context);
	int interrupt_fd; /* -1: none */
	void *context;
};

/* Does items 0 to n - 1, `jobs` at a time (1 to POOL_JOBS_MAX; fewer where the system gives no more
 * threads; in the caller's own where it gives none). True: all of them were done. */
bool pool_run(const struct pool_work *work, size_t n, size_t jobs);

#endif
